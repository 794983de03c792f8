"""Rows of numbers as text, compiled: imported only when a large document is written.

A positive float is written with 17 significant digits, from one 64-bit product with a power of
ten. The digits are off by at most 0.52 units: 0.5 of rounding, 0.02 of the power and the product.
Half the distance to the next float is at least 0.55 units, so the text reads back as the same
float.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numba.core import config

from sc_neurocore._cache import kernel_cache

_FIRST, _LAST = -330, 345
_LOW = np.uint64(0xFFFFFFFF)


def _powers() -> tuple[Any, Any]:
    """``10^k`` as a mantissa of 64 bits, rounded, and an exponent of two."""
    mantissas, exponents = [], []
    for k in range(_FIRST, _LAST + 1):
        top, bottom = (10**k, 1) if k >= 0 else (1, 10**-k)
        shift = 64 - top.bit_length() + bottom.bit_length()
        while True:
            a, b = (top << shift, bottom) if shift >= 0 else (top, bottom << -shift)
            mantissa = (2 * a + b) // (2 * b)
            if mantissa.bit_length() == 64:
                break
            shift += 64 - mantissa.bit_length()
        mantissas.append(mantissa)
        exponents.append(-shift)
    return np.array(mantissas, np.uint64), np.array(exponents, np.int64)


_MANTISSAS, _EXPONENTS = _powers()


def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    digest = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:16]
    with kernel_cache() as writable:
        config.CACHE_DIR = str(Path(config.CACHE_DIR) / digest)
        made: Callable[..., Any] = numba.njit(cache=writable, nogil=True, error_model="numpy")(
            function
        )
    return made


@_compiled
def _high(a: np.uint64, b: np.uint64) -> np.uint64:
    """Upper 64 bits of a product."""
    s = np.uint64(32)
    a0, a1, b0, b1 = a & _LOW, a >> s, b & _LOW, b >> s
    cross = a1 * b0 + ((a0 * b0) >> s)
    other = a0 * b1 + (cross & _LOW)
    return a1 * b1 + (cross >> s) + (other >> s)


@_compiled
def _put(out: Any, at: int, text: Any) -> int:
    for i in range(len(text)):
        out[at + i] = text[i]
    return at + len(text)


@_compiled
def _put_whole(out: Any, at: int, value: int) -> int:
    digits = 1
    rest = value // 10
    while rest:
        rest //= 10
        digits += 1
    for i in range(digits - 1, -1, -1):
        out[at + i] = 48 + value % 10
        value //= 10
    return at + digits


@_compiled
def _put_float(out: Any, at: int, value: float, bits: np.uint64) -> int:
    """Write a float of at least 0, given also as its bits."""
    if value == 0.0:
        out[at], out[at + 1], out[at + 2] = 48, 46, 48
        return at + 3
    mantissa = bits & np.uint64(0xFFFFFFFFFFFFF)
    power = int(bits >> np.uint64(52))
    if power:
        mantissa |= np.uint64(1 << 52)
    else:
        power = 1
    shift = 0
    while not mantissa >> np.uint64(63):
        mantissa <<= np.uint64(1)
        shift += 1
    two = power - 1075 - shift
    # value = mantissa * 2^two with mantissa in 2^63 … 2^64; this guess of log10 is at most 1 off.
    ten = int(np.floor((two + 63) * 0.30102999566398120))
    while True:
        k = 16 - ten - _FIRST
        product = _high(mantissa, _MANTISSAS[k])
        down = np.uint64(-(two + _EXPONENTS[k] + 64))
        digits = (product + (np.uint64(1) << (down - np.uint64(1)))) >> down
        if digits < np.uint64(100000000000000000):
            break
        ten += 1
    if -6 < ten < 0:
        out[at], out[at + 1] = 48, 46
        at += 2
        for _ in range(-ten - 1):
            out[at] = 48
            at += 1
        point = -1
    else:
        point = 1 if ten < 0 or ten > 15 else ten + 1
    start = at
    end = start + 17 + (point > 0)
    radix = np.uint64(10)
    at = end - 1
    if point > 0:
        for _ in range(17 - point):
            rest = digits // radix
            out[at] = np.uint64(48) + digits - rest * radix
            digits = rest
            at -= 1
        out[at] = 46
        at -= 1
    while at >= start:
        rest = digits // radix
        out[at] = np.uint64(48) + digits - rest * radix
        digits = rest
        at -= 1
    at = end
    keep = start + point + 2 if point > 0 else start + 1
    while at > keep and out[at - 1] == 48:
        at -= 1
    if ten < -5 or ten > 15:
        out[at] = 101
        at += 1
        if ten < 0:
            out[at] = 45
            at += 1
        at = _put_whole(out, at, abs(ten))
    return at


@_compiled
def write_rows(
    out: Any,
    texts: Any,
    ends: Any,
    heads: Any,
    codes: Any,
    places: Any,
    columns: int,
    floats: Any,
    bits: Any,
    met: Any,
    needed: Any,
) -> int:
    """Write rows of a layer into a buffer, separated by a comma and a new line.

    Args:
        out: buffer of bytes with room for all.
        texts: pieces of text, one after the other: before the output, the input, the four floats
            but the first, the truth value, the needed length, the end, and true, false, null.
        ends: where each piece ends.
        heads: per class, the text between the input and the first float, in columns padded with
            zeros.
        codes: class of each row.
        places: place of each row in its layer.
        columns: inputs of the layer.
        floats: ``(rows, 4)``.
        bits: the same as ``uint64``.
        met: truth values.
        needed: whole numbers, 0 for null.

    Returns:
        Number of bytes written.
    """
    at = 0
    for i in range(len(codes)):
        if i:
            out[at], out[at + 1] = 44, 10
            at += 2
        at = _put(out, at, texts[: ends[0]])
        at = _put_whole(out, at, places[i] // columns)
        at = _put(out, at, texts[ends[0] : ends[1]])
        at = _put_whole(out, at, places[i] % columns)
        head = heads[codes[i]]
        for j in range(len(head)):
            if head[j] == 0:
                break
            out[at] = head[j]
            at += 1
        for j in range(4):
            if j:
                at = _put(out, at, texts[ends[j] : ends[j + 1]])
            at = _put_float(out, at, floats[i, j], bits[i, j])
        at = _put(out, at, texts[ends[4] : ends[5]])
        word = 8 if met[i] else 9
        at = _put(out, at, texts[ends[word - 1] : ends[word]])
        at = _put(out, at, texts[ends[5] : ends[6]])
        known = needed[i] > 0
        at = _put_whole(out, at, needed[i]) if known else _put(out, at, texts[ends[9] : ends[10]])
        at = _put(out, at, texts[ends[6] : ends[7]])
    return at
