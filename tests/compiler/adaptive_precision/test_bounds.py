"""Bounds against real streams: seeded Monte Carlo, for every source and coding.

A bound on random bits may fail in a share of all runs, and no more; one on sequences never. A
bound that is too small must be caught by the same test.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import binomtest

from sc_neurocore.bitstream import (
    CODINGS,
    NumpyRandom,
    Source,
    encode,
    popcount,
    sc_and,
    sc_xnor,
    source_of,
    standard_deviation,
)
from sc_neurocore.compiler.adaptive_precision import (
    SynapsePlan,
    assign_lengths,
    assign_synapse_precisions,
)

Numbers = NDArray[np.float64]
SEQUENCES = (
    ("sobol:1", None), ("halton:3:10", None), ("lfsr", None), ("counter:12", None),
    ("sobol:1", "sobol:2"), ("halton:2:16", "halton:3:10"), ("lfsr", "sobol:1"),
    ("counter:10", "sobol:1"),
)  # fmt: skip


def rounded(w: Numbers, bits: NDArray[np.int64], signed: bool) -> Numbers:
    """Weights on the grids of their widths: codes over the greatest code."""
    top = 2.0 ** (bits - signed) - 1
    return np.rint(w * top) / top


def rates(p: Numbers, length: int, source: Source | list[Source]) -> Numbers:
    return popcount(encode(p, length, source)) / length


def observed(
    plan: SynapsePlan, w: Numbers, x: Numbers, source: list[Source], other: list[Source] | None
) -> Numbers:
    """Error of each weight's stream, or of its product with an input, times the sensitivity.

    Of products the exact value is the input, as its comparator holds it exactly enough that the
    bound counts its rounding, times the weight.
    """
    signed = plan.streams.coding != "unipolar"
    held = rounded(w, plan.bit_widths, signed)
    coding = CODINGS[plan.streams.coding]
    bipolar = coding.name == "bipolar"
    p = coding.probabilities(held)[1] if coding.rails == 2 else coding.probabilities(held)
    q = coding.probabilities(x) if bipolar else np.abs(x)
    errors = np.empty(len(w))
    for length in np.unique(plan.bitstream_lengths).tolist():
        rows = np.flatnonzero(plan.bitstream_lengths == length)
        a = encode(p[rows], length, [source[i] for i in rows])
        exact = w[rows]
        if other is not None:
            b = encode(q[rows], length, [other[i] for i in rows])
            a = sc_xnor(a, b, length) if bipolar else sc_and(a, b)
            exact = exact * (x[rows] if bipolar else np.abs(x[rows]))
        value = popcount(a) / length
        value = 2 * value - 1 if bipolar else value * np.where(held[rows] < 0, -1, 1)
        errors[rows] = np.abs(value - exact)
    return errors * plan.sensitivities


def weights(coding: str, count: int, seed: int) -> Numbers:
    rng = np.random.default_rng(seed)
    w = rng.uniform(0 if coding == "unipolar" else -1, 1, count)
    w[0] = 1.0  # the largest, so that weights are fractions of it already
    return w


@pytest.mark.parametrize("coding", ["unipolar", "bipolar", "sign-magnitude"])
@pytest.mark.parametrize(("source", "other"), SEQUENCES, ids=lambda s: str(s))
def test_no_sequence_errs_by_more_than_its_bound(
    source: str, other: str | None, coding: str
) -> None:
    count = 400
    w, x = weights(coding, count, 1), np.random.default_rng(2).uniform(0, 1, count)
    plan = assign_synapse_precisions(
        [w], target_error=3.0, sensitivity_maps=[np.random.default_rng(3).uniform(0, 2, count)],
        source=source, input_source=other, coding=coding, min_length=8, max_length=1024,
    )  # fmt: skip
    assert len(plan.classes) > 2
    second = None if other is None else [source_of(other)] * count
    found = observed(plan, w, x, [source_of(source)] * count, second)
    assert (found <= plan.total_error_bounds).all()
    # The bounds are not idle: somewhere an error comes near.
    assert (found / np.maximum(plan.total_error_bounds, 1e-12)).max() > 0.2


def misses_too_often(misses: int, runs: int, confidence: float) -> bool:
    """Whether so many misses are incredible of a bound that holds with a confidence."""
    return bool(binomtest(misses, runs, 1 - confidence, alternative="greater").pvalue < 1e-6)


@pytest.mark.parametrize("coding", ["unipolar", "bipolar", "sign-magnitude"])
@pytest.mark.parametrize("products", [False, True], ids=["weights", "products"])
@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_random_bits_err_by_more_than_their_bound_no_oftener_than_stated(
    coding: str, products: bool, confidence: float
) -> None:
    count = 3000
    w, x = weights(coding, count, 4), np.random.default_rng(5).uniform(0, 1, count)
    plan = assign_synapse_precisions(
        [w], target_error=8.0, coding=coding, confidence=confidence, source=NumpyRandom(1),
        input_source=NumpyRandom(2) if products else None, min_length=16, max_length=1024,
    )  # fmt: skip
    own: list[Source] = [NumpyRandom(1000 + i) for i in range(count)]
    second: list[Source] | None = (
        [NumpyRandom(9000 + i) for i in range(count)] if products else None
    )
    found = observed(plan, w, x, own, second)
    misses = int((found > plan.total_error_bounds).sum())
    assert not misses_too_often(misses, count, confidence)


@pytest.mark.parametrize("coding", ["bipolar", "sign-magnitude"])
def test_random_inputs_to_weights_of_a_sequence(coding: str) -> None:
    """Hoeffding for the inputs' bits, and the counted error of the weights' sequence, always."""
    count = 3000
    w, x = weights(coding, count, 9), np.random.default_rng(10).uniform(0, 1, count)
    plan = assign_synapse_precisions(
        [w], target_error=6.0, coding=coding, confidence=0.9, source="sobol:1",
        input_source=NumpyRandom(2), min_length=16, max_length=512,
    )  # fmt: skip
    assert plan.confidence == plan[0].confidence == 0.9
    assert plan.simultaneous_confidence == 0.0
    sobol = source_of("sobol:1")
    found = observed(plan, w, x, [sobol] * count, [NumpyRandom(50 + i) for i in range(count)])
    misses = int((found > plan.total_error_bounds).sum())
    assert not misses_too_often(misses, count, 0.9)


def test_one_standard_deviation_is_caught_as_no_bound() -> None:
    """The bound of the documented behaviour, 0.5 / sqrt(L), fails the test that ours passes."""
    length, runs, p = 256, 2000, 0.5
    sources: list[Source] = [NumpyRandom(i) for i in range(runs)]
    error = np.abs(rates(np.full(runs, p), length, sources) - p)
    (row,) = assign_lengths([np.ones(4)], min_length=length, max_length=length)
    assert not misses_too_often(int((error > row.error_bound).sum()), runs, 0.95)
    wrong = 0.5 / math.sqrt(length)
    assert wrong == standard_deviation(p, length)
    assert misses_too_often(int((error > wrong).sum()), runs, 0.95)


def test_a_sequence_with_the_bound_of_another_is_caught() -> None:
    w = weights("unipolar", 400, 6)
    plan = assign_synapse_precisions(
        [w], target_error=0.2, source="sobol:1", sensitivity_maps=[np.ones(400)], max_length=512
    )
    register: list[Source] = [source_of("lfsr")] * 400
    assert (observed(plan, w, w, register, None) > plan.total_error_bounds).any()


def test_the_sum_of_all_errors_keeps_to_the_aggregate_bound() -> None:
    """Whole plans run again and again: signed errors are summed, streams are independent."""
    count, runs = 24, 400
    w = weights("unipolar", count, 7)
    plan = assign_synapse_precisions([w], target_error=2.0, max_length=512)
    held = rounded(w, plan.bit_widths, False)
    sums = np.zeros(runs)
    for length in np.unique(plan.bitstream_lengths).tolist():
        rows = np.flatnonzero(plan.bitstream_lengths == length)
        sources: list[Source] = [NumpyRandom(31 * 1000 * i + r) for r in range(runs) for i in rows]
        p = np.tile(held[rows], runs)
        error = rates(p, length, sources).reshape(runs, -1) - w[rows]
        sums += error @ plan.sensitivities[rows]
    bound = plan.aggregate_error_bound
    assert not misses_too_often(int((np.abs(sums) > bound).sum()), runs, 0.95)
    # A bound that took one radius for the whole sum would be caught.
    wrong = float(plan.stochastic_error_bounds.max()) / 3
    assert misses_too_often(int((np.abs(sums) > wrong).sum()), runs, 0.95)


@pytest.mark.parametrize("sequences", [True, False], ids=["sequences", "random"])
def test_outputs_keep_to_their_bounds(sequences: bool) -> None:
    """Weighted sums of inputs, by streams: with sensitivities of 1 the plan bounds them."""
    outputs, inputs, runs = 6, 20, 60
    rng = np.random.default_rng(11)
    w = weights("sign-magnitude", outputs * inputs, 12).reshape(outputs, inputs)
    pair = ("sobol:1", "sobol:2") if sequences else ("random:1", "random:2")
    plan = assign_synapse_precisions(
        [w], sensitivity_maps=[np.ones(w.shape)], target_error=2.0, max_length=1024,
        source=pair[0], input_source=pair[1],
    )  # fmt: skip
    held = rounded(w.reshape(-1), plan.bit_widths, True)
    (length,) = set(plan.bitstream_lengths.tolist())
    misses = 0
    for run in range(runs):
        x = rng.random(inputs)
        if sequences:
            first, second = [source_of(pair[0])] * w.size, [source_of(pair[1])] * w.size
        else:
            first = [NumpyRandom(10**4 * run + i + 7) for i in range(w.size)]
            second = [NumpyRandom(10**4 * run + i + 5007) for i in range(w.size)]
        both = sc_and(
            encode(np.abs(held), length, first), encode(np.tile(x, outputs), length, second)
        )
        products = np.sign(held) * popcount(both) / length
        error = products.reshape(w.shape).sum(axis=1) - w @ x
        misses += int((np.abs(error) > plan.output_error_bounds(0)).sum())
    if sequences:
        assert misses == 0
    else:
        assert not misses_too_often(misses, runs * outputs, 0.95)


def test_all_rows_at_once_hold_with_the_confidence_of_the_plan() -> None:
    count, runs = 40, 150
    w = weights("unipolar", count, 8)
    plan = assign_synapse_precisions([w], target_error=3.0, max_length=256, confidence_of="plan")
    broken = 0
    for r in range(runs):
        sources: list[Source] = [NumpyRandom(10**6 * (r + 1) + i) for i in range(count)]
        broken += bool((observed(plan, w, w, sources, None) > plan.total_error_bounds).any())
    assert not misses_too_often(broken, runs, 0.95)


@settings(max_examples=150, deadline=None)
@given(
    w=st.lists(st.floats(-1, 1), min_size=1, max_size=20).filter(lambda v: max(map(abs, v)) > 1e-3),
    bits=st.integers(2, 12),
    coding=st.sampled_from(["bipolar", "sign-magnitude"]),
)
def test_rounding_is_half_a_step(w: list[float], bits: int, coding: str) -> None:
    values = np.array(w)
    plan = assign_synapse_precisions(
        [values], min_bits=bits, max_bits=bits, coding=coding,
        sensitivity_maps=[np.ones(len(w))], source="sobol:1",
    )  # fmt: skip
    values = values / np.abs(values).max()
    error = np.abs(rounded(values, plan.bit_widths, True) - values)
    assert (error <= plan.quantization_error_bounds * (1 + 1e-12)).all()
