"""A small design with the registers of a device, so that tests compile in seconds."""

from __future__ import annotations

import re
from pathlib import Path

from sc_neurocore.accelerator import InputCoding
from sc_neurocore.compiler.live_control import MMIOUpdateSpec, ParameterBankSpec
from sc_neurocore.devices._design import Design
from sc_neurocore.hdl import library_source
from sc_neurocore.hdl.registers import device_registers, write_register_rtl

DIGEST = "00112233445566778899aabbccddeeff" + 32 * "5"
BANK0 = [(7 * k + 3) & 0xFFFF for k in range(1200)]
BANK1 = [(k * 0x1234567890ABCDEF1357) & ((1 << 80) - 1) for k in range(40)]


def tiny_design(bus: str = "axi_lite", digest: str = DIGEST) -> Design:
    registers = device_registers(2)
    rtl = write_register_rtl(registers, bus)
    prefix = "s_axi" if bus == "axi_lite" else "wb"
    ports = re.findall(
        rf"^    ((?:input|output) +wire .*{prefix}_\w+),?$", rtl["device_registers.sv"], re.M
    )
    names = [port.split()[-1] for port in ports]
    library = ["sc_live_control.sv", "sc_live_memory.sv", "sc_crc32.sv"]
    text = (Path(__file__).parent / "tiny.sv").read_text()
    text = text.replace("128'd0", f"128'h{digest[:32]}")
    # One file, so that no include path is needed.
    text = text.replace('`include "tiny_ports.vh"', ",\n".join(ports))
    text = text.replace('`include "tiny_pins.vh"', "".join(f".{n}({n}),\n" for n in names))
    return Design(
        name="tiny",
        digest=digest,
        bus=bus,
        top="tiny_device",
        sources={
            "tiny.sv": text,
            **rtl,
            **{name: library_source(name) for name in library},
            "bank0.mem": "".join(f"{word:04x}\n" for word in BANK0),
            "bank1.mem": "".join(f"{word:020x}\n" for word in BANK1),
        },
        registers=registers,
        coding=InputCoding(5, "direct", 4),
        ticks=3,
        layers=(5, 40),
    )


def tiny_update() -> MMIOUpdateSpec:
    return MMIOUpdateSpec(
        (
            ParameterBankSpec("bank0", 0, 1200, 16),
            ParameterBankSpec("bank1", 0x10000, 80, 64),
        )
    )
