"""Improving an assignment move by move, places keeping their order within the tick."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sc_neurocore.ir._clusters import Numbers
from sc_neurocore.ir._problem import SLACK, Problem, loads, used

#: Rounds of improvement.
_ROUNDS = 8
#: Up to so many clusters sequences of moves are tried, each up to so long without a gain.
_FEW, _PATIENCE = 100, 20


class Refiner:
    """An assignment that is changed move by move, places keeping their order within the tick."""

    def __init__(self, problem: Problem, assignment: Numbers, rank: Numbers) -> None:
        """Start from an assignment whose edges within a tick lead forward in ``rank``."""
        self.problem = problem
        # Lists: single numbers of arrays are slow to read.
        self.rank: list[int] = rank.tolist()
        self.at: list[int] = assignment.tolist()
        self.weights: list[float] = problem.weights.tolist()
        self.free: list[bool] = (problem.fixed < 0).tolist()
        self.own: list[list[float]] = problem.needs.load.tolist()
        self.limit: list[float] = problem.limit.tolist()
        self.taken = used(problem, assignment)
        self.load: list[float] = loads(problem, assignment).tolist()
        self.held: list[int] = np.bincount(assignment, minlength=problem.places).tolist()
        self.limited = bool(np.isfinite(problem.needs.capacity).any())
        self.pins = [[0] * problem.places for _ in problem.clusters.nets]
        for net, pins in enumerate(problem.clusters.nets):
            for pin in pins:
                self.pins[net][self.at[pin]] += 1
        self.room = problem.needs.capacity * (1 + SLACK) + SLACK
        self.largest = float(problem.needs.load.max(initial=0.0))

    def refined(self) -> Numbers:
        """The assignment after moves that relieve, then moves that lower the cut."""
        self.relieved()
        for _ in range(_ROUNDS):
            if not (self._round() or (len(self.at) <= _FEW and self._pass())):
                break
        return np.array(self.at, np.int64)

    def relieved(self) -> Numbers:
        """The assignment after moves out of places that hold too much, as far as there are any."""
        for excess in (self._over, self._beyond):
            for _ in range(_ROUNDS):
                moves = sorted(
                    (-gain, cluster, to)
                    for p in range(self.problem.places)
                    if excess(p)
                    for cluster, at in enumerate(self.at)
                    if at == p
                    for gain, to in self._moves(cluster)
                )
                changed = False
                for _, cluster, to in moves:
                    # Earlier moves may have made this one needless or forbidden.
                    if excess(self.at[cluster]) and any(
                        to == allowed for _, allowed in self._moves(cluster)
                    ):
                        self._move(cluster, to)
                        changed = True
                if not changed:
                    break
        return np.array(self.at, np.int64)

    def _over(self, place: int) -> bool:
        return bool((self.taken[place] > self.room[place]).any())

    def _beyond(self, place: int) -> bool:
        return bool(self.load[place] > self.limit[place] + SLACK)

    def _round(self) -> bool:
        """Moves that each lower the cut; whether there was one."""
        changed = False
        for cluster in range(len(self.at)):
            best = max(self._moves(cluster), default=(0.0, -1), key=lambda m: (m[0], -m[1]))
            if best[0] > SLACK and self.held[self.at[cluster]] > 1:
                self._move(cluster, best[1])
                changed = True
        return changed

    def _pass(self) -> bool:
        """A pass of Fiduccia and Mattheyses (1982): the best sequence of moves, each cluster once.

        On the way a place may hold a cluster too many. Whether the cut is lower afterwards.
        """
        total = best = 0.0
        keep, log = 0, list[tuple[int, int]]()
        waiting = set(range(len(self.at)))
        while waiting and len(log) < keep + _PATIENCE:
            found = max(
                (
                    (gain, -cluster, -to)
                    for cluster in waiting
                    if self.held[self.at[cluster]] > 1
                    for gain, to in self._moves(cluster, spare=self.largest)
                ),
                default=None,
            )
            if found is None:
                break
            cluster = -found[1]
            log.append((cluster, self.at[cluster]))
            self._move(cluster, -found[2])
            waiting.discard(cluster)
            total += found[0]
            every = range(self.problem.places)
            if total > best + SLACK and not any(self._over(p) or self._beyond(p) for p in every):
                best, keep = total, len(log)
        for cluster, back in reversed(log[keep:]):
            self._move(cluster, back)
        return keep > 0

    def _moves(self, cluster: int, spare: float = 0.0) -> Iterator[tuple[float, int]]:
        """Gain and place of the moves that turn no edge back and overfill no place.

        With ``spare``, a place may be overfilled, by that much load.
        """
        problem, here = self.problem, self.at[cluster]
        if not self.free[cluster]:
            return
        low = max((self.rank[self.at[b]] for b in problem.before[cluster]), default=0)
        high = min(
            (self.rank[self.at[a]] for a in problem.after[cluster]), default=problem.places - 1
        )
        for to in range(problem.places):
            if to == here or not low <= self.rank[to] <= high:
                continue
            if self.load[to] + self.own[to][cluster] > self.limit[to] + spare + SLACK:
                continue
            if self.limited and not spare:
                taken = self.taken[to] + problem.needs.taken[to, cluster]
                if (taken > self.room[to]).any():
                    continue
            gain = 0.0
            for net in problem.nets_of[cluster]:
                pins = self.pins[net]
                gain += self.weights[net] * ((pins[here] == 1) - (pins[to] == 0))
            yield gain, to

    def _move(self, cluster: int, to: int) -> None:
        taken, here = self.problem.needs.taken, self.at[cluster]
        for net in self.problem.nets_of[cluster]:
            self.pins[net][here] -= 1
            self.pins[net][to] += 1
        self.taken[here] -= taken[here, cluster]
        self.taken[to] += taken[to, cluster]
        self.load[here] -= self.own[here][cluster]
        self.load[to] += self.own[to][cluster]
        self.held[here] -= 1
        self.held[to] += 1
        self.at[cluster] = to
