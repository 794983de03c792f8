"""Verilog of one neuron: the scheduled datapath, its registers and its handshake."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from sc_neurocore.compiler._bittrue import DITHER_SEED
from sc_neurocore.compiler._datapath import Node, live, signed_digits
from sc_neurocore.compiler._format import bits_for
from sc_neurocore.compiler._identifiers import Namespace, check_module_name
from sc_neurocore.compiler._lower import DITHER, REFRACTORY, Datapath, Port
from sc_neurocore.compiler._schedule import WIRING, Schedule

_FIXED_PORTS = ("clk", "rst_n", "enable", "busy", "valid", "spike_out", "trap_out")
_BANK_PORTS = ("param_write", "param_address", "param_data")
_INTERNAL = (
    "step",
    "refractory_left",
    "was_above",
    "dither",
    "dither_a",
    "dither_b",
    "next_dither",
    "fire",
    "above",
    "product",
)


@dataclass(frozen=True)
class SharedProduct:
    """One use of the shared multiplier: two factors as Verilog, and where the product goes.

    Attributes:
        first: the wider factor, steady from step ``start`` on.
        second: the narrower factor.
        register: where the product is captured.
        width: bits of that register.
        start: step in which the factors are loaded.
        done: step at whose end the product is captured.
    """

    first: str
    second: str
    register: str
    width: int
    start: int
    done: int


@dataclass(frozen=True)
class Internals:
    """What proofs may say about the inside of a generated module, as Verilog expressions.

    The values of the datapath hold in the clock that ends a tick.

    Attributes:
        step: register that counts the clocks of a tick, ``None`` for a single clock.
        refractory: refractory counter, if any.
        was_above: register of the threshold condition of the tick before, if any.
        candidate: per state, the value it takes unless a spike resets it.
        after_reset: per state that a spike resets, the value it then takes.
        condition: the threshold condition, if any.
        settled: expression, register and step: the register equals the expression after the step.
        products: uses of the shared multiplier.
        factor_widths: widths of its operands ``factor_a`` and ``factor_b``, loaded by ``multiply``.
    """

    step: str | None
    refractory: str | None
    was_above: str | None
    candidate: Mapping[str, str]
    after_reset: Mapping[str, str]
    condition: str | None
    settled: tuple[tuple[str, str, int], ...]
    products: tuple[SharedProduct, ...]
    factor_widths: tuple[int, int]


@dataclass(frozen=True)
class Rtl:
    """A generated module and how to talk to it.

    Attributes:
        module: top module name.
        source: its text.
        library: hand-written modules it instantiates, file name to text.
        inputs: model name of each input, parameter and draw to its port.
        bank: address of each parameter in the register bank; empty without one.
        bank_width: bits of the bank's data port.
        outputs: model name of each state to its port.
        registers: model name of each state to its register (for proofs).
        renamed: model names whose identifier differs, to that identifier.
        feeds: signal to the states whose next value depends on it, for tracing timing paths.
        cycles: clocks from ``enable`` to ``valid``.
        trap: whether there is a ``trap_out`` port.
        internals: what proofs may say about its inside.
    """

    module: str
    source: str
    library: Mapping[str, str]
    inputs: Mapping[str, str]
    bank: Mapping[str, int]
    bank_width: int
    outputs: Mapping[str, str]
    registers: Mapping[str, str]
    renamed: Mapping[str, str]
    feeds: Mapping[str, tuple[str, ...]]
    cycles: int
    trap: bool
    internals: Internals

    @property
    def sources(self) -> dict[str, str]:
        """All files needed to elaborate the module."""
        return {f"{self.module}.sv": self.source, **self.library}


def library_source(name: str) -> str:
    """Text of a hand-written module of `sc_neurocore.hdl`."""
    return (files("sc_neurocore.hdl") / "rtl" / name).read_text(encoding="utf-8")


def write_verilog(
    datapath: Datapath, plan: Schedule, module_name: str, *, bank: bool = False
) -> Rtl:
    """Write the module.

    Args:
        datapath: what it computes.
        plan: when.
        module_name: its name.
        bank: keep the datapath's parameters in registers behind a write port instead of taking
            them from ports.

    Raises:
        SCCompilerError: the module name is not a Verilog identifier.
    """
    return _Writer(datapath, plan, check_module_name(module_name), bank).write()


class _Writer:
    def __init__(self, datapath: Datapath, plan: Schedule, module: str, bank: bool) -> None:
        self.d, self.plan, self.module = datapath, plan, module
        self.banked = datapath.parameters if bank else ()
        self.single = plan.last == 1
        self.names = Namespace((*_FIXED_PORTS, *_BANK_PORTS, *_INTERNAL, module))
        self.entering = (*datapath.inputs, *datapath.parameters, *datapath.draws)
        self.input_port = {p.name: self.names.claim(p.name) for p in self.entering}
        self.register = {p.name: self.names.claim(p.name) for p in datapath.states}
        self.output = {p.name: self.names.claim(f"{p.name}_out") for p in datapath.states}
        self.held = {
            p.name: self.input_port[p.name] if self.single else self.names.claim(f"{p.name}_held")
            for p in self.entering
        }
        self.wire: dict[int, str] = {}
        self.reg: dict[int, str] = {}
        self.rom: dict[tuple[int, ...], str] = {}
        self.settled: list[tuple[str, str, int]] = []
        self.shared: list[SharedProduct] = []
        self._product_of = {p.node: k for k, p in enumerate(plan.products)}
        self._addresses = _addresses(datapath, {p.node for p in plan.products})

    # names and references -----------------------------------------------------------------

    def _is_inline(self, i: int) -> bool:
        """Operations that are mere wiring and read well inside an expression."""
        node = self.d.nodes[i]
        if i in self._product_of or i in self.plan.registered:
            return False
        return node.op in WIRING or node.op in ("const", "source")

    def _declared(self, i: int, kind: str, name: str) -> str:
        node = self.d.nodes[i]
        if node.is_flag:
            return f"    {kind} {name}"
        if i in self._addresses:
            return f"    {kind} [{max(1, node.high.bit_length()) - 1}:0] {name}"
        return f"    {kind} signed [{node.width - 1}:0] {name}"

    def _source(self, node: Node) -> str:
        if node.name == DITHER:
            return "$signed({1'b0, dither})"
        if node.name == REFRACTORY:
            return "$signed({1'b0, refractory_left != 0})"
        for port in (*self.d.states, *self.entering):
            if port.name == node.name:
                name = self.register.get(node.name) or self.held[node.name]
                return name if port.format.signed else f"$signed({{1'b0, {name}}})"
        raise AssertionError(node.name)

    def ref(self, i: int, step: int) -> str:
        """A node's value as read in a step: signed, in a self-determined width."""
        node = self.d.nodes[i]
        if i in self._product_of:
            return self.reg[i]
        if i in self.plan.registered and self.plan.step[i] < step:
            return self.reg[i]
        if not self._is_inline(i):
            return self.wire[i]
        return self._inline(node, i, step)

    def _inline(self, node: Node, i: int, step: int) -> str:
        width = node.width
        if node.op == "const":
            return _literal(node.value, width)
        if node.op == "source":
            return self._source(node)
        inner = self.ref(node.args[0], step)
        if node.op == "not":
            return f"!{inner}"
        if node.op == "shl":
            return f"({width}'({_bare(inner)}) <<< {node.value})" if node.value else inner
        if node.op == "mod":
            return f"$signed({{1'b0, {node.value}'({_bare(inner)})}})"
        return f"{width}'({_bracketed(inner)} >>> {node.value})"

    def sized(self, i: int, step: int, width: int) -> str:
        """A node's value extended or cut to ``width`` bits."""
        node = self.d.nodes[i]
        if node.op == "const":
            return _literal(node.value, width)
        text = self.ref(i, step)
        if node.op == "source":
            port = next((p for p in (*self.d.states, *self.entering) if p.name == node.name), None)
            own = port.width + (not port.format.signed) if port else -1
            if own == width:
                return text
        elif self._is_inline(i) and node.op == "shl" and node.value == 0:
            inner = self.d.nodes[node.args[0]]
            if inner.op != "source" and inner.width == width and not self._is_inline(node.args[0]):
                return text
        elif not self._is_inline(i) and node.width == width:
            return text
        elif text.startswith(f"{width}'("):
            return text
        return f"{width}'({_bare(text)})"

    # the module ---------------------------------------------------------------------------

    def write(self) -> Rtl:
        body = [
            *self._header(),
            *self._ports(),
            *self._bank(),
            *self._state_registers(),
            *self._tables(),
            *self._datapath(),
            *self._multiplier(),
            *self._decision(),
            *self._dither(),
            *self._control(),
            "endmodule",
            "",
            "`default_nettype wire",
        ]
        renamed = {
            n: ident for n, ident in {**self.input_port, **self.register}.items() if n != ident
        }
        bank = {p.name: k for k, p in enumerate(self.banked)}
        library = {}
        if self.plan.products:
            library["sc_serial_multiplier.sv"] = library_source("sc_serial_multiplier.sv")
        return Rtl(
            module=self.module,
            source="\n".join(body) + "\n",
            library=library,
            inputs={n: port for n, port in self.input_port.items() if n not in bank},
            bank=bank,
            bank_width=self._bank_width(),
            outputs=dict(self.output),
            registers=dict(self.register),
            renamed=renamed,
            feeds=self._feeds(),
            cycles=1 if self.single else self.plan.last + 1,
            trap=self.d.overflow == "trap",
            internals=self._internals(),
        )

    def _internals(self) -> Internals:
        d, last = self.d, self.plan.last
        names = [p.name for p in d.states]
        return Internals(
            step=None if self.single else "step",
            refractory="refractory_left" if d.model.refractory_ticks else None,
            was_above="was_above" if d.model.edge == "rising" and d.condition is not None else None,
            candidate={
                p.name: self._stored(c, p, last) for p, c in zip(d.states, d.candidate, strict=True)
            },
            after_reset={
                names[i]: self._stored(n, d.states[i], last) for i, n in d.after_reset.items()
            },
            condition=None if d.condition is None else self._flag(d.condition, last),
            settled=tuple(self.settled),
            products=tuple(self.shared),
            factor_widths=self.plan.factor_widths,
        )

    def _feeds(self) -> dict[str, tuple[str, ...]]:
        d = self.d
        cones = {
            p.name: live(
                list(d.nodes), [d.candidate[i], *([d.after_reset[i]] if i in d.after_reset else [])]
            )
            for i, p in enumerate(d.states)
        }
        found: dict[str, tuple[str, ...]] = {}
        for names in (self.wire, self.reg):
            for i, name in names.items():
                found[name] = tuple(state for state, alive in cones.items() if alive[i])
        return found | {register: (state,) for state, register in self.register.items()}

    def _header(self) -> list[str]:
        d, model = self.d, self.d.model
        lines = [
            f"// {self.module}: one {model.name} neuron. Generated by SC-NeuroCore; do not edit.",
            "//",
        ]
        if model.description:
            lines += [f"// {x}" for x in textwrap.wrap(model.description, 92)] + ["//"]
        lines += [f"//   {e.source}" for e in model.equations]
        if model.threshold is not None:
            kind = "on the onset of" if model.edge == "rising" else "when"
            lines.append(f"//   spike {kind} {model.threshold}")
        lines += [f"//   at a spike: {a.source}" for a in model.reset]
        if model.refractory_ticks:
            lines.append(
                f"//   refractory for {model.refractory_ticks} ticks ({model.refractory:g} ms)"
            )
        step = (
            "one iteration" if model.method == "map" else f"{model.dt:g} ms, method {model.method}"
        )
        clocks = "one clock" if self.single else f"{self.plan.last + 1} clocks"
        lines += ["//", f"// A tick is {step}; it takes {clocks} from enable to valid."]
        lines.append(f"// Rounding: {d.rounding}; overflow: {d.overflow}.")
        if d.parameters:
            place = "registers behind a write port" if self.banked else "input ports"
            lines.append(f"// Parameters are {place}.")
        elif model.parameters:
            values = ", ".join(f"{q.name} = {q.value:g} {q.unit}".strip() for q in model.parameters)
            lines += [f"// {x}" for x in textwrap.wrap(f"Parameters: {values}.", 92)]
        for t in d.tables:
            lines.append(
                f"// Table {t.function} over [{t.low:g}, {t.high:g}], {t.entries} segments: "
                f"max error {t.max_error:.3g}."
            )
        for note in d.notices:
            lines += [f"// {x}" for x in textwrap.wrap(f"Notice: {note}", 92)]
        return [*lines, "", "`default_nettype none", ""]

    def _ports(self) -> list[str]:
        rows = [
            ("input  wire", "clk", ""),
            ("input  wire", "rst_n", "synchronous reset, active low"),
            (
                "input  wire",
                "enable",
                "start a tick" + ("" if self.single else " (ignored while busy)"),
            ),
        ]
        for p in self.entering:
            if p not in self.banked:
                rows.append((f"input  wire {_vector(p)}", self.input_port[p.name], _remark(p)))
        if self.banked:
            address = max(1, (len(self.banked) - 1).bit_length())
            rows += [
                ("input  wire", "param_write", "store param_data at param_address"),
                (f"input  wire [{address - 1}:0]", "param_address", "see the registers below"),
                (f"input  wire [{self._bank_width() - 1}:0]", "param_data", "low bits are used"),
            ]
        if not self.single:
            rows.append(("output wire", "busy", "a tick is running"))
        rows.append(("output reg ", "valid", "high for one clock when a tick's results appear"))
        rows.append(("output reg ", "spike_out", "the tick ended in a spike"))
        for p in self.d.states:
            rows.append((f"output wire {_vector(p)}", self.output[p.name], _remark(p)))
        if self.d.overflow == "trap":
            rows.append(("output reg ", "trap_out", "sticky: a state has overflowed"))
        lines = [f"module {self.module} ("]
        for k, (kind, name, remark) in enumerate(rows):
            comma = "," if k < len(rows) - 1 else ""
            text = f"    {kind:<30} {name}{comma}"
            lines.append(f"{text:<60} // {remark}" if remark else text)
        return [*lines, ");", ""]

    def _state_registers(self) -> list[str]:
        lines = ["    // State."]
        for p in self.d.states:
            lines.append(f"    reg {_vector(p)} {self.register[p.name]};".replace("  ", " ", 0))
            lines.append(f"    assign {self.output[p.name]} = {self.register[p.name]};")
        ticks = self.d.model.refractory_ticks
        if ticks:
            width = ticks.bit_length()
            lines.append(
                f"    reg [{width - 1}:0] refractory_left;"
                if width > 1
                else "    reg refractory_left;"
            )
        if self.d.model.edge == "rising" and self.d.condition is not None:
            lines.append("    reg was_above;")
        if self.d.uses_dither:
            lines.append("    reg [31:0] dither;  // noise for stochastic rounding, xorshift32")
        if not self.single:
            lines.append("    // Inputs, held during a tick.")
            lines += [f"    reg {_vector(p)} {self.held[p.name]};" for p in self.entering]
            lines.append(f"    reg [{self._step_width() - 1}:0] step;  // 0: idle")
        return [*lines, ""]

    def _bank_width(self) -> int:
        return max((p.width for p in self.banked), default=0)

    def _bank(self) -> list[str]:
        """Parameter registers: reset to the model's values, written one at a time."""
        if not self.banked:
            return []
        values = {q.name: q.value for q in self.d.model.parameters}
        address = max(1, (len(self.banked) - 1).bit_length())
        lines = ["    // Parameters."]
        resets, writes = [], []
        for k, p in enumerate(self.banked):
            name = self.input_port[p.name]
            lines.append(f"    reg {_vector(p)} {name};  // address {k}: {_remark(p)}")
            resets.append(
                f"            {name} <= {_port_literal(p.format.raw(values[p.name]), p)};"
            )
            writes.append(
                f"            if (param_address == {address}'d{k}) {name} <= "
                + (
                    f"$signed({p.width}'(param_data));"
                    if p.format.signed
                    else f"{p.width}'(param_data);"
                )
            )
        return [
            *lines,
            "    always @(posedge clk) begin",
            "        if (!rst_n) begin",
            *resets,
            "        end else if (param_write) begin",
            *writes,
            "        end",
            "    end",
            "",
        ]

    def _step_width(self) -> int:
        return max(1, self.plan.last.bit_length())

    def _tables(self) -> list[str]:
        lines = []
        for i, node in enumerate(self.d.nodes):
            if node.op != "rom":
                continue
            assert node.table is not None
            values = node.table.values
            width = node.width
            self.wire[i] = self.names.claim(self.d.labels.get(i, node.table.name))
            if values in self.rom:
                memory = self.rom[values]
            else:
                memory = self.rom[values] = self.names.claim(f"{node.table.name}_rom")
                stored = bits_for(min(values), max(values))
                lines.append(f"    // {node.table.function}, {len(values)} entries.")
                lines.append(f"    reg signed [{stored - 1}:0] {memory} [0:{len(values) - 1}];")
                lines.append("    initial begin")
                for k in range(0, len(values), 4):
                    row = " ".join(
                        f"{memory}[{j}] = {_literal(values[j], stored)};"
                        for j in range(k, min(k + 4, len(values)))
                    )
                    lines.append(f"        {row}")
                lines += ["    end", ""]
            if not self.single:
                lines.append(f"    reg signed [{width - 1}:0] {self.wire[i]};")
        return lines

    def _datapath(self) -> list[str]:
        lines = ["    // Datapath: every wire is exactly as wide as its range needs."]
        clocked: list[str] = []
        for i, node in enumerate(self.d.nodes):
            if i in self._product_of:
                self.reg[i] = self.names.claim(
                    self.d.labels.get(i, f"product_{self._product_of[i]}")
                )
                lines.append(
                    f"    reg signed [{node.width - 1}:0] {self.reg[i]};{self._note(node)}"
                )
                continue
            if node.op == "rom":
                lines += self._rom_read(i, node, clocked)
            elif not self._is_inline(i):
                step = self.plan.step[i]
                text = self._expression(node, i, step, lines)
                self.wire[i] = self.names.claim(self.d.labels.get(i) or _stem(node))
                if i in self._addresses:
                    text = f"{max(1, node.high.bit_length())}'({text})"
                lines.append(
                    f"{self._declared(i, 'wire', self.wire[i])} = {text};{self._note(node)}"
                )
            if i in self.plan.registered:
                self.reg[i] = self.names.claim(f"{self.wire[i]}_{self.plan.step[i]}")
                lines.append(f"{self._declared(i, 'reg', self.reg[i])};")
                clocked.append(f"        {self.reg[i]} <= {self.wire[i]};")
                self.settled.append((self.wire[i], self.reg[i], self.plan.step[i]))
        if clocked:
            lines += [
                "",
                "    // Sources hold still during a tick, so these registers need no enable.",
                "    always @(posedge clk) begin",
                *clocked,
                "    end",
            ]
        return [*lines, ""]

    def _rom_read(self, i: int, node: Node, clocked: list[str]) -> list[str]:
        assert node.table is not None
        memory = self.rom[node.table.values]
        index = node.args[0]
        bits = max(1, (len(node.table.values) - 1).bit_length())
        step = self.plan.step[i] - (not self.single)
        lines = []
        if index in self._addresses and self.d.nodes[index].high.bit_length() == bits:
            address = self.ref(index, step)
        else:
            address = self.names.claim(f"{self.wire[i]}_address")
            lines.append(
                f"    wire [{bits - 1}:0] {address} = {bits}'({_bare(self.ref(index, step))});"
            )
        stored = bits_for(min(node.table.values), max(node.table.values))
        read = f"{memory}[{address}]"
        value = read if stored == node.width else f"{node.width}'({read})"
        if self.single:
            lines.append(
                f"    wire signed [{node.width - 1}:0] {self.wire[i]} = {value};{self._note(node)}"
            )
        else:
            clocked.append(f"        {self.wire[i]} <= {value};")
            self.settled.append((value, self.wire[i], step))
        return lines

    def _note(self, node: Node) -> str:
        return "" if node.is_flag else f"  // {node.frac} fraction bits"

    def _expression(self, node: Node, i: int, step: int, lines: list[str]) -> str:
        w, a = node.width, node.args
        k = node.value
        match node.op:
            case "add" | "sub":
                sign = "+" if node.op == "add" else "-"
                return f"{self.sized(a[0], step, w)} {sign} {self.sized(a[1], step, w)}"
            case "mul":
                return f"{self.sized(a[0], step, w)} * {self.sized(a[1], step, w)}"
            case "cmul":
                return self._constant_product(i, step, lines)
            case "round_away" | "round_even":
                return self._rounded(node, step)
            case "clamp":
                return self._clamped(node, step)
            case "wrap":
                return self._wrapped(node, step)
            case "lt" | "le" | "eq":
                relation = {"lt": "<", "le": "<=", "eq": "=="}[node.op]
                wide = max(self.d.nodes[x].width for x in a)
                return f"{self.sized(a[0], step, wide)} {relation} {self.sized(a[1], step, wide)}"
            case "and" | "or":
                sign = "&&" if node.op == "and" else "||"
                return f"{self.ref(a[0], step)} {sign} {self.ref(a[1], step)}"
            case "select":
                return (
                    f"{self.ref(a[0], step)} ? {self.sized(a[1], step, w)} "
                    f": {self.sized(a[2], step, w)}"
                )
            case "shr_by" | "shl_by":
                return self._variable_shift(node, step)
            case "msb":
                return self._leading_one(node, step)
        raise AssertionError(node.op)

    def _constant_product(self, i: int, step: int, lines: list[str]) -> str:
        """Shifts and adds, paired from the top so that every adder is short."""
        node = self.d.nodes[i]
        x = self.d.nodes[node.args[0]]
        base = self.sized(node.args[0], step, x.width)
        stem = self.d.labels.get(i, "times")
        # Each part is sign · core · 2**shift, where the signal named in the part holds core · x.
        parts = [(sign, 1, shift, base) for sign, shift in signed_digits(node.value)]

        def moved(name: str, shift: int, width: int) -> str:
            text = f"{width}'({_bare(name)})"
            return f"({text} <<< {shift})" if shift else text

        while len(parts) > 1:
            merged = []
            for p, q in zip(parts[0::2], parts[1::2], strict=False):
                low = min(p[2], q[2])
                other = q[1] << (q[2] - low)
                core = (p[1] << (p[2] - low)) + (other if p[0] == q[0] else -other)
                ends = (x.low * core, x.high * core)
                width = bits_for(min(ends), max(ends))
                operator = "+" if p[0] == q[0] else "-"
                text = (
                    f"{moved(p[3], p[2] - low, width)} {operator} {moved(q[3], q[2] - low, width)}"
                )
                if len(parts) == 2 and low == 0 and p[0] > 0:
                    return text
                name = self.names.claim(f"{stem}_{core}")
                lines.append(f"    wire signed [{width - 1}:0] {name} = {text};")
                merged.append((p[0], core, low, name))
            if len(parts) % 2:
                merged.append(parts[-1])
            parts = merged
        sign, _, shift, name = parts[0]
        return ("-" if sign < 0 else "") + moved(name, shift, node.width)

    def _rounded(self, node: Node, step: int) -> str:
        x, k = node.args[0], node.value
        wide = self.d.nodes[x].width + 1
        value = self.sized(x, step, wide)
        if node.op == "round_away":
            sign = f"{wide}'(({_bracketed(self.ref(x, step))} < 0) ? 1 : 0)"
            total = f"{value} + {_literal(1 << (k - 1), wide)} - {sign}"
        else:
            odd = f"(({value} >>> {k}) & {_literal(1, wide)})"
            total = f"{value} + {_literal((1 << (k - 1)) - 1, wide)} + {odd}"
        return f"{node.width}'(({total}) >>> {k})"

    def _clamped(self, node: Node, step: int) -> str:
        x = self.d.nodes[node.args[0]]
        value = self.ref(node.args[0], step)
        text = self.sized(node.args[0], step, node.width)
        if x.high > node.high:
            text = f"({_bracketed(value)} > {_literal(node.high, x.width)}) ? {_literal(node.high, node.width)} : {text}"
        if x.low < node.low:
            text = f"({_bracketed(value)} < {_literal(node.low, x.width)}) ? {_literal(node.low, node.width)} : {text}"
        return text

    def _wrapped(self, node: Node, step: int) -> str:
        bits = (node.high - node.low).bit_length()
        text = f"{bits}'({_bare(self.ref(node.args[0], step))})"
        return f"$signed({{1'b0, {text}}})" if node.low == 0 else f"$signed({text})"

    def _variable_shift(self, node: Node, step: int) -> str:
        x, by = node.args
        amount = max(1, self.d.nodes[by].high.bit_length())
        count = f"{amount}'({_bare(self.ref(by, step))})"
        if node.op == "shl_by":
            return f"{self.sized(x, step, node.width)} <<< {count}"
        return f"{node.width}'({_bracketed(self.ref(x, step))} >>> {count})"

    def _leading_one(self, node: Node, step: int) -> str:
        value = self.wire.get(node.args[0]) or self.ref(node.args[0], step)
        wide = self.d.nodes[node.args[0]].width
        text = _literal(0, node.width)
        for bit in range(1, node.high + 1):
            text = f"({_bracketed(value)} >= {_literal(1 << bit, wide)}) ? {_literal(bit, node.width)} : {text}"
            if bit < node.high:
                text = f"({text})"
        return text

    def _multiplier(self) -> list[str]:
        if not self.plan.products:
            return []
        a, b = self.plan.factor_widths
        w = self._step_width()
        lines = [
            f"    // One {a}x{b} multiplier serves all {len(self.plan.products)} products in turn.",
            f"    reg signed [{a - 1}:0] factor_a;",
            f"    reg signed [{b - 1}:0] factor_b;",
            "    // verilator lint_off UNUSEDSIGNAL",
            f"    wire signed [{a + b - 1}:0] product;  // no product needs all of the top bits",
            "    // verilator lint_on UNUSEDSIGNAL",
            "    reg multiply;",
            "    always @* begin",
            f"        factor_a = {a}'sd0;",
            f"        factor_b = {b}'sd0;",
            "        multiply = 1'b1;",
            "        case (step)",
        ]
        captures = []
        for p in self.plan.products:
            node = self.d.nodes[p.node]
            first = self.sized(p.a, p.start, a)
            second = _literal(node.value, b) if p.b is None else self.sized(p.b, p.start, b)
            if p.b is None and (self.d.nodes[p.a].width > a or node.value.bit_length() + 1 > b):
                first, second = _literal(node.value, a), self.sized(p.a, p.start, b)
            lines += [
                f"            {w}'d{p.start}: begin",
                f"                factor_a = {first};",
                f"                factor_b = {second};",
                "            end",
            ]
            self.shared.append(
                SharedProduct(first, second, self.reg[p.node], node.width, p.start, p.done)
            )
            captures.append(
                f"        if (step == {w}'d{p.done}) {self.reg[p.node]} <= {node.width}'(product);"
            )
        lines += [
            "            default: multiply = 1'b0;",
            "        endcase",
            "    end",
            f"    sc_serial_multiplier #(.A_WIDTH({a}), .B_WIDTH({b})) multiplier (",
            "        .clk(clk), .start(multiply), .a(factor_a), .b(factor_b), .product(product)",
            "    );",
            "    always @(posedge clk) begin",
            *captures,
            "    end",
            "",
        ]
        return lines

    def _decision(self) -> list[str]:
        d, last = self.d, self.plan.last
        if d.condition is None:
            return []
        lines = [f"    wire above = {self._flag(d.condition, last)};"]
        gates = ["above"]
        if d.model.edge == "rising":
            gates.append("!was_above")
        if d.model.refractory_ticks:
            gates.append("refractory_left == 0")
        lines.append(f"    wire fire = {' && '.join(gates)};")
        return [*lines, ""]

    def _dither(self) -> list[str]:
        if not self.d.uses_dither:
            return []
        return [
            "    // Marsaglia 2003, doi:10.18637/jss.v008.i14.",
            "    wire [31:0] dither_a = dither ^ (dither << 13);",
            "    wire [31:0] dither_b = dither_a ^ (dither_a >> 17);",
            "    wire [31:0] next_dither = dither_b ^ (dither_b << 5);",
            "",
        ]

    def _control(self) -> list[str]:
        d, last = self.d, self.plan.last
        w = self._step_width()
        lines = []
        if not self.single:
            lines += ["    assign busy = step != 0;", ""]
        lines += ["    always @(posedge clk) begin", "        if (!rst_n) begin"]
        lines += [f"            {x}" for x in self._reset_values()]
        if self.single:
            lines += [
                "        end else begin",
                "            valid <= enable;",
                "            if (enable) begin",
            ]
            indent = " " * 16
        else:
            lines += [
                "        end else begin",
                "            valid <= 1'b0;",
                f"            step <= (step == {w}'d{last}) ? {w}'d0 : busy ? step + {w}'d1 : {w}'(enable);",
            ]
            if self.entering:
                lines.append("            if (enable && !busy) begin")
                lines += [
                    f"                {self.held[p.name]} <= {self.input_port[p.name]};"
                    for p in self.entering
                ]
                lines.append("            end")
            lines += [
                f"            if (step == {w}'d{last}) begin",
                "                valid <= 1'b1;",
            ]
            indent = " " * 16
        lines += [indent + x for x in self._commit(last)]
        return [*lines, "            end", "        end", "    end", ""]

    def _reset_values(self) -> list[str]:
        d = self.d
        lines = ["valid <= 1'b0;", "spike_out <= 1'b0;"]
        for p, raw in zip(d.states, d.init, strict=True):
            lines.append(f"{self.register[p.name]} <= {_port_literal(raw, p)};")
        if d.model.refractory_ticks:
            lines.append(f"refractory_left <= {d.model.refractory_ticks.bit_length()}'d0;")
        if d.model.edge == "rising" and d.condition is not None:
            lines.append("was_above <= 1'b0;")
        if d.uses_dither:
            lines.append(f"dither <= 32'd{DITHER_SEED};")
        if d.overflow == "trap":
            lines.append("trap_out <= 1'b0;")
        if not self.single:
            lines.append(f"step <= {self._step_width()}'d0;")
        return lines

    def _commit(self, last: int) -> list[str]:
        """Statements that end a tick."""
        d, model = self.d, self.d.model
        fires = d.condition is not None
        lines = [f"spike_out <= {'fire' if fires else chr(49) + chr(39) + 'b0'};"]
        for held in (False, True):
            block = []
            for i, p in enumerate(d.states):
                if d.hold[i] == held:
                    target = self.register[p.name]
                    block.append(f"{target} <= {self._stored(d.candidate[i], p, last)};")
            for i, node in d.after_reset.items():
                p = d.states[i]
                if d.hold[i] == held:
                    block.append(
                        f"if (fire) {self.register[p.name]} <= {self._stored(node, p, last)};"
                    )
            if held and block and model.refractory_ticks:
                block = ["if (refractory_left == 0) begin", *("    " + x for x in block), "end"]
            lines += block
        if model.refractory_ticks:
            width = model.refractory_ticks.bit_length()
            lines += [
                f"if (fire) refractory_left <= {width}'d{model.refractory_ticks};",
                f"else if (refractory_left != 0) refractory_left <= refractory_left - {width}'d1;",
            ]
        if model.edge == "rising" and fires:
            lines.append("was_above <= above;")
        if d.overflowed is not None:
            late = self._flag(d.overflowed, last)
            if d.reset_overflowed is not None:
                late += f" || (fire && {self._flag(d.reset_overflowed, last)})"
            lines.append(f"if ({late}) trap_out <= 1'b1;")
        if d.uses_dither:
            lines.append("dither <= next_dither;")
        return lines

    def _flag(self, node: int, step: int) -> str:
        if self.d.nodes[node].op == "const":
            return f"1'b{self.d.nodes[node].value}"
        return self.ref(node, step)

    def _stored(self, node: int, port: Port, step: int) -> str:
        if self.d.nodes[node].op == "const":
            return _port_literal(self.d.nodes[node].value, port)
        if port.format.signed:
            return self.sized(node, step, port.width)
        return f"{port.width}'({_bare(self.ref(node, step))})"


