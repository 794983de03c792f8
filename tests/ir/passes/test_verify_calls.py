"""Nothing dangles: every mutation of a cut network is seen, and said."""

from __future__ import annotations

import dataclasses

import pytest

from ir.passes.lockstep import DT, TAIL, cells, matrix
from sc_neurocore.ir import (
    Edge,
    Graph,
    Input,
    Node,
    Output,
    PartitionError,
    Partitions,
    Place,
    Places,
    Receive,
    Scale,
    SliceAtWires,
)
from sc_neurocore.ir.passes import VerifyCalls


def cut() -> Partitions:
    """in -> fc -> a (left); a and c (right) -> b (right), a late -> b; b -> a next tick."""
    graph = Graph.of(
        "net",
        [
            Node("in", Input((2,)), "left"),
            matrix("fc", "left"),
            matrix("back", "left"),
            cells("a", "left"),
            matrix("w1", "right"),
            matrix("w2", "right"),
            cells("c", "right"),
            cells("b", "right"),
            Node("out", Output((2,)), "right"),
        ],
        [
            ("in", "fc"), ("fc", "a"), Edge("b", "back", delay=1), ("back", "a"),
            Edge("a", "w1", delay=2), Edge("a", "w2", delay=3), ("w1", "b"), ("w2", "c"),
            Edge("c", "b", delay=1), ("b", "out"),
        ],
        DT,
    )  # fmt: skip
    partitions = SliceAtWires(Places({"left": Place("left"), "right": Place("right")}))(graph)
    for step in TAIL:
        partitions = step(partitions)
    return partitions


def changed(place: str, edges: dict[tuple[str, str], Edge | None]) -> Partitions:
    """With edges of a part replaced or removed."""
    partitions = cut()
    part = partitions.parts[place]
    kept = [edges.get((e.source, e.target), e) for e in part.edges]
    part = part.replace(edges=tuple(e for e in kept if e is not None))
    return dataclasses.replace(partitions, parts={**partitions.parts, place: part})


def test_a_sound_cut_passes_unchanged() -> None:
    partitions = cut()
    assert VerifyCalls()(partitions) is partitions
    # What a pass puts between two nodes is looked through.
    part = partitions.parts["right"]
    extra = Node("gain", Scale(2.0), "right")
    edges = [e for e in part.edges if (e.source, e.target) != ("w1", "b")]
    edges = [Edge("w1", "gain"), Edge("gain", "b"), *edges]
    part = part.replace(nodes={**part.nodes, "gain": extra}, edges=tuple(edges))
    VerifyCalls()(dataclasses.replace(partitions, parts={**partitions.parts, "right": part}))


def last(name: str) -> str:
    """What stands last behind the Receive of a node's spikes at 'right'."""
    part = cut().parts["right"]
    return next(e.source for e in part.edges if e.target == name)


def test_a_lost_edge_is_named() -> None:
    broken = changed("right", {("c", "b"): None})
    with pytest.raises(PartitionError) as caught:
        VerifyCalls()(broken)
    assert str(caught.value) == (
        "Node 'b' of place 'right' reads 'c' 1 tick late in the whole network, and not in its part."
    )


def test_another_delay_is_named() -> None:
    broken = changed("right", {(last("w2"), "w2"): Edge(last("w2"), "w2", delay=2)})
    with pytest.raises(PartitionError) as caught:
        VerifyCalls()(broken)
    assert str(caught.value) == (
        "Node 'w2' of place 'right' reads 'a' 3 ticks late in the whole network, and not in its "
        "part."
    )


def test_an_edge_too_many_is_named() -> None:
    partitions = cut()
    part = partitions.parts["right"]
    part = part.replace(edges=(*part.edges, Edge("c", "out")))
    broken = dataclasses.replace(partitions, parts={**partitions.parts, "right": part})
    with pytest.raises(PartitionError) as caught:
        VerifyCalls()(broken)
    assert str(caught.value) == (
        "Node 'out' of place 'right' reads 'c' in its part, and not in the whole network."
    )


def test_another_order_is_named() -> None:
    partitions = cut()
    part = partitions.parts["right"]
    part = part.replace(edges=tuple(reversed(part.edges)))
    broken = dataclasses.replace(partitions, parts={**partitions.parts, "right": part})
    with pytest.raises(PartitionError) as caught:
        VerifyCalls()(broken)
    assert str(caught.value) == (
        "Node 'b' of place 'right' adds 'c' 1 tick late, 'w1' in this order, the whole network "
        "adds 'w1', 'c' 1 tick late; a sum in another order may round to another number."
    )


def test_an_end_that_is_read_by_nothing() -> None:
    partitions = cut()
    part = partitions.parts["left"]
    stray = Node("receive.9.b", Receive((2,), 9, 1), "left")
    part = part.replace(nodes={**part.nodes, stray.id: stray})
    broken = dataclasses.replace(partitions, parts={**partitions.parts, "left": part})
    with pytest.raises(PartitionError) as caught:
        VerifyCalls()(broken)
    assert str(caught.value) == (
        "Receive 'receive.9.b' of place 'left' is read by nothing; read it, or remove its crossing."
    )
