"""Shapes and signals of every port, from what the operations declare and their neighbours."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from sc_neurocore.ir._ops import Input, Op, Output, Shape, Signal, Subgraph

if TYPE_CHECKING:
    from sc_neurocore.ir._graph import Edge, Graph, PortType

#: A node and one of its ports; the port is empty unless the node is a subgraph.
Port = tuple[str, str]
Shapes = dict[Port, Shape | None]


def ends(graph: Graph, edge: Edge) -> tuple[Port, Port]:
    """The ports an edge joins, with the only port of a subgraph filled in."""
    source, target = graph.nodes[edge.source].op, graph.nodes[edge.target].op
    return (
        (edge.source, edge.source_port or _only(source, Output)),
        (edge.target, edge.target_port or _only(target, Input)),
    )


def _only(op: Op, role: type[Input] | type[Output]) -> str:
    if not isinstance(op, Subgraph):
        return ""
    names = op.ports(role)
    return names[0] if len(names) == 1 else ""


def shapes(graph: Graph) -> tuple[Shapes, Shapes]:
    """Shapes that come in and that go out of every port, None where nothing determines them.

    Raises:
        GraphError: an operation does not take the shape it gets.
    """
    return graph._shapes


def solved(graph: Graph) -> tuple[Shapes, Shapes]:
    """What `shapes` gives, computed: a worklist over the nodes that declare no shape.

    Linear in the number of edges: a port's shape is set once, and only then looked at again.

    Raises:
        GraphError: an operation does not take the shape it gets.
    """
    from sc_neurocore.ir._verify import node_error

    inward: Shapes = {}
    outward: Shapes = {}
    for node in graph.nodes.values():
        if isinstance(node.op, Subgraph):
            inner_in, inner_out = shapes(node.op.graph)
            inward |= {(node.id, p): inner_in[p, ""] for p in node.op.ports(Input)}
            outward |= {(node.id, p): inner_out[p, ""] for p in node.op.ports(Output)}
        else:
            inward[node.id, ""] = node.op.wants()
            outward[node.id, ""] = None

    open_ends = {name for (name, _), shape in inward.items() if shape is None}
    touching: dict[str, list[tuple[Port, Port]]] = {}
    for edge in graph.edges if open_ends else ():
        if edge.target in open_ends or edge.source in open_ends:
            joined = ends(graph, edge)
            touching.setdefault(edge.source, []).append(joined)
            touching.setdefault(edge.target, []).append(joined)
    pending = deque(graph.nodes)
    while pending:
        name = pending.popleft()
        key = (name, "")
        shape = inward.get(key)
        if shape is not None and outward.get(key, shape) is None:
            try:
                outward[key] = graph.nodes[name].op.gives(shape)
            except ValueError as error:
                raise node_error(graph, name, name, str(error)) from None
        for source, target in touching.get(name, ()):
            given, taken = outward[source], inward[target]
            if taken is None and given is not None:
                inward[target] = given
                pending.append(target[0])
            elif (
                taken is not None
                and graph.nodes[source[0]].op.elementwise
                and inward[source] is None
            ):
                inward[source] = outward[source] = taken
                pending.append(source[0])
    return inward, outward


def port_types(graph: Graph) -> dict[Port, PortType]:
    """What leaves every output port; an Output node's own entry is what it reads."""
    return {(node, port): port_type(graph, node, port) for node, port in shapes(graph)[1]}


def port_type(graph: Graph, node: str, port: str) -> PortType:
    """What leaves one port; what `SolveTypes` found about it is in the node's metadata."""
    from sc_neurocore.ir._graph import PortType

    shape, signal = shapes(graph)[1][node, port], _signal(graph, node, port)
    stated = graph.nodes[node].metadata
    if not stated:
        return PortType(shape, signal, graph.dt)
    more = (stated.get(key) for key in ("format", "coding", "length", "clock"))
    return PortType(shape, signal, graph.dt, *more)


def _signal(graph: Graph, node: str, port: str) -> Signal:
    """The signal of a port; operations that only move numbers pass on their first input's."""
    known = graph._signals
    path: dict[str, None] = {}
    signal: Signal = "current"
    while node not in path:
        op = graph.nodes[node].op
        found = known.get(node)
        if isinstance(op, Subgraph):
            found = _signal(op.graph, port or op.ports(Output)[0], "")
        elif found is None:
            found = op.emits()
        if found is not None:
            signal = found
            break
        path[node] = None
        if edges := graph.incoming(node):
            node, port = edges[0].source, edges[0].source_port
    known |= dict.fromkeys(path, signal)
    return signal
