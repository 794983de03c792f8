"""One description of a register map, and everything that is written from it."""

from __future__ import annotations

from sc_neurocore.hdl.registers._device import device_registers
from sc_neurocore.hdl.registers._driver import write_python_driver
from sc_neurocore.hdl.registers._header import write_c_header
from sc_neurocore.hdl.registers._ipxact import write_ipxact
from sc_neurocore.hdl.registers._map import ACCESSES, Field, Register, RegisterMap, Value
from sc_neurocore.hdl.registers._markdown import write_markdown
from sc_neurocore.hdl.registers._model import RegisterModel
from sc_neurocore.hdl.registers._rtl import BUSES, write_register_rtl
from sc_neurocore.hdl.registers._systemrdl import write_systemrdl

__all__ = [
    "ACCESSES",
    "BUSES",
    "Field",
    "Register",
    "RegisterMap",
    "RegisterModel",
    "Value",
    "device_registers",
    "write_c_header",
    "write_ipxact",
    "write_markdown",
    "write_python_driver",
    "write_register_rtl",
    "write_systemrdl",
]
