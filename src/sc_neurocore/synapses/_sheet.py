"""A sheet to write a kernel on: expressions to code, and values brought up to the present."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sc_neurocore.dynamics import Assignment, Expr, num
from sc_neurocore.dynamics._sheet import MAX_PRODUCT, operation
from sc_neurocore.synapses._rule import PLACES, RELEASE, Place, Rule, linear_flow

ARRAY: Mapping[Place, str] = {"synapse": "S", "pre": "A", "post": "B", "shared": "G"}
INDEX: Mapping[Place, str] = {"synapse": "k", "pre": "i", "post": "j", "shared": "0"}


class Sheet:
    """Lines of code, names of constants, and the current name of every value."""

    def __init__(self, rule: Rule) -> None:
        self.rule, self.lines, self.depth = rule, list[str](), 0
        self.literals: dict[str, int] = {}
        self.flows = tuple(x for x in rule.odes if linear_flow(rule, x) is not None)
        self.env: dict[str, str] = {"dt": "dt"}
        self.env |= {q.name: f"p{n}" for n, q in enumerate(rule.parameters)}
        self.temporaries = 0
        self.row = {q.name: n for place in PLACES for n, q in enumerate(rule.states_at(place))}
        self.column = {q.name: n for n, q in enumerate(rule.inputs)}
        self.fixed = {q.name: num(q.value) for q in rule.parameters}

    def fix(self, expr: Expr) -> Expr:
        """Write parameters that are exponents as numbers."""

        def visit(node: Expr) -> Expr:
            if node.op == "**" and node.args[1].name in self.fixed:
                return Expr("**", (node.args[0], self.fixed[node.args[1].name]))
            return node

        return expr.transform(visit)

    # Lines -----------------------------------------------------------------------------------

    def put(self, *lines: str) -> None:
        self.lines += ["    " * self.depth + line for line in lines]

    def open(self, line: str) -> None:
        self.put(line)
        self.depth += 1

    def close(self, levels: int = 1) -> None:
        self.depth -= levels

    def fresh(self, text: str) -> str:
        self.temporaries += 1
        self.put(f"v{self.temporaries} = {text}")
        return f"v{self.temporaries}"

    # Expressions -----------------------------------------------------------------------------

    def literal(self, value: float) -> str:
        return f"c{self.literals.setdefault(value.hex(), len(self.literals))}"

    def text(self, expr: Expr) -> str:
        """Code of an expression; every operation gets brackets, powers get lines of their own."""
        if expr.op == "num":
            return self.literal(expr.value)
        if expr.op == "name":
            return self.env[expr.name]
        if expr.op in ("rand", "randn"):
            draw = "uniform" if expr.op == "rand" else "normal"
            return f"{draw}(seed, k, np.uint64(now), np.uint64({int(expr.value)}))"
        if expr.op == "**" and expr.args[1].op == "num":
            return self.power(self.text(expr.args[0]), expr.args[1].value)
        args = [self.text(arg) for arg in expr.args]
        if expr.op in ("min", "max", "clip"):
            return self.extreme(expr.op, args)
        return f"({operation(expr.op, args)})"

    def extreme(self, op: str, args: list[str]) -> str:
        if op == "clip":
            return self.extreme("min", [self.extreme("max", args[:2]), args[2]])
        a, b = (self.fresh(x) for x in args)
        return f"select({b} {'<' if op == 'min' else '>'} {a}, {b}, {a})"

    def power(self, base: str, exponent: float) -> str:
        if exponent == 0.5:
            return operation("sqrt", [base])
        if exponent != int(exponent) or abs(exponent) > MAX_PRODUCT:
            return operation("**", [base, self.literal(exponent)])
        result, square, left = "", self.fresh(base), abs(int(exponent))
        while left:
            if left & 1:
                result = f"({result} * {square})" if result else square
            left >>= 1
            if left:
                square = self.fresh(f"{square} * {square}")
        if not result:
            return self.literal(1.0)
        return result if exponent > 0 else f"({self.literal(1.0)} / {result})"

    # Values ----------------------------------------------------------------------------------

    def cell(self, name: str) -> str:
        """Where a state or input is stored."""
        place = self.rule.places[name]
        if name in self.column:
            u = self.column[name]
            return f"U{u}[t*u{u}, {INDEX.get(place, '0')}]"
        if place == "shared":
            return f"G[{self.row[name]}]"
        return f"{ARRAY[place]}[{self.row[name]}, {INDEX[place]}]"

    def waits(self, place: Place) -> bool:
        """Whether states of the place are advanced at events only."""
        return place not in self.rule.ticked and any(
            q.name in self.rule.odes for q in self.rule.states_at(place)
        )

    def load(self, place: Place, names: Iterable[str]) -> None:
        """Bring values of one place up to the present, into local names."""
        names = [x for x in (*self.row, *self.column) if x in set(names)]
        names = [x for x in names if self.rule.places[x] == place]
        flowing = [x for x in names if x in self.rule.odes] if self.waits(place) else []
        if flowing:
            array = ARRAY[place]
            self.put(f"n{array} = np.uint64(now - L{array}[{INDEX[place]}])")
        for name in names:
            value = self.cell(name)
            if name in flowing:
                value = self.flowed(name, self.fresh(value), f"n{ARRAY[place]}")
            self.env[name] = self.fresh(value)

    def flowed(self, name: str, value: str, ticks: str) -> str:
        """A state that waits, after some ticks."""
        flow = linear_flow(self.rule, name)
        assert flow is not None
        f = self.flows.index(name)
        (a, b), zero = flow, num(0)
        if a == zero:
            return value if b == zero else f"({value} + r{f} * np.float64({ticks}))"
        factor = f"fall(E[{f}], {ticks}, a{f})"
        return f"({value} * {factor})" if b == zero else f"(r{f} + ({value} - r{f}) * {factor})"

    def states_of(self, place: Place) -> list[str]:
        return [q.name for q in self.rule.states_at(place)]

    def assign(self, lines: Iterable[Assignment]) -> list[str]:
        """Write assignments; each makes a new name, so earlier reads keep what they saw."""
        lines = tuple(lines)
        for line in lines:
            self.env[line.target] = self.fresh(self.text(self.fix(line.expr)))
        return list(dict.fromkeys(line.target for line in lines))

    def store(self, names: Iterable[str]) -> None:
        for name in names:
            if name != RELEASE:
                self.put(f"{self.cell(name)} = {self.env[name]}")
