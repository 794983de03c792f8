"""Formats, codings, lengths and clocks: completed, converted or refused."""

from __future__ import annotations

import numpy as np
import pytest

from sc_neurocore.ir import (
    Affine,
    Convert,
    Edge,
    Graph,
    GraphError,
    Input,
    Node,
    Place,
    Places,
    PortType,
    SolveTypes,
    run_passes,
)
from sc_neurocore.nir_bridge import SCNetwork

from .networks import chain, graph, li, lif


def solved(given: Graph, places: Places | None = None) -> Graph:
    shaped = SCNetwork(given).flat
    return run_passes(shaped, [SolveTypes(places)])


def values(given: Graph, attribute: str) -> dict[str, object]:
    return {
        node.id: node.metadata[attribute]
        for node in given.nodes.values()
        if attribute in node.metadata
    }


def conversions(given: Graph) -> dict[str, tuple[tuple[str, str | int, str | int], ...]]:
    return {n.id: n.op.changes for n in given.nodes_of(Convert) if isinstance(n.op, Convert)}


def weights(name: str, **metadata: object) -> Node:
    return Node(name, Affine(np.eye(2)), "", metadata)


def test_nothing_is_stated() -> None:
    shaped = SCNetwork(chain()).flat
    assert SolveTypes()(shaped) is shaped


def test_length_and_clock_spread_everywhere() -> None:
    made = solved(
        graph(
            [lif("a", length=256, clock="fast"), weights("w"), lif("b")],
            [("in", "a"), ("a", "w"), ("w", "b"), ("b", "out")],
        )
    )
    assert values(made, "length") == dict.fromkeys(("in", "a", "w", "b", "out"), 256)
    assert values(made, "clock") == dict.fromkeys(("in", "a", "w", "b", "out"), "fast")
    shape, signal, dt = (2,), "spike", made.dt
    assert made.port_type("b") == PortType(shape, signal, dt, None, None, 256, "fast")  # type: ignore[arg-type]
    assert str(made.port_type("b")) == "(2,) spike"


def test_a_format_ends_at_spikes() -> None:
    made = solved(
        graph(
            [lif("a"), weights("w"), lif("b", format=" Q8.8")],
            [("in", "a"), ("a", "w"), ("w", "b"), ("b", "out")],
        )
    )
    assert values(made, "format") == {"w": "Q8.8", "b": "Q8.8"}


def test_a_coding_ends_at_populations() -> None:
    made = solved(
        graph(
            [lif("a", coding="bipolar"), weights("w"), lif("b")],
            [("in", "a"), ("a", "w"), ("w", "b"), ("b", "out")],
        )
    )
    assert values(made, "coding") == {"a": "bipolar", "w": "bipolar"}


def test_synapses_take_the_side_of_their_target() -> None:
    nodes = [Node("m", li("m").op, "", {"format": "Q4.4"}), weights("w"), weights("v")]
    edges = [("in", "m"), Edge("m", "w", delay=2, wire="bus"), ("w", "v"), ("v", "b"), ("b", "out")]
    given = graph([*nodes, lif("b", format="Q8.8")], edges)
    made = solved(given)
    assert conversions(made) == {"m_to_w": (("format", "Q4.4", "Q8.8"),)}
    assert values(made, "format") == {
        **{"in": "Q4.4", "m": "Q4.4"},
        **dict.fromkeys(("w", "v", "b", "m_to_w"), "Q8.8"),
    }
    assert [str(edge) for edge in made.edges] == [
        "in -> m",
        "m -> m_to_w delay=2 wire='bus'",
        "m_to_w -> w",
        "w -> v",
        "v -> b",
        "b -> out",
    ]
    inputs = np.random.default_rng(1).integers(0, 2, (50, 2))
    one, other = SCNetwork(given).run(inputs), SCNetwork(made).run(inputs)
    assert one.output.any()
    assert other.output.tobytes() == one.output.tobytes()


def test_solving_again_changes_nothing() -> None:
    once = solved(
        graph(
            [
                lif("a", coding="unipolar", length=64),
                weights("w", coding="bipolar"),
                lif("b", length=256),
            ],
            [("in", "a"), ("a", "w"), ("w", "b"), ("b", "out")],
        )
    )
    assert conversions(once) == {"a_to_w": (("coding", "unipolar", "bipolar"), ("length", 64, 256))}
    assert SolveTypes()(once) is once


