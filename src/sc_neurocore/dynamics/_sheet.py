"""The values that one tick computes, each once, with how often it must be computed.

Every execution in floating point reads a `Program` through a `Sheet`: equal expressions are one
value, and a value varies with what its reads vary with.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

from sc_neurocore.dynamics._calculus import affine
from sc_neurocore.dynamics._methods import Program, continuous
from sc_neurocore.dynamics._tree import COMPARISON, DRAWS, Expr, add, mul, sym

#: Literal integer exponents up to this size become products.
MAX_PRODUCT = 16

DType = Literal["float64", "float32"]
#: How an input varies: with the tick alone, with the neuron alone, or with both.
Spread = Literal["tick", "neuron", "both"]

#: Functions of `sc_neurocore.dynamics._kernel_math`.
ELEMENTARY = frozenset({"exp", "log", "sin", "cos", "tanh", "sigmoid", "exprel"})


@dataclass(frozen=True)
class Layout:
    """What a run adds to the program: number type and which numbers vary over neurons.

    Attributes:
        dtype: number type of states and arithmetic.
        varying: parameters with one value per neuron.
        spreads: how each input varies.
        refractory: whether neurons can be refractory.
    """

    dtype: DType
    varying: tuple[str, ...]
    spreads: tuple[Spread, ...]
    refractory: bool


class Rate(IntEnum):
    """What a value varies with; combining two values takes the bitwise or."""

    RUN = 0
    NEURON = 1
    TICK = 2
    BOTH = 3


_Key = tuple[str | int, ...]
_HOME = {Rate.RUN: "run", Rate.NEURON: "block", Rate.TICK: "tick"}


class Sheet:
    """Hash-consed values and the statements that compute them, by place in the loop nest."""

    def __init__(self, program: Program, layout: Layout) -> None:
        self.model, self.layout = program.model, layout
        self.literals: dict[str, int] = {}
        self.lines: dict[str, list[str]] = {
            p: [] for p in ("run", "block", "tick", "inner", "event")
        }
        self._ids: dict[_Key, int] = {}
        self.keys: list[_Key] = []
        self.rates: list[Rate] = []
        self._names: dict[tuple[str, int], str] = {}
        self._rows: dict[int, int] = {}

    @property
    def rows(self) -> int:
        return len(self.model.states) + len(self._rows)

    def value(self, rate: Rate, *key: str | int) -> int:
        if key not in self._ids:
            self._ids[key] = len(self.keys)
            self.keys.append(key)
            self.rates.append(rate)
        return self._ids[key]

    def apply(self, op: str, *args: int) -> int:
        rate = Rate.RUN
        for arg in args:
            rate = Rate(rate | self.rates[arg])
        return self.value(rate, op, *args)

    def literal(self, number: float) -> int:
        # Keyed by the bits: 0.0 and -0.0 are equal but differ as divisors.
        index = self.literals.setdefault(number.hex(), len(self.literals))
        return self.value(Rate.RUN, "literal", index)

    def leaves(self) -> dict[str, int]:
        """Value of every parameter and input by name."""
        found = {}
        shared = [q.name for q in self.model.parameters if q.name not in self.layout.varying]
        for i, name in enumerate(shared):
            found[name] = self.value(Rate.RUN, "parameter", i)
        for i, name in enumerate(self.layout.varying):
            found[name] = self.value(Rate.NEURON, "own", i)
        rates = {"tick": Rate.TICK, "neuron": Rate.NEURON, "both": Rate.BOTH}
        for i, (name, spread) in enumerate(
            zip(self.model.input_names, self.layout.spreads, strict=True)
        ):
            found[name] = self.value(rates[spread], f"input {spread}", i)
        return found

    def read(self, expr: Expr, names: dict[str, int]) -> int:
        """Value of an expression, given the values of the names it reads."""
        if expr.op == "num":
            return self.literal(expr.value)
        if expr.op == "name":
            return names[expr.name]
        if expr.op in DRAWS:
            return self.value(Rate.BOTH, expr.op, int(expr.value))
        if expr.op == "**" and expr.args[1].op == "num":
            return self._power(self.read(expr.args[0], names), expr.args[1].value)
        args = [self.read(arg, names) for arg in expr.args]
        if expr.op in ("min", "max"):
            return self._extreme(expr.op, *args)
        if expr.op == "clip":
            return self._extreme("min", self._extreme("max", args[0], args[1]), args[2])
        return self.apply(expr.op, *args)

    def _extreme(self, op: str, a: int, b: int) -> int:
        return self.apply("where", self.apply("<" if op == "min" else ">", b, a), b, a)

    def _power(self, base: int, exponent: float) -> int:
        if exponent == 0.5:
            return self.apply("sqrt", base)
        if exponent != int(exponent) or abs(exponent) > MAX_PRODUCT:
            return self.apply("**", base, self.literal(exponent))
        result, square, left = None, base, abs(int(exponent))
        while left:
            if left & 1:
                result = square if result is None else self.apply("*", result, square)
            left >>= 1
            if left:
                square = self.apply("*", square, square)
        if result is None:
            return self.literal(1.0)
        return result if exponent > 0 else self.apply("/", self.literal(1.0), result)

    def name(self, value: int, place: str) -> str:
        """Identifier that holds a value at a place, writing the statements it needs."""
        rate = self.rates[value]
        home = _HOME.get(rate, place)
        if rate == Rate.NEURON and place != "block":
            return self._row(value, place)
        if (home, value) not in self._names:
            text = self._text(self.keys[value], home)
            name = f"{home[0]}{value}"
            self.lines[home].append(f"{name} = {text}")
            self._names[home, value] = name
        return self._names[home, value]

    def _row(self, value: int, place: str) -> str:
        """A value per neuron, computed at the start of the block and read back from its row."""
        truth = self.keys[value][0] in {*COMPARISON, "and", "or", "not"}
        if value not in self._rows:
            own = self.name(value, "block")
            self._rows[value] = self.rows
            kept = f"select({own}, ONE, ZERO)" if truth else own
            self.lines["block"].append(f"W[R{self._rows[value]} + j] = {kept}")
        if (place, value) not in self._names:
            name = f"{place[0]}{value}"
            test = " == ONE" if truth else ""
            self.lines[place].append(f"{name} = W[R{self._rows[value]} + j]{test}")
            self._names[place, value] = name
        return self._names[place, value]

    def _text(self, key: _Key, place: str) -> str:
        op, *rest = key
        index = rest[0] if rest else 0
        match op:
            case "literal":
                return f"C[{index}]"
            case "parameter":
                return f"C[LITERALS + {index}]"
            case "own":
                return f"P[{index}, o + j]"
            case "input tick":
                return f"U{index}[t]"
            case "input neuron":
                return f"U{index}[o + j]"
            case "input both":
                return f"U{index}[t, o + j]"
            case "state":
                return f"W[R{index} + j]"
            case "ready":
                return "free[j] <= t"
            case "calm":
                return "last[j] == NO"
            case "rand" | "randn":
                draw = "uniform" if op == "rand" else "normal"
                return f"D({draw}(seed, o + j, now, np.uint64({index})))"
        args = [self.name(int(arg), place) for arg in rest]
        return operation(str(op), args)


def operation(op: str, args: list[str]) -> str:
    """Text of an operation on values that are computed already."""
    if op == "where":
        return f"select({', '.join(args)})"
    if op in ELEMENTARY:
        return f"D({op}({', '.join(f'np.float64({a})' for a in args)}))"
    match op:
        case "**":
            return f"D(power(np.float64({args[0]}), np.float64({args[1]})))"
        case "sqrt":
            return f"math.sqrt({args[0]})"
        case "floor":
            return f"np.floor({args[0]})"
        case "abs":
            return f"abs({args[0]})"
        case "neg":
            return f"-{args[0]}"
        case "not":
            return f"not {args[0]}"
        case "and" | "or":
            return f"{args[0]} {'&' if op == 'and' else '|'} {args[1]}"
    return f"{args[0]} {op} {args[1]}"


@dataclass(frozen=True)
class TickValues:
    """The values that one tick computes, as the numbers that a sheet gave them.

    Attributes:
        sheet: what holds them.
        new: candidate of every state, in order.
        condition: the threshold; −1 if there is none.
        spike: the threshold where it counts: outside refractoriness, at its onset.
        reset: value of each state that a spike assigns, by index, over the advanced states.
    """

    sheet: Sheet
    new: tuple[int, ...]
    condition: int
    spike: int
    reset: dict[int, int]


def tick_values(program: Program, layout: Layout) -> TickValues:
    """Read a program into a sheet; every execution in floating point computes these values."""
    model, sheet = program.model, Sheet(program, layout)
    names = sheet.leaves()
    old = {x: sheet.value(Rate.BOTH, "state", i) for i, x in enumerate(model.state_names)}
    scope = {**names, **old}
    steps, advance = program.steps, program.advance
    if model.method == "exact":
        flowing = continuous(model).state_names
        steps = tuple((name, _gathered(expr, flowing)) for name, expr in steps)
        advance = {x: _gathered(expr, flowing) for x, expr in advance.items()}
    for name, expr in steps:
        scope[name] = sheet.read(expr, scope)
    ready = sheet.value(Rate.BOTH, "ready")
    new = {}
    for x in model.state_names:
        candidate = sheet.read(advance[x], scope)
        if layout.refractory and x in model.hold:
            candidate = sheet.apply("where", ready, candidate, old[x])
        new[x] = candidate
    condition = spike = -1
    if model.threshold is not None:
        condition = sheet.read(model.threshold, {**names, **new})
        spike = sheet.apply("and", condition, ready) if layout.refractory else condition
        if model.edge == "rising":
            spike = sheet.apply("and", spike, sheet.value(Rate.BOTH, "calm"))
    scope = {**names, **old}
    for line in model.reset:
        scope[line.target] = sheet.read(line.expr, scope)
    assigned = sorted({model.state_names.index(a.target) for a in model.reset})
    reset = {i: scope[model.state_names[i]] for i in assigned}
    return TickValues(sheet, tuple(new.values()), condition, spike, reset)


def _gathered(expr: Expr, states: tuple[str, ...]) -> Expr:
    """A linear update as ``Σ c·x + rest``, so that ``c`` and ``rest`` leave the inner loop."""
    form = affine(expr, states)
    assert form is not None, "the exact method is linear"
    coefficients, total = form
    for name, coefficient in coefficients.items():
        total = add(mul(coefficient, sym(name)), total)
    return total
