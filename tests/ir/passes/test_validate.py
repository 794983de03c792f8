"""What is rejected before anything changes."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest

from sc_neurocore.ir import (
    Delay,
    Edge,
    Graph,
    GraphError,
    Input,
    Node,
    Op,
    Output,
    PartitionError,
    Places,
    Projection,
    Scale,
    Send,
    Subgraph,
    Validate,
    run_passes,
)

from .networks import DT, PLACES, chain, graph, lif, matrix


def refused(
    given: Graph, error: type[Exception], sentence: str, rule: Validate | None = None
) -> None:
    before = given.digest
    with pytest.raises(error) as caught:
        run_passes(given, [rule or Validate(PLACES)])
    assert str(caught.value).split("\n")[0] == f"Validate: {sentence}"
    assert given.digest == before


def test_a_good_network_is_the_same_object() -> None:
    given = chain()
    pins = {"a": "left", "b": "right"}
    assert Validate(PLACES, pins, {"a": 2})(given) is given


def test_no_place() -> None:
    sentence = "There is no place to run anything; name at least one."
    refused(chain(), PartitionError, sentence, Validate(Places({})))


def test_unknown_place_of_a_node() -> None:
    given = graph([lif("a", place="moon")], [("in", "a"), ("a", "out")])
    sentence = "Node 'a' is at place 'moon', which does not exist; there are left, right."
    refused(given, PartitionError, sentence)


@pytest.mark.parametrize(
    ("pins", "sentence"),
    [
        (
            {"a": "moon"},
            "Pin 'a' is at place 'moon', which does not exist; there are left, right.",
        ),
        ({"c": "left"}, "Pin 'c' to place 'left' matches no node; there are in, a, w, b, out."),
        ({"x*": "left"}, "Pin 'x*' to place 'left' matches no node; there are in, a, w, b, out."),
    ],
)
def test_pins(pins: dict[str, str], sentence: str) -> None:
    refused(chain(), PartitionError, sentence, Validate(PLACES, pins))


@pytest.mark.parametrize(
    ("splits", "sentence"),
    [
        ({"c": 2}, "Node 'c' is to be split, but does not exist; the populations are a, b."),
        ({"w": 2}, "Node 'w' is to be split, but is of kind Affine; the populations are a, b."),
        (
            {"a": 3},
            "Population 'a' of 2 neuron(s) is to be split into 3 slices; 1 to 2 are possible.",
        ),
        (
            {"a": 0},
            "Population 'a' of 2 neuron(s) is to be split into 0 slices; 1 to 2 are possible.",
        ),
    ],
)
def test_splits(splits: dict[str, int], sentence: str) -> None:
    refused(chain(), PartitionError, sentence, Validate(PLACES, {}, splits))


def test_the_id_of_a_slice_that_is_taken() -> None:
    given = graph([lif("a"), lif("a.1")], [("in", "a"), ("a", "a.1"), ("a.1", "out")])
    sentence = "Splitting 'a' makes the id 'a.1', which another node has; rename that."
    refused(given, PartitionError, sentence, Validate(PLACES, {}, {"a": 2}))


def test_ids_are_those_after_inlining() -> None:
    inner = Graph.of(
        "inner",
        [Node("i", Input((2,))), lif("cells"), Node("o", Output(None))],
        [("i", "cells"), ("cells", "o")],
        DT,
    )
    given = graph([Node("sub", Subgraph(inner))], [("in", "sub"), ("sub", "out")])
    for pin in ("sub.cells", "sub", "sub.c*"):
        assert Validate(PLACES, {pin: "left"}, {"sub.cells": 2})(given) is given


def test_no_population() -> None:
    given = graph([matrix("w")], [("in", "w"), ("w", "out")])
    sentence = "Graph 'g' has no population; there is nothing to spread over places."
    refused(given, GraphError, sentence)


def test_a_cycle_without_a_delay_is_named() -> None:
    nodes = [lif("a"), matrix("w"), lif("b"), Node("back", Projection(np.eye(2)))]
    ring = [("a", "w"), ("w", "b"), ("b", "back"), ("back", "a")]
    given = graph(nodes, [("in", "a"), *ring, ("b", "out")])
    sentence = (
        "The graph has a cycle without a delay: a -> w -> b -> back -> a; give one of its edges a "
        "delay of at least 1 tick, or run BreakCycles first."
    )
    refused(given, GraphError, sentence)


@pytest.mark.parametrize(
    "delay",
    [
        Node("back", Delay(np.array(DT))),
        Node("back", Projection(np.eye(2), None, 1)),
    ],
)
def test_a_cycle_with_a_delay_is_fine(delay: Node) -> None:
    nodes = [lif("a"), delay]
    given = graph(nodes, [("in", "a"), ("a", "back"), ("back", "a"), ("a", "out")])
    assert Validate(PLACES)(given) is given
    edges = [("in", "a"), Edge("a", "a", delay=1), ("a", "out")]
    plain = graph([lif("a")], edges)
    assert Validate(PLACES)(plain) is plain


def test_a_delay_that_rounds_to_nothing_breaks_no_cycle() -> None:
    nodes = [lif("a"), Node("back", Delay(np.array(DT / 4)))]
    given = graph(nodes, [("in", "a"), ("a", "back"), ("back", "a"), ("a", "out")])
    with pytest.raises(GraphError, match="cycle without a delay: a -> back -> a"):
        Validate(PLACES)(given)


def test_unknown_kinds() -> None:
    @dataclasses.dataclass(frozen=True, eq=False)
    class Odd(Op):
        pass

    given = graph([lif("a"), Node("odd", Odd())], [("in", "a"), ("a", "odd"), ("odd", "out")])
    sentence = (
        "Node 'odd' is of the unknown kind Odd; Input, Output, Neurons, Threshold, Delay and "
        "linear operations are known."
    )
    refused(given, GraphError, sentence)


def test_ends_of_wires() -> None:
    nodes = [lif("a"), Node("send", Send((2,)))]
    given = graph(nodes, [("in", "a"), ("a", "send"), ("a", "out")])
    sentence = (
        "Node 'send' belongs to the end of a wire; only networks that are not cut yet can be "
        "spread over places."
    )
    refused(given, GraphError, sentence)


def test_shapes_that_clash_are_no_graph() -> None:
    with pytest.raises(GraphError, match=re.escape("'a' gives (2,), 'w' takes (3,)")):
        graph([lif("a"), matrix("w", 2, 3)], [("in", "a"), ("a", "w"), ("w", "out")])
    with pytest.raises(GraphError, match=re.escape("'a' gives (2,), 's' takes (3,)")):
        graph([lif("a"), Node("s", Scale(np.ones(3)))], [("in", "a"), ("a", "s"), ("s", "out")])
