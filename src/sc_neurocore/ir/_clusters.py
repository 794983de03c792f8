"""What a placement is about: nodes that stay together, who sends spikes to whom, what each needs.

The problem is one of hypergraph partitioning: a vertex for every cluster, a net for every
population whose spikes other clusters read. A net that spans n places costs its spikes n - 1 times,
once for every place they are sent to (the connectivity metric, Catalyurek and Aykanat 1999).
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.ir._graph import Edge, Graph
from sc_neurocore.ir._linear import Affine, Conv1d, Conv2d
from sc_neurocore.ir._ops import Input, Neurons, Op, Output, Projection, Threshold
from sc_neurocore.ir._order import walk
from sc_neurocore.ir._places import PartitionError, Place, Places

Reals = NDArray[np.float64]
Numbers = NDArray[np.int64]

#: By place and node: what the node takes of the resources that are not counted here.
Areas = Mapping[str, Mapping[str, Mapping[str, float]]]
#: Resources that follow from the graph alone.
COUNTED = ("neurons", "synapses")


@dataclass(frozen=True, eq=False)
class Clusters:
    """A network as clusters of nodes that run at one place.

    Attributes:
        members: ids of the nodes of each cluster, in the order of the graph.
        home: by node id, the number of its cluster; Inputs have none.
        nets: per sending population, the clusters concerned: first its own, then its readers.
        sources: ids of the populations of the nets.
        instant: edges without a delay between clusters, as (source, target, edge).
    """

    members: tuple[tuple[str, ...], ...]
    home: Mapping[str, int]
    nets: tuple[tuple[int, ...], ...]
    sources: tuple[str, ...]
    instant: tuple[tuple[int, int, Edge], ...]

    def __len__(self) -> int:
        return len(self.members)

    def label(self, graph: Graph, cluster: int) -> str:
        """The population that a cluster is named by, in quotes."""
        names = self.members[cluster]
        held = [n for n in names if isinstance(graph.nodes[n].op, (Neurons, Threshold))]
        return repr((held or list(names))[-1])


def is_spiking(op: Op) -> bool:
    """Whether an operation is a population that gives spikes."""
    return isinstance(op, Threshold) or (isinstance(op, Neurons) and op.spiking)


def find_clusters(graph: Graph) -> Clusters:
    """The clusters of a flat graph.

    Only spikes travel, so whatever gives something else is with all that reads it: linear
    operations with their target, populations that never spike with their readers. An Output is
    with the population that it reads, the last one in the tick if there are several. Clusters that
    read each other within a tick are one. Inputs belong to none: every reader has a copy.
    """
    nodes = [node for node in graph.nodes.values() if not isinstance(node.op, Input)]
    ids = [node.id for node in nodes]
    number = {name: i for i, name in enumerate(ids)}
    spiking = np.array([is_spiking(node.op) for node in nodes], np.bool_)
    outputs = np.array([isinstance(node.op, Output) for node in nodes], np.bool_)
    edges = graph.edges
    source = _numbers(number, map(attrgetter("source"), edges), len(edges))
    target = _numbers(number, map(attrgetter("target"), edges), len(edges))
    inner = np.flatnonzero(source >= 0)
    joined = inner[~spiking[source[inner]]]
    cut = inner[spiking[source[inner]]]
    read: dict[str, list[str]] = {}
    for index in cut[outputs[target[cut]]].tolist():
        read.setdefault(edges[index].target, []).append(edges[index].source)
    last = [(number[last], number[name]) for name, last in _last_read(graph, read).items()]
    pairs = np.stack([source[joined], target[joined]], axis=1)
    labels = _components(len(ids), [pairs, np.array(last, np.int64).reshape(-1, 2)], strong=False)
    prompt = cut[np.fromiter((edges[i].delay == 0 for i in cut.tolist()), np.bool_, len(cut))]
    between = np.stack([labels[source[prompt]], labels[target[prompt]]], axis=1)
    between = between[between[:, 0] != between[:, 1]]
    strong = _components(int(labels.max(initial=-1)) + 1, [between], strong=True)
    home = _by_first(strong[labels])
    members: list[list[str]] = [[] for _ in range(int(home.max(initial=-1)) + 1)]
    for name, cluster in zip(ids, home.tolist(), strict=True):
        members[cluster].append(name)
    sources, nets = _nets(source[cut], home[source[cut]], home[target[cut]])
    apart = prompt[home[source[prompt]] != home[target[prompt]]]
    instant = zip(
        home[source[apart]].tolist(),
        home[target[apart]].tolist(),
        (edges[i] for i in apart.tolist()),
        strict=True,
    )
    return Clusters(
        tuple(map(tuple, members)),
        dict(zip(ids, home.tolist(), strict=True)),
        nets,
        tuple(ids[i] for i in sources),
        tuple(instant),
    )


def _numbers(number: Mapping[str, int], names: Iterable[str], count: int) -> Numbers:
    """Numbers of names, -1 where they have none."""
    return np.fromiter((number.get(name, -1) for name in names), np.int64, count)


def _by_first(labels: Numbers) -> Numbers:
    """Labels numbered by where they come first, so that they depend on the graph alone."""
    _, first, label = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[label]


def _nets(
    sources: Numbers, own: Numbers, readers: Numbers
) -> tuple[list[int], tuple[tuple[int, ...], ...]]:
    """The nodes that other clusters read, in the order of the edges, and for each its clusters.

    Args:
        sources: node that each edge comes from.
        own: its cluster.
        readers: cluster that the edge leads to.
    """
    order = _by_first(sources)
    clusters = int(readers.max(initial=-1)) + 1
    first = np.sort(np.unique(order * clusters + readers, return_index=True)[1])
    first = first[readers[first] != own[first]]
    first = first[np.argsort(order[first], kind="stable")]
    starts = np.flatnonzero(np.diff(order[first], prepend=-1)).tolist()
    pins, heads = readers[first].tolist(), own[first].tolist()
    ends = [*starts[1:], len(pins)]
    nets = tuple(
        (heads[start], *pins[start:end])
        for start, end in zip(starts, ends[: len(starts)], strict=True)
    )
    return sources[first[starts]].tolist(), nets


def _last_read(graph: Graph, read: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """For each Output, of the populations that it reads, the one that the tick visits last."""
    if all(len(names) == 1 for names in read.values()):
        return {output: names[0] for output, names in read.items()}
    following: dict[str, list[str]] = {}
    for edge in graph.edges:
        if not edge.delay:
            following.setdefault(edge.source, []).append(edge.target)
    order = {name: i for i, name in enumerate(walk(graph.nodes, following).order)}
    return {output: max(names, key=order.__getitem__) for output, names in read.items()}


def _components(size: int, pairs: Sequence[Numbers], *, strong: bool) -> Numbers:
    """Number of the component of each of ``size`` vertices that pairs, (pair, 2), join."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ends = np.concatenate(pairs)
    matrix = coo_array((np.ones(len(ends), np.bool_), (ends[:, 0], ends[:, 1])), (size, size))
    kind = "strong" if strong else "weak"
    labels = connected_components(matrix.tocsr(), directed=True, connection=kind)[1]
    return np.asarray(labels, np.int64)


