"""Canonical Huffman coding of whole numbers (Huffman 1952, doi:10.1109/JRPROC.1952.273898)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.spike_codec._stream import CorruptStreamError, from_leb128, leb128, octets_of

Symbols = NDArray[np.int64]

#: Longest code; a longer one needs more than 10^12 symbols.
_LONGEST = 57


class HuffmanEncoder:
    """Codes numbers from 0 to 2^63 - 1 by how often they occur.

    The stream: the number of symbols and of different ones; the different ones as LEB128
    differences in rising order; the length of each one's code as a byte; the codes, first bit
    highest, filled up with zeros to a byte. Codes are canonical: by length, then by symbol.
    """

    def encode(self, values: ArrayLike) -> bytes:
        """Code ``values``, ``(n,)`` whole numbers from 0 to 2^63 - 1.

        Raises:
            SCConfigError: they are others.
        """
        from sc_neurocore.spike_codec import _kernels

        given = _whole(values)
        symbols, counts, index = _alphabet(given)
        head = leb128([len(given), len(symbols), *np.diff(symbols, prepend=0)])
        if not len(symbols):
            return head
        lengths: NDArray[np.int64] = np.ones(1, np.int64)  # of a lone symbol
        if len(symbols) > 1:
            lengths = _kernels.code_lengths(counts, np.argsort(counts, kind="stable"))
        bits = _kernels.write_codes(_canonical(lengths), lengths, index)
        return head + lengths.astype(np.uint8).tobytes() + bytes(bits)

    def decode(self, data: bytes, n_symbols: int | None = None) -> NDArray[np.int64]:
        """Read what `encode` wrote.

        Args:
            data: the stream.
            n_symbols: how many numbers are expected; None takes any.

        Raises:
            CorruptStreamError: the stream is truncated, has bytes too many, or no such codes.
        """
        from sc_neurocore.spike_codec import _kernels

        data = octets_of(data, "the code")
        (count, different), used = from_leb128(data, 2, "Huffman table")
        if n_symbols is not None and count != n_symbols:
            raise CorruptStreamError(f"Huffman table: {count} numbers, not {n_symbols}")
        steps, more = from_leb128(data[used:], int(different), "Huffman table")
        at = used + more
        lengths = np.frombuffer(data[at : at + different], np.uint8).astype(np.int64)
        symbols, bits = np.cumsum(steps), np.frombuffer(data[at + different :], np.uint8)
        if len(lengths) != different or (count > 0) != (different > 0):
            raise CorruptStreamError("Huffman table: it is cut off")
        per_length = np.bincount(lengths, minlength=_LONGEST + 1)
        if not _is_prefix_code(symbols, steps, per_length):
            raise CorruptStreamError("Huffman table: its lengths are not those of a prefix code")
        if count > 8 * len(bits):
            raise CorruptStreamError(f"Huffman codes: {count} do not fit in {len(bits)} bytes")
        order = np.argsort(lengths, kind="stable")
        found, end = _kernels.read_codes(bits, symbols[order], per_length, int(count))
        if end < 0 or -(-end // 8) != len(bits) or (end % 8 and bits[-1] << end % 8 & 255):
            raise CorruptStreamError("Huffman codes: they end too soon or too late")
        result: NDArray[np.int64] = found
        return result


def _whole(values: ArrayLike) -> Symbols:
    """``values`` as int64, if nothing is lost."""
    try:
        given = np.asarray(values)
    except (TypeError, ValueError, OverflowError):
        raise SCConfigError("values are no array of whole numbers") from None
    if given.ndim != 1 or (given.size and given.dtype.kind not in "biu"):
        raise SCConfigError(
            f"values are {given.dtype} of shape {given.shape}; Huffman symbols are whole numbers "
            "in one dimension"
        )
    if given.size and not (given.min() >= 0 and given.max() < 2**63):
        wrong = given.min() if given.min() < 0 else given.max()
        raise SCConfigError(f"values hold {wrong}; Huffman symbols are from 0 to 2^63 - 1")
    return given.astype(np.int64)


def _alphabet(values: Symbols) -> tuple[Symbols, Symbols, Symbols]:
    """Different values in rising order, how often each occurs, and which one each value is."""
    if values.max(initial=0) > 4 * len(values) + 1024:
        symbols, index, counts = np.unique(values, return_inverse=True, return_counts=True)
        return symbols, counts, index
    # A table of all values is faster than sorting them.
    counts = np.bincount(values)
    symbols = np.flatnonzero(counts)
    place = np.zeros(len(counts), np.int64)
    place[symbols] = np.arange(len(symbols))
    return symbols, counts[symbols], place[values]


def _canonical(lengths: Symbols) -> Symbols:
    """Codes of rising symbols, by length, then by symbol."""
    per_length = np.bincount(lengths)
    # The first code of a length follows the last one of the length before, with a zero behind it.
    first, begin = np.zeros(len(per_length), np.int64), np.cumsum(per_length) - per_length
    for n in range(1, len(per_length)):
        first[n] = (first[n - 1] + per_length[n - 1]) << 1
    order = np.argsort(lengths, kind="stable")
    codes = np.empty(len(lengths), np.int64)
    codes[order] = (first - begin)[lengths[order]] + np.arange(len(lengths))
    return codes


def _is_prefix_code(symbols: Symbols, steps: Symbols, per_length: Symbols) -> bool:
    """Whether symbols rise, and the lengths fill the tree (Kraft's equality)."""
    if not len(symbols):
        return True
    if per_length[0] or len(per_length) > _LONGEST + 1 or (steps[1:] == 0).any():
        return False
    if (symbols < 0).any():  # beyond 2^63 - 1
        return False
    if len(symbols) == 1:
        return bool(per_length[1] == 1)
    return sum(int(n) << (_LONGEST - k) for k, n in enumerate(per_length)) == 1 << _LONGEST
