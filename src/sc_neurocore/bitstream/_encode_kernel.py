"""The comparator, 64 ticks at a time.

A block of a source is held as bit planes: bit k%64 of ``planes[j, k//64]`` is bit j of number k.
``r < x`` then takes one logical operation per bit of r for 64 ticks, from the lowest bit up:
where x has a one, ``less`` becomes ``less or not r``, where it has a zero, ``less and not r``.
All streams of a source share its planes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sc_neurocore.bitstream._jit import jit

#: Words of a block: 16 KiB of planes for 16-bit numbers, so that they stay in the first cache.
BLOCK = 128
_0, _1, _63, _64 = np.uint64(0), np.uint64(1), np.uint64(63), np.uint64(64)
_ALL = np.uint64(2**64 - 1)


@jit
def _step(less: Any, plane: Any, ones: Any) -> Any:
    return (~plane & (less | ones)) | (less & ones)


@jit
def _compare(planes: Any, width: Any, threshold: Any, words: Any, out: Any) -> None:
    """Write ``r < threshold`` of one block; planes come in fours, zeros above the width."""
    always = _0 - (threshold >> width)  # only 2^width itself has that bit
    for k in range(words):
        out[k] = always
    if always or not threshold:
        return
    j = 0
    while not (threshold >> np.uint64(j)) & np.uint64(15):
        j += 4
    while j < width:
        m0 = _0 - ((threshold >> np.uint64(j)) & _1)
        m1 = _0 - ((threshold >> np.uint64(j + 1)) & _1)
        m2 = _0 - ((threshold >> np.uint64(j + 2)) & _1)
        m3 = _0 - ((threshold >> np.uint64(j + 3)) & _1)
        p0, p1, p2, p3 = planes[j], planes[j + 1], planes[j + 2], planes[j + 3]
        for k in range(words):
            less = _step(out[k], p0[k], m0)
            less = _step(less, p1[k], m1)
            less = _step(less, p2[k], m2)
            out[k] = _step(less, p3[k], m3)
        j += 4


@jit
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
        columns: ``(sequences, TICK_BITS)``.
        shifts: ``(sequences,)``.
        width: bits of a number.
        start: first tick, the same for all.
        thresholds: ``(rows, sequences)``.
        length: bits of a stream.
        out: ``(rows, sequences, words)``.
    """
    words = out.shape[2]
    planes = np.zeros(((width + 3) // 4 * 4, BLOCK + 1), np.uint64)
    base = np.empty(BLOCK + 1, np.uint64)
    flips = np.empty(columns.shape[1] - 5, np.uint64)
    inner = np.empty(width, np.uint64)
    skew = start & _63
    for s in range(len(columns)):
        column = columns[s]
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
                _compare(planes, width, thresholds[row, s], count, out[row, s, at : at + count])
    _mask_tail(out, length)


@jit
def _extend(bits: Any, lags: Any, begin: Any, end: Any) -> None:
    """Words ``begin … end`` of a sequence that is the XOR of itself at the lags."""
    for k in range(begin, end):
        word = _0
        for lag in lags:
            back, over = lag >> 6, np.uint64(lag & 63)
            if over:
                word ^= (bits[k - back - 1] >> (_64 - over)) | (bits[k - back] << over)
            else:
                word ^= bits[k - back]
        bits[k] = word


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
    words = out.shape[2]
    width = exponents[0]
    history = (lags[0] + 63) >> 6
    size = history + BLOCK + 1
    bits = np.empty(size, np.uint64)
    planes = np.zeros(((width + 3) // 4 * 4, BLOCK), np.uint64)
    for s in range(len(first)):
        recent = first[s]  # bit n is c(t+n)
        for k in range(history):
            word = _0
            for t in range(64):
                word |= (recent & _1) << np.uint64(t)
                bit = _0
                for e in exponents:
                    bit ^= recent >> np.uint64(width - e)
                recent = (recent >> _1) | ((bit & _1) << np.uint64(width - 1))
            bits[k] = word
        have = history
        for at in range(0, words, BLOCK):
            count = min(BLOCK, words - at)
            if at:
                for k in range(size - BLOCK):
                    bits[k] = bits[k + BLOCK]
            need = size if at + BLOCK < words else max(have, count + 1)
            _extend(bits, lags, have, need)
            have = size - BLOCK
            for j in range(width):
                plane = planes[j]
                for i in range(begin[j], begin[j + 1]):
                    offset = np.uint64(offsets[i])
                    if i == begin[j]:
                        for k in range(count):
                            plane[k] = _0
                    if offset:
                        for k in range(count):
                            plane[k] ^= (bits[k] >> offset) | (bits[k + 1] << (_64 - offset))
                    else:
                        for k in range(count):
                            plane[k] ^= bits[k]
            for row in range(len(thresholds)):
                _compare(planes, width, thresholds[row, s], count, out[row, s, at : at + count])
    _mask_tail(out, length)


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
