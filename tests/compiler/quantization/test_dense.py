"""Dense operators in few bits, against sums of Python's own integers."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sc_neurocore.compiler import QFormat
from sc_neurocore.compiler.quantization import (
    BlockFloatingMode,
    QFormatMixed,
    compile_dense_block_floating,
    compile_dense_mixed_precision,
    mixed_dense_forward_batch,
    quantize_weights,
)
from sc_neurocore.compiler.quantization._contraction import sums
from sc_neurocore.exceptions import BitwidthMismatchError, SCConfigError

WIDE = QFormat(32, 16)
ROUNDINGS = st.sampled_from(["truncate", "nearest", "nearest_even"])


def _divided(total: int, shift: int, rounding: str) -> int:
    exact = Fraction(total, 1 << shift)
    away = math.floor(abs(exact) + Fraction(1, 2))
    return {
        "truncate": math.floor(exact),
        "nearest": away if total >= 0 else -away,
        "nearest_even": round(exact),
    }[rounding]


def _matrices(size: int, low: int, high: int) -> st.SearchStrategy[Any]:
    ends = st.sampled_from([low, high, 0, 1, -1])
    return hnp.arrays(
        np.int64, st.tuples(st.integers(1, 4), st.just(size)),
        elements=st.integers(low, high) | ends,
    )  # fmt: skip


@settings(max_examples=150)
@given(
    st.integers(1, 6).flatmap(
        lambda n: st.tuples(_matrices(n, -(2**15), 2**15 - 1), _matrices(n, -(2**31), 2**31 - 1))
    ),
    ROUNDINGS,
)
def test_batches_are_sums_of_integers(pair: Any, rounding: Any) -> None:
    weights, inputs = pair
    outputs, size = weights.shape
    found = mixed_dense_forward_batch(weights, inputs, outputs, size, rounding=rounding)
    assert found.outputs_q1616.dtype == np.int32
    for b, row in enumerate(inputs.tolist()):
        for o, line in enumerate(weights.tolist()):
            total = sum(w * x for w, x in zip(line, row, strict=True))
            code = _divided(total, 8, rounding)
            assert found.outputs_q1616[b, o] == min(max(code, WIDE.low), WIDE.high)
            assert found.overflow[b, o] == (not WIDE.low <= code <= WIDE.high)
            assert found.underflow[b, o] == (code == 0 and total != 0)


def test_wide_sums_are_exact_where_doubles_are_not() -> None:
    rng = np.random.default_rng(0)
    weights = rng.integers(-(2**15), 2**15, (3, 5000))
    inputs = rng.integers(-(2**31), 2**31, (2, 5000))
    found = mixed_dense_forward_batch(weights, inputs, 3, 5000)
    assert np.abs(inputs).max() * np.abs(weights).sum(axis=1).max() > 2**53
    for b in range(2):
        for o in range(3):
            total = sum(map(int.__mul__, weights[o].tolist(), inputs[b].tolist()))
            assert found.outputs_q1616[b, o] == min(max(total >> 8, WIDE.low), WIDE.high)
    same = np.full((1, 131_071), 2**15 - 1)
    full = mixed_dense_forward_batch(same, np.full((1, 131_071), 2**31 - 1), 1, 131_071)
    assert full.overflow.all() and full.outputs_q1616[0, 0] == WIDE.high


def test_sums_are_exact_on_either_side_of_what_doubles_hold() -> None:
    rng = np.random.default_rng(2)
    for bits in (15, 24, 29, 31):
        weights = rng.integers(2 ** (bits - 1), 2**bits, (2, 300))
        inputs = rng.integers(-(2**22), 2**22, (20, 300))
        found = sums(weights, inputs, 0)
        for b, row in enumerate(inputs.tolist()):
            for o, line in enumerate(weights.tolist()):
                assert found[b, o] == sum(map(int.__mul__, line, row))


def test_sums_beyond_64_bits_are_refused() -> None:
    size = 131_073
    weights = np.full(size, -(2**15))
    with pytest.raises(ValueError, match=f"a sum of {size} products could reach"):
        mixed_dense_forward_batch(weights, np.full(size, -(2**31)), 1, size)


@pytest.mark.parametrize(
    ("weights", "inputs", "outputs", "size", "message"),
    [
        ([1, 2, 3], [1, 2], 1, 2, "weights_q88 has 3 codes"),
        ([1, 2], [1, 2, 3], 1, 2, "not whole samples"),
        ([1, 2], [], 1, 2, "not whole samples"),
        ([1.5, 2], [1, 2], 1, 2, "array of integers"),
        ([1, 2], [1, 2], True, 2, "n_outputs is True"),
        ([1, 2], [1, 2], 1, 0, "n_inputs is 0"),
    ],
)
def test_bad_batches_are_refused(
    weights: Any, inputs: Any, outputs: int, size: int, message: str
) -> None:
    with pytest.raises(SCConfigError, match=message):
        mixed_dense_forward_batch(weights, inputs, outputs, size)


def test_codes_outside_their_format_are_named() -> None:
    with pytest.raises(BitwidthMismatchError, match=r"weights_q88\[1\] is 32768"):
        mixed_dense_forward_batch([1, 32768], [1, 2], 1, 2)
    with pytest.raises(BitwidthMismatchError, match=r"inputs_q1616\[0\] is 2147483648"):
        mixed_dense_forward_batch([1, 2], [2**31, 2], 1, 2)


def test_a_compiled_operator_by_hand() -> None:
    dense = compile_dense_mixed_precision([[1.5, -0.5], [100.0, 100.0]])
    assert (dense.output_size, dense.input_size, dense.accumulator_divisor) == (2, 2, 256)
    assert dense.forward_float([2.0, 4.0]).tolist() == [1.0, 600.0]
    codes, overflow = dense.forward_with_overflow([[2.0, 4.0], [300.0, 300.0]])
    assert codes.tolist() == [[65536, 600 * 65536], [300 * 65536, WIDE.high]]
    assert overflow.tolist() == [[False, False], [False, True]]
    trap = dense.precision_trap_report([[2.0, 4.0], [300.0, 300.0]])
    assert trap.overflow.tolist() == [False, True] and trap.has_overflow
    assert (trap.saturated_min_count, trap.saturated_max_count) == (0, 1)
    assert trap.manifest()["saturated_max"] == [1]
    tiny = compile_dense_mixed_precision([[2.0**-8, 0.0]])
    assert tiny.precision_trap_report([2.0**-16, 1.0]).underflow_count == 1
    assert dense.manifest()["format"]["accumulator_guard_bits"] == 16


def test_an_envelope_ignores_cancellation() -> None:
    dense = compile_dense_mixed_precision([[100.0, -100.0]])
    report = dense.precision_envelope_report([200.0, 200.0])
    assert report.max_abs_output_code == 0 and report.observed_overflow_free
    assert report.max_abs_bound_code == 40_000 * 65536
    assert not report.conservative_overflow_free and report.min_headroom_code < 0
    assert report.fixed_point_envelope_proof.required_total_bits == 33
    manifest = json.loads(json.dumps(report.manifest()))
    assert manifest["conservative_overflow_free"] is False
    safe = dense.precision_envelope_report([100.0, 100.0])
    assert safe.conservative_overflow_free and safe.fixed_point_envelope_proof.proven_safe


@settings(max_examples=60)
@given(
    hnp.arrays(np.float64, (3, 4), elements=st.floats(-100, 100)),
    hnp.arrays(np.float64, (2, 4), elements=st.floats(-30000, 30000)),
)
def test_a_safe_envelope_means_no_overflow(weights: Any, inputs: Any) -> None:
    dense = compile_dense_mixed_precision(weights)
    report = dense.precision_envelope_report(inputs)
    assert (report.max_abs_codes <= np.maximum(report.bound_codes, 0)).all()
    if report.conservative_overflow_free:
        assert report.observed_overflow_free
    line = quantize_weights(inputs, WIDE)
    for o in range(3):
        reach = [sum(map(abs, map(int.__mul__, dense.weight_codes[o].tolist(), row)))
                 for row in line.tolist()]  # fmt: skip
        assert report.bound_codes[o] == max(-(-r // 256) for r in reach)


@settings(max_examples=80)
@given(
    hnp.arrays(np.float64, (3, 5), elements=st.floats(-15, 15)),
    hnp.arrays(np.float64, (2, 5), elements=st.floats(-1000, 1000)),
    st.integers(1, 7),
    ROUNDINGS,
)
def test_block_floating_operators_are_exact(
    weights: Any, inputs: Any, block: int, rounding: Any
) -> None:
    mode = BlockFloatingMode(8, 3, block)
    dense = compile_dense_block_floating(np.clip(weights, -15.8, 15.8), mode, rounding=rounding)
    back = dense.reconstructed_weights
    assert (np.ldexp(dense.weight_codes.astype(float), -dense.weight_fraction) == back).all()
    codes, overflow = dense.forward_with_overflow(inputs)
    line = quantize_weights(inputs, WIDE).tolist()
    for b in range(2):
        for o in range(3):
            exact = sum(Fraction(w) * x for w, x in zip(back[o].tolist(), line[b], strict=True))
            code = _divided(exact.numerator * (2**60 // exact.denominator), 60, rounding)
            assert codes[b, o] == min(max(code, WIDE.low), WIDE.high)
            assert overflow[b, o] == (not WIDE.low <= code <= WIDE.high)


def test_exponents_too_far_apart_are_refused() -> None:
    with pytest.raises(SCConfigError, match="span"):
        compile_dense_block_floating([[1e30, 1e-30]], BlockFloatingMode(16, 8, 1))
    manifest = compile_dense_block_floating([[1.0, 0.1, 3.0]], "BFP16E3X2").manifest()
    assert manifest["block_exponent_layout"]["last_block_size"] == 1


@pytest.mark.parametrize(
    "nonsense",
    [
        lambda: compile_dense_mixed_precision([1.0, 2.0]),
        lambda: compile_dense_mixed_precision(np.zeros((0, 2))),
        lambda: compile_dense_mixed_precision([[1.0, math.nan]]),
        lambda: compile_dense_mixed_precision([[1.0, 2.0]]).forward_float([1.0]),
        lambda: compile_dense_mixed_precision([[1.0, 2.0]]).forward_float([math.inf, 1.0]),
        lambda: compile_dense_block_floating([[1.0]], "BFP16E3", rounding="stochastic"),
        lambda: QFormatMixed(QFormat(16, 8, False)),
        lambda: QFormatMixed(QFormat(32, 8), QFormat(16, 8)),
        lambda: QFormatMixed(rounding="stochastic"),
    ],
)
def test_nonsense_is_refused(nonsense: Any) -> None:
    with pytest.raises(SCConfigError):
        nonsense()


def test_inputs_outside_the_format_are_named() -> None:
    with pytest.raises(BitwidthMismatchError, match=r"inputs\[1\] is 40000, outside Q16.16"):
        compile_dense_mixed_precision([[1.0, 2.0]]).forward_float([1.0, 40000.0])


def test_blocks_of_zeros_have_no_scale() -> None:
    """The least exponent, which a block of zeros stores, must not widen the weights."""
    dense = compile_dense_block_floating([[0.0, 0.0], [1.5, -0.25]], "BFP16E8X2")
    assert np.array_equal(dense.reconstructed_weights, [[0, 0], [1.5, -0.25]])
    codes = dense.weight_codes.astype(float)
    assert np.array_equal(codes * 2.0**-dense.weight_fraction, [[0, 0], [1.5, -0.25]])
    assert dense.forward_float([2.0, 4.0]).tolist() == [0.0, 2.0]
    nothing = compile_dense_block_floating([[0.0, 0.0]], "BFP16E8X2")
    assert nothing.forward_float([2.0, 4.0]).tolist() == [0.0]


def test_room_for_rounding_is_counted_before_a_sum_is_made() -> None:
    """Half a step is added before the shift, and must not wrap the sum around."""
    most = np.array([[2**63 - 1]])
    for shift in (1, 8):
        with pytest.raises(SCConfigError, match="more than 64-bit"):
            sums(np.array([[1]]), most, shift)
    assert sums(np.array([[1]]), most - 256, 8) == 2**63 - 257
