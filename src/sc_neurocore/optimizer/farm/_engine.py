"""Engines of random networks: what a sweep draws, and the network that it stands for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.accelerator import (
    INPUT,
    Folding,
    InputCoding,
    IntegerNetwork,
    IntegerProjection,
)
from sc_neurocore.accelerator._layer import integer_layer
from sc_neurocore.accelerator._population import in_units, population
from sc_neurocore.ir import Assumptions

_DT = 1e-3


def draw_network(rng: np.random.Generator) -> dict[str, Any]:
    """What a random network is made of, as JSON values, without foldings."""
    depth = int(rng.choice([1, 2, 3], p=[0.2, 0.55, 0.25]))
    coding = str(rng.choice(["rate", "direct", "events"], p=[0.6, 0.2, 0.2]))
    readout = "count" if rng.random() < 0.7 else "membrane"
    backend = str(rng.choice(["fixed", "stochastic", "mixed"], p=[0.55, 0.35, 0.1]))
    bits = int(rng.integers(2, 9))
    length = int(2 ** rng.integers(1, 9))
    same = rng.random() < 0.7  # all layers alike, as networks mostly are
    kind, rules = _kind(rng), _rules(rng)
    layers: list[dict[str, Any]] = []
    for k in range(depth):
        last = k == depth - 1
        own = backend if backend != "mixed" else str(rng.choice(["fixed", "stochastic"]))
        if not same:
            bits, length = int(rng.integers(2, 9)), int(2 ** rng.integers(1, 9))
            kind, rules = _kind(rng), _rules(rng)
        silent = {"lif": "li", "if": "i", "cuba_lif": "cuba_li", "threshold": "li"}[kind]
        layers.append(
            {
                "size": _log_uniform(rng, 3 if last else 8, 64 if last else 512),
                "kind": silent if last and readout == "membrane" else kind,
                **rules,
                "bits": bits,
                "backend": own,
                "length": length if own == "stochastic" else 1,
                "mixed": bool(rng.random() < 0.2),
                "bias": bool(rng.random() < 0.5),
                "leak": _leak(rng),
                "leak_syn": _leak(rng),
                "threshold": round(float(rng.uniform(0.5, 4.0)), 3),
                "fraction": None if rng.random() < 0.6 else int(rng.integers(0, 9)),
                "narrow": 0.0 if rng.random() < 0.4 else round(float(rng.uniform(0, 6)), 2),
                "spread": round(float(rng.uniform(0.5, 1.2)), 3),
                "projections": _projections(rng, k, depth, coding),
            }
        )
    return {
        "seed": int(rng.integers(1 << 31)),
        "coding": coding,
        "inputs": _log_uniform(rng, 4, 1024),
        "input_bits": int(rng.integers(2, 9)),
        "ticks": int(2 ** rng.integers(2, 7)) if rng.random() < 0.7 else int(rng.integers(3, 100)),
        "readout": readout,
        "layers": layers,
    }


def draw_foldings(rng: np.random.Generator, network: Mapping[str, Any]) -> list[list[int]]:
    """A folding of every layer; layers with a common source take equally many at once."""
    layers = network["layers"]
    sizes = {INPUT: network["inputs"]} | {k: x["size"] for k, x in enumerate(layers)}
    simds = {
        source: min(int(2 ** rng.choice(6, p=[0.42, 0.22, 0.17, 0.11, 0.06, 0.02])), size)
        for source, size in sizes.items()
    }
    while True:  # until all sources of a layer agree
        changed = False
        for layer in layers:
            sources = [s for s, _ in layer["projections"]]
            least = min(simds[s] for s in sources)
            for s in sources:
                changed |= simds[s] != least
                simds[s] = least
        if not changed:
            break
    foldings = []
    for layer in layers:
        simd = simds[layer["projections"][0][0]]
        most = min(layer["size"], max(1, 128 // simd))
        # The smaller of two draws: wide layers take long to place, and say little more.
        pe = min(_log_uniform(rng, 1, most), _log_uniform(rng, 1, most))
        groups = math.ceil(layer["size"] / pe)
        foldings.append([math.ceil(layer["size"] / groups), simd])
    return foldings


def engine_of(parameters: Mapping[str, Any]) -> tuple[IntegerNetwork, tuple[Folding, ...]]:
    """The network and the foldings that a job's parameters stand for."""
    rng = np.random.default_rng(parameters["seed"])
    coding = InputCoding(parameters["inputs"], parameters["coding"], parameters["input_bits"])
    sizes = [layer["size"] for layer in parameters["layers"]]
    layers = []
    for k, spec in enumerate(parameters["layers"]):
        projections = tuple(
            IntegerProjection(s, _weights(rng, coding.size if s == INPUT else sizes[s], spec), d)
            for s, d in spec["projections"]
        )
        layers.append(_layer(rng, k, spec, projections, coding, parameters["ticks"]))
    network = IntegerNetwork(
        "net", coding, tuple(layers), parameters["ticks"], parameters["readout"], len(layers) - 1
    )
    return network, tuple(Folding(pe, simd) for pe, simd in parameters["foldings"])


