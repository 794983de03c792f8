"""Say where every node runs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir._clusters import (
    Areas,
    Clusters,
    Numbers,
    Reals,
    find_clusters,
    find_needs,
    fixed_places,
)
from sc_neurocore.ir._graph import Edge, Graph, Node
from sc_neurocore.ir._ops import Input
from sc_neurocore.ir._order import walk
from sc_neurocore.ir._partitioner import partitions, versions
from sc_neurocore.ir._placement import pin_order, search, tries_all
from sc_neurocore.ir._places import PartitionError, Places
from sc_neurocore.ir._problem import Problem, fits, place_cycle, spread, used
from sc_neurocore.ir._timing import flat

#: Key of the graph's metadata that holds the versions of the tools that placed it, by name.
TOOLS = "placed_with"


@dataclass(frozen=True)
class PlaceNodes:
    """Give every node a place: few spikes between places, and nowhere more than it can hold.

    Populations are placed with the linear operations that feed them; nodes that have a place keep
    it. What is minimised is the spikes sent per tick, a spike once for every other place that
    reads it. Every place gets its share: of the scarcest resource in proportion to the capacities,
    or, where nothing is limited, of neurons plus synapses in equal parts. Capacities are never
    exceeded, shares by no more than the imbalance or what the largest population leads to, as far
    as that is possible. Places that need each other's spikes within a tick are never made.

    Small networks are placed by trying every assignment, larger ones by a hypergraph partitioner;
    the result depends on the graph, the fields, the seed of the places and the partitioner's
    version alone, and that version is in the metadata, under `TOOLS`. An Input runs
    where the first of its readers does; it is no population and costs nothing.

    Attributes:
        places: there are; `Places.seed` is that of the partitioner.
        traffic: spikes per tick by population, simulated. Empty: every population counts one.
        areas: by place and population, what it takes there of each resource besides ``neurons`` and
            ``synapses``, which are counted.
        assignment: place by node id, one node of every population at least; None to find it.
        imbalance: part of its share by which a place's load may exceed it.
    """

    places: Places
    traffic: Mapping[str, float] = field(default_factory=dict)
    areas: Areas = field(default_factory=dict)
    assignment: Mapping[str, str] | None = None
    imbalance: float = 0.1

    def __post_init__(self) -> None:
        for name in ("traffic", "areas"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        if not (math.isfinite(self.imbalance) and self.imbalance >= 0):
            raise SCConfigError(f"imbalance is {self.imbalance}; it must be a number from 0")
        if not self.places.places:
            raise PartitionError("There is no place; a network needs at least one to run at.")

    def __call__(self, graph: Graph) -> Graph:
        """The graph with every node at a place.

        Raises:
            PartitionError: no assignment holds every capacity, or keeps places from waiting for one
                another within a tick; the sentence says what is needed and what there is.
            GraphError: the graph has nested graphs.
            SCDependencyError: the partitioner is needed and not installed.
        """
        problem = self._problem(graph)
        if (problem.fixed >= 0).all():
            return self._placed(graph, problem, problem.fixed)
        _require_room(graph, self.places, problem)
        _require_order(graph, self.places, problem)
        suggestions = (assignment for assignment, _ in partitions(problem, self.places.seed))
        found = search(problem, suggestions)
        if found is None:
            by_size = np.argsort(-problem.needs.load.mean(axis=0), kind="stable")
            raise _refused(graph, self.places, problem, spread(problem, by_size))
        placed = self._placed(graph, problem, found)
        if tries_all(problem):
            return placed
        return placed.replace(metadata={**placed.metadata, TOOLS: versions()})

    def _problem(self, graph: Graph) -> Problem:
        flat(graph)
        clusters = find_clusters(graph)
        if not len(clusters):
            raise PartitionError(f"Network {graph.name!r} has nothing to place but inputs.")
        fixed = fixed_places(graph, clusters, self.places, self.assignment or {})
        if len(self.places.places) == 1:
            fixed = np.zeros(len(clusters), np.int64)
        elif self.assignment is not None and (fixed < 0).any():
            missing = clusters.label(graph, int(np.argmin(fixed)))
            raise PartitionError(
                f"The assignment names no place for {missing}; it must name one for every "
                f"population, or leave all of them to be found."
            )
        return Problem(
            clusters,
            find_needs(graph, clusters, self.places, self.areas),
            fixed,
            _weights(graph, clusters, self.traffic),
            self.imbalance,
        )

    def _placed(self, graph: Graph, problem: Problem, assignment: Numbers) -> Graph:
        if not fits(problem, assignment) or place_cycle(problem, assignment):
            raise _refused(graph, self.places, problem, assignment)
        names = list(self.places.places)
        homes = {n: names[assignment[c]] for n, c in problem.clusters.home.items()}
        for edge in graph.edges:
            if isinstance(graph.nodes[edge.source].op, Input):
                own = graph.nodes[edge.source].place
                homes.setdefault(edge.source, own or homes[edge.target])
        for node in graph.nodes_of(Input):
            homes.setdefault(node.id, node.place or names[0])
        nodes = {
            name: node
            if node.place == homes[name]
            else Node(name, node.op, homes[name], node.metadata)
            for name, node in graph.nodes.items()
        }
        return graph.replace(nodes=nodes)


def cut_traffic(
    graph: Graph, traffic: Mapping[str, float], assignment: Mapping[str, str] | None = None
) -> float:
    """Spikes sent between places per tick: each once for every other place that reads it.

    Args:
        graph: flat.
        traffic: spikes per tick by population; empty for one each.
        assignment: place by node id; None for those that the nodes name.

    Raises:
        PartitionError: a node has no place, or a population no traffic.
    """
    flat(graph)
    clusters = find_clusters(graph)
    total = 0.0
    weights = _weights(graph, clusters, traffic)
    places = [_place_of(graph, names, assignment) for names in clusters.members]
    for weight, pins in zip(weights, clusters.nets, strict=True):
        total += float(weight) * (len({places[pin] for pin in pins}) - 1)
    return total


def _place_of(graph: Graph, names: tuple[str, ...], assignment: Mapping[str, str] | None) -> str:
    for name in names:
        place = graph.nodes[name].place if assignment is None else assignment.get(name, "")
        if place:
            return place
    raise PartitionError(f"Node {names[0]!r} has no place; run PlaceNodes first.")


def random_placement(step: PlaceNodes, graph: Graph, seed: int) -> dict[str, str]:
    """Place by node id, drawn at random with the same shares and capacities; to compare with.

    Cycles within a tick are not looked for.

    Args:
        step: whose places and areas count.
        graph: flat.
        seed: of the order in which clusters are dealt out.
    """
    problem = step._problem(graph)
    order = np.random.default_rng(seed).permutation(len(problem.clusters))
    assignment = spread(problem, order)
    return {name: problem.needs.places[assignment[c]] for name, c in problem.clusters.home.items()}


def partitioner_cut(step: PlaceNodes, graph: Graph) -> float:
    """The least spikes per tick that the partitioner itself reports, before anything is repaired.

    Cycles within a tick and second resources are nothing that it knows of, so a placement that is
    allowed may have to send more.

    Args:
        step: whose places, areas and traffic count.
        graph: flat.

    Raises:
        SCDependencyError: the partitioner is not installed.
    """
    problem = step._problem(graph)
    return min(reported for _, reported in partitions(problem, step.places.seed))


def _weights(graph: Graph, clusters: Clusters, traffic: Mapping[str, float]) -> Reals:
    if not traffic:
        return np.ones(len(clusters.sources))
    for name in clusters.sources:
        value = traffic.get(name)
        if value is None:
            raise PartitionError(
                f"The traffic of population {name!r} is not known; measure it on this graph, "
                f"or give no traffic at all."
            )
        if not (math.isfinite(value) and value >= 0):
            raise PartitionError(
                f"The traffic of population {name!r} is {value}; it must be a number of spikes "
                f"per tick from 0."
            )
    return np.array([traffic[name] for name in clusters.sources], np.float64)


def _require_room(graph: Graph, places: Places, problem: Problem) -> None:
    """Refuse what no assignment can hold: a cluster larger than every place, or all together."""
    needs = problem.needs
    for r, resource in enumerate(needs.resources):
        room = needs.capacity[:, r]
        for c in range(len(problem.clusters)):
            own = int(problem.fixed[c])
            where = range(problem.places) if own < 0 else [own]
            if all(needs.taken[p, c, r] > room[p] for p in where):
                best = max(where, key=lambda p: room[p] - needs.taken[p, c, r])
                what = f"the largest place {needs.places[best]!r}" if own < 0 else (
                    f"place {needs.places[best]!r}, where it is to run,")  # fmt: skip
                raise PartitionError(
                    f"Population {problem.clusters.label(graph, c)} with its synapses needs "
                    f"{_count(needs.taken[best, c, r])} {resource}, {what} holds "
                    f"{_count(room[best])}; split the population, or raise that capacity."
                )
        least = needs.taken[:, :, r].min(axis=0).sum()
        if least > room.sum() * (1 + 1e-9):
            held = ", ".join(
                f"{name} {_count(v)}" for name, v in zip(needs.places, room, strict=True)
            )
            raise PartitionError(
                f"The network needs {_count(least)} {resource}, the places hold "
                f"{_count(room.sum())} together ({held}); raise their capacities or add a place."
            )


def _require_order(graph: Graph, places: Places, problem: Problem) -> None:
    """Refuse pins that make places wait for one another within a tick, whatever else is done."""
    following = {p: sorted(after) for p, after in pin_order(problem).items()}
    named = {str(p): [str(q) for q in after] for p, after in following.items()}
    cycle = walk(named, named).cycle
    if cycle:
        listed = " -> ".join(list(places.places)[int(p)] for p in (*cycle, cycle[0]))
        raise PartitionError(
            f"The nodes whose place is given make places wait for one another within a tick: "
            f"{listed}; give an edge between them a delay of at least one tick, or give the nodes "
            f"one place."
        )


def _refused(graph: Graph, places: Places, problem: Problem, assignment: Numbers) -> PartitionError:
    """The sentence for an assignment that is not allowed."""
    needs = problem.needs
    taken = used(problem, assignment)
    for p, name in enumerate(needs.places):
        for r, resource in enumerate(needs.resources):
            if taken[p, r] > needs.capacity[p, r] * (1 + 1e-9):
                spare = ", ".join(
                    f"{other} {_count(taken[q, r])} of {_count(needs.capacity[q, r])}"
                    for q, other in enumerate(needs.places)
                )
                return PartitionError(
                    f"Place {name!r} is too small: it would have to hold "
                    f"{_count(taken[p, r])} {resource}, its capacity is "
                    f"{_count(needs.capacity[p, r])} ({spare}); raise it, split a population or "
                    f"add a place."
                )
    cycle = place_cycle(problem, assignment)
    if not cycle:
        return PartitionError(
            "No assignment was found that holds every capacity and keeps places from waiting for "
            "one another within a tick; raise a capacity, or give edges a delay."
        )
    ring = list(zip(cycle, (*cycle[1:], cycle[0]), strict=True))
    edges = [_crossing(problem, assignment, a, b) for a, b in ring]
    listed = ", ".join(
        f"{e.source} -> {e.target} ({needs.places[a]} to {needs.places[b]})"
        for e, (a, b) in zip(edges, ring, strict=True)
    )
    return PartitionError(
        f"Places {' -> '.join(needs.places[p] for p in (*cycle, cycle[0]))} wait for one another "
        f"within a tick, over the edges {listed}; raise the delay of one of them to at least one "
        f"tick, or put their nodes at one place."
    )


def _crossing(problem: Problem, assignment: Numbers, source: int, target: int) -> Edge:
    return next(
        edge
        for a, b, edge in problem.clusters.instant
        if assignment[a] == source and assignment[b] == target
    )


def _count(value: float) -> str:
    if math.isinf(value):
        return "any number"
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.1f}"
