"""Plans of synapses: the cheapest pair, a list of rows, verdicts and refusals."""

from __future__ import annotations

import math
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sc_neurocore.bitstream import Sobol, hoeffding_radius, multiply_error
from sc_neurocore.compiler.adaptive_precision import (
    SynapsePlan,
    SynapsePrecision,
    assign_lengths,
    assign_synapse_precisions,
)
from sc_neurocore.exceptions import SCConfigError

RNG = np.random.default_rng(2)
SMALL = [RNG.normal(size=(3, 7)), RNG.normal(size=5)]


def brute_force(s: float, local: float, signed: bool, bits: range, lengths: list[int]) -> Any:
    """Cheapest width and length within the target, by trying all pairs."""
    fits = [
        (b * math.log2(n), b, n)
        for b in bits
        for n in lengths
        if s * (0.5 / (2 ** (b - signed) - 1) + hoeffding_radius(n)) <= local
    ]
    return min(fits, default=None)


@settings(max_examples=60, deadline=None)
@given(
    target=st.floats(0.001, 30),
    count=st.integers(1, 40),
    signed=st.booleans(),
    bits=st.tuples(st.integers(2, 20), st.integers(0, 8)),
    powers=st.tuples(st.integers(0, 12), st.integers(0, 8)),
    seed=st.integers(0, 2**32),
)
def test_every_row_has_the_cheapest_pair_that_meets_its_target(
    target: float, count: int, signed: bool, bits: Any, powers: Any, seed: int
) -> None:
    w = np.random.default_rng(seed).uniform(-1 if signed else 0, 1, count)
    low, high = bits[0], bits[0] + bits[1]
    short, long = 1 << powers[0], 1 << (powers[0] + powers[1])
    plan = assign_synapse_precisions(
        [w], target_error=target, min_bits=low, max_bits=high, min_length=short, max_length=long
    )
    local = target / math.sqrt(count)
    negative = bool((w < 0).any())
    lengths = [short << k for k in range(powers[1] + 1)]
    for row, weight in zip(plan, w, strict=True):
        s = abs(weight) / np.abs(w).max()
        best = brute_force(s, local, negative, range(low, high + 1), lengths)
        assert row.sensitivity == s
        assert row.target_met == (best is not None)
        assert row.total_error_bound >= row.quantization_error_bound + row.stochastic_error_bound
        if best:
            assert row.bit_width * math.log2(row.bitstream_length) == best[0]
            needed = row.needed_length
            assert needed is not None and needed <= row.bitstream_length
        else:
            assert row.bitstream_length == long
            needed = row.needed_length
            if needed is not None:
                q = 0.5 / (2 ** (row.bit_width - negative) - 1)
                assert needed > long
                assert s * (q + hoeffding_radius(min(needed, 2**32))) <= local * (1 + 1e-9) or (
                    needed > 2**32
                )
    assert plan.feasible == all(row.target_met for row in plan)


def test_it_is_a_list_of_rows() -> None:
    plan = assign_synapse_precisions(SMALL, ["a", "b"], target_error=0.5)
    rows = list(plan)
    assert len(plan) == len(rows) == 26 and bool(plan)
    assert all(isinstance(row, SynapsePrecision) for row in rows)
    places = [(r.layer_index, r.layer_name, r.output_index, r.input_index) for r in rows]
    assert places == [(0, "a", o, i) for o in range(3) for i in range(7)] + [
        (1, "b", 0, i) for i in range(5)
    ]
    assert plan == rows and rows == plan and plan[:] == rows
    assert plan[-1] == rows[-1] == plan[25]
    assert plan[3:9:2] == rows[3:9:2] and plan[::-1] == rows[::-1] and plan[5:2] == []
    assert rows[4] in plan and plan.index(rows[4]) == 4 and list(reversed(plan)) == rows[::-1]
    assert plan != rows[:-1] and plan != 3
    again = assign_synapse_precisions(SMALL, ["a", "b"], target_error=0.5)
    assert plan == again
    assert plan != assign_synapse_precisions(SMALL, ["a", "c"], target_error=0.5)
    with pytest.raises(IndexError):
        plan[26]
    with pytest.raises(TypeError):
        hash(plan)


