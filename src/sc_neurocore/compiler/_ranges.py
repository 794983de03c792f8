"""Ranges of all parts of an expression, by interval and by affine arithmetic at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from sc_neurocore.compiler._affine import Affine
from sc_neurocore.compiler._interval import Interval, function_range
from sc_neurocore.dynamics import Expr, pointed, suggest
from sc_neurocore.exceptions import EquationError, SCCompilerError, SCConfigError

#: No fixed-point format gets near it.
_LARGEST = Fraction(2) ** 256
_LARGEST_POWER = 64


@dataclass(frozen=True)
class Intermediate:
    """The range of one part of an expression.

    Attributes:
        text: the part, as source text.
        interval: all values it can take.
    """

    text: str
    interval: Interval


@dataclass(frozen=True)
class _Range:
    """A value's enclosure, twice; the interval is within that of the form."""

    interval: Interval
    form: Affine

    @classmethod
    def met(cls, interval: Interval, form: Affine) -> _Range:
        return cls(interval & form.interval, form)

    @classmethod
    def free(cls, interval: Interval) -> _Range:
        return cls(interval, Affine.spanning(interval))

    def __add__(self, other: _Range) -> _Range:
        return _Range.met(self.interval + other.interval, self.form + other.form)

    def __sub__(self, other: _Range) -> _Range:
        return _Range.met(self.interval - other.interval, self.form - other.form)

    def __neg__(self) -> _Range:
        return _Range.met(-self.interval, -self.form)


