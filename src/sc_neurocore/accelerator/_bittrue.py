"""The network in integers, executed exactly as the hardware does, many samples at a time."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.accelerator._encode import encode_levels, rate_numbers
from sc_neurocore.accelerator._network import (
    INPUT,
    IntegerLayer,
    IntegerNetwork,
    IntegerProjection,
    Integers,
)
from sc_neurocore.accelerator._stochastic import period_ticks, tick_weights
from sc_neurocore.compiler import Datapath
from sc_neurocore.exceptions import SCConfigError

#: Samples that a thread takes at a time.
_CHUNK = 64
#: Most weights of stochastic layers, those of different ticks counted apart.
MAX_TICK_WEIGHTS = 1 << 27
_CODINGS = ("rate", "direct", "events")


@dataclass(frozen=True, eq=False)
class NetworkRun:
    """What the hardware does with S samples.

    Attributes:
        predictions: class of each sample, shape (S,).
        counts: output spikes over all ticks, shape (S, classes); zeros for ``membrane``.
        membranes: last raw ``v`` of the population read by ``membrane``, shape (S, classes).
        layer_spikes: spikes of each layer over all ticks, shape (S, layers).
        ticks_used: ticks after which the outcome cannot change, shape (S,); all for ``membrane``.
        saturations: stores of a state that did not fit its register, shape (S, layers).
        additions: weights added to accumulators after input and layer spikes, shape (S,).
        ranges: smallest and largest raw value each state reached before a reset, per layer
            (states, 2).
        spikes: per layer (S, T, N) of zeros and ones, if asked for.
    """

    predictions: Integers
    counts: Integers
    membranes: Integers
    layer_spikes: Integers
    ticks_used: Integers
    saturations: Integers
    additions: Integers
    ranges: tuple[Integers, ...]
    spikes: tuple[NDArray[np.uint8], ...] | None


class Divergence(NamedTuple):
    """The first spike, in the order of execution, in which two runs differ."""

    sample: int
    tick: int
    layer: int
    neuron: int


def simulate_network(
    network: IntegerNetwork,
    samples: ArrayLike,
    *,
    spikes: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> NetworkRun:
    """Run the bit-true model of the hardware.

    Every tick of every sample is simulated; `NetworkRun.ticks_used` says after how many the
    hardware may stop.

    Args:
        network: what to execute.
        samples: as for `encode_levels`.
        spikes: keep every spike of every layer.
        progress: called with the samples done and their number.

    Raises:
        SCConfigError: samples of the wrong shape or range, or a network that no hardware has.
    """
    return run_exchanging(network, network, 0, samples, spikes=spikes, progress=progress)


def run_exchanging(
    network: IntegerNetwork,
    then: IntegerNetwork,
    tick: int,
    samples: ArrayLike,
    *,
    spikes: bool,
    progress: Callable[[int, int], None] | None = None,
) -> NetworkRun:
    """As `simulate_network`, with the weights of another network from a tick on."""
    levels = encode_levels(network.input, samples, network.ticks)
    events = network.input.coding == "events"
    number = len(levels)
    program = _Program(network, then, tick)
    classes = network.layers[network.output].size
    neurons = sum(layer.size for layer in network.layers)
    layers = len(network.layers)

    def zeros(*shape: int) -> Integers:
        return np.zeros((number, *shape), np.int64)

    counts, membranes, layer_spikes = zeros(classes), zeros(classes), zeros(layers)
    used, saturations, additions = zeros(), zeros(layers), zeros()
    kept = np.zeros((number, network.ticks, neurons) if spikes else (0, 0, 0), np.uint8)
    flat = np.ascontiguousarray(levels, np.int32) if not events else np.zeros((0, 0), np.int32)
    entering = np.ascontiguousarray(levels, np.uint8) if events else np.zeros((0, 0, 0), np.uint8)

    from sc_neurocore.accelerator._bittrue_kernel import run_samples

    def run(begin: int) -> Integers:
        ranges = program.empty_ranges()
        run_samples(
            begin, min(begin + _CHUNK, number), *program.coding, flat, entering,
            *program.tables, counts, membranes, layer_spikes, used, saturations, additions,
            ranges, spikes, kept,
        )  # fmt: skip
        return ranges

    starts = range(0, number, _CHUNK)
    ranges = program.empty_ranges()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for begin, found in zip(starts, pool.map(run, starts), strict=True):
            ranges[:, 0] = np.minimum(ranges[:, 0], found[:, 0])
            ranges[:, 1] = np.maximum(ranges[:, 1], found[:, 1])
            if progress is not None:
                progress(min(begin + _CHUNK, number), number)

    read = counts if network.readout == "count" else membranes
    ends = np.cumsum([layer.size for layer in network.layers])[:-1]
    return NetworkRun(
        predictions=np.argmax(read, axis=1),
        counts=counts,
        membranes=membranes,
        layer_spikes=layer_spikes,
        ticks_used=used,
        saturations=saturations,
        additions=additions,
        ranges=tuple(np.split(ranges, np.cumsum([len(x.datapath.states) for x in network.layers])))[
            :layers
        ],
        spikes=tuple(np.split(kept, ends, axis=2)) if spikes else None,
    )


def first_divergence(a: NetworkRun, b: NetworkRun) -> Divergence | None:
    """The first spike in which two runs of the same samples differ, or None.

    Args:
        a: a run with spikes.
        b: another.

    Raises:
        SCConfigError: a run without spikes, or runs of different shapes.
    """
    if a.spikes is None or b.spikes is None:
        raise SCConfigError("a run holds no spikes to compare; simulate with spikes=True")
    if [x.shape for x in a.spikes] != [x.shape for x in b.spikes]:
        raise SCConfigError("the runs have different samples, ticks or layers")
    found = []
    for layer, (x, y) in enumerate(zip(a.spikes, b.spikes, strict=True)):
        different = x != y
        if different.any():
            place = np.unravel_index(int(different.argmax()), different.shape)
            sample, tick, neuron = (int(i) for i in place)
            found.append(Divergence(sample, tick, layer, neuron))
    return min(found, default=None)


def accumulator_range(
    projections: tuple[IntegerProjection, ...],
    bits: int,
    backend: str,
    length: int,
    ticks: int,
    input_weight: int,
    planes: int,
) -> tuple[Integers, Integers]:
    """Exact smallest and largest current of each neuron over all patterns of spikes.

    Args:
        projections: what arrives.
        bits: width of the weights.
        backend: ``fixed`` or ``stochastic``.
        length: stream clocks per tick.
        ticks: ticks of an inference.
        input_weight: most that one input can send in a tick: 1, or the highest level.
        planes: bits by which the other projections are shifted when the input is a current.
    """
    low = high = np.zeros(projections[0].weights.shape[1] if projections else 0, np.int64)
    for p in projections:
        factor = input_weight if p.source == INPUT else 1 << planes
        per_tick = (
            tick_weights(p.weights, bits, length, ticks)
            if backend == "stochastic"
            else p.weights[None]
        )
        low = low + factor * np.minimum(per_tick, 0).sum(axis=1).min(axis=0)
        high = high + factor * np.maximum(per_tick, 0).sum(axis=1).max(axis=0)
    return low, high


def layer_planes(network: IntegerNetwork, layer: IntegerLayer) -> int:
    """Binary digits that a direct input gives the current of a layer; 0 for spikes."""
    direct = network.input.coding == "direct"
    return network.input.bits if direct and any(p.source == INPUT for p in layer.projections) else 0


class _Program:
    """A network as the tables that the kernel executes; another's weights from a tick on."""

    def __init__(self, network: IntegerNetwork, then: IntegerNetwork, tick: int) -> None:
        from sc_neurocore.accelerator._bittrue_kernel import OPERATIONS

        for one in {id(x): x for x in (network, then)}.values():
            check_network(one)
            _check_streams(one)
        code = {name: k for k, name in enumerate(OPERATIONS)}
        bits = network.input.bits
        numbers = (
            rate_numbers(bits, network.ticks)
            if network.input.coding == "rate"
            else np.zeros(network.ticks, np.int64)
        )
        self.coding = (
            network.ticks, network.input.size, _CODINGS.index(network.input.coding), bits, numbers
        )  # fmt: skip

        of_layer, source, delay, offset, versions = [0], [], [], [], []
        blocks: list[Integers] = []
        placed = 0
        of_nodes, of_states, of_ports = [0], [0], [0]
        ops, args, values, lows, highs = [], [], [], [], []
        state_source, candidate, after, initial = [], [], [], []
        condition, current, port_source = [], [], []
        port_values: list[Integers] = []
        widest = max(layer.size for layer in network.layers)
        reach = 0
        for layer, later in zip(network.layers, then.layers, strict=True):
            for p, q in zip(layer.projections, later.projections, strict=True):
                w = _versions(layer, p, network.ticks)
                if q is not p:
                    w = _exchanged(w, _versions(later, q, network.ticks), network.ticks, tick)
                source.append(p.source)
                delay.append(p.delay)
                offset.append(placed)
                versions.append(len(w))
                blocks.append(w.reshape(-1))
                placed += w.size
            of_layer.append(len(source))
            planes = layer_planes(network, layer)
            for projections in {id(x): x.projections for x in (layer, later)}.values():
                low, high = accumulator_range(
                    projections, layer.bits, layer.backend, layer.length, network.ticks,
                    1 << planes, planes,
                )  # fmt: skip
                reach = max(reach, *(-low).tolist(), *high.tolist(), 0)

            d = layer.datapath
            for node in d.nodes:
                ops.append(code[node.op])
                args.append([*node.args, -1, -1, -1][:3])
                values.append(node.value)
                lows.append(node.low)
                highs.append(node.high)
            of_nodes.append(len(ops))
            sources = {n.name: i for i, n in enumerate(d.nodes) if n.op == "source"}
            for i, port in enumerate(d.states):
                state_source.append(sources.get(port.name, -1))
                candidate.append(d.candidate[i])
                after.append(d.after_reset.get(i, -1))
                initial.append(d.init[i])
            of_states.append(len(candidate))
            condition.append(-1 if d.condition is None else d.condition)
            current.append(sources.get("I", -1))
            for port in d.parameters:
                port_source.append(sources.get(port.name, -1))
                row = np.zeros(widest, np.int64)
                row[: layer.size] = layer.parameters[port.name]
                port_values.append(row)
            of_ports.append(len(port_source))

        flat = np.concatenate(blocks) if blocks else np.zeros(0, np.int64)
        narrow = reach < 1 << 31 and (not flat.size or np.abs(flat).max() < 1 << 15)
        weights = flat.astype(np.int16 if narrow else np.int32)
        accumulator = np.zeros(0, np.int32 if narrow else np.int64)

        def table(rows: list[Any], width: int = 0) -> Integers:
            shape = (-1, width) if width else (-1,)
            return np.array(rows, np.int64).reshape(shape)

        self.states = len(candidate)
        self.tables = (
            table([x.size for x in network.layers]), table(of_layer), table(source), table(delay),
            table(offset), table(versions), weights,
            table(of_nodes), table(ops), table(args, 3), table(values), table(lows), table(highs),
            table(of_states), table(state_source), table(candidate), table(after), table(initial),
            table(condition), table(current), table(of_ports), table(port_source),
            np.array(port_values, np.int64).reshape(-1, widest),
            network.output, network.readout == "count", accumulator,
        )  # fmt: skip

    def empty_ranges(self) -> Integers:
        bounds = np.iinfo(np.int64)
        return np.tile(np.array([bounds.max, bounds.min], np.int64), (self.states, 1))


