"""Who leads whom, and statistics of the third order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from sc_neurocore.analysis import _checks as check
from sc_neurocore.analysis._library import library, pyspike_times

__all__ = ["cubic_higher_order", "spike_directionality", "spike_train_order"]


def spike_directionality(
    times_a: ArrayLike, times_b: ArrayLike, t_start: float, t_end: float
) -> float:
    """Does one train lead the other? SPIKE-order (Kreuz et al. 2017), by PySpike.

    The matched spikes in which a is first less those in which b is, over the mean number of
    spikes, doi:10.1088/1367-2630/aa68c3.

    Args:
        times_a: spike times within the window, s, in order, none twice.
        times_b: those of the other train.
        t_start: start of the window, s.
        t_end: its end, s.

    Returns:
        A value in [−1, 1], above 0 if a leads; NaN if both trains are silent.
    """
    a, b = pyspike_times(times_a, times_b, t_start, t_end)
    if not (len(a) + len(b)):
        return float("nan")
    led = library("pyspike").spike_directionality(a, b, normalize=False)
    return float(2 * led / (len(a) + len(b)))


def spike_train_order(
    times_list: Sequence[ArrayLike], t_start: float, t_end: float
) -> check.Floats:
    """`spike_directionality` of all pairs.

    Args:
        times_list: spike times of each train within the window, s, in order.
        t_start: start of the window, s.
        t_end: its end, s.

    Returns:
        Antisymmetric, shape (n, n): [i, j] is above 0 if i leads j.
    """
    check.window(t_start, t_end)
    rows = check.time_lists(times_list, "times_list", t_start, t_end)
    found = np.zeros((len(rows), len(rows)))
    for i in range(len(rows)):
        for j in range(i):
            found[i, j] = spike_directionality(rows[i], rows[j], t_start, t_end)
            found[j, i] = -found[i, j]
    return found


def cubic_higher_order(
    binary_train: ArrayLike, dt: float = 0.001, max_lag: int = 20
) -> check.Floats:
    """Third-order cumulant of the rate (Nikias & Petropulu 1993, Higher-Order Spectra Analysis).

    C(τ₁, τ₂) = mean of x(t) x(t + τ₁) x(t + τ₂) over the steps at which all three exist, where x is
    the train over ``dt`` less its mean; a Poisson train has none beyond the lags of 0.

    Args:
        binary_train: 0 or 1 per time step, shape (steps,).
        dt: time step, s.
        max_lag: largest lag, steps, less than the length.

    Returns:
        Hz³, shape (max_lag + 1, max_lag + 1), lags from 0.
    """
    spikes = check.train(binary_train)
    reach = check.whole(max_lag, "max_lag", 0, spikes.size - 1)
    x = (spikes - spikes.mean()) / check.positive(dt, "dt")
    lagged = np.lib.stride_tricks.sliding_window_view(x, reach + 1)
    found: check.Floats = (lagged * lagged[:, :1]).T @ lagged / len(lagged)
    return found
