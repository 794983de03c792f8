"""A tick program as a shared graph of real-valued operations in affine normal form.

Sums with constant coefficients are collected into one ``lin`` node, constants are folded, powers
become products, division by a constant becomes multiplication by its reciprocal, and equal
subexpressions are one node. Intervals are carried along; they steer precision, and keep the
rounding of products of one variable within bounds (the integer datapath computes its own exact
ranges).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from sc_neurocore.compiler._cells import Cells
from sc_neurocore.compiler._real import (
    REAL_FUNCTIONS,
    RELATIONS,
    Array,
    Interval,
    Real,
    function_interval,
)
from sc_neurocore.dynamics import Expr, Program
from sc_neurocore.exceptions import SCCompilerError

#: No fixed-point format of 63 bits gets near it, with whatever binary point.
LARGEST = 2.0**256
#: A coefficient so small that doubles lose its digits adds nothing.
SMALLEST = 2.0**-960
#: Characters of a formula that is still written out.
_LONGEST_TEXT = 4000


class Graph:
    """Hash-consed operations in topological order, each with an interval."""

    def __init__(self, sources: Mapping[str, Interval]) -> None:
        self.nodes: list[Real] = []
        self.intervals: list[Interval] = []
        self.labels: dict[int, str] = {}
        self._known: dict[Real, int] = {}
        self._variables: list[frozenset[int]] = []
        self._cells = Cells(self.nodes, self.intervals)
        #: Products whose interval is narrower than that of their factors' intervals.
        self.observed: set[int] = set()
        self._sources = dict(sources)

    def _put(self, node: Real) -> int:
        if node not in self._known:
            wide = self._interval(node)
            variables = self._variables_of(node)
            interval = wide
            if node.kind == "mul" and len(variables) == 1:
                (variable,) = variables
                interval = self._cells.narrowed(node, variable, wide)
            if not max(abs(interval[0]), abs(interval[1])) <= LARGEST:
                raise SCCompilerError(
                    f"an intermediate result may reach {max(map(abs, interval)):.3g}, beyond any "
                    "fixed-point format; declare tighter ranges or bound it with clip()"
                )
            here = self._known[node] = len(self.nodes)
            self._variables.append(frozenset({here}) if node.kind == "source" else variables)
            self.nodes.append(node)
            self.intervals.append(interval)
            if interval != wide:
                self.observed.add(here)
        return self._known[node]

    # construction -------------------------------------------------------------------------

    def source(self, name: str) -> int:
        return self._put(Real("source", name=name))

    def constant(self, value: float) -> int:
        return self._put(Real("lin", const=float(value)))

    def value(self, node: int) -> float | None:
        """The number a node always has, or ``None``."""
        real = self.nodes[node]
        return real.const if real.kind == "lin" and not real.args else None

    def linear(self, parts: Iterable[tuple[float, int]], const: float = 0.0) -> int:
        """``const + Σ c·x``, merging nested sums."""
        total: dict[int, float] = {}
        for coef, node in parts:
            real = self.nodes[node]
            if real.kind == "lin":
                const += coef * real.const
                for c, a in zip(real.coefs, real.args, strict=True):
                    total[a] = total.get(a, 0.0) + coef * c
            else:
                total[node] = total.get(node, 0.0) + coef
        kept = sorted((a, c) for a, c in total.items() if abs(c) >= SMALLEST)
        if const == 0 and len(kept) == 1 and kept[0][1] == 1:
            return kept[0][0]
        return self._put(Real("lin", tuple(a for a, _ in kept), tuple(c for _, c in kept), const))

    def multiply(self, a: int, b: int) -> int:
        for x, y in ((a, b), (b, a)):
            value = self.value(x)
            if value is not None:
                return self.linear([(value, y)])
        scale_a, a = self._unscaled(a)
        scale_b, b = self._unscaled(b)
        a, b = min(a, b), max(a, b)
        return self.linear([(scale_a * scale_b, self._put(Real("mul", (a, b))))])

    def _unscaled(self, node: int) -> tuple[float, int]:
        """Pull a common factor out of a sum whose coefficients agree in size."""
        real = self.nodes[node]
        if real.kind != "lin" or not real.coefs:
            return 1.0, node
        if len(real.coefs) == 1 and real.const == 0:
            return real.coefs[0], real.args[0]
        size = abs(real.coefs[0])
        if size == 1 or any(abs(abs(c) - size) > 1e-12 * size for c in real.coefs):
            return 1.0, node
        parts = [(math.copysign(1.0, c), a) for c, a in zip(real.coefs, real.args, strict=True)]
        return size, self.linear(parts, real.const / size)

    def power(self, base: int, exponent: int) -> int:
        if exponent < 0:
            return self.function("recip", self.power(base, -exponent))
        if exponent == 0:
            return self.constant(1)
        half = self.power(base, exponent // 2) if exponent > 1 else None
        if half is None:
            return base
        square = self.multiply(half, half)
        return self.multiply(square, base) if exponent % 2 else square

    def function(self, name: str, arg: int) -> int:
        value = self.value(arg)
        if value is not None:
            with np.errstate(all="ignore"):
                result = float(REAL_FUNCTIONS[name](np.asarray(value)))
            if not math.isfinite(result):
                raise SCCompilerError(f"{name}({value:g}) has no finite value")
            return self.constant(result)
        return self._put(Real("fn", (arg,), name=name))

    def compare(self, relation: str, a: int, b: int) -> int:
        x, y = self.value(a), self.value(b)
        if x is not None and y is not None:
            return self.constant(float(RELATIONS[relation](x, y)))
        return self._put(Real("cmp", (a, b), name=relation))

    def logic(self, kind: str, *args: int) -> int:
        values = [self.value(a) for a in args]
        if kind == "not":
            return (
                self._put(Real(kind, args)) if values[0] is None else self.constant(1 - values[0])
            )
        neutral = 1.0 if kind == "and" else 0.0
        left = [a for a, v in zip(args, values, strict=True) if v != neutral]
        if any(v == 1 - neutral for v in values):
            return self.constant(1 - neutral)
        if len(left) < 2:
            return left[0] if left else self.constant(neutral)
        return self._put(Real(kind, args))

    def select(self, condition: int, a: int, b: int) -> int:
        known = self.value(condition)
        if known is not None:
            return a if known else b
        return a if a == b else self._put(Real("select", (condition, a, b)))

    def keep(self, node: int, label: str) -> int:
        """Name a node; sums that are used more than once are computed once."""
        real = self.nodes[node]
        if real.kind == "lin" and len(real.args) > 1:
            node = self._put(Real("keep", (node,)))
        if real.kind != "source" and node not in self.labels:
            self.labels[node] = label
        return node

    def build(self, expr: Expr, env: Mapping[str, int]) -> int:
        """Add an expression; ``env`` maps names to nodes (others are sources)."""
        if expr.op == "num":
            return self.constant(expr.value)
        if expr.op == "name":
            return env[expr.name] if expr.name in env else self.source(expr.name)
        if expr.op in ("rand", "randn"):
            return self.source(f"{expr.op}.{int(expr.value)}")
        a = [self.build(arg, env) for arg in expr.args]
        match expr.op:
            case "+":
                return self.linear([(1, a[0]), (1, a[1])])
            case "-":
                return self.linear([(1, a[0]), (-1, a[1])])
            case "neg":
                return self.linear([(-1, a[0])])
            case "*":
                return self.multiply(a[0], a[1])
            case "/":
                value = self.value(a[1])
                if value == 0:
                    raise SCCompilerError(f"division by zero in '{expr}'")
                if value is not None:
                    return self.linear([(1 / value, a[0])])
                return self.multiply(a[0], self.function("recip", a[1]))
            case "**":
                return self._general_power(a[0], a[1])
            case "abs":
                value = self.value(a[0])
                if value is not None:
                    return self.constant(abs(value))
                return self._put(Real("abs", (a[0],)))
            case "min":
                return self.select(self.compare("<", a[0], a[1]), a[0], a[1])
            case "max":
                return self.select(self.compare(">", a[0], a[1]), a[0], a[1])
            case "clip":
                inner = self.select(self.compare("<", a[0], a[1]), a[1], a[0])
                return self.select(self.compare(">", inner, a[2]), a[2], inner)
            case "where":
                return self.select(a[0], a[1], a[2])
            case "and" | "or" | "not":
                return self.logic(expr.op, *a)
            case "<" | "<=" | ">" | ">=" | "==" | "!=":
                return self.compare(expr.op, a[0], a[1])
        return self.function(expr.op, a[0])

    def _general_power(self, base: int, exponent: int) -> int:
        value = self.value(exponent)
        if value is not None and abs(value) <= 16 and value == int(value):
            return self.power(base, int(value))
        if value is not None and abs(value) <= 8 and value * 2 == int(value * 2):
            root = self.function("sqrt", base)
            return self.multiply(self.power(base, int(value - 0.5)), root)
        return self.function("exp", self.multiply(exponent, self.function("log", base)))

    # facts --------------------------------------------------------------------------------

    def _interval(self, node: Real) -> Interval:
        r = [self.intervals[a] for a in node.args]
        if node.kind == "source":
            return self._sources[node.name]
        if node.kind == "keep":
            return r[0]
        if node.kind == "lin":
            low = high = node.const
            for c, (a, b) in zip(node.coefs, r, strict=True):
                low += min(c * a, c * b)
                high += max(c * a, c * b)
            return low, high
        if node.kind == "mul":
            corners = [x * y for x in r[0] for y in r[1]]
            if node.args[0] == node.args[1]:
                low = 0.0 if r[0][0] <= 0 <= r[0][1] else min(corners)
                return max(0.0, low), max(corners)
            return min(corners), max(corners)
        if node.kind == "abs":
            low, high = r[0]
            return (0.0 if low <= 0 <= high else min(abs(low), abs(high))), max(abs(low), abs(high))
        if node.kind == "select":
            return self._refined(node, r)
        if node.kind == "fn":
            return function_interval(node.name, r[0])
        return 0.0, 1.0

    def _variables_of(self, node: Real) -> frozenset[int]:
        """Sources below an operation that is not stored yet."""
        return frozenset().union(*(self._variables[a] for a in node.args))

    def _refined(self, node: Real, r: list[Interval]) -> Interval:
        """Interval of a select; a comparison of one branch with a bound clips that branch."""
        (low_a, high_a), (low_b, high_b) = r[1], r[2]
        condition = self.nodes[node.args[0]]
        if condition.kind == "cmp" and condition.name in ("<", ">"):
            x, bound = condition.args
            level = self.intervals[bound]
            if x == node.args[2]:  # select(x < b, …, x): the else branch is ≥ b
                if condition.name == "<":
                    low_b = max(low_b, min(level[0], high_b))
                else:
                    high_b = min(high_b, max(level[1], low_b))
            if x == node.args[1]:
                if condition.name == "<":
                    high_a = min(high_a, max(level[1], low_a))
                else:
                    low_a = max(low_a, min(level[0], high_a))
        return min(low_a, low_b), max(high_a, high_b)

    def text(self, node: int) -> str:
        """The node as a formula, for comments and reports; parts of great length are left out."""
        return self._text(node, {})

    def _text(self, node: int, known: dict[int, str]) -> str:
        # Nodes are shared: written out, a formula may be exponentially longer than the graph.
        if node not in known:
            text = self._formula(node, known)
            known[node] = text if len(text) <= _LONGEST_TEXT else "…"
        return known[node]

    def _formula(self, node: int, known: dict[int, str]) -> str:
        n = self.nodes[node]
        if n.kind == "lin":
            parts = [] if n.const == 0 and n.args else [f"{n.const:.6g}"]
            for c, arg in zip(n.coefs, n.args, strict=True):
                factor = {1.0: "", -1.0: "-"}.get(c, f"{c:.6g}·")
                parts.append(f"{factor}{self._factor_text(arg, known)}")
            return " + ".join(parts).replace("+ -", "- ")
        a = [self._factor_text(x, known) for x in n.args]
        match n.kind:
            case "source":
                return n.name
            case "keep":
                return self.labels.get(node, self._text(n.args[0], known))
            case "mul":
                return "·".join(a)
            case "fn" | "abs":
                return f"{n.name or n.kind}({self._text(n.args[0], known)})"
            case "select":
                return f"where({', '.join(self._text(x, known) for x in n.args)})"
            case "cmp":
                return f"{a[0]} {n.name} {a[1]}"
            case "not":
                return f"not {a[0]}"
        return f" {n.kind} ".join(a)

    def _factor_text(self, node: int, known: dict[int, str]) -> str:
        n = self.nodes[node]
        text = self._text(node, known)
        return f"({text})" if n.kind in ("lin", "cmp", "and", "or") and n.args else text

    def evaluate(self, node: int, values: Mapping[int, Array]) -> Array:
        """Evaluate a node on arrays given the values of some nodes below it."""
        memo: dict[int, Array] = dict(values)

        def go(i: int) -> Array:
            if i in memo:
                return memo[i]
            n = self.nodes[i]
            a = [go(x) for x in n.args]
            result: Array
            match n.kind:
                case "lin":
                    result = np.asarray(n.const)
                    for c, x in zip(n.coefs, a, strict=True):
                        result = result + c * x
                case "mul":
                    result = a[0] * a[1]
                case "keep":
                    result = a[0]
                case "fn":
                    result = REAL_FUNCTIONS[n.name](a[0])
                case "abs":
                    result = np.abs(a[0])
                case "select":
                    result = np.where(a[0], a[1], a[2])
                case "cmp":
                    result = RELATIONS[n.name](a[0], a[1])
                case "and":
                    result = np.logical_and(a[0], a[1])
                case "or":
                    result = np.logical_or(a[0], a[1])
                case "not":
                    result = np.logical_not(a[0])
                case _:
                    raise AssertionError(f"no value for {n}")
            memo[i] = result
            return result

        with np.errstate(all="ignore"):
            return go(node)


@dataclass(frozen=True)
class TickGraph:
    """The graph of one tick and where its results are.

    Attributes:
        graph: operations.
        advance: candidate next value of each state.
    """

    graph: Graph
    advance: Mapping[str, int]


def tick_graph(
    program: Program, sources: Mapping[str, Interval], constants: Mapping[str, float]
) -> TickGraph:
    """Build the graph of a program; ``constants`` are parameters fixed at compile time."""
    graph = Graph(sources)
    env = {name: graph.constant(value) for name, value in constants.items()}
    uses = Counter(
        node.name
        for expr in (*(e for _, e in program.steps), *program.advance.values())
        for node in expr.walk()
        if node.op == "name"
    )
    for name, expr in program.steps:
        node = graph.build(expr, env)
        env[name] = graph.keep(node, name) if uses[name] > 1 else node
    advance = {state: graph.build(expr, env) for state, expr in program.advance.items()}
    return TickGraph(graph, advance)
