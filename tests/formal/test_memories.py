"""Netlists with memories against their RTL: equal ones, and ones with a crossed wire."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from sc_neurocore.evidence import EvidenceStore, Record
from sc_neurocore.formal import equivalent
from sc_neurocore.formal._aig import Aig
from sc_neurocore.formal._cells import Cell, UnmodelledCell
from sc_neurocore.formal._design import Design
from sc_neurocore.formal._memories import memory_of
from sc_neurocore.hdl.blocks import BLOCKS, Block
from sc_neurocore.toolchain import get_target, run_yosys, synthesise

from .test_cells import LATTICE, instance, simulation_model

FIFO, SCAN, SYNAPSES = "sc_stream_fifo", "sc_level_scan", "sc_fixed_synapses"
PRIMITIVES = {"ice40-hx8k": "SB_RAM40_4K", "ecp5-85k": "TRELLIS_DPR16X4"}


def block(module: str) -> Block:
    return next(b for b in BLOCKS if b.module == module)


def netlist(case: Block, target: str, store: EvidenceStore) -> dict[str, Any]:
    record = synthesise(case.sources, case.module, get_target(target), store=store)
    document: dict[str, Any] = json.loads(store.blob(record.key, "netlist.json"))
    return document


def compared(case: Block, document: dict[str, Any], target: str, store: EvidenceStore) -> Record:
    return equivalent(
        case.sources, case.module, json.dumps(document), get_target(target).family, store=store
    )


def primitives(document: dict[str, Any], module: str, target: str) -> list[dict[str, Any]]:
    cells = document["modules"][module]["cells"]
    return [c for _, c in sorted(cells.items()) if c["type"] == PRIMITIVES[target]]


# Cells of the memories, and flip-flops; the RTL has the same with either device.
@pytest.mark.parametrize("target", PRIMITIVES)
@pytest.mark.parametrize(
    ("module", "registers", "outputs"),
    [
        # 6 words of 12, a word that was read, two pointers of 3 bits, a count of 2, valid
        (FIFO, 6 * 12 + 12 + 2 * 3 + 2 + 1, 1 + 1 + 12),
        # 8 words of 4 levels of 5 bits, less 2 levels that nobody loads or reads
        (SCAN, 210, 32),
        # ready, valid, a sum of 8; and, for a memory outside, read and an address of 4
        (SYNAPSES, 215, 10 + 5),
    ],
)
def test_a_netlist_with_memories_equals_its_rtl(
    module: str, registers: int, outputs: int, target: str, store: EvidenceStore
) -> None:
    case = block(module)
    document = netlist(case, target, store)
    found = compared(case, document, target, store)
    assert found.result["status"] == "equivalent", found.result["reason"]
    assert found.word == "proven" and found.result["registers"] == registers
    assert found.result["outputs"] == outputs


Mutation = Callable[[dict[str, Any], dict[str, Any]], None]
"""Changes a cell, given the ports of its module."""


def crossed(pin: str, a: int, b: int) -> Mutation:
    def cross(cell: dict[str, Any], ports: dict[str, Any]) -> None:
        bits = cell["connections"][pin]
        assert bits[a] != bits[b]
        bits[a], bits[b] = bits[b], bits[a]

    return cross


def tied(pin: str, level: str) -> Mutation:
    def tie(cell: dict[str, Any], ports: dict[str, Any]) -> None:
        assert cell["connections"][pin] != [level]
        cell["connections"][pin] = [level]

    return tie


def wired(pin: str, port: str) -> Mutation:
    def wire(cell: dict[str, Any], ports: dict[str, Any]) -> None:
        assert cell["connections"][pin] != ports[port]["bits"]
        cell["connections"][pin] = ports[port]["bits"]

    return wire


MUTANTS: dict[str, dict[str, Mutation]] = {
    "ecp5-85k": {
        "write enable": wired("WRE", "out_ready"),
        "never written": tied("WRE", "0"),
        "write address": crossed("WAD", 0, 1),
        "stuck write address": tied("WAD", "0"),
        "read address": crossed("RAD", 0, 2),
        "data in": crossed("DI", 0, 1),
        "data out": crossed("DO", 1, 0),
    },
    "ice40-hx8k": {
        "write enable": wired("WCLKE", "out_ready"),
        "never written": tied("WCLKE", "0"),
        "write address": crossed("WADDR", 0, 1),
        "read address": crossed("RADDR", 0, 2),
        "always read": tied("RCLKE", "1"),
        "data in": crossed("WDATA", 0, 4),
        "data out": crossed("RDATA", 0, 4),
    },
}


@pytest.mark.parametrize("module", [FIFO, SCAN])
@pytest.mark.parametrize(("target", "mutant"), [(t, m) for t in MUTANTS for m in MUTANTS[t]])
def test_a_crossed_wire_of_a_memory_is_found(
    module: str, target: str, mutant: str, store: EvidenceStore
) -> None:
    case = block(module)
    document = netlist(case, target, store)
    ports = document["modules"][module]["ports"]
    MUTANTS[target][mutant](primitives(document, module, target)[0], ports)
    found = compared(case, document, target, store)
    assert found.result["status"] == "different", found.result["reason"]
    witness = found.result["witness"]
    assert witness["rtl"] != witness["netlist"]  # type: ignore[index, call-overload]


@pytest.mark.parametrize("target", PRIMITIVES)
def test_any_order_of_address_and_data_wires_is_right(target: str, store: EvidenceStore) -> None:
    case = block(FIFO)
    document = netlist(case, target, store)
    pins = ("RAD", "WAD") if target == "ecp5-85k" else ("RADDR", "WADDR")
    for cell in primitives(document, FIFO, target):
        for pin in pins:
            crossed(pin, 0, 2)(cell, {})
    if target == "ecp5-85k":
        crossed("DI", 0, 1)(primitives(document, FIFO, target)[0], {})
        crossed("DO", 0, 1)(primitives(document, FIFO, target)[0], {})
    assert compared(case, document, target, store).result["status"] == "equivalent"


# Memories of other shapes ------------------------------------------------------------------------

TABLE = """
module memory (
    input wire clk, input wire put, input wire [{a}:0] into, input wire [{a}:0] from,
    input wire [{w}:0] in, output reg [{w}:0] out
);
    (* no_rw_check *) reg [{w}:0] words [0:{last}];
    always @(posedge clk) begin
        if (put) words[into] <= in;
        out <= words[from];
    end
