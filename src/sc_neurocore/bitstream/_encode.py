"""Probabilities to packed streams: thresholds and the comparator.

A source of width w gives numbers r in ``[0, 2^w)``, a threshold is x in ``[0, 2^w]``, and the bit
of a tick is ``r < x``: x = 0 never fires and x = 2^w always does, so 0 and 1 are exact. The
reference compares a 16-bit register with x up to ``2^16 - 1`` and reads x as ``x/(2^16-1)``; it
cannot represent 1, and over a period its streams hold ``(x-1)/(2^16-1)``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.bitstream._digital import Digital, columns_of
from sc_neurocore.bitstream._packed import Words, word_count
from sc_neurocore.bitstream._register import Register
from sc_neurocore.bitstream._require import (
    require_length,
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
    probability: ArrayLike, length: int, source: Source | Sequence[Source], *, start: int = 0
) -> Words:
    """Encode probabilities as packed streams.

    Args:
        probability: 0 to 1, any shape.
        length: bits of a stream, 1 to 2^32.
        source: one source that all streams share, so that they are maximally correlated; or one
            per element of the last axis of ``probability``.
        start: tick of the first bit, in every source.

    Returns:
        ``(*probability.shape, ceil(length/64))``: bit t of a stream is bit t%64 of word t//64,
        and the bits after the last are zeros.

    Raises:
        SCConfigError: a probability outside 0 … 1 or NaN, a length or start out of range, a wrong
            number of sources, or more than 2^37 bits in all.
    """
    p = require_probability(probability)
    return _compare(_nearest(p, _widths(source, p.shape)), length, source, start)


def encode_thresholds(
    thresholds: ArrayLike, length: int, source: Source | Sequence[Source], *, start: int = 0
) -> Words:
    """Encode integer thresholds, as a comparator's port takes them; else as `encode`.

    Args:
        thresholds: 0 to 2^width, any shape.
        length: bits of a stream, 1 to 2^32.
        source: as for `encode`.
        start: as for `encode`.

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
    return _compare(given.astype(np.uint64, copy=False), length, source, start)


def _nearest(p: NDArray[np.float64], width: int | list[int]) -> Words:
    return np.rint(np.ldexp(p, width)).astype(np.uint64)


def _widths(source: Source | Sequence[Source], shape: tuple[int, ...]) -> int | list[int]:
    """Width of the source, or of each; their number must be that of the last axis."""
    if isinstance(source, Source):
        return source.width
    if not shape or len(source) != shape[-1]:
        raise SCConfigError(
            f"{len(source)} sources for streams of shape {shape}; give one source, or one per "
            "element of the last axis"
        )
    return [s.width for s in source]


def _compare(
    thresholds: Words, length: int, source: Source | Sequence[Source], start: int
) -> Words:
    length = require_length(length)
    require_room(thresholds.size, length)
    out = np.empty((*thresholds.shape, word_count(length)), np.uint64)
    if isinstance(source, Source):
        _fill([source], start, thresholds.reshape(-1, 1), length, out.reshape(-1, 1, out.shape[-1]))
    elif out.size:
        rows = thresholds.reshape(-1, len(source))
        _fill(source, start, rows, length, out.reshape(*rows.shape, out.shape[-1]))
    return out


def _fill(
    sources: Sequence[Source], start: int, thresholds: Words, length: int, out: Words
) -> None:
    """Encode ``thresholds (rows, sources)`` into ``out (rows, sources, words)``."""
    structures = [s.structure(s.reduced(start)) for s in sources]
    groups: defaultdict[object, list[int]] = defaultdict(list)
    for i, structure in enumerate(structures):
        groups[_likeness(structure)].append(i)
    for members in groups.values():
        if len(members) == len(sources):
            part, x = out, thresholds
        else:
            x = np.ascontiguousarray(thresholds[:, members])
            part = np.empty((*x.shape, out.shape[-1]), np.uint64)
        first = structures[members[0]]
        if isinstance(first, Digital):
            _fill_digital([structures[i] for i in members], x, length, part)
        elif isinstance(first, Register):
            _fill_register([structures[i] for i in members], x, length, part)
        else:
            for k, i in enumerate(members):
                _fill_values(sources[i], start, x[:, k], length, part[:, k])
        if part is not out:
            out[:, members] = part


def _likeness(structure: Digital | Register | None) -> object:
    """What the sequences that one kernel call makes have in common."""
    if isinstance(structure, Digital):
        return structure.width, structure.start
    return structure.feedback if isinstance(structure, Register) else None


def _fill_digital(sequences: list[Digital], thresholds: Words, length: int, out: Words) -> None:
    from sc_neurocore.bitstream._encode_kernel import encode_digital

    encode_digital(
        columns_of(sequences),
        np.array([s.shift for s in sequences], np.uint64),
        np.uint64(sequences[0].width),
        np.uint64(sequences[0].start),
        thresholds,
        np.uint64(length),
        out,
    )


def _fill_register(registers: list[Register], thresholds: Words, length: int, out: Words) -> None:
    from sc_neurocore.bitstream._encode_kernel import encode_register

    feedback = registers[0].feedback
    encode_register(
        np.array(feedback.exponents, np.int64),
        feedback.lags,
        *feedback.planes,
        np.array([feedback.first_bits(r.state) for r in registers], np.uint64),
        thresholds,
        np.uint64(length),
        out,
    )


def _fill_values(source: Source, start: int, thresholds: Words, length: int, out: Words) -> None:
    from sc_neurocore.bitstream._encode_kernel import encode_values

    for at in range(0, length, _CHUNK):
        values = source.values(min(_CHUNK, length - at), start + at)
        encode_values(values, thresholds, out[:, at // 64 : word_count(at + len(values))])
