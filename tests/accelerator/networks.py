"""Random networks, and a slow reference that does clock by clock what the hardware does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sc_neurocore.accelerator._layer import integer_layer
from sc_neurocore.accelerator._network import (
    INPUT,
    InputCoding,
    IntegerLayer,
    IntegerNetwork,
    IntegerProjection,
)
from sc_neurocore.accelerator._population import in_units, population
from sc_neurocore.bitstream import Sobol
from sc_neurocore.compiler import lane_function
from sc_neurocore.ir import Assumptions

KINDS = ("lif", "if", "cuba_lif", "threshold")


def parameters(rng: np.random.Generator, size: int, mixed: bool) -> dict:
    base = {
        "tau": 0.008, "tau_mem": 0.01, "tau_syn": 0.004, "r": 1.0, "v_leak": 0.05,
        "v_threshold": 1.0, "v_reset": -0.1, "w_in": 1.0, "threshold": 0.9,
    }  # fmt: skip
    if not mixed:
        return base
    return {key: value * (0.7 + rng.random(size)) for key, value in base.items()}


def random_network(
    seed: int,
    *,
    coding: str = "rate",
    backend: str = "fixed",
    layers: int = 2,
    ticks: int = 6,
    mixed: bool = False,
    membrane: bool = False,
    rules: Assumptions | None = None,
) -> IntegerNetwork:
    """A network with recurrent and delayed projections, drawn from a seed."""
    rng = np.random.default_rng(seed)
    entering = InputCoding(int(rng.integers(1, 6)), coding, int(rng.integers(1, 5)))
    sizes = rng.integers(1, 6, layers)
    built: list[IntegerLayer] = []
    for number, size in enumerate(sizes):
        bits = int(rng.integers(2, 8))
        half = 1 << (bits - 1)
        length = int(2 ** rng.integers(0, 5)) if backend == "stochastic" else 1

        def weights(count: int) -> np.ndarray:
            return rng.integers(-half, half, (count, size))  # noqa: B023

        projections = []
        if number:
            projections.append(
                IntegerProjection(number - 1, weights(sizes[number - 1]), int(rng.integers(0, 3)))
            )
        if rng.random() < 0.5:
            late = int(rng.integers(number, layers))
            projections.append(
                IntegerProjection(late, weights(sizes[late]), int(rng.integers(1, 3)))
            )
        if not number or rng.random() < 0.3:
            delay = int(rng.integers(0, 3)) if rng.random() < 0.5 else 0
            if coding == "direct" and projections:
                delay = 0
            projections.append(IntegerProjection(INPUT, weights(entering.size), delay))
        last = number == layers - 1
        kind = (
            str(rng.choice(("li", "cuba_li", "i")))
            if last and membrane
            else KINDS[int(rng.integers(len(KINDS)))]
        )
        scale = float(rng.choice([0.02, 0.1, 0.4])) * (8 / half if backend == "fixed" else 1.0)
        real = population(
            kind, parameters(rng, int(size), mixed), size=int(size), dt=1e-3,
            rules=rules, bias=float(rng.choice([0.0, 0.3])),
        )  # fmt: skip
        fraction = int(rng.integers(0, 6))
        built.append(
            integer_layer(
                f"layer{number}", in_units(real, scale * 0.1, fraction), tuple(projections),
                coding=entering, bits=bits, backend=backend, length=length, scale=scale,
                fraction=fraction, ticks=ticks,
                rounding=str(rng.choice(["nearest", "truncate", "nearest_even"])),
            )
        )  # fmt: skip
    readout = "membrane" if membrane else "count"
    return IntegerNetwork("net", entering, tuple(built), ticks, readout, layers - 1)


def random_samples(network: IntegerNetwork, count: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    size, top = network.input.size, 1 << network.input.bits
    if network.input.coding == "events":
        return rng.integers(0, 2, (count, network.ticks, size))
    samples = rng.integers(0, top + 1, (count, size))
    samples[0] = top
    return samples


@dataclass
class Reference:
    """What the reference saw of one sample."""

    spikes: list[list[list[int]]]
    counts: list[int]
    membranes: list[int]
    used: int
    low: int
    high: int


def reference(
    network: IntegerNetwork,
    sample: np.ndarray,
    after: IntegerNetwork | None = None,
    tick: int = 0,
) -> Reference:
    """One sample, in Python integers, event by event and clock by clock.

    From the tick on, the weights are those of ``after``.
    """
    lanes = [lane_function(layer.datapath) for layer in network.layers]
    states = [[list(layer.datapath.init) for _ in range(layer.size)] for layer in network.layers]
    numbers = Sobol(2, width=network.input.bits).values(network.ticks).tolist()
    spikes: list[list[list[int]]] = [[] for _ in network.layers]
    entering: list[list[int]] = []
    counts = [0] * network.layers[network.output].size
    used, low, high = 0, 0, 0
    for t in range(network.ticks):
        if network.input.coding == "rate":
            entering.append([int(numbers[t] < level) for level in sample.tolist()])
        elif network.input.coding == "events":
            entering.append(sample[t].tolist())
        for number, layer in enumerate((after if after and t >= tick else network).layers):
            current = [0] * layer.size
            for p in layer.projections:
                then = t - p.delay
                if then < 0:
                    continue
                w = p.weights.tolist()
                direct = p.source == INPUT and network.input.coding == "direct"
                if direct:
                    levels = sample.tolist()
                    for plane in range(network.input.bits, -1, -1):
                        if plane != network.input.bits:
                            current = [2 * x for x in current]
                        bits = [level >> plane & 1 for level in levels]
                        _event(current, bits, w, layer, t)
                else:
                    sent = entering[then] if p.source == INPUT else spikes[p.source][then]
                    _event(current, sent, w, layer, t)
            low, high = min(low, *current), max(high, *current)
            fired = []
            for n in range(layer.size):
                extra = [int(layer.parameters[q.name][n]) for q in layer.datapath.parameters]
                held = network.layers[number].datapath
                assert all(q.low <= current[n] <= q.high for q in held.inputs)
                *states[number][n], fire = lanes[number](*states[number][n], current[n], *extra)
                fired.append(fire)
            spikes[number].append(fired)
        counts = [c + s for c, s in zip(counts, spikes[network.output][t], strict=True)]
        if not used and _fixed(counts, network.ticks - 1 - t):
            used = t + 1
    if network.readout == "membrane":
        used = network.ticks
    last = [x[-1] for x in states[network.output]]
    return Reference(spikes, counts, last, used, low, high)


def _event(current: list[int], sent: list[int], w: list, layer: IntegerLayer, tick: int) -> None:
    """Add what the active sources send: weights, or the streams of a tick bit by bit."""
    half = 1 << (layer.bits - 1)
    for j, active in enumerate(sent):
        if not active:
            continue
        for n in range(layer.size):
            if layer.backend == "fixed":
                current[n] += w[j][n]
                continue
            for clock in range(tick * layer.length, (tick + 1) * layer.length):
                zeros = 0
                while not (clock + 1) >> zeros & 1:
                    zeros += 1
                u = w[j][n] + half
                bit = u >> (layer.bits - 1 - zeros) & 1 if zeros < layer.bits else 0
                current[n] += 2 * bit - 1


def _fixed(counts: list[int], remaining: int) -> bool:
    """Whether every way of spiking in what remains gives the same winner."""
    top = counts.index(max(counts))
    for rival in range(len(counts)):
        if rival != top:
            best = list(counts)
            best[rival] += remaining
            if best.index(max(best)) != top:
                return False
    return True
