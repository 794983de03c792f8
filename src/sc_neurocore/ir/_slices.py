"""Slices of populations: their names, ranges, parameters and weights."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sc_neurocore.ir._destinations import is_population
from sc_neurocore.ir._graph import Graph
from sc_neurocore.ir._linear import Affine
from sc_neurocore.ir._ops import Neurons, Op, Projection, Threshold
from sc_neurocore.ir._places import PartitionError


@dataclass(frozen=True)
class Slice:
    """A run of the neurons of a population, in the order of the flattened shape.

    Attributes:
        id: ``NAME.0``, ``NAME.1`` …
        start: first neuron.
        stop: neuron behind the last one.
    """

    id: str
    start: int
    stop: int

    @property
    def size(self) -> int:
        """Number of neurons."""
        return self.stop - self.start


def find_slices(graph: Graph, splits: Mapping[str, int]) -> dict[str, tuple[Slice, ...]]:
    """The slices of each population that is split in two or more.

    Sizes differ by one neuron at most.

    Args:
        graph: flat.
        splits: number of slices by id of a population.

    Raises:
        PartitionError: no such population, a number that it cannot be split into, or an id taken.
    """
    found: dict[str, tuple[Slice, ...]] = {}
    for name, count in splits.items():
        node = graph.nodes.get(name)
        if node is None or not is_population(node.op):
            what = "does not exist" if node is None else f"is an {type(node.op).__name__}"
            known = [n.id for n in graph.nodes.values() if is_population(n.op)]
            listed = ", ".join(known[:8]) + (" …" if len(known) > 8 else "")
            raise PartitionError(
                f"Node {name!r} is to be split, but {what}; the populations are {listed}."
            )
        shape = node.op.wants()
        if shape is None:
            raise PartitionError(f"Population {name!r} is to be split, but has no shape.")
        size = int(np.prod(shape))
        if not 1 <= count <= size:
            raise PartitionError(
                f"Population {name!r} of {size} neuron(s) is to be split into {count} slices; "
                f"1 to {size} are possible."
            )
        ids = [f"{name}.{index}" for index in range(count)] if count > 1 else []
        if taken := next((item for item in ids if item in graph.nodes), None):
            raise PartitionError(
                f"Splitting {name!r} makes the id {taken!r}, which another node has; rename that."
            )
        if ids:
            bounds = [size * index // count for index in range(count + 1)]
            found[name] = tuple(map(Slice, ids, bounds[:-1], bounds[1:]))
    return found


def has_rows(op: Op) -> bool:
    """Whether an operation has a row of weights for every element that it gives."""
    return isinstance(op, (Affine, Projection)) and op.weight.ndim == 2


def sliced(op: Op, part: Slice) -> Op:
    """What a slice keeps: of a population its neurons, of a matrix in front the rows and bias."""
    run = slice(part.start, part.stop)
    if isinstance(op, Threshold):
        return Threshold(op.threshold.reshape(-1)[run])
    if isinstance(op, (Affine, Projection)):
        bias = None if op.bias is None else np.broadcast_to(op.bias, len(op.weight))[run]
        return dataclasses.replace(op, weight=op.weight[run], bias=bias)
    assert isinstance(op, Neurons)
    parameters = {
        name: np.broadcast_to(value, op.shape or ()).reshape(-1)[run]
        for name, value in op.parameters.items()
    }
    return dataclasses.replace(op, parameters=parameters, shape=(part.size,))
