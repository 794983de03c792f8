"""What names a user may choose, and that each has one meaning."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Mapping

from sc_neurocore.dynamics._errors import equation_error
from sc_neurocore.dynamics._tree import FUNCTIONS, Span
from sc_neurocore.exceptions import SCConfigError

MAX_NAME = 64
#: Names the language itself gives a meaning to.
RESERVED = frozenset({"dt", "t", "xi", "and", "or", "not", "inf", "nan"}) | frozenset(FUNCTIONS)


def check_name(name: str, span: Span | None = None, what: str = "name") -> str:
    """Return ``name`` if a user may choose it, else raise `EquationError`."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) or name.startswith("__"):
        raise equation_error(
            f"{what} '{name[:MAX_NAME]}' is not an identifier; use letters, digits and '_', "
            "starting with a letter",
            span,
        )
    if len(name) > MAX_NAME:
        raise equation_error(
            f"{what} '{name[:20]}…' has {len(name)} characters; at most {MAX_NAME} are allowed",
            span,
        )
    if name in RESERVED or keyword.iskeyword(name):
        raise equation_error(f"{what} '{name}' is reserved by the language; choose another", span)
    return name


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
