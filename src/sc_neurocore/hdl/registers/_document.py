"""Register maps to and from JSON values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, fields
from typing import Any, TypeVar

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.hdl.registers._map import Field, Register, RegisterMap, Value

_Described = TypeVar("_Described", Value, Field, Register, RegisterMap)

#: The attribute that is a list of descriptions, and their class.
_INSIDE: dict[type, tuple[str, type]] = {
    RegisterMap: ("registers", Register),
    Register: ("fields", Field),
    Field: ("values", Value),
}


def _to_dict(item: Value | Field | Register | RegisterMap) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for attribute in fields(item):
        value = getattr(item, attribute.name)
        if value != attribute.default:
            inside = isinstance(value, tuple)
            found[attribute.name] = [_to_dict(one) for one in value] if inside else value
    return found


def map_to_dict(registers: RegisterMap) -> dict[str, Any]:
    """A register map as JSON values."""
    return _to_dict(registers)


def _from_dict(kind: type[_Described], document: Any, place: str) -> _Described:
    if not isinstance(document, dict):
        raise SCConfigError(f"{place} is {document!r}; it must be an object with named members")
    known = {attribute.name: attribute for attribute in fields(kind)}
    for name in document:
        if name not in known:
            raise SCConfigError(f"{place} has a member {name!r}; it may have {', '.join(known)}")
    for name, attribute in known.items():
        if name not in document and attribute.default is MISSING:
            raise SCConfigError(f"{place} has no member {name!r}, which it must have")
    found = dict(document)
    if kind in _INSIDE:
        name, inner = _INSIDE[kind]
        if name in found:
            if not isinstance(found[name], list):
                raise SCConfigError(f"{place}: {name!r} is {found[name]!r}; it must be a list")
            read: Callable[[type, Any, str], Any] = _from_dict
            found[name] = tuple(
                read(inner, one, f"{place}, {name}[{i}]") for i, one in enumerate(found[name])
            )
    return kind(**found)


def map_from_dict(document: Any) -> RegisterMap:
    """A register map of JSON values.

    Raises:
        SCConfigError: a member is unknown or missing, or a value is not possible.
    """
    return _from_dict(RegisterMap, document, "register map")
