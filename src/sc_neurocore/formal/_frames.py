"""A transition system unrolled clock by clock into terms of bitwuzla."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

import bitwuzla
from bitwuzla import Kind, Option

from sc_neurocore.exceptions import ToolError
from sc_neurocore.formal._btor import Op, System
from sc_neurocore.formal._execute import array_contents, initial_writes, live_nodes

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
#: Words of the largest memory that is read through multiplexers.
_LARGEST_TABLE = 1 << 14
#: Operations narrower than this are control, and never left open.
_OPEN_WIDTH = 13


def _tables(system: System) -> set[int]:
    """Memories with contents that never change."""
    return {s for s in system.init if system.nodes[s].sort.index and system.following.get(s) == s}


def _contents(system: System, state: int) -> list[int] | None:
    """What a memory holds at first, if all of it is known and it is no larger than a table is."""
    base, writes = initial_writes(system, state)
    size, nodes = 1 << system.nodes[state].sort.index, system.nodes
    if any(nodes[i].op != "const" for write in writes for i in write):
        return None  # some bits are undefined
    whole = nodes[base].op == "const" or len({nodes[at].value for at, _ in writes}) == size
    if size > _LARGEST_TABLE or not whole:
        return None
    return array_contents(system, state)


class Frames:
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
        tables = _tables(system) if initial or "add" not in opened else set()
        self.contents = {s: v for s in tables if (v := _contents(system, s)) is not None}
        known = (set(system.init) if initial else tables) - self.contents.keys()
        terms: dict[int, Any] = {}
        for i in live_nodes(system, [system.init[s] for s in known]):
            terms[i] = self._initial_term(i, terms)
        self.first |= {s: self._memory(s, terms[system.init[s]]) for s in known}

    def _memory(self, state: int, initial: Any) -> Any:
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
            case "read" if op.args[0] in self.contents:
                values = [tm.mk_bv_value(self._sort(i), v) for v in self.contents[op.args[0]]]
                return self._chosen(values, a[1])
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

    def _chosen(self, values: list[Any], at: Any) -> Any:
        """The value at an address: multiplexers, which a solver sees through more easily."""
        for k in range((len(values) - 1).bit_length()):
            bit = self.true(self.tm.mk_term(Kind.BV_EXTRACT, [at], [k, k]))
            values = [
                low if low == high else self.tm.mk_term(Kind.ITE, [bit, high, low])
                for low, high in zip(values[::2], values[1::2], strict=True)
            ]
        return values[0]

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