endmodule
"""


def shape(words: int, width: int) -> str:
    return TABLE.format(a=max(1, (words - 1).bit_length()) - 1, w=width - 1, last=words - 1)


@pytest.mark.parametrize(
    ("words", "width", "target"),
    [
        (37, 5, "ecp5-85k"),  # three banks of two primitives
        # two primitives of 512 words of 8 bits
        pytest.param(300, 10, "ice40-hx8k", marks=pytest.mark.exhaustive),
    ],
)
def test_memories_over_several_primitives_are_compared(
    words: int, width: int, target: str, store: EvidenceStore
) -> None:
    sources = {"memory.sv": shape(words, width)}
    record = synthesise(sources, "memory", get_target(target), store=store)
    found = equivalent(
        sources, "memory", store.blob(record.key, "netlist.json"), get_target(target).family,
        store=store,
    )  # fmt: skip
    assert found.result["status"] == "equivalent", found.result["reason"]
    assert found.result["registers"] == (words + 1) * width


def test_reads_beyond_the_last_word_are_not_compared_but_the_others_are(
    store: EvidenceStore,
) -> None:
    sources = {"memory.sv": shape(6, 2)}
    record = synthesise(sources, "memory", get_target("ecp5-85k"), store=store)
    text = store.blob(record.key, "netlist.json")
    assert equivalent(sources, "memory", text, "ecp5", store=store).word == "proven"
    for last in (5, 6):
        # What this RTL reads there is defined, and not what the netlist reads.
        changed = shape(6, 2).replace("words[from];", f"from == {last} ? 2'd0 : words[from];")
        found = equivalent({"memory.sv": changed}, "memory", text, "ecp5", store=store)
        assert found.result["status"] == "different"
    held = shape(6, 2).replace("out <= words[from];", "if (put) out <= words[from];")
    found = equivalent({"memory.sv": held}, "memory", text, "ecp5", store=store)
    assert found.result["status"] == "different"


ROM = """
module rom (input wire clk, input wire go, input wire [8:0] at, output reg [7:0] out);
    reg [7:0] words [0:511];
    initial $readmemh("words.hex", words);
    always @(posedge clk) if (go) out <= words[at];
