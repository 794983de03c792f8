"""Imperfect devices: the same at every call, as spread as stated, nothing clipped in silence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from sc_neurocore.digital_twin import FPGAMismatchModel
from sc_neurocore.exceptions import SCConfigError

BIG = np.random.default_rng(0).normal(0, 2, (200, 200))


def test_documented_fields() -> None:
    one = FPGAMismatchModel()
    assert (one.quantization_bits, one.weight_cv, one.threshold_cv) == (16, 0.02, 0.05)
    assert (one.clock_jitter_pct, one.seed) == (0.01, 42)


def test_quantize_by_hand() -> None:
    """Q8.8: steps of 1/256, from -128 to 128 - 1/256."""
    one = FPGAMismatchModel()
    assert (one.step, one.low, one.high) == (1 / 256, -128.0, 128 - 1 / 256)
    values = [0.0, 1 / 512, 3 / 512, 1.001, -128.0, 127.997]
    assert one.quantize(values).tolist() == [0, 0, 4 / 512, 256 / 256, -128, 32767 / 256]
    four = FPGAMismatchModel(quantization_bits=4)
    assert four.quantize([1.6, -2.0, 1.75]).tolist() == [1.5, -2.0, 1.75]
    with pytest.raises(SCConfigError) as error:
        four.quantize([[0.0, 1.9], [-3.0, 0.0]])
    assert str(error.value) == (
        "2 of 4 values do not fit 4 bits (-2 to 1.75): the first is 1.9 at [0, 1]; scale the "
        "values, or give more quantization_bits"
    )


@given(
    values=arrays(np.float64, st.integers(0, 30), elements=st.floats(-1e6, 1e6)),
    bits=st.integers(2, 32),
)
def test_quantisation_is_nearest_or_refused(values: np.ndarray, bits: int) -> None:
    one = FPGAMismatchModel(quantization_bits=bits)
    if one.outside(values).any():
        with pytest.raises(SCConfigError, match="do not fit"):
            one.quantize(values)
        return
    found = one.quantize(values)
    assert (np.abs(found - values) <= one.step / 2).all()
    assert (found / one.step == np.rint(found / one.step)).all()
    np.testing.assert_array_equal(one.quantize(found), found)


METHODS = {
    "quantize": lambda m: m.quantize(BIG),
    "perturb_weights": lambda m: m.perturb_weights(BIG),
    "perturb_thresholds": lambda m: m.perturb_thresholds(BIG[0]),
    "jitter_timing": lambda m: m.jitter_timing(50),
    "apply": lambda m: np.concatenate(m.apply_to_network_weights([BIG, BIG])),
}


@pytest.mark.parametrize("name", METHODS)
def test_the_same_device_answers_the_same(name: str) -> None:
    one, again = FPGAMismatchModel(seed=3), FPGAMismatchModel(seed=3)
    for other in METHODS:  # whatever else was drawn before
        METHODS[other](again)
    before = BIG.copy()
    np.testing.assert_array_equal(METHODS[name](one), METHODS[name](again))
    np.testing.assert_array_equal(BIG, before)
    if name != "quantize":
        assert not np.array_equal(METHODS[name](one), METHODS[name](FPGAMismatchModel(seed=4)))


def test_variations_have_the_stated_distribution() -> None:
    """Kolmogorov and Smirnov's test against the normal distribution of scipy."""
    one = FPGAMismatchModel()
    relative = one.perturb_weights(BIG) / BIG - 1
    assert stats.kstest(relative.ravel(), stats.norm(0, 0.02).cdf).pvalue > 0.01
    thresholds = np.full(20_000, 3.0)
    found = one.perturb_thresholds(thresholds)
    assert stats.kstest(found / 3 - 1, stats.norm(0, 0.05).cdf).pvalue > 0.01
    # Weights and thresholds, and the matrices of a network, vary independently.
    held = one.quantize(BIG)
    first, second = (x - held for x in one.apply_to_network_weights([BIG, BIG]))
    assert abs(stats.pearsonr(first.ravel(), second.ravel()).statistic) < 0.02


def test_periods_have_mean_one_and_the_stated_spread() -> None:
    found = replace(FPGAMismatchModel(), clock_jitter_pct=0.3).jitter_timing(200_000)
    assert (found > 0).all()
    sigma = np.sqrt(np.log1p(0.09))
    reference = stats.lognorm(sigma, scale=np.exp(-(sigma**2) / 2))
    assert reference.mean() == pytest.approx(1) and reference.std() == pytest.approx(0.3)
    assert stats.kstest(found, reference.cdf).pvalue > 0.01
    assert FPGAMismatchModel(clock_jitter_pct=0).jitter_timing(3).tolist() == [1, 1, 1]


def test_a_perfect_device_only_rounds() -> None:
    one = FPGAMismatchModel(weight_cv=0, threshold_cv=0)
    np.testing.assert_array_equal(one.apply_to_network_weights([BIG])[0], one.quantize(BIG))
    np.testing.assert_array_equal(one.perturb_thresholds(BIG), BIG)


def test_report_agrees_with_theory() -> None:
    one = FPGAMismatchModel()
    wide = BIG.copy()
    wide[0, :3] = [500.0, -500.0, 127.999]  # the last rounds to 128, which Q8.8 has not
    first, second = one.mismatch_report([wide, np.zeros((0, 4))])
    assert (first.weights, first.outside) == (40_000, 3)
    # Uniform over a step: 40 000 draws give its rms within 1 %.
    assert first.expected_quantisation_rms == 1 / 256 / np.sqrt(12)
    assert first.quantisation_rms == pytest.approx(first.expected_quantisation_rms, rel=0.01)
    assert first.variation_rms == pytest.approx(first.expected_variation_rms, rel=0.02)
    assert first.expected_variation_rms == pytest.approx(0.02 * 2, rel=0.02)
    assert (second.weights, second.quantisation_rms, second.variation_rms) == (0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"quantization_bits": 1}, "quantization_bits is 1; .* from 2 to 32"),
        ({"quantization_bits": 8.0}, "quantization_bits is 8.0"),
        ({"weight_cv": -0.1}, "weight_cv is -0.1; it must be a number from 0 to 1"),
        ({"threshold_cv": float("nan")}, "threshold_cv is nan"),
        ({"clock_jitter_pct": 2}, "clock_jitter_pct is 2"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_refusals(change: dict, message: str) -> None:
    with pytest.raises(SCConfigError, match=message):
        FPGAMismatchModel(**change)


def test_values_must_be_numbers() -> None:
    one = FPGAMismatchModel()
    with pytest.raises(SCConfigError, match="not finite"):
        one.quantize([np.nan])
    with pytest.raises(SCConfigError, match="no array of numbers"):
        one.perturb_weights("x")
    with pytest.raises(SCConfigError, match="n_steps is -1"):
        one.jitter_timing(-1)
