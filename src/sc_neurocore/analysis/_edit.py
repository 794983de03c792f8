"""The edit distance of spike trains, for any cost of moving a spike."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sc_neurocore.analysis._checks import Floats


def edit_distance(a: Floats, b: Floats, cost: Callable[[Floats], Floats]) -> float:
    """Least cost of turning ``a`` into ``b``: 1 per spike added or removed, ``cost(|Δ|)`` per move.

    Args:
        a: spike times, in order, shape (n,).
        b: spike times, in order, shape (m,).
        cost: of moves, element by element, not negative.
    """
    if not (a.size and b.size):
        return float(max(a.size, b.size))
    index = np.arange(b.size + 1.0)
    row = index
    for time in a:
        moved = cost(np.abs(b - time))
        best = row + 1
        np.minimum(best[1:], row[:-1] + moved, out=best[1:])
        # Adding spikes of b costs 1 each along the row: a running minimum of (best − index).
        row = np.minimum.accumulate(best - index) + index
    return float(row[-1])
