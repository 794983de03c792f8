"""Arithmetic circuits against their own cycles, and against the numbers they stand for."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sc_neurocore.bitstream import (
    desynchroniser,
    pack_bitstream,
    popcount,
    sc_and,
    sc_divide,
    sc_divide_history,
    sc_maximum,
    sc_minimum,
    sc_or,
    sc_saturating_add,
    sc_scaled_add,
    sc_sqrt,
    sc_sub,
    sc_subtract,
    scc,
    synchroniser,
    unpack_bitstream,
)
from sc_neurocore.bitstream._lfsr import Lfsr
from sc_neurocore.bitstream._sobol import Sobol
from sc_neurocore.exceptions import SCConfigError

from .streams import Bits, Words, bits_of, random_stream, share

LENGTHS = st.integers(1, 200)


def packed(text: str) -> Words:
    return pack_bitstream(np.array([c == "1" for c in text]))


def text(stream: Words, length: int) -> str:
    return "".join(map(str, unpack_bitstream(stream, length)))


def nested(p: float, length: int, seed: int = 0) -> Words:
    """Streams of one seed have SCC +1."""
    return random_stream(p, length, seed)


# The circuits of the docstrings, one cycle at a time.


def scaled_add_cycles(a: Bits, b: Bits) -> Iterator[int]:
    q = 0
    for x, y in zip(a, b, strict=True):
        yield x if x == y else q
        q ^= int(x != y)


def saturating_add_cycles(a: Bits, b: Bits, depth: int) -> Iterator[int]:
    c = 0
    for x, y in zip(a, b, strict=True):
        n = c + int(x) + int(y)
        out = int(n >= 1)
        yield out
        c = min(n - out, depth)


def subtract_cycles(a: Bits, b: Bits, depth: int) -> Iterator[int]:
    c = 0
    for x, y in zip(a, b, strict=True):
        n = int(x) - int(y) - c
        out = int(n >= 1)
        yield out
        c = min(out - n, depth)


def divide_cycles(x: Bits, y: Bits) -> Iterator[int]:
    q = 0
    for a, b in zip(x, y, strict=True):
        q = int(a or (not b and q))
        yield q


def divide_history_cycles(x: Bits, y: Bits, addresses: list[int], depth: int) -> Iterator[int]:
    h = [i % 2 for i in range(depth)]
    for a, b, address in zip(x.tolist(), y.tolist(), addresses, strict=True):
        yield int(a or (not b and h[address]))
        if b:
            h = [a, *h[:-1]]


def synchronise_cycles(a: Bits, b: Bits, depth: int) -> Iterator[tuple[int, int]]:
    s = 0
    for x, y in zip(a.tolist(), b.tolist(), strict=True):
        if x == y:
            yield x, y
        elif x:
            yield (1, 1) if s < 0 else (0, 0) if s < depth else (1, 0)
            s = min(s + 1, depth)
        else:
            yield (1, 1) if s > 0 else (0, 0) if s > -depth else (0, 1)
            s = max(s - 1, -depth)


def desynchronise_cycles(a: Bits, b: Bits, depth: int) -> Iterator[tuple[int, int]]:
    s = 0
    for x, y in zip(a.tolist(), b.tolist(), strict=True):
        if x and y and s < depth:
            yield 1, 0
            s += 1
        elif not x and not y and s > 0:
            yield 0, 1
            s -= 1
        else:
            yield x, y


def square_root_cycles(x: Bits, one: list[int], two: list[int], width: int) -> Iterator[int]:
    c = 2 ** (width - 1)
    for t in range(len(x)):
        y, twin = one[t] < c, two[t] < c
        yield int(y)
        c = min(max(c + int(x[t]) - int(y and twin), 0), 2**width)


@settings(deadline=None)
@given(st.data())
def test_circuits_are_their_cycles(data: st.DataObject) -> None:
    length = data.draw(LENGTHS)
    depth = data.draw(st.integers(1, 9))
    a, b = data.draw(bits_of(length)), data.draw(bits_of(length))
    p, q = pack_bitstream(a), pack_bitstream(b)
    for found, cycles in (
        (sc_scaled_add(p, q), scaled_add_cycles(a, b)),
        (sc_saturating_add(p, q, length, depth), saturating_add_cycles(a, b, depth)),
        (sc_subtract(p, q, length, depth), subtract_cycles(a, b, depth)),
        (sc_divide(p, q, length), divide_cycles(a, b)),
        (
            sc_maximum(p, q, length, depth),
            (x | y for x, y in synchronise_cycles(a, b, depth)),
        ),
        (
            sc_minimum(p, q, length, depth),
            (x & y for x, y in synchronise_cycles(a, b, depth)),
        ),
        (desynchroniser(depth).run_two(p, q, length)[0],
         (x for x, _ in desynchronise_cycles(a, b, depth))),
        (desynchroniser(depth).run_two(p, q, length)[1],
         (y for _, y in desynchronise_cycles(a, b, depth))),
    ):  # fmt: skip
        assert unpack_bitstream(found, length).tolist() == list(cycles)


@settings(deadline=None)
@given(st.data(), st.integers(1, 6), st.integers(0, 300))
def test_division_with_a_history_is_its_cycles(data: st.DataObject, bits: int, start: int) -> None:
    length = data.draw(LENGTHS)
    x, y = data.draw(bits_of(length)), data.draw(bits_of(length))
    source = Lfsr(12, 5)
    found = sc_divide_history(pack_bitstream(x), pack_bitstream(y), length, source, 2**bits, start)
    addresses = (source.values(length, start) >> (12 - bits)).tolist()
    cycles = divide_history_cycles(x, y, addresses, 2**bits)
    assert unpack_bitstream(found, length).tolist() == list(cycles)


@settings(deadline=None)
@given(st.data(), st.integers(1, 8), st.integers(0, 300))
def test_square_root_is_its_cycles(data: st.DataObject, width: int, start: int) -> None:
    length = data.draw(LENGTHS)
    x = data.draw(bits_of(length))
    first, second = Sobol(1), Lfsr(12, 5)
    one = (first.values(length, start) >> (16 - width)).tolist()
    two = (second.values(length, start) >> (12 - width)).tolist()
    found = sc_sqrt(pack_bitstream(x), length, first, second, width, start)
    assert unpack_bitstream(found, length).tolist() == list(square_root_cycles(x, one, two, width))


def test_clock_by_clock() -> None:
    a, b = packed("1101000110"), packed("1010100111")
    # Unlike in cycles 1, 2, 3, 4 and 9: the toggle gives 0 1 0 1 and 0.
    assert text(sc_scaled_add(a, b), 10) == "1010100110"
    # The second ones of cycles 0, 7 and 8 fill cycles 5 and 6 from the first, then the end.
    assert text(sc_saturating_add(a, b, 10), 10) == "1111110111"
    # a is ahead by one after cycle 1; b catches up in 2, and is never behind again.
    assert text(sc_subtract(a, b, 10), 10) == "0100000000"
    assert text(sc_divide(packed("0100100"), packed("0110110"), 7), 7) == "0100100"
    assert text(sc_divide(packed("0110000"), packed("0110010"), 7), 7) == "0111100"


@settings(deadline=None)
@given(st.data())
def test_scaled_add_is_half_the_sum_rounded_down(data: st.DataObject) -> None:
    length = data.draw(LENGTHS)
    a, b = data.draw(bits_of(length)), data.draw(bits_of(length))
    out = sc_scaled_add(pack_bitstream(a), pack_bitstream(b))
    assert popcount(out) == (int(a.sum()) + int(b.sum())) // 2


@settings(deadline=None)
@given(st.data())
def test_deep_counters_reach_the_reflected_sums(data: st.DataObject) -> None:
    """Departures of a queue, and the running maximum of a difference (Lindley's recursion)."""
    length = data.draw(LENGTHS)
    a, b = data.draw(bits_of(length)), data.draw(bits_of(length))
    p, q = pack_bitstream(a), pack_bitstream(b)
    up, down = (np.concatenate([[0], np.cumsum(v, dtype=np.int64)]) for v in (a, b))
    served = np.arange(length, -1, -1) + up + down
    assert popcount(sc_saturating_add(p, q, length, 200)) == served.min()
    assert popcount(sc_subtract(p, q, length, 200)) == (up - down).max()


@settings(deadline=None)
@given(st.data())
def test_pairing_and_separating_keep_the_ones(data: st.DataObject) -> None:
    length = data.draw(LENGTHS)
    depth = data.draw(st.integers(1, 9))
    a, b = data.draw(bits_of(length)), data.draw(bits_of(length))
    p, q = pack_bitstream(a), pack_bitstream(b)
    x, y = synchroniser(depth).run_two(p, q, length)
    lost = int(a.sum()) - int(popcount(x)), int(b.sum()) - int(popcount(y))
    assert min(lost) == 0
    assert max(lost) <= depth
    x, y = desynchroniser(depth).run_two(p, q, length)
    assert popcount(x) == a.sum()
    assert 0 <= int(b.sum()) - int(popcount(y)) <= depth


def test_correlation_is_set() -> None:
    length = 4096
    a, b = random_stream(0.4, length, 1), random_stream(0.5, length, 2)
    assert abs(scc(a, b, length)) < 0.1
    assert scc(*synchroniser(8).run_two(a, b, length), length) > 0.98
    assert scc(*desynchroniser(8).run_two(a, b, length), length) < -0.98


def test_gates_of_correlated_streams_are_exact() -> None:
    length = 4096
    a, b = nested(0.3, length), nested(0.6, length)
    high = pack_bitstream(np.random.default_rng(0).random(length) >= 0.8)
    assert np.array_equal(sc_or(a, b), b)
    assert np.array_equal(sc_and(a, b), a)
    assert popcount(sc_sub(b, a)) == popcount(b) - popcount(a)
    assert not sc_sub(a, b).any()
    assert popcount(sc_or(a, high)) == popcount(a) + popcount(high)


@pytest.mark.parametrize(("p", "q"), [(0.2, 0.7), (0.5, 0.5), (0.45, 0.3), (0.9, 0.8)])
def test_values_of_uncorrelated_streams(p: float, q: float) -> None:
    """A depth of 255 holds the random walk of 2**16 differences of these streams."""
    length = 2**16
    a, b = random_stream(p, length, 3), random_stream(q, length, 4)
    for found, wanted in (
        (sc_scaled_add(a, b), (p + q) / 2),
        (sc_saturating_add(a, b, length, 255), min(p + q, 1)),
        (sc_subtract(a, b, length, 255), max(p - q, 0)),
        (sc_maximum(a, b, length, 255), max(p, q)),
        (sc_minimum(a, b, length, 255), min(p, q)),
    ):
        assert share(found, length) == pytest.approx(wanted, abs=0.015)


@pytest.mark.parametrize(("p", "q"), [(0.3, 0.6), (0.1, 0.9), (0.05, 0.1), (0.7, 0.7), (0, 0.5)])
def test_division_converges_to_the_quotient(p: float, q: float) -> None:
    """Each answer comes from one one of y and is held for a geometric time, so that the variance
    of the mean of L cycles is at most z (1 - z) (2/q - 1)/L; five standard deviations are allowed.
    """
    z = p / q
    errors = []
    for length in (2**10, 2**14, 2**18):
        found = sc_divide(nested(p, length, 11), nested(q, length, 11), length)
        errors.append(abs(share(found, length) - z))
        assert errors[-1] <= 5 * np.sqrt(z * (1 - z) * (2 / q - 1) / length) + 1 / length
    assert errors[-1] < 0.01


PAIRS = [(0.15, 0.6), (0.1, 0.9), (0.45, 0.48), (0.3, 0.6), (0.05, 0.1)]


@pytest.mark.parametrize(
    ("source", "plain", "history"), [(Lfsr(), 0.45, 0.04), (Sobol(1), 0.09, 0.003)]
)
def test_division_repeats_biased_answers_less_with_a_history(
    source: Lfsr | Sobol, plain: float, history: float
) -> None:
    """The errors that the docstring of `sc_divide` states."""
    length = 65535
    values, errors = source.values(length), {"plain": 0.0, "history": 0.0}
    for x, y in PAIRS:
        pair = [pack_bitstream(values < p * 65536) for p in (x, y)]
        for name, found in (
            ("plain", sc_divide(pair[0], pair[1], length)),
            ("history", sc_divide_history(pair[0], pair[1], length, Sobol(5))),
        ):
            errors[name] = max(errors[name], abs(share(found, length) - x / y))
    assert errors["plain"] == pytest.approx(plain, rel=0.1)
    assert errors["history"] == pytest.approx(history, rel=0.25)


def test_division_of_constants() -> None:
    one, zero = pack_bitstream(np.ones(70, np.uint8)), np.zeros(2, np.uint64)
    assert np.array_equal(sc_divide(one, one, 70), one)
    assert np.array_equal(sc_divide(one, zero, 70), one)
    assert np.array_equal(sc_divide(zero, one, 70), zero)
    assert np.array_equal(sc_divide(zero, zero, 70), zero)


@pytest.mark.parametrize("p", [0.01, 0.09, 0.25, 0.49, 0.81, 1.0])
def test_square_root(p: float) -> None:
    length = 2**17
    x = random_stream(p, length, 5)
    found = sc_sqrt(x, length, Sobol(1), Sobol(2))
    assert share(found, length) == pytest.approx(np.sqrt(p), abs=0.01)
    found = sc_sqrt(x, length, Lfsr(seed=1), Lfsr(seed=12345, form="galois"))
    assert share(found, length) == pytest.approx(np.sqrt(p), abs=0.01)


def test_rows_broadcast_and_may_be_strided() -> None:
    rng = np.random.default_rng(8)
    a = rng.integers(0, 2**63, (3, 1, 8), np.uint64)[..., ::2]
    b = rng.integers(0, 2**63, (2, 4), np.uint64)[::-1]
    calls: list[Callable[[Words, Words], Words]] = [
        sc_scaled_add,
        lambda x, y: sc_saturating_add(x, y, 250),
        lambda x, y: sc_subtract(x, y, 250),
        lambda x, y: sc_divide(x, y, 250),
        lambda x, y: sc_maximum(x, y, 250),
    ]
    for call in calls:
        found = call(a, b)
        assert found.shape == (3, 2, 4)
        for i in range(3):
            for j in range(2):
                assert np.array_equal(found[i, j], call(a[i, 0].copy(), b[j].copy()))
    found = sc_sqrt(a, 250, Sobol(1), Sobol(2))
    assert np.array_equal(found, sc_sqrt(a.copy(), 250, Sobol(1), Sobol(2)))


U = np.zeros(2, np.uint64)
WIDE = "a has 2 words per stream and b has 3; streams must have the same length"
BAD: list[tuple[Callable[[], object], str]] = [
    (lambda: sc_scaled_add(U, np.zeros(3, np.uint64)), WIDE),
    (
        lambda: sc_saturating_add(U, U, 70, 0),
        "depth is 0; it must be a whole number from 1 to 4095",
    ),
    (
        lambda: sc_subtract(U, U, 70, 4096),
        "depth is 4096; it must be a whole number from 1 to 4095",
    ),
    (lambda: sc_maximum(U, U, 70, 0), "depth is 0; it must be a whole number from 1 to 2047"),
    (lambda: desynchroniser(0), "depth is 0; it must be a whole number from 1 to 4095"),
    (lambda: sc_divide(U, U, 0), "length is 0; it must be a whole number from 1 to 4294967296"),
    (lambda: sc_divide(U, U[:1], 70), "denominator has 1 words per stream, but 70 bits take 2"),
    (
        lambda: sc_divide(U.astype(np.int64), U, 70),
        "numerator has dtype int64; packed streams are uint64 (see pack_bitstream)",
    ),
    (
        lambda: sc_divide(np.zeros((2, 2), np.uint64), np.zeros((3, 2), np.uint64), 70),
        "shapes do not broadcast: numerator (2, 2), denominator (3, 2)",
    ),
    (
        lambda: sc_divide_history(U, U, 70, Sobol(1), 12),
        "depth is 12; it must be a power of two",
    ),
    (
        lambda: sc_divide_history(U, U, 70, Sobol(1, 3), 16),
        "depth is 16; a source of 3 bits addresses at most 8 cells",
    ),
    (
        lambda: sc_sqrt(U, 70, Sobol(1), Sobol(1)),
        "first and second are both sobol; the square needs two sources",
    ),
    (
        lambda: sc_sqrt(U, 70, Sobol(1), Lfsr(12, 5), 13),
        "width is 13; it must be a whole number from 1 to 12",
    ),
    (lambda: sc_sqrt(U, 200, Sobol(1), Sobol(2)), "x has 2 words per stream, but 200 bits take 4"),
]


@pytest.mark.parametrize(("call", "message"), BAD, ids=[message[:40] for _, message in BAD])
def test_bad_input(call: Callable[[], object], message: str) -> None:
    with pytest.raises(SCConfigError) as caught:
        call()
    assert str(caught.value) == message
