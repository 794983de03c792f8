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


def power(base: float, exponent: float) -> float:
    """``base**exponent``; integer exponents up to 16 are products, as in every back end."""
    if exponent != int(exponent) or abs(exponent) > 16:
        return math.pow(base, exponent)
    result, square, left = 1.0, base, abs(int(exponent))
    while left:
        if left & 1:
            result = result * square
        left >>= 1
        if left:
            square = square * square
    return result if exponent >= 0 else 1.0 / result


_FUNCTIONS: Mapping[str, Callable[..., float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "**": power,
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
    if expr.op == "where":
        # Only the chosen branch: the other may lie outside its domain.
        chosen = expr.args[1] if evaluate(expr.args[0], values) else expr.args[2]
        return evaluate(chosen, values)
    return _FUNCTIONS[expr.op](*(evaluate(arg, values) for arg in expr.args))
