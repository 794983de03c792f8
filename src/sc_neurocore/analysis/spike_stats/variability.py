"""How irregular a train is: intervals, counts, words, and correlations over long times.

What too few spikes leave undefined is NaN.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from sc_neurocore.analysis import _checks as check
from sc_neurocore.analysis._gaps import gap_histogram, some_gaps
from sc_neurocore.analysis._scaling import fluctuations, rescaled_ranges, slope, spaced
from sc_neurocore.analysis._words import lempel_ziv_components, word_counts
from sc_neurocore.analysis.spike_stats.basic import isi
from sc_neurocore.exceptions import SCConfigError

__all__ = [
    "allan_factor",
    "approximate_entropy",
    "complexity_pdf",
    "cv2",
    "cv_isi",
    "fano_factor",
    "hurst_exponent",
    "isi_entropy",
    "lempel_ziv_complexity",
    "local_variation",
    "lvr",
    "optimal_bin_width",
    "optimal_kernel_bandwidth",
    "permutation_entropy",
    "rescaled_range",
    "sample_entropy",
]


def cv_isi(binary_train: ArrayLike, dt: float = 0.001) -> float:
    """Coefficient of variation of the intervals: standard deviation over mean.

    1 for a Poisson process, 0 for a clock, 1/√k for gamma-distributed intervals of shape k.

    Args:
        binary_train: 0 or 1 per time step, shape (steps,).
        dt: time step, s; the result does not depend on it.

    Returns:
        0 or more; NaN with fewer than two intervals. The standard deviation is that of the
        intervals themselves (over n, not n − 1), as in Elephant.
    """
    check.positive(dt, "dt")
    gaps = np.diff(np.flatnonzero(check.train(binary_train)))
    return float(gaps.std() / gaps.mean()) if gaps.size > 1 else float("nan")


def cv2(binary_train: ArrayLike, dt: float = 0.001) -> float:
    """Local coefficient of variation ⟨2 |I' − I| / (I' + I)⟩ of successive intervals.

    Holt et al. (1996), doi:10.1152/jn.1996.75.5.1806; 1 for a Poisson process, also if its rate
    drifts.

    Args:
        binary_train: 0 or 1 per time step, shape (steps,).
        dt: time step, s; the result does not depend on it.

    Returns:
        A value in [0, 2]; NaN with fewer than two intervals.
    """
    one, two = _successive(binary_train, dt)
    return _mean(2 * np.abs(two - one) / (two + one))


def local_variation(binary_train: ArrayLike, dt: float = 0.001) -> float:
    """Local variation LV = 3 ⟨((I − I') / (I + I'))²⟩ of successive intervals.

    Shinomoto, Shima & Tanji (2003), doi:10.1162/089976603322518759; 1 for a Poisson process, less
    if regular, more if bursty.

    Args:
        binary_train: 0 or 1 per time step, shape (steps,).
        dt: time step, s; the result does not depend on it.

    Returns:
        A value in [0, 3]; NaN with fewer than two intervals.
    """
    one, two = _successive(binary_train, dt)
    return _mean(3 * ((one - two) / (one + two)) ** 2)


def lvr(binary_train: ArrayLike, dt: float = 0.001, refractoriness_ms: float = 5.0) -> float:
    """Revised local variation LvR = 3 ⟨(1 − 4 I I'/(I + I')²) (1 + 4 R/(I + I'))⟩.

    Shinomoto et al. (2009), doi:10.1371/journal.pcbi.1000433.

    Args:
        binary_train: 0 or 1 per time step, shape (steps,).
        dt: time step, s.
        refractoriness_ms: the constant R, ms (5 ms in the paper).

    Returns:
        0 or more; NaN with fewer than two intervals.
    """
    one, two = _successive(binary_train, dt)
    r = 1e-3 * check.nonnegative(refractoriness_ms, "refractoriness_ms")
    total = one + two
    return _mean(3 * (1 - 4 * one * two / total**2) * (1 + 4 * r / total))


def fano_factor(binary_train: ArrayLike, window_ms: float = 100.0, dt: float = 0.001) -> float:
    """Variance over mean of the counts in a window that slides by one step (Fano 1947).

    doi:10.1103/PhysRev.72.26; 1 for a Poisson process. The variance is over all places of the
    window (not one less, as in Elephant), so it is too small if few windows fit beside each other.

    Args:
        binary_train: 0 or 1 per time step, shape (steps,).
        window_ms: length of the window, ms, a multiple of ``dt`` and not longer than the train.
        dt: time step, s.

    Returns:
        0 or more; NaN without spikes, or if the window is as long as the train.
    """
    spikes = check.train(binary_train)
    size = check.steps(window_ms, dt, "window_ms")
    if size > spikes.size:
        raise SCConfigError(f"window_ms of {window_ms:g} ms is longer than the train")
    total = np.concatenate([[0], np.cumsum(spikes, dtype=np.int64)])
    counts = total[size:] - total[:-size]
    if counts.size < 2 or not counts.any():
        return float("nan")
    return float(counts.var() / counts.mean())


def isi_entropy(binary_train: ArrayLike, dt: float = 0.001, bins: int = 50) -> float:
    """Entropy of the histogram of the intervals, in bits.

    Args:
        binary_train: 0 or 1 per time step, shape (steps,).
        dt: time step, s; the result does not depend on it.
        bins: equal bins, from half a step below the shortest interval to half a step above the
            longest.

    Returns:
        0 to log₂(bins); NaN without intervals.
    """
    check.positive(dt, "dt")
    check.whole(bins, "bins")
    gaps = np.diff(np.flatnonzero(check.train(binary_train)))
    if not gaps.size:
        return float("nan")
    share = gap_histogram(gaps, bins)[0] / gaps.size
    known = share[share > 0]
    return float(max(0.0, -(known * np.log2(known)).sum()))


def lempel_ziv_complexity(binary_train: ArrayLike) -> float:
    """Components of the exhaustive history (Lempel & Ziv 1976) over N / log₂ N.

    doi:10.1109/TIT.1976.1055501; tends to 1 for fair coin tosses, and to the entropy per step for
    others.

    Args:
        binary_train: 0 or 1 per time step, shape (steps,), two or more.
    """
    spikes = check.train(binary_train, least=2)
    return lempel_ziv_components(spikes.tobytes()) * math.log2(spikes.size) / spikes.size


def approximate_entropy(binary_train: ArrayLike, m: int = 2, r_factor: float = 0.2) -> float:
    """Approximate entropy ApEn(m, r) of the 0/1 series, in nats (Pincus 1991).

    doi:10.1073/pnas.88.6.2297. Words of 0 and 1 differ by 0 or 1, so a tolerance below 1 asks for
    equal words: they are counted, not compared pair by pair.

    Args:
        binary_train: 0 or 1 per time step, shape (steps,).
        m: word length, 1 to 60, less than the steps.
        r_factor: tolerance over the standard deviation of the series.

    Returns:
        0 or more.
    """
    spikes, length, all_match = _templates(binary_train, m, r_factor)
    if all_match:
        return 0.0
    one, two = (
        _mean(np.log(word_counts(spikes, k) / (spikes.size - k + 1))) for k in (length, length + 1)
    )
    return max(0.0, one - two)


def sample_entropy(binary_train: ArrayLike, m: int = 2, r_factor: float = 0.2) -> float:
    """Sample entropy −ln(A/B) of the 0/1 series, in nats (Richman & Moorman 2000).

    B and A count the pairs of equal words of m and m + 1 steps, none with itself,
    doi:10.1152/ajpheart.2000.278.6.H2039.

    Args:
        binary_train: 0 or 1 per time step, shape (steps,).
        m: word length, 1 to 60, less than the steps.
        r_factor: tolerance over the standard deviation of the series.

    Returns:
        0 or more; infinite if no longer pair is equal, NaN if no pair is.
    """
    spikes, length, all_match = _templates(binary_train, m, r_factor)
    if all_match:
        return 0.0
    shorter = (word_counts(spikes[:-1], length) - 1).sum()
    longer = (word_counts(spikes, length + 1) - 1).sum()
    if shorter == 0:
        return float("nan")
    return -math.log(longer / shorter) + 0.0 if longer else float("inf")


def permutation_entropy(binary_train: ArrayLike, order: int = 3, delay: int = 1) -> float:
    """Entropy of the ordinal patterns, in bits (Bandt & Pompe 2002).

    doi:10.1103/PhysRevLett.88.174102; equal values are ranked by time.

    Args:
        binary_train: 0 or 1 per time step, shape (steps,).
        order: values in a pattern, 2 to 12.
        delay: steps between them.

    Returns:
        0 to log₂(order!).
    """
    spikes = check.train(binary_train)
    size = check.whole(order, "order", 2, 12)
    step = check.whole(delay, "delay")
    if spikes.size <= (size - 1) * step:
        raise SCConfigError(
            f"{spikes.size} steps hold no pattern of {size} values that are {step} steps apart"
        )
    views = np.lib.stride_tricks.sliding_window_view(spikes, (size - 1) * step + 1)[:, ::step]
    ranks = np.argsort(views, axis=1, kind="stable")
    share = np.unique(ranks @ size ** np.arange(size), return_counts=True)[1] / len(views)
    return float(max(0.0, -(share * np.log2(share)).sum()))


def hurst_exponent(binary_train: ArrayLike, min_window: int = 16) -> float:
    """Scaling exponent of detrended fluctuation analysis (Peng et al. 1994).

    Slope of log F(n) over log n, F the root mean square of the summed series about straight lines
    in windows of n steps, from ``min_window`` to a quarter of the train,
    doi:10.1103/PhysRevE.49.1685.

    Args:
        binary_train: 0 or 1 per time step, shape (steps,).
        min_window: shortest window, steps, 4 or more; the train is at least eight times as long.

    Returns:
        0.5 without correlations over long times, more if positive, less if negative; NaN for a
        train that never changes.
    """
    spikes, windows = _scales(binary_train, min_window)
    if spikes.std() == 0:
        return float("nan")
    return slope(windows, fluctuations(np.cumsum(spikes - spikes.mean()), windows))


def rescaled_range(binary_train: ArrayLike, min_window: int = 16) -> float:
    """Hurst exponent by the rescaled range R/S (Hurst 1951).

    Slope of the log of the mean R/S over log n, for windows of ``min_window`` steps to a quarter of
    the train. Biased upwards for short windows.

    Args:
        binary_train: 0 or 1 per time step, shape (steps,).
        min_window: shortest window, steps, 4 or more; the train is at least eight times as long.

    Returns:
        About 0.5 without correlations over long times; NaN for a train that never changes.
    """
    spikes, windows = _scales(binary_train, min_window)
    return slope(windows, rescaled_ranges(spikes, windows))


def allan_factor(
    binary_train: ArrayLike, dt: float = 0.001, n_scales: int = 10
) -> tuple[check.Floats, check.Floats]:
    """Allan factor ⟨(N_{k+1} − N_k)²⟩ / (2 ⟨N⟩) of counts in successive windows.

    Allan (1966), doi:10.1109/PROC.1966.4634; 1 at every window for a Poisson process, growing with
    the window for a fractal one.

    Args:
        binary_train: 0 or 1 per time step, shape (steps,), 10 or more.
        dt: time step, s.
        n_scales: windows at most, evenly spaced in their logarithm from a step to a tenth of the
            train; equal ones count once.

    Returns:
        Factors (NaN without spikes) and windows in s.
    """
    spikes = check.train(binary_train, least=10)
    windows = spaced(1, spikes.size // 10, check.whole(n_scales, "n_scales"))
    found = []
    for n in windows:
        counts = check.counts(spikes, int(n))
        mean = counts.mean()
        found.append((np.diff(counts) ** 2).mean() / (2 * mean) if mean else np.nan)
    return np.array(found), windows.astype(np.float64) * check.positive(dt, "dt")


def complexity_pdf(
    binary_train: ArrayLike, dt: float = 0.001, bins: int = 50
) -> tuple[check.Floats, check.Floats]:
    """Probability density of the intervals by their histogram (Abeles 1982).

    Args:
        binary_train: 0 or 1 per time step, shape (steps,), with two spikes or more.
        dt: time step, s.
        bins: equal bins, from half a step below the shortest interval to half a step above the
            longest.

    Returns:
        Density in 1/s, whose integral is 1, and middles of the bins in s.
    """
    gaps, step = some_gaps(binary_train), check.positive(dt, "dt")
    counts, edges = gap_histogram(gaps, bins)
    return counts / (gaps.size * np.diff(edges) * step), (edges[1:] + edges[:-1]) / 2 * step


def optimal_bin_width(binary_train: ArrayLike, dt: float = 0.001) -> float:
    """Bin width of a rate histogram with the least expected error (Shimazaki & Shinomoto 2007).

    The width Δ that minimises (2 k̄ − v)/Δ² of the counts' mean k̄ and variance v,
    doi:10.1162/neco.2007.19.6.1503, among widths evenly spaced in their logarithm from a step to
    half the train.

    Args:
        binary_train: 0 or 1 per time step, shape (steps,), four or more.
        dt: time step, s.

    Returns:
        Seconds; NaN without spikes.
    """
    spikes = check.train(binary_train, least=4)
    check.positive(dt, "dt")
    if not spikes.any():
        return float("nan")
    widths = spaced(1, spikes.size // 2, 100)
    cost = []
    for n in widths:
        counts = check.counts(spikes, int(n))
        cost.append((2 * counts.mean() - counts.var()) / (n * dt) ** 2)
    return float(widths[int(np.argmin(cost))] * dt)


def optimal_kernel_bandwidth(binary_train: ArrayLike, dt: float = 0.001) -> float:
    """Bandwidth 0.9 min(σ, IQR/1.34) n^(−1/5) for the density of the intervals (Silverman 1986).

    Args:
        binary_train: 0 or 1 per time step, shape (steps,).
        dt: time step, s.

    Returns:
        Seconds; NaN with fewer than two intervals, 0 if half of them are equal.
    """
    gaps = isi(binary_train, dt)
    if gaps.size < 2:
        return float("nan")
    low, high = np.percentile(gaps, [25, 75])
    return float(0.9 * min(gaps.std(ddof=1), (high - low) / 1.34) * gaps.size**-0.2)


def _successive(binary_train: ArrayLike, dt: float) -> tuple[check.Floats, check.Floats]:
    gaps = isi(binary_train, dt)
    return gaps[:-1], gaps[1:]


def _mean(values: check.Floats) -> float:
    return float(values.mean()) if values.size else float("nan")


def _templates(binary_train: ArrayLike, m: int, r_factor: float) -> tuple[check.Train, int, bool]:
    """The series, the word length, and whether the tolerance lets any two words match."""
    spikes = check.train(binary_train, least=2)
    length = check.whole(m, "m", 1, min(60, spikes.size - 1))
    return spikes, length, check.positive(r_factor, "r_factor") * float(spikes.std()) >= 1


def _scales(binary_train: ArrayLike, min_window: int) -> tuple[check.Train, check.Ints]:
    least = check.whole(min_window, "min_window", 4)
    spikes = check.train(binary_train, least=8 * least)
    return spikes, spaced(least, spikes.size // 4, 20)
