"""The form that can be cut computes what the network computed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sc_neurocore.ir import (
    Affine,
    Conv2d,
    Delay,
    Edge,
    ExpandOps,
    Flatten,
    Graph,
    Input,
    LinearOp,
    Neurons,
    Node,
    Output,
    PartitionError,
    Projection,
    Scale,
    Segment,
    Subgraph,
    Threshold,
    run_passes,
)
from sc_neurocore.nir_bridge import SCNetwork

from .networks import DT, chain, graph, lif, matrix


def expanded(whole: Graph, **splits: int) -> Graph:
    return run_passes(whole, [ExpandOps(splits)])


def require_equal(whole: Graph, made: Graph, splits: Mapping[str, int], ticks: int = 40) -> int:
    """Outputs and spikes of both, bit by bit; the number of spikes."""
    rng = np.random.default_rng(5)
    before, after = SCNetwork(whole), SCNetwork(made)
    inputs = {
        node.id: rng.integers(0, 2, (ticks, *(node.op.wants() or ()))) for node in whole.inputs
    }
    one, other = before.run(inputs, record=True), after.run(inputs, record=True)
    for name, values in one.outputs.items():
        assert other.outputs[name].tobytes() == values.tobytes()
    for name, spikes in one.spikes.items():
        parts = [name] if splits.get(name, 1) == 1 else [f"{name}.{i}" for i in range(splits[name])]
        joined = [other.spikes[part].reshape(ticks, -1) for part in parts]
        assert np.array_equal(np.concatenate(joined, axis=1), spikes.reshape(ticks, -1))
    return int(sum(spikes.sum() for spikes in one.spikes.values()))


def test_a_normal_network_is_the_same_object() -> None:
    whole = chain()
    shaped = expanded(whole)
    assert shaped.nodes["out"].op.wants() == (2,)
    assert shaped.edges == whole.edges
    assert expanded(shaped) is shaped


def test_delays_move_onto_the_edge_in_front() -> None:
    nodes = [
        lif("a"),
        Node("wait", Delay(np.full(2, 3 * DT))),
        Node("w", Projection(np.eye(2), np.array([0.25, 0.5]), 2)),
        lif("b"),
    ]
    edges = [("in", "a"), Edge("a", "wait", delay=1, wire="bus"), ("wait", "w"), ("w", "b")]
    whole = graph(nodes, [*edges, ("b", "out")])
    made = expanded(whole)
    assert made.edges == (
        Edge("in", "a"),
        Edge("a", "wait", delay=4, wire="bus"),
        Edge("wait", "w", delay=2),
        Edge("w", "b"),
        Edge("b", "out"),
    )
    wait, w = made.nodes["wait"].op, made.nodes["w"].op
    assert isinstance(wait, Scale)
    assert wait.scale.tolist() == [1, 1]
    assert isinstance(w, Projection)
    assert w.delay == 0
    assert require_equal(whole, made, {}) > 20


def test_delays_that_differ_stay() -> None:
    nodes = [lif("a"), Node("wait", Delay(np.array([DT, 3 * DT]))), lif("b")]
    whole = graph(nodes, [("in", "a"), ("a", "wait"), ("wait", "b"), ("b", "out")])
    made = expanded(whole)
    assert isinstance(made.nodes["wait"].op, Delay)
    assert made.edges == whole.edges


def test_shared_synapses_are_copied_for_each_destination() -> None:
    nodes = [lif("a"), matrix("u", seed=1, place="left"), matrix("v", seed=2), lif("b"), lif("c")]
    edges = [("in", "a"), ("a", "u"), ("u", "v"), ("v", "b"), ("u", "c"), ("v", "c")]
    whole = graph(nodes, [*edges, ("b", "out"), Edge("c", "out", delay=2)])
    made = expanded(whole)
    assert list(made.nodes) == ["in", "a", "u_to_b", "u_to_c", "v_to_b", "v_to_c", "b", "c", "out"]
    assert [(e.source, e.target) for e in made.edges] == [
        ("in", "a"),
        ("a", "u_to_b"),
        ("a", "u_to_c"),
        ("u_to_b", "v_to_b"),
        ("u_to_c", "v_to_c"),
        ("v_to_b", "b"),
        ("u_to_c", "c"),
        ("v_to_c", "c"),
        ("b", "out"),
        ("c", "out"),
    ]
    assert made.nodes["u_to_b"].place == ""
    assert require_equal(whole, made, {}) > 20


def test_synapses_that_lead_to_nothing_are_dropped() -> None:
    nodes = [lif("a"), matrix("u"), matrix("v")]
    made = expanded(graph(nodes, [("in", "a"), ("a", "u"), ("u", "v"), ("a", "out")]))
    assert list(made.nodes) == ["in", "a", "out"]


def test_an_id_that_is_taken() -> None:
    nodes = [lif("a"), matrix("u"), lif("b"), lif("c"), lif("u_to_b")]
    edges = [("in", "a"), ("a", "u"), ("u", "b"), ("u", "c"), ("b", "u_to_b")]
    made = expanded(graph(nodes, [*edges, ("u_to_b", "out")]))
    assert isinstance(made.nodes["u_to_b_"].op, Affine)
    assert isinstance(made.nodes["u_to_b"].op, Neurons)


def test_nested_graphs_are_inlined() -> None:
    inner = Graph.of(
        "inner",
        [Node("i", Input(None)), matrix("w"), lif("cells"), Node("o", Output(None))],
        [("i", "w"), ("w", "cells"), ("cells", "o")],
        DT,
    )
    made = expanded(graph([Node("sub", Subgraph(inner))], [("in", "sub"), ("sub", "out")]))
    assert list(made.nodes) == ["in", "sub.w", "sub.cells", "out"]


class TestSplits:
    def test_by_hand(self) -> None:
        nodes = [
            Node("u", Affine(np.arange(10.0).reshape(5, 2), np.arange(5.0))),
            lif("a", 5, "left", note="kept"),
            Node("v", Affine(np.ones((2, 5)))),
            lif("b"),
        ]
        edges = [("in", "u"), ("u", "a"), Edge("a", "v", delay=3), ("v", "b"), ("b", "out")]
        made = expanded(graph(nodes, edges), a=2)
        u, a = made.nodes["u_to_a.1"].op, made.nodes["a.1"]
        assert isinstance(u, Affine)
        assert u.weight.tolist() == [[4, 5], [6, 7], [8, 9]]
        assert u.bias is not None
        assert u.bias.tolist() == [2, 3, 4]
        assert (a.op.wants(), a.place, a.metadata["note"]) == ((3,), "left", "kept")
        back = made.nodes["a.1_to_v"].op
        assert isinstance(back, Segment)
        assert (back.start, back.stop, back.at, back.shape) == (0, 3, 2, (5,))
        assert [str(edge) for edge in made.edges] == [
            "in -> u_to_a.0",
            "in -> u_to_a.1",
            "u_to_a.0 -> a.0",
            "u_to_a.1 -> a.1",
            "a.0 -> a.0_to_v delay=3",
            "a.0_to_v -> v",
            "a.1 -> a.1_to_v delay=3",
            "a.1_to_v -> v",
            "v -> b",
            "b -> out",
        ]

    @pytest.mark.parametrize("splits", [{"a": 3}, {"a": 2, "b": 3}, {"a": 5, "b": 5}, {"b": 1}])
    def test_recurrent(self, splits: dict[str, int]) -> None:
        nodes = [
            matrix("u", 5, 2, 1),
            lif("a", 5),
            matrix("r", 5, 5, 2),
            matrix("v", 5, 5, 3),
            Node("gain", Scale(np.full(5, 0.5))),
            lif("b", 5),
        ]
        edges = [
            *(
                ("in", "u"),
                ("u", "a"),
                Edge("a", "r", delay=1),
                ("r", "a"),
                Edge("b", "a", delay=2),
            ),
            *(("a", "v"), ("v", "gain"), ("gain", "b"), ("a", "b"), Edge("b", "b", delay=1)),
        ]
        whole = graph(nodes, [*edges, ("b", "out"), ("v", "out")])
        made = expanded(whole, **splits)
        assert require_equal(whole, made, splits) > 50

    def test_axes_and_operations_without_rows(self) -> None:
        step = Threshold(np.linspace(0.2, 3, 12).reshape(3, 2, 2))
        kernel = np.random.default_rng(3).integers(-4, 8, (3, 1, 2, 2)) / 8
        nodes = [
            Node("image", Input((1, 3, 3))),
            Node("conv", Conv2d(kernel, input_shape=(3, 3))),
            Node("step", step),
            Node("flat", Flatten()),
            matrix("v", 4, 12),
            lif("b", 4),
            Node("out", Output(None)),
            Node("raw", Output(None)),
        ]
        edges = [("image", "conv"), ("conv", "step"), ("step", "flat"), ("flat", "v"), ("v", "b")]
        whole = Graph.of("g", nodes, [*edges, ("b", "out"), ("step", "raw")], DT)
        splits = {"step": 5, "b": 2}
        made = expanded(whole, **splits)
        assert made.nodes["step.4"].op.wants() == (3,)
        assert require_equal(whole, made, splits) > 20

    def test_a_matrix_that_is_read_before_the_population_too(self) -> None:
        nodes = [matrix("u", 4, 2, 1), Node("more", Scale(np.full(4, 0.5))), lif("a", 4)]
        edges = [("in", "u"), ("u", "a"), ("u", "more"), ("more", "a"), ("a", "out")]
        whole = graph(nodes, edges)
        made = expanded(whole, a=2)
        u = made.nodes["u_to_a.0"].op
        assert isinstance(u, Affine)
        assert len(u.weight) == 4
        assert require_equal(whole, made, {"a": 2}) > 20

    def test_slices_that_lie_across_one_another(self) -> None:
        whole = graph(
            [matrix("u", 6), lif("a", 6), lif("b", 6)],
            [("in", "u"), ("u", "a"), ("a", "b"), ("b", "out")],
        )
        made = expanded(whole, a=2, b=3)
        segments = {
            f"{e.source} {e.target}" for e in made.edges if e.source[0] == "a" == e.target[0]
        }
        assert segments == {"a.0 a.0_to_b.0", "a.0 a.0_to_b.1", "a.1 a.1_to_b.1", "a.1 a.1_to_b.2"}
        require_equal(whole, made, {"a": 2, "b": 3})

    @settings(max_examples=25, deadline=None)
    @given(st.integers(0, 2**31), st.integers(1, 7), st.integers(1, 7))
    def test_any_dyadic_network(self, seed: int, first: int, second: int) -> None:
        rng = np.random.default_rng(seed)
        names = ["a", "b", "c"]
        nodes = [matrix("u", 7, 2, seed), *(lif(name, 7) for name in names)]
        edges: list[Edge | tuple[str, str]] = [("in", "u"), ("u", "a"), ("a", "b")]
        for source in names:
            for target in names:
                if rng.random() < 0.5:
                    w = f"{source}{target}"
                    nodes.append(matrix(w, 7, 7, int(rng.integers(99))))
                    edges += [Edge(source, w, delay=int(rng.integers(1, 4))), (w, target)]
        edges += [("b", "out"), Edge("u", "c")]
        splits = {"a": first, "b": second}
        whole = graph(nodes, edges)
        require_equal(whole, expanded(whole, **splits), splits, 20)

    def test_weights_whose_sums_round(self) -> None:
        """Rows alone may be added in another order: some units in the last place of a current.

        A spike differs only where a membrane lies that close to its threshold: in 200 ticks of 64
        neurons with random weights, none does.
        """
        rng = np.random.default_rng(8)
        weights = [Node(name, Affine(rng.normal(0.1, 0.5, (64, 64)))) for name in ("r", "v")]
        nodes = [Node("u", Affine(rng.normal(0.5, 1, (64, 2)))), lif("a", 64), *weights]
        edges = [("in", "u"), ("u", "a"), Edge("a", "r", delay=1), ("r", "a"), ("a", "v")]
        whole = graph(nodes, [*edges, ("v", "out")])
        made = expanded(whole, a=3)
        inputs = rng.integers(0, 2, (200, 2))
        one = SCNetwork(whole).run(inputs, record=True)
        other = SCNetwork(made).run(inputs, record=True)
        joined = np.concatenate([other.spikes[f"a.{i}"] for i in range(3)], axis=1)
        assert np.array_equal(joined, one.spikes["a"])
        assert one.spikes["a"].sum() > 1000
        assert np.allclose(other.output, one.output, rtol=1e-12, atol=1e-12)

    def test_refused(self) -> None:
        with pytest.raises(PartitionError, match=r"^ExpandOps: Population 'a' of 2 neuron\(s\) is"):
            expanded(chain(), a=3)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ((2, 2, 0, (4,)), "start is 2, the run must begin at 0 or later and before its end"),
        ((-1, 2, 0, (4,)), "start is -1, the run must begin at 0 or later and before its end"),
        ((0, 2, 3, (4,)), r"at is 3, the run does not fit into \(4,\) there"),
        ((1, 3, 0, (2,)), r"takes elements up to 3 of \(2,\), which has fewer"),
    ],
)
def test_rules_of_segments(fields: tuple[int, int, int, tuple[int, ...]], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        graph([Node("s", Segment(*fields))], [("in", "s"), ("s", "out")])


def test_segment_by_hand() -> None:
    op: LinearOp = Segment(1, 3, 2, (2, 2))
    assert op.apply(np.array([[1.0, 2.0, 3.0]])).tolist() == [[[0, 0], [2, 3]]]
