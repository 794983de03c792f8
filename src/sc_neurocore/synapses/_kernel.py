"""From a `Rule` to the source of its numba kernel over sparse rows and their transpose.

Traces wait: a state at a terminal, a neuron or a synapse is stored with the tick it was last
advanced at, and an event multiplies it by ``exp(rate·ticks)``. So an event costs the synapses it
touches and a tick without events costs nothing, unless the rule has something to do in every tick
(`Rule.ticked`). Synapses are stored by terminal; those of one neuron are found by the transpose.

The text holds no user text: parameters and literals arrive in an array, every identifier is made
here. ``E`` holds the decay of every linear state over 0 to 1023 ticks and over 0 to 63 times 1024
ticks, because an exponential per event would take most of the time. Only parameters that are
exponents are written into the text, because a product is ten times faster than a general power.
"""

from __future__ import annotations

from dataclasses import dataclass

from sc_neurocore.dynamics import Assignment, affine, call, num, sym
from sc_neurocore.synapses._rule import PLACES, RELEASE, Place, Rule, linear_flow
from sc_neurocore.synapses._sheet import ARRAY, INDEX, Sheet

#: A decay by up to 65536 ticks is the product of two numbers from the tables of its state.
FINE, COARSE = 1024, 64
ROW = "for k in range(np.uint64(indptr[i]), np.uint64(indptr[i + ONE])):"
COLUMN = "for q in range(np.uint64(tptr[j]), np.uint64(tptr[j + ONE])):"
SIDES: tuple[Place, ...] = ("pre", "post")


@dataclass(frozen=True)
class KernelSource:
    """Text of a kernel module and the constants that it reads.

    Attributes:
        text: the module, to be compiled.
        plain: its functions alone, for Python to run as they are.
        literals: numbers of the rule's text; they precede the parameters.
        flows: states with a linear equation; a rate and a resting value or slope of each follow
            the parameters and ``dt``.
    """

    text: str
    plain: str
    literals: tuple[float, ...]
    flows: tuple[str, ...]


def kernel_source(rule: Rule) -> KernelSource:
    """Write the kernel module of a rule.

    It defines ``run(C, E, S, Ls, A, La, B, Lb, G, indptr, target, tptr, tsyn, tterm, U0 …, ap, aid,
    pp, pid, out, t0, ticks, phases, seed)``, which advances ``ticks`` ticks from ``t0`` and returns
    the tick, synapse and state of the first value that is not finite (−1 if there is none). Phase 1
    is everything up to the arrivals, phase 2 the postsynaptic spikes.
    """
    return _Kernel(rule).source()


