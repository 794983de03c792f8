"""Trains as point processes: intensity, hazard, survivor, renewal density."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sc_neurocore.analysis import _checks as check
from sc_neurocore.analysis._gaps import some_gaps

__all__ = [
    "conditional_intensity",
    "isi_hazard_function",
    "isi_survivor_function",
    "renewal_density",
]


def conditional_intensity(
    binary_train: ArrayLike, dt: float = 0.001, window_ms: float = 100.0
) -> check.Floats:
    """Rate given the recent past: spikes of the last window over its length, in Hz.

    The likeliest Poisson rate of the window (Brown, Kass & Mitra 2004, doi:10.1038/nn1228).

    Args:
        binary_train: 0 or 1 per time step, shape (steps,).
        dt: time step, s.
        window_ms: length of the window that ends with each step, ms, a multiple of ``dt``; near the
            start it is as long as the past.

    Returns:
        Shape (steps,).
    """
    spikes = check.train(binary_train)
    size = check.steps(window_ms, dt, "window_ms")
    total = np.concatenate([[0], np.cumsum(spikes, dtype=np.int64)])
    end = np.arange(1, spikes.size + 1)
    start = np.maximum(end - size, 0)
    found: check.Floats = (total[end] - total[start]) / ((end - start) * dt)
    return found


def isi_hazard_function(
    binary_train: ArrayLike, dt: float = 0.001, bins: int = 50
) -> tuple[check.Floats, check.Floats]:
    """Hazard of the intervals: those that end in a bin per second at risk (Tuckwell 1988).

    Events over time at risk, Σ over intervals of the time each spends in the bin: constant for a
    Poisson process. An interval ends in the bin up to whose end it lasts, its own included.

    Args:
        binary_train: 0 or 1 per time step, shape (steps,), with two spikes or more.
        dt: time step, s.
        bins: equal bins from 0 to the longest interval.

    Returns:
        Hazard in Hz and middles of the bins in s.
    """
    gaps, edges = _intervals(binary_train, bins)
    step = check.positive(dt, "dt")
    # Of all that reach beyond an edge, those that also reach beyond the next did not end between.
    beyond = gaps.size - np.searchsorted(np.sort(gaps), edges, "right")
    before = np.concatenate([[0.0], np.cumsum(np.sort(gaps))])[gaps.size - beyond]
    lived = before + beyond * edges  # by all intervals, up to each edge
    return -np.diff(beyond) / (np.diff(lived) * step), (edges[1:] + edges[:-1]) / 2 * step


def isi_survivor_function(
    binary_train: ArrayLike, dt: float = 0.001, bins: int = 50
) -> tuple[check.Floats, check.Floats]:
    """Share of the intervals that are longer than t (Tuckwell 1988).

    Args:
        binary_train: 0 or 1 per time step, shape (steps,), with two spikes or more.
        dt: time step, s.
        bins: equal bins from 0 to the longest interval, at whose middles it is given.

    Returns:
        Shares in [0, 1] and times in s.
    """
    gaps, edges = _intervals(binary_train, bins)
    middles = (edges[1:] + edges[:-1]) / 2
    shorter = np.searchsorted(np.sort(gaps), middles, "right")
    return 1 - shorter / gaps.size, middles * check.positive(dt, "dt")


def renewal_density(
    binary_train: ArrayLike, dt: float = 0.001, bins: int | None = None
) -> tuple[check.Floats, check.Floats]:
    """Rate after a spike if intervals are independent, over the mean rate (Cox 1962).

    The density of intervals f gives h = f + f ∗ h, solved at the resolution of the train and
    averaged in bins. Against the autocorrelogram it shows whether intervals depend on each other.

    Args:
        binary_train: 0 or 1 per time step, shape (steps,), with two spikes or more.
        dt: time step, s.
        bins: equal bins from 0 to the longest interval, at most as many as it has steps; by default
            50, or one per step if there are fewer.

    Returns:
        Density over the mean rate (1 for a Poisson process) and middles of the bins in s.
    """
    from scipy.signal import lfilter

    gaps = some_gaps(binary_train)
    check.positive(dt, "dt")
    share = np.bincount(gaps) / gaps.size  # by steps, from 0, which never is
    most = int(gaps.max())
    count = min(50, most) if bins is None else check.whole(bins, "bins", 1, most)
    impulse = np.zeros(most + 1)
    impulse[0] = 1.0
    after = lfilter([1.0], np.concatenate([[1.0], -share[1:]]), impulse)[1:]
    lags = np.arange(1, most + 1)
    edges = np.arange(count + 1) * most / count + 0.5
    inside = np.histogram(lags, edges)[0]
    density = np.histogram(lags, edges, weights=after)[0] / inside * gaps.mean()
    return density, (edges[1:] + edges[:-1]) / 2 * dt


def _intervals(binary_train: ArrayLike, bins: int) -> tuple[check.Ints, check.Floats]:
    """Intervals in steps, and edges of equal bins that are exact where they are whole steps."""
    gaps = some_gaps(binary_train)
    count = check.whole(bins, "bins")
    return gaps, np.arange(count + 1) * int(gaps.max()) / count