def node_counts(op: Op) -> tuple[int, int]:
    """Neurons and synapses of a node whose shape is known: its cells, or a tick's products."""
    if isinstance(op, (Neurons, Threshold)):
        return math.prod(op.wants() or (1,)), 0
    if isinstance(op, (Affine, Projection)):
        return 0, op.weight.size
    if isinstance(op, (Conv1d, Conv2d)) and (shape := op.wants()) is not None:
        return 0, math.prod(op.gives(shape)) * math.prod(op.weight.shape[1:])
    return 0, 0


@dataclass(frozen=True, eq=False)
class Needs:
    """What the clusters take and the places have.

    Attributes:
        resources: names.
        places: names.
        taken: (place, cluster, resource).
        capacity: (place, resource), infinite without a limit.
        load: (place, cluster), what is balanced: a share of the scarcest resource, or of neurons
            plus synapses if nothing is scarce.
        share: (place,), the part of the whole load that each place should have; they add up to 1.
        most: (place,), the part of the whole load that each place has room for, maybe more than 1.
    """

    resources: tuple[str, ...]
    places: tuple[str, ...]
    taken: Reals
    capacity: Reals
    load: Reals
    share: Reals
    most: Reals


def find_needs(graph: Graph, clusters: Clusters, places: Places, areas: Areas) -> Needs:
    """What each cluster takes at each place.

    Raises:
        PartitionError: a place limits a resource that nothing is known of.
    """
    table = list(places.places.values())
    resources = tuple(dict.fromkeys([*COUNTED, *(r for p in table for r in p.capacity)]))
    homes = np.fromiter(clusters.home.values(), np.int64, len(clusters.home))
    each = np.array([node_counts(graph.nodes[name].op) for name in clusters.home], np.float64)
    counts = np.stack([np.bincount(homes, column, len(clusters)) for column in each.T], axis=1)
    taken = np.zeros((len(table), len(clusters), len(resources)))
    taken[:, :, :2] = counts
    capacity = np.full((len(table), len(resources)), np.inf)
    for p, place in enumerate(table):
        for r, resource in enumerate(resources):
            capacity[p, r] = place.capacity.get(resource, np.inf)
            if resource in place.capacity and resource not in COUNTED:
                taken[p, :, r] = _area(graph, clusters, place, areas, resource)
    names = tuple(place.name for place in table)
    return Needs(resources, names, taken, capacity, *_balance(taken, capacity))


