"""Block floating point: labels, layouts, and errors that stay within half a block's step."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sc_neurocore.compiler.quantization import (
    BlockExponentLayout,
    BlockFloatingMode,
    PrecisionWarning,
    dequantize_block_floating,
    quantize_block_floating,
)
from sc_neurocore.exceptions import BitwidthMismatchError, SCConfigError

MODES = st.builds(BlockFloatingMode, st.integers(2, 20), st.integers(1, 6), st.integers(1, 9))


@pytest.mark.parametrize("label", ["BFP16E3", "BFP16_E3", "BFP16.3", "BFP16-3", "BFP16E3X32"])
def test_labels_of_one_format(label: str) -> None:
    assert BlockFloatingMode.from_aliases(label) == BlockFloatingMode(16, 3, 32)
    if label == "BFP16E3":
        assert BlockFloatingMode.from_string(label) == BlockFloatingMode(16, 3)
    else:
        with pytest.raises(SCConfigError, match="not written as BFP16E3"):
            BlockFloatingMode.from_string(label)


@given(MODES)
def test_labels_round_trip(mode: BlockFloatingMode) -> None:
    assert BlockFloatingMode.from_aliases(mode.label) == mode == BlockFloatingMode.from_aliases(
        str(mode).lower()
    )  # fmt: skip


@pytest.mark.parametrize("label", ["", "BFP", "BFP16", "BFP16E", "Q8.8", "BFP16E3X", "BFP16E3X0",
                                   "BFP1E3", "BFP40E3", "BFP16E9", "BFP16E3X32Y"])  # fmt: skip
def test_bad_labels_are_refused(label: str) -> None:
    with pytest.raises(SCConfigError, match=r"block floating|block_size|BFP16E3"):
        BlockFloatingMode.from_aliases(label)


def test_constants_by_hand() -> None:
    mode = BlockFloatingMode(16, 3)
    assert (mode.exponent_bias, mode.min_exponent, mode.max_exponent) == (3, -3, 4)
    assert mode.mantissa_range == 32767 and mode.emit_fraction == 11
    assert mode.max_value == 32767 / 2048 and mode.resolution == 2.0**-18
    assert mode.metadata()["label"] == "BFP16E3X32"


def test_layouts_by_hand() -> None:
    layout = BlockFloatingMode(16, 3, 32).block_exponent_layout(70)
    assert layout == BlockExponentLayout(70, 32, 3)
    assert layout.manifest() == {
        "order": "row_major", "parameter_count": 70, "block_size": 32, "exponent_count": 3,
        "exponent_bits": 3, "exponent_vector_width": 9, "last_block_size": 6,
        "last_block_partial": True,
    }  # fmt: skip
    assert BlockExponentLayout(64, 32, 3).last_block_size == 32
    assert layout.validate_exponents([0, 7, 3]).tolist() == [0, 7, 3]
    with pytest.raises(SCConfigError, match="need 3"):
        layout.validate_exponents([0, 7])
    with pytest.raises(BitwidthMismatchError, match=r"exponents\[1\] is 8; 3 bits hold 0 to 7"):
        layout.validate_exponents([0, 8, 3])
    with pytest.raises(SCConfigError, match="array of integers"):
        layout.validate_exponents([0.5, 1, 2])
    with pytest.raises(SCConfigError, match="parameter_count is 0"):
        BlockFloatingMode(16, 3).block_exponent_count(0)


def test_blocks_by_hand() -> None:
    mode = BlockFloatingMode(4, 3, 2)  # mantissas -7 to 7, exponents -3 to 4
    mantissas, exponents = quantize_block_floating([[1.0, -0.3], [0.0, 0.0], [1.9, 8.0]], mode)
    assert exponents.tolist() == [1 + 3, 0, 4 + 3]
    assert mantissas.tolist() == [[4, -1], [0, 0], [1, 4]]  # steps 1/4, 1/64 and 2
    back = dequantize_block_floating(mantissas, exponents, mode)
    assert back.tolist() == [[1.0, -0.25], [0.0, 0.0], [2.0, 8.0]]
    # 1.9 needs mantissa 7.6 with a step of 1/4, so the block takes the next exponent.
    assert quantize_block_floating([1.9], mode)[1].tolist() == [2 + 3]


@given(MODES, st.data())
def test_errors_stay_within_half_a_step_of_the_smallest_exponent_that_fits(
    mode: BlockFloatingMode, data: st.DataObject
) -> None:
    top = mode.max_value
    weights = data.draw(
        hnp.arrays(np.float64, st.tuples(st.integers(1, 5), st.integers(1, 6)),
                   elements=st.floats(-top, top))
    )  # fmt: skip
    mantissas, exponents = quantize_block_floating(weights, mode)
    back = dequantize_block_floating(mantissas, exponents, mode)
    assert mantissas.shape == weights.shape
    for start, code in zip(range(0, weights.size, mode.block_size), exponents, strict=True):
        block = slice(start, start + mode.block_size)
        step = Fraction(mode.step(int(code)))
        flat, found = weights.reshape(-1)[block], back.reshape(-1)[block]
        assert all(abs(Fraction(a) - Fraction(b)) <= step / 2
                   for a, b in zip(flat, found, strict=True))  # fmt: skip
        if code > 0:  # one less would not hold the largest
            most = max(abs(round(Fraction(x) / (step / 2))) for x in flat)
            assert most > mode.mantissa_range
    again, codes = quantize_block_floating(back, mode)
    assert (dequantize_block_floating(again, codes, mode) == back).all()


def test_what_does_not_fit_is_named_and_clipping_is_said() -> None:
    with pytest.raises(
        BitwidthMismatchError, match=r"weights\[0, 2\] is -17 \(and 1 more\), outside BFP16E3X32"
    ):
        quantize_block_floating([[1.0, 16.0, -17.0]], "BFP16E3")
    with pytest.warns(PrecisionWarning, match="2 of 3 weights were clipped") as said:
        mantissas, exponents = quantize_block_floating([[1.0, 16.0, -1e300]], "BFP16E3", clip=True)
    assert said[0].filename == __file__
    assert mantissas.tolist() == [[2048, 32767, -32767]] and exponents.tolist() == [7]


@pytest.mark.parametrize("weights", [[], [math.nan], ["x"]])
def test_nonsense_is_refused(weights: Any) -> None:
    with pytest.raises(SCConfigError):
        quantize_block_floating(weights, "BFP16E3")


def test_mantissas_are_checked_on_the_way_back() -> None:
    with pytest.raises(BitwidthMismatchError, match="beyond ±32767: -32768"):
        dequantize_block_floating([-32768], [0], "BFP16E3")


def test_no_mantissa_hides_behind_its_missing_magnitude() -> None:
    """The magnitude of the lowest 64-bit integer is no 64-bit integer."""
    with pytest.raises(BitwidthMismatchError, match="-9223372036854775808"):
        dequantize_block_floating(np.array([-(2**63)]), [0], "BFP8E4X2")
    with pytest.raises(BitwidthMismatchError, match=r"±127: -128"):
        dequantize_block_floating([[1, -128]], [0], "BFP8E4X2")
