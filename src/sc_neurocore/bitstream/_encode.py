"""Probabilities to packed streams: thresholds and the comparator.

A source of width w gives numbers r in ``[0, 2^w)``, a threshold is x in ``[0, 2^w]``, and the bit
of a tick is ``r < x``: x = 0 never fires and x = 2^w always does, so 0 and 1 are exact. The
reference compares a 16-bit register with x up to ``2^16 - 1`` and reads x as ``x/(2^16-1)``; it
cannot represent 1, and over a period its streams hold ``(x-1)/(2^16-1)``.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.bitstream._digital import Digital
from sc_neurocore.bitstream._packed import Words, word_count
from sc_neurocore.bitstream._register import Register
from sc_neurocore.bitstream._require import (
    require_length,
    require_numeric,
    require_probability,
    require_room,
    require_whole,
)
from sc_neurocore.bitstream._source import MAX_WIDTH, Source
from sc_neurocore.exceptions import SCConfigError

#: Numbers made at a time of a source without structure.
_CHUNK = 2**20


def threshold(probability: ArrayLike, width: int) -> Words:
    """Nearest threshold ``p·2^width``, halves to even.

    Args:
        probability: 0 to 1, any shape.
        width: bits of the source, 1 to 32.

    Returns:
        Thresholds in ``[0, 2^width]``, the shape of ``probability``.

    Raises:
        SCConfigError: a probability outside 0 … 1 or NaN; a width out of range.
    """
    return _nearest(require_probability(probability), require_whole("width", width, 1, MAX_WIDTH))


def encode(
    probability: ArrayLike,
    length: int,
    source: Source | Sequence[Source],
    *,
    start: int = 0,
    out: Words | None = None,
) -> Words:
    """Encode probabilities as packed streams.

    Args:
        probability: 0 to 1, any shape.
        length: bits of a stream, 1 to 2^32.
        source: one source that all streams share, so that they are maximally correlated; or one
            per element of the last axis of ``probability``.
        start: tick of the first bit, in every source.
        out: where to write, contiguous and of the result's shape; by default a new array.

    Returns:
        ``(*probability.shape, ceil(length/64))``: bit t of a stream is bit t%64 of word t//64,
        and the bits after the last are zeros.

    Raises:
        SCConfigError: a probability outside 0 … 1 or NaN, a length or start out of range, a wrong
            number of sources, more than 2^37 bits in all, or an unfit ``out``.
    """
    p = require_numeric("probability", probability)
    if isinstance(source, Source):
        structure = source.structure(_reduced(source, start))
        if structure is not None:
            return _encode_shared(p, length, structure, out)
    p = require_probability(p)
    return _compare(_nearest(p, _widths(source, p.shape)), length, source, start, out)


def _encode_shared(
    p: NDArray[np.float64], length: int, structure: Digital | Register, out: Words | None
) -> Words:
    """Check, round and compare in one call of a kernel: small calls are most of them."""
    length = require_length(length)
    require_room(p.size, length)
    shape = (*p.shape, word_count(length))
    out = np.empty(shape, np.uint64) if out is None else _fit(out, shape)
    kernel = _kernel()
    # A kernel is compiled for writeable arrays.
    rows = (p if p.flags.writeable else p.copy()).reshape(-1)
    words = out if p.ndim == 1 else out.reshape(p.size, shape[-1])
    if isinstance(structure, Digital):
        width, columns, shift, start = structure
        wrong = kernel.encode_shared_digital(columns, shift, width, start, rows, length, words)
    else:
        wiring = structure.feedback.kernel_arguments
        bits = structure.first_bits
        wrong = kernel.encode_shared_register(*wiring, bits, rows, length, words)
    if wrong >= 0:
        require_probability(p)
    return out


def encode_thresholds(
    thresholds: ArrayLike,
    length: int,
    source: Source | Sequence[Source],
    *,
    start: int = 0,
    out: Words | None = None,
) -> Words:
    """Encode integer thresholds, as a comparator's port takes them; else as `encode`.

    Args:
        thresholds: 0 to 2^width, any shape.
        length: bits of a stream, 1 to 2^32.
        source: as for `encode`.
        start: as for `encode`.
        out: as for `encode`.

    Raises:
        SCConfigError: a threshold that is no whole number or out of range; else as `encode`.
    """
    given = np.asarray(thresholds)
    if given.dtype.kind not in "ui":
        raise SCConfigError(f"thresholds have type {given.dtype}; they must be integers")
    top = np.int64(1) << np.asarray(_widths(source, given.shape), np.int64)
    wrong = (given < 0) | (given > top)
    if wrong.any():
        place = np.unravel_index(int(np.argmax(wrong)), wrong.shape)
        limit = np.broadcast_to(top, wrong.shape)[place]
        raise SCConfigError(f"threshold is {given[place]}; it must be from 0 to {limit}")
    return _compare(given.astype(np.uint64, copy=False), length, source, start, out)


def _nearest(p: NDArray[np.float64], width: int | NDArray[np.int64]) -> Words:
    return np.rint(np.ldexp(p, width)).astype(np.uint64)


def _widths(source: Source | Sequence[Source], shape: tuple[int, ...]) -> int | NDArray[np.int64]:
    """Width of the source, or of each; their number must be that of the last axis."""
    if isinstance(source, Source):
        return source.width
    if not isinstance(source, Sequence) or not all(isinstance(s, Source) for s in source):
        raise SCConfigError(
            f"source is {source!r}; it must be a source or a sequence of sources, such as Sobol(1) "
            "or source_of('sobol:1')"
        )
    if not shape or len(source) != shape[-1]:
        raise SCConfigError(
            f"{len(source)} sources for streams of shape {shape}; give one source, or one per "
            "element of the last axis"
        )
    return np.array([s.width for s in source], np.int64)


def _compare(
    thresholds: Words,
    length: int,
    source: Source | Sequence[Source],
    start: int,
    out: Words | None,
) -> Words:
    length = require_length(length)
    require_room(thresholds.size, length)
    shape = (*thresholds.shape, word_count(length))
    out = np.empty(shape, np.uint64) if out is None else _fit(out, shape)
    sources = [source] if isinstance(source, Source) else source
    require_whole("start", start, 0)
    if out.size:
        rows = thresholds.reshape(-1, len(sources))
        _fill(sources, start, rows, length, out.reshape(*rows.shape, shape[-1]))
    return out


def _fit(out: Words, shape: tuple[int, ...]) -> Words:
    if not isinstance(out, np.ndarray):
        raise SCConfigError(f"out is {type(out).__name__}; it must be a NumPy array of uint64")
    if not out.flags.writeable:
        raise SCConfigError("out is read-only; it must be an array that can be written to")
    if not (out.shape == shape and out.dtype == np.uint64 and out.flags.c_contiguous):
        raise SCConfigError(
            f"out has shape {out.shape} and type {out.dtype}; it must be a contiguous array of "
            f"uint64 with shape {shape}"
        )
    return out


def _reduced(source: Source, start: int) -> int:
    return 0 if type(start) is int and not start else source.reduced(start)


def _fill(
    sources: Sequence[Source], start: int, thresholds: Words, length: int, out: Words
) -> None:
    """Encode ``thresholds (rows, sources)`` into ``out (rows, sources, words)``."""
    structures = [s.structure(_reduced(s, start)) for s in sources]
    likeness = [_likeness(structure) for structure in structures] if len(sources) > 1 else [None]
    kinds = set(likeness)
    if len(kinds) == 1:
        _fill_alike(sources, structures, start, thresholds, length, out)
        return
    for kind in kinds:
        members = [i for i, other in enumerate(likeness) if other == kind]
        x = np.ascontiguousarray(thresholds[:, members])
        part = np.empty((*x.shape, out.shape[-1]), np.uint64)
        alike = [sources[i] for i in members], [structures[i] for i in members]
        _fill_alike(*alike, start, x, length, part)
        out[:, members] = part


def _likeness(structure: Digital | Register | None) -> object:
    """What the sequences that one kernel call makes have in common."""
    if isinstance(structure, Digital):
        return structure.width, structure.start
    return structure.feedback if isinstance(structure, Register) else None


@functools.cache
def _kernel() -> ModuleType:
    from sc_neurocore.bitstream import _encode_kernel

    return _encode_kernel


def _fill_alike(
    sources: Sequence[Source],
    structures: Sequence[Any],
    start: int,
    thresholds: Words,
    length: int,
    out: Words,
) -> None:
    kernel = _kernel()
    first = structures[0]
    if isinstance(first, Digital):
        columns = np.concatenate([s.columns for s in structures])
        shifts = np.array([s.shift for s in structures], np.uint64)
        width, tick = np.uint64(first.width), np.uint64(first.start)
        kernel.encode_digital(columns, shifts, width, tick, thresholds, np.uint64(length), out)
    elif isinstance(first, Register):
        bits = np.array([r.first_bits for r in structures], np.uint64)
        wiring = first.feedback.kernel_arguments
        kernel.encode_register(*wiring, bits, thresholds, np.uint64(length), out)
    else:
        for i, source in enumerate(sources):
            for at in range(0, length, _CHUNK):
                values = source.values(min(_CHUNK, length - at), start + at)
                words = slice(at // 64, word_count(at + len(values)))
                kernel.encode_values(values, thresholds[:, i], out[:, i, words])
