"""What drives a neuron: spike-triggered statistics, tuning, places."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sc_neurocore.analysis import _checks as check
from sc_neurocore.exceptions import SCConfigError

__all__ = [
    "place_field_detection",
    "spatial_information",
    "spike_triggered_average",
    "spike_triggered_covariance",
    "tuning_curve",
]


def spike_triggered_average(
    stimulus: ArrayLike, binary_train: ArrayLike, window_steps: int = 50
) -> check.Floats:
    """Mean of the stimulus in the steps before each spike (Schwartz et al. 2006).

    doi:10.1167/6.4.13.

    Args:
        stimulus: value per time step, shape (steps,).
        binary_train: 0 or 1 at the same steps.
        window_steps: w, steps before a spike; the step of the spike itself is the one after them.
            Spikes in the first w steps have no full past and are left out.

    Returns:
        Shape (window_steps,), oldest first.

    Raises:
        SCConfigError: no spike has a full past.
    """
    found: check.Floats = _snippets(stimulus, binary_train, window_steps, 1).mean(axis=0)
    return found


def spike_triggered_covariance(
    stimulus: ArrayLike, binary_train: ArrayLike, window_steps: int = 50
) -> check.Floats:
    """Covariance of the stimulus in the steps before each spike (Schwartz et al. 2006).

    Unbiased, about the spike-triggered average; arguments as for `spike_triggered_average`.

    Returns:
        Shape (window_steps, window_steps).

    Raises:
        SCConfigError: fewer than two spikes have a full past.
    """
    found = _snippets(stimulus, binary_train, window_steps, 2)
    return np.atleast_2d(np.cov(found, rowvar=False))


def spatial_information(
    binary_train: ArrayLike, positions: ArrayLike, n_bins: int = 20, dt: float = 0.001
) -> float:
    """Information that a spike carries of the place, in bits per spike (Skaggs et al. 1993).

    Σ_i p_i (r_i/r) log₂(r_i/r) with the occupancy p_i, the rate r_i in bin i and the mean rate r.

    Args:
        binary_train: 0 or 1 per time step, shape (steps,).
        positions: place at each step, not all equal.
        n_bins: equal bins over the range of the positions.
        dt: time step, s; the result does not depend on it.

    Returns:
        Bits per spike; NaN without spikes.
    """
    rates, steps, _ = _by_value(binary_train, positions, n_bins, dt, "positions")
    share = steps / steps.sum()
    seen = steps > 0
    mean = (share[seen] * rates[seen]).sum()
    if mean == 0:
        return float("nan")
    ratio = rates[seen & (rates > 0)] / mean
    return max(0.0, float((share[seen & (rates > 0)] * ratio * np.log2(ratio)).sum()))


def place_field_detection(
    binary_train: ArrayLike,
    positions: ArrayLike,
    n_bins: int = 20,
    threshold_std: float = 1.0,
    dt: float = 0.001,
) -> list[tuple[float, float]]:
    """Places where the rate is high (after O'Keefe & Dostrovsky 1971).

    Neighbouring bins whose rate exceeds mean + ``threshold_std`` standard deviations of the rates
    of all visited bins, doi:10.1016/0006-8993(71)90358-1.

    Args:
        binary_train: 0 or 1 per time step, shape (steps,).
        positions: place at each step, not all equal.
        n_bins: equal bins over the range of the positions.
        threshold_std: standard deviations above the mean.
        dt: time step, s.

    Returns:
        Start and end of each field, in the unit of the positions.
    """
    rates, _, edges = _by_value(binary_train, positions, n_bins, dt, "positions")
    limit = np.nanmean(rates) + check.nonnegative(threshold_std, "threshold_std") * np.nanstd(rates)
    inside = np.concatenate([[0], rates > limit, [0]]).astype(int)
    starts, ends = np.flatnonzero(np.diff(inside) == 1), np.flatnonzero(np.diff(inside) == -1)
    return [(float(edges[a]), float(edges[b])) for a, b in zip(starts, ends, strict=True)]


def tuning_curve(
    binary_train: ArrayLike, stimulus_values: ArrayLike, n_bins: int = 20, dt: float = 0.001
) -> tuple[check.Floats, check.Floats]:
    """Mean rate by the value of a stimulus (Dayan & Abbott 2001, section 1.2).

    Args:
        binary_train: 0 or 1 per time step, shape (steps,).
        stimulus_values: value at each step, not all equal.
        n_bins: equal bins over the range of the values.
        dt: time step, s.

    Returns:
        Rates in Hz, NaN for values that never occur, and middles of the bins.
    """
    rates, _, edges = _by_value(binary_train, stimulus_values, n_bins, dt, "stimulus_values")
    return rates, (edges[1:] + edges[:-1]) / 2


def _snippets(
    stimulus: ArrayLike, binary_train: ArrayLike, window_steps: int, least: int
) -> check.Floats:
    signal, spikes = check.vector(stimulus, "stimulus"), check.train(binary_train)
    check.same_length(signal, spikes, ("stimulus", "binary_train"))
    size = check.whole(window_steps, "window_steps")
    at = np.flatnonzero(spikes[size:])
    if at.size < least:
        raise SCConfigError(
            f"{at.size} spikes have {size} steps of stimulus before them; {least} are needed"
        )
    found: check.Floats = np.lib.stride_tricks.sliding_window_view(signal, size)[at]
    return found


def _by_value(
    binary_train: ArrayLike, values: ArrayLike, n_bins: int, dt: float, name: str
) -> tuple[check.Floats, check.Ints, check.Floats]:
    """Rate in Hz (NaN where never), steps spent, and edges of equal bins of a value."""
    spikes, at = check.train(binary_train), check.vector(values, name)
    check.same_length(spikes, at, ("binary_train", name))
    if np.ptp(at) == 0:
        raise SCConfigError(f"{name} are all equal, so there is nothing to compare")
    edges = np.linspace(at.min(), at.max(), check.whole(n_bins, "n_bins") + 1)
    steps = np.histogram(at, edges)[0]
    count = np.histogram(at[spikes > 0], edges)[0]
    rates = count / np.where(steps > 0, steps * check.positive(dt, "dt"), np.nan)
    return rates, steps, edges
