"""A network as populations and sparse synapses: what the ranks of a cluster share out.

The same folding as `ir.FoldLinear`, in sparse matrices: everything linear between two populations
becomes one matrix per delay, and a convolution of a hundred thousand neurons stays small.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any

import numpy as np

from sc_neurocore.ir import (
    Affine,
    Assumptions,
    Delay,
    Flatten,
    Gate,
    Graph,
    Input,
    LinearOp,
    Neurons,
    Output,
    PartitionError,
    Projection,
    Scale,
    Shape,
    Threshold,
    output_shapes,
    shapes,
)
from sc_neurocore.ir._ops import Array

if TYPE_CHECKING:
    from sc_neurocore.nir_bridge import SCNetwork

# Unit vectors that an operation without a matrix of its own is applied to at once.
_CHUNK = 256


@dataclass(frozen=True, eq=False)
class Synapses:
    """All synapses from one source to one target with one delay.

    Attributes:
        source: an Input or a population.
        delay: ticks.
        weights: (targets, sources), a scipy CSR array.
    """

    source: str
    delay: int
    weights: Any


@dataclass(frozen=True, eq=False)
class SparseNetwork:
    """A network without its linear nodes.

    Attributes:
        inputs: shape of each Input.
        populations: one-dimensional, in the order of the graph; thresholds are among them.
        outputs: shape of each Output.
        synapses: into each population and output, in the order in which they are summed.
        bias: of each population and output, there in every tick.
        states: for each output, the population without spikes that it reads, if any.
    """

    inputs: Mapping[str, Shape]
    populations: Mapping[str, Neurons]
    outputs: Mapping[str, Shape]
    synapses: Mapping[str, tuple[Synapses, ...]]
    bias: Mapping[str, Array]
    states: Mapping[str, str]

    @property
    def spiking(self) -> tuple[str, ...]:
        """Populations that can spike; neurons are counted through them in this order."""
        return tuple(name for name, op in self.populations.items() if op.spiking)

    def between(self) -> Iterable[tuple[str, str, int]]:
        """Source, target and delay of all synapses between populations that can spike."""
        known = set(self.spiking)
        for target in self.spiking:
            for group in self.synapses[target]:
                if group.source in known:
                    yield group.source, target, group.delay


def fold_sparse(network: SCNetwork) -> SparseNetwork:
    """Fold everything linear.

    Args:
        network: any; cycles, nested graphs and shapes are settled when it is made.

    Raises:
        PartitionError: linear nodes form a cycle, or a population that never spikes is read by
            something other than an Output, unchanged.
    """
    return _Folding(network.flat, network.assumptions).network()


class _Folding:
    def __init__(self, graph: Graph, assumptions: Assumptions) -> None:
        self.graph, self.assumptions = graph, assumptions
        inward, _ = shapes(graph)
        self.inward = {name: shape for (name, _), shape in inward.items() if shape is not None}
        self.outward = output_shapes(graph)
        self.found: dict[str, dict[tuple[str, int], Any]] = {}
        self.constants: dict[str, Array] = {}

    def network(self) -> SparseNetwork:
        for name in self._order():
            self._apply(name)
        inputs: dict[str, Shape] = {}
        populations: dict[str, Neurons] = {}
        outputs: dict[str, Shape] = {}
        synapses: dict[str, tuple[Synapses, ...]] = {}
        bias: dict[str, Array] = {}
        states: dict[str, str] = {}
        for node in self.graph.nodes.values():
            name, op = node.id, node.op
            if isinstance(op, Input):
                inputs[name] = self.outward[name]
                continue
            if isinstance(op, Output):
                outputs[name] = self.inward[name]
            elif isinstance(op, (Neurons, Threshold)):
                populations[name] = _flat(op)
            else:
                continue
            gathered, bias[name] = self._gather(name)
            kept = []
            for (source, delay), weights in gathered.items():
                origin = self.graph.nodes[source].op
                if isinstance(origin, Neurons) and not origin.spiking:
                    self._state(name, source, delay, weights)
                    states[name] = source
                elif weights.nnz:
                    kept.append(Synapses(source, delay, weights))
            synapses[name] = tuple(kept)
        return SparseNetwork(inputs, populations, outputs, synapses, bias, states)

    def _order(self) -> tuple[str, ...]:
        linear = {n.id for n in self.graph.nodes.values() if isinstance(n.op, (LinearOp, Delay))}
        needs = {
            name: [e.source for e in self.graph.incoming(name) if e.source in linear]
            for name in linear
        }
        try:
            return tuple(TopologicalSorter(needs).static_order())
        except CycleError as error:
            path = " -> ".join(error.args[1])
            raise PartitionError(
                f"Linear nodes form a cycle, whose response never ends: {path}; put a population "
                "into it."
            ) from None

    def _gather(self, name: str) -> tuple[dict[tuple[str, int], Any], Array]:
        from scipy.sparse import eye_array

        total: dict[tuple[str, int], Any] = {}
        size = int(np.prod(self.inward[name]))
        constant = np.zeros(size)
        for edge in self.graph.incoming(name):
            given = self.found.get(edge.source)
            if given is None:
                given = {(edge.source, 0): eye_array(size, format="csr")}
            else:
                constant = constant + self.constants[edge.source]
            for (source, delay), weights in given.items():
                key = (source, delay + edge.delay)
                total[key] = total[key] + weights if key in total else weights
        return total, constant

    def _apply(self, name: str) -> None:
        op = self.graph.nodes[name].op
        gathered, constant = self._gather(name)
        shape = self.inward[name]
        if isinstance(op, Delay):
            ticks = np.broadcast_to(self.assumptions.ticks(op.delay), shape).reshape(-1)
            masks = [(int(t), _diagonal((ticks == t).astype(float))) for t in np.unique(ticks)]
            self.constants[name] = constant
        else:
            assert isinstance(op, LinearOp)
            masks = [(op.delay if isinstance(op, Projection) else 0, _matrix(op, shape))]
            self.constants[name] = op.apply(constant.reshape(1, *shape)).reshape(-1)
        found: dict[tuple[str, int], Any] = {}
        for extra, matrix in masks:
            for (source, delay), weights in gathered.items():
                key = (source, delay + extra)
                product = matrix if _is_identity(weights) else _tidy(matrix @ weights)
                found[key] = found[key] + product if key in found else product
        self.found[name] = found

    def _state(self, name: str, source: str, delay: int, weights: Any) -> None:
        plain = isinstance(self.graph.nodes[name].op, Output) and delay == 0
        if not (plain and _is_identity(weights) and len(self.graph.incoming(name)) == 1):
            raise PartitionError(
                f"Population '{source}' sends its membrane to '{name}', and only spikes travel "
                "between ranks; let an Output alone read it, unchanged, or give it a threshold."
            )


def _flat(op: Neurons | Threshold) -> Neurons:
    if isinstance(op, Threshold):
        return Neurons("threshold", {"threshold": op.threshold.reshape(-1)}, (op.threshold.size,))
    parameters = {
        name: np.broadcast_to(value, op.shape or ()).reshape(-1)
        for name, value in op.parameters.items()
    }
    return Neurons(op.kind, parameters, (op.count,))


def _matrix(op: LinearOp, shape: Shape) -> Any:
    """The matrix of an operation on its flattened input."""
    from scipy.sparse import csr_array, eye_array, vstack

    size = int(np.prod(shape))
    if isinstance(op, (Affine, Projection)) and op.weight.ndim == 2:
        return csr_array(op.weight)
    if isinstance(op, Scale):
        return _diagonal(np.broadcast_to(op.scale, shape).reshape(-1))
    if isinstance(op, (Flatten, Gate)):
        return eye_array(size, format="csr")
    rows = []
    for first in range(0, size, _CHUNK):
        units = np.zeros((min(_CHUNK, size - first), size))
        units[np.arange(len(units)), first + np.arange(len(units))] = 1.0
        given = op.linear(units.reshape(-1, *shape))
        rows.append(csr_array(given.reshape(len(units), -1)))
    return _tidy(vstack(rows).T.tocsr())


def _diagonal(values: Array) -> Any:
    from scipy.sparse import dia_array

    return _tidy(dia_array((values[None], [0]), shape=(len(values), len(values))).tocsr())


def _tidy(matrix: Any) -> Any:
    matrix = matrix.tocsr()
    matrix.eliminate_zeros()
    matrix.sort_indices()
    return matrix


def _is_identity(matrix: Any) -> bool:
    size = matrix.shape[0]
    return (
        matrix.shape == (size, size)
        and matrix.nnz == size
        and bool(np.all(matrix.data == 1.0))
        and bool(np.all(matrix.indices == np.arange(size)))
        and bool(np.all(np.diff(matrix.indptr) == 1))
    )
