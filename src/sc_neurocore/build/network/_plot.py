"""Plots of a network's report, as SVG text."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore._svg import LEFT, RIGHT, WIDTH, LogScale, Scale, bottom_axis, frame, path, svg
from sc_neurocore.build.network._proportion import Proportion

_PANEL, _FOOT, _HEAD, _ROW = 250, 44, 24, 30
#: Room right of the names of the rungs, and for the figures after their intervals.
_NAMES, _VALUES = 90, 216
_CELL = 34


@dataclass(frozen=True)
class LengthPoint:
    """Accuracy of the stochastic network at one stream length.

    Attributes:
        length: stream clocks per tick.
        accuracy: bit-true, of the samples that the plot names.
    """

    length: int
    accuracy: Proportion


@dataclass(frozen=True)
class AreaPoint:
    """One configuration, really synthesised.

    Attributes:
        name: back end, width of weights and folding in a few words.
        series: what its colour stands for.
        luts: look-up tables that synthesis counted.
        accuracy: bit-true.
        built: whether it is the one that this bundle holds.
    """

    name: str
    series: str
    luts: int
    accuracy: Proportion
    built: bool = False


def ladder_plot(rungs: Sequence[tuple[str, Proportion]]) -> str:
    """Accuracy of each rung as a dot on its 95 % interval.

    Args:
        rungs: name and accuracy, top to bottom.

    Returns:
        One ``<svg>`` element.
    """
    low = min(p.interval[0] for _, p in rungs)
    left, right = LEFT + _NAMES, WIDTH - _VALUES
    margin = 0.08 * max(1.0 - low, 0.01)
    across = Scale(100 * (low - margin), 100.0, left, right)
    height = float(_ROW * len(rungs))
    marks = across.ticks(6)
    parts = [f'<path class="grid" d="M{across(v):.1f} 6V{6 + height:g}"/>' for v in marks]
    for i, (name, found) in enumerate(rungs):
        y = 6 + _ROW * (i + 0.5)
        start, end = (float(across(100 * x)) for x in found.interval)
        at = float(across(100 * found.share))
        parts.append(
            f'<text class="name" x="{left - 14}" y="{y + 4:g}" text-anchor="end">'
            f"{escape(name)}</text>"
            f'<g class="s0"><path class="line" d="M{start:.1f} {y:g}H{end:.1f}'
            f'M{start:.1f} {y - 4:g}v8M{end:.1f} {y - 4:g}v8"/>'
            f'<circle class="key" cx="{at:.1f}" cy="{y:g}" r="4.5"/>'
            f"<title>{escape(name)}: {percent(found)}</title></g>"
            f'<text x="{right + 18}" y="{y + 4:g}">{percent(found)} of {found.of}</text>'
        )
    parts.append(bottom_axis(across, 6 + height, "accuracy (%), bars: 95 % intervals (Wilson)"))
    return svg(6 + height + _FOOT, "Accuracy at each rung with its 95 % interval", parts)


def length_plot(points: Sequence[LengthPoint], levels: Sequence[tuple[str, Proportion]]) -> str:
    """Accuracy against stream length with its 95 % band; dashed lines do not depend on it.

    Args:
        points: at least two, by rising length.
        levels: name and accuracy of the networks to compare with.

    Returns:
        One ``<svg>`` element.
    """
    length = np.array([p.length for p in points], float)
    share, low, high = (
        100 * np.array(values)
        for values in zip(*((p.accuracy.share, *p.accuracy.interval) for p in points), strict=True)
    )
    across = LogScale(length[0], length[-1], LEFT, WIDTH - 2 * RIGHT, base=2)
    floor = max(0.0, min(float(low.min()), *(100 * p.share for _, p in levels), 95.0) - 2)
    down = Scale(floor, 100.0, _HEAD + _PANEL, _HEAD)
    x = across(length)
    around = path(np.append(x, x[::-1]), np.append(down(high), down(low)[::-1]))
    keys = ["stochastic, bit-true", *(name for name, _ in levels)]
    parts = [_keys(keys), frame(across, _HEAD, _PANEL, down, "accuracy", "%")]
    parts += [
        f'<g class="s{i}"><path class="bound" d="M{across.start} {down(100 * p.share):.1f}'
        f'H{across.end}"/><title>{escape(name)}: {percent(p)}</title></g>'
        for i, (name, p) in enumerate(levels, 1)
    ]
    parts.append(
        f'<g class="s0"><path class="band" d="{around}Z"/>'
        f'<path class="line" d="{path(x, down(share))}"/></g>'
    )
    parts += [
        f'<g class="s0"><circle class="key" cx="{across(p.length):.1f}" '
        f'cy="{down(100 * p.accuracy.share):.1f}" r="4"/>'
        f"<title>L = {p.length}: {percent(p.accuracy)}</title></g>"
        for p in points
    ]
    parts.append(bottom_axis(across, _HEAD + _PANEL, "stream length L (clocks per tick)"))
    return svg(_HEAD + _PANEL + _FOOT, "Accuracy against stream length", parts)


def area_plot(points: Sequence[AreaPoint]) -> str:
    """Accuracy with its 95 % interval against look-up tables; a ring marks what was built.

    Args:
        points: configurations.

    Returns:
        One ``<svg>`` element.
    """
    points = sorted(points, key=lambda p: (p.luts, -p.accuracy.share))
    series = list(dict.fromkeys(p.series for p in points))
    least, most = points[0].luts, points[-1].luts
    margin = max(0.1 * (most - least), 0.05 * most)
    across = Scale(max(0.0, least - margin), most + margin, LEFT, WIDTH - 2 * RIGHT)
    floor = max(0.0, min(100 * p.accuracy.interval[0] for p in points) - 1)
    down = Scale(floor, 100.0, _HEAD + _PANEL, _HEAD)
    parts = [_keys(series), frame(across, _HEAD, _PANEL, down, "accuracy", "%")]
    foot = _HEAD + _PANEL + _FOOT
    before = (-100.0, 0.0)
    for i, p in enumerate(points):
        x, y = float(across(p.luts)), float(down(100 * p.accuracy.share))
        low, high = (float(down(100 * v)) for v in p.accuracy.interval)
        # A number that would lie on the one before it moves up.
        above = (
            before[1] - 12 if x - before[0] < 14 and abs(high - 6 - before[1]) < 12 else high - 6
        )
        before = (x, above)
        ring = f'<circle class="line" cx="{x:.1f}" cy="{y:.1f}" r="9"/>' if p.built else ""
        text = f"{p.name}: {p.luts} LUTs, {percent(p.accuracy)}"
        built = ", this bundle" if p.built else ""
        parts.append(
            f'<g class="s{series.index(p.series)}"><path class="line" d="M{x:.1f} {low:.1f}'
            f'V{high:.1f}"/><circle class="key" cx="{x:.1f}" cy="{y:.1f}" r="4.5"/>{ring}'
            f"<title>{escape(text)}</title></g>"
            f'<text class="name" x="{x:.1f}" y="{above:.1f}" text-anchor="middle">{i + 1}</text>'
            f'<text class="name" x="{LEFT}" y="{foot + 16 * (i + 1) - 8}">{i + 1}</text>'
            f'<text x="{LEFT + 22}" y="{foot + 16 * (i + 1) - 8}">{escape(text)}{built}</text>'
        )
    parts.append(bottom_axis(across, _HEAD + _PANEL, "look-up tables after synthesis"))
    return svg(foot + 16 * len(points), "Accuracy against look-up tables", parts)


def confusion_plot(matrix: NDArray[Any]) -> str:
    """How often each label (row) was taken for each class (column); darker is more often.

    Args:
        matrix: (classes, classes) counts.

    Returns:
        One ``<svg>`` element.
    """
    classes = len(matrix)
    cell = min(float(_CELL), 560.0 / classes)
    left = (WIDTH - cell * classes) / 2
    top, size = 40.0, cell * classes
    rows = np.maximum(matrix.sum(axis=1), 1)
    numbers = cell >= 20
    parts = [
        f'<text class="name" x="{left + size / 2:g}" y="14" text-anchor="middle">taken for</text>',
        f'<text class="name" text-anchor="middle" transform="translate({left - 36:g} '
        f'{top + size / 2:g}) rotate(-90)">label</text>',
    ]
    for i in range(classes):
        middle = cell * (i + 0.5)
        if numbers or i % 5 == 0:
            parts.append(
                f'<text x="{left + middle:.1f}" y="{top - 8:g}" text-anchor="middle">{i}</text>'
                f'<text x="{left - 10:.1f}" y="{top + middle + 4:.1f}" text-anchor="end">{i}</text>'
            )
    side = f"{cell - 1:.1f}"
    for i, j in itertools.product(range(classes), repeat=2):
        count = int(matrix[i, j])
        x, y, share = left + cell * j, top + cell * i, count / rows[i]
        colour = "s0" if i == j else "s1"
        # A single mistake must still be seen.
        opacity = 0.06 if not count else 0.25 + 0.7 * float(share) ** 0.5
        parts.append(
            f'<g class="{colour if count else "s5"}"><path class="key" '
            f'fill-opacity="{opacity:.2f}" d="M{x:.1f} {y:.1f}h{side}v{side}h-{side}z"/>'
            f"<title>label {i} taken for {j}: {count} of {int(matrix[i].sum())}</title></g>"
        )
        if numbers and count:
            ink = ' style="fill: #fff"' if opacity > 0.6 else ""
            parts.append(
                f'<text x="{x + cell / 2 - 0.5:.1f}" y="{y + cell / 2 + 3.5:.1f}" '
                f'text-anchor="middle" font-size="{min(11.0, cell / 3):.3g}"{ink}>{count}</text>'
            )
    return svg(top + size + 8, "Confusion matrix: label by row, prediction by column", parts)


def percent(found: Proportion) -> str:
    """A proportion and its interval in percent: ``97.2 % (95.0 to 98.5)``."""
    low, high = found.interval
    return f"{100 * found.share:.2f} % ({100 * low:.2f} to {100 * high:.2f})"


def _keys(names: Sequence[str]) -> str:
    parts, x = [], float(LEFT)
    for i, name in enumerate(names):
        parts.append(
            f'<g class="s{i}"><path class="key" d="M{x:g} 4h14v5h-14z"/></g>'
            f'<text class="name" x="{x + 19:g}" y="11">{escape(name)}</text>'
        )
        x += 40 + 6.6 * len(name)
    return "".join(parts)
