"""Memory mapping: what Yosys made of memories of many shapes, pattern by pattern."""

from __future__ import annotations

import numpy as np
import pytest

from sc_neurocore.cost._memory import block_rams, memories
from sc_neurocore.exceptions import SCConfigError


# Each was synthesised: (width, depth, block RAMs, cells of LUT RAM).
@pytest.mark.parametrize(
    ("width", "depth", "blocks", "cells"),
    [(4, 16, 0, 1), (4, 128, 0, 8), (4, 512, 1, 0), (12, 64, 0, 12), (12, 128, 1, 0),
     (9, 128, 1, 0), (40, 64, 0, 40), (40, 128, 2, 0), (40, 512, 2, 0)],
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
        block_rams("asic", 1, 1)
    with pytest.raises(SCConfigError, match="no known block RAM"):
        memories("asic", 1, 1)
