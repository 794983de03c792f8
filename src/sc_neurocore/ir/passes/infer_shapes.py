"""Fill in the shapes that a file leaves out."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from sc_neurocore.ir._graph import Graph, Node, equal_ops
from sc_neurocore.ir._ops import Input, Subgraph
from sc_neurocore.ir._shapes import shapes
from sc_neurocore.ir._verify import node_error


@dataclass(frozen=True)
class InferShapes:
    """Give every node its shape, from what its neighbours declare.

    Convolutions, pools and flattenings learn their input's shape, scalar parameters become arrays
    of their population's shape, boundaries take that of what they touch.
    """

    def __call__(self, graph: Graph) -> Graph:
        """The graph with every shape known.

        Raises:
            GraphError: neither a node nor its neighbours determine its shape.
        """
        while (filled := _fill(graph)) is not graph:
            graph = filled
        _complete(graph)
        return graph


def _fill(graph: Graph) -> Graph:
    inward, _ = shapes(graph)
    nodes: dict[str, Node] = {}
    for node in graph.nodes.values():
        op = node.op
        if isinstance(op, Subgraph):
            inner: dict[str, Node] = {}
            for port in op.ports(Input):
                shape = inward[node.id, port]
                if shape is not None:
                    entry = op.graph.nodes[port]
                    if not equal_ops(boundary := entry.op.shaped(shape), entry.op):
                        inner[port] = dataclasses.replace(entry, op=boundary)
            nested = op.graph
            if inner:
                nested = nested.replace(nodes={**nested.nodes, **inner})
            new = dataclasses.replace(op, graph=_fill(nested))
            if new.graph is not op.graph:
                nodes[node.id] = dataclasses.replace(node, op=new)
        else:
            shape = inward[node.id, ""]
            filled = op if shape is None else op.shaped(shape)
            # A new object that holds the same is no news: the loop above would never end.
            if not equal_ops(filled, op):
                nodes[node.id] = dataclasses.replace(node, op=filled)
    return graph.replace(nodes={**graph.nodes, **nodes}) if nodes else graph


def _complete(graph: Graph) -> None:
    _, outward = shapes(graph)
    for (name, _), shape in outward.items():
        op = graph.nodes[name].op
        if isinstance(op, Subgraph):
            _complete(op.graph)
        elif shape is None:
            raise node_error(
                graph,
                name,
                name,
                "has no shape, neither its fields nor its neighbours determine one; "
                "give the Input a shape",
            )
