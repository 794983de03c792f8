"""Finding places for clusters: every capacity holds, no cycle within a tick, few spikes sent."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sc_neurocore.ir._clusters import Clusters, Needs, Numbers, Reals
from sc_neurocore.ir._order import walk

#: Slack of sums of floating-point needs.
_SLACK = 1e-9
#: Up to so many assignments every one is tried.
_TRIED = 5_000
#: Up to so many pins of nets an assignment is improved move by move.
_REFINED = 50_000
#: Rounds of improvement.
_ROUNDS = 8


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
        reached = (loads(self, greedy) / np.maximum(self.needs.share, _SLACK)).max(initial=0.0)
        shares = self.needs.share * max(1 + self.imbalance, float(reached))
        return np.asarray(np.minimum(shares, self.needs.most))

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
    total = 0.0
    for weight, pins in zip(problem.weights, problem.clusters.nets, strict=True):
        total += weight * (len({int(assignment[pin]) for pin in pins}) - 1)
    return float(total)


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
    room = problem.needs.capacity * (1 + _SLACK) + _SLACK
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
    taken, load = np.zeros_like(needs.capacity), np.zeros(problem.places)
    for p in range(problem.places):
        taken[p] = needs.taken[p, fixed == p].sum(axis=0)
        load[p] = needs.load[p, fixed == p].sum()
    share, room = np.maximum(needs.share, _SLACK), np.maximum(needs.capacity, _SLACK)
    every = np.arange(problem.places)
    for cluster in order:
        if fixed[cluster] >= 0:
            continue
        full = ((taken + needs.taken[:, cluster]) / room).max(axis=1)
        filled = (load + needs.load[:, cluster]) / share
        best = int(np.lexsort((every, filled, np.maximum(full, 1 + _SLACK)))[0])
        assignment[cluster] = best
        taken[best] += needs.taken[best, cluster]
        load[best] += needs.load[best, cluster]
    return assignment


def search(problem: Problem, suggestions: Iterable[Numbers]) -> Numbers | None:
    """The best assignment found, None if none was that is allowed.

    Args:
        problem: to solve.
        suggestions: assignments to start from; they are asked for only if not every assignment
            can be tried. Each is repaired where places wait for one another or hold too much.
    """
    free = int((problem.fixed < 0).sum())
    if problem.places**free <= _TRIED:
        return _best(problem, _every(problem))
    return _best(problem, _candidates(problem, suggestions))


def _best(problem: Problem, candidates: Iterable[Numbers]) -> Numbers | None:
    best: tuple[Score, Numbers] | None = None
    for candidate in candidates:
        found = score(problem, candidate)
        if found is not None and (best is None or found < best[0]):
            best = found, candidate
    return None if best is None else best[1]


def _every(problem: Problem) -> Iterator[Numbers]:
    free = np.flatnonzero(problem.fixed < 0)
    for chosen in itertools.product(range(problem.places), repeat=len(free)):
        assignment = problem.fixed.copy()
        assignment[free] = chosen
        yield assignment


def _candidates(problem: Problem, suggestions: Iterable[Numbers]) -> Iterator[Numbers]:
    small = sum(map(len, problem.clusters.nets)) <= _REFINED
    for suggestion in suggestions:
        if score(problem, suggestion) is not None:
            yield suggestion
        for rank in _ranks(problem, suggestion):
            for pushed in _pushed(problem, suggestion, rank):
                yield (
                    Refiner(problem, pushed, rank).refined()
                    if small
                    else _eased(problem, pushed, rank)
                )
    for rank in _ranks(problem, spread(problem, problem.order)):
        chain = _chain(problem, rank)
        yield Refiner(problem, chain, rank).refined() if small else chain


def _eased(problem: Problem, assignment: Numbers, rank: Numbers) -> Numbers:
    if score(problem, assignment) is not None:
        return assignment
    return Refiner(problem, assignment, rank).relieved()


def _ranks(problem: Problem, assignment: Numbers) -> Iterator[Numbers]:
    """Orders of the places in a tick, each as the rank of every place, that the pins allow."""
    depth = np.zeros(len(assignment))
    for cluster in problem.order:
        depth[cluster] = 1 + max((depth[b] for b in problem.before[cluster]), default=-1.0)
    mean = [
        float(depth[assignment == p].mean()) if (assignment == p).any() else 0.0
        for p in range(problem.places)
    ]
    following = pin_order(problem)
    waiting = {p: {q for q, after in following.items() if p in after} for p in range(len(mean))}
    rank = np.zeros(problem.places, np.int64)
    for position in range(problem.places):
        ready = [p for p, before in waiting.items() if not before]
        if not ready:
            return
        chosen = min(ready, key=lambda p: (mean[p], p))
        rank[chosen] = position
        del waiting[chosen]
        for before in waiting.values():
            before.discard(chosen)
    yield rank


def pin_order(problem: Problem) -> dict[int, set[int]]:
    """For each place, those that must come later in a tick because of what is fixed there."""
    reach: list[set[int]] = [set() for _ in problem.fixed]
    following: dict[int, set[int]] = {p: set() for p in range(problem.places)}
    for cluster in problem.order:
        for before in problem.before[cluster]:
            reach[cluster] |= reach[before]
        own = int(problem.fixed[cluster])
        if own >= 0:
            for earlier in reach[cluster] - {own}:
                following[earlier].add(own)
            reach[cluster] = reach[cluster] | {own}
    return following


def _pushed(problem: Problem, assignment: Numbers, rank: Numbers) -> Iterator[Numbers]:
    """The assignment with every edge within a tick leading to the same or a later place.

    Once by moving targets later, once by moving sources earlier.
    """
    if not problem.clusters.instant:
        yield assignment
        return
    place = np.argsort(rank)
    low, high = np.zeros(len(rank_of := rank[assignment]), np.int64), np.zeros_like(rank_of)
    for cluster in problem.order:
        low[cluster] = max((low[b] for b in problem.before[cluster]), default=0)
        if problem.fixed[cluster] >= 0:
            low[cluster] = rank[problem.fixed[cluster]]
    for cluster in reversed(problem.order):
        high[cluster] = min((high[a] for a in problem.after[cluster]), default=len(rank) - 1)
        if problem.fixed[cluster] >= 0:
            high[cluster] = rank[problem.fixed[cluster]]
    later = rank_of.copy()
    for cluster in problem.order:
        least = max((later[b] for b in problem.before[cluster]), default=0)
        later[cluster] = min(max(later[cluster], least), high[cluster])
    yield place[later]
    earlier = rank_of.copy()
    for cluster in reversed(problem.order):
        most = min((earlier[a] for a in problem.after[cluster]), default=len(rank) - 1)
        earlier[cluster] = max(min(earlier[cluster], most), low[cluster])
    yield place[earlier]


def _chain(problem: Problem, rank: Numbers) -> Numbers:
    """Clusters in the order of the tick, filling one place after the other."""
    place = np.argsort(rank)
    full = np.cumsum(problem.needs.share[place])
    mean = problem.needs.load.mean(axis=0)
    passed = np.cumsum(mean[problem.order]) - mean[problem.order] / 2
    assignment = problem.fixed.copy()
    for cluster, at in zip(problem.order, passed, strict=True):
        assignment[cluster] = place[min(int(np.searchsorted(full, at)), len(place) - 1)]
    fixed = problem.fixed >= 0
    assignment[fixed] = problem.fixed[fixed]
    return next(iter(_pushed(problem, assignment, rank)))


class Refiner:
    """An assignment that is changed move by move, places keeping their order within the tick."""

    def __init__(self, problem: Problem, assignment: Numbers, rank: Numbers) -> None:
        """Start from an assignment whose edges within a tick lead forward in ``rank``."""
        self.problem, self.rank = problem, rank
        self.at = assignment.copy()
        self.taken, self.load = used(problem, assignment), loads(problem, assignment)
        self.held = np.bincount(assignment, minlength=problem.places)
        self.pins = np.zeros((len(problem.clusters.nets), problem.places), np.int64)
        for net, pins in enumerate(problem.clusters.nets):
            for pin in pins:
                self.pins[net, assignment[pin]] += 1
        self.room = problem.needs.capacity * (1 + _SLACK) + _SLACK

    def refined(self) -> Numbers:
        """The assignment after moves that relieve, then moves that each lower the cut."""
        self.relieved()
        for _ in range(_ROUNDS):
            if not self._round():
                break
        return self.at

    def relieved(self) -> Numbers:
        """The assignment after moves out of places that hold too much, as far as there are any."""
        for _ in range(2 * len(self.at)):
            over = [p for p in range(self.problem.places) if (self.taken[p] > self.room[p]).any()]
            full = over or [
                p for p in range(self.problem.places)
                if self.load[p] > self.problem.limit[p] + _SLACK
            ]  # fmt: skip
            moves = [
                (gain, int(cluster), to)
                for p in full
                for cluster in np.flatnonzero(self.at == p)
                for gain, to in self._moves(int(cluster))
            ]
            if not moves:
                return self.at
            _, cluster, to = max(moves, key=lambda m: (m[0], -m[1], -m[2]))
            self._move(cluster, to)
        return self.at

    def _round(self) -> bool:
        changed = False
        for cluster in range(len(self.at)):
            if self.held[self.at[cluster]] == 1:
                continue
            best = max(self._moves(cluster), default=(0.0, -1), key=lambda m: (m[0], -m[1]))
            if best[0] > _SLACK:
                self._move(cluster, best[1])
                changed = True
        return changed

    def _moves(self, cluster: int) -> Iterator[tuple[float, int]]:
        """Gain and place of the moves that overfill no place and turn no edge back."""
        problem, here = self.problem, int(self.at[cluster])
        if problem.fixed[cluster] >= 0:
            return
        low = max((self.rank[self.at[b]] for b in problem.before[cluster]), default=0)
        high = min(
            (self.rank[self.at[a]] for a in problem.after[cluster]), default=problem.places - 1
        )
        nets = problem.nets_of[cluster]
        weights = problem.weights[nets]
        alone = weights[self.pins[nets, here] == 1].sum()
        for to in range(problem.places):
            if to == here or not low <= self.rank[to] <= high:
                continue
            if (self.taken[to] + problem.needs.taken[to, cluster] > self.room[to]).any():
                continue
            if self.load[to] + problem.needs.load[to, cluster] > problem.limit[to] + _SLACK:
                continue
            yield float(alone - weights[self.pins[nets, to] == 0].sum()), to

    def _move(self, cluster: int, to: int) -> None:
        needs, here = self.problem.needs, self.at[cluster]
        nets = self.problem.nets_of[cluster]
        self.pins[nets, here] -= 1
        self.pins[nets, to] += 1
        self.taken[here] -= needs.taken[here, cluster]
        self.taken[to] += needs.taken[to, cluster]
        self.load[here] -= needs.load[here, cluster]
        self.load[to] += needs.load[to, cluster]
        self.held[here] -= 1
        self.held[to] += 1
        self.at[cluster] = to
