"""Find the number format, coding, length and clock of everything, and convert where they differ."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from sc_neurocore.ir._convert import Change, Convert
from sc_neurocore.ir._destinations import is_linear, is_population
from sc_neurocore.ir._graph import Edge, Graph, Node
from sc_neurocore.ir._places import Places
from sc_neurocore.ir._shapes import shapes
from sc_neurocore.ir._stated import ATTRIBUTES, stated
from sc_neurocore.ir._timing import flat
from sc_neurocore.ir._verify import edge_error, node_error

#: Codings that count ones, between which a counter and an encoder convert.
_COUNTED = frozenset({"unipolar", "bipolar", "rate"})


@dataclass(frozen=True)
class _Found:
    """A value of an attribute, and the node that states it."""

    value: str | int
    origin: str


_Values = Mapping[str, _Found]


@dataclass(frozen=True)
class SolveTypes:
    """Complete what nodes state about what leaves them, and join what differs by a `Convert`.

    Shapes and signals follow from the operations (see `shapes`), and a graph whose shapes clash
    does not exist. Four attributes are stated in the metadata of nodes, see `ATTRIBUTES`; the clock
    also by a place. Each is a unification over the bipartite graph of nodes and relations, solved
    with a worklist (cf. the type solver of TVM Relay): two nodes that an edge joins are equal in

    * ``format`` if the edge carries currents or states; a spike is one bit in every format,
    * ``coding`` if the edge leads to no population; a population decodes and encodes anew,
    * ``length`` and ``clock`` always.

    A node that states nothing takes the value of what it leads to if it is linear, for synapses
    live with their target, and else of its nearest neighbour. Where two values meet on an edge, a
    `Convert` is inserted: formats are rounded, counted codings encoded anew, a length becomes a
    multiple or a divisor, spikes cross to another clock. Anything else is an error. Results are in
    the metadata and in `Graph.port_type`; what nobody states stays open. Linear in edges.

    Attributes:
        places: whose clocks the nodes placed there have; None to go by the metadata alone.
    """

    places: Places | None = None

    def __call__(self, graph: Graph) -> Graph:
        """The graph with types; the given one if nothing is stated.

        Raises:
            GraphError: a malformed statement, an unknown shape, or two values that nothing converts
                into one another; the message names the edge, both values and who states them.
        """
        flat(graph)
        for (name, _), shape in shapes(graph)[1].items():
            if shape is None:
                raise node_error(graph, name, name, "has no shape; run InferShapes first")
        found: dict[str, _Values] = {}
        for attribute in ATTRIBUTES:
            facts = {
                node.id: _Found(value, node.id)
                for node in graph.nodes.values()
                if (value := stated(graph, node, attribute, self.places)) is not None
            }
            if facts:
                found[attribute] = _solved(graph, attribute, facts)
        return _recorded(graph, found) if found else graph


def _solved(graph: Graph, attribute: str, facts: Mapping[str, _Found]) -> _Values:
    """Values of all nodes that are reached from the facts."""
    values = dict(facts)
    # First against the edges, to the linear nodes in front of what has a value.
    stack = list(values)
    while stack:
        name = stack.pop()
        for edge in graph.incoming(name):
            free = edge.source not in values and is_linear(graph.nodes[edge.source].op)
            if free and _equal_ends(graph, edge, attribute):
                values[edge.source] = values[name]
                stack.append(edge.source)
    pending = deque(values)
    while pending:
        name = pending.popleft()
        for edge in (*graph.incoming(name), *graph.outgoing(name)):
            other = edge.target if edge.source == name else edge.source
            if other not in values and _equal_ends(graph, edge, attribute):
                values[other] = values[name]
                pending.append(other)
    return values


def _equal_ends(graph: Graph, edge: Edge, attribute: str) -> bool:
    """Whether both ends of an edge have one value of an attribute."""
    target = graph.nodes[edge.target].op
    if isinstance(target, Convert) and any(name == attribute for name, _, _ in target.changes):
        return False
    if attribute == "format":
        return graph.port_type(edge.source).signal != "spike"
    return attribute != "coding" or not is_population(target)


def _recorded(graph: Graph, found: Mapping[str, _Values]) -> Graph:
    """The graph with what was found and the conversions between."""
    nodes = {
        node.id: _with(node, {a: v[node.id].value for a, v in found.items() if node.id in v})
        for node in graph.nodes.values()
    }
    edges: list[Edge] = []
    for edge in graph.edges:
        changes = tuple(
            _change(graph, edge, attribute, values[edge.source], values[edge.target])
            for attribute, values in found.items()
            if edge.source in values
            and edge.target in values
            and values[edge.source].value != values[edge.target].value
            and _equal_ends(graph, edge, attribute)
        )
        if not changes:
            edges.append(edge)
            continue
        name = f"{edge.source}_to_{edge.target}"
        while name in nodes:
            name += "_"
        types = {a: v[edge.source].value for a, v in found.items() if edge.source in v}
        types |= {attribute: after for attribute, _, after in changes}
        nodes[name] = Node(name, Convert(changes), "", types)
        edges += [
            Edge(edge.source, name, delay=edge.delay, wire=edge.wire),
            Edge(name, edge.target),
        ]
    return graph.replace(
        nodes=nodes, edges=graph.edges if len(edges) == len(graph.edges) else edges
    )


def _with(node: Node, types: Mapping[str, str | int]) -> Node:
    if all(node.metadata.get(key) == value for key, value in types.items()):
        return node
    return dataclasses.replace(node, metadata={**node.metadata, **types})


def _change(graph: Graph, edge: Edge, attribute: str, before: _Found, after: _Found) -> Change:
    """What a conversion on an edge must do.

    Raises:
        GraphError: nothing does it.
    """
    remedy = _obstacle(graph, edge, attribute, before.value, after.value)
    if remedy:
        raise edge_error(
            edge,
            f"joins {attribute} {before.value!r}, stated by {before.origin!r}, with {after.value!r}, "
            f"stated by {after.origin!r}, and nothing converts one into the other; {remedy}",
        )
    return attribute, before.value, after.value


def _obstacle(graph: Graph, edge: Edge, attribute: str, before: str | int, after: str | int) -> str:
    """What to do where no conversion exists, empty where one does."""
    if attribute == "coding" and not {before, after} <= _COUNTED:
        return f"state one coding, or two of {', '.join(sorted(_COUNTED))}"
    if attribute == "length":
        short, long = sorted((int(before), int(after)))
        return "" if long % short == 0 else "state one length, or a multiple of the other"
    if attribute == "clock" and graph.port_type(edge.source).signal != "spike":
        return "only spikes cross to another clock: put both ends on one, or spikes between them"
    return ""
