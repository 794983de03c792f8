"""Plain evaluation of one expression on numbers; the kernels do the fast work."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from sc_neurocore.dynamics._tree import Expr


def exprel(x: float) -> float:
    """``(exp(x) − 1)/x``, with its limit 1 at 0."""
    return 1.0 if x == 0 else math.expm1(x) / x


def sigmoid(x: float) -> float:
    """``1/(1 + exp(−x))`` without overflow."""
    if x >= 0:
        return 1 / (1 + math.exp(-x))
    e = math.exp(x)
    return e / (1 + e)


_FUNCTIONS: Mapping[str, Callable[..., float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "**": lambda a, b: a**b,
    "neg": lambda a: -a,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "and": lambda a, b: bool(a) and bool(b),
    "or": lambda a, b: bool(a) or bool(b),
    "not": lambda a: not a,
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "sin": math.sin,
    "cos": math.cos,
    "tanh": math.tanh,
    "sigmoid": sigmoid,
    "exprel": exprel,
    "abs": abs,
    "floor": math.floor,
    "min": min,
    "max": max,
    "clip": lambda x, low, high: min(max(x, low), high),
    "where": lambda c, a, b: a if c else b,
}


def evaluate(expr: Expr, values: Mapping[str, float]) -> float:
    """Evaluate on numbers; domain errors and overflow raise ``ArithmeticError`` or ``ValueError``.

    Random draws are looked up under ``"rand.<ordinal>"`` and ``"randn.<ordinal>"``.
    """
    if expr.op == "num":
        return expr.value
    if expr.op == "name":
        return values[expr.name]
    if expr.op in ("rand", "randn"):
        return values[f"{expr.op}.{int(expr.value)}"]
    return _FUNCTIONS[expr.op](*(evaluate(arg, values) for arg in expr.args))
