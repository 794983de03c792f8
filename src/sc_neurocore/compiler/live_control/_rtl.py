"""Verilog of live parameters in registers behind a bus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sc_neurocore.compiler.live_control._operations import LIVE_REGISTERS
from sc_neurocore.compiler.live_control._update import _USER_TRAPS, MMIOUpdateSpec
from sc_neurocore.exceptions import SCCompilerError
from sc_neurocore.hdl import library_source
from sc_neurocore.hdl.registers import RegisterMap, write_register_rtl
from sc_neurocore.hdl.registers._rtl import bus_widths

#: Bits of a byte address at the port: the registers are within 256 bytes.
_ADDRESS_BITS = 8
#: More flip-flops than this are a memory's business.
_MOST_BITS = 1 << 15
_LIBRARY = ("sc_crc32.sv", "sc_live_control.sv", "sc_live_registers.sv")

#: Ports of ``pcie_mmio``: what an endpoint makes of posted writes and of reads.
_STROBES = {
    "mmio_write": ("input", 1),
    "mmio_read": ("input", 1),
    "mmio_address": ("input", _ADDRESS_BITS),
    "mmio_write_data": ("input", 32),
    "mmio_byte_enable": ("input", 4),
    "mmio_read_valid": ("output", 1),
    "mmio_read_data": ("output", 32),
    "mmio_error": ("output", 1),
}
_PCIE = """\
    // Strobes are what a pipelined Wishbone has: a request a clock, answered two clocks later.
    wire ack, err;
    reg [1:0] reading;
    always @(posedge clk) reading <= rst_n ? {reading[0], mmio_read && !mmio_write} : 2'd0;
    assign mmio_read_valid = reading[1] && (ack || err);
    assign mmio_error = err;
    wire stall;
    wire unused = stall;

"""


def _vector(bits: int) -> str:
    return f"[{bits - 1}:0] " if bits > 1 else ""


def generate_live_parameter_bank(
    spec: MMIOUpdateSpec, initial: Mapping[str, int] | None = None
) -> dict[str, str]:
    """Write a module with the banks in registers, and the live control behind a bus.

    Its ports are ``clk``, ``rst_n`` (synchronous, low resets), those of the bus (8 address bits;
    offsets as in `LIVE_REGISTERS`), one input per trap of the design (``trap_overflow``,
    ``trap_saturation``), and three outputs: ``parameter_words``, all active words, the first bank's
    first entry in the lowest bits; ``generation``, applies and reverts so far; ``trap``, whether
    any is set. An apply changes ``parameter_words`` in one clock, all of them.

    ``pcie_mmio`` has strobes of one clock: ``mmio_write`` with ``mmio_address``,
    ``mmio_write_data`` and ``mmio_byte_enable``; ``mmio_read`` with ``mmio_address``, not in the
    same clock, answered two clocks later by ``mmio_read_valid`` with ``mmio_read_data``;
    ``mmio_error`` two clocks after either if it is not possible. The endpoint is not in it.

    Args:
        spec: the banks, their bus and the traps.
        initial: what the banks hold at power-up, by name: the entries side by side, as in
            ``parameter_words``; what is missing is 0.

    Returns:
        Text by file name; the top module is ``<name>``, in ``<name>.sv``.

    Raises:
        SCCompilerError: the banks have too many bits, or an initial value does not fit.
        SCConfigError: the name is not in lower case, or there is no such bank.
    """
    total = sum(bank.entries * bank.word_bits for bank in spec.banks)
    if total > _MOST_BITS:
        raise SCCompilerError(
            f"the banks of '{spec.name}' hold {total} bits, and registers are for up to "
            f"{_MOST_BITS}; a live build keeps larger ones in memories"
        )
    bus = "wishbone" if spec.bus_protocol == "pcie_mmio" else spec.bus_protocol
    registers = replace(LIVE_REGISTERS, name=spec.name, address_bits=_ADDRESS_BITS)
    files = write_register_rtl(registers, bus)
    files |= {name: library_source(name) for name in _LIBRARY}
    files[f"{spec.name}.sv"] = _top(spec, registers, bus, dict(initial or {}), total)
    return files


def _top(
    spec: MMIOUpdateSpec, registers: RegisterMap, bus: str, initial: dict[str, int], total: int
) -> str:
    pcie = spec.bus_protocol == "pcie_mmio"
    outside = _STROBES if pcie else bus_widths(registers, bus)
    traps = [name for name in _USER_TRAPS if name in spec.trap_bits()]
    ports = ["    input  wire clk", "    input  wire rst_n"]
    ports += [f"    {way:<6} wire {_vector(bits)}{name}" for name, (way, bits) in outside.items()]
    ports += [f"    input  wire trap_{name}" for name in traps]
    ports += [f"    output wire [{total - 1}:0] parameter_words",
              "    output wire [31:0] generation", "    output wire trap"]  # fmt: skip
    pins = {name: name for name in bus_widths(registers, bus)}
    if pcie:
        pins = {
            "wb_cyc_i": "1'b1", "wb_stb_i": "mmio_write || mmio_read", "wb_we_i": "mmio_write",
            "wb_adr_i": "mmio_address", "wb_sel_i": "mmio_byte_enable",
            "wb_dat_i": "mmio_write_data", "wb_dat_o": "mmio_read_data", "wb_ack_o": "ack",
            "wb_err_o": "err", "wb_stall_o": "stall",
        }  # fmt: skip
    wires, live = [], []
    for register in registers.registers:
        port = register.port
        ends = {"ro": [port], "rw": [port], "wo": [f"{port}_write", f"{port}_data"],
                "w1c": [f"{port}_set", port]}[register.access]  # fmt: skip
        wires += [f"    wire {'' if e.endswith('_write') else '[31:0] '}{e};" for e in ends]
        pins |= {end: end for end in ends}
        live += [end for end in ends if register.access != "w1c"]
    entries = ", ".join(f"32'd{bank.entries}" for bank in reversed(spec.banks))
    user = "".join(f" | {{31'd0, trap_{n}}} << {_USER_TRAPS[n]}" for n in traps)
    banks, answers = _banks(spec, initial)
    joined = ",\n".join(ports)
    declared = "\n".join(wires)
    return f"""\
