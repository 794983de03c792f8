"""Spectra of spike trains."""

from __future__ import annotations

from numpy.typing import ArrayLike

from sc_neurocore.analysis import _checks as check
from sc_neurocore.analysis._welch import segment

__all__ = ["power_spectrum"]


def power_spectrum(binary_train: ArrayLike, dt: float = 0.001) -> tuple[check.Floats, check.Floats]:
    """Power spectral density of the rate, by Welch's method (``scipy.signal.welch``).

    One-sided, of the train over ``dt`` less its mean: a Poisson train of rate r has 2 r at every
    frequency.

    Args:
        binary_train: 0 or 1 per time step, shape (steps,), 36 steps or more.
        dt: time step, s.

    Returns:
        Density in Hz²/Hz and frequencies in Hz.
    """
    from scipy.signal import welch

    spikes = check.train(binary_train)
    rate = spikes / check.positive(dt, "dt")
    freqs, found = welch(rate - rate.mean(), fs=1 / dt, nperseg=segment(spikes.size))
    return found, freqs
