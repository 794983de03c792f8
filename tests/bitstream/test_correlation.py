"""Correlation against exact fractions, and the streams for which it is -1, 0 and 1."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import groupby

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sc_neurocore.bitstream import (
    autocorrelation,
    pack_bitstream,
    popcount,
    product_error,
    require_uncorrelated,
    run_lengths,
    sc_and,
    sc_not,
    scc,
    scc_matrix,
)
from sc_neurocore.bitstream._sobol import Sobol
from sc_neurocore.exceptions import SCConfigError

from .streams import Bits, Words, bits_of, random_stream


def stream(text: str) -> Words:
    return pack_bitstream(np.array([c == "1" for c in text]))


def exact_scc(a: Bits, b: Bits) -> Fraction:
    """The definition of Alaghi and Hayes, in fractions."""
    n = len(a)
    pa, pb = Fraction(int(a.sum()), n), Fraction(int(b.sum()), n)
    delta = Fraction(int((a & b).sum()), n) - pa * pb
    if delta > 0:
        return delta / (min(pa, pb) - pa * pb)
    if delta < 0:
        return delta / (pa * pb - max(pa + pb - 1, Fraction(0)))
    return Fraction(0)


def test_scc_by_hand() -> None:
    # 4 and 4 ones in 8 bits, 3 in common: (3/8 - 1/4)/(1/2 - 1/4) = 1/2.
    assert scc(stream("11110000"), stream("11101000"), 8) == 0.5
    # 1 in common: (1/8 - 1/4)/(1/4 - 0) = -1/2.
    assert scc(stream("11110000"), stream("10001110"), 8) == -0.5
    # 6 and 5 ones, 4 in common where 3 are the least: (1/2 - 15/32)/(5/8 - 15/32) = 1/5.
    assert scc(stream("11111100"), stream("11110010"), 8) == pytest.approx(0.2, abs=0)
    assert product_error(stream("11111100"), stream("11110010"), 8) == 1 / 32


@pytest.mark.parametrize("length", [2, 63, 64, 65, 1000])
def test_scc_is_exactly_plus_and_minus_one_at_the_extremes(length: int) -> None:
    t = np.arange(length)
    for ones in {1, length // 2, length - 1}:
        for other in {1, length // 3 or 1, length - 1}:
            a = pack_bitstream(t < ones)
            assert scc(a, pack_bitstream(t < other), length) == 1
            assert scc(a, pack_bitstream(t >= length - other), length) == -1
        assert scc(a, a, length) == 1
        assert scc(a, sc_not(a, length), length) == -1


def test_and_multiplies_independent_exhaustive_streams_exactly() -> None:
    t = np.arange(16 * 16)
    threshold = np.arange(17)[:, None]
    x = pack_bitstream(t % 16 < threshold)[:, None]
    y = pack_bitstream(t // 16 < threshold)[None]
    assert np.array_equal(popcount(sc_and(x, y)), np.outer(range(17), range(17)))
    assert not scc(x, y, 256).any()
    assert not product_error(x, y, 256).any()


def test_two_dimensions_of_sobol_multiply_exactly_and_one_does_not() -> None:
    thresholds = np.arange(0, 65537, 4096)[:, None]

    def streams(source: Sobol) -> Words:
        return pack_bitstream(source.values(256) < thresholds)

    x = streams(Sobol(1))
    assert not product_error(x[:, None], streams(Sobol(2))[None], 256).any()
    # The same dimension with another XOR seed keeps the order of the halves or exchanges them.
    shifted = streams(Sobol(1, shift=0x8000))
    assert scc(x[8], shifted[8], 256) == -1
    assert product_error(x[8], shifted[8], 256) == -0.25
    with pytest.raises(SCConfigError) as caught:
        require_uncorrelated(x[8], shifted[8], 256, limit=0.15)
    assert str(caught.value) == (
        "the streams have an SCC of -1.000; a multiplier of this accuracy takes at most 0.15 in "
        "magnitude; encode them from unrelated sources or put a decorrelator before one of them"
    )
    require_uncorrelated(x[:, None], streams(Sobol(2))[None], 256, limit=0)


def test_the_worst_of_many_pairs_is_named() -> None:
    a = np.stack([random_stream(0.5, 4096, seed) for seed in range(3)])
    b = a[[1, 2, 2]]
    require_uncorrelated(a[:2], b[:2], 4096, limit=0.1)
    with pytest.raises(SCConfigError, match=r"^the streams at \[2\] have an SCC of 1\.000; "):
        require_uncorrelated(a, b, 4096, limit=0.1)


@settings(deadline=None)
@given(st.data())
def test_scc_equals_its_definition(data: st.DataObject) -> None:
    length = data.draw(st.integers(1, 200))
    a, b = data.draw(bits_of(length)), data.draw(bits_of(length))
    p, q = pack_bitstream(a), pack_bitstream(b)
    found = scc(p, q, length)
    assert found == float(exact_scc(a, b))
    assert scc(q, p, length) == found
    assert scc(p, sc_not(q, length), length) == -found


def test_the_matrix_holds_every_pair() -> None:
    rng = np.random.default_rng(5)
    bits = (rng.random((2, 5, 100)) < rng.random((2, 5, 1))).astype(np.uint8)
    bits[0, 0] = 1
    packed = pack_bitstream(bits)
    matrix = scc_matrix(packed[:, ::-1], 100)[:, ::-1, ::-1]
    for k in range(2):
        for i in range(5):
            for j in range(5):
                assert matrix[k, i, j] == scc(packed[k, i], packed[k, j], 100)
    assert np.diagonal(matrix, axis1=1, axis2=2).tolist() == [[0, 1, 1, 1, 1], [1, 1, 1, 1, 1]]


def test_autocorrelation_by_hand() -> None:
    # Alternating bits: every product at lag 1 is -1/4, and there are L - 1 of L.
    found = autocorrelation(stream("01" * 50), 100, 3)
    assert found == pytest.approx([1, -0.99, 0.98, -0.97])
    assert np.isnan(autocorrelation(stream("1" * 70), 70, 1)).all()
    assert np.isnan(autocorrelation(stream("0" * 70), 70, 1)).all()


@settings(deadline=None)
@given(st.data())
def test_autocorrelation_equals_its_definition(data: st.DataObject) -> None:
    length = data.draw(st.integers(2, 200))
    bits = data.draw(bits_of(length))
    found = autocorrelation(pack_bitstream(bits), length, length - 1)
    centred = bits - bits.mean()
    full = np.correlate(centred, centred, "full")[length - 1 :]
    if 0 < bits.sum() < length:
        assert found == pytest.approx(full / full[0], abs=1e-12)
    else:
        assert np.isnan(found).all()


def test_run_lengths_by_hand() -> None:
    runs = run_lengths(stream("1101000111"), 10)
    assert runs.ones.tolist() == [0, 1, 1, 1]
    assert runs.zeros.tolist() == [0, 1, 0, 1]
    runs = run_lengths(stream("1" * 70), 70)
    assert runs.ones.tolist() == [0] * 70 + [1]
    assert runs.zeros.sum() == 0


@settings(deadline=None)
@given(st.data())
def test_run_lengths_are_those_of_groupby(data: st.DataObject) -> None:
    length = data.draw(st.integers(1, 200))
    bits = data.draw(bits_of(length))
    runs = run_lengths(pack_bitstream(bits), length)
    for value, counts in ((0, runs.zeros), (1, runs.ones)):
        found = [len(list(group)) for key, group in groupby(bits.tolist()) if key == value]
        assert np.array_equal(counts, np.bincount(np.array(found, np.int64)))


def test_strided_streams_are_read_in_place() -> None:
    rng = np.random.default_rng(6)
    a, b = rng.integers(0, 2**63, (2, 4, 6), np.uint64)
    assert np.array_equal(
        scc(a[:, ::2], b[:, ::2], 192), scc(a[:, ::2].copy(), b[:, ::2].copy(), 192)
    )
    assert np.array_equal(
        autocorrelation(a[::-1, ::3], 128, 9), autocorrelation(a[::-1, ::3].copy(), 128, 9)
    )
    assert np.array_equal(run_lengths(a[0, ::2], 192).ones, run_lengths(a[0, ::2].copy(), 192).ones)


U = np.zeros(2, np.uint64)
DIRTY = np.array([1, 16], np.uint64)
TAIL = "has ones past bit 66; the last word of a stream ends in zeros"
BAD: list[tuple[Callable[[], object], str]] = [
    (lambda: scc(U, U, 0), "length is 0; it must be a whole number from 1 to 4294967296"),
    (lambda: scc(U, U, 66.0), "length is 66.0; it must be a whole number from 1 to 4294967296"),  # type: ignore[arg-type]
    (
        lambda: scc(U, U, 2**33),
        "length is 8589934592; it must be a whole number from 1 to 4294967296",
    ),
    (lambda: scc(U, U, 200), "a has 2 words per stream, but 200 bits take 4"),
    (lambda: scc(U, U[:1], 66), "b has 1 words per stream, but 66 bits take 2"),
    (lambda: scc(DIRTY, U, 66), f"a {TAIL}"),
    (lambda: scc(U, DIRTY, 66), f"b {TAIL}"),
    (
        lambda: scc(np.zeros((2, 2), np.uint64), np.zeros((3, 2), np.uint64), 66),
        "shapes do not broadcast: a (2, 2), b (3, 2)",
    ),
    (
        lambda: scc(np.zeros(66, np.uint8), U, 66),
        "a has dtype uint8; packed streams are uint64 (see pack_bitstream)",
    ),
    (lambda: product_error(U, DIRTY, 66), f"b {TAIL}"),
    (
        lambda: scc_matrix(U, 66),
        "streams have shape (words,); a matrix needs shape (..., N, words)",
    ),
    (lambda: scc_matrix(DIRTY[None], 66), f"streams {TAIL}"),
    (lambda: require_uncorrelated(U, U, 66, limit=2), "limit is 2; it must be from 0 to 1"),
    (
        lambda: require_uncorrelated(U, U, 66, limit=float("nan")),
        "limit is nan; it must be from 0 to 1",
    ),
    (lambda: autocorrelation(U, 66, 66), "lags is 66; it must be a whole number from 0 to 65"),
    (lambda: autocorrelation(DIRTY, 66, 1), f"stream {TAIL}"),
    (lambda: run_lengths(DIRTY, 66), f"packed {TAIL}"),
    (lambda: run_lengths(U[None], 66), "stream has shape (1, 2); runs are counted in one stream"),
]


@pytest.mark.parametrize(("call", "message"), BAD, ids=[message[:40] for _, message in BAD])
def test_bad_input(call: Callable[[], object], message: str) -> None:
    with pytest.raises(SCConfigError) as caught:
        call()
    assert str(caught.value) == message