def test_a_plan_travels_between_processes() -> None:
    plan = assign_synapse_precisions(SMALL, source="sobol:1")
    assert pickle.loads(pickle.dumps(plan)) == plan


def test_a_row_stands_as_if_made_by_hand() -> None:
    row = assign_synapse_precisions(SMALL)[3]
    assert SynapsePrecision(**vars(row)) == row


def test_arrays_are_the_rows_columns() -> None:
    plan = assign_synapse_precisions(SMALL, target_error=0.3)
    rows = list(plan)
    for array, name in (
        (plan.bit_widths, "bit_width"),
        (plan.bitstream_lengths, "bitstream_length"),
        (plan.sensitivities, "sensitivity"),
        (plan.quantization_error_bounds, "quantization_error_bound"),
        (plan.stochastic_error_bounds, "stochastic_error_bound"),
        (plan.total_error_bounds, "total_error_bound"),
        (plan.targets_met, "target_met"),
    ):
        assert array.tolist() == [getattr(row, name) for row in rows]
    assert plan.needed_lengths.tolist() == [row.needed_length or 0 for row in rows]
    assert sum(plan.class_counts) == len(plan)
    with pytest.raises(ValueError, match="read-only"):
        plan.sensitivities[0] = 1.0


def test_the_target_is_shared_and_the_verdict_counts_those_above_it() -> None:
    plan = assign_synapse_precisions([np.ones((4, 4))], target_error=0.04)
    assert plan.local_target == 0.04 / 4
    row = plan[0]
    assert row.stochastic_error_bound == hoeffding_radius(4096)
    # Were there no longest stream, 7 bits times log2 of 2^16 would be cheapest.
    assert row.bit_width == 7
    needed = math.ceil(math.log(40) / 2 / (0.01 - 0.5 / 127) ** 2)
    assert row.needed_length == needed
    assert plan.missed == 16
    assert plan.verdict == (
        f"infeasible: 16 of 16 synapses miss 0.01; the worst needs L≥{needed // 1000} "
        f"{needed % 1000:03}, max is 4096"
    )
    wide = assign_synapse_precisions([np.ones((4, 4))], target_error=0.04, max_length=1 << 15)
    assert wide.feasible and wide.verdict == "target 0.01 met by all 16 synapses at 95 % each"


def test_too_narrow_a_weight_is_said() -> None:
    plan = assign_synapse_precisions([np.ones(4)], target_error=0.01, max_bits=4)
    assert plan[0].needed_length is None
    assert plan.verdict.endswith("4 need weights of more than 4 bits")


def test_a_zero_weight_needs_nothing() -> None:
    row = assign_synapse_precisions([[0.0, 1.0]], target_error=1e-6)[0]
    assert (row.bit_width, row.bitstream_length, row.total_error_bound) == (4, 32, 0.0)
    zeros = assign_synapse_precisions([np.zeros((2, 2))], target_error=1e-6)
    assert zeros.feasible


def test_maps_weigh_the_errors() -> None:
    maps = [np.full((3, 7), 2.0), np.zeros(5)]
    plan = assign_synapse_precisions(SMALL, sensitivity_maps=maps, target_error=1.0)
    assert plan.sensitivities.tolist() == [2.0] * 21 + [0.0] * 5
    assert plan[0].stochastic_error_bound == 2 * hoeffding_radius(plan[0].bitstream_length)


