"""The graph: its rules, its text, its immutability."""

from __future__ import annotations

import dataclasses
import hashlib
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest

from sc_neurocore.ir import (
    Affine,
    Conv2d,
    Delay,
    Edge,
    Flatten,
    Graph,
    GraphError,
    Input,
    Neurons,
    Node,
    Op,
    Output,
    Scale,
    Subgraph,
    SumPool2d,
    Threshold,
)

LIF = {"tau": 0.01, "r": 1.0, "v_leak": 0.0, "v_threshold": 1.0}


def chain(*ops: Op, shape: tuple[int, ...] | None = (3,)) -> Graph:
    """Input, the operations in a row, Output."""
    nodes = [Node("in", Input(shape))]
    nodes += [Node(f"op{i}", op) for i, op in enumerate(ops)]
    nodes.append(Node("out", Output(None)))
    names = [node.id for node in nodes]
    return Graph.of("chain", nodes, list(pairwise(names)), 1e-3)


def message(error: pytest.ExceptionInfo[GraphError]) -> str:
    """The sentence; one, and then the line with the caret."""
    sentence, *lines = str(error.value).split("\n")
    assert sentence.endswith(".")
    if lines:
        line, caret = lines
        assert caret.strip() == "^"
        assert len(caret) <= len(line)
    return sentence


def under_the_caret(error: pytest.ExceptionInfo[GraphError]) -> str:
    _, line, caret = str(error.value).split("\n")
    return line[len(caret) - 1 :]


def test_dump_by_hand() -> None:
    graph = Graph.of(
        "small",
        [
            Node("in", Input((2,))),
            Node("fc", Affine(np.array([[1.0, 2.0]])), place="board"),
            Node("cells", Neurons("lif", LIF)),
            Node("out", Output(None)),
        ],
        [Edge("in", "fc"), Edge("fc", "cells", delay=2, wire="bus"), Edge("cells", "out")],
        1e-3,
    )
    lines = graph.dump().splitlines()
    assert lines[0] == "graph 'small' dt=0.001"
    assert lines[1] == "  %0 in = Input(shape=(2,)) -> (2,) current"
    assert lines[2].startswith("  %1 fc = Affine(weight=[1,2]#")
    assert lines[2].endswith(", bias=None, place='board') -> (1,) current")
    digest = hashlib.sha256(np.array([1.0, 2.0]).tobytes()).hexdigest()
    assert lines[2].split("#")[1].startswith(f"{digest[:12]},")
    assert lines[3] == (
        "  %2 cells = Neurons(kind='lif', tau=0.01, r=1.0, v_leak=0.0, v_threshold=1.0, "
        "shape=None) -> (1,) spike"
    )
    assert lines[4] == "  %3 out = Output(shape=None) -> (1,) spike"
    assert lines[5:] == ["  in -> fc", "  fc -> cells delay=2 wire='bus'", "  cells -> out"]


def test_dump_is_the_same_in_another_process() -> None:
    code = (
        "import numpy as np; from sc_neurocore.ir import *;"
        "print(Graph.of('g', [Node('i', Input((2,))), Node('a', Affine(np.eye(2))),"
        "Node('o', Output(None))], [('i', 'a'), ('a', 'o')]).dump(), end='')"
    )
    once, twice = (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    )
    assert once == twice != ""


def test_equality_sees_every_bit() -> None:
    weight = np.ones((3, 3))
    other = weight.copy()
    other[2, 1] = np.nextafter(1.0, 2.0)
    assert chain(Affine(weight)) == chain(Affine(weight.copy()))
    assert chain(Affine(weight)) != chain(Affine(other))
    assert chain(Affine(weight)) != chain(Affine(weight, np.zeros(3)))
    assert len({chain(Affine(weight)), chain(Affine(weight)), chain(Affine(other))}) == 2


def test_a_graph_cannot_change() -> None:
    graph = chain(Scale(np.array(2.0)))
    with pytest.raises(dataclasses.FrozenInstanceError):
        graph.name = "other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        graph.nodes["x"] = Node("x", Input((1,)))  # type: ignore[index]


def test_port_types() -> None:
    graph = chain(
        SumPool2d(2, 2), Flatten(), Neurons("lif", LIF), Delay(np.array(0.1)), shape=(2, 4, 4)
    )
    assert graph.port_type("op0").shape == (2, 2, 2)
    assert graph.port_type("op1").signal == "current"
    assert str(graph.port_type("op3")) == "(8,) spike"
    assert graph.edge_type(graph.edges[-1]).dt == 1e-3
    assert chain(Neurons("li", {"tau": 1.0, "r": 1.0, "v_leak": 0.0})).port_type("op0").signal == (
        "state"
    )


