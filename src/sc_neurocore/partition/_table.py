"""A TOML table that is read strictly: what is not taken is refused by name."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from sc_neurocore.dynamics import suggest
from sc_neurocore.exceptions import SCConfigError


@dataclass(frozen=True)
class Table:
    """A table, and where it stands.

    Attributes:
        file: name of the file.
        path: of the table, such as ``places.left``; empty for the whole file.
        values: by key.
    """

    file: str
    path: str
    values: Mapping[str, Any]

    @property
    def where(self) -> str:
        """File and table, for a sentence."""
        return f"{self.file}: [{self.path}]" if self.path else self.file

    def refuse(self, problem: str) -> NoReturn:
        """Raise the error for this table."""
        raise SCConfigError(f"{self.where} {problem}")

    def require_keys(self, allowed: Iterable[str]) -> None:
        """Refuse keys that mean nothing."""
        known = tuple(allowed)
        for key in self.values:
            if key not in known:
                self.refuse(f"has no key {key!r}{suggest(key, known)}")

    def table(self, key: str) -> Table:
        """A table in it, empty if it is not there."""
        value = self.values.get(key, {})
        if not isinstance(value, dict):
            self.refuse(f"{key} is {_shown(value)}; it must be a table")
        return Table(self.file, f"{self.path}.{key}" if self.path else key, value)

    def tables(self, key: str) -> tuple[Table, ...]:
        """The tables of an array of tables, none if it is not there."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.refuse(f"{key} is {_shown(value)}; write each as its own [[{self.path}.{key}]]")
        return tuple(
            Table(self.file, f"{self.path}.{key} {i}", item) for i, item in enumerate(value, 1)
        )

    def whole(self, key: str, default: int, low: int, high: int) -> int:
        """A whole number within limits."""
        value = self.values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self.refuse(f"{key} is {_shown(value)}; it must be a whole number from {low} to {high}")
        return value

    def nanoseconds(self, key: str) -> int | None:
        """A time that is given in microseconds; None if it is not there."""
        value = self.values.get(key)
        if value is None:
            return None
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        exact = 1000 * value if number else math.nan
        if not (math.isfinite(exact) and exact >= 1 and abs(exact - round(exact)) <= 1e-9 * exact):
            self.refuse(
                f"{key} is {_shown(value)}; it must be a positive number of microseconds with at "
                "most three decimal places"
            )
        return round(exact)

    def choice(self, key: str, default: str, allowed: Sequence[str]) -> str:
        """One of some words."""
        value = self.values.get(key, default)
        if not isinstance(value, str):
            self.refuse(f"{key} is {_shown(value)}; it must be one of {', '.join(allowed)}")
        if value not in allowed:
            self.refuse(f"{key} is {value!r}{suggest(value, allowed)}")
        return value

    def text(self, key: str, default: str) -> str:
        """A text that is not empty; the default may be."""
        if key not in self.values:
            return default
        value = self.values[key]
        if not isinstance(value, str) or not value.strip() or not value.isprintable():
            self.refuse(f"{key} is {_shown(value)}; it must be a text in quotes, not empty")
        return value


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a table"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
