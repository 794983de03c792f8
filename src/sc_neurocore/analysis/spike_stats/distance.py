"""Distances and similarities of spike trains; ISI, SPIKE and SPIKE-synchronisation are PySpike's.

Times are in seconds. What is defined on a pair is computed on all pairs by one function.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sc_neurocore.analysis import _checks as check
from sc_neurocore.analysis._edit import edit_distance
from sc_neurocore.analysis._library import library, pyspike_times, pyspike_trains
from sc_neurocore.analysis.spike_stats.rate import smooth

__all__ = [
    "adaptive_spike_distance",
    "earth_movers_distance",
    "generalized_victor_purpura",
    "hunter_milton_similarity",
    "isi_distance",
    "isi_profile",
    "multi_neuron_victor_purpura",
    "schreiber_similarity",
    "spike_distance",
    "spike_distance_matrix",
    "spike_profile",
    "spike_sync",
    "spike_sync_profile",
    "van_rossum_distance",
    "victor_purpura_distance",
]


def van_rossum_distance(
    train_a: ArrayLike, train_b: ArrayLike, dt: float = 0.001, tau_ms: float = 10.0
) -> float:
    """Distance of the trains after an exponential kernel (van Rossum 2001).

    √(1/τ ∫ (f_a − f_b)² dt) with f = Σ exp(−(t − t_i)/τ), in closed form
    √(½ Σ_ij s_i s_j exp(−|t_i − t_j|/τ)), s = ±1 by train; doi:10.1162/089976601300014321.
    One spike more or less makes √½ (Elephant scales to 1).

    Args:
        train_a: 0 or 1 per time step, shape (steps,).
        train_b: a train of equal length.
        dt: time step, s.
        tau_ms: time constant, ms.
    """
    from scipy.signal import lfilter

    a, b = check.pair(train_a, train_b)
    decay = 1e3 * check.positive(dt, "dt") / check.positive(tau_ms, "tau_ms")
    sign = a.astype(np.float64) - b
    # Σ_{j≤i} s_j exp(−(t_i − t_j)/τ) at every step, of which the double sum is made.
    trace = lfilter([1.0], [1.0, -math.exp(-decay)], sign)
    return math.sqrt(max(0.0, 0.5 * float(sign @ (2 * trace - sign))))


def victor_purpura_distance(
    times_a: ArrayLike, times_b: ArrayLike, cost_per_s: float = 1000.0
) -> float:
    """Least cost of turning one train into the other (Victor & Purpura 1996).

    A spike is added or removed at cost 1 and moved by Δ at cost q |Δ|,
    doi:10.1152/jn.1996.76.2.1310.

    Args:
        times_a: spike times, s, in order.
        times_b: those of the other train.
        cost_per_s: q, 1/s.
    """
    q = check.nonnegative(cost_per_s, "cost_per_s")
    return edit_distance(
        check.times(times_a, "times_a"), check.times(times_b, "times_b"), lambda d: q * d
    )


def generalized_victor_purpura(
    times_a: ArrayLike,
    times_b: ArrayLike,
    cost_func: Callable[[float], float] | None = None,
) -> float:
    """Victor–Purpura distance with any cost of moving a spike (Victor & Purpura 1997).

    doi:10.1088/0954-898X_8_2_003.

    Args:
        times_a: spike times, s, in order.
        times_b: those of the other train.
        cost_func: cost of a move by so many seconds (0 or more), finite and not negative; by
            default 1000 per second.
    """
    a, b = check.times(times_a, "times_a"), check.times(times_b, "times_b")
    if cost_func is None:
        return victor_purpura_distance(a, b)
    return edit_distance(a, b, lambda d: check.values_of(cost_func, d, "cost_func"))


def multi_neuron_victor_purpura(
    spike_times_list: Sequence[ArrayLike], cost_per_s: float = 1000.0
) -> check.Floats:
    """Victor–Purpura distances of all pairs.

    Args:
        spike_times_list: spike times of each train, s, in order.
        cost_per_s: cost of moving a spike, 1/s.

    Returns:
        Symmetric, shape (n, n).
    """
    q = check.nonnegative(cost_per_s, "cost_per_s")
    rows = check.time_lists(spike_times_list, "spike_times_list")
    return _pairs(rows, lambda a, b: victor_purpura_distance(a, b, q))


def isi_distance(train_a: ArrayLike, train_b: ArrayLike, dt: float = 0.001) -> float:
    """ISI-distance of two binary trains (Kreuz et al. 2007), by PySpike.

    Mean over time of |ν_a − ν_b| / max(ν_a, ν_b) of the present intervals ν,
    doi:10.1016/j.jneumeth.2007.05.031. Before the first and after the last spike the interval
    is the longer of the nearest one and the time to the end; a silent train is one interval.

    Args:
        train_a: 0 or 1 per time step, shape (steps,).
        train_b: a train of equal length.
        dt: time step, s.

    Returns:
        A value in [0, 1); 0 for the same intervals.
    """
    return float(_isi(*pyspike_trains(train_a, train_b, dt), 1)[0])


def isi_profile(
    binary_train_a: ArrayLike, binary_train_b: ArrayLike, dt: float = 0.001, n_bins: int = 50
) -> check.Floats:
    """ISI-distance in ``n_bins`` equal parts of the trains; arguments as for `isi_distance`.

    Returns:
        Mean of the profile in each part, shape (n_bins,).
    """
    return _isi(*pyspike_trains(binary_train_a, binary_train_b, dt), n_bins)


def spike_distance(times_a: ArrayLike, times_b: ArrayLike, t_start: float, t_end: float) -> float:
    """SPIKE-distance (Kreuz et al. 2013), by PySpike.

    doi:10.1152/jn.00873.2012. A silent train, or one whose only spike is at an end, is taken as one
    with a spike at each end.

    Args:
        times_a: spike times within the window, s, in order, none twice.
        times_b: those of the other train.
        t_start: start of the window, s.
        t_end: its end, s.

    Returns:
        A value in [0, 1]; 0 for equal trains.
    """
    return float(_spike(*pyspike_times(times_a, times_b, t_start, t_end), 1)[0])


def spike_profile(
    times_a: ArrayLike, times_b: ArrayLike, n_bins: int, t_start: float, t_end: float
) -> check.Floats:
    """SPIKE-distance in ``n_bins`` equal parts of the window; arguments as for `spike_distance`.

    Returns:
        Mean of the profile in each part, shape (n_bins,).
    """
    return _spike(*pyspike_times(times_a, times_b, t_start, t_end), n_bins)


def spike_sync(times_a: ArrayLike, times_b: ArrayLike, t_start: float, t_end: float) -> float:
    """SPIKE-synchronisation (Kreuz, Mulansky & Bozanic 2015), by PySpike.

    Share of the spikes that coincide within half the shortest interval around them,
    doi:10.1152/jn.00848.2014; arguments as for `spike_distance`.

    Returns:
        A value in [0, 1]; 1 if all spikes coincide, or there are none.
    """
    pair = pyspike_times(times_a, times_b, t_start, t_end)
    return float(library("pyspike").spike_sync(*pair))


def spike_sync_profile(
    times_a: ArrayLike, times_b: ArrayLike, n_bins: int, t_start: float, t_end: float
) -> check.Floats:
    """SPIKE-synchronisation in ``n_bins`` equal parts of the window.

    Arguments as for `spike_distance`.

    Returns:
        Share of coinciding spikes in each part, shape (n_bins,); NaN where there is no spike.
    """
    pair = pyspike_times(times_a, times_b, t_start, t_end)
    profile = library("pyspike").spike_sync_profile(*pair)
    inner = slice(1, -1)  # PySpike adds the two ends
    at, hits, events = (np.asarray(x)[inner] for x in (profile.x, profile.y, profile.mp))
    edges = np.linspace(t_start, t_end, check.whole(n_bins, "n_bins") + 1)
    total = np.histogram(at, edges, weights=events)[0]
    return np.histogram(at, edges, weights=hits)[0] / np.where(total > 0, total, np.nan)


def adaptive_spike_distance(
    times_a: ArrayLike,
    times_b: ArrayLike,
    t_start: float,
    t_end: float,
    cost: float = 0.5,
) -> float:
    """Between SPIKE-distance and ISI-distance: (1 − cost) SPIKE + cost ISI, by PySpike.

    This is the mixture of the documented interface; it is not the adaptive SPIKE-distance with a
    minimum relevant time scale of Satuvuori et al. (2017).

    Args:
        times_a: spike times within the window, s, in order, none twice.
        times_b: those of the other train.
        t_start: start of the window, s.
        t_end: its end, s.
        cost: share of the ISI-distance, 0 to 1.
    """
    part = check.share(cost, "cost")
    pair = pyspike_times(times_a, times_b, t_start, t_end)
    return float((1 - part) * _spike(*pair, 1)[0] + part * _isi(*pair, 1)[0])


def schreiber_similarity(
    train_a: ArrayLike, train_b: ArrayLike, dt: float = 0.001, sigma_ms: float = 5.0
) -> float:
    """Cosine of the trains after a Gaussian kernel (Schreiber et al. 2003).

    s_a · s_b / (|s_a| |s_b|), as in the paper, without subtraction of the mean;
    doi:10.1016/S0925-2312(02)00838-X.

    Args:
        train_a: 0 or 1 per time step, shape (steps,).
        train_b: a train of equal length.
        dt: time step, s.
        sigma_ms: standard deviation of the kernel, ms.

    Returns:
        A value in [0, 1]; NaN if a train is silent.
    """
    a, b = check.pair(train_a, train_b)
    one, two = (smooth(x.astype(np.float64), "gaussian", sigma_ms, dt) for x in (a, b))
    if not (a.any() and b.any()):
        return float("nan")
    return min(1.0, float(one @ two) / math.sqrt(float(one @ one) * float(two @ two)))


def hunter_milton_similarity(times_a: ArrayLike, times_b: ArrayLike, dt_max: float = 0.01) -> float:
    """Mean of exp(−|t − nearest spike of the other train| / dt_max) (Hunter & Milton 2003).

    Averaged over both trains, doi:10.1152/jn.00074.2003.

    Args:
        times_a: spike times, s, in order.
        times_b: those of the other train.
        dt_max: time constant, s.

    Returns:
        A value in (0, 1]; 1 for equal trains; NaN if one is silent.
    """
    a, b = check.times(times_a, "times_a"), check.times(times_b, "times_b")
    tau = check.positive(dt_max, "dt_max")
    if not (a.size and b.size):
        return float("nan")
    return float(np.mean([np.exp(-_to_nearest(x, y) / tau).mean() for x, y in ((a, b), (b, a))]))


def earth_movers_distance(
    times_a: ArrayLike, times_b: ArrayLike, t_start: float, t_end: float, n_bins: int = 100
) -> float:
    """Earth mover's distance of the spike time histograms, in seconds (Rubner et al. 1998).

    ``scipy.stats.wasserstein_distance`` of the shares of spikes per bin.

    Args:
        times_a: spike times within the window, s, in order.
        times_b: those of the other train.
        t_start: start of the window, s.
        t_end: its end, s.
        n_bins: bins of the histograms.

    Returns:
        Seconds; NaN if a train is silent.
    """
    from scipy.stats import wasserstein_distance

    check.window(t_start, t_end)
    edges = np.linspace(t_start, t_end, check.whole(n_bins, "n_bins") + 1)
    middle = (edges[1:] + edges[:-1]) / 2
    a, b = (np.histogram(check.times(x, name, t_start, t_end), edges)[0]
            for x, name in ((times_a, "times_a"), (times_b, "times_b")))  # fmt: skip
    if not (a.any() and b.any()):
        return float("nan")
    return float(wasserstein_distance(middle, middle, a, b))


def spike_distance_matrix(
    spike_times_list: Sequence[ArrayLike],
    metric: str = "spike_distance",
    t_start: float = 0.0,
    t_end: float = 1.0,
) -> check.Floats:
    """Distances of all pairs.

    Args:
        spike_times_list: spike times of each train within the window, s, in order.
        metric: ``spike_distance``, ``spike_sync`` (1 − SPIKE-synchronisation) or
            ``victor_purpura`` (at 1000 per second).
        t_start: start of the window, s.
        t_end: its end, s.

    Returns:
        Symmetric with a diagonal of 0, shape (n, n).
    """
    check.window(t_start, t_end)
    metrics: dict[str, Callable[[check.Floats, check.Floats], float]] = {
        "spike_distance": lambda a, b: spike_distance(a, b, t_start, t_end),
        "spike_sync": lambda a, b: 1 - spike_sync(a, b, t_start, t_end),
        "victor_purpura": victor_purpura_distance,
    }
    chosen = metrics[check.choice(metric, "metric", tuple(metrics))]
    return _pairs(check.time_lists(spike_times_list, "spike_times_list", t_start, t_end), chosen)


def _pairs(
    items: list[check.Floats], distance: Callable[[check.Floats, check.Floats], float]
) -> check.Floats:
    """A symmetric distance on all pairs; the diagonal is 0."""
    found = np.zeros((len(items), len(items)))
    for i, a in enumerate(items):
        for j in range(i):
            found[i, j] = found[j, i] = distance(a, items[j])
    return found


def _isi(a: Any, b: Any, n_bins: int) -> check.Floats:
    profile = library("pyspike").isi_profile(a, b)
    return _binned(profile.x, profile.y, profile.y, n_bins)


def _spike(a: Any, b: Any, n_bins: int) -> check.Floats:
    profile = library("pyspike").spike_profile(a, b)
    return _binned(profile.x, profile.y1, profile.y2, n_bins)


def _binned(x: check.Floats, first: check.Floats, last: check.Floats, n_bins: int) -> check.Floats:
    """Mean in equal parts of a profile that is straight from ``first`` to ``last`` between knots.

    PySpike's own averages print what they do where an interval holds no knot, and are NaN where the
    last spike is at the end.
    """
    edges = np.linspace(x[0], x[-1], check.whole(n_bins, "n_bins") + 1)
    widths = np.diff(x)
    whole = np.concatenate([[0.0], np.cumsum(widths * (first + last) / 2)])
    k = np.clip(np.searchsorted(x, edges, "right") - 1, 0, widths.size - 1)
    part = edges - x[k]
    area = whole[k] + part * first[k] + part**2 * (last - first)[k] / (2 * widths[k])
    found: check.Floats = np.diff(area) / np.diff(edges)
    return found


def _to_nearest(times: check.Floats, others: check.Floats) -> check.Floats:
    at = np.searchsorted(others, times)
    left, right = others[np.maximum(at - 1, 0)], others[np.minimum(at, others.size - 1)]
    found: check.Floats = np.minimum(np.abs(times - left), np.abs(times - right))
    return found
