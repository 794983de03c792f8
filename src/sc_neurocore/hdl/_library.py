"""Where the hand-written modules are."""

from __future__ import annotations

from importlib.resources import files

#: File names of the library's modules.
LIBRARY = ("sc_serial_multiplier.sv",)


def library_source(name: str) -> str:
    """Text of a module of the library."""
    return (files("sc_neurocore.hdl") / "rtl" / name).read_text(encoding="utf-8")
