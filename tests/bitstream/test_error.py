"""Error bounds against counting every value, theorems by hand, and the words they carry."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sc_neurocore.bitstream import (
    Counter,
    Halton,
    Lfsr,
    NumpyRandom,
    OsEntropy,
    Sobol,
    Source,
    accumulate_error,
    chebyshev_radius,
    encode,
    encode_error,
    hoeffding_radius,
    multiply_error,
    popcount,
    rank_counts,
    standard_deviation,
)
from sc_neurocore.bitstream import _discrepancy as discrepancy
from sc_neurocore.bitstream import _error as error
from sc_neurocore.exceptions import SCConfigError

SMALL = st.one_of(
    st.builds(Lfsr, st.integers(3, 5), st.integers(1, 7), st.sampled_from(["fibonacci", "galois"])),
    st.builds(Sobol, st.integers(1, 9), st.integers(1, 5)),
    st.builds(Halton, st.integers(2, 7), st.integers(1, 5)),
    st.builds(Counter, st.integers(1, 5)),
    st.builds(NumpyRandom, st.integers(0, 99), st.integers(1, 5)),
)


def rounded_values(width: int) -> list[tuple[int, Fraction]]:
    """Every threshold, with the ends of the values that are rounded to it."""
    top = 1 << width
    ends = [(x, Fraction(2 * x + half, 2 * top)) for x in range(top + 1) for half in (-1, 1)]
    return [(x, min(max(p, Fraction(0)), Fraction(1))) for x, p in ends]


@settings(max_examples=60, deadline=None)
@given(SMALL, st.integers(1, 100))
def test_largest_rate_error_is_that_of_all_values(source: Source, length: int) -> None:
    numbers = source.values(length)
    found = discrepancy.rate_extremes(source, length)
    errors = [Fraction(int((numbers < x).sum()), length) - p
              for x, p in rounded_values(source.width)]  # fmt: skip
    assert found.low.error == pytest.approx(float(min(errors)), abs=1e-12)
    assert found.high.error == pytest.approx(float(max(errors)), abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(SMALL, SMALL, st.integers(1, 60))
def test_largest_product_error_is_that_of_all_pairs(a: Source, b: Source, length: int) -> None:
    found = discrepancy.product_extremes(a, b, length)
    x, y = rounded_values(a.width), rounded_values(b.width)
    counts = rank_counts([i for i, _ in x], [j for j, _ in y], a, b, length)
    errors = [Fraction(int(counts[i, j]), length) - x[i][1] * y[j][1]
              for i in range(len(x)) for j in range(len(y))]  # fmt: skip
    assert found.exhaustive
    assert found.low.error == pytest.approx(float(min(errors)), abs=1e-12)
    assert found.high.error == pytest.approx(float(max(errors)), abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(SMALL, SMALL, st.integers(1, 60))
def test_largest_covariance_is_that_of_all_pairs(a: Source, b: Source, length: int) -> None:
    found = discrepancy.covariance_extremes(a, b, length)
    x, y = np.arange(2**a.width + 1), np.arange(2**b.width + 1)
    both = rank_counts(x, y, a, b, length) / length
    all_errors = both - np.outer(both[:, -1], both[-1])
    assert found.low.error == pytest.approx(all_errors.min(), abs=1e-12)
    assert found.high.error == pytest.approx(all_errors.max(), abs=1e-12)
    for extreme in (found.low, found.high):
        i, j = extreme.thresholds
        assert all_errors[i, j] == pytest.approx(extreme.error, abs=1e-12)


@given(st.integers(1, 12), st.integers(1, 10_000))
def test_counter_closed_form_is_the_count(width: int, length: int) -> None:
    counted = abs(discrepancy.rate_extremes(Counter(width), length).worst.error)
    bound = encode_error(Counter(width), length)
    assert bound.value == pytest.approx(counted, abs=1e-12)
    assert (bound.word, bound.confidence) == ("proven", None)


@settings(max_examples=60, deadline=None)
@given(
    st.one_of(
        st.builds(Sobol, st.integers(1, 1024), st.integers(1, 12), st.just(0)),
        st.builds(Halton, st.integers(2, 256), st.integers(1, 10)),
    ),
    st.integers(1, 20_000),
)
def test_block_bound_holds_for_every_length(source: Sobol | Halton, length: int) -> None:
    counted = abs(discrepancy.rate_extremes(source, length).worst.error)
    assert counted <= error._block_error(source, length) + 1e-12


def test_block_bound_takes_over_where_counting_would_be_long() -> None:
    bound = encode_error(Sobol(3, 32), 2**22 + 2**21)
    assert (bound.word, bound.basis) == ("proven", "blocks of base^k ticks")
    assert bound.value == 2 / (2**22 + 2**21) + 2**-33
    register = encode_error(Lfsr(32, 1), 2**23)
    assert (register.word, register.confidence) == ("estimated", 0.95)


def test_radii_by_hand() -> None:
    # sqrt(ln 40 / 2048): the 95 % radius at 1024 bits, 2.7 times the standard deviation at 1/2.
    assert hoeffding_radius(1024) == pytest.approx(0.042441, abs=1e-6)
    assert standard_deviation(0.5, 1024) == 1 / 64
    assert chebyshev_radius(0.5, 100, 0.75) == pytest.approx(0.1)


def test_random_bits_keep_to_their_bound_about_as_often_as_promised() -> None:
    length, p = 256, np.linspace(0, 1, 101)
    off = [
        np.abs(popcount(encode(p, length, NumpyRandom(seed))) / length - p).max()
        for seed in range(400)
    ]
    inside = np.mean(np.array(off) <= encode_error(NumpyRandom(), length).value)
    # All values at once (Massart): at least 95 %, here for 400 seeds that never change.
    assert 0.95 <= inside < 1


def test_independence_of_random_sources_is_not_assumed() -> None:
    same = multiply_error(NumpyRandom(1), NumpyRandom(1), 1024)
    assert same.value > 0.25 and same.basis == "every pair of thresholds counted"
    other = multiply_error(NumpyRandom(1), NumpyRandom(2), 1024)
    assert other.value == hoeffding_radius(1024) + 2 * 2**-17
    assert (other.word, other.confidence) == ("proven", 0.95)


def test_random_times_sequence_adds_the_error_of_the_sequence() -> None:
    found = multiply_error(OsEntropy(), Sobol(1), 1024)
    expected = hoeffding_radius(1024) + 2**-17 + encode_error(Sobol(1), 1024).value
    assert found.value == pytest.approx(expected)


def test_shifted_sobol_streams_of_one_dimension_are_off_by_a_quarter() -> None:
    found = multiply_error(Sobol(1), Sobol(1, shift=0x8000), 1024)
    # A quarter by the dependence, and the rounding of both factors.
    assert 0.25 <= found.value <= 0.25 + 2**-17 + 2**-30 and found.word == "proven"
    assert multiply_error(Sobol(1), Sobol(2), 1024).value < 0.005


def test_sum_of_sequences_errs_by_the_mean_of_one_sign() -> None:
    pairs = [(Sobol(1), Sobol(2)), (Sobol(3), Sobol(4))]
    extremes = [discrepancy.product_extremes(a, b, 256) for a, b in pairs]
    high = sum(e.high.error for e in extremes) / 2
    low = sum(e.low.error for e in extremes) / 2
    assert accumulate_error(pairs, 256).value == max(high, -low)


def test_sum_of_random_products_gains_from_number_only_if_streams_differ() -> None:
    own = [(NumpyRandom(2 * i), NumpyRandom(2 * i + 1)) for i in range(16)]
    shared = [(NumpyRandom(0), NumpyRandom(i + 1)) for i in range(16)]
    rounding = 2 * 2**-17
    assert accumulate_error(own, 1024).value == pytest.approx(hoeffding_radius(1024) / 4 + rounding)
    assert accumulate_error(shared, 1024).value == pytest.approx(hoeffding_radius(1024) + rounding)
    # The same stream twice in one product is counted as it is, and the others still hold.
    broken = accumulate_error([*own[:3], (NumpyRandom(9), NumpyRandom(9))], 1024)
    assert broken.value > 0.25 / 4 and broken.basis == "mean of the products' bounds"


def test_pair_that_passed_between_the_points_of_a_grid_is_within_the_bound() -> None:
    p = 0.6665115509033203
    x, y = (encode(p, 4096, s) for s in (Sobol(1), Sobol(2)))
    off = popcount(x & y) / 4096 - p * p
    assert abs(off) == pytest.approx(0.001319, abs=1e-6)
    found = multiply_error(Sobol(1), Sobol(2), 4096)
    assert (found.word, found.basis) == ("proven", "every pair of thresholds counted")
    assert abs(off) <= found.value


@settings(max_examples=60, deadline=None)
@given(SMALL, SMALL, st.integers(1, 60), st.integers(2, 9))
def test_bound_of_cells_is_never_exceeded(a: Source, b: Source, length: int, groups: int) -> None:
    exact = (
        discrepancy.product_extremes(a, b, length),
        discrepancy.covariance_extremes(a, b, length),
    )
    whole, discrepancy.GROUPS = discrepancy.GROUPS, groups
    try:
        bounds = (
            discrepancy.product_extremes(a, b, length),
            discrepancy.covariance_extremes(a, b, length),
        )
    finally:
        discrepancy.GROUPS = whole
    for found, bound in zip(exact, bounds, strict=True):
        assert bound.low.error <= found.low.error + 1e-12
        assert bound.high.error >= found.high.error - 1e-12
        if bound.exhaustive:
            assert bound.low.error == pytest.approx(found.low.error, abs=1e-12)
            assert bound.high.error == pytest.approx(found.high.error, abs=1e-12)


@pytest.mark.parametrize(
    "pair", list(itertools.combinations([Sobol(1), Sobol(2), Halton(3), Lfsr()], 2))
)
def test_long_streams_keep_to_a_proven_bound_that_is_close(pair: tuple[Source, Source]) -> None:
    length = 65536
    found = multiply_error(*pair, length)
    assert (found.word, found.basis) == (
        "proven", "upper bound, 4096 by 4096 cells of thresholds counted",
    )  # fmt: skip
    values = np.random.default_rng(1).random((2, 2000))
    x, y = (np.rint(v * 65536).astype(int) for v in values)
    off = np.abs(rank_counts(x, y, *pair, length) / length - np.outer(*values)).max()
    assert off <= found.value <= off + 2 / 4096 + 0.5 * off


def test_entropy_that_may_be_shared_gains_nothing_from_number() -> None:
    pairs: list[tuple[Source, Source]] = [(OsEntropy(), NumpyRandom(i)) for i in range(16)]
    assert accumulate_error(pairs, 1024).value >= hoeffding_radius(1024)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: encode_error(Sobol(), 0),
         "length is 0; it must be a whole number from 1 to 4294967296"),
        (lambda: encode_error(Sobol(), 8, confidence=1),
         "confidence is 1; it must lie between 0 and 1, both excluded"),
        (lambda: hoeffding_radius(8, math.nan), "confidence is nan; it must be from 0 to 1"),
        (lambda: hoeffding_radius(8, 1.5), "confidence is 1.5; it must be from 0 to 1"),
        (lambda: standard_deviation(1.2, 8), "p is 1.2; it must be from 0 to 1"),
        (lambda: accumulate_error([], 8),
         "there is no pair of sources; a sum needs at least one product"),
    ],
)  # fmt: skip
def test_bad_input_is_refused(call: object, message: str) -> None:
    with pytest.raises(SCConfigError) as caught:
        call()  # type: ignore[operator]
    assert str(caught.value) == message
