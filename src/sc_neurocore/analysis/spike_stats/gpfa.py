"""Gaussian-process factor analysis (Yu et al. 2009) with fixed time scales.

y(t) = C x(t) + d + e(t), e ~ N(0, R) with R diagonal; each latent x_j is a Gaussian process with
the kernel exp(−(t − t')²/(2 τ_j²)) + 1e-6 on the diagonal; doi:10.1152/jn.90941.2008. The paper
learns τ; here it is given and stays. Everything starts from principal components, so no random
number is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict

import numpy as np
from numpy.typing import ArrayLike

from sc_neurocore.analysis import _checks as check
from sc_neurocore.analysis._sign import positive_columns
from sc_neurocore.exceptions import SCConfigError

__all__ = ["GPFAResult", "gpfa", "gpfa_em", "gpfa_pca_init", "gpfa_transform"]

_JITTER = 1e-6
#: Variances of the noise stay above this share of those of the data.
_FLOOR = 1e-3
#: Time scale of every latent in `gpfa_pca_init`, ms, as in Yu et al.
_TAU_MS = 100.0

Parameters = tuple[check.Floats, check.Floats, check.Floats]
Prior = tuple[check.Floats, float]


class GPFAResult(TypedDict):
    """What `gpfa` finds: latents and parameters of the model."""

    trajectories: check.Floats
    C: check.Floats
    d: check.Floats
    R: check.Floats
    log_likelihoods: check.Floats
    tau: check.Floats


def gpfa_pca_init(
    Y: ArrayLike, n_latents: int, bin_ms: float = 20.0
) -> tuple[check.Floats, check.Floats, check.Floats, check.Floats]:
    """Start of the EM algorithm: principal components.

    Args:
        Y: binned counts, shape (neurons, bins).
        n_latents: latents, at most min(neurons, bins).
        bin_ms: bin width, ms.

    Returns:
        Loadings C (neurons, latents): the principal axes times the standard deviation along them,
        the largest of each positive; offset d (neurons,); R (neurons, neurons), diagonal, the
        variance of each neuron that the components leave; and the time scales τ (latents,) in
        bins, 100 ms each.
    """
    data = check.matrix(Y, "Y")
    kept = check.whole(n_latents, "n_latents", 1, min(data.shape))
    offset = data.mean(axis=1)
    centred = data - offset[:, None]
    axes, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    loadings = positive_columns(axes[:, :kept]) * (sizes[:kept] / np.sqrt(data.shape[1]))
    variance = centred.var(axis=1)
    left = np.maximum(variance - (loadings**2).sum(axis=1), _floor(variance))
    tau = np.full(kept, _TAU_MS / check.positive(bin_ms, "bin_ms"))
    return loadings, offset, np.diag(left), tau


def gpfa_em(
    Y: ArrayLike,
    C0: ArrayLike,
    d0: ArrayLike,
    R0: ArrayLike,
    tau: ArrayLike,
    max_iter: int = 100,
    tol: float = 1e-6,
) -> tuple[check.Floats, check.Floats, check.Floats, check.Floats, check.Floats]:
    """EM algorithm from a given start, with τ fixed.

    Args:
        Y: binned counts, shape (neurons, bins).
        C0: loadings, shape (neurons, latents).
        d0: offset, shape (neurons,).
        R0: noise covariance, diagonal, shape (neurons, neurons).
        tau: time scales in bins, shape (latents,).
        max_iter: iterations at most.
        tol: stop when the log-likelihood gains less than this share of its size.

    Returns:
        Latents (latents, bins), C, d, R and the exact marginal log-likelihood before each
        iteration and after the last, in nats; it never falls.
    """
    data = check.matrix(Y, "Y")
    scales, loadings = check.vector(tau, "tau"), check.matrix(C0, "C0")
    parameters = _parameters(loadings, check.vector(d0, "d0"), R0, (len(data), scales.size))
    least = check.nonnegative(tol, "tol")
    prior = _prior(scales, data.shape[1])
    latents, second, likelihood = _expect(data, parameters, prior)
    found = [likelihood]
    for _ in range(check.whole(max_iter, "max_iter", 0)):
        parameters = _maximise(data, latents, second)
        latents, second, likelihood = _expect(data, parameters, prior)
        found.append(likelihood)
        if found[-1] - found[-2] < least * abs(found[-2]):
            break
    loadings, offset, noise = parameters
    return latents, loadings, offset, np.diag(noise), np.array(found)


def gpfa(
    trains: Sequence[ArrayLike] | ArrayLike,
    n_latents: int = 3,
    bin_ms: float = 20.0,
    dt: float = 0.001,
    max_iter: int = 100,
    tol: float = 1e-6,
    seed: int | None = None,
) -> GPFAResult:
    """Smooth latent trajectories of parallel spike trains.

    Args:
        trains: binary trains of equal length, shape (neurons, steps), each with a count that
            varies.
        n_latents: latents, at most min(neurons, bins).
        bin_ms: bin width, ms, a multiple of ``dt``.
        dt: time step, s.
        max_iter: EM iterations at most.
        tol: stop when the log-likelihood gains less than this share of its size.
        seed: must be None: nothing is drawn, so a seed would promise what it cannot change.

    Returns:
        ``trajectories`` (latents, bins), ``C``, ``d``, ``R``, ``log_likelihoods``, ``tau`` (bins).
    """
    if seed is not None:
        raise SCConfigError("gpfa draws no random numbers; leave seed out")
    data = _binned(trains, bin_ms, dt)
    if np.any(data.std(axis=1) == 0):
        raise SCConfigError("a train has the same count in every bin; leave it out")
    loadings, offset, noise, tau = gpfa_pca_init(data, n_latents, bin_ms)
    latents, loadings, offset, noise, found = gpfa_em(
        data, loadings, offset, noise, tau, max_iter, tol
    )
    return GPFAResult(
        trajectories=latents, C=loadings, d=offset, R=noise, log_likelihoods=found, tau=tau
    )


def gpfa_transform(
    new_trains: Sequence[ArrayLike] | ArrayLike,
    params: Mapping[str, check.Floats] | GPFAResult,
    bin_ms: float = 20.0,
    dt: float = 0.001,
) -> check.Floats:
    """Posterior mean of the latents of new trains under learned parameters.

    Args:
        new_trains: binary trains of the same neurons, shape (neurons, steps).
        params: what `gpfa` returned; ``C``, ``d``, ``R`` and ``tau`` are read.
        bin_ms: bin width, ms, as for `gpfa`.
        dt: time step, s.

    Returns:
        Latents, shape (latents, bins).
    """
    if not (isinstance(params, Mapping) and {"C", "d", "R", "tau"} <= set(params)):
        raise SCConfigError("params must hold C, d, R and tau, as gpfa returns them")
    data = _binned(new_trains, bin_ms, dt, "new_trains")
    loadings, tau = check.matrix(params["C"], "C"), check.vector(params["tau"], "tau")
    check.same_length(data, loadings, ("new_trains", "C"))
    fitted = _parameters(
        loadings, check.vector(params["d"], "d"), params["R"], (len(data), tau.size)
    )
    return _expect(data, fitted, _prior(tau, data.shape[1]))[0]


def _binned(
    trains: Sequence[ArrayLike] | ArrayLike, bin_ms: float, dt: float, name: str = "trains"
) -> check.Floats:
    size = check.steps(bin_ms, dt, "bin_ms")
    return check.counts(check.trains(trains, name), size, "bin_ms").astype(np.float64)


def _parameters(
    loadings: check.Floats, offset: check.Floats, noise: ArrayLike, shape: tuple[int, int]
) -> Parameters:
    """C, d and the diagonal of R for (neurons, latents), refused if they do not fit each other."""
    full = check.matrix(noise, "R")
    shapes, wanted = (loadings.shape, offset.shape, full.shape), (shape, shape[:1], shape[:1] * 2)
    if shapes != wanted:
        raise SCConfigError(f"C, d and R have shapes {shapes}, but {wanted} are needed")
    variance = np.diag(full)
    if variance.min() <= 0 or np.any(full != np.diag(variance)):
        raise SCConfigError("R must be diagonal with variances above 0")
    return loadings, offset, variance


def _prior(tau: check.Floats, bins: int) -> Prior:
    """Inverse kernels of the latents, shape (latents, bins, bins), and log |K| of all of them."""
    from scipy.linalg import cho_factor, cho_solve

    if tau.min() <= 0:
        raise SCConfigError(f"tau holds {tau.min():g}, but time scales must be above 0")
    gap = np.subtract.outer(np.arange(bins), np.arange(bins))
    kernels = np.exp(-(gap**2) / (2 * tau[:, None, None] ** 2)) + _JITTER * np.eye(bins)
    factors = [cho_factor(kernel, lower=True) for kernel in kernels]
    log_det = sum(2 * np.log(np.diag(factor)).sum() for factor, _ in factors)
    return np.stack([cho_solve(factor, np.eye(bins)) for factor in factors]), float(log_det)


def _floor(variance: check.Floats) -> check.Floats:
    return _FLOOR * np.maximum(variance, variance.mean() or 1.0)


def _expect(
    data: check.Floats, parameters: Parameters, prior: Prior
) -> tuple[check.Floats, check.Floats, float]:
    """Posterior mean (latents, bins), Σ_t E[x xᵀ] (latents, latents) and the log-likelihood.

    Through the precision K⁻¹ + CᵀR⁻¹C of the latents, never the covariance of the data.
    """
    from scipy.linalg import cho_factor, cho_solve

    loadings, offset, noise = parameters
    n, bins = data.shape
    q = loadings.shape[1]
    centred = data - offset[:, None]
    weighted = loadings / noise[:, None]
    precision = np.einsum("jk,st->jskt", loadings.T @ weighted, np.eye(bins))
    inverses, log_prior = prior
    for j, inverse in enumerate(inverses):
        precision[j, :, j, :] += inverse
    factor = cho_factor(precision.reshape(q * bins, q * bins), lower=True)
    projected = weighted.T @ centred
    latents = cho_solve(factor, projected.ravel()).reshape(q, bins)
    covariance = cho_solve(factor, np.eye(q * bins)).reshape(q, bins, q, bins)
    second = np.einsum("jtkt->jk", covariance) + latents @ latents.T
    quadratic = (centred**2 / noise[:, None]).sum() - (projected * latents).sum()
    log_det = 2 * np.log(np.diag(factor[0])).sum() + log_prior + bins * np.log(noise).sum()
    likelihood = -0.5 * (quadratic + log_det + n * bins * np.log(2 * np.pi))
    return latents, second, float(likelihood)


def _maximise(data: check.Floats, latents: check.Floats, second: check.Floats) -> Parameters:
    """C, d and the diagonal of R that fit the posterior best."""
    q, bins = latents.shape
    total = latents.sum(axis=1)
    gram = np.block([[second, total[:, None]], [total[None], np.array([[float(bins)]])]])
    cross = data @ np.vstack([latents, np.ones((1, bins))]).T
    both = np.linalg.solve(gram, cross.T).T
    # The best R; its floor, which keeps silent neurons regular, lies far below Poisson noise.
    noise = ((data**2).sum(axis=1) - (both * cross).sum(axis=1)) / bins
    return both[:, :q], both[:, q], np.maximum(noise, _floor(data.var(axis=1)))