endmodule
"""


def test_one_wrong_bit_of_a_table_in_block_ram_is_found(store: EvidenceStore) -> None:
    rng = random.Random(3)
    words = "".join(f"{rng.getrandbits(8):02x}\n" for _ in range(512))
    sources = {"rom.sv": ROM, "words.hex": words}
    record = synthesise(sources, "rom", get_target("ice40-hx8k"), store=store)
    document = json.loads(store.blob(record.key, "netlist.json"))
    (cell,) = primitives(document, "rom", "ice40-hx8k")
    found = equivalent(sources, "rom", json.dumps(document), "ice40", store=store)
    assert (found.word, found.result["registers"]) == ("proven", 8)
    right = cell["parameters"]["INIT_7"]
    cell["parameters"]["INIT_7"] = right[:100] + str(1 - int(right[100])) + right[101:]
    found = equivalent(sources, "rom", json.dumps(document), "ice40", store=store)
    assert found.result["status"] == "different"


def test_a_memory_that_is_too_large_is_unknown(store: EvidenceStore) -> None:
    sources = {"memory.sv": shape(2048, 9)}
    record = synthesise(sources, "memory", get_target("ice40-hx8k"), store=store)
    text = store.blob(record.key, "netlist.json")
    found = equivalent(sources, "memory", text, "ice40", store=store)
    assert found.result["reason"] == (
        "cell $mem_v2 has 18432 bits (at most 16384), which the comparison has no model for"
    )


# Primitives --------------------------------------------------------------------------------------


def test_distributed_memory_does_what_its_simulation_model_does(store: EvidenceStore) -> None:
    """The simulation model is the RTL, our model the netlist."""
    kind = "TRELLIS_DPR16X4"
    ports = simulation_model(LATTICE, kind, {})["ports"]
    widths = ", ".join(f"{p['direction']} [{len(p['bits']) - 1}:0] {n}" for n, p in ports.items())
    wires = ", ".join(f".{n}({n})" for n in ports)
    script = [
        f"read_verilog -overwrite {LATTICE}",
        "read_verilog outer.v",
        "hierarchy -top outer",
        "proc",
        "flatten",
        "opt_clean",
        "select outer",
        "write_verilog -noattr -selected cell.v",
    ]
    outer = f"module outer({widths}); {kind} cell_of_interest({wires}); endmodule"
    run = run_yosys(script, {"outer.v": outer}, outputs=["cell.v"])
    document = {"modules": {"outer": instance({"ports": ports}, kind, {})}}
    found = equivalent(
        {"cell.v": run.files["cell.v"].decode()}, "outer", json.dumps(document), "ecp5",
        store=store,
    )  # fmt: skip
    assert found.result["status"] == "equivalent", found.result["reason"]
    assert (found.result["registers"], found.result["outputs"]) == (64, 4)


@pytest.mark.parametrize("mode", range(4))
def test_block_memory_is_written_as_its_simulation_model_says(mode: int) -> None:
    """Write mode m writes bit j of 16/2**m at the pin where read mode m reads it."""
    kind, step = "SB_RAM40_4K", 1 << mode
    pins = {"WADDR": 11, "WDATA": 16, "MASK": 16, "WE": 1, "WCLKE": 1}
    ports, at = {}, 2
    for name, width in pins.items():
        ports[name] = {"direction": "input", "bits": list(range(at, at + width))}
        at += width
    aig, inputs = Aig(), {}
    module = instance({"ports": ports}, kind, {"WRITE_MODE": f"{mode:032b}"})
    (contents,) = Design(aig, module, "ice40", inputs).memories
    rng = random.Random(mode)
    for _ in range(300):
        drawn = {n: rng.getrandbits(w) for n, w in pins.items()}
        drawn["WE"] |= rng.getrandbits(1)
        drawn["WCLKE"] |= rng.getrandbits(1)
        row, column = rng.choice([drawn["WADDR"] & 255, rng.randrange(256)]), rng.randrange(16)
        present = contents.content(row, column)
        function = contents.state(row, column, present).following()
        held = rng.getrandbits(1)
        values = {literal: drawn[n] >> k & 1 for (n, k), literal in inputs.items()}
        (got,) = aig.evaluate([function], values | {present: held}, 1)
        part = drawn["WADDR"] >> 8 & (step - 1)
        kept = drawn["MASK"] >> column & 1 if mode == 0 else column % step != part
        on = drawn["WE"] and drawn["WCLKE"] and drawn["WADDR"] & 255 == row and not kept
        pin = column - column % step + (0, 0, 1, 3)[mode]
        assert got == (drawn["WDATA"] >> pin & 1 if on else held)


BLOCK_ROM = """module rom (input clk, input en, input clear,
            input [{high}:0] a, output reg [{top}:0] q);
    reg [{top}:0] words [0:{last}];
    initial $readmemh("words.hex", words);
    always @(posedge clk) if (clear) q <= 0; else if (en) q <= words[a];
