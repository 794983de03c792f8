"""Structure in many trains at once: connectivity, unitary events, assemblies, chains."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from sc_neurocore.analysis import _checks as check
from sc_neurocore.analysis._lags import lagged_counts
from sc_neurocore.analysis._library import library
from sc_neurocore.analysis._sign import positive_columns
from sc_neurocore.analysis.spike_stats.correlation import cross_correlation

__all__ = [
    "cell_assembly_detection",
    "functional_connectivity",
    "synfire_chain_detection",
    "unitary_events",
]

_CHAIN_ALPHA = 0.01


def functional_connectivity(
    trains: Sequence[ArrayLike] | ArrayLike, max_lag_ms: float = 20.0, dt: float = 0.001
) -> check.Floats:
    """Largest size of the cross-correlation coefficient within a lag, for every pair.

    Args:
        trains: binary trains of equal length, shape (n, steps).
        max_lag_ms: largest lag either way, ms.
        dt: time step, s.

    Returns:
        Symmetric, shape (n, n); NaN for trains that never change, 1 on the rest of the diagonal.
    """
    found = check.trains(trains)
    n = len(found)
    reach = min(check.steps_within(max_lag_ms, dt, "max_lag_ms"), found.shape[1] - 1)
    strength = np.empty((n, n))
    for i in range(n):
        for j in range(i + 1):
            peak = np.abs(cross_correlation(found[i], found[j], 1e3 * reach, 1.0)[0]).max()
            strength[i, j] = strength[j, i] = peak
    return strength


def unitary_events(
    trains: Sequence[ArrayLike] | ArrayLike, bin_size: int = 5, alpha: float = 0.01
) -> list[int]:
    """Bins in which more neurons spike together than chance explains (after Grün et al. 2002).

    In a bin each neuron takes part with the probability that it does in all bins; if all are
    independent, the number of those that do is Poisson-binomial, whose tail is exact here. A bin is
    significant if two or more take part and so many or more have a probability below ``alpha``.
    doi:10.1162/089976602753284455; Elephant's ``unitary_event_analysis`` has the windowed analysis
    over trials.

    Args:
        trains: binary trains of equal length, shape (n, steps), n of 2 or more.
        bin_size: steps per bin.
        alpha: level of each bin, in (0, 1); with B bins about alpha · B are found by chance.

    Returns:
        Indices of the bins.
    """
    active = check.counts(check.trains(trains, least=2), bin_size) > 0
    level = check.level(alpha, "alpha")
    chance = np.ones(1)
    for p in active.mean(axis=1):
        chance = np.convolve(chance, [1 - p, p])
    tail = np.cumsum(chance[::-1])[::-1]
    together = active.sum(axis=0)
    return [int(i) for i in np.flatnonzero((together >= 2) & (tail[together] < level))]


def cell_assembly_detection(
    trains: Sequence[ArrayLike] | ArrayLike, bin_size: int = 20, threshold: float = 1.0
) -> list[list[int]]:
    """Assemblies of neurons by PCA and ICA (Lopes-dos-Santos et al. 2013).

    The number of assemblies is that of the eigenvalues of the correlation matrix above the
    Marčenko–Pastur bound (1 + √(n/bins))²; independent components of that subspace (scikit-learn's
    FastICA) give the weights, doi:10.1016/j.jneumeth.2013.04.010.

    Args:
        trains: binary trains of equal length, shape (n, steps), n of 2 or more.
        bin_size: steps per bin.
        threshold: members weigh more than threshold/√n in a component of unit length; 1/√n is what
            each would weigh if all took part alike.

    Returns:
        Neurons of each assembly in order; neurons that never change are in none.
    """
    import warnings

    counts = check.counts(check.trains(trains, least=2), bin_size).astype(np.float64)
    check.positive(threshold, "threshold")
    varies = np.flatnonzero(counts.std(axis=1) > 0)
    if varies.size < 2:
        return []
    z = counts[varies]
    z = (z - z.mean(axis=1, keepdims=True)) / z.std(axis=1, keepdims=True)
    n, bins = z.shape
    values, axes = np.linalg.eigh(z @ z.T / bins)
    kept = values > (1 + np.sqrt(n / bins)) ** 2
    if not kept.any():
        return []
    basis = axes[:, kept]
    if kept.sum() > 1:
        ica = library("sklearn.decomposition").FastICA(
            whiten="unit-variance", random_state=0, max_iter=1000
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ica.fit((basis.T @ z).T)
        basis = basis @ ica.components_.T
    weights = positive_columns(basis / np.linalg.norm(basis, axis=0))
    groups = [varies[np.flatnonzero(w > threshold / np.sqrt(n))].tolist() for w in weights.T]
    return sorted(g for g in groups if len(g) > 1)


def synfire_chain_detection(
    trains: Sequence[ArrayLike] | ArrayLike,
    dt: float = 0.001,
    max_delay_ms: float = 10.0,
    min_chain_length: int = 3,
) -> list[list[int]]:
    """Chains of neurons that fire one after the other (Abeles 1991, Corticonics).

    A neuron leads to the one whose correlogram has the most significant peak at a positive lag, if
    its count exceeds chance (Poisson, level 0.01 after Bonferroni over all pairs and lags). A chain
    follows these links from a neuron that none leads to, or else from its first.

    Args:
        trains: binary trains of equal length, shape (n, steps), n of 2 or more.
        dt: time step, s.
        max_delay_ms: longest delay of a link, ms, one step at least.
        min_chain_length: neurons in a chain, 2 or more.

    Returns:
        Neurons of each chain in the order of firing.
    """
    from scipy.stats import poisson

    spikes = check.trains(trains, least=2)
    n, steps = spikes.shape
    reach = check.whole(check.steps_within(max_delay_ms, dt, "max_delay_ms"), "max_delay_ms / dt")
    least = check.whole(min_chain_length, "min_chain_length", 2)
    total = spikes.sum(axis=1, dtype=np.int64)
    level = np.log(_CHAIN_ALPHA / (n * (n - 1) * reach))
    surprise = np.full((n, n), 0.0)
    for i in range(n):
        for j in range(n):
            if i != j:
                peak = lagged_counts(spikes[i], spikes[j], reach)[0][reach + 1 :].max()
                surprise[i, j] = poisson.logsf(peak - 1, total[i] * total[j] / steps)
    follower = {i: int(surprise[i].argmin()) for i in range(n) if surprise[i].min() < level}
    starts = [i for i in range(n) if i not in follower.values()] + list(range(n))
    found: list[list[int]] = []
    seen: set[int] = set()
    for start in starts:
        if start in seen:
            continue
        chain = [start]
        while (after := follower.get(chain[-1])) is not None and after not in chain:
            chain.append(after)
        seen.update(chain)
        if len(chain) >= least:
            found.append(chain)
    return found
