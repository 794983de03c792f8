"""Spike times, intervals, counts and mean rates of one binary train."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sc_neurocore.analysis import _checks as check

__all__ = ["bin_spike_train", "firing_rate", "isi", "spike_count", "spike_times"]


def spike_times(binary_train: ArrayLike, dt: float = 0.001) -> check.Floats:
    """Times of the spikes: the index of each step that holds a spike, times ``dt``.

    Args:
        binary_train: 0 or 1 per time step, shape (steps,).
        dt: time step, s.

    Returns:
        Times in seconds, in order.

    Raises:
        SCConfigError: the train is not binary, or ``dt`` not positive.
    """
    at = np.flatnonzero(check.train(binary_train))
    return at.astype(np.float64) * check.positive(dt, "dt")


def isi(binary_train: ArrayLike, dt: float = 0.001) -> check.Floats:
    """Inter-spike intervals in seconds, one fewer than spikes.

    Args:
        binary_train: 0 or 1 per time step, shape (steps,).
        dt: time step, s.
    """
    # Differences of steps first: an interval must not depend on when it happens.
    gaps = np.diff(np.flatnonzero(check.train(binary_train)))
    return gaps.astype(np.float64) * check.positive(dt, "dt")


def firing_rate(binary_train: ArrayLike, dt: float = 0.001) -> float:
    """Mean firing rate in Hz: spikes over the duration of the train.

    Args:
        binary_train: 0 or 1 per time step, shape (steps,).
        dt: time step, s.
    """
    spikes = check.train(binary_train)
    return float(spikes.sum(dtype=np.int64) / (spikes.size * check.positive(dt, "dt")))


def spike_count(binary_train: ArrayLike) -> int:
    """Number of spikes in a train of 0 and 1, shape (steps,)."""
    return int(check.train(binary_train).sum(dtype=np.int64))


def bin_spike_train(binary_train: ArrayLike, bin_size: int = 10) -> check.Ints:
    """Spike counts in bins of ``bin_size`` steps.

    Args:
        binary_train: 0 or 1 per time step, shape (steps,).
        bin_size: steps per bin. Only whole bins are counted; a remainder at the end is in none.

    Returns:
        Counts, shape (steps // bin_size,).
    """
    return check.counts(check.train(binary_train), bin_size)
