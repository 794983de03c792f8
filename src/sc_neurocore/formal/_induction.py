"""k-induction over a transition system with bitwuzla.

All assertions are proven together: the step case may use each of them in the k clocks before. In
the step case arithmetic is first left open (uninterpreted functions) and memories may hold
anything; what is proven of that holds of the real arithmetic too. What is not provable so is tried
again with less left open. The base case is always exact.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import bitwuzla
from bitwuzla import Kind, Option, Result

from sc_neurocore.exceptions import ToolError
from sc_neurocore.formal._btor import Op, System
from sc_neurocore.formal._execute import live_nodes

_KINDS: Mapping[str, Kind] = {
    "not": Kind.BV_NOT, "neg": Kind.BV_NEG, "redor": Kind.BV_REDOR, "redand": Kind.BV_REDAND,
    "redxor": Kind.BV_REDXOR, "inc": Kind.BV_INC, "dec": Kind.BV_DEC, "and": Kind.BV_AND,
    "or": Kind.BV_OR, "xor": Kind.BV_XOR, "nand": Kind.BV_NAND, "nor": Kind.BV_NOR,
    "xnor": Kind.BV_XNOR, "add": Kind.BV_ADD, "sub": Kind.BV_SUB, "mul": Kind.BV_MUL,
    "sll": Kind.BV_SHL, "srl": Kind.BV_SHR, "sra": Kind.BV_ASHR, "concat": Kind.BV_CONCAT,
    "read": Kind.ARRAY_SELECT, "write": Kind.ARRAY_STORE,
}  # fmt: skip
_RELATIONS: Mapping[str, Kind] = {
    "eq": Kind.EQUAL, "iff": Kind.EQUAL, "neq": Kind.DISTINCT, "ult": Kind.BV_ULT,
    "ulte": Kind.BV_ULE, "ugt": Kind.BV_UGT, "ugte": Kind.BV_UGE, "slt": Kind.BV_SLT,
    "slte": Kind.BV_SLE, "sgt": Kind.BV_SGT, "sgte": Kind.BV_SGE,
}  # fmt: skip
#: What the step case leaves open, from the quickest attempt to the exact one.
_LEVELS: tuple[tuple[str, ...], ...] = (("add", "sub", "mul"), ("product",), ())
#: Share of the time left that one question with open operations may take.
_SHARE = 0.1
#: Operations narrower than this are control, and never left open.
_OPEN_WIDTH = 11


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
    """Prove or refute every assertion, with k from 1 to ``max_depth``."""
    left: list[str] = []
    depth = 0
    while depth < max_depth and time.monotonic() < deadline:
        depth += 1
        decided, found = _base(system, depth, deadline)
        if found is not None:
            return found
        if not decided:
            return Verdict(dict.fromkeys(system.bad, "unknown"), depth)
        left, opened = _step(system, list(system.bad), depth, deadline)
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
    frames = _Frames(system, initial=True, opened=())
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
    frames = _Frames(system, initial=True, opened=())
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
    frames = _Frames(system, initial=False, opened=opened)
    for _ in range(k + 1):
        frames.extend()
    solver = frames.solver(deadline, share=_SHARE if opened else 1.0)
    for t in range(k):
        for name in hypothesis:
            solver.assert_formula(frames.no(t, system.bad[name]))
    left = list(goals)
    failing: list[str] = []
    while left:
        # All at once while models tell which fail; a time-out then falls back to one by one.
        answer = solver.check_sat(frames.any_bad(k, left))
        if answer == Result.UNSAT:
            return failing
        if answer != Result.SAT:
            break
        broken = {n for n in left if frames.value(solver, k, system.bad[n])}
        failing += [n for n in left if n in broken]
        left = [n for n in left if n not in broken]
    for name in left:
        if time.monotonic() > deadline or (
            solver.check_sat(frames.any_bad(k, [name])) != Result.UNSAT
        ):
            failing.append(name)
    return failing


def _tables(system: System) -> set[int]:
    """Memories with contents that never change."""
    return {s for s in system.init if system.nodes[s].sort.index and system.following.get(s) == s}


class _Frames:
    """The system unrolled: each frame's nodes as terms over the first state and the inputs."""

    def __init__(self, system: System, *, initial: bool, opened: tuple[str, ...]) -> None:
        self.system, self.tm = system, bitwuzla.TermManager()
        self.opened = opened
        self.frames: list[dict[int, Any]] = []
        roots = [*system.bad.values(), *system.constraints, *system.following.values()]
        self.order = live_nodes(system, [*roots, *system.inputs, *system.states])
        self.one = self.tm.mk_bv_value(self.tm.mk_bv_sort(1), 1)
        self.zero = self.tm.mk_bv_value(self.tm.mk_bv_sort(1), 0)
        self.functions: dict[tuple[str, int], Any] = {}
        self.first: dict[int, Any] = {}
        for s in system.states:
            self.first[s] = self._symbol(s)
        # A memory that nobody writes always holds what it held at first.
        tables = set() if "add" in opened else _tables(system)
        known = set(system.init) if initial else tables
        terms: dict[int, Any] = {}
        for i in live_nodes(system, [system.init[s] for s in known]):
            terms[i] = self._initial_term(i, terms)
        self.first |= {s: self._contents(s, terms[system.init[s]]) for s in known}

    def _contents(self, state: int, initial: Any) -> Any:
        """A state's initial term; that of a memory may be an element, the same everywhere."""
        everywhere = self.system.nodes[state].sort.index and not initial.sort().is_array()
        return self.tm.mk_const_array(self._sort(state), initial) if everywhere else initial

    def _initial_term(self, i: int, terms: dict[int, Any]) -> Any:
        # Writes of contents start from a memory that may hold anything.
        return self.first[i] if self.system.nodes[i].op == "state" else self._term(i, terms)

    def _sort(self, i: int) -> Any:
        sort = self.system.nodes[i].sort
        element = self.tm.mk_bv_sort(sort.width)
        if not sort.index:
            return element
        return self.tm.mk_array_sort(self.tm.mk_bv_sort(sort.index), element)

    def _symbol(self, i: int) -> Any:
        return self.tm.mk_const(self._sort(i))

    def extend(self) -> None:
        """Add one clock."""
        system = self.system
        if self.frames:
            before = self.frames[-1]
            states = {s: before[n] for s, n in system.following.items()}
            states |= {s: before[s] for s in _tables(system)}
            states |= {s: self._symbol(s) for s in system.states if s not in states}
        else:
            states = dict(self.first)
        terms = dict(states)
        for i in self.order:
            if i not in terms:
                terms[i] = self._term(i, terms)
        self.frames.append(terms)

    def _term(self, i: int, terms: Mapping[int, Any]) -> Any:
        op, tm = self.system.nodes[i], self.tm
        a = [terms[x] for x in op.args]
        if op.op in _RELATIONS:
            return tm.mk_term(Kind.ITE, [tm.mk_term(_RELATIONS[op.op], a), self.one, self.zero])
        match op.op:
            case "const":
                return tm.mk_bv_value(self._sort(i), op.value)
            case "input":
                return self._symbol(i)
            case "implies":
                return tm.mk_term(Kind.BV_OR, [tm.mk_term(Kind.BV_NOT, [a[0]]), a[1]])
            case "uext" | "sext":
                if not op.params[0]:
                    return a[0]
                kind = Kind.BV_ZERO_EXTEND if op.op == "uext" else Kind.BV_SIGN_EXTEND
                return tm.mk_term(kind, a, [op.params[0]])
            case "slice":
                return tm.mk_term(Kind.BV_EXTRACT, a, list(op.params))
            case "ite":
                return tm.mk_term(Kind.ITE, [self.true(a[0]), a[1], a[2]])
            case "add" | "sub" | "mul" if self._is_open(op):
                return tm.mk_term(Kind.APPLY, [self._opened(op), *a])
        if op.op not in _KINDS:
            raise ToolError(f"BTOR2 operation {op.op!r} is not supported by the proof driver")
        return tm.mk_term(_KINDS[op.op], a)

    def _is_open(self, op: Op) -> bool:
        if op.sort.width < _OPEN_WIDTH:
            return False
        product = op.op == "mul" and all(self.system.nodes[a].op != "const" for a in op.args)
        return op.op in self.opened or (product and "product" in self.opened)

    def _opened(self, op: Op) -> Any:
        key = (op.op, op.sort.width)
        if key not in self.functions:
            sort = self.tm.mk_bv_sort(op.sort.width)
            self.functions[key] = self.tm.mk_const(self.tm.mk_fun_sort([sort, sort], sort))
        return self.functions[key]

    def true(self, term: Any) -> Any:
        """A one-bit term as a truth value."""
        return self.tm.mk_term(Kind.EQUAL, [term, self.one])

    def bit(self, t: int, node: int) -> Any:
        """That a node is 1 in a clock."""
        return self.true(self.frames[t][node])

    def no(self, t: int, node: int) -> Any:
        """That a node is 0 in a clock."""
        return self.tm.mk_term(Kind.EQUAL, [self.frames[t][node], self.zero])

    def any_bad(self, t: int, labels: Iterable[str]) -> Any:
        """That one of some assertions fails in a clock."""
        terms = [self.bit(t, self.system.bad[n]) for n in labels]
        return terms[0] if len(terms) == 1 else self.tm.mk_term(Kind.OR, terms)

    def solver(self, deadline: float, share: float = 1.0) -> Any:
        """A solver that knows the constraints of every frame."""
        options = bitwuzla.Options()
        options.set(Option.PRODUCE_MODELS, True)
        left_ms = max(1, int((deadline - time.monotonic()) * 1000 * share))
        options.set(Option.TIME_LIMIT_PER, left_ms)
        solver = bitwuzla.Bitwuzla(self.tm, options)
        for t in range(len(self.frames)):
            for c in self.system.constraints:
                solver.assert_formula(self.bit(t, c))
        return solver

    def value(self, solver: Any, t: int, node: int) -> int:
        """A node's value in a clock of the model found."""
        return int(solver.get_value(self.frames[t][node]).value(10))
