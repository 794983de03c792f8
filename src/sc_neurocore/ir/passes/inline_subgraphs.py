"""Replace nested graphs by their nodes."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
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
    joints = _Joints(outer + edges)
    for port in ports:
        if joints.bypass(port):
            del nodes[port]
    return graph.replace(nodes=nodes, edges=tuple(joints.edges()))


def _add(graph: Graph, nodes: dict[str, Node], node: Node) -> None:
    if node.id in nodes:
        owner = node.id if node.id in graph.nodes else node.id.split(".")[0]
        raise node_error(graph, owner, owner, f"makes the id {node.id!r} twice; rename it")
    nodes[node.id] = node


class _Slot:
    """Where an edge stands among the others, or those that replace it; nothing if it is gone."""

    __slots__ = ("edge", "parts")

    def __init__(self, edge: Edge) -> None:
        self.edge: Edge | None = edge
        self.parts: tuple[_Slot, ...] = ()

    def replace(self, parts: Iterable[_Slot]) -> None:
        self.edge, self.parts = None, tuple(parts)


def _live(slots: Iterable[_Slot]) -> Iterator[tuple[_Slot, Edge]]:
    """The edges that stand in slots, in order."""
    stack = list(slots)[::-1]
    while stack:
        slot = stack.pop()
        if slot.edge is not None:
            yield slot, slot.edge
        stack.extend(slot.parts[::-1])


class _Joints:
    """Edges from which ports are taken out one by one, in time linear in what is joined."""

    def __init__(self, edges: Iterable[Edge]) -> None:
        self._slots = [_Slot(edge) for edge in edges]
        # A slot's edges keep its target; what leaves a node may stand anywhere.
        self._into: dict[str, list[_Slot]] = {}
        self._out: dict[str, list[_Slot]] = {}
        self._pairs: set[tuple[str, str]] = set()
        for slot, edge in _live(self._slots):
            self._into.setdefault(edge.target, []).append(slot)
            self._note(slot, edge)

    def edges(self) -> Iterator[Edge]:
        """What is left."""
        return (edge for _, edge in _live(self._slots))

    def _note(self, slot: _Slot, edge: Edge) -> None:
        self._out.setdefault(edge.source, []).append(slot)
        self._pairs.add((edge.source, edge.target))

    def bypass(self, port: str) -> bool:
        """Join what leads to a port with what it leads to; False where that joins nodes twice."""
        into = list(_live(self._into.get(port, ())))
        # Only the slot itself: the parts of a replaced one were noted on their own.
        out = [(s, s.edge) for s in self._out.get(port, ()) if s.edge is not None]
        new: set[tuple[str, str]] = set()
        for _, after in out:
            for _, before in into:
                pair = (before.source, after.target)
                if pair in self._pairs or pair in new or before.source == port:
                    return False
                new.add(pair)
        # Sums keep their order: a joined edge stands where the inner edge stood.
        for slot, after in out:
            parts = []
            for _, before in into:
                joined = Edge(
                    before.source,
                    after.target,
                    before.source_port,
                    after.target_port,
                    before.delay + after.delay,
                    before.wire or after.wire,
                )
                parts.append(_Slot(joined))
                self._note(parts[-1], joined)
            slot.replace(parts)
        for slot, _ in into:
            slot.replace(())
        return True
