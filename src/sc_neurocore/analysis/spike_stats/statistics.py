"""Significance of any statistic of two trains."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.analysis import _checks as check
from sc_neurocore.analysis.spike_stats.surrogates import surrogate_isi_shuffle
from sc_neurocore.exceptions import SCConfigError

__all__ = ["significance_bootstrap"]


def significance_bootstrap(
    statistic_func: Callable[[NDArray[np.int64], NDArray[np.int64]], float],
    train_a: ArrayLike,
    train_b: ArrayLike,
    n_surrogates: int = 199,
    seed: int | None = None,
) -> tuple[float, float]:
    """Is a statistic of two trains larger than chance gives?

    ``train_b`` is replaced by surrogates with shuffled intervals; p = (1 + number of surrogates
    that reach the observed value)/(1 + n), one-sided (Davison & Hinkley 1997, section 4.2).

    Args:
        statistic_func: number from two binary trains.
        train_a: 0 or 1 per time step, shape (steps,).
        train_b: a train of equal length.
        n_surrogates: n, 1 or more.
        seed: of the surrogates.

    Returns:
        The observed value and p; p is NaN if the statistic is, of the trains or of a surrogate.
    """
    a, b = (x.astype(np.int64) for x in check.pair(train_a, train_b))
    draw, n = check.random(seed), check.whole(n_surrogates, "n_surrogates")
    if not callable(statistic_func):
        raise SCConfigError("statistic_func must be a function of two trains that gives a number")
    made = [surrogate_isi_shuffle(b, int(s)) for s in draw.integers(2**63, size=n)]
    try:
        observed, *others = (float(statistic_func(a, x)) for x in (b, *made))
    except (TypeError, ValueError) as fault:
        raise SCConfigError(f"statistic_func gives no number of two trains ({fault})") from fault
    if np.isnan(observed) or np.isnan(others).any():
        return observed, float("nan")  # no comparison says that NaN is not reached
    return observed, (1 + sum(x >= observed for x in others)) / (1 + n)
