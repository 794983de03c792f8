"""Which memory becomes block RAM, LUT RAM or logic: Yosys's rules, as measured of it.

``memory_libmap`` weighs each way by a cost: a block RAM costs 64 (iCE40), 128 (ECP5) or 129
(7-series, of 18 kbit; 257 of 36 kbit), a cell of LUT RAM 4 (ECP5) or 8 (7-series), a bit of a
constant memory in LUTs 1/16, or 1/64 where these have six inputs. What a flip-flop and a
multiplexer count was chosen by what became of memories of many shapes.
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
_BLOCK_COST = {"ice40": 64.0, "ecp5": 128.0, "gowin": 128.0, "xilinx": 129.0}
_CONSTANT_COST = {"ice40": 1 / 16, "ecp5": 1 / 16, "gowin": 1 / 16, "xilinx": 1 / 64}
_FLOP_COST, _MUX_COST = 1.0, 0.4
#: A constant memory just beyond the price of a block RAM was still seen in LUTs.
_LENIENCE = 1.05
#: Constant memories of ECP5 this narrow were seen to fill all 18 432 bits of their blocks.
_PACKED = 24
#: A constant memory may be read several words at once, of which one is chosen.
_FOLDS = (1, 2)


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


def block_rams(family: str, width: Any, depth: Any) -> Reals:
    """Block RAMs of memories, in the best of the family's shapes.

    Raises:
        SCConfigError: an unknown family.
    """
    if family not in BLOCK_RAMS:
        raise SCConfigError(
            f"an engine keeps its weights in block RAM, and family '{family}' has no known block "
            f"RAM; families that have: {', '.join(BLOCK_RAMS)}"
        )
    counts = [np.ceil(width / w) * np.ceil(depth / d) for w, d in BLOCK_RAMS[family]]
    return np.asarray(np.minimum.reduce(counts), np.float64)


def _arranged(
    family: str, width: Reals, depth: Reals, folds: tuple[int, ...]
) -> tuple[Reals, Reals]:
    """Block RAMs of memories and bits of the multiplexers behind them, in the cheapest shape."""
    if family not in BLOCK_RAMS:
        block_rams(family, width, depth)
    best = blocks = chosen = np.full(np.broadcast(width, depth).shape, np.inf)
    for fold in folds:
        for w, d in BLOCK_RAMS[family]:
            rows = np.ceil(np.ceil(depth / fold) / d)
            count = np.ceil(width * fold / w) * rows
            muxed = width * (np.maximum(rows, 1) * fold - 1)
            cost = _BLOCK_COST[family] * count + _MUX_COST * muxed
            better = cost < best
            best = np.where(better, cost, best)
            blocks = np.where(better, count, blocks)
            chosen = np.where(better, muxed, chosen)
    return blocks, chosen


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
    """
    width, depth = np.asarray(width, np.float64), np.asarray(depth, np.float64)
    lanes = np.asarray(lanes, np.float64)
    blocks, chosen = _arranged(family, width, depth, _FOLDS if constant else (1,))
    zero, bits = np.zeros_like(blocks), width * depth
    if constant and family == "ecp5":
        blocks = np.where(width <= _PACKED, np.minimum(blocks, np.ceil(bits / 18432)), blocks)
    cost = _BLOCK_COST[family] * blocks + _MUX_COST * chosen
    counted = blocks
    if family == "xilinx":  # two halves are one whole
        counted = np.ceil(blocks / 2)
    if constant:
        logic = bits * _CONSTANT_COST[family] <= _LENIENCE * cost
        none = bits == 0
        return Memories(
            np.where(logic, zero, counted), zero, zero, zero, np.where(logic & ~none, bits, zero),
            np.where(logic, zero, chosen),
        )  # fmt: skip
    if family == "ice40":
        logic = _FLOP_COST * bits <= cost
        return Memories(
            np.where(logic, zero, counted), zero, zero, np.where(logic, bits, zero), zero,
            np.where(logic, zero, chosen),
        )  # fmt: skip
    if family == "xilinx":
        shallow = np.ceil(width / lanes / 6) * lanes * np.ceil(depth / 32)
        deep = np.ceil(width / lanes / 3) * lanes * np.ceil(depth / 64)
        rows = np.where(shallow <= deep, np.ceil(depth / 32), np.ceil(depth / 64))
        cells, each = np.minimum(shallow, deep), 8.0
        padded = cells / np.maximum(rows, 1) * np.where(shallow <= deep, 6, 3)
    else:
        rows = np.ceil(depth / 16)
        padded = np.ceil(width / lanes / 4) * lanes * 4
        cells, each = padded / 4 * rows, 4.0
    muxed = width * (rows - 1)
    small = (each * cells + _MUX_COST * padded * (rows - 1) <= cost) & (bits > 0)
    return Memories(
        np.where(small, zero, counted), np.where(small, cells, zero), np.where(small, muxed, zero),
        zero, zero, np.where(small, zero, chosen),
    )  # fmt: skip
