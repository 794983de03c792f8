"""Coincidences of two trains by lag, which correlograms of every kind are made of."""

from __future__ import annotations

import numpy as np

from sc_neurocore.analysis._checks import Ints, Train

#: With more pairs of spikes than this per step a Fourier transform is cheaper than listing them.
_PAIRS_PER_STEP = 4


def lagged_counts(a: Train, b: Train, reach: int) -> tuple[Ints, Ints]:
    """Number of steps t with a spike of ``a`` at t and one of ``b`` at t + lag.

    Args:
        a: binary train, shape (steps,).
        b: binary train of equal length.
        reach: largest lag either way, steps.

    Returns:
        Counts and lags, shape (2 reach + 1,).
    """
    lags = np.arange(-reach, reach + 1)
    at, other = np.flatnonzero(a), np.flatnonzero(b)
    first = np.searchsorted(other, at - reach)
    sizes = np.searchsorted(other, at + reach, "right") - first
    pairs = int(sizes.sum())
    if pairs <= _PAIRS_PER_STEP * a.size:
        which = np.arange(pairs) + np.repeat(first - np.cumsum(sizes) + sizes, sizes)
        gaps = other[which] - np.repeat(at, sizes)
        return np.bincount(gaps + reach, minlength=lags.size), lags
    from scipy.signal import correlate

    full = np.rint(correlate(b.astype(float), a.astype(float), method="fft")).astype(np.int64)
    counts = np.zeros(lags.size, dtype=np.int64)
    inside = np.abs(lags) < a.size
    counts[inside] = full[lags[inside] + a.size - 1]
    return counts, lags
