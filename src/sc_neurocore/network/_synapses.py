"""Synapses of one projection in memory: sorted by source, then target.

A word holds a synapse's target in its low bits and, if delays differ, its delay minus one above
them. So a synapse takes 4 bytes when the projection shares weight and delay, 8 with a weight in
single precision of its own, whatever its delay.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.network._distributions import Distribution, Normal, Uniform, draw, in_ticks
from sc_neurocore.network._rules import Rows
from sc_neurocore.network._units import axes_of, has_unit, magnitude, whole_ticks

_PIECE = 1 << 20


@dataclass(frozen=True, eq=False)
class Synapses:
    """The synapses between two populations.

    Attributes:
        sources: neurons they come from.
        targets: neurons they lead to.
        starts: ``(sources + 1,)`` of source s, those from ``starts[s]`` to ``starts[s + 1]``.
        words: ``(synapses,)`` target, and above ``shift`` bits the delay minus one.
        shift: bits of a target; 0 when all synapses share ``delay``.
        delay: delay in ticks that all share, else 0.
        shortest: smallest delay in ticks.
        longest: largest delay in ticks.
        weights: one number, or one per synapse (float32 or float64; may be written to).
    """

    sources: int
    targets: int
    starts: NDArray[np.int64]
    words: NDArray[np.uint32]
    shift: int
    delay: int
    shortest: int
    longest: int
    weights: float | NDArray[Any]

    def __len__(self) -> int:
        return len(self.words)

    @property
    def indices(self) -> NDArray[np.uint32]:
        """``(synapses,)`` target of every synapse."""
        if not self.shift:
            return self.words
        return self.words & np.uint32((1 << self.shift) - 1)

    @property
    def delays(self) -> NDArray[np.int64]:
        """``(synapses,)`` delay of every synapse in ticks."""
        if not self.shift:
            return np.full(len(self), self.delay, np.int64)
        return (self.words >> np.uint32(self.shift)).astype(np.int64) + 1

    @property
    def data(self) -> NDArray[Any]:
        """``(synapses,)`` weight of every synapse."""
        if isinstance(self.weights, float):
            return np.full(len(self), self.weights)
        return self.weights

    @property
    def nbytes(self) -> int:
        """Bytes that the synapses take, starts of rows included."""
        own = 0 if isinstance(self.weights, float) else self.weights.nbytes
        return self.starts.nbytes + self.words.nbytes + own


def read_rows(
    topology: Any, sources: int, targets: int
) -> tuple[Rows, NDArray[Any], NDArray[np.int64] | None]:
    """Check explicit CSR arrays; return rows sorted by target, their weights, and the order.

    The order is ``None`` when the rows were sorted already.

    Raises:
        SCConfigError: the arrays do not describe synapses between these populations.
    """
    try:
        indptr, indices = (np.asarray(part) for part in topology[:2])
        data = np.asarray(topology[2])
        data = data.astype(data.dtype if data.dtype == np.float32 else np.float64)
    except (TypeError, ValueError):
        raise SCConfigError("CSR arrays (indptr, indices, data) hold numbers only") from None
    for name, part in (("indptr", indptr), ("indices", indices)):
        if part.size and part.dtype.kind not in "iu":
            raise SCConfigError(f"{name} holds {part.dtype} numbers; it must hold whole ones")
    if indptr.shape != (sources + 1,):
        raise SCConfigError(
            f"indptr has shape {indptr.shape}; {sources} sources need ({sources + 1},)"
        )
    if indices.ndim != 1 or data.shape != indices.shape:
        raise SCConfigError(
            f"indices has shape {indices.shape} and data {data.shape}; "
            "both need one entry per synapse"
        )
    steps = np.diff(indptr)
    if indptr[0] != 0 or indptr[-1] != len(indices) or (steps < 0).any():
        raise SCConfigError(
            f"indptr must rise from 0 to {len(indices)}, the number of synapses; "
            f"it runs from {indptr[0]} to {indptr[-1]}"
        )
    if len(indices) and not 0 <= indices.min() <= indices.max() < targets:
        bad = indices[(indices < 0) | (indices >= targets)][0]
        raise SCConfigError(f"a synapse has target {bad}; the target population has 0 to "
                            f"{targets - 1}")  # fmt: skip
    starts, words, weights = indptr.astype(np.int64), indices.astype(np.uint32), data
    row = np.repeat(np.arange(sources), steps)
    order = None
    if len(words) > 1 and ((np.diff(row) == 0) & (np.diff(indices.astype(np.int64)) < 0)).any():
        order = np.lexsort((words, row))
        words, weights = words[order], weights[order]
    return (starts, words), weights, order


def read_weights(what: str, weight: Any, count: int, seed: int) -> float | NDArray[Any]:
    """Weights as one number or one per synapse; those drawn are in single precision.

    Raises:
        SCConfigError: not finite, or not as many as synapses.
    """
    if isinstance(weight, Normal | Uniform):
        drawn = np.empty(count, np.float32)
        draw(weight, drawn, seed)
        return drawn
    try:
        values = np.asarray(weight)
        values = values.astype(np.float32 if values.dtype == np.float32 else np.float64)
    except (TypeError, ValueError):
        raise SCConfigError(
            f"the weight of {what} is {weight!r}; give a number, one per synapse, Normal or Uniform"
        ) from None
    if not np.isfinite(values).all():
        raise SCConfigError(
            f"a weight of {what} is {values[~np.isfinite(values)].flat[0]}; weights must be finite"
        )
    if values.ndim == 0:
        return float(values)
    if values.shape != (count,):
        raise SCConfigError(
            f"{what} has {count} synapses, but {values.size} weights of shape {values.shape}"
        )
    return values


def pack(
    what: str,
    rows: Rows,
    targets: int,
    weights: float | NDArray[Any],
    delay: Any,
    order: NDArray[np.int64] | None,
    given: int,
    dt: float,
    seed: int,
) -> Synapses:
    """Put delays beside the targets, in place.

    Args:
        what: the projection, for errors.
        rows: starts and targets; the targets become the words.
        targets: size of the target population.
        weights: as `read_weights` gives them.
        delay: one for all, one per synapse (in the order before ``order``), or a distribution.
        order: where each synapse stood among those given, if not in this order.
        given: number of synapses given, of which some may be left out.
        dt: tick in ms.
        seed: of the delays' stream.

    Raises:
        SCConfigError: a delay is shorter than one tick, or target and delay need over 32 bits.
    """
    starts, words = rows
    sources = len(starts) - 1
    if not isinstance(delay, Normal | Uniform) and axes_of(delay, f"the delay of {what}") == 0:
        ticks = whole_ticks(delay, dt, f"the delay of {what}")
        return Synapses(sources, targets, starts, words, 0, ticks, ticks, ticks, weights)
    shift = max(1, (targets - 1).bit_length())
    most = 1 << (32 - shift)
    shortest, longest = 2**31, 0
    source = _delays(what, delay, given, order, dt)
    from sc_neurocore.network import _connect_kernel as kernel

    for at in range(0, len(words), _PIECE):
        n = min(_PIECE, len(words) - at)
        if isinstance(source, Normal | Uniform):
            held = np.empty(n)
            draw(source, held, seed, at)
            piece = np.rint(held).astype(np.int64)
        else:
            piece = source[at : at + n]
        shortest, longest = min(shortest, int(piece.min())), max(longest, int(piece.max()))
        if longest > most:
            raise SCConfigError(
                f"{what} has a delay of {longest} ticks and {targets} targets; a synapse has 32 "
                f"bits for both, so its delay may be {most} ticks at most; take a larger dt or "
                "one delay for all"
            )
        kernel.pack_delays(words, piece, at, shift)
    if not len(words):
        shortest = longest = 1
    return Synapses(sources, targets, starts, words, shift, 0, shortest, longest, weights)


def _delays(
    what: str, delay: Any, count: int, order: NDArray[np.int64] | None, dt: float
) -> Distribution | NDArray[np.int64]:
    if isinstance(delay, Normal | Uniform):
        return in_ticks(delay, dt)
    if not has_unit(delay):
        values = np.asarray(delay)
    else:
        values = np.asarray(magnitude(delay, "ms", f"the delay of {what}"), np.float64) / dt
        near = np.rint(values)
        values = np.where(np.abs(values - near) <= 1e-6 + 1e-12 * near, near, values)
    if values.shape != (count,):
        raise SCConfigError(
            f"{what} has {count} synapses, but {values.size} delays of shape {values.shape}"
        )
    if values.dtype.kind not in "iuf" or not np.isfinite(values).all():
        raise SCConfigError(f"the delays of {what} are not all finite numbers; give ticks")
    if count and values.min() < 1:
        raise SCConfigError(
            f"a delay of {what} is {values.min():g} ticks, shorter than one tick; the shortest "
            f"delay is 1 tick ({dt:g} ms)"
        )
    if (values != np.rint(values)).any():
        bad = values[values != np.rint(values)][0]
        raise SCConfigError(f"a delay of {what} is {bad:g}; delays are whole numbers of ticks")
    ticks = values.astype(np.int64)
    return ticks if order is None else ticks[order]
