"""The report page: what it shows, what it must never show, and that it is sound HTML."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from sc_neurocore.build import StateTrace, Traces, rate_plot, render_page, standalone, trace_plot
from sc_neurocore.build._listing import listing
from sc_neurocore.build._page import number

VOID = {"meta", "br", "hr", "img", "link", "input"}
VERILOG = (
    'module lif;\n  wire [3:0] v = 4\'d9; // now\n  initial $display("v < %d & 1", v);\nendmodule\n'
)
HOSTILE = '<script>alert("x")</script>&\'"'


class Checker(HTMLParser):
    """Collects text, links and ids; fails on a tag that closes another."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in VOID:
            self.open.append(tag)
        for key, value in attrs:
            if key in ("href", "src", "xlink:href", "action"):
                self.links.append(value or "")
            if key == "id":
                self.ids.append(value or "")
            assert not key.startswith("on"), f"event handler {key}"

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-3:]}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("style",):
            self.text.append(data)


def parse(page: str) -> Checker:
    checker = Checker()
    checker.feed(page)
    checker.close()
    assert checker.open == []
    return checker


def words(page: str) -> str:
    return " ".join(" ".join(parse(page).text).split())


def traces(ticks: int = 400, *, fixed: bool = True) -> Traces:
    time = 0.5 * np.arange(1, ticks + 1)
    wave = np.sin(time / 5)
    spikes = np.arange(10.0, 200.0, 20.0)
    return Traces(
        time_ms=time,
        stimulus=np.where(time > 20, 2.0, 0.0),
        states={"v": StateTrace("mV", wave, wave + 0.25 if fixed else None)},
        spikes_float_ms=spikes,
        spikes_fixed_ms=spikes[:-1] if fixed else None,
        fi_current=np.array([0.0, 1.0, 2.0]),
        fi_rate_float=np.array([0.0, 10.0, 20.0]),
        fi_rate_fixed=np.array([0.0, 10.0, 22.5]) if fixed else np.empty(0),
        stimulus_unit="nA",
    )


@pytest.fixture
def report() -> dict[str, Any]:
    return {
        "model": {
            "name": "lif",
            "title": "Leaky integrate-and-fire",
            "equations": ["dv/dt = (-v + R*I)/tau : mV"],
            "threshold": "v > -50",
            "reset": ["v = -65"],
            "parameters": [{"name": "tau", "value": 10.0, "unit": "ms", "meaning": "constant"}],
            "reference": {"authors": ["Lapicque, L."], "year": 1907, "doi": "10.1007/s00422-007"},
        },
        "target": "ice40-hx8k",
        "format": "Q8.8",
        "formats": {"v": "Q8.8", "I": "UQ4.4"},
        "options": {"overflow": "saturate", "pipeline": None},
        "cycles_per_tick": 3,
        "cosim": [
            {"simulator": "verilator", "version": "5.48", "cycles": 100352, "mismatches": 0},
            {"simulator": "yosys", "version": "0.70", "cycles": 2000, "mismatches": 7},
        ],
        "formal": {
            "assertions": 5,
            "proven": 4,
            "refuted": 1,
            "mutant_refuted": True,
            "method": "k-induction",
            "properties": [
                {"name": "range", "meaning": "v stays in range", "status": "proven"},
                {"name": "refractory", "meaning": "silence", "status": "refuted"},
            ],
            "mutant": {"description": "threshold widened", "line": 2, "replay": "tick 143"},
        },
        "equivalence": {"status": "equivalent", "method": "two-step"},
        "synthesis": {
            "logic_cells": 131,
            "luts": 118,
            "ffs": 33,
            "brams": 0,
            "fmax_mhz": 74.31,
            "tool": "nextpnr-ice40",
            "version": "0.11",
            "available": {"logic_cells": 7680, "ffs": 7680, "brams": 32},
            "critical_path": [
                {"kind": "logic", "delay_ns": 0.449, "net": "v[3]", "source": "lif.sv:2.5-2.9"},
                {"kind": "routing", "delay_ns": 1.2, "net": "w", "source": None},
            ],
        },
        "fidelity": {
            "spikes_float": 28,
            "spikes_fixed": 27,
            "max_abs_error": {"v": 0.25},
            "spike_time_rmse_ms": 0.512,
        },
        "reference": {"integrator": "SciPy LSODA", "max_spike_time_error_ms": 0.0413},
        "tables": [
            {"function": "exp", "entries": 64, "low": -2, "high": 0, "max_error": 1.5e-5,
             "max_relative_error": 0.001},
        ],
        "notices": ["v is carried in Q8.9"],
        "ladder": {
            "1_equations_vs_reference": "climbed",
            "2_float_vs_fixed": "climbed",
            "3_rtl_vs_bit_true": "failed",
            "4_properties": "failed",
            "6_area_and_clock": "not run: --no-pnr was given",
        },
        "evidence": {"yosys": "ab" * 32},
    }  # fmt: skip


