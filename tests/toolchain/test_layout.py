"""Place and route on an iCE40, with the real tools; other families in the exhaustive suite."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import SCConfigError, ToolError
from sc_neurocore.toolchain import get_target, implement, place_and_route, synthesise
from sc_neurocore.toolchain._layout import _GoingInCirclesError, _RouterWatch

HX8K = get_target("ice40-hx8k")


def test_a_bare_module_is_placed_when_its_pins_fit(
    store: EvidenceStore, lif: dict[str, str]
) -> None:
    stages: list[str] = []
    done = implement(
        lif, "lif", HX8K, clock="clk", reset="rst_n", store=store, freq_mhz=40,
        on_stage=stages.append,
    )  # fmt: skip
    result = done.layout.result
    assert done.board is None
    assert stages[-2:] in (["nextpnr-ice40", "icepack"], [])
    assert done.layout.word == "measured"
    # The figure this project promises for the neuron: at most 150 cells.
    cells = result["logic_cells"]
    assert cells["available"] == 7680 and 126 <= cells["used"] <= 150  # type: ignore[index, call-overload, operator]
    assert result["wrapper_cells"] == 0
    assert result["fmax_mhz"] > 50 and result["timing_met"] is True  # type: ignore[operator]
    assert result["ffs"] == done.synthesis.result["ffs"] == 22
    # The preamble of every iCE40 bitstream.
    assert b"\x7e\xaa\x99\x7e" in store.blob(done.layout.key, "bitstream")[:64]
    assert b".device 8k" in store.blob(done.layout.key, "config")


def test_the_critical_path_adds_up_and_points_into_the_source(
    store: EvidenceStore, lif: dict[str, str]
) -> None:
    done = implement(lif, "lif", HX8K, clock="clk", reset="rst_n", store=store, freq_mhz=40)
    path: list[dict[str, object]] = done.layout.result["critical_path"]  # type: ignore[assignment]
    period = sum(step["delay_ns"] for step in path)  # type: ignore[misc]
    assert period == pytest.approx(1e3 / done.layout.result["fmax_mhz"], abs=0.05)  # type: ignore[operator]
    assert (path[0]["kind"], path[-1]["kind"]) == ("clk-to-q", "setup")
    sources = {str(step["source"]).split(":")[0] for step in path if step["source"]}
    assert sources == {"lif.v"}
    lines = {int(str(s["source"]).split(":")[1].split(".")[0]) for s in path if s["source"]}
    assert lines <= set(range(1, 36))


def test_a_wrapped_module_counts_the_same_without_its_wrapper(
    store: EvidenceStore, lif: dict[str, str]
) -> None:
    bare = implement(lif, "lif", HX8K, clock="clk", reset="rst_n", store=store, freq_mhz=40)
    few_pins = replace(HX8K, ios=10)
    wrapped = implement(lif, "lif", few_pins, clock="clk", reset="rst_n", store=store, freq_mhz=40)
    assert wrapped.board is not None
    assert wrapped.layout.result["logic_cells"] == bare.layout.result["logic_cells"]
    for resource in ("luts", "ffs", "carries"):
        assert wrapped.layout.result[resource] == bare.layout.result[resource]
    # 17 input bits and 17 output bits in flip-flops, and an inverter.
    assert wrapped.layout.result["wrapper_cells"] == 35
    assert wrapped.layout.result["utilisation"]["SB_IO"]["used"] == 5  # type: ignore[index, call-overload]


def test_too_many_pins_is_said_with_the_numbers(store: EvidenceStore) -> None:
    text = "module wide(input [150:0] a, output [150:0] y); assign y = ~a; endmodule"
    record = synthesise({"w.v": text}, "wide", HX8K, store=store)
    with pytest.raises(ToolError) as caught:
        place_and_route(store.blob(record.key, "netlist.json"), HX8K, store=store)
    assert str(caught.value) == (
        "wide has 302 port bits but iCE40HX8K in ct256 has 206 pins; wrap it with serial_wrapper"
    )


def test_too_large_a_design_is_said_with_the_numbers(store: EvidenceStore) -> None:
    small = replace(HX8K, device="iCE40LP384", nextpnr=("--lp384", "--package", "cm49"))
    text = """\
module big(input clk, input d, output q);
  reg [499:0] s;
  always @(posedge clk) s <= {s[498:0], d};
  assign q = s[499];
