"""Sources: file names and module names that are safe to hand to any tool."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sc_neurocore.exceptions import SCConfigError

_VERILOG = (".v", ".sv")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")


def check_identifier(name: str, what: str) -> str:
    """Return a name if it is a simple Verilog identifier.

    Raises:
        SCConfigError: if it is not.
    """
    if not _IDENTIFIER.fullmatch(name):
        raise SCConfigError(
            f"{what} {name!r} is not a Verilog identifier; use letters, digits, '_' and '$'"
        )
    return name


def verilog_files(sources: Mapping[str, str]) -> list[str]:
    """Return the names of the Verilog files among some sources, in order.

    Raises:
        SCConfigError: if there is none, or a name is one of ours (they start with ``__``).
    """
    for name in sources:
        if name.startswith("__"):
            raise SCConfigError(f"source name {name!r} starts with '__', which is reserved")
    files = [name for name in sources if name.endswith(_VERILOG)]
    if not files:
        raise SCConfigError("there is no Verilog among the sources; name at least one file *.v")
    return files


def verilog_generation(sources: Mapping[str, str]) -> str:
    """Return Icarus's option for the language: SystemVerilog only if a file is ``*.sv``.

    SystemVerilog reserves words, such as ``ref``, that are ordinary names in Verilog.
    """
    return "-g2012" if any(name.endswith(".sv") for name in sources) else "-g2005"


def read_commands(sources: Mapping[str, str]) -> list[str]:
    """Return the Yosys commands that read the Verilog among some sources."""
    return [
        f"read_verilog {'-sv ' if name.endswith('.sv') else ''}{name}"
        for name in verilog_files(sources)
    ]