def test_every_section_shows_its_figures(report: dict[str, Any]) -> None:
    text = words(render_page(report, traces(), VERILOG))
    for part in (
        "Leaky integrate-and-fire", "spike when v > -50", "131 logic cells", "measured · nextpnr",
        "74.31 MHz", "4 of 5", "proven · k-induction", "7 in 102 352 cycles", "27 of 28",
        "1.7 %", "0.512 ms", "0.25 mV", "SciPy LSODA", "threshold widened", "tick 143",
        "refuted, as it must be", "equivalent", "−128 … 127.99609375", "0 … 15.9375", "1.5 × 10⁻⁵",
        "v is carried in Q8.9", "ab" * 32, "40.37 ns per tick of 3 cycles", "Lapicque, L. (1907)",
    ):  # fmt: skip
        assert part in text, part


def test_ladder_never_implies_a_rung_that_did_not_run(report: dict[str, Any]) -> None:
    page = render_page(report, traces(), VERILOG)
    rungs = re.findall(r'<li><span class="mark (\w+)".*?<span class="\w+">([^<]*)</span>', page)
    assert rungs == [
        ("climbed", "climbed"), ("climbed", "climbed"), ("failed", "failed"),
        ("failed", "failed"), ("pending", "not run"), ("pending", "not run"),
    ]  # fmt: skip
    assert "--no-pnr was given" in page


@pytest.mark.parametrize("status", ["maybe", "Climbed", "skipped", ""])
def test_ladder_shows_an_unknown_status_as_written_and_unclimbed(status: str) -> None:
    page = render_page({"ladder": {"1_x": status}}, None, "")
    assert 'class="mark climbed"' not in page


def test_empty_report_says_not_run_everywhere_and_claims_nothing() -> None:
    text = words(render_page({}, None, ""))
    assert text.count("not run") >= 6 + 6 + 5
    for word in ("climbed", "failed", "measured ·", "proven ·", "refuted"):
        assert word not in text, word


@pytest.mark.parametrize(
    "section",
    ["model", "formats", "options", "cosim", "formal", "equivalence", "synthesis", "fidelity",
     "reference", "tables", "notices", "ladder", "evidence", "cycles_per_tick", "target"],
)  # fmt: skip
def test_any_section_may_be_missing_or_null(report: dict[str, Any], section: str) -> None:
    del report[section]
    parse(render_page(report, traces(), VERILOG))
    report[section] = None
    parse(render_page(report, traces(), VERILOG))


def test_figures_that_were_not_measured_carry_no_evidence_word(report: dict[str, Any]) -> None:
    del report["synthesis"]["fmax_mhz"], report["synthesis"]["logic_cells"]
    page = render_page(report, traces(), VERILOG)
    tiles = re.findall(r"<dt>(Area|Clock)</dt>\s*<dd class=\"([^\"]*)\">(.*?)</div>", page, re.S)
    area, clock = tiles
    assert "118" in area[2] and "LUTs" in area[2] and "measured" in area[2]
    assert clock[1] == "value none" and "not run" in clock[2] and "measured" not in clock[2]


def test_a_mutant_that_passed_is_shown_as_a_failure(report: dict[str, Any]) -> None:
    report["formal"]["mutant_refuted"] = False
    page = render_page(report, traces(), VERILOG)
    assert '<td class="failed">not refuted</td>' in page
    assert "a broken variant passed" in page
    del report["formal"]["mutant_refuted"]
    assert "as it must be" not in render_page(report, traces(), VERILOG)


def test_proofs_are_called_proven_only_when_all_are(report: dict[str, Any]) -> None:
    heading = r'<h2 id="proofs">Proofs <span class="evidence (\w+)">'
    assert re.findall(heading, render_page(report, None, "")) == ["executed"]
    report["formal"] |= {"proven": 5, "refuted": 0}
    assert re.findall(heading, render_page(report, None, "")) == ["proven"]


