"""Synthesis: counts derived by hand, memory files, bad input, and the cache."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import SCConfigError, ToolError
from sc_neurocore.toolchain import get_target, synthesise

HX8K, UP5K = get_target("ice40-hx8k"), get_target("ice40-up5k")

COUNTER = """\
module counter (input clk, input rst_n, output reg [7:0] q);
  always @(posedge clk) if (!rst_n) q <= 0; else q <= q + 1;
endmodule
"""

MULTIPLIER = """\
module mul (input clk, input signed [15:0] a, b, output reg signed [31:0] y);
  always @(posedge clk) y <= a * b;
endmodule
"""

ROM = """\
module rom (input clk, input [8:0] address, output reg [7:0] data);
  reg [7:0] memory [0:511];
  initial $readmemh("table.hex", memory);
  always @(posedge clk) data <= memory[address];
endmodule
"""


def test_a_counter_has_its_flip_flops_and_nothing_else(store: EvidenceStore) -> None:
    record = synthesise({"c.v": COUNTER}, "counter", HX8K, store=store)
    result = record.result
    assert record.word == "measured" and record.tool == "yosys"
    # Eight synchronously reset flip-flops; one LUT per sum bit and one that inverts the reset;
    # bit 0 needs no carry and bit 7 makes none.
    assert (result["ffs"], result["luts"], result["carries"]) == (8, 9, 6)
    assert (result["brams"], result["dsps"], result["warnings"]) == (0, 0, [])
    assert result["cells"] == {"SB_CARRY": 6, "SB_DFFSR": 8, "SB_LUT4": 9}
    netlist = json.loads(store.blob(record.key, "netlist.json"))
    assert "counter" in netlist["modules"]
    assert b"SB_DFFSR" in store.blob(record.key, "netlist.v")


def test_multipliers_go_where_the_device_has_them(store: EvidenceStore) -> None:
    sources = {"m.v": MULTIPLIER}
    assert synthesise(sources, "mul", UP5K, store=store).result["dsps"] == 1
    assert synthesise(sources, "mul", HX8K, store=store).result["dsps"] == 0
    assert synthesise(sources, "mul", get_target("ecp5-25k"), store=store).result["dsps"] == 1
    assert synthesise(sources, "mul", get_target("gowin-gw2a18"), store=store).result["dsps"] == 1


def test_memory_files_reach_the_block_ram(store: EvidenceStore) -> None:
    table = "\n".join(f"{(7 * i) & 255:02x}" for i in range(512))
    record = synthesise({"rom.v": ROM, "table.hex": table}, "rom", HX8K, store=store)
    assert record.result["brams"] == 1
    other = synthesise({"rom.v": ROM, "table.hex": table.upper()}, "rom", HX8K, store=store)
    assert other.key != record.key
    with pytest.raises(ToolError, match=r"^Yosys failed .*ERROR: ?Can not open file `table\.hex`"):
        synthesise({"rom.v": ROM}, "rom", HX8K, store=store)


def test_a_chain_of_additions_stays_on_the_carry_chain(store: EvidenceStore) -> None:
    # Merged into one carry-save sum this takes 91 LUTs (see separate_adders.v).
    text = """\
module t(input signed [16:0] d, output signed [24:0] y);
  wire signed [19:0] times5 = (d <<< 2) + d;
  wire signed [18:0] times3 = (d <<< 1) + d;
  assign y = (times5 <<< 5) + times3;
