"""Replace nested graphs by their nodes."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from sc_neurocore.ir._graph import Edge, Graph, Node
from sc_neurocore.ir._linear import Scale
from sc_neurocore.ir._ops import Input, Output, Subgraph
from sc_neurocore.ir._shapes import ends
from sc_neurocore.ir._verify import node_error


@dataclass(frozen=True)
class InlineSubgraphs:
    """Replace every nested graph by its nodes, named ``outer.inner``, to any depth.

    A port disappears; where joining its two sides would join two nodes twice, it stays as a
    product with one, so that both connections still count.
    """

    def __call__(self, graph: Graph) -> Graph:
        """The graph without nested graphs."""
        while any(isinstance(node.op, Subgraph) for node in graph.nodes.values()):
            graph = _inline_one_level(graph)
        return graph


def _inline_one_level(graph: Graph) -> Graph:
    nodes: dict[str, Node] = {}
    edges: list[Edge] = []
    ports: list[str] = []
    for node in graph.nodes.values():
        if not isinstance(node.op, Subgraph):
            _add(graph, nodes, node)
            continue
        for inner in node.op.graph.nodes.values():
            name = f"{node.id}.{inner.id}"
            op = inner.op
            if isinstance(op, (Input, Output)):
                ports.append(name)
                factor = np.ones(()) if op.shape is None else np.ones(op.shape)
                op = Scale(factor)
            place = inner.place or node.place
            _add(graph, nodes, dataclasses.replace(inner, id=name, op=op, place=place))
        for edge in node.op.graph.edges:
            source, target = f"{node.id}.{edge.source}", f"{node.id}.{edge.target}"
            edges.append(dataclasses.replace(edge, source=source, target=target))
    outer: list[Edge] = []
    for edge in graph.edges:
        (source, source_port), (target, target_port) = ends(graph, edge)
        source_sub = isinstance(graph.nodes[source].op, Subgraph)
        target_sub = isinstance(graph.nodes[target].op, Subgraph)
        outer.append(
            dataclasses.replace(
                edge,
                source=f"{source}.{source_port}" if source_sub else source,
                target=f"{target}.{target_port}" if target_sub else target,
                source_port="",
                target_port="",
            )
        )
    edges = outer + edges
    for port in ports:
        edges = _bypass(nodes, edges, port)
    return graph.replace(nodes=nodes, edges=tuple(edges))


def _add(graph: Graph, nodes: dict[str, Node], node: Node) -> None:
    if node.id in nodes:
        owner = node.id if node.id in graph.nodes else node.id.split(".")[0]
        raise node_error(graph, owner, owner, f"makes the id {node.id!r} twice; rename it")
    nodes[node.id] = node


def _bypass(nodes: dict[str, Node], edges: list[Edge], port: str) -> list[Edge]:
    """Join what leads to a port with what it leads to, and drop the port."""
    into = [edge for edge in edges if edge.target == port]
    out = [edge for edge in edges if edge.source == port]
    others = [edge for edge in edges if port not in (edge.source, edge.target)]
    taken = {(edge.source, edge.target) for edge in others}
    joined: list[Edge] = []
    for after in out:
        for before in into:
            pair = (before.source, after.target)
            if pair in taken or before.source == port:
                return edges
            taken.add(pair)
            joined.append(
                Edge(
                    before.source,
                    after.target,
                    before.source_port,
                    after.target_port,
                    before.delay + after.delay,
                    before.wire or after.wire,
                )
            )
    del nodes[port]
    # Sums keep their order: a joined edge stands where the inner edge stood.
    result: list[Edge] = []
    for edge in edges:
        if edge.source == port:
            result += [new for new in joined if new.target == edge.target]
        elif edge.target != port:
            result.append(edge)
    return result
