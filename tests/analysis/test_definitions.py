"""Statistics beside their definitions, written out slowly: every case that hypothesis finds."""

from __future__ import annotations

import itertools
import math
from collections import Counter

import numpy as np
import pyspike
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal, stats

import sc_neurocore.analysis as ours

END = 1.0
#: Times on a grid whose halves are exact, so that ties are ties.
TIMES = st.lists(st.integers(1, 63), max_size=7, unique=True).map(lambda x: np.sort(x) / 64)
ANYWHERE = st.lists(st.integers(0, 64), max_size=5, unique=True).map(lambda x: np.sort(x) / 64)
TRAIN = st.lists(st.integers(0, 1), min_size=2, max_size=50).map(np.array)
DRAW = np.random.default_rng(17)


# Distances of PySpike -----------------------------------------------------------------------------


def _full(spikes: np.ndarray) -> np.ndarray:
    return spikes if spikes.size else np.array([0.0, END])


def _interval(spikes: np.ndarray, t: float) -> float:
    """The interval at t, with the correction at the edges of Kreuz et al."""
    spikes = _full(spikes)
    gaps = np.diff(spikes)
    k = np.searchsorted(spikes, t, "right")
    if k == 0:
        return max(spikes[0], *gaps[:1]) if gaps.size else float(spikes[0])
    if k == spikes.size:
        return max(END - spikes[-1], *gaps[-1:]) if gaps.size else float(END - spikes[-1])
    return float(gaps[k - 1])


def _nearest(t: float, others: np.ndarray) -> float:
    """Distance to the nearest spike, those included that extend a train beyond its edges."""
    others = _full(others)
    first = others[1] - others[0] if others.size > 1 else 0.0
    last = others[-1] - others[-2] if others.size > 1 else 0.0
    ends = (min(0.0, others[0] - first) if others.size > 1 else 0.0,
            max(END, others[-1] + last) if others.size > 1 else END)  # fmt: skip
    return float(np.abs(np.concatenate([others, ends]) - t).min())


def _apart(spikes: np.ndarray, others: np.ndarray, t: float) -> float:
    """S of one train at t: distances of the spikes around t, weighted by nearness."""
    spikes = _full(spikes)
    k = np.searchsorted(spikes, t, "right")
    if k in (0, spikes.size):
        return _nearest(spikes[0] if k == 0 else spikes[-1], others)
    before, after = spikes[k - 1], spikes[k]
    from_before, from_after = _nearest(before, others), _nearest(after, others)
    return (from_before * (after - t) + from_after * (t - before)) / (after - before)


def _means(a: np.ndarray, b: np.ndarray, parts: int) -> tuple[np.ndarray, np.ndarray]:
    """ISI- and SPIKE-distance in equal parts; both are straight between multiples of 1/64."""
    isi, spike = [], []
    for t in (np.arange(64) + 0.5) / 64:
        x, y = _interval(a, t), _interval(b, t)
        isi.append(abs(x - y) / max(x, y))
        spike.append((_apart(a, b, t) * y + _apart(b, a, t) * x) / (2 * ((x + y) / 2) ** 2))
    return tuple(np.reshape(v, (parts, -1)).mean(axis=1) for v in (isi, spike))


@settings(max_examples=25)
@given(TIMES, TIMES, st.sampled_from([1, 4, 64]))
def test_isi_and_spike_distance_by_definition(a: np.ndarray, b: np.ndarray, parts: int) -> None:
    isi, spike = _means(a, b, parts)
    assert ours.spike_profile(a, b, parts, 0, END) == pytest.approx(spike)
    assert ours.spike_distance(a, b, 0, END) == pytest.approx(spike.mean())
    trains = np.zeros((2, 64), dtype=int)
    for row, spikes in zip(trains, (a, b), strict=True):
        row[(spikes * 64).astype(int)] = 1
    assert ours.isi_profile(*trains, 1 / 64, parts) == pytest.approx(isi)
    assert ours.isi_distance(*trains, 1 / 64) == pytest.approx(isi.mean())
    mixed = ours.adaptive_spike_distance(a, b, 0, END, 0.25)
    assert mixed == pytest.approx(0.75 * spike.mean() + 0.25 * isi.mean())


