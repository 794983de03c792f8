"""The report page of a network: one self-contained HTML file, made from ``report.json``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sc_neurocore._svg import PLOT_STYLE
from sc_neurocore.build._page import NOT_RUN, Figure, Report, Resource, number, page_environment
from sc_neurocore.build.network._ladder import RUNGS
from sc_neurocore.build.network._plot import (
    AreaPoint,
    LengthPoint,
    area_plot,
    confusion_plot,
    ladder_plot,
    length_plot,
)
from sc_neurocore.build.network._proportion import Proportion

_MARKS = {"climbed": "✓", "failed": "✗"}
_TITLES = (
    "Accuracy kept from float to integers",
    "RTL equal to the bit-true simulator",
    "Cycle-exact for whole inferences",
    "Engine blocks proven for all time",
    "Netlists of the blocks equivalent",
    "Area and clock after place and route",
)
_ACCURACY = {
    "float": "float",
    "quantised": "quantised",
    "bit_true": "bit-true",
    "rtl_sample": "RTL sample",
}
_RESOURCES = {
    "logic_cells": "Logic cells",
    "luts": "Look-up tables",
    "ffs": "Flip-flops",
    "carries": "Carry cells",
    "brams": "Block RAMs",
    "dsps": "Multiplier blocks",
    "area_um2": "Cell area, µm²",
}


def render_network_page(report: Report) -> str:
    """Render the report page of a network.

    Args:
        report: the content of ``report.json``; missing sections are shown as not run.

    Returns:
        A complete HTML document without scripts, which loads nothing.
    """
    from markupsafe import Markup

    environment = page_environment()
    environment.filters["share"] = share
    environment.filters["amount"] = amount
    environment.filters["microjoules"] = microjoules
    environment.globals["not_run"] = NOT_RUN
    return environment.get_template("network/report.html.jinja").render(
        report=report,
        rungs=_rungs(report),
        figures=_figures(report),
        accuracy=_accuracy(report),
        plots={key: Markup(plot) for key, plot in _plots(report).items()},
        plot_style=Markup(PLOT_STYLE),
        resources=_resources(report),
        not_run=NOT_RUN,
    )


def amount(value: Any) -> str:
    """A mean as people read it: whole from 1000 on, four digits below."""
    if isinstance(value, float) and abs(value) >= 1000:
        return number(round(value))
    return number(value)


def microjoules(joules: float) -> str:
    """An energy in µJ, of two digits: ``4.0``."""
    rounded = float(f"{joules * 1e6:.1e}")
    return number(int(rounded)) if rounded >= 10 else f"{rounded:#.2g}"


def share(found: Mapping[str, Any] | None) -> str:
    """Accuracy of a report and its interval, in percent."""
    if not found:
        return NOT_RUN
    low, high = 100 * found["low"], 100 * found["high"]
    return f"{100 * found['share']:.2f} % ({low:.2f} to {high:.2f})"


def proportion_of(found: Mapping[str, Any]) -> Proportion:
    """The proportion that a report holds."""
    return Proportion(found["correct"], found["n"])


def _rungs(report: Report) -> list[dict[str, str]]:
    rows = []
    for i, (key, title) in enumerate(zip(RUNGS, _TITLES, strict=True), 1):
        status = str((report.get("ladder") or {}).get(key, NOT_RUN))
        word, _, remark = status.partition(":")
        tone = word if word in _MARKS else "pending"
        detail = remark.strip() or str((report.get("ladder_details") or {}).get(key, ""))
        rows.append(
            {
                "title": f"{i}. {title}",
                "status": word,
                "tone": tone,
                "mark": _MARKS.get(word, "–"),
                "detail": detail,
            }
        )
    return rows


def _accuracy(report: Report) -> list[tuple[str, Mapping[str, Any]]]:
    found = report.get("accuracy") or {}
    return [(name, found[key]) for key, name in _ACCURACY.items() if found.get(key)]


def _figures(report: Report) -> list[Figure]:
    """The headline numbers; one that was not found says so."""
    synthesis, latency = report.get("synthesis") or {}, report.get("latency") or {}
    accuracy = (report.get("accuracy") or {}).get("bit_true")
    cosim, energy = report.get("cosim") or [], report.get("energy") or {}
    tools = synthesis.get("tool", "")
    area = synthesis.get("logic_cells")
    unit = "logic cells"
    if area is None:
        area, unit = synthesis.get("luts"), "LUTs"
    us, cycles = latency.get("us") or {}, latency.get("cycles") or {}
    speed = (us.get("mean"), "µs per inference") if us else (cycles.get("mean"), "clocks")
    rows: list[tuple[str, Any, str, str, str]] = [
        (
            "Accuracy",
            None if accuracy is None else f"{100 * accuracy['share']:.2f} %",
            "" if accuracy is None else f"of {number(accuracy['n'])} test samples",
            "executed",
            "bit-true simulator",
        ),
        (
            "Latency, mean",
            None if speed[0] is None else amount(speed[0]),
            speed[1],
            "executed",
            "clocks of the cycle model" + (", clock from the router" if us else ""),
        ),
        ("Area", area, unit, "measured", tools),
        ("Clock", synthesis.get("fmax_mhz"), "MHz", "measured", tools),
        (
            "Mismatches",
            sum(r["mismatches"] for r in cosim) if cosim else None,
            f"in {number(sum(r['cycles'] for r in cosim))} clocks",
            "executed",
            ", ".join(f"{r['simulator']} {r['version']}" for r in cosim),
        ),
        (
            "Energy",
            None if not energy else microjoules(energy["joules"]),
            "µJ per inference, dynamic",
            "estimated",
            f"to a factor of {energy.get('factor')}",
        ),
    ]
    return [
        Figure(label, number(value), *(rest if value is not None else ("", "", "")))
        for label, value, *rest in rows
    ]


def _plots(report: Report) -> dict[str, str]:
    plots = {}
    rungs = [(name, proportion_of(found)) for name, found in _accuracy(report)]
    if rungs:
        plots["ladder"] = ladder_plot(rungs)
    if report.get("confusion"):
        plots["confusion"] = confusion_plot(np.array(report["confusion"]))
    sweep = report.get("sweep") or {}
    lengths = [LengthPoint(p["length"], proportion_of(p)) for p in sweep.get("length") or ()]
    if len(lengths) > 1:
        levels = [(p["name"], proportion_of(p)) for p in sweep.get("levels") or ()]
        plots["length"] = length_plot(lengths, levels)
    areas = [
        AreaPoint(p["name"], p["series"], p["luts"], proportion_of(p["accuracy"]), p["built"])
        for p in sweep.get("area") or ()
        if p.get("accuracy")
    ]
    if areas:
        plots["area"] = area_plot(areas)
    return plots


def _resources(report: Report) -> list[Resource]:
    synthesis = report.get("synthesis") or {}
    available = synthesis.get("available") or {}
    rows = []
    for key, name in _RESOURCES.items():
        used = synthesis.get(key)
        if used is None:
            continue
        limit = available.get(key)
        part = 100.0 * used / limit if limit else None
        rows.append(Resource(name, number(used), number(limit) if limit else "", part))
    return rows
