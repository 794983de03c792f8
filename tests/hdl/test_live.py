"""Live banks in memory: a control, two banks and a reader, as a host and an engine see them."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pytest

from sc_neurocore.compiler.live_control import (
    LiveControlModel,
    MMIOUpdateSpec,
    ParameterBankSpec,
    crc32_update_guard,
)
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.formal import prove_block
from sc_neurocore.hdl import library_source
from sc_neurocore.hdl.blocks import BLOCKS, Block, Fault
from sc_neurocore.hdl.blocks._live import live_memory
from sc_neurocore.hdl.blocks._live_control import live_control
from sc_neurocore.toolchain import available_simulators, get_target, lint, simulate_rtl, synthesise

#: A narrow bank of 3 words, and a wide one of 2, whose words are 3 entries, the last of 42 bits.
SPEC = MMIOUpdateSpec(
    (ParameterBankSpec("narrow", 0, 3, 10), ParameterBankSpec("wide", 64, 6, 64)),
)
_NARROW = [0x155, 0x2AA, 0x0F0]
_WIDE = [0x0123_4567_89AB_CDEF_1122_3344_5566_7788_99AA_BBCC_DD, 0x0F << 160 | 0xF00D]
_TOP = """
module live_system (
    input wire clk, input wire rst_n,
    input wire [31:0] bank_select, entry_index, data_lo, data_hi, guard,
    input wire [31:0] expect_count, expect_crc, apply_tick,
    input wire command_write, input wire [31:0] command_data,
    input wire engine_idle, input wire reads, input wire [1:0] address,
    output wire [31:0] update_status, read_lo, read_hi, loaded_count, loaded_crc, generation,
    output reg [31:0] traps,
    output wire [9:0] narrow, output wire [63:0] wide_0, wide_1, output wire [41:0] wide_2
);
    wire [31:0] traps_set, host_entry;
    wire [7:0] host_bank;
    wire [63:0] host_data, answer_0, answer_1;
    wire host_write, host_read, host_half, target_half, pending;
    always @(posedge clk) traps <= rst_n ? traps | traps_set : 32'd0;

    // The reader changes halves where a tick begins, which is here where it pauses.
    reg half;
    initial half = 1'b0;
    always @(posedge clk) if (engine_idle) half <= target_half;
    sc_live_control #(.BANKS(2), .ENTRIES({32'd6, 32'd3})) control (
        .clk(clk), .rst_n(rst_n), .bank_select(bank_select), .entry_index(entry_index),
        .data_lo(data_lo), .data_hi(data_hi), .guard(guard), .expect_count(expect_count),
        .expect_crc(expect_crc), .apply_tick(apply_tick), .command_write(command_write),
        .command_data(command_data), .update_status(update_status), .read_lo(read_lo),
        .read_hi(read_hi), .loaded_count(loaded_count), .loaded_crc(loaded_crc),
        .generation(generation), .traps_set(traps_set), .host_write(host_write),
        .host_read(host_read), .host_half(host_half), .host_bank(host_bank),
        .host_entry(host_entry), .host_data(host_data), .host_answer(answer_0 | answer_1),
        .target_half(target_half), .swap_pending(pending), .swap_tick(),
        .swapped(half == target_half), .engine_idle(engine_idle)
    );
    sc_live_memory #(.BANK(0), .WORD_BITS(10), .DEPTH(3), .FILE("narrow.hex")) bank_0 (
        .clk(clk), .host_write(host_write), .host_read(host_read), .host_half(host_half),
        .host_bank(host_bank), .host_entry(host_entry), .host_data(host_data),
        .host_answer(answer_0), .read_enable(reads), .read_address(address), .read_half(half),
        .word(narrow)
    );
    sc_live_memory #(.BANK(1), .WORD_BITS(170), .DEPTH(2), .FILE("wide.hex")) bank_1 (
        .clk(clk), .host_write(host_write), .host_read(host_read), .host_half(host_half),
        .host_bank(host_bank), .host_entry(host_entry), .host_data(host_data),
        .host_answer(answer_1), .read_enable(reads), .read_address(address[0]), .read_half(half),
        .word({wide_2, wide_1, wide_0})
    );
