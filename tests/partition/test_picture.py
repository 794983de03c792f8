"""Pictures of networks over places."""

from __future__ import annotations

from itertools import combinations
from xml.etree import ElementTree

import numpy as np
import pytest

from sc_neurocore.ir import (
    Affine,
    BatchWires,
    DeriveDeadlines,
    Edge,
    Graph,
    Input,
    InsertDeadlineGates,
    InsertReceiveGates,
    InsertTransmitGates,
    Neurons,
    Node,
    Output,
    Partitions,
    Place,
    Places,
    SliceAtWires,
    SynthesiseReceives,
    Wire,
)
from sc_neurocore.partition import draw_partitions, draw_placement

SVG = "{http://www.w3.org/2000/svg}"


def ring(populations: int, places: int) -> Graph:
    """Populations one after the other, and from the last back to the first."""
    every = np.ones(4)
    parameters = {"tau": every, "r": every, "v_leak": 0 * every, "v_threshold": every}
    nodes, edges = [Node("in & out", Input((4,)), "p0")], [Edge("in & out", "w0")]
    for i in range(populations):
        place = f"p{i * places // populations}"
        nodes += [Node(f"w{i}", Affine(np.eye(4)), place)]
        nodes += [Node(f"net.n{i}", Neurons("lif", parameters), place)]
        edges.append(Edge(f"w{i}", f"net.n{i}"))
        edges.append(Edge(f"net.n{i}", f"w{(i + 1) % populations}", delay=2))
        edges.append(Edge(f"net.n{i}", f"w{(i + 2) % populations}", delay=3))
    nodes.append(Node("read", Output((4,)), f"p{places - 1}"))
    edges.append(Edge(f"net.n{populations - 1}", "read"))
    return Graph.of("a <ring>", nodes, edges, 1e-3)


def cut(graph: Graph) -> Partitions:
    places = dict.fromkeys(node.place for node in graph.nodes.values())
    wire = Wire(per_hop_budget_ns=1000)
    partitions = SliceAtWires(Places({p: Place(p) for p in places}, default_wire=wire))(graph)
    for step in (
        SynthesiseReceives(),
        BatchWires(),
        DeriveDeadlines(1000),
        InsertDeadlineGates(),
        InsertTransmitGates(),
        InsertReceiveGates(),
    ):
        partitions = step(partitions)
    return partitions


def texts(svg: str) -> list[str]:
    return [
        "".join(element.itertext()) for element in ElementTree.fromstring(svg).iter(f"{SVG}text")
    ]


def rectangles(svg: str, style: str) -> list[tuple[float, float, float, float]]:
    return [
        tuple(float(element.get(name, "0")) for name in ("x", "y", "width", "height"))  # type: ignore[misc]
        for element in ElementTree.fromstring(svg).iter(f"{SVG}rect")
        if (element.get("class") or "").split()[0] == style
    ]


@pytest.mark.parametrize("drawn", ["before", "after"])
@pytest.mark.parametrize(("populations", "places"), [(3, 3), (9, 4), (40, 3), (120, 5)])
def test_boxes_stand_in_their_lanes_and_not_on_each_other(
    drawn: str, populations: int, places: int
) -> None:
    graph = ring(populations, places)
    svg = draw_placement(graph) if drawn == "before" else draw_partitions(cut(graph))
    lanes, boxes = rectangles(svg, "lane"), rectangles(svg, "box")
    assert len(lanes) == places
    for x, y, width, height in boxes:
        inside = [
            lane
            for lane in lanes
            if lane[0] <= x and x + width <= lane[0] + lane[2]
            and lane[1] <= y and y + height <= lane[1] + lane[3]
        ]  # fmt: skip
        assert len(inside) == 1
    for a, b in combinations(boxes, 2):
        apart = (
            a[0] + a[2] <= b[0] or b[0] + b[2] <= a[0] or a[1] + a[3] <= b[1] or b[1] + b[3] <= a[1]
        )
        assert apart


def test_before_the_cut_the_edges_between_places_have_their_traffic() -> None:
    graph = ring(3, 3)
    traffic = {"net.n0": 12.5, "net.n1": 3.0, "net.n2": 0.25}
    words = texts(draw_placement(graph, traffic))
    assert {"in & out", "w0", "net.n0", "4 x lif", "Affine 4 x 4", "read"} <= set(words)
    assert [words.count(w) for w in ("12.5 +2", "12.5 +3", "3 +2", "3 +3", "0.25 +2")] == [1] * 5


def test_after_the_cut_every_end_shows_its_gates() -> None:
    partitions = cut(ring(3, 3))
    traffic = {"net.n0": 12.5, "net.n1": 3.0, "net.n2": 0.25}
    words = texts(draw_partitions(partitions, traffic))
    for crossing in partitions.crossings.values():
        assert f"Send {crossing.stream} to {crossing.target}" in words
        assert f"Receive {crossing.stream} from {crossing.source}" in words
        assert f"{crossing.node}, delay {crossing.delay}" in words
        assert f"{traffic[crossing.node]:.3g} +{crossing.delay}" in words
    count = len(partitions.crossings)
    assert words.count("dedup, window 64") == count
    assert words.count("health from 32") == words.count("back-off 1 to 64 ticks") == 2 * count
    assert words.count("deadline 0.002 ms, drop") + words.count("deadline 0.003 ms, drop") == count
    assert "p0 part net.p0" in words


def test_the_widest_wire_has_the_most_traffic() -> None:
    partitions = cut(ring(3, 3))
    svg = draw_partitions(partitions, {"net.n0": 16.0, "net.n1": 4.0, "net.n2": 1.0})
    widths = {
        float(path.get("stroke-width", "0"))
        for path in ElementTree.fromstring(svg).iter(f"{SVG}path")
        if (path.get("class") or "").startswith("crossing")
    }
    assert widths == {7.2, 4.2, 2.7}


def test_a_large_network_is_drawn_by_place() -> None:
    words = texts(draw_partitions(cut(ring(200, 2))))
    assert words.count("100 populations") == 2 and words.count("400 neurons") == 2
    assert "1 input" in words and "1 output" in words
    words = texts(draw_placement(ring(200, 2)))
    assert words.count("100 populations") == 2
