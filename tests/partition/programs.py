"""Networks with dyadic weights, and a slicer by hand: what a partitioned run is compared with."""

from __future__ import annotations

import numpy as np

from sc_neurocore.ir import (
    Affine,
    Crossing,
    Edge,
    Graph,
    Input,
    Neurons,
    Node,
    Output,
    Partitions,
    Place,
    Places,
    Receive,
    Send,
    Wire,
)

DT = 1e-3


def lif(size: int, threshold: float = 1.0) -> Neurons:
    """Leak 1/8, gain 1."""
    every = np.ones(size)
    parameters = {"tau": 8 * DT * every, "r": 8 * every, "v_leak": 0 * every,
                  "v_threshold": threshold * every}  # fmt: skip
    return Neurons("lif", parameters, (size,))


def dyadic(rng: np.random.Generator, rows: int, columns: int, scale: float) -> Affine:
    """Multiples of 1/64, so that sums of them are exact."""
    weights = np.round(rng.normal(0.25, 1, (rows, columns)) * scale * 64) / 64
    return Affine(weights, np.zeros(rows))


def network(kind: str, places: int, size: int = 24, seed: int = 1) -> tuple[Graph, dict[str, str]]:
    """A network of a layer for each place, and the place of every node.

    Args:
        kind: ``feedforward``, ``recurrent`` (each layer also feeds the one before, a tick later) or
            ``delayed`` (recurrent, with delays of 2 to 6 ticks).
        places: layers.
        size: neurons of a layer.
        seed: of the weights.
    """
    rng = np.random.default_rng(seed)
    nodes, edges, where = [Node("in", Input((size,)))], [], {"in": "p0"}
    for k in range(places):
        pop = f"layer{k}.lif"
        before = "in" if k == 0 else f"layer{k - 1}.lif"
        delay = {"feedforward": 0, "recurrent": 1, "delayed": 2 + k % 3}[kind] if k else 0
        fc = f"layer{k}.fc"
        nodes += [Node(fc, dyadic(rng, size, size, 0.25)), Node(pop, lif(size))]
        edges += [Edge(before, fc, delay=delay), Edge(fc, pop)]
        where |= {fc: f"p{k}", pop: f"p{k}"}
        if kind != "feedforward" and k:
            back = f"layer{k - 1}.back"
            nodes.append(Node(back, dyadic(rng, size, size, 0.1)))
            delay = 1 if kind == "recurrent" else 4 + k % 3
            edges += [Edge(pop, back, delay=delay), Edge(back, f"layer{k - 1}.lif")]
            where[back] = f"p{k - 1}"
    last = f"layer{places - 1}.lif"
    nodes.append(Node("out", Output((size,))))
    edges.append(Edge(last, "out"))
    where["out"] = f"p{places - 1}"
    return Graph.of(kind, nodes, edges, DT), where


def cut(
    graph: Graph, where: dict[str, str], wire: Wire | None = None, ports: int = 0
) -> Partitions:
    """The parts of a graph whose linear nodes live with their targets."""
    names = sorted(set(where.values()))
    crossings: dict[tuple[str, str], int] = {}
    for edge in graph.edges:
        if where[edge.source] != where[edge.target]:
            key = edge.source, where[edge.target]
            crossings[key] = min(crossings.get(key, edge.delay), edge.delay)
    streams = {
        i: Crossing(i, node, where[node], target, size_of(graph, node), delay)
        for i, ((node, target), delay) in enumerate(crossings.items())
    }
    parts = {}
    for place in names:
        nodes = [Node(n.id, n.op, place) for n in graph.nodes.values() if where[n.id] == place]
        edges = []
        received = {c.node: c for c in streams.values() if c.target == place}
        for c in received.values():
            shape = (c.size,)
            nodes.append(Node(f"receive.{c.stream}.{c.node}", Receive(shape, c.stream, c.delay)))
        for edge in graph.edges:
            if where[edge.target] != place:
                continue
            if where[edge.source] == place:
                edges.append(edge)
            else:
                c = received[edge.source]
                name = f"receive.{c.stream}.{c.node}"
                edges.append(Edge(name, edge.target, delay=edge.delay - c.delay))
        for c in streams.values():
            if c.source == place:
                name = f"send.{c.stream}.{c.node}"
                nodes.append(Node(name, Send((c.size,), c.stream)))
                edges.append(Edge(c.node, name))
        parts[place] = Graph.of(place, nodes, edges, graph.dt, graph.metadata)
    places = {
        name: Place(name, port=ports + 10 * i if ports else 0) for i, name in enumerate(names)
    }
    return Partitions(
        graph, parts, dict(zip(names, names, strict=True)), streams,
        Places(places, default_wire=wire or Wire()),
    )  # fmt: skip


def size_of(graph: Graph, node: str) -> int:
    shape = graph.port_type(node).shape
    assert shape is not None
    return int(np.prod(shape))


def noise(ticks: int, size: int = 24, seed: int = 7, rate: float = 0.3) -> np.ndarray:
    """Random spikes."""
    return (np.random.default_rng(seed).random((ticks, size)) < rate).astype(float)
