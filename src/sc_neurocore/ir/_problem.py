"""What is to be placed, and what an assignment of clusters to places amounts to."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sc_neurocore.ir._clusters import Clusters, Needs, Numbers, Reals
from sc_neurocore.ir._order import walk

#: Slack of sums of floating-point needs.
SLACK = 1e-9


@dataclass(frozen=True, eq=False)
class Problem:
    """What is to be placed.

    Attributes:
        clusters: of the graph.
        needs: of the clusters.
        fixed: place of each cluster, -1 for any.
        weights: spikes per tick of each net.
        imbalance: by which a place's load may exceed its share, at least.
    """

    clusters: Clusters
    needs: Needs
    fixed: Numbers
    weights: Reals
    imbalance: float

    @property
    def places(self) -> int:
        """Number of places."""
        return len(self.needs.places)

    @cached_property
    def limit(self) -> Reals:
        """Load that each place should not exceed.

        The share and the imbalance allowed, or what the largest cluster first leads to, if that is
        more: so there is an assignment within the limit.
        """
        greedy = spread(self, np.argsort(-self.needs.load.mean(axis=0), kind="stable"))
        reached = (loads(self, greedy) / np.maximum(self.needs.share, SLACK)).max(initial=0.0)
        shares = self.needs.share * max(1 + self.imbalance, float(reached))
        return np.asarray(np.minimum(shares, self.needs.most))

    @cached_property
    def pins(self) -> tuple[Numbers, Numbers]:
        """Net and cluster of every pin."""
        nets = self.clusters.nets
        sizes = np.fromiter(map(len, nets), np.int64, len(nets))
        pins = np.fromiter(itertools.chain.from_iterable(nets), np.int64, int(sizes.sum()))
        return np.repeat(np.arange(len(nets)), sizes), pins

    @cached_property
    def nets_of(self) -> list[list[int]]:
        """Nets of each cluster."""
        table: list[list[int]] = [[] for _ in range(len(self.clusters))]
        for net, pins in enumerate(self.clusters.nets):
            for pin in pins:
                table[pin].append(net)
        return table

    @cached_property
    def before(self) -> list[list[int]]:
        """Clusters whose spikes each needs within the tick."""
        return _grouped(len(self.clusters), ((b, a) for a, b, _ in self.clusters.instant))

    @cached_property
    def after(self) -> list[list[int]]:
        """Clusters that need the spikes of each within the tick."""
        return _grouped(len(self.clusters), ((a, b) for a, b, _ in self.clusters.instant))

    @cached_property
    def order(self) -> list[int]:
        """Clusters, each after those whose spikes it needs within the tick."""
        waiting = [len(before) for before in self.before]
        order = [c for c, count in enumerate(waiting) if not count]
        for cluster in order:
            for target in self.after[cluster]:
                waiting[target] -= 1
                if not waiting[target]:
                    order.append(target)
        return order


def _grouped(size: int, pairs: Iterable[tuple[int, int]]) -> list[list[int]]:
    table: list[dict[int, None]] = [{} for _ in range(size)]
    for key, value in pairs:
        table[key][value] = None
    return [list(values) for values in table]


def cut(problem: Problem, assignment: Numbers) -> float:
    """Spikes sent per tick: each once for every other place that reads it."""
    if not problem.clusters.nets:
        return 0.0
    net, pin = problem.pins
    spans = np.zeros((len(problem.clusters.nets), problem.places), np.bool_)
    spans[net, assignment[pin]] = True
    # One after another, so that the sum is the same on every machine.
    return float(np.cumsum(problem.weights * (spans.sum(axis=1) - 1))[-1])


def used(problem: Problem, assignment: Numbers) -> Reals:
    """What is taken of each resource at each place, (place, resource)."""
    taken = problem.needs.taken
    return np.stack([taken[p, assignment == p].sum(axis=0) for p in range(problem.places)])


def loads(problem: Problem, assignment: Numbers) -> Reals:
    """Load of each place."""
    load = problem.needs.load
    return np.array([load[p, assignment == p].sum() for p in range(problem.places)])


def fits(problem: Problem, assignment: Numbers) -> bool:
    """Whether no place holds more than it can."""
    room = problem.needs.capacity * (1 + SLACK) + SLACK
    return bool((used(problem, assignment) <= room).all())


def place_cycle(problem: Problem, assignment: Numbers) -> tuple[int, ...]:
    """Places that wait for one another within a tick, empty if there are none."""
    following: dict[int, set[int]] = {}
    for a, b, _ in problem.clusters.instant:
        if assignment[a] != assignment[b]:
            following.setdefault(int(assignment[a]), set()).add(int(assignment[b]))
    named = {str(a): [str(b) for b in sorted(bs)] for a, bs in sorted(following.items())}
    return tuple(int(name) for name in walk(named, named).cycle)


Score = tuple[int, float, float]


def score(problem: Problem, assignment: Numbers) -> Score | None:
    """What is minimised: idle places, load beyond the limits, spikes sent; None if not allowed."""
    if not fits(problem, assignment) or place_cycle(problem, assignment):
        return None
    over = np.maximum(loads(problem, assignment) - problem.limit, 0.0).sum()
    idle = min(problem.places, len(assignment)) - len(set(assignment.tolist()))
    return idle, round(float(over), 9), round(cut(problem, assignment), 9)


def spread(problem: Problem, order: Iterable[int]) -> Numbers:
    """Each cluster in turn to the place that is least full for its share and has room.

    Where no place has room, to the one whose fullest resource exceeds its capacity least.
    """
    needs, fixed = problem.needs, problem.fixed
    assignment = fixed.copy()
    limited = np.flatnonzero(np.isfinite(needs.capacity).any(axis=0))
    taken, load = np.zeros((problem.places, len(limited))), np.zeros(problem.places)
    for p in range(problem.places):
        taken[p] = needs.taken[p, fixed == p][:, limited].sum(axis=0)
        load[p] = needs.load[p, fixed == p].sum()
    share, room = np.maximum(needs.share, SLACK), np.maximum(needs.capacity[:, limited], SLACK)
    # Numbers of Python: so few places are compared that arrays would take longer.
    here, loads_of = load.tolist(), needs.load.T.tolist()
    shares, every = share.tolist(), range(problem.places)
    for cluster in order:
        if fixed[cluster] >= 0:
            continue
        own = loads_of[cluster]
        filled = [(here[p] + own[p]) / shares[p] for p in every]
        if len(limited):
            wanted = needs.taken[:, cluster, limited]
            full = np.maximum(((taken + wanted) / room).max(axis=1), 1 + SLACK).tolist()
            best = min(every, key=lambda p: (full[p], filled[p]))
            taken[best] += wanted[best]
        else:
            best = min(every, key=filled.__getitem__)
        assignment[cluster] = best
        here[best] += own[best]
    return assignment
