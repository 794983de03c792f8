"""Many trains and clusters: scikit-learn called independently, known systems, planted structure."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from scipy import stats
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import silhouette_score
from sklearn.naive_bayes import GaussianNB

import sc_neurocore.analysis as ours

DRAW = np.random.default_rng(21)
TRAINS = (DRAW.random((6, 3000)) < DRAW.uniform(0.02, 0.1, (6, 1))).astype(int)
COUNTS = TRAINS.reshape(6, 300, 10).sum(axis=2)


# Dimensions ---------------------------------------------------------------------------------------


def test_pca_is_scikit_learns_up_to_sign() -> None:
    found, share = ours.spike_train_pca(TRAINS, 3, 10)
    model = PCA(3).fit(COUNTS.T)
    theirs = model.transform(COUNTS.T).T
    turn = np.sign((found * theirs).sum(axis=1, keepdims=True))
    assert found == pytest.approx(theirs * turn)
    assert share == pytest.approx(model.explained_variance_ratio_)


def test_factors_of_planted_covariance() -> None:
    draw = np.random.default_rng(1)
    drive = draw.random((1, 6000)) < 0.2
    trains = np.vstack([
        (drive & (draw.random((4, 6000)) < 0.8)), draw.random((2, 6000)) < 0.2
    ]).astype(int)  # fmt: skip
    loadings, unique = ours.factor_analysis(trains, 1, 1)
    assert np.all(loadings[:4, 0] > 0.25) and np.all(np.abs(loadings[4:, 0]) < 0.05)
    # Maximum likelihood reproduces the variances, and here the covariances too.
    model = loadings @ loadings.T + np.diag(unique)
    assert model == pytest.approx(np.cov(trains), abs=0.01)


def test_demixed_components_see_the_condition_and_not_the_time_course() -> None:
    draw = np.random.default_rng(3)
    time = 0.3 + 0.25 * np.sin(np.arange(2000) / 300)  # the same in both conditions, and larger
    trains = {
        name: (draw.random((5, 2000)) < time + gain * np.array([1, -1, 0, 0, 0])[:, None])
        for name, gain in (("left", 0.1), ("right", -0.1))
    }
    found, share = ours.demixed_pca(trains, 1, 100)
    assert found.shape == (1, 2, 20) and 0 < share[0] < 0.5
    left, right = found[0]
    assert left.mean() * right.mean() < 0  # the conditions part
    assert abs((left + right).std()) < 0.5 * abs(left - right).mean()  # the shared course is gone
    plain = ours.spike_train_pca(np.hstack(list(trains.values())), 1, 100)[0][0]
    assert abs(np.corrcoef(plain[:20], plain[20:])[0, 1]) > 0.8  # which PCA sees first


def _dense_likelihood(data: np.ndarray, fit: tuple[np.ndarray, ...], tau: np.ndarray) -> float:
    """The marginal likelihood from the covariance of all observations, which ours never forms."""
    loadings, offset, noise = fit
    bins = data.shape[1]
    gap = np.subtract.outer(np.arange(bins), np.arange(bins))
    covariance = np.kron(noise, np.eye(bins))
    for column, scale in zip(loadings.T, tau, strict=True):
        kernel = np.exp(-(gap**2) / (2 * scale**2)) + 1e-6 * np.eye(bins)
        covariance += np.kron(np.outer(column, column), kernel)
    mean = np.repeat(offset, bins)
    return float(stats.multivariate_normal(mean, covariance).logpdf(data.ravel()))


def test_gpfa_likelihood_is_exact_and_never_falls() -> None:
    data = COUNTS[:, :25].astype(float)
    start = ours.gpfa_pca_init(data, 2, 20.0)
    assert start[3].tolist() == [5.0, 5.0]  # 100 ms
    assert np.all(start[0][np.abs(start[0]).argmax(axis=0), [0, 1]] > 0)
    latents, *fit, found = ours.gpfa_em(data, *start, max_iter=8, tol=0.0)
    assert found[0] == pytest.approx(_dense_likelihood(data, start[:3], start[3]))
    assert found[-1] == pytest.approx(_dense_likelihood(data, tuple(fit), start[3]))
    assert np.all(np.diff(found) > -1e-9) and len(found) == 9 and latents.shape == (2, 25)


def test_gpfa_finds_a_planted_latent() -> None:
    draw = np.random.default_rng(2)
    latent = np.sin(np.arange(6000) / 400)
    trains = (draw.random((8, 6000)) < 0.1 + 0.08 * np.outer([1, -1] * 4, latent)).astype(int)
    found = ours.gpfa(trains, 1, 100.0, max_iter=20)
    truth = latent.reshape(60, 100).mean(axis=1)
    assert abs(np.corrcoef(found["trajectories"][0], truth)[0, 1]) > 0.97
    again = ours.gpfa_transform(trains, found, 100.0)
    assert again == pytest.approx(found["trajectories"])
    assert set(found) == ours.GPFAResult.__required_keys__


# Causality ----------------------------------------------------------------------------------------


def _coupled(steps: int = 40_000) -> np.ndarray:
    """Bernoulli trains: 0 drives 1, which drives 2, each one step later."""
    draw = np.random.default_rng(5)
    found = (draw.random((3, steps)) < 0.2).astype(int)
    for i in (1, 2):
        found[i, 1:] |= found[i - 1, :-1] & (draw.random(steps - 1) < 0.5)
    return found


def test_granger_of_a_known_system() -> None:
    x, y, z = _coupled()
    # P(y | x before) is 0.2 or 0.6: var(y) = 0.28 · 0.72, left 0.8 · 0.2 · 0.8 + 0.2 · 0.6 · 0.4.
    wanted = math.log(0.28 * 0.72 / (0.8 * 0.16 + 0.2 * 0.24))
    assert ours.pairwise_granger_causality(x, y, 1, 1) == pytest.approx(wanted, rel=0.06)
    assert ours.pairwise_granger_causality(y, x, 1, 1) == pytest.approx(0, abs=5e-4)
    direct = ours.pairwise_granger_causality(x, z, 1, 2)
    assert direct > 0.005 > 10 * ours.conditional_granger_causality(x, z, y, 1, 2)


def test_spectral_measures_of_a_chain() -> None:
    trains = _coupled()
    gc = ours.spectral_granger_causality(trains, 1, 2, 129)
    # Geweke: the mean over frequencies is the causality in time.
    inner = (gc[1, 0, :-1] + gc[1, 0, 1:]).mean() / 2
    assert inner == pytest.approx(ours.pairwise_granger_causality(*trains[:2], 1, 2), rel=0.02)
    assert gc[0, 1].max() < 0.005 and np.all(gc[[0, 1, 2], [0, 1, 2]] == 0)
    # Also where the two share noise within a bin.
    shared = np.random.default_rng(6).random(trains.shape[1]) < 0.1
    both = (trains[:2] | shared).astype(int)
    gc = ours.spectral_granger_causality(both, 1, 2, 129)[1, 0]
    in_time = ours.pairwise_granger_causality(*both, 1, 2)
    assert (gc[:-1] + gc[1:]).mean() / 2 == pytest.approx(in_time, rel=0.02)
    pdc = ours.partial_directed_coherence(trains, 1, 2, 16)
    assert (pdc**2).sum(axis=0) == pytest.approx(1)
    assert pdc[1, 0].mean() > 0.3 > 10 * pdc[2, 0].mean()  # direct links only
    dtf = ours.directed_transfer_function(trains, 1, 2, 16)
    assert (dtf**2).sum(axis=1) == pytest.approx(1)
    assert dtf[2, 0].mean() > 0.1 > 5 * dtf[0, 2].mean()  # also through others


# Structure ----------------------------------------------------------------------------------------


def test_unitary_events_are_the_tail_of_the_poisson_binomial() -> None:
    trains = np.zeros((4, 1000), dtype=int)
    for i in range(4):
        trains[i, i * 17 :: 97] = 1  # apart from each other
    trains[:, 500] = 1
    assert ours.unitary_events(trains, 1, 1e-3) == [500]
    active = TRAINS.reshape(6, 600, 5).any(axis=2)
    p = active.mean(axis=1)
    chance = {k: sum(np.prod([p[i] if i in who else 1 - p[i] for i in range(6)])
                     for m in range(k, 7) for who in combinations(range(6), m))
              for k in range(7)}  # fmt: skip
    wanted = [b for b, k in enumerate(active.sum(axis=0)) if k >= 2 and chance[k] < 0.05]
    assert ours.unitary_events(TRAINS, 5, 0.05) == wanted != []


def test_assemblies_and_chains_are_found() -> None:
    draw = np.random.default_rng(7)
    trains = draw.random((12, 20_000)) < 0.01
    for members in ([1, 4, 7], [2, 5, 8, 11]):
        at = draw.choice(19_000, 150, replace=False)
        for i in members:
            trains[i, at + draw.integers(0, 5, at.size)] = True
    assert ours.cell_assembly_detection(trains, 20) == [[1, 4, 7], [2, 5, 8, 11]]
    noise = draw.random((12, 20_000)) < 0.01
    assert ours.cell_assembly_detection(noise, 20, 1.0) in ([], [[]])
    assert ours.synfire_chain_detection(noise, 0.001, 10) == []
    at = draw.choice(19_000, 100, replace=False)
    for k, i in enumerate((3, 0, 9, 6)):
        noise[i, at + 4 * k] = True
    (chain,) = ours.synfire_chain_detection(noise, 0.001, 6)
    assert chain == [3, 0, 9, 6]


# Decoding -----------------------------------------------------------------------------------------


def test_population_vector_by_hand() -> None:
    trains = np.zeros((4, 30), dtype=int)
    trains[0, :4], trains[1, 4:8], trains[0, 12], trains[1, 13] = 1, 0, 1, 1
    trains[2, 20] = trains[0, 21] = 1
    found = ours.population_vector_decode(trains, np.arange(4) * np.pi / 2, 10)
    assert found[:2] == pytest.approx([0, np.pi / 4]) and math.isnan(found[2])  # they cancel


def test_bayes_is_the_poisson_posterior() -> None:
    rates, prior = DRAW.uniform(0.5, 6, (5, 3)), np.array([0.1, 0.4, 0.2, 0.2, 0.1])
    for _ in range(50):
        counts = DRAW.poisson(3, 3)
        likelihood = stats.poisson(rates).pmf(counts).prod(axis=1)
        assert ours.maximum_likelihood_decode(counts, rates) == likelihood.argmax()
        assert ours.bayesian_decode(counts, rates, prior) == (likelihood * prior).argmax()


def test_discriminants_are_scikit_learns() -> None:
    data = np.vstack([DRAW.normal(size=(40, 3)), DRAW.normal(size=(40, 3)) * 2 + 1])
    names = np.repeat(["rest", "move"], 40)
    for point in DRAW.normal(size=(20, 3)) + 0.5:
        lda = LinearDiscriminantAnalysis().fit(data, names).predict([point])[0]
        bayes = GaussianNB().fit(data, names).predict([point])[0]
        assert ours.linear_discriminant_decode(data, names, point) == lda
        assert ours.naive_bayes_decode(data, names, point) == bayes


# Sorting ------------------------------------------------------------------------------------------


def test_sorting_of_gaussian_clusters() -> None:
    own, other = DRAW.normal(size=(400, 2)), DRAW.normal(size=(900, 2)) + 5
    inverse = np.linalg.inv(np.cov(own.T))
    centred = other - own.mean(axis=0)
    d2 = np.einsum("ni,ij,nj->n", centred, inverse, centred)
    assert ours.isolation_distance(own, other) == pytest.approx(np.sort(d2)[399], rel=1e-6)
    assert ours.l_ratio(own, other) == pytest.approx(stats.chi2(2).sf(d2).sum() / 400, rel=1e-6)
    assert ours.l_ratio(own, other) < 1e-3
    # Noise from the cluster's own distribution: the tails are uniform, so half of it counts.
    assert ours.l_ratio(own, DRAW.normal(size=(4000, 2))) == pytest.approx(5, rel=0.1)
    assert math.isnan(ours.isolation_distance(own, other[:300]))
    both, labels = np.vstack([own, other]), np.repeat([0, 1], [400, 900])
    assert ours.silhouette_score(both, labels) == pytest.approx(silhouette_score(both, labels))
    assert ours.nn_hit_rate(own, other) > 0.99
    assert ours.nn_hit_rate(own, DRAW.normal(size=(400, 2))) == pytest.approx(0.5, abs=0.06)
    assert ours.nn_hit_rate([[0.0], [0.0], [9.0]], [[0.0], [9.1]], 1) <= 1
    # Two unit Gaussians five apart along both axes.
    assert ours.d_prime(own, other) == pytest.approx(5 * math.sqrt(2), rel=0.05)


def test_completeness_and_contamination_by_hand() -> None:
    train = np.zeros(100, dtype=int)
    train[[3, 5, 50, 99]] = 1
    assert ours.isi_violation_rate(train, 0.001, 2.0) == 0
    assert ours.isi_violation_rate(train, 0.001, 2.5) == pytest.approx(1 / 3)
    assert ours.presence_ratio(train, 10) == pytest.approx(0.3)
    whole = np.random.default_rng(1).normal(10, 1, 50_000)
    assert ours.amplitude_cutoff(whole) < 0.01
    missing = stats.norm.cdf(-1) / stats.norm.cdf(1)  # per spike seen
    assert ours.amplitude_cutoff(whole[whole > 9]) == pytest.approx(missing, abs=0.02)
    waves = np.outer(np.linspace(1, 3, 1000), [0, -1, 1])
    # Ten bins of a line from 1 to 3: their means span 1.8 of a mean of 2.
    assert ours.drift_metric(waves, np.arange(1000)) == pytest.approx(0.9, abs=0.01)
    assert ours.snr([[0, 1, -1], [0, 3, -3]]) == pytest.approx(4 / (2 * math.sqrt(2 / 3)))


# Integrated information ---------------------------------------------------------------------------


def _phi_by_hand(x: np.ndarray, groups: list[tuple[int, ...]]) -> float:
    def told(rows: tuple[int, ...]) -> float:
        past, present = x[list(rows), :-1], x[list(rows), 1:]
        both = np.cov(np.vstack([past, present]))
        k = len(rows)
        det = np.linalg.det
        return 0.5 * math.log(det(both[:k, :k]) * det(both[k:, k:]) / det(both))

    every = range(len(x))
    return told(tuple(every)) - max(
        told(g) + told(tuple(i for i in every if i not in g)) for g in groups
    )


def test_phi_searches_all_bipartitions() -> None:
    draw = np.random.default_rng(4)
    x = np.zeros((4, 4000))
    noise = draw.normal(size=x.shape)
    swap = [2, 3, 0, 1]  # 0 and 2 drive each other, 1 and 3 do: the best cut is not contiguous
    for t in range(1, 4000):
        x[:, t] = 0.8 * x[swap, t - 1] + noise[:, t]
    every = [g for k in (1, 2) for g in combinations(range(4), k)]
    contiguous = [(0,), (0, 1), (3,)]
    found = ours.phi_star(x)
    assert found == pytest.approx(max(0, _phi_by_hand(x, every)), abs=1e-8)
    assert found < 0.01 < 0.4 < _phi_by_hand(x, contiguous)
    one = ours.phi_star(x[[0, 2]])  # which cannot be cut without loss
    assert one == pytest.approx(_phi_by_hand(x[[0, 2]], [(0,)]), abs=1e-8) and one > 0.4
    spikes = (x > 1).astype(int)
    assert ours.phi_from_spike_trains(spikes[[0, 2]], 1) > 0.05
    assert ours.phi_from_spike_trains(TRAINS, 10) == pytest.approx(0, abs=0.05)
