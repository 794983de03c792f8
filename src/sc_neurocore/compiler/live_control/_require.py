"""Checks of what a specification or an operation may hold."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sc_neurocore.exceptions import SCConfigError


def require_whole(place: str, value: Any, low: int, high: int) -> int:
    """A whole number in a range; a truth value is none.

    Raises:
        SCConfigError: it is not.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise SCConfigError(
            f"{place} is {value!r}; it must be a whole number from {low} to {high:#x}"
            if high > 0xFFFF
            else f"{place} is {value!r}; it must be a whole number from {low} to {high}"
        )
    return value


def require_members(place: str, payload: Any, names: Collection[str]) -> Mapping[str, Any]:
    """A mapping with exactly these members.

    Raises:
        SCConfigError: it has others, or is none.
    """
    if not isinstance(payload, Mapping):
        raise SCConfigError(f"{place} is {payload!r}; it must be an object with named members")
    for name in payload:
        if name not in names:
            raise SCConfigError(f"{place} has a member {name!r}; it may have {', '.join(names)}")
    for name in names:
        if name not in payload:
            raise SCConfigError(f"{place} has no member {name!r}, which it must have")
    return payload
