"""The report page: one self-contained HTML file, made from ``report.json`` and the traces.

A section whose data is missing says "not run". Each figure stands beside the word of its evidence
and the tool that gave it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from sc_neurocore._svg import PLOT_STYLE
from sc_neurocore.build._listing import Line, listing
from sc_neurocore.build._plot import Traces, rate_plot, trace_plot
from sc_neurocore.compiler import QFormat

if TYPE_CHECKING:
    from jinja2 import Environment

Report = Mapping[str, Any]

NOT_RUN = "not run"
_RUNGS = (
    "Equations against a reference integrator",
    "Fixed point against floating point",
    "RTL against the bit-true model",
    "Properties proven for all time",
    "Netlist equivalent to the RTL",
    "Area and clock after place and route",
)
_MARKS = {"climbed": "✓", "failed": "✗"}
_DOI = re.compile(r"10\.\d{4,9}/\S+")
#: Spikes that the detail plot shows.
_DETAIL_SPIKES = 3


class Rung(NamedTuple):
    """One step of the ladder: what it asks, how it went, and in a few words with what result."""

    number: int
    title: str
    status: str
    mark: str
    detail: str


class Figure(NamedTuple):
    """A number to show large, the word of its evidence and the tool that gave it."""

    label: str
    value: str
    unit: str
    word: str
    tool: str


class Resource(NamedTuple):
    """One row of the area table."""

    name: str
    used: str
    available: str
    percent: float | None


class PathPart(NamedTuple):
    """The part of the critical path that one line of Verilog is responsible for."""

    line: int | None
    text: str
    equation: str
    cells: int
    delay: float


def render_page(report: Report, traces: Traces | None, verilog: str) -> str:
    """Render the report page.

    Args:
        report: the content of ``report.json``; missing sections are shown as not run.
        traces: float and bit-true runs of the model; ``None`` leaves the plots out.
        verilog: text of the generated module.

    Returns:
        A complete HTML document without scripts, which loads nothing.
    """
    from markupsafe import Markup

    environment = page_environment()
    lines = listing(verilog)
    return environment.get_template("report.html.jinja").render(
        report=report,
        model=report.get("model") or {},
        doi=_doi_of(report),
        rungs=_rungs(report),
        figures=_figures(report),
        traces=traces,
        plot_style=Markup(PLOT_STYLE),
        plots={key: Markup(svg) for key, svg in _plots(traces).items()},
        errors=_errors(report, traces),
        resources=_resources(report),
        path=_path(report, lines),
        tools=_tool(report.get("synthesis")),
        tick=_tick(report),
        formats=_formats(report),
        options=_options(report),
        verilog=lines,
        not_run=NOT_RUN,
    )


def page_environment() -> Environment:
    """Where the templates of all report pages lie, with the filter ``number``."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("sc_neurocore.build", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = number
    return environment


def number(value: Any) -> str:
    """A number as people read it: thin spaces in thousands, four digits, a real minus."""
    if value is None:
        return NOT_RUN
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    text = f"{value:,}" if isinstance(value, int) else f"{value:,.4g}"
    if "e" in text:
        digits, power = text.split("e")
        text = f"{digits} × 10{str(int(power)).translate(_SUPERSCRIPT)}"
    return text.replace(",", "\u202f").replace("-", "−")


_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _at(report: Any, *path: str) -> Any:
    """The value at a path of keys, or ``None``."""
    value: Any = report
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _tool(section: Any) -> str:
    names = str(_at(section, "tool") or _at(section, "simulator") or "").split(" + ")
    versions = str(_at(section, "version") or "").split(" + ")
    pairs = itertools.zip_longest(names, versions, fillvalue="")
    return ", ".join(" ".join(pair).strip() for pair in pairs)


def _doi_of(report: Report) -> str:
    """The address of the model's primary source, if its DOI is one."""
    doi = _at(report, "model", "reference", "doi") or ""
    return f"https://doi.org/{quote(doi)}" if _DOI.fullmatch(doi) else ""


def _rungs(report: Report) -> list[Rung]:
    status = {str(key)[:1]: str(value) for key, value in (report.get("ladder") or {}).items()}
    rungs = []
    for i, title in enumerate(_RUNGS, 1):
        word, _, remark = status.get(str(i), NOT_RUN).partition(":")
        detail = remark.strip() or (_DETAILS[i - 1](report) if word in _MARKS else "")
        rungs.append(Rung(i, title, word, _MARKS.get(word, "–"), detail))
    return rungs