def test_sequences_have_bounds_that_always_hold() -> None:
    plan = assign_synapse_precisions(
        SMALL, target_error=0.1, source="sobol:1", input_source="sobol:2"
    )
    row = max(plan, key=lambda r: r.sensitivity)
    bound = multiply_error(Sobol(1), Sobol(2), row.bitstream_length).value
    assert row.stochastic_error_bound == row.sensitivity * bound
    assert (row.confidence, row.word, row.source) == (None, "proven", "sobol × sobol:2")
    assert plan.confidence is plan.simultaneous_confidence is None
    assert plan.aggregate_error_bound == pytest.approx(plan.total_error_bounds.sum())
    worst = assign_synapse_precisions(SMALL, target_error=1e-4, source="sobol:1")
    assert not worst.feasible and "with streams of sobol, max is 4096" in worst.verdict


def test_an_estimate_meets_no_target() -> None:
    """A register of 32 bits is too long to be counted beyond 2^22 ticks."""
    long = 1 << 23
    plan = assign_synapse_precisions(
        [[1.0, 0.5]], target_error=0.5, source="lfsr:32", min_length=long, max_length=long
    )
    assert [row.word for row in plan] == ["estimated"] * 2
    assert plan.missed == 2 and not plan[0].target_met
    assert max(plan.total_error_bounds) < plan.local_target
    assert plan.verdict.startswith("infeasible: 2 of 2 synapses miss 0.354")


def test_what_is_claimed_of_all_rows_at_once() -> None:
    plan = assign_synapse_precisions(SMALL, target_error=1.0, confidence=0.99)
    assert plan.confidence == 0.99
    assert plan.simultaneous_confidence == pytest.approx(1 - 26 * 0.01)
    assert assign_synapse_precisions(SMALL).simultaneous_confidence == 0.0
    together = assign_synapse_precisions(SMALL, target_error=1.0, confidence_of="plan")
    assert together.simultaneous_confidence == pytest.approx(0.95)
    assert together[0].confidence == pytest.approx(1 - 0.05 / 26)
    # Roundings add up, radii of independent streams as the root of their squares.
    s, q = plan.sensitivities, plan.quantization_error_bounds
    root = math.sqrt(np.square(plan.stochastic_error_bounds).sum())
    assert plan.aggregate_error_bound == pytest.approx(q.sum() + root)
    outputs = plan.output_error_bounds(0)
    assert outputs.shape == (3,)
    first = q[:7].sum() + math.sqrt(np.square(plan.stochastic_error_bounds[:7]).sum())
    assert outputs[0] == pytest.approx(first)
    assert s[0] > 0


