"""Spikes and the phase of a field potential, by the analytic signal (``scipy.signal.hilbert``)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sc_neurocore.analysis import _checks as check
from sc_neurocore.analysis._welch import segment
from sc_neurocore.exceptions import SCConfigError

__all__ = ["phase_locking_value", "spike_field_coherence", "spike_phase_histogram"]


def phase_locking_value(binary_train: ArrayLike, lfp_signal: ArrayLike) -> float:
    """|mean exp(iφ)| over the phases φ of the field at the spikes (Lachaux et al. 1999).

    doi:10.1002/(SICI)1097-0193(1999)8:4<194::AID-HBM4>3.0.CO;2-C. Filter the signal to one band
    first: the phase of a broad one means little.

    Args:
        binary_train: 0 or 1 per time step, shape (steps,).
        lfp_signal: field potential at the same steps.

    Returns:
        A value in [0, 1]; NaN without spikes. n random spikes give about √(π/4n).
    """
    phases = _phases(binary_train, lfp_signal)
    return float(abs(np.exp(1j * phases).mean())) if phases.size else float("nan")


def spike_field_coherence(
    binary_train: ArrayLike, lfp_signal: ArrayLike, dt: float = 0.001
) -> tuple[check.Floats, check.Floats]:
    """Coherence |S_xy|²/(S_xx S_yy) of spikes and field, by Welch's method (SciPy).

    Args:
        binary_train: 0 or 1 per time step, shape (steps,), 36 steps or more.
        lfp_signal: field potential at the same steps.
        dt: time step, s.

    Returns:
        Coherence in [0, 1] over at least eight half-overlapping segments (NaN where the train or
        the field has no power), and frequencies in Hz.
    """
    from scipy.signal import coherence

    spikes, field = _same(binary_train, lfp_signal)
    rate = 1 / check.positive(dt, "dt")
    with np.errstate(invalid="ignore", divide="ignore"):
        freqs, found = coherence(spikes.astype(float), field, fs=rate, nperseg=segment(spikes.size))
    return found, freqs


def spike_phase_histogram(
    binary_train: ArrayLike, lfp_signal: ArrayLike, n_bins: int = 36
) -> tuple[check.Ints, check.Floats]:
    """Histogram of the phase of the field at the spikes.

    Args:
        binary_train: 0 or 1 per time step, shape (steps,).
        lfp_signal: field potential at the same steps, filtered to one band.
        n_bins: equal bins over [−π, π].

    Returns:
        Counts and middles of the bins in rad; phase 0 is the peak of the field.
    """
    edges = np.linspace(-np.pi, np.pi, check.whole(n_bins, "n_bins") + 1)
    counts = np.histogram(_phases(binary_train, lfp_signal), edges)[0]
    return counts, (edges[1:] + edges[:-1]) / 2


def _same(binary_train: ArrayLike, lfp_signal: ArrayLike) -> tuple[check.Train, check.Floats]:
    spikes, field = check.train(binary_train), check.vector(lfp_signal, "lfp_signal")
    check.same_length(spikes, field, ("binary_train", "lfp_signal"))
    return spikes, field


def _phases(binary_train: ArrayLike, lfp_signal: ArrayLike) -> check.Floats:
    from scipy.signal import hilbert

    spikes, field = _same(binary_train, lfp_signal)
    if np.ptp(field) == 0:
        raise SCConfigError("lfp_signal is the same at all steps, so it has no phase")
    found: check.Floats = np.angle(hilbert(field - field.mean())[spikes > 0])
    return found