def _reference_detail(report: Report) -> str:
    error = _at(report, "reference", "max_spike_time_error_ms")
    if error is None:
        return ""
    integrator = _at(report, "reference", "integrator")
    return f"spike times within {number(error)} ms of {integrator}"


def _fixed_detail(report: Report) -> str:
    spikes = _at(report, "fidelity", "spikes_fixed"), _at(report, "fidelity", "spikes_float")
    if None in spikes:
        return ""
    return f"{number(spikes[0])} spikes in fixed point, {number(spikes[1])} in floating point"


def _cosim_detail(report: Report) -> str:
    return "; ".join(
        f"{_tool(run)}: {number(run.get('cycles'))} cycles, "
        f"{number(run.get('mismatches'))} mismatches"
        for run in report.get("cosim") or ()
    )


def _formal_detail(report: Report) -> str:
    proven, all_ = _at(report, "formal", "proven"), _at(report, "formal", "assertions")
    if None in (proven, all_):
        return ""
    mutant = {True: "; the broken variant was refuted", False: "; a broken variant passed"}
    refuted = mutant.get(_at(report, "formal", "mutant_refuted"), "")
    method = _at(report, "formal", "method") or ""
    return f"{proven} of {all_} assertions proven{' by ' if method else ''}{method}{refuted}"


def _equivalence_detail(report: Report) -> str:
    parts = (_at(report, "equivalence", "status"), _at(report, "equivalence", "method"))
    return ", ".join(str(p) for p in parts if p)


def _layout_detail(report: Report) -> str:
    parts = [
        (_cells(report), "logic cells"),
        (_at(report, "synthesis", "fmax_mhz"), "MHz"),
    ]
    return ", ".join(f"{number(value)} {unit}" for value, unit in parts if value is not None)


_DETAILS = (
    _reference_detail,
    _fixed_detail,
    _cosim_detail,
    _formal_detail,
    _equivalence_detail,
    _layout_detail,
)


def _cells(report: Report) -> Any:
    return _at(report, "synthesis", "logic_cells")


def _figures(report: Report) -> list[Figure]:
    """The headline numbers; one that was not measured says so."""
    synthesis = report.get("synthesis")
    runs = report.get("cosim") or ()
    proven, all_ = _at(report, "formal", "proven"), _at(report, "formal", "assertions")
    cycles = report.get("cycles_per_tick")
    area, area_unit = _cells(report), "logic cells"
    if area is None and _at(synthesis, "luts") is not None:
        area, area_unit = _at(synthesis, "luts"), "LUTs"
    if area is None and _at(synthesis, "area_um2") is not None:
        area, area_unit = _at(synthesis, "area_um2"), "µm² of cells"
    rows = [
        ("Area", area, area_unit, "measured", _tool(synthesis)),
        ("Clock", _at(synthesis, "fmax_mhz"), "MHz", "measured", _tool(synthesis)),
        (
            "Assertions",
            None if None in (proven, all_) else f"{proven} of {all_}",
            "",
            "proven",
            _at(report, "formal", "method") or "",
        ),
        (
            "Mismatches",
            sum(run.get("mismatches", 0) for run in runs) if runs else None,
            f"in {number(sum(run.get('cycles', 0) for run in runs))} cycles",
            "executed",
            ", ".join(_tool(run) for run in runs),
        ),
        (
            "Spikes",
            _at(report, "fidelity", "spikes_fixed"),
            f"of {number(_at(report, 'fidelity', 'spikes_float'))} in float",
            "executed",
            "bit-true model",
        ),
        ("Tick", cycles, "clock cycle" if cycles == 1 else "clock cycles", "generated", "schedule"),
    ]
    return [
        Figure(label, number(value), *(rest if value is not None else ("", "", "")))
        for label, value, *rest in rows
    ]


