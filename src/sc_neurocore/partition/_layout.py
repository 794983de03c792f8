"""Boxes of a picture of a placed network, and where they stand: a lane per place, layers by tick.

Rows of boxes go down in the order in which a tick computes them; what closes a cycle goes back up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from sc_neurocore.ir import Edge, Graph

Style = Literal["end", "population", "linear", "wire", "many"]

GAP, ROW, PAD = 22, 15, 16
_LANE_TOP, _LAYER_GAP = 58, 44
_WIDE, _NARROW = 6.9, 5.9


@dataclass(frozen=True)
class Box:
    """Some nodes of one place, drawn as one.

    Attributes:
        key: unique.
        lane: place.
        style: how it is drawn.
        title: first row, empty for none.
        rows: below it.
        peer: the place at the other end of a wire, else empty.
        top: whether the peer's row is the first, as at a Receive, or the last, as at a Send.
    """

    key: str
    lane: str
    style: Style
    title: str
    rows: tuple[str, ...] = ()
    peer: str = ""
    top: bool = True

    @property
    def width(self) -> float:
        """Room for the widest row."""
        rows = max((len(row) for row in self.rows), default=0)
        return max(64.0, 18 + max(_WIDE * len(self.title), _NARROW * rows))

    @property
    def height(self) -> float:
        """Room for all rows."""
        return 10.0 + ROW * (bool(self.title) + len(self.rows))


@dataclass
class Line:
    """Everything that leads from one box to another.

    Attributes:
        source: key of a box.
        target: key of a box.
        delay: smallest of the edges.
        traffic: spikes per tick, None if unknown.
        wire: whether it crosses from place to place.
        back: whether it closes a cycle.
    """

    source: str
    target: str
    delay: int
    traffic: float | None = None
    wire: bool = False
    back: bool = False


@dataclass
class Layout:
    """Where everything stands, in pixels.

    Attributes:
        boxes: by key.
        lines: between them.
        at: left and upper corner of each box.
        lanes: left edge and width by place.
        tops: of the layers, and the end of the last.
        width: of the picture.
        height: of the picture.
    """

    boxes: Mapping[str, Box]
    lines: Sequence[Line]
    at: dict[str, tuple[float, float]] = field(default_factory=dict)
    lanes: dict[str, tuple[float, float]] = field(default_factory=dict)
    tops: list[float] = field(default_factory=list)
    width: float = 0.0
    height: float = 0.0

    def centre(self, key: str) -> float:
        """Middle of a box, from the left."""
        return self.at[key][0] + self.boxes[key].width / 2


def lay_out(boxes: Sequence[Box], lines: Sequence[Line], lanes: Sequence[str]) -> Layout:
    """Place boxes in layers and lanes.

    Args:
        boxes: in the order in which they are wished.
        lines: between their keys; those that close a cycle are marked here.
        lanes: places from left to right.
    """
    table = {box.key: box for box in boxes}
    layout = Layout(table, lines)
    layers = _layers(table, lines)
    rows: dict[int, dict[str, list[str]]] = {}
    for key, layer in layers.items():
        rows.setdefault(layer, {}).setdefault(table[key].lane, []).append(key)
    x = float(GAP)
    for lane in lanes:
        widest = max((_row_width(table, row.get(lane, ())) for row in rows.values()), default=0.0)
        width = max(widest + 2 * GAP, 150.0)
        layout.lanes[lane] = x, width
        x += width + 2 * GAP
    layout.width = x - GAP
    y = float(_LANE_TOP + PAD)
    for layer in sorted(rows):
        layout.tops.append(y)
        for lane, keys in rows[layer].items():
            _stand(layout, lane, keys, y)
        y += max(table[k].height for keys in rows[layer].values() for k in keys) + _LAYER_GAP
    layout.tops.append(y)
    layout.height = y
    return layout


def _row_width(table: Mapping[str, Box], keys: Iterable[str]) -> float:
    widths = [table[key].width for key in keys]
    return sum(widths) + GAP * max(0, len(widths) - 1)


def _stand(layout: Layout, lane: str, keys: list[str], y: float) -> None:
    """Put one row in the middle of its lane, each box about below what leads to it."""
    wishes: dict[str, list[float]] = {key: [] for key in keys}
    for line in layout.lines:
        if line.target in wishes and line.source in layout.at:
            wishes[line.target].append(layout.centre(line.source))
    means = {key: sum(w) / len(w) if w else 0.0 for key, w in wishes.items()}
    left, width = layout.lanes[lane]
    x = left + (width - _row_width(layout.boxes, keys)) / 2
    for key in sorted(keys, key=lambda k: means[k]):
        layout.at[key] = x, y
        x += layout.boxes[key].width + GAP


def _layers(table: Mapping[str, Box], lines: Sequence[Line]) -> dict[str, int]:
    """The longest way to each box, but for the lines that close a cycle, which are marked."""
    following: dict[str, list[Line]] = {key: [] for key in table}
    reached = set()
    for line in lines:
        following[line.source].append(line)
        reached.add(line.target)
    # What has no delay must go down, so it is walked first.
    for group in following.values():
        group.sort(key=lambda line: line.delay)
    order: list[str] = []
    done: set[str] = set()
    active: set[str] = set()
    for root in [*(k for k in table if k not in reached), *table]:
        if root in done:
            continue
        stack = [(root, iter(following[root]))]
        active.add(root)
        while stack:
            key, rest = stack[-1]
            for line in rest:
                if line.target in active:
                    line.back = True
                elif line.target not in done:
                    active.add(line.target)
                    stack.append((line.target, iter(following[line.target])))
                    break
            else:
                stack.pop()
                active.discard(key)
                done.add(key)
                order.append(key)
    layers = dict.fromkeys(table, 0)
    for key in reversed(order):
        for line in following[key]:
            if not line.back:
                layers[line.target] = max(layers[line.target], layers[key] + 1)
    # Then everything but Sends sinks to right above what it leads to: wires may be long.
    for key in order:
        below = [layers[line.target] for line in following[key] if not line.back]
        if below and (table[key].top or not table[key].peer):
            layers[key] = min(below) - 1
    return layers


def gather(
    graph: Graph, boxes: Mapping[str, str], traffic: Mapping[str, float] | None
) -> list[Line]:
    """The lines between boxes that a graph's edges make.

    Args:
        graph: flat.
        boxes: key of the box by node.
        traffic: spikes per tick by node.
    """
    lines: dict[tuple[str, str], Line] = {}
    counted: set[tuple[str, str]] = set()
    for edge in graph.edges:
        source, target = boxes[edge.source], boxes[edge.target]
        if source == target and not _own(graph, edge):
            continue
        line = lines.setdefault((source, target), Line(source, target, edge.delay))
        line.delay = min(line.delay, edge.delay)
        rate = None if traffic is None else traffic.get(edge.source)
        if rate is not None and (edge.source, target) not in counted:
            counted.add((edge.source, target))
            line.traffic = (line.traffic or 0.0) + rate
    return list(lines.values())


def _own(graph: Graph, edge: Edge) -> bool:
    """Whether an edge leads from a node to itself."""
    return edge.source == edge.target
