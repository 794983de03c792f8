"""Networks cut anywhere compute exactly what the whole network computes."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
from hypothesis import given, settings

from sc_neurocore.ir import (
    Affine,
    Edge,
    Flatten,
    Graph,
    Input,
    Node,
    Output,
    PartitionError,
    Partitions,
    Place,
    Places,
    Scale,
    SliceAtWires,
    Threshold,
    Wire,
)
from sc_neurocore.nir_bridge import SCNetwork

from .lockstep import DT, TAIL, cells, run_parts

PLACES = Places(
    {name: Place(name) for name in "abc"}, default_wire=Wire(hops=2, per_hop_budget_ns=0)
)
TICKS = 40


@st.composite
def placed_networks(draw: st.DrawFn) -> Graph:
    """Populations of 1 to 4 neurons, each read by an Output of its own, placed at random.

    Every population is driven by an Input or an earlier population; on top of that there are edges
    to anywhere, backwards and to itself, with delays of 0 to 3 ticks, through synapses that are
    shared, scaled, flattened or left out.
    """
    inputs, count = draw(st.integers(1, 2)), draw(st.integers(3, 8))
    rng = np.random.default_rng([inputs, count, draw(st.integers(0, 2**32 - 1))])
    sizes = {f"in{i}": int(rng.integers(1, 5)) for i in range(inputs)}
    nodes = [Node(n, Input((size,)), "abc"[rng.integers(3)]) for n, size in sizes.items()]
    edges: list[Edge] = []
    for i in range(count):
        name, size, place = f"net{i % 2}.p{i}", int(rng.integers(1, 5)), "abc"[rng.integers(3)]
        before = list(sizes)
        sizes[name] = size
        if rng.random() < 0.2:
            nodes.append(Node(name, Threshold(np.full(size, 0.5)), place))
        else:
            nodes.append(cells(name, place, size, kind="lif"))
        nodes.append(Node(f"out{i}", Output((size,)), place))
        edges.append(Edge(name, f"out{i}"))
        drivers = rng.choice(before, min(len(before), int(rng.integers(1, 4))), replace=False)
        drivers = [f"in{i}", *(d for d in drivers if d != f"in{i}")] if i < inputs else drivers
        for j, source in enumerate(map(str, drivers)):
            weight = rng.normal(0.5, 1.5, (size, sizes[source]))
            bias = rng.normal(0, 0.5, size) if rng.random() < 0.3 else None
            synapse = f"{name}.w{j}"
            nodes.append(Node(synapse, Affine(weight, bias), place))
            edges.append(Edge(source, synapse, delay=int(rng.integers(0, 4))))
            edges.append(Edge(synapse, name, delay=int(rng.integers(0, 3))))
            if rng.random() < 0.4:
                # The same synapses a second time, from something of the same size.
                same = [n for n in sizes if sizes[n] == sizes[source] and n != source]
                if same:
                    again = str(rng.choice(same))
                    edges.insert(
                        int(rng.integers(len(edges) + 1)),
                        Edge(again, synapse, delay=int(rng.integers(0, 4))),
                    )
        if i and rng.random() < 0.5:
            # Back to an earlier population, through synapses that it has already.
            earlier = next(e for e in edges if e.target.endswith(".w0"))
            same = [n for n in sizes if sizes[n] == sizes[earlier.source] and n[:3] == "net"]
            known = {(e.source, e.target) for e in edges}
            if same and (same[-1], earlier.target) not in known:
                edges.append(Edge(same[-1], earlier.target, delay=int(rng.integers(0, 4))))
        if rng.random() < 0.4:
            nodes.append(Node(f"{name}.own", Scale(rng.normal(0, 1, size)), place))
            edges += [Edge(name, f"{name}.own", delay=1), Edge(f"{name}.own", name)]
        if rng.random() < 0.3:
            nodes.append(Node(f"{name}.flat", Flatten(0, -1, (size,)), place))
            same = [n for n in sizes if sizes[n] == size]
            edges += [Edge(str(rng.choice(same)), f"{name}.flat", delay=1)]
            edges += [Edge(f"{name}.flat", name)]
    order = rng.permutation(len(edges))
    return Graph.of("random", nodes, [edges[i] for i in order], DT)


def spikes_of(graph: Graph, seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    shapes = {node.id: node.op.wants() for node in graph.inputs}
    return {n: rng.integers(0, 2, (TICKS, *(s or ()))).astype(float) for n, s in shapes.items()}


def cut(graph: Graph) -> Partitions:
    partitions = SliceAtWires(PLACES)(graph)
    for step in TAIL:
        partitions = step(partitions)
    return partitions


def require_order(partitions: Partitions) -> None:
    """Sums are taken in the order of the whole: rounding must not depend on where things run."""
    nodes = {c.receive_id: c.node for c in partitions.crossings.values()}
    for part in partitions.parts.values():
        for node in part.nodes.keys() & partitions.whole.nodes.keys():
            sources = []
            for edge in part.incoming(node):
                first = edge.source
                while first not in partitions.whole.nodes and first not in nodes:
                    (before,) = part.incoming(first)
                    first = before.source
                sources.append(nodes.get(first, first))
            assert sources == [edge.source for edge in partitions.whole.incoming(node)]


@settings(max_examples=60, deadline=None)
@given(placed_networks(), st.integers(0, 2**16))
def test_parts_compute_the_same_bits(graph: Graph, seed: int) -> None:
    whole = SCNetwork(graph)
    try:
        partitions = cut(whole.flat)
    except PartitionError as error:
        assert "wait for each other within a tick" in str(error)
        # Every edge between places with a tick of its own: then there is no cycle to wait in.
        at = {node.id: node.place for node in graph.nodes.values()}
        inputs = {node.id for node in graph.inputs}
        slow = [
            Edge(e.source, e.target, delay=max(e.delay, 1))
            if at[e.source] != at[e.target] and e.source not in inputs
            else e
            for e in graph.edges
        ]
        whole = SCNetwork(graph.replace(edges=tuple(slow)))
        partitions = cut(whole.flat)
    require_order(partitions)
    inputs_of = spikes_of(graph, seed)
    expected = whole.run(inputs_of, TICKS).outputs
    found = run_parts(partitions, inputs_of, TICKS)
    assert set(found) == set(expected)
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values, err_msg=name)
