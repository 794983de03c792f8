"""Files and NIR objects: what is kept."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import nir
import numpy as np
import pytest

from sc_neurocore.ir import (
    Affine,
    AvgPool2d,
    Conv1d,
    Conv2d,
    Delay,
    Edge,
    Flatten,
    Graph,
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
from sc_neurocore.nir_bridge import NIRError, from_nir, read_nir, to_nir, write_nir

VECTOR = np.array([0.5, 2.0, 3.25, 4.0])
CURRENT = {"tau_syn": VECTOR, "tau_mem": VECTOR, "r": VECTOR, "v_leak": VECTOR}

#: The 18 primitives, most in several forms, with the shape that goes in.
FORMS: list[tuple[Op, tuple[int, ...]]] = [
    (Affine(np.eye(4), VECTOR), (4,)),
    (Affine(np.eye(4)), (4,)),
    (Scale(VECTOR), (4,)),
    (Scale(np.array(2.0)), (4,)),
    (Conv1d(np.ones((4, 2, 3)), VECTOR, 2, 1, 2, 1, 9), (2, 9)),  # type: ignore[arg-type]
    (Conv1d(np.ones((4, 1, 3)), VECTOR, 1, "same", 1, 2, 9), (2, 9)),  # type: ignore[arg-type]
    (Conv2d(np.ones((4, 1, 3, 2)), VECTOR, (2, 1), (1, 0), (1, 2), 2, (6, 5)), (2, 6, 5)),
    (Conv2d(np.ones((4, 2, 3, 2)), VECTOR, 1, "valid", 1, 1, (6, 5)), (2, 6, 5)),  # type: ignore[arg-type]
    (SumPool2d((2, 1), (1, 2), (1, 0)), (2, 6, 5)),
    (AvgPool2d(2, 2), (2, 6, 5)),  # type: ignore[arg-type]
    (Flatten(0, -1, (2, 6)), (2, 6)),
    (Flatten(1, 2), (2, 6, 5)),
    (Delay(VECTOR), (4,)),
    (Threshold(VECTOR), (4,)),
    (Neurons("lif", {"tau": VECTOR, "r": VECTOR, "v_leak": VECTOR, "v_threshold": VECTOR}), (4,)),
    (Neurons("if", {"r": VECTOR, "v_threshold": VECTOR, "v_reset": -VECTOR}), (4,)),
    (Neurons("li", {"tau": VECTOR, "r": VECTOR, "v_leak": VECTOR}), (4,)),
    (Neurons("i", {"r": np.array(2.0)}), (4,)),
    (Neurons("cuba_lif", {**CURRENT, "v_threshold": VECTOR, "w_in": VECTOR}), (4,)),
    (Neurons("cuba_lif", {**CURRENT, "v_threshold": VECTOR, "v_reset": VECTOR}), (4,)),
    (Neurons("cuba_li", CURRENT), (4,)),
]


def around(op: Op, shape: tuple[int, ...], **more: Any) -> Graph:
    nodes = [Node("in", Input(shape)), Node("x", op), Node("out", Output(op.gives(shape)))]
    return Graph.of("file", nodes, [("in", "x"), ("x", "out")], **more)


def test_every_primitive_has_a_form() -> None:
    import nir.ir

    primitives = set(nir.ir.__all__) - {"NIRGraph", "NIRNode", "str2NIRNode", "dict2NIRNode"}
    assert len(primitives) == 18
    seen = {"Input", "Output"}
    for op, shape in FORMS:
        seen.add(type(to_nir(around(op, shape)).nodes["x"]).__name__)
    assert seen == primitives


@pytest.mark.parametrize(("op", "shape"), FORMS)
def test_a_file_keeps_every_field(op: Op, shape: tuple[int, ...], tmp_path: Path) -> None:
    graph = around(op, shape)
    read = read_nir(write_nir(graph, tmp_path / "file.nir"))
    assert read.replace(nodes={n: read.nodes[n] for n in graph.nodes}) == graph


@pytest.mark.parametrize(("op", "shape"), FORMS)
def test_nir_itself_reads_the_file(op: Op, shape: tuple[int, ...], tmp_path: Path) -> None:
    path = write_nir(around(op, shape), tmp_path / "file.nir")
    theirs = nir.read(path, type_check=False)
    assert from_graph(theirs) == from_graph(to_nir(around(op, shape)))


def from_graph(graph: Any) -> Any:
    """Everything that nir holds of a graph, in plain lists."""

    def plain(value: Any) -> Any:
        return np.asarray(value).tolist()

    table = graph.to_dict()
    nodes = {
        name: {key: value if isinstance(value, dict) else plain(value) for key, value in n.items()}
        for name, n in table["nodes"].items()
    }
    return nodes, sorted(table["edges"])


def test_metadata_places_wires_dt_and_ports_are_kept(tmp_path: Path) -> None:
    inner = Graph.of(
        "sub",
        [Node("a", Input((4,))), Node("b", Input((4,))), Node("o", Output((4,)))],
        [("a", "o"), ("b", "o")],
        2e-3,
        {"inner": "text"},
    )
    graph = Graph.of(
        "file",
        [
            Node("in", Input((4,)), metadata={"unit": "A", "count": 3, "list": VECTOR}),
            Node("out", Output((4,)), "rack"),
            Node("sub", Subgraph(inner), "board"),
        ],
        [
            Edge("in", "sub", "", "a", wire="bus"),
            Edge("in", "sub", "", "b"),
            Edge("sub", "out"),
        ],
        2e-3,
        {"author": "us", "nested": {"deep": "yes"}},
    )
    once = read_nir(write_nir(graph, tmp_path / "file.nir"))
    assert once.dt == 2e-3
    assert once.edges == graph.edges
    assert [n.place for n in once.nodes.values()] == ["", "rack", "board"]
    assert once.metadata["nested"]["deep"] == "yes"
    assert once.nodes["in"].metadata["unit"] == "A"
    assert once.nodes["in"].metadata["count"] == 3
    assert once.nodes["sub"].op.graph.metadata["inner"] == "text"  # type: ignore[attr-defined]
    assert read_nir(write_nir(once, tmp_path / "file.nir")) == once


def test_a_waiting_edge_becomes_a_delay(tmp_path: Path) -> None:
    nodes = [Node("in", Input((1,))), Node("t", Threshold(np.array([0.5]))), Node("out", Output())]
    graph = Graph.of("file", nodes, [Edge("in", "t", delay=3), Edge("t", "out")], 1e-3)
    read = from_nir(write_nir(graph, tmp_path / "file.nir"))
    out = read.run(np.eye(5)[:, :1]).output[:, 0]
    assert out.tolist() == [0, 0, 0, 1, 0]


class TestNirObjects:
    def graph(self, **nodes: Any) -> Any:
        table = {"input": nir.Input(np.array([2])), **nodes, "output": nir.Output(np.array([2]))}
        edges = list(pairwise(table))
        return nir.NIRGraph(table, edges, type_check=False)

    def test_scalars_broadcast(self) -> None:
        one = np.array(1.0)
        cells = nir.LIF(tau=one, r=one, v_leak=0 * one, v_threshold=one)
        net = from_nir(self.graph(cells=cells))
        assert net.flat.nodes["cells"].op.wants() == (2,)

    def test_a_nested_graph_keeps_its_ports(self) -> None:
        inner = nir.NIRGraph(
            {"i": nir.Input(np.array([2])), "o": nir.Output(np.array([2]))}, [("i", "o")]
        )
        outer = self.graph(sub=inner, step=nir.Threshold(np.array([0.5, 0.5])))
        outer.edges = [("input", "sub.i"), ("sub.o", "step"), ("step", "output")]
        net = from_nir(outer)
        assert net.run(np.array([[1.0, 0.0]])).output.tolist() == [[1, 0]]
        assert set(to_nir(net).edges) == set(outer.edges)

    def test_a_foreign_node_is_named(self) -> None:
        graph = self.graph()
        graph.nodes["odd"] = object()
        with pytest.raises(NIRError, match=r"^Node 'odd' is a object, no node of NIR\.$"):
            from_nir(graph)

    def test_a_convolution_without_a_shape_learns_it(self) -> None:
        conv = nir.Conv2d(None, np.ones((1, 1, 2, 2)), 1, 0, 1, 1, np.zeros(1))
        graph = nir.NIRGraph(
            {
                "input": nir.Input(np.array([1, 3, 3])),
                "conv": conv,
                "flat": nir.Flatten(None, 0, -1),
                "step": nir.Threshold(np.array(3.5)),
                "output": nir.Output(np.array([4])),
            },
            [("input", "conv"), ("conv", "flat"), ("flat", "step"), ("step", "output")],
            type_check=False,
        )
        assert from_nir(graph).run(np.ones((1, 9))).output.tolist() == [[1, 1, 1, 1]]


def test_without_the_extra_one_line_says_what_to_install(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['h5py'] = None\n"
        "from sc_neurocore.nir_bridge import from_nir\n"
        "try: from_nir(sys.argv[1])\n"
        "except Exception as error: print(type(error).__name__, error)\n"
        "assert 'nir' not in sys.modules and 'torch' not in sys.modules"
    )
    path = write_nir(around(*FORMS[0]), tmp_path / "file.nir")
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    assert done.stdout == (
        "SCDependencyError NIR files need the package 'h5py'; "
        "run: pip install 'sc-neurocore[nir]'\n"
    )
