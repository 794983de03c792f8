"""Q formats by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc_neurocore.compiler import QFormat
from sc_neurocore.compiler._format import bits_for, fitting
from sc_neurocore.exceptions import SCConfigError


@pytest.mark.parametrize(
    ("text", "low", "high", "resolution"),
    [
        ("Q8.8", -128, 127.99609375, 1 / 256),
        ("Q4.12", -8, 7.999755859375, 1 / 4096),
        ("UQ8.8", 0, 255.99609375, 1 / 256),
        ("Q1.0", -1, 0, 1),
        ("UQ1.0", 0, 1, 1),
        ("Q20.-4", -(2**19), 2**19 - 16, 16),
        ("Q-3.20", -0.0625, 0.0625 - 2**-20, 2**-20),
        (" Q16.16 ", -32768, 32768 - 2**-16, 2**-16),
    ],
)
def test_ranges(text: str, low: float, high: float, resolution: float) -> None:
    fmt = QFormat.from_string(text)
    assert (fmt.min_value, fmt.max_value, fmt.resolution) == (low, high, resolution)
    assert str(fmt) == text.strip()


@given(st.integers(1, 60), st.integers(-80, 80), st.booleans())
def test_text_round_trip(width: int, fraction: int, signed: bool) -> None:
    fmt = QFormat(width, fraction, signed)
    assert QFormat.from_string(str(fmt)) == fmt


@pytest.mark.parametrize("text", ["", "8.8", "Q8", "q8.8", "Q8.8.8", "UQ8,8", "SQ8.8", "Qx.y"])
def test_not_a_format(text: str) -> None:
    with pytest.raises(SCConfigError) as refused:
        QFormat.from_string(text)
    assert str(refused.value) == (
        f"format '{text}' is not a Q format; write for example Q8.8, Q16.16 or UQ8.8"
    )


@pytest.mark.parametrize(("text", "bits"), [("Q0.0", 0), ("Q31.30", 61), ("Q4.-5", -1)])
def test_width_limits(text: str, bits: int) -> None:
    with pytest.raises(SCConfigError) as refused:
        QFormat.from_string(text)
    assert str(refused.value) == f"format {text} has {bits} bits; 1 to 60 are supported"


def test_raw_is_the_nearest_code_with_ties_to_even() -> None:
    fmt = QFormat.from_string("Q8.1")
    assert [fmt.raw(x) for x in (0.24, 0.25, 0.75, -0.25, -0.75, 1.0)] == [0, 0, 2, 0, -2, 2]


def test_holds_looks_at_the_nearest_codes() -> None:
    fmt = QFormat.from_string("Q8.8")
    assert fmt.holds(-128.001, 127.997)
    assert not fmt.holds(-128.002, 0)
    assert not fmt.holds(0, 127.9985)


@given(st.integers(-(2**62), 2**62), st.integers(0, 2**62))
def test_bits_for_is_the_least_that_holds_both_ends(low: int, span: int) -> None:
    high, n = low + span, bits_for(low, low + span)
    assert -(2 ** (n - 1)) <= low
    assert high < 2 ** (n - 1)
    assert n == 1 or not (-(2 ** (n - 2)) <= low and high < 2 ** (n - 2))


@given(st.floats(-1e6, 1e6), st.floats(0, 1e6), st.integers(-8, 20))
def test_fitting_holds_and_is_narrowest(low: float, span: float, fraction: int) -> None:
    fmt = fitting(low, low + span, fraction)
    assert fmt.holds(low, low + span)
    scale = Fraction(2) ** fraction
    half = 1 << (fmt.width - 1) >> 1
    ends = round(Fraction(low) * scale), round(Fraction(low + span) * scale)
    assert fmt.width == 1 or not (-half <= ends[0] and ends[1] < half)
