"""Function units: the stated error of a table bounds the error at every code."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sc_neurocore.compiler._datapath import Builder
from sc_neurocore.compiler._functions import FunctionUnits
from sc_neurocore.compiler._real import REAL_FUNCTIONS

from .test_datapath import evaluate

RELATIVE = 2.0**-11


def unit(
    name: str, low: int, high: int, frac: int, demand: int, relative: float = RELATIVE
) -> tuple[FunctionUnits, Callable[[int], float], Builder]:
    b = Builder()
    x = b.source("x", low, high, frac)
    units = FunctionUnits(b, relative)
    node = units.apply(name, x, demand)

    def at(raw: int) -> float:
        return evaluate(b, {"x": raw})[node] * 2.0 ** -b[node].frac

    return units, at, b


TABLES = [
    ("tanh", -2048, 2047, 8, 11),
    ("sigmoid", -4000, 4095, 9, 12),
    ("exp", -1500, 500, 8, 11),
    ("exp", -200, 300, 6, 14),
    ("log", 20, 3000, 8, 11),
    ("recip", 30, 2000, 8, 11),
    ("sqrt", 0, 4000, 8, 11),
    ("sin", -3000, 3000, 8, 11),
    ("cos", -300, 900, 6, 14),
    ("exprel", -1200, 700, 8, 10),
]


@pytest.mark.parametrize(("name", "low", "high", "frac", "demand"), TABLES)
def test_stated_error_bounds_the_error_at_every_code(
    name: str, low: int, high: int, frac: int, demand: int
) -> None:
    b = Builder()
    x = b.source("x", low, high, frac)
    units = FunctionUnits(b, RELATIVE)
    node = units.table(name, REAL_FUNCTIONS[name], x, demand, accept=True)
    assert node is not None
    worst = 0.0
    for raw in range(low, high + 1):
        got = evaluate(b, {"x": raw})[node] * 2.0 ** -b[node].frac
        worst = max(worst, abs(got - float(REAL_FUNCTIONS[name](np.float64(raw * 2.0**-frac)))))
    (report,) = units.reports
    assert report.max_error == pytest.approx(worst, rel=1e-12, abs=1e-15)
    assert (report.low, report.high) == (low * 2.0**-frac, high * 2.0**-frac)


@pytest.mark.parametrize(
    ("name", "low", "high", "frac"),
    [("exp", -9.0, 3.0, 20), ("tanh", -8.0, 8.0, 19), ("exprel", -20.0, 5.0, 18)],
)
def test_stated_error_of_a_sampled_table_is_still_a_bound(
    name: str, low: float, high: float, frac: int
) -> None:
    """Above `EVERY_CODE` codes the report samples; a denser look must find nothing worse."""
    b = Builder()
    x = b.source("x", round(low * 2**frac), round(high * 2**frac), frac)
    units = FunctionUnits(b, RELATIVE)
    assert units.table(name, REAL_FUNCTIONS[name], x, 16, accept=True) is not None
    node = len(b.nodes) - 1
    rng = np.random.default_rng(2)
    codes = rng.integers(b[x].low, b[x].high + 1, 4000)
    for raw in codes:
        got = evaluate(b, {"x": int(raw)})[node] * 2.0 ** -b[node].frac
        real = float(REAL_FUNCTIONS[name](np.float64(raw * 2.0**-frac)))
        assert abs(got - real) <= units.reports[-1].max_error


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["exp", "log", "sqrt", "recip", "tanh", "sigmoid", "sin", "cos"]),
    st.integers(0, 10),
    st.integers(4, 14),
    st.integers(4, 16),
    st.randoms(use_true_random=False),
)
def test_units_keep_their_tolerance(name: str, start: int, frac: int, demand: int, random) -> None:
    """``max(2**-demand, relative·|f|)`` for the whole unit, range reduction included."""
    low, high = {
        "exp": (-(2**start), min(8, 2**start)),
        "log": (2.0**-start, 100.0),
        "recip": (2.0**-start, 100.0),
        "sqrt": (0.0, 2.0**start),
    }.get(name, (-(2.0**start) / 16, 2.0**start / 16))
    first, last = math.ceil(low * 2**frac), math.floor(high * 2**frac)
    first = max(first, 1) if name in ("log", "recip") else first
    _, at, _ = unit(name, first, last, frac, demand)
    for raw in [first, last, *(random.randint(first, last) for _ in range(60))]:
        real = float(REAL_FUNCTIONS[name](np.float64(raw * 2.0**-frac)))
        # The tolerance, and what flooring a few intermediates at the wanted bit may add.
        allowed = max(2.0**-demand, RELATIVE * abs(real)) + 3 * 2.0**-demand
        assert abs(at(raw) - real) <= allowed, (name, raw, frac, demand)


@pytest.mark.parametrize(
    ("name", "raw", "frac", "expected"),
    [
        ("exp", 0, 8, 1.0),
        ("recip", 256, 8, 1.0),
        ("recip", -512, 8, -0.5),
        ("sqrt", 1024, 8, 2.0),
        ("sqrt", 0, 8, 0.0),
        ("log", 256, 8, 0.0),
        ("sin", 0, 8, 0.0),
        ("cos", 0, 8, 1.0),
        ("tanh", 0, 8, 0.0),
        ("sigmoid", 0, 8, 0.5),
        ("exprel", 0, 8, 1.0),
        ("floor", -1, 8, -1.0),
        ("floor", 511, 8, 1.0),
    ],
)
def test_values_by_hand(name: str, raw: int, frac: int, expected: float) -> None:
    low, high = (-900, -100) if raw < -1 else (1 if name in ("log", "recip") else -900, 1500)
    if name == "sqrt":
        low = 0
    _, at, _ = unit(name, low, high, frac, 11)
    assert at(raw) == pytest.approx(expected, abs=2**-10.5)


def test_a_tighter_tolerance_makes_a_larger_table() -> None:
    sizes = [
        unit("tanh", -2048, 2047, 8, 14, relative)[0].reports[0].entries
        for relative in (2.0**-6, 2.0**-9, 2.0**-12)
    ]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1]
