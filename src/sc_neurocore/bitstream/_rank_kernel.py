"""Joint histogram of two sequences over the intervals between thresholds."""

from __future__ import annotations

from typing import Any

from sc_neurocore.bitstream._jit import jit


@jit
def histogram(x: Any, y: Any, begin: int, end: int, x_bins: Any, y_bins: Any, counts: Any) -> None:
    """Add to ``counts[x_bins[x[t]], y_bins[y[t]]]`` one for every t from ``begin`` below ``end``.

    Args:
        x: numbers of the first sequence.
        y: numbers of the second.
        begin: first tick.
        end: tick after the last.
        x_bins: interval of each number that the first sequence can give.
        y_bins: interval of each number that the second sequence can give.
        counts: ``(intervals of x, intervals of y)``.
    """
    for t in range(begin, end):
        counts[x_bins[x[t]], y_bins[y[t]]] += 1
