"""One-bit cells that a source addresses: up to 64 of them, in one word."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.bitstream._require import require_whole
from sc_neurocore.bitstream._source import Source
from sc_neurocore.exceptions import SCConfigError

#: Most cells.
MAX_CELLS = 64


def reset_cells(depth: int) -> np.uint64:
    """Cells after a reset: even ones zero, odd ones one, so that they start with the value 1/2."""
    return np.uint64(0xAAAAAAAAAAAAAAAA & ((1 << depth) - 1))


def cell_addresses(source: Source, length: int, depth: int, start: int) -> NDArray[np.uint32]:
    """Top ``log2(depth)`` bits of the source's numbers ``start`` to ``start + length - 1``."""
    bits = require_whole("depth", depth, 2, MAX_CELLS).bit_length() - 1
    if depth != 1 << bits:
        raise SCConfigError(f"depth is {depth}; it must be a power of two")
    if bits > source.width:
        raise SCConfigError(
            f"depth is {depth}; a source of {source.width} bits addresses at most "
            f"{1 << source.width} cells"
        )
    return source.values(length, start) >> np.uint32(source.width - bits)
