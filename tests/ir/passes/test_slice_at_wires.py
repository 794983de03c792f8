"""Where a graph is cut, and what is refused."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from sc_neurocore.ir import (
    Affine,
    Delay,
    Edge,
    Graph,
    GraphError,
    Input,
    Node,
    Output,
    PartitionError,
    Partitions,
    Place,
    Places,
    Receive,
    Send,
    SliceAtWires,
    Threshold,
)
from sc_neurocore.nir_bridge import SCNetwork

from .lockstep import DT, TAIL, cells, matrix, run_parts

PLACES = Places({name: Place(name) for name in ("left", "right", "far")})


def sliced(nodes: list[Node], edges: list[Edge | tuple[str, str]]) -> Partitions:
    return SliceAtWires(PLACES)(Graph.of("net", nodes, edges, DT))


def two_places(*between: Edge, back: int | None = None) -> Partitions:
    """One population at each of two places; ``back``: delay of the way back."""
    nodes = [
        Node("in", Input((2,)), "left"),
        matrix("w", "left"),
        cells("a", "left"),
        matrix("x", "right"),
        matrix("y", "right"),
        cells("b", "right"),
        Node("out", Output((2,)), "right"),
    ]
    edges: list[Edge | tuple[str, str]] = [("in", "w"), ("w", "a"), *between]
    edges += [("x", "b"), ("y", "b"), ("b", "out")]
    if back is not None:
        edges.append(Edge("b", "w", delay=back))
    return sliced(nodes, edges)


def test_one_crossing_takes_the_least_delay_and_the_edges_keep_the_rest() -> None:
    partitions = two_places(Edge("a", "x", delay=5), Edge("a", "y", delay=3))
    (crossing,) = partitions.crossings.values()
    assert (crossing.stream, crossing.node, crossing.size, crossing.delay) == (0, "a", 2, 3)
    assert (crossing.source, crossing.target) == ("left", "right")
    left, right = partitions.parts["left"], partitions.parts["right"]
    assert set(partitions.parts) == {"left", "right"}
    assert list(left.nodes) == ["in", "w", "a", "send.0.a"]
    assert list(right.nodes) == ["x", "y", "b", "out", "receive.0.a"]
    assert right.edges[:2] == (
        Edge("receive.0.a", "x", delay=2),
        Edge("receive.0.a", "y", delay=0),
    )
    assert left.edges[-1] == Edge("a", "send.0.a")
    send, receive = left.nodes["send.0.a"].op, right.nodes["receive.0.a"].op
    assert isinstance(send, Send) and (send.stream, send.shape) == (0, (2,))
    assert isinstance(receive, Receive)
    assert (receive.stream, receive.shape, receive.delay) == (0, (2,), 3)


def test_a_node_has_one_crossing_to_each_place_and_inputs_are_copied() -> None:
    nodes = [
        Node("in", Input((2,)), "right"),
        *(matrix(f"w.{p}", p) for p in PLACES.places),
        *(cells(f"a.{p}", p) for p in PLACES.places),
        Node("out", Output((2,)), "far"),
    ]
    edges: list[Edge | tuple[str, str]] = [("in", f"w.{p}") for p in PLACES.places]
    edges += [(f"w.{p}", f"a.{p}") for p in PLACES.places]
    edges += [("a.left", "w.right"), ("a.left", "w.far"), ("a.right", "out"), ("a.far", "out")]
    partitions = sliced(nodes, edges)
    assert [(c.node, c.source, c.target) for c in partitions.crossings.values()] == [
        ("a.left", "left", "right"),
        ("a.left", "left", "far"),
        ("a.right", "right", "far"),
    ]
    for place, part in partitions.parts.items():
        assert part.nodes["in"].place == place
        assert [e.target for e in part.outgoing("in")] == [f"w.{place}"]


def test_sums_keep_their_order() -> None:
    """1e16 + 1 - 1e16 is 0, every other order gives 1 or 2 (1 is half of the spacing there)."""
    weights = {"a": [[1e16]], "b": [[1.0]], "c": [[-1e16]]}
    nodes = [Node("in", Input((1,)), "left"), Node("out", Output((1,)), "right")]
    edges: list[Edge | tuple[str, str]] = []
    for name, place in zip("abc", ("far", "right", "left"), strict=True):
        nodes += [Node(name, Threshold(np.array([0.5])), place)]
        nodes += [Node(f"w{name}", Affine(np.array(weights[name])), "right")]
        edges.append(("in", name))
    edges += [Edge("c", "wc"), Edge("a", "wa"), Edge("b", "wb")]
    edges += [Edge("wa", "sum"), Edge("wb", "sum"), Edge("wc", "sum"), Edge("sum", "out")]
    nodes += [Node("sum", Threshold(np.array([0.5])), "right")]
    graph = Graph.of("sums", nodes, edges, DT)
    whole = SCNetwork(graph).run(np.ones((3, 1))).output
    partitions = SliceAtWires(PLACES)(graph)
    for step in TAIL:
        partitions = step(partitions)
    assert not whole.any()
    assert not run_parts(partitions, {"in": np.ones((3, 1))}, 3)["out"].any()


@pytest.mark.parametrize(
    ("ids", "names"),
    [
        (("cortex.v1.a", "cortex.v2.b", "thalamus.c"), ("cortex", "thalamus")),
        (("a", "cortex.b", "thalamus.relay.c"), ("left", "thalamus.relay")),
        (("cortex.v1.a", "cortex.v1b.b", "cortex.c"), ("cortex.left", "cortex.right")),
        (("a", "b", "left.c"), ("left.left", "left.right")),
    ],
)
def test_names_of_parts(ids: tuple[str, str, str], names: tuple[str, str]) -> None:
    first, second, third = ids
    nodes = [
        Node("in", Input((2,)), "left"),
        cells(first, "left"),
        cells(second, "left"),
        cells(third, "right"),
        Node("out", Output((2,)), "right"),
    ]
    edges = [("in", first), (first, second), (second, third), (third, "out")]
    partitions = sliced(nodes, edges)
    assert tuple(partitions.names.values()) == names
    assert tuple(part.name for part in partitions.parts.values()) == names


def chain(*middle: Node) -> list[Node]:
    """From an Input through nodes to a population and its Output at the right."""
    last = [cells("b", "right"), Node("out", Output((2,)), "right")]
    return [Node("in", Input((2,)), "left"), *middle, *last]


def joined(nodes: list[Node]) -> list[Edge | tuple[str, str]]:
    return [(a.id, b.id) for a, b in itertools.pairwise(nodes)]


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        (
            chain(cells("a", "left"), matrix("w", "left")),
            "Edge 'w' -> 'b' from 'left' to 'right' would carry currents, but only spikes travel; "
            "put 'w' at 'right', for synapses and delays live with what they lead to.",
        ),
        (
            chain(
                cells("a", "left"),
                Node("d", Delay(np.full(2, 3e-3)), "left"),
                matrix("w", "right"),
            ),
            "Edge 'd' -> 'w' from 'left' to 'right' would carry currents, but only spikes travel; "
            "put 'd' at 'right', for synapses and delays live with what they lead to.",
        ),
        (
            chain(cells("a", "left", kind="li"), matrix("w", "right")),
            "Edge 'a' -> 'w' from 'left' to 'right' would carry the states of a population that "
            "never spikes, but only spikes travel; put both at one place, or a spiking population "
            "between them.",
        ),
        (
            chain(cells("a")),
            "Node 'a' has no place; run PlaceNodes, or pin it to one of left, right, far.",
        ),
        (
            chain(cells("a", "moon")),
            "Node 'a' is at place 'moon', which does not exist; there are left, right, far.",
        ),
        (
            chain(cells("a", "left"), cells("send.0.a", "left")),
            None,
        ),
    ],
)  # fmt: skip
def test_refused(nodes: list[Node], message: str | None) -> None:
    edges = joined(nodes)
    if message is None:
        edges.append(("a", "b"))
        message = (
            "Node 'send.0.a' has the id that an end of a wire is given; rename the node, or run "
            "each pass once only."
        )
    with pytest.raises(PartitionError) as caught:
        sliced(nodes, edges)
    assert str(caught.value) == message


def test_places_that_wait_for_each_other() -> None:
    with pytest.raises(PartitionError) as caught:
        two_places(Edge("a", "x"), Edge("a", "y", delay=2), Edge("b", "a"))
    assert str(caught.value) == (
        "Places left -> right -> left wait for each other within a tick, for there is no delay on "
        "the edges 'a' -> 'x' (left to right), 'b' -> 'a' (right to left); raise the delay of one "
        "of them to at least 1 tick, or put its nodes at one place."
    )
    assert len(two_places(Edge("a", "x"), Edge("a", "y"), Edge("b", "a", delay=1)).crossings) == 2


def test_a_wait_without_a_cycle_of_nodes_is_one_too() -> None:
    nodes = [Node("in", Input((2,)), "left"), Node("out", Output((2,)), "left")]
    nodes.append(Node("out2", Output((2,)), "right"))
    nodes += [cells(n, p) for n, p in zip("abcd", ("left", "right", "right", "left"), strict=True)]
    edges = [("in", "a"), ("in", "c"), ("a", "b"), ("c", "d"), ("b", "out2"), ("d", "out")]
    with pytest.raises(PartitionError, match=r"'a' -> 'b' \(left to right\), 'c' -> 'd' \(right"):
        sliced(nodes, edges)


def test_a_cycle_at_one_place_must_be_broken_before() -> None:
    nodes = chain(cells("a", "left"), cells("c", "left"))
    with pytest.raises(GraphError, match=r"cycle without a delay: .*; run BreakCycles first"):
        sliced(nodes, [*joined(nodes), ("c", "a")])


def test_a_shape_must_be_known() -> None:
    nodes = chain(Node("a", Threshold(np.array(0.5)), "left"))
    with pytest.raises(GraphError, match="Node 'a' has no shape; run InferShapes first"):
        sliced(nodes, joined(nodes))
