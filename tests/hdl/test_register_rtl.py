"""The RTL of register maps: against their golden model, proven, and broken."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sc_neurocore.build import cosimulate_block
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.formal import ProofError, prove, prove_registers, register_properties
from sc_neurocore.hdl.blocks import Fault, register_block
from sc_neurocore.hdl.registers import (
    BUSES,
    Register,
    RegisterMap,
    device_registers,
    write_register_rtl,
)
from sc_neurocore.toolchain import available_simulators, get_target, lint, simulate_rtl, synthesise

from .maps import SMALL, random_map

every_bus = pytest.mark.parametrize("bus", BUSES)
DEVICE = device_registers(3)
#: Faults of the module that is written from `SMALL`.
FAULTS = (
    Fault("AT_LEVEL   = 6'h04", "AT_LEVEL   = 6'h0c", "has a register elsewhere"),
    Fault("level <= 32'h00001204", "level <= 32'h00001205", "starts elsewhere"),
    Fault("else if (write && write_address == AT_WORD)", "else if (write_address == AT_WORD)",
          "stores without a write"),
    Fault("if (write_mask[8]) word[15:8] <=", "word[15:8] <=", "ignores a strobe"),
    Fault("if (write_mask[24]) word", "if (write_mask[16]) word", "takes another byte's strobe"),
    Fault("level[3:0] <= write_data[3:0]", "level[4:0] <= write_data[4:0]",
          "stores a reserved bit"),
    Fault("AT_MODE: read_data = mode", "AT_MODE: read_data = word", "shows another register"),
    Fault("(wire_ & ~wire_clear) | wire_set", "wire_ & ~wire_clear", "is never set"),
    Fault("(traps & ~traps_clear) | traps_set", "(traps | traps_set) & ~traps_clear",
          "loses a bit that is set while it is cleared"),
    Fault("AT_WIRE}}\n        & write_data", "AT_WIRE}}\n        ",
          "clears bits whose one was not written"),
    Fault("go_write = write && write_whole &&", "go_write = write &&", "strobes for some bytes"),
    Fault("force_write = write && write_whole && write_address == AT_FORCE",
          "force_write = write && write_whole", "strobes for any register"),
    Fault("assign force_data = write_data", "assign force_data = read_data", "has other data"),
    Fault("default: read_error = 1'b1", "default: read_error = 1'b0", "reads where nothing is"),
    Fault("default: write_error = 1'b1", "default: write_error = 1'b0", "writes where nothing is"),
    Fault("AT_GO: write_error = !write_whole", "AT_GO: write_error = 1'b0",
          "takes half a command"),
)  # fmt: skip


@every_bus
@pytest.mark.parametrize("registers", [SMALL, DEVICE], ids=lambda m: m.name)
def test_no_front_end_warns(registers: RegisterMap, bus: str, store: EvidenceStore) -> None:
    sources = write_register_rtl(registers, bus)
    found = lint(sources, f"{registers.name}_registers", store=store)
    assert found.result["warnings"] == []


@pytest.mark.parametrize("access", ["ro", "rw", "wo", "w1c"])
def test_a_map_of_one_register_is_written_without_a_warning(
    access: str, store: EvidenceStore
) -> None:
    one = RegisterMap("one", (Register("A", 8, access),), data_bits=64)  # type: ignore[arg-type]
    for bus in BUSES:
        sources = write_register_rtl(one, bus)
        assert lint(sources, "one_registers", store=store).result["warnings"] == []


@every_bus
@pytest.mark.parametrize(
    ("registers", "simulator"),
    [(SMALL, "yosys"), (SMALL, "verilator")],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_the_rtl_follows_its_golden_model(
    registers: RegisterMap, bus: str, simulator: str, store: EvidenceStore
) -> None:
    run = cosimulate_block(register_block(registers, bus), simulator, cycles=3000, store=store)
    assert run.first is None
    assert (run.cycles, run.mismatches) == (3000, 0)


@every_bus
@pytest.mark.parametrize("registers", [SMALL, DEVICE], ids=lambda m: m.name)
def test_the_stimulus_reaches_every_register(registers: RegisterMap, bus: str) -> None:
    """Each is strobed, changed or read, and both kinds of answer are given."""
    block = register_block(registers, bus)
    given = block.stimulus(np.random.default_rng(0), 3000)
    seen = block.golden(3000, given)
    for register in registers.registers:
        if register.access == "wo":
            assert seen[f"{register.stem}_write"].any(), register.name
        elif register.access != "ro":
            assert len(set(seen[register.port].tolist())) > 2, register.name
    if bus == "axi_lite":
        assert set(seen["s_axi_bresp"].tolist()) == set(seen["s_axi_rresp"].tolist()) == {0, 2}
        waits = (seen["s_axi_bvalid"] == 1) & (given["s_axi_bready"] == 0)
        assert waits.sum() > 100
    else:
        assert seen["wb_ack_o"].sum() > 100
        assert seen["wb_err_o"].sum() > 10


@every_bus
@pytest.mark.parametrize("registers", [SMALL, DEVICE], ids=lambda m: m.name)
def test_every_claim_is_proven_for_all_time(
    registers: RegisterMap, bus: str, store: EvidenceStore
) -> None:
    proof = prove_registers(registers, bus, store=store)
    assert proof.holds
    counts = {"ro": 1, "rw": 2, "wo": 2, "w1c": 2}
    assert proof.assertions == 3 + sum(counts[r.access] for r in registers.registers)


@pytest.mark.parametrize("fault", FAULTS[::3], ids=lambda fault: fault.meaning)
def test_a_fault_is_refuted(fault: Fault, store: EvidenceStore) -> None:
    bus = tuple(BUSES)[FAULTS.index(fault) % len(BUSES)]
    sources = write_register_rtl(SMALL, bus)
    file = "small_registers.sv"
    broken = {**sources, file: fault.break_(sources[file])}
    assert prove_registers(SMALL, bus, store=store, sources=broken).refuted


@pytest.mark.exhaustive
@every_bus
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.meaning)
def test_a_fault_is_refuted_and_shows(fault: Fault, bus: str, store: EvidenceStore) -> None:
    block = register_block(SMALL, bus)
    broken = block.broken(fault)
    assert prove_registers(SMALL, bus, store=store, sources=broken).refuted
    run = cosimulate_block(block, "yosys", cycles=6000, store=store, sources=broken)
    assert run.first is not None


def test_a_missing_assertion_is_no_proof(store: EvidenceStore) -> None:
    claimed = register_properties(SMALL, "wishbone")
    sources = claimed.inject_into(write_register_rtl(SMALL, "wishbone"), "small_registers")
    more = len(claimed.properties) + 1
    with pytest.raises(ProofError, match=f"to {more - 1} assertions where {more} were written"):
        prove(sources, "small_registers", more, store=store, prefix=claimed.prefix)


@pytest.mark.parametrize("seed", [0, *(pytest.param(s, marks=pytest.mark.exhaustive)
                                       for s in range(1, 12))])  # fmt: skip
@every_bus
def test_random_maps_are_proven_and_simulated(seed: int, bus: str, store: EvidenceStore) -> None:
    for data_bits in (32, 64):
        registers = random_map(seed, data_bits)
        sources = write_register_rtl(registers, bus)
        top = f"{registers.name}_registers"
        assert lint(sources, top, store=store).result["warnings"] == []
        assert prove_registers(registers, bus, store=store).holds
    block = register_block(random_map(seed), bus)
    assert cosimulate_block(block, "yosys", cycles=1000, store=store, seed=seed).first is None


@pytest.mark.exhaustive
@every_bus
@pytest.mark.parametrize("registers", [SMALL, DEVICE], ids=lambda m: m.name)
@pytest.mark.parametrize("simulator", available_simulators())
def test_every_simulator_follows_the_golden_model_for_long(
    registers: RegisterMap, bus: str, simulator: str, store: EvidenceStore
) -> None:
    run = cosimulate_block(
        register_block(registers, bus), simulator, cycles=50_000, store=store, seed=1
    )
    assert (run.cycles, run.mismatches) == (50_000, 0)


def _wave(bus: str, rows: list[dict[str, int]], store: EvidenceStore) -> dict[str, list[int]]:
    """What the ports of `SMALL` do; an input that is not named is zero."""
    block = register_block(SMALL, bus)
    inputs = {name: [row.get(name, 0) for row in rows] for name in block.inputs}
    _, outputs, _ = simulate_rtl(
        "yosys", block.sources, block.module, clock="clk", reset="rst_n", inputs=inputs,
        input_widths=block.inputs, output_widths=block.outputs, store=store,
    )  # fmt: skip
    return {name: levels.tolist() for name, levels in outputs.items()}


def test_a_write_and_a_read_by_hand_on_axi_lite(store: EvidenceStore) -> None:
    """Rows are the outputs after each edge: data first, address later, a slow master."""
    rows: list[dict[str, int]] = [
        {"s_axi_wvalid": 1, "s_axi_wdata": 0x12345678, "s_axi_wstrb": 0b0110},
        {"s_axi_awvalid": 1, "s_axi_awaddr": 0x3D},
        {}, {}, {"s_axi_bready": 1},
        {"s_axi_arvalid": 1, "s_axi_araddr": 0x3C, "s_axi_rready": 1},
        {"s_axi_rready": 1}, {"s_axi_rready": 1}, {},
    ]  # fmt: skip
    seen = _wave("axi_lite", rows, store)
    assert seen["s_axi_wready"] == [0, 0, 1, 1, 1, 1, 1, 1, 1]
    assert seen["s_axi_awready"] == [1, 0, 1, 1, 1, 1, 1, 1, 1]
    assert seen["s_axi_bvalid"] == [0, 0, 1, 1, 0, 0, 0, 0, 0]
    assert seen["word"][1:3] == [0xDEADBEEF, 0xDE3456EF]
    assert seen["s_axi_rvalid"] == [0, 0, 0, 0, 0, 0, 1, 0, 0]
    assert seen["s_axi_rdata"][6] == 0xDE3456EF
    assert (seen["s_axi_bresp"][2], seen["s_axi_rresp"][6]) == (0, 0)


def test_requests_by_hand_on_wishbone(store: EvidenceStore) -> None:
    """A command, half a command, a read of nothing: one a clock, answered two clocks later."""
    bus = {"wb_cyc_i": 1, "wb_stb_i": 1, "wb_sel_i": 15}
    rows = [
        bus | {"wb_we_i": 1, "wb_adr_i": 0x08, "wb_dat_i": 0xFFFFFFFF},
        bus | {"wb_we_i": 1, "wb_adr_i": 0x08, "wb_dat_i": 0xFFFFFFFF, "wb_sel_i": 7},
        bus | {"wb_adr_i": 0x0C},
        bus | {"wb_adr_i": 0x00},
        {"wb_cyc_i": 1, "version": 77},
        {"wb_cyc_i": 1},
        {},
    ]
    seen = _wave("wishbone", rows, store)
    assert seen["go_write"] == [1, 0, 0, 0, 0, 0, 0]
    assert seen["go_data"][0] == 0x31
    assert seen["wb_ack_o"] == [0, 1, 0, 0, 1, 0, 0]
    assert seen["wb_err_o"] == [0, 0, 1, 1, 0, 0, 0]
    assert seen["wb_dat_o"][4] == 77


def test_a_trap_that_is_set_while_it_is_cleared_stays(store: EvidenceStore) -> None:
    write = {"wb_cyc_i": 1, "wb_stb_i": 1, "wb_we_i": 1, "wb_sel_i": 15, "wb_adr_i": 0x10}
    rows: list[dict[str, int]] = [
        {"traps_set": 0xFFFFFFFF}, write | {"wb_dat_i": 3}, {"traps_set": 1},
        write | {"wb_dat_i": 0x80000001}, {},
    ]  # fmt: skip
    seen = _wave("wishbone", rows, store)
    assert seen["traps"] == [0x80000007, 0x80000007, 0x80000005, 0x80000005, 0x4]


@pytest.mark.parametrize(("bus", "control"), [("axi_lite", 7), ("wishbone", 4)])
def test_the_flip_flops_are_those_of_the_map_and_the_slave(
    bus: str, control: int, store: EvidenceStore
) -> None:
    sources = write_register_rtl(SMALL, bus)
    found = synthesise(sources, "small_registers", get_target("ice40-hx8k"), store=store).result
    stored = 12 + 4 + 32 + 2 + 32  # LEVEL, TRAPS, WIRE, MODE, WORD
    held = {"axi_lite": 4 + 4 + 32 + 4 + 32, "wishbone": 4 + 32 + 4 + 32}[bus]
    assert found["ffs"] == stored + held + control


def test_an_unknown_bus_is_refused() -> None:
    with pytest.raises(SCConfigError, match="bus is 'pci'; it must be axi_lite or wishbone"):
        write_register_rtl(SMALL, "pci")
    with pytest.raises(SCConfigError, match="bus is 'pci'; it must be axi_lite or wishbone"):
        register_properties(replace(SMALL, name="other"), "pci")
