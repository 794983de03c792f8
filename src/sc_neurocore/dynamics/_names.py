"""Every name of a model has one meaning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sc_neurocore.exceptions import SCConfigError


def require_one_meaning(names: Mapping[str, Iterable[str]]) -> None:
    """Refuse a name that stands for two things.

    Args:
        names: the names of every kind; the key says what one of them is (``"a parameter"``).

    Raises:
        SCConfigError: a name occurs twice.
    """
    owner: dict[str, str] = {}
    for what, group in names.items():
        for name in group:
            if name in owner:
                both = f"{what} twice" if owner[name] == what else f"both {owner[name]} and {what}"
                raise SCConfigError(f"'{name}' is {both}; choose another name")
            owner[name] = what
