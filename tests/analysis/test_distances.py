"""Distances and orders: PySpike called independently, brute force, and closed forms."""

from __future__ import annotations

import functools
import math

import numpy as np
import pyspike
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sc_neurocore.analysis as ours

END = 1.0
DRAW = np.random.default_rng(8)
ONE, TWO = (np.sort(DRAW.choice(np.arange(1, 999), 18, replace=False)) * 1e-3 for _ in range(2))
SPIKY, SPIKY2 = (pyspike.SpikeTrain(x, (0.0, END)) for x in (ONE, TWO))
TIMES = st.lists(st.integers(0, 40), max_size=6, unique=True).map(lambda x: np.sort(x) * 0.005)


def _train(times: np.ndarray) -> np.ndarray:
    found = np.zeros(1000, dtype=int)
    found[np.rint(times * 1000).astype(int)] = 1
    return found


def test_isi_spike_and_sync_are_pyspikes() -> None:
    window = (ONE, TWO, 0.0, END)
    assert ours.isi_distance(_train(ONE), _train(TWO)) == pytest.approx(
        pyspike.isi_distance(SPIKY, SPIKY2)
    )
    spike = pyspike.spike_distance(SPIKY, SPIKY2)
    assert ours.spike_distance(*window) == pytest.approx(spike)
    assert ours.spike_sync(*window) == pytest.approx(pyspike.spike_sync(SPIKY, SPIKY2))
    mixed = 0.75 * spike + 0.25 * pyspike.isi_distance(SPIKY, SPIKY2)
    assert ours.adaptive_spike_distance(*window, cost=0.25) == pytest.approx(mixed)
    assert ours.spike_distance_matrix([ONE, TWO], "spike_distance", 0, END) == pytest.approx(
        pyspike.spike_distance_matrix([SPIKY, SPIKY2])
    )
    sync = ours.spike_distance_matrix([ONE, TWO], "spike_sync", 0, END)
    assert sync[0, 1] == pytest.approx(1 - pyspike.spike_sync(SPIKY, SPIKY2)) and sync[0, 0] == 0


def test_profiles_average_to_the_distances() -> None:
    found = ours.isi_profile(_train(ONE), _train(TWO), n_bins=7)
    assert found.mean() == pytest.approx(pyspike.isi_distance(SPIKY, SPIKY2))
    found = ours.spike_profile(ONE, TWO, 7, 0.0, END)
    assert found.mean() == pytest.approx(pyspike.spike_distance(SPIKY, SPIKY2))
    found = ours.spike_sync_profile(ONE, TWO, 7, 0.0, END)
    edges = np.linspace(0, END, 8)
    events = np.histogram(np.concatenate([ONE, TWO]), edges)[0]
    assert np.nansum(found * events) / 36 == pytest.approx(pyspike.spike_sync(SPIKY, SPIKY2))
    assert np.isnan(ours.spike_sync_profile([0.1], [0.1], 2, 0.0, END)[1])


def test_spike_sync_by_hand() -> None:
    # The first spikes are 10 ms apart, less than half of any interval around them; others are not.
    assert ours.spike_sync([0.1, 0.5], [0.11, 0.8], 0, 1) == pytest.approx(0.5)


def _edit(a: tuple[float, ...], b: tuple[float, ...], q: float) -> float:
    @functools.cache
    def least(i: int, j: int) -> float:
        if i == 0 or j == 0:
            return float(i + j)
        return min(least(i - 1, j) + 1, least(i, j - 1) + 1,
                   least(i - 1, j - 1) + q * abs(a[i - 1] - b[j - 1]))  # fmt: skip

    return least(len(a), len(b))


@given(TIMES, TIMES, st.sampled_from([0.0, 5.0, 60.0, 1000.0]))
def test_victor_purpura_is_the_least_edit(a: np.ndarray, b: np.ndarray, q: float) -> None:
    wanted = _edit(tuple(a), tuple(b), q)
    assert ours.victor_purpura_distance(a, b, q) == pytest.approx(wanted)
    assert ours.generalized_victor_purpura(a, b, lambda d: q * d) == pytest.approx(wanted)


