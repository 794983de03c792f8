"""Memory mapping: what Yosys made of memories of many shapes, pattern by pattern."""

from __future__ import annotations

import numpy as np
import pytest

from sc_neurocore.cost._memory import memories
from sc_neurocore.exceptions import SCConfigError


# Each was synthesised: (width, depth, block RAMs, cells of LUT RAM).
@pytest.mark.parametrize(
    ("width", "depth", "blocks", "cells"),
    [(4, 16, 0, 1), (4, 128, 0, 8), (4, 512, 1, 0), (12, 64, 0, 12), (12, 128, 1, 0),
     (9, 128, 1, 0), (40, 64, 0, 40), (40, 128, 2, 0), (40, 512, 2, 0), (31, 44, 0, 24)],
)  # fmt: skip
def test_writable_memories_of_ecp5(width: int, depth: int, blocks: int, cells: int) -> None:
    found = memories("ecp5", np.array([width]), np.array([depth]))
    assert (found.blocks[0], found.cells[0]) == (blocks, cells)


@pytest.mark.parametrize(
    ("width", "depth", "blocks"),
    [(4, 16, 0), (4, 32, 1), (12, 4, 0), (12, 8, 1), (40, 4, 0), (40, 8, 3), (40, 512, 5)],
)
def test_writable_memories_of_ice40(width: int, depth: int, blocks: int) -> None:
    found = memories("ice40", np.array([width]), np.array([depth]))
    assert found.blocks[0] == blocks
    assert found.flops[0] == (0 if blocks else width * depth)


@pytest.mark.parametrize(
    ("family", "width", "depth", "blocks"),
    [("ice40", 4, 128, 0), ("ice40", 4, 512, 1), ("ice40", 12, 64, 0), ("ice40", 12, 128, 1),
     ("ice40", 40, 128, 3), ("ice40", 40, 512, 5), ("ecp5", 12, 128, 0), ("ecp5", 12, 512, 1),
     ("ecp5", 40, 64, 0), ("ecp5", 40, 128, 2), ("xilinx", 12, 512, 0), ("xilinx", 40, 512, 1)],
)  # fmt: skip
def test_constant_memories(family: str, width: int, depth: int, blocks: int) -> None:
    found = memories(family, np.array([width]), np.array([depth]), constant=True)
    assert found.blocks[0] == blocks
    assert found.constants[0] == (0 if blocks else width * depth)


# Each was synthesised too: what does not fit one block RAM fills several to the last bit.
@pytest.mark.parametrize(
    ("family", "width", "depth", "blocks"),
    [("ecp5", 24, 1528, 2), ("ecp5", 16, 1148, 2), ("ecp5", 2, 9072, 1), ("ecp5", 14, 1121, 2),
     ("ecp5", 78, 2079, 11), ("ecp5", 48, 1533, 4), ("ecp5", 42, 2398, 6), ("ecp5", 147, 654, 9),
     ("ice40", 3, 4850, 4), ("ice40", 72, 540, 14), ("ice40", 5, 18700, 24),
     ("ice40", 6, 20493, 31), ("ice40", 20, 1152, 7), ("ice40", 56, 1683, 25),
     ("ice40", 147, 654, 28), ("xilinx", 42, 2398, 3), ("xilinx", 78, 2079, 11),
     ("xilinx", 12, 13300, 9), ("xilinx", 36, 1000, 1), ("xilinx", 54, 1000, 3)],
)  # fmt: skip
def test_rows_of_constant_memories_share_block_rams(
    family: str, width: int, depth: int, blocks: int
) -> None:
    assert memories(family, width, depth, constant=True).blocks == blocks


@pytest.mark.parametrize(
    ("family", "width", "logic", "block"),
    [("ecp5", 8, 260, 262), ("ecp5", 112, 73, 74), ("ecp5", 4, 520, 524), ("ecp5", 24, 86, 88),
     ("ice40", 8, 132, 134), ("ice40", 32, 65, 66)],
)  # fmt: skip
def test_a_constant_memory_is_logic_up_to_the_price_of_its_block_rams(
    family: str, width: int, logic: int, block: int
) -> None:
    assert memories(family, width, logic, constant=True).blocks == 0
    assert memories(family, width, block, constant=True).blocks > 0


def test_lanes_that_are_written_one_at_a_time_are_padded() -> None:
    assert memories("ecp5", 40, 32, lanes=4).cells == 24  # 4 lanes of 10 bits: 3 cells each, twice
    assert memories("ecp5", 40, 32).cells == 20


def test_nothing_needs_no_memory() -> None:
    for family in ("ice40", "ecp5", "xilinx"):
        for constant in (False, True):
            found = memories(family, 0, 100, constant=constant)
            assert found.blocks == found.cells == found.flops == found.constants == 0


def test_an_unknown_family_is_refused() -> None:
    with pytest.raises(SCConfigError, match="no known block RAM"):
        memories("asic", 1, 1)
