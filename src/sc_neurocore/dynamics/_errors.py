"""Sentences with a caret: how equation errors are worded."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable

from sc_neurocore.dynamics._tree import Expr, Span
from sc_neurocore.exceptions import EquationError, SCConfigError

_SHOWN = 100


def suggest(name: str, known: Iterable[str]) -> str:
    """``"; did you mean 'x'?"`` when a near name exists, else the list of what exists."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if near:
        return f"; did you mean '{near[0]}'?"
    if not names:
        return ""
    listed = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
    return f"; known: {listed}"


def pointed(message: str, span: Span | None) -> str:
    """Append the source line with carets under the offender."""
    if span is None:
        return message
    line, start, end = span.line, span.start, max(span.end, span.start + 1)
    if len(line) > _SHOWN:
        left = max(0, start - _SHOWN // 2)
        line = line[left : left + _SHOWN]
        start, end = start - left, min(end - left, len(line))
    return f"{message}\n  {line}\n  {' ' * start}{'^' * max(1, end - start)}"


def equation_error(message: str, where: Expr | Span | None) -> EquationError:
    """Build an `EquationError` pointing at ``where``."""
    span = where.span if isinstance(where, Expr) else where
    return EquationError(pointed(message, span))


def require_finite(what: str, value: float) -> float:
    """Return ``value`` as a float, or refuse NaN, infinities and non-numbers by name."""
    if isinstance(value, bool):
        raise SCConfigError(f"{what} is {value}; it must be a finite number")
    if not isinstance(value, (int, float)):
        try:
            value = float(value)
        except (TypeError, ValueError):
            raise SCConfigError(f"{what} is {value!r}; it must be a finite number") from None
    if not math.isfinite(value):
        raise SCConfigError(f"{what} is {value}; it must be a finite number")
    return float(value)


def require_positive(what: str, value: float) -> float:
    """Return ``value``, or refuse zero, negatives and non-finite numbers by name."""
    value = require_finite(what, value)
    if value <= 0:
        raise SCConfigError(f"{what} is {value:g}; it must be greater than 0")
    return value
