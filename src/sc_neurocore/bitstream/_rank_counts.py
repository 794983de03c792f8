"""Exact AND counts of encoded streams without their bits.

With ``bit = r(t) < x`` and ``r'(t) < y``, the AND counts the ticks at which both hold. That is a
number of points ``(r(t), r'(t))`` in a corner of the square: only the rank of each coordinate among
the thresholds matters. So the points are counted once, in the cells between the thresholds, and
every pair's count is a sum over cells, one look-up in their cumulative table. The work does not
grow with the number of pairs times the length; and where both sources repeat, not with the length.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.bitstream._require import require_length
from sc_neurocore.bitstream._source import Source
from sc_neurocore.exceptions import SCConfigError

Numbers = NDArray[np.uint32]
#: Searching for a number's interval costs as much as this many entries of a table of intervals.
_SEARCH = 16


def rank_counts(
    x: ArrayLike, y: ArrayLike, x_source: Source, y_source: Source, length: int
) -> NDArray[np.int64]:
    """Ones in the AND of the streams of every pair of thresholds; equal to encoding and counting.

    Args:
        x: ``(m,)`` thresholds of streams of ``x_source``, 0 to ``2^width``.
        y: ``(n,)`` thresholds of streams of ``y_source``.
        x_source: numbers that the first streams are compared with.
        y_source: numbers that the second streams are compared with.
        length: bits of the streams.

    Returns:
        ``(m, n)``.

    Raises:
        SCConfigError: a length out of range, or thresholds that are not integers in range.
    """
    length = require_length(length)
    ticks = min(length, joint_period(x_source, y_source) or length)
    sequences = x_source.values(ticks), y_source.values(ticks)
    thresholds = _thresholds("x", x, x_source), _thresholds("y", y, y_source)
    return count_pairs(*thresholds, x_source.width, y_source.width, *sequences, length)


def joint_period(x_source: Source, y_source: Source) -> int | None:
    """Ticks after which both sources repeat, or None."""
    periods = x_source.period, y_source.period
    return math.lcm(*(p for p in periods if p)) if all(periods) else None


def count_pairs(
    x: NDArray[np.uint64],
    y: NDArray[np.uint64],
    x_width: int,
    y_width: int,
    x_numbers: Numbers,
    y_numbers: Numbers,
    length: int,
) -> NDArray[np.int64]:
    """`rank_counts` of numbers already made, which repeat if they are fewer than ``length``."""
    from sc_neurocore.bitstream._rank_kernel import histogram

    x_levels, x_place = np.unique(x, return_inverse=True)
    y_levels, y_place = np.unique(y, return_inverse=True)
    x_bins, x_numbers = _intervals(x_levels, x_width, x_numbers)
    y_bins, y_numbers = _intervals(y_levels, y_width, y_numbers)
    cells = np.zeros((len(x_levels) + 1, len(y_levels) + 1), np.int64)
    ticks = len(x_numbers)
    rest = length % ticks
    histogram(x_numbers, y_numbers, rest, ticks, x_bins, y_bins, cells)
    cells *= length // ticks
    if rest:
        part = np.zeros_like(cells)
        histogram(x_numbers, y_numbers, 0, rest, x_bins, y_bins, part)
        cells += part * (length // ticks + 1)
    below = cells.cumsum(axis=0).cumsum(axis=1)
    return below[np.ix_(x_place.ravel(), y_place.ravel())]


def _intervals(
    levels: NDArray[np.uint64], width: int, numbers: Numbers
) -> tuple[NDArray[np.intp], Numbers]:
    """Interval between the levels of each number, and the numbers to look up in it."""
    if 1 << width <= _SEARCH * len(numbers):
        # One more at each level; numbers below the first level are in interval 0.
        steps = np.zeros((1 << width) + 1, np.intp)
        steps[levels.astype(np.intp)] = 1
        return steps.cumsum(), numbers
    found = np.searchsorted(levels, numbers.astype(np.uint64), side="right").astype(np.uint32)
    return np.arange(len(levels) + 1, dtype=np.intp), found


def _thresholds(name: str, values: ArrayLike, source: Source) -> NDArray[np.uint64]:
    given = np.asarray(values)
    if given.dtype.kind not in "ui" or given.ndim != 1:
        raise SCConfigError(
            f"{name} has shape {given.shape} and dtype {given.dtype}; it must be a vector of "
            "integer thresholds"
        )
    top = 1 << source.width
    wrong = (given < 0) | (given > top)
    if wrong.any():
        place = int(np.argmax(wrong))
        raise SCConfigError(f"{name}[{place}] is {given[place]}; it must be from 0 to {top}")
    return given.astype(np.uint64)