@pytest.mark.parametrize(
    ("ops", "sentence", "word"),
    [
        (
            (Affine([[1, 2, np.nan]]),),  # type: ignore[arg-type]
            "Node 'op0' is invalid: weight holds nan at index (0, 2), every number must be finite.",
            "weight=",
        ),
        (
            (Neurons("lif", LIF | {"tau": [1, np.inf, 1]}),),  # type: ignore[arg-type]
            "Node 'op0' is invalid: tau holds inf at index (1,), every number must be finite.",
            "tau=",
        ),
        (
            (Neurons("lif", LIF | {"tau": 0.0}),),  # type: ignore[arg-type]
            "Node 'op0' is invalid: tau must be positive, not 0.",
            "tau=",
        ),
        (
            (Neurons("lif", LIF | {"tau": [1, 1, 1], "v_threshold": [1, 2]}),),  # type: ignore[arg-type]
            "Node 'op0' is invalid: v_threshold has shape (2,), the population has (3,).",
            "v_threshold=",
        ),
        (
            (Neurons("lif", {"tau": 1.0, "r": 1.0, "v_leak": 0.0}),),  # type: ignore[dict-item]
            "Node 'op0' is invalid: v_threshold is missing from a lif population.",
            "op0",
        ),
        (
            (Neurons("if", LIF),),  # type: ignore[arg-type]
            "Node 'op0' is invalid: tau is not a parameter of if, which has r, v_threshold, "
            "v_reset.",
            "tau=",
        ),
        (
            (Delay(np.array(-0.5)),),
            "Node 'op0' is invalid: delay is negative (-0.5 s).",
            "delay=",
        ),
        (
            (Affine(np.ones((2, 3)), np.ones(3)),),
            "Node 'op0' is invalid: bias has shape (3,), the matrix gives (2,).",
            "bias=",
        ),
        (
            (Conv2d(np.ones((2, 1, 3, 3)), padding="same", stride=(2, 2)),),
            "Node 'op0' is invalid: padding 'same' needs a stride of 1.",
            "padding=",
        ),
        (
            (Conv2d(np.ones((3, 1, 3, 3)), groups=2),),
            "Node 'op0' is invalid: groups must divide the 3 output channels.",
            "groups=",
        ),
        (
            (Conv2d(np.ones((3, 1, 3, 3))),),
            "Node 'op0' takes (1, H, W), not (3,).",
            "op0",
        ),
        (
            (Flatten(1, -1),),
            "Node 'op0' cannot join axes 1 to -1 of (3,).",
            "op0",
        ),
        (
            (Affine(np.ones((2, 4))),),
            "Edge 'in' -> 'op0' joins different shapes: 'in' gives (3,), 'op0' takes (4,).",
            "->",
        ),
        (
            (Affine(np.ones((2, 3))), Threshold(np.ones(3))),
            "Edge 'op0' -> 'op1' joins different shapes: 'op0' gives (2,), 'op1' takes (3,).",
            "->",
        ),
    ],
)
def test_rules_of_nodes(ops: tuple[Op, ...], sentence: str, word: str) -> None:
    with pytest.raises(GraphError) as error:
        chain(*ops)
    assert message(error) == sentence
    assert under_the_caret(error).startswith(word)


A = Node("a", Scale(np.array(2.0)))
B = Node("b", Scale(np.array(2.0)))
IN, OUT = Node("in", Input((2,))), Node("out", Output((2,)))


@pytest.mark.parametrize(
    ("nodes", "edges", "sentence"),
    [
        (
            [IN, A, OUT],
            [("in", "a"), ("a", "gone")],
            "Edge 'a' -> 'gone' names node 'gone', which does not exist; there are in, a, out.",
        ),
        (
            [IN, A, OUT],
            [("in", "a"), ("in", "a"), ("a", "out")],
            "Edge 'in' -> 'a' is given twice; two nodes are joined at most once.",
        ),
        ([IN, A, OUT], [("a", "in")], "Edge 'a' -> 'in' leads into an Input, which takes nothing."),
        ([IN, A, OUT], [("out", "a")], "Edge 'out' -> 'a' leaves an Output, which gives nothing."),
        ([IN, A, B, OUT], [("in", "a"), ("a", "out")], "Node 'b' has no incoming edge."),
        (
            [IN, OUT],
            [Edge("in", "out", delay=-2)],
            "Edge 'in' -> 'out' has a negative delay of -2 ticks.",
        ),
        (
            [IN, OUT],
            [Edge("in", "out", "port")],
            "Edge 'in' -> 'out' names port 'port' of 'in', which is no subgraph.",
        ),
        ([IN, IN, OUT], [("in", "out")], "Node 'in' is given twice; ids must be unique."),
        (
            [Node("in", Input((2, 0))), OUT],
            [("in", "out")],
            "Node 'in' is invalid: shape is (2, 0), sizes must be positive.",
        ),
        (
            [Node("in", Input((2**20, 2**20))), Node("out", Output(None))],
            [("in", "out")],
            "Node 'in' gives the shape (1048576, 1048576); 1 to 67108864 values are allowed.",
        ),
    ],
)
def test_rules_of_edges(nodes: list[Node], edges: list[Edge], sentence: str) -> None:
    with pytest.raises(GraphError) as error:
        Graph.of("g", nodes, edges)
    assert message(error) == sentence


