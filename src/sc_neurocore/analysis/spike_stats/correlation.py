"""How trains vary together: correlograms, coefficients, coherence and coincidences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from sc_neurocore.analysis import _checks as check
from sc_neurocore.analysis._lags import lagged_counts
from sc_neurocore.analysis._welch import segment
from sc_neurocore.exceptions import SCConfigError

__all__ = [
    "autocorrelation_time",
    "coincidence_index",
    "covariance_matrix",
    "cross_correlation",
    "event_synchronization",
    "joint_psth",
    "noise_correlation",
    "pairwise_correlation",
    "signal_correlation",
    "spike_count_covariance",
    "spike_time_tiling_coefficient",
    "spike_train_coherence",
]


def cross_correlation(
    train_a: ArrayLike, train_b: ArrayLike, max_lag_ms: float = 50.0, dt: float = 0.001
) -> tuple[check.Floats, check.Floats]:
    """Cross-correlogram of two binary trains as a correlation coefficient.

    (Σ_t a(t) b(t + k) − n_a n_b / N) / √((n_a − n_a²/N)(n_b − n_b²/N)), the cross-correlation
    coefficient of Eggermont (2010), doi:10.1007/978-1-4419-5675-0_5. At lag 0 it is Pearson's
    coefficient.

    Args:
        train_a: 0 or 1 per time step, shape (steps,).
        train_b: a train of equal length.
        max_lag_ms: largest lag either way, ms; rounded down to whole steps.
        dt: time step, s.

    Returns:
        The coefficients and their lags in ms; at positive lags ``train_b`` follows ``train_a``.
        NaN if a train is silent or full, and at lags as long as the trains.
    """
    a, b = check.pair(train_a, train_b)
    counts, lags = lagged_counts(a, b, check.steps_within(max_lag_ms, dt, "max_lag_ms"))
    na, nb, n = float(a.sum(dtype=np.int64)), float(b.sum(dtype=np.int64)), a.size
    scale = np.sqrt(na * (n - na) / n * (nb * (n - nb) / n))
    found = (counts.astype(np.float64) - na * nb / n) / (scale or np.nan)
    found[np.abs(lags) >= n] = np.nan
    return found, lags.astype(np.float64) * (1e3 * dt)


def pairwise_correlation(
    trains: Sequence[ArrayLike] | ArrayLike, dt: float = 0.001
) -> check.Floats:
    """Pearson's coefficient of every pair of trains, at the resolution of their steps.

    Args:
        trains: binary trains of equal length, shape (n, steps).
        dt: time step, s; the coefficient does not depend on it.

    Returns:
        Shape (n, n); NaN in the rows and columns of trains that never change.
    """
    check.positive(dt, "dt")
    return _pearson(check.trains(trains).astype(np.float64))


def event_synchronization(
    train_a: ArrayLike, train_b: ArrayLike, dt: float = 0.001, tau_ms: float | None = None
) -> float:
    """Event synchronisation Q (Quian Quiroga, Kreuz & Grassberger 2002).

    (c(a|b) + c(b|a)) / √(n_a n_b), where c counts spikes that follow one of the other train within
    τ, and spikes at the same time count half each way, doi:10.1103/PhysRevE.66.041904.

    Args:
        train_a: 0 or 1 per time step, shape (steps,).
        train_b: a train of equal length.
        dt: time step, s.
        tau_ms: coincidence window in ms, itself included; by default less than half the shortest
            of the four intervals around each pair, so that no spike is matched twice.

    Returns:
        1 if all spikes are matched, 0 if none are; NaN if a train is silent. With a ``tau_ms``
        longer than half an interval a spike is matched more than once, and Q may exceed 1.
    """
    a, b = (np.flatnonzero(x) for x in check.pair(train_a, train_b))
    check.positive(dt, "dt")
    reach = None if tau_ms is None else check.steps_within(tau_ms, dt, "tau_ms")
    if not (a.size and b.size):
        return float("nan")
    if reach is not None:
        matched = np.searchsorted(b, a + reach, "right") - np.searchsorted(b, a - reach, "left")
        return float(matched.sum() / np.sqrt(a.size * b.size))
    around_a, around_b = _nearest_interval(a), _nearest_interval(b)
    after = np.searchsorted(b, a)
    found = 0.0
    for near in (after - 1, after):  # only the neighbours can be nearer than half an interval
        k = np.clip(near, 0, b.size - 1)
        close = 2 * np.abs(a - b[k]) < np.minimum(around_a, around_b[k])
        found += float(np.count_nonzero(close & (k == near)))
    return float(found / np.sqrt(a.size * b.size))


def spike_train_coherence(
    train_a: ArrayLike, train_b: ArrayLike, dt: float = 0.001
) -> tuple[check.Floats, check.Floats]:
    """Magnitude-squared coherence of two trains, by Welch's method (``scipy.signal.coherence``).

    Args:
        train_a: 0 or 1 per time step, shape (steps,).
        train_b: a train of equal length.
        dt: time step, s.

    Returns:
        Coherence in [0, 1] (NaN where a train has no power) and frequencies in Hz. Averaged over
        at least eight half-overlapping segments: of a single one it would be 1 everywhere.

    Raises:
        SCConfigError: the trains are shorter than 36 steps.
    """
    from scipy.signal import coherence

    a, b = check.pair(train_a, train_b)
    rate = 1 / check.positive(dt, "dt")
    with np.errstate(invalid="ignore", divide="ignore"):
        freqs, found = coherence(a.astype(float), b.astype(float), fs=rate, nperseg=segment(a.size))
    return found, freqs


def spike_time_tiling_coefficient(
    train_a: ArrayLike, train_b: ArrayLike, dt_param: float = 0.001, delta_ms: float = 5.0
) -> float:
    """Spike time tiling coefficient (Cutts & Eglen 2014).

    ½ ((P_A − T_B)/(1 − P_A T_B) + (P_B − T_A)/(1 − P_B T_A)), doi:10.1523/JNEUROSCI.2767-14.2014:
    P is the share of a train's spikes within ±Δ of one of the other, T the share of the recording
    within ±Δ of a spike; a spike is in the middle of its step. A quotient of 0 by 0 is 1. Unlike
    counts of coincidences it is not biased by the rate.

    It is counted in steps and not by Elephant, which compares times by ``numpy.isclose``: that adds
    10 µs to Δ for every second into the recording.

    Args:
        train_a: 0 or 1 per time step, shape (steps,).
        train_b: a train of equal length.
        dt_param: time step, s.
        delta_ms: half width of the coincidence window, ms.

    Returns:
        A value in [−1, 1]; NaN if a train is silent.
    """
    trains = check.pair(train_a, train_b)
    reach = check.positive(delta_ms, "delta_ms") / (1e3 * check.positive(dt_param, "dt_param"))
    a, b = (np.flatnonzero(x).astype(np.float64) + 0.5 for x in trains)
    if not (a.size and b.size):
        return float("nan")
    return (_tiling(a, b, reach, trains[0].size) + _tiling(b, a, reach, trains[0].size)) / 2


def covariance_matrix(trains: Sequence[ArrayLike] | ArrayLike, bin_size: int = 10) -> check.Floats:
    """Covariance of the spike counts in disjoint bins (de la Rocha et al. 2007).

    doi:10.1038/nature06028.

    Args:
        trains: binary trains of equal length, shape (n, steps).
        bin_size: steps per bin.

    Returns:
        Unbiased covariance (n, n), in spikes².

    Raises:
        SCConfigError: there are fewer than two bins.
    """
    return _covariance(check.counts(check.trains(trains), bin_size))


def autocorrelation_time(
    binary_train: ArrayLike, dt: float = 0.001, max_lag_ms: float = 500.0
) -> float:
    """Integral of the normalised autocorrelation up to its first zero crossing, in seconds.

    ½ + Σ_k r(k) steps over positive lags, with r as in `cross_correlation`.

    Args:
        binary_train: 0 or 1 per time step, shape (steps,).
        dt: time step, s.
        max_lag_ms: where the sum ends if the autocorrelation never crosses zero, ms.

    Returns:
        Seconds, at least dt/2; NaN if the train is silent or full.
    """
    spikes = check.train(binary_train)
    reach = min(check.steps_within(max_lag_ms, dt, "max_lag_ms"), spikes.size - 1)
    positive = cross_correlation(spikes, spikes, 1e3 * reach, 1.0)[0][reach + 1 :]
    if not 0 < spikes.sum(dtype=np.int64) < spikes.size:
        return float("nan")
    crossing = np.flatnonzero(positive <= 0)
    end = crossing[0] if crossing.size else positive.size
    return float(dt * (0.5 + positive[:end].sum()))


def noise_correlation(trains: ArrayLike | Sequence[ArrayLike], bin_size: int = 10) -> check.Floats:
    """Correlation of the variability that neurons share beyond the stimulus (Averbeck & Lee 2006).

    doi:10.1152/jn.00919.2005.

    Args:
        trains: repeated trials, shape (trials, neurons, steps): then the residuals are counts less
            their mean over trials. Or one trial (neurons, steps): then less the mean over neurons,
            which biases the coefficients by about −1/(n − 1).
        bin_size: steps per bin.

    Returns:
        Pearson's coefficients (n, n) of the residuals; NaN for neurons without any.
    """
    counts, repeated = _trials(trains, bin_size)
    residual = counts - counts.mean(axis=0 if repeated else 1, keepdims=True)
    return _pearson(residual.swapaxes(0, 1).reshape(counts.shape[1], -1))


def signal_correlation(trains: ArrayLike | Sequence[ArrayLike], bin_size: int = 10) -> check.Floats:
    """Correlation of mean responses: similarity of what drives the neurons.

    Averbeck & Lee (2006), doi:10.1152/jn.00919.2005.

    Args:
        trains: repeated trials, shape (trials, neurons, steps), or one trial (neurons, steps).
        bin_size: steps per bin.

    Returns:
        Pearson's coefficients (n, n) of the counts averaged over trials.
    """
    return _pearson(_trials(trains, bin_size)[0].mean(axis=0))


def spike_count_covariance(
    trains: Sequence[ArrayLike] | ArrayLike, window: int = 100
) -> check.Floats:
    """Covariance of the counts in a window that slides by one step (Kohn & Smith 2005).

    doi:10.1523/JNEUROSCI.5106-04.2005; over all places of the window less one (`covariance_matrix`
    takes disjoint windows).

    Args:
        trains: binary trains of equal length, shape (n, steps).
        window: steps in the window.

    Returns:
        Covariance (n, n), in spikes².
    """
    found = check.trains(trains)
    size = check.whole(window, "window")
    if size > found.shape[1]:
        raise SCConfigError(f"window of {size} steps is longer than the train of {found.shape[1]}")
    total = np.pad(np.cumsum(found, axis=1, dtype=np.int64), ((0, 0), (1, 0)))
    return _covariance(total[:, size:] - total[:, :-size])


def joint_psth(train_a: ArrayLike, train_b: ArrayLike, bin_size: int = 10) -> check.Floats:
    """Joint peri-stimulus time histogram (Aertsen et al. 1989).

    Mean over trials of n_a(i) n_b(j), doi:10.1152/jn.1989.61.5.900; its diagonal is the
    coincidence histogram.

    Args:
        train_a: one trial (steps,) or trials (trials, steps), 0 or 1.
        train_b: as many trials of the other neuron.
        bin_size: steps per bin.

    Returns:
        Shape (bins of a, bins of b), spikes².
    """
    a, b = (check.trains(np.atleast_2d(check.array(x, name)), name)
            for x, name in ((train_a, "train_a"), (train_b, "train_b")))  # fmt: skip
    check.same_length(a, b, ("train_a", "train_b"))
    found: check.Floats = check.counts(a, bin_size).T @ check.counts(b, bin_size) / len(a)
    return found


def coincidence_index(
    train_a: ArrayLike, train_b: ArrayLike, dt: float = 0.001, delta_ms: float = 2.0
) -> float:
    """Coincidences beyond those of a Poisson train of the same rate.

    Γ = (N − 2 ν_b Δ n_a) / (½ (n_a + n_b) (1 − 2 ν_b Δ)), where N counts the spikes of a within Δ
    of one of b and 2Δ is 2 Δ/dt + 1 steps (Kistler, Gerstner & van Hemmen 1997,
    doi:10.1162/neco.1997.9.5.1015).

    Args:
        train_a: 0 or 1 per time step, shape (steps,).
        train_b: a train of equal length.
        dt: time step, s.
        delta_ms: coincidence window Δ either way, ms.

    Returns:
        1 for equal trains, about 0 by chance; NaN if both are silent, or 2 ν_b Δ reaches 1.
    """
    a, b = (np.flatnonzero(x) for x in check.pair(train_a, train_b))
    reach = check.steps_within(delta_ms, dt, "delta_ms")
    within = np.searchsorted(b, a + reach, "right") > np.searchsorted(b, a - reach, "left")
    chance = b.size * (2 * reach + 1) / np.size(train_a)
    if chance >= 1 or not (a.size + b.size):
        return float("nan")
    return float((within.sum() - chance * a.size) / (0.5 * (a.size + b.size) * (1 - chance)))


def _tiling(own: check.Floats, other: check.Floats, reach: float, steps: int) -> float:
    """(P − T)/(1 − P T): P of the own spikes, T of the other train; times and reach in steps."""
    near = reach * (1 + 1e-9)  # spikes exactly Δ apart are within Δ
    among = np.searchsorted(other, own + near, "right") > np.searchsorted(other, own - near, "left")
    gaps = np.concatenate([[2 * other[0]], np.diff(other), [2 * (steps - other[-1])]])
    tiled = np.minimum(gaps, 2 * reach)
    # The first and the last gap reach only one way.
    t = float(tiled.sum() - (tiled[0] + tiled[-1]) / 2) / steps
    p = float(among.mean())
    return 1.0 if p * t >= 1 - 1e-12 else (p - t) / (1 - p * t)


def _nearest_interval(times: check.Ints) -> check.Floats:
    """The shorter of the intervals before and after each spike, endless where there is none."""
    gaps = np.concatenate([[np.inf], np.diff(times), [np.inf]])
    found: check.Floats = np.minimum(gaps[:-1], gaps[1:])
    return found


def _pearson(rows: check.Floats) -> check.Floats:
    centred = rows - rows.mean(axis=1, keepdims=True)
    # Residuals that are all rounding have no direction.
    size = np.sqrt((centred**2).sum(axis=1))
    size[size < 1e-12 * rows.shape[1]] = np.nan
    unit = centred / size[:, None]
    found: check.Floats = np.clip(unit @ unit.T, -1, 1)
    return found


def _covariance(counts: check.Array) -> check.Floats:
    if counts.shape[1] < 2:
        raise SCConfigError(
            "a covariance needs two counts of each train; give longer trains or smaller bins"
        )
    return np.atleast_2d(np.cov(counts))


def _trials(trains: ArrayLike | Sequence[ArrayLike], bin_size: int) -> tuple[check.Floats, bool]:
    """Counts (trials, neurons, bins), and whether there is more than one trial."""
    found = check.array(trains, "trains")
    if found.ndim == 3 and found.size:
        flat = check.trains(found.reshape(-1, found.shape[2]))
        binned = check.counts(flat.reshape(found.shape), bin_size)
    else:
        binned = check.counts(check.trains(found), bin_size)[None]
    return binned.astype(np.float64), len(binned) > 1
