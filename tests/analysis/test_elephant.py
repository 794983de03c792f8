"""Against Elephant, called independently. One module, for its import takes seconds."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import elephant.causality.granger as granger
import elephant.spike_train_correlation as correlation
import elephant.spike_train_dissimilarity as dissimilarity
import elephant.statistics as statistics
import elephant.waveform_features as features
import neo
import numpy as np
import pytest
import quantities as pq
from elephant.conversion import BinnedSpikeTrain
from elephant.kernels import ExponentialKernel, GaussianKernel, RectangularKernel
from elephant.spade import spade

import sc_neurocore.analysis as ours

DT, STEPS = 0.001, 3000
DRAW = np.random.default_rng(5)
A, B = ((DRAW.random(STEPS) < 0.03).astype(int) for _ in range(2))


def _neo(train: np.ndarray) -> neo.SpikeTrain:
    return neo.SpikeTrain(np.flatnonzero(train) * DT, units="s", t_stop=STEPS * DT)


def _binned(width: float = DT) -> BinnedSpikeTrain:
    return BinnedSpikeTrain([_neo(A), _neo(B)], bin_size=width * pq.s, tolerance=1e-6)


PAIRS: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
    "isi": (lambda: ours.isi(A), lambda: statistics.isi(_neo(A)).magnitude),
    "firing_rate": (
        lambda: ours.firing_rate(A),
        lambda: statistics.mean_firing_rate(_neo(A)).rescale("Hz").magnitude,
    ),
    "bin_spike_train": (
        lambda: [ours.bin_spike_train(x, 10) for x in (A, B)],
        lambda: _binned(0.01).to_array(),
    ),
    "cv_isi": (lambda: ours.cv_isi(A), lambda: statistics.cv(statistics.isi(_neo(A)))),
    "cv2": (lambda: ours.cv2(A), lambda: statistics.cv2(statistics.isi(_neo(A)))),
    "local_variation": (
        lambda: ours.local_variation(A),
        lambda: statistics.lv(statistics.isi(_neo(A))),
    ),
    "lvr": (
        lambda: ours.lvr(A, refractoriness_ms=3.0),
        lambda: statistics.lvr(statistics.isi(_neo(A)), R=3 * pq.ms),
    ),
    "pairwise_correlation": (
        lambda: ours.pairwise_correlation([A, B]),
        lambda: correlation.correlation_coefficient(_binned()),
    ),
    "covariance_matrix": (
        lambda: ours.covariance_matrix([A, B], 10),
        lambda: correlation.covariance(_binned(0.01)),
    ),
    "cross_correlation": (
        lambda: ours.cross_correlation(A, B, 20.0)[0],
        lambda: correlation.cross_correlation_histogram(
            _binned()[0], _binned()[1], window=[-20, 20], cross_correlation_coefficient=True
        )[0].magnitude.ravel(),
    ),
    "spike_time_tiling_coefficient": (
        lambda: ours.spike_time_tiling_coefficient(A, B, delta_ms=7.0),
        lambda: correlation.spike_time_tiling_coefficient(_neo(A), _neo(B), dt=7 * pq.ms),
    ),
    # Elephant scales so that one spike makes 1, ours as the paper does: √½.
    "van_rossum_distance": (
        lambda: ours.van_rossum_distance(A, B, tau_ms=12.0) * np.sqrt(2),
        lambda: dissimilarity.van_rossum_distance([_neo(A), _neo(B)], 12 * pq.ms)[0, 1],
    ),
    "victor_purpura_distance": (
        lambda: ours.victor_purpura_distance(*(ours.spike_times(x) for x in (A, B)), 50.0),
        lambda: dissimilarity.victor_purpura_distance([_neo(A), _neo(B)], 50 * pq.Hz)[0, 1],
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_the_library_says_the_same(name: str) -> None:
    mine, theirs = (f() for f in PAIRS[name])
    np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("kernel", "theirs"),
    [("gaussian", GaussianKernel), ("exponential", ExponentialKernel),
     ("rectangular", RectangularKernel)],
)  # fmt: skip
def test_rates_agree_away_from_the_ends(kernel: str, theirs: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wanted = statistics.instantaneous_rate(
            _neo(A), 1 * pq.ms, kernel=theirs(20 * pq.ms), center_kernel=False
        )
    found = ours.instantaneous_rate(A, DT, kernel, 20.0)
    inside = slice(400, -400)
    # Elephant samples its kernels at half steps; that is what the room is for.
    gap = np.abs(found - wanted.magnitude.ravel())[inside]
    assert gap.max() < {"gaussian": 0.3, "exponential": 5.0, "rectangular": 15.0}[kernel]
    assert gap.mean() < {"gaussian": 0.1, "exponential": 1.2, "rectangular": 1.0}[kernel]


def test_snr_agrees_where_the_noise_is_the_same_at_all_samples() -> None:
    waveforms = np.sin(np.arange(30)) * 4 + DRAW.normal(size=(3000, 30))
    assert ours.snr(waveforms) == pytest.approx(float(features.waveform_snr(waveforms)), rel=1e-3)


def test_granger_causality_agrees_with_the_yule_walker_estimate() -> None:
    source = (DRAW.random(60_000) < 0.1).astype(int)
    target = np.roll(source, 10) * (DRAW.random(60_000) < 0.5)  # one bin later
    counts = [ours.bin_spike_train(x, 10) for x in (source, target)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        centred = np.array(counts, float).T - np.mean(counts, axis=1)
        theirs = granger.pairwise_granger(centred, max_order=1)
    found = ours.pairwise_granger_causality(source, target, 10, 1)
    assert found == pytest.approx(float(theirs.directional_causality_x_y), rel=0.02)
    assert ours.pairwise_granger_causality(target, source, 10, 1) < 0.01 * found


def test_spade_finds_the_planted_pattern_and_says_what_elephant_says() -> None:
    draw = np.random.default_rng(1)
    trains = (draw.random((4, 4000)) < 0.004).astype(int)
    begins = np.arange(100, 3900, 190)
    for neuron, lag in ((0, 0), (2, 5), (3, 10)):
        trains[neuron, begins + lag] = 1
    before = np.random.get_state()[1].copy()
    found = ours.spade_detect(trains, 5.0, min_support=12, n_surrogates=15, seed=3)
    assert found == ours.spade_detect(trains, 5.0, min_support=12, n_surrogates=15, seed=3)
    assert np.array_equal(before, np.random.get_state()[1])
    best = max(found, key=lambda p: len(p.neurons))
    assert dict(zip(best.neurons, best.lags_ms, strict=True)) == {0: 0.0, 2: 5.0, 3: 10.0}
    assert best.p_value == 0.0
    # 190 ms are 38 bins, so every occurrence begins a bin.
    assert set(np.round(begins * DT, 6)) <= set(np.round(best.times_s, 6))
    given = [neo.SpikeTrain((np.flatnonzero(x) + 0.5) * DT, units="s", t_stop=4.0) for x in trains]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = spade(given, 5 * pq.ms, 5, min_occ=12, max_spikes=5, min_neu=2)["patterns"]
    untested = ours.spade_detect(trains, 5.0, min_support=12)
    assert sorted(p.neurons for p in untested) == sorted(tuple(p["neurons"]) for p in theirs)
    assert isinstance(best, ours.SpikePattern)


def test_joint_isi_dithering_moves_spikes_but_keeps_their_number() -> None:
    made = ours.surrogate_joint_isi(A, 3)
    assert made.sum() == A.sum() and not np.array_equal(made, A)
    assert np.array_equal(made, ours.surrogate_joint_isi(A, 3))
    assert not np.array_equal(made, ours.surrogate_joint_isi(A, 4))
    assert ours.cv_isi(made) == pytest.approx(ours.cv_isi(A), rel=0.15)