class Ranges:
    """Ranges of all parts of an expression; equal parts are one quantity."""

    def __init__(
        self, bounds: Mapping[str, Interval], error: Interval | None, coding: Interval
    ) -> None:
        self._bounds = bounds
        self._error = error
        self._coding = coding
        self._known: dict[Expr, _Range] = {}
        self._parts: dict[Expr, Interval] = {}

    @property
    def parts(self) -> tuple[Intermediate, ...]:
        return tuple(Intermediate(str(e), i) for e, i in self._parts.items())

    def of(self, expr: Expr) -> _Range:
        """The range of a number, recorded as a part."""
        if expr not in self._known:
            try:
                found = self._number(expr)
            except EquationError:
                raise
            except SCConfigError as error:
                raise EquationError(pointed(f"{error}; narrow the bounds", expr.span)) from None
            if found.interval.magnitude > _LARGEST:
                raise SCCompilerError(
                    pointed(
                        f"'{expr}' may reach beyond 2**256, more than any format holds; "
                        "narrow the bounds",
                        expr.span,
                    )
                )
            self._known[expr] = found
            self._parts[expr] = found.interval
        return self._known[expr]

    def _number(self, expr: Expr) -> _Range:
        match expr.op:
            case "num":
                return self._constant(Fraction(expr.value))
            case "name" if expr.name in self._bounds:
                return _Range.free(self._bounds[expr.name])
            case "name":
                raise _refusal(
                    f"'{expr.name}' has no bounds{suggest(expr.name, self._bounds)}", expr
                )
            case "rand" | "randn":
                raise _refusal(
                    f"{expr.op}() has no bounds here; write a variable and give it bounds", expr
                )
            case "**":
                return self._power(*expr.args)
            case "where":
                condition, x, y = expr.args
                return self._choice(self._truth(condition), self.of(x), self.of(y))
        a = [self.of(x) for x in expr.args]
        match expr.op:
            case "+":
                return a[0] + a[1]
            case "-":
                return a[0] - a[1]
            case "neg":
                return -a[0]
            case "*":
                return self._product(a[0], a[1])
            case "/":
                return self._quotient(a[0], a[1], expr.args[1])
            case "abs":
                return self._choice(_sign(a[0]), a[0], -a[0], abs(a[0].interval))
            case "min" | "max":
                return self._extreme(expr.op, a[0], a[1])
            case "clip":
                return self._extreme("min", self._extreme("max", a[0], a[1]), a[2])
        return self._rounded(_Range.free(function_range(expr.op, a[0].interval)))

    def _constant(self, value: Fraction) -> _Range:
        exact = _Range(Interval(value, value), Affine(value, {}))
        step = 2 * self._coding.hi
        if self._error is None or (value / step).denominator == 1:
            return exact
        return _widened(exact, self._coding)

    def _quotient(self, x: _Range, y: _Range, divisor: Expr) -> _Range:
        if y.interval.lo <= 0 <= y.interval.hi:
            raise _refusal(
                f"division by a value in {y.interval}, which contains 0; narrow its bounds or keep "
                "it away from 0 with max() or min()",
                divisor,
            )
        inverse = y.form.reciprocal(y.interval)
        return self._rounded(_Range.met(x.interval / y.interval, x.form * inverse))

    def _product(self, x: _Range, y: _Range) -> _Range:
        interval = abs(x.interval * x.interval) if x is y else x.interval * y.interval
        return self._rounded(_Range.met(interval, x.form * y.form))

    def _power(self, base: Expr, exponent: Expr) -> _Range:
        """By repeated squaring, as the datapath does it; a half power through the root."""
        x = self.of(base)
        value = exponent.value if exponent.op == "num" else None
        if value is not None and abs(value) <= _LARGEST_POWER and value == int(value):
            n = int(abs(value))
            result = x if n else self._constant(Fraction(1))
            reached = 1
            for bit in f"{n:b}"[1:]:
                result, reached = self._raised(base, result, result, 2 * reached), 2 * reached
                if bit == "1":
                    result, reached = self._raised(base, result, x, reached + 1), reached + 1
            if value >= 0:
                return result
            return self._quotient(self._constant(Fraction(1)), result, base)
        if value is not None and abs(value) <= 8 and value * 2 == int(value * 2):
            root = Expr("sqrt", (base,), span=base.span)
            rest = Expr("**", (base, Expr("num", value=value - 0.5)), span=base.span)
            return self._product(self.of(root), self.of(rest))
        log = Expr("log", (base,), span=base.span)
        return self.of(Expr("exp", (Expr("*", (exponent, log), span=base.span),), span=base.span))

    def _raised(self, base: Expr, x: _Range, y: _Range, exponent: int) -> _Range:
        """The next power on the way to the wanted one: the datapath holds it, so it is a part."""
        found = self._product(x, y)
        if self._error is None:
            exact = self.of(base).interval.power(exponent)
            found = _Range.met(found.interval & exact, found.form)
        part = Expr("**", (base, Expr("num", value=float(exponent))), span=base.span)
        self._parts[part] = found.interval
        return found

    def _extreme(self, which: str, x: _Range, y: _Range) -> _Range:
        apart = _sign(x - y)
        pick = min if which == "min" else max
        interval = Interval(pick(x.interval.lo, y.interval.lo), pick(x.interval.hi, y.interval.hi))
        first = apart if which == "max" or apart is None else not apart
        return self._choice(first, x, y, interval)

    def _choice(
        self, first: bool | None, x: _Range, y: _Range, interval: Interval | None = None
    ) -> _Range:
        """``x`` if ``first``, ``y`` if not; unknown: anywhere in ``interval`` or in both."""
        if first is not None:
            return x if first else y
        return _Range.free(interval or x.interval | y.interval)

    def _truth(self, condition: Expr) -> bool | None:
        """What a condition always is, or ``None``."""
        if condition.op in ("and", "or", "not"):
            known = [self._truth(a) for a in condition.args]
            if condition.op == "not":
                return None if known[0] is None else not known[0]
            decisive = condition.op == "or"
            if decisive in known:
                return decisive
            return None if None in known else not decisive
        x, y = map(self.of, condition.args)
        apart = (x - y).interval
        always = {
            "<": apart.hi < 0, "<=": apart.hi <= 0, ">": apart.lo > 0, ">=": apart.lo >= 0,
            "==": apart.lo == apart.hi == 0, "!=": not apart.lo <= 0 <= apart.hi,
        }  # fmt: skip
        opposite = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
        if always[condition.op]:
            return True
        return False if always[opposite[condition.op]] else None

    def _rounded(self, exact: _Range) -> _Range:
        return exact if self._error is None else _widened(exact, self._error)


def _widened(exact: _Range, error: Interval) -> _Range:
    return _Range.met(exact.interval + error, exact.form.widened(error.lo, error.hi))


def _refusal(message: str, where: Expr) -> EquationError:
    return EquationError(pointed(message, where.span))


def _sign(x: _Range) -> bool | None:
    """Whether a value is always at or above 0 (true) or always at or below it."""
    if x.interval.lo >= 0:
        return True
    return False if x.interval.hi <= 0 else None