def test_a_port_must_be_named_when_there_are_two() -> None:
    inner = Graph.of(
        "two",
        [Node("x", Input((2,))), Node("y", Input((2,))), Node("o", Output(None))],
        [("x", "o"), ("y", "o")],
    )
    nodes = [IN, Node("sub", Subgraph(inner)), OUT]
    with pytest.raises(GraphError) as error:
        Graph.of("g", nodes, [("in", "sub"), ("sub", "out")])
    assert message(error) == ("Edge 'in' -> 'sub' must name one Input port of 'sub': sub.x, sub.y.")
    with pytest.raises(GraphError) as error:
        Graph.of("g", nodes, [Edge("in", "sub", "", "x"), Edge("sub", "out")])
    assert message(error) == "Node 'sub' has nothing at port 'y'."


def test_dt_must_be_positive() -> None:
    with pytest.raises(GraphError, match=r"^dt must be a positive number of seconds, not 0\.$"):
        Graph.of("g", [IN, OUT], [("in", "out")], dt=0)


class TestReplace:
    """What a copy takes over from the graph it was made of is never stale."""

    def test_places_and_delays(self) -> None:
        graph = chain(Scale(np.array(2.0)))
        assert graph.incoming("op0")[0].delay == 0
        before = graph.digest
        moved = {k: dataclasses.replace(n, place="left") for k, n in graph.nodes.items()}
        edges = [dataclasses.replace(edge, delay=3) for edge in graph.edges]
        made = graph.replace(name="other", nodes=moved, edges=edges, metadata={"a": 1})
        assert (made.incoming("op0")[0].delay, made.outgoing("in")[0].delay) == (3, 3)
        assert graph.incoming("op0")[0].delay == 0
        assert made.digest != before == graph.digest
        again = Graph("other", moved, tuple(edges), graph.dt, {"a": 1})
        assert made == again
        assert made.dump() == again.dump()

    @pytest.mark.parametrize(
        ("changes", "problem"),
        [
            ({"edges": [Edge("in", "op0", delay=-1), Edge("op0", "out")]}, "negative delay"),
            ({"edges": [Edge("in", "op0"), Edge("in", "out"), Edge("x", "out")]}, "does not exist"),
            ({"edges": [Edge("in", "op0", "port"), Edge("op0", "out")]}, "names port"),
            ({"nodes": {"in": Node("in", Input((3,)))}}, "does not exist"),
            ({"dt": 0}, "dt must be a positive number"),
        ],
    )
    def test_rules(self, changes: dict[str, object], problem: str) -> None:
        graph = chain(Scale(np.ones(3)))
        with pytest.raises(GraphError, match=problem):
            graph.replace(**changes)

    def test_rules_of_nodes(self) -> None:
        graph = chain(Scale(np.ones(3)))
        with pytest.raises(GraphError, match="joins different shapes"):
            graph.replace(nodes={**graph.nodes, "op0": Node("op0", Scale(np.ones(4)))})
        with pytest.raises(GraphError, match="is filed under"):
            graph.replace(nodes={**graph.nodes, "op0": Node("x", graph.nodes["op0"].op)})
        with pytest.raises(TypeError):
            graph.replace(colour="red")


def test_arrays_are_copied_unless_nobody_can_write_to_them() -> None:
    weight = np.ones((1, 3))
    view = weight[:]
    view.setflags(write=False)
    for given in (weight, view):
        op = Affine(given)
        assert not np.shares_memory(op.weight, weight)
    assert Affine(op.weight).weight is op.weight
    assert Node("n", op, "", {"a": weight}).metadata["a"] is not weight


def test_a_large_graph_is_verified_in_full() -> None:
    nodes = [Node("in", Input((2,))), *(Node(f"n{i}", Scale(np.ones(2))) for i in range(2000))]
    edges = [Edge("in", "n0"), *(Edge(f"n{i}", f"n{i + 1}") for i in range(1999))]
    graph = Graph.of("g", nodes, edges)
    assert graph.port_type("n1999").signal == "current"
    with pytest.raises(GraphError, match="'n1500' is given twice"):
        Graph.of("g", nodes, [*edges[:1700], Edge("n1499", "n1500"), *edges[1700:]])
    with pytest.raises(GraphError, match="Node 'n1500' has no incoming edge"):
        Graph.of("g", nodes, [edge for edge in edges if edge.target != "n1500"])


def test_the_signal_of_a_long_chain() -> None:
    waits = [Node(f"d{i}", Delay(np.full(2, 1e-3))) for i in range(3000)]
    names = ["cells", *(node.id for node in waits)]
    cells = Node("cells", Neurons("lif", LIF, (2,)))
    graph = Graph.of("g", [IN, cells, *waits], [("in", "cells"), *pairwise(names)])
    assert {graph.port_type(name).signal for name in names} == {"spike"}
