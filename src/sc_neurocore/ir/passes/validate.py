"""Reject malformed input before anything changes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from sc_neurocore.ir._assumptions import Assumptions
from sc_neurocore.ir._destinations import is_linear, is_population
from sc_neurocore.ir._gates import Gate, Receive, Send
from sc_neurocore.ir._graph import Graph, GraphError
from sc_neurocore.ir._ops import Input, Op, Output
from sc_neurocore.ir._order import walk
from sc_neurocore.ir._pins import find_pins
from sc_neurocore.ir._places import PartitionError, Places
from sc_neurocore.ir._slices import find_slices
from sc_neurocore.ir._timing import followers
from sc_neurocore.ir._verify import node_error
from sc_neurocore.ir.passes.infer_places import unknown_place
from sc_neurocore.ir.passes.infer_shapes import InferShapes
from sc_neurocore.ir.passes.inline_subgraphs import InlineSubgraphs


@dataclass(frozen=True)
class Validate:
    """Check what the later passes rely on, and change nothing.

    There is a place and a population. Every node is of a kind that runs on a place and is no end
    of a wire; its place exists. Every pin names a place and at least one node, or a slice that a
    split makes; every split names a population. Every cycle has a delay. That edges join equal
    shapes is a rule of every graph.

    Attributes:
        places: that there are.
        pins: places by id, scope or shell pattern of ids, see `InferPlaces`.
        splits: number of slices by id, see `ExpandOps`.
        assumptions: how delays in seconds become ticks; the defaults with the graph's dt if None.
    """

    places: Places
    pins: Mapping[str, str] = field(default_factory=dict)
    splits: Mapping[str, int] = field(default_factory=dict)
    assumptions: Assumptions | None = None

    def __post_init__(self) -> None:
        for name in ("pins", "splits"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def __call__(self, graph: Graph) -> Graph:
        """The same graph.

        Raises:
            GraphError: an unknown kind of node, an unknown shape, a cycle without a delay, no
                population.
            PartitionError: no place, an unknown place, a pin or split of what does not exist.
        """
        if not self.places.places:
            raise PartitionError("There is no place to run anything; name at least one.")
        inlined = InlineSubgraphs()(graph)
        for node in inlined.nodes.values():
            _require_kind(inlined, node.id, node.op)
            if node.place and node.place not in self.places.places:
                raise PartitionError(unknown_place(f"Node {node.id!r}", node.place, self.places))
        if not any(is_population(node.op) for node in inlined.nodes.values()):
            raise GraphError(
                f"Graph {graph.name!r} has no population; there is nothing to spread over places."
            )
        slices = find_slices(InferShapes()(inlined) if self.splits else inlined, self.splits)
        self._require_pins([*inlined.nodes, *(s.id for each in slices.values() for s in each)])
        _require_delays(inlined, self.assumptions or Assumptions(dt=graph.dt))
        return graph

    def _require_pins(self, ids: Sequence[str]) -> None:
        there = set(ids)
        for pin, place in self.pins.items():
            if place not in self.places.places:
                raise PartitionError(unknown_place(f"Pin {pin!r}", place, self.places))
            if pin not in there and not find_pins(ids, {pin: place}):
                known = ", ".join(ids[:8]) + (" …" if len(ids) > 8 else "")
                raise PartitionError(
                    f"Pin {pin!r} to place {place!r} matches no node; there are {known}."
                )


def _require_kind(graph: Graph, name: str, op: Op) -> None:
    if isinstance(op, (Send, Receive, Gate)):
        raise node_error(
            graph,
            name,
            type(op).__name__,
            "belongs to the end of a wire; only networks that are not cut yet can be spread over "
            "places",
        )
    if not (is_linear(op) or is_population(op) or isinstance(op, (Input, Output))):
        raise node_error(
            graph,
            name,
            type(op).__name__,
            f"is of the unknown kind {type(op).__name__}; Input, Output, Neurons, Threshold, Delay "
            "and linear operations are known",
        )


def _require_delays(graph: Graph, assumptions: Assumptions) -> None:
    cycle = walk(graph.nodes, followers(graph, assumptions)).cycle
    if cycle:
        path = " -> ".join((*cycle, cycle[0]))
        raise GraphError(
            f"The graph has a cycle without a delay: {path}; give one of its edges a delay of at "
            "least 1 tick, or run BreakCycles first."
        )