def _addresses(datapath: Datapath, products: set[int]) -> frozenset[int]:
    """Nodes read by tables only: they are declared unsigned, without a sign bit."""
    readers: dict[int, set[str]] = {}
    for node in datapath.nodes:
        for a in node.args:
            readers.setdefault(a, set()).add(node.op)
    return frozenset(
        i
        for i, ops in readers.items()
        if ops == {"rom"}
        and i not in products
        and datapath.nodes[i].op not in ("const", "source", *WIRING)
    )


def _vector(port: Port) -> str:
    sign = "signed " if port.format.signed else ""
    return f"{sign}[{port.width - 1}:0]"


def _remark(port: Port) -> str:
    unit = f" {port.unit}" if port.unit else ""
    low, high = port.low * port.format.resolution, port.high * port.format.resolution
    return f"{port.format}, {low:g} to {high:g}{unit}"


def _literal(value: int, width: int) -> str:
    if value == -(1 << (width - 1)):
        return f"{width}'sh{1 << (width - 1):x}"
    return f"-{width}'sd{-value}" if value < 0 else f"{width}'sd{value}"


def _port_literal(value: int, port: Port) -> str:
    return _literal(value, port.width) if port.format.signed else f"{port.width}'d{value}"


def _bare(text: str) -> str:
    """Drop one pair of enclosing brackets."""
    if text.startswith("(") and text.endswith(")"):
        depth = 0
        for k, character in enumerate(text):
            depth += (character == "(") - (character == ")")
            if depth == 0 and k < len(text) - 1:
                return text
        return text[1:-1]
    return text


def _bracketed(text: str) -> str:
    return text if text.replace("_", "").isalnum() else f"({text})"


def _stem(node: Node) -> str:
    return {
        "add": "sum", "sub": "difference", "mul": "product", "cmul": "scaled", "lt": "below",
        "le": "at_most", "eq": "equal", "mod": "low_bits", "shr_by": "shifted", "shl_by": "shifted",
        "clamp": "clamped", "select": "chosen", "round_away": "rounded", "round_even": "rounded",
    }.get(node.op, node.op)  # fmt: skip
