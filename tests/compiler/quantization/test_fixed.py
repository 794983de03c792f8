"""Fixed-point weights: exact roundings, named refusals, and another library's codes."""

from __future__ import annotations

import json
import math
import warnings
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sc_neurocore.compiler import QFormat
from sc_neurocore.compiler.quantization import (
    PrecisionWarning,
    QFormatMixed,
    dequantize_weights,
    q_weights_to_sc_probabilities,
    quantization_error,
    quantize_weights,
)
from sc_neurocore.exceptions import BitwidthMismatchError, SCConfigError

GOLDEN = json.loads(Path(__file__).with_name("golden.json").read_text(encoding="utf-8"))
ROUNDINGS = ("truncate", "nearest", "nearest_even")


def _code(value: float, fraction: int, rounding: str) -> int:
    """An independent reading: the rounding of an exact fraction."""
    exact = Fraction(value) * Fraction(2) ** fraction
    away = math.floor(abs(exact) + Fraction(1, 2))
    return {
        "truncate": math.floor(exact),
        "nearest": away if exact >= 0 else -away,
        "nearest_even": round(exact),
    }[rounding]


def test_codes_by_hand() -> None:
    ties = np.array([0.5, 1.5, -0.5, -1.5, 0.75, -0.75]) / 256
    found = {r: _quiet(ties, r).tolist() for r in (*ROUNDINGS, "bankers", "floor")}
    assert found["truncate"] == found["floor"] == [0, 1, -1, -2, 0, -1]
    assert found["nearest"] == [1, 2, -1, -2, 1, -1]
    assert found["nearest_even"] == found["bankers"] == [0, 2, 0, -2, 1, -1]


def _quiet(values: Any, rounding: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PrecisionWarning)
        return quantize_weights(values, "Q8.8", rounding)


@pytest.mark.parametrize("row", GOLDEN["fixed"], ids=lambda row: row["format"])
@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_codes_are_those_of_apytypes(row: dict[str, Any], rounding: Any) -> None:
    numbers = [float.fromhex(x) for x in row["numbers"]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PrecisionWarning)
        found = quantize_weights(numbers, row["format"], rounding, clip=True)
    assert found.tolist() == row["codes"][rounding]


@pytest.mark.parametrize("rounding", ROUNDINGS)
@pytest.mark.parametrize("label", ["Q8.8", "UQ4.4", "Q-2.10", "Q12.-4"])
def test_every_code_comes_back_and_every_quarter_rounds_exactly(rounding: Any, label: str) -> None:
    q = QFormat.from_string(label)
    codes = np.arange(q.low, q.high + 1)
    numbers = dequantize_weights(codes, q)
    assert (quantize_weights(numbers, q, rounding) == codes).all()
    quarters = (4 * codes[1:-1, np.newaxis] + np.array([-1, 1, 2, 3])) * 2.0 ** -(q.fraction + 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PrecisionWarning)
        found = quantize_weights(quarters, q, rounding)
    sample = np.random.default_rng(0).integers(0, quarters.size, 500)
    for x, code in zip(quarters.flat[sample], found.flat[sample], strict=True):
        assert code == _code(x, q.fraction, rounding)
    error = np.abs(dequantize_weights(found, q) - quarters).max()
    assert error <= q.resolution * (1 if rounding == "truncate" else 0.5)


@given(st.integers(1, 60), st.integers(-70, 70), st.booleans(), st.sampled_from(ROUNDINGS),
       st.floats(allow_nan=False, allow_infinity=False))  # fmt: skip
def test_any_number_is_its_code_or_refused(
    width: int, fraction: int, signed: bool, rounding: Any, value: float
) -> None:
    q = QFormat(width, fraction, signed)
    wanted = _code(value, fraction, rounding)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PrecisionWarning)
        if q.low <= wanted <= q.high:
            assert quantize_weights(value, q, rounding) == wanted
        else:
            with pytest.raises(BitwidthMismatchError):
                quantize_weights(value, q, rounding)
            end = q.high if wanted > 0 else q.low
            assert quantize_weights(value, q, rounding, clip=True) == end


@pytest.mark.parametrize("q", [QFormat(60, 0), QFormat(60, 0, False), QFormat(54, 3)], ids=str)
def test_the_first_number_beyond_a_wide_format_is_refused(q: QFormat) -> None:
    """As doubles, the highest code of a wide format and the one after it are the same."""
    beyond = float(q.high + 1) * q.resolution
    with pytest.raises(BitwidthMismatchError):
        quantize_weights(beyond, q)
    assert quantize_weights(math.nextafter(beyond, 0), q) <= q.high
    if q.signed:
        assert quantize_weights(-beyond, q) == q.low


