"""Cut a placed graph into a graph for each place."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sc_neurocore.ir._assumptions import Assumptions
from sc_neurocore.ir._chains import require_free
from sc_neurocore.ir._gates import Receive, Send
from sc_neurocore.ir._graph import Edge, Graph, Node
from sc_neurocore.ir._ops import Delay, Input, LinearOp, Neurons, Shape, Threshold
from sc_neurocore.ir._order import walk
from sc_neurocore.ir._places import Crossing, PartitionError, Partitions, Places
from sc_neurocore.ir._timing import flat, tick_order
from sc_neurocore.ir._verify import node_error

#: By node and the place that reads it: where its edges stand in the list of that place.
_Cut = Mapping[tuple[str, str], Sequence[int]]


@dataclass(frozen=True)
class SliceAtWires:
    """Cut every edge between two places, and give each place the graph of its nodes.

    The edges from one node to one other place become one `Crossing`: a `Send` where the node is, a
    `Receive` where it is read. The crossing takes the smallest delay of these edges, and the edges
    behind the Receive keep the rest of theirs. An Input is copied into every part that reads it.
    Edges into a node keep their order, so that sums are taken as in the whole graph.

    A part is named by the longest scope that its populations share (``cortex`` for
    ``cortex.v1.exc`` and ``cortex.v2.exc``), and by its place if they share none; where two parts
    would have one name, both get their place's name behind it.

    Attributes:
        places: that the graph's nodes name.
    """

    places: Places

    def __call__(self, graph: Graph) -> Partitions:
        """The parts and what passes between them; a place without nodes has no part.

        Raises:
            GraphError: a nested graph, or a cycle without a delay at one place.
            PartitionError: a node without a place; currents or states that would have to travel;
                places that wait for each other within a tick; an id that a Send or Receive needs.
        """
        flat(graph)
        _require_places(graph, self.places)
        edges, cut = _cut(graph, self.places)
        crossings = _crossings(graph, self.places, edges, cut)
        _require_order(self.places, crossings, edges, cut)
        tick_order(graph, Assumptions(dt=graph.dt))
        nodes = _own_nodes(graph, self.places, edges)
        for crossing in crossings:
            _join(graph, crossing, nodes, edges, cut[crossing.node, crossing.target])
        used = [place for place in self.places.places if nodes[place]]
        names = _part_names({place: nodes[place] for place in used})
        parts = {
            place: Graph(names[place], nodes[place], tuple(edges[place]), graph.dt, graph.metadata)
            for place in used
        }
        table = {crossing.stream: crossing for crossing in crossings}
        return Partitions(graph, parts, names, table, self.places)


def _require_places(graph: Graph, places: Places) -> None:
    known = ", ".join(places.places) or "none"
    for node in graph.nodes.values():
        if not node.place:
            raise PartitionError(
                f"Node {node.id!r} has no place; run PlaceNodes, or pin it to one of {known}."
            )
        if node.place not in places.places:
            raise PartitionError(
                f"Node {node.id!r} is at place {node.place!r}, which does not exist; there are "
                f"{known}."
            )


def _cut(graph: Graph, places: Places) -> tuple[dict[str, list[Edge]], _Cut]:
    """The edges into each place, in order, and which of them come from another place.

    Raises:
        PartitionError: one of those carries something else than spikes.
    """
    at = {node.id: node.place for node in graph.nodes.values()}
    inputs = {node.id for node in graph.nodes_of(Input)}
    edges: dict[str, list[Edge]] = {place: [] for place in places.places}
    cut: dict[tuple[str, str], list[int]] = {}
    for edge in graph.edges:
        target = at[edge.target]
        if at[edge.source] != target and edge.source not in inputs:
            _require_spikes(graph, edge)
            cut.setdefault((edge.source, target), []).append(len(edges[target]))
        edges[target].append(edge)
    return edges, cut


def _require_spikes(graph: Graph, edge: Edge) -> None:
    source, target = graph.nodes[edge.source], graph.nodes[edge.target]
    op = source.op
    if isinstance(op, Threshold) or (isinstance(op, Neurons) and op.spiking):
        return
    wire = f"Edge {source.id!r} -> {target.id!r} from {source.place!r} to {target.place!r}"
    if isinstance(op, LinearOp | Delay):
        remedy = (
            f"put {source.id!r} at {target.place!r}, for synapses and delays live with what they "
            "lead to"
        )
        carried = "currents"
    else:
        remedy = "put both at one place, or a spiking population between them"
        carried = "the states of a population that never spikes"
    raise PartitionError(f"{wire} would carry {carried}, but only spikes travel; {remedy}.")


def _crossings(
    graph: Graph, places: Places, edges: Mapping[str, Sequence[Edge]], cut: _Cut
) -> list[Crossing]:
    """Numbered in the order of the graph's nodes, then of the places."""
    order = {node: index for index, node in enumerate(graph.nodes)}
    rank = {place: index for index, place in enumerate(places.places)}
    pairs = sorted(cut, key=lambda pair: (order[pair[0]], rank[pair[1]]))
    return [
        Crossing(
            stream,
            node,
            graph.nodes[node].place,
            target,
            math.prod(_shape(graph, node)),
            min(edges[target][index].delay for index in cut[node, target]),
        )
        for stream, (node, target) in enumerate(pairs)
    ]


