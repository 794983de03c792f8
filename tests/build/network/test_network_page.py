"""The network's page: what it shows, what it must never show, and that it is sound HTML."""

from __future__ import annotations

import copy
from html.parser import HTMLParser
from typing import Any

import pytest

from sc_neurocore.build.network import Proportion, render_network_page

VOID = {"meta", "br", "hr", "img", "link", "input"}


class Checker(HTMLParser):
    """Collects text and tags; fails on a tag that closes another, on handlers and on links out."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in VOID:
            self.open.append(tag)
        for key, value in attrs:
            assert not key.startswith("on") and key not in ("src", "action")
            assert key != "href" or (value or "").startswith("#")

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-3:]}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text.append(data)


def text_of(page: str) -> str:
    checker = Checker()
    checker.feed(page)
    checker.close()
    assert checker.open == [] and "script" not in checker.tags
    return " ".join(" ".join(checker.text).split())


def found(correct: int, n: int) -> dict[str, Any]:
    return Proportion(correct, n).as_dict()


REPORT: dict[str, Any] = {
    "schema": "sc-neurocore.network-report.v1",
    "version": "0",
    "target": "ecp5-85k",
    "backend": "stochastic",
    "network": {
        "name": "digits", "shape": "64-48-10", "inputs": 64, "neurons": 58, "synapses": 3552,
        "ticks": 16, "coding": "rate", "input_bits": 4, "readout": "count",
        "layers": [
            {"name": "hidden", "neurons": 48, "synapses": 3072, "backend": "stochastic",
             "bits": 6, "length": 64, "state": "Q12.4", "pe": 4, "simd": 1},
            {"name": "output", "neurons": 10, "synapses": 480, "backend": "fixed",
             "bits": 6, "length": 1, "state": "Q10.4", "pe": 2, "simd": 1},
        ],
    },
    "assumptions": ["One tick is 0.001 s."],
    "data": {"name": "digits", "n": 599, "classes": 10, "sha256": "0" * 64},
    "accuracy": {"float": found(588, 599), "quantised": found(586, 599),
                 "bit_true": found(585, 599), "rtl_sample": found(20, 20), "n": 599},
    "confusion": [[59 if i == j else int((i * 7 + j) % 23 == 0) for j in range(10)]
                  for i in range(10)],
    "spikes": [{"layer": "hidden", "bit_true": 4021, "rtl": 4021, "equal": True},
               {"layer": "output", "bit_true": 97, "rtl": 97, "equal": True}],
    "cosim": [{"simulator": "verilator", "version": "5.048", "samples": 20, "cycles": 182_040,
               "mismatches": 0, "first_mismatch": None, "cycle_exact": True, "word": "executed"}],
    "formal": {"assertions": 61, "proven": 61, "refuted": 0, "method": "k-induction, bitwuzla",
               "word": "proven", "parameters": "Each block was proven as the library ships it.",
               "blocks": [{"module": "sc_stream_fifo", "parameters": "WIDTH=8", "assertions": 9,
                           "proven": 9, "netlist": "equivalent", "reason": None}]},
    "lint": {"warnings": [], "tools": "verilator 5, yosys 0.6"},
    "synthesis": {"luts": 1420, "ffs": 811, "brams": 9, "dsps": 0, "logic_cells": 1655,
                  "fmax_mhz": 88.4, "tool": "yosys + nextpnr-ecp5", "version": "0.6 + 0.11",
                  "available": {"luts": 83640, "brams": 208},
                  "parts": [{"name": "whole core", "luts": 1420, "ffs": 811, "brams": 9, "dsps": 0},
                            {"name": "encoder", "luts": 120, "ffs": 60, "brams": 0, "dsps": 0}],
                  "luts_per_synapse": 0.4},
    "latency": {"cycles": {"mean": 9102.0, "worst": 9700}, "us": {"mean": 102.9, "worst": 109.7},
                "rows": [{"name": "clocks", "mean": 9102.0, "worst": 9700},
                         {"name": "µs at 88.4 MHz", "mean": 102.9, "worst": 109.7},
                         {"name": "clocks, early decision", "mean": 6120.0, "worst": 9700}],
                "method": "Clocks from start to done over 599 samples."},
    "energy": {"joules": 1.1e-6, "factor": 5, "method": "toggles × C × V²/2", "word": "estimated"},
    "sweep": {
        "length": [{"length": 2**k, **found(min(585, 300 + 60 * k), 599)} for k in range(8)],
        "levels": [{"name": "fixed point", **found(586, 599)},
                   {"name": "float", **found(588, 599)}],
        "area": [
            {"name": "6-bit, PE 4", "series": "fixed", "luts": 900, "built": False,
             "accuracy": found(586, 599)},
            {"name": "L = 64", "series": "stochastic", "luts": 1420, "built": True,
             "accuracy": found(585, 599)},
        ],
    },
    "comparison": {
        "verdict": "Fixed point wins: as accurate, in 1/64 of the clocks and 0.63 of the LUTs.",
        "method": "Same weights, same folding.",
        "rows": [
            {"name": "fixed", "accuracy": found(586, 599), "clocks": 210.0, "luts": 900,
             "us": None, "built": False},
            {"name": "stochastic, L = 64", "accuracy": found(585, 599), "clocks": 9102.0,
             "luts": 1420, "us": 102.9, "built": True},
        ],
    },
    "notices": ["Weights beyond ±31 were saturated: none."],
    "ladder": {
        "1_float_vs_integers": "climbed", "2_simulator_vs_rtl": "climbed",
        "3_cycle_exact": "climbed", "4_blocks_proven": "climbed",
        "5_blocks_vs_netlist": "climbed",
        "6_placed_and_routed": "failed: 88.4 MHz routed, 100 MHz asked for",
    },
    "evidence": {"synthesis": "f" * 64},
}  # fmt: skip


def test_the_page_shows_every_figure_beside_its_word() -> None:
    text = text_of(render_network_page(REPORT))
    for part in (
        "97.66 % of 599 test samples executed",
        "102.9 µs per inference",
        "1 655 logic cells measured",
        "1.1 µJ per inference, dynamic estimated · to a factor of 5",
        "0 in 182 040 clocks executed · verilator 5.048",
        "failed 6. Area and clock after place and route 88.4 MHz routed, 100 MHz asked for",
        "Fixed point wins: as accurate",
        "61 assertions in 1 blocks of the engine: 61 proven, 0 refuted",
        "One tick is 0.001 s.",
        "clocks, early decision 6 120 9 700",
        "Accuracy against stream length executed · bit-true simulator, 599 samples",
    ):
        assert part in text, part


def test_without_data_nothing_is_said_about_accuracy() -> None:
    report = copy.deepcopy(REPORT) | {
        "data": None, "accuracy": None, "confusion": None, "sweep": None, "comparison": None,
    }  # fmt: skip
    text = text_of(render_network_page(report))
    assert "nothing is said about accuracy" in text
    assert "Confusion" not in text and "Which arithmetic wins" not in text
    assert "Accuracy not run" in text


@pytest.mark.parametrize("missing", [k for k in REPORT if k not in ("schema", "version")])
def test_a_missing_section_is_shown_as_not_run(missing: str) -> None:
    text_of(render_network_page({k: v for k, v in REPORT.items() if k != missing}))
    text_of(render_network_page({**REPORT, missing: None}))


def test_text_is_escaped() -> None:
    hostile = '<script>alert("x")</script>&\'"'
    report = copy.deepcopy(REPORT)
    report["network"]["name"] = report["notices"][0] = hostile
    report["network"]["layers"][0]["name"] = report["sweep"]["area"][0]["name"] = hostile
    assert hostile in text_of(render_network_page(report))
