"""Graphs by their documented names, as CSR arrays ``(indptr, indices, data)``.

Rows are sources, sorted by target. Give the result to a projection as its topology.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.dynamics import require_finite
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.network._rules import AllToAll, Bernoulli, Rows
from sc_neurocore.network._seeds import check_seed
from sc_neurocore.network._units import whole_number

Indices = NDArray[np.int64]
CSR = tuple[Indices, Indices, NDArray[np.float64]]


def random_connectivity(
    n_src: int, n_tgt: int, p: float, weight: float = 1.0, seed: int = 0
) -> CSR:
    """Connect every source with every target with probability ``p``, independently.

    Source: Gilbert 1959, doi:10.1214/aoms/1177706098 (the graph named after Erdős and Rényi).

    Raises:
        SCConfigError: ``p`` is not a probability, or there are no neurons.
    """
    whole_number("n_src", n_src, 1)
    whole_number("n_tgt", n_tgt, 1)
    return _weighted(Bernoulli(p).rows(n_src, n_tgt, False, check_seed(seed), 1), weight)


def all_to_all(n_src: int, n_tgt: int, weight: float = 1.0) -> CSR:
    """Connect every source with every target.

    Raises:
        SCConfigError: there are no neurons.
    """
    whole_number("n_src", n_src, 1)
    whole_number("n_tgt", n_tgt, 1)
    return _weighted(AllToAll().rows(n_src, n_tgt, False, 0, 1), weight)


def ring_topology(n: int, k: int, weight: float = 1.0) -> CSR:
    """Connect every neuron of a ring with its ``k`` nearest on each side.

    Raises:
        SCConfigError: ``2·k`` is not below ``n``.
    """
    whole_number("n", n, 1)
    whole_number("k", k, 0)
    if not 2 * k < n:
        raise SCConfigError(f"k is {k}; a ring of {n} has from 0 to {(n - 1) // 2} on each side")
    steps = np.concatenate([np.arange(-k, 0), np.arange(1, k + 1)])
    source = np.repeat(np.arange(n), 2 * k)
    return _csr(n, source, (source + np.tile(steps, n)) % n, weight)


def grid_topology(rows_count: int, cols_count: int, radius: int, weight: float = 1.0) -> CSR:
    """Connect every neuron of a grid with those within a Manhattan distance, not itself.

    Neuron ``r·cols_count + c`` stands in row r and column c; the grid has edges.

    Raises:
        SCConfigError: the grid is empty or the radius negative.
    """
    whole_number("rows_count", rows_count, 1)
    whole_number("cols_count", cols_count, 1)
    whole_number("radius", radius, 0)
    reach = np.arange(-radius, radius + 1)
    down, right = (part.ravel() for part in np.meshgrid(reach, reach, indexing="ij"))
    near = (np.abs(down) + np.abs(right) <= radius) & ((down != 0) | (right != 0))
    source = np.repeat(np.arange(rows_count * cols_count), near.sum())
    row = source // cols_count + np.tile(down[near], rows_count * cols_count)
    column = source % cols_count + np.tile(right[near], rows_count * cols_count)
    inside = (row >= 0) & (row < rows_count) & (column >= 0) & (column < cols_count)
    target = (row * cols_count + column)[inside]
    return _csr(rows_count * cols_count, source[inside], target, weight)


def small_world(n: int, k: int, p_rewire: float, weight: float = 1.0, seed: int = 0) -> CSR:
    """Connect a ring of ``n`` with its ``k`` nearest and move each edge's end with ``p_rewire``.

    Every undirected edge is two synapses. An edge is moved to a neuron drawn uniformly among those
    not connected with its start yet. Source: Watts & Strogatz 1998, doi:10.1038/30918.

    Raises:
        SCConfigError: ``k`` is odd or not below ``n``, or ``p_rewire`` not a probability.
    """
    from sc_neurocore.network import _connect_kernel as kernel

    whole_number("n", n, 1)
    whole_number("k", k, 0)
    if not k < n or k % 2:
        raise SCConfigError(f"k is {k}; it must be even, from 0 to below {n}: half on each side")
    if not 0 <= require_finite("p_rewire", p_rewire) <= 1:
        raise SCConfigError(f"p_rewire is {p_rewire}; it must be from 0 to 1")
    ends = np.empty((n * k // 2, 2), np.int64)
    kernel.rewire(ends, n, k, p_rewire, np.uint64(check_seed(seed)))
    return _undirected(n, ends, weight)


def scale_free(n: int, m: int, weight: float = 1.0, seed: int = 0) -> CSR:
    """Grow a graph of ``n``: each new neuron joins ``m`` others in proportion to their degrees.

    It grows from a star of ``m + 1`` neurons. Every undirected edge is two synapses.
    Source: Barabási & Albert 1999, doi:10.1126/science.286.5439.509.

    Raises:
        SCConfigError: ``m`` is not from 1 to below ``n``.
    """
    from sc_neurocore.network import _connect_kernel as kernel

    whole_number("n", n, 2)
    whole_number("m", m, 1)
    if not m < n:
        raise SCConfigError(f"m is {m}; it must be from 1 to {n - 1}, below the number of neurons")
    ends = np.empty((m + (n - m - 1) * m, 2), np.int64)
    kernel.grow(ends, n, m, np.uint64(check_seed(seed)))
    return _undirected(n, ends, weight)


def _weighted(rows: Rows, weight: float) -> CSR:
    starts, words = rows
    return starts, words.astype(np.int64), np.full(len(words), require_finite("weight", weight))


def _undirected(n: int, ends: Indices, weight: float) -> CSR:
    both = np.concatenate([ends, ends[:, ::-1]])
    return _csr(n, both[:, 0], both[:, 1], weight)


def _csr(n: int, source: Indices, target: Indices, weight: float) -> CSR:
    order = np.lexsort((target, source))
    starts = np.concatenate([[0], np.cumsum(np.bincount(source, minlength=n))])
    value = require_finite("weight", weight)
    return starts.astype(np.int64), target[order], np.full(len(order), value)
