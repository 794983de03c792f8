"""Posits: every code against exact fractions, every tie against the rule, and SoftPosit's codes."""

from __future__ import annotations

import itertools
import json
import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc_neurocore.compiler.quantization import PositConfig, posit_decode, posit_encode
from sc_neurocore.exceptions import SCConfigError

GOLDEN = json.loads(Path(__file__).with_name("golden.json").read_text(encoding="utf-8"))
CONFIGS = [PositConfig(n, es) for n, es in itertools.product((8, 16), (0, 1, 2))]
EACH = pytest.mark.parametrize("config", CONFIGS, ids=str)


def _exact(code: int, nbits: int, es: int) -> Fraction:
    """The definition, bit by bit."""
    if code == 0:
        return Fraction(0)
    sign = code >> (nbits - 1)
    bits = f"{(1 << nbits) - code if sign else code:0{nbits}b}"[1:]
    run = len(bits) - len(bits.lstrip(bits[0]))
    regime = run - 1 if bits[0] == "1" else -run
    rest = bits[run + 1 :]
    exponent = int((rest[:es] + "0" * es)[:es] or "0", 2)
    fraction = rest[es:]
    significand = 1 + (Fraction(int(fraction, 2), 1 << len(fraction)) if fraction else 0)
    size = Fraction(2) ** (regime * 2**es + exponent) * significand
    return -size if sign else size


@EACH
def test_every_code_is_its_fraction_and_comes_back(config: PositConfig) -> None:
    codes = np.arange(1 << config.nbits)
    values = posit_decode(codes, config)
    assert np.isnan(values[config.nar])
    for code, value in zip(codes.tolist(), values.tolist(), strict=True):
        if code != config.nar:
            assert Fraction(value) == _exact(code, config.nbits, config.es)
    assert (posit_encode(values, config) == codes).all()
    assert values[config.nar - 1] == config.max_value and values[1] == config.min_positive


@EACH
def test_every_tie_goes_to_the_even_pattern(config: PositConfig) -> None:
    """Between neighbours lies the posit of one more bit that ends in 1."""
    codes = np.arange(1, config.nar - 1)
    ties = np.array([float(_exact(2 * c + 1, config.nbits + 1, config.es)) for c in codes.tolist()])
    for sign in (1, -1):
        wrap = (lambda c: c) if sign > 0 else (lambda c: (1 << config.nbits) - c)
        assert (posit_encode(sign * ties, config) == wrap(codes + codes % 2)).all()
        above = sign * np.nextafter(ties, np.inf)
        below = sign * np.nextafter(ties, 0)
        assert (posit_encode(above, config) == wrap(codes + 1)).all()
        assert (posit_encode(below, config) == wrap(codes)).all()


@pytest.mark.parametrize("row", GOLDEN["posit"], ids=lambda r: f"posit{r['nbits']}es{r['es']}")
def test_codes_are_those_of_softposit(row: dict[str, Any]) -> None:
    config = PositConfig(row["nbits"], row["es"])
    for code, value in row["decode"]:
        assert posit_decode(code, config) == float.fromhex(value)
    for value, code in row["encode"]:
        assert posit_encode(float.fromhex(value), config) == code, value


@EACH
def test_ends_keep_their_sign_and_never_become_zero(config: PositConfig) -> None:
    assert posit_encode(1e300, config) == config.nar - 1
    assert posit_encode(-1e300, config) == config.nar + 1
    assert posit_encode(1e-300, config) == 1
    assert posit_encode(-5e-324, config) == (1 << config.nbits) - 1
    assert posit_encode(0.0, config) == posit_encode(-0.0, config) == 0
    for what in (math.inf, -math.inf, math.nan):
        assert posit_encode(what, config) == config.nar


@given(st.sampled_from(CONFIGS), st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_order_is_kept(config: PositConfig, x: float, y: float) -> None:
    def as_signed(v: float) -> int:
        code = posit_encode(v, config)
        assert isinstance(code, int)
        return code - (1 << config.nbits) if code > config.nar else code

    if math.isfinite(x) and math.isfinite(y) and x <= y:
        assert as_signed(x) <= as_signed(y)


def test_shapes_and_scalars() -> None:
    assert posit_encode(1.0) == 0x4000 and posit_decode(0x4000) == 1.0
    assert isinstance(posit_encode(1.0), int) and isinstance(posit_decode(1), float)
    assert np.shape(posit_encode([[1.0, 2.0]])) == (1, 2)


@pytest.mark.parametrize(
    "nonsense",
    [lambda: PositConfig(12, 1), lambda: PositConfig(8, 3), lambda: posit_decode(-1),
     lambda: posit_decode(256, PositConfig(8, 0)), lambda: posit_decode(0.5),
     lambda: posit_encode("x")],  # type: ignore[arg-type]
)  # fmt: skip
def test_nonsense_is_refused(nonsense: Any) -> None:
    with pytest.raises(SCConfigError):
        nonsense()


def test_sizes_are_whole_numbers() -> None:
    for nbits, es in ((16.0, 2), (16, True), (8, 1.0), (True, 0)):
        with pytest.raises(SCConfigError, match="allowed"):
            PositConfig(nbits, es)  # type: ignore[arg-type]
