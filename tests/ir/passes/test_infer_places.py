"""Places that follow from what is pinned."""

from __future__ import annotations

from itertools import pairwise

import pytest

from sc_neurocore.ir import Graph, InferPlaces, PartitionError, run_passes

from .networks import PLACES, chain, graph, li, lif, matrix


def placed(given: Graph, **pins: str) -> dict[str, str]:
    made = run_passes(given, [InferPlaces(PLACES, pins)])
    return {node.id: node.place for node in made.nodes.values() if node.place}


def refused(given: Graph, sentence: str, **pins: str) -> None:
    with pytest.raises(PartitionError) as error:
        placed(given, **pins)
    assert str(error.value) == f"InferPlaces: {sentence}"


def test_synapses_and_outputs_follow() -> None:
    assert placed(chain(), a="left") == {"a": "left"}
    assert placed(chain(), b="right") == {"w": "right", "b": "right", "out": "right"}


def test_nothing_is_pinned() -> None:
    given = chain()
    assert InferPlaces(PLACES)(given) is given


def test_inputs_stay_free() -> None:
    found = placed(chain(), **{"*": "left"})
    assert found == dict.fromkeys(("a", "w", "b", "out"), "left")


def test_an_own_id_counts_before_a_scope_before_a_pattern() -> None:
    names = ["v.a", "v.a.0", "v.b", "u.a"]
    edges = [("in", names[0]), *pairwise(names), (names[-1], "out")]
    found = placed(
        graph([lif(name) for name in names], edges),
        **{"*a*": "left", "v": "right", "v.a": "left", "*": "right", "out": "left"},
    )
    assert found == {"v.a": "left", "v.a.0": "left", "v.b": "right", "u.a": "left", "out": "left"}


def test_places_that_nodes_have_already() -> None:
    nodes = [lif("a", place="left"), matrix("w"), lif("b", place="right")]
    given = graph(nodes, [("in", "a"), ("a", "w"), ("w", "b"), ("b", "out")])
    assert placed(given)["w"] == "right"
    refused(
        given,
        "Node 'a' has place 'left', and 'a' pins it to 'right'; give it one place.",
        a="right",
    )


def test_running_again_after_placing_completes() -> None:
    once = InferPlaces(PLACES, {"a": "left"})(chain())
    twice = InferPlaces(PLACES, {"a": "left", "b": "right"})(once)
    assert [node.place for node in twice.nodes.values()] == ["", "left", "right", "right", "right"]
    assert InferPlaces(PLACES)(twice) is twice


def test_an_output_of_spikes_from_several_places_stays_free() -> None:
    given = graph([lif("a"), lif("b")], [("in", "a"), ("a", "b"), ("a", "out"), ("b", "out")])
    assert placed(given, a="left", b="right") == {"a": "left", "b": "right"}
    assert placed(given, a="left", b="left")["out"] == "left"
    assert "out" not in placed(given, a="left")


class TestStates:
    def test_a_membrane_does_not_travel(self) -> None:
        nodes = [lif("a"), li("m"), matrix("w"), lif("b")]
        edges = [("in", "a"), ("a", "m"), ("m", "w"), ("w", "b"), ("b", "out")]
        given = graph(nodes, edges)
        both = {"m": "right", "w": "right", "b": "right", "out": "right"}
        assert placed(given, m="right") == both
        assert placed(given, b="right") == both
        refused(
            given,
            "Node 'm' at 'left' never spikes, and 'b' at 'right' reads its membrane, but only "
            "spikes travel; put both at one place, or a spiking population between them.",
            m="left",
            b="right",
        )

    def test_an_output_of_membranes_from_several_places(self) -> None:
        given = graph([li("m"), li("n")], [("in", "m"), ("in", "n"), ("m", "out"), ("n", "out")])
        assert placed(given, m="right") == dict.fromkeys(("m", "n", "out"), "right")
        with pytest.raises(
            PartitionError, match=r"never spikes, and 'out' at .* reads its membrane"
        ):
            placed(given, m="left", n="right")


def test_unknown_place() -> None:
    refused(
        chain(),
        "Node 'a' is at place 'moon', which does not exist; there are left, right.",
        a="moon",
    )


def test_synapses_pinned_elsewhere() -> None:
    sentence = (
        "Node 'w' (Affine) is at 'left', and 'b', which it leads to, at 'right'; linear "
        "operations live with what they lead to: pin 'b' alone, and run ExpandOps first where "
        "several nodes share one."
    )
    refused(chain(), sentence, w="left", b="right")


def test_shared_synapses_of_two_places() -> None:
    nodes = [lif("a"), matrix("w"), lif("b"), lif("c")]
    edges = [("in", "a"), ("a", "w"), ("w", "b"), ("w", "c"), ("b", "out"), ("c", "out")]
    with pytest.raises(PartitionError, match=r"Node 'w' \(Affine\) is at 'left', and 'c'"):
        placed(graph(nodes, edges), b="left", c="right")