class _Kernel(Sheet):
    """Writes the module of a rule, block by block."""

    def split(self, lines: tuple[Assignment, ...], outer: Place) -> list[tuple[Assignment, str]]:
        """Run the lines of an event in order, giving reads of outer states the right version.

        Lines of the outer place are written at once; the others are returned, with the outer
        values that they read renamed to the local names current at their position.
        """
        inner = []
        own = set(self.states_of(outer))
        for line in lines:
            if line.target in own:
                self.assign([line])
                continue
            names = {x: sym(f"@{self.env[x]}") for x in line.expr.names() & own}
            self.env |= {f"@{self.env[x]}": self.env[x] for x in names}
            inner.append((Assignment(line.target, line.expr.substitute(names), ""), line.target))
        return inner

    def synapses(self, lines: list[Assignment], outer: Place | None, released: bool) -> None:
        """The body of a loop over synapses: load, assign, store, hand over."""
        read = {x for line in lines for x in line.expr.names()}
        targets = {line.target for line in lines}
        default = released and RELEASE not in targets
        own = set(self.states_of("synapse"))
        used = (read | targets | ({"w"} if default else set())) & own
        odes = own & self.rule.odes.keys()
        flowing = self.waits("synapse") and bool(used & odes)
        for place in SIDES:
            if place != outer:
                self.load(place, read)
        self.load("shared", read)
        self.load("synapse", (used | (odes if flowing else set())) | (read & self.column.keys()))
        assigned = self.assign(lines)
        kept = [x for x in self.states_of("synapse") if x in assigned or (flowing and x in odes)]
        self.store(kept)
        if flowing:
            self.put("LS[k] = now")
        for name in kept:
            if name in assigned:
                self.open(f"if bad < 0 and not (abs({self.env[name]}) <= MAX):")
                self.put(f"bad, who, which = now, np.int64(k), {self.row[name]}")
                self.close()
        if released and (not default or "w" in own):
            self.put(f"out[t, j] += {self.env[RELEASE if not default else 'w']}")

    def outer_states(self, place: Place, lines: tuple[Assignment, ...]) -> list[str]:
        """States of the event's own place that the lines need, all of them if they wait."""
        if self.waits(place):
            return self.states_of(place)
        named = {x for a in lines for x in (a.target, *a.expr.names())}
        return [x for x in self.states_of(place) if x in named]

    def event(self, lines: tuple[Assignment, ...], outer: Place, released: bool) -> None:
        """An event at a terminal or a neuron and at all of its synapses."""
        states = self.outer_states(outer, lines)
        read = {x for line in lines for x in line.expr.names()}
        self.load("shared", read)
        self.load(outer, {*states, *(read & self.column.keys())})
        inner = [line for line, _ in self.split(lines, outer)]
        self.store(states)
        if self.waits(outer):
            self.put(f"L{ARRAY[outer]}[{INDEX[outer]}] = now")
        if not inner and not released:
            return
        if outer == "pre":
            self.open(ROW)
            self.put("j = np.uint64(target[k])")
        else:
            self.open(COLUMN)
            self.put("k, i = np.uint64(tsyn[q]), np.uint64(tterm[q])")
        self.synapses(inner, outer, released)
        self.close()

    def advance(self) -> None:
        """Move the states of ticked places; those that read others go first."""
        for place in reversed(PLACES):
            names = [x for x in self.states_of(place) if x in self.rule.odes]
            if not names or place not in self.rule.ticked:
                continue
            self.over(place)
            read = {x for name in names for x in self.rule.odes[name].names()}
            for other in SIDES if place == "synapse" else ():
                self.load(other, read)
            self.load("shared", read)
            if place != "shared":
                self.load(place, {*names, *read})
            else:
                self.load(place, names)
            moved = {name: self.fresh(self.moved(name)) for name in names}
            for name, value in moved.items():
                self.put(f"{self.cell(name)} = {value}")
            self.close({"synapse": 2, "pre": 1, "post": 1, "shared": 0}[place])

    def moved(self, name: str) -> str:
        """A ticked state after one tick: exact if linear, else exponential Euler or Euler."""
        if name in self.flows:
            f = self.flows.index(name)
            a, b = linear_flow(self.rule, name) or (num(0), num(0))
            if a == num(0):
                return f"{self.env[name]} + r{f}"
            rest = f"r{f}" if b != num(0) else ""
            return (
                f"{rest} + ({self.env[name]} - {rest}) * e{f}"
                if rest
                else f"{self.env[name]} * e{f}"
            )
        expr = self.rule.odes[name]
        form = affine(expr, (name,))
        gain = sym("dt")
        if form is not None and name in form[0]:
            gain = gain * call("exprel", form[0][name] * sym("dt"))
        return self.text(self.fix(sym(name) + gain * expr))

    def over(self, place: str) -> None:
        """Open the loops over all of a place."""
        if place in ("pre", "synapse"):
            self.open("for i in range(np.uint64(len(indptr) - 1)):")
        if place == "post":
            self.open("for j in range(np.uint64(len(tptr) - 1)):")
        if place == "synapse":
            self.open(ROW)
            self.put("j = np.uint64(target[k])")

    def every_tick(self) -> None:
        lines = self.rule.every_tick
        for place in PLACES[:-1]:
            own = tuple(a for a in lines if self.rule.places.get(a.target) == place)
            if not own:
                continue
            self.over(place)
            names = {x for a in own for x in (a.target, *a.expr.names())}
            self.load("shared", names)
            if place != "shared":
                self.load(place, names)
            self.store(self.assign(own))
            self.close(0 if place == "shared" else 1)
        own = tuple(a for a in lines if self.rule.places.get(a.target, "synapse") == "synapse")
        if not own:
            return
        released = any(a.target == RELEASE for a in own)
        when, read = self.rule.when, {x for a in own for x in a.expr.names()}
        if when is not None:
            self.load("shared", when.names())
        if when is not None and any(self.rule.places.get(x) == "post" for x in when.names()):
            self.open("for j in range(np.uint64(len(tptr) - 1)):")
            self.load("post", read | when.names())
            self.open(f"if {self.text(self.fix(when))}:")
            self.open(COLUMN)
            self.put("k, i = np.uint64(tsyn[q]), np.uint64(tterm[q])")
            self.synapses(list(own), "post", released)
            self.close(3)
            return
        if when is not None:
            self.open(f"if {self.text(self.fix(when))}:")
        self.open("for i in range(np.uint64(len(indptr) - 1)):")
        self.load("pre", read)
        self.open(ROW)
        self.put("j = np.uint64(target[k])")
        self.synapses(list(own), "pre", released)
        self.close(2 if when is None else 3)

    def source(self) -> KernelSource:
        rule = self.rule
        self.depth = 1
        self.put("bad, who, which = np.int64(-1), np.int64(-1), np.int64(-1)")
        for n in range(len(rule.inputs)):
            self.put(f"u{n} = np.int64(U{n}.shape[0] > 1)")
        self.open("for t in range(ticks):")
        self.put("now = t0 + t")
        self.open("if phases & 1:")
        self.put("pass")
        self.advance()
        self.every_tick()
        released = RELEASE in {a.target for a in rule.on_pre} or "w" in self.states_of("synapse")
        released = released and not any(a.target == RELEASE for a in rule.every_tick)
        if rule.on_pre or released:
            self.open("for s in range(ap[t], ap[t + 1]):")
            self.put("i = np.uint64(aid[s])")
            self.event(rule.on_pre, "pre", released)
            self.close()
        self.close()
        if rule.on_post:
            self.open("if phases & 2:")
            self.open("for s in range(pp[t], pp[t + 1]):")
            self.put("j = np.uint64(pid[s])")
            self.event(rule.on_post, "post", False)
            self.close(2)
        self.close()
        self.put("return bad, who, which")
        inputs = [f"U{n}" for n in range(len(rule.inputs))]
        body = [f"def run({_arguments(inputs)}):", *self.constants(), *self.lines, ""]
        return KernelSource(
            "\n".join([*_IMPORTS, *_NUMBERS, "", "@jit", *_FALL, "", _decorator(inputs), *body]),
            "\n".join([*_NUMBERS, *_FALL, *body]),
            tuple(float.fromhex(x) for x in self.literals),
            self.flows,
        )

    def constants(self) -> list[str]:
        start = len(self.literals)
        lines = [f"    c{n} = C[{n}]" for n in range(start)]
        lines += [f"    p{n} = C[{start + n}]" for n in range(len(self.rule.parameters))]
        start += len(self.rule.parameters)
        lines.append(f"    dt = C[{start}]")
        for n in range(len(self.flows)):
            at = start + 1 + 3 * n
            lines.append(f"    a{n}, r{n}, e{n} = C[{at}], C[{at + 1}], C[{at + 2}]")
        return lines


