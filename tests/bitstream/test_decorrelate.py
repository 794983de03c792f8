"""Decorrelators against their own cycles: same value, other order."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sc_neurocore.bitstream import (
    autocorrelation,
    isolate,
    pack_bitstream,
    regenerate,
    scc,
    shuffle_buffer,
    track,
    unpack_bitstream,
)
from sc_neurocore.bitstream._counter import Counter
from sc_neurocore.bitstream._lfsr import Lfsr
from sc_neurocore.bitstream._sobol import Sobol
from sc_neurocore.exceptions import SCConfigError

from .streams import Bits, Words, bits_of, random_stream, share

LENGTHS = st.integers(1, 200)


def shuffle_cycles(x: Bits, addresses: list[int], depth: int) -> Iterator[int]:
    cells = [i % 2 for i in range(depth)]
    for bit, address in zip(x.tolist(), addresses, strict=True):
        yield cells[address]
        cells[address] = bit


def track_cycles(x: Bits, values: list[int], width: int, shift: int) -> Iterator[int]:
    m = 2 ** (width - 1)
    for bit, r in zip(x.tolist(), values, strict=True):
        yield int(r < m)
        if bit:
            m += -(-(2**width - m) // 2**shift)
        else:
            m -= -(-m // 2**shift)


@settings(deadline=None)
@given(st.data(), st.integers(1, 6), st.integers(0, 300))
def test_shuffling_is_its_cycles(data: st.DataObject, bits: int, start: int) -> None:
    length = data.draw(LENGTHS)
    x = data.draw(bits_of(length))
    source = Lfsr(12, 5)
    addresses = (source.values(length, start) >> (12 - bits)).tolist()
    found = unpack_bitstream(
        shuffle_buffer(pack_bitstream(x), length, source, 2**bits, start), length
    )
    assert found.tolist() == list(shuffle_cycles(x, addresses, 2**bits))
    assert abs(int(found.sum()) - int(x.sum())) <= 2**bits // 2


@settings(deadline=None)
@given(st.data(), st.integers(1, 12), st.integers(0, 12), st.integers(0, 300))
def test_tracking_is_its_cycles(data: st.DataObject, width: int, shift: int, start: int) -> None:
    shift = min(shift, width)
    length = data.draw(LENGTHS)
    x = data.draw(bits_of(length))
    source = Lfsr(12, 5)
    values = (source.values(length, start) >> (12 - width)).tolist()
    found = track(pack_bitstream(x), length, source, width, shift, start)
    assert unpack_bitstream(found, length).tolist() == list(track_cycles(x, values, width, shift))


@settings(deadline=None)
@given(st.data(), st.integers(0, 200))
def test_isolation_is_a_delay(data: st.DataObject, delay: int) -> None:
    length = data.draw(LENGTHS)
    delay = min(delay, length)
    x = data.draw(bits_of(length))
    found = unpack_bitstream(isolate(pack_bitstream(x), length, delay), length)
    assert found.tolist() == [0] * delay + x[: length - delay].tolist()


def test_clock_by_clock() -> None:
    x = pack_bitstream(np.array([1, 1, 0, 1, 0, 0, 1, 1], np.uint8))
    # Addresses 0 to 3 in turn, twice: first the reset cells, then the first four bits.
    found = shuffle_buffer(x, 8, Counter(2), 4)
    assert unpack_bitstream(found, 8).tolist() == [0, 1, 0, 1, 1, 1, 0, 1]
    # 2 bits, memory 2, mean of 2: memory 2 3 4 2 3 1 0 2 against 0 1 2 3 0 1 2 3.
    assert unpack_bitstream(track(x, 8, Counter(2), 2, 1), 8).tolist() == [1, 1, 1, 0, 1, 0, 0, 0]


@pytest.mark.parametrize("p", [0.1, 0.4, 0.8])
def test_a_stream_is_decorrelated_from_itself(p: float) -> None:
    length = 2**16
    x = random_stream(p, length, 1)
    for found in (
        isolate(x, length),
        shuffle_buffer(x, length, Lfsr(), 64),
        regenerate(x, length, Lfsr(), 1024),
        track(x, length, Lfsr()),
    ):
        assert share(found, length) == pytest.approx(share(x, length), abs=0.006)
        assert abs(float(scc(found, x, length))) < 0.1


def test_shuffling_breaks_up_runs() -> None:
    length = 2**14
    x = pack_bitstream(np.arange(length) // 4 % 2 == 1)
    assert autocorrelation(x, length, 4)[4] < -0.99
    found = autocorrelation(shuffle_buffer(x, length, Lfsr(), 64), length, 8)
    assert np.abs(found[1:]).max() < 0.2  # an LFSR addresses neighbouring cells in a row


def test_regeneration_keeps_every_count_exactly() -> None:
    rng = np.random.default_rng(2)
    bits = (rng.random((3, 1024)) < 0.37).astype(np.uint8)
    counts = bits.reshape(3, 4, 256).sum(-1)
    found = regenerate(pack_bitstream(bits), 1024, Sobol(2), 256)
    assert np.array_equal(unpack_bitstream(found, 1024).reshape(3, 4, 256).sum(-1), counts)


@pytest.mark.parametrize("bit", [0, 1])
def test_constant_streams_become_constant(bit: int) -> None:
    x = pack_bitstream(np.full(4096, bit, np.uint8))
    assert np.array_equal(regenerate(x, 4096, Lfsr(), 64), x)
    late = slice(-32, None)  # after the memory of the reset value
    assert np.array_equal(track(x, 4096, Sobol(1))[late], x[late])
    assert np.array_equal(shuffle_buffer(x, 4096, Lfsr())[late], x[late])


def test_rows_may_be_strided() -> None:
    a = np.random.default_rng(3).integers(0, 2**63, (3, 2, 8), np.uint64)[:, ::-1, ::2]
    calls: list[Callable[[Words], Words]] = [
        lambda x: isolate(x, 250, 70),
        lambda x: shuffle_buffer(x, 250, Lfsr()),
        lambda x: regenerate(x[..., :2], 128, Lfsr(), 64),
        lambda x: track(x, 250, Lfsr()),
    ]
    for call in calls:
        a[..., -1] &= np.uint64(2**58 - 1)
        assert np.array_equal(call(a), call(a.copy()))


U = np.zeros(2, np.uint64)
BAD: list[tuple[Callable[[], object], str]] = [
    (lambda: isolate(U, 70, 71), "delay is 71; it must be a whole number from 0 to 70"),
    (lambda: isolate(U, 70, -1), "delay is -1; it must be a whole number from 0 to 70"),
    (lambda: isolate(U, 200), "stream has 2 words per stream, but 200 bits take 4"),
    (lambda: shuffle_buffer(U, 70, Lfsr(), 12), "depth is 12; it must be a power of two"),
    (
        lambda: shuffle_buffer(U, 70, Lfsr(), 128),
        "depth is 128; it must be a whole number from 2 to 64",
    ),
    (
        lambda: shuffle_buffer(U, 70, Sobol(1, 3), 16),
        "depth is 16; a source of 3 bits addresses at most 8 cells",
    ),
    (lambda: track(U, 70, Lfsr(), 17), "width is 17; it must be a whole number from 1 to 16"),
    (lambda: track(U, 70, Lfsr(), 8, 9), "shift is 9; it must be a whole number from 0 to 8"),
    (
        lambda: regenerate(U, 96, Lfsr(), 64),
        "length is 96; it must be a multiple of the window, 64",
    ),
    (lambda: regenerate(U, 96, Lfsr(), 48), "window is 48; it must be a power of two"),
    (
        lambda: track(np.zeros(2, np.float64), 70, Lfsr()),
        "stream has dtype float64; packed streams are uint64 (see pack_bitstream)",
    ),
]


@pytest.mark.parametrize(("call", "message"), BAD, ids=[message[:40] for _, message in BAD])
def test_bad_input(call: Callable[[], object], message: str) -> None:
    with pytest.raises(SCConfigError) as caught:
        call()
    assert str(caught.value) == message
