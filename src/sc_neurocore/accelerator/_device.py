"""A live engine behind a bus: registers, live control, telemetry and spike probe."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sc_neurocore.accelerator._geometry import index_bits
from sc_neurocore.accelerator._layer_rtl import HOST
from sc_neurocore.accelerator._live import Bank
from sc_neurocore.accelerator._network import INPUT, Folding, IntegerNetwork
from sc_neurocore.accelerator._rtl import AcceleratorRtl, write_accelerator
from sc_neurocore.compiler.live_control import MMIOUpdateSpec, TrapSpec, place_banks
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.hdl import library_source
from sc_neurocore.hdl.registers import RegisterMap, device_registers, write_register_rtl
from sc_neurocore.hdl.registers._rtl import bus_widths, register_widths

_LIBRARY = ("sc_live_control.sv", "sc_crc32.sv", "sc_spike_probe.sv")
#: Input events that wait for the engine.
_EVENTS = 64
#: Bit of TRAPS for an input that came when it could not be taken.
INPUT_LOST = 8
#: What ID and MAP_VERSION say.
_ID = "53434E43"


@dataclass(frozen=True)
class DeviceRtl:
    """A device's files.

    Attributes:
        top: its module, with ``clk``, ``rst_n`` and the ports of the bus.
        bus: ``axi_lite`` or ``wishbone``.
        sources: file name to text, memories included.
        registers: what is at which address.
        update: the banks, and the register sequences that exchange their words.
        banks: what the banks hold.
        digest: SHA-256 of the design, in hexadecimal; the registers DIGEST0 to DIGEST3 have its
            first half.
        engine: the live engine inside.
        inputs: width of the top's inputs but clock and reset.
        outputs: width of the top's outputs.
    """

    top: str
    bus: str
    sources: Mapping[str, str]
    registers: RegisterMap
    update: MMIOUpdateSpec
    banks: tuple[Bank, ...]
    digest: str
    engine: AcceleratorRtl
    inputs: Mapping[str, int]
    outputs: Mapping[str, int]


def write_device(
    network: IntegerNetwork,
    foldings: Sequence[Folding],
    bus: str = "axi_lite",
    *,
    early_decision: bool = True,
) -> DeviceRtl:
    """Write a live engine behind a bus.

    Args:
        network: what it computes.
        foldings: one per layer.
        bus: ``axi_lite`` or ``wishbone``.
        early_decision: stop as soon as the class is certain (of a spike count).

    Raises:
        SCConfigError: there is no such bus, or the foldings do not fit the network, or the network
            the engine.
        SCCompilerError: a name is no Verilog identifier, or a neuron cannot be a lane.
    """
    rtl = write_accelerator(network, foldings, early_decision=early_decision, live=True)
    if len(rtl.banks) > 256:
        raise SCConfigError(f"the network has {len(rtl.banks)} banks; a bus reaches 256")
    registers = device_registers(len(network.layers))
    sources = {**rtl.sources, **write_register_rtl(registers, bus)}
    sources |= {name: library_source(name) for name in _LIBRARY}
    if network.input.coding == "events":
        sources["sc_stream_fifo.sv"] = library_source("sc_stream_fifo.sv")
    top = f"{network.name}_device"
    writer = _Device(network, rtl, registers, bus)
    digest = _digest({**sources, f"{top}.sv": writer.write(top, "0" * 64)}, rtl.banks)
    sources[f"{top}.sv"] = writer.write(top, digest)
    ports = bus_widths(registers, bus)
    update = MMIOUpdateSpec(
        place_banks({bank.name: (bank.entries, bank.entry_bits) for bank in rtl.banks}),
        bus_protocol=bus,
        traps=TrapSpec(overflow=True),
        name=f"{network.name}_parameters",
    )
    return DeviceRtl(
        top=top,
        bus=bus,
        sources=sources,
        registers=registers,
        update=update,
        banks=rtl.banks,
        digest=digest,
        engine=rtl,
        inputs={name: width for name, (way, width) in ports.items() if way == "input"},
        outputs={name: width for name, (way, width) in ports.items() if way == "output"},
    )


def _digest(sources: Mapping[str, str], banks: Sequence[Bank]) -> str:
    found = hashlib.sha256()
    for name, text in sorted(sources.items()):
        found.update(f"{name}\0{len(text)}\0{text}".encode())
    for bank in banks:
        found.update(f"{bank}\0".encode())
    return found.hexdigest()


class _Device:
    """The top module."""

    def __init__(
        self, network: IntegerNetwork, rtl: AcceleratorRtl, registers: RegisterMap, bus: str
    ) -> None:
        self.network, self.rtl, self.registers, self.bus = network, rtl, registers, bus
        self.events = network.input.coding == "events"
        self.layers = range(len(network.layers))

    def write(self, top: str, digest: str) -> str:
        wires = register_widths(self.registers)
        ports = [
            "    input  wire clk",
            "    input  wire rst_n",
            *(
                f"    {way:<6} wire {_range(width)}{name}"
                for name, (way, width) in bus_widths(self.registers, self.bus).items()
            ),
        ]
        pins = ["clk", "rst_n", *bus_widths(self.registers, self.bus), *wires]
        lines = [
            f"// {top}: a spiking network behind a bus, its weights live.",
            "// Generated by SC-NeuroCore; do not edit.",
            "",
            "`default_nettype none",
            "",
            f"module {top} (",
            ",\n".join(ports),
            ");",
            "",
            *(f"    wire {_range(width)}{name};" for name, (_, width) in wires.items()),
            f"    {self.registers.name}_registers registers (",
            ",\n".join(f"        .{name}({name})" for name in pins),
            "    );",
            "",
            f"    assign id = 32'h{_ID};",
            "    assign map_version = 32'd1;",
            *(f"    assign digest{k} = 32'h{digest[8 * k : 8 * k + 8]};" for k in range(4)),
            "",
            *self._control(),
            *(self._event_input() if self.events else self._level_input()),
            *self._input_check(),
            *self._engine(),
            *self._live(),
            *self._telemetry(),
            *self._probe(),
            f"    wire unused = &{{{', '.join(self._unused())}}};",
            "",
            "endmodule",
            "",
            "`default_nettype wire",
        ]
        return "\n".join(lines) + "\n"

    def _control(self) -> list[str]:
        return [
            "    // A reset ends the inference and drops what is staged. Both bits are nothing.",
            "    reg start, engine_n;",
            "    always @(posedge clk) begin",
            "        start    <= rst_n && control_write && control_data[1:0] == 2'b01;",
            "        engine_n <= rst_n && !(control_write && control_data[1:0] == 2'b10);",
            "    end",
            "",
            "    wire busy, done;",
            f"    wire {_range(self.rtl.outputs['class_index'])}class_index;",
            "    reg finished;",
            "    always @(posedge clk) begin",
            "        if (!engine_n || start) finished <= 1'b0;",
            "        else if (busy && done)  finished <= 1'b1;",
            "    end",
            "    wire events_full, input_lost;",
            "    assign status = {28'd0, events_full, |traps, finished && !start, busy || start};",
            "",
        ]

    def _level_input(self) -> list[str]:
        width = self.rtl.inputs["level"]
        return [
            "    // A level can be loaded only between inferences.",
            "    wire load = level_write && !busy && !start;",
            "    wire input_taken = load;",
            "    assign input_lost = level_write && !load;",
            "    assign events_full = 1'b0;",
            f"    wire {_range(width)}level = level_data[{width - 1}:0];",
            "",
        ]

    def _event_input(self) -> list[str]:
        width = self.rtl.inputs["event_data"]
        return [
            "    // Events wait until the engine takes them; a start forgets those before it.",
            "    wire event_valid, event_ready, event_room;",
            f"    wire {_range(width)}event_data;",
            f"    sc_stream_fifo #(.WIDTH({width}), .DEPTH({_EVENTS}), .PRELOAD_WORD({width}'d0)) "
            "events (",
            "        .clk(clk), .rst_n(engine_n && !start),",
            "        .in_valid(level_write), .in_ready(event_room),",
            f"        .in_data(level_data[{width - 1}:0]),",
            "        .out_valid(event_valid), .out_ready(event_ready), .out_data(event_data)",
            "    );",
            "    wire input_taken = level_write && event_room && !start;",
            "    assign input_lost = level_write && !input_taken;",
            "    assign events_full = !event_room;",
            "",
        ]

    def _input_check(self) -> list[str]:
        return [
            "    // What was taken, so that the host can tell whether it is what it wrote.",
            "    reg [31:0] taken_count, taken_crc;",
            "    wire [31:0] taken_next;",
            "    sc_crc32 #(.BYTES(4)) input_check (",
            "        .crc(taken_crc), .data(level_data), .next(taken_next)",
            "    );",
            "    always @(posedge clk) begin",
            "        if (!engine_n || start) begin",
            "            taken_count <= 32'd0;",
            "            taken_crc   <= 32'd0;",
            "        end else if (input_taken) begin",
            "            taken_count <= taken_count + 1'b1;",
            "            taken_crc   <= taken_next;",
            "        end",
            "    end",
            "    assign input_count = taken_count;",
            "    assign input_crc = taken_crc;",
            "",
        ]

    def _engine(self) -> list[str]:
        rtl, n = self.rtl, len(self.layers)
        wires = [f"    wire {_range(w)}{name};" for name, w in HOST.items()]
        wires += [
            "    wire [63:0] host_answer;",
            "    wire target_half, swap_pending, swapped;",
            "    wire [31:0] swap_tick;",
            f"    wire {_range(n)}spike_passes, spike_fires;",
        ]
        for s, (valid, data) in rtl.observed.items():
            wires += [f"    wire {valid};", f"    wire {_range(rtl.streams[s].width)}{data};"]
        for k, (valid, data) in rtl.currents.items():
            wires += [f"    wire {valid};", f"    wire {_range(rtl.current_bits[k])}{data};"]
        pins = ["clk", *rtl.inputs, *rtl.outputs]
        pins += [name for pair in (*rtl.observed.values(), *rtl.currents.values()) for name in pair]
        return [
            *wires,
            f"    {rtl.engine} engine (",
            "        .rst_n(engine_n),",
            ",\n".join(f"        .{name}({name})" for name in pins),
            "    );",
            "",
        ]

    def _live(self) -> list[str]:
        entries = ", ".join(f"32'd{bank.entries}" for bank in reversed(self.rtl.banks))
        pins = (
            "bank_select", "entry_index", "data_lo", "data_hi", "guard", "expect_count",
            "expect_crc", "apply_tick", "command_write", "command_data", "update_status",
            "read_lo", "read_hi", "loaded_count", "loaded_crc", "generation",
            *HOST, "host_answer", "target_half", "swap_pending", "swap_tick", "swapped",
        )  # fmt: skip
        named = {"generation": self.registers.register("GENERATION").port}
        return [
            "    wire [31:0] control_traps;",
            f"    sc_live_control #(.BANKS({len(self.rtl.banks)}), .ENTRIES({{{entries}}})) "
            "live_control (",
            "        .clk(clk), .rst_n(engine_n),",
            *(f"        .{name}({named.get(name, name)})," for name in pins),
            "        .traps_set(control_traps), .engine_idle(!busy && !start)",
            "    );",
            f"    assign traps_set = control_traps | {{31'd0, input_lost}} << {INPUT_LOST};",
            "",
        ]

    def _telemetry(self) -> list[str]:
        lines = [
            "    // Of the last inference, up to the clock before done.",
            "    wire counts = busy && !done;",
            "    reg [31:0] clock_count, inference_count;",
            f"    reg {_range(self.rtl.outputs['class_index'])}answer;",
            "    always @(posedge clk) begin",
            "        if (!engine_n) begin",
            "            clock_count     <= 32'd0;",
            "            inference_count <= 32'd0;",
            "            answer          <= 0;",
            "        end else if (start) begin",
            "            clock_count <= 32'd0;",
            "        end else begin",
            "            if (counts) clock_count <= clock_count + 1'b1;",
            "            if (busy && done) begin",
            "                inference_count <= inference_count + 1'b1;",
            "                answer          <= class_index;",
            "            end",
            "        end",
            "    end",
            "    assign clocks = clock_count;",
            "    assign inferences = inference_count;",
            f"    assign {self.registers.register('CLASS').port} = 32'(answer);",
            "",
        ]
        for k in self.layers:
            if k not in self.rtl.streams:
                lines += [f"    assign spikes_{k} = 32'd0;", ""]
                continue
            valid, data = self.rtl.observed[k]
            simd = self.rtl.streams[k].simd
            width = index_bits(self.network.layers[k].size * self.network.ticks + 1)
            ones = " + ".join(f"{width}'({data}[{lane}])" for lane in range(simd))
            lines += [
                f"    reg {_range(width)}spike_count_{k};",
                "    always @(posedge clk) begin",
                f"        if (!engine_n || start)      spike_count_{k} <= 0;",
                f"        else if (counts && {valid}) spike_count_{k} <= spike_count_{k} + {ones};",
                "    end",
                f"    assign spikes_{k} = 32'(spike_count_{k});",
                "",
            ]
        return lines

    def _probe(self) -> list[str]:
        sizes = [layer.size for layer in self.network.layers]
        packed = ", ".join(f"32'd{size}" for size in reversed(sizes))
        return [
            "    sc_spike_probe #(",
            f"        .LAYERS({len(sizes)}), .SIZES({{{packed}}}), .MOST({max(sizes)}), "
            f".TICKS({self.network.ticks})",
            "    ) probe (",
            "        .clk(clk), .rst_n(engine_n), .start(start),",
            "        .layer(probe_layer), .tick(probe_tick),",
            "        .passes(spike_passes), .spikes(spike_fires),",
            "        .index(probe_index), .data(probe_data)",
            "    );",
            "",
        ]

    def _unused(self) -> list[str]:
        rtl = self.rtl
        found = ["scratch", "control_data"]
        for s, (valid, data) in rtl.observed.items():
            found += [data] if s != INPUT else [valid, data]
        found += [name for pair in rtl.currents.values() for name in pair]
        return found


def _range(width: int) -> str:
    return "" if width == 1 else f"[{width - 1}:0] "
