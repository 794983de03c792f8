"""The ways that lines take between the boxes of a picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sc_neurocore.partition._layout import GAP, Box, Layout, Line

#: Room between a box and a line that goes around it.
_AROUND = 12.0
#: Height of a curve from one line of boxes to the next.
_BEND = 30.0
#: Radius of the corners of a line that turns.
_ROUND = 9.0


@dataclass(frozen=True)
class Route:
    """A line's way.

    Attributes:
        path: of the SVG.
        end: where it arrives.
        label: middle of its numbers.
        sideways: whether it arrives from the right, not from above.
    """

    path: str
    end: tuple[float, float]
    label: tuple[float, float]
    sideways: bool = False

    def tip(self, size: float) -> str:
        """SVG path of the arrow's tip."""
        x, y = self.end
        if self.sideways:
            return f"M{x:.1f} {y:.1f}l{size:.1f} {-size * 0.6:.1f}v{size * 1.2:.1f}z"
        return f"M{x:.1f} {y:.1f}l{-size * 0.6:.1f} {-size:.1f}h{size * 1.2:.1f}z"


def routes(layout: Layout) -> list[Route]:
    """The way of every line, in order."""
    leaving, entering = (_spread(layout, side) for side in ("source", "target"))
    found: list[Route] = []
    around = dict.fromkeys(layout.lanes, 0)
    for line, x0, x1 in zip(layout.lines, leaving, entering, strict=True):
        source, target = layout.boxes[line.source], layout.boxes[line.target]
        y0 = layout.at[line.source][1] + source.height
        y1 = layout.at[line.target][1]
        up = y1 < y0
        if source.lane != target.lane and (up or y1 > _next(layout, line.source)):
            found.append(_across(layout, line, x0, y0, x1, around))
            continue
        passed = _passed(layout, line, source, target)
        if not up and not passed:
            found.append(_down(x0, y0, x1, y1))
            continue
        right = max(layout.at[k][0] + layout.boxes[k].width for k in passed or [line.source])
        right = max(right, layout.at[line.target][0] + target.width if up else 0.0)
        right += _AROUND + 7 * around[source.lane]
        around[source.lane] += 1
        found.append(
            _up(layout, line, right)
            if up
            else Route(
                f"M{x0:.1f} {y0:.1f}C{x0:.1f} {y0 + _BEND:.1f} {right:.1f} {y0:.1f} {right:.1f} "
                f"{y0 + _BEND:.1f}V{y1 - _BEND:.1f}C{right:.1f} {y1:.1f} {x1:.1f} "
                f"{y1 - _BEND:.1f} {x1:.1f} {y1:.1f}",
                (x1, y1),
                (right, (y0 + y1) / 2),
            )
        )
    return found


def _down(x0: float, y0: float, x1: float, y1: float) -> Route:
    bend = min(70.0, (y1 - y0) / 2)
    path = f"M{x0:.1f} {y0:.1f}C{x0:.1f} {y0 + bend:.1f} {x1:.1f} {y1 - bend:.1f} {x1:.1f} {y1:.1f}"
    # The numbers stand where lines to different boxes have parted.
    t = 0.78
    w = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
    x = (w[0] + w[1]) * x0 + (w[2] + w[3]) * x1
    y = w[0] * y0 + w[1] * (y0 + bend) + w[2] * (y1 - bend) + w[3] * y1
    return Route(path, (x1, y1), (x, y))


def _next(layout: Layout, key: str) -> float:
    """Top of the layer below a box."""
    return next(top for top in layout.tops if top > layout.at[key][1])


def _across(
    layout: Layout, line: Line, x0: float, y0: float, x1: float, around: dict[str, int]
) -> Route:
    """To another lane past more than one layer: along the room beside the target's lane."""
    source, target = layout.boxes[line.source].lane, layout.boxes[line.target].lane
    left, width = layout.lanes[target]
    outside = -GAP if layout.lanes[source][0] < left else width + GAP
    beside = left + outside + 7 * ((around[target] + 1) % 3 - 1)
    around[target] += 1
    leave, y1 = _next(layout, line.source) - 24, layout.at[line.target][1]
    arrive = y1 - 22
    first, second = math.copysign(_ROUND, beside - x0), math.copysign(_ROUND, x1 - beside)
    turn = math.copysign(_ROUND, arrive - leave)
    path = (
        f"M{x0:.1f} {y0:.1f}V{leave - _ROUND:.1f}q0 {_ROUND:g} {first:g} {_ROUND:g}"
        f"H{beside - first:.1f}q{first:g} 0 {first:g} {turn:g}V{arrive - turn:.1f}"
        f"q0 {turn:g} {second:g} {turn:g}H{x1 - second:.1f}q{second:g} 0 {second:g} {_ROUND:g}"
        f"V{y1:.1f}"
    )
    share = 0.3 + 0.2 * (around[target] % 3)
    return Route(path, (x1, y1), (beside, leave + share * (arrive - leave)))


def _up(layout: Layout, line: Line, right: float) -> Route:
    """Back up, past the right side of everything on the way."""
    source, target = layout.boxes[line.source], layout.boxes[line.target]
    x0, x1 = (layout.at[b.key][0] + b.width for b in (source, target))
    y0, y1 = (layout.at[b.key][1] + b.height / 2 for b in (source, target))
    if source is target:
        y0, y1 = y0 + 8, y1 - 8
    path = (
        f"M{x0:.1f} {y0:.1f}C{right:.1f} {y0:.1f} {right:.1f} {y0:.1f} {right:.1f} "
        f"{max(y0 - _BEND, (y0 + y1) / 2):.1f}V{min(y1 + _BEND, (y0 + y1) / 2):.1f}"
        f"C{right:.1f} {y1:.1f} {right:.1f} {y1:.1f} {x1:.1f} {y1:.1f}"
    )
    return Route(path, (x1, y1), (right, (y0 + y1) / 2), sideways=True)


def _passed(layout: Layout, line: Line, source: Box, target: Box) -> list[str]:
    """Boxes of the lane between the two ends of a line that stays in it."""
    if source.lane != target.lane:
        return []
    low, high = sorted((layout.at[line.source][1], layout.at[line.target][1]))
    return [
        key
        for key, (_, y) in layout.at.items()
        if layout.boxes[key].lane == source.lane and low < y < high
    ]


def _spread(layout: Layout, side: str) -> Sequence[float]:
    """Where on a box's edge each line ends, so that lines do not lie on each other."""
    other = "target" if side == "source" else "source"
    groups: dict[str, list[int]] = {}
    for index, line in enumerate(layout.lines):
        groups.setdefault(getattr(line, side), []).append(index)
    found = [0.0] * len(layout.lines)
    for key, indices in groups.items():
        indices.sort(key=lambda i: layout.centre(getattr(layout.lines[i], other)))
        box, (x, _) = layout.boxes[key], layout.at[key]
        for place, index in enumerate(indices):
            found[index] = x + box.width * (place + 1) / (len(indices) + 1)
    return found
