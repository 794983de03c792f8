"""Widths and lengths synapse by synapse."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.bitstream import Source
from sc_neurocore.compiler.adaptive_precision._classes import ClassTable, Limits, class_table
from sc_neurocore.compiler.adaptive_precision._plan import SynapsePlan, plan_layers
from sc_neurocore.compiler.adaptive_precision._require import (
    Layer,
    Numbers,
    require_layers,
    require_lengths,
    require_maps,
    require_positive,
    require_widths,
)
from sc_neurocore.compiler.adaptive_precision._streams import streams_of
from sc_neurocore.exceptions import SCConfigError

#: Synapses that are classified at a time, so that all of it stays in the cache.
_CHUNK = 1 << 15


def assign_synapse_precisions(
    layer_weights: Sequence[ArrayLike],
    layer_names: Sequence[str] | None = None,
    sensitivity_maps: Sequence[ArrayLike] | None = None,
    target_error: float = 0.01,
    min_bits: int = 4,
    max_bits: int = 16,
    min_length: int = 32,
    max_length: int = 4096,
    confidence: float = 0.95,
    *,
    confidence_of: Literal["row", "plan"] = "row",
    source: Source | str | None = None,
    input_source: Source | str | None = None,
    coding: str = "auto",
) -> SynapsePlan:
    """Choose a width and a stream length for every weight.

    Errors are of weights as fractions of the largest of their layer, times a sensitivity. Each
    may be ``target_error / sqrt(synapses)``: independent errors of that size add up to the target.
    A synapse gets the cheapest pair, by width times log2 of the length, whose half step and error
    of the stream keep to that together. Where none does, the row says what it would need.

    Args:
        layer_weights: ``(outputs, inputs)`` or ``(inputs,)`` per layer, finite.
        layer_names: one per layer; ``layer_0`` and so on if None.
        sensitivity_maps: finite, at least 0, of the weights' shapes: how much an error of each
            weight counts. By default its magnitude over the largest of the layer, which weighs
            errors and bounds no output; give ones to bound outputs.
        target_error: of all synapses together, above 0.
        min_bits: least width of a weight, its sign included.
        max_bits: greatest width, at most 52.
        min_length: least length, a power of two.
        max_length: greatest length, a power of two.
        confidence: of the bounds, for random bits.
        confidence_of: ``"row"``: each row's bound holds with that probability, so of many rows
            some do not hold. ``"plan"``: all hold at once with it (union bound), which takes
            longer streams.
        source: of the weights' numbers; independent random bits if None.
        input_source: of the inputs' numbers; if given, bounds are those of products.
        coding: ``unipolar``, ``bipolar`` or ``sign-magnitude``; ``auto`` is the last if there is a
            negative weight.

    Returns:
        The plan: a sequence of rows, with its verdict.

    Raises:
        SCConfigError: an argument out of range, before any row is made.
    """
    layers = require_layers(layer_weights, layer_names)
    maps = require_maps(sensitivity_maps, layers)
    target = require_positive("target_error", target_error)
    lengths = require_lengths(min_length, max_length)
    if confidence_of not in ("row", "plan"):
        raise SCConfigError(f"confidence_of is {confidence_of!r}; it must be 'row' or 'plan'")
    signed = any(layer.low < 0 for layer in layers)
    streams = streams_of(signed, coding, source, input_source, confidence)
    count = sum(layer.weights.size for layer in layers)
    if confidence_of == "plan":
        streams = replace(streams, confidence=1 - (1 - streams.confidence) / count)
    widths = require_widths(min_bits, max_bits, streams.coding != "unipolar")
    limits = Limits(*widths, *lengths)
    table = class_table(streams, limits)
    local = target / math.sqrt(count)
    sensitivities = np.empty(count)
    codes: NDArray[Any] = np.empty(count, np.uint8 if len(table.classes) < 256 else np.uint16)
    start = 0
    for i, layer in enumerate(layers):
        part = slice(start, start + layer.weights.size)
        given = None if maps is None else maps[i]
        _classify(layer, given, local, table, sensitivities[part], codes[part])
        start = part.stop
    places = plan_layers([x.name for x in layers], [x.weights.shape for x in layers])
    return SynapsePlan(places, streams, limits, target, local, table, sensitivities, codes)


def _classify(
    layer: Layer,
    given: Numbers | None,
    local: float,
    table: ClassTable,
    sensitivities: Numbers,
    codes: NDArray[Any],
) -> None:
    """Write the sensitivities of a layer and the classes of its synapses."""
    # Class i serves tolerances local/s from edge i-1 on, so sensitivities up to local/edge.
    edges = local / table.edges
    weights = (layer.weights if given is None else given).reshape(-1)
    step = np.empty(min(_CHUNK, len(codes)), bool)
    for start in range(0, len(codes), _CHUNK):
        part = slice(start, min(start + _CHUNK, len(codes)))
        s, found = sensitivities[part], codes[part]
        np.abs(weights[part], out=s)
        if given is None and layer.scale:
            np.divide(s, layer.scale, out=s)
        below = step[: len(s)]
        found[:] = 0
        for edge in edges:
            np.less_equal(s, edge, out=below)
            found += below
