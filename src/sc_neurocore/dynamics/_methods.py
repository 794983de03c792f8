"""Integration methods: from a model's equations to the straight-line program of one tick.

Every method turns differential equations into assignments in the same expression language, so
the float kernels, the fixed-point lowering and the documentation all read one `Program`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from sc_neurocore.dynamics._calculus import affine, derivative
from sc_neurocore.dynamics._evaluate import evaluate
from sc_neurocore.dynamics._model import Model
from sc_neurocore.dynamics._tree import DRAWS, Expr, add, call, div, is_number, mul, num, sub, sym

Assignments = list[tuple[str, Expr]]


@dataclass(frozen=True)
class Program:
    """One tick as single assignments.

    Attributes:
        model: the model it was derived from.
        steps: ``(name, expression)`` in order; a name that holds a ``.`` was made by the method.
        advance: for each state, the name or expression of its candidate next value, after the
            jumps.
    """

    model: Model
    steps: tuple[tuple[str, Expr], ...]
    advance: Mapping[str, Expr]


def program(model: Model) -> Program:
    """Derive the tick program of ``model`` under its method."""
    steps, advance = _BUILDERS[model.method](continuous(model))
    advance |= {e.target: e.expr for e in model.equations if e.kind == "shift"}
    steps, advance = _jumped(model, steps, advance)
    return Program(model, tuple(steps), advance)


def continuous(model: Model) -> Model:
    """The model without its delay registers, which are inputs to the rest of a tick."""
    shifts = {e.target for e in model.equations if e.kind == "shift"}
    if not shifts:
        return model
    return replace(
        model,
        states=tuple(q for q in model.states if q.name not in shifts),
        inputs=(*model.inputs, *(q for q in model.states if q.name in shifts)),
        equations=tuple(e for e in model.equations if e.kind != "shift"),
    )


def _jumped(
    model: Model, steps: Assignments, advance: dict[str, Expr]
) -> tuple[Assignments, dict[str, Expr]]:
    """Run the jumps on the advanced states: every line is a step of its own."""
    touched = {line.target for line in model.jumps}.union(*(j.expr.names() for j in model.jumps))
    flow = {x: sym(f"{x}.flow") for x in advance if x in touched}
    steps = [*steps, *((name.name, advance[x]) for x, name in flow.items())]
    for k, line in enumerate(model.jumps):
        name = f"{line.target}.jump.{k}"
        steps.append((name, line.expr.substitute(flow)))
        flow[line.target] = sym(name)
    return steps, advance | flow


def linear_system(model: Model) -> tuple[list[list[Expr]], list[Expr]] | None:
    """Return ``A`` and ``b`` with ``dx/dt = A·x + b``, or ``None`` if not linear.

    ``A`` holds parameters only; ``b`` may hold inputs. Models with random draws are not linear
    in this sense.
    """
    model = continuous(model)
    if any(e.kind == "map" for e in model.equations):
        return None
    rows, rests = [], []
    variables = (*model.state_names, *model.input_names)
    for name in model.state_names:
        expr = inlined(model)[name]
        if any(node.op in DRAWS for node in expr.walk()):
            return None
        form = affine(expr, model.state_names)
        if form is None:
            return None
        coefficients, rest = form
        if any(c.names() & set(variables) for c in coefficients.values()):
            return None
        rows.append([coefficients.get(x, num(0)) for x in model.state_names])
        rests.append(rest)
    return rows, rests


def _right_sides(model: Model) -> tuple[Assignments, dict[str, Expr]]:
    lets = [(e.target, e.expr) for e in model.equations if e.kind == "let"]
    return lets, {e.target: e.expr for e in model.equations if e.kind != "let"}


def inlined(model: Model) -> dict[str, Expr]:
    """Right side of every state with the intermediate equations substituted."""
    lets, rights = _right_sides(model)
    known: dict[str, Expr] = {}
    for name, expr in lets:
        known[name] = expr.substitute(known)
    return {name: expr.substitute(known) for name, expr in rights.items()}


def _map(model: Model) -> tuple[Assignments, dict[str, Expr]]:
    return _right_sides(model)


def _euler(model: Model) -> tuple[Assignments, dict[str, Expr]]:
    lets, rights = _right_sides(model)
    h = num(model.dt)
    return lets, {x: add(sym(x), mul(h, f)) for x, f in rights.items()}


def _stage(
    model: Model, number: int, at: Mapping[str, Expr]
) -> tuple[Assignments, dict[str, Expr]]:
    """Slopes at the point ``at``: intermediate equations are renamed per stage."""
    lets, rights = _right_sides(model)
    renamed: dict[str, Expr] = dict(at)
    steps: Assignments = []
    for name, expr in lets:
        own = name if number == 1 else f"{name}.{number}"
        steps.append((own, expr.substitute(renamed)))
        renamed[name] = sym(own)
    slopes = {}
    for x, f in rights.items():
        steps.append((f"k{number}.{x}", f.substitute(renamed)))
        slopes[x] = sym(f"k{number}.{x}")
    return steps, slopes


def _point(
    model: Model, number: int, slopes: Mapping[str, Expr], h: float
) -> tuple[Assignments, dict[str, Expr]]:
    steps = [(f"{x}.{number}", add(sym(x), mul(num(h), slopes[x]))) for x in model.state_names]
    return steps, {x: sym(f"{x}.{number}") for x in model.state_names}


def _heun(model: Model) -> tuple[Assignments, dict[str, Expr]]:
    steps, k1 = _stage(model, 1, {})
    more, at2 = _point(model, 2, k1, model.dt)
    last, k2 = _stage(model, 2, at2)
    half = num(model.dt / 2)
    return [*steps, *more, *last], {
        x: add(sym(x), mul(half, add(k1[x], k2[x]))) for x in model.state_names
    }


def _rk4(model: Model) -> tuple[Assignments, dict[str, Expr]]:
    h = model.dt
    steps, k1 = _stage(model, 1, {})
    slopes = [k1]
    for number, ahead in ((2, h / 2), (3, h / 2), (4, h)):
        more, at = _point(model, number, slopes[-1], ahead)
        last, k = _stage(model, number, at)
        steps = [*steps, *more, *last]
        slopes.append(k)
    a, b, c, d = slopes
    return steps, {
        x: add(
            sym(x),
            mul(num(h / 6), add(add(a[x], d[x]), mul(num(2), add(b[x], c[x])))),
        )
        for x in model.state_names
    }


def _exponential_euler(model: Model) -> tuple[Assignments, dict[str, Expr]]:
    """Each state affine in itself, ``a·x + b``, follows its exponential; others take Euler.

    Source: Rush & Larsen 1978, doi:10.1109/TBME.1978.326270.
    """
    h = num(model.dt)
    advance = {}
    for x, f in inlined(model).items():
        form = affine(f, (x,))
        if form is None or x not in form[0]:
            advance[x] = add(sym(x), mul(h, f))
            continue
        a, b = form[0][x], form[1]
        phi = mul(h, call("exprel", mul(a, h)))
        advance[x] = add(sym(x), add(mul(b, phi), mul(mul(a, phi), sym(x))))
    return [], advance


def _exact(model: Model) -> tuple[Assignments, dict[str, Expr]]:
    """``x' = Φ·x + Ψ·b`` with inputs held over the tick; Φ = exp(A·dt), Ψ = ∫₀^dt exp(A·s) ds.

    A decoupled state keeps its parameters symbolic; coupled states need them as numbers.
    Source: Rotter & Diesmann 1999, doi:10.1007/s004220050570.
    """
    system = linear_system(model)
    assert system is not None, "checked when the method was chosen"
    rows, rests = system
    names = model.state_names
    coupled = any(
        not is_number(rows[i][j], 0) for i in range(len(names)) for j in range(len(names)) if i != j
    )
    if not coupled:
        advance = {}
        for i, x in enumerate(names):
            a = rows[i][i]
            if is_number(a, 0):
                advance[x] = add(sym(x), mul(num(model.dt), rests[i]))
                continue
            gain = mul(num(model.dt), call("exprel", mul(a, num(model.dt))))
            advance[x] = add(sym(x), mul(gain, add(mul(a, sym(x)), rests[i])))
        return [], advance
    from scipy.linalg import expm

    n = len(names)
    values = model.parameter_values
    block = np.zeros((2 * n, 2 * n))
    block[:n, :n] = [[evaluate(cell, values) for cell in row] for row in rows]
    block[:n, n:] = np.eye(n)
    flow = expm(block * model.dt)
    advance = {}
    steps: Assignments = [(f"b.{x}", rest) for x, rest in zip(names, rests, strict=True)]
    for i, x in enumerate(names):
        total = num(0)
        for j, y in enumerate(names):
            total = add(total, mul(num(_tiny(flow[i, j])), sym(y)))
        for j, y in enumerate(names):
            if not is_number(rests[j], 0):
                total = add(total, mul(num(_tiny(flow[i, n + j])), sym(f"b.{y}")))
        advance[x] = total
    return [s for s in steps if not is_number(s[1], 0)], advance


def _tiny(value: float) -> float:
    """A propagator entry, with rounding noise of the matrix exponential set to zero."""
    return 0.0 if abs(value) < 1e-15 else float(value)


_GAMMA = 1 - 1 / math.sqrt(2)


def _rosenbrock(model: Model) -> tuple[Assignments, dict[str, Expr]]:
    """Two-stage, second-order, L-stable Rosenbrock method ROS2.

    ``(I − γ·dt·J)·k₁ = f(x)``, ``(I − γ·dt·J)·k₂ = f(x + dt·k₁) − 2·k₁``,
    ``x' = x + dt·(3·k₁ + k₂)/2``. Source: Verwer et al. 1999, doi:10.1137/S1064827597326651.
    """
    names, h = model.state_names, model.dt
    rights = inlined(model)
    steps: Assignments = []
    matrix: list[list[Expr]] = []
    for i, x in enumerate(names):
        row = []
        for j, y in enumerate(names):
            entry = mul(num(-_GAMMA * h), derivative(rights[x], y))
            entry = add(num(1), entry) if i == j else entry
            if entry.op != "num":
                steps.append((f"W.{x}.{y}", entry))
                entry = sym(f"W.{x}.{y}")
            row.append(entry)
        matrix.append(row)

    def solve(tag: str, right: list[Expr]) -> list[Expr]:
        """Gaussian elimination without pivoting (the matrix tends to I as dt → 0)."""
        m = [list(row) for row in matrix]
        r = list(right)
        for k in range(len(names)):
            for i in range(k + 1, len(names)):
                if is_number(m[i][k], 0):
                    continue
                factor = sym(f"{tag}.l.{i}.{k}")
                steps.append((factor.name, div(m[i][k], m[k][k])))
                for j in range(k + 1, len(names)):
                    fresh = sub(m[i][j], mul(factor, m[k][j]))
                    if fresh.op != "num" and fresh is not m[i][j]:
                        steps.append((f"{tag}.u.{i}.{j}.{k}", fresh))
                        fresh = sym(f"{tag}.u.{i}.{j}.{k}")
                    m[i][j] = fresh
                steps.append((f"{tag}.r.{i}.{k}", sub(r[i], mul(factor, r[k]))))
                r[i] = sym(f"{tag}.r.{i}.{k}")
        solution: list[Expr] = [num(0)] * len(names)
        for i in reversed(range(len(names))):
            total = r[i]
            for j in range(i + 1, len(names)):
                total = sub(total, mul(m[i][j], solution[j]))
            steps.append((f"{tag}.{names[i]}", div(total, m[i][i])))
            solution[i] = sym(f"{tag}.{names[i]}")
        return solution

    k1 = solve("k1", [rights[x] for x in names])
    ahead = {x: sym(f"{x}.2") for x in names}
    steps += [(f"{x}.2", add(sym(x), mul(num(h), k))) for x, k in zip(names, k1, strict=True)]
    second = [
        sub(rights[x].substitute(ahead), mul(num(2), k)) for x, k in zip(names, k1, strict=True)
    ]
    k2 = solve("k2", second)
    return steps, {
        x: add(sym(x), mul(num(h / 2), add(mul(num(3), a), b)))
        for x, a, b in zip(names, k1, k2, strict=True)
    }


_BUILDERS = {
    "map": _map,
    "euler": _euler,
    "heun": _heun,
    "rk4": _rk4,
    "exponential_euler": _exponential_euler,
    "exact": _exact,
    "rosenbrock": _rosenbrock,
}
