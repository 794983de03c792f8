"""Multipliers are checked, refused, and repaired by circuits that were tried."""

from __future__ import annotations

import numpy as np
import pytest

from sc_neurocore.bitstream import (
    Counter,
    Decorrelator,
    Lfsr,
    Multiplier,
    NumpyRandom,
    OsEntropy,
    Sharing,
    Sobol,
    check_multipliers,
    encode,
    insert_decorrelators,
    isolate,
    layer_multipliers,
    one_pair,
    own_dimensions,
    popcount,
    rank_counts,
    register_phases,
    remedy_of,
    require_multipliers,
    sc_and,
    sc_xnor,
    shifted_pair,
)
from sc_neurocore.exceptions import SCConfigError

XORED = Multiplier("w0", Sobol(1), Sobol(1, shift=0x8000))


@pytest.mark.exhaustive
def test_xor_seeds_of_one_sobol_dimension_multiply_wrongly_by_a_quarter() -> None:
    (check,) = check_multipliers([XORED], 1024, limit=0.05)
    assert (check.covariance, check.scc) == (-0.25, -1.0)
    assert check.error == pytest.approx(-0.25, abs=2**-16)
    assert (check.verdict, check.word) == ("correlated", "proven")
    # What the check says happens to the bits.
    a, b = encode([check.p], 1024, XORED.a), encode([check.q], 1024, XORED.b)
    assert popcount(sc_and(a, b))[0] == 0
    assert popcount(a)[0] == popcount(b)[0] == 512


@pytest.mark.parametrize("shift", [0x0001, 0x1234, 0xACE1, 0xFFFF])
def test_no_shift_makes_one_dimension_independent_of_itself(shift: int) -> None:
    (check,) = check_multipliers(
        [Multiplier("w", Sobol(1), Sobol(1, shift=shift))], 1024, limit=0.05
    )
    assert check.verdict == "correlated"
    assert abs(check.covariance) > 0.18


def test_two_dimensions_are_sound_for_all_values() -> None:
    (check,) = check_multipliers([Multiplier("w", Sobol(1), Sobol(2))], 1024, limit=0.01)
    assert (check.verdict, check.word, check.remedy) == ("sound", "proven", None)
    assert remedy_of(check) == ""
    require_multipliers([Multiplier("w", Sobol(1), Sobol(2))], 1024, limit=0.01)


def test_values_decide_where_they_are_given() -> None:
    # With a constant factor nothing can go wrong.
    constant = Multiplier("w", Sobol(1), Sobol(1), p=1.0)
    (check,) = check_multipliers([constant], 1024, limit=0.01)
    assert (check.verdict, check.covariance, check.word) == ("sound", 0.0, "proven")
    given = Multiplier("w", Sobol(1), Sobol(1), p=0.25, q=0.5)
    (check,) = check_multipliers([given], 1024, limit=0.05)
    # min(1/4, 1/2) instead of 1/8.
    assert (check.covariance, check.error, check.word) == (0.125, 0.125, "proven")


def test_short_streams_of_a_wide_counter_are_imprecise_not_correlated() -> None:
    wide = Multiplier("w", Counter(16), Sobol(1))
    (check,) = check_multipliers([wide], 1024, limit=0.05)
    assert check.verdict == "imprecise" and check.remedy is None
    assert remedy_of(check) == ("use longer streams, or sources that encode better at this length")


def test_register_one_clock_apart_is_found() -> None:
    (check,) = check_multipliers([Multiplier("w", Lfsr(), Lfsr().jump(1))], 1024, limit=0.05)
    assert check.verdict == "correlated"
    assert check.remedy is not None and isinstance(check.remedy.b, Lfsr)


def test_remedy_is_itself_sound() -> None:
    (check,) = check_multipliers([XORED], 1024, limit=0.05)
    assert check.remedy is not None
    assert check_multipliers([check.remedy], 1024, limit=0.05)[0].verdict == "sound"
    assert remedy_of(check) == "encode the second stream with sobol:2"