@given(ANYWHERE, ANYWHERE)
def test_spikes_at_the_edges_leave_distances_defined(a: np.ndarray, b: np.ndarray) -> None:
    found = ours.spike_distance(a, b, 0, END)
    assert 0 <= found <= 1 and found == pytest.approx(ours.spike_distance(b, a, 0, END))
    assert ours.spike_distance(a, a, 0, END) == pytest.approx(0, abs=1e-12)
    theirs = pyspike.spike_distance(*(pyspike.SpikeTrain(x, (0, END)) for x in (a, b)))
    assert math.isnan(theirs) or found == pytest.approx(theirs)  # theirs is, of [1] and [1]


def _matched(a: np.ndarray, b: np.ndarray) -> list[tuple[int, int]]:
    """Pairs nearer than half of the shortest interval around them; without one it is the window."""

    def around(x: np.ndarray, k: int) -> float:
        return min([END, *np.diff(x[max(k - 1, 0) : k + 2])])

    return [(i, j) for i, j in itertools.product(range(a.size), range(b.size))
            if 2 * abs(a[i] - b[j]) < min(around(a, i), around(b, j))]  # fmt: skip


@given(TIMES, TIMES)
def test_synchronisation_and_order_by_definition(a: np.ndarray, b: np.ndarray) -> None:
    pairs, both = _matched(a, b), a.size + b.size
    wanted = 2 * len(pairs) / both if both else 1.0
    assert ours.spike_sync(a, b, 0, END) == pytest.approx(wanted)
    if both:
        lead = sum(np.sign(b[j] - a[i]) for i, j in pairs)
        assert ours.spike_directionality(a, b, 0, END) == pytest.approx(2 * lead / both)
    edges = np.arange(9) / 8
    at = np.concatenate([a, b])
    hit = np.concatenate([a[[i for i, _ in pairs]], b[[j for _, j in pairs]]])
    events, hits = (np.histogram(x, edges)[0] for x in (at, hit))
    found = ours.spike_sync_profile(a, b, 8, 0, END)
    assert np.array_equal(np.isnan(found), events == 0)
    assert found[events > 0] == pytest.approx((hits / np.maximum(events, 1))[events > 0])


# Coincidences -------------------------------------------------------------------------------------


@given(TRAIN, st.integers(0, 2**32))
def test_event_synchronisation_by_definition(a: np.ndarray, seed: int) -> None:
    b = np.random.default_rng(seed).integers(0, 2, a.size)
    x, y = np.flatnonzero(a), np.flatnonzero(b)
    found = ours.event_synchronization(a, b)
    if not (x.size and y.size):
        assert math.isnan(found)
        return

    def shortest(z: np.ndarray, k: int) -> float:
        return min([math.inf, *np.abs(z - z[k])[np.arange(z.size) != k]])

    count = sum(2 * abs(x[i] - y[j]) < min(shortest(x, i), shortest(y, j))
                for i in range(x.size) for j in range(y.size))  # fmt: skip
    assert found == pytest.approx(count / math.sqrt(x.size * y.size))


@given(TRAIN, st.integers(0, 2**32), st.integers(1, 8))
def test_tiling_by_definition(a: np.ndarray, seed: int, reach: int) -> None:
    b = np.random.default_rng(seed).integers(0, 2, a.size)
    x, y = (np.flatnonzero(z) + 0.5 for z in (a, b))
    found = ours.spike_time_tiling_coefficient(a, b, 0.002, 2.0 * reach)
    if not (x.size and y.size):
        assert math.isnan(found)
        return
    # Halves of steps are wholly inside or outside of a window.
    at = np.arange(2 * a.size) / 2 + 0.25
    parts = []
    for one, two in ((x, y), (y, x)):
        p = np.mean([np.abs(two - s).min() <= reach for s in one])
        t = np.mean([np.abs(two - s).min() <= reach for s in at])
        parts.append(1.0 if p * t == 1 else (p - t) / (1 - p * t))
    assert found == pytest.approx(np.mean(parts))


