"""Documents from others, field by field: nothing missing, nothing more, values in range."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sc_neurocore.compiler_service.update._errors import UpdateRefusedError

#: Characters of the longest name.
LONGEST_NAME = 200


def fail(message: str) -> UpdateRefusedError:
    """The refusal of a malformed document."""
    return UpdateRefusedError("malformed", message)


def table(value: Any, names: Sequence[str], where: str) -> Mapping[str, Any]:
    """An object with exactly these keys."""
    if not isinstance(value, Mapping):
        raise fail(f"{where} is no object")
    missing = sorted(set(names) - set(value))
    if missing:
        raise fail(f"{where} lacks {', '.join(missing)}")
    strange = sorted(str(k)[:40] for k in set(value) - set(names))
    if strange:
        raise fail(f"{where} has unknown fields: {', '.join(strange[:4])}")
    return value


def items(value: Any, where: str, limit: int) -> list[Any]:
    """A list of at most so many items."""
    if not isinstance(value, (list, tuple)):
        raise fail(f"{where} is no list")
    if len(value) > limit:
        raise fail(f"{where} has {len(value)} items; at most {limit} are allowed")
    return list(value)


def name(value: Any, where: str) -> str:
    """Printable text in one line, not empty."""
    if not isinstance(value, str) or not value.strip():
        raise fail(f"{where} must be text that is not empty")
    if len(value) > LONGEST_NAME or not value.isprintable():
        raise fail(f"{where} must be printable text of at most {LONGEST_NAME} characters")
    return value


def text(value: Any, where: str) -> str:
    """Any text of at most 10 000 characters."""
    if not isinstance(value, str) or len(value) > 10_000:
        raise fail(f"{where} must be text of at most 10000 characters")
    return value


def whole(value: Any, where: str, low: int, high: int) -> int:
    """A whole number from ``low`` to ``high``."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise fail(f"{where} must be a whole number from {low} to {high}")
    return value


def truth(value: Any, where: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise fail(f"{where} must be true or false")
    return value


def hexadecimal(value: Any, where: str, digits: int) -> str:
    """So many lower-case hexadecimal digits."""
    if not isinstance(value, str) or not re.fullmatch(f"[0-9a-f]{{{digits}}}", value):
        raise fail(f"{where} must be {digits} lower-case hexadecimal digits")
    return value
