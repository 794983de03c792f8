"""Proofs of ranges: hand-derived verdicts, and exact evaluation that never leaves an enclosure."""

from __future__ import annotations

import decimal
import json
import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sc_neurocore.compiler import (
    Interval,
    QFormat,
    compute_guard_bits,
    compute_guard_bits_multi,
    prove_fixed_point_envelope,
    prove_no_overflow,
)
from sc_neurocore.compiler._affine import Affine
from sc_neurocore.compiler._interval import function_range
from sc_neurocore.dynamics import Expr, evaluate, parse_expression
from sc_neurocore.exceptions import EquationError, SCCompilerError, SCConfigError

BOUNDS = {"x": (-3, 5), "y": (Fraction(1, 2), 2), "z": (-1, 1)}


# Intervals and affine forms


def test_intervals_by_hand() -> None:
    a, b = Interval(1, 2), Interval(-3, 4)
    assert a + b == Interval(-2, 6) and a - b == Interval(-3, 5) and -b == Interval(-4, 3)
    assert a * b == Interval(-6, 8) and b / a == Interval(-3, 4) and abs(b) == Interval(0, 4)
    assert b.power(2) == Interval(0, 16) and b.power(3) == Interval(-27, 64)
    assert a.contains(1, 2) and not a.contains(1, Fraction(19, 10))
    assert str(b) == "[-3, 4]"


@pytest.mark.parametrize(("lo", "hi"), [(2, 1), (0, math.inf), (math.nan, 1), (True, 2)])
def test_intervals_refuse_nonsense(lo: Any, hi: Any) -> None:
    with pytest.raises(SCConfigError, match="interval"):
        Interval(lo, hi)


def test_division_by_an_interval_with_zero_is_refused() -> None:
    with pytest.raises(SCConfigError, match="contains 0"):
        Interval(1, 2) / Interval(0, 1)


def test_affine_forms_remember() -> None:
    x = Affine.spanning(Interval(2, 6))
    assert (x - x).interval == Interval(0, 0)
    assert (x + x - x.scaled(Fraction(2))).radius == 0
    # 16 + 16ε + 4ε² with ε² in [0, 1]; independent factors would give 16 - 20.
    assert (x * x).interval == Interval(0, 36)


@given(st.fractions(-650, 650))
def test_functions_enclose_their_values_tightly(x: Fraction) -> None:
    at = Interval(x, x)
    for name, exact in (
        ("exp", math.exp(x)), ("tanh", math.tanh(x)), ("sigmoid", _sigmoid(float(x))),
        ("sqrt", math.sqrt(abs(x))), ("exprel", math.expm1(x) / float(x) if x else 1.0),
    ):  # fmt: skip
        found = function_range(name, abs(at) if name == "sqrt" else at)
        assert (
            found.lo <= found.hi
            and found.hi - found.lo <= (abs(found.hi) + Fraction(1, 10**20)) / 10**20
        )
        assert float(found.lo) == pytest.approx(exact, rel=1e-13, abs=1e-40)


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


@given(st.integers(1, 10**400), st.integers(1, 10**400), st.booleans())
def test_long_ends_are_rounded_outwards(top: int, bottom: int, negative: bool) -> None:
    x = Fraction(top, bottom) * (-1 if negative else 1)
    around = Interval(x, x)
    assert around.lo <= x <= around.hi
    assert around.hi - around.lo <= abs(x) / 2**190 + Fraction(1, 2**1000)
    assert around.lo.denominator.bit_length() < 1200


@given(st.lists(st.fractions(-9, 9), min_size=2, max_size=5), st.integers(1, 40))
def test_long_coefficients_keep_every_value(ends: list[Fraction], scale: int) -> None:
    """Factors with long denominators force the form to be rounded; products must stay inside."""
    long = Fraction(scale, 3**300)
    x = Affine.spanning(Interval(min(ends), max(ends)))
    form, values = x.scaled(long) * x.scaled(long), [(e * long) ** 2 for e in ends]
    assert all(form.interval.lo <= v <= form.interval.hi for v in values)
    both = form - (x * x).scaled(long * long)
    assert both.interval.lo <= 0 <= both.interval.hi


# Proofs


