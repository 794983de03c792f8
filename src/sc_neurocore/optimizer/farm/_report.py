"""The validation as a page: predicted against measured, errors, coverage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore._svg import (
    LEFT,
    PLOT_STYLE,
    RIGHT,
    WIDTH,
    LogScale,
    Scale,
    bottom_axis,
    frame,
    path,
    svg,
)
from sc_neurocore.cost._data import EngineRow
from sc_neurocore.cost._model import AnyModel
from sc_neurocore.optimizer.farm._files import (
    engines_of,
    held_out_rows,
    model_of,
    shipped,
    stated_tests,
    validate,
)

Reals = NDArray[np.float64]
_PANEL, _TOP = 300, 28
_CONFIDENCES = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
UNITS = {"luts": "LUTs", "ffs": "flip-flops", "brams": "block RAMs", "dsps": "multipliers",
         "fmax_mhz": "MHz"}  # fmt: skip


def validation_page(folder: Path | None = None) -> str:
    """HTML of a model's validation, its errors computed again."""
    folder = folder or shipped()
    stated = validate(folder)
    rows = engines_of(folder)
    model = model_of(folder)
    parts = []
    for metric in ("luts", "ffs", "fmax_mhz"):
        series = [
            (family, model.parts[family, metric], held_out_rows(rows, family, metric))
            for family in model.families
            if (family, metric) in model.parts
        ]
        parts += [
            f"<h2>{escape(UNITS[metric])}</h2>",
            scatter(series, metric),
            error_plot(series, metric),
            coverage_plot(series, metric),
        ]
    head = "<th>".join(("", "figure", "rows", "networks", "median", "90th percentile", "coverage"))
    table = "".join(
        f"<tr><td>{escape(f['family'])} {escape(UNITS[f['metric']])}<td>{f['tested_rows']}"
        f"<td>{f['tested_networks']} {test}<td>{100 * f['median_error']:.1f} %"
        f"<td>{100 * f['p90_error']:.1f} %<td>{100 * f['coverage']:.0f} %"
        for test, f in stated_tests(stated)
    )
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width'><title>Cost model: validation</title>"
        f"<style>body{{font:15px system-ui,sans-serif;max-width:{WIDTH}px;margin:2rem auto;"
        "padding:0 1rem}table{border-collapse:collapse}td,th{padding:.2rem .8rem .2rem 0;"
        f"text-align:left}}svg{{width:100%}}{PLOT_STYLE}</style><h1>Cost model: validation</h1>"
        "<p>Errors on networks that were never trained on, computed from the shipped records. "
        "Every prediction is an estimate; every point below was measured.</p>"
        f"<table><tr>{head}{table}</table>{''.join(parts)}</html>\n"
    )


def scatter(series: Sequence[tuple[str, AnyModel, Sequence[EngineRow]]], metric: str) -> str:
    """Predicted against measured figures of held-out networks, with their intervals."""
    drawn = [(family, *_predicted(part, rows, metric)) for family, part, rows in series]
    values = np.concatenate([np.concatenate([m, p.value]) for _, m, p in drawn])
    low, high = float(values.min()) * 0.8, float(values.max()) * 1.25
    across = LogScale(low, high, LEFT, WIDTH - RIGHT, 2)
    down = LogScale(low, high, _TOP + _PANEL, _TOP, 2)
    parts = [
        frame(across, _TOP, _PANEL, down, f"estimated {UNITS[metric]}", ""),
        bottom_axis(across, _TOP + _PANEL, f"measured {UNITS[metric]}"),
        f'<path class="frame" d="M{across(low):.1f} {down(low):.1f}'
        f'L{across(high):.1f} {down(high):.1f}"/>',
        _keys([family for family, _, _ in drawn]),
    ]
    for k, (_, measured, p) in enumerate(drawn):
        for x, y, bottom, top in zip(measured, p.value, p.low, p.high, strict=True):
            ends = f"{down(min(max(bottom, low), high)):.1f}V{down(min(top, high)):.1f}"
            parts.append(f'<path class="line s{k}" opacity=".35" d="M{across(x):.1f} {ends}"/>')
            parts.append(
                f'<circle class="key s{k}" cx="{across(x):.1f}" cy="{down(y):.1f}" r="3.2"/>'
            )
    return svg(_TOP + _PANEL + 44, f"Estimated against measured {UNITS[metric]}", parts)


