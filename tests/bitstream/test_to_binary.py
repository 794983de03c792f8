"""Counters and comparators: streams to numbers and back."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sc_neurocore.bitstream import (
    binary_to_stochastic,
    pack_bitstream,
    parallel_count,
    popcount,
    saturating_counter,
    stochastic_to_binary,
    unpack_bitstream,
)
from sc_neurocore.bitstream._counter import Counter
from sc_neurocore.bitstream._lfsr import Lfsr
from sc_neurocore.bitstream._sobol import Sobol
from sc_neurocore.exceptions import SCConfigError

from .streams import bits_of


@settings(deadline=None)
@given(st.data(), st.integers(0, 9), st.integers(1, 9))
def test_windows_are_counted(data: st.DataObject, power: int, windows: int) -> None:
    window = 2**power
    bits = data.draw(bits_of(window * windows))
    found = stochastic_to_binary(pack_bitstream(bits), window * windows, window)
    assert np.array_equal(found, bits.reshape(windows, window).sum(1, dtype=np.int64))


@settings(deadline=None)
@given(st.data(), st.integers(0, 8), st.integers(1, 9), st.integers(0, 300))
def test_numbers_are_compared_with_the_source(
    data: st.DataObject, power: int, count: int, start: int
) -> None:
    window = 2**power
    numbers = data.draw(st.lists(st.integers(0, window), min_size=count, max_size=count))
    source = Lfsr(12, 5)
    found = binary_to_stochastic(np.array(numbers), window, source, start)
    length = count * window
    values = source.values(length, start) >> (12 - power)
    wanted = [int(values[t] < numbers[t // window]) for t in range(length)]
    assert unpack_bitstream(found, length).tolist() == wanted


@pytest.mark.parametrize("source", [Sobol(1), Sobol(3), Counter()])
def test_even_sources_give_every_number_back(source: Sobol | Counter) -> None:
    if isinstance(source, Counter):
        source = Counter(8)  # its top bits change in every window only if they are all it has
    numbers = np.arange(257)
    stream = binary_to_stochastic(numbers, 256, source)
    assert np.array_equal(stochastic_to_binary(stream, 257 * 256, 256), numbers)


@settings(deadline=None)
@given(st.data(), st.integers(1, 12))
def test_a_parallel_counter_adds_each_cycle(data: st.DataObject, count: int) -> None:
    length = data.draw(st.integers(1, 150))
    bits = np.stack([data.draw(bits_of(length)) for _ in range(count)])
    streams = pack_bitstream(bits)
    found = parallel_count(streams, length)
    assert np.array_equal(found, bits.sum(0, dtype=np.int64))
    assert found.sum() == popcount(streams).sum()
    assert np.array_equal(parallel_count(streams[::-1].T.copy().T, length), found)


@settings(deadline=None)
@given(
    st.lists(st.integers(-9, 9), max_size=60),
    st.integers(-20, 0),
    st.integers(0, 20),
    st.data(),
)
def test_a_saturating_counter_stays_at_its_ends(
    steps: list[int], low: int, high: int, data: st.DataObject
) -> None:
    reset = value = data.draw(st.integers(low, high))
    path = []
    for step in steps:
        value = min(max(value + step, low), high)
        path.append(value)
    found = saturating_counter(np.array(steps, np.int64), low, high, reset)
    assert found.tolist() == path


def test_steps_of_any_integer_type_and_stride() -> None:
    steps = np.array([[3, 9, 3, 9, -2, 9, -7, 9]], np.int8)[:, ::2]
    assert saturating_counter(steps, -4, 4).tolist() == [[3, 4, 2, -4]]
    assert saturating_counter(np.array([200, 200], np.uint8), 0, 300).tolist() == [200, 300]


U = np.zeros(2, np.uint64)
NUMBERS = np.array([3, 17])
BAD: list[tuple[Callable[[], object], str]] = [
    (
        lambda: stochastic_to_binary(U, 100, 64),
        "length is 100; it must be a multiple of the window, 64",
    ),
    (lambda: stochastic_to_binary(U, 96, 3), "window is 3; it must be a power of two"),
    (
        lambda: stochastic_to_binary(U, 96, 0),
        "window is 0; it must be a whole number from 1 to 4294967296",
    ),
    (
        lambda: stochastic_to_binary(np.array([0, 2**40], np.uint64), 96, 32),
        "stream has ones past bit 96; the last word of a stream ends in zeros",
    ),
    (
        lambda: binary_to_stochastic(NUMBERS, 16, Lfsr()),
        "numbers hold 17; they must be from 0 to 16",
    ),
    (
        lambda: binary_to_stochastic(-NUMBERS, 16, Lfsr()),
        "numbers hold -17; they must be from 0 to 16",
    ),
    (
        lambda: binary_to_stochastic(np.array([0.5]), 16, Lfsr()),
        "numbers have dtype float64 and shape (1,); they must be integers of shape (..., N)",
    ),
    (
        lambda: binary_to_stochastic(NUMBERS, 2**17, Lfsr()),
        "window is 131072; a source of 16 bits has numbers for at most 65536 cycles",
    ),
    (
        lambda: parallel_count(U, 128),
        "streams have shape (words,); a parallel counter takes (..., N, words)",
    ),
    (lambda: parallel_count(U[None], 60), "streams has 2 words per stream, but 60 bits take 1"),
    (
        lambda: saturating_counter(np.array([1.5]), 0, 3),
        "steps have dtype float64 and shape (1,); they must be integers of shape (..., T)",
    ),
    (
        lambda: saturating_counter(np.array([2**40]), 0, 3),
        "steps hold 1099511627776; they must be from -4294967296 to 4294967296",
    ),
    (
        lambda: saturating_counter(NUMBERS, 3, 1, 3),
        "high is 1; it must be a whole number from 3 to 2147483648",
    ),
    (
        lambda: saturating_counter(NUMBERS, 1, 3),
        "reset is 0; it must be a whole number from 1 to 3",
    ),
]


@pytest.mark.parametrize(("call", "message"), BAD, ids=[message[:40] for _, message in BAD])
def test_bad_input(call: Callable[[], object], message: str) -> None:
    with pytest.raises(SCConfigError) as caught:
        call()
    assert str(caught.value) == message
