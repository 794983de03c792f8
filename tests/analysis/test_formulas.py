"""Values worked out by hand, and the definitions written out another way."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import signal
from sklearn.metrics import mutual_info_score

import sc_neurocore.analysis as ours


def _train(*spikes: int, steps: int = 20) -> np.ndarray:
    found = np.zeros(steps, dtype=int)
    found[list(spikes)] = 1
    return found


DRAW = np.random.default_rng(11)
A, B = ((DRAW.random(4000) < 0.05).astype(int) for _ in range(2))


def test_basics_by_hand() -> None:
    x = _train(2, 5, 11)
    assert ours.spike_times(x, 0.5).tolist() == [1.0, 2.5, 5.5]
    assert ours.isi(x, 0.5).tolist() == [1.5, 3.0]
    assert ours.firing_rate(x, 0.5) == pytest.approx(0.3) and ours.spike_count(x) == 3
    assert ours.bin_spike_train(x, 6).tolist() == [2, 1, 0]  # the last two steps fill no bin
    assert ours.first_spike_latency(x, 0.5) == 1.0
    assert math.isnan(ours.first_spike_latency(0 * x))


def test_variability_by_hand() -> None:
    x = _train(0, 2, 8)  # intervals 2 and 6
    assert ours.cv_isi(x) == pytest.approx(2 / 4)
    assert ours.cv2(x) == pytest.approx(2 * 4 / 8)
    assert ours.local_variation(x) == pytest.approx(3 * (4 / 8) ** 2)
    assert ours.lvr(x, 0.001, 1.0) == pytest.approx(3 * (1 - 48 / 64) * (1 + 4 / 8))
    assert ours.isi_entropy(x, bins=2) == pytest.approx(1)
    assert ours.fano_factor(_train(0, 1, steps=4), 2.0) == pytest.approx((2 / 3) / 1)
    clock = np.tile([1, 0, 0, 0, 0], 40)
    assert [f(clock) for f in (ours.cv_isi, ours.cv2, ours.local_variation)] == pytest.approx(
        [0] * 3
    )
    assert all(math.isnan(f(_train(3))) for f in (ours.cv_isi, ours.cv2, ours.local_variation))
    # Counts 1, 0, 0, 1 in windows of 1: ⟨Δ²⟩/(2⟨N⟩) over the whole.
    factors, windows = ours.allan_factor(_train(0, 3, steps=10), 0.5, 1)
    assert windows.tolist() == [0.5] and factors[0] == pytest.approx((3 / 9) / (2 * 0.2))
    gaps = ours.isi(A)
    silverman = 0.9 * min(gaps.std(ddof=1), np.subtract(*np.percentile(gaps, [75, 25])) / 1.34)
    assert ours.optimal_kernel_bandwidth(A) == pytest.approx(silverman * gaps.size ** (-1 / 5))


def test_permutation_entropy_by_hand() -> None:
    # Of 0 1 0 1 0 the pairs rise, fall, rise, fall: one bit. Equal values count as rising.
    assert ours.permutation_entropy([0, 1, 0, 1, 0], 2) == pytest.approx(1)
    assert ours.permutation_entropy([0, 0, 1, 1], 2) == 0
    assert ours.permutation_entropy([0, 1, 0, 1, 0, 1], 2, 2) == 0


def test_the_best_bin_width_resolves_the_rate() -> None:
    # A rate that alternates every 0.5 s is seen with bins below that, and not with single steps.
    rate = np.where(np.arange(20_000) // 500 % 2, 0.12, 0.005)
    found = ours.optimal_bin_width((DRAW.random(20_000) < rate).astype(int))
    assert 0.05 < found <= 0.5


def test_correlograms_by_hand() -> None:
    a, b = _train(5, 10), _train(8, 13)
    found, lags = ours.cross_correlation(a, b, 4.0)
    assert lags.tolist() == list(range(-4, 5)) and found.argmax() == 4 + 3  # b follows by 3 ms
    assert found[7] == pytest.approx((2 - 4 / 20) / (2 - 4 / 20))
    assert found[4] == pytest.approx(np.corrcoef(a, b)[0, 1])
    assert np.all(np.isnan(ours.cross_correlation(a, 0 * a)[0]))
    strength = ours.functional_connectivity([a, b], 4.0)
    assert strength[0, 1] == strength[1, 0] == pytest.approx(1) == strength[0, 0]
    assert ours.functional_connectivity([a, b], 1.0)[0, 1] < 0.2
    # One spike in twenty: r(k > 0) < 0, so only half a step is left.
    assert ours.autocorrelation_time(_train(5), 0.001) == pytest.approx(0.0005)
    blocks = np.repeat(DRAW.integers(0, 2, 500), 20)  # triangle of 20 steps: ½ + Σ (1 − k/20) = 10
    assert ours.autocorrelation_time(blocks, 0.001, 50) == pytest.approx(0.010, rel=0.15)


@given(st.integers(1, 60), st.integers(0, 80), st.sampled_from([0.05, 0.5, 1.0]), st.integers(0))
def test_correlograms_of_sparse_and_dense_trains(
    steps: int, reach: int, rate: float, seed: int
) -> None:
    a, b = (np.random.default_rng(seed).random((2, steps)) < rate).astype(int)
    found, lags = ours.cross_correlation(a, b, float(reach))
    if np.isnan(found).any():
        return
    counts = [sum(a[t] * b[t + k] for t in range(steps) if 0 <= t + k < steps)
              for k in range(-reach, reach + 1)]  # fmt: skip
    na, nb = a.sum(), b.sum()
    scale = math.sqrt((na - na**2 / steps) * (nb - nb**2 / steps))
    assert found == pytest.approx((np.array(counts) - na * nb / steps) / scale)
    assert lags == pytest.approx(np.arange(-reach, reach + 1))


def test_event_synchronisation_by_hand() -> None:
    a, b = _train(2, 12), _train(3, 18)
    assert ours.event_synchronization(a, b) == pytest.approx(1 / 2)  # c = 1 of √(2·2)
    assert ours.event_synchronization(a, a) == 1
    assert ours.event_synchronization(a, b, tau_ms=6.0) == pytest.approx(2 / 2)
    assert ours.event_synchronization(a, b, tau_ms=0.0) == 0
    alternating = ours.event_synchronization(np.tile([1, 0], 10), np.tile([0, 1], 10))
    assert alternating == 0  # exactly between two spikes is near neither


def test_coincidence_index_by_hand() -> None:
    a, b = _train(10, 30, steps=100), _train(11, 70, steps=100)
    chance = 2 * 3 / 100
    assert ours.coincidence_index(a, b, 0.001, 1.0) == pytest.approx(
        (1 - 2 * chance) / (2 * (1 - chance))
    )
    assert ours.coincidence_index(a, a, 0.001, 1.0) == pytest.approx(1)
    assert ours.coincidence_index(A, B, 0.001, 1.0) == pytest.approx(0, abs=0.12)


def test_covariances_of_counts() -> None:
    rows = [A, B, A | B]
    slid = np.array([np.convolve(x, np.ones(30), "valid") for x in rows])
    assert ours.spike_count_covariance(rows, 30) == pytest.approx(np.cov(slid))
    assert ours.joint_psth(_train(0, 7), _train(1, 2, 12), 10).tolist() == [[4, 2], [0, 0]]
    two = ours.joint_psth([_train(0), _train(11)], [_train(3), _train(3)], 10)
    assert two.tolist() == [[0.5, 0], [0.5, 0]]


def test_noise_is_told_from_signal() -> None:
    draw = np.random.default_rng(2)
    drive = np.array([np.sin(np.arange(400) / 40), -np.sin(np.arange(400) / 40)])  # opposed
    shared = draw.random((300, 1, 400)) < 0.1  # but noise in common, anew at every trial
    trials = (shared | (draw.random((300, 2, 400)) < 0.1 * (1 + drive))).astype(int)
    assert ours.signal_correlation(trials, 20)[0, 1] < -0.9
    assert ours.noise_correlation(trials, 20)[0, 1] > 0.3
    one = ours.noise_correlation([A, B, A], 20)  # one trial: residuals about the population mean
    assert one.shape == (3, 3) and one[0, 2] == pytest.approx(1)


def test_coherence_and_spectra_are_scipys() -> None:
    found, freqs = ours.spike_train_coherence(A, B)
    wanted = signal.coherence(A, B, 1000, nperseg=888)
    assert found == pytest.approx(wanted[1]) and freqs == pytest.approx(wanted[0])
    assert found.mean() < 0.3  # independent trains; one segment alone would say 1
    field = np.sin(2 * np.pi * 40 * np.arange(4000) / 1000)
    locked = (np.random.default_rng(1).random(4000) < 0.1 * (1 + field)).astype(int)
    found, freqs = ours.spike_field_coherence(locked, field + 0.1 * DRAW.normal(size=4000))
    assert 38 < freqs[found.argmax()] < 42 and found.max() > 0.8
    assert ours.power_spectrum(locked)[1][1:][ours.power_spectrum(locked)[0][1:].argmax()] == (
        pytest.approx(40, abs=2)
    )


def test_spikes_at_the_peaks_lock_to_phase_0() -> None:
    time = np.arange(2000)
    field = np.cos(2 * np.pi * time / 50)
    peaks, both = (time % 50 == 0).astype(int), (time % 25 == 0).astype(int)
    assert ours.phase_locking_value(peaks, field) == pytest.approx(1)
    assert ours.phase_locking_value(both, field) == pytest.approx(0, abs=1e-9)
    counts, middles = ours.spike_phase_histogram(peaks, field, 9)
    assert counts[4] == 40 == counts.sum() and middles[4] == pytest.approx(0)


def test_rates_by_hand() -> None:
    x = _train(50, steps=101)
    gauss = ours.instantaneous_rate(x, 0.001, "gaussian", 5.0)
    assert gauss.sum() * 0.001 == pytest.approx(1)
    assert gauss[50] == pytest.approx(1 / (0.005 * math.sqrt(2 * math.pi)), rel=1e-3)
    box = ours.instantaneous_rate(x, 0.001, "rectangular", 5 / math.sqrt(3))
    assert np.flatnonzero(box > 1e-9).tolist() == list(range(45, 56))
    late = ours.instantaneous_rate(x, 0.001, "exponential", 5.0)
    assert late[:50] == pytest.approx(0, abs=1e-9)
    assert late[60] / late[50] == pytest.approx(math.exp(-2))
    assert ours.population_rate([x, x], 0.001, 5.0) == pytest.approx(2 * gauss)
    rates, middles = ours.psth([_train(1), _train(2, 15)], 10.0)
    assert rates.tolist() == [100.0, 50.0] and middles.tolist() == [5.0, 15.0]
    assert ours.conditional_intensity(_train(0, 3, steps=5), 0.001, 2.0) == pytest.approx(
        [1000, 500, 0, 500, 500]
    )


def test_interval_functions_by_hand() -> None:
    x = _train(0, 1, 5, 9)  # intervals of 1, 4 and 4 steps
    survivor, at = ours.isi_survivor_function(x, 0.001, 2)
    assert at == pytest.approx([0.001, 0.003]) and survivor == pytest.approx([2 / 3, 2 / 3])
    hazard, _ = ours.isi_hazard_function(x, 0.001, 2)
    assert hazard == pytest.approx([1 / 0.005, 2 / 0.004])
    # f(1) = 1/3, f(4) = 2/3: h = 1/3, 1/9, 1/27, 2/3 + 1/81; times the mean of 3 steps.
    density, _ = ours.renewal_density(x, 0.001, 4)
    assert density == pytest.approx([1, 1 / 3, 1 / 9, 2 + 1 / 27])


def test_cumulant_by_hand() -> None:
    # Windows of two steps of a silent-free series: C(τ₁, τ₂) is a mean of products.
    x = A - A.mean()
    found = ours.cubic_higher_order(A, 0.001, 3) * 1e-9
    n = x.size - 3
    for i in range(4):
        for j in range(4):
            wanted = (x[:n] * x[i : i + n] * x[j : j + n]).mean()
            assert found[i, j] == pytest.approx(wanted)


def test_information_by_hand() -> None:
    x = [0, 0, 1, 1] * 8
    assert ours.mutual_information(x, x, 1) == pytest.approx(1)
    assert ours.mutual_information(x, [0, 1, 0, 1] * 8, 1) == 0
    counts = [ours.bin_spike_train(z, 20) for z in (A, B)]
    assert ours.mutual_information(A, B, 20) == pytest.approx(
        mutual_info_score(*counts) / math.log(2)
    )
    coin = DRAW.integers(0, 2, 20_001)
    after = np.concatenate([[0], coin[:-1]])
    assert ours.transfer_entropy(coin, after, 1, 1) == pytest.approx(1, abs=0.01)
    assert ours.transfer_entropy(after, coin, 1, 1) == pytest.approx(0, abs=0.01)
    assert ours.spike_train_entropy([0, 1, 1, 0] * 10, 1, 2) == pytest.approx(1)
    assert ours.spike_train_entropy([0, 1] * 10, 1, 2) == 0
    assert ours.spike_train_entropy(coin, 1, 4) == pytest.approx(4, abs=0.01)
    # The same in every repeat: no noise. Tosses of a coin: all is noise.
    assert ours.noise_entropy(np.tile(coin[:32], 50), 50, 1, 4) == 0
    assert ours.noise_entropy(coin[:20_000], 2000, 1, 2) == pytest.approx(2, abs=0.01)


def test_stimulus_specific_information_averages_to_the_mutual_information() -> None:
    assert ours.stimulus_specific_information([0, 1, 5, 5], list("abcc")) == pytest.approx(
        [1.5, 1.5, 1.5]
    )
    ids, counts = DRAW.integers(0, 4, 500), DRAW.poisson(3, 500)
    counts = counts + ids
    share = np.bincount(ids) / 500
    assert share @ ours.stimulus_specific_information(counts, ids) == pytest.approx(
        mutual_info_score(ids, counts) / math.log(2)
    )


def test_nearest_neighbour_information_of_gaussians() -> None:
    draw = np.random.default_rng(0)
    x = draw.normal(size=4000)
    y = 0.8 * x + 0.6 * draw.normal(size=4000)
    assert ours.kozachenko_leonenko_mi(x, y) == pytest.approx(-0.5 * math.log(1 - 0.64), abs=0.05)
    assert ours.kozachenko_leonenko_mi(x, draw.normal(size=4000)) == pytest.approx(0, abs=0.05)
    # No point lies strictly nearer than the nearest neighbour: ψ(1) + ψ(3) − 2 ψ(1) = 3/2.
    assert ours.kozachenko_leonenko_mi([0.0, 1.0, 3.0], [0.0, 1.0, 3.0], 1) == pytest.approx(1.5)
    rows = draw.normal(size=(3000, 2))
    both = ours.kozachenko_leonenko_mi(rows, rows + draw.normal(size=(3000, 2)), 4)
    assert both == pytest.approx(math.log(2), abs=0.1)  # 2 · ½ ln 2


def test_events_by_hand() -> None:
    x = _train(1, 2, 3, 9, 15, 16, 17, 18)
    found = ours.burst_detection(x, 0.001, 2.0, 3)
    assert found == [pytest.approx((0.001, 0.003, 3)), pytest.approx((0.015, 0.018, 4))]
    assert ours.burst_detection(x, 0.001, 1.0, 3) == []  # an interval of 1 ms is not below it
    assert ours.response_onset([0, 1, 0, 1, 1, 4, 9], 4, 0.5, 3.0) == 2.5
    assert math.isnan(ours.response_onset([0, 1, 0, 1, 0], 4))
    step = np.random.default_rng(3).random(4000) < np.where(np.arange(4000) < 2500, 0.02, 0.2)
    (found,) = ours.change_point_detection(step, 20)
    assert abs(found - 125) <= 2
    assert ours.change_point_detection(A, 20) == ours.change_point_detection(0 * A, 20) == []


def test_stimulus_by_hand() -> None:
    stimulus = np.arange(20.0) ** 2
    x = _train(1, 5, 9)
    windows = np.array([stimulus[2:5], stimulus[6:9]])  # the spike at 1 has no full past
    assert ours.spike_triggered_average(stimulus, x, 3) == pytest.approx(windows.mean(axis=0))
    assert ours.spike_triggered_covariance(stimulus, x, 3) == pytest.approx(np.cov(windows.T))
    place = np.repeat([0.0, 1.0, 2.0, 3.0], 25)
    only = np.zeros(100, dtype=int)
    only[25:50:2] = 1  # 13 spikes, all at 1
    assert ours.spatial_information(only, place, 4) == pytest.approx(2)  # one of four places
    assert ours.spatial_information(np.ones(100, int), place, 4) == pytest.approx(0)
    ((start, end),) = ours.place_field_detection(only, place, 4)
    assert (start, end) == (0.75, 1.5)
    rates, middles = ours.tuning_curve(only, place, 4, 0.01)
    assert rates == pytest.approx([0, 52, 0, 0]) and middles[0] == pytest.approx(0.375)
    assert np.isnan(ours.tuning_curve(only, place * place, 9)[0]).any()  # values never seen


def test_waveforms_by_hand() -> None:
    shape = [0, 0, -4, -10, -6, 0, 5, 4, 3, 2]
    assert ours.waveform_width(shape, 0.1) == pytest.approx(0.3)
    assert ours.waveform_amplitude(shape) == 15
    assert ours.waveform_repolarization_slope(shape, 0.1) == pytest.approx(60)
    assert ours.waveform_recovery_slope(shape, 0.1) == pytest.approx(-10)
    # −5 is crossed at 2 + 1/6 and 4 + 1/6.
    assert ours.waveform_halfwidth(shape, 0.1) == pytest.approx(0.2)
    assert ours.waveform_pt_ratio(shape) == pytest.approx(0.5)
    assert math.isnan(ours.waveform_halfwidth([-1, -2, -3]))
    assert math.isnan(ours.waveform_repolarization_slope([0, -1]))


def test_tokens_positions_and_attention() -> None:
    units, times = ours.tokenise_spikes([_train(3), _train(1, 3)], 0.5)
    assert units.tolist() == [1, 0, 1] and times.tolist() == [0.5, 1.5, 1.5]
    code = ours.sinusoidal_position_encode([0.0, 2.0], 4)
    assert code[0].tolist() == [0, 1, 0, 1]
    assert code[1] == pytest.approx([math.sin(2), math.cos(2), math.sin(0.02), math.cos(0.02)])
    found = ours.scaled_dot_product_attention([[100.0, 0], [0, 0]], np.eye(2), [[1, 2], [3, 4]])
    assert found == pytest.approx(np.array([[1, 2], [2, 3]]))
