"""Generated live banks behind each bus, against the model, for commands from hypothesis."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sc_neurocore.compiler.live_control import (
    BUS_PROTOCOLS,
    LiveControlModel,
    MMIOUpdateSpec,
    TrapSpec,
    generate_live_parameter_bank,
    place_banks,
)
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import SCCompilerError, SCConfigError
from sc_neurocore.toolchain import available_simulators, lint, simulate_rtl

from .commands import SEEN, Command, commands, seen, writes

SPEC = MMIOUpdateSpec(
    place_banks({"gain": (3, 5), "bias": (2, 17), "mode": (1, 1)}),
    traps=TrapSpec(overflow=True),
    name="demo",
)
#: Clocks that any command is done in: a SYNC takes 5 for each of 6 entries.
_PATIENCE = 40

Row = dict[str, int]
_WIDTHS = {
    "axi_lite": {"s_axi_awvalid": 1, "s_axi_awaddr": 8, "s_axi_wvalid": 1, "s_axi_wdata": 32,
                 "s_axi_wstrb": 4, "s_axi_bready": 1, "s_axi_arvalid": 1, "s_axi_araddr": 8,
                 "s_axi_rready": 1},
    "wishbone": {"wb_cyc_i": 1, "wb_stb_i": 1, "wb_we_i": 1, "wb_adr_i": 8, "wb_sel_i": 4,
                 "wb_dat_i": 32},
    "pcie_mmio": {"mmio_write": 1, "mmio_read": 1, "mmio_address": 8, "mmio_write_data": 32,
                  "mmio_byte_enable": 4},
}  # fmt: skip
_ANSWER = {
    "axi_lite": ("s_axi_rvalid", "s_axi_rdata"),
    "wishbone": ("wb_ack_o", "wb_dat_o"),
    "pcie_mmio": ("mmio_read_valid", "mmio_read_data"),
}


def _request(bus: str, address: int, value: int | None) -> list[Row]:
    """The clocks of a write, or of a read, as fast as a master may be."""
    writing = int(value is not None)
    if bus == "axi_lite":
        valid = {"s_axi_awvalid": writing, "s_axi_wvalid": writing, "s_axi_arvalid": 1 - writing}
        data = {"s_axi_awaddr": address, "s_axi_araddr": address, "s_axi_wdata": value or 0}
        ready = {"s_axi_wstrb": 15, "s_axi_bready": 1, "s_axi_rready": 1}
        return [valid | data | ready, ready]
    if bus == "wishbone":
        return [{"wb_cyc_i": 1, "wb_stb_i": 1, "wb_we_i": writing, "wb_adr_i": address,
                 "wb_sel_i": 15, "wb_dat_i": value or 0}]  # fmt: skip
    return [{"mmio_write": writing, "mmio_read": 1 - writing, "mmio_address": address,
             "mmio_write_data": value or 0, "mmio_byte_enable": 15}]  # fmt: skip


def _quiet(bus: str) -> Row:
    """A clock without a request, in which answers are taken."""
    if bus == "axi_lite":
        return {"s_axi_bready": 1, "s_axi_rready": 1}
    return {"wb_cyc_i": 1} if bus == "wishbone" else {}


def _follows(given_: list[Command], bus: str, simulator: str, store: EvidenceStore) -> None:
    spec = replace(SPEC, bus_protocol=bus)
    start = {"gain": 0b11111_00001_01010, "bias": 77}
    files = generate_live_parameter_bank(spec, start)
    widths = [bank.word_bits for bank in spec.banks]
    model = LiveControlModel(spec, {"gain": [10, 1, 31], "bias": [77]})
    places = spec.control_register_addresses()
    rows: list[Row] = []
    expected: list[int] = []
    words: list[tuple[int, int]] = []
    reads = 0
    for command in given_:
        for write in writes(spec, model, command):
            rows += _request(bus, write.address, write.value)
            model.write(write.address, write.value)
        rows += [_quiet(bus)] * _PATIENCE
        flat = [w for bank in spec.banks for w in model.active(bank.name)]
        each = [w for bank, w in zip(spec.banks, widths, strict=True) for _ in range(bank.entries)]
        lows = [0, *accumulate(each)]
        words.append((len(rows) - 1, sum(w << low for w, low in zip(flat, lows, strict=False))))
        found = seen(spec, model)
        for name in SEEN:
            rows += _request(bus, places[name], None)
            rows += [_quiet(bus)] * 3
        expected += found.values()
        reads += len(SEEN)
    inputs = _WIDTHS[bus] | {"trap_overflow": 1}
    valid, data = _ANSWER[bus]
    total = sum(bank.entries * bank.word_bits for bank in spec.banks)
    _, out, _ = simulate_rtl(
        simulator, files, spec.name, clock="clk", reset="rst_n",
        inputs={name: [row.get(name, 0) for row in rows] for name in inputs},
        input_widths=inputs,
        output_widths={valid: 1, data: 32, "parameter_words": total, "generation": 32, "trap": 1},
        store=store,
    )  # fmt: skip
    acks = [int(d) for v, d in zip(out[valid], out[data], strict=True) if v]
    if bus == "wishbone":  # which acknowledges writes, too
        kinds = [row["wb_we_i"] for row in rows if row.get("wb_stb_i")]
        acks = [d for d, writing in zip(acks, kinds, strict=True) if not writing]
    names = [f"{k // len(SEEN)}: {SEEN[k % len(SEEN)]}" for k in range(reads)]
    assert dict(zip(names, acks, strict=True)) == dict(zip(names, expected, strict=True))
    assert [(at, int(out["parameter_words"][at])) for at, _ in words] == words
    assert int(out["generation"][-1]) == model.generation


@pytest.mark.parametrize("bus", BUS_PROTOCOLS)
@given(given_=st.lists(commands(SPEC), min_size=30, max_size=60))
@settings(max_examples=1, deadline=None, suppress_health_check=list(HealthCheck))
def test_generated_banks_do_what_the_model_does(
    bus: str, store: EvidenceStore, given_: list[Command]
) -> None:
    _follows(given_, bus, "verilator", store)


@pytest.mark.exhaustive
@pytest.mark.parametrize("simulator", available_simulators())
@pytest.mark.parametrize("bus", BUS_PROTOCOLS)
@given(given_=st.lists(commands(SPEC), min_size=60, max_size=200))
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
def test_generated_banks_do_what_the_model_does_everywhere(
    bus: str, simulator: str, store: EvidenceStore, given_: list[Command]
) -> None:
    _follows(given_, bus, simulator, store)


@pytest.mark.parametrize("bus", BUS_PROTOCOLS)
def test_no_front_end_warns(bus: str, store: EvidenceStore) -> None:
    spec = replace(SPEC, bus_protocol=bus)
    files = generate_live_parameter_bank(spec)
    assert lint(files, spec.name, store=store).result["warnings"] == []


def test_banks_that_are_too_large_and_values_that_do_not_fit_are_refused() -> None:
    large = MMIOUpdateSpec(place_banks({"weights": (4096, 16)}))
    with pytest.raises(SCCompilerError, match="hold 65536 bits, and registers are for up to 32768"):
        generate_live_parameter_bank(large)
    with pytest.raises(SCCompilerError, match="the initial value of bank 'gain' does not fit its"):
        generate_live_parameter_bank(SPEC, {"gain": 1 << 15})
    with pytest.raises(SCConfigError, match="there is no bank 'none'"):
        generate_live_parameter_bank(SPEC, {"none": 1})
