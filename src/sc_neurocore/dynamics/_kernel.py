"""From a `Program` to the source of a numba kernel: N neurons by T ticks.

A block of neurons stays in the first-level cache while all its ticks run. Every value is
computed as rarely as its reads allow: once per run, per neuron, per tick, or per neuron and tick;
only the last kind is in the inner loop, which vectorises over neurons. Spikes are rare, so the
inner loop only marks them, and resets run afterwards for the marked neurons alone.

The text holds no user text: literals and parameters arrive in an array, and every identifier is
made here. Kernels of models that differ in numbers only are therefore the same kernel.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

from sc_neurocore.dynamics._calculus import affine
from sc_neurocore.dynamics._methods import Program, continuous
from sc_neurocore.dynamics._tree import COMPARISON, DRAWS, Expr, add, mul, sym

#: Neurons that are advanced together; a multiple of 8.
BLOCK = 1024
#: Numbers from one row of the block's work space to the next. Rows a multiple of 4096 bytes apart
#: would look alike to the processor's check of loads against earlier stores.
ROW = BLOCK + 8
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


@dataclass(frozen=True)
class KernelSource:
    """Text of a kernel module and the literals that its first argument starts with."""

    text: str
    literals: tuple[float, ...]


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


def kernel_source(program: Program, layout: Layout) -> KernelSource:
    """Write the kernel module of a program.

    It defines ``run(C, P, U0 …, X, counter, last, kept, rows, n0, n1, ticks, now0, hold, seed,
    room)``, which advances neurons ``n0 … n1 − 1`` by ``ticks``. It returns an array, which is
    ``room`` or a larger one if that was too small, with the spikes of one block after the other as
    ``tick·2^32 + neuron``; their number; and the tick, neuron and state of the first non-finite
    value (−1 if there is none).
    """
    model, tick = program.model, tick_values(program, layout)
    sheet, new = tick.sheet, tick.new
    inner = sheet.lines["inner"]
    fresh = [sheet.name(v, "inner") for v in new]
    # Marked are the lanes that need a look after the loop: they spiked or left the finite numbers.
    finite = " & ".join(f"(abs({x}) <= MAX)" for x in dict.fromkeys(fresh))
    mark = [f"look = not ({finite})"]
    if model.threshold is not None:
        mark = [f"look = {sheet.name(tick.spike, 'inner')} | (not ({finite}))"]
        if model.edge == "rising":
            mark.append(f"last[j] = {sheet.name(tick.condition, 'inner')}")
    inner += [f"W[R{i} + j] = {name}" for i, name in enumerate(fresh)]
    inner += [*mark, "flag[j] = look", "marked += look"]

    event = sheet.lines["event"]
    stores = []
    for i, value in tick.reset.items():
        name = sheet.name(value, "event")
        stores += [f"W[R{i} + j] = {name}", f"if not (abs({name}) <= MAX):", *_indent(_failed(i))]
    event += stores
    if layout.refractory:
        event.append("free[j] = t + 1 + hold")
    text = _module(sheet, spikes=model.threshold is not None)
    return KernelSource(text, tuple(float.fromhex(x) for x in sheet.literals))


def _module(sheet: Sheet, *, spikes: bool) -> str:
    layout, states = sheet.layout, len(sheet.model.states)
    edge = sheet.model.edge == "rising"
    inputs = [f"U{i}" for i in range(len(layout.spreads))]
    types = {"tick": "D[::1]", "neuron": "D[::1]", "both": "D[:, ::1]"}
    head = [
        '"""A kernel generated by SC-NeuroCore; safe to delete."""',
        "import math",
        "import numpy as np",
        "from numba import float32, float64, int64, njit, uint8, uint64",
        "from sc_neurocore.dynamics._kernel_math import cos, exp, exprel, log, power, select",
        "from sc_neurocore.dynamics._kernel_math import sigmoid, sin, tanh, trailing_zeros",
        "from sc_neurocore.dynamics._kernel_math import use_wide_vectors",
        "from sc_neurocore.dynamics._noise import normal, uniform",
        f"D = np.{layout.dtype}",
        "MAX, ZERO, ONE = np.finfo(D).max, D(0), D(1)",
        "NONE, BIT, THREE, SEVEN = np.uint64(0), np.uint64(1), np.uint64(3), np.uint64(7)",
        f"NO, LITERALS, BLOCK = np.uint8(0), {len(sheet.literals)}, {BLOCK}",
        *(f"R{i} = np.uint64({i * ROW})" for i in range(sheet.rows)),
    ]
    signature = ", ".join(
        ["D[::1]", "D[:, ::1]", *(types[s] for s in layout.spreads), "D[:, ::1]", "int64[::1]",
         "uint8[::1]", "D[:, :, ::1]", "uint64[::1]", "int64", "int64", "int64", "uint64",
         "int64", "uint64", "int64[::1]"]
    ).replace("D[", f"{layout.dtype}[")  # fmt: skip
    arguments = ", ".join(
        ["C", "P", *inputs, "X", "counter", "last0", "kept", "rows", "n0", "n1", "ticks", "now0",
         "hold", "seed", "room"]
    )  # fmt: skip

    def lane(body: list[str]) -> list[str]:
        return ["for j in range(m):", *_indent(body or ["pass"])]

    ready = ["free[j] = counter[o + j]"] if layout.refractory else []
    calm = ["last[j] = last0[o + j]"] if edge else []
    load = [f"W[R{i} + j] = X[{i}, o + j]" for i in range(states)] + ready + calm
    store = [f"X[{i}, o + j] = W[R{i} + j]" for i in range(states)]
    if layout.refractory:
        store.append("counter[o + j] = max(free[j] - ticks, 0)")
    if edge:
        store.append("last0[o + j] = last[j]")
    check = [
        line
        for i in range(states)
        for line in (f"{'el' if i else ''}if not (abs(W[R{i} + j]) <= MAX):", *_indent(_failed(i)))
    ]
    spike = [
        "else:",
        "    if count == len(found):",
        "        more = np.empty(2 * count, np.int64)",
        # A slice assignment would compile NumPy's shape messages into every kernel.
        "        for q in range(count):",
        "            more[q] = found[q]",
        "        found = more",
        "    found[count] = (t << 32) | np.int64(o + j)",
        "    count += 1",
        *_indent(sheet.lines["event"]),
    ]
    look = [
        "if marked:",
        # Listing the busy words without a branch spares the processor a wrong guess per spike.
        "    n = NONE",
        "    for k in range((m + SEVEN) >> THREE):",
        "        busy[n] = k",
        "        n += np.uint64(words[k] != NONE)",
        "    for i in range(n):",
        "        k = busy[i]",
        "        word = words[k]",
        "        while word != NONE:",
        "            j = (k << THREE) + (trailing_zeros(word) >> THREE)",
        "            word &= word - BIT",
        *_indent([*check, *(spike if spikes else [])], 3),
        "    if failed == t:",
        "        end = t",
        "        break",
    ]
    tick = [
        "now = now0 + np.uint64(t)",
        *sheet.lines["tick"],
        "marked = 0",
        *lane(sheet.lines["inner"]),
        *look,
        "for r in range(len(rows)):",
        "    for j in range(m):",
        "        kept[t, r, o + j] = W[rows[r] + j]",
    ]
    block = [
        "m = np.uint64(min(BLOCK, n1 - b))",
        "o = np.uint64(b)",
        "for j in range(BLOCK):",
        "    flag[j] = 0",
        *lane(load + sheet.lines["block"]),
        "for t in range(end):",
        *_indent(tick),
        *lane(store),
    ]
    body = [
        "use_wide_vectors()",
        *sheet.lines["run"],
        f"W = np.empty({sheet.rows * ROW}, D)",
        "free = np.empty(BLOCK, np.int64)",
        "last = np.empty(BLOCK, np.uint8)",
        "flag = np.zeros(BLOCK, np.uint8)",
        "words = flag.view(np.uint64)",
        "busy = np.empty(BLOCK // 8 + 1, np.uint64)",
        "found = room",
        "count = 0",
        "failed, who, state, end = -1, -1, -1, ticks",
        "for b in range(n0, n1, BLOCK):",
        *_indent(block),
        "return found, count, failed, who, state",
    ]
    return "\n".join(
        [
            *head,
            "",
            f'@njit(({signature}), cache=True, nogil=True, error_model="numpy")',
            f"def run({arguments}):",
            *_indent(body),
            "",
        ]
    )


def _failed(state: int) -> list[str]:
    """Note the first failure of a tick: neuron and state."""
    return ["if failed != t:", f"    failed, who, state = t, np.int64(o + j), {state}"]


def _gathered(expr: Expr, states: tuple[str, ...]) -> Expr:
    """A linear update as ``Σ c·x + rest``, so that ``c`` and ``rest`` leave the inner loop."""
    form = affine(expr, states)
    assert form is not None, "the exact method is linear"
    coefficients, total = form
    for name, coefficient in coefficients.items():
        total = add(mul(coefficient, sym(name)), total)
    return total


def _indent(lines: list[str], levels: int = 1) -> list[str]:
    return ["    " * levels + line for line in lines]
