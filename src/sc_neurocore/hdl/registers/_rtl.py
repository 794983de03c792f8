"""A register map as SystemVerilog behind a bus."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.hdl._library import library_source
from sc_neurocore.hdl.registers._map import ACCESSES, Register, RegisterMap


@dataclass(frozen=True)
class Bus:
    """A bus that the registers may be behind.

    Attributes:
        name: as a user writes it.
        title: as a document writes it.
        slave: the module of the library that has its handshakes.
        ports: direction, width (``1``, or of an address, data or strobes) and name.
    """

    name: str
    title: str
    slave: str
    ports: tuple[tuple[str, str, str], ...]


_AXI_LITE = """
input 1 awvalid
output 1 awready
input address awaddr
input 1 wvalid
output 1 wready
input data wdata
input strobes wstrb
output 1 bvalid
input 1 bready
output 2 bresp
input 1 arvalid
output 1 arready
input address araddr
output 1 rvalid
input 1 rready
output data rdata
output 2 rresp
"""
_WISHBONE = """
input 1 cyc_i
input 1 stb_i
input 1 we_i
input address adr_i
input strobes sel_i
input data dat_i
output data dat_o
output 1 ack_o
output 1 err_o
output 1 stall_o
"""


def _ports(text: str, prefix: str) -> tuple[tuple[str, str, str], ...]:
    lines = (line.split() for line in text.strip().splitlines())
    return tuple((direction, width, prefix + name) for direction, width, name in lines)


#: The buses, by name.
BUSES: dict[str, Bus] = {
    bus.name: bus
    for bus in (
        Bus("axi_lite", "AXI4-Lite", "sc_axi_lite_slave", _ports(_AXI_LITE, "s_axi_")),
        Bus("wishbone", "Wishbone B4, pipelined", "sc_wishbone_slave", _ports(_WISHBONE, "wb_")),
    )
}


def get_bus(name: str) -> Bus:
    """The bus of that name.

    Raises:
        SCConfigError: there is none.
    """
    if name not in BUSES:
        raise SCConfigError(f"bus is {name!r}; it must be {' or '.join(BUSES)}")
    return BUSES[name]


def bus_widths(registers: RegisterMap, bus: str) -> dict[str, tuple[str, int]]:
    """Direction and bits of each port of a bus, by name."""
    bits = {"address": registers.address_bits, "data": registers.data_bits}
    bits["strobes"] = registers.word_bytes
    return {
        name: (direction, bits[width] if width in bits else int(width))
        for direction, width, name in get_bus(bus).ports
    }


def register_widths(registers: RegisterMap) -> dict[str, tuple[str, int]]:
    """Direction and bits of each port towards the hardware, by name."""
    data = registers.data_bits
    found: dict[str, tuple[str, int]] = {}
    for register in registers.registers:
        port = register.port
        if register.access == "ro":
            found[port] = ("input", data)
        elif register.access == "wo":
            found[f"{port}_write"] = ("output", 1)
            found[f"{port}_data"] = ("output", data)
        else:
            if register.access == "w1c":
                found[f"{port}_set"] = ("input", data)
            found[port] = ("output", data)
    return found


def write_register_rtl(registers: RegisterMap, bus: str) -> dict[str, str]:
    """Write the module ``<name>_registers`` and the slave that it instantiates.

    Besides ``clk``, ``rst_n`` (synchronous, low resets) and the ports of the bus (``s_axi_*`` or
    ``wb_*``) a register of lower-case name ``r`` has these: ``ro`` the input ``r``; ``rw`` the
    output ``r``; ``wo`` the output ``r_write``, high for one clock a write, and ``r_data``, valid
    with it; ``w1c`` the input ``r_set``, whose ones set bits, and the output ``r``. A bit that is
    set in the clock in which it is cleared stays set. Byte strobes are obeyed, but a write of part
    of a ``wo`` register is an error, as are an address of no register, reading ``wo`` and writing
    ``ro``: answered with SLVERR or ERR, and nothing else happens.

    Args:
        registers: the map.
        bus: ``axi_lite`` or ``wishbone`` (B4, pipelined).

    Returns:
        Text by file name.

    Raises:
        SCConfigError: there is no such bus.
    """
    slave = f"{get_bus(bus).slave}.sv"
    return {f"{registers.name}_registers.sv": _module(registers, bus), slave: library_source(slave)}


def _range(bits: int) -> str:
    return f"[{bits - 1}:0]" if bits > 1 else ""


def _hex(number: int, bits: int) -> str:
    return f"{bits}'h{number:0{-(-bits // 4)}x}"


def _masked(signal: str, register: Register, registers: RegisterMap) -> str:
    """A signal without the reserved bits of a register."""
    data = registers.data_bits
    mask = register.mask(data)
    return signal if mask == (1 << data) - 1 else f"{signal} & {_hex(mask, data)}"


def _at(register: Register) -> str:
    return f"AT_{register.name}"


def _module(registers: RegisterMap, bus: str) -> str:
    entries, found = registers.registers, get_bus(bus)
    address, data = _range(registers.address_bits), _range(registers.data_bits)
    about = f"// {registers.meaning}\n//\n" if registers.meaning else ""
    accesses = [a for a in ACCESSES if any(r.access == a for r in entries)]
    kinds = "".join(f"//   {access:<3} {ACCESSES[access]}\n" for access in accesses)
    ports = _port_list(registers, bus)
    width = max(len(_at(r)) for r in entries)
    places = "".join(
        f"    localparam {address} {_at(r):<{width}} = {_hex(r.offset, registers.address_bits)};\n"
        for r in entries
    )
    pins = ["clk", "rst_n", *(name for _, _, name in found.ports)]
    pins += ["write", "write_address", "write_data", "write_mask", "write_error"]
    pins += ["read_address", "read_data", "read_error"]
    connections = ",\n".join(f"        .{pin}({pin})" for pin in pins)
    return f"""\
