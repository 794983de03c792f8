"""Loops of the binary matrix product: what stays in which cache.

A block of rows is packed once per run of words and stays in the second-level cache; a strip of
columns is packed once per block and run and stays in the first-level cache while all rows of the
block pass by. A tile meanwhile fetches a share of what is packed next.
Edges are padded with zeros, which count nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sc_neurocore.bitstream._gemm_tile_kernel import (
    BURST,
    COLUMNS,
    LANES,
    LINE,
    PAIR,
    ROOF_SUMS,
    ROWS,
    address,
    and_dot,
    bits,
    misaligned,
    pack_columns,
    pack_rows,
    tile,
    xor_dot,
)
from sc_neurocore.bitstream._gemm_tile_kernel import roof as _roof
from sc_neurocore.bitstream._jit import jit

#: Words of a run: a strip of columns takes half of the first-level cache, 24 KiB.
RUN = 3072 // COLUMNS
#: Rows of a block: with a run of 768 words they take 384 KiB, packed.
BLOCK = 64
#: Bits of one turn of `roof`.
ROOF_BITS = ROOF_SUMS * LANES * 64


@jit
def roof(count: int, mask: Any) -> int:
    """``count`` times AND, count and add on registers, without memory: `ROOF_BITS` bits each."""
    total: int = _roof(count, mask)
    return total


@jit
def _aligned(words: int) -> Any:
    """Room for words, from the begin of a line of the cache on."""
    room = np.empty(words + LINE, np.uint64)
    skip = -misaligned(room) & (LINE - 1)
    return room[skip : skip + words]


@jit
def _pad(source: Any, row: int, end: int, word: int, words: int, target: Any) -> None:
    """Copy rows, from ``row`` below ``end``, of a run of words; zeros where there is nothing."""
    target[:, :] = np.uint64(0)
    for r in range(min(target.shape[0], end - row)):
        for k in range(words):
            target[r, k] = source[row + r, word + k]


@jit
def blocked(
    a: Any, b: Any, counts: Any, column: int, column_end: int, transposed: bool, xor: bool
) -> None:
    """Set ``counts[i, j]``, or ``counts[j, i]``, for a range of columns j.

    It is the ones in ``a[i] & b[j]``, or in their XOR. ``a`` and ``b`` are C-contiguous.
    """
    rows, words = a.shape
    columns = column_end - column
    strips = (columns + COLUMNS - 1) // COLUMNS
    run = min(RUN, (words + PAIR - 1) // PAIR * PAIR)
    panel = _aligned(min(BLOCK, rows + ROWS - 1) * run)
    strip = _aligned(COLUMNS * run)
    padded = np.empty((max(ROWS, COLUMNS), run), np.uint64)
    for top in range(0, rows, BLOCK):
        bottom = min(top + BLOCK, rows)
        tiles = (bottom - top + ROWS - 1) // ROWS
        found = np.zeros((strips, tiles, COLUMNS, ROWS), np.int64)
        a_ones, b_ones = np.zeros(tiles * ROWS, np.int64), np.zeros(strips * COLUMNS, np.int64)
        for word in range(0, words, run):
            size = min(run, words - word)
            after = word + size
            depth = (size + PAIR - 1) // PAIR
            share = depth // BURST * LINE
            for p in range(tiles):
                i = top + p * ROWS
                source, pitch = address(a, i * words + word), words
                if i + ROWS > rows or size % PAIR:
                    _pad(a, i, rows, word, size, padded)
                    source, pitch = address(padded, 0), run
                target = address(panel, p * ROWS * depth * PAIR)
                pack_rows(source, pitch, depth, target, address(a_ones, p * ROWS))
            for q in range(strips):
                j = column + q * COLUMNS
                source, pitch = address(b, j * words + word), words
                if j + COLUMNS > column_end or size % PAIR:
                    _pad(b, j, column_end, word, size, padded)
                    source, pitch = address(padded, 0), run
                target = address(strip, 0)
                pack_columns(source, pitch, depth, target, address(b_ones, q * COLUMNS))
                ahead, at = (j + COLUMNS, word) if q + 1 < strips else (column, after)
                for p in range(tiles):
                    # Each tile fetches a share of the next strip, or the first one's next run,
                    # and each strip's tiles a share of their own rows' next run.
                    begin = at + p // COLUMNS * share
                    i = top + p * ROWS + q % ROWS
                    left = address(panel, p * ROWS * depth * PAIR)
                    next_row = next_column = left
                    if i < bottom and after + q // ROWS * share + share <= words:
                        next_row = address(a, i * words + after + q // ROWS * share)
                    if ahead + p % COLUMNS < column_end and begin + share <= words:
                        next_column = address(b, (ahead + p % COLUMNS) * words + begin)
                    place = address(found, (q * tiles + p) * ROWS * COLUMNS)
                    tile(left, target, depth, place, next_row, next_column)
        for j in range(columns):
            for i in range(bottom - top):
                count = found[j // COLUMNS, i // ROWS, j % COLUMNS, i % ROWS]
                if not xor:
                    count = (a_ones[i] + b_ones[j] - count) >> 1
                if transposed:
                    counts[column + j, top + i] = count
                else:
                    counts[top + i, column + j] = count


@jit
def direct(
    a: Any, b: Any, counts: Any, row: int, row_end: int, column: int, column_end: int, xor: bool
) -> None:
    """Set ``counts[i, j]`` to the ones in ``a[i] & b[j]``, or their XOR, a pair at a time."""
    words = a.shape[1]
    depth = words // LANES
    for j in range(column, column_end):
        for i in range(row, row_end):
            left, right = address(a, i * words), address(b, j * words)
            if xor:
                total = xor_dot(left, right, depth)
                for k in range(depth * LANES, words):
                    total += bits(a[i, k] ^ b[j, k])
            else:
                total = and_dot(left, right, depth)
                for k in range(depth * LANES, words):
                    total += bits(a[i, k] & b[j, k])
            counts[i, j] = total
