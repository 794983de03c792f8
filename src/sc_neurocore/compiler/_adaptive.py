"""One neuron in two precisions at once, and a pin that chooses which of them is seen.

Both datapaths keep a state of their own and both take every tick, from the same inputs. So the pin
never disturbs a trajectory: switching shows the other precision's membrane as if it had been
watched all along, and its spikes may come at other ticks. It costs the area and the power of both.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sc_neurocore.compiler._compile import Compiled, HardwareOptions, compile_model, model_of
from sc_neurocore.compiler._emitted_precision import EmittedPrecision, emitted_precision
from sc_neurocore.compiler._format import QFormat, bits_for
from sc_neurocore.compiler._identifiers import Namespace, check_module_name
from sc_neurocore.compiler._lower import Port
from sc_neurocore.compiler._rtl import Rtl
from sc_neurocore.compiler._text import literal, vector
from sc_neurocore.exceptions import SCConfigError

ADAPTIVE_SCHEMA = "adaptive_precision_emitter.v1"


@dataclass(frozen=True)
class AdaptiveModule:
    """A module of two datapaths.

    Attributes:
        module: name of the top module.
        source: its text.
        select: its pin that chooses: 0 low precision, 1 high. Read with ``enable``.
        low: the datapath of low precision.
        high: the datapath of high precision.
        precisions: how each was asked for, low first.
        inputs: format of each input pin, by model name.
        outputs: format of each state's pin, by model name.
        cycles: clocks from ``enable`` to ``valid``, whichever is chosen.
    """

    module: str
    source: str
    select: str
    low: Compiled
    high: Compiled
    precisions: tuple[EmittedPrecision, EmittedPrecision]
    inputs: Mapping[str, QFormat]
    outputs: Mapping[str, QFormat]
    cycles: int

    @property
    def sources(self) -> dict[str, str]:
        """All files needed to elaborate the module."""
        top = {f"{self.module}.sv": self.source}
        return {**top, **self.low.rtl.sources, **self.high.rtl.sources}

    def manifest(self) -> dict[str, Any]:
        """What was emitted, as JSON data."""
        low, high = self.precisions
        return {
            "schema": ADAPTIVE_SCHEMA,
            "module": self.module,
            "select": self.select,
            "cycles": self.cycles,
            "inputs": {name: str(fmt) for name, fmt in self.inputs.items()},
            "outputs": {name: str(fmt) for name, fmt in self.outputs.items()},
            "low": low.manifest(),
            "high": high.manifest(),
        }


def compile_adaptive_precision(
    neuron: Any,
    module_name: str = "sc_adaptive_neuron",
    lp_width: int | None = None,
    lp_frac: int | None = None,
    hp_width: int | None = None,
    hp_frac: int | None = None,
    **options: Any,
) -> str:
    """Verilog text of a neuron in two precisions; arguments as of `adaptive_module`.

    The first line is a comment that holds the manifest as JSON.
    """
    built = adaptive_module(neuron, module_name, lp_width, lp_frac, hp_width, hp_frac, **options)
    manifest = f"// {json.dumps(built.manifest(), sort_keys=True)}"
    return "\n".join([manifest, *built.sources.values()])


def adaptive_module(
    neuron: Any,
    module_name: str = "sc_adaptive_neuron",
    lp_width: int | None = None,
    lp_frac: int | None = None,
    hp_width: int | None = None,
    hp_frac: int | None = None,
    *,
    lp_precision: str | None = None,
    hp_precision: str | None = None,
    lp_parameter_count: int | None = None,
    hp_parameter_count: int | None = None,
    **options: Any,
) -> AdaptiveModule:
    """Compile a neuron twice, and a top module that selects.

    Pins carry the high precision's codes. The low precision takes an input rounded down to its
    format and saturated to its range; its states are shown shifted to the pins' format.

    Args:
        neuron: a `Model`, or anything that has one as ``.model``.
        module_name: name of the top module; the datapaths add ``_low`` and ``_high``.
        lp_width: bits of the low precision, 16 by default.
        lp_frac: its fraction bits, 8 by default.
        hp_width: bits of the high precision, 32 by default.
        hp_frac: its fraction bits, 16 by default.
        lp_precision: a label instead of width and fraction: ``Q8.8``, ``BFP16E3X32``.
        hp_precision: the same of the high precision.
        lp_parameter_count: with a block floating-point label, how many numbers share exponents;
            by default, the parameters of the model.
        hp_parameter_count: the same of the high precision.
        options: fields of `HardwareOptions` for both, but for the format.

    Raises:
        SCConfigError: a label is unknown or contradicts the widths, a parameter count goes with a
            fixed-point label, the low precision is finer than the high, or the options are not
            valid.
        SCCompilerError: a precision cannot hold the model.
    """
    model = model_of(neuron)
    check_module_name(module_name)
    if "format" in options:
        raise SCConfigError("two precisions take lp_precision and hp_precision, not a format")
    if options.get("parameters", "constants") != "constants":
        raise SCConfigError("two precisions take their parameters as constants")
    count = max(1, len(model.parameters))
    low = emitted_precision(
        "lp", lp_precision, lp_width, lp_frac, lp_parameter_count, count, (16, 8)
    )
    high = emitted_precision(
        "hp", hp_precision, hp_width, hp_frac, hp_parameter_count, count, (32, 16)
    )
    if low.format.signed != high.format.signed:
        raise SCConfigError(f"{low.label} and {high.label}: both must be signed, or neither")
    if low.format.fraction > high.format.fraction:
        raise SCConfigError(
            f"the low precision {low.label} has a finer step than the high one {high.label}; "
            "swap them"
        )
    each = [
        compile_model(
            model,
            HardwareOptions(format=str(p.format), **options),
            module_name=f"{module_name}_{x}",
        )
        for p, x in ((low, "low"), (high, "high"))
    ]
    return _Top(module_name, each[0], each[1], (low, high)).write()


class _Top:
    """Writes the module around two datapaths."""

    def __init__(
        self,
        module: str,
        low: Compiled,
        high: Compiled,
        precisions: tuple[EmittedPrecision, EmittedPrecision],
    ) -> None:
        self.module, self.low, self.high, self.precisions = module, low, high, precisions
        rtl = high.rtl
        pins = ("clk", "rst_n", "enable", "busy", "valid", "spike_out", "trap_out")
        names = Namespace((*pins, *rtl.inputs.values(), *rtl.outputs.values()))
        self.select = names.claim("precision")
        self.selected = names.claim("selected")
        self.names = names
        self.inputs = [*zip(_driven(low), _driven(high), strict=True)]
        self.states = [*zip(low.datapath.states, high.datapath.states, strict=True)]
        self.shown = {b.name: _shown(a, b) for a, b in self.states}
        self.narrow = {a.name: names.claim(f"{low.rtl.inputs[a.name]}_low") for a, _ in self.inputs}
        self.start = names.claim("start")
        self.multicycle = any(_counts_clocks(x.rtl) for x in (low, high))

    def write(self) -> AdaptiveModule:
        return AdaptiveModule(
            module=self.module,
            source="\n".join(self._lines()) + "\n",
            select=self.select,
            low=self.low,
            high=self.high,
            precisions=self.precisions,
            inputs={h.name: h.format for _, h in self.inputs},
            outputs={name: port.format for name, port in self.shown.items()},
            cycles=max(self.low.rtl.cycles, self.high.rtl.cycles),
        )

    def _lines(self) -> Iterator[str]:
        low, high = self.low.rtl, self.high.rtl
        labels = " or ".join(p.label for p in self.precisions)
        yield f"// {self.module}: {self.high.model.name} in {labels}. Generated by SC-NeuroCore."
        yield "//"
        yield "// Both datapaths keep their own state and take every tick; the pin"
        yield f"// '{self.select}' (0 low, 1 high), read with enable, chooses whose results appear."
        yield ""
        yield "`default_nettype none"
        yield "// The range of an input can make the top bits of its rounded copy redundant,"
        yield "// and only the slower datapath's valid is read."
        yield "// verilator lint_off UNUSEDSIGNAL"
        yield ""
        yield f"module {self.module} ("
        yield ",\n".join(f"    {pin}" for pin in self._pins())
        yield ");"
        yield ""
        yield f"    wire {self.start} = enable{' & ~busy' * self.multicycle};"
        yield f"    reg {self.selected};"
        yield "    always @(posedge clk) begin"
        yield f"        if (!rst_n) {self.selected} <= 1'b0;"
        yield f"        else if ({self.start}) {self.selected} <= {self.select};"
        yield "    end"
        yield ""
        for port_low, port_high in self.inputs:
            yield from self._narrowed(port_low, port_high)
        ends = {}
        for x, rtl, compiled in (("low", low, self.low), ("high", high, self.high)):
            ends[x] = {p: self.names.claim(f"{p}_{x}") for p in self._ends()}
            states = {
                p.name: self.names.claim(f"{rtl.outputs[p.name]}_{x}")
                for p in compiled.datapath.states
            }
            for name in ends[x].values():
                yield f"    wire {name};"
            for p in compiled.datapath.states:
                yield f"    wire {vector(p)} {states[p.name]};"
            yield from self._instance(x, compiled, ends[x], states)
            ends[x] |= states
        yield from self._selection(ends["low"], ends["high"])
        yield ""
        yield "endmodule"
        yield ""
        yield "// verilator lint_on UNUSEDSIGNAL"
        yield "`default_nettype wire"

    def _ends(self) -> list[str]:
        """Single-bit outputs."""
        found = ["valid", "spike_out"] + ["busy"] * self.multicycle
        return found + ["trap_out"] * self.high.rtl.trap

    def _pins(self) -> Iterator[str]:
        rtl = self.high.rtl
        for name in ("clk", "rst_n", "enable", self.select):
            yield f"input  wire {name}"
        for _, p in self.inputs:
            yield f"input  wire {vector(p)} {rtl.inputs[p.name]}"
        for name in self._ends():
            yield f"output wire {name}"
        for name, p in self.shown.items():
            yield f"output wire {vector(p)} {rtl.outputs[name]}"

    def _narrowed(self, low: Port, high: Port) -> Iterator[str]:
        """An input in the low precision: rounded down, then saturated."""
        pin, shift = self.high.rtl.inputs[high.name], high.format.fraction - low.format.fraction
        signed = high.format.signed
        name, wide = self.narrow[low.name], max(high.width + max(0, -shift), low.width)
        moved = _shifted(pin, high, -shift, wide)
        scaled = self.names.claim(f"{pin}_scaled")
        sign = "signed " if signed else ""
        ends = sorted((_moved(high.low, shift), _moved(high.high, shift)))
        yield f"    wire {sign}[{wide - 1}:0] {scaled} = {moved};"
        value = f"{low.width}'({scaled})"
        if ends[1] > low.high:
            top = _constant(low.high, wide, signed)
            value = f"{scaled} > {top} ? {_constant(low.high, low.width, signed)} : {value}"
        if ends[0] < low.low:
            bottom = _constant(low.low, wide, signed)
            value = f"{scaled} < {bottom} ? {_constant(low.low, low.width, signed)} : {value}"
        yield f"    wire {sign}[{low.width - 1}:0] {name} = {value};"

    def _instance(
        self, which: str, compiled: Compiled, ends: Mapping[str, str], states: Mapping[str, str]
    ) -> Iterator[str]:
        rtl = compiled.rtl
        pins = [("clk", "clk"), ("rst_n", "rst_n"), ("enable", self.start)]
        for low, _ in self.inputs:
            outside = self.narrow[low.name] if which == "low" else rtl.inputs[low.name]
            pins.append((rtl.inputs[low.name], outside))
        has = {"busy": _counts_clocks(rtl)}
        pins += [(p, wire) for p, wire in ends.items() if has.get(p, True)]
        pins += [(rtl.outputs[name], wire) for name, wire in states.items()]
        yield f"    {rtl.module} {self.names.claim(f'{which}_precision')} ("
        yield ",\n".join(f"        .{inside}({outside})" for inside, outside in pins)
        yield "    );"
        for p, wire in ends.items():
            if not has.get(p, True):
                yield f"    assign {wire} = 1'b0;"
        yield ""

    def _selection(self, low: Mapping[str, str], high: Mapping[str, str]) -> Iterator[str]:
        slower = high if self.high.rtl.cycles >= self.low.rtl.cycles else low
        yield "    // Results of the faster datapath stand until the slower one has its own."
        yield f"    assign valid = {slower['valid']};"
        if "busy" in low:
            yield f"    assign busy = {low['busy']} | {high['busy']};"
        for name in ("spike_out", "trap_out"):
            if name in low:
                yield f"    assign {name} = {self.selected} ? {high[name]} : {low[name]};"
        for a, b in self.states:
            port = self.shown[b.name]
            chosen = [
                _shifted(wires[p.name], p, port.format.fraction - p.format.fraction, port.width)
                for wires, p in ((high, b), (low, a))
            ]
            pin = self.high.rtl.outputs[b.name]
            yield f"    assign {pin} = {self.selected} ? {chosen[0]} : {chosen[1]};"


def _shifted(name: str, port: Port, left: int, width: int) -> str:
    """A signal of a port's width, as a wider one moved to the left (or right)."""
    sized = name if port.width == width else f"{width}'({name})"
    return sized if left == 0 else f"{sized} {'<<<' if left > 0 else '>>>'} {abs(left)}"


def _counts_clocks(rtl: Rtl) -> bool:
    return rtl.internals.step is not None


def _driven(compiled: Compiled) -> tuple[Port, ...]:
    """Numbers that enter from outside: inputs and draws."""
    return (*compiled.datapath.inputs, *compiled.datapath.draws)


def _shown(low: Port, high: Port) -> Port:
    """A pin that shows either state exactly."""
    fraction = max(low.format.fraction, high.format.fraction)
    ends = [end << (fraction - p.format.fraction) for p in (low, high) for end in (p.low, p.high)]
    signed = high.format.signed
    width = bits_for(min(ends), max(ends)) if signed else max(1, max(ends).bit_length())
    fmt = QFormat(width, fraction, signed)
    return Port(high.name, fmt, min(ends), max(ends), high.unit)


def _moved(code: int, shift: int) -> int:
    return code >> shift if shift >= 0 else code << -shift


def _constant(value: int, width: int, signed: bool) -> str:
    return literal(value, width) if signed else f"{width}'d{value}"