def _layer(
    rng: np.random.Generator,
    number: int,
    spec: Mapping[str, Any],
    projections: tuple[IntegerProjection, ...],
    coding: InputCoding,
    ticks: int,
) -> Any:
    half = 1 << (spec["bits"] - 1)
    size, fan_in = spec["size"], sum(len(p.weights) for p in projections)
    values: dict[str, Any] = {
        "tau": _DT / spec["leak"], "tau_mem": _DT / spec["leak"], "tau_syn": _DT / spec["leak_syn"],
        "r": 1.0, "v_leak": 0.05 if spec["bias"] else 0.0, "v_threshold": 1.0, "v_reset": 0.0,
        "w_in": 1.0, "threshold": 1.0,
    }  # fmt: skip
    if spec["mixed"]:
        values = {name: v * (0.7 + 0.6 * rng.random(size)) for name, v in values.items()}
    step = spec["length"] / half if spec["backend"] == "stochastic" else 1.0
    rules = Assumptions(
        dt=_DT, reset=spec["reset"], reset_when=spec["reset_when"], cuba_order=spec["cuba_order"]
    )
    real = population(
        spec["kind"], values, size=size, dt=_DT, rules=rules, bias=0.1 if spec["bias"] else 0.0
    )
    # The threshold is worth a few of the weights that arrive at once.
    scale = 1.0 / max(1.0, spec["threshold"] * spec["spread"] * half * step * math.sqrt(fan_in))
    fraction = spec["fraction"]
    if fraction is None:
        slowest = min(spec["leak"], spec["leak_syn"])
        fraction = int(np.clip(math.ceil(max(2.0, -math.log2(slowest)) - math.log2(step)), 0, 16))
    options: dict[str, Any] = {
        "coding": coding, "bits": spec["bits"], "backend": spec["backend"],
        "length": spec["length"], "scale": scale, "fraction": fraction, "ticks": ticks,
    }  # fmt: skip
    held, name = in_units(real, scale, fraction), f"layer{number}"
    layer = integer_layer(name, held, projections, **options)
    if not spec["narrow"]:
        return layer
    # As if data had been seen that use only a part of the worst case.
    part = 2.0 ** -spec["narrow"]
    seen = np.array([[math.floor(part * s.low), math.ceil(part * s.high)]
                     for s in layer.datapath.states])  # fmt: skip
    return integer_layer(name, held, projections, **options, observed=seen)


def _weights(rng: np.random.Generator, sources: int, spec: Mapping[str, Any]) -> NDArray[np.int64]:
    half = 1 << (spec["bits"] - 1)
    drawn = np.rint(rng.normal(0.0, spec["spread"] * half / 2, (sources, spec["size"])))
    return np.clip(drawn, -half, half - 1).astype(np.int64)


def _projections(
    rng: np.random.Generator, layer: int, depth: int, coding: str
) -> Sequence[Sequence[int]]:
    """Source and delay of what arrives; the input comes last."""
    found = []
    if layer:
        found.append([layer - 1, 0 if rng.random() < 0.85 else int(rng.integers(1, 5))])
    if rng.random() < 0.18:
        found.append([int(rng.integers(layer, depth)), int(rng.integers(1, 4))])
    if not layer or rng.random() < 0.08:
        late = rng.random() < 0.12 and not (coding == "direct" and found)
        found.append([INPUT, int(rng.integers(1, 4)) if late else 0])
    return found


def _kind(rng: np.random.Generator) -> str:
    return str(rng.choice(["lif", "if", "cuba_lif", "threshold"], p=[0.5, 0.2, 0.25, 0.05]))


def _rules(rng: np.random.Generator) -> dict[str, str]:
    return {
        "reset": str(rng.choice(["reset", "subtract"])),
        "reset_when": str(rng.choice(["same_tick", "next_tick"], p=[0.75, 0.25])),
        "cuba_order": str(rng.choice(["current_first", "voltage_first"], p=[0.75, 0.25])),
    }


def _leak(rng: np.random.Generator) -> float:
    """Share lost per tick: as often as not a power of two."""
    if rng.random() < 0.5:
        return float(2.0 ** -rng.integers(1, 7))
    return round(float(2.0 ** -rng.uniform(0.7, 6.0)), 4)


def _log_uniform(rng: np.random.Generator, low: int, high: int) -> int:
    """An integer, mostly small."""
    return round(math.pow(2.0, rng.uniform(math.log2(low), math.log2(high))))
