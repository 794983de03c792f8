"""Decoders, and when bits are forwarded or made anew."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from sc_neurocore.bitstream import (
    Source,
    encode,
    popcount,
    regenerate,
    scc,
    source_of,
)
from sc_neurocore.ir import (
    Assumptions,
    Edge,
    FoldLinear,
    Graph,
    Input,
    Node,
    Output,
    Partitions,
    Place,
    PlaceKind,
    Places,
    Receive,
    Rerandomise,
    SCNIRConversionConfig,
    SCNIRDocument,
    SliceAtWires,
    SynthesiseReceives,
    build_scnir_from_graph,
    gates_at,
)

from .lockstep import DT, cells, matrix

LENGTH = 256
STREAMS = SCNIRConversionConfig(bitstream_length=LENGTH)


def pipeline(first: PlaceKind, second: PlaceKind, *, read_here: bool) -> Partitions:
    """Population a is read at the right; ``read_here``: by one of its own place too."""
    nodes = [
        Node("in", Input((2,)), "left"),
        matrix("u", "left"),
        cells("a", "left"),
        matrix("x", "right"),
        cells("b", "right"),
        Node("out", Output((2,)), "right"),
    ]
    edges = [Edge("in", "u"), Edge("u", "a"), Edge("a", "x", delay=1)]
    edges += [Edge("x", "b"), Edge("b", "out")]
    if read_here:
        nodes += [matrix("v", "left"), cells("c", "left"), Node("out2", Output((2,)), "left")]
        edges += [Edge("a", "v"), Edge("v", "c"), Edge("c", "out2")]
    places = Places({"left": Place("left", first), "right": Place("right", second)})
    return SliceAtWires(places)(Graph.of("net", nodes, edges, DT))


def receive(partitions: Partitions) -> Receive:
    op = partitions.parts["right"].nodes["receive.0.a"].op
    assert isinstance(op, Receive)
    return op


@pytest.mark.parametrize(
    ("kind", "scnir", "decoder"),
    [
        ("process", None, "host"),
        ("process", STREAMS, "host"),
        ("chip", None, "aer"),
        ("chip", STREAMS, "stream"),
    ],
)
def test_decoders(kind: PlaceKind, scnir: SCNIRConversionConfig | None, decoder: str) -> None:
    partitions = SynthesiseReceives(scnir)(pipeline("process", kind, read_here=True))
    assert receive(partitions).decoder == decoder
    # Only a chip makes bits with a source; a process's spikes need no new ones.
    assert gates_at(partitions.parts["right"], "receive.0.a") == ()


def document(part: Graph) -> SCNIRDocument:
    """What a chip's part is compiled with; gates are none of its streams."""
    return build_scnir_from_graph(FoldLinear(Assumptions(dt=DT))(part), STREAMS)


def measured(sent: Source, weight: Source, fresh: Source | None = None) -> tuple[float, bool]:
    """Largest SCC of all values of both streams but the ends, and whether the values are kept."""
    values = np.arange(LENGTH // 8, LENGTH, LENGTH // 8) / LENGTH
    bits = encode(values, LENGTH, sent)
    weights = encode(values, LENGTH, weight)
    kept = bits if fresh is None else regenerate(bits, LENGTH, fresh, LENGTH)
    found = scc(kept[:, None], weights[None], LENGTH)
    return float(np.abs(found).max()), bool(np.array_equal(popcount(bits), popcount(kept)))


def test_bits_of_a_shared_source_are_made_anew() -> None:
    """Nothing at the left multiplies a's stream, so it has the source of the right's weights."""
    cut = pipeline("chip", "chip", read_here=False)
    sent = document(cut.parts["left"]).stream("pop.a.spike").source.generator()
    weights = document(cut.parts["right"]).stream("conn.receive_0_a_to_b.weight")
    (constraint,) = weights.correlation
    assert constraint.stream == "pop.receive_0_a.spike"
    forwarded, _ = measured(sent, weights.source.generator())
    assert forwarded == 1.0 > constraint.max_abs_scc

    right = SynthesiseReceives(STREAMS)(cut).parts["right"]
    (gate,) = gates_at(right, "receive.0.a")
    assert gate.id == "rerandomise.0.a" and isinstance(gate.op, Rerandomise)
    assert gate.op.window == LENGTH
    assert [e.source for e in right.incoming("x")] == ["rerandomise.0.a"]
    anew, kept = measured(sent, weights.source.generator(), source_of(gate.op.source))
    assert anew <= constraint.max_abs_scc and kept


def test_bits_of_another_source_are_forwarded() -> None:
    """At the left a's stream is multiplied too, so it has a source that weights have not."""
    cut = pipeline("chip", "chip", read_here=True)
    sent = document(cut.parts["left"]).stream("pop.a.spike").source.generator()
    weights = document(cut.parts["right"]).stream("conn.receive_0_a_to_b.weight")
    (constraint,) = weights.correlation
    assert measured(sent, weights.source.generator())[0] <= constraint.max_abs_scc
    partitions = SynthesiseReceives(STREAMS)(cut)
    assert receive(partitions).decoder == "stream"
    assert gates_at(partitions.parts["right"], "receive.0.a") == ()


def test_what_the_constraint_allows_is_forwarded() -> None:
    loose = dataclasses.replace(STREAMS, max_abs_scc=1.0)
    partitions = SynthesiseReceives(loose)(pipeline("chip", "chip", read_here=False))
    assert gates_at(partitions.parts["right"], "receive.0.a") == ()


def test_what_is_multiplied_with_nothing_is_decoded_as_addresses() -> None:
    nodes = [Node("in", Input((2,)), "left"), cells("a", "left"), cells("b", "right")]
    nodes += [matrix("w", "right"), cells("c", "right"), Node("out", Output((2,)), "right")]
    edges = [("in", "a"), ("in", "w"), ("w", "b"), ("b", "out"), ("a", "out")]
    places = Places({"left": Place("left", "chip"), "right": Place("right", "chip")})
    nodes = [node for node in nodes if node.id != "c"]
    graph = Graph.of("net", nodes, edges, DT)
    partitions = SynthesiseReceives(STREAMS)(SliceAtWires(places)(graph))
    assert receive(partitions).decoder == "aer"
