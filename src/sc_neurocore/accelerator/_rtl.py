"""Verilog of a whole network: layers joined by buffered streams, encoder, read-out, control."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sc_neurocore.accelerator._geometry import TICK, Geometry, Stream, geometry, index_bits
from sc_neurocore.accelerator._layer_rtl import HOST, LayerRtl, write_layer
from sc_neurocore.accelerator._live import Bank, banks_of
from sc_neurocore.accelerator._network import INPUT, Folding, IntegerNetwork
from sc_neurocore.accelerator._readout_rtl import MEMBRANE, write_readout
from sc_neurocore.accelerator._stream_rtl import (
    Written,
    write_buffer,
    write_end,
    write_export,
    write_fork,
    write_merge,
)
from sc_neurocore.compiler._identifiers import Namespace, check_module_name
from sc_neurocore.hdl import library_source


@dataclass(frozen=True)
class AcceleratorRtl:
    """An engine's files.

    Attributes:
        top: module with the ports ``clk rst_n load level start busy done class_index`` (instead
            of ``load level``: ``event_valid event_ready event_data`` if the input is events).
        engine: the same module with the event streams as further outputs.
        sources: file name to text, memories included.
        inputs: width of the top's inputs but clock and reset.
        outputs: width of the top's outputs.
        observed: by source (`INPUT` or layer), the outputs of ``engine`` that are high when a
            word is passed, and that carry it.
        streams: by source, what the words look like.
        currents: by layer, the outputs of ``engine`` that are high when a neuron's summed input
            passes, and that carry it.
        current_bits: by layer, the width of the latter.
        modules: module of each layer.
        encoder: module of the encoder's instance path, for telling its area apart; None if the
            input is events.
        banks: memories that a host can write, by number; none unless it is live.
        exports: by layer whose spikes leave the engine, its ports for valid, ready and data.
    """

    top: str
    engine: str
    sources: Mapping[str, str]
    inputs: Mapping[str, int]
    outputs: Mapping[str, int]
    observed: Mapping[int, tuple[str, str]]
    streams: Mapping[int, Stream]
    currents: Mapping[int, tuple[str, str]]
    current_bits: Mapping[int, int]
    modules: tuple[str, ...]
    encoder: str | None
    banks: tuple[Bank, ...] = ()
    exports: Mapping[int, tuple[str, str, str]] = field(default_factory=dict)


def write_accelerator(
    network: IntegerNetwork,
    foldings: Sequence[Folding],
    *,
    early_decision: bool = True,
    live: bool = False,
    exports: Sequence[int] = (),
) -> AcceleratorRtl:
    """Write the engine of a network.

    Args:
        network: what it computes.
        foldings: one per layer.
        early_decision: stop as soon as the class is certain (of a spike count).
        live: hold the weights in banks that a host can write (see ``sc_live_control``). The engine
            then has the host's ports besides, and is itself the top.
        exports: layers whose spikes leave the engine as streams with ready and valid. No class is
            chosen then: it runs for all ticks, and is done when all its streams have ended.

    Raises:
        SCConfigError: the foldings do not fit the network, or the network the engine.
        SCCompilerError: a name is no Verilog identifier, or a neuron cannot be a lane.
    """
    check_module_name(network.name)
    shape = geometry(network, foldings, exports)
    names = Namespace(["sc", network.name, f"{network.name}_engine", f"{network.name}_device"])
    banks = banks_of(network, shape) if live else ()
    layers = [
        write_layer(
            layer,
            shape.layers[k],
            shape.streams.get(k),
            names.claim(f"{network.name}_{layer.name}"),
            doubling=network.input.coding == "direct"
            and any(p.source == INPUT for p in layer.projections),
            readout=MEMBRANE
            if network.readout == "membrane" and k == network.output and not exports
            else None,
            bank=banks[k] if live else None,
            number=k,
        )
        for k, layer in enumerate(network.layers)
    ]
    return _Top(network, shape, layers, early_decision, banks, exports).write()


class _Top:
    def __init__(
        self,
        network: IntegerNetwork,
        shape: Geometry,
        layers: Sequence[LayerRtl],
        early_decision: bool,
        banks: tuple[Bank, ...],
        exports: Sequence[int],
    ) -> None:
        self.network, self.shape, self.layers = network, shape, layers
        self.early, self.banks = early_decision, banks
        self.library: set[str] = set()
        # Every wire is one of these and an ending, so no two can be the same.
        local = Namespace(["counter", "value", "observed", "event"])
        self.name = {INPUT: local.claim("input")}
        for k, layer in enumerate(network.layers):
            self.name[k] = local.claim(layer.name)
        self.event = [local.claim(f"{self.name[k]}_event") for k in range(len(layers))]
        self.current = [local.claim(f"{self.name[k]}_current") for k in range(len(layers))]
        self.buffer = [
            local.claim(f"{self.name[b.source]}_to_{self.name[b.target]}") for b in shape.buffers
        ]
        self.filled = [local.claim(f"fill_{name}") for name in self.buffer]
        self.answer = [local.claim(f"{self.name[k]}_answer") for k in range(len(layers))]
        self.export = {k: local.claim(f"{self.name[k]}_export") for k in exports}
        self.leaving = {k: local.claim(f"{self.name[k]}_leaving") for k in exports}
        self.left = {
            s: local.claim(f"{self.name[s]}_left") for s in shape.streams if exports and s != INPUT
        }

    def write(self) -> AcceleratorRtl:
        net = self.network
        events = net.input.coding == "events"
        inputs = (
            {"event_valid": 1, "event_data": self.shape.streams[INPUT].width}
            if events
            else {"load": 1, "level": net.input.bits + 1}
        )
        inputs = {**inputs, "start": 1}
        outputs = {"busy": 1, "done": 1}
        if not self.export:
            outputs["class_index"] = index_bits(net.layers[net.output].size)
        if events:
            outputs["event_ready"] = 1
        for k, name in self.export.items():
            inputs[f"{name}_ready"] = 1
            outputs |= {f"{name}_valid": 1, f"{name}_data": self.shape.streams[k].width}
        if self.banks:
            inputs = {**inputs, **HOST, "target_half": 1, "swap_pending": 1, "swap_tick": 32}
            layers = len(self.layers)
            outputs |= {"host_answer": 64, "swapped": 1}
            outputs |= {"spike_passes": layers, "spike_fires": layers}
        observed = {
            s: (f"observed_{self.name[s]}", f"observed_{self.name[s]}_data")
            for s in self.shape.streams
        }
        currents = {
            k: (f"observed_{self.current[k]}", f"observed_{self.current[k]}_value")
            for k in range(len(self.layers))
        }
        bits = {k: layer.acc_bits for k, layer in enumerate(self.shape.layers)}
        seen = {
            name: width
            for s, (passes, data) in observed.items()
            for name, width in ((passes, 1), (data, self.shape.streams[s].width))
        } | {
            name: width
            for k, (passes, data) in currents.items()
            for name, width in ((passes, 1), (data, bits[k]))
        }
        sources = {k: v for layer in self.layers for k, v in layer.sources.items()}
        sources[f"{net.name}_engine.sv"] = self._engine(inputs, outputs, seen, observed, currents)
        if not self.banks:
            sources[f"{net.name}.sv"] = self._board(inputs, outputs, seen)
        for layer in self.layers:
            self.library.update(layer.library)
        for file in sorted(self.library):
            sources[file] = library_source(file)
        return AcceleratorRtl(
            top=f"{net.name}_engine" if self.banks else net.name,
            engine=f"{net.name}_engine",
            sources=sources,
            inputs=inputs,
            outputs=outputs,
            observed=observed,
            streams=self.shape.streams,
            currents=currents,
            current_bits=bits,
            modules=tuple(layer.module for layer in self.layers),
            encoder=None if events else f"sc_{net.input.coding}_encoder",
            banks=self.banks,
            exports={k: (f"{n}_valid", f"{n}_ready", f"{n}_data") for k, n in self.export.items()},
        )

    def _ports(self, inputs: Mapping[str, int], outputs: Mapping[str, int]) -> list[str]:
        return [
            "    input  wire clk",
            "    input  wire rst_n",
            *(f"    input  wire {_range(w)}{n}" for n, w in inputs.items()),
            *(f"    output wire {_range(w)}{n}" for n, w in outputs.items()),
        ]

    def _head(self, module: str, what: str) -> list[str]:
        net = self.network
        sizes = "-".join(str(n) for n in (net.input.size, *(x.size for x in net.layers)))
        return [
            f"// {module}: {what}",
            f"// {sizes} neurons, {net.synapses} synapses, {net.ticks} ticks. "
            "Generated by SC-NeuroCore; do not edit.",
            "",
        ]

    def _board(
        self, inputs: Mapping[str, int], outputs: Mapping[str, int], seen: Mapping[str, int]
    ) -> str:
        net = self.network
        pins = [f".{n}({n})" for n in ("clk", "rst_n", *inputs, *outputs, *seen)]
        declared = [f"    wire {_range(width)}{name};" for name, width in seen.items()]
        lines = [
            *self._head(net.name, "a spiking network."),
            "// Load one number per input, in order, a clock each; then start. From the next clock",
            "// `busy` is high; `done` is high in its last clock, and class_index is valid from",
            "// then until the next start.",
            "",
            "`default_nettype none",
            "",
            f"module {net.name} (",
            ",\n".join(self._ports(inputs, outputs)),
            ");",
            "",
            *declared,
            f"    wire unused = &{{{', '.join(seen)}}};",
            "",
            f"    {net.name}_engine engine (",
            ",\n".join(f"        {p}" for p in pins),
            "    );",
            "",
            "endmodule",
            "",
            "`default_nettype wire",
        ]
        return "\n".join(lines) + "\n"

    def _engine(
        self,
        inputs: Mapping[str, int],
        outputs: Mapping[str, int],
        seen: Mapping[str, int],
        observed: Mapping[int, tuple[str, str]],
        currents: Mapping[int, tuple[str, str]],
    ) -> str:
        net = self.network
        lines = [
            *self._head(f"{net.name}_engine", "a spiking network, its event streams observable."),
            "`default_nettype none",
            "",
            f"module {net.name}_engine (",
            ",\n".join(self._ports(inputs, {**outputs, **seen})),
            ");",
            "",
            "    // A start resets everything. Between inferences the layers are held in reset.",
            "    reg running;",
            "    wire begin_n = rst_n && !start;",
            "    wire run_n = running && !start;",
            "    always @(posedge clk) begin",
            "        if (!rst_n)     running <= 1'b0;",
            "        else if (start) running <= 1'b1;",
            "        else if (done)  running <= 1'b0;",
            "    end",
            "    assign busy = running;",
            "",
            *self._stream_wires(),
            *self._encoder(),
            *(self._swap() if self.banks else ()),
        ]
        for k in range(len(self.layers)):
            lines += self._layer(k)
        if self.export:
            ends = {n: (self.name[s], self.shape.streams[s]) for s, n in self.left.items()}
            lines += write_end(ends, net.ticks)
        else:
            value_bits = self.layers[net.output].value_bits
            lines += self._join(write_readout(net, self.shape, self.early, value_bits))
        for source in self.shape.streams:
            lines += self._fork(source)
        for s, (valid, data) in observed.items():
            n = self.name[s]
            lines.append(f"    assign {valid} = run_n && {n}_valid && {n}_ready;")
            width = self.shape.streams[s].width
            lines.append(f"    assign {data} = {valid} ? {n}_data : {width}'d0;")
        for k, (valid, data) in currents.items():
            n, width = self.current[k], self.shape.layers[k].acc_bits
            lines.append(f"    assign {valid} = run_n && {n}_passes;")
            lines.append(f"    assign {data} = {valid} ? {n}_value : {width}'d0;")
        lines += ["", "endmodule", "", "`default_nettype wire"]
        return "\n".join(lines) + "\n"

    def _stream_wires(self) -> list[str]:
        lines = []
        for s, stream in self.shape.streams.items():
            n = self.name[s]
            lines += [
                f"    wire {n}_valid, {n}_ready;",
                f"    wire [{stream.width - 1}:0] {n}_data;",
            ]
        return [*lines, ""]

    def _encoder(self) -> list[str]:
        coding, n = self.network.input, self.name[INPUT]
        if coding.coding == "events":
            return [
                f"    assign {n}_valid = run_n && event_valid;",
                f"    assign {n}_data = event_data;",
                f"    assign event_ready = run_n && {n}_ready;",
                "",
            ]
        module = f"sc_{coding.coding}_encoder"
        self.library |= {f"{module}.sv", "sc_level_scan.sv"}
        if coding.coding == "rate":
            self.library |= {"sc_sobol.sv", "sc_comparator.sv"}
        return [
            f"    {module} #(",
            f"        .SIZE({coding.size}), .BITS({coding.bits}), "
            f".SIMD({self.shape.streams[INPUT].simd}), .TICKS({self.network.ticks})",
            "    ) encoder (",
            "        .clk(clk), .rst_n(begin_n), .load(load), .level(level),",
            f"        .out_valid({n}_valid), .out_ready({n}_ready), .out_data({n}_data)",
            "    );",
            "",
        ]

    def _fork(self, source: int) -> list[str]:
        """Connect a source to its buffers, and to the counter if it is the output."""
        takers = [self.filled[b] for b in self.shape.consumers(source)]
        lines = []
        if source in self.export:
            leaving = self.leaving[source]
            takers.append(leaving)
            stream = self.shape.streams[source]
            lines = write_export(leaving, self.export[source], self.left[source], stream)
        elif not self.export and self.network.readout == "count" and source == self.network.output:
            takers.append("counter")
        return lines + self._join(write_fork(self.name[source], self.shape.streams[source], takers))

    def _join(self, written: Written) -> list[str]:
        """Note which modules of the library lines need."""
        lines, library = written
        self.library |= library
        return lines

    def _layer(self, k: int) -> list[str]:
        net, shape = self.network, self.shape.layers[k]
        n = self.name[k]
        lines = [f"    // Layer '{net.layers[k].name}'."]
        buffers = [i for i, b in enumerate(self.shape.buffers) if b.target == k]
        for index in buffers:
            b = self.shape.buffers[index]
            stream = self.shape.streams[b.source]
            lines += self._join(write_buffer(self.buffer[index], self.filled[index], b, stream))
        e = self.event[k]
        lines += [
            f"    wire {e}_valid, {e}_ready;",
            f"    wire [{shape.width - 1}:0] {e}_data;",
        ]
        streams = [self.shape.streams[self.shape.buffers[b].source] for b in buffers]
        lines += self._join(write_merge(n, e, [self.buffer[b] for b in buffers], streams, shape))
        c = self.current[k]
        pins = [
            ".clk(clk), .rst_n(run_n),",
            f".event_valid({e}_valid), .event_ready({e}_ready), .event_data({e}_data),",
            f".current_passes({c}_passes), .current({c}_value)",
        ]
        lines += [
            f"    wire {c}_passes;",
            f"    wire signed [{shape.acc_bits - 1}:0] {c}_value;",
        ]
        if k in self.shape.streams:
            pins[-1] += ","
            pins.append(
                f".spikes_valid({n}_valid), .spikes_ready({n}_ready), .spikes_data({n}_data)"
            )
        if self.layers[k].value_bits:
            pins[-1] += ","
            pins.append(".value_valid(value_valid), .value(value)")
            lines += [
                "    wire value_valid;",
                f"    wire signed [{self.layers[k].value_bits - 1}:0] value;",
            ]
        if self.banks:
            lines.append(f"    wire [63:0] {self.answer[k]};")
            pins[1:1] = [
                f".read_half(read_half[{k}]),",
                *(f".{name}({name})," for name in HOST),
                f".host_answer({self.answer[k]}),",
                f".spike_passes(passes[{k}]), .spike_fires(fires[{k}]),",
            ]
        lines += [f"    {self.layers[k].module} {n}_layer ("]
        return [*lines, *(f"        {p}" for p in pins), "    );", ""]

    def _swap(self) -> list[str]:
        """Which half of its bank each layer reads, and what all banks answer."""
        self.library.add("sc_live_swap.sv")
        layers = len(self.layers)
        ends = [
            f"{e}_valid && {e}_ready && {e}_data[{s.width - 1}:{s.width - 2}] == 2'd{TICK}"
            for e, s in zip(self.event, self.shape.layers, strict=True)
        ]
        return [
            f"    wire [{layers - 1}:0] read_half;",
            f"    wire [{layers - 1}:0] tick_ends;",
            f"    wire [{layers - 1}:0] passes, fires;",
            "    assign spike_passes = passes;",
            "    assign spike_fires = fires;",
            f"    sc_live_swap #(.LAYERS({layers}), .TICKS({self.network.ticks})) swap (",
            "        .clk(clk), .rst_n(run_n), .tick_ends(tick_ends),",
            "        .target_half(target_half), .swap_pending(swap_pending), "
            ".swap_tick(swap_tick),",
            "        .half(read_half), .swapped(swapped)",
            "    );",
            *(f"    assign tick_ends[{k}] = {end};" for k, end in enumerate(ends)),
            f"    assign host_answer = {' | '.join(self.answer)};",
            "",
        ]


def _range(width: int) -> str:
    return "" if width == 1 else f"[{width - 1}:0] "
