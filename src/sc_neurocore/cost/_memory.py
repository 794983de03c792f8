"""Which memory becomes block RAM, LUT RAM or logic: the rule of Yosys's ``memory_libmap``.

A memory that is deeper than a block RAM becomes rows, whose bits are read at once, so that the bits
of all rows together fill the block RAMs: none need end where a row does. Every way to map a memory
has a price, in whole numbers, and the cheapest is taken: a block RAM, a cell of LUT RAM, a bit of a
flip-flop and a bit of a constant memory in LUTs as below, and with each a bit that is chosen from
rows, an enable that is led to rows, and a port that reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.exceptions import SCConfigError

Reals = NDArray[np.float64]

#: Shapes of a block RAM (width, depth), by family.
BLOCK_RAMS = {
    "ice40": ((16, 256), (8, 512), (4, 1024), (2, 2048)),
    "ecp5": ((36, 512), (18, 1024), (9, 2048), (4, 4096), (2, 8192), (1, 16384)),
    "gowin": ((36, 512), (18, 1024), (9, 2048), (4, 4096), (2, 8192), (1, 16384)),
    "xilinx": ((36, 512), (18, 1024), (9, 2048), (4, 4096), (2, 8192), (1, 16384)),  # RAMB18
}
_RAMB36 = ((72, 512), (36, 1024), (18, 2048), (9, 4096), (4, 8192), (2, 16384), (1, 32768))
#: Shapes of a cell of LUT RAM (width, depth), by family.
_LUT_RAMS = {"ecp5": ((4, 16),), "gowin": ((4, 16),), "xilinx": ((6, 32), (3, 64))}
_BLOCK_PRICE = {"ice40": 64.0, "ecp5": 128.0, "gowin": 128.0, "xilinx": 129.0}
_RAMB36_PRICE = 257.0
#: Of a bit of a constant memory in LUTs, which have six inputs on 7-series.
_CONSTANT_PRICE = {"ice40": 1 / 16, "ecp5": 1 / 16, "gowin": 1 / 16, "xilinx": 1 / 64}
#: Of a cell of LUT RAM, and of all its bits where those that are not used are cheaper.
_CELL_PRICE = {"ecp5": (4.0, 0.0), "gowin": (4.0, 0.0), "xilinx": (1.0, 7.0)}
_CHOICE_PRICE, _ENABLE_PRICE, _PORT_PRICE = 0.5, 0.5, 2.0
#: Most bits with an enable of their own that a block RAM has.
_BYTE = 9


@dataclass(frozen=True, eq=False)
class Memories:
    """What memories become; arrays.

    Attributes:
        blocks: block RAMs.
        cells: cells of LUT RAM.
        muxed: bits of multiplexers that join rows of LUT RAM.
        flops: bits in flip-flops.
        constants: bits of constant memories in LUTs.
        rows: bits of multiplexers that join rows of block RAMs.
    """

    blocks: Reals
    cells: Reals
    muxed: Reals
    flops: Reals
    constants: Reals
    rows: Reals


@dataclass(frozen=True, eq=False)
class _Way:
    """The cheapest of several ways to map memories; arrays.

    Attributes:
        units: block RAMs or cells of LUT RAM.
        muxed: bits of multiplexers that join their rows.
        price: what it costs, in Yosys's measure.
    """

    units: Reals
    muxed: Reals
    price: Reals

    def or_cheaper(self, other: _Way) -> _Way:
        """Of each memory the other way if it is cheaper."""
        better = other.price < self.price
        return _Way(
            np.where(better, other.units, self.units),
            np.where(better, other.muxed, self.muxed),
            np.where(better, other.price, self.price),
        )


def memories(
    family: str, width: Any, depth: Any, *, constant: bool = False, lanes: Any = 1
) -> Memories:
    """What memories become.

    Args:
        family: of the device.
        width: bits of a word, an array.
        depth: words, an array.
        constant: whether it is never written.
        lanes: parts of a word that are written one at a time.

    Raises:
        SCConfigError: an unknown family.
    """
    if family not in BLOCK_RAMS:
        raise SCConfigError(
            f"family '{family}' has no known block RAM; families that have: {', '.join(BLOCK_RAMS)}"
        )
    width, depth = np.asarray(width, np.float64), np.asarray(depth, np.float64)
    enables = np.asarray(0 if constant else lanes, np.float64)
    block = _block_ram(family, width, depth, enables)
    zero, bits = np.zeros_like(block.price), width * depth
    if constant or family == "ice40":
        each = _CONSTANT_PRICE[family] if constant else 1.0
        small = np.floor(bits * each) <= block.price
        cells = muxed = zero
        logic = np.where(small, bits, zero)
    else:
        cell = _lut_ram(family, width, depth, enables)
        small = (cell.price <= block.price) | (bits == 0)
        used = small & (bits > 0)
        cells, muxed = np.where(used, cell.units, zero), np.where(used, cell.muxed, zero)
        logic = zero
    return Memories(
        np.where(small, zero, block.units), cells, muxed,
        zero if constant else logic, logic if constant else zero,
        np.where(small, zero, block.muxed),
    )  # fmt: skip


def _block_ram(family: str, width: Reals, depth: Reals, enables: Reals) -> _Way:
    """Memories in block RAMs of the cheapest shape; of constant ones ``enables`` is 0."""
    shapes = [(_BLOCK_PRICE[family], unit, words) for unit, words in BLOCK_RAMS[family]]
    if family == "xilinx":
        shapes += [(_RAMB36_PRICE, unit, words) for unit, words in _RAMB36]
    best: _Way | None = None
    for price, unit, words in shapes:
        # An iCE40 block RAM has an enable for every bit of its widest word. Of narrower words the
        # rule says one, but 6 lanes of 3 bits by 1542 words were seen in 9 without padding: for the
        # next fit, as it was found after the blind test.
        byte = min(unit, _BYTE) if family != "ice40" else 1 if unit == 16 else unit
        way = _rows(price, unit, words, byte, width, depth, enables)
        best = way if best is None else best.or_cheaper(way)
    assert best is not None
    return best


def _lut_ram(family: str, width: Reals, depth: Reals, enables: Reals) -> _Way:
    """Memories in LUT RAM of the cheapest shape."""
    price, used = _CELL_PRICE[family]
    best: _Way | None = None
    for unit, words in _LUT_RAMS[family]:
        way = _rows(price, unit, words, unit, width, depth, enables, used=used)
        best = way if best is None else best.or_cheaper(way)
    assert best is not None
    return best


def _rows(
    price: float,
    unit: int,
    words: int,
    byte: int,
    width: Reals,
    depth: Reals,
    enables: Reals,
    *,
    used: float = 0.0,
) -> _Way:
    """Memories in rows of units of one shape.

    Args:
        price: of a unit.
        unit: bits of a unit's word.
        words: of a unit.
        byte: bits with a common enable, to a multiple of which what is written is padded.
        width: bits of a word.
        depth: words.
        enables: of a word.
        used: price of a unit's bits, as far as they are used.
    """
    rows = np.ceil(depth / words)
    each = np.maximum(enables, 1.0)
    padded = np.where(enables > 0, np.ceil(width / each / byte) * byte * each, width)
    units = np.ceil(rows * padded / unit)
    muxed = width * np.maximum(rows - 1, 0)
    cost = (
        price * units + used * rows * width / unit + _CHOICE_PRICE * muxed
        + _ENABLE_PRICE * rows * enables * (rows > 1) + _PORT_PRICE
    )  # fmt: skip
    return _Way(units, muxed, np.floor(cost))
