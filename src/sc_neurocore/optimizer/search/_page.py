"""The page of a search: one self-contained HTML file, made from ``report.json``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sc_neurocore._svg import PLOT_STYLE
from sc_neurocore.build._page import page_environment
from sc_neurocore.optimizer.search._budget import MORE_IS_BETTER, QUANTITIES
from sc_neurocore.optimizer.search._plot import pareto_plot

NAMES = {**{k: n for k, (n, _) in QUANTITIES.items()}, "ffs": "flip-flops",
          "dsps": "multiplier blocks", "fmax_mhz": "clock"}  # fmt: skip
_UNITS = {"latency_us": "µs", "power_mw": "mW", "fmax_mhz": "MHz"}
_ORDER = (
    "accuracy",
    "luts",
    "ffs",
    "brams",
    "dsps",
    "fmax_mhz",
    "clocks",
    "latency_us",
    "power_mw",
)


def render_search_page(report: Mapping[str, Any]) -> str:
    """Render the page of a search.

    Args:
        report: the content of ``report.json``.

    Returns:
        A complete HTML document without scripts, which loads nothing.
    """
    from jinja2 import ChoiceLoader, PackageLoader
    from markupsafe import Markup

    environment = page_environment()
    own = PackageLoader("sc_neurocore.optimizer.search", ".")
    assert environment.loader is not None
    environment = environment.overlay(loader=ChoiceLoader([own, environment.loader]))
    return environment.get_template("search.html.jinja").render(
        report=report,
        plot=Markup(pareto_plot(report)),
        plot_style=Markup(PLOT_STYLE),
        budget=[
            (NAMES[k], "at least" if k in MORE_IS_BETTER else "at most", amount(k, v))
            for k, v in report["budget"].items()
        ],
        figures=figure_rows(
            (report["chosen"] or report["verdict"]["nearest"] or {}).get("figures") or {},
            report["budget"],
        ),
        compared=comparison_rows(report["rounds"]),
        errors=[(NAMES[k], _percent(e["median"]), _percent(e["p90"]))
                for k, e in report["model"]["errors"].items()],
        front=[
            {"name": row["name"], "word": "measured" if row["measured"] else "predicted",
             "cells": [value(k, row["figures"].get(k)) for k in _columns(report)]}
            for row in sorted(report["candidates"], key=_by_luts)
        ],
        columns=[NAMES[k] for k in _columns(report)],
    )  # fmt: skip


def _by_luts(row: Mapping[str, Any]) -> tuple[float, int]:
    return row["figures"]["luts"]["value"], row["number"]


def _columns(report: Mapping[str, Any]) -> list[str]:
    rows = report["candidates"]
    wanted = ("accuracy", "luts", "brams", "fmax_mhz", "latency_us")
    return [k for k in wanted if any(k in row["figures"] for row in rows)]


def figure_rows(
    figures: Mapping[str, Any], budget: Mapping[str, float]
) -> list[tuple[str, str, str, str]]:
    """Name, value with its interval, limit and word of each figure."""
    return [
        (NAMES[k], value(k, figures[k]), amount(k, budget[k]) if k in budget else "",
         figures[k]["word"])
        for k in _ORDER if k in figures
    ]  # fmt: skip


def comparison_rows(rounds: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The measured-against-predicted table: a row per run and quantity."""
    rows = []
    for done in rounds:
        for k, figure in enumerate(done["figures"]):
            found, error = figure["measured"], figure["error"]
            key = figure["quantity"]
            if key in ("dsps",) and not found and not figure["predicted"]["value"]:
                continue
            rows.append(
                {
                    "run": done["run"],
                    "name": done["name"] if k == 0 else "",
                    "quantity": NAMES[key],
                    "predicted": value(key, figure["predicted"]),
                    "measured": "–" if found is None else amount(key, found),
                    "error": "–" if error is None else f"{100 * error:+.1f} %",
                    "inside": {None: "–", True: "yes", False: "no"}[figure["inside_interval"]],
                }
            )
    return rows


def value(key: str, figure: Mapping[str, Any] | None) -> str:
    """A figure with its interval: ``812 (760 to 870)``."""
    if figure is None or figure["value"] is None:
        return "–"
    text = amount(key, figure["value"])
    if figure["low"] == figure["high"]:
        return text
    low, high = (amount(key, figure[end], unit=False) for end in ("low", "high"))
    return f"{text} ({low} to {high})"


def amount(key: str, number: float, *, unit: bool = True) -> str:
    """A quantity with its unit."""
    if key == "accuracy":
        return f"{100 * number:.2f}{' %' if unit else ''}"
    digits = f"{number:.0f}" if key in ("luts", "ffs", "brams", "dsps", "clocks") else ""
    digits = digits or (f"{number:.1f}" if number >= 10 else f"{number:.3g}")
    return f"{digits} {_UNITS[key]}" if unit and key in _UNITS else digits


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