def test_verdicts_by_hand() -> None:
    safe = prove_no_overflow("a + b", {"a": (0, 100), "b": (-3, 20)}, 16, 8)
    assert safe.proven_safe and safe.expr_interval == Interval(-3, 120)
    assert (safe.q_min, safe.q_max) == (-128, 128 - 2**-8)
    assert (safe.margin_lo, safe.margin_hi) == (125, 8 - 2**-8)
    assert safe.widest.text == "a + b"

    unsafe = prove_no_overflow("a + b", {"a": (0, 100), "b": (-3, 30)}, 16, 8)
    assert not unsafe.proven_safe and unsafe.margin_hi == -2 - 2**-8
    assert unsafe.required == QFormat(17, 8)
    assert "Q9.8" in str(unsafe)


def test_an_intermediate_or_an_operand_outside_is_no_proof() -> None:
    inside = {"a": (0, 100)}
    found = prove_no_overflow("a * 2 - a", inside, 16, 8)
    assert found.expr_interval == Interval(0, 100)
    assert not found.proven_safe and found.widest.text == "a * 2"
    assert not prove_no_overflow("a * 0.001", {"a": (0, 1000)}, 16, 8).proven_safe
    assert prove_no_overflow("a * 0.001", {"a": (0, 1000)}, 19, 8).proven_safe


@pytest.mark.parametrize(
    ("expression", "low", "high"),
    [
        ("x - x", 0, 0),
        ("(x + y) - (x - y)", 1, 4),
        ("x * x", 0, 25),
        ("x ** 2", 0, 25),
        ("x ** 3", -27, 125),
        ("y ** -2", Fraction(1, 4), 4),
        ("abs(x)", 0, 5),
        ("max(x, 1) - min(x, 1)", 0, 8),
        ("clip(x, 0, 1)", 0, 1),
        ("where(y > 3, 100, z)", -1, 1),
        ("where(x > y or y > 0, z, 100)", -1, 1),
        ("floor(x / 2)", -2, 2),
        ("exp(z) - exp(z)", 0, 0),
    ],
)
def test_ranges_by_hand(expression: str, low: Fraction, high: Fraction) -> None:
    found = prove_no_overflow(expression, BOUNDS, 32, 8).expr_interval
    assert (found.lo, found.hi) == (low, high)


def test_correlation_is_tighter_than_intervals_alone() -> None:
    found = prove_no_overflow("u * (1 - u)", {"u": (0, 1)}, 16, 8).expr_interval
    assert found == Interval(0, Fraction(1, 4))  # intervals alone give [0, 1]


def test_rounding_is_accounted_for() -> None:
    # 0.1 is 26/256 in Q8.8, and truncation may take one step more.
    exact = prove_no_overflow("0.1 * x", {"x": (0, 10)}, 16, 8).expr_interval
    coded = prove_no_overflow("0.1 * x", {"x": (0, 10)}, 16, 8, rounding="truncate").expr_interval
    assert exact.hi == Fraction(0.1) * 10
    assert coded.lo <= Fraction(-1, 256) and coded.hi >= Fraction(26, 256) * 10
    assert coded.hi <= exact.hi + Fraction(10, 512)
    sums = prove_no_overflow("x + 0.5 - x", {"x": (0, 10)}, 16, 8, rounding="nearest")
    assert sums.expr_interval == Interval(Fraction(1, 2), Fraction(1, 2))


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("x + q", "'q' has no bounds"),
        ("x + yy", "'yy' has no bounds; did you mean"),
        ("1 / x", "which contains 0"),
        ("log(z)", "must stay above 0"),
        ("sqrt(x)", "must not be negative"),
        ("exp(1000 * y)", "within ±700"),
        ("rand() * x", "has no bounds here"),
        ("x > y", "a condition has no range"),
        ("x +", "not an expression"),
        ("x.__class__", "attribute access"),
        ("open('f')", "not allowed"),
    ],
)
def test_refusals_point_at_the_place(expression: str, message: str) -> None:
    with pytest.raises(EquationError) as refusal:
        prove_no_overflow(expression, BOUNDS, 16, 8)
    assert message in str(refusal.value) and "^" in str(refusal.value)


@pytest.mark.parametrize(
    "bounds", [{"x": (1, 0)}, {"x": (0, math.nan)}, {"x": 3}, {"x": ("a", 1)}, {"x": (0, 1, 2)}]
)
def test_bad_bounds_are_refused_by_name(bounds: Any) -> None:
    with pytest.raises(SCConfigError, match="bounds of 'x'"):
        prove_no_overflow("x", bounds, 16, 8)