def _poisoned(value: Any) -> Any:
    """The same structure with every string made hostile, formats and numbers aside."""
    if isinstance(value, dict):
        return {k: v if k == "formats" else _poisoned(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_poisoned(v) for v in value]
    return value + HOSTILE if isinstance(value, str) else value


def test_hostile_names_are_escaped_everywhere(report: dict[str, Any]) -> None:
    hostile = traces()
    wave = hostile.states["v"]
    hostile = Traces(
        hostile.time_ms, hostile.stimulus,
        {HOSTILE: StateTrace(HOSTILE, wave.floating, wave.fixed)},
        hostile.spikes_float_ms, hostile.spikes_fixed_ms, hostile.fi_current,
        hostile.fi_rate_float, hostile.fi_rate_fixed, HOSTILE, HOSTILE, HOSTILE, HOSTILE,
    )  # fmt: skip
    page = render_page(_poisoned(report), hostile, f"// {HOSTILE}\n")
    checker = parse(page)
    assert "script" not in checker.tags
    assert "".join(checker.text).count("<script>alert") > 20


def test_page_loads_nothing_and_links_only_to_a_doi_and_itself(report: dict[str, Any]) -> None:
    page = render_page(report, traces(), VERILOG)
    checker = parse(page)
    outside = [link for link in checker.links if not link.startswith("#")]
    assert outside == ["https://doi.org/10.1007/s00422-007"]
    assert all(link[1:] in checker.ids for link in checker.links if link.startswith("#"))
    assert len(checker.ids) == len(set(checker.ids))
    assert not {"script", "iframe", "link", "img", "object"} & checker.tags
    assert not re.search(r"@import|url\(", page)


@pytest.mark.parametrize("doi", ["javascript:alert(1)", "10.1/x", "https://example.org", ""])
def test_a_doi_that_is_none_becomes_no_link(report: dict[str, Any], doi: str) -> None:
    report["model"]["reference"]["doi"] = doi
    links = parse(render_page(report, None, "")).links
    assert not [link for link in links if not link.startswith("#")]


def test_verilog_is_shown_unchanged_with_a_numbered_anchor_per_line() -> None:
    page = render_page({}, None, VERILOG)
    checker = parse(page)
    assert [i for i in checker.ids if i.startswith("L")] == ["L1", "L2", "L3", "L4"]
    for line in VERILOG.splitlines():
        assert line in "".join(checker.text)
    assert "".join(p.text for line in listing(VERILOG) for p in line.pieces) == VERILOG.replace(
        "\n", ""
    )


def test_listing_colours_by_meaning() -> None:
    (line,) = listing("  wire [3:0] module_x = 4'd9; // wire 3")
    kinds = [(p.kind, p.text) for p in line.pieces if p.kind]
    assert kinds == [
        ("keyword", "wire"), ("constant", "3"), ("constant", "0"), ("constant", "4'd9"),
        ("comment", "// wire 3"),
    ]  # fmt: skip


def test_critical_path_is_gathered_by_line(report: dict[str, Any]) -> None:
    steps = [
        ("clk-to-q", 0.5, None), ("routing", 0.6, "lif.sv:2.5-2.9"), ("logic", 0.4, None),
        ("routing", 0.25, "lif.sv:3.1-3.2"), ("logic", 0.125, None), ("routing", 1.0, None),
        ("setup", 0.125, None),
    ]  # fmt: skip
    report["synthesis"]["critical_path"] = [
        {"kind": kind, "delay_ns": delay, "source": source} for kind, delay, source in steps
    ]
    report["synthesis"]["critical_path"][1]["equation"] = "dv/dt = 0"
    page = render_page(report, None, VERILOG)
    rows = re.findall(r'<td class="n">([\d.]+)</td><td class="n">(\d)</td>'
                      r'<td class="n"><a href="#L(\d)">', page)  # fmt: skip
    assert rows == [("1.1", "0", "2"), ("1.9", "2", "3")]
    text = words(page)
    assert "wire [3:0] v = 4'd9; // now dv/dt = 0" in text
    assert "3 2 in all" in text


@pytest.mark.parametrize("source", ["lif.sv:900.1-900.2", "other.sv:2.1-2.2", "", None])
def test_critical_path_links_only_to_lines_that_are_shown(
    report: dict[str, Any], source: str | None
) -> None:
    report["synthesis"]["critical_path"] = [{"kind": "logic", "delay_ns": 1, "source": source}]
    del report["formal"]["mutant"]
    page = render_page(report, None, VERILOG)
    assert "#L" not in re.sub(r"#L\d+,", "", page.partition("</style>")[2])


def test_long_ticks_are_told_in_microseconds(report: dict[str, Any]) -> None:
    report["cycles_per_tick"] = 743
    assert "or 9.999 µs per tick of 743 cycles." in words(render_page(report, None, ""))


def test_two_tools_stand_beside_their_own_versions(report: dict[str, Any]) -> None:
    report["synthesis"] |= {"tool": "yosys + nextpnr-ice40", "version": "0.70 + 0.11"}
    assert "measured · yosys 0.70, nextpnr-ice40 0.11" in words(render_page(report, None, ""))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "not run"), (0, "0"), (1234567, "1\u202f234\u202f567"), (-65.0, "−65"),
        (74.3123, "74.31"), (1.5e-5, "1.5 × 10⁻⁵"), (2.5e12, "2.5 × 10¹²"), ("auto", "auto"),
        (True, "True"),
    ],
)  # fmt: skip
def test_numbers_are_written_for_people(value: object, text: str) -> None:
    assert number(value) == text


