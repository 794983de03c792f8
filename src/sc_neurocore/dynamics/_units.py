"""Dimensional analysis over the expression tree, with pint.

Values stay in the units they were declared in; where two units of one dimension meet (``nA`` and
``pA``) the factor between them is written into the tree, so every back end sees plain numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from sc_neurocore.dynamics._errors import pointed
from sc_neurocore.dynamics._tree import COMPARISON, LOGIC, Expr, div, mul, num
from sc_neurocore.exceptions import EquationError, SCConfigError, UnitMismatchError

#: The unit of time that ``dt`` and durations are counted in.
TIME = "ms"
_DIMENSIONLESS_FUNCTIONS = frozenset({"exp", "log", "sin", "cos", "tanh", "sigmoid", "exprel"})
_SAME_UNIT_FUNCTIONS = frozenset({"min", "max", "clip", "where", "abs"})


@cache
def registry() -> Any:
    """The one pint registry of the process."""
    import pint

    return pint.UnitRegistry(cache_folder=":auto:")


def unit(text: str, what: str) -> Any:
    """Parse unit text such as ``"mS/cm^2"``; ``""`` and ``"1"`` are dimensionless."""
    if text in ("", "1"):
        return registry().dimensionless
    try:
        return registry().parse_units(text)
    except Exception:  # pint raises many kinds; every one means "not a unit"
        raise SCConfigError(
            f"{what} has unit '{text}', which is not a unit known to pint"
        ) from None


def quantity(value: object, what: str) -> tuple[float, str]:
    """Split ``10``, ``"10 ms"`` or a pint quantity into magnitude and unit text."""
    if isinstance(value, str):
        try:
            value = registry().Quantity(value)
        except Exception:
            raise SCConfigError(
                f"{what} is {value!r}; write a number with a unit, for example '10 ms'"
            ) from None
    if hasattr(value, "magnitude") and hasattr(value, "units"):
        return float(value.magnitude), f"{value.units:~}"
    return float(value), ""  # type: ignore[arg-type]


def convert(value: float, source: str, target: str, what: str) -> float:
    """Convert a magnitude between unit texts, refusing different dimensions."""
    a, b = unit(source, what), unit(target, what)
    if a.dimensionality != b.dimensionality:
        raise UnitMismatchError(f"{what} is {_show(a)}, but {_name(b)} is needed")
    return value * _factor(a, b)


def _name(u: Any) -> str:
    return f"{u:~}" or "a plain number"


def _show(u: Any) -> str:
    """``in mV``, or ``dimensionless``."""
    return f"in {u:~}" if f"{u:~}" else "dimensionless"


def _factor(source: Any, target: Any) -> float:
    return float(registry().Quantity(1.0, source).to(target).magnitude)


class UnitChecker:
    """Checks expressions against the units of their symbols and inserts conversion factors."""

    def __init__(self, symbols: Mapping[str, str]) -> None:
        self._symbols = {n: unit(u, f"'{n}'") for n, u in symbols.items()}

    def is_unit(self, name: str) -> bool:
        """Whether a symbol that is not a quantity of the model names a unit."""
        try:
            registry().parse_units(name)
        except Exception:
            return False
        return True

    def check(self, expr: Expr) -> tuple[Expr, Any]:
        """Return the expression with factors written in, and the unit its value is in."""
        if expr.op == "num":
            return expr, registry().dimensionless
        if expr.op == "name":
            if expr.name in self._symbols:
                return expr, self._symbols[expr.name]
            return Expr("num", value=1.0, span=expr.span), registry().parse_units(expr.name)
        if expr.op in LOGIC:
            return self._rebuild(expr, [self.check(a)[0] for a in expr.args]), None
        checked = [self.check(a) for a in expr.args]
        args, units = [c[0] for c in checked], [c[1] for c in checked]
        if expr.op in ("+", "-") or expr.op in COMPARISON:
            joined = self._join(expr, args, units, (0, 1))
            return self._rebuild(expr, joined[0]), None if expr.op in COMPARISON else joined[1]
        if expr.op == "*":
            return replace(mul(*args), span=expr.span), units[0] * units[1]
        if expr.op == "/":
            return replace(div(*args), span=expr.span), units[0] / units[1]
        if expr.op == "neg":
            return self._rebuild(expr, args), units[0]
        if expr.op == "**":
            return self._power(expr, args, units)
        if expr.op == "sqrt":
            return self._rebuild(expr, args), units[0] ** 0.5
        if expr.op in _SAME_UNIT_FUNCTIONS:
            first = 1 if expr.op == "where" else 0
            joined = self._join(expr, args, units, tuple(range(first, len(args))))
            return self._rebuild(expr, joined[0]), joined[1]
        if expr.op in _DIMENSIONLESS_FUNCTIONS or expr.op == "floor":
            return self._rebuild(expr, [self._plain(expr, a, u) for a, u in checked]), (
                registry().dimensionless
            )
        return self._rebuild(expr, args), registry().dimensionless

    def check_as(self, expr: Expr, target: Any, what: str) -> Expr:
        """Check ``expr`` and convert its value to the unit ``target``."""
        checked, found = self.check(expr)
        if _is_zero(expr):
            return checked
        if found.dimensionality != target.dimensionality:
            raise UnitMismatchError(
                pointed(
                    f"unit mismatch: {what} is {_show(target)}, "
                    f"but its right side is {_show(found)}",
                    expr.span,
                )
            )
        return mul(num(_tidy(_factor(found, target))), checked)

    @staticmethod
    def _rebuild(expr: Expr, args: list[Expr]) -> Expr:
        return Expr(expr.op, tuple(args), expr.value, expr.name, expr.span)

    def _join(
        self, expr: Expr, args: list[Expr], units: list[Any], where: tuple[int, ...]
    ) -> tuple[list[Expr], Any]:
        """Bring the operands at ``where`` to the unit of the first that is not a bare zero."""
        lead = next((i for i in where if not _is_zero(args[i])), where[0])
        for i in where:
            if i == lead or _is_zero(args[i]):
                continue
            if units[i].dimensionality != units[lead].dimensionality:
                raise UnitMismatchError(
                    pointed(
                        f"unit mismatch: '{expr.args[lead]}' is {_show(units[lead])}, "
                        f"but '{expr.args[i]}' is {_show(units[i])}",
                        expr.span,
                    )
                )
            args[i] = mul(num(_tidy(_factor(units[i], units[lead]))), args[i])
        return args, units[lead]

    def _plain(self, expr: Expr, arg: Expr, found: Any) -> Expr:
        if not found.dimensionless:
            raise UnitMismatchError(
                pointed(
                    f"unit mismatch: {expr.op}() needs a dimensionless argument, "
                    f"but '{expr.args[0]}' is {_show(found)}",
                    expr.span,
                )
            )
        return mul(num(_tidy(_factor(found, registry().dimensionless))), arg)

    def _power(self, expr: Expr, args: list[Expr], units: list[Any]) -> tuple[Expr, Any]:
        base, exponent = units
        if not exponent.dimensionless:
            raise UnitMismatchError(
                pointed(f"unit mismatch: the exponent is {_show(exponent)}", expr.args[1].span)
            )
        if base.dimensionless and base == registry().dimensionless:
            return self._rebuild(expr, args), base
        if args[1].op != "num":
            raise EquationError(
                pointed(
                    f"'{expr.args[0]}' is {_show(base)}; "
                    "a quantity with a unit takes a literal exponent",
                    expr.span,
                )
            )
        return self._rebuild(expr, args), base ** args[1].value


def _is_zero(expr: Expr) -> bool:
    return expr.op == "num" and expr.value == 0


def _tidy(factor: float) -> float:
    """Snap a factor that is a power of ten up to rounding (1e-3 came out as 0.0009999…)."""
    rounded = float(f"{factor:.12g}")
    return rounded