def test_growth_beyond_any_format_is_refused_and_stays_cheap() -> None:
    with pytest.raises(SCCompilerError, match=r"beyond 2\*\*256"):
        prove_no_overflow("((x ** 64) ** 64) ** 64", {"x": (0, 100)}, 16, 8)
    tiny = prove_no_overflow("((x ** 64) ** 64) ** 64", {"x": (0.1, 0.2)}, 16, 8)
    assert tiny.proven_safe and 0 <= tiny.expr_interval.lo <= tiny.expr_interval.hi < 1e-300


def test_manifest_is_json_and_rounds_outwards() -> None:
    found = prove_no_overflow("x / 3", {"x": (1, 2)}, 16, 8)
    manifest = json.loads(json.dumps(found.manifest()))
    low, high = manifest["expr_interval"]
    assert Fraction(low) <= Fraction(1, 3) and Fraction(high) >= Fraction(2, 3)
    assert manifest["proven_safe"] is True and manifest["covers"] == "one evaluation"


# Properties: whatever the expression, no evaluation leaves its enclosure

_LEAVES = st.sampled_from(["x", "y", "z", "0.5", "2", "1.25"])


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    two = st.tuples(inner, inner)
    return st.one_of(
        st.tuples(two, st.sampled_from("+-*")).map(lambda t: f"({t[0][0]} {t[1]} {t[0][1]})"),
        inner.map(lambda a: f"(-{a})"),
        inner.map(lambda a: f"({a} / y)"),
        two.map(lambda t: f"({t[0]} / (abs({t[1]}) + 1))"),
        st.tuples(inner, st.integers(0, 4)).map(lambda t: f"({t[0]})**{t[1]}"),
        st.tuples(st.sampled_from(["min", "max"]), two).map(
            lambda t: f"{t[0]}({t[1][0]}, {t[1][1]})"
        ),
        st.tuples(st.sampled_from(["<", ">=", "=="]), two, two).map(
            lambda t: f"where({t[1][0]} {t[0]} {t[1][1]}, {t[2][0]}, {t[2][1]})"
        ),
        inner.map(lambda a: f"clip({a}, -2, y)"),
        inner.map(lambda a: f"floor({a})"),
    )


EXPRESSIONS = st.recursive(_LEAVES, _grown, max_leaves=8)
POINTS = st.fixed_dictionaries(
    {name: st.fractions(Fraction(low), Fraction(high)) for name, (low, high) in BOUNDS.items()}
)


def _exactly(expr: Expr, point: dict[str, Fraction]) -> Fraction:
    """An independent evaluator over rationals."""
    if expr.op == "num":
        return Fraction(expr.value)
    if expr.op == "name":
        return point[expr.name]
    if expr.op == "where":
        condition, then, other = expr.args
        p, q = (_exactly(a, point) for a in condition.args)
        chosen = {"<": p < q, ">=": p >= q, "==": p == q}[condition.op]
        return _exactly(then if chosen else other, point)
    a = [_exactly(x, point) for x in expr.args]
    match expr.op:
        case "+":
            return a[0] + a[1]
        case "-":
            return a[0] - a[1]
        case "neg":
            return -a[0]
        case "*":
            return a[0] * a[1]
        case "/":
            return a[0] / a[1]
        case "**":
            return Fraction(a[0] ** int(a[1]))
        case "abs":
            return abs(a[0])
        case "min":
            return min(a)
        case "max":
            return max(a)
        case "clip":
            return min(max(a[0], a[1]), a[2])
        case "floor":
            return Fraction(math.floor(a[0]))
    raise AssertionError(expr.op)


@settings(max_examples=250, deadline=None)
@given(EXPRESSIONS, st.lists(POINTS, min_size=1, max_size=5))
def test_exact_evaluation_is_always_inside(text: str, points: list[dict[str, Fraction]]) -> None:
    found = prove_no_overflow(text, BOUNDS, 32, 16)
    expr = parse_expression(text)
    for point in points:
        value = _exactly(expr, point)
        assert found.expr_interval.lo <= value <= found.expr_interval.hi
        if found.proven_safe:
            assert found.q_min <= value <= found.q_max


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(["exp(-x*x) * tanh(z/y)", "sigmoid(x) - sigmoid(-x)", "log(y) * sqrt(y+z+1)",
                        "exprel(z) / y", "sin(x) + cos(x*z)", "y**z", "y**1.5", "exp(z)/exp(z)"]),
       POINTS)  # fmt: skip
def test_functions_are_always_inside(text: str, point: dict[str, Fraction]) -> None:
    found = prove_no_overflow(text, BOUNDS, 32, 16).expr_interval
    value = evaluate(parse_expression(text), {k: float(v) for k, v in point.items()})
    slack = 1e-9 * (1 + abs(value))
    assert float(found.lo) - slack <= value <= float(found.hi) + slack


