"""Numbers with units at the edge of the room: seconds in, ticks inside."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sc_neurocore.dynamics import require_finite, unit_registry
from sc_neurocore.exceptions import SCConfigError, UnitMismatchError


def has_unit(value: object) -> bool:
    """Whether a value is text such as ``"1.5 ms"`` or a pint quantity."""
    return isinstance(value, str) or (hasattr(value, "magnitude") and hasattr(value, "units"))


def in_unit(value: object, unit: str, what: str) -> float:
    """A value in ``unit``: numbers carry it already, text and pint quantities are converted.

    Raises:
        SCConfigError: not a number, not finite, or of another dimension.
    """
    if not has_unit(value):
        return require_finite(what, value)  # type: ignore[arg-type]
    return require_finite(what, magnitude(value, unit, what))


def magnitude(value: object, unit: str, what: str) -> Any:
    """The number or array that text or a quantity means in ``unit``; others as they are.

    Raises:
        SCConfigError: text that is no quantity, or a quantity of another dimension.
    """
    if not has_unit(value):
        return value
    registry = unit_registry()
    try:
        quantity = registry.Quantity(value)
    except Exception:  # pint raises many kinds; every one means "not a quantity"
        raise SCConfigError(
            f"{what} is {value!r}; write a number with a unit, for example '1.5 {unit}'"
        ) from None
    needed = registry.dimensionless if unit in ("", "1") else registry.parse_units(unit)
    if not quantity.is_compatible_with(needed):
        raise UnitMismatchError(f"{what} is {value!r}, but {unit or 'a bare number'} is needed")
    return quantity.to(needed).magnitude


def is_whole(count: float) -> bool:
    """Whether a quotient of two times is a whole number, but for their rounding."""
    return math.isfinite(count) and abs(count - round(count)) <= 1e-6 + 1e-12 * abs(count)


def axes_of(value: Any, what: str) -> int:
    """Number of axes: 0 for one value, 1 for one per synapse.

    Raises:
        SCConfigError: rows of different lengths.
    """
    try:
        return np.ndim(getattr(value, "magnitude", value))
    except ValueError:
        raise SCConfigError(f"{what} has rows of different lengths; give one number or a list"
                            ) from None  # fmt: skip


def whole_number(what: str, value: object, least: int = 0) -> int:
    """Return a whole number from ``least`` on, or refuse what is none by name."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise SCConfigError(f"{what} is {value!r}; it must be a whole number from {least} on")
    return int(value)


def whole_ticks(value: object, dt: float, what: str) -> int:
    """A delay in ticks of ``dt`` ms: a bare number counts ticks, text and quantities are times.

    Raises:
        SCConfigError: shorter than one tick, or not a whole number of them.
    """
    if has_unit(value):
        time = in_unit(value, "ms", what)
        ticks, shown = time / dt, f"{time:.12g} ms"
    else:
        ticks = require_finite(what, value)  # type: ignore[arg-type]
        shown = f"{ticks:g}"
    if ticks < 1 - 1e-9:
        raise SCConfigError(
            f"{what} is {shown}, shorter than one tick; the shortest delay is 1 tick ({dt:g} ms)"
        )
    if not is_whole(ticks):
        raise SCConfigError(
            f"{what} is {shown}, {ticks:.12g} ticks of {dt:g} ms; give a whole number of ticks, or "
            "a dt that divides it"
        )
    if not math.isfinite(ticks) or ticks >= 2**31:
        raise SCConfigError(f"{what} is {shown}, {ticks:g} ticks; the longest delay is 2**31 - 1")
    return round(ticks)
