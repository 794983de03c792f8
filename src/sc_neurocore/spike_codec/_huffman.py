"""Canonical Huffman coding of whole numbers (Huffman 1952, doi:10.1109/JRPROC.1952.273898)."""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.spike_codec._stream import CorruptStreamError, from_leb128, leb128

#: Longest code; a longer one needs more than 10^12 symbols.
_LONGEST = 57


class HuffmanEncoder:
    """Codes numbers from 0 to 2^63 - 1 by how often they occur.

    The stream: the number of symbols and of different ones; the different ones as LEB128
    differences in rising order; the length of each one's code as a byte; the codes, first bit
    highest, filled up with zeros to a byte. Codes are canonical: by length, then by symbol.
    """

    def encode(self, values: ArrayLike) -> bytes:
        """Code ``values``, ``(n,)`` whole numbers of at least 0."""
        from sc_neurocore.spike_codec import _kernels

        given = np.asarray(values, np.int64).reshape(-1)
        if len(given) and given.min() < 0:
            raise SCConfigError(f"values hold {given.min()}; Huffman symbols are 0 or more")
        symbols, index, counts = np.unique(given, return_inverse=True, return_counts=True)
        lengths = _lengths(counts)
        head = leb128([len(given), len(symbols), *np.diff(symbols, prepend=0)])
        codes = _canonical(symbols, lengths)
        bits = _kernels.write_codes(codes, lengths, index.reshape(-1).astype(np.int64))
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

        (count, different), used = from_leb128(data, 2, "Huffman table")
        if n_symbols is not None and count != n_symbols:
            raise CorruptStreamError(f"Huffman table: {count} numbers, not {n_symbols}")
        steps, more = from_leb128(data[used:], int(different), "Huffman table")
        at = used + more
        lengths = np.frombuffer(data[at : at + different], np.uint8).astype(np.int64)
        symbols, bits = np.cumsum(steps), np.frombuffer(data[at + different :], np.uint8)
        if len(lengths) != different or (count > 0) != (different > 0):
            raise CorruptStreamError("Huffman table: it is cut off")
        if not _is_prefix_code(symbols, steps, lengths):
            raise CorruptStreamError("Huffman table: its lengths are not those of a prefix code")
        if count > 8 * len(bits):
            raise CorruptStreamError(f"Huffman codes: {count} do not fit in {len(bits)} bytes")
        order = np.lexsort((symbols, lengths))
        found, end = _kernels.read_codes(
            bits, symbols[order], np.bincount(lengths, minlength=_LONGEST + 1), int(count)
        )
        if end < 0 or -(-end // 8) != len(bits):
            raise CorruptStreamError("Huffman codes: they end too soon or too late")
        result: NDArray[np.int64] = found
        return result


def _lengths(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Code length of each symbol; a lone symbol has one bit."""
    if len(counts) < 2:
        return np.ones(len(counts), np.int64)
    # A node is (count, first symbol, members' parent link); parents come after their children.
    parent = np.zeros(2 * len(counts) - 1, np.int64)
    heap = [(int(n), i) for i, n in enumerate(counts)]
    heapq.heapify(heap)
    for node in range(len(counts), 2 * len(counts) - 1):
        (first, a), (second, b) = heapq.heappop(heap), heapq.heappop(heap)
        parent[a] = parent[b] = node
        heapq.heappush(heap, (first + second, node))
    depth = np.zeros(2 * len(counts) - 1, np.int64)
    for node in range(2 * len(counts) - 3, -1, -1):
        depth[node] = depth[parent[node]] + 1
    return depth[: len(counts)]


def _canonical(symbols: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    codes, code, last = np.zeros(len(symbols), np.int64), 0, 0
    for i in np.lexsort((symbols, lengths)):
        code <<= int(lengths[i]) - last
        last = int(lengths[i])
        codes[i] = code
        code += 1
    return codes


def _is_prefix_code(
    symbols: NDArray[np.int64], steps: NDArray[np.int64], lengths: NDArray[np.int64]
) -> bool:
    """Whether symbols rise, and the lengths fill the tree (Kraft's equality)."""
    if not len(symbols):
        return True
    if (steps[1:] == 0).any() or (symbols < 0).any() or not (
        lengths.min() >= 1 and lengths.max() <= _LONGEST
    ):  # fmt: skip
        return False
    if len(symbols) == 1:
        return bool(lengths[0] == 1)
    return sum(1 << (_LONGEST - int(n)) for n in lengths) == 1 << _LONGEST
