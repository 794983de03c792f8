"""The scale of a layer's weights: resolution against range."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]

#: Scales tried, as shares of the one that clips nothing.
_SHARES = np.linspace(1.0, 0.2, 81)
#: Most grid levels of the largest weight that are tried, for weights that already lie on a grid,
#: and how near to it: weights in files are often 32-bit floats.
_LEVELS = 256
_NEAR = 1e-4
#: Clocks per level from which streams keep the grid that weights were trained on. At 1/2 the digits
#: networks classify their training data better on the grid, below that off it.
_KEEPS_GRID = 0.5
#: By how much the membrane averages what streams add too much or too little in a tick. From 8 to
#: 64 the digits networks classify their training data alike; the streams' errors alternate, so it
#: is more than the ticks that a membrane remembers.
_AVERAGING = 32.0
#: Answers by the digest of what they follow from: a search over the configurations of a network
#: asks for the same layer at the same width again and again.
_KNOWN: OrderedDict[bytes, Scaled] = OrderedDict()
_MOST_KNOWN = 128


@dataclass(frozen=True, eq=False)
class Scaled:
    """Weights as integers times a scale.

    Attributes:
        scale: real value of one.
        integers: one array per projection.
        clipped: weights outside the range.
        excess: how far the farthest lies outside, relative to the largest weight.
    """

    scale: float
    integers: tuple[NDArray[np.int64], ...]
    clipped: int
    excess: float


def best_scale(
    weights: Sequence[Reals],
    bits: int,
    moments: Sequence[Reals | None] | None = None,
    *,
    length: int | None = None,
) -> Scaled:
    """The scale of least squared error; among equals the largest.

    Args:
        weights: (n_source, n_target) per projection; all share the scale.
        bits: width of the integers.
        moments: (n_source, n_source) second moments of what the sources send, to weigh errors by
            the currents they cause; None weighs all alike.
        length: stream clocks per tick of stochastic weights, whose ticks differ the less the more
            of the range is used; None for fixed-point weights.
    """
    key = _digest(weights, bits, moments, length)
    known = _KNOWN.get(key)
    if known is None:
        known = _KNOWN[key] = _best_scale(weights, bits, moments, length)
        if len(_KNOWN) > _MOST_KNOWN:
            _KNOWN.popitem(last=False)
    return replace(known, integers=tuple(w.copy() for w in known.integers))


def _digest(
    weights: Sequence[Reals],
    bits: int,
    moments: Sequence[Reals | None] | None,
    length: int | None,
) -> bytes:
    found = hashlib.blake2b(repr((bits, length)).encode(), digest_size=16)
    for array in (*weights, None, *(moments or ())):
        found.update(repr(None if array is None else array.shape).encode())
        if array is not None:
            found.update(np.ascontiguousarray(array, np.float64).tobytes())
    return found.digest()


def _best_scale(
    weights: Sequence[Reals],
    bits: int,
    moments: Sequence[Reals | None] | None,
    length: int | None,
) -> Scaled:
    low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    flat = np.concatenate([w.reshape(-1) for w in weights]) if weights else np.zeros(0)
    top = float(np.abs(flat).max(initial=0.0))
    if top == 0.0:
        return Scaled(1.0, tuple(w.astype(np.int64) for w in weights), 0, 0.0)
    whole = max(float(flat.max()) / high, float(flat.min()) / low)
    share = (length or 0) / 2.0**bits
    streams = 0 < share < 1
    grid = _grid(flat, top, low, high)
    tried: Reals = whole * _SHARES
    if grid is not None:
        # Halves of a grid are the same numbers; streams gain by the finer, adders do not.
        halves: Reals = grid * np.exp2(-np.arange(bits, dtype=np.float64))
        halves = halves[halves >= whole * (1 - 1e-9)]
        if not streams:
            tried = halves[:1]
        elif share >= _KEEPS_GRID:
            tried = halves
        else:
            tried = np.concatenate([halves, tried])
    given = moments if moments is not None else [None] * len(weights)

    def error(scale: float) -> float:
        total = 0.0
        for w, moment in zip(weights, given, strict=True):
            units = np.clip(np.rint(w / scale), low, high)
            e = units * scale - w
            total += float((e * e).sum() if moment is None else ((moment @ e) * e).sum())
            if streams:
                # A tick holds floor(u share) ones or one more, each worth twice the unit.
                part = (units * share) % 1.0
                noise = 4 * part * (1 - part) * (scale / (2 * share)) ** 2 / _AVERAGING
                often = 1.0 if moment is None else np.diag(moment)[:, None]
                total += float((noise * often).sum())
        return total

    best = min((float(scale) for scale in tried), key=error)
    rounded = [np.rint(w / best) for w in weights]
    outside = [np.maximum(np.maximum(r - high, low - r), 0) for r in rounded]
    clipped = sum(int((o > 0).sum()) for o in outside)
    excess = max(float(o.max(initial=0.0)) for o in outside) * best / top
    integers = tuple(np.clip(r, low, high).astype(np.int64) for r in rounded)
    return Scaled(best, integers, clipped, excess)


def _grid(flat: Reals, top: float, low: int, high: int) -> float | None:
    """The largest scale of which all weights are multiples in range, if there is one."""
    for level in range(1, min(-low, _LEVELS) + 1):
        scale = top / level
        units = flat / scale
        whole = np.rint(units)
        if np.abs(units - whole).max() < _NEAR and low <= whole.min() and whole.max() <= high:
            return scale
    return None