def _paths(svg: str, kind: str) -> list[list[tuple[float, float]]]:
    found = re.findall(rf'<path class="{kind}" d="M([^"]*)"', svg)
    return [[tuple(map(float, p.split())) for p in d.split("L")] for d in found]  # type: ignore[misc]


def test_trace_plot_draws_float_over_fixed_with_one_error_panel_per_state() -> None:
    svg = trace_plot(traces())
    ElementTree.fromstring(svg)
    (floating,), (fixed,), (error,) = (_paths(svg, kind) for kind in ("float", "fixed", "error"))
    assert svg.index('class="fixed" d=') < svg.index('class="float" d=')
    assert len(floating) == len(fixed) == 400
    # Fixed is 0.25 above float throughout: higher on the page, and the error is a flat line.
    offsets = {round(f[1] - x[1], 1) for f, x in zip(floating, fixed, strict=True)}
    assert max(offsets) - min(offsets) <= 0.2 and min(offsets) > 0
    assert len({y for _, y in error}) == 1
    assert "at most 0.25 mV" in svg
    assert "<title>10 spikes, float</title>" in svg and "<title>9 spikes, fixed</title>" in svg


def test_trace_plot_without_a_fixed_run_shows_no_fixed_point() -> None:
    svg = trace_plot(traces(fixed=False))
    assert "fixed" not in svg
    assert len(_paths(svg, "float")) == 1 and _paths(svg, "error") == []


def test_thinned_traces_keep_every_extreme() -> None:
    time = 0.01 * np.arange(1, 50_001)
    wave = np.zeros(50_000)
    wave[[123, 777, 40_001]] = 5.0, -3.0, 9.0
    shown = Traces(time, np.zeros(50_000), {"v": StateTrace("", wave)}, np.empty(0))
    (points,) = _paths(trace_plot(shown), "float")
    heights = [y for _, y in points]
    assert len(points) <= 1500
    assert heights.count(min(heights)) == 1 and heights.count(max(heights)) == 1
    assert len(set(heights)) == 4


def test_trace_plot_of_a_constant_state_and_no_input_is_drawable() -> None:
    still = Traces(
        np.array([0.1, 0.2]), np.zeros(2), {"v": StateTrace("mV", np.full(2, -65.0))},
        np.empty(0), stimulus_name="",
    )  # fmt: skip
    svg = trace_plot(still)
    ElementTree.fromstring(svg)
    assert "nan" not in svg and "stimulus" not in svg


def test_rate_plot_puts_equal_rates_on_one_spot() -> None:
    svg = rate_plot(traces())
    ElementTree.fromstring(svg)
    spots = re.findall(r'<circle class="dot (\w+)" cx="([\d.]+)" cy="([\d.]+)"', svg)
    at = {kind: [(x, y) for k, x, y in spots if k == kind] for kind in ("float", "fixed")}
    assert at["float"][:2] == at["fixed"][:2]
    assert at["float"][2][0] == at["fixed"][2][0]
    assert float(at["fixed"][2][1]) < float(at["float"][2][1])


def test_standalone_plot_is_a_valid_svg_file_with_its_own_style() -> None:
    root = ElementTree.fromstring(standalone(trace_plot(traces())))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.find("{http://www.w3.org/2000/svg}style") is not None
