"""Which node must be computed before which within a tick."""

from __future__ import annotations

import numpy as np

from sc_neurocore.ir._assumptions import Assumptions
from sc_neurocore.ir._graph import Graph, GraphError
from sc_neurocore.ir._ops import Array, Delay, LinearOp, Op, Projection, Shape, Subgraph
from sc_neurocore.ir._order import Walk, walk
from sc_neurocore.ir._shapes import shapes


def flat(graph: Graph) -> None:
    """Refuse nested graphs.

    Raises:
        GraphError: there is one.
    """
    for node in graph.nodes_of(Subgraph):
        raise GraphError(f"Node {node.id!r} is a nested graph; run InlineSubgraphs first.")


def latency(op: Op, assumptions: Assumptions) -> int:
    """Ticks that an operation holds back everything that passes it."""
    if isinstance(op, Delay):
        return int(assumptions.ticks(op.delay).min(initial=2**31))
    return op.delay if isinstance(op, Projection) else 0


def followers(graph: Graph, assumptions: Assumptions) -> dict[str, list[str]]:
    """For each node, sorted, the nodes that need its output within the same tick."""
    following: dict[str, list[str]] = {name: [] for name in graph.nodes}
    for edge in graph.edges:
        if edge.delay == 0 and latency(graph.nodes[edge.source].op, assumptions) == 0:
            following[edge.source].append(edge.target)
    return {name: sorted(set(targets)) for name, targets in following.items()}


def tick_order(graph: Graph, assumptions: Assumptions) -> tuple[str, ...]:
    """Every node, after those whose output it needs within the tick.

    Raises:
        GraphError: there is a cycle without a delay.
    """
    found = walk(sorted(graph.nodes, reverse=True), followers(graph, assumptions))
    if found.cycle:
        path = " -> ".join((*found.cycle, found.cycle[0]))
        raise GraphError(f"The graph has a cycle without a delay: {path}; run BreakCycles first.")
    return found.order


def output_shapes(graph: Graph) -> dict[str, Shape]:
    """Shape of what each node of a flat graph gives; an Output's is what it reads."""
    flat(graph)
    _, outward = shapes(graph)
    return {name: shape for (name, _), shape in outward.items() if shape is not None}


def linear_walk(graph: Graph) -> Walk:
    """A walk over the linear nodes and delays alone, along every edge between them."""
    linear = {n.id for n in graph.nodes.values() if isinstance(n.op, (LinearOp, Delay))}
    following: dict[str, list[str]] = {name: [] for name in linear}
    for edge in graph.edges:
        if edge.source in linear and edge.target in linear:
            following[edge.source].append(edge.target)
    return walk(sorted(linear), {name: sorted(targets) for name, targets in following.items()})


def rest_values(graph: Graph) -> dict[str, Array]:
    """What each node gives while every input and population is silent: zero, or the biases.

    In a cycle of linear nodes, which has no rest, the back edge counts as zero.
    """
    sizes = output_shapes(graph)
    rest = {name: np.zeros(shape) for name, shape in sizes.items()}
    for name in linear_walk(graph).order:
        first, *others = (rest[edge.source] for edge in graph.incoming(name))
        total = sum(others, first)
        op = graph.nodes[name].op
        rest[name] = op.apply(total[None])[0] if isinstance(op, LinearOp) else total
    return rest