def test_tiling_does_not_depend_on_when_it_happens() -> None:
    # Two pairs of spikes 6 ms apart: with Δ = 5 ms none is near the other, also after 1000 s.
    late = np.zeros((2, 1_100_000), dtype=int)
    late[0, [1_000_000, 1_050_000]] = late[1, [1_000_006, 1_050_006]] = 1
    early = np.roll(late, -999_000, axis=1)
    found = ours.spike_time_tiling_coefficient(*late)
    assert found == pytest.approx(ours.spike_time_tiling_coefficient(*early), rel=1e-12)
    assert found < 0 < ours.spike_time_tiling_coefficient(*late, delta_ms=6.0)


# Intervals ----------------------------------------------------------------------------------------


def test_an_interval_ends_in_the_bin_that_it_lasts_to() -> None:
    # 99 intervals of 5 steps and one of 10: 500 steps are lived in the first bin, 5 in the last.
    gaps = np.array([5] * 99 + [10])
    train = np.zeros(gaps.sum() + 1, dtype=int)
    train[np.concatenate([[0], np.cumsum(gaps)])] = 1
    hazard, at = ours.isi_hazard_function(train, 1.0, 2)
    assert hazard == pytest.approx([99 / 500, 1 / 5]) and at.tolist() == [2.5, 7.5]


@given(TRAIN, st.integers(1, 12), st.sampled_from([1.0, 0.001, 0.3, 7e-5]))
def test_histograms_of_intervals_do_not_depend_on_the_unit(
    train: np.ndarray, bins: int, dt: float
) -> None:
    gaps = np.diff(np.flatnonzero(train))
    entropy = ours.isi_entropy(train, dt, bins)
    assert entropy == ours.isi_entropy(train, 1.0, bins) or math.isnan(entropy)
    if not gaps.size:
        return
    for function, power in ((ours.complexity_pdf, -1), (ours.isi_hazard_function, -1),
                            (ours.isi_survivor_function, 0)):  # fmt: skip
        plain, at = function(train, 1.0, bins)
        found, middles = function(train, dt, bins)
        assert found == pytest.approx(plain * dt**power) and middles == pytest.approx(at * dt)
    density, at = ours.complexity_pdf(train, dt, bins)
    width = (np.ptp(gaps) + 1) * dt / bins
    assert density.sum() * width == pytest.approx(1) and at[0] > 0
    survivor, at = ours.isi_survivor_function(train, 1.0, bins)
    assert survivor == pytest.approx([(gaps > t).mean() for t in at])


def test_a_clock_has_one_interval_and_no_spread() -> None:
    clock = np.tile([1, 0, 0, 0, 0], 40)
    density, at = ours.complexity_pdf(clock, 0.001, 1)
    assert at == pytest.approx([0.005]) and density == pytest.approx([1000])
    assert ours.isi_entropy(clock) == 0
    assert math.isnan(ours.fano_factor(clock, 200.0))  # one window has no variance


# Words and scales ---------------------------------------------------------------------------------


@given(TRAIN, st.integers(2, 4), st.integers(1, 3))
def test_permutation_entropy_by_definition(train: np.ndarray, order: int, delay: int) -> None:
    starts = range(train.size - (order - 1) * delay)
    if not starts:
        return
    seen = Counter(
        tuple(sorted(range(order), key=lambda k: (train[s + k * delay], k))) for s in starts
    )
    share = np.array(list(seen.values())) / len(starts)
    wanted = -(share * np.log2(share)).sum()
    assert ours.permutation_entropy(train, order, delay) == pytest.approx(wanted, abs=1e-12)


