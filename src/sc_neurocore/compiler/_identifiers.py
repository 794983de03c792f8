"""User names to Verilog identifiers: keywords and names that differ only in case are renamed."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sc_neurocore.exceptions import SCCompilerError
from sc_neurocore.toolchain._keywords import KEYWORDS as KEYWORDS

_LEGAL = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


def check_module_name(name: str) -> str:
    """Return a module name, or refuse what is not a Verilog identifier.

    Raises:
        SCCompilerError: the name is a keyword or contains other characters.
    """
    if not _LEGAL.fullmatch(name):
        raise SCCompilerError(
            f"module name '{name[:64]}' is not a Verilog identifier; use up to 64 letters, digits "
            "and '_', starting with a letter"
        )
    if name in KEYWORDS:
        raise SCCompilerError(f"module name '{name}' is a Verilog keyword; choose another")
    if name.startswith("sc_serial_"):
        raise SCCompilerError(
            f"module name '{name}' is kept for the modules that come with it; choose another"
        )
    return name


class Namespace:
    """Hands out identifiers that are unique even to tools that ignore case."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = {name.lower() for name in (*taken, *KEYWORDS)}

    def claim(self, wanted: str) -> str:
        """The identifier closest to ``wanted`` that is legal and free."""
        stem = re.sub(r"[^A-Za-z0-9_]", "_", wanted).strip("_") or "value"
        if stem[0].isdigit():
            stem = f"n_{stem}"
        name, number = stem, 1
        while name.lower() in self._taken:
            number += 1
            name = f"{stem}_{number}"
        self._taken.add(name.lower())
        return name
