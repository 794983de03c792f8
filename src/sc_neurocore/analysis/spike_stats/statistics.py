"""Significance of any statistic of two trains."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.analysis import _checks as check
from sc_neurocore.analysis.spike_stats.surrogates import surrogate_isi_shuffle

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
        The observed value and p.
    """
    a, b = (x.astype(np.int64) for x in check.pair(train_a, train_b))
    observed = float(statistic_func(a, b))
    draw = np.random.default_rng(seed)
    n = check.whole(n_surrogates, "n_surrogates")
    seeds = draw.integers(2**63, size=n)
    reached = sum(statistic_func(a, surrogate_isi_shuffle(b, int(s))) >= observed for s in seeds)
    return observed, (1 + reached) / (1 + n)
