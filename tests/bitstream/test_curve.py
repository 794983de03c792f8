"""Error curves: what they measure, how they fall, where they cross."""

from __future__ import annotations

import json
import math

import pytest

from sc_neurocore.bitstream import (
    FAMILIES,
    OPERATIONS,
    Crossover,
    CurvePoint,
    ErrorBound,
    ErrorCurve,
    Family,
    NumpyRandom,
    OsEntropy,
    Sobol,
    crossovers,
    curve_plot,
    error_curve,
    standard_deviation,
)
from sc_neurocore.exceptions import SCConfigError

LENGTHS = (64, 256, 1024)


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("name", FAMILIES)
def test_trials_stay_within_the_bound_and_the_band_holds_the_rms(name: str, operation: str) -> None:
    curve = error_curve(FAMILIES[name], operation, lengths=LENGTHS, trials=200)  # type: ignore[arg-type]
    assert [p.length for p in curve.points] == list(LENGTHS)
    for point in curve.points:
        assert point.low <= point.rms <= point.high <= 3 * point.low
        assert point.rms <= point.largest
        assert point.largest <= point.bound.value + 1e-12
    json.dumps(curve.to_dict(), allow_nan=False)


@pytest.mark.parametrize("name", ["sobol", "halton", "counter"])
def test_long_trials_stay_within_the_bound(name: str) -> None:
    (point,) = error_curve(FAMILIES[name], "multiply", lengths=(16384,), trials=2000).points
    assert point.bound.word == "proven" and point.largest <= point.bound.value


def test_random_encoding_errs_by_its_standard_deviation() -> None:
    curve = error_curve(FAMILIES["random"], "encode", lengths=(256,), trials=4000)
    # The mean of p (1-p) over even values is 1/6.
    assert curve.points[0].rms == pytest.approx(
        standard_deviation(0.5, 256) * math.sqrt(4 / 6), rel=0.1
    )
    assert math.isnan(curve.exponent) and curve.to_dict()["exponent"] is None


def test_mean_of_sixteen_independent_products_errs_a_quarter_as_much() -> None:
    one, mean = (error_curve(FAMILIES["random"], operation, lengths=(256,), trials=2000)
                 for operation in ("multiply", "accumulate"))  # fmt: skip
    assert mean.points[0].rms == pytest.approx(one.points[0].rms / 4, rel=0.15)


def test_random_falls_as_the_root_and_sobol_as_the_length() -> None:
    lengths = tuple(2**k for k in range(5, 13))
    random, sobol = (error_curve(FAMILIES[n], "encode", lengths=lengths, trials=400)
                     for n in ("random", "sobol"))  # fmt: skip
    assert random.exponent == pytest.approx(-0.5, abs=0.06)
    assert sobol.exponent == pytest.approx(-1.0, abs=0.06)
    assert crossovers([random, sobol]) == (Crossover("encode", "sobol", "random", 32),)


def test_streams_of_one_dimension_never_get_better() -> None:
    pair = (Sobol(1), Sobol(1, shift=0x8000))
    curve = error_curve(Family("xor", lambda _, __: (pair,)), "multiply", lengths=LENGTHS)
    assert all(p.bound.value == pytest.approx(0.25, abs=2**-16) for p in curve.points)
    assert min(p.rms for p in curve.points) > 0.05
    assert curve.sources == ("sobol × sobol:1:16:0x8000",)


def test_trials_of_a_random_pair_see_other_numbers() -> None:
    family = Family.of_pair(NumpyRandom(1), NumpyRandom(2))
    seeds = {pair for g in range(32) for pair in family.pairs(256, g)}
    assert family.seeded and len({s for pair in seeds for s in pair}) == 64
    pair = error_curve(family, "encode", lengths=(256,), trials=2000).points[0]
    # As many generators as the family's: the band holds the true error.
    assert pair.low <= standard_deviation(0.5, 256) * math.sqrt(4 / 6) <= pair.high
    same = Family.of_pair(NumpyRandom(1), NumpyRandom(1)).pairs(256, 5)[0]
    assert same[0] == same[1] != NumpyRandom(1)
    assert not Family.of_pair(Sobol(1), Sobol(2)).seeded


