"""The rules that every graph obeys."""

from __future__ import annotations

import math
from operator import attrgetter
from typing import TYPE_CHECKING

import numpy as np

from sc_neurocore.ir._graph import GraphError, edge_line, node_line, pointed
from sc_neurocore.ir._ops import Input, Output, Shape, Subgraph
from sc_neurocore.ir._shapes import Shapes, ends, shapes

if TYPE_CHECKING:
    from sc_neurocore.ir._graph import Edge, Graph


#: Values that one port may carry in a tick.
SIZE_LIMIT = 2**26


def node_error(graph: Graph, node: str, word: str, problem: str) -> GraphError:
    """A broken rule at a node: the sentence, the node's line and a caret below the word."""
    text = node_line(graph, node)
    line = pointed(text, word if word in text else node)
    return GraphError(f"Node {node!r} {problem}.\n{line}")


def edge_error(edge: Edge, problem: str, word: str = "->") -> GraphError:
    """A broken rule at an edge."""
    line = pointed(edge_line(edge), word)
    return GraphError(f"Edge {edge.source!r} -> {edge.target!r} {problem}.\n{line}")


def verify(graph: Graph) -> None:
    """Check every rule, once: a graph cannot change.

    Raises:
        GraphError: the first rule broken.
    """
    if graph.__dict__.get("_verified"):
        return
    if not (math.isfinite(graph.dt) and graph.dt > 0):
        raise GraphError(f"dt must be a positive number of seconds, not {graph.dt!r}.")
    for key, node in graph.nodes.items():
        if not key or key != node.id:
            raise GraphError(
                f"Node {node.id!r} is filed under {key!r}; ids must be equal, not empty."
            )
        for name, problem in node.op.problems:
            raise node_error(graph, key, f"{name}=", f"is invalid: {name} {problem}")
    _verify_edges(graph)
    _verify_shapes(graph)
    graph.__dict__["_verified"] = True


def _verify_edges(graph: Graph) -> None:
    if not _plain(graph):
        seen: set[tuple[str, str, str, str]] = set()
        for edge in graph.edges:
            _verify_edge(graph, edge)
            if edge.joins in seen:
                raise edge_error(edge, "is given twice; two nodes are joined at most once")
            seen.add(edge.joins)
    for item in graph.nodes_of(Subgraph):
        assert isinstance(item.op, Subgraph)
        ports = {ends(graph, e)[1][1] for e in graph.incoming(item.id)}
        missing = [p for p in item.op.ports(Input) if p not in ports]
        if missing:
            raise node_error(graph, item.id, item.id, f"has nothing at port {missing[0]!r}")
    fed = np.zeros(len(graph.nodes), np.bool_)
    fed[graph._ends[1]] = True
    fed[[graph._index[node.id] for node in graph.nodes_of(Input, Subgraph)]] = True
    if not fed.all():
        name = list(graph.nodes)[int(fed.argmin())]
        raise node_error(graph, name, name, "has no incoming edge")


def _plain(graph: Graph) -> bool:
    """Whether no edge names a port or breaks a rule: most graphs, settled without a loop."""
    edges, count = graph.edges, len(graph.nodes)
    if graph.nodes_of(Subgraph):
        return False
    try:
        source, target = graph._ends
    except KeyError:
        return False
    gives, takes = np.ones(count, np.bool_), np.ones(count, np.bool_)
    gives[[graph._index[node.id] for node in graph.outputs]] = False
    takes[[graph._index[node.id] for node in graph.inputs]] = False
    return (
        bool(gives[source].all() and takes[target].all())
        and not any(map(attrgetter("source_port"), edges))
        and not any(map(attrgetter("target_port"), edges))
        and min(map(attrgetter("delay"), edges), default=0) >= 0
        and len(np.unique(source * count + target)) == len(edges)
    )


def _verify_edge(graph: Graph, edge: Edge) -> None:
    for node, port, role in (
        (edge.source, edge.source_port, Output),
        (edge.target, edge.target_port, Input),
    ):
        if node not in graph.nodes:
            known = ", ".join(list(graph.nodes)[:8]) + (" …" if len(graph.nodes) > 8 else "")
            problem = f"names node {node!r}, which does not exist; there are {known}"
            raise edge_error(edge, problem, node)
        _verify_port(graph, edge, node, port, role)
    if isinstance(graph.nodes[edge.target].op, Input):
        raise edge_error(edge, "leads into an Input, which takes nothing")
    if isinstance(graph.nodes[edge.source].op, Output):
        raise edge_error(edge, "leaves an Output, which gives nothing")
    if edge.delay < 0:
        raise edge_error(edge, f"has a negative delay of {edge.delay} ticks", "delay")


def _verify_port(
    graph: Graph, edge: Edge, node: str, port: str, role: type[Input] | type[Output]
) -> None:
    op = graph.nodes[node].op
    if not isinstance(op, Subgraph):
        if port:
            raise edge_error(edge, f"names port {port!r} of {node!r}, which is no subgraph", port)
        return
    names = op.ports(role)
    if (port and port not in names) or (not port and len(names) != 1):
        listed = ", ".join(f"{node}.{name}" for name in names) or "none"
        raise edge_error(edge, f"must name one {role.__name__} port of {node!r}: {listed}", node)


def _verify_shapes(graph: Graph) -> None:
    inward, outward = shapes(graph)
    allowed = {s for s in set(outward.values()) if s is None or 1 <= math.prod(s) <= SIZE_LIMIT}
    for (name, _), shape in outward.items():
        if shape not in allowed:
            problem = f"gives the shape {shape}; 1 to {SIZE_LIMIT} values are allowed"
            raise node_error(graph, name, name, problem)
    nested = bool(graph.nodes_of(Subgraph))
    if not nested and _agree(graph, inward, outward):
        return
    gives = {name: shape for (name, _), shape in outward.items()}
    takes = {name: shape for (name, _), shape in inward.items()}
    for edge in graph.edges:
        if nested:
            source, target = ends(graph, edge)
            given, taken = outward[source], inward[target]
        else:
            given, taken = gives[edge.source], takes[edge.target]
        if given is not None and taken is not None and given != taken:
            problem = (
                f"joins different shapes: {edge.source!r} gives {given}, "
                f"{edge.target!r} takes {taken}"
            )
            raise edge_error(edge, problem)


def _agree(graph: Graph, inward: Shapes, outward: Shapes) -> bool:
    """Whether every edge of a flat graph joins equal shapes, or two that are not known."""
    codes: dict[Shape | None, int] = {}
    gives, takes = (
        np.array([codes.setdefault(ports[name, ""], len(codes)) for name in graph.nodes], np.int64)
        for ports in (outward, inward)
    )
    source, target = graph._ends
    return bool((gives[source] == takes[target]).all())
