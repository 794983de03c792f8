"""The random numbers of a run, as arrays: what its kernels draw on the way."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.dynamics._model import Model

Real = NDArray[np.float64]


def random_draws(
    model: Model, ticks: int, *, neurons: int = 1, seed: int = 0
) -> dict[tuple[str, int], Real]:
    """Every number that a run of `simulate` with this seed draws from its first tick on.

    Args:
        model: the model.
        ticks: length T.
        neurons: number of neurons N.
        seed: seed of the run, 0 to 2**64 - 1.

    Returns:
        ``("rand" or "randn", ordinal)`` to ``(T, N)`` numbers.
    """
    found = {}
    for draw in model.draws:
        ordinal = int(draw.value)
        values = np.empty((ticks, neurons))
        _filler(draw.op)(values, np.uint64(seed), np.uint64(ordinal))
        found[draw.op, ordinal] = values
    return found


@functools.cache
def _filler(kind: str) -> Callable[[Real, np.uint64, np.uint64], None]:
    from numba import njit

    from sc_neurocore.dynamics._noise import normal, uniform

    number = uniform if kind == "rand" else normal

    def fill(values: Real, seed: np.uint64, draw: np.uint64) -> None:
        for t in range(values.shape[0]):
            for j in range(values.shape[1]):
                values[t, j] = number(seed, np.uint64(j), np.uint64(t), draw)

    compiled: Callable[[Real, np.uint64, np.uint64], None] = njit(error_model="numpy")(fill)
    return compiled
