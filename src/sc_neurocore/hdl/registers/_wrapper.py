"""A compiled neuron behind a bus."""

from __future__ import annotations

from collections.abc import Mapping

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.hdl.registers._map import Field, Register, RegisterMap
from sc_neurocore.hdl.registers._rtl import bus_widths, register_widths, write_register_rtl
from sc_neurocore.toolchain._keywords import KEYWORDS
from sc_neurocore.toolchain._sources import check_identifier

_CONTROL, _STATUS, _TRAPS, _STEPS, _V_OUT = range(5)
#: Word of the first parameter.
_FIRST = 8
_OWN = ("clk", "rst_n", "enable", "valid", "spike_out", "v_out")


def neuron_registers(
    name: str,
    params: Mapping[str, int],
    *,
    data_width: int = 16,
    addr_width: int = 8,
    bus_data_width: int = 32,
) -> RegisterMap:
    """The register map of a neuron behind a bus.

    Args:
        name: of the map, in lower case.
        params: bits of each input port of the neuron, by name.
        data_width: bits of its output ``v_out``.
        addr_width: bits of a byte address.
        bus_data_width: bits of a word, 32 or 64.

    Raises:
        SCConfigError: a name or width is not possible, or there are too many.
    """
    if not isinstance(params, Mapping):
        raise SCConfigError(f"params is {params!r}; it must give the bits of each port by name")
    step = bus_data_width // 8 if isinstance(bus_data_width, int) else 0
    entries = [
        Register(
            "CONTROL", _CONTROL * step, "wo", meaning="Runs the neuron.",
            fields=(Field("STEP", 0, 1, "Start a tick."),),
        ),
        Register(
            "STATUS", _STATUS * step, "ro", meaning="What the neuron does.",
            fields=(
                Field("BUSY", 0, 1, "A tick runs."),
                Field("SPIKE", 1, 1, "The last tick ended in a spike."),
            ),
        ),
        Register(
            "TRAPS", _TRAPS * step, "w1c", meaning="What went wrong.",
            fields=(Field("OVERRUN", 0, 1, "A tick was asked for while one ran."),),
        ),
        Register("STEPS", _STEPS * step, "ro", meaning="Ticks finished."),
        Register(
            "V_OUT", _V_OUT * step, "ro", meaning="State after the last tick.",
            fields=(Field("V", 0, data_width, "Its bits."),),
        ),
    ]  # fmt: skip
    for k, (port, bits) in enumerate(params.items()):
        check_identifier(port, "parameter")
        if port in _OWN or port in KEYWORDS:
            raise SCConfigError(
                f"parameter {port!r} is a Verilog keyword or a port that every neuron has; "
                "rename it"
            )
        field = Field("VALUE", 0, bits, "Its bits.")
        meaning = f"Port {port} of the neuron."
        entries.append(
            Register(port.upper(), (_FIRST + k) * step, "rw", meaning=meaning, fields=(field,))
        )
    return RegisterMap(name, tuple(entries), addr_width, bus_data_width, "A neuron behind a bus.")


def generate_register_map(params: Mapping[str, int], base_address: int = 0) -> dict[str, int]:
    """Byte addresses of the registers of a neuron behind a bus.

    Args:
        params: bits of each input port of the neuron, by name.
        base_address: address of the first register.

    Returns:
        Address by register: ``CONTROL``, ``STATUS``, ``TRAPS``, ``STEPS``, ``V_OUT``, and each
        parameter in upper case.

    Raises:
        SCConfigError: a name or width is not possible, or there are too many.
    """
    registers = neuron_registers("neuron", params)
    _check_base(base_address, registers)
    return {r.name: base_address + r.offset for r in registers.registers}


