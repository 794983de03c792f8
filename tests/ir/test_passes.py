"""Passes, each on graphs whose result is known."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest

from sc_neurocore.ir import (
    Affine,
    Assumptions,
    AvgPool2d,
    BreakCycles,
    Conv1d,
    Conv2d,
    Delay,
    Edge,
    Flatten,
    FoldLinear,
    Graph,
    GraphError,
    InferShapes,
    InlineSubgraphs,
    Input,
    Neurons,
    Node,
    Output,
    Projection,
    Scale,
    Subgraph,
    SumPool2d,
    Threshold,
    run_passes,
)

DT = 1e-3
LIF = {"tau": np.array(0.01), "r": np.array(1.0), "v_leak": np.array(0.0)}
CELLS = Neurons("lif", LIF | {"v_threshold": np.array(1.0)})
IN, OUT = Node("in", Input((2,))), Node("out", Output(None))


def cells(name: str) -> Node:
    return Node(name, CELLS)


def matrix(name: str, *rows: tuple[float, ...], bias: list[float] | None = None) -> Node:
    return Node(name, Affine(np.array(rows), None if bias is None else np.array(bias)))


def folded(graph: Graph, **assumed: str) -> Graph:
    assumptions = Assumptions(dt=DT, **assumed)  # type: ignore[arg-type]
    steps = (InlineSubgraphs(), InferShapes(), BreakCycles(assumptions), FoldLinear(assumptions))
    return run_passes(graph, steps)


def projections(graph: Graph) -> dict[str, tuple[list[list[float]], list[float] | None, int]]:
    found = {}
    for node in graph.nodes_of(Projection):
        assert isinstance(node.op, Projection)
        bias = None if node.op.bias is None else node.op.bias.tolist()
        found[node.id] = (node.op.weight.tolist(), bias, node.op.delay)
    return found


class TestInferShapes:
    def test_forward_through_everything_that_may_lack_a_shape(self) -> None:
        graph = Graph.of(
            "g",
            [
                Node("in", Input((2, 8, 6))),
                Node("conv", Conv2d(np.ones((3, 2, 3, 3)))),
                Node("pool", SumPool2d(2, 2)),
                Node("mean", AvgPool2d((1, 2), 1)),
                Node("cells", CELLS),
                Node("flat", Flatten()),
                Node("gain", Scale(np.array(2.0))),
                Node("wait", Delay(np.array(0.5))),
                Node("step", Threshold(np.array(0.5))),
                OUT,
            ],
            [
                ("in", "conv"),
                ("conv", "pool"),
                ("pool", "mean"),
                ("mean", "cells"),
                ("cells", "flat"),
                ("flat", "gain"),
                ("gain", "wait"),
                ("wait", "step"),
                ("step", "out"),
            ],
        )
        ops = {name: node.op for name, node in InferShapes()(graph).nodes.items()}
        assert ops["conv"].input_shape == (8, 6)  # type: ignore[attr-defined]
        assert ops["pool"].input_shape == (3, 6, 4)  # type: ignore[attr-defined]
        assert ops["mean"].input_shape == (3, 3, 2)  # type: ignore[attr-defined]
        assert ops["cells"].shape == (3, 3, 1)  # type: ignore[attr-defined]
        assert ops["cells"].parameters["tau"].shape == (3, 3, 1)  # type: ignore[attr-defined]
        assert ops["flat"].input_shape == (3, 3, 1)  # type: ignore[attr-defined]
        assert ops["gain"].scale.tolist() == [2.0] * 9  # type: ignore[attr-defined]
        assert ops["wait"].delay.tolist() == [0.5] * 9  # type: ignore[attr-defined]
        assert ops["step"].threshold.tolist() == [0.5] * 9  # type: ignore[attr-defined]
        assert ops["out"].shape == (9,)  # type: ignore[attr-defined]

    def test_backward_through_elementwise_nodes(self) -> None:
        nodes = [Node("in", Input(None)), cells("cells"), matrix("fc", (1, 2, 3)), OUT]
        graph = Graph.of("g", nodes, [("in", "cells"), ("cells", "fc"), ("fc", "out")])
        shaped = InferShapes()(graph)
        assert shaped.nodes["in"].op.wants() == (3,)
        assert shaped.nodes["cells"].op.wants() == (3,)

    def test_conv1d_in_a_nested_graph_learns_from_outside(self) -> None:
        inner = Graph.of(
            "inner",
            [Node("i", Input(None)), Node("c", Conv1d(np.ones((1, 1, 2)))), Node("o", Output())],
            [("i", "c"), ("c", "o")],
        )
        nodes = [Node("in", Input((1, 5))), Node("sub", Subgraph(inner)), cells("cells"), OUT]
        edges = [("in", "sub"), ("sub", "cells"), ("cells", "out")]
        shaped = InferShapes()(Graph.of("g", nodes, edges))
        assert shaped.nodes["out"].op.wants() == (1, 4)
        assert shaped.nodes["sub"].op.graph.nodes["c"].op.wants() == (1, 5)  # type: ignore[attr-defined]

    def test_what_nothing_determines_is_refused(self) -> None:
        nodes = [Node("in", Input(None)), cells("cells"), OUT]
        graph = Graph.of("g", nodes, [("in", "cells"), ("cells", "out")])
        with pytest.raises(GraphError, match=r"^InferShapes: Node 'in' has no shape, neither"):
            run_passes(graph, [InferShapes()])

    def test_is_idempotent(self) -> None:
        nodes = [IN, matrix("fc", (1, 2), (3, 4)), cells("cells"), OUT]
        graph = Graph.of("g", nodes, [("in", "fc"), ("fc", "cells"), ("cells", "out")])
        once = InferShapes()(graph)
        assert once != graph
        assert InferShapes()(once) == once


class TestInlineSubgraphs:
    def inner(self) -> Graph:
        return Graph.of(
            "inner",
            [Node("i", Input((2,))), Node("s", Scale(np.array(3.0)), "board"), Node("o", Output())],
            [("i", "s"), ("s", "o")],
        )

    def test_names_and_places(self) -> None:
        middle = Graph.of(
            "middle",
            [Node("i", Input((2,))), Node("deep", Subgraph(self.inner())), Node("o", Output())],
            [("i", "deep"), Edge("deep", "o", wire="bus")],
        )
        nodes = [IN, Node("sub", Subgraph(middle), "rack"), cells("cells"), OUT]
        flat = InlineSubgraphs()(
            Graph.of("g", nodes, [("in", "sub"), ("sub", "cells"), ("cells", "out")])
        )
        assert list(flat.nodes) == ["in", "sub.deep.s", "cells", "out"]
        assert flat.nodes["sub.deep.s"].place == "board"
        assert set(flat.edges) == {
            Edge("in", "sub.deep.s"),
            Edge("sub.deep.s", "cells", wire="bus"),
            Edge("cells", "out"),
        }

    def test_two_ports_fed_by_one_node_count_twice(self) -> None:
        """The same number enters by two ports, one of them past the matrix: x + x = 2 x."""
        inner = Graph.of(
            "adder",
            [
                Node("x", Input((2,))),
                Node("y", Input((2,))),
                Node("s", Scale(np.array(1.0))),
                Node("o", Output()),
            ],
            [("x", "s"), ("y", "s"), ("s", "o")],
        )
        nodes = [IN, Node("add", Subgraph(inner)), cells("cells"), OUT]
        edges = [
            Edge("in", "add", "", "x"),
            Edge("in", "add", "", "y"),
            Edge("add", "cells"),
            Edge("cells", "out"),
        ]
        found = projections(folded(Graph.of("g", nodes, edges)))
        assert found == {"in_to_cells": ([[2, 0], [0, 2]], None, 0)}

    def test_a_wire_through_a_nested_graph_and_a_loop_around_it(self) -> None:
        inner = Graph.of("wire", [Node("i", Input((2,))), Node("o", Output())], [("i", "o")])
        nodes = [IN, cells("cells"), Node("w", Subgraph(inner)), OUT]
        edges = [("in", "cells"), ("cells", "w"), ("w", "cells"), ("cells", "out")]
        flat = InlineSubgraphs()(Graph.of("g", nodes, edges))
        assert set(flat.edges) == {
            Edge("in", "cells"),
            Edge("cells", "cells"),
            Edge("cells", "out"),
        }

    def test_a_name_made_twice_is_refused(self) -> None:
        nodes = [IN, Node("sub", Subgraph(self.inner())), Node("sub.s", Scale(np.array(1.0))), OUT]
        graph = Graph.of("g", nodes, [("in", "sub"), ("sub", "sub.s"), ("sub.s", "out")])
        with pytest.raises(GraphError, match=r"makes the id 'sub\.s' twice"):
            InlineSubgraphs()(graph)


class TestBreakCycles:
    def loop(self, *between: Node, back: str = "cells") -> Graph:
        names = ["cells", *(node.id for node in between), back]
        edges = [("in", "cells"), *pairwise(names), ("cells", "out")]
        return Graph.of("g", [IN, cells("cells"), *between, OUT], edges, DT)

    def test_the_edge_back_waits_a_tick(self) -> None:
        graph = BreakCycles(Assumptions(dt=DT))(self.loop(matrix("rec", (1, 2), (3, 4))))
        assert [str(e) for e in graph.edges if e.delay] == ["rec -> cells delay=1"]

    def test_a_population_onto_itself(self) -> None:
        graph = BreakCycles(Assumptions(dt=DT))(self.loop())
        assert [str(e) for e in graph.edges if e.delay] == ["cells -> cells delay=1"]

    def test_a_delay_of_its_own_is_enough(self) -> None:
        graph = self.loop(Node("wait", Delay(np.array(2 * DT))))
        assert BreakCycles(Assumptions(dt=DT))(graph) == graph

    def test_a_delay_that_rounds_to_nothing_is_not(self) -> None:
        graph = self.loop(Node("wait", Delay(np.array([0.4 * DT, DT]))))
        assert BreakCycles(Assumptions(dt=DT))(graph) != graph
        assert BreakCycles(Assumptions(dt=DT, delay_rounding="ceil"))(graph) == graph

    def test_does_not_depend_on_the_order_of_nodes(self) -> None:
        graph = self.loop(matrix("rec", (1, 2), (3, 4)))
        turned = graph.replace(nodes=dict(reversed(graph.nodes.items())), edges=graph.edges[::-1])
        late = [[str(e) for e in BreakCycles()(g).edges if e.delay] for g in (graph, turned)]
        assert late[0] == late[1]

    def test_a_cycle_of_linear_nodes_is_refused(self) -> None:
        nodes = [IN, Node("a", Scale(np.array(1.0))), Node("b", Scale(np.array(2.0)))]
        graph = Graph.of(
            "g",
            [*nodes, cells("cells"), OUT],
            [("in", "a"), ("a", "b"), ("b", "a"), ("b", "cells"), ("cells", "out")],
        )
        with pytest.raises(GraphError) as error:
            run_passes(graph, [InferShapes(), BreakCycles()])
        sentence = str(error.value).split("\n")[0]
        assert sentence == (
            "BreakCycles: Node 'a' is in a cyclic zero-delay graph with neither neuron nor delay: "
            "a -> b -> a."
        )

    def test_nested_graphs_come_first(self) -> None:
        inner = Graph.of("wire", [Node("i", Input((2,))), Node("o", Output())], [("i", "o")])
        graph = Graph.of("g", [IN, Node("w", Subgraph(inner)), OUT], [("in", "w"), ("w", "out")])
        with pytest.raises(GraphError, match="run InlineSubgraphs first"):
            BreakCycles()(graph)


class TestFoldLinear:
    def test_a_chain_is_one_product_with_one_bias(self) -> None:
        graph = Graph.of(
            "g",
            [
                IN,
                matrix("a", (1, 2), (3, 4), bias=[1, -1]),
                Node("gain", Scale(np.array([2.0, 10.0]))),
                matrix("b", (1, 1), bias=[0.5]),
                cells("cells"),
                OUT,
            ],
            [("in", "a"), ("a", "gain"), ("gain", "b"), ("b", "cells"), ("cells", "out")],
        )
        # (2 (1, 2) + 10 (3, 4)) and 2 * 1 - 10 * 1 + 0.5.
        normal = folded(graph)
        assert projections(normal) == {"in_to_cells": ([[32, 44]], [-7.5], 0)}
        assert list(normal.nodes) == ["in", "in_to_cells", "cells", "out"]

    def test_paths_add_and_delays_part(self) -> None:
        graph = Graph.of(
            "g",
            [
                IN,
                matrix("a", (1, 2), (3, 4)),
                Node("wait", Delay(np.array([0.0, 2 * DT]))),
                Node("past", Scale(np.array(5.0))),
                cells("cells"),
                OUT,
            ],
            [
                ("in", "a"),
                ("a", "wait"),
                ("wait", "cells"),
                ("in", "past"),
                ("past", "cells"),
                ("cells", "out"),
            ],
        )
        assert projections(folded(graph)) == {
            "in_to_cells": ([[6, 2], [0, 5]], None, 0),
            "in_to_cells_delay_2": ([[0, 0], [3, 4]], None, 2),
        }

    def test_two_sources_share_one_bias(self) -> None:
        graph = Graph.of(
            "g",
            [
                IN,
                cells("x"),
                matrix("a", (1, 2), bias=[1]),
                matrix("b", (3, 4), bias=[2]),
                cells("y"),
                OUT,
            ],
            [("in", "x"), ("in", "a"), ("x", "b"), ("a", "y"), ("b", "y"), ("y", "out")],
        )
        assert projections(folded(graph)) == {
            "in_to_x": ([[1, 0], [0, 1]], None, 0),
            "in_to_y": ([[1, 2]], [3], 0),
            "x_to_y": ([[3, 4]], None, 0),
        }

    def test_a_readout_without_neurons_stays_a_projection(self) -> None:
        graph = Graph.of(
            "g",
            [IN, cells("cells"), matrix("read", (1, -1), bias=[4]), OUT],
            [("in", "cells"), ("cells", "read"), ("read", "out")],
        )
        normal = folded(graph)
        assert projections(normal)["cells_to_out"] == ([[1, -1]], [4], 0)
        assert normal.edges[-1] == Edge("cells_to_out", "out")

    def test_thresholds_become_populations(self) -> None:
        graph = Graph.of(
            "g",
            [IN, Node("step", Threshold(np.array(0.5))), OUT],
            [("in", "step"), ("step", "out")],
        )
        op = folded(graph).nodes["step"].op
        assert isinstance(op, Neurons)
        assert op.kind == "threshold"
        assert op.parameters["threshold"].tolist() == [0.5, 0.5]

    def test_populations_come_in_the_order_of_a_tick(self) -> None:
        nodes = [IN, cells("c"), cells("b"), cells("a"), OUT]
        graph = Graph.of(
            "g", nodes, [("in", "c"), ("c", "b"), ("b", "a"), ("a", "c"), ("a", "out")]
        )
        normal = folded(graph)
        assert [node.id for node in normal.nodes_of(Neurons)] == ["c", "b", "a"]
        assert projections(normal)["a_to_c_delay_1"][2] == 1

    def test_per_neuron_parameters_flatten_in_order(self) -> None:
        taus = np.arange(1.0, 7.0).reshape(1, 2, 3)
        op = Neurons("lif", LIF | {"tau": taus, "v_threshold": np.array(1.0)})
        graph = Graph.of(
            "g",
            [Node("in", Input((1, 2, 3))), Node("cells", op, "rack", {"note": "kept"}), OUT],
            [("in", "cells"), ("cells", "out")],
        )
        node = folded(graph).nodes["cells"]
        assert node.op.parameters["tau"].tolist() == [1, 2, 3, 4, 5, 6]  # type: ignore[attr-defined]
        assert (node.place, node.metadata["note"]) == ("rack", "kept")

    def test_an_endless_response_is_refused(self) -> None:
        nodes = [IN, Node("a", Scale(np.array(0.5))), Node("w", Delay(np.array(DT)))]
        edges = [("in", "a"), ("a", "w"), ("w", "a"), ("a", "cells"), ("cells", "out")]
        graph = Graph.of("g", [*nodes, cells("cells"), OUT], edges, DT)
        with pytest.raises(GraphError, match="cycle of linear nodes, whose response never ends"):
            folded(graph)

    def test_a_matrix_beyond_the_limit_is_refused(self) -> None:
        nodes = [Node("in", Input((2**14,))), cells("cells"), OUT]
        graph = Graph.of("g", nodes, [("in", "cells"), ("cells", "out")])
        with pytest.raises(GraphError, match=r"dense matrix of 16384 x 16384 numbers"):
            folded(graph)

    def test_an_unbroken_cycle_is_refused(self) -> None:
        graph = Graph.of("g", [IN, cells("a"), OUT], [("in", "a"), ("a", "a"), ("a", "out")])
        with pytest.raises(GraphError, match="a -> a; run BreakCycles first"):
            run_passes(graph, [InferShapes(), FoldLinear()])

    def test_is_a_fixed_point(self) -> None:
        graph = Graph.of(
            "g",
            [IN, matrix("a", (1, 2), (3, 4), bias=[1, -1]), cells("cells"), OUT],
            [("in", "a"), ("a", "cells"), ("cells", "a"), ("cells", "out")],
        )
        once = folded(graph)
        assert folded(once) == once


def test_the_runner_checks_what_a_pass_gives() -> None:
    @dataclasses.dataclass(frozen=True)
    class Cut:
        def __call__(self, graph: Graph) -> Graph:
            return graph.replace(edges=graph.edges[1:])

    graph = Graph.of("g", [IN, cells("a"), OUT], [("in", "a"), ("a", "out")])
    with pytest.raises(GraphError, match=r"^Cut: Node 'a' has no incoming edge"):
        run_passes(graph, [Cut()])


def test_importing_the_graph_imports_no_compiler_and_no_hardware() -> None:
    script = (
        "import sys, sc_neurocore.ir\n"
        "heavy = ('numba', 'scipy', 'mtkahypar', 'sc_neurocore.dynamics', 'sc_neurocore.hdl')\n"
        "print([m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "[]\n"


def test_an_operation_that_is_shaped_anew_each_time_ends() -> None:
    class Restless(Scale):
        def shaped(self, shape: tuple[int, ...]) -> Restless:
            return Restless(self.scale)

    nodes = [IN, Node("s", Restless(np.ones(2))), cells("cells"), OUT]
    graph = Graph.of("g", nodes, [("in", "s"), ("s", "cells"), ("cells", "out")])
    assert InferShapes()(graph).nodes["s"].op is graph.nodes["s"].op
