"""Verilog of the datapath's operations: what each node is called and how it is computed."""

from __future__ import annotations

from sc_neurocore.compiler._datapath import Node, signed_digits
from sc_neurocore.compiler._format import bits_for
from sc_neurocore.compiler._identifiers import Namespace
from sc_neurocore.compiler._lower import DITHER, REFRACTORY, Datapath
from sc_neurocore.compiler._rtl import SharedProduct
from sc_neurocore.compiler._schedule import WIRING, Schedule
from sc_neurocore.compiler._text import bare, bracketed, literal

_FIXED_PORTS = ("clk", "rst_n", "enable", "busy", "valid", "spike_out", "trap_out")
_BANK_PORTS = ("param_write", "param_address", "param_data")
_INTERNAL = (
    "entry",
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
    "factor_a",
    "factor_b",
    "multiply",
    "multiplier",
    "sc_serial_multiplier",
)


class Expressions:
    """Names of signals, and expressions over them.

    A node is read *in a step*: a wire in the step it settles in, its register afterwards. Mere
    wiring (shifts, slices, constants) is written inline.
    """

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
            return literal(node.value, width)
        if node.op == "source":
            return self._source(node)
        inner = self.ref(node.args[0], step)
        if node.op == "not":
            return f"!{inner}"
        if node.op == "shl":
            return f"({width}'({bare(inner)}) <<< {node.value})" if node.value else inner
        if node.op == "mod":
            return f"$signed({{1'b0, {node.value}'({bare(inner)})}})"
        return f"{width}'({bracketed(inner)} >>> {node.value})"

    def sized(self, i: int, step: int, width: int) -> str:
        """A node's value extended or cut to ``width`` bits."""
        node = self.d.nodes[i]
        if node.op == "const":  # cut to the width, as two's complement
            half = 1 << (width - 1)
            return literal((node.value + half) % (2 * half) - half, width)
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
        elif (not self._is_inline(i) and node.width == width) or text.startswith(f"{width}'("):
            return text
        return f"{width}'({bare(text)})"

    def _note(self, node: Node) -> str:
        return "" if node.is_flag else f"  // {node.frac} fraction bits"

    def _expression(self, node: Node, i: int, step: int, lines: list[str]) -> str:
        w, a = node.width, node.args
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
            text = f"{width}'({bare(name)})"
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
            sign = f"{wide}'(({bracketed(self.ref(x, step))} < 0) ? 1 : 0)"
            total = f"{value} + {literal(1 << (k - 1), wide)} - {sign}"
        else:
            odd = f"(({value} >>> {k}) & {literal(1, wide)})"
            total = f"{value} + {literal((1 << (k - 1)) - 1, wide)} + {odd}"
        return f"{node.width}'(({total}) >>> {k})"

    def _clamped(self, node: Node, step: int) -> str:
        x = self.d.nodes[node.args[0]]
        value = self.ref(node.args[0], step)
        text = self.sized(node.args[0], step, node.width)
        if x.high > node.high:
            beyond = f"{bracketed(value)} > {literal(node.high, x.width)}"
            text = f"({beyond}) ? {literal(node.high, node.width)} : {text}"
        if x.low < node.low:
            beyond = f"{bracketed(value)} < {literal(node.low, x.width)}"
            text = f"({beyond}) ? {literal(node.low, node.width)} : {text}"
        return text

    def _wrapped(self, node: Node, step: int) -> str:
        bits = (node.high - node.low).bit_length()
        text = f"{bits}'({bare(self.ref(node.args[0], step))})"
        return f"$signed({{1'b0, {text}}})" if node.low == 0 else f"$signed({text})"

    def _variable_shift(self, node: Node, step: int) -> str:
        x, by = node.args
        amount = max(1, self.d.nodes[by].high.bit_length())
        count = f"{amount}'({bare(self.ref(by, step))})"
        if node.op == "shl_by":
            return f"{self.sized(x, step, node.width)} <<< {count}"
        return f"{node.width}'({bracketed(self.ref(x, step))} >>> {count})"

    def _leading_one(self, node: Node, step: int) -> str:
        value = self.ref(node.args[0], step)
        wide = self.d.nodes[node.args[0]].width
        text = literal(node.low, node.width)
        for bit in range(node.low + 1, node.high + 1):
            reached = f"{bracketed(value)} >= {literal(1 << bit, wide)}"
            text = f"({reached}) ? {literal(bit, node.width)} : {text}"
            if bit < node.high:
                text = f"({text})"
        return text


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


def stem_of(node: Node) -> str:
    """Name of a signal nobody named."""
    return {
        "add": "sum", "sub": "difference", "mul": "product", "cmul": "scaled", "lt": "below",
        "le": "at_most", "eq": "equal", "mod": "low_bits", "shr_by": "shifted", "shl_by": "shifted",
        "clamp": "clamped", "select": "chosen", "round_away": "rounded", "round_even": "rounded",
    }.get(node.op, node.op)  # fmt: skip
