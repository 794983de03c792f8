"""Granger causality and its spectral relatives, over one vector autoregression of binned counts.

The model is x(t) = c + Σ_k A_k x(t−k) + e(t), fitted by least squares; e has covariance Σ.
Frequencies are in cycles per bin, from 0 to the Nyquist frequency 0.5.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.analysis import _checks as check
from sc_neurocore.exceptions import SCConfigError

__all__ = [
    "conditional_granger_causality",
    "directed_transfer_function",
    "pairwise_granger_causality",
    "partial_directed_coherence",
    "spectral_granger_causality",
]

Complex = NDArray[np.complex128]


def pairwise_granger_causality(
    source: ArrayLike, target: ArrayLike, bin_size: int = 10, order: int = 5
) -> float:
    """How much the past of ``source`` helps to predict ``target`` (Granger 1969).

    ln(var(e | past of target) / var(e | past of both)), doi:10.2307/1912791.

    Args:
        source: binary train, shape (steps,).
        target: binary train of equal length.
        bin_size: steps per bin.
        order: bins of the past.

    Returns:
        Log ratio of the variances of the prediction error, in nats; 0 if the source does not help.

    Raises:
        SCConfigError: a train is not binary, constant, or too short for the order.
    """
    both, order = _series(check.pair(source, target, ("source", "target")), bin_size, order)
    return _log_ratio(_fit(both[1:], order)[1], _fit(both, order)[1][1:, 1:])


def conditional_granger_causality(
    source: ArrayLike,
    target: ArrayLike,
    condition: ArrayLike,
    bin_size: int = 10,
    order: int = 5,
) -> float:
    """Granger causality of ``source`` on ``target`` given the past of ``condition`` (Geweke 1984).

    doi:10.1080/01621459.1984.10477110; arguments and result as for
    `pairwise_granger_causality`, with ``condition`` a third binary train.
    """
    first, second = check.pair(source, target, ("source", "target"))
    given = check.pair(first, condition, ("source", "condition"))[1]
    every, order = _series([first, second, given], bin_size, order)
    restricted, full = _fit(every[1:], order)[1], _fit(every, order)[1]
    return _log_ratio(restricted[:1, :1], full[1:2, 1:2])


def spectral_granger_causality(
    trains: Sequence[ArrayLike] | ArrayLike, bin_size: int = 10, order: int = 5, n_freqs: int = 64
) -> check.Floats:
    """Granger causality of every pair by frequency (Geweke 1982).

    For each pair a model of the two alone: ln(S_ii / (S_ii − (Σ_jj − Σ_ij²/Σ_ii) |H_ij|²)),
    doi:10.1080/01621459.1982.10477803. Its mean over frequencies tends to the causality in time.

    Args:
        trains: binary trains of equal length, shape (n, steps).
        bin_size: steps per bin.
        order: bins of the past.
        n_freqs: frequencies from 0 to 0.5 cycles per bin.

    Returns:
        Nats, shape (n, n, n_freqs), indexed [target, source, frequency]; 0 on the diagonal.

    Raises:
        SCConfigError: as for `pairwise_granger_causality`, or a train is predicted without error.
    """
    series, order = _series(trains, bin_size, order)
    n = len(series)
    n_freqs = check.whole(n_freqs, "n_freqs", 2)
    found = np.zeros((n, n, n_freqs))
    for i in range(n):
        for j in range(i + 1, n):
            lags, noise = _fit(series[[i, j]], order)
            transfer = _transfer(_polynomial(lags, n_freqs))
            power = np.real(transfer @ noise @ transfer.conj().swapaxes(1, 2))
            for a, b, place in ((0, 1, (i, j)), (1, 0, (j, i))):
                own = noise[b, b] - noise[a, b] ** 2 / noise[a, a]
                through = own * np.abs(transfer[:, a, b]) ** 2
                found[place] = np.log(power[:, a, a] / (power[:, a, a] - through))
    return found


def partial_directed_coherence(
    trains: Sequence[ArrayLike] | ArrayLike, bin_size: int = 10, order: int = 5, n_freqs: int = 64
) -> check.Floats:
    """Partial directed coherence |A_ij(f)| / √Σ_k |A_kj(f)|² (Baccalá & Sameshima 2001).

    A(f) = 1 − Σ_k A_k exp(−2πifk), doi:10.1007/PL00007990. Arguments as for
    `spectral_granger_causality`.

    Returns:
        Values in [0, 1], shape (n, n, n_freqs), indexed [target, source, frequency]; their squares
        sum to 1 over targets.
    """
    series, order = _series(trains, bin_size, order)
    size = np.abs(_polynomial(_fit(series, order)[0], check.whole(n_freqs, "n_freqs", 2)))
    found: check.Floats = (size / np.sqrt((size**2).sum(axis=1, keepdims=True))).transpose(1, 2, 0)
    return found


def directed_transfer_function(
    trains: Sequence[ArrayLike] | ArrayLike, bin_size: int = 10, order: int = 5, n_freqs: int = 64
) -> check.Floats:
    """Directed transfer function |H_ij(f)| / √Σ_m |H_im(f)|² (Kamiński & Blinowska 1991).

    H = A⁻¹, doi:10.1007/BF00198091. Arguments as for `spectral_granger_causality`.

    Returns:
        Values in [0, 1], shape (n, n, n_freqs), indexed [target, source, frequency]; their squares
        sum to 1 over sources.
    """
    series, order = _series(trains, bin_size, order)
    lags = _fit(series, order)[0]
    size = np.abs(_transfer(_polynomial(lags, check.whole(n_freqs, "n_freqs", 2))))
    found: check.Floats = (size / np.sqrt((size**2).sum(axis=2, keepdims=True))).transpose(1, 2, 0)
    return found


def _series(
    trains: Sequence[ArrayLike] | ArrayLike, bin_size: int, order: int
) -> tuple[check.Floats, int]:
    """Binned counts, shape (n, bins), long and varied enough for the model, and its order."""
    found = check.counts(check.trains(trains), bin_size).astype(np.float64)
    n, bins = found.shape
    past = check.whole(order, "order")
    if bins - past <= n * past + 1:
        raise SCConfigError(
            f"{bins} bins are too few for {n} trains at order {past}; more than "
            f"{(n + 1) * past + 1} are needed"
        )
    if np.any(found.std(axis=1) == 0):
        raise SCConfigError("a train has the same count in every bin, so nothing can be predicted")
    return found, past


def _fit(series: check.Floats, order: int) -> tuple[check.Floats, check.Floats]:
    """Coefficients (order, n, n) and covariance of the errors (n, n), by least squares."""
    n, bins = series.shape
    past = [series[:, order - k : bins - k] for k in range(1, order + 1)]
    design = np.vstack([*past, np.ones((1, bins - order))]).T
    solved = np.linalg.lstsq(design, series[:, order:].T, rcond=None)[0]
    errors = series[:, order:].T - design @ solved
    noise: check.Floats = errors.T @ errors / len(errors)
    if np.any(np.diag(noise) <= 1e-12 * series.var(axis=1)):
        raise SCConfigError("the model predicts a train without error; its causality is endless")
    return solved[:-1].reshape(order, n, n).swapaxes(1, 2), noise


def _log_ratio(restricted: check.Floats, full: check.Floats) -> float:
    """Never below 0 but for rounding: the full model holds the restricted one."""
    return max(0.0, math.log(restricted[0, 0] / full[0, 0]))


def _transfer(polynomial: Complex) -> Complex:
    """H = A⁻¹ at every frequency."""
    # A root on the unit circle makes A singular at its frequency: a train that repeats itself.
    if np.linalg.cond(polynomial).max() > 1e12:
        raise SCConfigError(
            "the model of the trains repeats itself without end; it has no spectrum"
        )
    return np.linalg.inv(polynomial).astype(np.complex128)


def _polynomial(lags: check.Floats, n_freqs: int) -> Complex:
    """1 − Σ_k A_k exp(−2πifk), shape (frequencies, n, n)."""
    order, n, _ = lags.shape
    turns = np.outer(np.linspace(0, 0.5, n_freqs), np.arange(1, order + 1))
    found: Complex = np.eye(n) - np.einsum("fk,kij->fij", np.exp(-2j * np.pi * turns), lags)
    return found
