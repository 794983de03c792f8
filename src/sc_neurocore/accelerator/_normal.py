"""A graph in normal form as populations and the projections between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.accelerator._network import INPUT
from sc_neurocore.accelerator._population import Population, population
from sc_neurocore.compiler._identifiers import Namespace
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir import Assumptions, Graph, Input, Neurons, Node, Output, Projection

Reals = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RealProjection:
    """A projection of the graph.

    Attributes:
        id: of its node.
        source: index of the source layer, or `INPUT`.
        weight: (n_target, n_source).
        bias: (n_target,) or None.
        delay: ticks.
    """

    id: str
    source: int
    weight: Reals
    bias: Reals | None
    delay: int


@dataclass(frozen=True, eq=False)
class RealLayer:
    """A population of the graph and what arrives there.

    Attributes:
        id: of its node.
        name: its Verilog identifier.
        population: in units of the graph, biases included.
        projections: what arrives; a direct input last.
    """

    id: str
    name: str
    population: Population
    projections: tuple[RealProjection, ...]


@dataclass(frozen=True, eq=False)
class RealNetwork:
    """A graph in normal form, in the order of execution.

    Attributes:
        name: a Verilog identifier.
        inputs: values per sample.
        layers: in the order in which a tick visits them.
        output: index of the layer that is read.
        dt: seconds per tick.
        notices: what a user should know.
    """

    name: str
    inputs: int
    layers: tuple[RealLayer, ...]
    output: int
    dt: float
    notices: tuple[str, ...]


def real_network(graph: Graph, assumptions: Assumptions) -> RealNetwork:
    """Read a graph in normal form.

    Raises:
        SCConfigError: the graph is not in normal form, or has several inputs or outputs, or a
            population without spikes that feeds another.
    """
    entries, exits = graph.nodes_of(Input), graph.nodes_of(Output)
    if len(entries) != 1 or len(exits) != 1:
        raise SCConfigError(
            f"network '{graph.name}' has {len(entries)} inputs and {len(exits)} outputs; an "
            "accelerator takes one of each"
        )
    for node in graph.nodes.values():
        if not isinstance(node.op, Input | Output | Projection | Neurons):
            raise SCConfigError(
                f"node '{node.id}' is a {type(node.op).__name__}; quantise a graph in normal form"
            )
    notices: list[str] = []
    populations = [n.id for n in graph.nodes_of(Neurons)]
    read = _sources(graph, exits[0].id)
    if len(read) != 1:
        raise SCConfigError(f"the output of '{graph.name}' reads {len(read)} nodes; it takes one")
    readout = read[0][0]
    if isinstance(graph.nodes[readout].op, Projection):
        populations.append(readout)
        notices.append(
            f"'{readout}' ends in the output without neurons; its sums over all ticks are compared"
        )
    elif not isinstance(graph.nodes[readout].op, Neurons):
        raise SCConfigError(f"network '{graph.name}' has no population that the output reads")
    arriving = {name: _arriving(graph, name) for name in populations}
    order = _order(populations, arriving)
    index = {name: k for k, name in enumerate(order)}
    names = Namespace()
    title = names.claim(graph.name)
    layers = []
    for name in order:
        projections = tuple(
            RealProjection(
                node.id, index.get(source, INPUT), _projection(node).weight,
                _projection(node).bias, delay,
            )
            for node, source, delay in sorted(arriving[name], key=lambda a: a[1] == entries[0].id)
        )  # fmt: skip
        for p in projections:
            if p.source != INPUT and not _spikes(graph, order[p.source]):
                raise SCConfigError(
                    f"population '{order[p.source]}' never spikes but feeds '{name}'; only spikes "
                    "travel between populations"
                )
        real = _real(graph, assumptions, name, projections)
        layers.append(RealLayer(name, names.claim(name), real, projections))
    size = int(np.prod(entries[0].op.shape or (1,)))  # type: ignore[attr-defined]
    return RealNetwork(title, size, tuple(layers), index[readout], graph.dt, tuple(notices))


def _real(
    graph: Graph, assumptions: Assumptions, name: str, projections: tuple[RealProjection, ...]
) -> Population:
    op = graph.nodes[name].op
    biases = {p.id: p.bias for p in projections if p.bias is not None}
    bias = np.sum(list(biases.values()), axis=0) if biases else 0.0
    if isinstance(op, Projection):
        return population(
            "i", {"r": 1.0 / graph.dt}, size=op.weight.shape[0], dt=graph.dt,
            rules=assumptions, bias=bias, name=name,
        )  # fmt: skip
    assert isinstance(op, Neurons)
    size = int(np.prod(op.shape)) if op.shape else projections[0].weight.shape[0]
    return population(
        op.kind, op.parameters, size=size, dt=graph.dt, rules=assumptions, bias=bias, name=name
    )


def _projection(node: Node) -> Projection:
    assert isinstance(node.op, Projection)
    return node.op


def _spikes(graph: Graph, name: str) -> bool:
    op = graph.nodes[name].op
    return isinstance(op, Neurons) and op.spiking


def _sources(graph: Graph, node: str) -> list[tuple[str, int]]:
    return [(edge.source, edge.delay) for edge in graph.incoming(node)]


def _arriving(graph: Graph, name: str) -> list[tuple[Node, str, int]]:
    """Projections into a population: node, source population or input, ticks."""
    found = []
    own = isinstance(graph.nodes[name].op, Projection)
    for projection, first in [(name, 0)] if own else _sources(graph, name):
        node = graph.nodes[projection]
        if not isinstance(node.op, Projection):
            raise SCConfigError(
                f"'{projection}' leads to '{name}' without a projection; quantise a graph in "
                "normal form"
            )
        for source, second in _sources(graph, projection):
            found.append((node, source, first + second + node.op.delay))
    return found


def _order(populations: list[str], arriving: dict[str, list[tuple[Node, str, int]]]) -> list[str]:
    """Populations such that spikes without delay come from earlier ones; else as in the graph."""
    done: list[str] = []
    left = list(populations)
    while left:
        for name in left:
            waits = {s for _, s, delay in arriving[name] if delay == 0 and s in left}
            if not waits:
                done.append(name)
                left.remove(name)
                break
        else:
            raise SCConfigError(
                f"populations {', '.join(left)} feed each other without any delay; give one of the "
                "connections a delay of a tick"
            )
    return done
