"""Lengths for a target error, by hand, and verdicts where none will do."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc_neurocore.bitstream import (
    ErrorBound,
    Sobol,
    adaptive_length,
    encode_error,
    hoeffding_radius,
    multiply_error,
    plan_length,
    shortest_length,
)
from sc_neurocore.exceptions import SCConfigError


def test_lengths_by_hand() -> None:
    # ln 40 / (2 · 0.01²) = 18444.4, a quarter / (0.05 · 0.05²) = 2000, a quarter / 0.05² = 100.
    assert plan_length(0.5, 0.01).needed == 18445
    assert adaptive_length(0.5, 0.01) == 32768
    assert plan_length(0.5, 0.05, method="chebyshev").needed == 2000
    assert adaptive_length(0.5, 0.05, method="chebyshev") == 2048
    assert plan_length(0.5, 0.05, method="variance").needed == 100
    assert adaptive_length(0.5, 0.05, method="variance") == 128


def test_words_tell_a_bound_from_a_standard_deviation() -> None:
    assert plan_length(0.5, 0.05).word == "proven"
    assert plan_length(0.5, 0.05, method="chebyshev").word == "proven"
    deviation = plan_length(0.5, 0.05, method="variance")
    assert (deviation.word, deviation.basis) == (
        "estimated", "one standard deviation, no confidence",
    )  # fmt: skip


def test_infeasible_target_is_a_verdict_and_never_clipped() -> None:
    # An error of 0.01 in a sum of 64 terms: 0.00125 of each.
    plan = plan_length(0.5, 0.01 / math.sqrt(64), max_length=4096)
    assert not plan.feasible
    assert (plan.length, plan.needed) == (None, 1_180_442)
    assert plan.verdict == "infeasible: needs L≥1 180 442, max is 4096"
    with pytest.raises(SCConfigError) as caught:
        adaptive_length(0.5, 0.00125, max_length=4096)
    assert str(caught.value) == plan.verdict


def test_cap_need_not_be_a_power_of_two() -> None:
    assert adaptive_length(0.5, 0.1, max_length=1000) == 256
    verdict = plan_length(0.5, 0.05, max_length=1000).verdict
    assert verdict == "infeasible: needs L≥738, rounded up to 1024, max is 1000"


def test_min_length_is_rounded_up_too() -> None:
    assert adaptive_length(0.5, 0.3, min_length=33) == 64
    assert adaptive_length(0.0, 0.3, method="variance", min_length=1) == 1
    verdict = plan_length(0.5, 0.3, min_length=33, max_length=40).verdict
    assert verdict == "infeasible: needs L≥33, rounded up to 64, max is 40"


@given(st.floats(0.001, 0.5), st.floats(0.5, 0.9999))
def test_needed_length_is_the_least(epsilon: float, confidence: float) -> None:
    needed = plan_length(0.5, epsilon, confidence).needed
    assert needed is not None
    assert hoeffding_radius(needed, confidence) <= epsilon * (1 + 1e-12)
    if needed > 1:
        assert hoeffding_radius(needed - 1, confidence) > epsilon * (1 - 1e-12)


def test_sequence_needs_a_tenth_of_what_random_bits_need() -> None:
    plan = shortest_length(lambda n: encode_error(Sobol(1), n), 0.001)
    assert (plan.length, plan.word) == (1024, "proven")
    assert plan_length(0.5, 0.001).needed == 1_844_440


def test_correlated_pair_is_infeasible_at_any_length() -> None:
    plan = shortest_length(
        lambda n: multiply_error(Sobol(1), Sobol(1, shift=0x8000), n), 0.1, max_length=1024
    )
    assert plan.verdict == (
        "infeasible: the error must be below 0.1; the least is 0.25 proven (every pair of "
        "thresholds counted) at L=32, max is 1024"
    )
    assert (plan.length, plan.needed) == (None, None)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"p": 1.2}, "p is 1.2; it must be from 0 to 1"),
        ({"p": math.nan}, "p is nan; it must be from 0 to 1"),
        ({"epsilon": 1e-200},
         "epsilon is 1e-200; it must be at least 1e-09, which is already far beyond what streams "
         "of 4294967296 bits can do"),
        ({"epsilon": 1e-160, "method": "variance"},
         "epsilon is 1e-160; it must be at least 1e-09, which is already far beyond what streams "
         "of 4294967296 bits can do"),
        ({"method": []}, "method is []; it must be one of hoeffding, chebyshev, variance"),
        ({"p": [0.5, 0.5]}, "p has shape (2,); it must be one number"),
        ({"p": "half"}, "p is not a number or an array of numbers"),
        ({"epsilon": 0.0}, "epsilon is 0; it must lie between 0 and 1, both excluded"),
        ({"epsilon": -0.1}, "epsilon is -0.1; it must be from 0 to 1"),
        ({"confidence": 1.0}, "confidence is 1; it must lie between 0 and 1, both excluded"),
        ({"method": "bernstein"},
         "method is 'bernstein'; it must be one of hoeffding, chebyshev, variance"),
        ({"min_length": 0}, "min_length is 0; it must be a whole number from 1 to 4294967296"),
        ({"max_length": 2.5}, "max_length is 2.5; it must be a whole number from 1 to 4294967296"),
        ({"min_length": 512, "max_length": 256}, "min_length is 512, above max_length, 256"),
    ],
)  # fmt: skip
def test_bad_input_is_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(SCConfigError) as caught:
        adaptive_length(**{"p": 0.5, "epsilon": 0.1, **arguments})  # type: ignore[arg-type]
    assert str(caught.value) == message


def test_what_is_not_proven_meets_no_target() -> None:
    plan = shortest_length(lambda n: ErrorBound(0.01, "measured", "a sample"), 0.1, max_length=64)
    assert not plan.feasible
    assert plan.verdict == (
        "infeasible: the proven error must be below 0.1; the least is 0.01 measured (a sample) at "
        "L=32, max is 64"
    )


def test_range_without_a_power_of_two_is_refused() -> None:
    with pytest.raises(SCConfigError) as caught:
        shortest_length(lambda n: encode_error(Sobol(1), n), 0.1, min_length=33, max_length=63)
    assert str(caught.value) == "there is no power of two from min_length 33 to 63"
