"""Packing, gates and counting against bits one per element."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sc_neurocore.bitstream import (
    pack_bitstream,
    popcount,
    sc_and,
    sc_mux,
    sc_not,
    sc_or,
    sc_sub,
    sc_xnor,
    sc_xor,
    unpack_bitstream,
)
from sc_neurocore.exceptions import SCConfigError

from .streams import Bits, Words, bits_of


def test_bit_t_is_bit_t_mod_64_of_word_t_div_64() -> None:
    bits = np.zeros(130, np.uint8)
    bits[[0, 3, 63, 64, 129]] = 1
    assert pack_bitstream(bits).tolist() == [1 | 8 | 1 << 63, 1, 2]
    assert pack_bitstream(np.ones(65, np.bool_)).tolist() == [2**64 - 1, 1]
    assert pack_bitstream(bits).dtype == np.uint64


def test_round_trip_at_every_length() -> None:
    rng = np.random.default_rng(1)
    for length in range(1001):
        bits = rng.integers(0, 2, (2, length), np.uint8)
        packed = pack_bitstream(bits)
        assert packed.shape == (2, -(-length // 64))
        assert np.array_equal(unpack_bitstream(packed, length), bits)
        assert np.array_equal(popcount(packed), bits.sum(1))
        if length % 64:
            assert not (packed[:, -1] >> np.uint64(length % 64)).any()


@settings(deadline=None)
@given(st.data())
def test_gates_are_those_of_the_bits(data: st.DataObject) -> None:
    length = data.draw(st.integers(0, 200))
    a, b, s = (data.draw(bits_of(length)) for _ in range(3))
    p, q, r = (pack_bitstream(x) for x in (a, b, s))
    gates: list[tuple[Words, Bits]] = [
        (sc_and(p, q), a & b),
        (sc_or(p, q), a | b),
        (sc_xor(p, q), a ^ b),
        (sc_sub(p, q), a & (1 - b)),
        (sc_xnor(p, q, length), 1 - (a ^ b)),
        (sc_not(p, length), 1 - a),
        (sc_mux(p, q, r), np.where(s == 1, a, b).astype(np.uint8)),
    ]
    for packed, bits in gates:
        # unpack_bitstream refuses ones in the tail.
        assert np.array_equal(unpack_bitstream(packed, length), bits)


def test_not_leaves_its_argument_alone() -> None:
    a = np.array([5, 0], np.uint64)
    assert sc_not(a, 70).tolist() == [2**64 - 6, 63]
    assert a.tolist() == [5, 0]


def test_leading_axes_broadcast_and_may_be_strided() -> None:
    rng = np.random.default_rng(2)
    a = rng.integers(0, 2**63, (3, 1, 4), np.uint64)
    b = rng.integers(0, 2**63, (5, 8), np.uint64)[:, ::2]
    assert np.array_equal(sc_and(a, b), a & b)
    assert np.array_equal(sc_sub(a, b), a & ~b)
    assert np.array_equal(sc_sub(b, a), b & ~a)
    assert np.array_equal(sc_mux(b, b[:1], a), (a & b) | (~a & b[:1]))
    assert np.array_equal(sc_mux(a, a, b[0]), np.broadcast_to(a, (3, 1, 4)))
    assert np.array_equal(popcount(b), popcount(b.copy()))
    assert np.array_equal(popcount(a.transpose(1, 2, 0)), popcount(a.transpose(1, 2, 0).copy()))


def test_every_element_of_a_strided_bit_array_is_packed() -> None:
    bits = np.random.default_rng(3).integers(0, 2, (100, 6), np.uint8)
    assert np.array_equal(pack_bitstream(bits.T), pack_bitstream(bits.T.copy()))
    assert np.array_equal(pack_bitstream(bits[::-2, 0]), pack_bitstream(bits[::-2, 0].copy()))


def test_unpack_takes_rows_of_a_larger_array_and_a_shape() -> None:
    packed = pack_bitstream(np.random.default_rng(4).integers(0, 2, (6, 130), np.uint8))
    assert np.array_equal(unpack_bitstream(packed[::2], 130), unpack_bitstream(packed, 130)[::2])
    assert np.array_equal(
        unpack_bitstream(packed[:, :1], 64), unpack_bitstream(packed, 130)[:, :64]
    )
    assert unpack_bitstream(packed[0], 130, (13, 10)).shape == (13, 10)


def test_popcount_of_nothing_and_of_everything() -> None:
    assert popcount(np.zeros((2, 0), np.uint64)).tolist() == [0, 0]
    assert popcount(np.full(3, 2**64 - 1, np.uint64)) == 192


U = np.zeros(2, np.uint64)
BAD: list[tuple[Callable[[], object], str]] = [
    (
        lambda: pack_bitstream(np.array([0, 2, 1], np.uint8)),
        "bits hold 2; a bit is 0 or 1",
    ),
    (
        lambda: pack_bitstream(np.array([0, 1])),
        "bits have dtype int64; they must be a NumPy array of uint8 or bool",
    ),
    (
        lambda: pack_bitstream([0, 1]),  # type: ignore[arg-type]
        "bits have list; they must be a NumPy array of uint8 or bool",
    ),
    (
        lambda: pack_bitstream(np.array(1, np.uint8)),
        "bits have no axis; they have shape (..., length)",
    ),
    (lambda: unpack_bitstream(U, 200), "packed has 2 words per stream, but 200 bits take 4"),
    (
        lambda: unpack_bitstream(U, -1),
        "original_length is -1; it must be a whole number from 0 to 4294967296",
    ),
    (
        lambda: unpack_bitstream(np.array([1, 4], np.uint64), 66),
        "packed has ones past bit 66; the last word of a stream ends in zeros",
    ),
    (
        lambda: unpack_bitstream(np.array([[1, 0], [1, 4]], np.uint64), 66),
        "packed has ones past bit 66; the last word of a stream ends in zeros",
    ),
    (
        lambda: unpack_bitstream(np.zeros((2, 4), np.uint64)[:, ::2], 128),
        "the words of packed lie 16 bytes apart in memory, not 8; "
        "pass numpy.ascontiguousarray(packed)",
    ),
    (lambda: unpack_bitstream(U, 128, (3, 40)), "original_shape is (3, 40); it must hold 128 bits"),
    (
        lambda: sc_and(U, np.zeros(3, np.uint64)),
        "a has 2 words per stream and b has 3; streams must have the same length",
    ),
    (
        lambda: sc_and(U, np.zeros(1, np.uint64)),
        "a has 2 words per stream and b has 1; streams must have the same length",
    ),
    (
        lambda: sc_xor(np.zeros((3, 2), np.uint64), np.zeros((4, 2), np.uint64)),
        "shapes do not broadcast: a (3, 2), b (4, 2)",
    ),
    (
        lambda: sc_or(U, np.zeros(2, np.int64)),
        "b has dtype int64; packed streams are uint64 (see pack_bitstream)",
    ),
    (
        lambda: sc_or(U.astype(">u8"), U),
        "a has dtype >u8; packed streams are uint64 (see pack_bitstream)",
    ),
    (
        lambda: sc_or([1, 2], U),  # type: ignore[arg-type]
        "a is list; it must be a NumPy array of uint64 words",
    ),
    (
        lambda: popcount(np.array(3, np.uint64)),
        "packed has no axis; packed streams have shape (..., words)",
    ),
    (lambda: sc_xnor(U, U, 129), "a has 2 words per stream, but 129 bits take 3"),
    (lambda: sc_not(U, 64), "a has 2 words per stream, but 64 bits take 1"),
    (
        lambda: sc_mux(U, U, np.zeros(1, np.uint64)),
        "a has 2 words per stream and sel has 1; streams must have the same length",
    ),
]


@pytest.mark.parametrize(("call", "message"), BAD, ids=[message[:40] for _, message in BAD])
def test_bad_input(call: Callable[[], object], message: str) -> None:
    with pytest.raises(SCConfigError) as caught:
        call()
    assert str(caught.value) == message