def error_plot(series: Sequence[tuple[str, AnyModel, Sequence[EngineRow]]], metric: str) -> str:
    """Share of held-out rows whose error is at most so large."""
    across = Scale(0.0, 40.0, LEFT, WIDTH - RIGHT)
    down = Scale(0.0, 100.0, _TOP + _PANEL, _TOP)
    parts = [
        frame(across, _TOP, _PANEL, down, "held-out rows", "%"),
        bottom_axis(across, _TOP + _PANEL, "relative error at most (%)"),
        _keys([family for family, _, _ in series]),
    ]
    for k, (_, part, rows) in enumerate(series):
        measured, p = _predicted(part, rows, metric)
        error = np.sort(100 * np.abs(p.value / measured - 1))
        x = np.concatenate([[0.0], np.repeat(np.minimum(error, 40.0), 2)])
        y = np.repeat(np.arange(len(error) + 1), 2)[:-1] / len(error) * 100
        parts.append(f'<path class="line s{k}" d="{path(across(x), down(y))}"/>')
    return svg(_TOP + _PANEL + 44, f"Errors of {UNITS[metric]}", parts)


def coverage_plot(series: Sequence[tuple[str, AnyModel, Sequence[EngineRow]]], metric: str) -> str:
    """How many held-out figures lie inside intervals of each confidence."""
    across = Scale(50.0, 100.0, LEFT, WIDTH - RIGHT)
    down = Scale(0.0, 100.0, _TOP + _PANEL, _TOP)
    parts = [
        frame(across, _TOP, _PANEL, down, "inside the interval", "%"),
        bottom_axis(across, _TOP + _PANEL, "confidence of the interval (%)"),
        f'<path class="frame" d="M{across(50):.1f} {down(50):.1f}'
        f'L{across(100):.1f} {down(100):.1f}"/>',
        _keys([family for family, _, _ in series]),
    ]
    for k, (_, part, rows) in enumerate(series):
        share = []
        for confidence in _CONFIDENCES:
            measured, p = _predicted(part, rows, metric, confidence)
            share.append(100 * float(((measured >= p.low) & (measured <= p.high)).mean()))
        x, y = across(100 * np.array(_CONFIDENCES)), down(np.array(share))
        parts.append(f'<path class="line s{k}" d="{path(x, y)}"/>')
        parts += [f'<circle class="key s{k}" cx="{a:.1f}" cy="{b:.1f}" r="3.2"/>'
                  for a, b in zip(x, y, strict=True)]  # fmt: skip
    return svg(_TOP + _PANEL + 44, f"Coverage of {UNITS[metric]}", parts)


def _predicted(
    part: AnyModel, rows: Sequence[EngineRow], metric: str, confidence: float = 0.9
) -> tuple[Reals, Any]:
    measured = np.array([r.figures[part.family, metric] for r in rows], np.float64)
    return measured, part.predict([r.shape for r in rows], confidence)


def _keys(names: Sequence[str]) -> str:
    return "".join(
        f'<rect class="key s{k}" x="{LEFT + 110 * k}" y="6" width="12" height="9"/>'
        f'<text x="{LEFT + 110 * k + 18}" y="15">{escape(name)}</text>'
        for k, name in enumerate(names)
    )


def table_rows(validation: Mapping[str, Any]) -> list[list[str]]:
    """The figures of a validation, a row each."""
    return [
        [
            f["family"], UNITS[f["metric"]], f"{f['tested_rows']} of {f['tested_networks']} {test}",
            f"{100 * f['median_error']:.1f} %", f"{100 * f['p90_error']:.1f} %",
            f"{100 * f['coverage']:.0f} %",
        ]
        for test, f in stated_tests(validation)
    ]  # fmt: skip


TABLE_HEAD = ("family", "figure", "tested on", "median error", "90th pct.", "inside 90 %")