// Registers `{registers.name}` behind {found.title}, written from their map.
//
{about}{kinds}//
// A bit of no field reads as zero. An address of no register, reading wo, writing ro and writing
// a part of wo are answered with an error and do nothing else.

`default_nettype none

module {registers.name}_registers (
{ports}
);

{places}
    wire        write;
    wire {address} write_address;
    wire {data} write_data;
    wire {data} write_mask;  // ones where bytes are written
    reg         write_error;
    wire {address} read_address;
    reg  {data} read_data;
    reg         read_error;

    {found.slave} #(
        .ADDRESS_BITS({registers.address_bits}),
        .DATA_BITS({registers.data_bits})
    ) slave (
{connections}
    );

{_reads(registers)}
{_writes(registers)}
endmodule

`default_nettype wire
"""


def _port_list(registers: RegisterMap, bus: str) -> str:
    """The ports, in groups: clock, bus, and each register under what it means."""
    towards = register_widths(registers)
    stored = {r.port for r in registers.registers if r.access in ("rw", "w1c")}
    lines: list[list[str]] = [["    input  wire clk", "    input  wire rst_n"]]

    def declare(ports: Iterable[tuple[str, tuple[str, int]]]) -> list[str]:
        return [
            "    "
            + " ".join(
                part
                for part in (
                    f"{direction:<6}", "reg " if name in stored else "wire", _range(bits), name
                )
                if part
            )
            for name, (direction, bits) in ports
        ]  # fmt: skip

    lines.append(declare(bus_widths(registers, bus).items()))
    for register in registers.registers:
        names = (register.port, *(f"{register.port}_{end}" for end in ("write", "data", "set")))
        about = f": {register.meaning}" if register.meaning else ""
        comment = f"    // {register.name} ({register.access}){about}\n"
        mine = declare((name, towards[name]) for name in names if name in towards)
        lines.append([comment + mine[0], *mine[1:]])
    return ",\n\n".join(",\n".join(group) for group in lines)


def _reads(registers: RegisterMap) -> str:
    zero = f"{{{registers.data_bits}{{1'b0}}}}"
    cases = "".join(
        f"            {_at(r)}: read_data = {_masked(r.port, r, registers)};\n"
        for r in registers.registers
        if r.readable
    )
    return f"""\
    always @* begin
        read_data = {zero};
        read_error = 1'b0;
        case (read_address)
{cases}            default: read_error = 1'b1;
        endcase
    end
"""


def _writes(registers: RegisterMap) -> str:
    strobed = [r for r in registers.registers if r.access == "wo"]
    stored = [r for r in registers.registers if r.access in ("rw", "w1c")]
    cases = "".join(f"            {_at(r)}: write_error = 1'b0;\n" for r in stored)
    cases += "".join(f"            {_at(r)}: write_error = !write_whole;\n" for r in strobed)
    text = f"""\
    always @* begin
        case (write_address)
{cases}            default: write_error = 1'b1;
        endcase
    end
"""
    if strobed:
        text = "    wire write_whole = &write_mask;\n\n" + text + "\n"
    for register in strobed:
        port = register.port
        text += (
            f"    assign {port}_write = write && write_whole && write_address == {_at(register)};\n"
            f"    assign {port}_data = {_masked('write_data', register, registers)};\n"
        )
    for register in stored:
        text += "\n" + _storage(register, registers)
    return text


def _storage(register: Register, registers: RegisterMap) -> str:
    """The flip-flops of a register that has some."""
    port, data = register.port, registers.data_bits
    hit = f"write && write_address == {_at(register)}"
    if register.access == "rw":
        ones = _masked("write_data & write_mask", register, registers)
        change = (
            f"        else if ({hit})\n            {port} <= ({port} & ~write_mask) | ({ones});"
        )
    else:
        ones = f"{{{data}{{{hit}}}}} & write_data & write_mask"
        kept = _masked(f"{port}_set", register, registers)
        change = (
            f"        else\n            {port} <= ({port} & ~({ones}))\n                | ({kept});"
        )
    return f"""\
    always @(posedge clk)
        if (!rst_n) {port} <= {_hex(register.reset, data)};
{change}
"""
