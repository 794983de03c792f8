"""The Pareto picture of a search, as SVG text, from its report."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from sc_neurocore._svg import LEFT, RIGHT, WIDTH, LogScale, bottom_axis, frame, label, svg

_PANEL, _HEAD, _FOOT = 380.0, 46.0, 44.0
#: Least to most accurate.
_COLOURS = ("#7a4fa3", "#3f77b0", "#2a9d8f", "#7aa52e", "#d98e1a")
Row = Mapping[str, Any]


def pareto_plot(report: Mapping[str, Any]) -> str:
    """LUTs against latency (clocks where there is no clock), coloured by accuracy.

    Circles with the bars of their intervals are predicted, diamonds are measured, a ring marks
    what was chosen; dashed lines are the budget.

    Args:
        report: of a search.

    Returns:
        One ``<svg>`` element.
    """
    rows = [r for r in report["candidates"] if _drawable(r, "latency_us")]
    time = "latency_us"
    if not rows:
        time, rows = "clocks", list(report["candidates"])
    budget = report["budget"]
    across = _scale([*_ends(rows, "luts"), budget.get("luts")], LEFT, WIDTH - 2 * RIGHT)
    down = _scale([*_ends(rows, time), budget.get(time)], _HEAD + _PANEL, _HEAD)
    bins = _bins([r["figures"]["accuracy"]["value"] for r in rows])
    name, unit = ("longest inference", "µs" if time == "latency_us" else "clocks")
    parts = [_legend(bins), frame(across, _HEAD, _PANEL, down, name, unit)]
    parts += _limits(budget, time, across, down)
    chosen = (report["chosen"] or {}).get("number")
    rows = sorted(rows, key=lambda r: (r["number"] == chosen, r["measured"]))
    parts += [_mark(r, time, across, down, bins, chosen=r["number"] == chosen) for r in rows]
    parts.append(bottom_axis(across, _HEAD + _PANEL, "look-up tables"))
    return svg(_HEAD + _PANEL + _FOOT, "Look-up tables against latency, by accuracy", parts)


def _drawable(row: Row, key: str) -> bool:
    figure = row["figures"].get(key)
    return figure is not None and figure["value"] is not None


def _ends(rows: Sequence[Row], key: str) -> list[float]:
    return [row["figures"][key][end] for row in rows for end in ("low", "value", "high")]


def _scale(values: Sequence[float | None], start: float, end: float) -> LogScale:
    known = [v for v in values if v is not None and v > 0 and math.isfinite(v)]
    low, high = min(known) / 1.2, max(known) * 1.2
    return LogScale(low, high, start, end, base=2)


def _bins(shares: Sequence[float]) -> list[float]:
    """Rising upper ends of at most as many bins as there are colours, with equally many in each."""
    known = sorted(set(shares))
    count = min(len(known), len(_COLOURS))
    return [known[(k + 1) * len(known) // count - 1] for k in range(count)]


def _colour(share: float, bins: Sequence[float]) -> str:
    place = next((k for k, end in enumerate(bins) if share <= end + 1e-12), len(bins) - 1)
    return _COLOURS[-len(bins) :][place]


def _legend(bins: Sequence[float]) -> str:
    parts = ['<text class="name" x="76" y="13">accuracy (%) up to</text>']
    x = 204.0
    for end, colour in zip(bins, _COLOURS[-len(bins) :], strict=True):
        text = f"{100 * end:.1f}"
        parts.append(
            f'<circle cx="{x:g}" cy="9" r="5" fill="{colour}"/>'
            f'<text x="{x + 9:g}" y="13">{text}</text>'
        )
        x += 54
    x += 14
    parts.append(
        f'<g class="s5"><circle class="line" cx="{x:g}" cy="9" r="4"/>'
        f'<path class="line" d="M{x - 9:g} 9h18"/></g>'
        f'<text class="name" x="{x + 14:g}" y="13">predicted, with its interval</text>'
        f'<g class="s5"><path class="key" d="M{x + 192:g} 3l6 6l-6 6l-6 -6z"/></g>'
        f'<text class="name" x="{x + 204:g}" y="13">measured</text>'
        f'<g class="s4"><circle class="line" cx="{x + 282:g}" cy="9" r="7"/></g>'
        f'<text class="name" x="{x + 295:g}" y="13">chosen</text>'
    )
    return "".join(parts)


def _limits(budget: Mapping[str, float], time: str, across: LogScale, down: LogScale) -> list[str]:
    parts = []
    if "luts" in budget:
        x = float(across(budget["luts"]))
        parts.append(
            f'<g class="s4"><path class="bound" d="M{x:.1f} {_HEAD}v{_PANEL}"/></g>'
            f'<text x="{x - 5:.1f}" y="{_HEAD + 11:g}" text-anchor="end">budget '
            f"{label(budget['luts'])}</text>"
        )
    if time in budget:
        y = float(down(budget[time]))
        unit = " µs" if time == "latency_us" else " clocks"
        parts.append(
            f'<g class="s4"><path class="bound" d="M{across.start} {y:.1f}H{across.end}"/></g>'
            f'<text x="{across.end:.1f}" y="{y - 5:.1f}" text-anchor="end">budget '
            f"{label(budget[time])}{unit}</text>"
        )
    return parts


def _mark(
    row: Row, time: str, across: LogScale, down: LogScale, bins: Sequence[float], *, chosen: bool
) -> str:
    figures = row["figures"]
    luts, late, share = figures["luts"], figures[time], figures["accuracy"]["value"]
    x, y, colour = float(across(luts["value"])), float(down(late["value"])), _colour(share, bins)
    ring = f'<circle class="line" cx="{x:.1f}" cy="{y:.1f}" r="11"/>' if chosen else ""
    unit = "µs" if time == "latency_us" else "clocks"
    word = "measured" if row["measured"] else "predicted"
    text = (
        f"{row['name']}: {label(luts['value'])} LUTs, {label(late['value'])} {unit} ({word}), "
        f"accuracy {100 * share:.2f} %"
    )
    if row["measured"]:
        mark = f'<path fill="{colour}" d="M{x:.1f} {y - 6.5:.1f}l6.5 6.5l-6.5 6.5l-6.5 -6.5z"/>'
    else:
        bars = (
            f"M{float(across(luts['low'])):.1f} {y:.1f}H{float(across(luts['high'])):.1f}"
            f"M{x:.1f} {float(down(late['low'])):.1f}V{float(down(late['high'])):.1f}"
        )
        mark = (
            f'<path d="{bars}" stroke="{colour}" stroke-width="1" opacity=".45"/>'
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.6" fill="{colour}"/>'
        )
    return f'<g class="s4">{mark}{ring}<title>{escape(text)}</title></g>'