def _plots(traces: Traces | None) -> dict[str, str]:
    if traces is None or not len(traces.time_ms):
        return {}
    plots = {"trace": trace_plot(traces)}
    spikes = traces.spikes_float_ms
    if len(spikes) > 2 * _DETAIL_SPIKES:
        gap = float(spikes[_DETAIL_SPIKES] - spikes[0]) / _DETAIL_SPIKES
        start = max(0.0, float(spikes[0]) - gap)
        plots["detail"] = trace_plot(traces, (start, float(spikes[_DETAIL_SPIKES - 1]) + gap / 2))
    if len(traces.fi_current) > 1:
        plots["rate"] = rate_plot(traces)
    return plots


def _errors(report: Report, traces: Traces | None) -> list[tuple[str, str]]:
    """Largest error of each state, with its unit."""
    units = {} if traces is None else {name: s.unit for name, s in traces.states.items()}
    found = _at(report, "fidelity", "max_abs_error") or {}
    return [(name, f"{number(value)} {units.get(name, '')}") for name, value in found.items()]


def _resources(report: Report) -> list[Resource]:
    names = {
        "logic_cells": "Logic cells",
        "luts": "Look-up tables",
        "ffs": "Flip-flops",
        "carries": "Carry cells",
        "brams": "Block RAMs",
        "dsps": "Multiplier blocks",
        "area_um2": "Cell area, µm²",
    }
    rows = []
    for key, name in names.items():
        used, available = _at(report, "synthesis", key), _at(report, "synthesis", "available", key)
        if used is None:
            continue
        percent = 100.0 * used / available if available else None
        shown = "" if available is None else number(available)
        rows.append(Resource(name, number(used), shown, percent))
    return rows


def _tick(report: Report) -> str:
    """How long one tick takes at the highest clock."""
    cycles, fmax = report.get("cycles_per_tick"), _at(report, "synthesis", "fmax_mhz")
    if not cycles or not fmax:
        return ""
    us = cycles / fmax
    time = f"{number(us)} µs" if us >= 1 else f"{number(1000 * us)} ns"
    return f"{time} per tick of {cycles} cycle{'s' if cycles != 1 else ''}"


def _path(report: Report, lines: Sequence[Line]) -> list[PathPart]:
    """The critical path, its steps gathered by the line of Verilog they come from."""
    steps = _at(report, "synthesis", "critical_path") or ()
    parts: list[PathPart] = []
    groups = itertools.groupby(zip(_sources(steps), steps, strict=True), key=lambda pair: pair[0])
    for source, group in groups:
        own = [step for _, step in group]
        file, _, place = source.partition(":")
        at = int(place.split(".")[0]) if place[:1].isdigit() else None
        listed = at is not None and at <= len(lines) and _defines(lines, file)
        parts.append(
            PathPart(
                line=at if listed else None,
                text=lines[at - 1].text.strip() if listed and at is not None else source,
                equation=next((str(x["equation"]) for x in own if x.get("equation")), ""),
                cells=sum(x.get("kind") == "logic" for x in own),
                delay=round(sum(x.get("delay_ns") or 0.0 for x in own), 3),
            )
        )
    return parts


def _sources(steps: Sequence[Mapping[str, Any]]) -> list[str]:
    """Source of each step. A net knows its line; a cell belongs to the net it drives."""
    found = [str(step.get("source") or "") for step in steps]
    for i, step in enumerate(steps):
        if not found[i] and step.get("kind") != "routing" and i + 1 < len(steps):
            found[i] = str(steps[i + 1].get("source") or "")
        if not found[i] and i:
            found[i] = found[i - 1]
    return found


def _defines(lines: Sequence[Line], file: str) -> bool:
    """Whether the listing is that of ``file``, which is named as its module."""
    module = file.rpartition(".")[0]
    return any(re.match(rf"\s*module\s+{re.escape(module)}\b", line.text) for line in lines)


def _formats(report: Report) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for name, text in (report.get("formats") or {}).items():
        fmt = QFormat.from_string(text)
        held = f"{fmt.min_value:.11g} … {fmt.max_value:.11g}".replace("-", "−")
        rows.append((name, text, str(fmt.width), number(fmt.resolution), held))
    return rows


def _options(report: Report) -> list[tuple[str, str]]:
    shown = {"clock_mhz": "clock aimed for, MHz"}
    options = report.get("options") or {}
    return [
        (shown.get(key, str(key)), "auto" if value is None else number(value))
        for key, value in options.items()
    ]
