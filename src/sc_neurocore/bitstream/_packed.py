"""Packed bitstreams: 64 bits to a word, and the gates that work on whole words.

A packed stream of ``L`` bits is ``uint64`` of shape ``(..., ceil(L/64))``. Bit ``t`` of the stream
is bit ``t % 64`` (least significant first) of word ``t // 64``; bits past ``L`` are zero. Leading
axes are independent streams and broadcast as NumPy broadcasts; the word axis never does. Streams
may be strided along any axis, and are never copied.
"""

from __future__ import annotations

import sys
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.bitstream._gufunc import gufunc, ones
from sc_neurocore.bitstream._require import MAX_LENGTH, require_whole
from sc_neurocore.exceptions import SCConfigError

#: A packed stream, or an array of them.
Words: TypeAlias = NDArray[np.uint64]

_WORD = np.dtype(np.uint64)
_BYTE = np.dtype(np.uint8)
_BOOL = np.dtype(np.bool_)
_LITTLE = np.dtype("<u8")
_NATIVE = sys.byteorder == "little"
_TAIL = [np.uint64(2**64 - 1)] + [np.uint64(2**n - 1) for n in range(1, 64)]


def word_count(length: int) -> int:
    """Words of a stream of ``length`` bits."""
    return (length + 63) >> 6


def tail_mask(length: int) -> np.uint64:
    """Bits of the last word that belong to a stream of ``length`` bits."""
    return _TAIL[length & 63]


def require_words(name: str, packed: Words) -> None:
    """Refuse what is no array of packed words."""
    if not isinstance(packed, np.ndarray):
        raise SCConfigError(
            f"{name} is {type(packed).__name__}; it must be a NumPy array of uint64 words"
        )
    if packed.dtype != _WORD:
        raise SCConfigError(
            f"{name} has dtype {packed.dtype}; packed streams are uint64 (see pack_bitstream)"
        )
    if packed.ndim == 0:
        raise SCConfigError(f"{name} has no axis; packed streams have shape (..., words)")


def require_stream(name: str, packed: Words, length: int) -> None:
    """Refuse what is no array of packed streams of ``length`` bits."""
    require_words(name, packed)
    words = (length + 63) >> 6
    if packed.shape[-1] != words:
        raise SCConfigError(
            f"{name} has {packed.shape[-1]} words per stream, but {length} bits take {words}"
        )


def require_tail(name: str, packed: Words, length: int) -> None:
    """Refuse streams that go on past ``length``, where their ones are to be counted."""
    if length & 63 and packed.size:
        rows = packed.ndim > 1
        last = np.maximum.reduce(packed[..., -1], axis=None) if rows else packed.item(-1)
        if int(last) >> (length & 63):
            raise SCConfigError(
                f"{name} has ones past bit {length}; the last word of a stream ends in zeros"
            )


def require_match(names: tuple[str, ...], streams: tuple[Words, ...]) -> None:
    """Refuse streams of different lengths, or leading axes that do not broadcast."""
    first = streams[0].shape
    if all(s.shape == first for s in streams[1:]):
        return
    for name, stream in zip(names[1:], streams[1:], strict=True):
        if stream.shape[-1] != first[-1]:
            raise SCConfigError(
                f"{names[0]} has {first[-1]} words per stream and {name} has {stream.shape[-1]}; "
                "streams must have the same length"
            )
    try:
        np.broadcast_shapes(*(s.shape[:-1] for s in streams))
    except ValueError:
        shapes = ", ".join(f"{n} {s.shape}" for n, s in zip(names, streams, strict=True))
        raise SCConfigError(f"shapes do not broadcast: {shapes}") from None


def _pair(a: Words, b: Words) -> None:
    require_words("a", a)
    require_words("b", b)
    if a.shape != b.shape:
        require_match(("a", "b"), (a, b))


def pack_bitstream(bits: NDArray[np.uint8] | NDArray[np.bool_]) -> Words:
    """Pack bits, one per element, into 64-bit words.

    Args:
        bits: ``(..., L)`` of ``uint8`` (zeros and ones) or ``bool``; ``L`` may be 0.

    Returns:
        ``(..., ceil(L/64))`` of ``uint64``, least significant bit first, tail zero.

    Raises:
        SCConfigError: another dtype, no axis, or a value other than 0 and 1.
    """
    if not isinstance(bits, np.ndarray) or (bits.dtype != _BYTE and bits.dtype != _BOOL):
        found = f"dtype {bits.dtype}" if isinstance(bits, np.ndarray) else type(bits).__name__
        raise SCConfigError(f"bits have {found}; they must be a NumPy array of uint8 or bool")
    if bits.ndim == 0:
        raise SCConfigError("bits have no axis; they have shape (..., length)")
    if bits.dtype == _BYTE and bits.size and (most := np.maximum.reduce(bits, axis=None)) > 1:
        raise SCConfigError(f"bits hold {most}; a bit is 0 or 1")
    octets = np.packbits(bits, axis=-1, bitorder="little")
    count = octets.shape[-1]
    if count & 7:
        words = np.zeros((*bits.shape[:-1], (count + 7) >> 3), _LITTLE)
        words.view(_BYTE)[..., :count] = octets
    else:
        words = octets.view(_LITTLE)
    return words if _NATIVE else words.astype(_WORD)


