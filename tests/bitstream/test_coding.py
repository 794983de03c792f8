"""Codings, ranges, placed ones, and single streams of bytes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pint
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc_neurocore.bitstream import (
    BIPOLAR,
    CODINGS,
    SIGN_MAGNITUDE,
    SPLIT_UNIPOLAR,
    UNIPOLAR,
    BitstreamAverager,
    BitstreamEncoder,
    Coding,
    Range,
    Sobol,
    bipolar_to_value,
    bitstream_to_probability,
    encode,
    generate_bernoulli_bitstream,
    generate_bipolar_bitstream,
    generate_sobol_bitstream,
    popcount,
    pulse_train,
    thermometer,
    unipolar_prob_to_value,
    unpack_bitstream,
    value_to_bipolar_prob,
    value_to_unipolar_prob,
)
from sc_neurocore.exceptions import SCConfigError

from .sources import compiling

# ── Codings and ranges ──


def test_probabilities_by_hand() -> None:
    v = [-1.0, -0.25, 0.0, 0.5]
    assert UNIPOLAR.probabilities([0.0, 0.25, 1.0]).tolist() == [0.0, 0.25, 1.0]
    assert BIPOLAR.probabilities(v).tolist() == [0.0, 0.375, 0.5, 0.75]
    assert SIGN_MAGNITUDE.probabilities(v).tolist() == [[1, 1, 0, 0], [1.0, 0.25, 0.0, 0.5]]
    assert SPLIT_UNIPOLAR.probabilities(v).tolist() == [[0, 0, 0, 0.5], [1.0, 0.25, 0, 0]]


@pytest.mark.parametrize("coding", CODINGS.values(), ids=list(CODINGS))
@given(data=st.data())
def test_value_inverts_probabilities(coding: Coding, data: st.DataObject) -> None:
    whole = coding.range
    v = np.array(data.draw(st.lists(st.floats(whole.low, whole.high), max_size=5)), np.float64)
    p = coding.probabilities(v)
    assert p.shape == (v.shape if coding.rails == 1 else (2, *v.shape))
    assert (p >= 0).all() and (p <= 1).all()
    assert np.allclose(coding.value(p), v, rtol=0, atol=1e-15)


def test_zero_has_no_sign() -> None:
    assert SIGN_MAGNITUDE.probabilities(-0.0).tolist() == [0.0, 0.0]


def test_two_rails_survive_streams() -> None:
    v = np.array([-0.75, 0.5])
    for coding in (SIGN_MAGNITUDE, SPLIT_UNIPOLAR):
        streams = encode(coding.probabilities(v), 256, Sobol(1, 8))
        assert coding.value(popcount(streams) / 256).tolist() == v.tolist()


def test_range_maps_onto_a_coding() -> None:
    membrane = Range(-80.0, 40.0, "mV")
    assert membrane.rescale([-80.0, -20.0, 40.0], BIPOLAR.range).tolist() == [-1.0, 0.0, 1.0]
    assert BIPOLAR.range.rescale([-1.0, 0.0, 1.0], membrane).tolist() == [-80.0, -20.0, 40.0]


def test_range_reads_quantities() -> None:
    units = pint.UnitRegistry()
    membrane = Range(-80.0, 40.0, "mV")
    assert membrane.fraction(units.Quantity([-0.08, -0.05], "V")).tolist() == [0.0, 0.25]
    assert Range(0, 2).fraction(units.Quantity(1.0, "")) == 0.5


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.floats(0, 1))
def test_range_is_inverted(low: float, span: float, part: float) -> None:
    whole = Range(low, low + span) if low + span > low else Range(low, low + 1)
    value = min(max(float(whole.at(part)), whole.low), whole.high)
    assert whole.fraction(value) == pytest.approx(part, abs=1e-3)
    assert float(whole.at(0.0)) == whole.low and float(whole.at(1.0)) == whole.high


def test_documented_maps() -> None:
    assert value_to_unipolar_prob(0.06, 0.0, 0.1) == pytest.approx(0.6)
    assert value_to_unipolar_prob(-3, -2, 2, clip=True) == 0.0
    assert value_to_unipolar_prob(3, -2, 2, clip=True) == 1.0
    assert unipolar_prob_to_value(0.6, 0.0, 0.1) == pytest.approx(0.06)
    assert value_to_bipolar_prob(-0.5) == 0.25


# ── Placed ones ──

LENGTHS = st.integers(1, 300)


@compiling
@given(st.floats(0, 1), LENGTHS)
def test_thermometer_puts_ones_first(p: float, length: int) -> None:
    ones = round(p * length)
    bits = unpack_bitstream(thermometer(p, length), length)
    assert bits.tolist() == [1] * ones + [0] * (length - ones)


@compiling
@given(st.lists(st.floats(0, 1), max_size=3), LENGTHS)
def test_pulses_are_even(p: list[float], length: int) -> None:
    streams = pulse_train(p, length)
    assert streams.shape == (len(p), (length + 63) // 64)
    for value, stream in zip(p, streams, strict=True):
        ones = round(value * length)
        counts = np.cumsum(unpack_bitstream(stream, length))
        assert counts.tolist() == [(t + 1) * ones // length for t in range(length)]


# ── Single streams ──


@compiling
@given(st.floats(0, 1), st.integers(1, 500), st.integers(0, 2**32))
def test_bernoulli_is_the_generator_below_p(p: float, length: int, seed: int) -> None:
    bits = generate_bernoulli_bitstream(p, length, np.random.default_rng(seed))
    assert bits.dtype == np.uint8 and bits.shape == (length,)
    assert np.array_equal(bits, np.random.default_rng(seed).random(length) < p)


def test_certain_bits() -> None:
    assert generate_bernoulli_bitstream(1.0, 9).tolist() == [1] * 9
    assert generate_bernoulli_bitstream(0.0, 9).tolist() == [0] * 9
    assert generate_sobol_bitstream(1.0, 9, 5).tolist() == [1] * 9


def test_sobol_errs_less_than_one_bit_over_a_power_of_two() -> None:
    for p in np.linspace(0, 1, 41):
        bits = generate_sobol_bitstream(float(p), 256, 3)
        assert abs(bitstream_to_probability(bits) - p) <= 1 / 256


def test_seeds_of_sobol_multiply() -> None:
    # The worst pair of 1-D shifts errs by 0.25.
    for p, q in ((0.5, 0.5), (0.25, 0.75), (0.7, 0.4)):
        a, b = generate_sobol_bitstream(p, 256, 0), generate_sobol_bitstream(q, 256, 1)
        assert bitstream_to_probability(a & b) == pytest.approx(p * q, abs=0.02)


def test_bipolar_streams() -> None:
    bits = generate_bipolar_bitstream(-0.5, 100_000, np.random.default_rng(1))
    assert bipolar_to_value(bits) == pytest.approx(-0.5, abs=0.02)  # six standard deviations
    assert bipolar_to_value(np.array([1, 1, 1, 0], np.uint8)) == 0.5
    assert generate_bipolar_bitstream(1.0, 5).tolist() == [1] * 5


def test_share_of_ones() -> None:
    assert bitstream_to_probability(np.array([1, 0, 0, 1, 1], np.uint8)) == 0.6
    assert bitstream_to_probability(np.array([True, False])) == 0.5


def test_encoder_as_documented() -> None:
    encoder = BitstreamEncoder(x_min=0.0, x_max=0.1, length=1024, seed=123)
    bits = encoder.encode(0.06)
    assert bits.shape == (1024,) and bits.dtype == np.uint8
    assert encoder.decode(bits) == pytest.approx(0.06, abs=0.1 * 6 * 0.0154)
    again = BitstreamEncoder(x_min=0.0, x_max=0.1, length=1024, seed=123)
    assert np.array_equal(again.encode(0.06), bits)
    assert not np.array_equal(again.encode(0.06), bits)


def test_averager_as_documented() -> None:
    averager = BitstreamAverager(window=100)
    for _ in range(100):
        averager.push(1)
    assert averager.estimate() == 1.0
    averager.push(0)
    assert averager.estimate() == 0.99


@given(st.integers(1, 9), st.lists(st.integers(0, 1), min_size=1, max_size=40))
def test_averager_holds_the_last_bits(window: int, bits: list[int]) -> None:
    averager = BitstreamAverager(window)
    averager.push(1)
    averager.reset()
    for bit in bits:
        averager.push(bit)
    last = bits[-window:]
    assert averager.estimate() == sum(last) / len(last)


def test_range_wider_than_the_greatest_number() -> None:
    assert value_to_unipolar_prob(1e308, -1e308, 1e308) == 1.0
    assert value_to_unipolar_prob(0.0, -1e308, 1e308) == 0.5
    assert value_to_unipolar_prob(9.0, 0.0, 3.0, clip=True) == 1.0


# ── Bad input ──

NAN = float("nan")
WHOLE = "it must be a whole number"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: UNIPOLAR.probabilities(-0.1), "value is -0.1; it must be from 0 to 1"),
        (lambda: BIPOLAR.probabilities([0, 1.5]), "value[1] is 1.5; it must be from -1 to 1"),
        (lambda: SPLIT_UNIPOLAR.probabilities(NAN), "value is nan; it must be from -1 to 1"),
        (lambda: BIPOLAR.value(2), "probability is 2; it must be from 0 to 1"),
        (
            lambda: SIGN_MAGNITUDE.value([0.5]),
            "probabilities have shape (1,); sign-magnitude coding has a leading axis of 2",
        ),
        (
            lambda: Range(-80, 40, "mV").fraction(50),
            "value is 50 mV; it must be from -80 to 40 mV",
        ),
        (
            lambda: Range(-80, 40, "mV").fraction(pint.UnitRegistry().Quantity(1, "s")),
            "value has the unit 'second'; it must convert to 'mV'",
        ),
        (
            lambda: Range(1, 1, "mV"),
            "range is 1 to 1 mV; its low end must be below its high end, both finite",
        ),
        (
            lambda: Range(0, NAN),
            "range is 0 to nan; its low end must be below its high end, both finite",
        ),
        (lambda: Range("a", "b"), "range is 'a' to 'b'; both ends must be finite numbers"),
        (
            lambda: Range(0, 1, "blurb").fraction(pint.UnitRegistry().Quantity(1, "s")),
            "range is 0 to 1 blurb, whose unit 'blurb' is not known; write one that pint knows, "
            "such as 'mV'",
        ),
        (
            lambda: value_to_unipolar_prob([1.0, 2.0], -2, 2),
            "x has shape (2,); it must be one number",
        ),
        (
            lambda: value_to_unipolar_prob("1", -2, 2, clip=True),
            "value is not a number or an array of numbers",
        ),
        (lambda: value_to_bipolar_prob([0, 0]), "value has shape (2,); it must be one number"),
        (
            lambda: generate_bernoulli_bitstream([0.5, 0.5], 8),
            "p has shape (2,); it must be one number",
        ),
        (
            lambda: generate_bernoulli_bitstream("half", 8),
            "p is not a number or an array of numbers",
        ),
        (lambda: generate_sobol_bitstream(0.5, 8, ""), f"seed is ''; {WHOLE} of at least 0"),
        (lambda: generate_sobol_bitstream(0.5, 8, 0.0), f"seed is 0.0; {WHOLE} of at least 0"),
        (lambda: Range().at(1.5), "fraction is 1.5; it must be from 0 to 1"),
        (lambda: value_to_unipolar_prob(3, -2, 2), "value is 3; it must be from -2 to 2"),
        (
            lambda: value_to_unipolar_prob(NAN, -2, 2, clip=True),
            "value is nan; it must be from -2 to 2",
        ),
        (lambda: unipolar_prob_to_value(1.1, 0, 1), "probability is 1.1; it must be from 0 to 1"),
        (lambda: value_to_bipolar_prob(2), "value is 2; it must be from -1 to 1"),
        (lambda: thermometer(0.5, 0), f"length is 0; {WHOLE} from 1 to 4294967296"),
        (lambda: pulse_train(NAN, 8), "probability is nan; it must be from 0 to 1"),
        (lambda: generate_bernoulli_bitstream(1.5, 8), "p is 1.5; it must be from 0 to 1"),
        (
            lambda: generate_bernoulli_bitstream(0.5, 2**40),
            f"length is 1099511627776; {WHOLE} from 1 to 4294967296",
        ),
        (lambda: generate_sobol_bitstream(NAN, 8), "p is nan; it must be from 0 to 1"),
        (lambda: generate_sobol_bitstream(0.5, 8, -1), f"seed is -1; {WHOLE} of at least 0"),
        (lambda: generate_bipolar_bitstream(-2, 8), "value is -2; it must be from -1 to 1"),
        (
            lambda: bitstream_to_probability(np.zeros(0, np.uint8)),
            "bitstream is empty; it must hold at least one bit",
        ),
        (
            lambda: bitstream_to_probability(np.array([0, 2])),
            "bitstream holds something other than the integers 0 and 1",
        ),
        (
            lambda: bipolar_to_value(np.array([0.5])),
            "bitstream holds something other than the integers 0 and 1",
        ),
        (lambda: BitstreamEncoder(0.0, 1.0, 0), f"length is 0; {WHOLE} from 1 to 4294967296"),
        (lambda: BitstreamEncoder().encode(1.5), "value is 1.5; it must be from 0 to 1"),
        (lambda: BitstreamEncoder(seed=-4), f"seed is -4; {WHOLE} of at least 0"),
        (
            lambda: BitstreamEncoder(1.0, 0.0),
            "range is 1 to 0; its low end must be below its high end, both finite",
        ),
        (lambda: BitstreamAverager(0), f"window is 0; {WHOLE} of at least 1"),
        (lambda: BitstreamAverager().push(2), f"bit is 2; {WHOLE} from 0 to 1"),
        (
            lambda: BitstreamAverager().estimate(),
            "the window is empty; push a bit before asking for an estimate",
        ),
    ],
)
def test_bad_input_is_named(make: Callable[[], object], message: str) -> None:
    with pytest.raises(SCConfigError) as caught:
        make()
    assert str(caught.value) == message
    assert isinstance(caught.value, ValueError)
