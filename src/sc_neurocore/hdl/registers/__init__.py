"""One description of a register map, and everything that is written from it."""

from __future__ import annotations

from sc_neurocore.hdl.registers._device import device_registers
from sc_neurocore.hdl.registers._map import ACCESSES, Field, Register, RegisterMap, Value
from sc_neurocore.hdl.registers._rtl import BUSES, write_register_rtl

__all__ = [
    "ACCESSES",
    "BUSES",
    "Field",
    "Register",
    "RegisterMap",
    "Value",
    "device_registers",
    "write_register_rtl",
]
