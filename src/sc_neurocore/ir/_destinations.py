"""What the linear nodes of a flat graph lead to."""

from __future__ import annotations

from sc_neurocore.ir._graph import Graph
from sc_neurocore.ir._ops import Delay, Input, LinearOp, Neurons, Op, Threshold


def is_linear(op: Op) -> bool:
    """Whether an operation is part of the synapses of what it leads to."""
    return isinstance(op, (LinearOp, Delay))


def is_population(op: Op) -> bool:
    """Whether an operation is a population, with memory or without."""
    return isinstance(op, (Neurons, Threshold))


def sends_state(op: Op) -> bool:
    """Whether an operation is a population that sends its membrane, which cannot travel."""
    return isinstance(op, Neurons) and not op.spiking


def destinations(graph: Graph) -> dict[str, tuple[str, ...]]:
    """Populations and Outputs that each linear node leads to through linear nodes, in order.

    A linear node that leads to none has an empty entry. Linear in the number of edges where every
    linear node has one destination.
    """
    found: dict[str, list[str]] = {n.id: [] for n in graph.nodes.values() if is_linear(n.op)}
    for node in graph.nodes.values():
        if node.id in found or isinstance(node.op, Input):
            continue
        stack = [node.id]
        while stack:
            for edge in graph.incoming(stack.pop()):
                reached = found.get(edge.source)
                # Destinations come one after another, so the last entry tells a second visit.
                if reached is not None and (not reached or reached[-1] != node.id):
                    reached.append(node.id)
                    stack.append(edge.source)
    return {name: tuple(reached) for name, reached in found.items()}
