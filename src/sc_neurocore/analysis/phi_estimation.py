"""Integrated information of time series under a Gaussian model."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from sc_neurocore.analysis import _checks as check
from sc_neurocore.exceptions import SCConfigError

__all__ = ["MOST_CHANNELS", "phi_from_spike_trains", "phi_star"]

#: All 2^(n−1) − 1 bipartitions are tried, so the number of channels is limited.
MOST_CHANNELS = 14
_JITTER = 1e-10


def phi_star(data: ArrayLike, tau: int = 1) -> float:
    """Whole-minus-sum integrated information, in nats (after Barrett & Seth 2011).

    The least, over **all** bipartitions of the channels, of I(past; present) of the whole less the
    sum of that of the two parts, doi:10.1371/journal.pcbi.1001052. Mutual informations are those of
    Gaussians, of unbiased covariances with 1e-10 added to the diagonal. The Φ* of Oizumi et al.
    (2016), by mismatched decoding, is another quantity.

    Args:
        data: shape (channels, steps), 2 to 14 channels, more steps than 2 · channels + tau.
        tau: lag from past to present, steps.

    Returns:
        Nats; 0 if some bipartition loses nothing. The difference is negative where the parts share
        redundant information, and 0 is returned then.

    Raises:
        SCConfigError: too many channels, too few steps, values that are not finite, or channels so
            large that 1e-10 does not tell dependent ones apart.
    """
    x = check.matrix(data, "data", 2)
    n, steps = x.shape
    if n > MOST_CHANNELS:
        raise SCConfigError(
            f"data has {n} channels; all bipartitions are tried, so {MOST_CHANNELS} is the most"
        )
    lag = check.whole(tau, "tau")
    if steps - lag <= 2 * n:
        raise SCConfigError(
            f"{steps} steps are too few for {n} channels at lag {lag}; more than {2 * n + lag} "
            "are needed"
        )
    covariance = np.cov(np.vstack([x[:, :-lag], x[:, lag:]])) + _JITTER * np.eye(2 * n)
    spread = np.linalg.eigvalsh(covariance)
    if spread[0] <= 1e-14 * spread[-1]:  # its determinant would be rounding
        raise SCConfigError(
            "a channel of data depends on the others, so it has no information of its own; leave "
            "it out"
        )
    least = np.inf
    for size in range(1, n // 2 + 1):
        parts = np.array(list(combinations(range(n), size)))
        if 2 * size == n:  # each bipartition once
            parts = parts[: len(parts) // 2]
        member = np.zeros((len(parts), n), dtype=bool)
        np.put_along_axis(member, parts, True, axis=1)
        others = np.nonzero(~member)[1].reshape(len(parts), n - size)
        kept = _told(covariance, parts) + _told(covariance, others)
        least = min(least, -float(kept.max()))
    whole = float(_told(covariance, np.arange(n)[None])[0])
    return max(0.0, whole + least)


def phi_from_spike_trains(
    spikes: ArrayLike | Sequence[ArrayLike], bin_size: int = 10, tau: int = 1
) -> float:
    """`phi_star` of the spike counts in bins.

    Args:
        spikes: binary trains of equal length, shape (neurons, steps), 2 to 14 neurons.
        bin_size: steps per bin.
        tau: lag, bins.
    """
    return phi_star(check.counts(check.trains(spikes, "spikes", 2), bin_size), tau)


def _told(covariance: check.Floats, groups: check.Ints) -> check.Floats:
    """I(past; present) of each group of channels, shape (groups,); groups has one per row."""
    n = len(covariance) // 2
    both = np.concatenate([groups, groups + n], axis=1)
    past, present, joint = (
        np.linalg.slogdet(covariance[g[:, :, None], g[:, None, :]])[1]
        for g in (groups, groups + n, both)
    )
    found: check.Floats = 0.5 * (past + present - joint)
    return found
