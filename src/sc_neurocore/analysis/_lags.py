"""Coincidences of two trains by lag, which correlograms of every kind are made of."""

from __future__ import annotations

import numpy as np

from sc_neurocore.analysis._checks import Ints, Train


def lagged_counts(a: Train, b: Train, reach: int) -> tuple[Ints, Ints]:
    """Number of steps t with a spike of ``a`` at t and one of ``b`` at t + lag.

    Args:
        a: binary train, shape (steps,).
        b: binary train of equal length.
        reach: largest lag either way, steps.

    Returns:
        Counts and lags, shape (2 reach + 1,).
    """
    from scipy.signal import correlate

    lags = np.arange(-reach, reach + 1)
    full = np.rint(correlate(b.astype(float), a.astype(float), method="fft")).astype(np.int64)
    counts = np.zeros(lags.size, dtype=np.int64)
    inside = np.abs(lags) < a.size
    counts[inside] = full[lags[inside] + a.size - 1]
    return counts, lags