endmodule
"""
    result = synthesise({"t.v": text}, "t", HX8K, store=store).result
    assert isinstance(result["luts"], int) and result["luts"] <= 56


def test_the_neuron_fits_its_budget(store: EvidenceStore, lif: dict[str, str]) -> None:
    result = synthesise(lif, "lif", HX8K, store=store).result
    assert result["ffs"] == 22
    assert isinstance(result["luts"], int) and result["luts"] <= 130


def test_stages_are_told_only_when_something_runs(fresh_store: EvidenceStore) -> None:
    stages: list[str] = []
    arguments = ({"c.v": COUNTER}, "counter", HX8K)
    first = synthesise(*arguments, store=fresh_store, on_stage=stages.append)
    second = synthesise(*arguments, store=fresh_store, on_stage=stages.append)
    assert stages == ["yosys"]
    assert (first.cached, second.cached) == (False, True)
    assert second == first


def test_warnings_of_the_design_are_kept_and_those_of_yosys_are_not(store: EvidenceStore) -> None:
    text = COUNTER.replace("endmodule", "  wire x = missing; endmodule")
    result = synthesise({"c.v": text}, "counter", HX8K, store=store).result
    assert result["warnings"] == [
        "c.v:3: Warning: Identifier `\\missing' is implicitly declared.",
    ]


@pytest.mark.parametrize(
    ("sources", "top", "message"),
    [
        ({"c.v": COUNTER}, "a; shell", "top module 'a; shell' is not a Verilog identifier; "),
        ({"c.v": COUNTER}, "../x", "top module '../x' is not a Verilog identifier; "),
        ({"../c.v": COUNTER}, "counter", "source name '../c.v' is not a plain file name; "),
        ({"__c.v": COUNTER}, "counter", "source name '__c.v' starts with '__', which is reserved"),
        ({"c.txt": COUNTER}, "counter", "there is no Verilog among the sources; "),
    ],
)
def test_bad_names_are_one_sentence(
    sources: dict[str, str], top: str, message: str, fresh_store: EvidenceStore
) -> None:
    with pytest.raises(SCConfigError) as caught:
        synthesise(sources, top, HX8K, store=fresh_store)
    assert str(caught.value).startswith(message)
    assert fresh_store.records() == []


def test_an_unknown_top(store: EvidenceStore) -> None:
    with pytest.raises(ToolError) as caught:
        synthesise({"c.v": COUNTER}, "nope", HX8K, store=store)
    assert str(caught.value) == "Yosys failed (exit status 1): ERROR: Module `nope' not found!"


ARC = """timing() { related_pin : "%s"; timing_sense : %s_unate;
      cell_rise(scalar) { values("0.1"); } cell_fall(scalar) { values("0.1"); }
      rise_transition(scalar) { values("0.1"); } fall_transition(scalar) { values("0.1"); } }"""
PIN = "pin(%s) { direction : input; capacitance : 0.01; }"
LIBERTY = f"""\
library(tiny) {{
  time_unit : "1ns"; capacitive_load_unit (1, pf);
  cell(BUF) {{ area : 5; {PIN % "A"}
    pin(Y) {{ direction : output; function : "A"; {ARC % ("A", "positive")} }} }}
  cell(INV) {{ area : 3; {PIN % "A"}
    pin(Y) {{ direction : output; function : "A'"; {ARC % ("A", "negative")} }} }}
  cell(NAND2) {{ area : 4; {PIN % "A"} {PIN % "B"}
    pin(Y) {{ direction : output; function : "(A*B)'";
      {ARC % ("A", "negative")} {ARC % ("B", "negative")} }} }}
  cell(DFF) {{ area : 18;
    ff(IQ, IQN) {{ clocked_on : "C"; next_state : "D"; }}
    pin(C) {{ direction : input; clock : true; }} pin(D) {{ direction : input; }}
    pin(Q) {{ direction : output; function : "IQ"; }} }}
}}
"""


def test_a_cell_library_gives_an_area(store: EvidenceStore, tmp_path: Path) -> None:
    library = tmp_path / "tiny.lib"
    library.write_text(LIBERTY)
    target = replace(get_target("xilinx7"), family="asic", synth="synth -flatten", finish="",
                     liberty=str(library))  # fmt: skip
    text = "module t(input c, a, b, output reg q); always @(posedge c) q <= !(a & b); endmodule"
    result = synthesise({"t.v": text}, "t", target, store=store).result
    # One NAND2 and one DFF.
    assert result["area_um2"] == 22.0
    assert result["cells"] == {"DFF": 1, "NAND2": 1}
    assert result["ffs"] == 1 and "luts" not in result


def test_an_absent_library_is_said_to_be_absent(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    absent = replace(get_target("xilinx7"), name="asic", liberty=str(tmp_path / "no.lib"))
    monkeypatch.setattr("sc_neurocore.toolchain._targets.targets", lambda: {"asic": absent})
    with pytest.raises(SCConfigError) as caught:
        get_target("asic")
    assert str(caught.value) == (
        f"target 'asic' needs the cell library {tmp_path}/no.lib, which is not installed"
    )
