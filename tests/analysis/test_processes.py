"""What must hold of random trains: values that theory gives for known processes, and surrogates."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sc_neurocore.analysis as ours

DT = 1e-4
POISSON = ours.homogeneous_poisson(40.0, 200.0, DT, seed=1)
SMALL = ours.homogeneous_poisson(40.0, 20.0, 0.001, seed=2)
TRAINS = st.lists(st.integers(0, 1), min_size=1, max_size=60).map(np.array)


def test_a_poisson_train_has_the_values_of_theory() -> None:
    n = 8000
    assert ours.firing_rate(POISSON, DT) == pytest.approx(40, abs=4 * 40 / math.sqrt(n))
    assert ours.cv_isi(POISSON, DT) == pytest.approx(1, abs=0.05)
    assert ours.cv2(POISSON, DT) == pytest.approx(1, abs=0.03)
    assert ours.local_variation(POISSON, DT) == pytest.approx(1, abs=0.05)
    assert ours.fano_factor(POISSON, 100.0, DT) == pytest.approx(1, abs=0.08)
    assert ours.allan_factor(POISSON, DT, 6)[0][:4] == pytest.approx(1, abs=0.15)
    density, freqs = ours.power_spectrum(POISSON, DT)
    assert density[freqs > 50].mean() == pytest.approx(2 * 40, rel=0.03)  # one-sided: 2 r
    hazard, _ = ours.isi_hazard_function(POISSON, DT, 40)
    assert hazard[:12] == pytest.approx(40, rel=0.15)
    survivor, at = ours.isi_survivor_function(POISSON, DT, 40)
    assert survivor == pytest.approx(np.exp(-40 * at), abs=0.03)
    renewal, _ = ours.renewal_density(POISSON, DT, 20)
    assert renewal == pytest.approx(1, abs=0.1)
    density, at = ours.complexity_pdf(POISSON, DT, 40)
    assert density.sum() * (at[1] - at[0]) == pytest.approx(1)
    assert density[:8] == pytest.approx(40 * np.exp(-40 * at[:8]), rel=0.15)


def test_long_memory_is_told_from_none() -> None:
    coin = np.random.default_rng(4).integers(0, 2, 20_000)
    assert ours.hurst_exponent(coin) == pytest.approx(0.5, abs=0.06)
    assert 0.5 < ours.rescaled_range(coin, 64) < 0.65
    # A rate that wanders for a long time.
    walk = np.cumsum(np.random.default_rng(5).normal(size=20_000))
    slow = (np.random.default_rng(6).random(20_000) < 0.5 + 0.4 * np.sign(walk)).astype(int)
    assert ours.hurst_exponent(slow) > 0.9 and ours.rescaled_range(slow, 64) > 0.8
    alternating = np.tile([0, 1], 5000)
    assert ours.hurst_exponent(alternating) < 0.2
    assert math.isnan(ours.hurst_exponent(0 * coin)) and math.isnan(ours.rescaled_range(0 * coin))
    assert ours.lempel_ziv_complexity(coin) == pytest.approx(1, abs=0.05)
    assert ours.approximate_entropy(coin) == pytest.approx(math.log(2), abs=0.01)
    assert ours.sample_entropy(coin) == pytest.approx(math.log(2), abs=0.01)


@pytest.mark.parametrize("shape", [0.5, 1.0, 4.0, 25.0])
def test_gamma_intervals_vary_as_their_shape_says(shape: float) -> None:
    found = ours.gamma_process(20.0, shape, 400.0, DT, seed=3)
    assert ours.cv_isi(found, DT) == pytest.approx(1 / math.sqrt(shape), rel=0.06)
    assert ours.firing_rate(found, DT) == pytest.approx(20, rel=0.06)
    # LV of gamma intervals is 3/(2k + 1) (Shinomoto et al. 2003).
    assert ours.local_variation(found, DT) == pytest.approx(3 / (2 * shape + 1), rel=0.08)


def test_lvr_corrects_for_a_dead_time_as_far_as_theory_says() -> None:
    # Intervals of 5 ms plus an exponential of 20 ms. Given the sum S of the exponentials of two,
    # their difference is uniform: LV = E[S²/(S + 2R)²], and LvR has 1 + 4R/(S + 2R) as a factor.
    gaps = 0.005 + np.random.default_rng(2).exponential(0.02, 20_000)
    train = np.zeros(int(gaps.sum() / DT) + 2, dtype=int)
    train[(np.cumsum(gaps) / DT).astype(int)] = 1
    s = np.arange(0.0005, 30, 0.001) * 0.02
    weight = s * np.exp(-s / 0.02)
    weight /= weight.sum()
    lv = (weight * s**2 / (s + 0.01) ** 2).sum()
    revised = (weight * s**2 / (s + 0.01) ** 2 * (1 + 0.02 / (s + 0.01))).sum()
    assert ours.local_variation(train, DT) == pytest.approx(lv, rel=0.03)
    assert ours.lvr(train, DT, 5.0) == pytest.approx(revised, rel=0.03)
    assert ours.lvr(train, DT, 0.0) == pytest.approx(ours.local_variation(train, DT))


def test_rates_follow_functions() -> None:
    found = ours.inhomogeneous_poisson(lambda t: 100.0 if t < 5 else 10.0, 10.0, seed=4)
    assert float(found[:5000].sum()) == pytest.approx(500 * 0.9516, abs=90)  # (1 − e^−0.1)/0.1
    assert float(found[5000:].sum()) == pytest.approx(50, abs=30)
    bursts = ours.compound_poisson_process(5.0, 4.0, 200.0, seed=5)
    assert bursts.sum() / 200 == pytest.approx(20, rel=0.1)
    assert ours.fano_factor(bursts, 200.0) == pytest.approx(5, rel=0.25)  # 1 + burst mean
    assert [b[2] for b in ours.burst_detection(bursts, 0.001, 1.5, 2)][:3] > [1, 1, 1]


@pytest.mark.parametrize(
    "make",
    [
        lambda seed: ours.homogeneous_poisson(30, 5, seed=seed),
        lambda seed: ours.inhomogeneous_poisson(lambda t: 30 * t, 5, seed=seed),
        lambda seed: ours.gamma_process(30, 2, 5, seed=seed),
        lambda seed: ours.compound_poisson_process(5, 3, 5, seed=seed),
        lambda seed: ours.surrogate_isi_shuffle(SMALL, seed),
        lambda seed: ours.surrogate_dither(SMALL, 5, seed=seed),
        lambda seed: ours.surrogate_bin_shuffling(SMALL, 20, seed),
        lambda seed: ours.surrogate_spike_train_shifting(SMALL, 500, seed),
        lambda seed: ours.surrogate_trial_shuffle(SMALL.reshape(20, -1), seed),
    ],
)
def test_a_seed_gives_one_train(make: object) -> None:
    assert callable(make)
    assert np.array_equal(make(1), make(1))
    assert not np.array_equal(make(1), make(2))
    assert not np.array_equal(make(None), make(None))


@given(TRAINS, st.integers(0, 2**32))
def test_surrogates_keep_what_they_promise(train: np.ndarray, seed: int) -> None:
    gaps = np.diff(np.flatnonzero(train))
    shuffled = ours.surrogate_isi_shuffle(train, seed)
    assert np.array_equal(np.sort(np.diff(np.flatnonzero(shuffled))), np.sort(gaps))
    reach = min(7, train.size - 1)
    dithered = ours.surrogate_dither(train, reach, 0.001, seed)
    assert dithered.sum() == train.sum() and dithered.shape == train.shape
    binned = ours.surrogate_bin_shuffling(train, 7, seed)
    edges = np.arange(0, train.size, 7)
    assert np.array_equal(np.add.reduceat(binned, edges), np.add.reduceat(train, edges))
    if train.size > 1:
        shifted = ours.surrogate_spike_train_shifting(train, reach, seed)
        turns = [
            k for k in range(-reach, reach + 1) if k and np.array_equal(np.roll(train, k), shifted)
        ]
        assert turns


def test_dither_moves_no_spike_further_than_asked_when_trains_are_sparse() -> None:
    train = np.zeros(5000, dtype=int)
    train[::100] = 1
    moved = np.flatnonzero(ours.surrogate_dither(train, 20, seed=1)) - np.arange(0, 5000, 100)
    assert np.abs(moved).max() <= 20 and np.abs(moved).max() > 15


def test_trial_shuffle_permutes_whole_trials() -> None:
    trials = SMALL.reshape(20, -1)
    found = ours.surrogate_trial_shuffle(trials, 3)
    assert sorted(map(bytes, found)) == sorted(map(bytes, trials))


def test_bootstrap_tells_coupled_trains_from_others() -> None:
    def together(a: np.ndarray, b: np.ndarray) -> float:
        return float(a @ b)

    observed, p = ours.significance_bootstrap(together, SMALL, SMALL, 99, seed=1)
    assert observed == SMALL.sum() and p == pytest.approx(1 / 100)
    other = ours.homogeneous_poisson(40.0, 20.0, seed=9)
    assert ours.significance_bootstrap(together, SMALL, other, 99, seed=1)[1] > 0.05
    assert ours.significance_bootstrap(lambda a, b: 1.0, SMALL, other, 9, seed=1) == (1.0, 1.0)


@settings(max_examples=40)
@given(st.lists(st.integers(0, 1), min_size=6, max_size=40).map(np.array), st.integers(1, 3))
def test_entropies_of_words_are_those_of_all_pairs(train: np.ndarray, m: int) -> None:
    r = 0.2 * train.std()

    def close(length: int, count: int) -> np.ndarray:
        words = np.array([train[i : i + length] for i in range(count)])
        return np.abs(words[:, None] - words[None]).max(axis=2) <= r

    n = train.size
    phi = [np.log(close(k, n - k + 1).mean(axis=1)).mean() for k in (m, m + 1)]
    assert ours.approximate_entropy(train, m) == pytest.approx(max(0, phi[0] - phi[1]), abs=1e-12)
    b, a = (close(k, n - m).sum() - (n - m) for k in (m, m + 1))
    wanted = math.nan if b == 0 else math.inf if a == 0 else -math.log(a / b)
    assert ours.sample_entropy(train, m) == pytest.approx(wanted, nan_ok=True)


def _components(s: str) -> int:
    """Exhaustive history, letter by letter, as Lempel and Ziv define it."""
    count, start = 0, 0
    while start < len(s):
        end = start + 1
        while end < len(s) and s[start:end] in s[: end - 1]:
            end += 1
        count, start = count + 1, end
    return count


@given(st.lists(st.integers(0, 1), min_size=2, max_size=80))
def test_lempel_ziv_counts_the_exhaustive_history(bits: list[int]) -> None:
    scale = len(bits) / math.log2(len(bits))
    wanted = _components("".join(map(str, bits)))
    assert ours.lempel_ziv_complexity(bits) * scale == pytest.approx(wanted)


def test_lempel_ziv_of_the_papers_example() -> None:
    # 0001101001000101 → 0·001·10·100·1000·101: six components (Lempel & Ziv 1976, page 76).
    bits = [int(c) for c in "0001101001000101"]
    assert ours.lempel_ziv_complexity(bits) == pytest.approx(6 * 4 / 16)


def test_a_right_intensity_passes_and_a_wrong_one_fails() -> None:
    draw = np.random.default_rng(3)
    # Λ(t) = 20 t + 10 t²: unit-rate events mapped back.
    unit = np.cumsum(draw.exponential(size=500))
    times = (-20 + np.sqrt(400 + 40 * unit)) / 20
    end = float(times[-1]) + 0.01
    assert ours.time_rescaling_ks_test(times, lambda t: 20 + 20 * t, 0.0, end)[1]
    assert not ours.time_rescaling_ks_test(times, lambda t: 500 / end, 0.0, end)[1]