// Live parameters of `{spec.name}` in registers: {len(spec.banks)} banks, {total} bits.

`default_nettype none

module {spec.name} (
{joined}
);

{declared}
    assign trap = |traps;

{_PCIE if pcie else ""}    {spec.name}_registers registers (
        .clk(clk), .rst_n(rst_n),
{_connections(pins)}
    );{chr(10) + "    /* verilator lint_on PINCONNECTEMPTY */" if pcie else ""}
    wire [31:0] traps_set_live;
    assign traps_set = traps_set_live{user};

    wire host_write, host_read, host_half, target_half;
    wire [7:0] host_bank;
    wire [31:0] host_entry;
    wire [63:0] host_data;
    wire [63:0] {answers.replace(" | ", ", ")};
    /* verilator lint_off PINCONNECTEMPTY */
    sc_live_control #(.BANKS({len(spec.banks)}), .ENTRIES({{{entries}}})) control (
        .clk(clk), .rst_n(rst_n), .generation(generation), .traps_set(traps_set_live),
{_connections({name: name for name in live})},
        .host_write(host_write), .host_read(host_read), .host_half(host_half),
        .host_bank(host_bank), .host_entry(host_entry), .host_data(host_data),
        .host_answer({answers}),
        // Whoever uses the words has them in the clock in which target_half changes.
        .target_half(target_half), .swap_pending(), .swap_tick(), .swapped(1'b1),
        .engine_idle(1'b1)
    );
    /* verilator lint_on PINCONNECTEMPTY */

{banks}
endmodule

`default_nettype wire
"""


def _connections(pins: Mapping[str, str]) -> str:
    return ",\n".join(f"        .{pin}({signal})" for pin, signal in pins.items())


def _banks(spec: MMIOUpdateSpec, initial: dict[str, int]) -> tuple[str, str]:
    """The banks, and their answers combined."""
    text, answers, low = "", [], 0
    for name in initial:
        spec.bank_by_name(name)
    for k, bank in enumerate(spec.banks):
        bits = bank.entries * bank.word_bits
        value = initial.get(bank.name, 0)
        if not 0 <= value < 1 << bits:
            raise SCCompilerError(
                f"the initial value of bank '{bank.name}' does not fit its {bits} bits"
            )
        answers.append(f"answer_{k}")
        text += f"""\
    // {bank.name}
    sc_live_registers #(
        .BANK({k}), .WORD_BITS({bank.word_bits}), .ENTRIES({bank.entries}),
        .INITIAL({bits}'h{value:x})
    ) bank_{k} (
        .clk(clk), .host_write(host_write), .host_read(host_read), .host_half(host_half),
        .host_bank(host_bank), .host_entry(host_entry), .host_data(host_data),
        .host_answer(answer_{k}), .target_half(target_half),
        .words(parameter_words[{low} +: {bits}])
    );

"""
        low += bits
    return text.rstrip("\n"), " | ".join(answers)
