"""Thresholds and resets as integer comparisons and sums, compiled without the datapath.

Proofs must not judge the datapath by the datapath's own wires. What can be said exactly over the
stored integers is compiled here straight from the model's expressions; the rest is refused.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from sc_neurocore.compiler import Datapath, Port
from sc_neurocore.dynamics import Expr

_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_WIDTH = 64


@dataclass(frozen=True)
class Linear:
    """``constant + Σ coefficient · state`` in the units of the model."""

    constant: Fraction
    terms: Mapping[str, Fraction]

    def plus(self, other: Linear, sign: int = 1) -> Linear:
        """Sum or difference."""
        terms = dict(self.terms)
        for name, c in other.terms.items():
            terms[name] = terms.get(name, Fraction(0)) + sign * c
        kept = {name: c for name, c in terms.items() if c}
        return Linear(self.constant + sign * other.constant, kept)

    def times(self, factor: Fraction) -> Linear:
        """Multiple."""
        terms = {name: factor * c for name, c in self.terms.items() if factor}
        return Linear(factor * self.constant, terms)


def linear(expr: Expr, env: Mapping[str, Linear]) -> Linear | None:
    """An expression as a linear form of states, or ``None`` if it is not one."""
    if expr.op == "num":
        return Linear(Fraction(expr.value), {})
    if expr.op == "name":
        return env.get(expr.name)
    args = [linear(a, env) for a in expr.args]
    if any(a is None for a in args):
        return None
    found = [a for a in args if a is not None]
    match expr.op:
        case "neg":
            return found[0].times(Fraction(-1))
        case "+":
            return found[0].plus(found[1])
        case "-":
            return found[0].plus(found[1], -1)
        case "*" if not found[0].terms:
            return found[1].times(found[0].constant)
        case "*" if not found[1].terms:
            return found[0].times(found[1].constant)
        case "/" if not found[1].terms and found[1].constant:
            return found[0].times(1 / found[1].constant)
    return None


def environment(datapath: Datapath) -> dict[str, Linear]:
    """Linear forms of the names an expression may use: states and constant parameters."""
    ports = {p.name for p in datapath.parameters}
    env = {p.name: Linear(Fraction(0), {p.name: Fraction(1)}) for p in datapath.states}
    for name, value in datapath.model.parameter_values.items():
        if name not in ports:
            env[name] = Linear(Fraction(value), {})
    return env


def wide(text: str, port: Port) -> str:
    """A state's Verilog value as a signed number of 64 bits."""
    return f"{_WIDTH}'({text})" if port.format.signed else f"{_WIDTH}'($signed({{1'b0, {text}}}))"


def number(value: int) -> str:
    """A signed Verilog literal of 64 bits."""
    return f"-{_WIDTH}'sd{-value}" if value < 0 else f"{_WIDTH}'sd{value}"


def condition(datapath: Datapath, values: Mapping[str, str], guard_bits: int) -> str | None:
    """The threshold over stored states as Verilog, or ``None`` if it is not exact in integers.

    Args:
        datapath: the lowered model; only its model and ports are read.
        values: Verilog text of each state's value.
        guard_bits: fraction bits beyond the finest state's to which constants are rounded.
    """
    threshold = datapath.model.threshold
    if threshold is None:
        return None
    return _Condition(datapath, values, guard_bits).text(threshold)


class _Condition:
    def __init__(self, datapath: Datapath, values: Mapping[str, str], guard_bits: int) -> None:
        self.ports = {p.name: p for p in datapath.states}
        self.env, self.values = environment(datapath), values
        self.bits = max(p.format.fraction for p in datapath.states) + guard_bits

    def text(self, expr: Expr) -> str | None:
        if expr.op in ("and", "or"):
            a, b = (self.text(x) for x in expr.args)
            joint = "&&" if expr.op == "and" else "||"
            return None if a is None or b is None else f"({a} {joint} {b})"
        if expr.op == "not":
            a = self.text(expr.args[0])
            return None if a is None else f"!{a}"
        if expr.op in _FLIPPED:
            return self._comparison(expr)
        return None

    def _comparison(self, expr: Expr) -> str | None:
        left, right = (linear(a, self.env) for a in expr.args)
        if left is None or right is None:
            return None
        difference, relation = left.plus(right, -1), expr.op
        if len(difference.terms) != 1:
            return self._between(difference, relation)
        ((name, coefficient),) = difference.terms.items()
        if coefficient < 0:
            relation = _FLIPPED[relation]
        level = -difference.constant / coefficient
        level = Fraction(round(level * 2**self.bits), 2**self.bits)
        port = self.ports[name]
        value = wide(self.values[name], port)
        return _compared(value, relation, level * Fraction(2) ** port.format.fraction)

    def _between(self, difference: Linear, relation: str) -> str | None:
        """Several states with coefficients ±1: exact in the finest one's fraction bits."""
        if not difference.terms or any(abs(c) != 1 for c in difference.terms.values()):
            return None
        finest = max(self.ports[name].format.fraction for name in difference.terms)
        scaled = difference.constant * Fraction(2) ** finest
        if scaled.denominator != 1:
            return None
        total = number(int(scaled))
        for name, c in difference.terms.items():
            port = self.ports[name]
            shift = finest - port.format.fraction
            total += f" {'+' if c > 0 else '-'} ({wide(self.values[name], port)} <<< {shift})"
        return f"(({total}) {relation} {number(0)})"


def _compared(value: str, relation: str, level: Fraction) -> str:
    """``value relation level`` for an integer value and a rational level."""
    if relation in (">", "<="):
        return f"({value} {relation} {number(math.floor(level))})"
    if relation in (">=", "<"):
        return f"({value} {relation} {number(math.ceil(level))})"
    if level.denominator != 1:
        return "1'b0" if relation == "==" else "1'b1"
    return f"({value} {relation} {number(int(level))})"


def after_spike(datapath: Datapath, values: Mapping[str, str]) -> dict[str, str]:
    """What resets store, for those that are exact integer sums, as Verilog of 64 bits.

    A reset is exact when it is ``constant ± states`` of the target's own fraction bits and
    nothing needs rounding; overflow is applied as the datapath's option says.
    """
    ports = {p.name: p for p in datapath.states}
    env = environment(datapath)
    found: dict[str, str] = {}
    current = {name: wide(text, ports[name]) for name, text in values.items()}
    exact = set(current)
    for assignment in datapath.model.reset:
        port = ports[assignment.target]
        form = linear(assignment.expr, env)
        found.pop(port.name, None)
        text = None
        if form is not None and set(form.terms) <= exact:
            text = _stored_sum(datapath, form, port, ports, current)
        if text is None:
            exact.discard(port.name)
        else:
            current[port.name] = found[port.name] = text
            exact.add(port.name)
    return found


def _stored_sum(
    datapath: Datapath,
    form: Linear,
    port: Port,
    ports: Mapping[str, Port],
    current: Mapping[str, str],
) -> str | None:
    fraction = port.format.fraction
    scaled = form.constant * Fraction(2) ** fraction
    if scaled.denominator != 1:
        return None
    total = number(int(scaled))
    for name, c in form.terms.items():
        if abs(c) != 1 or ports[name].format.fraction != fraction:
            return None
        total += f" {'+' if c > 0 else '-'} {current[name]}"
    if datapath.overflow == "wrap":
        bits = port.format.width
        return wide(f"{bits}'({total})", port) if port.format.signed else f"64'({bits}'({total}))"
    low, high = number(port.low), number(port.high)
    return f"((({total}) < {low}) ? {low} : (({total}) > {high}) ? {high} : ({total}))"
