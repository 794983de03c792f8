"""Counting without bits against the bits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sc_neurocore.bitstream import (
    Counter,
    Halton,
    Lfsr,
    NumpyRandom,
    Sobol,
    and_counts,
    encode_thresholds,
    rank_counts,
)
from sc_neurocore.exceptions import SCConfigError

SOURCES = [
    Lfsr(),
    Lfsr(seed=5, form="galois"),
    Lfsr(3, 1),
    Lfsr(20, 9),
    Sobol(1),
    Sobol(2, shift=77),
    Sobol(3, 4),
    Sobol(2, 20),
    Halton(2),
    Counter(5),
    NumpyRandom(3),
]
sources = st.sampled_from(SOURCES)


def by_bits(x, y, x_source, y_source, length):
    """Plain comparison of every number of every pair."""
    left = x_source.values(length) < np.asarray(x, np.uint64)[:, None]
    right = y_source.values(length) < np.asarray(y, np.uint64)[:, None]
    return left.astype(np.int64) @ right.T.astype(np.int64)


def test_four_ticks_by_hand():
    # Counter 0 1 2 3 and Sobol dimension 1 in two bits: 0 2 3 1.
    assert Sobol(1, 2).values(4).tolist() == [0, 2, 3, 1]
    found = rank_counts([0, 2, 4], [1, 3, 4], Counter(2), Sobol(1, 2), 4)
    assert found.tolist() == [[0, 0, 0], [1, 2, 2], [1, 3, 4]]


@settings(max_examples=150, deadline=None)
@given(x_source=sources, y_source=sources, length=st.integers(1, 3000), data=st.data())
def test_equal_to_the_bits(x_source, y_source, length, data):
    x, y = (
        data.draw(st.lists(st.integers(0, 2**s.width), min_size=1, max_size=6))
        for s in (x_source, y_source)
    )
    found = rank_counts(x, y, x_source, y_source, length)
    assert (found == by_bits(x, y, x_source, y_source, length)).all()
    packed = (encode_thresholds(v, length, s) for v, s in ((x, x_source), (y, y_source)))
    assert (found == and_counts(*packed)).all()


@pytest.mark.parametrize(("x_source", "y_source"), [(Lfsr(), Sobol(1)), (Lfsr(), Lfsr(seed=9))])
def test_equal_over_more_than_a_period(x_source, y_source):
    x, y = [0, 1, 300, 65535, 65536, 300], [65536, 12345, 0]
    for length in (65535, 65536, 65537, 150_000):
        found = rank_counts(x, y, x_source, y_source, length)
        assert (found == by_bits(x, y, x_source, y_source, length)).all()


def test_repeats_cost_no_time():
    # 2^32 bits in 2^21 periods of two short sources; every pair of numbers occurs once in one.
    pair = Counter(3), Lfsr(8, 1)
    period = 8 * 255
    once = rank_counts([3, 8], [100, 256], *pair, period)
    assert once.tolist() == [[3 * 99, 3 * 255], [8 * 99, 8 * 255]]
    rest = 2**32 % period
    expected = 2**32 // period * once + rank_counts([3, 8], [100, 256], *pair, rest)
    assert (rank_counts([3, 8], [100, 256], *pair, 2**32) == expected).all()


@pytest.mark.parametrize(
    ("x", "length", "message"),
    [
        ([0.5], 8, "x has shape (1,) and dtype float64; it must be a vector of integer thresholds"),
        ([[1]], 8, "x has shape (1, 1) and dtype int64; it must be a vector of integer thresholds"),
        ([0, 17], 8, "x[1] is 17; it must be from 0 to 16"),
        ([-1], 8, "x[0] is -1; it must be from 0 to 16"),
        ([1], 0, "length is 0; it must be a whole number from 1 to 4294967296"),
        ([1], 2**40, f"length is {2**40}; it must be a whole number from 1 to 4294967296"),
    ],
)
def test_bad_input(x, length, message):
    with pytest.raises(SCConfigError) as caught:
        rank_counts(x, [1], Sobol(1, 4), Sobol(2, 4), length)
    assert str(caught.value) == message
