"""Symbolic facts about expressions: derivatives and affine coefficients."""

from __future__ import annotations

from collections.abc import Collection

from sc_neurocore.dynamics._tree import Expr, add, call, div, is_number, mul, neg, num, sub


def derivative(expr: Expr, name: str) -> Expr:
    """Partial derivative of ``expr`` by the symbol ``name`` (almost everywhere)."""
    if expr.op == "num" or name not in expr.names():
        return num(0)
    if expr.op == "name":
        return num(1)
    a = expr.args
    if expr.op == "where":
        return call("where", a[0], derivative(a[1], name), derivative(a[2], name))
    d = [derivative(x, name) for x in a]
    match expr.op:
        case "+":
            return add(d[0], d[1])
        case "-":
            return sub(d[0], d[1])
        case "neg":
            return neg(d[0])
        case "*":
            return add(mul(d[0], a[1]), mul(a[0], d[1]))
        case "/":
            return sub(div(d[0], a[1]), div(mul(a[0], d[1]), mul(a[1], a[1])))
        case "**" if a[1].op == "num":
            return mul(mul(a[1], _power(a[0], a[1].value - 1)), d[0])
        case "**":
            return mul(expr, add(mul(d[1], call("log", a[0])), div(mul(a[1], d[0]), a[0])))
        case "exp":
            return mul(expr, d[0])
        case "log":
            return div(d[0], a[0])
        case "sqrt":
            return div(d[0], mul(num(2), expr))
        case "sin":
            return mul(call("cos", a[0]), d[0])
        case "cos":
            return neg(mul(call("sin", a[0]), d[0]))
        case "tanh":
            return mul(sub(num(1), mul(expr, expr)), d[0])
        case "sigmoid":
            return mul(mul(expr, sub(num(1), expr)), d[0])
        case "exprel":
            x = a[0]
            near = add(num(0.5), mul(x, add(num(1 / 3), mul(x, num(0.125)))))
            far = div(sub(call("exp", x), expr), x)
            small = Expr("<", (call("abs", x), num(1e-3)))
            return mul(call("where", small, near, far), d[0])
        case "abs":
            return mul(call("where", Expr("<", (a[0], num(0))), num(-1), num(1)), d[0])
        case "min":
            return call("where", Expr("<", (a[0], a[1])), d[0], d[1])
        case "max":
            return call("where", Expr(">", (a[0], a[1])), d[0], d[1])
        case "clip":
            below, above = Expr("<", (a[0], a[1])), Expr(">", (a[0], a[2]))
            return call("where", below, d[1], call("where", above, d[2], d[0]))
        case "floor":
            return num(0)
    raise AssertionError(f"no derivative rule for {expr.op}")


def _power(base: Expr, exponent: float) -> Expr:
    if exponent == 0:
        return num(1)
    return base if exponent == 1 else Expr("**", (base, num(exponent)))


def affine(expr: Expr, names: Collection[str]) -> tuple[dict[str, Expr], Expr] | None:
    """Write ``expr`` as ``Σ cᵢ·xᵢ + rest`` over ``names``; ``None`` when it is not affine.

    Coefficients and rest do not contain ``names``.
    """
    if not expr.names() & set(names):
        return {}, expr
    if expr.op == "name":
        return {expr.name: num(1)}, num(0)
    parts = [affine(arg, names) for arg in expr.args]
    if expr.op in ("+", "-", "neg") and all(parts):
        sign = neg if expr.op == "neg" else (lambda x: x)
        assert parts[0] is not None
        coefficients = {k: sign(v) for k, v in parts[0][0].items()}
        rest = sign(parts[0][1])
        if len(parts) == 2:
            assert parts[1] is not None
            join = add if expr.op == "+" else sub
            for key, value in parts[1][0].items():
                coefficients[key] = join(coefficients.get(key, num(0)), value)
            rest = join(rest, parts[1][1])
        return coefficients, rest
    if expr.op in ("*", "/"):
        left, right = parts
        if left is None or right is None:
            return None
        if expr.op == "*" and not left[0]:
            left, right = right, left
        if right[0]:
            return None
        join = mul if expr.op == "*" else div
        factor = right[1]
        return {k: join(v, factor) for k, v in left[0].items()}, (
            num(0) if is_number(left[1], 0) else join(left[1], factor)
        )
    return None
