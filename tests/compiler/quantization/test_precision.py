"""A format per variable: labels, and the narrowest format that holds range and resolution."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc_neurocore.compiler import QFormat
from sc_neurocore.compiler.quantization import (
    BlockFloatingMode,
    MixedPrecisionSpec,
    parse_precision_format,
    solve_precision,
)
from sc_neurocore.exceptions import BitwidthMismatchError, SCConfigError


def test_labels() -> None:
    assert parse_precision_format("Q8.8") == QFormat(16, 8)
    assert parse_precision_format("UQ4.12") == QFormat(16, 12, signed=False)
    assert parse_precision_format("BFP16E3X32") == BlockFloatingMode(16, 3, 32)
    assert parse_precision_format(QFormat(4, 2)) == QFormat(4, 2)
    for bad in ("", "float32", "Q8", "BFP", "8.8"):
        with pytest.raises(SCConfigError):
            parse_precision_format(bad)


def test_documented_properties_of_a_format() -> None:
    q = QFormat.from_string("Q8.8")
    assert (q.total_bits, q.integer_bits, q.scale) == (16, 7, 256.0)
    assert QFormat.from_string("UQ8.8").integer_bits == 8


def test_specs() -> None:
    spec = MixedPrecisionSpec.from_labels({"v": "Q8.8", "w": "BFP12E3X16"})
    assert spec.total_bits == 28 and spec.variables == ("v", "w")
    assert spec.get("v") == QFormat(16, 8) and spec.summary() == "v Q8.8, w BFP12E3X16; 28 bits"
    assert spec.manifest()["variables"]["v"] == {
        "format": "Q8.8", "bits": 16, "resolution": 2.0**-8
    }  # fmt: skip
    with pytest.raises(SCConfigError, match="'u' has no format"):
        spec.get("u")
    with pytest.raises(SCConfigError, match="'v': format 'Q' "):
        MixedPrecisionSpec.from_labels({"v": "Q"})


def test_solutions_by_hand() -> None:
    found = solve_precision({"v": (-100, 50), "u": (0, 1)}, {"v": 0.25})
    assert str(found.get("v")) == "Q8.2"
    assert str(found.get("u")) == "Q2.7"  # 0.01 wants 7 bits; 1.0 needs a sign and one more
    aligned = solve_precision({"v": (-100, 50), "u": (0, 1)}, {"v": 0.25}, align_to=8)
    assert aligned.summary() == "v Q8.8, u Q2.14; 32 bits"
    assert str(solve_precision({"u": (0, 1)}, signed=False).get("u")) == "UQ1.7"


@given(
    st.tuples(st.floats(-1e4, 1e4), st.floats(0, 1e4)),
    st.floats(1e-5, 10),
    st.integers(1, 9),
)
def test_the_solution_holds_and_nothing_narrower_does(
    pair: tuple[float, float], resolution: float, align_to: int
) -> None:
    bounds = (pair[0], pair[0] + pair[1])
    fmt = solve_precision({"x": bounds}, {"x": resolution}).get("x")
    assert isinstance(fmt, QFormat)
    assert fmt.holds(*bounds) and fmt.resolution <= resolution < 2 * fmt.resolution
    if fmt.width > 1:
        assert not QFormat(fmt.width - 1, fmt.fraction).holds(*bounds)
    wide = solve_precision({"x": bounds}, {"x": resolution}, align_to=align_to).get("x")
    assert isinstance(wide, QFormat)
    assert wide.width % align_to == 0 and wide.holds(*bounds)
    assert wide.resolution <= fmt.resolution and wide.width < fmt.width + 2 * align_to


def test_too_few_bits_are_a_verdict_with_a_way_out() -> None:
    bounds, steps = {"v": (-100, 50), "u": (0, 1)}, {"v": 0.001}
    with pytest.raises(BitwidthMismatchError) as refusal:
        solve_precision(bounds, steps, max_total_bits=20)
    text = str(refusal.value)
    assert "need 27 bits (v Q8.10, u Q2.7; 27 bits)" in text
    assert "steps 16 times as coarse (19 bits)" in text
    coarser = solve_precision(bounds, {"v": 0.016, "u": 0.16}, max_total_bits=20)
    assert coarser.total_bits == 19
    with pytest.raises(BitwidthMismatchError, match="no resolution makes them fit"):
        solve_precision(bounds, steps, max_total_bits=1)
    assert solve_precision(bounds, steps, max_total_bits=27).total_bits == 27


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (({},), "bounds are empty"),
        (({"v": (1, 0)},), "lower end first"),
        (({"v": (0, float("nan"))},), "must be a finite number"),
        (({"v": (0, 1)}, {"u": 0.1}), "min_resolution names 'u'"),
        (({"v": (0, 1)}, {"v": 0}), "must be greater than 0"),
        (({"v": (-1, 1)}, None, None, False), "no unsigned format"),
        (({"v": (0, 1)}, None, None, True, 0), "align_to is 0"),
    ],
)
def test_nonsense_is_refused(arguments: Any, message: str) -> None:
    with pytest.raises(SCConfigError, match=message):
        solve_precision(*arguments)


def test_a_variable_no_format_holds_is_refused() -> None:
    with pytest.raises(BitwidthMismatchError, match=r"'v' over .* needs more than 60 bits"):
        solve_precision({"v": (0, 1e12)}, {"v": 1e-12})


@pytest.mark.parametrize("power", [-20, -2, 0, 1])
def test_a_resolution_a_hair_below_a_power_of_two_is_kept(power: int) -> None:
    """Its logarithm rounds to that of the power, whose step would be too coarse."""
    coarse = 2.0**power
    for wanted in (coarse, math.nextafter(coarse, 0), math.nextafter(coarse, math.inf)):
        found = solve_precision({"v": (0, 8)}, {"v": wanted}).get("v")
        assert found.resolution <= wanted < 2 * found.resolution
