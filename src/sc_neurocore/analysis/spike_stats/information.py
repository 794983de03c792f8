"""Entropies and informations of trains, counts and signals; all estimators are plug-in ones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from sc_neurocore.analysis import _checks as check
from sc_neurocore.exceptions import SCConfigError

__all__ = [
    "kozachenko_leonenko_mi",
    "mutual_information",
    "noise_entropy",
    "spike_train_entropy",
    "stimulus_specific_information",
    "time_rescaling_ks_test",
    "transfer_entropy",
]


def mutual_information(train_a: ArrayLike, train_b: ArrayLike, bin_size: int = 10) -> float:
    """H(A) + H(B) − H(A, B) of the binned counts, in bits (Shannon 1948).

    Args:
        train_a: 0 or 1 per time step, shape (steps,).
        train_b: a train of equal length.
        bin_size: steps per bin.

    Returns:
        Bits, not negative; the plug-in estimate is biased upwards for few bins.
    """
    a, b = (check.counts(x, bin_size) for x in check.pair(train_a, train_b))
    return max(0.0, _entropy(a) + _entropy(b) - _entropy(a, b))


def transfer_entropy(
    source: ArrayLike, target: ArrayLike, bin_size: int = 10, lag: int = 1
) -> float:
    """What the past of ``source`` tells of ``target`` beyond its own past (Schreiber 2000), bits.

    H(y_t | y_{t−lag}) − H(y_t | y_{t−lag}, x_{t−lag}) of binned counts,
    doi:10.1103/PhysRevLett.85.461.

    Args:
        source: 0 or 1 per time step, shape (steps,).
        target: a train of equal length.
        bin_size: steps per bin.
        lag: bins back.

    Returns:
        Bits, not negative.
    """
    x, y = (check.counts(z, bin_size) for z in check.pair(source, target, ("source", "target")))
    k = check.whole(lag, "lag")
    if k >= y.size:
        raise SCConfigError(f"lag of {k} bins leaves nothing of {y.size} bins")
    now, own, other = y[k:], y[:-k], x[:-k]
    found = _entropy(now, own) - _entropy(own) - _entropy(now, own, other) + _entropy(own, other)
    return max(0.0, found)


def spike_train_entropy(binary_train: ArrayLike, bin_size: int = 1, word_length: int = 8) -> float:
    """Entropy of binary words, in bits per word (Strong et al. 1998).

    A letter is 1 if its bin holds a spike; words follow one another without overlap,
    doi:10.1103/PhysRevLett.80.197.

    Args:
        binary_train: 0 or 1 per time step, shape (steps,).
        bin_size: steps per letter.
        word_length: letters per word, at most 62.
    """
    return _entropy(_words(check.train(binary_train), bin_size, word_length))


def noise_entropy(
    binary_train: ArrayLike, n_trials: int, bin_size: int = 1, word_length: int = 8
) -> float:
    """Entropy of the word at a given time of a repeated stimulus, in bits per word.

    The train holds ``n_trials`` repeats of one stimulus, one after the other; at each time the
    entropy of the words over repeats is taken, then the mean over time (de Ruyter van Steveninck et
    al. 1997, doi:10.1126/science.275.5307.1805). `spike_train_entropy` less this is the information
    per word.

    Args:
        binary_train: 0 or 1 per time step, shape (steps,), steps a multiple of ``n_trials``.
        n_trials: repeats, 2 or more.
        bin_size: steps per letter.
        word_length: letters per word, at most 62.
    """
    spikes = check.train(binary_train)
    if spikes.size % check.whole(n_trials, "n_trials", 2):
        raise SCConfigError(
            f"{spikes.size} steps do not divide into {n_trials} trials; cut the train to a multiple"
        )
    trials = _words(spikes.reshape(n_trials, -1), bin_size, word_length)
    return float(np.mean([_entropy(at) for at in trials.T]))


def stimulus_specific_information(spike_counts: ArrayLike, stimulus_ids: ArrayLike) -> check.Floats:
    """What a response to each stimulus tells on average, in bits (Butts 2003).

    SSI(s) = Σ_r p(r|s) (H(S) − H(S|r)), doi:10.1088/0954-898X_14_2_301.

    Args:
        spike_counts: counts of each trial, shape (trials,).
        stimulus_ids: stimulus of each trial, shape (trials,).

    Returns:
        Bits per stimulus, in the order of ``numpy.unique(stimulus_ids)``; their mean over trials is
        the mutual information.
    """
    counts = check.vector(spike_counts, "spike_counts")
    stimulus = check.labels(stimulus_ids, "stimulus_ids")[1]
    check.same_length(counts, stimulus, ("spike_counts", "stimulus_ids"))
    response = np.unique(counts, return_inverse=True)[1]
    joint = np.zeros((stimulus.max() + 1, response.max() + 1))
    np.add.at(joint, (stimulus, response), 1.0)
    posterior = joint / joint.sum(axis=0)
    told = _bits(joint.sum(axis=1) / counts.size) - np.array([_bits(p) for p in posterior.T])
    found: check.Floats = joint / joint.sum(axis=1, keepdims=True) @ told
    return found


def kozachenko_leonenko_mi(x: ArrayLike, y: ArrayLike, k: int = 3) -> float:
    """Mutual information of two continuous signals by nearest neighbours, in nats.

    The first estimator of Kraskov, Stögbauer & Grassberger (2004), which builds on the entropy of
    Kozachenko and Leonenko: ψ(k) + ψ(N) − ⟨ψ(n_x + 1) + ψ(n_y + 1)⟩,
    doi:10.1103/PhysRevE.69.066138.

    Args:
        x: samples, shape (N,) or (N, dimensions), without many equal values.
        y: as many samples.
        k: neighbours, less than N.

    Returns:
        Nats; may be slightly negative by chance.
    """
    from scipy.spatial import cKDTree
    from scipy.special import digamma

    a, b = (check.matrix(z[:, None] if (z := check.array(v, name)).ndim == 1 else z, name, 2)
            for v, name in ((x, "x"), (y, "y")))  # fmt: skip
    check.same_length(a, b, ("x", "y"))
    k = check.whole(k, "k", 1, len(a) - 1)
    both = np.hstack([a, b])
    reach = cKDTree(both).query(both, k + 1, p=np.inf)[0][:, k]
    inside = np.nextafter(reach, 0)  # strictly nearer than the k-th neighbour
    near = [cKDTree(z).query_ball_point(z, inside, p=np.inf, return_length=True) for z in (a, b)]
    mean = np.mean(digamma(near[0]) + digamma(near[1]))  # each counts itself: n + 1
    return float(digamma(k) + digamma(len(a)) - mean)


def time_rescaling_ks_test(
    times: ArrayLike,
    rate_func: Callable[[float], float],
    t_start: float,
    t_end: float,
) -> tuple[float, bool]:
    """Does an intensity explain the spikes? Kolmogorov–Smirnov test of the rescaled intervals.

    1 − exp(−∫λ) between spikes is uniform if λ is right (Brown et al. 2002,
    doi:10.1162/08997660252741149). λ is integrated by Gauss–Legendre quadrature with 16 nodes from
    spike to spike.

    Args:
        times: spike times within the window, s, in order.
        rate_func: intensity in Hz at a time in seconds, smooth between spikes.
        t_start: start of the window, s; the first interval starts there.
        t_end: its end, s.

    Returns:
        The statistic, and whether it is below the exact critical value at 95 %.

    Raises:
        SCConfigError: there is no spike, or the intensity is negative or not finite.
    """
    from scipy.stats import kstest, kstwo

    check.window(t_start, t_end)
    spikes = check.times(times, "times", t_start, t_end)
    if not spikes.size:
        raise SCConfigError("times holds no spike, so there is nothing to test")
    nodes, weights = np.polynomial.legendre.leggauss(16)
    starts = np.concatenate([[t_start], spikes[:-1]])
    half = (spikes - starts)[:, None] / 2
    at = starts[:, None] + half * (1 + nodes)
    rates = check.values_of(rate_func, at.ravel(), "rate_func").reshape(at.shape)
    uniform = -np.expm1(-(half * rates * weights).sum(axis=1))
    statistic = float(kstest(uniform, "uniform").statistic)
    return statistic, bool(statistic < kstwo.ppf(0.95, spikes.size))


def _bits(shares: check.Floats) -> float:
    known = shares[shares > 0]
    return max(0.0, float(-(known * np.log2(known)).sum()))


def _entropy(*columns: check.Ints) -> float:
    """Entropy in bits of the joint distribution of columns of whole numbers."""
    seen = np.unique(np.stack(columns), axis=1, return_counts=True)[1]
    return _bits(seen / columns[0].size)


def _words(spikes: check.Train, bin_size: int, word_length: int) -> check.Ints:
    """Words of binary letters as numbers, along the last axis."""
    length = check.whole(word_length, "word_length", 1, 62)
    letters = (check.counts(spikes, bin_size) > 0).astype(np.int64)
    n = letters.shape[-1] // length
    if n == 0:
        raise SCConfigError(f"a train of {letters.shape[-1]} letters holds no word of {length}")
    rows = letters[..., : n * length].reshape(*letters.shape[:-1], n, length)
    found: check.Ints = rows @ (1 << np.arange(length))
    return found