def test_victor_purpura_limits_and_matrix() -> None:
    assert ours.victor_purpura_distance(ONE, TWO[:5], 0.0) == 13  # free moves: counts differ
    assert ours.victor_purpura_distance([0.1], [0.101], 1000) == pytest.approx(1.0)
    assert ours.generalized_victor_purpura([0.1], [0.1005]) == pytest.approx(0.5)
    # A cost that is quadratic in the move: 0.2² · 10 = 0.4.
    assert ours.generalized_victor_purpura([0.1], [0.3], lambda d: 10 * d * d) == pytest.approx(0.4)
    found = ours.multi_neuron_victor_purpura([ONE, TWO, ONE], 30.0)
    assert found[0, 2] == 0 and found[0, 1] == found[1, 2] == found[2, 1]
    assert found[0, 1] == ours.victor_purpura_distance(ONE, TWO, 30.0)
    named = ours.spike_distance_matrix([ONE, TWO], "victor_purpura", 0, END)
    assert named[0, 1] == ours.victor_purpura_distance(ONE, TWO)


@settings(max_examples=30)
@given(TIMES, TIMES, TIMES)
def test_victor_purpura_and_van_rossum_are_metrics(
    a: np.ndarray, b: np.ndarray, c: np.ndarray
) -> None:
    for distance in (
        lambda x, y: ours.victor_purpura_distance(x, y, 40.0),
        lambda x, y: ours.van_rossum_distance(_train(x), _train(y), tau_ms=20.0),
    ):
        assert distance(a, b) == pytest.approx(distance(b, a))
        assert distance(a, a) == pytest.approx(0, abs=1e-6)
        assert distance(a, c) <= distance(a, b) + distance(b, c) + 1e-9


def test_van_rossum_closed_forms() -> None:
    empty, one = _train(np.array([])), _train(np.array([0.2]))
    assert ours.van_rossum_distance(one, empty) == pytest.approx(math.sqrt(0.5))
    # Two spikes at distance d: √(1 − exp(−d/τ)).
    later = _train(np.array([0.215]))
    assert ours.van_rossum_distance(one, later, tau_ms=10.0) == pytest.approx(
        math.sqrt(1 - math.exp(-1.5))
    )
    # And by integration of the filtered trains.
    time = np.arange(0, 2, 1e-5)
    f = [sum(np.exp(-(time - s) / 0.01) * (time >= s) for s in x) for x in (ONE, TWO)]
    wanted = math.sqrt(((f[0] - f[1]) ** 2).sum() * 1e-5 / 0.01)
    assert ours.van_rossum_distance(_train(ONE), _train(TWO)) == pytest.approx(wanted, rel=2e-3)


def test_schreiber_is_the_cosine_of_gaussians() -> None:
    # Two spikes at distance d have the cosine exp(−d²/4σ²).
    a, b = _train(np.array([0.5])), _train(np.array([0.508]))
    found = ours.schreiber_similarity(a, b, sigma_ms=5.0)
    assert found == pytest.approx(math.exp(-(8**2) / (4 * 5**2)), rel=1e-3)
    assert ours.schreiber_similarity(a, a) == pytest.approx(1)
    assert math.isnan(ours.schreiber_similarity(a, 0 * a))


def test_hunter_milton_and_earth_mover_by_hand() -> None:
    # a's spikes are 0 and 10 ms from b's only one, b's is 0 from a's.
    found = ours.hunter_milton_similarity([0.1, 0.11], [0.1], 0.01)
    assert found == pytest.approx(((1 + math.exp(-1)) / 2 + 1) / 2)
    assert ours.hunter_milton_similarity(ONE, ONE) == 1
    # Half of the mass moves by 0.4 s, the other stays.
    assert ours.earth_movers_distance([0.105, 0.505], [0.105, 0.905], 0, 1) == pytest.approx(0.2)
    assert math.isnan(ours.earth_movers_distance([], [0.5], 0, 1))


def test_directionality_says_who_leads() -> None:
    a = np.arange(0.1, 0.9, 0.1)
    assert ours.spike_directionality(a, a + 0.01, 0, 1) == 1
    assert ours.spike_directionality(a + 0.01, a, 0, 1) == -1
    assert ours.spike_directionality(a, a, 0, 1) == 0
    found = ours.spike_train_order([a, a + 0.01, a + 0.02], 0, 1)
    assert np.array_equal(found, [[0, 1, 1], [-1, 0, 1], [-1, -1, 0]])
    theirs = pyspike.spike_directionality(SPIKY, SPIKY2, normalize=False)
    assert ours.spike_directionality(ONE, TWO, 0, END) == pytest.approx(2 * theirs / 36)