def test_stochastic_rounding_is_unbiased_and_seeded() -> None:
    values = np.full(20_000, 0.3 / 16)
    found = quantize_weights(values, "Q4.4", "stochastic", seed=5)
    assert set(found.tolist()) == {0, 1}
    # Five standard deviations of a binomial share.
    assert abs(found.mean() - 0.3) < 5 * math.sqrt(0.3 * 0.7 / values.size)
    assert (found == quantize_weights(values, "Q4.4", "stochastic", seed=5)).all()
    assert (found != quantize_weights(values, "Q4.4", "stochastic", seed=6)).any()


def test_what_does_not_fit_is_named_and_clipping_is_said() -> None:
    weights = [[0.5, -1.0], [2.0, 130.0]]
    with pytest.raises(BitwidthMismatchError) as refusal:
        quantize_weights(weights, "Q8.8")
    assert "weights[1, 1] is 130, outside Q8.8 [-128, 127.996]; use Q9.8" in str(refusal.value)
    clipped = "1 of 4 weights were clipped to the range of Q8.8"
    with pytest.warns(PrecisionWarning, match=clipped) as said:
        found = quantize_weights(weights, "Q8.8", clip=True)
    assert said[0].filename == __file__
    assert found.tolist() == [[128, -256], [512, 32767]]


def test_ambiguous_ties_are_said() -> None:
    with pytest.warns(PrecisionWarning, match="1 weights lie halfway"):
        quantize_weights([0.5 / 256, 1.5 / 256, 0.25], "Q8.8", "nearest")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        quantize_weights([1.5 / 256, -1.5 / 256, 0.25], "Q8.8", "nearest")
        quantize_weights([0.5 / 256], "Q8.8")


@pytest.mark.parametrize(
    ("weights", "fmt", "rounding", "message"),
    [
        ([1.0, math.nan], "Q8.8", "nearest_even", r"weights\[1\] is nan"),
        ([[1.0], [math.inf]], "Q8.8", "nearest_even", r"weights\[1, 0\] is inf"),
        (["a"], "Q8.8", "nearest_even", "array of numbers"),
        ([True], "Q8.8", "nearest_even", "array of numbers"),
        ([[1.0], [1.0, 2.0]], "Q8.8", "nearest_even", "all rows of one length"),
        ([1.0], "8.8", "nearest_even", "not a Q format"),
        ([1.0], "Q8.8", "near", "did you mean 'nearest'"),
    ],
)
def test_nonsense_is_refused(weights: Any, fmt: str, rounding: Any, message: str) -> None:
    with pytest.raises(SCConfigError, match=message):
        quantize_weights(weights, fmt, rounding)


def test_codes_are_checked_on_the_way_back() -> None:
    with pytest.raises(BitwidthMismatchError, match=r"quantized\[1\] is 32768, no code of Q8.8"):
        dequantize_weights([0, 32768], "Q8.8")
    with pytest.raises(SCConfigError, match="array of integers"):
        dequantize_weights([0.5], "Q8.8")
    with pytest.raises(SCConfigError, match="scale is 0"):
        dequantize_weights([1], "Q8.8", scale=0)
    assert dequantize_weights([256], "Q8.8", scale=2.5).tolist() == [2.5]
    assert dequantize_weights([256], QFormatMixed()).tolist() == [1.0]


def test_probabilities_are_what_a_comparator_encodes() -> None:
    assert q_weights_to_sc_probabilities([-128, 0, 64, 127], "Q1.7").tolist() == [
        0, 0.5, 0.75, 255 / 256
    ]  # fmt: skip
    assert q_weights_to_sc_probabilities([0, 128, 255], "UQ0.8").tolist() == [0, 0.5, 255 / 256]
    codes = np.arange(-128, 128)
    bipolar = 2 * q_weights_to_sc_probabilities(codes, "Q2.6") - 1
    assert (bipolar * 2 == dequantize_weights(codes, "Q2.6")).all()


def test_statistics_by_hand() -> None:
    found = quantization_error([0.25, 0.3, 5.0], "Q3.2")
    assert found.clipped == 1 and found.size == 3 and found.bound == 0.125
    assert found.max_abs == 5.0 - 3.75 and found.mean == pytest.approx((-0.05 - 1.25) / 3)
    assert quantization_error([0.25], "Q3.2").to_dict()["snr_db"] is None
    with pytest.raises(SCConfigError, match="empty"):
        quantization_error([], "Q3.2")


@settings(max_examples=50)
@given(st.lists(st.floats(-7.9, 7.9), min_size=1), st.sampled_from([*ROUNDINGS, "stochastic"]))
def test_errors_stay_within_the_bound(weights: list[float], rounding: Any) -> None:
    found = quantization_error(weights, "Q5.4", rounding)
    assert found.clipped == 0 and found.max_abs <= found.bound


def test_a_scale_is_a_positive_number() -> None:
    for scale in (0, -1.0, float("nan"), float("inf"), "a", True):
        with pytest.raises(SCConfigError, match="scale"):
            dequantize_weights([1], "Q4.4", scale)  # type: ignore[arg-type]