@pytest.mark.parametrize(
    ("family", "operation", "message"),
    [
        (Family.of_pair(Sobol(1), OsEntropy()), "multiply",
         "'sobol/entropy' has source 'entropy', of which no measurement can be made again; use a "
         "reproducible one, such as random:1"),
        (Family("mine", lambda _, __: ((Sobol(1), NumpyRandom(1)),)), "multiply",
         "'mine' has random sources that are the same for every trial, which gives no band; make "
         "it with Family.of_pair, or seeded"),
        (Family.of_pair(Sobol(1), Sobol(2)), "accumulate",
         "'sobol/sobol:2' is one pair of sources; a sum needs at least two, so measure multiply"),
    ],
)  # fmt: skip
def test_families_that_give_no_curve(family: Family, operation: str, message: str) -> None:
    with pytest.raises(SCConfigError) as caught:
        error_curve(family, operation, lengths=(64,), trials=100)  # type: ignore[arg-type]
    assert str(caught.value) == message


def test_more_families_than_colours_are_not_plotted() -> None:
    with pytest.raises(SCConfigError) as caught:
        curve_plot([drawn(name, 1.0, 2.0) for name in "abcdefg"])
    assert str(caught.value) == (
        "a plot has colours for 6 families of sources, not for 7; plot fewer at a time"
    )
    assert "mean of" not in curve_plot([drawn("a", 1.0, 2.0)])


def test_same_seed_same_curve() -> None:
    first, second, other = (
        error_curve(FAMILIES["lfsr"], "multiply", lengths=(128,), trials=100, seed=seed)
        for seed in (1, 1, 2)
    )
    assert first == second != other


def drawn(family: str, *rms: float) -> ErrorCurve:
    bound = ErrorBound(1.0, "proven", "")
    points = tuple(CurvePoint(2**k, r, 0.9 * r, 1.1 * r, r, bound)
                   for k, r in enumerate(rms, 4))  # fmt: skip
    return ErrorCurve(family, "encode", (), 100, 0.95, points)


def test_crossover_is_where_bands_part_for_good() -> None:
    # Below at 16, above at 32, touching at 64, clearly below from 128 on.
    a, b = drawn("a", 1.0, 3.0, 1.9, 0.5, 0.1), drawn("b", 2.0, 2.0, 2.0, 2.0, 2.0)
    assert crossovers([a, b]) == (Crossover("encode", "a", "b", 128),)
    assert crossovers([drawn("c", 1.0, 2.0), drawn("d", 2.0, 1.0)]) == (
        Crossover("encode", "d", "c", 32),
    )
    assert crossovers([drawn("c", 1.0, 2.0), drawn("d", 2.0, 2.0)]) == ()


def test_counter_family_is_one_period_long() -> None:
    for length in (16, 1024):
        (first, _), *_ = FAMILIES["counter"].pairs(length, 0)
        assert first.period == length


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"operation": "divide"},
         "operation is 'divide'; it must be one of encode, multiply, accumulate"),
        ({"lengths": ()}, "lengths are []; they must be ascending, at least one"),
        ({"lengths": (64, 64)}, "lengths are [64, 64]; they must be ascending, at least one"),
        ({"lengths": (0,)}, "length is 0; it must be a whole number from 1 to 4294967296"),
        ({"trials": 99}, "trials is 99; it must be a whole number from 100 to 1000000"),
        ({"seed": -1}, "seed is -1; it must be a whole number of at least 0"),
        ({"confidence": 0.0}, "confidence is 0; it must lie between 0 and 1, both excluded"),
    ],
)  # fmt: skip
def test_bad_input_is_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(SCConfigError) as caught:
        error_curve(FAMILIES["sobol"], **{"operation": "encode", **arguments})  # type: ignore[arg-type]
    assert str(caught.value) == message


def test_curves_of_different_lengths_do_not_cross() -> None:
    with pytest.raises(SCConfigError) as caught:
        crossovers([drawn("a", 1.0), drawn("b", 1.0, 2.0)])
    assert str(caught.value) == (
        "the curves have different lengths; compare curves of the same ones"
    )


def test_whole_period_leaves_the_rounding() -> None:
    curve = error_curve(FAMILIES["sobol"], "encode", lengths=(65536,), trials=500)
    # Only the rounding to 2^-16 is left at a whole period, even over all of -1/2 … 1/2 of a step.
    assert 0.95 * 2**-17 < curve.points[0].largest <= 2**-17