def _on_grid(expr: Expr, point: dict[str, Fraction], step: Fraction, rounding: str) -> Fraction:
    """An independent fixed-point machine: every constant, product and quotient is a code."""

    def coded(x: Fraction, how: str) -> Fraction:
        codes = x / step
        nearest = math.floor(abs(codes) + Fraction(1, 2)) * (1 if codes >= 0 else -1)
        return step * {"truncate": math.floor(codes), "nearest": nearest,
                       "nearest_even": round(codes)}[how]  # fmt: skip

    if expr.op == "num":
        return coded(Fraction(expr.value), "nearest_even")
    if expr.op == "name":
        return point[expr.name]
    a = [_on_grid(x, point, step, rounding) for x in expr.args]
    match expr.op:
        case "+":
            return a[0] + a[1]
        case "-":
            return a[0] - a[1]
        case "*":
            return coded(a[0] * a[1], rounding)
        case "/":
            return coded(a[0] / a[1], rounding)
    raise AssertionError(expr.op)


@settings(max_examples=150, deadline=None)
@given(
    st.recursive(
        st.sampled_from(["x", "y", "z", "0.3", "1.7"]),
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from("+-*"), inner).map(
                lambda t: f"({t[0]} {t[1]} {t[2]})"
            ),
            inner.map(lambda a: f"({a} / y)"),
        ),
        max_leaves=6,
    ),
    st.sampled_from(["truncate", "nearest", "nearest_even"]),
    st.tuples(st.integers(-48, 80), st.integers(8, 32), st.integers(-16, 16)),
)
def test_a_rounding_machine_is_always_inside(
    text: str, rounding: Any, codes: tuple[int, int, int]
) -> None:
    step = Fraction(1, 16)
    found = prove_no_overflow(text, BOUNDS, 32, 4, rounding=rounding).expr_interval
    point = dict(zip(BOUNDS, (c * step for c in codes), strict=True))
    value = _on_grid(parse_expression(text), point, step, rounding)
    assert found.lo <= value <= found.hi


# Envelopes and guard bits


def test_envelopes_by_hand() -> None:
    held = prove_fixed_point_envelope([5, -32767], total_bits=16, fractional_bits=8)
    assert held.proven_safe and not held.saturation_required
    assert (held.max_abs_bound_code, held.safe_bound_code) == (32767, 32767)
    assert (held.required_total_bits, held.required_integer_bits) == (16, 8)
    over = prove_fixed_point_envelope([5, -32768], total_bits=16, fractional_bits=8)
    assert not over.proven_safe and over.width_headroom_bits == -1
    unsigned = prove_fixed_point_envelope([65535], total_bits=16, fractional_bits=8, signed=False)
    assert unsigned.proven_safe and unsigned.required_total_bits == 16
    assert unsigned.manifest()["format"] == "UQ8.8"
    assert json.loads(json.dumps(over.manifest()))["saturation_required"] is True


@pytest.mark.parametrize(
    ("codes", "signed", "message"),
    [
        ([], True, "must not be empty"),
        ([1, 2.5], True, r"bound_codes\[1\] is 2.5"),
        ([True], True, r"bound_codes\[0\] is True"),
        ([0, -1], False, r"bound_codes\[1\] is -1"),
    ],
)
def test_bad_envelopes_are_refused(codes: Any, signed: bool, message: str) -> None:
    with pytest.raises(SCConfigError, match=message):
        prove_fixed_point_envelope(codes, total_bits=16, fractional_bits=8, signed=signed)


@given(st.lists(st.integers(-(2**40), 2**40), min_size=1), st.integers(1, 60))
def test_an_envelope_is_safe_exactly_when_every_code_fits(codes: list[int], bits: int) -> None:
    found = prove_fixed_point_envelope(np.array(codes), total_bits=bits, fractional_bits=0)
    assert found.proven_safe == all(abs(c) <= QFormat(bits, 0).high for c in codes)
    need = found.required_total_bits
    assume(1 < need <= 60)
    assert max(map(abs, codes)) <= QFormat(need, 0).high
    assert max(map(abs, codes)) > QFormat(need - 1, 0).high


@pytest.mark.parametrize(
    ("expression", "bits"),
    [("a + b", 1), ("a + b + c + d", 2), ("a * b", 0), ("a - b", 1), ("a*b + c*d - e", 2),
     ("exp(a + b) + c + d + e", 3), ("-a", 0)],
)  # fmt: skip
def test_guard_bits(expression: str, bits: int) -> None:
    assert compute_guard_bits(expression) == bits
    assert bits == math.ceil(math.log2(sum(expression[1:].count(c) for c in "+-") + 1))