endmodule
"""
_FILES = {
    **{f: library_source(f) for f in ("sc_crc32.sv", "sc_live_control.sv", "sc_live_memory.sv")},
    "live_system.sv": _TOP,
    "narrow.hex": "".join(f"{word:x}\n" for word in _NARROW),
    "wide.hex": "".join(f"{word:x}\n" for word in _WIDE),
}
_PINS = {
    **dict.fromkeys(("bank_select", "entry_index", "data_lo", "data_hi", "guard"), 32),
    **dict.fromkeys(("expect_count", "expect_crc", "apply_tick", "command_data"), 32),
    "command_write": 1, "engine_idle": 1, "reads": 1, "address": 2,
}  # fmt: skip
_SEEN = {
    **dict.fromkeys(("update_status", "read_lo", "read_hi", "loaded_count", "loaded_crc"), 32),
    "generation": 32, "traps": 32, "narrow": 10, "wide_0": 64, "wide_1": 64, "wide_2": 42,
}  # fmt: skip
#: Clocks in which a SYNC of 9 entries is done.
_PATIENCE = 52


class _Bench:
    """Clocks of a host and a reader, and what the model says has to be seen after some."""

    def __init__(self) -> None:
        entries = [w >> 64 * k & (1 << 64) - 1 for w in _WIDE for k in range(3)]
        self.model = LiveControlModel(SPEC, {"narrow": _NARROW, "wide": entries})
        self.pins = dict.fromkeys(_PINS, 0)
        self.rows: list[dict[str, int]] = []
        self.expected: list[tuple[int, dict[str, int]]] = []

    def clock(self, count: int = 1, **pins: int) -> None:
        self.rows += [self.pins | pins] * count

    def command(self, code: int, **registers: int) -> None:
        """Write registers and a command, to both."""
        places = SPEC.control_register_addresses()
        for name, value in registers.items():
            self.model.write(places[name.upper()], value)
        self.pins |= registers
        self.model.write(places["COMMAND"], code)
        self.clock(command_write=1, command_data=code)

    def idle(self, idle: bool) -> None:
        self.pins["engine_idle"] = int(idle)
        self.model.engine_idle = idle

    def compare(self) -> None:
        """What the registers show now, and what the reader finds at every address."""
        model, places = self.model, SPEC.control_register_addresses()
        registers = {
            n: model.read(places[n.upper()]) for n in _SEEN if n.upper() in places
        } | {"generation": model.generation}  # fmt: skip
        self.expected.append((len(self.rows) - 1, registers))
        if model.busy or model.pending:
            return
        narrow, wide = model.active("narrow"), model.active("wide")
        for k in range(3):
            self.clock(reads=1, address=k, engine_idle=0)
            words = {"narrow": narrow[k]}
            for s in range(3):
                kept = (1 << _SEEN[f"wide_{s}"]) - 1
                words[f"wide_{s}"] = wide[3 * (k & 1) + s] & kept
            self.expected.append((len(self.rows) - 1, words))
        self.clock()

    def run(self, simulator: str, store: EvidenceStore, files: Mapping[str, str]) -> list[str]:
        """What was seen instead of what was expected."""
        _, out, _ = simulate_rtl(
            simulator, files, "live_system", clock="clk", reset="rst_n",
            inputs={name: [row[name] for row in self.rows] for name in _PINS},
            input_widths=_PINS, output_widths=_SEEN, store=store,
        )  # fmt: skip
        return [
            f"clock {at}: {name} is {int(out[name][at]):#x}, not {value:#x}"
            for at, values in self.expected
            for name, value in values.items()
            if int(out[name][at]) != value
        ]


def _session(seed: int, commands: int) -> _Bench:
    rng = np.random.default_rng(seed)
    bench = _Bench()
    bench.clock(2, reads=1)  # the reader's word is undefined until it has read
    model = bench.model
    for _ in range(commands):
        bank = int(rng.integers(0, 2 + (rng.random() < 0.05)))
        entry = int(rng.integers(0, (3, 6, 1)[bank] + (rng.random() < 0.1)))
        value = int.from_bytes(rng.bytes(8), "little")
        value &= 0x3FF if bank == 0 else (1 << 42) - 1 if entry % 3 == 2 else (1 << 64) - 1
        words = (bank, entry, value & 0xFFFFFFFF, value >> 32)
        bench.idle(bool(rng.random() < 0.7))
        bench.command(
            int(rng.choice([1, 1, 1, 1, 1, 2, 2, 3, 4, 5, 5, 7])),
            bank_select=bank, entry_index=entry, data_lo=words[2], data_hi=words[3],
            guard=crc32_update_guard(*words) ^ int(rng.random() < 0.1),
            expect_count=model.loaded_count,
            expect_crc=model.loaded_crc ^ int(rng.random() < 0.2), apply_tick=0,
        )  # fmt: skip
        bench.clock(_PATIENCE)
        bench.compare()
        if not model.engine_idle:
            bench.idle(True)
            bench.clock(_PATIENCE)
            bench.compare()
    return bench


@pytest.mark.parametrize("simulator", ["verilator", "yosys"])
def test_halves_in_memory_do_what_the_model_does(simulator: str, store: EvidenceStore) -> None:
    commands = {"verilator": 200, "yosys": 25}[simulator]
    assert _session(1, commands).run(simulator, store, _FILES) == []


@pytest.mark.exhaustive
@pytest.mark.parametrize("simulator", available_simulators())
@pytest.mark.parametrize("seed", range(5))
def test_long_sessions(seed: int, simulator: str, store: EvidenceStore) -> None:
    assert _session(seed, 1000).run(simulator, store, _FILES) == []


def test_no_front_end_warns_of_the_memory(store: EvidenceStore) -> None:
    for word_bits, depth in ((1, 1), (10, 3), (64, 4), (130, 5)):
        block = live_memory(0, word_bits, depth)
        assert lint(block.sources, block.module, store=store).result["warnings"] == []


@pytest.mark.parametrize(
    "block",
    [live_memory(1, 130, 3), *(
        pytest.param(live_memory(*sizes), marks=pytest.mark.exhaustive)
        for sizes in ((0, 10, 1), (2, 64, 4), (255, 192, 2), (3, 300, 5))
    )],
    ids=lambda block: block.name,
)  # fmt: skip
def test_every_claim_about_the_memory_is_proven(block: Block, store: EvidenceStore) -> None:
    proof = prove_block(block, store=store)
    assert proof.holds
    assert proof.assertions == block.assertions == 9


def test_a_memory_that_divides_wrongly_is_refuted(store: EvidenceStore) -> None:
    block = live_memory(1, 130, 3)
    assert prove_block(block, store=store, sources=block.broken(block.faults[2])).refuted


@pytest.mark.exhaustive
@pytest.mark.parametrize("fault", live_memory(1, 130, 3).faults, ids=lambda fault: fault.meaning)
def test_every_fault_of_the_memory_is_refuted(fault: Fault, store: EvidenceStore) -> None:
    block = live_memory(1, 130, 3)
    assert prove_block(block, store=store, sources=block.broken(fault)).refuted


#: Faults that show only some clocks after a load, and so take the solver a minute.
DEEP = (
    Fault("digest == held_guard", "1'b1", "loads whatever the guard is"),
    Fault("command == APPLY && !expected", "1'b0", "applies whatever was staged"),
    Fault("half ^ (state != READ)", "half ^ (state == STORE)", "copies to the active half"),
)


@pytest.mark.exhaustive
@pytest.mark.parametrize("fault", DEEP, ids=lambda fault: fault.meaning)
def test_a_deep_fault_of_the_control_is_refuted(fault: Fault, store: EvidenceStore) -> None:
    block = live_control((3, 2))
    broken = block.broken(fault)
    assert prove_block(block, store=store, sources=broken, max_depth=9, timeout_s=300).refuted


@pytest.mark.parametrize(
    ("word_bits", "depth", "brams"),
    [
        # 128 words of 64 weights of 4 bits: 16 blocks, as without a second half.
        (256, 128, {"ice40-hx8k": 16, "ecp5-25k": 8}),
        (16, 256, {"ice40-hx8k": 2, "ecp5-25k": 1}),
        pytest.param(
            192, 100, {"ice40-hx8k": 12, "ecp5-25k": 6}, marks=pytest.mark.exhaustive
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("target", ["ice40-hx8k", "ecp5-25k"])
def test_both_halves_are_block_ram(
    word_bits: int, depth: int, brams: dict[str, int], target: str, store: EvidenceStore
) -> None:
    block = live_memory(0, word_bits, depth)
    found = synthesise(block.sources, block.module, get_target(target), store=store).result
    assert found["brams"] == brams[target]
    assert found["ffs"] < 100  # type: ignore[operator]


def test_the_control_takes_what_its_text_says(store: EvidenceStore) -> None:
    block = next(b for b in BLOCKS if b.module == "sc_live_control")
    found = synthesise(block.sources, block.module, get_target("ice40-hx8k"), store=store).result
    text = library_source(block.file)
    ffs, luts = map(int, re.findall(r"Area: about (\d+) flip-flops and (\d+) look-up", text)[0])
    assert found["ffs"] == pytest.approx(ffs, rel=0.1)
    assert found["luts"] == pytest.approx(luts, rel=0.1)
