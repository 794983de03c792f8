"""A compiled neuron behind a bus, as software sees it."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pytest

from sc_neurocore.compiler import Compiled, HardwareOptions, compile_model, simulate_fixed
from sc_neurocore.dynamics import build_model
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.hdl.registers import (
    BUSES,
    generate_bus_wrapper,
    generate_register_map,
    neuron_registers,
)
from sc_neurocore.hdl.registers._rtl import bus_widths
from sc_neurocore.toolchain import lint, simulate_rtl

PARAMS = {"I": 16, "leak": 16, "gain": 16}
#: Clocks that any operation gets.
CLOCKS = 4


@pytest.fixture(scope="module")
def neuron() -> Compiled:
    model = build_model(
        "v[n+1] = leak*v + gain*I", threshold="v > 1", reset="v = 0",
        params={"leak": 0.9, "gain": 0.5}, name="lif",
    )  # fmt: skip
    return compile_model(model, HardwareOptions(format="Q8.8", parameters="ports"))


def _files(text: str) -> dict[str, str]:
    """Each module in a file of its name."""
    parts = [part for part in re.split(r"(?<=`default_nettype wire\n)", text) if part]
    names = re.findall(r"^module (\w+)", text, re.MULTILINE)
    return {f"{name}.sv": part for name, part in zip(names, parts, strict=True)}


def _sources(neuron: Compiled, bus: str) -> dict[str, str]:
    return {**neuron.rtl.sources, **_files(generate_bus_wrapper("lif", PARAMS, bus))}


def _write(bus: str, address: int, data: int) -> list[dict[str, int]]:
    if bus == "wishbone":
        ask = {"wb_stb_i": 1, "wb_we_i": 1, "wb_sel_i": 15, "wb_adr_i": address, "wb_dat_i": data}
        return [{"wb_cyc_i": 1} | row for row in (ask, *[{}] * (CLOCKS - 1))]
    ask = {"s_axi_awvalid": 1, "s_axi_awaddr": address, "s_axi_wvalid": 1, "s_axi_wdata": data}
    idle: dict[str, int] = {}
    return [
        {"s_axi_bready": 1} | row for row in (ask | {"s_axi_wstrb": 15}, *[idle] * (CLOCKS - 1))
    ]


def _read(bus: str, address: int) -> list[dict[str, int]]:
    if bus == "wishbone":
        ask = {"wb_stb_i": 1, "wb_adr_i": address}
        return [{"wb_cyc_i": 1} | row for row in (ask, *[{}] * (CLOCKS - 1))]
    ask = {"s_axi_arvalid": 1, "s_axi_araddr": address}
    return [{"s_axi_rready": 1} | row for row in (ask, *[{}] * (CLOCKS - 1))]


def _answers(bus: str, seen: Mapping[str, np.ndarray]) -> list[int]:
    """Words read, in order."""
    if bus == "axi_lite":
        assert not (seen["s_axi_rresp"] | seen["s_axi_bresp"]).any()
        return seen["s_axi_rdata"][seen["s_axi_rvalid"] == 1].tolist()
    assert not seen["wb_err_o"].any()
    return seen["wb_dat_o"][seen["wb_ack_o"] == 1].tolist()


@pytest.mark.parametrize("bus", BUSES)
def test_no_front_end_warns(neuron: Compiled, bus: str, store: EvidenceStore) -> None:
    found = lint(_sources(neuron, bus), f"lif_{bus}", store=store)
    assert found.result["warnings"] == []


@pytest.mark.parametrize("bus", BUSES)
def test_software_steps_the_neuron(neuron: Compiled, bus: str, store: EvidenceStore) -> None:
    """Parameters, inputs and steps through the bus give what the bit-true model gives."""
    at = generate_register_map(PARAMS)
    rng = np.random.default_rng(0)
    inputs = rng.integers(0, 512, 20)
    wait: list[dict[str, int]] = [{}] * (neuron.rtl.cycles + 2)
    rows = _write(bus, at["LEAK"], 230) + _write(bus, at["GAIN"], 128)
    reads = []
    for value in inputs.tolist():
        rows += _write(bus, at["I"], value) + _write(bus, at["CONTROL"], 1) + wait
        reads += ["V_OUT", "STATUS", "STEPS"]
        rows += [row for name in reads[-3:] for row in _read(bus, at[name])]
    ports = bus_widths(neuron_registers("lif", PARAMS), bus)
    driven = {name: bits for name, (way, bits) in ports.items() if way == "input"}
    _, seen, _ = simulate_rtl(
        "yosys", _sources(neuron, bus), f"lif_{bus}", clock="clk", reset="rst_n",
        inputs={name: [row.get(name, 0) for row in rows] for name in driven}, input_widths=driven,
        output_widths={name: bits for name, (way, bits) in ports.items() if way == "output"},
        store=store,
    )  # fmt: skip
    words = _answers(bus, seen)
    if bus == "wishbone":  # writes are acknowledged with a zero
        words = [w for k, w in enumerate(words[2:]) if k % 5 > 1]
    run = simulate_fixed(
        neuron.datapath,
        {"I": inputs, "leak": np.full(20, 230), "gain": np.full(20, 128)},
    )
    assert words[0::3] == (run.states["v"][:, 0] & 0xFFFF).tolist()
    assert words[1::3] == (run.spikes[:, 0].astype(int) << 1).tolist()
    assert words[2::3] == list(range(1, 21))
    assert run.spikes.any()


def test_addresses_are_those_of_the_wrapper() -> None:
    at = generate_register_map({"leak_k": 16, "gain_k": 16, "I_t": 16}, base_address=0x4000)
    assert at == {
        "CONTROL": 0x4000, "STATUS": 0x4004, "TRAPS": 0x4008, "STEPS": 0x400C, "V_OUT": 0x4010,
        "LEAK_K": 0x4020, "GAIN_K": 0x4024, "I_T": 0x4028,
    }  # fmt: skip
    text = generate_bus_wrapper("sc_lif", {"leak_k": 16}, "wishbone", base_address=0x4000)
    assert "its registers at 0x4000" in text
    assert re.findall(r"^module (\w+)", text, re.MULTILINE) == [
        "sc_lif_wishbone", "sc_lif_registers", "sc_wishbone_slave",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"bus": "pci"}, "bus is 'pci'; it must be axi_lite or wishbone"),
        ({"inner_module": "a b"}, "inner module 'a b' is not a Verilog identifier"),
        ({"params": [1]}, r"params is \[1\]; it must give the bits of each port by name"),
        ({"params": {"clk": 1}}, "parameter 'clk' is a Verilog keyword or a port that every"),
        ({"params": {"reg": 1}}, "parameter 'reg' is a Verilog keyword or a port that every"),
        ({"params": {"a": 33}}, "width is 33; it must be a whole number from 1 to 32"),
        ({"params": {"a": 1, "A": 1}}, "the Verilog name 'a' is used twice"),
        ({"params": {f"p{k}": 1 for k in range(57)}}, "offset is 256; it must be a whole number"),
        ({"data_width": 40}, "width is 40; it must be a whole number from 1 to 32"),
        ({"bus_data_width": 16}, "data_bits is 16; it must be 32 or 64"),
        ({"addr_width": 4}, "offset is 16; it must be a whole number from 0 to 12"),
        ({"base_address": 4}, "base_address is 4; it must be a multiple of 256"),
    ],
)
def test_what_is_not_possible_is_refused(arguments: dict[str, object], sentence: str) -> None:
    given: dict[str, object] = {"inner_module": "lif", "params": PARAMS, **arguments}
    with pytest.raises(SCConfigError, match=sentence):
        generate_bus_wrapper(**given)  # type: ignore[arg-type]


def test_a_wide_bus_has_room_for_wide_parameters(store: EvidenceStore) -> None:
    text = generate_bus_wrapper("wide", {"a": 64, "b": 1}, data_width=64, bus_data_width=64)
    stub = (
        "module wide (input wire clk, input wire rst_n, input wire enable, input wire [63:0] a,\n"
        "  input wire b, output wire valid, output wire spike_out, output wire [63:0] v_out);\n"
        "  assign {valid, spike_out, v_out} = {clk & rst_n & enable, b, a};\nendmodule\n"
    )
    sources = {**_files(text), "wide.sv": stub}
    assert lint(sources, "wide_axi_lite", store=store).result["warnings"] == []
