"""Microscaling: every code, the specification's rounding from exact fractions, gfloat's codes."""

from __future__ import annotations

import itertools
import json
import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sc_neurocore.compiler.quantization import (
    MXFPConfig,
    mxfp_decode,
    mxfp_decode_block,
    mxfp_encode,
    mxfp_encode_block,
)
from sc_neurocore.exceptions import BitwidthMismatchError, SCConfigError

GOLDEN = json.loads(Path(__file__).with_name("golden.json").read_text(encoding="utf-8"))
NAMES = ["E4M3", "E5M2", "E3M2", "E2M3", "E2M1"]
EACH = pytest.mark.parametrize("name", NAMES)


def _numbers(name: str) -> list[float]:
    """What every code of an element stands for, from the definition."""
    x, m = int(name[1]), int(name[3])
    bias = 2 ** (x - 1) - 1
    found = []
    for code in range(1 << (1 + x + m)):
        sign = -1.0 if code >> (x + m) else 1.0
        exponent, mantissa = (code >> m) & (2**x - 1), code & (2**m - 1)
        if name == "E5M2" and exponent == 31:
            found.append(sign * math.inf if mantissa == 0 else math.nan)
        elif name == "E4M3" and (exponent, mantissa) == (15, 7):
            found.append(math.nan)
        elif exponent == 0:
            found.append(sign * mantissa * 2.0 ** (1 - bias - m))
        else:
            found.append(sign * (1 + mantissa / 2**m) * 2.0 ** (exponent - bias))
    return found


@EACH
def test_every_code_is_its_number_under_every_scale(name: str) -> None:
    config = MXFPConfig.from_string(name)
    wanted = np.array(_numbers(name))
    count = wanted.size
    config = MXFPConfig(
        config.element_bits, config.exp_bits, config.mantissa_bits, block_size=count
    )
    assert config.max_element == wanted[np.isfinite(wanted)].max()
    for scale in (0, 1, 127, 200, 254):
        found = mxfp_decode([scale], np.arange(count), config)
        np.testing.assert_array_equal(found, np.ldexp(wanted, scale - 127))
    assert np.isnan(mxfp_decode([255], np.arange(count), config)).all()


@EACH
def test_codes_are_those_of_gfloat(name: str) -> None:
    row = next(r for r in GOLDEN["mx"] if r["name"] == name)
    config = MXFPConfig.from_string(name)
    values = [float.fromhex(v) if v not in ("nan", "inf", "-inf") else float(v)
              for v in row["values"]]  # fmt: skip
    np.testing.assert_array_equal(_numbers(name), values)
    for numbers, scale, codes in row["blocks"]:
        block = [float.fromhex(x) for x in numbers]
        found_scale, found = mxfp_encode_block(block, config)
        assert found_scale == scale
        # -0.0 and a rounded-off negative number are the same number with two codes.
        assert found == codes


def _nearest(x: Fraction, name: str) -> float:
    """The nearest finite element, ties to the even code."""
    finite = [(v, c) for c, v in enumerate(_numbers(name)) if math.isfinite(v)]
    least = min(abs(x - Fraction(v)) for v, _ in finite)
    best = [(v, c) for v, c in finite if abs(x - Fraction(v)) == least]
    even = [v for v, c in best if c % 2 == 0]
    return (even or [best[0][0]])[0]


@EACH
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_rounding_is_to_nearest_even_of_the_exact_quotient(name: str, data: st.DataObject) -> None:
    config = MXFPConfig.from_string(name)
    config = MXFPConfig(config.element_bits, config.exp_bits, config.mantissa_bits, 4)
    grid = [v for v in _numbers(name) if math.isfinite(v) and v > 0]
    ties = [(a + b) / 2 for a, b in itertools.pairwise(grid)]
    near = st.sampled_from(ties).flatmap(
        lambda t: st.sampled_from([t, math.nextafter(t, 0), math.nextafter(t, 1e9), -t])
    )
    block = data.draw(st.lists(near | st.floats(-1e6, 1e6), min_size=4, max_size=4))
    power = data.draw(st.integers(-60, 60))
    block = [math.ldexp(x, power) for x in block]
    scale, elements = mxfp_encode_block(block, config)
    largest = max(map(abs, block))
    if largest:
        emax = math.floor(math.log2(config.max_element))
        assert scale - 127 == max(-127, math.frexp(largest)[1] - 1 - emax)
    found = mxfp_decode_block(scale, elements, config)
    unit = Fraction(2) ** (scale - 127)
    for x, y in zip(block, found, strict=True):
        assert Fraction(y) == Fraction(_nearest(Fraction(x) / unit, name)) * unit


def test_arrays_of_blocks_and_zeros() -> None:
    config = MXFPConfig()
    values = np.random.default_rng(0).normal(size=(3, 64))
    values[1, 32:] = 0
    scales, elements = mxfp_encode(values, config)
    assert scales.shape == (3, 2) and elements.shape == (3, 64)
    for row in range(3):
        for k in range(2):
            part = slice(32 * k, 32 * k + 32)
            assert mxfp_encode_block(values[row, part], config) == (
                scales[row, k], elements[row, part].tolist()
            )  # fmt: skip
    back = mxfp_decode(scales, elements, config)
    assert (back[1, 32:] == 0).all()
    assert np.abs(back - values).max() <= np.abs(values).max() / 8


def test_labels() -> None:
    config = MXFPConfig.from_string("E2M1")
    assert config.label == "MXFP4E2M1X32" and config.bits_per_block == 136
    assert config == MXFPConfig(4, 2, 2)


@pytest.mark.parametrize(
    ("nonsense", "error"),
    [
        (lambda: MXFPConfig(8, 3, 4), SCConfigError),
        (lambda: MXFPConfig(block_size=0), SCConfigError),
        (lambda: MXFPConfig(shared_exp_bits=5), SCConfigError),
        (lambda: MXFPConfig.from_string("E1M2"), SCConfigError),
        (lambda: mxfp_encode_block([1.0] * 31), SCConfigError),
        (lambda: mxfp_encode([1.0] * 33), SCConfigError),
        (lambda: mxfp_encode([math.nan] * 32), SCConfigError),
        (lambda: mxfp_encode([1e300] * 32), BitwidthMismatchError),
        (lambda: mxfp_decode_block(256, [0] * 32), SCConfigError),
        (lambda: mxfp_decode_block(0, [16] * 32, MXFPConfig(4, 2, 2)), SCConfigError),
        (lambda: mxfp_decode_block(0, [0] * 31), SCConfigError),
    ],
)
def test_nonsense_is_refused(nonsense: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        nonsense()


@pytest.mark.parametrize(
    "field", ["element_bits", "exp_bits", "mantissa_bits", "block_size", "shared_exp_bits"]
)
@pytest.mark.parametrize("value", [True, 4.0, "8", None])
def test_fields_are_whole_numbers(field: str, value: Any) -> None:
    with pytest.raises(SCConfigError, match=f"{field} is .*must be a whole number"):
        MXFPConfig(**{field: value})
