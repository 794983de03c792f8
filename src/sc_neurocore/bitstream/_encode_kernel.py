"""Streams from the structure of a source: its bit planes a block at a time, then the comparator.

All streams of a source share its planes, which stay in the first cache while every stream of the
block is compared with them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sc_neurocore.bitstream._comparator_kernel import LANES, address, compare
from sc_neurocore.bitstream._jit import inlined, jit, use_wide_vectors

#: Words of a block: 16 KiB of planes for 16-bit numbers, so that they stay in the first cache.
BLOCK = 128
#: Words from one plane to the next: room for one more, and a whole number of cache lines.
_STRIDE = BLOCK + LANES
_WIDE = np.uint64(_STRIDE)
_0, _1, _63, _64 = np.uint64(0), np.uint64(1), np.uint64(63), np.uint64(64)


@inlined
def _new_planes(width: Any) -> Any:
    """Planes that start at cache lines, and room for a vector after them."""
    size = np.int64(width) * _STRIDE
    room = np.empty(size + LANES + 7, np.uint64)
    skip = (-room.ctypes.data & 63) >> 3
    return room[skip : skip + size + LANES]


@inlined
def _mask_tail(out: Any, length: Any) -> None:
    if length & _63:
        mask = (_1 << (length & _63)) - _1
        for row in range(out.shape[0]):
            for s in range(out.shape[1]):
                out[row, s, -1] &= mask


@jit
def encode_digital(
    columns: Any, shifts: Any, width: Any, start: Any, thresholds: Any, length: Any, out: Any
) -> None:
    """Encode ``thresholds (rows, sources)`` against `Digital` sequences into ``out``.

    Args:
        columns: of all sequences, one after the other.
        shifts: ``(sequences,)``.
        width: bits of a number.
        start: first tick, the same for all.
        thresholds: ``(rows, sequences)``.
        length: bits of a stream.
        out: ``(rows, sequences, words)``.
    """
    use_wide_vectors()
    words = out.shape[2]
    flat = _new_planes(width)
    planes = flat[:-LANES].reshape((np.int64(width), _STRIDE))
    first_plane, spare = address(flat, 0), address(flat, flat.size - LANES)
    streams = out.reshape(out.size)
    base = np.empty(BLOCK + 1, np.uint64)
    tick_bits = len(columns) // len(shifts)
    flips = np.empty(tick_bits - 5, np.uint64)
    inner = np.empty(width, np.uint64)
    skew = start & _63
    for s in range(len(shifts)):
        column = columns[s * tick_bits : (s + 1) * tick_bits]
        flip = _0
        for i in range(len(flips) - 1):
            flip ^= column[6 + i]
            flips[i] = flip
        flips[len(flips) - 1] = flip
        for j in range(width):
            # What the six lowest bits of the tick do to bit j: the same in every word.
            bit = np.uint64(j)
            word = np.uint64(0xAAAAAAAAAAAAAAAA) & (_0 - ((column[0] >> bit) & _1))
            word ^= np.uint64(0xCCCCCCCCCCCCCCCC) & (_0 - ((column[1] >> bit) & _1))
            word ^= np.uint64(0xF0F0F0F0F0F0F0F0) & (_0 - ((column[2] >> bit) & _1))
            word ^= np.uint64(0xFF00FF00FF00FF00) & (_0 - ((column[3] >> bit) & _1))
            word ^= np.uint64(0xFFFF0000FFFF0000) & (_0 - ((column[4] >> bit) & _1))
            inner[j] = word ^ (np.uint64(0xFFFFFFFF00000000) & (_0 - ((column[5] >> bit) & _1)))
        for at in range(0, words, BLOCK):
            count = min(BLOCK, words - at)
            block = (start >> np.uint64(6)) + np.uint64(at)
            value = shifts[s]
            for i in range(len(flips) - 1):
                if (block >> np.uint64(i)) & _1:
                    value ^= column[6 + i]
            for k in range(count + 1):
                base[k] = value
                ones = _0
                while (block >> ones) & _1:
                    ones += _1
                value ^= flips[min(ones, np.uint64(len(flips) - 1))]
                block += _1
            for j in range(width):
                bit, word, plane = np.uint64(j), inner[j], planes[j]
                for k in range(count + 1):
                    plane[k] = word ^ (_0 - ((base[k] >> bit) & _1))
            if skew:
                for j in range(width):
                    plane = planes[j]
                    for k in range(count):
                        plane[k] = (plane[k] >> skew) | (plane[k + 1] << (_64 - skew))
            for row in range(len(thresholds)):
                place = address(streams, (row * thresholds.shape[1] + s) * words + at)
                compare(first_plane, _WIDE, width, thresholds[row, s], count, spare, place)
    _mask_tail(out, length)


@inlined
def _extend(bits: Any, lags: Any, exponents: Any, begin: Any, end: Any) -> None:
    """Words ``begin … end`` of a sequence that is the XOR of itself at the lags, in bits.

    From word ``width`` on the exponents serve as lags in words: ``p(x)^64 = p(x^64)``.
    """
    width = exponents[0]
    for k in range(begin, min(end, width)):
        word = _0
        for lag in lags:
            back, over = lag >> 6, np.uint64(lag & 63)
            if over:
                word ^= (bits[k - back - 1] >> (_64 - over)) | (bits[k - back] << over)
            else:
                word ^= bits[k - back]
        bits[k] = word
    for k in range(max(begin, width), end):
        word = _0
        for e in exponents:
            word ^= bits[k - e]
        bits[k] = word


@inlined
def _fill_plane(plane: Any, offsets: Any, bits: Any, count: Any) -> None:
    """XOR of the bit sequence at the offsets, each below 64."""
    for i in range(len(offsets)):
        offset = np.uint64(offsets[i])
        rest = _63 - offset
        if i == 0:
            for k in range(count):
                plane[k] = (bits[k] >> offset) | (bits[k + 1] << _1 << rest)
        else:
            for k in range(count):
                plane[k] ^= (bits[k] >> offset) | (bits[k + 1] << _1 << rest)


@jit
def encode_register(
    exponents: Any, lags: Any, offsets: Any, begin: Any, first: Any, thresholds: Any, length: Any,
    out: Any,
) -> None:  # fmt: skip
    """Encode ``thresholds (rows, registers)`` against registers of one wiring into ``out``.

    Args:
        exponents: of the feedback, highest first.
        lags: the same, doubled until the lowest is 64 or more.
        offsets: of the planes in the bit sequence, see `Feedback.planes`.
        begin: where the offsets of each plane begin.
        first: ``(registers,)``, the first bits of each sequence.
        thresholds: ``(rows, registers)``.
        length: bits of a stream.
        out: ``(rows, registers, words)``.
    """
    use_wide_vectors()
    words = out.shape[2]
    width = np.uint64(exponents[0])
    history = exponents[0]
    known = (lags[0] + 63) >> 6
    size = history + BLOCK + 1
    bits = np.empty(size, np.uint64)
    flat = _new_planes(width)
    planes = flat[:-LANES].reshape((np.int64(width), _STRIDE))
    first_plane, spare = address(flat, 0), address(flat, flat.size - LANES)
    streams = out.reshape(out.size)
    for s in range(len(first)):
        recent = first[s]  # bit n is c(t+n)
        for k in range(known):
            word = _0
            for t in range(64):
                word |= (recent & _1) << np.uint64(t)
                bit = _0
                for e in exponents:
                    bit ^= recent >> np.uint64(width - e)
                recent = (recent >> _1) | ((bit & _1) << np.uint64(width - 1))
            bits[k] = word
        have = known
        for at in range(0, words, BLOCK):
            count = min(BLOCK, words - at)
            if at:
                for k in range(size - BLOCK):
                    bits[k] = bits[k + BLOCK]
            need = size if at + BLOCK < words else max(have, count + 1)
            _extend(bits, lags, exponents, have, need)
            have = size - BLOCK
            for j in range(width):
                _fill_plane(planes[j], offsets[begin[j] : begin[j + 1]], bits, count)
            for row in range(len(thresholds)):
                place = address(streams, (row * thresholds.shape[1] + s) * words + at)
                compare(first_plane, _WIDE, width, thresholds[row, s], count, spare, place)
    _mask_tail(out, length)


@jit
def encode_shared_digital(
    columns: Any, shift: int, width: int, start: int, p: Any, length: int, out: Any
) -> int:
    """Encode probabilities ``(streams,)`` against one sequence into ``out (streams, words)``.

    Returns:
        Number of the first probability outside 0 … 1, or -1; nothing is encoded if there is one.
    """
    thresholds = np.empty((len(p), 1), np.uint64)
    wrong = _nearest(p, width, thresholds)
    if wrong < 0:
        shifts = np.array([np.uint64(shift)])
        streams = out.reshape((len(p), 1, out.shape[1]))
        encode_digital(
            columns, shifts, np.uint64(width), np.uint64(start), thresholds, np.uint64(length),
            streams,
        )  # fmt: skip
    return wrong


@jit
def encode_shared_register(
    exponents: Any, lags: Any, offsets: Any, begin: Any, first: int, p: Any, length: int, out: Any
) -> int:
    """The same against one register."""
    thresholds = np.empty((len(p), 1), np.uint64)
    wrong = _nearest(p, exponents[0], thresholds)
    if wrong < 0:
        bits = np.array([np.uint64(first)])
        streams = out.reshape((len(p), 1, out.shape[1]))
        encode_register(
            exponents, lags, offsets, begin, bits, thresholds, np.uint64(length), streams
        )
    return wrong


@inlined
def _nearest(p: Any, width: int, thresholds: Any) -> int:
    """Set ``thresholds (streams, 1)``; number of the first probability outside 0 … 1, or -1."""
    scale = 2.0**width
    for i in range(len(p)):
        if not (p[i] >= 0.0 and p[i] <= 1.0):
            return i
        thresholds[i, 0] = np.uint64(np.rint(p[i] * scale))
    return -1


@jit
def encode_values(values: Any, thresholds: Any, out: Any) -> None:
    """Compare numbers with ``thresholds (rows,)`` into ``out (rows, words)``; a tail is zeros."""
    whole = len(values) >> 6
    for row in range(len(thresholds)):
        threshold = thresholds[row]
        for k in range(whole):
            word = _0
            for t in range(64):
                word |= np.uint64(values[64 * k + t] < threshold) << np.uint64(t)
            out[row, k] = word
        if len(values) & 63:
            word = _0
            for t in range(len(values) & 63):
                word |= np.uint64(values[64 * whole + t] < threshold) << np.uint64(t)
            out[row, whole] = word


@jit
def encode_pulses(ones: Any, length: Any, out: Any) -> None:
    """Spread ``ones (rows,)`` evenly over ``length`` bits of ``out (rows, words)``."""
    for row in range(len(ones)):
        rest, left = _0, length
        for k in range(out.shape[1]):
            word = _0
            ticks = min(left, _64)
            for t in range(ticks):
                rest += ones[row]
                if rest >= length:
                    rest -= length
                    word |= _1 << t
            out[row, k] = word
            left -= ticks
