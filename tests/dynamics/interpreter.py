"""The semantics of a tick, one neuron and one operation at a time: what kernels must equal.

Written from docs/explanation/semantics.md and NumPy scalars of the kernel's number type, so that
every addition, product, quotient and root rounds alike and results can be compared bit by bit.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from sc_neurocore.dynamics import Expr, Model, program
from sc_neurocore.dynamics._noise import normal, uniform

Values = dict[str, Any]


def value(expr: Expr, names: Values, number: type, draw: Any) -> Any:
    if expr.op == "num":
        return number(expr.value)
    if expr.op == "name":
        return names[expr.name]
    if expr.op in ("rand", "randn"):
        return number(draw(expr.op, int(expr.value)))
    if expr.op == "**":
        base, exponent = value(expr.args[0], names, number, draw), int(expr.args[1].value)
        # The products 2, 3 and 4 have one order each: x·x, x·x², x²·x².
        square = base * base
        return {1: base, 2: square, 3: base * square, 4: square * square}[exponent]
    a = [value(arg, names, number, draw) for arg in expr.args]
    match expr.op:
        case "+":
            return a[0] + a[1]
        case "-":
            return a[0] - a[1]
        case "*":
            return a[0] * a[1]
        case "/":
            return a[0] / a[1]
        case "neg":
            return -a[0]
        case "<":
            return a[0] < a[1]
        case "<=":
            return a[0] <= a[1]
        case ">":
            return a[0] > a[1]
        case ">=":
            return a[0] >= a[1]
        case "and":
            return a[0] and a[1]
        case "or":
            return a[0] or a[1]
        case "not":
            return not a[0]
        case "sqrt":
            return np.sqrt(a[0])
        case "abs":
            return np.abs(a[0])
        case "floor":
            return np.floor(a[0])
        case "min":
            return a[1] if a[1] < a[0] else a[0]
        case "max":
            return a[1] if a[1] > a[0] else a[0]
        case "clip":
            low = a[1] if a[1] > a[0] else a[0]
            return a[2] if a[2] < low else low
        case "where":
            return a[1] if a[0] else a[2]
    raise AssertionError(expr.op)  # fmt: skip


@dataclass
class Interpreter:
    """One neuron of a model."""

    model: Model
    number: type = np.float64
    neuron: int = 0
    seed: int = 0
    parameters: Values = field(default_factory=dict)

    def __post_init__(self) -> None:
        chosen = self.model.parameter_values | self.parameters
        self.parameters = {k: self.number(v) for k, v in chosen.items()}
        self.states: Values = {q.name: self.number(q.value) for q in self.model.states}
        self.counter, self.previous, self.tick = 0, False, 0

    def step(self, inputs: Values) -> bool | None:
        """Run a tick; return whether it spiked, or None where a state is no longer finite."""

        def draw(kind: str, ordinal: int) -> float:
            source = uniform if kind == "rand" else normal
            return source(*(np.uint64(x) for x in (self.seed, self.neuron, self.tick, ordinal)))

        def read(expr: Expr, names: Values) -> Any:
            return value(expr, names, self.number, draw)

        with np.errstate(all="ignore"):
            fixed = self.parameters | {k: self.number(v) for k, v in inputs.items()}
            scope = fixed | self.states
            tick = program(replace(self.model, jumps=()))
            for name, expr in tick.steps:
                scope[name] = read(expr, scope)
            new = {x: read(tick.advance[x], scope) for x in self.states}
            for line in self.model.jumps:
                new[line.target] = read(line.expr, fixed | new)
            for x in self.model.hold:
                if self.counter > 0:
                    new[x] = self.states[x]
            if not all(np.isfinite(x) for x in new.values()):
                return None
            met = self.model.threshold is not None and read(self.model.threshold, fixed | new)
            spike = bool(met) and self.counter == 0
            if self.model.edge == "rising" and self.previous:
                spike = False
            if spike:
                for line in self.model.reset:
                    new[line.target] = read(line.expr, fixed | new)
                if not all(np.isfinite(x) for x in new.values()):
                    return None
            self.states, self.previous = new, bool(met)
            self.counter = self.model.refractory_ticks if spike else max(self.counter - 1, 0)
            self.tick += 1
            return spike
