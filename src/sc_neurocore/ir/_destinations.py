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
    found: dict[str, tuple[str, ...]] = {
        node.id: () for node in graph.nodes.values() if is_linear(node.op)
    }
    for node in graph.nodes.values():
        if node.id in found or isinstance(node.op, Input):
            continue
        alone = (node.id,)
        stack = [node.id]
        while stack:
            for edge in graph.incoming(stack.pop()):
                reached = found.get(edge.source)
                if reached is None:
                    continue
                if not reached:
                    found[edge.source] = alone
                # Destinations come one after another, so the last entry tells a second visit.
                elif reached[-1] != node.id:
                    found[edge.source] = (*reached, node.id)
                else:
                    continue
                stack.append(edge.source)
    return found