def _shape(graph: Graph, node: str) -> Shape:
    shape = graph.nodes[node].op.wants()
    if shape is None:
        raise node_error(graph, node, node, "has no shape; run InferShapes first")
    return shape


def _require_order(
    places: Places,
    crossings: Sequence[Crossing],
    edges: Mapping[str, Sequence[Edge]],
    cut: _Cut,
) -> None:
    """Refuse places that need each other's spikes within the tick."""
    prompt: dict[tuple[str, str], Edge] = {}
    following: dict[str, list[str]] = {}
    for crossing in crossings:
        pair = crossing.source, crossing.target
        if crossing.delay == 0 and pair not in prompt:
            into = (edges[crossing.target][i] for i in cut[crossing.node, crossing.target])
            prompt[pair] = next(edge for edge in into if edge.delay == 0)
            following.setdefault(crossing.source, []).append(crossing.target)
    cycle = walk(places.places, following).cycle
    if not cycle:
        return
    circle = (*cycle, cycle[0])
    hops = ", ".join(
        f"{prompt[pair].source!r} -> {prompt[pair].target!r} ({pair[0]} to {pair[1]})"
        for pair in itertools.pairwise(circle)
    )
    raise PartitionError(
        f"Places {' -> '.join(circle)} wait for each other within a tick, for there is no delay on "
        f"the edges {hops}; raise the delay of one of them to at least 1 tick, or put its nodes at "
        "one place."
    )


def _own_nodes(
    graph: Graph, places: Places, edges: Mapping[str, Sequence[Edge]]
) -> dict[str, dict[str, Node]]:
    """Each place's nodes, in order; an Input wherever it is read, or at its place if nowhere."""
    inputs = {node.id for node in graph.nodes_of(Input)}
    readers: dict[str, set[str]] = {name: set() for name in inputs}
    for place, arriving in edges.items():
        for edge in arriving:
            if edge.source in inputs:
                readers[edge.source].add(place)
    nodes: dict[str, dict[str, Node]] = {place: {} for place in places.places}
    for node in graph.nodes.values():
        for place in readers.get(node.id) or (node.place,):
            own = node if node.place == place else dataclasses.replace(node, place=place)
            nodes[place][node.id] = own
    return nodes


def _join(
    graph: Graph,
    crossing: Crossing,
    nodes: Mapping[str, dict[str, Node]],
    edges: Mapping[str, list[Edge]],
    cut: Sequence[int],
) -> None:
    """Add a crossing's Send and Receive, and let what read its node read the Receive."""
    send, receive = crossing.send_id, crossing.receive_id
    for name in (send, receive):
        require_free(name, graph.nodes)
    shape = _shape(graph, crossing.node)
    stream, delay = crossing.stream, crossing.delay
    nodes[crossing.source][send] = Node(send, Send(shape, stream), crossing.source)
    nodes[crossing.target][receive] = Node(receive, Receive(shape, stream, delay), crossing.target)
    edges[crossing.source].append(Edge(crossing.node, send))
    into = edges[crossing.target]
    for index in cut:
        old = into[index]
        into[index] = Edge(receive, old.target, "", old.target_port, old.delay - delay, old.wire)


def _part_names(nodes: Mapping[str, Mapping[str, Node]]) -> dict[str, str]:
    """A name for each place's part, all different."""
    names = {place: _scope(own.values()) or place for place, own in nodes.items()}
    while len(set(names.values())) < len(names):
        count = Counter(names.values())
        names = {
            place: f"{name}.{place}" if count[name] > 1 else name for place, name in names.items()
        }
    return names


def _scope(nodes: Iterable[Node]) -> str:
    """The longest dotted scope that all populations share."""
    scopes = [n.id.split(".")[:-1] for n in nodes if isinstance(n.op, Neurons | Threshold)]
    shared = itertools.takewhile(lambda level: len(set(level)) == 1, zip(*scopes, strict=False))
    return ".".join(level[0] for level in shared)
