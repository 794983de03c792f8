"""Shapes of extracellular waveforms: a trough, then a peak. Voltages keep the unit they come in.

Barthó et al. (2004), doi:10.1152/jn.01170.2003; Bean (2007), doi:10.1038/nrn2148.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sc_neurocore.analysis import _checks as check

__all__ = [
    "waveform_amplitude",
    "waveform_halfwidth",
    "waveform_pt_ratio",
    "waveform_recovery_slope",
    "waveform_repolarization_slope",
    "waveform_width",
]


def waveform_width(waveform: ArrayLike, dt: float = 1 / 30_000) -> float:
    """Time from the trough to the following peak, s (Barthó et al. 2004).

    Args:
        waveform: voltage per sample, shape (samples,), two or more.
        dt: time between samples, s.
    """
    _, trough, peak = _shape(waveform)
    return float((peak - trough) * check.positive(dt, "dt"))


def waveform_amplitude(waveform: ArrayLike) -> float:
    """Largest less smallest voltage, in the unit of the waveform (Barthó et al. 2004)."""
    return float(np.ptp(check.vector(waveform, "waveform", 2)))


def waveform_repolarization_slope(waveform: ArrayLike, dt: float = 1 / 30_000) -> float:
    """Steepest rise from the trough to the following peak, unit of the waveform per s (Bean 2007).

    Args:
        waveform: voltage per sample, shape (samples,), two or more.
        dt: time between samples, s.

    Returns:
        The largest difference of neighbours over ``dt``; NaN if the trough is the last sample.
    """
    voltage, trough, peak = _shape(waveform)
    rises = np.diff(voltage[trough : peak + 1]) / check.positive(dt, "dt")
    return float(rises.max()) if rises.size else float("nan")


def waveform_recovery_slope(waveform: ArrayLike, dt: float = 1 / 30_000) -> float:
    """Slope of the return from the peak to the end, unit of the waveform per s (Bean 2007).

    By least squares over all samples from the peak on.

    Args:
        waveform: voltage per sample, shape (samples,), two or more.
        dt: time between samples, s.

    Returns:
        Negative for a return to the baseline; NaN if the peak is the last sample.
    """
    voltage, _, peak = _shape(waveform)
    after, step = voltage[peak:], check.positive(dt, "dt")
    if after.size < 2:
        return float("nan")
    return float(np.polyfit(np.arange(after.size), after, 1)[0] / step)


def waveform_halfwidth(waveform: ArrayLike, dt: float = 1 / 30_000) -> float:
    """Time spent below half of the trough around it, s (Barthó et al. 2004).

    Half is half the way from 0, the baseline, to the trough; crossings are interpolated linearly.

    Args:
        waveform: voltage per sample less its baseline, shape (samples,), two or more.
        dt: time between samples, s.

    Returns:
        Seconds; NaN if the waveform does not cross the half on both sides, or never is below 0.
    """
    voltage, trough, _ = _shape(waveform)
    half, step = voltage[trough] / 2, check.positive(dt, "dt")
    above = np.flatnonzero(voltage > half)
    left, right = above[above < trough], above[above > trough]
    if half >= 0 or not (left.size and right.size):
        return float("nan")
    i, j = int(left[-1]), int(right[0])
    start = i + (voltage[i] - half) / (voltage[i] - voltage[i + 1])
    end = j - (voltage[j] - half) / (voltage[j] - voltage[j - 1])
    return float((end - start) * step)


def waveform_pt_ratio(waveform: ArrayLike) -> float:
    """|voltage of the peak after the trough / voltage of the trough| (Barthó et al. 2004).

    Args:
        waveform: voltage per sample less its baseline, shape (samples,), two or more.

    Returns:
        The ratio; NaN if the trough is at 0.
    """
    voltage, trough, peak = _shape(waveform)
    return float(abs(voltage[peak] / voltage[trough])) if voltage[trough] else float("nan")


def _shape(waveform: ArrayLike) -> tuple[check.Floats, int, int]:
    """The voltages, the sample of the trough, and that of the highest after it."""
    voltage = check.vector(waveform, "waveform", 2)
    trough = int(voltage.argmin())
    return voltage, trough, trough + int(voltage[trough:].argmax())