def _versions(layer: IntegerLayer, p: IntegerProjection, ticks: int) -> Integers:
    """What a spike adds in each tick until it repeats, (versions, n_source, n_target)."""
    if layer.backend == "stochastic":
        return tick_weights(p.weights, layer.bits, layer.length, ticks)
    return p.weights[None]


def _exchanged(old: Integers, new: Integers, ticks: int, tick: int) -> Integers:
    """The first of some versions up to a tick, the others from it on."""
    t = np.arange(ticks)
    return np.concatenate([old[t[:tick] % len(old)], new[t[tick:] % len(new)]])


def check_network(network: IntegerNetwork) -> None:
    """Refuse what the hardware cannot be.

    Raises:
        SCConfigError: the message names the layer and the rule.
    """
    for number, layer in enumerate(network.layers):
        where = f"layer '{layer.name}'"
        _check_datapath(layer.datapath, where)
        direct = [
            k
            for k, p in enumerate(layer.projections)
            if p.source == INPUT and network.input.coding == "direct"
        ]
        if direct and direct != [len(layer.projections) - 1]:
            raise SCConfigError(
                f"{where} receives the input as a current; it must be one projection and the last"
            )
        if direct and direct[0] and layer.projections[direct[0]].delay:
            # Until it arrives no plane would double what the other projections add.
            raise SCConfigError(
                f"{where} receives the input as a current after a delay of "
                f"{layer.projections[direct[0]].delay} ticks, and spikes besides; a delayed "
                "current must come alone; use coding rate or events"
            )
        half = 1 << (layer.bits - 1)
        for p in layer.projections:
            fan_in = network.input.size if p.source == INPUT else network.layers[p.source].size
            if p.weights.shape != (fan_in, layer.size):
                raise SCConfigError(
                    f"{where} has weights of shape {p.weights.shape}; its source and size need "
                    f"({fan_in}, {layer.size})"
                )
            if p.weights.size and (p.weights.min() < -half or p.weights.max() >= half):
                raise SCConfigError(
                    f"{where} has weights from {p.weights.min()} to {p.weights.max()}; "
                    f"{layer.bits} bits hold {-half} to {half - 1}"
                )
            if p.delay < 0 or (p.source >= number and p.delay < 1):
                raise SCConfigError(
                    f"{where} receives spikes of layer '{network.layers[p.source].name}' with a "
                    "delay of 0 ticks, before that layer has run; the delay must be at least 1"
                )


def _check_datapath(datapath: Datapath, where: str) -> None:
    from sc_neurocore.accelerator._bittrue_kernel import OPERATIONS

    unknown = sorted({n.op for n in datapath.nodes} - set(OPERATIONS))
    model = datapath.model
    if unknown or model.edge != "level" or model.refractory_ticks or datapath.uses_dither:
        what = f"operation '{unknown[0]}'" if unknown else "refractoriness, edges or noise"
        raise SCConfigError(f"the neurons of {where} use {what}, which no population needs")


def _check_streams(network: IntegerNetwork) -> None:
    """Refuse weights that differ in so many ticks that they fill the memory."""
    number = sum(
        layer.synapses * min(network.ticks, period_ticks(layer.bits, layer.length))
        for layer in network.layers
        if layer.backend == "stochastic"
    )
    if number > MAX_TICK_WEIGHTS:
        raise SCConfigError(
            f"the streams of '{network.name}' make {number} different weights over "
            f"{network.ticks} ticks, and the simulator holds {MAX_TICK_WEIGHTS}; use longer "
            "streams per tick, narrower weights or fewer ticks"
        )