def test_a_million_synapses_are_arrays() -> None:
    plan = assign_synapse_precisions([np.random.default_rng(0).normal(size=(1024, 1024))])
    assert isinstance(plan, SynapsePlan) and len(plan) == 1 << 20
    stored = plan.sensitivities.nbytes + plan._codes.nbytes
    assert stored == 9 << 20


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layer_names": ["a"]}, "1 layer_names for 2 layers"),
        ({"sensitivity_maps": [np.ones((3, 7))]}, "1 sensitivity_maps for 2 layers"),
        ({"sensitivity_maps": [np.ones((7, 3)), np.ones(5)]}, "sensitivity_maps\\[0\\] has shape"),
        ({"sensitivity_maps": [np.ones((3, 7)), -np.ones(5)]}, "has a negative value"),
        ({"sensitivity_maps": [np.ones((3, 7)), np.full(5, np.inf)]}, "every value must be finite"),
        ({"sensitivity_maps": [np.ones((3, 7)), np.full(5, 1e101)]}, "must be at most 1e"),
        ({"target_error": -1.0}, "target_error is -1.0"),
        ({"min_bits": 0}, "min_bits is 0"),
        ({"min_bits": 1}, "min_bits is 1; it must be a whole number from 2"),
        ({"min_bits": 9, "max_bits": 8}, "min_bits is 9, above max_bits, 8"),
        ({"max_bits": True}, "max_bits is True"),
        ({"max_length": 5000}, "max_length is 5000; it must be a power of two"),
        ({"confidence": 0.0}, "confidence is 0"),
        ({"confidence": "high"}, "confidence"),
        ({"confidence_of": "universe"}, "confidence_of is 'universe'"),
        ({"source": "random:3", "input_source": "random:3:12"}, "equal streams do not multiply"),
        ({"layer_weights": [np.full(3, np.inf)]}, "every value must be finite"),
        ({"layer_weights": 5}, "layer_weights must be a sequence"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_before_any_row(options: dict[str, Any], message: str) -> None:
    with pytest.raises(SCConfigError, match=message):
        assign_synapse_precisions(**{"layer_weights": SMALL, **options})


#: Too long a stream of too wide a register for its thresholds to be counted.
UNCOUNTED: dict[str, Any] = {"source": "lfsr:32", "min_length": 1 << 24, "max_length": 1 << 24}


def test_an_estimate_meets_no_target_and_says_that_it_is_one() -> None:
    plan = assign_synapse_precisions([np.ones((4, 8))], target_error=3.0, **UNCOUNTED)
    assert not plan.feasible and not plan.targets_met.any() and not plan.needed_lengths.any()
    assert (plan.total_error_bounds < plan.local_target).all()
    assert [c.feasible for c in plan.classes] == [False]
    row = plan[0]
    assert (row.word, row.target_met, row.needed_length) == ("estimated", False, None)
    assert row.confidence == 0.95  # not None: it does not always hold
    assert "0.0337, estimated and not proven, with streams of lfsr:32" in plan.verdict
    assert not plan.columns(np.arange(32)).met.any()
    assert not assign_lengths([np.ones(8)], target_error=3.0, **UNCOUNTED).feasible


def test_tolerances_at_the_very_edge_of_a_class_are_met() -> None:
    """A product of a sensitivity and a class's error must not round to above the target."""
    for k in range(40):
        local = 0.1 + k / 97
        table = assign_synapse_precisions([[1.0]], target_error=local).table
        totals = np.array([c.total for c in table.classes if c.feasible])
        edges = local / totals
        s = np.concatenate([edges, np.nextafter(edges, 0), np.nextafter(edges, np.inf)])
        plan = assign_synapse_precisions(
            [s], sensitivity_maps=[s], target_error=local * math.sqrt(len(s))
        )
        feasible = plan.table.flags("feasible")[plan._codes]
        assert (plan.targets_met | ~feasible).all()


def test_of_equally_bad_lengths_the_shortest_is_given() -> None:
    """A counter of 4 bits errs by half a step after 16 ticks, however often it repeats."""
    plan = assign_synapse_precisions(
        [[1.0]], source="counter:4", target_error=1e-3, min_length=8, max_length=4096
    )
    assert (plan[0].bitstream_length, plan[0].target_met) == (16, False)


@pytest.mark.parametrize("coding", ["unipolar", "bipolar", "sign-magnitude"])
@pytest.mark.parametrize("inputs", [None, "random:2"])
def test_a_needed_length_counts_the_rounding_of_comparators(
    coding: str, inputs: str | None
) -> None:
    sources = {"source": "random:1", "input_source": inputs, "coding": coding}
    (row,) = plan = assign_synapse_precisions(
        [[1.0]], target_error=3e-4, min_bits=16, max_bits=16, **sources
    )  # fmt: skip
    needed, q = row.needed_length, row.quantization_error_bound
    assert needed is not None
    assert q + plan.streams.bound(needed).value <= row.target_error  # type: ignore[operator]
    assert q + plan.streams.bound(needed - 1).value > row.target_error  # type: ignore[operator]
    gain, words = 1 + (coding == "bipolar"), 1 + (inputs is not None)
    assert row.stochastic_error_bound == pytest.approx(
        gain * (hoeffding_radius(4096) + words * 2.0**-17), rel=1e-12
    )
