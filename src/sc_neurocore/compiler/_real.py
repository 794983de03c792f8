"""Real-valued operations, their values, and the intervals of functions of one number."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.exceptions import SCCompilerError

Interval = tuple[float, float]
Array = NDArray[np.float64]

#: Functions of one number, vectorised; also the closed list of what a table can hold.
REAL_FUNCTIONS: Mapping[str, Callable[[Array], Array]] = {
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "sin": np.sin,
    "cos": np.cos,
    "tanh": np.tanh,
    "sigmoid": lambda x: 0.5 * (1 + np.tanh(0.5 * x)),
    "exprel": lambda x: np.where(x == 0, 1.0, np.expm1(x) / np.where(x == 0, 1.0, x)),
    "recip": lambda x: 1.0 / x,
    "floor": np.floor,
}


RELATIONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


@dataclass(frozen=True)
class Real:
    """One operation.

    ``kind`` is ``source`` (``name``), ``lin`` (``const + Σ coefs·args``), ``mul``, ``fn``
    (``name`` of `REAL_FUNCTIONS`), ``cmp`` (``name`` is the relation), ``and``, ``or``, ``not``,
    ``select`` (condition, then, else), ``abs`` or ``keep`` (its argument, computed once and named).
    """

    kind: str
    args: tuple[int, ...] = ()
    coefs: tuple[float, ...] = ()
    const: float = 0.0
    name: str = ""


def function_interval(name: str, r: Interval) -> Interval:
    """Values that a function takes on an interval, which must lie where it is finite."""
    low, high = r
    if name in ("sin", "cos"):
        return -1.0, 1.0
    if name == "log" and low <= 0:
        raise SCCompilerError(
            f"log() of a value in [{low:g}, {high:g}]; its argument must stay above 0: "
            "declare tighter ranges or write max(x, …)"
        )
    if name == "sqrt" and low < 0:
        raise SCCompilerError(
            f"sqrt() of a value in [{low:g}, {high:g}]; its argument must stay at or above 0: "
            "declare tighter ranges or write max(x, 0)"
        )
    if name == "recip":
        if low <= 0 <= high:
            raise SCCompilerError(
                f"division by a value in [{low:g}, {high:g}], which contains 0; "
                "declare tighter ranges or bound the divisor with max() or min()"
            )
        return 1 / high, 1 / low
    with np.errstate(all="ignore"):
        ends = REAL_FUNCTIONS[name](np.asarray([low, high], dtype=np.float64))
    if not np.isfinite(ends).all():
        raise SCCompilerError(
            f"{name}() of a value in [{low:g}, {high:g}] overflows; bound its argument with clip()"
        )
    return float(ends.min()), float(ends.max())