endmodule
"""


@pytest.mark.parametrize(
    ("width", "depth"),
    [
        (1, 8192), (9, 2048), (20, 600), (36, 512),
        *(pytest.param(w, 16384 // w, marks=pytest.mark.exhaustive) for w in (2, 4)),
    ],
)  # fmt: skip
def test_a_table_in_block_memory_equals_its_rtl(
    width: int, depth: int, store: EvidenceStore
) -> None:
    """A port of each width; a bit that is flipped in its contents is found where it is read."""
    rng = random.Random(width)
    text = BLOCK_ROM.format(top=width - 1, last=depth - 1, high=(depth - 1).bit_length() - 1)
    words = "\n".join(f"{rng.getrandbits(width):x}" for _ in range(depth))
    sources = {"rom.sv": text, "words.hex": words}
    script = ["read_verilog -sv rom.sv", "synth_lattice -family ecp5 -top rom", "write_json o.json"]
    document = json.loads(run_yosys(script, sources, outputs=["o.json"]).files["o.json"])
    cells = document["modules"]["rom"]["cells"].values()
    (memory, *_) = [c for c in cells if c["type"] == "DP16KD"]

    def status() -> str:
        found = equivalent(sources, "rom", json.dumps(document), "ecp5", store=store)
        assert found.result["registers"] == width, found.result["reason"]
        return str(found.result["status"])

    assert status() == "equivalent"
    bits = memory["parameters"]["INITVAL_03"]
    at = len(bits) - 1 - 20 * 3
    memory["parameters"]["INITVAL_03"] = f"{bits[:at]}{1 - int(bits[at])}{bits[at + 1 :]}"
    assert status() == "different"


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"WEA": ["1"], "CEA": ["1"]}, "is written"),
        ({"CSB1": ["1"]}, "has a chip select"),
        ({"REGMODE_A": "OUTREG"}, "has an output register"),
        ({"CLKBMUX": "INV"}, "has CLKBMUX set"),
        ({"ADB13MUX": "INV"}, "has ADB13MUX set"),
        ({"DATA_WIDTH_A": "11"}, "has words of 3 bits"),
        ({"INITVAL_00": "0xFF"}, "has a INITVAL_00 that is not written in binary"),
        ({"DATA_WIDTH_B": "100100", "RSTA": [2]}, "has words of 36 bits and a reset at port A"),
        ({"RESETMODE": "ASYNC", "RSTA": [2]}, "has an asynchronous reset"),
    ],
)
def test_block_memory_used_otherwise_is_refused(changed: dict[str, Any], why: str) -> None:
    pins = {n: ["0"] for n in ("WEA", "WEB", "CSA0", "CSA1", "CSA2", "CSB0", "CSB1", "CSB2")}
    texts = {n: v for n, v in changed.items() if isinstance(v, str)}
    wires = pins | {n: v for n, v in changed.items() if not isinstance(v, str)}
    assert memory_of(Cell("DP16KD", {}), pins)
    with pytest.raises(UnmodelledCell, match=f"^cell DP16KD {why}, .*no model for$"):
        memory_of(Cell("DP16KD", texts), wires)
