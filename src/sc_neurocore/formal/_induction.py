"""k-induction over a transition system with bitwuzla.

All assertions are proven together: the step case may use each of them in the k clocks before, and
in the last clock those that are proven of it already, of which the simplest come first. In the step
case arithmetic is first left open (uninterpreted functions) and memories may hold anything; what is
proven of that holds of the real arithmetic too. What is not provable so is tried again with less
left open. The base case is always exact.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import bitwuzla
from bitwuzla import Result

from sc_neurocore.formal._btor import System
from sc_neurocore.formal._execute import live_nodes
from sc_neurocore.formal._frames import Frames

#: What the step case leaves open, from the quickest attempt to the exact one.
_LEVELS: tuple[tuple[str, ...], ...] = (("add", "sub", "mul"), ("product",), ())
#: Share of the time left that one question with open operations may take.
_SHARE = 0.02


@dataclass
class Verdict:
    """What was found.

    Attributes:
        status: ``proven``, ``refuted`` or ``unknown``, per assertion.
        depth: the k of the induction that closed, or the clocks searched.
        opened: operations that the step case left open (fewer is never weaker).
        inputs: of a refutation, the inputs per clock by name.
        start: of a refutation, initial values of the states by number.
    """

    status: dict[str, str]
    depth: int
    opened: tuple[str, ...] = ()
    inputs: list[dict[str, int]] = field(default_factory=list)
    start: dict[int, int] = field(default_factory=dict)


def version() -> str:
    """The solver's version."""
    return str(bitwuzla.version())


def prove_all(system: System, *, max_depth: int, deadline: float) -> Verdict:
    """Prove or refute every assertion, with k from 1 to ``max_depth``.

    Half of the time is kept for proving what can be without those that were too hard.
    """
    left: list[str] = []
    depth, half = 0, (time.monotonic() + deadline) / 2
    while depth < max_depth and time.monotonic() < half:
        depth += 1
        decided, found = _base(system, depth, deadline)
        if found is not None:
            return found
        if not decided:
            return Verdict(dict.fromkeys(system.bad, "unknown"), depth)
        left, opened = _step(system, list(system.bad), depth, half)
        if not left:
            return Verdict(dict.fromkeys(system.bad, "proven"), depth, opened)
    return _remaining(system, left, depth, deadline)


def search(system: System, *, first: int, depth: int, deadline: float) -> Verdict | None:
    """Look for a violation from the initial states, clock by clock."""
    for k in range(first, depth + 1):
        if time.monotonic() > deadline:
            break
        _, found = _base(system, k, deadline)
        if found is not None:
            return found
    return None


def cover(system: System, name: str, *, max_depth: int, deadline: float) -> int | None:
    """First clock in which a signal can be nonzero, searched to a depth."""
    frames = Frames(system, initial=True, opened=())
    for k in range(max_depth):
        frames.extend()
        node = system.named[name]
        goal = frames.bit(k, node) if system.nodes[node].sort.width == 1 else None
        if goal is None or time.monotonic() > deadline:
            return None
        solver = frames.solver(deadline)
        solver.assert_formula(goal)
        if solver.check_sat() == Result.SAT:
            return k
    return None


def _remaining(system: System, failing: list[str], k: int, deadline: float) -> Verdict:
    """Drop what fails from the hypothesis until the rest proves itself."""
    status = dict.fromkeys(system.bad, "unknown")
    left = [name for name in system.bad if name not in set(failing)]
    while failing and left and time.monotonic() < deadline:
        failing, _ = _step(system, left, k, deadline)
        if not failing:
            status |= dict.fromkeys(left, "proven")
        left = [name for name in left if name not in set(failing)]
    return Verdict(status, k)


def _base(system: System, k: int, deadline: float) -> tuple[bool, Verdict | None]:
    """Whether a violation in clock ``k - 1`` from an initial state was decided, and it if found."""
    frames = Frames(system, initial=True, opened=())
    for _ in range(k):
        frames.extend()
    solver = frames.solver(deadline)
    solver.assert_formula(frames.any_bad(k - 1, list(system.bad)))
    answer = solver.check_sat()
    if answer != Result.SAT:
        return answer == Result.UNSAT, None
    broken = {n for n in system.bad if frames.value(solver, k - 1, system.bad[n])}
    status = {n: "refuted" if n in broken else "unknown" for n in system.bad}
    free = [
        s for s in system.states if s not in system.following and not system.nodes[s].sort.index
    ]
    inputs = [
        {system.nodes[i].name: frames.value(solver, t, i) for i in (*system.inputs, *free)}
        for t in range(k)
    ]
    start = {
        s: frames.value(solver, 0, s)
        for s in system.states
        if s not in system.init and not system.nodes[s].sort.index
    }
    return True, Verdict(status, k, (), inputs, start)


def _step(
    system: System, labels: list[str], k: int, deadline: float
) -> tuple[list[str], tuple[str, ...]]:
    """Assertions not shown to hold after all held for ``k`` clocks, and what stayed open."""
    left = labels
    for opened in _LEVELS:
        left = _step_at(system, labels, left, k, opened, deadline)
        if not left:
            return [], opened
    return left, ()


def _step_at(
    system: System,
    hypothesis: list[str],
    goals: list[str],
    k: int,
    opened: tuple[str, ...],
    deadline: float,
) -> list[str]:
    """Goals not shown, one by one: each may use those before it, and what is no goal any more."""
    frames = Frames(system, initial=False, opened=opened)
    for _ in range(k + 1):
        frames.extend()
    solver = frames.solver(deadline, share=_SHARE if opened else 1 / len(goals))
    for t in range(k):
        for name in hypothesis:
            solver.assert_formula(frames.no(t, system.bad[name]))
    for name in sorted(set(hypothesis).difference(goals)):  # shown with more left open
        solver.assert_formula(frames.no(k, system.bad[name]))
    failing: list[str] = []
    for name in sorted(goals, key=lambda n: len(live_nodes(system, [system.bad[n]]))):
        if time.monotonic() > deadline or (
            solver.check_sat(frames.bit(k, system.bad[name])) != Result.UNSAT
        ):
            failing.append(name)
        else:
            solver.assert_formula(frames.no(k, system.bad[name]))
    return failing
