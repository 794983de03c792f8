"""The normal form: populations joined by dense projections."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sc_neurocore.ir._assumptions import Assumptions
from sc_neurocore.ir._graph import Edge, Graph, Node
from sc_neurocore.ir._linear import Affine
from sc_neurocore.ir._ops import (
    Array,
    Delay,
    Input,
    LinearOp,
    Neurons,
    Output,
    Projection,
    Shape,
    Threshold,
)
from sc_neurocore.ir._shapes import shapes
from sc_neurocore.ir._timing import flat, linear_walk, tick_order
from sc_neurocore.ir._verify import node_error

#: Numbers in one dense matrix, 1 GiB of float64.
MATRIX_LIMIT = 2**27

#: Source and delay in ticks to the response, one row per element of the source.
Responses = dict[tuple[str, int], Array]


@dataclass(frozen=True)
class FoldLinear:
    """Fold everything linear between two populations into one dense projection per delay.

    The result holds only Input, Projection, Neurons and Output nodes, all one-dimensional, and
    computes the same numbers: every linear operation's reference implementation is applied to the
    unit vectors of its sources. Thresholds become populations without memory, delays become
    `Projection.delay`. What is silent before the first tick is the input and the spikes: a bias
    is there in every tick. An Output that reads a population unchanged keeps a plain edge.

    Attributes:
        assumptions: how delays in seconds become ticks.
    """

    assumptions: Assumptions = field(default_factory=Assumptions)

    def __call__(self, graph: Graph) -> Graph:
        """The normal form; nodes in the order in which a tick visits them.

        Raises:
            GraphError: a shape is unknown, a cycle is unbroken or linear, a matrix is too large.
        """
        flat(graph)
        inward, outward = shapes(graph)
        for (name, _), shape in outward.items():
            if shape is None:
                raise node_error(graph, name, name, "has no shape; run InferShapes first")
        folded = _Folded(
            graph,
            self.assumptions,
            {name: shape for (name, _), shape in inward.items() if shape is not None},
            {name: shape for (name, _), shape in outward.items() if shape is not None},
        )
        return folded.graph()


@dataclass(frozen=True)
class _Folded:
    source: Graph
    assumptions: Assumptions
    inward: dict[str, Shape]
    outward: dict[str, Shape]
    responses: dict[str, Responses] = field(default_factory=dict)
    constants: dict[str, Array] = field(default_factory=dict)

    def graph(self) -> Graph:
        for name in self._linear_order():
            self._apply(name)
        visits = [self.source.nodes[name] for name in tick_order(self.source, self.assumptions)]
        nodes: dict[str, Node] = {}
        edges: list[Edge] = []
        for node in visits:
            if isinstance(node.op, Input):
                size = int(np.prod(self.outward[node.id]))
                nodes[node.id] = Node(node.id, Input((size,)), node.place, node.metadata)
        for kind in ((Neurons, Threshold), (Output,)):
            for node in visits:
                if isinstance(node.op, kind):
                    self._target(node, nodes, edges)
        return self.source.replace(nodes=nodes, edges=tuple(edges))

    def _linear_order(self) -> tuple[str, ...]:
        """Linear nodes, each after the linear nodes it reads, whatever the delays."""
        found = linear_walk(self.source)
        if found.cycle:
            path = " -> ".join((*found.cycle, found.cycle[0]))
            problem = f"is in a cycle of linear nodes, whose response never ends: {path}"
            raise node_error(self.source, found.cycle[0], found.cycle[0], problem)
        return found.order

    def _gather(self, name: str) -> tuple[Responses, Array]:
        """Responses and constant of the sum of what arrives at a node."""
        shape = self.inward[name]
        total: Responses = {}
        constant = np.zeros(shape)
        for edge in self.source.incoming(name):
            if edge.source in self.responses:
                given = self.responses[edge.source]
                constant = constant + self.constants[edge.source]
            else:
                size = int(np.prod(shape))
                self._limit(name, size, size)
                given = {(edge.source, 0): np.eye(size).reshape(size, *shape)}
            for (source, delay), rows in given.items():
                key = (source, delay + edge.delay)
                total[key] = total[key] + rows if key in total else rows
        return total, constant

    def _limit(self, name: str, rows: int, columns: int) -> None:
        if rows * columns > MATRIX_LIMIT:
            problem = (
                f"needs a dense matrix of {rows} x {columns} numbers, "
                f"more than the {MATRIX_LIMIT} that one may hold"
            )
            raise node_error(self.source, name, name, problem)

    def _apply(self, name: str) -> None:
        op = self.source.nodes[name].op
        gathered, constant = self._gather(name)
        if isinstance(op, LinearOp):
            columns = int(np.prod(self.outward[name]))
            for rows in gathered.values():
                self._limit(name, len(rows), columns)
            extra = op.delay if isinstance(op, Projection) else 0
            self.responses[name] = {
                (source, delay + extra): _product(op, rows)
                for (source, delay), rows in gathered.items()
            }
            self.constants[name] = op.apply(constant[None])[0]
            return
        assert isinstance(op, Delay)
        ticks = np.broadcast_to(self.assumptions.ticks(op.delay), self.inward[name])
        delayed: Responses = {}
        for extra in np.unique(ticks):
            for (source, delay), rows in gathered.items():
                part = np.where(ticks == extra, rows, 0.0)
                key = (source, delay + int(extra))
                delayed[key] = delayed[key] + part if key in delayed else part
        self.responses[name] = delayed
        self.constants[name] = constant

    def _target(self, node: Node, nodes: dict[str, Node], edges: list[Edge]) -> None:
        """Add a population or an output behind its projections."""
        gathered, constant = self._gather(node.id)
        size = int(np.prod(self.inward[node.id]))
        bias = constant.reshape(-1) if np.any(constant) else None
        kept = {k: rows for k, rows in gathered.items() if np.any(rows)} or dict(
            list(gathered.items())[:1]
        )
        sources: list[str] = []
        # The bias goes with the first projection: an undelayed one if there is any.
        for source, delay in sorted(kept, key=lambda key: (key[1], key[0])):
            weight = kept[source, delay].reshape(-1, size).T
            plain = (
                isinstance(node.op, Output)
                and delay == 0
                and bias is None
                and weight.shape == (size, size)
                and np.array_equal(weight, np.eye(size))
            )
            if plain:
                sources.append(source)
                continue
            name = f"{source}_to_{node.id}" + (f"_delay_{delay}" if delay else "")
            while name in nodes or (name in self.source.nodes and name not in self.responses):
                name += "_"
            nodes[name] = Node(name, Projection(weight, bias, delay), node.place)
            bias = None
            edges.append(Edge(source, name))
            sources.append(name)
        nodes[node.id] = Node(node.id, _flat_op(node, size), node.place, node.metadata)
        edges += [Edge(source, node.id) for source in sources]


def _product(op: LinearOp, rows: Array) -> Array:
    """The operation on rows; of a matrix and the unit vectors, the matrix itself."""
    if (
        isinstance(op, Affine | Projection)
        and op.weight.ndim == 2
        and rows.shape == (len(rows), len(rows))
        and np.array_equal(rows, np.eye(len(rows)))
    ):
        return op.weight.T
    return op.linear(rows)


def _flat_op(node: Node, size: int) -> Neurons | Output:
    op = node.op
    if isinstance(op, Neurons):
        parameters = {
            k: np.broadcast_to(v, op.shape or ()).reshape(-1) for k, v in op.parameters.items()
        }
        return Neurons(op.kind, parameters, (size,))
    if isinstance(op, Threshold):
        return Neurons("threshold", {"threshold": op.threshold.reshape(-1)}, (size,))
    return Output((size,))
