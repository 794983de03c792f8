"""Events in time: bursts, latencies, onsets, changes of rate."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sc_neurocore.analysis import _checks as check
from sc_neurocore.exceptions import SCConfigError

__all__ = ["burst_detection", "change_point_detection", "first_spike_latency", "response_onset"]


def burst_detection(
    binary_train: ArrayLike, dt: float = 0.001, max_isi_ms: float = 10.0, min_spikes: int = 3
) -> list[tuple[float, float, int]]:
    """Bursts: runs of spikes with all intervals below ``max_isi_ms``.

    Args:
        binary_train: 0 or 1 per time step, shape (steps,).
        dt: time step, s.
        max_isi_ms: an interval this long or longer ends a burst, ms.
        min_spikes: spikes in a burst, 2 or more.

    Returns:
        Time of the first and of the last spike in s, and number of spikes, of each burst.
    """
    at = np.flatnonzero(check.train(binary_train))
    limit = check.positive(max_isi_ms, "max_isi_ms") / (1e3 * check.positive(dt, "dt"))
    least = check.whole(min_spikes, "min_spikes", 2)
    if not at.size:
        return []
    runs = np.split(at, np.flatnonzero(np.diff(at) >= limit * (1 - 1e-9)) + 1)
    return [(float(r[0] * dt), float(r[-1] * dt), r.size) for r in runs if r.size >= least]


def first_spike_latency(binary_train: ArrayLike, dt: float = 0.001) -> float:
    """Time of the first spike in seconds; NaN if there is none.

    Args:
        binary_train: 0 or 1 per time step, shape (steps,).
        dt: time step, s.
    """
    at = np.flatnonzero(check.train(binary_train)) * check.positive(dt, "dt")
    return float(at[0]) if at.size else float("nan")


def response_onset(
    binary_train: ArrayLike,
    baseline_steps: int = 100,
    dt: float = 0.001,
    threshold_sigma: float = 3.0,
) -> float:
    """First step after the baseline above its mean + ``threshold_sigma`` standard deviations.

    Args:
        binary_train: 0 or 1 per time step, or counts per step summed over trials, shape (steps,).
        baseline_steps: steps before the stimulus, fewer than all.
        dt: time step, s.
        threshold_sigma: standard deviations of the baseline.

    Returns:
        Time of that step from the start of the train, s; NaN if there is none.
    """
    counts = check.vector(binary_train, "binary_train", 2)
    if counts.min() < 0:
        raise SCConfigError("binary_train holds a negative count")
    start = check.whole(baseline_steps, "baseline_steps", 1, counts.size - 1)
    step = check.positive(dt, "dt")
    before = counts[:start]
    limit = before.mean() + check.nonnegative(threshold_sigma, "threshold_sigma") * before.std()
    at = np.flatnonzero(counts[start:] > limit)
    return float((start + at[0]) * step) if at.size else float("nan")


def change_point_detection(
    binary_train: ArrayLike, bin_size: int = 20, threshold: float = 1.63
) -> list[int]:
    """Bins at which the rate changes: cumulative sums and binary segmentation.

    max_k |Σ_{i≤k} (x_i − mean)| / (σ √n) of the counts (Page 1954, doi:10.1093/biomet/41.1-2.100),
    then the same left and right of the change found (Vostrikova 1981).

    Args:
        binary_train: 0 or 1 per time step, shape (steps,).
        bin_size: steps per bin.
        threshold: of that maximum. For one segment without change it is passed with probability
            5 % at 1.36 and 1 % at 1.63 (the supremum of a Brownian bridge).

    Returns:
        Index of the first bin after each change, in order.
    """
    counts = check.counts(check.train(binary_train), bin_size).astype(np.float64)
    limit = check.positive(threshold, "threshold")
    found: list[int] = []
    todo = [(0, counts.size)]
    while todo:
        start, end = todo.pop()
        part = counts[start:end]
        spread = part.std() if part.size > 1 else 0.0
        if spread == 0:
            continue
        sums = np.abs(np.cumsum(part - part.mean())[:-1]) / (spread * np.sqrt(part.size))
        k = int(sums.argmax())
        if sums[k] > limit:
            split = start + k + 1
            found.append(split)
            todo += [(start, split), (split, end)]
    return sorted(found)
