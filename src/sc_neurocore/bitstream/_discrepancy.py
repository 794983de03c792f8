"""Largest errors of encoding and multiplying, over all values at once, by counting.

A count of ones changes only at the numbers that a source gives, so an error is largest right
before or right after one of them. For one stream that is the star discrepancy of its numbers, for
the AND of two that of the points ``(r(t), r'(t))`` in the plane; both here with the rounding of
values to thresholds included.

In the plane the thresholds of each stream are split into groups ``(u[k-1], u[k]]``. A count grows
with both thresholds, so in a cell of two groups it is at most that of their last thresholds and at
least that of their first: proven bounds of every error in the cell. With a group for each number
that occurs all of a cell's counts are the same, and the bounds are attained.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.bitstream._rank_counts import joint_period
from sc_neurocore.bitstream._source import Source

Numbers = NDArray[np.float64]
Counts = NDArray[np.int64]

#: Most ticks of which one stream's numbers are sorted.
RATE_TICKS = 2**22
#: Most groups of thresholds of each stream of a pair; with no more numbers, a group for each.
GROUPS = 2**12


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
        exhaustive: whether both are attained. If not, they are bounds: no error is beyond them,
            and the thresholds are a corner of the cell with the loosest.
    """

    low: Extreme
    high: Extreme
    exhaustive: bool

    @property
    def worst(self) -> Extreme:
        """The larger of both in magnitude."""
        return self.high if self.high.error >= -self.low.error else self.low


@dataclass(frozen=True)
class _Groups:
    """Groups of the thresholds of one stream, in order.

    Attributes:
        first: first threshold of each.
        last: last threshold of each.
        least: least value that is rounded to the first.
        most: greatest value that is rounded to the last.
        at_first: for each tick the first group whose first threshold lets it through.
        at_last: for each tick the first group whose last threshold lets it through.
    """

    first: Counts
    last: Counts
    least: Numbers
    most: Numbers
    at_first: Counts
    at_last: Counts

    @property
    def exhaustive(self) -> bool:
        """Whether no tick passes one threshold of a group and not another."""
        return bool(np.array_equal(self.at_first, self.at_last))


def ticks_of(length: int, a: Source, b: Source | None = None) -> int:
    """Ticks of a length before the numbers, or pairs of them, repeat."""
    return min(length, (a.period if b is None else joint_period(a, b)) or length)


def rate_extremes(source: Source, length: int) -> Extremes:
    """Lowest and highest ``N(x(p))/L - p`` over all p; at most `RATE_TICKS` ticks may differ."""
    ticks = ticks_of(length, source)
    levels, place = np.unique(source.values(ticks), return_inverse=True)
    times = _times(length, ticks)
    counts = np.bincount(place, times)
    through = counts.cumsum() / length
    # Up to p = (v + 1/2)/2^w the threshold is v, so that the number v is not below it.
    turn = (levels.astype(np.int64) + 0.5) / (1 << source.width)
    high, low = through - turn, through - counts / length - turn
    i, j = int(low.argmin()), int(high.argmax())
    return Extremes(
        Extreme(float(low[i]), (int(levels[i]),)),
        Extreme(float(high[j]), (int(levels[j]) + 1,)),
        True,
    )


def product_extremes(
    a: Source, b: Source, length: int, p: float | None = None, q: float | None = None
) -> Extremes:
    """Lowest and highest ``N(x(p), y(q))/L - p q``, over all p and q that are not given."""
    x, y, times = _both(a, b, length, p, q)
    high = _sweep(x.at_last, y.at_last, times, length, 1, x.least, y.least)
    low = _sweep(x.at_first, y.at_first, times, length, -1, x.most, y.most)
    return _extremes(x, y, low, high)


def covariance_extremes(
    a: Source, b: Source, length: int, p: float | None = None, q: float | None = None
) -> Extremes:
    """Lowest and highest ``P(a AND b) - P(a) P(b)``: what dependence alone adds to a product."""
    x, y, times = _both(a, b, length, p, q)
    x_low, y_low = (_rates(g.at_first, times, length, len(g.first)) for g in (x, y))
    x_high, y_high = (_rates(g.at_last, times, length, len(g.last)) for g in (x, y))
    high = _sweep(x.at_last, y.at_last, times, length, 1, x_low, y_low)
    low = _sweep(x.at_first, y.at_first, times, length, -1, x_high, y_high)
    return _extremes(x, y, low, high)


_Found = tuple[float, int, int]


def _extremes(x: _Groups, y: _Groups, low: _Found, high: _Found) -> Extremes:
    return Extremes(
        Extreme(min(0.0, -low[0]), (int(x.last[low[1]]), int(y.last[low[2]]))),
        Extreme(max(0.0, high[0]), (int(x.first[high[1]]), int(y.first[high[2]]))),
        x.exhaustive and y.exhaustive,
    )


def _both(
    a: Source, b: Source, length: int, p: float | None, q: float | None
) -> tuple[_Groups, _Groups, Counts]:
    """Groups of both streams, and how often each tick comes."""
    ticks = ticks_of(length, a, b)
    return _groups(a, ticks, p), _groups(b, ticks, q), _times(length, ticks)


def _times(length: int, ticks: int) -> Counts:
    times = np.full(ticks, length // ticks)
    times[: length % ticks] += 1
    return times


def _groups(source: Source, ticks: int, value: float | None) -> _Groups:
    """Groups of all thresholds, or the threshold of one value."""
    top = 1 << source.width
    numbers = source.values(ticks).astype(np.int64)
    if value is not None:
        x = np.array([np.rint(value * top)], np.int64)
        at = np.where(numbers < x[0], 0, 1)
        return _Groups(x, x, np.array([value]), np.array([value]), at, at)
    levels = np.unique(numbers)
    # The last threshold of each group is a number that occurs, or that of 1.
    ends = levels[np.arange(1, GROUPS) * len(levels) // GROUPS] if len(levels) > GROUPS else levels
    last = np.append(ends, top)
    first = np.append(0, ends + 1)
    return _Groups(
        first,
        last,
        np.maximum(first - 0.5, 0) / top,
        np.minimum(last + 0.5, top) / top,
        np.searchsorted(first, numbers, "right"),
        np.searchsorted(last, numbers, "right"),
    )


def _rates(places: Counts, times: Counts, length: int, groups: int) -> Numbers:
    ones: Numbers = np.bincount(places, times, minlength=groups)[:groups].cumsum()
    return ones / length


def _sweep(
    rows: Counts, columns: Counts, times: Counts, length: int, sign: int, p: Numbers, q: Numbers
) -> _Found:
    from sc_neurocore.bitstream._discrepancy_kernel import sweep

    order = np.argsort(rows, kind="stable")
    ends = np.bincount(rows, minlength=len(p))[: len(p)].cumsum()
    found: _Found = sweep(ends, columns[order], times[order], length, float(sign), p, q)
    return found