@pytest.mark.parametrize(
    ("multiplier", "kind"),
    [
        (XORED, "shuffle buffer"),
        (Multiplier("u", Counter(10), Counter(10)), "regenerator"),
        (Multiplier("r", NumpyRandom(1), NumpyRandom(1)), "isolator"),
    ],
)
def test_inserted_decorrelator_keeps_the_sources_and_works(
    multiplier: Multiplier, kind: str
) -> None:
    (repaired,) = insert_decorrelators([multiplier], 1024, limit=0.06)
    assert (repaired.a, repaired.b) == (multiplier.a, multiplier.b)
    assert repaired.decorrelator is not None and repaired.decorrelator.kind == kind
    p, q = np.meshgrid(np.linspace(0.05, 0.95, 7), np.linspace(0.05, 0.95, 7))
    x = encode(p, 1024, multiplier.a)
    y = repaired.decorrelator.apply(encode(q, 1024, multiplier.b), 1024)
    assert np.abs(popcount(sc_and(x, y)) / 1024 - p * q).max() < 0.07


@pytest.mark.parametrize("plan", [one_pair(), shifted_pair(8), own_dimensions(8)])
def test_offered_sharing_plans_are_sound(plan: Sharing) -> None:
    require_multipliers(layer_multipliers(plan, 8, outputs=3), 1024, limit=0.02)


def test_register_phases_are_no_worse_than_random_bits() -> None:
    checks = check_multipliers(layer_multipliers(register_phases(16), 16), 1024, limit=2 / 32)
    assert all(abs(c.covariance) < 2 / 32 for c in checks)
    # Their rates are another matter: one of these registers errs by more.
    assert {c.verdict for c in checks} <= {"sound", "imprecise"}


def test_layer_has_each_pair_of_sources_once() -> None:
    plan = Sharing((Sobol(1), Sobol(2)), ((Sobol(3),), (Sobol(4), Sobol(5))))
    found = layer_multipliers(plan, 3, outputs=4)
    assert [(m.name, m.a.dimension, m.b.dimension) for m in found] == [  # type: ignore[attr-defined]
        ("weight[0, 0]", 1, 3), ("weight[0, 1]", 2, 3),
        ("weight[1, 0]", 1, 4), ("weight[1, 1]", 2, 5),
    ]  # fmt: skip


def test_xnor_has_four_times_the_covariance() -> None:
    a, b = (encode(0.5, 1024, s) for s in (XORED.a, XORED.b))
    product = 2 * popcount(sc_xnor(a, b, 1024)) / 1024 - 1
    assert product == 4 * -0.25  # of the bipolar values 0 and 0


def test_sound_multipliers_are_left_alone() -> None:
    sound = Multiplier("w", Sobol(1), Sobol(2))
    assert insert_decorrelators([sound], 1024, limit=0.05) == (sound,)


