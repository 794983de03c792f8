"""Stream lengths layer by layer: for an error, or out of a budget."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from sc_neurocore.bitstream import LengthPlan, Source
from sc_neurocore.bitstream._length import grouped
from sc_neurocore.bitstream._require import require_whole
from sc_neurocore.compiler.adaptive_precision._require import (
    LEAST_TOLERANCE,
    Layer,
    require_layers,
    require_lengths,
    require_positive,
)
from sc_neurocore.compiler.adaptive_precision._rows import LayerPrecision
from sc_neurocore.compiler.adaptive_precision._streams import Streams, streams_of
from sc_neurocore.exceptions import SCConfigError

LengthMethod = Literal["hoeffding", "sensitivity", "proportional"]


class LayerPlan(list[LayerPrecision]):
    """The rows of a plan of layers, and what is to be said of them together.

    Attributes:
        target_error: what was asked of every layer.
        total_budget: largest sum of lengths allowed; None if there was no limit.
    """

    def __init__(
        self, rows: Iterable[LayerPrecision], target_error: float, total_budget: int | None
    ) -> None:
        super().__init__(rows)
        self.target_error = target_error
        self.total_budget = total_budget

    @property
    def total_length(self) -> int:
        """Sum of the lengths."""
        return sum(row.bitstream_length for row in self)

    @property
    def within_budget(self) -> bool:
        """Whether the lengths together keep to the budget."""
        return self.total_budget is None or self.total_length <= self.total_budget

    @property
    def feasible(self) -> bool:
        """Whether every layer meets its target, within the budget."""
        return self.within_budget and all(row.target_met for row in self)

    def to_dict(self) -> dict[str, Any]:
        """The plan as JSON values."""
        return {
            "granularity": "layer",
            "target_error": self.target_error,
            "target_met": self.feasible,
            "verdict": self.verdict,
            "total_length": self.total_length,
            "total_budget": self.total_budget,
            "layers": [row.to_dict() for row in self],
        }

    @property
    def verdict(self) -> str:
        """One line: that all is met, or ``infeasible: …`` with what stands against it."""
        reasons = []
        if not self.within_budget:
            reasons.append(
                f"the least lengths add up to {grouped(self.total_length)}, total_budget is "
                f"{grouped(self.total_budget or 0)}"
            )
        missed = [row for row in self if not row.target_met]
        if missed:
            worst = max(missed, key=lambda row: (row.needed_length or 0, row.error_bound))
            reasons.append(
                f"{len(missed)} of {len(self)} layers miss their target; '{worst.name}': "
                + (worst.verdict or "").removeprefix("infeasible: ")
            )
        if reasons:
            return f"infeasible: {'; '.join(reasons)}"
        chance = {row.confidence for row in self} - {None}
        at = f" at {100 * chance.pop():g} % per stream" if chance else ""  # type: ignore[operator]
        return f"target met in every layer{at}"


def assign_lengths(
    layer_weights: Sequence[ArrayLike],
    layer_names: Sequence[str] | None = None,
    total_budget: int | None = None,
    min_length: int = 32,
    max_length: int = 1024,
    target_error: float = 0.01,
    method: LengthMethod = "hoeffding",
    *,
    confidence: float = 0.95,
    source: Source | str | None = None,
    input_source: Source | str | None = None,
    coding: str = "auto",
) -> LayerPlan:
    """Choose the length of every layer's streams.

    Each stream may err by ``target_error / sqrt(fan_in)``: independent errors of that size add up
    to the target in a weighted sum of ``fan_in`` streams. Nothing is clipped in silence: a layer
    that no allowed length serves gets the best one, and its verdict says what it would need.

    Args:
        layer_weights: ``(outputs, inputs)`` or ``(inputs,)`` per layer, finite.
        layer_names: one per layer; ``layer_0`` and so on if None.
        total_budget: largest sum of all lengths. The methods that share a budget take
            ``max_length`` times the number of layers if it is None; ``"hoeffding"`` only checks.
        min_length: least length, a power of two.
        max_length: greatest length, a power of two.
        target_error: per layer, above 0; of values, the largest weight of a layer being 1.
        method: ``"hoeffding"``: the least length that meets the target, by the bound of the
            source. ``"proportional"``: shares of the budget in proportion to the sensitivities.
            ``"sensitivity"``: the budget where it takes most off the sum of sensitivity times
            error.
        confidence: of the bound of one stream of random bits.
        source: of the weights' numbers; independent random bits if None.
        input_source: of the inputs' numbers; if given, bounds are those of products.
        coding: ``unipolar``, ``bipolar`` or ``sign-magnitude``; ``auto`` is the last for layers
            with negative weights.

    Returns:
        A list of rows, with `LayerPlan.verdict` for all of them.

    Raises:
        SCConfigError: an argument out of range, before any row is made.
    """
    layers = require_layers(layer_weights, layer_names)
    least, most = require_lengths(min_length, max_length)
    target = require_positive("target_error", target_error)
    if not isinstance(method, str) or method not in get_args(LengthMethod):
        raise SCConfigError(
            f"method is {method!r}; it must be one of {', '.join(get_args(LengthMethod))}"
        )
    if total_budget is not None:
        require_whole("total_budget", total_budget, 1)
    streams = [
        streams_of(layer.low < 0, coding, source, input_source, confidence) for layer in layers
    ]
    tolerances = [target / math.sqrt(layer.fan_in) for layer in layers]
    for layer, tolerance in zip(layers, tolerances, strict=True):
        if tolerance < LEAST_TOLERANCE:
            raise SCConfigError(
                f"target_error is {target:g}; for the {layer.fan_in} inputs of '{layer.name}' it "
                f"must be at least {LEAST_TOLERANCE * math.sqrt(layer.fan_in):.3g}"
            )
    plans = [s.plan_length(t, least, most) for s, t in zip(streams, tolerances, strict=True)]
    scores = [_score(layer) for layer in layers]
    if method == "hoeffding":
        lengths = [p.length or _best(s, least, most) for s, p in zip(streams, plans, strict=True)]
    else:
        total_budget = most * len(layers) if total_budget is None else int(total_budget)
        share = _proportional if method == "proportional" else _greedy
        lengths = share(scores, total_budget, least, most)
    rows = (
        _row(i, layer, length, score, stream, tolerance, plan)
        for i, (layer, length, score, stream, tolerance, plan) in enumerate(
            zip(layers, lengths, scores, streams, tolerances, plans, strict=True)
        )
    )
    return LayerPlan(rows, target, total_budget)


def _score(layer: Layer) -> float:
    """Root mean square of the outputs' norms, weights as fractions of the largest.

    Streams of an output that err independently by e make it err by e times its norm.
    """
    if not layer.scale:
        return 0.0
    weights = layer.weights / layer.scale
    return math.sqrt(float(np.vdot(weights, weights)) / len(weights))


def _best(streams: Streams, least: int, most: int) -> int:
    """Length with the smallest bound; not always the longest of a register's."""
    if streams.random:
        return most
    lengths = [least << k for k in range((most // least).bit_length())]
    return min(lengths, key=lambda length: streams.bound(length).value)


def _row(
    index: int,
    layer: Layer,
    length: int,
    score: float,
    streams: Streams,
    tolerance: float,
    plan: LengthPlan,
) -> LayerPrecision:
    bound = streams.bound(length)
    verdict = plan.verdict
    if bound.value <= tolerance and bound.word == "proven":
        verdict = f"L={grouped(length)}: error {bound.value:.3g}, target {tolerance:.3g}"
    elif plan.feasible:
        wanted = plan.needed or plan.length or 0
        # Of a sequence a longer stream can be worse.
        needs = f"needs L≥{grouped(wanted)}" if wanted > length else f"L={grouped(wanted)} meets it"
        verdict = f"infeasible: {needs}, its share of the budget is {length}"
    return LayerPrecision(
        layer_index=index,
        name=layer.name,
        bitstream_length=length,
        error_bound=bound.value,
        sensitivity=score,
        target_error=tolerance,
        needed_length=plan.needed,
        confidence=bound.confidence,
        word=bound.word,
        basis=bound.basis,
        source=str(streams),
        coding=streams.coding,
        verdict=verdict,
    )


def _proportional(scores: Sequence[float], budget: int, least: int, most: int) -> list[int]:
    """Powers of two near each layer's share of the budget, within it."""
    total = sum(scores)
    shares = [budget * s / total if total else budget / len(scores) for s in scores]
    lengths = [
        min(most, max(least, 1 << max(0, math.floor(math.log2(share))))) if share >= 1 else least
        for share in shares
    ]
    excess = list(range(len(scores)))
    while sum(lengths) > budget:
        # Least lengths took more than their shares: give it back where most is over.
        excess = [i for i in excess if lengths[i] > least]
        if not excess:
            break
        i = max(excess, key=lambda i: lengths[i] / max(shares[i], 1e-300))
        lengths[i] //= 2
    return _doubled(lengths, budget, most, lambda i, length: shares[i] / length)


def _greedy(scores: Sequence[float], budget: int, least: int, most: int) -> list[int]:
    """Double where a clock takes most off sensitivity / sqrt(length)."""
    return _doubled([least] * len(scores), budget, most, lambda i, length: scores[i] / length**1.5)


def _doubled(
    lengths: list[int], budget: int, most: int, gain: Callable[[int, int], float]
) -> list[int]:
    """Double one length after the other, where the gain is greatest, while the budget lasts."""
    left = budget - sum(lengths)
    while True:
        open_ = [i for i, n in enumerate(lengths) if 2 * n <= most and n <= left and gain(i, n) > 0]
        if not open_:
            return lengths
        i = max(open_, key=lambda i: gain(i, lengths[i]))
        left -= lengths[i]
        lengths[i] *= 2
