"""What a driver knows of the design that should be on its board."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sc_neurocore.accelerator import InputCoding
from sc_neurocore.hdl.registers import RegisterMap

MAGIC = 0x53434E43
MAP_VERSION = 1


@dataclass(frozen=True)
class Design:
    """A live design.

    Attributes:
        name: name of the network.
        digest: of the design, hexadecimal; the board's registers hold its first 32 digits.
        bus: ``axi_lite`` or ``wishbone``.
        top: module on top.
        sources: file name to text, memory files included.
        registers: its register map.
        coding: input of an inference.
        ticks: ticks of an inference.
        layers: neurons of each layer.
        bundle: directory that it came from.
    """

    name: str
    digest: str
    bus: str
    top: str
    sources: Mapping[str, str]
    registers: RegisterMap
    coding: InputCoding
    ticks: int
    layers: tuple[int, ...]
    bundle: Path | None = None

    def at(self, register: str) -> int:
        """Return the address of a register."""
        return self.registers.register(register).offset
