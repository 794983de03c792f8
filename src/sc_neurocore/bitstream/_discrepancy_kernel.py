"""The sweep over the cells of two streams' thresholds, compiled when first used."""

from __future__ import annotations

from typing import Any

import numpy as np

from sc_neurocore.bitstream._jit import jit


@jit
def sweep(
    ends: Any, places: Any, times: Any, length: Any, sign: Any, p: Any, q: Any
) -> tuple[float, int, int]:
    """Largest ``sign (N(i, j)/length - p[i] q[j])`` over all cells, and where it is.

    ``N(i, j)`` counts ticks whose place is at most i on the one axis and at most j on the other.
    The ticks are in order of their place on the first; those before ``ends[i]`` are at most i.
    """
    below = np.zeros(len(q), np.int64)
    new = np.zeros(len(q), np.int64)
    best, row, column = -2.0, 0, 0
    begin = 0
    for i in range(len(p)):
        for t in range(begin, ends[i]):
            if places[t] < len(q):
                new[places[t]] += times[t]
        begin = ends[i]
        total = 0
        highest = -2.0
        for j in range(len(q)):
            total += new[j]
            new[j] = 0
            below[j] += total
            highest = max(highest, sign * (below[j] / length - p[i] * q[j]))
        if highest > best:
            for j in range(len(q)):
                if sign * (below[j] / length - p[i] * q[j]) == highest:
                    best, row, column = highest, i, j
                    break
    return best, row, column
