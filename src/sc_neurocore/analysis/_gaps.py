"""Intervals in whole steps, where no rounding moves one to another bin."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sc_neurocore.analysis import _checks as check
from sc_neurocore.exceptions import SCConfigError


def some_gaps(binary_train: ArrayLike) -> check.Ints:
    """Intervals of a train in steps, at least one.

    Raises:
        SCConfigError: the train has fewer than two spikes.
    """
    gaps = np.diff(np.flatnonzero(check.train(binary_train)))
    if not gaps.size:
        raise SCConfigError(
            "binary_train has fewer than two spikes, so it has no interval; give a longer one"
        )
    return gaps


def gap_histogram(gaps: check.Ints, bins: int) -> tuple[check.Ints, check.Floats]:
    """Counts of intervals in equal bins, and the edges in steps.

    An interval of k steps may have lasted from k − ½ to k + ½, so the bins span from half a step
    below the shortest to half a step above the longest.
    """
    count = check.whole(bins, "bins")
    first, last = int(gaps.min()), int(gaps.max())
    edges = first - 0.5 + np.arange(count + 1) * (last - first + 1) / count
    return np.histogram(gaps, edges)[0], edges
