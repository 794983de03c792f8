"""A register map, and the module that it is written to, as an IP-XACT component."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.hdl.registers._map import Field, Register, RegisterMap
from sc_neurocore.hdl.registers._rtl import bus_widths, register_widths
from sc_neurocore.hdl.registers._systemrdl import whole_fields

_NAMESPACE = "http://www.accellera.org/XMLSchema/IPXACT/1685-2014"
_SCHEMA = "http://www.w3.org/2001/XMLSchema-instance"
_ACCESS = {"ro": "read-only", "rw": "read-write", "wo": "write-only", "w1c": "read-write"}
#: Vendor, library, name and version of a bus. There is no agreed one for Wishbone.
_BUS_TYPES = {
    "axi_lite": ("amba.com", "AMBA4", "AXI4-Lite", "r0p0_0"),
    "wishbone": ("opencores.org", "Wishbone", "Wishbone", "B4"),
}
_NAME = re.compile(r"[A-Za-z0-9_.-]+")

Element = ElementTree.Element


def write_ipxact(
    registers: RegisterMap,
    bus: str,
    *,
    vendor: str = "sc-neurocore",
    library: str = "registers",
    version: str = "1.0",
) -> str:
    """Write an IP-XACT component (IEEE 1685-2014): bus interface, memory map, ports.

    A register without fields gets one named like itself, for the standard wants one.

    Args:
        registers: the map.
        bus: ``axi_lite`` or ``wishbone``.
        vendor: who vouches for it; letters, digits, ``.``, ``-`` and ``_``.
        library: the vendor's library.
        version: of the component.

    Raises:
        SCConfigError: there is no such bus, or a name has other characters.
    """
    ports = {"clk": ("input", 1), "rst_n": ("input", 1), **bus_widths(registers, bus)}
    for what, text in (("vendor", vendor), ("library", library), ("version", version)):
        if not _NAME.fullmatch(text):
            raise SCConfigError(
                f"{what} {text!r} of an IP-XACT component must be letters, digits, '.', '-' and '_'"
            )
    root = Element("ipxact:component", {"xmlns:ipxact": _NAMESPACE, "xmlns:xsi": _SCHEMA})
    root.set("xsi:schemaLocation", f"{_NAMESPACE} {_NAMESPACE}/index.xsd")
    _leaf(root, "vendor", vendor)
    _leaf(root, "library", library)
    _leaf(root, "name", f"{registers.name}_registers")
    _leaf(root, "version", version)
    _interface(root, registers, bus)
    _memory_map(root, registers)
    _model(root, {**ports, **register_widths(registers)})
    if registers.meaning:
        _leaf(root, "description", registers.meaning)
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, "unicode")}\n'


def _inside(parent: Element, tag: str, **attributes: str) -> Element:
    return ElementTree.SubElement(parent, f"ipxact:{tag}", attributes)


def _leaf(parent: Element, tag: str, value: str | int) -> None:
    _inside(parent, tag).text = str(value)


def _described(parent: Element, tag: str, name: str, meaning: str = "") -> Element:
    found = _inside(parent, tag)
    _leaf(found, "name", name)
    if meaning:
        _leaf(found, "description", meaning)
    return found


def _interface(root: Element, registers: RegisterMap, bus: str) -> None:
    vendor, library, name, version = _BUS_TYPES[bus]
    kind = {"vendor": vendor, "library": library, "version": version}
    prefix = {"axi_lite": "s_axi", "wishbone": "wb"}[bus]
    found = _described(_inside(root, "busInterfaces"), "busInterface", prefix)
    _inside(found, "busType", **kind, name=name)
    abstraction = _inside(_inside(found, "abstractionTypes"), "abstractionType")
    _inside(abstraction, "abstractionRef", **kind, name=f"{name}_rtl")
    maps = _inside(abstraction, "portMaps")
    for port in bus_widths(registers, bus):
        pair = _inside(maps, "portMap")
        logical = port.removeprefix(f"{prefix}_")
        logical = (
            re.sub(r"_[io]$", "", logical)
            if bus == "wishbone" and "dat" not in logical
            else logical
        )
        _leaf(_inside(pair, "logicalPort"), "name", logical.upper())
        _leaf(_inside(pair, "physicalPort"), "name", port)
    _inside(_inside(found, "slave"), "memoryMapRef", memoryMapRef=registers.name)


def _memory_map(root: Element, registers: RegisterMap) -> None:
    found = _described(_inside(root, "memoryMaps"), "memoryMap", registers.name)
    block = _described(found, "addressBlock", registers.name, registers.meaning)
    _leaf(block, "baseAddress", "'h0")
    _leaf(block, "range", f"'h{1 << registers.address_bits:x}")
    _leaf(block, "width", registers.data_bits)
    _leaf(block, "usage", "register")
    for register in registers.registers:
        _register(block, register, registers.data_bits)
    _leaf(found, "addressUnitBits", 8)


def _register(block: Element, register: Register, bits: int) -> None:
    found = _described(block, "register", register.name, register.meaning)
    _leaf(found, "addressOffset", f"'h{register.offset:x}")
    _leaf(found, "size", bits)
    _leaf(found, "access", _ACCESS[register.access])
    for field in whole_fields(register, bits):
        _field(found, register, field)


def _field(parent: Element, register: Register, field: Field) -> None:
    found = _described(parent, "field", field.name, field.meaning)
    _leaf(found, "bitOffset", field.low)
    if register.resets:
        reset = _inside(_inside(found, "resets"), "reset")
        _leaf(reset, "value", f"'h{(register.reset & field.mask) >> field.low:x}")
    _leaf(found, "bitWidth", field.width)
    if register.access in ("ro", "w1c") and not (register.access == "ro" and register.resets):
        _leaf(found, "volatile", "true")
    _leaf(found, "access", _ACCESS[register.access])
    if field.values:
        values = _inside(found, "enumeratedValues")
        for value in field.values:
            entry = _described(values, "enumeratedValue", value.name, value.meaning)
            _leaf(entry, "value", value.number)
    if register.access == "w1c":
        _leaf(found, "modifiedWriteValue", "oneToClear")


def _model(root: Element, widths: dict[str, tuple[str, int]]) -> None:
    ports = _inside(_inside(root, "model"), "ports")
    for name, (direction, bits) in widths.items():
        wire = _inside(_described(ports, "port", name), "wire")
        _leaf(wire, "direction", {"input": "in", "output": "out"}[direction])
        if bits > 1:
            vector = _inside(_inside(wire, "vectors"), "vector")
            _leaf(vector, "left", bits - 1)
            _leaf(vector, "right", 0)
