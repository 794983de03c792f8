"""Rates over time: smoothed with a kernel, or counted over trials."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from sc_neurocore.analysis import _checks as check
from sc_neurocore.exceptions import SCConfigError

__all__ = ["instantaneous_rate", "population_rate", "psth"]

#: A kernel ends where less than 1e-6 of it is left out, in standard deviations.
_REACH = {"gaussian": 5.0, "exponential": 14.0, "rectangular": math.sqrt(3)}


def instantaneous_rate(
    binary_train: ArrayLike,
    dt: float = 0.001,
    kernel: str = "gaussian",
    sigma_ms: float = 20.0,
) -> check.Floats:
    """Firing rate in Hz by convolution with a kernel of area 1.

    Args:
        binary_train: 0 or 1 per time step, shape (steps,).
        dt: time step, s.
        kernel: ``gaussian``; ``exponential``, causal, τ = σ; ``rectangular``, centred,
            2√3 σ wide.
        sigma_ms: standard deviation σ of the kernel, ms, not longer than the train.

    Returns:
        Rates, shape (steps,). Near the ends the part of the kernel outside the train is lost.
    """
    return smooth(check.train(binary_train).astype(np.float64), kernel, sigma_ms, dt) / dt


def population_rate(
    trains: Sequence[ArrayLike] | ArrayLike, dt: float = 0.001, sigma_ms: float = 20.0
) -> check.Floats:
    """Rate of the sum of all trains in Hz, smoothed with a Gaussian.

    Args:
        trains: binary trains of equal length, shape (n, steps).
        dt: time step, s.
        sigma_ms: standard deviation of the kernel, ms.

    Returns:
        Spikes per second of the whole population, shape (steps,).
    """
    total = check.trains(trains).sum(axis=0, dtype=np.float64)
    return smooth(total, "gaussian", sigma_ms, dt) / dt


def psth(
    trials: Sequence[ArrayLike] | ArrayLike, bin_ms: float = 10.0, dt: float = 0.001
) -> tuple[check.Floats, check.Floats]:
    """Peri-stimulus time histogram: mean rate over trials in each bin.

    Args:
        trials: binary trains of equal length, shape (trials, steps).
        bin_ms: bin width, ms, a multiple of ``dt``; only whole bins are counted.
        dt: time step, s.

    Returns:
        Rates in Hz and the middles of the bins in ms.
    """
    size = check.steps(bin_ms, dt, "bin_ms")
    counts = check.counts(check.trains(trials, "trials"), size, "bin_ms")
    middles = (np.arange(counts.shape[1], dtype=np.float64) + 0.5) * bin_ms
    return counts.mean(axis=0) / (1e-3 * bin_ms), middles


def smooth(signal: check.Floats, kernel: str, sigma_ms: float, dt: float) -> check.Floats:
    """A signal, shape (steps,), convolved with a kernel whose weights sum to 1."""
    from scipy.signal import oaconvolve

    check.choice(kernel, "kernel", tuple(_REACH))
    sigma = check.positive(sigma_ms, "sigma_ms") / (1e3 * check.positive(dt, "dt"))
    if sigma > signal.size:
        raise SCConfigError(f"sigma_ms of {sigma_ms:g} ms is longer than the train")
    reach = math.floor(_REACH[kernel] * sigma * (1 + 1e-9))
    lags = np.arange(-reach, reach + 1.0)
    if kernel == "gaussian":
        weights = np.exp(-0.5 * (lags / sigma) ** 2)
    elif kernel == "exponential":
        weights = np.where(lags >= 0, np.exp(-np.maximum(lags, 0) / sigma), 0.0)
    else:
        weights = np.ones(lags.size)
    weights /= weights.sum()
    full = oaconvolve(signal, weights)[reach : reach + signal.size]
    found: check.Floats = np.maximum(full, 0.0) if signal.min() >= 0 else full
    return found