def test_independent_random_streams_seldom_pass_the_default_limit() -> None:
    pairs = [Multiplier("w", NumpyRandom(2 * i), NumpyRandom(2 * i + 1)) for i in range(100)]
    checks = check_multipliers(pairs, 256, limit=2 / 16)
    assert sum(c.verdict != "sound" for c in checks) <= 5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: require_multipliers([XORED], 1024, limit=0.05),
         "multiplier w0: sobol × sobol:1:16:0x8000: correlated: SCC -1.000, covariance -0.2500, "
         "error -0.2500 at 1024 bits, limit 0.05; encode the second stream with sobol:2"),
        (lambda: insert_decorrelators([Multiplier("u", Counter(10), Counter(10))], 1024,
                                      limit=0.0005),
         "multiplier u: counter:10 × counter:10: correlated: SCC +1.000, covariance +0.2500, error "
         "+0.2505 at 1024 bits, limit 0.0005; no decorrelator brings it within; use longer streams "
         "or other sources"),
        (lambda: insert_decorrelators([Multiplier("w", Counter(16), Sobol(1))], 1024, limit=0.05),
         "multiplier w: counter × sobol: imprecise: SCC +0.021, covariance +0.0026, error +0.9844 "
         "at 1024 bits, limit 0.05; use longer streams, or sources that encode better at this "
         "length"),
        (lambda: Decorrelator("foo"),  # type: ignore[arg-type]
         "decorrelator is 'foo'; it must be one of isolator, shuffle buffer, tracking memory, "
         "regenerator"),
        (lambda: Decorrelator("shuffle buffer"),
         "decorrelator 'shuffle buffer' has no source of random numbers; give one, such as "
         "Sobol(3)"),
        (lambda: Decorrelator("isolator", Sobol(3)),
         "an isolator takes no source, but it has 'sobol:3'"),
        (lambda: Decorrelator("tracking memory", OsEntropy()),
         "decorrelator 'tracking memory' has source 'entropy', whose numbers are never the same "
         "and cannot be checked; use a reproducible one, such as random:1"),
        (lambda: Sharing((OsEntropy(),), ((Sobol(),),)),
         "a sharing plan has source 'entropy', whose numbers are never the same and cannot be "
         "shared; use a reproducible one, such as random:1"),
        (lambda: Multiplier("w", Sobol(), OsEntropy()),
         "multiplier 'w' has source 'entropy', whose numbers are never the same and cannot be "
         "checked; check it with a reproducible one, such as random:1"),
        (lambda: Multiplier("w", Sobol(), Lfsr(), q=-0.5),
         "q of multiplier 'w' is -0.5; it must be from 0 to 1"),
        (lambda: check_multipliers([XORED], 1024, limit=0.5),
         "limit is 0.5; it must be from 0 to 0.25"),
        (lambda: layer_multipliers(one_pair(), 0),
         "inputs is 0; it must be a whole number of at least 1"),
        (lambda: check_multipliers([XORED], 0, limit=0.1),
         "length is 0; it must be a whole number from 1 to 4294967296"),
    ],
)  # fmt: skip
def test_refusals(call: object, message: str) -> None:
    with pytest.raises(SCConfigError) as caught:
        call()  # type: ignore[operator]
    assert str(caught.value) == message


@pytest.mark.parametrize("length", [1024, 16384])
def test_one_given_value_is_checked_against_all_of_the_other(length: int) -> None:
    sources = Sobol(1), Sobol(1, shift=0x3000)
    (check,) = check_multipliers([Multiplier("w", *sources, p=0.3)], length, limit=0.25)
    x, y = np.rint(0.3 * 65536).astype(int), np.arange(65537)
    ones = rank_counts([x, 65536], y, *sources, length) / length
    covariance = ones[0] - ones[0, -1] * ones[1]
    exact = np.abs(covariance).max()
    assert check.word == "proven" and exact - 1e-12 <= abs(check.covariance) <= exact + 2**-12


def test_what_was_only_tried_is_not_called_sound() -> None:
    (repaired,) = insert_decorrelators([XORED], 1024, limit=0.06)
    (check,) = check_multipliers([repaired], 1024, limit=0.06)
    assert (check.verdict, check.word, remedy_of(check)) == ("tried", "measured", "")
    require_multipliers([repaired], 1024, limit=0.06)


def test_isolator_delays_by_the_two_clocks_that_hardware_can() -> None:
    stream = encode(0.5, 100, Sobol(1))
    assert np.array_equal(Decorrelator("isolator").apply(stream, 100), isolate(stream, 100, 2))
    assert Decorrelator("isolator").apply(encode(1.0, 1, Sobol(1)), 1) == 0


def test_decorrelator_is_named_with_its_source() -> None:
    assert str(Decorrelator("isolator")) == "isolator"
    assert str(Decorrelator("regenerator", Sobol(3))) == "regenerator with sobol:3"