def _area(graph: Graph, clusters: Clusters, place: Place, areas: Areas, resource: str) -> Reals:
    known = areas.get(place.name, {})
    total = np.zeros(len(clusters))
    for name, cluster in clusters.home.items():
        figure = known.get(name, {}).get(resource)
        if figure is not None:
            total[cluster] += figure
        elif isinstance(graph.nodes[name].op, (Neurons, Threshold)):
            raise PartitionError(
                f"Place {place.name!r} holds at most {place.capacity[resource]:g} {resource}, but "
                f"how many {name!r} takes there is not known; give its area, or leave "
                f"{resource} out of the place's capacity."
            )
    return total


def _balance(taken: Reals, capacity: Reals) -> tuple[Reals, Reals, Reals]:
    """Load of every cluster, share of every place, and most of every place."""
    total = taken.mean(axis=0).sum(axis=0)
    room = capacity.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        scarcity = np.where(np.isfinite(room) & (total > 0), total / room, 0.0)
    even = np.full(len(capacity), 1 / len(capacity))
    if scarcity.max() > 0:
        r = int(scarcity.argmax())
        whole = total[r]
        return taken[:, :, r] / whole, capacity[:, r] / room[r], capacity[:, r] / whole
    load = taken[:, :, :2].sum(axis=2)
    return load / max(load[0].sum(), 1.0), even, np.full(len(capacity), np.inf)


def fixed_places(
    graph: Graph, clusters: Clusters, places: Places, assignment: Mapping[str, str]
) -> Numbers:
    """Place that each cluster is fixed to, -1 for any.

    Args:
        graph: whose nodes may have a place.
        clusters: of the graph.
        places: there are.
        assignment: places by node id besides.

    Raises:
        PartitionError: an unknown place or node, or two places for a cluster.
    """
    index = {name: i for i, name in enumerate(places.places)}
    fixed = np.full(len(clusters), -1, np.int64)
    because: dict[int, tuple[str, str]] = {}
    placed = ((node.id, node.place) for node in graph.nodes.values() if node.place)
    # Populations first: what a refusal names is then no synapse, if it can be helped.
    given = sorted(
        (*assignment.items(), *placed),
        key=lambda pair: pair[0] not in graph.nodes or node_counts(graph.nodes[pair[0]].op)[0] == 0,
    )
    for name, place in given:
        if name not in graph.nodes:
            raise PartitionError(
                f"Node {name!r} is assigned to place {place!r}, but there is no such node"
                f"{_near(name, graph.nodes)}"
            )
        if place not in index:
            listed = ", ".join(index)
            raise PartitionError(
                f"Node {name!r} is to run at place {place!r}, which does not exist; there are "
                f"{listed}."
            )
        cluster = clusters.home.get(name)
        if cluster is None:
            continue
        other, there = because.setdefault(cluster, (name, place))
        if place != there:
            ends = (
                isinstance(graph.nodes[other].op, Output),
                isinstance(graph.nodes[name].op, Output),
            )
            raise PartitionError(
                f"Node {other!r} is to run at place {there!r} and {name!r} at {place!r}, but "
                + (
                    "an Output runs where the last population that it reads does; pin neither, or "
                    "both to one place."
                    if any(ends)
                    else "these two are joined by more than spikes that take a tick, which alone "
                    "can pass between places; give them one place, or a delay of a tick between "
                    "them."
                )
            )
        fixed[cluster] = index[place]
    return fixed


def _near(name: str, known: Iterable[str]) -> str:
    found = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {found[0]!r}?" if found else "."
