"""The cheapest width and length for every tolerance: a step function with few steps.

All that a synapse asks is that half a step of its weight's grid and the error of its stream stay
within a tolerance together. So a plan of a million synapses is one short table, and a step of it
for each synapse.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.compiler.adaptive_precision._streams import Streams

#: Longest stream, as a power of two, that is considered for what a missed target would need.
_BEYOND = 62


@dataclass(frozen=True)
class Limits:
    """Widths and lengths that a plan may give.

    Attributes:
        min_bits: least width of a weight.
        max_bits: greatest width.
        min_length: least length of a stream, a power of two.
        max_length: greatest length, a power of two.
    """

    min_bits: int
    max_bits: int
    min_length: int
    max_length: int

    @property
    def widths(self) -> range:
        """All allowed widths."""
        return range(self.min_bits, self.max_bits + 1)

    @property
    def lengths(self) -> list[int]:
        """All allowed lengths."""
        count = (self.max_length // self.min_length).bit_length()
        return [self.min_length << k for k in range(count)]


@dataclass(frozen=True)
class PrecisionClass:
    """Synapses of one width and length, and their errors per unit of sensitivity.

    Attributes:
        bit_width: of the weights, the sign included.
        bitstream_length: of the streams.
        quantization: half a step of the weights' grid.
        slack: error of a stream that adds up from stream to stream: that of sequences, and of
            comparators' rounding.
        radius: Hoeffding's radius, where bits are random.
        proven: whether the bound of the stream is proven.
        basis: the theorem or count behind it.
        feasible: whether the class is given to synapses whose target it meets.
    """

    bit_width: int
    bitstream_length: int
    quantization: float
    slack: float
    radius: float
    proven: bool
    basis: str
    feasible: bool

    @property
    def stochastic(self) -> float:
        """Error of a stream."""
        return self.slack + self.radius

    @property
    def total(self) -> float:
        """Error of a weight."""
        return self.quantization + self.stochastic

    @property
    def cost(self) -> float:
        """Relative cost: width times log2 of the length."""
        return self.bit_width * math.log2(self.bitstream_length)


def half_step(bits: int, signed: bool) -> float:
    """Half a step of the grid of a weight in 0 … 1, or with a sign in -1 … 1.

    The grid has both ends and, with a sign, zero: codes are ``0 … 2^b - 1``, or
    ``-(2^(b-1) - 1) … 2^(b-1) - 1``.
    """
    return 0.5 / ((1 << (bits - signed)) - 1)


@dataclass(frozen=True, eq=False)
class ClassTable:
    """Classes in order of the tolerance that they need.

    Attributes:
        classes: of a plan; the last ones serve the largest tolerances.
        edges: tolerances from which on the class after the first, second, … applies.
    """

    classes: tuple[PrecisionClass, ...]
    edges: NDArray[np.float64]

    def column(self, name: str) -> NDArray[np.float64]:
        """An attribute of all classes that is a real number."""
        return np.array([getattr(c, name) for c in self.classes], np.float64)

    def whole(self, name: str) -> NDArray[np.int64]:
        """An attribute of all classes that is a whole number."""
        return np.array([getattr(c, name) for c in self.classes], np.int64)

    def flags(self, name: str) -> NDArray[np.bool_]:
        """An attribute of all classes that is a truth value."""
        return np.array([getattr(c, name) for c in self.classes], np.bool_)


@functools.lru_cache(maxsize=32)
def class_table(streams: Streams, limits: Limits) -> ClassTable:
    """The cheapest class for every tolerance.

    A tolerance that no allowed pair meets gets the width that would be cheapest were there no
    longest stream, and the longest stream; or, where the bounds of longer streams are not known,
    the least width whose own share fits, and the stream with the least bound.
    """
    signed = streams.coding != "unipolar"
    steps: list[tuple[float, PrecisionClass]] = []
    found: list[tuple[float, float, PrecisionClass]] = []
    bounds = {length: streams.bound(length) for length in limits.lengths}
    best = min(bounds, key=lambda n: (bounds[n].value, n))
    fallback = limits.max_length if streams.random else best

    def made(bits: int, length: int, feasible: bool) -> PrecisionClass:
        bound = bounds[length]
        return PrecisionClass(
            bits, length, half_step(bits, signed), bound.value - streams.radius(length),
            streams.radius(length), bound.word == "proven", bound.basis, feasible,
        )  # fmt: skip

    for bits in limits.widths:
        for length in limits.lengths:
            one = made(bits, length, True)
            if one.proven:
                found.append((one.total, one.cost, one))
    least = min((total for total, _, _ in found), default=math.inf)
    # What is out of reach, from the smallest tolerance on.
    beyond: list[tuple[float, float, PrecisionClass]] = []
    for bits in limits.widths:
        one = made(bits, fallback, False)
        if not streams.random:
            beyond.append((one.quantization, float(bits), one))
            continue
        first = limits.max_length.bit_length()
        for power in range(first, _BEYOND + 1):
            radius = one.radius * math.sqrt(limits.max_length / 2.0**power)
            need = one.quantization + streams.slack + radius
            beyond.append((need, bits * power, one))
    beyond.append((0.0, math.inf, made(limits.max_bits, fallback, False)))
    # A hair above the sum, so that products of it and a sensitivity do not round to above it.
    hair = 1 + 1e-12
    steps += [(t * hair, c) for t, c in _envelope([b for b in beyond if b[0] * hair < least])]
    steps += [(t * hair, c) for t, c in _envelope(found)]
    merged: list[tuple[float, PrecisionClass]] = []
    for tolerance, one in steps:
        if not merged or merged[-1][1] != one:
            merged.append((tolerance, one))
    edges = np.array([tolerance for tolerance, _ in merged[1:]])
    return ClassTable(tuple(one for _, one in merged), edges)


def _envelope(
    pairs: list[tuple[float, float, PrecisionClass]],
) -> list[tuple[float, PrecisionClass]]:
    """Steps at which a cheaper pair comes within the tolerance."""
    steps: list[tuple[float, PrecisionClass]] = []
    cheapest = math.inf
    for tolerance, cost, one in sorted(pairs, key=lambda p: (p[0], p[1], p[2].bit_width)):
        if cost < cheapest or not steps:
            cheapest = cost
            steps.append((tolerance, one))
    return steps
