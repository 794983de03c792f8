"""Bring a network into the form that can be cut: one destination per synapse, delays on edges."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from sc_neurocore.ir._assumptions import Assumptions
from sc_neurocore.ir._destinations import destinations
from sc_neurocore.ir._graph import Edge, Graph, Node
from sc_neurocore.ir._linear import Scale, Segment
from sc_neurocore.ir._ops import Delay, Op, Projection, Shape
from sc_neurocore.ir._slices import (
    Slice,
    find_slices,
    has_rows,
    sliced,
)
from sc_neurocore.ir._timing import output_shapes
from sc_neurocore.ir.passes.infer_shapes import InferShapes
from sc_neurocore.ir.passes.inline_subgraphs import InlineSubgraphs


@dataclass(frozen=True)
class ExpandOps:
    """Give every synapse one destination, every delay an edge, and every slice its neurons.

    * Nested graphs are inlined and shapes inferred.
    * A `Delay` of one value and `Projection.delay` move onto the edges in front; a Delay then is a
      product with one. Delays that differ between elements stay.
    * A linear node that leads to several populations or Outputs is copied for each, as
      ``NAME_to_DESTINATION``, without a place; one that leads to none is dropped.
    * A population in `splits` becomes the slices ``NAME.0``, ``NAME.1`` … of its neurons. A dense
      matrix in front of one keeps the rows of the slice; behind anything else a `Segment` takes
      the slice out. What reads the population reads every slice through a `Segment` that puts it
      back where it belongs, so a reader sees the numbers that it saw before, in the same sums.

    The result computes the same numbers bit by bit, but for one thing: a product with some rows of
    a matrix may add in another order than the product with all. With weights whose sums are exact
    (multiples of a power of two, as quantised weights are) that makes no difference either.

    Attributes:
        splits: number of slices by id of a population, as it is after inlining.
        assumptions: how delays in seconds become ticks; the defaults with the graph's dt if None.
    """

    splits: Mapping[str, int] = field(default_factory=dict)
    assumptions: Assumptions | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "splits", MappingProxyType(dict(self.splits)))

    def __call__(self, graph: Graph) -> Graph:
        """The expanded graph; the given one if there is nothing to do.

        Raises:
            GraphError: a shape is unknown.
            PartitionError: a population cannot be split as asked.
        """
        flat = InferShapes()(InlineSubgraphs()(graph))
        assumptions = self.assumptions or Assumptions(dt=flat.dt)
        return _Expansion(flat, find_slices(flat, self.splits), assumptions).graph()


@dataclass(frozen=True)
class _Copy:
    """One of the nodes that a node becomes.

    Attributes:
        id: its own.
        destination: id of the population, slice or Output that it leads to, or is.
        part: the neurons that it is or gives; None for all.
    """

    id: str
    destination: str
    part: Slice | None = None


class _Expansion:
    """The work of `ExpandOps` on one graph."""

    def __init__(
        self, graph: Graph, slices: Mapping[str, tuple[Slice, ...]], assumptions: Assumptions
    ) -> None:
        self.source = graph
        self.slices = slices
        self.leads = destinations(graph)
        self.shapes: Mapping[str, Shape] = output_shapes(graph) if slices else {}
        self.taken = set(graph.nodes)
        self.waits, self.ops = _waits(graph, assumptions)
        # Nodes that do not stay one node, by destination.
        self.copies: dict[str, dict[str, _Copy]] = {
            name: {part.id: _Copy(part.id, part.id, part) for part in parts}
            for name, parts in slices.items()
        }
        for parts in slices.values():
            self.taken.update(part.id for part in parts)
        for name, targets in self.leads.items():
            if len(targets) != 1 or targets[0] in slices:
                self.copies[name] = {copy.destination: copy for copy in self._copies(name, targets)}
        self.nodes: dict[str, Node] = {}
        self.edges: list[Edge] = []

    def graph(self) -> Graph:
        """The result."""
        if not self.copies and not self.ops:
            return self.source
        for node in self.source.nodes.values():
            self._add(node)
        for edge in self.source.edges:
            if (
                edge.source in self.copies
                or edge.target in self.copies
                or edge.target in self.waits
            ):
                self._join(edge)
            else:
                self.edges.append(edge)
        return self.source.replace(nodes=self.nodes, edges=tuple(self.edges))

    def _copies(self, name: str, targets: tuple[str, ...]) -> Iterator[_Copy]:
        for target in targets:
            for part in self.slices.get(target, (None,)):
                end = target if part is None else part.id
                rows = part if part is not None and self._ends_in_rows(name, target) else None
                yield _Copy(self._fresh(f"{name}_to_{end}"), end, rows)

    def _ends_in_rows(self, name: str, target: str) -> bool:
        """Whether a linear node is a matrix, all of whose rows lead to a population directly."""
        return has_rows(self.source.nodes[name].op) and not any(
            target in self.leads.get(edge.target, ()) for edge in self.source.outgoing(name)
        )

    def _fresh(self, name: str) -> str:
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        return name

    def _add(self, node: Node) -> None:
        """Add what a node becomes."""
        op = self.ops.get(node.id, node.op)
        copies = self.copies.get(node.id)
        if copies is None:
            self.nodes[node.id] = node if op is node.op else dataclasses.replace(node, op=op)
            return
        linear = node.id in self.leads
        for copy in copies.values():
            own = op if copy.part is None else sliced(op, copy.part)
            place = "" if linear else node.place
            self.nodes[copy.id] = Node(copy.id, own, place, node.metadata)

    def _join(self, edge: Edge) -> None:
        """Add what an edge becomes."""
        delay = edge.delay + self.waits.get(edge.target, 0)
        split = self.slices.get(edge.source)
        for target in self._targets(edge.target):
            into = target.part if edge.target in self.slices else None
            if split is not None:
                shape = self.shapes[edge.source]
                for part in split:
                    self._gather(edge, part, target.id, into, shape, delay)
                continue
            sources = self.copies.get(edge.source)
            source = edge.source if sources is None else sources[target.destination].id
            if into is None or (sources is not None and sources[target.destination].part):
                self._wire(edge, source, target.id, delay)
            else:
                take = Segment(into.start, into.stop, 0, (into.size,))
                self._through(edge, source, target.id, delay, take)

    def _targets(self, name: str) -> Iterator[_Copy]:
        copies = self.copies.get(name)
        if copies is not None:
            yield from copies.values()
        else:
            yield _Copy(name, self.leads.get(name, (name,))[0])

    def _gather(
        self, edge: Edge, part: Slice, target: str, into: Slice | None, shape: Shape, delay: int
    ) -> None:
        """Join a slice to what read the whole, or to a slice of what did."""
        if into is None:
            op = Segment(0, part.size, part.start, shape)
        else:
            start, stop = max(part.start, into.start), min(part.stop, into.stop)
            if start >= stop:
                return
            if (part.start, part.stop) == (into.start, into.stop):
                self._wire(edge, part.id, target, delay)
                return
            op = Segment(start - part.start, stop - part.start, start - into.start, (into.size,))
        self._through(edge, part.id, target, delay, op)

    def _through(self, edge: Edge, source: str, target: str, delay: int, op: Segment) -> None:
        name = self._fresh(f"{source}_to_{target}")
        self.nodes[name] = Node(name, op)
        self._wire(edge, source, name, delay)
        self.edges.append(Edge(name, target))

    def _wire(self, edge: Edge, source: str, target: str, delay: int) -> None:
        self.edges.append(Edge(source, target, delay=delay, wire=edge.wire))


def _waits(graph: Graph, assumptions: Assumptions) -> tuple[dict[str, int], dict[str, Op]]:
    """Ticks by which nodes hold back all they take, and the operations that do not."""
    waits: dict[str, int] = {}
    ops: dict[str, Op] = {}
    for node in graph.nodes.values():
        if isinstance(node.op, Projection) and node.op.delay:
            waits[node.id] = node.op.delay
            ops[node.id] = dataclasses.replace(node.op, delay=0)
        elif isinstance(node.op, Delay):
            ticks = np.unique(assumptions.ticks(node.op.delay))
            if len(ticks) == 1:
                waits[node.id] = int(ticks[0])
                ops[node.id] = Scale(np.ones(node.op.delay.shape))
    return waits, ops
