"""Elementary functions of the kernels against extended precision."""

from __future__ import annotations

import numba
import numpy as np
import pytest
from numpy.typing import NDArray

from sc_neurocore.dynamics import _kernel_math as kernel_math
from sc_neurocore.dynamics import exprel, sigmoid

RNG = np.random.default_rng(1)
LONG = np.longdouble


@numba.njit
def _each(function, values):  # type: ignore[no-untyped-def]
    out = np.empty_like(values)
    for i in range(len(values)):
        out[i] = function(values[i])
    return out


def each(name: str, values: NDArray[np.float64]) -> NDArray[np.float64]:
    result: NDArray[np.float64] = _each(getattr(kernel_math, name), values)
    return result


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("exp", RNG.uniform(-700, 709, 20_000)),
        ("expm1", np.r_[RNG.uniform(-5, 5, 20_000), 10.0 ** RNG.uniform(-300, 0, 2_000)]),
        ("log", np.r_[10.0 ** RNG.uniform(-320, 308, 20_000), RNG.uniform(0.5, 2, 20_000)]),
        ("tanh", np.r_[RNG.uniform(-20, 20, 20_000), 10.0 ** RNG.uniform(-300, 0, 2_000)]),
        ("sin", RNG.uniform(-1e6, 1e6, 20_000)),
        ("cos", RNG.uniform(-10, 10, 20_000)),
    ],
)
def test_error_is_below_three_units_in_the_last_place(
    name: str, values: NDArray[np.float64]
) -> None:
    exact = getattr(np, name)(values.astype(LONG))
    unit = np.spacing(np.abs(exact.astype(np.float64))).astype(LONG)
    assert np.max(np.abs(each(name, values).astype(LONG) - exact) / unit) < 3


def test_special_values() -> None:
    values = np.array([0.0, np.inf, -np.inf, np.nan, -1.0, 800.0, -800.0])
    with np.errstate(all="ignore"):
        for name in ("exp", "expm1", "log", "tanh"):
            np.testing.assert_allclose(each(name, values), getattr(np, name)(values), rtol=1e-15)
    np.testing.assert_array_equal(each("sigmoid", values[[0, 1, 2, 3, 5]]), [0.5, 1, 0, np.nan, 1])


@pytest.mark.parametrize("x", [0.0, 1e-300, -1e-9, 1e-5, 0.3, -2.0, 30.0, -700.0])
def test_exprel_and_sigmoid_agree_with_plain_evaluation(x: float) -> None:
    assert kernel_math.exprel(x) == pytest.approx(exprel(x), rel=1e-14)
    assert kernel_math.sigmoid(x) == pytest.approx(sigmoid(x), rel=1e-14)
