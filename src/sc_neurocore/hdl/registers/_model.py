"""What the registers of a map do, clock by clock, whatever bus they are behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sc_neurocore.hdl.registers._map import Register, RegisterMap


@dataclass
class RegisterModel:
    """Golden model of ``<name>_registers`` between its slave and its ports.

    Attributes:
        registers: the map.
        stored: what ``rw`` and ``w1c`` registers hold, by name.
    """

    registers: RegisterMap
    stored: dict[str, int] = field(default_factory=dict)
    _at: dict[int, Register] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._at = {register.offset: register for register in self.registers.registers}
        self.reset()

    def reset(self) -> None:
        """Back to the reset values."""
        self.stored = {
            r.name: r.reset for r in self.registers.registers if r.access in ("rw", "w1c")
        }

    def read(self, address: int, driven: Mapping[str, int]) -> tuple[int, bool]:
        """The word at an address, and whether reading it is an error.

        Args:
            address: of a word.
            driven: levels of the inputs, by port.
        """
        register = self._at.get(address)
        if register is None or not register.readable:
            return 0, True
        value = driven[register.port] if register.access == "ro" else self.stored[register.name]
        return value & self._mask(register), False

    def refuses(self, address: int, mask: int) -> bool:
        """Whether a write of the bits of a mask is an error."""
        register = self._at.get(address)
        if register is None or not register.writable:
            return True
        return register.access == "wo" and mask != (1 << self.registers.data_bits) - 1

    def outputs(self, write: bool, address: int, data: int, mask: int) -> dict[str, int]:
        """Levels of the ports towards the hardware in a clock with, or without, a write."""
        found: dict[str, int] = {}
        for register in self.registers.registers:
            if register.access == "wo":
                stem = register.name.lower()
                hit = write and address == register.offset and not self.refuses(address, mask)
                found[f"{stem}_write"] = int(hit)
                found[f"{stem}_data"] = data & self._mask(register) if hit else 0
            elif register.access != "ro":
                found[register.port] = self.stored[register.name]
        return found

    def clock(
        self, write: bool, address: int, data: int, mask: int, driven: Mapping[str, int]
    ) -> None:
        """The edge that ends a clock."""
        for name, value in self.stored.items():
            register = self.registers.register(name)
            ones = mask if write and address == register.offset else 0
            if register.access == "rw":
                value = (value & ~ones) | (data & ones)
            else:
                value = (value & ~(data & ones)) | driven[f"{name.lower()}_set"]
            self.stored[name] = value & self._mask(register)

    def _mask(self, register: Register) -> int:
        return register.mask(self.registers.data_bits)
