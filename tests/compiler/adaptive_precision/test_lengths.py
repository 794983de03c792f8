"""Lengths of layers: figures derived by hand, budgets, and refusals."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sc_neurocore.bitstream import NumpyRandom, Sobol, encode_error, multiply_error
from sc_neurocore.compiler.adaptive_precision import assign_lengths
from sc_neurocore.exceptions import SCConfigError

RNG = np.random.default_rng(1)
WIDE = RNG.uniform(0.0, 1.0, (10, 64))


def test_the_radius_is_hoeffdings_not_one_standard_deviation() -> None:
    (row,) = assign_lengths([WIDE])
    # sqrt(ln(40) / 2048), against the 0.5 / sqrt(1024) = 0.0156 that was once called a bound.
    assert row.error_bound == pytest.approx(0.042441, abs=1e-6)
    assert row.bitstream_length == 1024
    assert (row.confidence, row.word) == (0.95, "proven")


def test_a_missed_target_is_said_with_what_it_needs() -> None:
    plan = assign_lengths([WIDE], ["fc1"])
    # fan-in 64: ln(40) / (2 (0.01/8)^2)
    needed = math.ceil(math.log(40) / 2 / (0.01 / 8) ** 2)
    assert plan[0].needed_length == needed == 1_180_442
    assert plan[0].verdict == "infeasible: needs L≥1 180 442, max is 1024"
    assert not plan[0].target_met and not plan.feasible
    assert plan.verdict == (
        "infeasible: 1 of 1 layers miss their target; 'fc1': needs L≥1 180 442, max is 1024"
    )
    enough = assign_lengths([WIDE], max_length=1 << 21)
    assert enough.feasible and enough[0].bitstream_length == 1 << 21
    assert enough.verdict == "target met in every layer at 95 % per stream"


def test_a_source_has_its_own_bound() -> None:
    (row,) = assign_lengths([WIDE], source="sobol:1")
    assert row.target_met and row.bitstream_length == 1024 and row.confidence is None
    assert row.error_bound == encode_error(Sobol(1), 1024).value
    assert (row.source, row.coding) == ("sobol", "unipolar")
    pair = assign_lengths([WIDE], source=Sobol(1), input_source=Sobol(2))[0]
    assert pair.source == "sobol × sobol:2" and pair.error_bound > row.error_bound


def test_bipolar_values_err_twice_as_much() -> None:
    signed = [WIDE - 0.5]
    (magnitude,), (bipolar,) = (assign_lengths(signed, coding=c) for c in ("auto", "bipolar"))
    assert magnitude.coding == "sign-magnitude"
    assert bipolar.error_bound == 2 * magnitude.error_bound
    assert bipolar.needed_length == pytest.approx(4 * (magnitude.needed_length or 0), abs=4)


def test_a_vector_is_one_output() -> None:
    assert (
        assign_lengths([np.ones(64)])[0].to_dict()
        == assign_lengths([np.ones((1, 64))])[0].to_dict()
    )


@pytest.mark.parametrize("method", ["sensitivity", "proportional"])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_budget_is_kept_or_the_verdict_says_why(method: Any, data: st.DataObject) -> None:
    shapes = data.draw(
        st.lists(st.tuples(st.integers(1, 4), st.integers(1, 9)), min_size=1, max_size=6)
    )
    scale = data.draw(st.lists(st.floats(0, 9), min_size=len(shapes), max_size=len(shapes)))
    budget = data.draw(st.integers(1, 8192))
    weights = [a * RNG.random(shape) ** 2 for a, shape in zip(scale, shapes, strict=True)]
    plan = assign_lengths(weights, total_budget=budget, method=method)
    assert all(32 <= row.bitstream_length <= 1024 for row in plan)
    if budget >= 32 * len(shapes):
        assert plan.total_length <= budget and plan.within_budget
        # No layer that counts could still be doubled.
        left = budget - plan.total_length
        for row in plan:
            full = row.bitstream_length == 1024 or row.bitstream_length > left
            assert full or not row.sensitivity
    else:
        assert not plan.within_budget and not plan.feasible
        assert plan.verdict.startswith(
            f"infeasible: the least lengths add up to {plan.total_length}"
        )


def test_greed_is_optimal() -> None:
    """Of all lengths within the budget none has a smaller sum of sensitivity / sqrt(length)."""
    weights = [RNG.random((3, n)) for n in (4, 16, 50)]
    plan = assign_lengths(weights, total_budget=900, method="sensitivity")
    powers = [32 << k for k in range(6)]
    scores = [row.sensitivity for row in plan]

    def loss(lengths: tuple[int, ...]) -> float:
        return sum(s / math.sqrt(n) for s, n in zip(scores, lengths, strict=True))

    best = min(loss((a, b, c)) for a in powers for b in powers for c in powers if a + b + c <= 900)
    assert loss(tuple(row.bitstream_length for row in plan)) == pytest.approx(best, rel=0.05)


def test_hoeffding_only_checks_a_budget() -> None:
    plan = assign_lengths([WIDE, WIDE], total_budget=100, max_length=1 << 21)
    assert all(row.target_met for row in plan) and not plan.feasible
    assert "total_budget is 100" in plan.verdict


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "magic"}, "method is 'magic'; it must be one of hoeffding, sensitivity"),
        ({"layer_names": ["a", "b"]}, "2 layer_names for 1 layers"),
        ({"layer_names": [""]}, "layer_names\\[0\\] is ''"),
        ({"max_length": 1000}, "max_length is 1000; it must be a power of two, such as 512 or"),
        ({"min_length": 48}, "min_length is 48"),
        ({"min_length": 2048}, "min_length is 2048, above max_length, 1024"),
        ({"min_length": 0}, "min_length is 0"),
        ({"max_length": 64.0}, "max_length is 64.0"),
        ({"target_error": 0.0}, "target_error is 0.0"),
        ({"target_error": float("nan")}, "target_error is nan"),
        ({"target_error": 1e-9}, "target_error is 1e-09; for the 64 inputs"),
        ({"total_budget": 0}, "total_budget is 0"),
        ({"confidence": 1.0}, "confidence is 1"),
        ({"source": "dice"}, "source is 'dice'"),
        ({"source": 3}, "source is 3"),
        ({"input_source": "sobol:2"}, "input_source needs a source"),
        ({"source": "sobol:1", "input_source": "sobol:1"}, "equal streams do not multiply"),
        ({"coding": "thermometer"}, "coding is 'thermometer'"),
        ({"layer_weights": []}, "layer_weights is empty"),
        ({"layer_weights": [[]]}, "layer_weights\\[0\\] is empty"),
        ({"layer_weights": [np.ones((2, 2, 2))]}, "layer_weights\\[0\\] has 3 dimensions"),
        ({"layer_weights": [3.0]}, "layer_weights\\[0\\] has 0 dimensions"),
        ({"layer_weights": [[1.0, float("nan")]]}, "layer_weights\\[0\\]\\[1\\] is nan"),
        ({"layer_weights": [["a"]]}, "layer_weights\\[0\\] is not an array of numbers"),
        ({"layer_weights": [[-1.0]], "coding": "unipolar"}, "there are negative weights"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_in_a_sentence(options: dict[str, Any], message: str) -> None:
    with pytest.raises(SCConfigError, match=message) as caught:
        assign_lengths(**{"layer_weights": [WIDE], **options})
    assert "\n" not in str(caught.value)


def test_a_longer_stream_of_a_register_can_be_worse() -> None:
    """256 bits of it meet the target and 512 do not: the verdict must not ask for fewer bits."""
    short, long = (
        assign_lengths(
            [np.ones(1)], target_error=0.03, source="lfsr", method="proportional",
            total_budget=budget,
        )[0]
        for budget in (256, 512)
    )  # fmt: skip
    assert (short.bitstream_length, short.target_met) == (256, True)
    assert (long.bitstream_length, long.target_met) == (512, False)
    assert long.verdict == "infeasible: L=256 meets it, its share of the budget is 512"


def test_an_estimate_has_the_verdict_of_one() -> None:
    """A register of 32 bits is too wide for all its thresholds to be counted over 2^24 ticks."""
    plan = assign_lengths(
        [np.ones(1)], target_error=0.1, source="lfsr:32", min_length=1 << 24, max_length=1 << 24
    )
    (row,) = plan
    assert row.error_bound < row.target_error  # type: ignore[operator]
    assert (row.word, row.target_met, plan.feasible) == ("estimated", False, False)
    assert row.verdict is not None and row.verdict.startswith("infeasible: the proven error")


def test_out_of_reach_a_register_gets_the_length_with_the_least_error() -> None:
    (row,) = assign_lengths(
        [np.ones(1)], target_error=1e-3, source="lfsr", min_length=256, max_length=512
    )
    assert (row.bitstream_length, row.target_met) == (256, False)
    (longer,) = assign_lengths(
        [np.ones(1)], target_error=1e-3, source="lfsr", min_length=512, max_length=512
    )
    assert row.error_bound < longer.error_bound


def test_sensitivities_are_the_norms_of_outputs() -> None:
    (row,) = assign_lengths([[[2.0, 1.0, 0.0], [-1.0, 0.0, 0.0]]])
    assert row.sensitivity == pytest.approx(math.sqrt((1 + 0.25 + 0.25) / 2), rel=1e-15)


def test_a_clock_goes_where_it_takes_off_most() -> None:
    """At 64 and 32 bits, scores of 1 and 0.41 gain 1/64^1.5 < 0.41/32^1.5 a clock."""
    plan = assign_lengths(
        [[1.0], [[1.0]] + 5 * [[0.0]]], total_budget=160, method="sensitivity", target_error=9.0
    )
    assert [row.bitstream_length for row in plan] == [64, 64]


def test_least_lengths_above_their_shares_are_paid_by_the_others() -> None:
    plan = assign_lengths(
        [[1.0], [[1.0]] + 1000 * [[0.0]]], total_budget=160, method="proportional",
        min_length=64, target_error=9.0,
    )  # fmt: skip
    assert [row.bitstream_length for row in plan] == [64, 64] and plan.within_budget


def test_a_needed_length_leaves_room_for_the_comparators_rounding() -> None:
    for target in (1e-3, 1e-4):
        (row,) = assign_lengths(
            [np.ones(1)], target_error=target, source="random:1", input_source="random:2"
        )
        assert row.needed_length is not None
        both = (NumpyRandom(1), NumpyRandom(2))
        assert multiply_error(*both, row.needed_length).value <= target
        assert multiply_error(*both, row.needed_length - 1).value > target * (1 - 1e-9)
