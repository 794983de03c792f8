"""Give recurrent edges their tick."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

from sc_neurocore.ir._assumptions import Assumptions
from sc_neurocore.ir._graph import Graph
from sc_neurocore.ir._ops import Input, Neurons, Threshold
from sc_neurocore.ir._order import walk
from sc_neurocore.ir._timing import flat, followers
from sc_neurocore.ir._verify import node_error


@dataclass(frozen=True)
class BreakCycles:
    """Delay the back edge of every cycle by one tick.

    The walk is depth first, from the inputs, in the order of the ids, so that it depends on names
    alone. A cycle with a delay of its own keeps it and gets no other.

    Attributes:
        assumptions: how delays in seconds become ticks.
    """

    assumptions: Assumptions = field(default_factory=Assumptions)

    def __call__(self, graph: Graph) -> Graph:
        """The graph without a cycle inside a tick.

        Raises:
            GraphError: a cycle runs through linear nodes only, or the graph has nested graphs.
        """
        flat(graph)
        following = followers(graph, self.assumptions)
        linear = {
            name: [t for t in targets if not _population(graph, t)]
            for name, targets in following.items()
            if not _population(graph, name)
        }
        if cycle := walk(sorted(linear), linear).cycle:
            path = " -> ".join((*cycle, cycle[0]))
            problem = f"is in a cyclic zero-delay graph with neither neuron nor delay: {path}"
            raise node_error(graph, cycle[0], cycle[0], problem)
        inputs = sorted(node.id for node in graph.nodes_of(Input))
        back = set(walk([*inputs, *sorted(graph.nodes)], following).back)
        if not back:
            return graph
        edges = tuple(
            dataclasses.replace(edge, delay=1) if (edge.source, edge.target) in back else edge
            for edge in graph.edges
        )
        return graph.replace(edges=edges)


def _population(graph: Graph, name: str) -> bool:
    return isinstance(graph.nodes[name].op, (Neurons, Threshold))
