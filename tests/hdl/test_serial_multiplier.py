"""The shared multiplier: golden model against arithmetic, RTL against the golden model."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.hdl import SerialMultiplier, library_source
from sc_neurocore.toolchain import lint, simulate_rtl


def _product(width_a: int, width_b: int, a: int, b: int) -> int:
    unit = SerialMultiplier(width_a, width_b)
    unit.clock(True, a, b)
    result = 0
    for _ in range(width_b):
        result = unit.clock(False, 0, 0)
    return result


@given(st.data(), st.integers(2, 20), st.integers(2, 20))
def test_the_golden_model_multiplies(data: st.DataObject, width_a: int, width_b: int) -> None:
    a = data.draw(st.integers(-(1 << (width_a - 1)), (1 << (width_a - 1)) - 1))
    b = data.draw(st.integers(-(1 << (width_b - 1)), (1 << (width_b - 1)) - 1))
    assert _product(width_a, width_b, a, b) == a * b


def test_the_golden_model_multiplies_every_pair_of_small_factors() -> None:
    for a in range(-8, 8):
        for b in range(-4, 4):
            assert _product(4, 3, a, b) == a * b


@pytest.mark.parametrize(("width_a", "width_b"), [(4, 3), (16, 9), (29, 28)])
def test_the_rtl_follows_the_golden_model_clock_by_clock(
    tmp_path: object, width_a: int, width_b: int
) -> None:
    rng = np.random.default_rng(width_a)
    clocks = 2000
    corners_a = np.array([-(1 << (width_a - 1)), -1, 0, 1, (1 << (width_a - 1)) - 1])
    corners_b = np.array([-(1 << (width_b - 1)), -1, 0, 1, (1 << (width_b - 1)) - 1])
    pick = rng.random(clocks) < 0.3
    a = np.where(
        pick, rng.choice(corners_a, clocks), rng.integers(corners_a[0], -corners_a[0], clocks)
    )
    b = np.where(
        pick, rng.choice(corners_b, clocks), rng.integers(corners_b[0], -corners_b[0], clocks)
    )
    # Mostly whole products; some are cut short by an early start.
    start = (np.arange(clocks) % (width_b + 1) == 0) | (rng.random(clocks) < 0.01)
    source = library_source("sc_serial_multiplier.sv")
    top = (
        f"module top(input wire clk, input wire rst_n, input wire start, "
        f"input wire signed [{width_a - 1}:0] a, input wire signed [{width_b - 1}:0] b, "
        f"output wire signed [{width_a + width_b - 1}:0] product);\n"
        f"  sc_serial_multiplier #(.A_WIDTH({width_a}), .B_WIDTH({width_b})) unit (\n"
        f"    .clk(clk), .start(start || !rst_n), .a(a), .b(b), .product(product));\nendmodule\n"
    )
    _, outputs, _ = simulate_rtl(
        "yosys",
        {"sc_serial_multiplier.sv": source, "top.sv": top},
        "top",
        clock="clk",
        reset="rst_n",
        inputs={
            "start": start.astype(np.uint64),
            "a": (a & ((1 << width_a) - 1)).astype(np.uint64),
            "b": (b & ((1 << width_b) - 1)).astype(np.uint64),
        },
        input_widths={"start": 1, "a": width_a, "b": width_b},
        output_widths={"product": width_a + width_b},
        store=EvidenceStore(tmp_path / "evidence.sqlite"),  # type: ignore[operator]
    )
    unit = SerialMultiplier(width_a, width_b)
    mask = (1 << (width_a + width_b)) - 1
    expected = [
        unit.clock(bool(s), int(x), int(y)) & mask for s, x, y in zip(start, a, b, strict=True)
    ]
    assert outputs["product"].tolist() == expected


def test_the_multiplier_is_free_of_warnings(tmp_path: object) -> None:
    store = EvidenceStore(tmp_path / "evidence.sqlite")  # type: ignore[operator]
    name = "sc_serial_multiplier.sv"
    record = lint({name: library_source(name)}, name.removesuffix(".sv"), store=store)
    assert record.result["warnings"] == []