endmodule
"""
    record = synthesise({"b.v": text}, "big", small, store=store)
    with pytest.raises(ToolError) as caught:
        place_and_route(store.blob(record.key, "netlist.json"), small, store=store)
    assert str(caught.value) == (
        "the design does not fit iCE40LP384: it needs 501 ICESTORM_LC and there are 384"
    )


def test_an_unreachable_clock_is_not_met_and_the_best_is_said(
    store: EvidenceStore, lif: dict[str, str]
) -> None:
    done = implement(lif, "lif", HX8K, clock="clk", reset="rst_n", store=store, freq_mhz=400)
    assert done.layout.result["timing_met"] is False
    assert 50 < done.layout.result["fmax_mhz"] < 100  # type: ignore[operator]


def test_a_design_without_registers_has_no_clock(store: EvidenceStore) -> None:
    text = "module inv(input a, output y); assign y = ~a; endmodule"
    record = synthesise({"i.v": text}, "inv", HX8K, store=store)
    netlist = store.blob(record.key, "netlist.json")
    result = place_and_route(netlist, HX8K, store=store, freq_mhz=10).result
    assert result["fmax_mhz"] is None and result["timing_met"] is None
    assert result["critical_path"] == []
    assert [p["from"] for p in result["async_paths"]] == ["<async>"]  # type: ignore[union-attr, index, call-overload]


def test_a_target_without_a_router_says_so(store: EvidenceStore) -> None:
    with pytest.raises(SCConfigError) as caught:
        place_and_route(b"{}", get_target("xilinx7"), store=store)
    assert str(caught.value) == (
        "target 'xilinx7' cannot be placed and routed; only synthesis figures exist"
    )


def test_a_time_out_is_said(fresh_store: EvidenceStore, lif: dict[str, str]) -> None:
    record = synthesise(lif, "lif", HX8K, store=fresh_store)
    netlist = fresh_store.blob(record.key, "netlist.json")
    with pytest.raises(ToolError) as caught:
        place_and_route(netlist, HX8K, store=fresh_store, timeout_s=0.05)
    assert str(caught.value) == (
        "nextpnr-ice40 did not finish within 0.05 s; raise the time limit or make the design "
        "smaller"
    )
    assert [r.tool for r in fresh_store.records()] == ["yosys"]


# Lines that nextpnr 0.11 printed: a healthy run, and one that never ended.
HEALTHY = "Info:       1000 |       95        904 |   95   904 |       291|       0.05       0.05|"
STUCK = "Info:     221000 |   220674        248 | 1000     0 |       165|       0.09      19.07|"
ROUTER2 = "Info:     iter={} wires=8032 overused=1 overuse=1 archfail=NA"


def test_a_router_that_goes_in_circles_is_ended() -> None:
    watch = _RouterWatch()
    for _ in range(24):
        watch(STUCK)
    watch(HEALTHY)  # progress starts the count again
    for _ in range(24):
        watch(STUCK)
    with pytest.raises(_GoingInCirclesError):
        watch(STUCK)


def test_the_other_router_too() -> None:
    watch = _RouterWatch()
    watch(ROUTER2.format(1000))
    with pytest.raises(_GoingInCirclesError):
        watch(ROUTER2.format(1001))


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", ["ice40-up5k", "ecp5-25k", "ecp5-85k", "gowin-gw1n9",
                                  "gowin-gw2a18"])  # fmt: skip
def test_every_family_places_the_neuron_bare_and_wrapped(
    name: str, store: EvidenceStore, lif: dict[str, str]
) -> None:
    target = get_target(name)
    bare = implement(lif, "lif", target, clock="clk", reset="rst_n", store=store)
    few_pins = replace(target, ios=10)
    wrapped = implement(lif, "lif", few_pins, clock="clk", reset="rst_n", store=store)
    for layout in (bare.layout, wrapped.layout):
        assert layout.result["fmax_mhz"] > 15  # type: ignore[operator]
        assert layout.result["critical_path"]
        assert len(store.blob(layout.key, "bitstream")) > 1000
    assert wrapped.board is not None
    # Gowin's router may add or spare a LUT in front of a flip-flop.
    spread = 4 if target.family == "gowin" else 0
    used = [d.layout.result["logic_cells"]["used"] for d in (bare, wrapped)]  # type: ignore[index, call-overload]
    assert used[1] == pytest.approx(used[0], abs=spread)
    assert wrapped.layout.result["luts"] == bare.layout.result["luts"]
