"""What line plots are drawn with: scales, axes, paths and one style, as SVG text."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from html import escape
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

#: Width of every plot, and the room left and right of its axes.
WIDTH, LEFT, RIGHT = 880, 76, 14
_COLUMNS = 700

#: Colours and strokes of every plot; a page includes it once, a lone SVG carries it.
PLOT_STYLE = """
.plot { --ink: #1c2430; --soft: #667085; --rule: #d5dae1; --float: #17507a; --fixed: #e08a3c;
  font: 11px system-ui, sans-serif; fill: none; stroke: none; }
.plot text { fill: var(--soft); font-variant-numeric: tabular-nums; }
.plot .name { fill: var(--ink); font-size: 12px; }
.plot .frame { stroke: var(--rule); } .plot .grid { stroke: var(--rule); stroke-width: .5; }
.plot .float { stroke: var(--float); stroke-width: 1.3; stroke-linejoin: round; }
.plot .fixed { stroke: var(--fixed); stroke-width: 4; stroke-linejoin: round; opacity: .55; }
.plot .spike.float { stroke-width: 1.2; }
.plot .spike.fixed { stroke-width: 1.2; opacity: 1; }
.plot .error, .plot .stimulus { stroke: var(--ink); stroke-width: 1; }
.plot .line { stroke-width: 1.6; stroke-linejoin: round; }
.plot .bound { stroke-width: 1; stroke-dasharray: 4 3; opacity: .75; }
.plot .band { stroke: none; opacity: .16; }
.plot .dot.float { fill: none; stroke-width: 1.3; }
.plot .dot.fixed { fill: var(--fixed); stroke: none; opacity: .8; }
.plot .s0 { --c: #17507a; } .plot .s1 { --c: #d9731a; } .plot .s2 { --c: #2b8a57; }
.plot .s3 { --c: #8a4f9e; } .plot .s4 { --c: #b3333f; } .plot .s5 { --c: #5d6b7a; }
.plot .line, .plot .bound { stroke: var(--c); } .plot .band, .plot .key { fill: var(--c); }
@media (prefers-color-scheme: dark) { .plot { --ink: #e4e8ee; --soft: #97a1b0; --rule: #333c49;
  --float: #7fbcec; --fixed: #c9742a; }
  .plot .s0 { --c: #7fbcec; } .plot .s1 { --c: #f0a35c; } .plot .s2 { --c: #6fcf9a; }
  .plot .s3 { --c: #cf9be0; } .plot .s4 { --c: #f08a90; } .plot .s5 { --c: #a9b4c0; } }
@media print { .plot { --ink: #1c2430; --soft: #555; --rule: #ccc; --float: #17507a;
  --fixed: #e08a3c; } }
"""


class Axis(Protocol):
    """A map from values to pixels, with values worth a mark."""

    start: float
    end: float

    def __call__(self, value: Any) -> Any:
        """Pixel of a value or of an array of values."""
        ...

    def ticks(self, wanted: int) -> list[float]:
        """About ``wanted`` round values within the range."""
        ...


class Scale:
    """Linear map from values to pixels, with round tick values."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        # Differences of a few roundings are noise; drawn at full height they would look like data.
        if high - low <= 1e-9 * max(abs(low), abs(high)):
            low, high = low - 0.5 * max(1.0, abs(low)), low + 0.5 * max(1.0, abs(low))
        self.low, self.high, self.start, self.end = low, high, start, end

    def __call__(self, value: Any) -> Any:
        part = (value - self.low) / (self.high - self.low)
        return self.start + part * (self.end - self.start)

    def ticks(self, wanted: int) -> list[float]:
        """About ``wanted`` round values within the range."""
        rough = (self.high - self.low) / max(1, wanted)
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(s * power for s in (1, 2, 5, 10) if s * power >= 0.999 * rough)
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [k * step for k in range(first, last + 1)]


class LogScale:
    """Logarithmic map from positive values to pixels; values below its range lie at its end."""

    def __init__(self, low: float, high: float, start: float, end: float, base: int = 10) -> None:
        self.low, self.high, self.start, self.end, self.base = low, high, start, end, base

    def __call__(self, value: Any) -> Any:
        part = np.log(np.maximum(value, self.low) / self.low) / math.log(self.high / self.low)
        return self.start + part * (self.end - self.start)

    def ticks(self, wanted: int) -> list[float]:
        """Powers of the base, every so many that about ``wanted`` of them lie in the range."""
        first = math.ceil(math.log(self.low, self.base) - 1e-9)
        last = math.floor(math.log(self.high, self.base) + 1e-9)
        step = max(1, round((last - first) / max(1, wanted)))
        return [float(self.base) ** k for k in range(first, last + 1, step)]


def frame(across: Axis, y: float, height: float, down: Axis, name: str, unit: str) -> str:
    """Left axis of a panel: marks, grid, and the name, turned if the panel is high enough."""
    left, right = across.start, across.end
    values = down.ticks(5 if height > 100 else 3)
    parts = [
        f'<path class="grid" d="M{left} {down(v):.1f}H{right}"/>'
        f'<text x="{left - 6}" y="{down(v) + 3.5:.1f}" text-anchor="end">{label(v)}</text>'
        for v in values
    ]
    parts.append(f'<path class="frame" d="M{left} {y}V{y + height}"/>')
    middle = y + height / 2
    text = escape(name) + (f" ({escape(unit)})" if unit else "")
    if height > 100:
        turn = f'transform="rotate(-90 14 {middle:g})" text-anchor="middle"'
        parts.append(f'<text class="name" x="14" y="{middle:g}" {turn}>{text}</text>')
    else:
        parts.append(f'<text class="name" x="{left}" y="{y - 5:g}">{text}</text>')
    return "".join(parts)


def bottom_axis(across: Axis, y: float, title: str) -> str:
    """Axis below a panel, with marks and its title."""
    parts = [f'<path class="frame" d="M{across.start} {y}H{across.end}"/>']
    parts += [
        f'<path class="frame" d="M{across(v):.1f} {y}v4"/>'
        f'<text x="{across(v):.1f}" y="{y + 16}" text-anchor="middle">{label(v)}</text>'
        for v in across.ticks(10)
    ]
    middle = (across.start + across.end) / 2
    parts.append(
        f'<text class="name" x="{middle:g}" y="{y + 31}" text-anchor="middle">'
        f"{escape(title)}</text>"
    )
    return "".join(parts)


def path(x: Array, y: Array) -> str:
    """SVG path through the points; a pixel column with many keeps its lowest and highest."""
    keep = _thinned(x, y) if len(x) > 2 * _COLUMNS else range(len(x))
    points = [f"{x[i]:.1f} {y[i]:.1f}" for i in keep]
    return "M" + "L".join(points) if points else ""


def _thinned(x: Array, y: Array) -> Sequence[int]:
    edges = np.linspace(0, len(x), _COLUMNS + 1).astype(int)
    keep = {0, len(x) - 1}
    for a, b in itertools.pairwise(edges):
        keep |= {int(a + y[a:b].argmin()), int(a + y[a:b].argmax())}
    return sorted(keep)


def label(value: float) -> str:
    """A number as an axis writes it."""
    text = f"{0.0 if abs(value) < 1e-12 else value:.6g}"
    return text.replace("-", "−")


def svg(height: float, title: str, parts: Sequence[str]) -> str:
    """One ``<svg>`` element of the common width; `standalone` makes a file of it."""
    return (
        f'<svg class="plot" role="img" viewBox="0 0 {WIDTH} {height:g}">'
        f"<title>{escape(title)}</title>{''.join(parts)}</svg>"
    )


def standalone(element: str) -> str:
    """Make an SVG file out of the element that a plot function returned."""
    head, tail = element.split(">", 1)
    return (
        f'{head} xmlns="http://www.w3.org/2000/svg" width="{WIDTH}">'
        f"<style>{PLOT_STYLE}</style>{tail}\n"
    )
