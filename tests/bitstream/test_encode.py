"""The packed comparator against ``r < x``, one bit at a time."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sc_neurocore.bitstream import (
    Counter,
    Halton,
    Lfsr,
    NumpyRandom,
    OsEntropy,
    Sobol,
    Source,
    encode,
    encode_thresholds,
    pack_bitstream,
    popcount,
    thermometer,
    threshold,
)
from sc_neurocore.exceptions import SCConfigError

from .sources import compiling, sources

Words = NDArray[np.uint64]
BLOCK_BITS = 8192


def compared(thresholds: Words, source: Source, length: int, start: int) -> Words:
    numbers = source.values(length, start).astype(np.uint64)
    return pack_bitstream(numbers < thresholds[..., None])


@st.composite
def thresholds_of(draw: st.DrawFn, source: Source) -> Words:
    top = 1 << source.width
    edges = st.sampled_from([0, 1, top // 2, top - 1, top])
    drawn = draw(st.lists(st.one_of(edges, st.integers(0, top)), min_size=1, max_size=4))
    return np.array(drawn, np.uint64)


# ── One comparator ──


@compiling
@given(st.data(), sources(), st.integers(1, 1200), st.integers(0, 2**34))
def test_bits_are_comparisons(data: st.DataObject, source: Source, length: int, start: int) -> None:
    x = data.draw(thresholds_of(source))
    stream = encode_thresholds(x, length, source, start=start)
    assert stream.dtype == np.uint64
    assert np.array_equal(stream, compared(x, source, length, start))


@pytest.mark.parametrize(
    "length", [BLOCK_BITS - 1, BLOCK_BITS, BLOCK_BITS + 1, 3 * BLOCK_BITS + 77]
)
@pytest.mark.parametrize(
    "source",
    [Lfsr(), Lfsr(form="galois"), Lfsr(3, 5), Lfsr(32, 9, "galois"), Lfsr(8, 1, taps=(8, 4, 3, 2)),
     Sobol(4), Sobol(2, 3), Sobol(9, 32), Halton(3), Counter(20), NumpyRandom(5)],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("start", [0, 5, 65_530])
def test_blocks_join(source: Source, start: int, length: int) -> None:
    top = 1 << source.width
    x = np.array([1, top // 3, top // 2, top - 1, top], np.uint64)
    expected = compared(x, source, length, start)
    assert np.array_equal(encode_thresholds(x, length, source, start=start), expected)


def test_numbers_without_structure_join_over_chunks() -> None:
    length = 2**20 + 70
    x = np.array([1000, 40_000], np.uint64)
    expected = compared(x, NumpyRandom(1), length, 3)
    assert np.array_equal(encode_thresholds(x, length, NumpyRandom(1), start=3), expected)


@compiling
@given(sources(), st.integers(1, 300))
def test_zero_and_one_are_exact(source: Source, length: int) -> None:
    assert popcount(encode([0.0, 1.0], length, source)).tolist() == [0, length]
    assert popcount(encode([0.0, 1.0], length, OsEntropy())).tolist() == [0, length]


@pytest.mark.parametrize("form", ["fibonacci", "galois"])
def test_register_over_a_period_holds_one_less(form: str) -> None:
    source = Lfsr(10, 77, form)  # type: ignore[arg-type]
    x = np.arange(1025, dtype=np.uint64)
    ones = popcount(encode_thresholds(x, source.period, source, start=123))
    assert np.array_equal(ones, np.maximum(x.astype(int) - 1, 0))


@pytest.mark.parametrize("source", [Sobol(5, 10), Halton(2, 10), Counter(10)], ids=str)
def test_permutations_over_a_period_are_exact(source: Source) -> None:
    x = np.arange(1025, dtype=np.uint64)
    assert np.array_equal(popcount(encode_thresholds(x, 1024, source, start=99)), x)


def test_two_dimensions_multiply_exactly_over_a_period() -> None:
    # The first two dimensions fill every box; eight bits times eight bits takes 2^16 ticks.
    x = np.array([3, 100, 128, 200, 256])
    first = encode_thresholds(x * 256, 2**16, Sobol(1))
    second = encode_thresholds(x * 256, 2**16, Sobol(2))
    assert np.array_equal(popcount(first[:, None] & second), np.multiply.outer(x, x))


def test_comparator_without_ternary_logic_gives_the_same() -> None:
    numba = pytest.importorskip("numba")
    from sc_neurocore.bitstream._comparator_kernel import LANES, _majority, address, comparator

    plain = comparator(2, _majority)

    @numba.njit  # type: ignore[misc, unused-ignore]
    def run(planes: Words, stride: np.uint64, x: np.uint64, width: np.uint64, out: Words) -> None:
        plain(address(planes, 0), stride, x, width, address(out, 0))

    numbers = Lfsr(7, 3).values(128 * LANES)
    planes = np.concatenate([pack_bitstream((numbers >> j & 1).astype(np.uint8)) for j in range(7)])
    for x in (1, 64, 77, 127):
        out = np.zeros(2 * LANES, np.uint64)
        run(planes, np.uint64(2 * LANES), np.uint64(x), np.uint64(7), out)
        assert np.array_equal(out, pack_bitstream(numbers < x))


# ── Thresholds ──


@given(st.floats(0, 1), st.integers(1, 32))
def test_threshold_is_nearest(p: float, width: int) -> None:
    exact = Fraction(p) * 2**width
    assert int(threshold(p, width)) == round(exact)  # Python rounds halves to even too


def test_halves_round_to_even() -> None:
    assert threshold([0.125, 0.375, 0.625, 0.875], 2).tolist() == [0, 2, 2, 4]


def test_probability_is_encoded_by_its_threshold() -> None:
    p = np.random.default_rng(0).random((3, 2))
    expected = encode_thresholds(threshold(p, 16), 200, Sobol(3))
    assert np.array_equal(encode(p, 200, Sobol(3)), expected)


@pytest.mark.parametrize("width", [3, 16, 32])
@pytest.mark.parametrize("start", [0, 7])
def test_every_probability_is_rounded_as_threshold_says(width: int, start: int) -> None:
    # Halves, and their neighbours, between thresholds; subnormal and negative zeros.
    halves = np.ldexp(np.arange(0.5, 8), -width)
    p = np.concatenate(
        [halves, np.nextafter(halves, 0), np.nextafter(halves, 1), [1, -0.0, 5e-324]]
    )
    for source in (Lfsr(width, 5), Sobol(2, width), Halton(2, width), Halton(3, width)):
        expected = encode_thresholds(threshold(p, width), 700, source, start=start)
        assert np.array_equal(encode(p, 700, source, start=start), expected)


def test_probabilities_of_any_kind_of_array() -> None:
    p = np.linspace(0, 1, 6)
    frozen = p.copy()
    frozen.flags.writeable = False
    for source in (Lfsr(), Sobol()):
        expected = encode_thresholds(threshold(p, 16), 99, source)
        for given_as in (frozen, list(p), p.astype(">f8"), p[::-1].copy()[::-1]):
            assert np.array_equal(encode(given_as, 99, source), expected)
        assert encode(np.bool_(True), 64, source) == 2**64 - 1
        assert encode(1, 64, source) == 2**64 - 1


def test_nothing_is_written_if_a_probability_is_refused() -> None:
    for source in (Lfsr(), Sobol()):
        room = np.full((3, 1), 7, np.uint64)
        with pytest.raises(SCConfigError, match=r"probability\[2\] is 2; it must be from 0 to 1"):
            encode([0.5, 0.25, 2.0], 64, source, out=room)
        assert (room == 7).all()


# ── Many streams ──


def test_sources_go_with_the_last_axis() -> None:
    mixed = [Lfsr(), Sobol(3), Lfsr(16, 7), NumpyRandom(1), Lfsr(8, 7), Sobol(4), Sobol(2, 8)]
    p = np.random.default_rng(1).random((2, 3, len(mixed)))
    streams = encode(p, 333, mixed, start=9)
    assert streams.shape == (2, 3, len(mixed), 6)
    for i, source in enumerate(mixed):
        assert np.array_equal(streams[:, :, i], encode(p[:, :, i], 333, source, start=9))


def test_sources_of_one_kind_go_with_the_last_axis() -> None:
    for alike in ([Lfsr().jump(97 * i) for i in range(5)], [Sobol(i) for i in range(1, 6)]):
        p = np.random.default_rng(2).random((4, 5))
        streams = encode(p, 9000, alike)
        for i, source in enumerate(alike):
            assert np.array_equal(streams[:, i], encode(p[:, i], 9000, source))


def test_streams_of_one_source_are_nested() -> None:
    low, high = encode([0.3, 0.6], 5000, Lfsr())
    assert np.array_equal(low & high, low)


def test_shapes() -> None:
    assert encode(0.5, 64, Sobol()).shape == (1,)
    assert encode([], 64, Sobol()).shape == (0, 1)
    assert encode(np.zeros((0, 2)), 64, [Sobol(), Sobol(2)]).shape == (0, 2, 1)
    assert encode(np.zeros((2, 0)), 64, []).shape == (2, 0, 1)


def test_strided_probabilities_are_read_in_order() -> None:
    p = np.linspace(0, 1, 24).reshape(4, 6)
    expected = encode(p.T[::2].copy(), 100, Counter(6))
    assert np.array_equal(encode(p.T[::2], 100, Counter(6)), expected)


def test_out_is_written_to() -> None:
    room = np.full((2, 3), 7, np.uint64)
    assert encode([0.2, 0.9], 130, Lfsr(), out=room) is room
    assert np.array_equal(room, encode([0.2, 0.9], 130, Lfsr()))


def test_counter_makes_a_thermometer() -> None:
    p = np.linspace(0, 1, 33)
    assert np.array_equal(encode(p, 256, Counter(8)), thermometer(p, 256))


# ── Bad input ──


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: encode(1.2, 64, Lfsr()), "probability is 1.2; it must be from 0 to 1"),
        (lambda: encode(1 + 1e-9, 9, Lfsr()), "probability is 1.000000001; it must be from 0 to 1"),
        (lambda: encode(-1e-9, 64, Lfsr()), "probability is -1e-09; it must be from 0 to 1"),
        (
            lambda: encode([[0.1, float("nan")]], 64, Lfsr()),
            "probability[0, 1] is nan; it must be from 0 to 1",
        ),
        (lambda: encode("half", 64, Lfsr()), "probability is not a number or an array of numbers"),
        (
            lambda: encode(0.5, 0, Lfsr()),
            "length is 0; it must be a whole number from 1 to 4294967296",
        ),
        (
            lambda: encode(0.5, 2**32 + 1, Lfsr()),
            "length is 4294967297; it must be a whole number from 1 to 4294967296",
        ),
        (
            lambda: encode(0.5, 64.0, Lfsr()),
            "length is 64.0; it must be a whole number from 1 to 4294967296",
        ),
        (
            lambda: encode(np.zeros(33), 2**32, Lfsr()),
            "33 streams of 4294967296 bits are more than 137438953472 bits; "
            "encode fewer streams at a time",
        ),
        (
            lambda: encode(0.5, 64, Lfsr(), start=-1),
            "start is -1; it must be a whole number of at least 0",
        ),
        (
            lambda: encode([0.1, 0.2], 64, [Lfsr()]),
            "1 sources for streams of shape (2,); give one source, or one per element of the last "
            "axis",
        ),
        (
            lambda: encode(0.1, 64, [Lfsr()]),
            "1 sources for streams of shape (); give one source, or one per element of the last "
            "axis",
        ),
        (
            lambda: encode(0.1, 64, Lfsr(), out=np.zeros(2, np.uint64)),
            "out has shape (2,) and type uint64; it must be a contiguous array of uint64 with "
            "shape (1,)",
        ),
        (
            lambda: encode([], 4, Sobol(), start=-1),
            "start is -1; it must be a whole number of at least 0",
        ),
        (
            lambda: encode(0.5, 4, None),
            "source is None; it must be a source or a sequence of sources, such as Sobol(1) or "
            "source_of('sobol:1')",
        ),
        (
            lambda: encode([0.5], 4, ["sobol:1"]),
            "source is ['sobol:1']; it must be a source or a sequence of sources, such as Sobol(1) "
            "or source_of('sobol:1')",
        ),
        (
            lambda: encode(0.5, 4, Sobol(), out=[0]),
            "out is list; it must be a NumPy array of uint64",
        ),
        (
            lambda: encode(0.5, 4, Sobol(), out=np.broadcast_to(np.uint64(0), 1)),
            "out is read-only; it must be an array that can be written to",
        ),
        (
            lambda: encode_thresholds(0.5, 64, Lfsr()),
            "thresholds have type float64; they must be integers",
        ),
        (
            lambda: encode_thresholds([5, 65537], 64, Lfsr()),
            "threshold is 65537; it must be from 0 to 65536",
        ),
        (
            lambda: encode_thresholds([[9, 9]], 64, [Lfsr(8, 1), Lfsr(3, 1)]),
            "threshold is 9; it must be from 0 to 8",
        ),
        (
            lambda: encode_thresholds(-1, 64, Lfsr()),
            "threshold is -1; it must be from 0 to 65536",
        ),
        (lambda: threshold(0.5, 33), "width is 33; it must be a whole number from 1 to 32"),
        (lambda: threshold(float("nan"), 8), "probability is nan; it must be from 0 to 1"),
    ],
)  # fmt: skip
def test_bad_input_is_named(make: Callable[[], object], message: str) -> None:
    with pytest.raises(SCConfigError) as caught:
        make()
    assert str(caught.value) == message
    assert isinstance(caught.value, ValueError)