def _words(*values: int) -> str:
    return ", ".join(f"np.uint64({value})" for value in values)


_IMPORTS = (
    '"""A kernel generated by SC-NeuroCore; safe to delete."""',
    "import math",
    "import numpy as np",
    "from numba import float64, int32, int64, njit, uint64",
    "from sc_neurocore.dynamics._kernel_math import cos, exp, exprel, log, power, select",
    "from sc_neurocore.dynamics._kernel_math import jit, sigmoid, sin, tanh",
    "from sc_neurocore.dynamics._noise import normal, uniform",
)
_NUMBERS = (
    "D, MAX, ONE = np.float64, np.finfo(np.float64).max, np.uint64(1)",
    f"FINE, BITS, MASK = {_words(FINE, FINE.bit_length() - 1, FINE - 1)}",
    f"FAR = {_words(FINE * COARSE)}",
)
_FALL = (
    "def fall(table, n, rate):",
    "    if n < FAR:",
    "        return table[n & MASK] * table[FINE + (n >> BITS)]",
    "    return exp(rate * np.float64(n))",
)


def _arguments(inputs: list[str]) -> str:
    return ", ".join(
        ["C", "E", "S", "LS", "A", "LA", "B", "LB", "G", "indptr", "target", "tptr", "tsyn",
         "tterm", *inputs, "ap", "aid", "pp", "pid", "out", "t0", "ticks", "phases", "seed"]
    )  # fmt: skip


def _decorator(inputs: list[str]) -> str:
    table, ticks, row = "float64[:, ::1]", "int64[::1]", "int32[::1]"
    signature = ", ".join(
        ["float64[::1]", table, table, ticks, table, ticks, table, ticks, "float64[::1]",
         ticks, row, ticks, row, row, *(table for _ in inputs), ticks, row, ticks, row, table,
         "int64", "int64", "int64", "uint64"]
    )  # fmt: skip
    return f'@njit(({signature}), cache=True, nogil=True, error_model="numpy")'
