"""Pieces that attention-based decoders of spikes are built of. Times are in milliseconds here."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from sc_neurocore.analysis import _checks as check

__all__ = ["scaled_dot_product_attention", "sinusoidal_position_encode", "tokenise_spikes"]


def tokenise_spikes(
    spike_trains: Sequence[ArrayLike] | ArrayLike, dt: float = 1.0
) -> tuple[check.Ints, check.Floats]:
    """One token per spike: its neuron and its time (Azabou et al. 2023, arXiv:2310.16046).

    Args:
        spike_trains: binary trains of equal length, shape (n, steps).
        dt: time step, **ms**.

    Returns:
        Neurons and times in ms, in order of time, then of neuron; shape (tokens,) each.
    """
    steps, units = np.nonzero(check.trains(spike_trains, "spike_trains").T)
    return units.astype(np.int64), steps.astype(np.float64) * check.positive(dt, "dt")


def sinusoidal_position_encode(timestamps: ArrayLike, d_model: int) -> check.Floats:
    """Sinusoidal position encoding (Vaswani et al. 2017, arXiv:1706.03762).

    sin(t / 10000^(2i/d)) in column 2i and cos(t / 10000^(2i/d)) in column 2i + 1.

    Args:
        timestamps: positions, shape (n,), of any unit.
        d_model: columns, an even number.

    Returns:
        Shape (n, d_model).
    """
    half = check.whole(check.whole(d_model, "d_model", 2) / 2, "d_model / 2")  # type: ignore[arg-type]
    times = check.vector(timestamps, "timestamps", 0)
    angle = times[:, None] / 10000.0 ** (np.arange(half) / half)
    return np.stack([np.sin(angle), np.cos(angle)], axis=2).reshape(times.size, d_model)


def scaled_dot_product_attention(
    queries: ArrayLike, keys: ArrayLike, values: ArrayLike
) -> check.Floats:
    """softmax(Q Kᵀ / √d) V (Vaswani et al. 2017, arXiv:1706.03762).

    Args:
        queries: shape (n, d).
        keys: shape (m, d).
        values: shape (m, e).

    Returns:
        Shape (n, e): for each query an average of the values.
    """
    from scipy.special import softmax

    q, k = check.matrix(queries, "queries"), check.matrix(keys, "keys")
    v = check.matrix(values, "values")
    check.same_length(q.T, k.T, ("a query", "a key"))
    check.same_length(k, v, ("keys", "values"))
    found: check.Floats = softmax(q @ k.T / np.sqrt(q.shape[1]), axis=1) @ v
    return found
