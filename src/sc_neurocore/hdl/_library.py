"""Where the hand-written modules are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files

from sc_neurocore.exceptions import SCConfigError

_FOLDER = files("sc_neurocore.hdl") / "rtl"

#: File names of the library's modules.
LIBRARY = tuple(sorted(f.name for f in _FOLDER.iterdir() if f.name.endswith(".sv")))


def library_source(name: str) -> str:
    """Text of a module of the library."""
    return (_FOLDER / name).read_text(encoding="utf-8")


def with_parameters(source: str, parameters: Mapping[str, str]) -> str:
    """A module's text with other defaults of its parameters, so that it can be a top module.

    Args:
        source: text of one module whose parameters stand one to a line.
        parameters: Verilog constants by parameter.

    Raises:
        SCConfigError: the module has no such parameter.
    """
    for name, value in parameters.items():
        pattern = rf"^( *parameter\b[^=\n]*\b{name}\s*=\s*).*?(,?)( *//.*)?$"
        source, found = re.subn(pattern, rf"\g<1>{value}\2\3", source, flags=re.MULTILINE)
        if found != 1:
            raise SCConfigError(f"the module has {found} parameters named {name!r}, not one")
    return source