def unpack_bitstream(
    packed: Words, original_length: int, original_shape: tuple[int, ...] | None = None
) -> NDArray[np.uint8]:
    """Unpack words into bits, one per element: the inverse of `pack_bitstream`.

    Args:
        packed: ``(..., ceil(L/64))`` of ``uint64``.
        original_length: ``L``, bits of each stream, from 0.
        original_shape: shape of the result if it is to differ from ``(..., L)``.

    Returns:
        ``(..., L)`` of ``uint8``, zeros and ones.

    Raises:
        SCConfigError: wrong dtype, word count or shape, ones past ``original_length``, or
            words that do not lie side by side in memory.
    """
    length = require_whole("original_length", original_length, 0, MAX_LENGTH)
    require_stream("packed", packed, length)
    require_tail("packed", packed, length)
    if packed.shape[-1] > 1 and packed.strides[-1] != 8:
        raise SCConfigError(
            f"the words of packed lie {packed.strides[-1]} bytes apart in memory, not 8; "
            "pass numpy.ascontiguousarray(packed)"
        )
    words = packed if _NATIVE else packed.astype(_LITTLE)
    if words.shape[-1] == 0 or words.strides[-1] != 8:
        words = np.ascontiguousarray(words)  # One word per stream, or none: any stride will do.
    bits = np.unpackbits(words.view(_BYTE), axis=-1, count=length, bitorder="little")
    if original_shape is None:
        return bits
    try:
        return bits.reshape(original_shape)
    except ValueError:
        raise SCConfigError(
            f"original_shape is {original_shape}; it must hold {bits.size} bits"
        ) from None


def sc_and(a: Words, b: Words) -> Words:
    """Return ``a AND b``: the product of two independent unipolar streams.

    For streams of SCC +1 it is their minimum, for SCC -1 ``max(a + b - 1, 0)``.
    """
    _pair(a, b)
    return np.bitwise_and(a, b)


def sc_or(a: Words, b: Words) -> Words:
    """Return ``a OR b``: ``a + b - a b`` for independent unipolar streams.

    For streams of SCC -1 it is the saturating sum ``min(a + b, 1)``, for SCC +1 their maximum.
    """
    _pair(a, b)
    return np.bitwise_or(a, b)


def sc_xor(a: Words, b: Words) -> Words:
    """Return ``a XOR b``: ``|a - b|`` for unipolar streams of SCC +1."""
    _pair(a, b)
    return np.bitwise_xor(a, b)


def sc_sub(a: Words, b: Words) -> Words:
    """Return ``a AND NOT b``: ``max(a - b, 0)`` for unipolar streams of SCC +1.

    For independent streams it is ``a (1 - b)``; `sc_subtract` subtracts at any correlation.
    """
    _pair(a, b)
    result = np.bitwise_and(a, b)
    return np.bitwise_xor(a, result, out=result)


def sc_xnor(a: Words, b: Words, length: int) -> Words:
    """Return ``a XNOR b``: the product of two independent bipolar streams.

    The tail past ``length`` stays zero, which is why the gate needs to know it.
    """
    length = require_whole("length", length, 0, MAX_LENGTH)
    require_stream("a", a, length)
    require_stream("b", b, length)
    if a.shape != b.shape:
        require_match(("a", "b"), (a, b))
    result = np.bitwise_xor(a, b)
    return _inverted(result, length)


def sc_not(a: Words, length: int) -> Words:
    """Return ``NOT a``: ``1 - a`` unipolar, ``-a`` bipolar; the tail past ``length`` stays zero."""
    length = require_whole("length", length, 0, MAX_LENGTH)
    require_stream("a", a, length)
    return _inverted(a.copy(), length)


def _inverted(own: Words, length: int) -> Words:
    np.invert(own, out=own)
    if length & 63:
        own[..., -1] &= _TAIL[length & 63]
    return own


def sc_mux(a: Words, b: Words, sel: Words) -> Words:
    """Return ``a`` where ``sel`` is one and ``b`` where it is zero: ``s a + (1 - s) b``.

    ``sel`` must be independent of both; with ``s = 1/2`` it is the mean of ``a`` and ``b``.
    """
    require_words("a", a)
    require_words("b", b)
    require_words("sel", sel)
    require_match(("a", "b", "sel"), (a, b, sel))
    result = np.bitwise_xor(a, b)
    if result.shape == sel.shape:
        np.bitwise_and(result, sel, out=result)
    else:
        result = np.bitwise_and(result, sel)
    return np.bitwise_xor(result, b, out=result)


def popcount(packed: Words) -> NDArray[np.int64]:
    """Count the ones of every stream.

    Args:
        packed: ``(..., words)`` of ``uint64``.

    Returns:
        ``(...)`` of ``int64``; a scalar for one stream.
    """
    require_words("packed", packed)
    counts: NDArray[np.int64] = _popcount(packed)
    return counts


@gufunc("uint64[:], int64[:]", "(w)->()")
def _popcount(packed: Any, count: Any) -> None:
    total = 0
    for i in range(packed.shape[0]):
        total += ones(packed[i])
    count[0] = total
