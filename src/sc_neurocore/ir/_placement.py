"""Finding places for clusters: every capacity holds, no cycle within a tick, few spikes sent."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

import numpy as np

from sc_neurocore.ir._clusters import Numbers
from sc_neurocore.ir._problem import Problem, Score, cut, score, spread
from sc_neurocore.ir._refine import Refiner

#: Up to so many assignments every one is tried.
_TRIED = 5_000
#: Up to so many pins of nets an assignment is improved move by move.
_REFINED = 20_000
#: Up to so many clusters every start is improved, else so many of the best.
_FEW, _STARTS = 40, 6
#: Orders of the tick that are drawn at random to start from.
_DRAWN = 16


def tries_all(problem: Problem) -> bool:
    """Whether `search` tries every assignment, and asks for no suggestions."""
    return bool(problem.places ** int((problem.fixed < 0).sum()) <= _TRIED)


def search(problem: Problem, suggestions: Iterable[Numbers]) -> Numbers | None:
    """The best assignment found, None if none was that is allowed.

    Args:
        problem: to solve.
        suggestions: assignments to start from; they are asked for only if not every assignment
            can be tried. Each is repaired where places wait for one another or hold too much.
    """
    if tries_all(problem):
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
    """Assignments as suggested, those made of them, and a chain in the order of the tick."""
    starts: list[tuple[float, Numbers, Numbers]] = []
    for suggestion in suggestions:
        yield suggestion
        for rank in _ranks(problem, suggestion):
            starts += [(cut(problem, a), a, rank) for a in _pushed(problem, suggestion, rank)]
    small = sum(map(len, problem.clusters.nets)) <= _REFINED
    orders = [problem.order]
    if small and problem.clusters.instant:
        orders += [drawn_order(problem, seed) for seed in range(_DRAWN)]
    for rank in _ranks(problem, spread(problem, problem.order)):
        for chain in (_chain(problem, rank, order) for order in orders):
            starts.append((cut(problem, chain), chain, rank))
    most = len(starts) if len(problem.clusters) <= _FEW else _STARTS
    for _, assignment, rank in sorted(starts, key=lambda s: s[0])[:most]:
        if small:
            yield Refiner(problem, assignment, rank).refined()
        elif score(problem, assignment) is None:
            yield Refiner(problem, assignment, rank).relieved()
        else:
            yield assignment


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


def drawn_order(problem: Problem, seed: int) -> list[int]:
    """Clusters in an order that the tick allows, drawn at random."""
    random = np.random.default_rng(seed)
    waiting = [len(before) for before in problem.before]
    ready = [c for c, count in enumerate(waiting) if not count]
    order: list[int] = []
    while ready:
        at = int(random.integers(len(ready)))
        ready[at], ready[-1] = ready[-1], ready[at]
        order.append(ready.pop())
        for target in problem.after[order[-1]]:
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    return order


def _chain(problem: Problem, rank: Numbers, order: list[int]) -> Numbers:
    """Clusters in an order that the tick allows, filling one place after the other."""
    place = np.argsort(rank)
    full = np.cumsum(problem.needs.share[place])
    mean = problem.needs.load.mean(axis=0)
    passed = np.cumsum(mean[order]) - mean[order] / 2
    assignment = problem.fixed.copy()
    for cluster, at in zip(order, passed, strict=True):
        assignment[cluster] = place[min(int(np.searchsorted(full, at)), len(place) - 1)]
    fixed = problem.fixed >= 0
    assignment[fixed] = problem.fixed[fixed]
    return next(_pushed(problem, assignment, rank))
