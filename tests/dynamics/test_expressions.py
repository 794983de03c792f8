"""Expressions: text and tree agree, derivatives are slopes, affine forms add up."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sc_neurocore.dynamics import (
    Expr,
    affine,
    derivative,
    evaluate,
    num,
    parse_assignments,
    parse_block,
    parse_condition,
    parse_expression,
    sym,
)

from .strategies import conditions, expressions

SMOOTH = ("exp", "sin", "cos", "tanh", "sigmoid", "exprel")
trees = expressions(["x", "y"], [*SMOOTH, "sqrt", "log", "abs", "floor"])


@given(trees)
def test_text_reads_back_as_the_same_tree(tree: Expr) -> None:
    assert parse_expression(str(tree)) == tree


@given(conditions(trees))
def test_condition_text_reads_back(tree: Expr) -> None:
    assert parse_condition(str(tree)) == tree


@given(expressions(["x", "y"], SMOOTH, depth=2, choices=False), st.floats(-1, 1), st.floats(-1, 1))
def test_derivative_is_the_slope(tree: Expr, x: float, y: float) -> None:
    def at(value: float) -> float:
        return evaluate(tree, {"x": value, "y": y})

    try:
        slope = evaluate(derivative(tree, "x"), {"x": x, "y": y})
        points = [at(x + k * 1e-4) for k in (-2, -1, 1, 2)]
    except (ArithmeticError, ValueError):
        assume(False)
    size = max(1.0, *(abs(p) for p in points), abs(slope))
    assume(size < 1e4)
    difference = (points[0] - 8 * points[1] + 8 * points[2] - points[3]) / 12e-4
    assert slope == pytest.approx(difference, abs=2e-7 * size)


@pytest.mark.parametrize(
    ("text", "x", "expected"),
    [
        ("log(x)", 2.0, 0.5),
        ("sqrt(x)", 4.0, 0.25),
        ("abs(x)", -3.0, -1.0),
        ("max(x, 1)", 2.0, 1.0),
        ("max(x, 1)", 0.0, 0.0),
        ("min(x**2, 3*x)", 2.0, 4.0),
        ("clip(x, -1, 1)", 5.0, 0.0),
        ("where(x > 1, x**3, x)", 2.0, 12.0),
        ("x**y", 2.0, 12.0),
        ("floor(x)", 2.5, 0.0),
        ("1/x", 2.0, -0.25),
    ],
)
def test_derivatives_by_hand(text: str, x: float, expected: float) -> None:
    slope = derivative(parse_expression(text), "x")
    assert evaluate(slope, {"x": x, "y": 3.0}) == pytest.approx(expected)


@given(st.lists(st.floats(-9, 9), min_size=4, max_size=4))
def test_affine_form_adds_up(values: list[float]) -> None:
    here = dict(zip(("x", "y", "p", "I"), values, strict=True))
    tree = parse_expression("-(3*x - p*(y + 2)/4) + I*2 - x/(p**2 + 1)")
    form = affine(tree, ("x", "y"))
    assert form is not None
    coefficients, rest = form
    total = sum(evaluate(c, here) * here[n] for n, c in coefficients.items())
    assert total + evaluate(rest, here) == pytest.approx(evaluate(tree, here), abs=1e-9)
    assert not {"x", "y"} & rest.names()


@pytest.mark.parametrize("text", ["x*y", "x**2", "1/x", "exp(x)", "where(x > 0, x, 1)"])
def test_what_is_not_affine(text: str) -> None:
    assert affine(parse_expression(text), ("x", "y")) is None


def test_where_evaluates_only_the_branch_it_takes() -> None:
    guarded = parse_expression("where(x > 0, log(x), 0)")
    assert evaluate(guarded, {"x": -1.0}) == 0
    assert evaluate(guarded, {"x": math.e}) == 1


def test_chained_comparisons_and_logic() -> None:
    between = parse_condition("1 < x <= 3 and not x == 2")
    assert [evaluate(between, {"x": float(x)}) for x in (1, 1.5, 2, 3, 4)] == [
        False, True, False, True, False,
    ]  # fmt: skip


def test_block_syntax() -> None:
    block = parse_block("# head\ndv/dt = (a  # half\n  + b) : mV (unless refractory); a = 2")
    assert [(x.kind, x.target, x.unit, x.held) for x in block] == [
        ("ode", "v", "mV", True), ("let", "a", None, False),
    ]  # fmt: skip
    assert block[0].right == sym("a") + sym("b")
    assert parse_block("x[n+1] = x[n] * 2")[0].right == sym("x") * num(2)


def test_reset_syntax() -> None:
    found = parse_assignments("v = -65; u += 8; u *= 2")
    assert [(t, str(e)) for t, e, _ in found] == [("v", "-65"), ("u", "u + 8"), ("u", "u * 2")]


def test_a_power_groups_to_the_right() -> None:
    assert evaluate(parse_expression("2**3**2"), {}) == 512
    assert evaluate(parse_expression("-2**2"), {}) == -4
