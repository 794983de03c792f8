"""What the compiler makes of any network computes what the network computes; wrong passes fail."""

from __future__ import annotations

import dataclasses
import importlib.metadata
from collections.abc import Callable

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from ir.passes.lockstep import run_parts
from sc_neurocore.ir import (
    Affine,
    AvgPool2d,
    Conv2d,
    Delay,
    Edge,
    Flatten,
    Graph,
    GraphError,
    Input,
    Neurons,
    Node,
    Output,
    PartitionError,
    Partitions,
    Place,
    Places,
    Receive,
    Scale,
    SCNIRConversionConfig,
    Subgraph,
    SumPool2d,
    Threshold,
    Wire,
)
from sc_neurocore.nir_bridge import SCNetwork
from sc_neurocore.partition import PlacesFile, compile_partitions

DT, TICKS = 1e-3, 24


@dataclasses.dataclass(frozen=True)
class Case:
    """A network and the places file that it is compiled with."""

    graph: Graph
    file: PlacesFile


def dyadic(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Eighths, whose sums are exact in any order: slices of a matrix may add in another."""
    return rng.integers(-8, 17, shape) / 8


def population(rng: np.random.Generator, shape: tuple[int, ...]) -> Neurons | Threshold:
    if rng.random() < 0.25:
        return Threshold(np.full(shape, 0.5))
    every = np.ones(shape)
    kind = {"tau": 4e-3 * every, "r": 4 * every, "v_leak": 0 * every, "v_threshold": every}
    return Neurons("lif", kind, shape)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Two Inputs, one an image; nested graphs, delays, shared synapses, loops, several Outputs."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count = draw(st.integers(3, 8))
    pool = SumPool2d(2, 1) if rng.random() < 0.5 else AvgPool2d(2, 1)
    nodes = [
        Node("image", Input((1, 4, 4))),
        Node("line", Input((3,))),
        Node("conv", Conv2d(dyadic(rng, 2, 1, 2, 2))),
        Node("seen", population(rng, (2, 3, 3))),
        Node("pool", pool),
        Node("flat", Flatten(0, -1)),
    ]
    edges = [Edge("image", "conv"), Edge("conv", "seen", delay=int(rng.integers(0, 2)))]
    edges += [Edge("seen", "pool", delay=int(rng.integers(0, 3))), Edge("pool", "flat")]
    sizes = {"line": 3, "flat": 8}
    for i in range(count):
        name, size = f"area{i % 2}.p{i}", int(rng.integers(2, 5))
        if rng.random() < 0.3:
            inner = Graph.of(
                "inner",
                [Node("i", Input((size,))), Node("pop", population(rng, (size,))),
                 Node("g", Scale(dyadic(rng, size))), Node("o", Output((size,)))],
                [("i", "pop"), ("pop", "o"), Edge("pop", "g", delay=1), ("g", "pop")],
                DT,
            )  # fmt: skip
            nodes.append(Node(name, Subgraph(inner)))
        else:
            nodes.append(Node(name, population(rng, (size,))))
        drivers = rng.choice(list(sizes), min(len(sizes), int(rng.integers(1, 4))), replace=False)
        drivers = ["flat", *(d for d in drivers if d != "flat")] if i == 0 else drivers
        for j, source in enumerate(map(str, drivers)):
            bias = dyadic(rng, size) / 4 if rng.random() < 0.3 else None
            nodes.append(Node(f"{name}.w{j}", Affine(dyadic(rng, size, sizes[source]), bias)))
            edges.append(Edge(f"{name}.w{j}", name, delay=int(rng.integers(0, 2))))
            if rng.random() < 0.3:
                wait = np.full(sizes[source], DT * rng.integers(0, 4))
                if rng.random() < 0.3:
                    wait[0] += DT
                nodes.append(Node(f"{name}.d{j}", Delay(wait)))
                edges += [Edge(source, f"{name}.d{j}"), Edge(f"{name}.d{j}", f"{name}.w{j}")]
            else:
                edges.append(Edge(source, f"{name}.w{j}", delay=int(rng.integers(0, 4))))
        sizes[name] = size
        if rng.random() < 0.4:
            nodes.append(Node(f"{name}.own", Scale(dyadic(rng, size))))
            edges += [Edge(name, f"{name}.own", delay=1), Edge(f"{name}.own", name)]
    # Synapses that two populations share, from a third; and a way back.
    names = [n for n in sizes if n.startswith("area")]
    twins = [n for n in names if sizes[n] == sizes[names[-1]]]
    nodes.append(Node("shared", Affine(dyadic(rng, sizes[names[-1]], sizes[names[0]]))))
    edges.append(Edge(names[0], "shared", delay=int(rng.integers(0, 3))))
    edges += [Edge("shared", n) for n in twins]
    nodes.append(Node("back", Affine(dyadic(rng, sizes[names[0]], sizes[names[-1]]))))
    edges += [Edge(names[-1], "back", delay=int(rng.integers(0, 3))), Edge("back", names[0])]
    for k, name in enumerate(dict.fromkeys([names[-1], *rng.choice(names, 2)])):
        nodes.append(Node(f"out{k}", Output((sizes[str(name)],))))
        edges.append(Edge(str(name), f"out{k}"))
    order = rng.permutation(len(edges))
    graph = Graph.of("random", nodes, [edges[i] for i in order], DT)
    return Case(graph, places_file(rng, graph, draw(st.integers(1, 5))))


def places_file(rng: np.random.Generator, graph: Graph, count: int) -> PlacesFile:
    """Pins for some populations, slices for some, sometimes real time."""
    table = {f"h{i}": Place(f"h{i}") for i in range(count)}
    plain = [n.id for n in graph.nodes_of(Neurons, Threshold)]
    splits = {n: 2 for n in plain if rng.random() < 0.2}
    pins = {}
    for name in plain:
        if rng.random() < 0.4:
            pins[name] = f"h{rng.integers(count)}"
        elif name in splits and rng.random() < 0.5:
            pins[f"{name}.1"] = f"h{rng.integers(count)}"
    real = rng.random() < 0.3
    places = Places(table, {}, Wire(per_hop_budget_ns=0 if real else None), int(rng.integers(99)))
    return PlacesFile(places, 1000 if real else None, pins, splits)


@settings(max_examples=40, deadline=None)
@given(cases(), st.integers(0, 2**16))
def test_compiled_parts_compute_the_same_bits(case: Case, seed: int) -> None:
    whole = SCNetwork(case.graph)
    rng = np.random.default_rng(seed)
    given_inputs = {
        n.id: rng.integers(0, 2, (TICKS, *(n.op.wants() or ()))).astype(float)
        for n in whole.flat.inputs
    }
    try:
        partitions = compile_partitions(whole, case.file, inputs=given_inputs)
    except PartitionError as error:
        # The only reason that there can be: pins that no assignment makes a pipeline.
        assert "within a tick" in str(error) or "that take a tick" in str(error)
        return
    expected = whole.run(given_inputs, TICKS).outputs
    found = run_parts(partitions, given_inputs, TICKS)
    assert set(found) == set(expected)
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values, err_msg=name)


def pair() -> tuple[SCNetwork, PlacesFile]:
    """in -> w -> a -> v -> b -> out, a at one place and b at another."""
    rng = np.random.default_rng(1)
    nodes = [
        Node("in", Input((2,))), Node("w", Affine(np.eye(2))), Node("a", lif()),
        Node("v", Affine(dyadic(rng, 2, 2))), Node("b", lif()), Node("out", Output((2,))),
    ]  # fmt: skip
    edges = [("in", "w"), ("w", "a"), Edge("a", "v", delay=2), ("v", "b"), ("b", "out")]
    graph = Graph.of("pair", nodes, edges, DT)
    places = Places({"left": Place("left"), "right": Place("right")})
    return SCNetwork(graph), PlacesFile(places, nodes={"a": "left", "b": "right"})


def lif() -> Neurons:
    every = np.ones(2)
    return Neurons("lif", {"tau": 4e-3 * every, "r": every, "v_leak": 0 * every,
                           "v_threshold": every})  # fmt: skip


def without(part: Graph, name: str) -> Graph:
    """A part whose node is gone; what read it reads what it read."""
    if name not in part.nodes:
        return part
    (before,) = part.incoming(name)
    edges = [
        dataclasses.replace(e, source=before.source) if e.source == name else e
        for e in part.edges
        if e.target != name
    ]
    return part.replace(nodes={k: v for k, v in part.nodes.items() if k != name}, edges=edges)


def renamed(part: Graph, old: str, new: str) -> Graph:
    """A part whose node has another id."""
    nodes = [dataclasses.replace(n, id=new) if n.id == old else n for n in part.nodes.values()]
    edges = [
        dataclasses.replace(
            e,
            source=new if e.source == old else e.source,
            target=new if e.target == old else e.target,
        )
        for e in part.edges
    ]
    return Graph.of(part.name, nodes, edges, part.dt, part.metadata)


def drop_gate(part: Graph) -> Graph:
    return without(part, "dedup.0.a")


def drop_send(part: Graph) -> Graph:
    nodes = {k: n for k, n in part.nodes.items() if not k.startswith("send")}
    return part.replace(nodes=nodes, edges=[e for e in part.edges if e.target in nodes])


def rename_send(part: Graph) -> Graph:
    return renamed(part, "send.0.a", "mine")


def rename_cells(part: Graph) -> Graph:
    return renamed(part, "b", "c")


def change_shape(part: Graph) -> Graph:
    def wider(node: Node) -> Node:
        return dataclasses.replace(node, op=Output((3,))) if node.id == "out" else node

    return part.replace(nodes={k: wider(n) for k, n in part.nodes.items()})


def change_weight(part: Graph) -> Graph:
    def other(node: Node) -> Node:
        return dataclasses.replace(node, op=Affine(np.ones((2, 2)))) if node.id == "v" else node

    return part.replace(nodes={k: other(n) for k, n in part.nodes.items()})


def change_delay(part: Graph) -> Graph:
    edges = [dataclasses.replace(e, delay=e.delay + (e.target == "b")) for e in part.edges]
    return part.replace(edges=edges)


def give_nothing(part: Graph) -> Graph:
    return None  # type: ignore[return-value]


def give_no_partitions(partitions: Partitions) -> Partitions:
    return None  # type: ignore[return-value]


def drop_part(partitions: Partitions) -> Partitions:
    parts = {k: v for k, v in partitions.parts.items() if k == "left"}
    return dataclasses.replace(partitions, parts=parts, names={"left": "left"})


def change_whole(partitions: Partitions) -> Partitions:
    return dataclasses.replace(partitions, whole=partitions.whole.replace(name="mine"))


CROSSING = "Crossing 0 of 'a' from 'left' to 'right'"
WRONG: list[tuple[Callable[..., object], str]] = [
    (drop_gate, f"{CROSSING} has no DedupGate behind its Receive; run InsertReceiveGates."),
    (drop_send, f"{CROSSING} has no Send in the part at 'left'."),
    (rename_send, f"{CROSSING} has a Send named 'mine' in the part at 'left'; its id is "
                  "'send.0.a'."),
    (rename_cells, "Node 'b' has place 'right', and the part there lacks it."),
    (change_shape, "Edge 'b' -> 'out' joins different shapes: 'b' gives (2,), 'out' takes (3,)."),
    (change_weight, "Node 'v' of place 'right' is not the operation that it is in the whole "
                    "network; change the network before it is cut."),
    (change_delay, "Node 'b' of place 'right' reads 'v' in the whole network, and not in its "
                   "part."),
    (give_nothing, "gave a value of type NoneType for the part at 'left'; a pass over graphs "
                   "returns a Graph."),
    (give_no_partitions, "gave a value of type NoneType; a pass returns a Graph or Partitions."),
    (drop_part, "Node 'v' has place 'right', where there is no part."),
    (change_whole, "changes the whole network, which the parts are checked against; change the "
                   "network before it is spread."),
]  # fmt: skip


@pytest.mark.parametrize("step, sentence", WRONG, ids=[w[0].__name__ for w in WRONG])
def test_a_wrong_pass_is_caught_where_it_ran(step: Callable[..., object], sentence: str) -> None:
    network, file = pair()
    with pytest.raises((PartitionError, GraphError)) as caught:
        compile_partitions(network, file, user_passes=(step,))  # type: ignore[arg-type]
    assert str(caught.value).splitlines()[0] == f"{step.__name__}: {sentence}"


def test_a_pin_of_a_slice_is_checked_first() -> None:
    network, file = pair()
    split = dataclasses.replace(file, splits={"a": 2}, nodes={"a.0": "left", "a.1": "right"})
    placed = compile_partitions(network, split).whole.nodes
    assert (placed["a.0"].place, placed["a.1"].place) == ("left", "right")
    wrong = dataclasses.replace(split, nodes={"a.2": "left"})
    with pytest.raises(PartitionError) as caught:
        compile_partitions(network, wrong)
    assert str(caught.value).startswith("Validate: Pin 'a.2' to place 'left' matches no node;")


def test_the_partitioner_is_named_where_it_was_used() -> None:
    network, file = pair()
    free = dataclasses.replace(file, nodes={})
    assert compile_partitions(network, free).passports["left"]["tools"] == {}
    many = {f"h{k}": Place(f"h{k}") for k in range(80)}
    made = compile_partitions(network, PlacesFile(Places(many)))
    tools = {"mtkahypar": importlib.metadata.version("mtkahypar")}
    assert [p["tools"] for p in made.passports.values()] == [tools] * len(made.parts)


def test_an_output_is_not_pinned_away() -> None:
    network, file = pair()
    with pytest.raises(PartitionError) as caught:
        compile_partitions(network, dataclasses.replace(file, nodes={"b": "right", "out": "left"}))
    assert str(caught.value) == (
        "PlaceNodes: Node 'b' is to run at place 'right' and 'out' at 'left', but an Output runs "
        "where the last population that it reads does; pin neither, or both to one place."
    )


def test_parts_that_nothing_drives_or_reads() -> None:
    """A pacemaker driven by its own bias at one place, and at another a population nobody reads."""
    network, _ = pair()
    nodes = [
        *network.graph.nodes.values(),
        Node("own", Affine(np.zeros((2, 2)), np.full(2, 4.0))), Node("pace", lif()),
        Node("dead_end", lif()),
    ]  # fmt: skip
    edges = [
        *network.graph.edges,
        Edge("pace", "own", delay=1), Edge("own", "pace"), Edge("pace", "v", delay=1),
        Edge("b", "dead_end", delay=1),
    ]  # fmt: skip
    whole = SCNetwork(Graph.of("pacemaker", nodes, edges, DT))
    places = Places({name: Place(name) for name in ("left", "right", "beat", "end")})
    pins = {"a": "left", "b": "right", "pace": "beat", "dead_end": "end"}
    partitions = compile_partitions(whole, PlacesFile(places, nodes=pins))
    assert not partitions.parts["beat"].inputs and not partitions.parts["end"].outputs
    inputs = {"in": np.ones((TICKS, 2))}
    (found,) = run_parts(partitions, inputs, TICKS).values()
    expected = whole.run(inputs, TICKS).output
    assert expected.any()
    np.testing.assert_array_equal(found, expected)


def test_streams_are_described_to_chips_that_compute_with_them() -> None:
    network, file = pair()
    chips = {n: Place(n, "chip", target="ice40-hx8k") for n in ("left", "right")}
    file = dataclasses.replace(file, places=Places(chips))
    for scnir, decoder in ((None, "aer"), (SCNIRConversionConfig(), "stream")):
        made = compile_partitions(network, file, scnir=scnir)
        op = made.parts["right"].nodes["receive.0.a"].op
        assert isinstance(op, Receive) and op.decoder == decoder
