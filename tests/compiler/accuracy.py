"""A model's tick in real numbers, with a bound on how far the datapath may stray from it.

The bound follows what the compiler promises, not how it works: a coefficient is off by at most
its relative error, a function by its accepted relative error, and every operation may lose one
unit at ``GUARD_BITS`` below the state's last bit. Relative errors are carried through the
expression by the slopes at the point itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from sc_neurocore.dynamics import Expr, evaluate

_RELATIONS = ("<", "<=", ">", ">=", "==", "!=")


class Undecided(Exception):
    """Within the bound, a comparison or floor could fall either way."""


@dataclass(frozen=True)
class Loss:
    """Relative errors of coefficients and of functions; absolute slack of a comparison."""

    coefficient: float
    function: float
    comparison: float


@dataclass(frozen=True)
class Near:
    """A real number and how far off the hardware's may be."""

    value: float
    error: float = 0.0


def bounded(expr: Expr, env: Mapping[str, Near], loss: Loss) -> Near:
    """Evaluate with a bound; raise `Undecided` where the bound cannot hold (a jump is near)."""
    op = expr.op
    if op == "num":
        return Near(expr.value, abs(expr.value) * loss.coefficient)
    if op == "name":
        return env[expr.name]
    if op in ("rand", "randn"):
        return env[f"{op}_{int(expr.value)}"]
    if op == "where":
        chosen = bounded(expr.args[0], env, loss).value
        return bounded(expr.args[1 if chosen else 2], env, loss)
    a = [bounded(x, env, loss) for x in expr.args]
    names = {f"a{i}": x.value for i, x in enumerate(a)}
    flat = Expr(op, tuple(Expr("name", name=f"a{i}") for i in range(len(a))))
    value = float(evaluate(flat, names))
    if op in _RELATIONS:
        if abs(a[0].value - a[1].value) <= a[0].error + a[1].error + loss.comparison:
            raise Undecided
        return Near(value)
    if op in ("and", "or", "not"):
        return Near(value)
    if op == "floor":
        reach = a[0].error + loss.comparison
        if math.floor(a[0].value - reach) != math.floor(a[0].value + reach):
            raise Undecided
        return Near(value)
    if op in ("+", "-"):
        return Near(value, a[0].error + a[1].error)
    if op in ("neg", "abs", "min", "max", "clip"):
        return Near(value, max(x.error for x in a))
    own = loss.function if op not in ("*", "**") or len(a) == 1 else 0.0
    if op == "**" and not (a[1].value == int(a[1].value) and a[1].value >= 0):
        own = 3 * loss.function
    corners = []
    for k in range(3 ** len(a)):
        moved = dict(names)
        for i, x in enumerate(a):
            # An exponent is a number of the language, not a coefficient.
            error = 0.0 if op == "**" and i == 1 else x.error
            moved[f"a{i}"] = x.value + (k // 3**i % 3 - 1) * error
        try:
            corners.append(abs(float(evaluate(flat, moved)) - value))
        except (ArithmeticError, ValueError) as error:
            raise Undecided from error
    return Near(value, max(corners) + own * abs(value))
