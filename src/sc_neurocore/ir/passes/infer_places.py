"""Stamp places on nodes that are pinned, and on those that must be with them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from sc_neurocore.ir._destinations import destinations, sends_state
from sc_neurocore.ir._graph import Edge, Graph
from sc_neurocore.ir._ops import Input, Output
from sc_neurocore.ir._pins import find_pins
from sc_neurocore.ir._places import PartitionError, Places
from sc_neurocore.ir._timing import flat

_Leads = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class InferPlaces:
    """Give nodes their place where it follows from what is pinned.

    A population or an Output that is pinned has its place. What reads the membrane of a population
    that never spikes is at one place with it, for only spikes travel. An Output is where the
    populations are that it reads, if that is one place. Linear nodes live with the population or
    Output that they lead to; pins by scope or pattern do not concern them. Inputs stay free: they
    are copied to wherever they are read. What remains free has an empty place, for `PlaceNodes`:
    also an Output of spikes from several places.

    Attributes:
        places: that there are.
        pins: places by id, scope or shell pattern, see `find_pins`.
    """

    places: Places
    pins: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pins", MappingProxyType(dict(self.pins)))

    def __call__(self, graph: Graph) -> Graph:
        """The graph with places.

        Raises:
            GraphError: there are nested graphs.
            PartitionError: an unknown place, or two places for nodes that must be together.
        """
        flat(graph)
        leads = destinations(graph)
        at = self._stated(graph, leads)
        _join_states(graph, leads, at)
        _follow_sources(graph, leads, at)
        _follow_targets(graph, leads, at)
        moved = {
            name: dataclasses.replace(graph.nodes[name], place=place)
            for name, place in at.items()
            if graph.nodes[name].place != place
        }
        return graph.replace(nodes={**graph.nodes, **moved}) if moved else graph

    def _stated(self, graph: Graph, leads: _Leads) -> dict[str, str]:
        """Places of nodes that have one already or are pinned."""
        pinned = find_pins(graph.nodes, self.pins)
        at: dict[str, str] = {}
        for node in graph.nodes.values():
            pin = pinned.get(node.id)
            if isinstance(node.op, Input) or (node.id in leads and pin != node.id):
                pin = None
            place = node.place if pin is None else self.pins[pin]
            if not place:
                continue
            if place not in self.places.places:
                raise PartitionError(unknown_place(f"Node {node.id!r}", place, self.places))
            if node.place and node.place != place:
                raise PartitionError(
                    f"Node {node.id!r} has place {node.place!r}, and {pin!r} pins it to {place!r}; "
                    "give it one place."
                )
            at[node.id] = place
        return at


def unknown_place(who: str, place: str, places: Places) -> str:
    """The sentence about a place that does not exist."""
    return (
        f"{who} is at place {place!r}, which does not exist; there are {', '.join(places.places)}."
    )


def _ends(edge: Edge, leads: _Leads) -> tuple[str, ...]:
    """The populations and Outputs that an edge leads to."""
    return leads.get(edge.target, (edge.target,))


def _join_states(graph: Graph, leads: _Leads, at: dict[str, str]) -> None:
    """Give one place to populations that send their membrane and to what reads it."""
    senders = {node.id for node in graph.nodes.values() if sends_state(node.op)}
    joined: dict[str, dict[str, None]] = {}
    for edge in graph.edges if senders else ():
        if edge.source in senders:
            for target in _ends(edge, leads):
                joined.setdefault(edge.source, {})[target] = None
                joined.setdefault(target, {})[edge.source] = None
    work = [name for name in joined if name in at]
    while work:
        name = work.pop()
        for other in joined[name]:
            if other not in at:
                at[other] = at[name]
                work.append(other)
            elif at[other] != at[name]:
                sender, reader = (name, other) if name in senders else (other, name)
                raise PartitionError(
                    f"Node {sender!r} at {at[sender]!r} never spikes, and {reader!r} at "
                    f"{at[reader]!r} reads its membrane, but only spikes travel; put both at one "
                    "place, or a spiking population between them."
                )


def _follow_sources(graph: Graph, leads: _Leads, at: dict[str, str]) -> None:
    """Put Outputs where all they read is, if that is one place."""
    free = {node.id for node in graph.nodes_of(Output) if node.id not in at}
    read: dict[str, dict[str, None]] = {name: {} for name in free}
    for edge in graph.edges if free else ():
        if edge.source in leads or isinstance(graph.nodes[edge.source].op, Input):
            continue
        for target in _ends(edge, leads):
            if target in free:
                read[target][at.get(edge.source, "")] = None
    for name, found in read.items():
        if len(found) == 1 and (place := next(iter(found))):
            at[name] = place


def _follow_targets(graph: Graph, leads: _Leads, at: dict[str, str]) -> None:
    """Put linear nodes where what they lead to is."""
    for name, place, target in list(_led(leads, at)):
        if at.setdefault(name, place) != place:
            kind = type(graph.nodes[name].op).__name__
            raise PartitionError(
                f"Node {name!r} ({kind}) is at {at[name]!r}, and {target!r}, which it leads to, at "
                f"{place!r}; linear operations live with what they lead to: pin {target!r} alone, "
                "and run ExpandOps first where several nodes share one."
            )


def _led(leads: _Leads, at: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    for name, targets in leads.items():
        for target in targets:
            if target in at:
                yield name, at[target], target