@given(TRAIN, st.integers(0, 2**32), st.integers(1, 3), st.integers(1, 2))
def test_transfer_entropy_by_definition(x: np.ndarray, seed: int, size: int, lag: int) -> None:
    y = np.random.default_rng(seed).integers(0, 2, x.size)
    a, b = (z[: z.size // size * size].reshape(-1, size).sum(axis=1).tolist() for z in (x, y))
    steps = range(lag, len(a))
    if not steps:
        return

    def entropy(*words: list[int]) -> float:
        counts = np.array(list(Counter(zip(*words, strict=True)).values())) / len(words[0])
        return float(-(counts * np.log2(counts)).sum())

    now, own, other = (
        [b[t] for t in steps],
        [b[t - lag] for t in steps],
        [a[t - lag] for t in steps],
    )
    wanted = entropy(now, own) - entropy(own) - entropy(now, own, other) + entropy(own, other)
    assert ours.transfer_entropy(x, y, size, lag) == pytest.approx(max(0, wanted), abs=1e-12)


def test_scaling_exponents_by_definition() -> None:
    train = (DRAW.random(600) < 0.2).astype(int)
    windows = np.unique(np.rint(np.geomspace(16, 150, 20)).astype(int))
    walk = np.cumsum(train - train.mean())
    about_lines, ratios = [], []
    for n in windows:
        time, left, rs = np.arange(n), [], []
        for k in range(600 // n):
            part = walk[k * n : (k + 1) * n]
            left.append(np.mean((part - np.polyval(np.polyfit(time, part, 1), time)) ** 2))
            raw = train[k * n : (k + 1) * n]
            if raw.std():
                rs.append(np.ptp(np.cumsum(raw - raw.mean())) / raw.std())
        about_lines.append(math.sqrt(np.mean(left)))
        ratios.append(np.mean(rs))
    logs = np.log(windows)
    assert ours.hurst_exponent(train) == pytest.approx(np.polyfit(logs, np.log(about_lines), 1)[0])
    assert ours.rescaled_range(train) == pytest.approx(np.polyfit(logs, np.log(ratios), 1)[0])


@given(TRAIN.filter(lambda x: x.size >= 4 and x.any()))
def test_the_best_bin_width_is_the_least_cost(train: np.ndarray) -> None:
    cost = {}
    for n in np.unique(np.rint(np.geomspace(1, train.size // 2, 100)).astype(int)):
        counts = train[: train.size // n * n].reshape(-1, n).sum(axis=1)
        cost[n] = (2 * counts.mean() - counts.var()) / n**2
    found = ours.optimal_bin_width(train, 0.5) / 0.5
    assert cost[round(found)] == pytest.approx(min(cost.values()), abs=1e-12)


# Others -------------------------------------------------------------------------------------------


def test_rescaled_times_of_a_constant_rate_are_exponential() -> None:
    times = np.sort(DRAW.random(40))
    statistic, passed = ours.time_rescaling_ks_test(times, lambda t: 40.0, 0, 1)
    wanted = stats.kstest(np.diff(times, prepend=0.0), stats.expon(scale=1 / 40).cdf)
    assert statistic == pytest.approx(wanted.statistic) and passed == (wanted.pvalue > 0.05)


def test_spectral_measures_follow_from_the_regression() -> None:
    trains = (DRAW.random((3, 900)) < 0.2).astype(int)
    trains[1, 1:] |= trains[0, :-1]
    x = trains.reshape(3, 300, 3).sum(axis=2).astype(float)
    past = np.vstack([x[:, 1:-1], x[:, :-2], np.ones(298)])
    coefficients = x[:, 2:] @ past.T @ np.linalg.inv(past @ past.T)  # normal equations
    for k, f in enumerate(np.linspace(0, 0.5, 5)):
        turn = np.exp(-2j * np.pi * f * np.array([1, 2]))
        a = np.eye(3) - turn[0] * coefficients[:, :3] - turn[1] * coefficients[:, 3:6]
        h = np.linalg.inv(a)
        pdc = ours.partial_directed_coherence(trains, 3, 2, 5)[..., k]
        assert pdc == pytest.approx(np.abs(a) / np.linalg.norm(a, axis=0))
        dtf = ours.directed_transfer_function(trains, 3, 2, 5)[..., k]
        assert dtf == pytest.approx(np.abs(h) / np.linalg.norm(h, axis=1, keepdims=True))


def test_field_coherence_and_spectrum_are_scipys() -> None:
    train, field = (DRAW.random(900) < 0.1).astype(int), DRAW.normal(size=900)
    found, freqs = ours.spike_field_coherence(train, field, 0.002)
    at, wanted = signal.coherence(train, field, 500, nperseg=200)
    assert found == pytest.approx(wanted) and freqs == pytest.approx(at)
    found, freqs = ours.power_spectrum(train, 0.002)
    at, wanted = signal.welch(500.0 * (train - train.mean()), 500, nperseg=200)
    assert found == pytest.approx(wanted) and freqs == pytest.approx(at)


def test_neighbours_by_definition() -> None:
    own, other = DRAW.normal(size=(30, 2)), DRAW.normal(size=(25, 2)) + 1
    both = np.vstack([own, other])
    hits = [(np.argsort(np.linalg.norm(both - p, axis=1))[1:5] < 30).mean() for p in own]
    assert ours.nn_hit_rate(own, other, 4) == pytest.approx(np.mean(hits))


def test_a_cluster_without_covariance_has_no_distance() -> None:
    three, noise = DRAW.normal(size=(3, 3)), DRAW.normal(size=(9, 3))
    assert math.isnan(ours.isolation_distance(three, noise))
    assert math.isnan(ours.l_ratio(three, noise))


def test_gamma_trains_start_in_equilibrium() -> None:
    # The first 10 ms hold as many spikes as any 10 ms: rate times length, also of bursty trains.
    made = [ours.gamma_process(20.0, 0.5, 0.02, 1e-5, seed=k)[:1000].sum() for k in range(3000)]
    assert np.mean(made) == pytest.approx(0.2, abs=0.04)


def test_an_undefined_statistic_has_no_significance() -> None:
    train = (DRAW.random(200) < 0.2).astype(int)
    for function in (lambda a, b: math.nan, lambda a, b: 1.0 if (a == b).all() else math.nan):
        assert math.isnan(ours.significance_bootstrap(function, train, train, 99, seed=1)[1])


def test_lags_as_long_as_the_trains_have_no_coefficient() -> None:
    found, lags = ours.cross_correlation([0, 1, 0], [1, 0, 1], 4.0)
    assert np.array_equal(np.isnan(found), np.abs(lags) >= 3)
    assert not np.isnan(ours.functional_connectivity([[0, 1, 0], [1, 0, 1]], 20.0)).any()
    assert ours.autocorrelation_time([0, 1, 0], 0.001, 500.0) == 0.0005


def test_patterns_happen_when_spade_says() -> None:
    trains = (DRAW.random((3, 50)) < 0.25).astype(int)
    found = ours.spade_detect(trains, 1.0, min_support=3, window_bins=4, max_pattern_size=12)
    assert len(found) > 5
    for p in found:
        lags = np.rint(p.lags_ms).astype(int)
        spikes = [np.flatnonzero(trains[i]) - k for i, k in zip(p.neurons, lags, strict=True)]
        at = sorted(set.intersection(*(set(s[s >= 0].tolist()) for s in spikes)))
        assert np.rint(np.array(p.times_s) * 1000).tolist() == at and len(at) >= 3
        assert len(set(p.neurons)) > 1
    sparse = np.zeros((2, 40), dtype=int)
    sparse[0, 3] = 1
    assert ours.spade_detect(sparse, 1.0) == []  # Elephant names the one spike a pattern
