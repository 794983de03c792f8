"""Plots of error curves and of audits, as SVG text."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from sc_neurocore._svg import LEFT, RIGHT, WIDTH, LogScale, Scale, bottom_axis, frame, path, svg
from sc_neurocore.bitstream._curve import OPERATIONS, ErrorCurve
from sc_neurocore.bitstream._doctor import WINDOWS, BitstreamAuditReport
from sc_neurocore.exceptions import SCConfigError

#: Families that a plot of curves has colours for.
SERIES = 6
_PANEL, _FOOT, _HEAD = 230, 44, 26
_CELL, _SCC_ROOM = 26, 320
#: Streams that fit the matrix of a plot.
_SHOWN = 24


def curve_plot(curves: Sequence[ErrorCurve]) -> str:
    """Rms error against length with its confidence band, one panel for each operation.

    Dashed lines are the bounds of all errors. Both axes are logarithmic.

    Args:
        curves: at least one, all of at least two lengths, of up to six families.

    Returns:
        One ``<svg>`` element.

    Raises:
        SCConfigError: more families than there are colours.
    """
    families = list(dict.fromkeys(c.family for c in curves))
    if len(families) > SERIES:
        raise SCConfigError(
            f"a plot has colours for {SERIES} families of sources, not for {len(families)}; plot "
            "fewer at a time"
        )
    lengths = [p.length for c in curves for p in c.points]
    values = [v for c in curves for p in c.points for v in (p.low, p.bound.value) if v > 0]
    top = max(p.bound.value for c in curves for p in c.points)
    across = LogScale(min(lengths), max(lengths), LEFT, WIDTH - 2 * RIGHT, base=2)
    parts = [_keys(families)]
    y = float(_HEAD)
    for operation in OPERATIONS:
        shown = [c for c in curves if c.operation == operation]
        if not shown:
            continue
        down = LogScale(min(values) / 1.5, 1.5 * top, y + _PANEL, y)
        parts.append(frame(across, y, _PANEL, down, f"{_title(shown)}: error", ""))
        for c in shown:
            parts.append(_curve(c, families.index(c.family), across, down))
        parts.append(bottom_axis(across, y + _PANEL, "length (bits)"))
        y += _PANEL + _FOOT
    return svg(y, "Error against length: rms with its band, dashed: bound of all errors", parts)


def audit_plot(report: BitstreamAuditReport) -> str:
    """Correlation matrix on the left; rates over time of every stream on the right.

    Of more than 24 streams the first 24 are shown.

    Returns:
        One ``<svg>`` element.
    """
    streams = report.streams[:_SHOWN]
    count = len(streams)
    names = max(len(s.name) for s in streams)
    left = min(240.0, 26 + 6.2 * names)
    cell = min(float(_CELL), _SCC_ROOM / count)
    y = 34.0
    parts = [f'<text class="name" x="{left:g}" y="18">SCC</text>']
    for i, stream in enumerate(streams):
        middle = y + cell * (i + 0.5)
        parts.append(
            f'<text x="{left - 14:g}" y="{middle + 3.5:.1f}" text-anchor="end">'
            f'{escape(stream.name)}</text><g class="s{i % SERIES}">'
            f'<path class="key" d="M{left - 10:g} {middle - 5:.1f}h5v9h-5z"/></g>'
        )
        parts += [
            _cell(left + cell * j, y + cell * i, cell, report.scc[i][j], stream.name, other.name)
            for j, other in enumerate(streams)
        ]
    bottom = y + max(cell * count, 150.0)
    across = Scale(0.0, report.length, max(left + cell * count + 70, 420.0), WIDTH - RIGHT)
    down = Scale(0.0, 1.0, bottom, y)
    parts.append(
        f'<text class="name" x="{across.start:g}" y="18">rate in each of {WINDOWS} windows</text>'
    )
    parts.append(frame(across, y, bottom - y, down, "", ""))
    centres = (np.arange(WINDOWS) + 0.5) * report.length / WINDOWS
    for i, stream in enumerate(streams):
        line = path(across(centres), down(np.array(stream.window_rates)))
        parts.append(
            f'<g class="s{i % SERIES}"><path class="line" d="{line}"/>'
            f"<title>{escape(stream.name)}: {stream.probability:.4f}</title></g>"
        )
    parts.append(bottom_axis(across, bottom, "bit"))
    return svg(bottom + _FOOT, f"Audit of {report.layer_id}: correlation and rates", parts)


def _title(curves: Sequence[ErrorCurve]) -> str:
    if curves[0].operation != "accumulate":
        return curves[0].operation
    counts = sorted({len(c.sources) for c in curves})
    return f"mean of {' or '.join(map(str, counts))} products"


def _keys(families: Sequence[str]) -> str:
    parts, x = [], float(LEFT)
    for i, family in enumerate(families):
        parts.append(
            f'<g class="s{i}"><path class="key" d="M{x:g} 8h14v5h-14z"/></g>'
            f'<text class="name" x="{x + 19:g}" y="15">{escape(family)}</text>'
        )
        x += 40 + 6.6 * len(family)
    return "".join(parts)


def _curve(curve: ErrorCurve, series: int, across: LogScale, down: LogScale) -> str:
    length, rms, low, high, bound = (
        np.array(values, float)
        for values in zip(
            *((p.length, p.rms, p.low, p.high, p.bound.value) for p in curve.points), strict=True
        )
    )
    x = across(length)
    around = path(np.append(x, x[::-1]), np.append(down(high), down(low)[::-1]))
    title = f"{curve.family}, {curve.operation}: error falls as length to {curve.exponent:.2f}"
    return (
        f'<g class="s{series}"><path class="band" d="{around}Z"/>'
        f'<path class="bound" d="{path(x, down(bound))}"/>'
        f'<path class="line" d="{path(x, down(rms))}"/><title>{escape(title)}</title></g>'
    )


def _cell(x: float, y: float, size: float, value: float, first: str, second: str) -> str:
    colour = "var(--fixed)" if value > 0 else "var(--float)"
    shown = f"{round(value, 1) + 0.0:.1f}".replace("-", "−")
    ink = ' style="fill:#fff"' if abs(value) > 0.5 else ""
    number = (
        f'<text x="{x + size / 2:.1f}" y="{y + size / 2 + 3:.1f}" text-anchor="middle" '
        f'font-size="9"{ink}>{shown}</text>'
    )
    return (
        f'<path d="M{x:.1f} {y:.1f}h{size - 1:.1f}v{size - 1:.1f}h-{size - 1:.1f}z" '
        f'class="frame" fill="{colour}" fill-opacity="{abs(value):.2f}">'
        f"<title>{escape(first)}, {escape(second)}: {value:+.3f}</title></path>"
        + (number if size >= 20 else "")
    )