def test_clocks_of_places() -> None:
    places = Places({"left": Place("left", clock="slow"), "right": Place("right", clock="fast")})
    given = graph(
        [lif("a", place="left"), weights("w"), lif("b", place="right")],
        [("in", "a"), ("a", "w"), ("w", "b"), ("b", "out")],
    )
    made = solved(given, places)
    assert conversions(made) == {"a_to_w": (("clock", "slow", "fast"),)}
    assert made.port_type("out").clock == "fast"
    assert made.port_type("in").clock == "slow"


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        (
            {"length": 256},
            {"length": 100},
            "joins length 256, stated by 'a', with 100, stated by 'b', and nothing converts one "
            "into the other; state one length, or a multiple of the other",
        ),
        (
            {"coding": "temporal"},
            {"coding": "rate"},
            "joins coding 'temporal', stated by 'a', with 'rate', stated by 'v', and nothing "
            "converts one into the other; state one coding, or two of bipolar, rate, unipolar",
        ),
    ],
)
def test_what_nothing_converts(
    before: dict[str, object], after: dict[str, object], sentence: str
) -> None:
    node = weights("v", **after) if "coding" in after else weights("v")
    last = lif("b") if "coding" in after else lif("b", **after)
    edges = [("in", "a"), ("a", "w"), ("w", "v"), ("v", "b"), ("b", "out")]
    given = graph([lif("a", **before), weights("w"), node, last], edges)
    with pytest.raises(GraphError) as error:
        solved(given)
    assert str(error.value).split("\n")[0] == f"SolveTypes: Edge 'a' -> 'w' {sentence}."


def test_currents_stay_on_their_clock() -> None:
    nodes = [li("m"), lif("b", clock="fast")]
    given = graph(
        [Node("m", nodes[0].op, "", {"clock": "slow"}), nodes[1]],
        [("in", "m"), ("m", "b"), ("b", "out")],
    )
    with pytest.raises(GraphError) as error:
        solved(given)
    assert str(error.value) == (
        "SolveTypes: Edge 'm' -> 'b' joins clock 'slow', stated by 'm', with 'fast', stated by "
        "'b', and nothing converts one into the other; only spikes cross to another clock: put "
        "both ends on one, or spikes between them.\n  m -> b\n    ^"
    )


@pytest.mark.parametrize(
    ("metadata", "problem"),
    [
        ({"format": "float"}, "'float'; it must be a Q format, for example 'Q8.8' or 'UQ0.8'"),
        ({"coding": "morse"}, "'morse'; it must be one of unipolar, bipolar, rate, temporal"),
        ({"length": 0}, "0; it must be a positive whole number of bits"),
        ({"length": True}, "True; it must be a positive whole number of bits"),
        ({"clock": ""}, "''; it must be a name"),
    ],
)
def test_malformed_statements(metadata: dict[str, object], problem: str) -> None:
    given = graph([lif("a", **metadata)], [("in", "a"), ("a", "out")])
    (key,) = metadata
    with pytest.raises(GraphError) as error:
        solved(given)
    sentence, line, caret = str(error.value).split("\n")
    assert sentence == f"SolveTypes: Node 'a' states {key} {problem}."
    assert line[len(caret) - 1 :].startswith(f"{key}=")


def test_a_clock_that_its_place_does_not_have() -> None:
    given = graph([lif("a", place="left", clock="fast")], [("in", "a"), ("a", "out")])
    with pytest.raises(GraphError, match="states clock 'fast', and its place 'left' has 'tick'"):
        solved(given, Places({"left": Place("left")}))


def test_unknown_shapes() -> None:
    given = Graph.of("g", [Node("in", Input(None)), *chain().nodes.values()][:1], [])
    with pytest.raises(GraphError, match="'in' has no shape; run InferShapes first"):
        SolveTypes()(given)


def test_a_ring_is_solved_once_round() -> None:
    nodes = [lif(f"p{i}", **({"length": 8} if i == 3 else {})) for i in range(6)]
    ring = [Edge(f"p{i}", f"p{(i + 1) % 6}", delay=1) for i in range(6)]
    made = solved(graph(nodes, [("in", "p0"), *ring, ("p5", "out")]))
    assert set(values(made, "length")) == set(made.nodes)
    assert not conversions(made)