def test_guard_bits_of_a_system() -> None:
    assert compute_guard_bits_multi({"v": "a + b", "u": "a * b"}) == {"v": 1, "u": 0}


@given(st.integers(1, 40), st.data())
def test_guard_bits_hold_any_sum(terms: int, data: st.DataObject) -> None:
    codes = data.draw(st.lists(st.integers(-128, 127), min_size=terms, max_size=terms))
    guard = compute_guard_bits(" + ".join(f"v{i}" for i in range(terms)))
    wide = QFormat(8 + guard, 0)
    assert wide.low <= sum(codes) <= wide.high


@pytest.mark.parametrize(
    ("text", "bounds", "form", "part"),
    [
        ("x**-2", (4, 100), (16, 8), "x**2"),  # 10 000 before it is inverted
        ("x**3", (-1, 0.99), (8, 7), "x**2"),  # 1 is no code of Q1.7
        ("x**-1.5", (4, 100), (16, 8), "x**2"),
        ("x**-11", (1, 1.6), (16, 8), "x**11"),
    ],
)
def test_powers_on_the_way_to_a_power_are_parts(
    text: str, bounds: tuple[float, float], form: tuple[int, int], part: str
) -> None:
    """The datapath multiplies step by step, so what it holds on the way must fit as well."""
    found = prove_no_overflow(text, {"x": bounds}, *form)
    assert part in {p.text for p in found.intermediates}
    exponent = int(part[3:])
    assert found.proven_safe == (max(abs(b) for b in bounds) ** exponent <= found.q_max)
    (held,) = (p.interval for p in found.intermediates if p.text == part)
    for x in np.linspace(*bounds, 101):
        assert held.lo <= Fraction(float(x)) ** exponent <= held.hi


def test_a_format_takes_whole_numbers_only() -> None:
    for form in ((True, 8), (16, True), (16.0, 8), (16, "8")):
        with pytest.raises(SCConfigError, match="must be a whole number"):
            prove_no_overflow("x", {"x": (0, 1)}, *form)  # type: ignore[arg-type]


def test_what_rounding_of_coefficients_took_away_is_kept() -> None:
    """Coefficients too long to keep are rounded; the form must still reach the exact ends."""
    long = Fraction(3**400, 2**634)  # about 1, in 1269 bits
    form = Affine(Fraction(0), {1: long})
    for exact, found in ((long, form.scaled(Fraction(1))), (-long, -form)):
        assert found.interval.lo <= -abs(exact) and found.interval.hi >= abs(exact)
        assert found.radius >= abs(exact)


@pytest.mark.parametrize("exponent", [-49, -50, -51, -60, -90, -120, -400])
@pytest.mark.parametrize("sign", [-1, 1])
def test_exprel_is_enclosed_closely_beside_zero(exponent: int, sign: int) -> None:
    """Its series, with a remainder below the last term kept, as the independent value."""
    x = sign * Fraction(3, 2) * Fraction(2) ** exponent
    found = function_range("exprel", Interval(x, x))
    series = sum((x**k / math.factorial(k + 1) for k in range(6)), Fraction(0))
    assert found.lo <= series - abs(x) ** 6 and found.hi >= series + abs(x) ** 6
    assert found.hi - found.lo < Fraction(1, 10**28)


@pytest.mark.parametrize("name", ["exp", "log", "sqrt"])
def test_no_function_is_taken_for_exact(name: str) -> None:
    """The value in 50 digits is rounded to either side, so both ends lie off the true one."""
    found = function_range(name, Interval(2, 2))
    with decimal.localcontext(prec=80):
        two = decimal.Decimal(2)
        true = Fraction({"exp": two.exp(), "log": two.ln(), "sqrt": two.sqrt()}[name])
    assert found.lo < true < found.hi and found.hi - found.lo < Fraction(1, 10**47)


def test_stochastic_rounding_may_go_either_way() -> None:
    exact = prove_no_overflow("x*y", {"x": (0, 1), "y": (0, 1)}, 8, 4)
    found = prove_no_overflow("x*y", {"x": (0, 1), "y": (0, 1)}, 8, 4, rounding="stochastic")
    assert found.expr_interval.lo <= exact.expr_interval.lo - Fraction(1, 16)
    assert found.expr_interval.hi >= exact.expr_interval.hi + Fraction(1, 16)
