"""Reports of Vivado, Quartus, Yosys and nextpnr: several layouts, and what is not whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.optimizer._reports import Report, combine, read_report, read_report_file
from sc_neurocore.optimizer.observation_loader import ObservationLoadError
from sc_neurocore.toolchain import get_target, run_yosys, synthesise

REPORTS = Path(__file__).parent / "reports"

# Read off the files by eye.
AREA = {
    "vivado_2018_utilisation.rpt": (2417, "lut6", 1880, 9, 2),
    "vivado_2020_synthesised.rpt": (2490, "lut6", 1880, 0, 0),
    "vivado_2021_hierarchy.rpt": (2417, "lut6", 1880, 9, 2),
    "vivado_2023_utilisation.rpt": (2288, "lut6", 1874, 10, 0),
    "quartus_12_stratixiv.fit.summary": (2071, "alut", 1911, None, None),
    "quartus_13_cycloneiv.fit.rpt": (3050, "lut4", 1902, 5, None),
    "quartus_20_cyclonev.fit.summary": (1234, "alm", 2345, 4, 2),
    "vivado_2019_hierarchy.rpt": (1842, "lut6", 2001, 7, 4),
    # The share of each die (SLR) stands below the counts of the device.
    "vivado_2021_ultrascaleplus.rpt": (10342, "lut6", 12001, 25, 7),
    "vivado_2023_versal.rpt": (1342, "lut6", 1201, 4, 3),
    "quartus_18_max10.fit.summary": (1100, "lut4", 456, None, None),
    # One count stands in it twice, with its share of the device and without.
    "quartus_20_cyclonev.fit.rpt": (1234, "alm", 2345, 8, 0),
    # Written by the tool itself, but for the directory of its libraries.
    "nextpnr_0.11_ice40.json": (10, "lc", None, 0, None),
    "nextpnr_0.11_ecp5.json": (14, "lut4", 8, 0, 0),
}
POWER = {
    "vivado_2018_power.rpt": (112.0, 41.0, "Medium"),
    "vivado_2022_power.rpt": (112345.0, 101345.0, "Low"),
    # Those of transceivers are parts too.
    "quartus_13_arriav.pow.summary": (
        1137.53, 34.5, "Low: user provided insufficient toggle rate data"),
    "quartus_18_arria10.pow.summary": (
        3137.53, 34.5, "Low: user provided insufficient toggle rate data"),
    "quartus_13_cycloneiv.pow.rpt": (
        106.22, 12.05, "Medium: user provided moderately complete toggle rate data"),
    "quartus_20_cyclonev.pow.summary": (
        421.23, 1.23, "Low: user provided insufficient toggle rate data"),
}  # fmt: skip
FMAX = {
    "vivado_2018_timing.rpt": {"sys_clk_pin": 130.634},  # 1/(10.000 - 2.345) ns
    # The feedback clock ends at no register, so the cell under its slack is empty.
    "vivado_2022_two_clocks.rpt": {"sys_clk_pin": 166.667, "clk_fast_clk_wiz_0": 190.476},
    "vivado_2021_generated_clocks.rpt": {"clk_pl_0": 222.717, "clk_out1_clk_wiz_0": 242.718},
    "quartus_21_pro.sta.rpt": {"clk": 450.05, "clk2": 301.11},
    "quartus_13_cycloneiv.sta.rpt": {"clk_fast": 250.0, "clk": 98.7},
    "quartus_20_cyclonev.sta.rpt": {"clk": 118.03},
    "nextpnr_0.11_ice40.json": {"clk$SB_IO_IN_$glb_clk": 369.139892578125},
    "nextpnr_0.11_ecp5.json": {"$glbnet$clk$TRELLIS_IO_IN": 391.8495178222656},
}


def read(name: str) -> Report:
    (report,) = read_report_file(REPORTS / name)
    return report


def refused(text: str, source: str = "x.rpt") -> str:
    with pytest.raises(ObservationLoadError) as caught:
        read_report(text, source)
    return str(caught.value)


def text_of(name: str) -> str:
    return (REPORTS / name).read_text(encoding="utf-8")


def test_every_report_is_tested() -> None:
    assert {p.name for p in REPORTS.iterdir()} == {*AREA, *POWER, *FMAX}


@pytest.mark.parametrize("name", AREA)
def test_area(name: str) -> None:
    metrics = read(name).metrics
    keys = ("luts_used", "lut_unit", "ffs", "brams", "dsps")
    assert tuple(metrics.get(key) for key in keys) == AREA[name]
    assert all(type(metrics[key]) is int for key in keys if key in metrics and key != "lut_unit")


@pytest.mark.parametrize("name", POWER)
def test_power(name: str) -> None:
    report = read(name)
    assert report.metrics == {
        "power_mw": POWER[name][0],
        "dynamic_mw": POWER[name][1],
        "power_source": "vendor estimate",
    }
    assert report.details["power_confidence"] == POWER[name][2]


@pytest.mark.parametrize("name", FMAX)
def test_fmax(name: str) -> None:
    report = read(name)
    assert report.details["clocks_mhz"] == FMAX[name]
    assert report.metrics["fmax_mhz"] == min(FMAX[name].values())


def test_reports_name_their_tool_and_design() -> None:
    assert read("vivado_2023_utilisation.rpt").to_json() == {
        "file": str(REPORTS / "vivado_2023_utilisation.rpt"), "kind": "Vivado utilisation",
        "version": "Vivado 2023.1", "stage": "Fully Placed", "top": "hidden_layer",
        "device": "xcku040-ffva1156-2-e",
    }  # fmt: skip
    fit = read("quartus_13_cycloneiv.fit.rpt")
    assert fit.version == "Quartus II 64-Bit 13.1.0" and fit.stage == "Fitter"
    assert fit.details == {"multiplier_9bit_elements": 4}
    assert fit.identity == {"top": "hidden_layer", "revision": "hidden", "device": "EP4CE22F17C6"}


def test_reports_in_one_text_and_in_other_encodings(tmp_path: Path) -> None:
    names = ("vivado_2018_utilisation.rpt", "vivado_2018_power.rpt", "vivado_2018_timing.rpt")
    found = read_report("\n".join(map(text_of, names)), "all.rpt")
    assert [r.kind for r in found] == ["Vivado utilisation", "Vivado power", "Vivado timing"]
    assert combine(found) == combine([read(name) for name in names])
    for encoding in ("utf-16", "utf-8-sig", "latin-1"):
        path = tmp_path / encoding
        path.write_bytes((text_of(names[0]) + "\n| 25 °C |\r\n").encode(encoding))
        assert read_report_file(path)[0].metrics == read(names[0]).metrics


def test_a_text_of_two_designs_is_refused() -> None:
    area, power = text_of("vivado_2018_utilisation.rpt"), text_of("vivado_2018_power.rpt")
    assert refused(area + power.replace("hidden_layer", "other")) == (
        "x.rpt: Design is hidden_layer in one place and other in another; "
        "give one report of the whole design"
    )
    assert refused(area + power.replace("7a35t", "7a100t")).startswith(
        "x.rpt: Device is 7a35tcpg236-1 in one place and xc7a100tcpg236-1 in another; "
    )


def test_rows_without_their_table_are_read() -> None:
    (area,) = read_report("| Slice LUTs | 1,024 | 0 | 20800 | 4.92 |", "x")
    assert area.metrics == {"luts_used": 1024, "lut_unit": "lut6"}
    (power,) = read_report("| Total On-Chip Power (W)  | 1.5 (Junction temp exceeded!) |", "x")
    assert power.metrics == {"power_mw": 1500.0, "power_source": "vendor estimate"}
    (cells,) = read_report("Total logic elements : 77 / 22,320 ( < 1 % )", "x")
    assert cells.metrics == {"luts_used": 77, "lut_unit": "lc"}


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("vivado_2018_utilisation.rpt", "| Slice LUTs                 | 2417", "| Slice LUTs | x",
         "Slice LUTs is 'x', which is no count"),
        ("vivado_2018_utilisation.rpt",
         "| Slice Registers                            | 1880",
         "| Slice Registers                            | 1881",
         "the number of registers is 1880.0 in one place and 1881.0 in another; "
         "give one report of the whole design"),
        ("vivado_2018_utilisation.rpt", "| Block RAM Tile    |  4.5", "| Block RAM Tile    |  4.3",
         "the number of block RAM tiles is 8.6, which is no count"),
        ("vivado_2018_power.rpt", "| 0.112 ", "| <0.001 ",
         "Total On-Chip Power (W) is '<0.001', which is no number"),
        ("vivado_2018_power.rpt", "Power (W)  | 0.112", "Power (kW)  | 0.112",
         "Total On-Chip Power is in 'kW'; known units are W, mW, uW"),
        ("vivado_2018_power.rpt", "| 0.072 ", "| 0.172 ",
         "Total On-Chip Power is 112 mW, but dynamic 41 mW and static 172 mW make 213 mW"),
        ("vivado_2018_timing.rpt", "sys_clk_pin         2.345", "sys_clk_pin            NA",
         "this Vivado timing summary has no clock with a period and a worst slack (WNS), so no "
         "Fmax; constrain the clock with create_clock, and give the whole report"),
        ("vivado_2018_timing.rpt", "sys_clk_pin         2.345", "sys_clk_pin        12.345",
         "clock 'sys_clk_pin' has a slack of 12.345 ns in a period of 10.000 ns"),
        ("quartus_20_cyclonev.fit.summary", "1,234 / 41,910 ( 3 % )", "N/A",
         "'Logic utilization (in ALMs)' is 'N/A', which is no count; give the .fit.summary or "
         ".fit.rpt of the fitter"),
        ("vivado_2018_timing.rpt", "\n      2.345 ", "\n      1.345 ",
         "the worst slack of the design is 1.345 ns but that of its clocks is 2.345 ns, so the "
         "slowest path is between clocks, which gives no Fmax, or the report is truncated"),
        ("quartus_20_cyclonev.fit.summary", "Total registers : 2345", "Total registers : 23%",
         "'Total registers' is '23%', which is no count"),
        ("quartus_20_cyclonev.fit.summary", "Device : ", "Device : X\nDevice : ",
         "Device is X in one place and 5CSEBA6U23I7 in another; give one report of the whole "
         "design"),
        ("quartus_20_cyclonev.pow.summary", "421.23 mW", "421.23 BTU",
         "'Total Thermal Power Dissipation' is in 'BTU'; known units are W, mW, uW"),
        ("quartus_20_cyclonev.pow.summary", "411.34 mW", "511.34 mW",
         "Total Thermal Power Dissipation is 421.23 mW, but its parts make 521.23 mW"),
        ("quartus_20_cyclonev.pow.summary", "421.23 mW", "much",
         "'Total Thermal Power Dissipation' is 'much', which is no power"),
        ("vivado_2018_utilisation.rpt", "| Slice LUTs                 | 2417",
         "| Slice LUTs                 | 92417",
         "Slice LUTs is 92417, but only 20800 are available; a design that does not fit its device "
         "is no evidence"),
        ("quartus_20_cyclonev.fit.summary", "1,234 / 41,910", "51,234 / 41,910",
         "'Logic utilization (in ALMs)' is 51234, but only 41910 are available; a design that does "
         "not fit its device is no evidence"),
        ("quartus_20_cyclonev.sta.rpt", "; 118.03 MHz      ;", "; 118.03 GHz      ;",
         "the Fmax of 'clk' is in 'GHz'; it must be in MHz"),
        ("quartus_20_cyclonev.sta.rpt", "; 118.03 MHz      ;", "; 118.03          ;",
         "the restricted Fmax of 'clk' is '118.03'"),
    ],
)  # fmt: skip
def test_a_changed_report_is_refused(name: str, old: str, new: str, message: str) -> None:
    text = text_of(name)
    assert text.count(old) == 1
    assert refused(text.replace(old, new)) == f"x.rpt: {message}"


NO_ROW = {
    "vivado_2018_utilisation.rpt": "this Vivado utilisation report has no whole row of 'Slice "
                                   "LUTs' or 'CLB LUTs'; it may be truncated",
    "vivado_2018_power.rpt": "this Vivado power report has no whole row of 'Total On-Chip Power "
                             "(W)'; it may be truncated",
    "quartus_20_cyclonev.fit.summary": "this Quartus summary has none of 'Logic utilization (in "
                                       "ALMs)', 'Combinational ALUTs', 'Total combinational "
                                       "functions', 'Total logic elements'; it may be truncated",
    "quartus_20_cyclonev.pow.summary": "this Quartus power report has no whole row of 'Total "
                                       "Thermal Power Dissipation'; it may be truncated",
}  # fmt: skip


@pytest.mark.parametrize("name", NO_ROW)
def test_a_report_cut_off_before_its_figures_is_refused(name: str) -> None:
    text = text_of(name)
    end = min(text.index(label) for label in ("Slice LUTs ", "Total On-Chip", "Logic util",
                                              "Total Thermal") if label in text)  # fmt: skip
    end = text.index("\n+") if "\n+" in text else end
    assert refused(text[:end]) == f"x.rpt: {NO_ROW[name]}"


def test_a_report_cut_off_inside_a_table_is_refused() -> None:
    for name in ("vivado_2018_utilisation.rpt", "vivado_2018_power.rpt"):
        text = text_of(name).rstrip()
        cut = "x.rpt: the last table is not whole; the report is truncated"
        for end in range(text.rindex("+\n|") + 3, len(text)):
            assert refused(text[:end]) == cut, end
        assert read_report(text, "x.rpt")


@pytest.mark.parametrize("name", sorted({*AREA, *POWER, *FMAX}))
def test_a_cut_report_never_says_another_number(name: str) -> None:
    text, whole = text_of(name), read(name).metrics
    elements = {"quartus_13_cycloneiv.fit.rpt": 3411, "quartus_18_max10.fit.summary": 1234}
    if name in elements:
        # Cut before its LUTs, it is a report of an older family, which counts logic elements.
        whole = {**whole, "luts_used": elements[name], "lut_unit": "lc"}
        text = text[: text.index("    Total combinational functions")]
    for end in range(0, len(text), 7):
        try:
            found = read_report(text[:end], "x.rpt")
        except ObservationLoadError:
            continue
        for report in found:
            for key, value in report.metrics.items():
                assert value == whole[key], (end, key)


def test_what_is_no_report() -> None:
    known = (
        "known are Vivado's report_utilization, report_power and report_timing_summary; Quartus' "
        ".fit.summary, .fit.rpt, .pow.summary, .pow.rpt and .sta.rpt; Yosys' stat -json; "
        "nextpnr's --report"
    )
    assert refused(" \n") == "x.rpt: is empty"
    assert refused("hello") == f"x.rpt: is no report that is known; {known}"
    assert refused('{"a": 1}') == f"x.rpt: is JSON, but no one report that is known; {known}"
    assert refused('{"a": ') == "x.rpt is no JSON: Expecting value in line 1, column 7"
    both = text_of("vivado_2018_power.rpt") + text_of("quartus_20_cyclonev.fit.summary")
    assert refused(both) == (
        "x.rpt: looks like Vivado power and Quartus fitter; give each tool's report in its own file"
    )


def test_what_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "x.rpt"
    path.write_bytes(b"\x1f\x8b\x00\x01Slice LUTs")
    with pytest.raises(ObservationLoadError, match=r"x\.rpt: is no text; known are Vivado's"):
        read_report_file(path)
    with pytest.raises(ObservationLoadError, match=r"none cannot be read: No such file"):
        read_report_file(tmp_path / "none")
    with path.open("wb") as file:
        file.truncate((64 << 20) + 1)
    with pytest.raises(ObservationLoadError, match="is larger than 64 MiB, the most that is read"):
        read_report_file(path)


@given(st.data())
def test_garbage_is_refused_in_one_sentence(data: st.DataObject) -> None:
    text = text_of(data.draw(st.sampled_from(sorted({*AREA, *POWER, *FMAX}))))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(text)))
        piece = data.draw(st.text("|;:+-., \n0123456789(WNS)", max_size=8))
        text = text[:at] + piece + text[at + data.draw(st.integers(0, 60)) :]
    try:
        read_report(text, "x.rpt")
    except ObservationLoadError as error:
        assert "\n" not in str(error)


# Open tools ---------------------------------------------------------------------------------------

COUNTER = {"c.v": """\
module counter (input clk, input rst_n, output reg [7:0] q);
  always @(posedge clk) if (!rst_n) q <= 0; else q <= q + 1;
