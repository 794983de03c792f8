"""How well units are sorted: isolation, contamination, completeness, drift."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sc_neurocore.analysis import _checks as check
from sc_neurocore.analysis._library import library
from sc_neurocore.exceptions import SCConfigError

__all__ = [
    "amplitude_cutoff",
    "d_prime",
    "drift_metric",
    "isi_violation_rate",
    "isolation_distance",
    "l_ratio",
    "nn_hit_rate",
    "presence_ratio",
    "silhouette_score",
    "snr",
]

_JITTER = 1e-8


def isolation_distance(cluster: ArrayLike, noise: ArrayLike) -> float:
    """Squared Mahalanobis distance at which as many noise spikes lie as the cluster has.

    Schmitzer-Torbert et al. (2005), doi:10.1016/j.neuroscience.2004.09.066; the covariance is
    unbiased, with 1e-8 added to its diagonal.

    Args:
        cluster: features of the cluster's spikes, shape (n, features).
        noise: features of all others, shape (m, features).

    Returns:
        D² of the n-th nearest noise spike; NaN if m < n, or n spikes have no covariance: if there
        are not more of them than features.

    Raises:
        SCConfigError: a feature of the cluster depends on the others.
    """
    own, other = _two(cluster, noise, ("cluster", "noise"))
    if len(own) <= own.shape[1] or len(other) < len(own):
        return float("nan")
    return float(np.sort(_mahalanobis2(own, other))[len(own) - 1])


def l_ratio(cluster: ArrayLike, noise: ArrayLike) -> float:
    """Noise spikes that could be the cluster's, per spike of it (Schmitzer-Torbert et al. 2005).

    Σ_noise (1 − F_χ²(D²; features)) / n, the tail of the χ² distribution as in the paper,
    doi:10.1016/j.neuroscience.2004.09.066.

    Args:
        cluster: features of the cluster's spikes, shape (n, features).
        noise: features of all others, shape (m, features).

    Returns:
        0 for a well isolated cluster; NaN if n is not larger than the number of features.

    Raises:
        SCConfigError: a feature of the cluster depends on the others.
    """
    from scipy.stats import chi2

    own, other = _two(cluster, noise, ("cluster", "noise"))
    if len(own) <= own.shape[1]:
        return float("nan")
    return float(chi2.sf(_mahalanobis2(own, other), own.shape[1]).sum() / len(own))


def silhouette_score(features: ArrayLike, labels: ArrayLike) -> float:
    """Mean of (b − a)/max(a, b) over samples (Rousseeuw 1987), by scikit-learn.

    a is the mean distance to the own cluster, b that to the nearest other one,
    doi:10.1016/0377-0427(87)90125-7.

    Args:
        features: shape (samples, features).
        labels: cluster of each sample, 2 to samples − 1 different ones.

    Returns:
        A value in [−1, 1].
    """
    data = check.matrix(features, "features")
    known, ids = check.labels(labels, "labels", 2)
    check.same_length(data, ids, ("features", "labels"))
    if len(known) >= len(ids):
        raise SCConfigError("labels must put at least two samples into one cluster")
    return float(library("sklearn.metrics").silhouette_score(data, ids))


def d_prime(cluster_a: ArrayLike, cluster_b: ArrayLike) -> float:
    """Sensitivity index |μ_a − μ_b| / √(½ (σ_a² + σ_b²)) (Green & Swets 1966).

    Of the projections on the first principal axis of both clusters together.

    Args:
        cluster_a: shape (n, features), n of 2 or more.
        cluster_b: shape (m, features), m of 2 or more.

    Returns:
        0 or more; infinite if the clusters are points apart, NaN if they are the same point.
    """
    a, b = _two(cluster_a, cluster_b, ("cluster_a", "cluster_b"), 2)
    both = np.vstack([a, b])
    axis = np.linalg.svd(both - both.mean(axis=0), full_matrices=False)[2][0]
    x, y = a @ axis, b @ axis
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(abs(x.mean() - y.mean()) / np.sqrt((x.var(ddof=1) + y.var(ddof=1)) / 2))


def isi_violation_rate(
    binary_train: ArrayLike, dt: float = 0.001, refractory_ms: float = 2.0
) -> float:
    """Share of the intervals shorter than the refractory period (Hill et al. 2011).

    doi:10.1523/JNEUROSCI.0971-11.2011.

    Args:
        binary_train: 0 or 1 per time step, shape (steps,).
        dt: time step, s.
        refractory_ms: refractory period, ms.

    Returns:
        A share in [0, 1]; NaN with fewer than two spikes.
    """
    gaps = np.diff(np.flatnonzero(check.train(binary_train)))
    limit = check.positive(refractory_ms, "refractory_ms") / (1e3 * check.positive(dt, "dt"))
    return float((gaps < limit * (1 - 1e-9)).mean()) if gaps.size else float("nan")


def presence_ratio(binary_train: ArrayLike, n_bins: int = 100) -> float:
    """Share of ``n_bins`` parts of the train that hold a spike (Banga et al. 2022).

    doi:10.1101/2022.05.09.491042 (International Brain Laboratory).

    Args:
        binary_train: 0 or 1 per time step, shape (steps,).
        n_bins: parts, equal but for one step, at most as many as steps.
    """
    spikes = check.train(binary_train)
    parts = check.whole(n_bins, "n_bins", 1, spikes.size)
    place = np.flatnonzero(spikes) * parts // spikes.size
    return float(np.unique(place).size / parts)


def amplitude_cutoff(amplitudes: ArrayLike, bins: int = 500) -> float:
    """Spikes that are missing because they were too small, per spike seen (Hill et al. 2011).

    The histogram of amplitudes, smoothed by three bins, is taken as symmetric about its peak: what
    lies above the amplitude at which it falls to the height of its lower end is missing below.
    doi:10.1523/JNEUROSCI.0971-11.2011.

    Args:
        amplitudes: of each spike, shape (spikes,), two or more different ones.
        bins: bins of the histogram, 3 or more.

    Returns:
        A ratio in [0, 0.5]; 0.5 means half or more.
    """
    from scipy.ndimage import gaussian_filter1d

    sizes = check.vector(amplitudes, "amplitudes", 2)
    if np.ptp(sizes) == 0:
        raise SCConfigError("amplitudes are all equal, so they have no distribution")
    count = check.whole(bins, "bins", 3)
    try:
        counts, edges = np.histogram(sizes, count, density=True)
    except ValueError:  # so near to each other that no number lies between
        raise SCConfigError(f"amplitudes differ too little for {count} bins") from None
    density = gaussian_filter1d(counts, 3)
    peak = int(density.argmax())
    mirror = peak + int(np.abs(density[peak:] - density[0]).argmin())
    return float(min(0.5, density[mirror:].sum() * (edges[1] - edges[0])))


def snr(waveforms: ArrayLike) -> float:
    """Peak-to-peak of the mean waveform over twice the noise (Suner et al. 2005).

    The noise is the standard deviation of all that is left after the mean waveform,
    doi:10.1109/TNSRE.2005.857687.

    Args:
        waveforms: shape (spikes, samples), two spikes or more.

    Returns:
        The ratio; infinite if all waveforms are equal, NaN if they also are flat.
    """
    found = check.matrix(waveforms, "waveforms", 2)
    mean = found.mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.ptp(mean) / (2 * (found - mean).std()))


def nn_hit_rate(cluster: ArrayLike, noise: ArrayLike, k: int = 4) -> float:
    """Share of the k nearest neighbours of the cluster's spikes that are its own.

    Chung et al. (2017), doi:10.1016/j.neuron.2017.08.030.

    Args:
        cluster: shape (n, features).
        noise: shape (m, features).
        k: neighbours, less than n + m.

    Returns:
        A share in [0, 1].
    """
    from scipy.spatial import cKDTree

    own, other = _two(cluster, noise, ("cluster", "noise"))
    k = check.whole(k, "k", 1, len(own) + len(other) - 1)
    found = cKDTree(np.vstack([own, other])).query(own, k + 1)[1]
    mine = np.arange(len(own))[:, None]
    # A spike is its own nearest neighbour, unless another one is at the same place.
    itself = found == mine
    itself[~itself.any(axis=1), -1] = True
    return float((found < len(own))[~itself].mean())


def drift_metric(waveforms: ArrayLike, timestamps: ArrayLike, n_bins: int = 10) -> float:
    """Range of the mean amplitude over time, relative to its mean over all spikes.

    The amplitude is peak to peak; after the metrics of the International Brain Laboratory.

    Args:
        waveforms: shape (spikes, samples).
        timestamps: time of each spike, shape (spikes,), not all equal.
        n_bins: equal bins over the time from the first to the last spike; empty ones are left out.

    Returns:
        0 or more; 0 means no drift.
    """
    found, at = check.matrix(waveforms, "waveforms"), check.vector(timestamps, "timestamps")
    check.same_length(found, at, ("waveforms", "timestamps"))
    if np.ptp(at) == 0:
        raise SCConfigError("timestamps are all equal, so there is no time to drift in")
    size = np.ptp(found, axis=1)
    edges = np.linspace(at.min(), at.max(), check.whole(n_bins, "n_bins") + 1)
    each = np.histogram(at, edges)[0]
    mean = np.histogram(at, edges, weights=size)[0][each > 0] / each[each > 0]
    return float(np.ptp(mean) / size.mean()) if size.any() else 0.0


def _two(
    a: ArrayLike, b: ArrayLike, names: tuple[str, str], least: int = 1
) -> tuple[check.Floats, check.Floats]:
    first, second = check.matrix(a, names[0], least), check.matrix(b, names[1], least)
    check.same_length(first.T, second.T, (f"a row of {names[0]}", f"of {names[1]}"))
    return first, second


def _mahalanobis2(cluster: check.Floats, points: check.Floats) -> check.Floats:
    """Squared Mahalanobis distances of points from the cluster, by its Cholesky factor."""
    from scipy.linalg import solve_triangular

    covariance = np.atleast_2d(np.cov(cluster.T)) + _JITTER * np.eye(cluster.shape[1])
    try:
        factor = np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError:
        raise SCConfigError(
            "a feature of cluster depends on the others; leave it out, or give smaller units"
        ) from None
    z = solve_triangular(factor, (points - cluster.mean(axis=0)).T, lower=True)
    found: check.Floats = (z**2).sum(axis=0)
    return found