def generate_bus_wrapper(
    inner_module: str,
    params: Mapping[str, int],
    bus: str = "axi_lite",
    data_width: int = 16,
    addr_width: int = 8,
    bus_data_width: int = 32,
    base_address: int = 0,
) -> str:
    """Write a module that puts a compiled neuron behind a bus.

    The neuron is one of `compile_to_verilog` with a state ``v``: it has the ports ``clk``,
    ``rst_n``, ``enable``, its parameters and inputs, ``valid``, ``spike_out`` and ``v_out``. The
    wrapper is called ``<inner_module>_<bus>``. Software writes the parameters and inputs, then
    ``STEP`` to ``CONTROL``, and waits until ``STATUS`` is no longer ``BUSY``.

    Args:
        inner_module: name of the neuron's module.
        params: bits of each of its input ports but the first three, by name.
        bus: ``axi_lite`` or ``wishbone``.
        data_width: bits of ``v_out``.
        addr_width: bits of a byte address; 8 is room for 64 registers of 32 bits.
        bus_data_width: bits of a word of the bus, 32 or 64.
        base_address: where the registers are; named in a comment only.

    Returns:
        SystemVerilog of the wrapper and of all that it needs but the neuron.

    Raises:
        SCConfigError: a name, width or address is not possible.
    """
    check_identifier(inner_module, "inner module")
    registers = neuron_registers(
        inner_module.lower(), params,
        data_width=data_width, addr_width=addr_width, bus_data_width=bus_data_width,
    )  # fmt: skip
    _check_base(base_address, registers)
    sources = write_register_rtl(registers, bus)
    top = _wrapper(inner_module, params, registers, bus, data_width, base_address)
    return "\n".join([top, *sources.values()])


def _check_base(base_address: int, registers: RegisterMap) -> None:
    span = 1 << registers.address_bits
    wrong = isinstance(base_address, bool) or not isinstance(base_address, int)
    if wrong or base_address < 0 or base_address % span:
        raise SCConfigError(
            f"base_address is {base_address!r}; it must be a multiple of {span}, the bytes that "
            "the registers take"
        )


def _wrapper(
    inner: str,
    params: Mapping[str, int],
    registers: RegisterMap,
    bus: str,
    data_width: int,
    base_address: int,
) -> str:
    data = registers.data_bits
    outside = bus_widths(registers, bus)
    ports = ["input  wire clk", "input  wire rst_n"]
    ports += [f"{way:<6} wire {_range(bits)}{port}" for port, (way, bits) in outside.items()]
    inside = register_widths(registers)
    driven = {
        "status": f"{{{data - 2}'d0, spiked, busy}}",
        "traps_set": f"{{{data - 1}'d0, step && busy}}",
        "steps": "steps",
        "v_out": f"{{{data - data_width}'d0, state}}" if data > data_width else "state",
    }
    wires = {port: bits for port, (_, bits) in inside.items() if port not in driven}
    declared = "".join(f"    wire {_range(bits)}r_{port};\n" for port, bits in wires.items())
    pins = {pin: pin for pin in ("clk", "rst_n", *outside)}
    pins |= {pin: driven.get(pin, f"r_{pin}") for pin in inside}
    connections = ",\n".join(f"        .{pin}({signal})" for pin, signal in pins.items())
    neuron = "".join(
        f"        .{port}(r_{registers.register(port.upper()).port}{_slice(bits, data)}),\n"
        for port, bits in params.items()
    )
    unused = ", ".join(f"r_{name}" for name, bits in wires.items() if bits > 1)
    port_list = ",\n    ".join(ports)
    return f"""\
// The neuron `{inner}` behind {bus}, its registers at {base_address:#x}.

`default_nettype none

module {inner}_{bus} (
    {port_list}
);

{declared}
    reg  busy;
    reg  spiked;
    reg  {_range(data)}steps;
    wire step = r_control_write && r_control_data[0];
    wire valid;
    wire spike;
    wire {_range(data_width)}state;
    // Of most registers the lowest bits are used only.
    wire unused = &{{{unused}}};

    always @(posedge clk) begin
        if (!rst_n) begin
            busy   <= 1'b0;
            spiked <= 1'b0;
            steps  <= {data}'d0;
        end else begin
            if (valid) begin
                busy   <= 1'b0;
                spiked <= spike;
                steps  <= steps + 1'b1;
            end
            if (step && !busy) busy <= 1'b1;
        end
    end

    {registers.name}_registers registers (
{connections}
    );

    // A neuron may have further outputs, such as `busy`.
    // verilator lint_off PINMISSING
    {inner} neuron (
        .clk(clk),
        .rst_n(rst_n),
        .enable(step && !busy),
{neuron}        .valid(valid),
        .spike_out(spike),
        .v_out(state)
    );
    // verilator lint_on PINMISSING

endmodule

`default_nettype wire
"""


def _range(bits: int) -> str:
    return f"[{bits - 1}:0] " if bits > 1 else ""


def _slice(bits: int, data: int) -> str:
    return "" if bits == data else f"[{bits - 1}:0]"
