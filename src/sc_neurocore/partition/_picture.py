"""Pictures of a network over places, before and after it is cut."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import numpy as np

from sc_neurocore._svg import PLOT_STYLE
from sc_neurocore.ir import (
    BackoffGate,
    Crossing,
    DeadlineGate,
    DedupGate,
    Gate,
    Graph,
    HealthGate,
    Input,
    LinearOp,
    Neurons,
    Node,
    Op,
    Output,
    Partitions,
    Receive,
    Rerandomise,
    Send,
    Threshold,
    gates_at,
)
from sc_neurocore.partition._layout import PAD, ROW, Box, Layout, Line, Style, gather, lay_out
from sc_neurocore.partition._routes import Route, routes

#: Boxes that a picture shows each by itself; with more, synapses go with what they lead to, and
#: with many more, all populations of a place are one.
BOX_LIMIT = 64
_LEGEND = 34
_STYLE = """
.plot.places { --paper: #ffffff; } .plot.places .paper { fill: var(--paper); }
.plot.places .lane { fill: var(--c); fill-opacity: .07; stroke: var(--c); stroke-width: 1.2; }
.plot.places .place { fill: var(--c); font-size: 14px; font-weight: 600; }
.plot.places .box { fill: var(--paper); stroke: var(--ink); stroke-width: 1; }
.plot.places .population { stroke: var(--c); stroke-width: 2; }
.plot.places .linear { stroke: var(--soft); stroke-dasharray: 3 2; }
.plot.places .peer { fill: var(--c); fill-opacity: .25; }
.plot.places .rule { stroke: var(--rule); }
.plot.places .edge { stroke: var(--soft); stroke-linecap: round; }
.plot.places .crossing { stroke: var(--c); stroke-opacity: .8; stroke-linecap: round; }
.plot.places .arrow { fill: var(--soft); } .plot.places .tip { fill: var(--c); }
.plot.places .number { fill: var(--ink); font-weight: 600; }
.plot.places .label { fill: var(--paper); stroke: var(--rule); }
@media (prefers-color-scheme: dark) { .plot.places { --paper: #141922; } }
@media print { .plot.places { --paper: #ffffff; } }
"""


def draw_placement(graph: Graph, traffic: Mapping[str, float] | None = None) -> str:
    """Draw a placed graph before it is cut: a coloured lane per place, the edges that will be cut.

    Args:
        graph: flat, every node with its place.
        traffic: spikes per tick by population, as `measure_traffic` gives it.

    Returns:
        An SVG file as text.
    """
    lanes = list(dict.fromkeys(node.place for node in graph.nodes.values()))
    boxes, keys = _boxes(graph, "", BOX_LIMIT - 1)
    lines = gather(graph, keys, traffic)
    at = {box.key: box.lane for box in boxes}
    inputs = {keys[node.id] for node in graph.inputs}
    for line in lines:
        line.wire = at[line.source] != at[line.target] and line.source not in inputs
    layout = lay_out(boxes, lines, lanes)
    return _drawn(layout, dict.fromkeys(lanes, ""), f"{graph.name}: places before the cut")


def draw_partitions(partitions: Partitions, traffic: Mapping[str, float] | None = None) -> str:
    """Draw the parts of a network: Sends, gates and Receives, and the wires between them.

    Args:
        partitions: after any pass.
        traffic: spikes per tick by population, as `measure_traffic` gives it.

    Returns:
        An SVG file as text; the width of a wire grows with its traffic, the number is the spikes
        per tick.
    """
    boxes: list[Box] = []
    lines: list[Line] = []
    limit = BOX_LIMIT // max(1, len(partitions.parts)) + 1
    ends: dict[str, str] = {}
    crossings = partitions.crossings
    merged = len(crossings) > BOX_LIMIT // 2
    for place, part in partitions.parts.items():
        found, keys = _boxes(part, place, limit)
        for crossing in crossings.values():
            for end, name in ((crossing.source, "send"), (crossing.target, "receive")):
                if end != place:
                    continue
                identity = crossing.end_id(name)
                pair = f"{name}:{crossing.source}:{crossing.target}"
                key = pair if merged else f"{place}:{identity}"
                for node in (identity, *(gate.id for gate in gates_at(part, identity))):
                    keys[node] = key
                ends[identity] = key
                if all(box.key != key for box in found):
                    found.append(
                        _many_wires(key, place, name, crossing, partitions)
                        if merged
                        else _wire_end(part, key, place, identity, crossing)
                    )
        boxes += found
        lines += gather(part, keys, traffic)
    wires: dict[tuple[str, str], Line] = {}
    for crossing in crossings.values():
        pair_of = ends[crossing.send_id], ends[crossing.receive_id]
        wire = wires.setdefault(pair_of, Line(*pair_of, crossing.delay, wire=True))
        wire.delay = min(wire.delay, crossing.delay)
        if traffic is not None and crossing.kind == "data":
            wire.traffic = (wire.traffic or 0.0) + traffic.get(crossing.node, 0.0)
    layout = lay_out(boxes, [*lines, *wires.values()], list(partitions.parts))
    return _drawn(layout, partitions.names, f"{partitions.whole.name}: parts after the cut")


def _boxes(graph: Graph, prefix: str, limit: int) -> tuple[list[Box], dict[str, str]]:
    """Boxes of the nodes that are no ends of wires, and the box of each node."""
    own = [n for n in graph.nodes.values() if not isinstance(n.op, Send | Receive | Gate)]
    alone = {node.id: f"{prefix}:{node.id}" for node in own}
    if len(own) <= limit:
        return [Box(alone[n.id], n.place, *_text(n)) for n in own], alone
    keys = dict(alone)
    for node in own:
        if _style(node.op) == "linear":
            keys[node.id] = alone.get(_target(graph, node.id), alone[node.id])
    shown = [n for n in own if keys[n.id] == alone[n.id]]
    if len(shown) <= limit:
        return [Box(alone[n.id], n.place, *_text(n)) for n in shown], keys
    boxes: dict[str, Box] = {}
    groups: dict[tuple[str, str], list[Node]] = {}
    for node in own:
        word = {Input: "input", Output: "output"}.get(type(node.op), "population")
        groups.setdefault((node.place, word), []).append(node)
    for (place, word), nodes in groups.items():
        key = f"{place}:{word}"
        keys |= {node.id: key for node in nodes}
        if word == "population":
            cells = [n for n in nodes if isinstance(n.op, Neurons | Threshold)]
            rows = (_count(sum(_size(n.op) for n in cells), "neuron"),)
            boxes[key] = Box(key, place, "many", _count(len(cells), word), rows)
        else:
            boxes[key] = Box(key, place, "end", _count(len(nodes), word))
    return list(boxes.values()), keys


def _target(graph: Graph, node: str) -> str:
    """The first node behind a chain of linear ones."""
    seen = set()
    while node not in seen and _style(graph.nodes[node].op) == "linear":
        seen.add(node)
        after = graph.outgoing(node)
        if not after:
            break
        node = after[0].target
    return node


def _style(op: Op) -> Style:
    if isinstance(op, Input | Output):
        return "end"
    return "population" if isinstance(op, Neurons | Threshold) else "linear"


def _text(node: Node) -> tuple[Style, str, tuple[str, ...]]:
    op, style = node.op, _style(node.op)
    if style == "population":
        kind = op.kind if isinstance(op, Neurons) else "threshold"
        return style, node.id, (f"{_size(op)} x {kind}",)
    weight = getattr(op, "weight", None)
    if isinstance(op, LinearOp) and isinstance(weight, np.ndarray):
        sizes = " x ".join(map(str, weight.shape))
        return style, node.id, (f"{type(op).__name__} {sizes}",)
    return style, node.id, (type(op).__name__,)


def _size(op: Op) -> int:
    return int(np.prod(op.wants() or ()))


def _wire_end(part: Graph, key: str, place: str, identity: str, crossing: Crossing) -> Box:
    gates = tuple(_gate_text(node.op) for node in gates_at(part, identity))
    if identity == crossing.send_id:
        end = f"Send {crossing.stream} to {crossing.target}"
        return Box(key, place, "wire", "", (*gates, end), crossing.target, False)
    ticks = f"delay {crossing.delay}" if crossing.delay else "no delay"
    op = part.nodes[identity].op
    decoder = f", {op.decoder}" if isinstance(op, Receive) and op.decoder != "host" else ""
    rows = (f"{crossing.node}, {ticks}{decoder}", *gates)
    return Box(
        key,
        place,
        "wire",
        f"Receive {crossing.stream} from {crossing.source}",
        rows,
        crossing.source,
    )


def _many_wires(key: str, place: str, name: str, crossing: Crossing, partitions: Partitions) -> Box:
    pair = crossing.source, crossing.target
    count = sum((c.source, c.target) == pair for c in partitions.crossings.values())
    stands_for = _count(count, "crossing")
    if name == "send":
        rows = stands_for, f"Send to {crossing.target}"
        return Box(key, place, "wire", "", rows, crossing.target, False)
    title = f"Receive from {crossing.source}"
    return Box(key, place, "wire", title, (stands_for,), crossing.source)


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _gate_text(op: Op) -> str:
    if isinstance(op, DedupGate):
        return f"dedup, window {op.window}"
    if isinstance(op, HealthGate):
        return f"health from {op.threshold}"
    if isinstance(op, BackoffGate):
        return f"back-off {op.base} to {op.cap} ticks"
    if isinstance(op, DeadlineGate):
        return f"deadline {op.deadline_ns / 1e6:.6g} ms, {op.late.replace('_', ' ')}"
    if isinstance(op, Rerandomise):
        return f"re-randomise {op.source}"
    return type(op).__name__


def _drawn(layout: Layout, names: Mapping[str, str], title: str) -> str:
    height = layout.height + _LEGEND
    colours = {lane: f"s{index % 6}" for index, lane in enumerate(layout.lanes)}
    parts = [f'<rect class="paper" width="{layout.width:g}" height="{height:g}"/>']
    for lane, (x, width) in layout.lanes.items():
        name = names.get(lane, "")
        part = f'<tspan font-weight="400"> part {escape(name)}</tspan>' if name != lane else ""
        parts.append(
            f'<rect class="lane {colours[lane]}" x="{x:g}" y="34" width="{width:g}" '
            f'height="{layout.height - 34 - PAD:g}" rx="8"/>'
            f'<text class="place {colours[lane]}" x="{x + 12:g}" y="55">{escape(lane)}'
            f"{part if name else ''}</text>"
        )
    most = max((line.traffic or 0.0 for line in layout.lines), default=0.0)
    below, above = [], []
    for line, route in zip(layout.lines, routes(layout), strict=True):
        curve, text = _line(line, route, most, colours[layout.boxes[line.source].lane])
        below.append(curve)
        above.append(text)
    parts += [*below, *(_box(layout, box, colours) for box in layout.boxes.values()), *above]
    known = most > 0
    legend = "coloured: from place to place" + (
        "; numbers and widths: spikes per tick" if known else ""
    )
    parts.append(f'<text x="22" y="22" class="name">{escape(title)}</text>')
    parts.append(f'<text x="22" y="{height - 14:g}">{legend}; +n: delay in ticks</text>')
    return (
        f'<svg class="plot places" role="img" viewBox="0 0 {layout.width:g} {height:g}" '
        f'xmlns="http://www.w3.org/2000/svg" width="{layout.width:g}">'
        f"<style>{PLOT_STYLE}{_STYLE}</style><title>{escape(title)}</title>{''.join(parts)}</svg>\n"
    )


def _box(layout: Layout, box: Box, colours: Mapping[str, str]) -> str:
    x, y = layout.at[box.key]
    middle = x + box.width / 2
    radius = box.height / 2 if box.style == "end" else 4
    parts = [
        f'<rect class="box {box.style} {colours[box.lane]}" x="{x:.1f}" y="{y:.1f}" '
        f'width="{box.width:.1f}" height="{box.height:.1f}" rx="{radius:g}"/>'
    ]
    rows = [box.title, *box.rows] if box.title else list(box.rows)
    if box.peer:
        at = y + (0 if box.top else box.height - ROW - 5)
        parts.append(
            f'<rect class="peer {colours.get(box.peer, "")}" x="{x:.1f}" y="{at:.1f}" '
            f'width="{box.width:.1f}" height="{ROW + 5}" rx="4"/>'
        )
    first = y + 16
    for index, row in enumerate(rows):
        name = (index == 0 and bool(box.title)) or (not box.title and index == len(rows) - 1)
        style = ' class="name"' if name else ""
        parts.append(
            f'<text{style} x="{middle:.1f}" y="{first + ROW * index:.1f}" text-anchor="middle">'
            f"{escape(row)}</text>"
        )
    return "".join(parts)


def _line(line: Line, route: Route, most: float, colour: str) -> tuple[str, str]:
    """The curve with its tip, and its numbers."""
    share = (line.traffic or 0.0) / most if most else 0.0
    width = 1.2 + (6.0 * share**0.5 if line.wire else 0.0)
    style, tip = (f"crossing {colour}", f"tip {colour}") if line.wire else ("edge", "arrow")
    curve = (
        f'<path class="{style}" stroke-width="{width:.1f}" d="{route.path}"/>'
        f'<path class="{tip}" d="{route.tip(4 + width / 2)}"/>'
    )
    words = [f"{line.traffic:.3g}"] if line.wire and line.traffic is not None else []
    words += [f"+{line.delay}"] if line.delay else []
    if not words:
        return curve, ""
    text, (x, y) = " ".join(words), route.label
    room = 6.6 * len(text) + 8
    return curve, (
        f'<rect class="label" x="{x - room / 2:.1f}" y="{y - 8:.1f}" width="{room:.1f}" '
        f'height="16" rx="3"/><text class="number" x="{x:.1f}" y="{y + 4:.1f}" '
        f'text-anchor="middle">{text}</text>'
    )
