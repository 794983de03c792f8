"""Few dimensions of many neurons: principal components, demixed ones, factors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from sc_neurocore.analysis import _checks as check
from sc_neurocore.analysis._library import library
from sc_neurocore.analysis._sign import positive_columns
from sc_neurocore.exceptions import SCConfigError

__all__ = ["demixed_pca", "factor_analysis", "spike_train_pca"]


def spike_train_pca(
    trains: Sequence[ArrayLike] | ArrayLike, n_components: int = 3, bin_size: int = 10
) -> tuple[check.Floats, check.Floats]:
    """Principal components of binned counts (neurons are features, bins samples).

    Args:
        trains: binary trains of equal length, shape (n, steps).
        n_components: components to keep, at most min(n, bins).
        bin_size: steps per bin.

    Returns:
        The projections (n_components, bins), the largest loading of each positive, and the share
        of the variance that each explains (NaN if nothing varies).
    """
    counts = check.counts(check.trains(trains), bin_size).astype(np.float64)
    kept = check.whole(n_components, "n_components", 1, min(counts.shape))
    centred = counts - counts.mean(axis=1, keepdims=True)
    axes, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    total = (sizes**2).sum()
    share = sizes[:kept] ** 2 / (total or np.nan)
    return positive_columns(axes[:, :kept]).T @ centred, share


def demixed_pca(
    trains_by_condition: Mapping[object, Sequence[ArrayLike] | ArrayLike],
    n_components: int = 3,
    bin_size: int = 10,
) -> tuple[check.Floats, check.Floats]:
    """Components of the activity that depends on the condition (dPCA, Kobak et al. 2016).

    The counts X (neurons × conditions × time) are split into what all conditions share at each
    time and the rest X_φ; the components are the reduced-rank regression of X_φ on X, without
    regularisation, doi:10.7554/eLife.10989.

    Args:
        trains_by_condition: for each condition the trains of the same neurons, shape (n, steps);
            at least two conditions.
        n_components: components to keep, at most n.
        bin_size: steps per bin.

    Returns:
        The projections of X, shape (n_components, conditions, bins), and the share of the whole
        variance that each explains.
    """
    if not isinstance(trains_by_condition, Mapping) or len(trains_by_condition) < 2:
        raise SCConfigError(
            "trains_by_condition needs at least two conditions, each with its trains"
        )
    counts = [check.counts(check.trains(t, f"trains of condition {c!r}"), bin_size)
              for c, t in trains_by_condition.items()]  # fmt: skip
    if len({c.shape for c in counts}) > 1:
        raise SCConfigError("conditions differ in the number of neurons or of bins")
    x = np.stack(counts, axis=1).astype(np.float64)
    n = len(x)
    kept = check.whole(n_components, "n_components", 1, n)
    x -= x.mean(axis=(1, 2), keepdims=True)
    flat = x.reshape(n, -1)
    wanted = (x - x.mean(axis=1, keepdims=True)).reshape(n, -1)
    regression = wanted @ np.linalg.pinv(flat)
    axes = np.linalg.svd(regression @ flat, full_matrices=False)[0][:, :kept]
    encoder = positive_columns(axes)
    decoded = encoder.T @ regression @ flat
    total = (flat**2).sum()
    left = [((flat - np.outer(f, d)) ** 2).sum() for f, d in zip(encoder.T, decoded, strict=True)]
    share = 1 - np.asarray(left) / (total or np.nan)
    return decoded.reshape(kept, *x.shape[1:]), share


def factor_analysis(
    trains: Sequence[ArrayLike] | ArrayLike,
    n_factors: int = 2,
    bin_size: int = 10,
    n_iter: int = 100,
) -> tuple[check.Floats, check.Floats]:
    """Maximum-likelihood factor analysis of binned counts (scikit-learn).

    Rubin & Thayer (1982), doi:10.1007/BF02293851: cov = L Lᵀ + diag(Ψ).

    Args:
        trains: binary trains of equal length, shape (n, steps); each must vary.
        n_factors: factors, fewer than n.
        bin_size: steps per bin.
        n_iter: iterations at most; fewer if the likelihood gains less than 1e-8.

    Returns:
        Loadings L (n, n_factors), the largest of each factor positive, and uniquenesses Ψ (n,).
    """
    import warnings

    counts = check.counts(check.trains(trains, least=2), bin_size).astype(np.float64)
    factors = check.whole(n_factors, "n_factors", 1, len(counts) - 1)
    if np.any(counts.std(axis=1) == 0):
        raise SCConfigError("a train has the same count in every bin, so it has no factor")
    model = library("sklearn.decomposition").FactorAnalysis(
        factors, max_iter=check.whole(n_iter, "n_iter"), tol=1e-8, svd_method="lapack"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it stopped at n_iter is what was asked for
        model.fit(counts.T)
    return positive_columns(model.components_.T), model.noise_variance_
