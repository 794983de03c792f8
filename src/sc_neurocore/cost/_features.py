"""Structural features of engines: counts of adder bits, multiplexers, registers and memories.

Each feature is a quantity that hardware is made of, worked out from the modules' own definitions
(``hdl/rtl``); those of a layer add up over the layers. A fitted model gives each a cost per family.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.cost._memory import Memories, memories
from sc_neurocore.cost._shape import EngineShape, LayerShape

Reals = NDArray[np.float64]

_FIELDS = (
    "size", "fan_in", "bits", "pe", "simd", "length", "current_bits", "state_bits", "lane_bits",
    "projections", "lane_choices", "lane_products", "parameter_bits", "doubling", "out_simd",
    "delay", "lane_depth", "silent",
)  # fmt: skip
_GET = attrgetter(*_FIELDS)
#: What a layer that never spikes has none of.
_UNUSED_IF_SILENT = (
    "current_bits", "state_bits", "parameter_bits", "lane_bits", "lane_choices", "lane_products",
    "lane_depth",
)  # fmt: skip
#: Words of a buffer that only smooths the flow.
_SMOOTHING = 512

#: Features of a layer, in the order of the columns.
LAYER_FEATURES = (
    "layer", "lane adder bits", "lane choices", "lane products", "accumulator bits",
    "doubled accumulator bits", "masked weight bits", "weight tree bits", "stream bits",
    "stream tree bits", "neuron choice bits", "accumulators in registers", "walk bits",
    "weight register bits", "weight address bits", "plane address bits", "state register bits",
    "parameter register bits", "event bits", "packer bits", "buffer bits", "buffer pointers",
    "merged bits", "flip-flop memory bits", "memory cells", "memory choices", "constant bits",
    "block RAMs", "block RAM choices", "registers",
)  # fmt: skip
#: Features of what all layers share.
ENGINE_FEATURES = (
    "engine", "rate lanes", "direct lanes", "scan bits", "level register bits", "sobol bits",
    "class spikes", "class counts", "count bits", "membrane bits", "forked bits",
)  # fmt: skip
FEATURES = (*LAYER_FEATURES, *ENGINE_FEATURES)
#: What bounds the clock: of each the largest over the layers.
PATH_FEATURES = (
    "path", "lane depth", "accumulator carry", "weight tree levels", "lanes reached",
    "neurons chosen among", "address carry", "plane choice", "engine spread", "block RAM",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Features:
    """Features of some engines.

    Attributes:
        values: (engines, features), the columns of `FEATURES`.
        blocks: (engines,) block RAMs by the rules of memory mapping.
    """

    values: Reals
    blocks: Reals


def layer_features(shapes: Sequence[LayerShape], family: str) -> Reals:
    """Features of layers, shape (layers, features of a layer)."""
    f = _fields(shapes)
    stochastic = np.array([s.backend == "stochastic" for s in shapes])
    fixed, live = ~stochastic, 1 - f["silent"]
    # Lanes beyond the last neuron or source hold zeros, and synthesis leaves them out.
    pe, simd = np.minimum(f["pe"], f["size"]), np.minimum(f["simd"], f["fan_in"])
    bits, acc = f["bits"], f["current_bits"]
    lanes, groups = pe * simd * live, np.ceil(f["size"] / pe)
    addresses = np.ceil(f["fan_in"] / simd)
    depth = groups * addresses * np.where(stochastic, bits, 1)
    word = lanes * np.where(stochastic, 1, bits)
    several = simd > 1
    joined = np.ceil(np.log2(simd))

    weight = memories(family, word, depth, constant=True)
    parameters = memories(family, f["parameter_bits"], f["size"], constant=True)
    states = memories(family, f["state_bits"], np.maximum(2, f["size"]))
    sums = memories(family, pe * acc * (groups > 1), groups)
    owner, wide, deep = _buffers(shapes, f)
    fifo = memories(family, wide, deep)
    cells = np.maximum(deep, 3)

    def per_layer(values: Reals) -> Reals:
        return np.asarray(np.bincount(owner, values, len(shapes)), np.float64)

    def all_of(name: str) -> Reals:
        own: Reals = sum(getattr(m, name) for m in (weight, parameters, states, sums))
        return own + per_layer(getattr(fifo, name))

    in_logic = weight.blocks == 0
    # A block RAM has the register of what is read from it inside.
    read = (
        word * in_logic
        + f["parameter_bits"] * (parameters.blocks == 0)
        + f["state_bits"] * (states.blocks == 0)
        + pe * acc * ((groups > 1) & (sums.blocks == 0))
        + per_layer(wide * (fifo.blocks == 0))
    )
    index = _bits(groups) * (groups > 1) + _bits(pe) * (pe > 1)
    length = np.log2(f["length"])
    out = (f["out_simd"] > 0) * (
        2 + _bits(np.ceil(f["size"] / np.maximum(1, f["out_simd"]))) * 2
        + _bits(f["out_simd"]) * (f["out_simd"] > 1) + 2 * f["out_simd"] + 2
    )  # fmt: skip
    registers = (
        read + word + pe * acc * (groups <= 1)
        + 3 + 2 * index + length + 4 + _bits(depth) + 2 * simd * several
        + stochastic * (length + np.maximum(1, bits - length) + _bits(addresses) + 3)
        + 9 + 2 * _bits(f["size"]) + 2 * f["state_bits"] + 2 * acc + f["parameter_bits"]
        + out + per_layer(2 * _bits(cells) + 1) + f["delay"]
    )  # fmt: skip
    event = 2 + _bits(addresses) + simd
    columns = {
        "layer": np.ones(len(shapes)),
        "lane adder bits": f["lane_bits"],
        "lane choices": f["lane_choices"],
        "lane products": f["lane_products"],
        "accumulator bits": pe * acc,
        "doubled accumulator bits": pe * acc * f["doubling"],
        "masked weight bits": lanes * bits * (fixed & several),
        "weight tree bits": pe * (simd - 1) * (bits + joined) * fixed * live,
        "stream bits": lanes * stochastic,
        "stream tree bits": pe * (simd - 1) * (2 + joined) * stochastic * live,
        "neuron choice bits": (pe - 1) * acc,
        "accumulators in registers": pe * acc * (groups <= 1),
        "walk bits": index + length,
        "weight register bits": word * (1 + in_logic),
        "weight address bits": _bits(depth) * live,
        "plane address bits": bits * _bits(depth) * stochastic * live,
        "state register bits": f["state_bits"],
        "parameter register bits": f["parameter_bits"],
        "event bits": event,
        "packer bits": (f["out_simd"] > 0) * (_bits(f["size"]) + 2 * (f["out_simd"] - 1)),
        "buffer bits": per_layer(wide),
        "buffer pointers": per_layer(2 * _bits(cells)),
        "merged bits": (f["projections"] > 1) * (f["projections"] * event),
        "flip-flop memory bits": all_of("flops"),
        "memory cells": all_of("cells"),
        "memory choices": all_of("muxed"),
        "constant bits": all_of("constants"),
        "block RAMs": all_of("blocks"),
        "block RAM choices": all_of("rows"),
        "registers": registers + all_of("flops"),
    }
    return np.stack([columns[name] for name in LAYER_FEATURES], axis=1)


def engine_features(shapes: Sequence[EngineShape], family: str) -> Features:
    """Features of engines; those of the layers are sums."""
    layers = [layer for shape in shapes for layer in shape.layers]
    counts = np.array([len(shape.layers) for shape in shapes])
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    summed = np.add.reduceat(layer_features(layers, family), starts, axis=0)

    inputs = np.array([s.inputs for s in shapes], np.float64)
    bits = np.array([s.input_bits for s in shapes], np.float64)
    ticks = np.array([s.ticks for s in shapes], np.float64)
    rate = np.array([s.coding == "rate" for s in shapes])
    direct = np.array([s.coding == "direct" for s in shapes])
    counted = np.array([s.readout == "count" for s in shapes])
    simd = np.array([s.layers[0].simd for s in shapes], np.float64)
    classes = np.array([s.layers[-1].size for s in shapes], np.float64)
    spikes = np.array([max(1, s.layers[-1].out_simd) for s in shapes], np.float64)
    state = np.array([s.layers[-1].state_bits for s in shapes], np.float64)
    arriving = np.array([sum(x.projections for x in s.layers) for s in shapes], np.float64)
    encoded = rate | direct
    words = np.ceil(inputs / simd)
    levels = memories(family, encoded * simd * (bits + 1), np.maximum(2, words), lanes=simd)
    count = _bits(ticks + 1)
    columns = {
        "engine": np.ones(len(shapes)),
        "rate lanes": rate * simd * (bits + 1),
        "direct lanes": direct * simd * (bits + 1),
        "scan bits": encoded * (3 * _bits(words + 1) + _bits(ticks) + _bits(simd)),
        "level register bits": encoded * simd * (bits + 1) * (levels.blocks == 0),
        "sobol bits": rate * bits,
        "class spikes": counted * classes * (1 + _bits(np.ceil(classes / spikes))),
        "class counts": counted * classes * count,
        "count bits": counted * (count + _bits(classes)),
        "membrane bits": ~counted * (state + 2 * _bits(classes)),
        "forked bits": np.maximum(0, arriving - counts),
    }
    slots = _bits(words + 1)
    registers = (
        1 + encoded * (_bits(words) * (words > 1) + _bits(simd) * (simd > 1) + 2 * slots + 4
        + _bits(ticks * np.where(direct, bits + 1, 1)) + 3 + _bits(words) + simd
        + simd * (bits + 1) * (levels.blocks == 0)) + rate * 2 * bits + direct * (bits + 1)
        + counted * (classes * (1 + count) + 2 * _bits(classes) + 3 * count + 5)
        + ~counted * (2 * _bits(classes) + state + 1 + count)
    )  # fmt: skip
    own = np.stack([columns[name] for name in ENGINE_FEATURES], axis=1)
    _add(summed, levels)
    summed[:, LAYER_FEATURES.index("registers")] += registers + levels.flops
    values = np.concatenate([summed, own], axis=1)
    return Features(values, values[:, FEATURES.index("block RAMs")].copy())


def path_features(shapes: Sequence[EngineShape], family: str) -> Reals:
    """What bounds the clock of engines, shape (engines, features of the path)."""
    layers = [layer for shape in shapes for layer in shape.layers]
    counts = np.array([len(shape.layers) for shape in shapes])
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    f = _fields(layers)
    stochastic = np.array([s.backend == "stochastic" for s in layers])
    parts = layer_features(layers, family)
    depth = parts[:, LAYER_FEATURES.index("weight address bits")]
    lanes = f["pe"] * f["simd"]
    work = parts[:, LAYER_FEATURES.index("lane adder bits")] + lanes * f["bits"]
    per_layer = {
        "path": np.ones(len(layers)),
        "lane depth": f["lane_depth"],
        "accumulator carry": f["current_bits"],
        "weight tree levels": np.log2(f["simd"]) * np.where(stochastic, 1.0, f["bits"]),
        "lanes reached": np.log2(lanes + 1),
        "neurons chosen among": np.log2(f["pe"]),
        "address carry": depth,
        "plane choice": f["bits"] * stochastic,
        "block RAM": parts[:, LAYER_FEATURES.index("block RAMs")] > 0,
    }
    found = {name: np.maximum.reduceat(v, starts) for name, v in per_layer.items()}
    found["engine spread"] = np.log2(np.add.reduceat(work, starts) + 1)
    return np.stack([found[name] for name in PATH_FEATURES], axis=1).astype(np.float64)


def _fields(shapes: Sequence[LayerShape]) -> dict[str, Reals]:
    """Fields of layers as arrays; what synthesis leaves out of a silent layer is 0."""
    f = dict(zip(_FIELDS, np.array([_GET(s) for s in shapes], np.float64).T, strict=True))
    return f | {name: f[name] * (1 - f["silent"]) for name in _UNUSED_IF_SILENT}


def _add(summed: Reals, more: Memories) -> None:
    for name, values in (
        ("flip-flop memory bits", more.flops),
        ("memory cells", more.cells),
        ("memory choices", more.muxed),
        ("block RAMs", more.blocks),
        ("block RAM choices", more.rows),
    ):
        summed[:, LAYER_FEATURES.index(name)] += values


def _buffers(
    shapes: Sequence[LayerShape], f: dict[str, Reals]
) -> tuple[NDArray[np.int64], Reals, Reals]:
    """Layer, width and depth of every buffer."""
    counts = np.array([max(1, len(s.buffers)) for s in shapes])
    owner = np.repeat(np.arange(len(shapes)), counts)
    if all(s.buffers for s in shapes):
        flat = np.array([b for s in shapes for b in s.buffers], np.float64).reshape(-1, 2)
        return owner, flat[:, 0], flat[:, 1]
    addresses = np.ceil(f["fan_in"] / f["simd"])
    wide = 2 + _bits(addresses) + f["simd"]
    deep = np.maximum(2, np.minimum(_SMOOTHING, addresses + 1) * (f["delay"] + 1))
    flat = np.array(
        [
            b
            for s, w, d in zip(shapes, wide.tolist(), deep.tolist(), strict=True)
            for b in (s.buffers or ((w, d),))
        ],
        np.float64,
    )
    return owner, flat[:, 0], flat[:, 1]


def _bits(counts: Reals) -> Reals:
    """Bits of indices below counts, at least 1."""
    return np.maximum(1.0, np.ceil(np.log2(np.maximum(counts, 1.0))))