endmodule
"""}  # fmt: skip


@pytest.mark.parametrize("name", ["ice40-hx8k", "ecp5-25k", "gowin-gw1n9"])
def test_real_yosys_statistics_agree_with_our_own_count(name: str, store: EvidenceStore) -> None:
    target = get_target(name)
    done = run_yosys(
        ["read_verilog c.v", f"{target.synth} -top counter", "tee -q -o s.json stat -json"],
        COUNTER, outputs=["s.json"],
    )  # fmt: skip
    (report,) = read_report(done.files["s.json"].decode(), "stat.json")
    ours = synthesise(COUNTER, "counter", target, store=store).result
    assert report.kind == "Yosys statistics" and report.version.startswith("Yosys 0.")
    assert report.identity == {"top": "counter"} and report.stage == "synthesised"
    assert report.metrics["ffs"] == ours["ffs"] == 8
    assert report.metrics["lut_unit"] == "lut4"
    # Ours also keeps adders apart, and so may differ by the inverter of the reset.
    assert abs(report.metrics["luts_used"] - ours["luts"]) <= 1


def stat(cells: Any, **more: Any) -> str:
    return json.dumps(
        {"creator": "Yosys 0.60", "modules": {"\\top": {"num_cells_by_type": cells}}, **more}
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (stat({"$add": 1}),
         "the design holds a '$add', so it is not mapped to a device; run stat -json after "
         "synth_ice40, synth_ecp5, synth_gowin or synth_xilinx"),
        (stat({"SB_LUT4": 1.5}),
         "the number of SB_LUT4 is 1.5; it must be a whole number of at least 0"),
        (stat({"SB_LUT4": True}),
         "the number of SB_LUT4 is True; it must be a whole number of at least 0"),
        (stat({"SB_LUT4": 1, "FDRE": 1}), "'SB_LUT4' is a cell of ice40 and 'FDRE' one of xilinx"),
        (stat({"LUT4": 1}), "the cells LUT4 do not tell the family of the device"),
        (stat({"SB_LUT4": 1}, design={}),
         "'num_cells_by_type' is missing from these Yosys statistics"),
        (json.dumps({"modules": {"a": {"num_cells_by_type": {}}, "b": {}}}),
         "these Yosys statistics have no total; run stat -json -top MODULE"),
        (json.dumps({"utilization": {"LC": {"used": 3}}, "fmax": {}}),
         "this nextpnr report has none of the cells ICESTORM_LC, TRELLIS_COMB, LUT4; known are "
         "ice40, ecp5 and gowin"),
        (json.dumps({"utilization": {"ICESTORM_LC": {"used": -3}}, "fmax": {}}),
         "utilization.ICESTORM_LC.used is -3; it must be a whole number of at least 0"),
        (json.dumps({"utilization": {"ICESTORM_LC": {"used": 9, "available": 8}}, "fmax": {}}),
         "utilization.ICESTORM_LC.used is 9, but only 8 are available; a design that does not fit "
         "its device is no evidence"),
        (json.dumps({"utilization": {"ICESTORM_LC": 3}, "fmax": {}}),
         "utilization.ICESTORM_LC.used is None; it must be a whole number of at least 0"),
        (json.dumps({"utilization": {"ICESTORM_LC": {"used": 3}}, "fmax": {"c": {"achieved": 0}}}),
         "fmax.c.achieved is 0; it must be a number above 0"),
    ],
)  # fmt: skip
def test_refused_open_reports(text: str, message: str) -> None:
    assert refused(text, "r.json") == f"r.json: {message}"


def test_submodules_and_memories_of_yosys() -> None:
    text = stat({"lane": 2, "FDRE": 16, "RAMB36E1": 2, "RAMB18E1": 1, "DSP48E1": 3, "LUT6": 5},
                design={"num_cells_by_type": {"lane": 2, "FDRE": 16, "RAMB36E1": 2, "RAMB18E1": 1,
                                              "DSP48E1": 3, "LUT6": 5}})  # fmt: skip
    document = json.loads(text)
    document["modules"]["\\lane"] = {"num_cells_by_type": {"FDRE": 8}}
    (report,) = read_report(json.dumps(document), "s")
    assert report.metrics == {
        "luts_used": 5, "ffs": 16, "brams": 5, "dsps": 3, "lut_unit": "lut6"
    }  # fmt: skip
    assert "top" not in report.identity


def test_all_printed_parts_of_a_power_must_make_its_total() -> None:
    text = text_of("quartus_13_arriav.pow.summary").replace("100.00 mW", "200.00 mW")
    assert "but its parts make 1237.53 mW" in refused(text)
