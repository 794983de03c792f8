"""Largest errors of encoding and multiplying, over all values at once, by counting.

A count of ones changes only at the numbers that a source gives, so an error is largest right
before or right after one of them. For one stream that is the star discrepancy of its numbers, for
the AND of two that of the points ``(r(t), r'(t))`` in the plane; both here with the rounding of
values to thresholds included.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.bitstream._rank_counts import joint_period, rank_counts
from sc_neurocore.bitstream._source import Source

Numbers = NDArray[np.float64]
Counts = NDArray[np.int64]

#: Most ticks of which one stream's numbers are sorted.
RATE_TICKS = 2**22
#: Most ticks of two streams for which every pair of thresholds is looked at.
PAIR_TICKS = 2**11
#: Thresholds of each stream where there are more ticks.
GRID = 256


@dataclass(frozen=True)
class Extreme:
    """An error, and the thresholds at which it occurs, one for each stream."""

    error: float
    thresholds: tuple[int, ...]


@dataclass(frozen=True)
class Extremes:
    """The lowest and the highest error.

    Attributes:
        low: 0 or less.
        high: 0 or more.
        exhaustive: whether over all values, or over a grid of thresholds.
    """

    low: Extreme
    high: Extreme
    exhaustive: bool

    @property
    def worst(self) -> Extreme:
        """The larger of both in magnitude."""
        return self.high if self.high.error >= -self.low.error else self.low


class _Best:
    """Extremes of the arrays of errors shown so far."""

    def __init__(self) -> None:
        self.low = self.high = (0.0, (0, 0))

    def see(self, errors: Numbers, row: int) -> None:
        least, most = errors.argmin(), errors.argmax()
        if errors[least] < self.low[0]:
            self.low = float(errors[least]), (row, int(least))
        if errors[most] > self.high[0]:
            self.high = float(errors[most]), (row, int(most))


def ticks_of(length: int, a: Source, b: Source | None = None) -> int:
    """Ticks of a length before the numbers, or pairs of them, repeat."""
    return min(length, (a.period if b is None else joint_period(a, b)) or length)


def rate_extremes(source: Source, length: int) -> Extremes:
    """Lowest and highest ``N(x(p))/L - p`` over all p; at most `RATE_TICKS` ticks may differ."""
    levels, place, times = _levels(source, length, ticks_of(length, source))
    counts = np.bincount(place, times)
    through = counts.cumsum() / length
    # Up to p = (v + 1/2)/2^w the threshold is v, so that the number v is not below it.
    turn = (levels + 0.5) / (1 << source.width)
    high, low = through - turn, through - counts / length - turn
    i, j = int(low.argmin()), int(high.argmax())
    return Extremes(
        Extreme(float(low[i]), (int(levels[i]),)),
        Extreme(float(high[j]), (int(levels[j]) + 1,)),
        True,
    )


def product_extremes(a: Source, b: Source, length: int) -> Extremes:
    """Lowest and highest ``N(x(p), y(q))/L - p q`` over all p and q, or over a grid."""
    ticks = ticks_of(length, a, b)
    if ticks > PAIR_TICKS:
        x, y, both = _grid(a, b, length)
        # Half a step up and down are the values that are rounded to the same threshold.
        least, most = (
            np.outer(*((u + half).clip(0, 1 << s.width) / (1 << s.width)
                       for u, s in ((x, a), (y, b))))
            for half in (-0.5, 0.5)
        )  # fmt: skip
        return _grid_extremes(both / length - most, both / length - least, x, y)
    levels = [_levels(s, length, ticks)[0] for s in (a, b)]
    x_turn, y_turn = ((u + 0.5) / (1 << s.width) for u, s in zip(levels, (a, b), strict=True))
    # The last threshold is that of 1, and lets every number through.
    x_turn, y_turn = np.append(x_turn, 1.0), np.append(y_turn, 1.0)
    over, under = _Best(), _Best()
    for i, below in enumerate(_cumulative(a, b, length, ticks)):
        if i:
            over.see(below[1:] / length - x_turn[i - 1] * y_turn[:-1], i - 1)
        under.see(below / length - x_turn[i] * y_turn, i)
    tops = [np.append(u, 1 << s.width) for u, s in zip(levels, (a, b), strict=True)]
    low = tuple(int(top[k]) for top, k in zip(tops, under.low[1], strict=True))
    high = tuple(int(top[k]) + 1 for top, k in zip(tops, over.high[1], strict=True))
    return Extremes(Extreme(under.low[0], low), Extreme(over.high[0], high), True)


def covariance_extremes(a: Source, b: Source, length: int) -> Extremes:
    """Lowest and highest ``P(a AND b) - P(a) P(b)``: what dependence alone adds to a product."""
    ticks = ticks_of(length, a, b)
    if ticks > PAIR_TICKS:
        x, y, both = _grid(a, b, length)
        product = np.outer(both[:, -1] / length, both[-1] / length)
        errors = both / length - product
        return _grid_extremes(errors, errors, x, y)
    thresholds, rates = [], []
    for source in (a, b):
        levels, place, times = _levels(source, length, ticks)
        thresholds.append(np.append(0, levels + 1))
        rates.append(np.append(0, np.bincount(place, times).cumsum()) / length)
    best = _Best()
    for i, below in enumerate(_cumulative(a, b, length, ticks)):
        best.see(below / length - rates[0][i] * rates[1], i)
    low, high = (
        Extreme(error, (int(thresholds[0][i]), int(thresholds[1][j])))
        for error, (i, j) in (best.low, best.high)
    )
    return Extremes(low, high, True)


def _levels(source: Source, length: int, ticks: int) -> tuple[Counts, NDArray[np.intp], Counts]:
    """Numbers of a source in order, which one each tick has, and how often the tick comes."""
    times = np.full(ticks, length // ticks)
    times[: length % ticks] += 1
    levels, place = np.unique(source.values(ticks), return_inverse=True)
    return levels.astype(np.int64), place, times


def _cumulative(a: Source, b: Source, length: int, ticks: int) -> Iterator[Counts]:
    """Row i: ones of the AND below the i-th number of ``a``, for every number of ``b`` and all."""
    a_levels, a_place, times = _levels(a, length, ticks)
    b_levels, b_place, _ = _levels(b, length, ticks)
    row = np.zeros(len(b_levels) + 1, np.int64)
    order = np.argsort(a_place, kind="stable")
    ends = np.bincount(a_place, minlength=len(a_levels)).cumsum()
    yield row
    begin = 0
    for end in ends:
        for t in order[begin:end]:
            row[b_place[t] + 1 :] += times[t]
        begin = end
        yield row


def _grid(a: Source, b: Source, length: int) -> tuple[Counts, Counts, Counts]:
    """Spread thresholds of both streams, that of 1 the last, and the ones of their AND."""
    # Multiples of the golden section: a grid of round fractions would be where sequences are best.
    parts = np.append(np.arange(1, GRID) * 0.6180339887498949 % 1, 1.0)
    x, y = (np.unique(np.rint(parts * (1 << s.width)).astype(np.int64)) for s in (a, b))
    return x, y, rank_counts(x, y, a, b, length)


def _grid_extremes(low: Numbers, high: Numbers, x: Counts, y: Counts) -> Extremes:
    extremes = []
    for errors, k in ((low, low.argmin()), (high, high.argmax())):
        i, j = np.unravel_index(int(k), errors.shape)
        extremes.append(Extreme(float(errors[i, j]), (int(x[i]), int(y[j]))))
    return Extremes(extremes[0], extremes[1], False)
