"""The counter-based generator: known answers, distribution, independence of order."""

from __future__ import annotations

import numba
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from sc_neurocore.dynamics._noise import normal, philox, uniform

U = np.uint64


# Known-answer vectors of Random123 (Salmon et al. 2011), philox4x32 with 10 rounds.
@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        ("00000000 00000000 00000000 00000000", "00000000 00000000",
         "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff",
         "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0",
         "d16cfe09 94fdcceb 5001e420 24126ea1"),
    ],
)  # fmt: skip
def test_known_answers(counter: str, key: str, expected: str) -> None:
    words = philox(*(U(int(w, 16)) for w in f"{counter} {key}".split()))
    assert " ".join(f"{int(w):08x}" for w in words) == expected


@numba.njit
def _grid(  # type: ignore[no-untyped-def]
    draw, seed, neurons, ticks, ordinals
):
    out = np.empty((neurons, ticks, ordinals))
    for n in range(neurons):
        for t in range(ticks):
            for k in range(ordinals):
                out[n, t, k] = draw(seed, U(n), U(t), U(k))
    return out


def grid(draw: object, seed: int, *shape: int) -> NDArray[np.float64]:
    result: NDArray[np.float64] = _grid(draw, U(seed), *shape)
    return result


def test_uniform_is_uniform() -> None:
    draws = grid(uniform, 7, 100, 500, 2).ravel()
    assert draws.min() >= 0
    assert draws.max() < 1
    assert stats.kstest(draws, "uniform").pvalue > 1e-3


def test_normal_is_normal() -> None:
    draws = grid(normal, 7, 100, 500, 2).ravel()
    assert stats.kstest(draws, "norm").pvalue > 1e-3
    tails = np.abs(draws) > 3
    assert stats.binomtest(int(tails.sum()), len(draws), 2 * stats.norm.sf(3)).pvalue > 1e-3


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_neighbours_along_every_counter_are_uncorrelated(axis: int) -> None:
    draws = np.moveaxis(grid(normal, 3, 60, 60, 60), axis, 0)
    r = np.corrcoef(draws[:-1].ravel(), draws[1:].ravel())[0, 1]
    assert abs(r) < 4 / np.sqrt(draws[1:].size)


def test_seeds_give_unrelated_streams() -> None:
    a, b = grid(normal, 0, 100, 100, 1).ravel(), grid(normal, 1, 100, 100, 1).ravel()
    assert abs(np.corrcoef(a, b)[0, 1]) < 4 / np.sqrt(len(a))
    high = grid(uniform, 2**63, 4, 4, 1)
    assert not np.intersect1d(high, grid(uniform, 0, 4, 4, 1)).size


def test_ticks_beyond_32_bits_are_new_draws() -> None:
    assert uniform(U(0), U(0), U(2**32), U(0)) != uniform(U(0), U(0), U(0), U(0))
