"""Lowering: a model's tick program to an integer datapath in given formats.

Precision is decided backwards: each stored state wants ``GUARD_BITS`` more fraction bits than its
format, and every operation asks its operands for what it needs. Coefficients are rounded to
nearest, with an error below a quarter of the last wanted bit or 2**-(fraction + 4) relative (from
2**-12 to 2**-20), whichever is looser. Everything between is exact or
floored at the wanted bit; the user's rounding and overflow act where a state is stored.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.compiler._algebra import Graph, Interval, tick_graph
from sc_neurocore.compiler._datapath import Builder, Node, csd, prune
from sc_neurocore.compiler._format import Overflow, QFormat, Rounding, bits_for
from sc_neurocore.compiler._functions import FunctionUnits, TableReport
from sc_neurocore.dynamics import Model, Quantity, program
from sc_neurocore.exceptions import BitwidthMismatchError

GUARD_BITS = 3
FACTOR_BITS = 28
_STOCHASTIC_BITS = 8
DITHER = "dither"
REFRACTORY = "refractory"
ParameterPlace = Literal["constants", "ports"]


@dataclass(frozen=True)
class Port:
    """A number that enters or is held by the hardware.

    Attributes:
        name: the model's name for it.
        format: format of the port.
        low: smallest raw value the register takes.
        high: largest raw value.
        unit: unit of the model's quantity.
    """

    name: str
    format: QFormat
    low: int
    high: int
    unit: str = ""

    @property
    def width(self) -> int:
        """Bits of the register (at most the format's)."""
        return (
            bits_for(self.low, self.high) if self.format.signed else max(1, self.high.bit_length())
        )


@dataclass(frozen=True)
class Datapath:
    """One tick of a model as integer operations; see `Node` for the operations.

    ``nodes`` compute, from sources named after states, inputs, parameters and draws:
    ``candidate[i]`` the next raw value of state ``i``, ``condition`` the threshold on the
    candidates, ``after_reset[i]`` what state ``i`` becomes at a spike. Refractoriness, hold and
    edge detection follow the language's semantics around them.
    """

    model: Model
    overflow: Overflow
    rounding: Rounding
    nodes: tuple[Node, ...]
    labels: Mapping[int, str]
    states: tuple[Port, ...]
    inputs: tuple[Port, ...]
    parameters: tuple[Port, ...]
    draws: tuple[Port, ...]
    init: tuple[int, ...]
    candidate: tuple[int, ...]
    condition: int | None
    after_reset: Mapping[int, int]
    overflowed: int | None
    reset_overflowed: int | None
    tables: tuple[TableReport, ...]
    notices: tuple[str, ...] = field(default=())

    @property
    def uses_dither(self) -> bool:
        """Whether stochastic rounding needs the on-chip noise register."""
        return self.rounding == "stochastic"

    @property
    def hold(self) -> tuple[bool, ...]:
        """Which states are frozen during refractoriness."""
        return tuple(p.name in self.model.hold for p in self.states)


def lower(
    model: Model,
    formats: Mapping[str, QFormat],
    *,
    overflow: Overflow = "saturate",
    rounding: Rounding = "truncate",
    parameters: ParameterPlace = "constants",
    function_error: float = 2.0**-11,
    notices: tuple[str, ...] = (),
) -> Datapath:
    """Lower ``model``.

    Args:
        model: the model.
        formats: one format per state, input and (as ports) parameter and draw.
        overflow: what storing a value outside the register does.
        rounding: how a value is rounded to its state's format.
        parameters: compile-time constants or input ports.
        function_error: relative error accepted of interpolated functions.
        notices: remarks of the format planner to carry along.

    Raises:
        BitwidthMismatchError: a format cannot hold a declared range or initial value, or an
            intermediate exceeds 63 bits.
        SCCompilerError: a function's argument range is not admissible.
    """
    return _Lowering(model, formats, overflow, rounding, parameters, function_error).run(notices)


class _Lowering:
    def __init__(
        self,
        model: Model,
        formats: Mapping[str, QFormat],
        overflow: Overflow,
        rounding: Rounding,
        parameters: ParameterPlace,
        function_error: float,
    ) -> None:
        self.model, self.formats = model, formats
        self.overflow, self.rounding = overflow, rounding
        self.builder = Builder()
        self.functions = FunctionUnits(self.builder, function_error)
        self.guard = _STOCHASTIC_BITS if rounding == "stochastic" else GUARD_BITS
        narrow = overflow != "wrap"
        self.states = tuple(self._port(q.name, q.low, q.high, q.unit, narrow) for q in model.states)
        self.inputs = tuple(self._entering(q) for q in model.inputs)
        as_ports = model.parameters if parameters == "ports" else ()
        self.parameters = tuple(self._entering(q) for q in as_ports)
        self.draws = tuple(
            Port(name, self.formats[name], self.formats[name].low, self.formats[name].high)
            for name in draw_names(model)
        )
        ports = (*self.states, *self.inputs, *self.parameters, *self.draws)
        self.raw = {
            p.name: self.builder.source(p.name, p.low, p.high, p.format.fraction) for p in ports
        }
        for q in as_ports:
            self._bound_parameter(q)
        taken = {p.name for p in self.parameters}
        self.constants = {k: v for k, v in model.parameter_values.items() if k not in taken}
        self.intervals: dict[str, Interval] = {}
        for p in ports:
            node = self.builder[self.raw[p.name]]
            self.intervals[p.name] = (
                node.low * p.format.resolution,
                node.high * p.format.resolution,
            )

    def _port(self, name: str, low: float, high: float, unit: str, narrow: bool) -> Port:
        fmt = self.formats[name]
        low = fmt.min_value if math.isinf(low) else low
        high = fmt.max_value if math.isinf(high) else high
        if not fmt.holds(low, high):
            raise BitwidthMismatchError(
                f"format {fmt} of '{name}' holds [{fmt.min_value:g}, {fmt.max_value:g}] but the "
                f"declared range is [{low:g}, {high:g}]; use a format with more integer bits or 'auto'"
            )
        if not narrow:
            return Port(name, fmt, fmt.low, fmt.high, unit)
        return Port(name, fmt, fmt.raw(low), fmt.raw(high), unit)

    def _entering(self, q: Quantity) -> Port:
        """A port from outside: every code of its width is legal, so nothing need be assumed."""
        port = self._port(q.name, q.low, q.high, q.unit, True)
        if port.low >= 0:
            fmt = QFormat(max(1, port.high.bit_length()), port.format.fraction, signed=False)
        else:
            fmt = QFormat(bits_for(port.low, port.high), port.format.fraction)
        return Port(q.name, fmt, fmt.low, fmt.high, q.unit)

    def _bound_parameter(self, q: Quantity) -> None:
        """Saturate a parameter port to its declared range, which a division may rely on."""
        node = self.raw[q.name]
        scale = self.builder[node].frac
        low = self.builder[node].low if math.isinf(q.low) else math.ceil(q.low * 2.0**scale)
        high = self.builder[node].high if math.isinf(q.high) else math.floor(q.high * 2.0**scale)
        self.raw[q.name] = self.builder.label(
            self.builder.clamp(node, low, high), f"{q.name}_bounded"
        )

    def run(self, notices: tuple[str, ...]) -> Datapath:
        model = self.model
        tick = program(model)
        graph_sources = dict(self.intervals)
        for name in model.state_names:
            graph_sources[f"{name}'"] = self.intervals[name]
        for k, assignment in enumerate(model.reset):
            graph_sources[f"{assignment.target}'{k}"] = self.intervals[assignment.target]
        built = tick_graph(tick, graph_sources, self.constants)
        graph = built.graph
        fixed = {name: graph.constant(value) for name, value in self.constants.items()}
        after = {name: graph.source(f"{name}'") for name in model.state_names}
        condition = (
            graph.build(model.threshold, {**fixed, **after})
            if model.threshold is not None
            else None
        )
        env, rewritten = dict(after), []
        for k, assignment in enumerate(model.reset):
            rewritten.append(graph.build(assignment.expr, {**fixed, **env}))
            env[assignment.target] = graph.source(f"{assignment.target}'{k}")

        demand = _Demand(graph)
        wanted = {p.name: p.format.fraction + self.guard for p in self.states}
        for name, node in built.advance.items():
            demand.want(node, wanted[name])
        for assignment, node in zip(model.reset, rewritten, strict=True):
            demand.want(node, wanted[assignment.target])
        if condition is not None:
            demand.want(condition, max(wanted.values()))
        demand.propagate()
        finest = max(p.format.fraction for p in self.states)
        error = 2.0 ** -min(20, max(12, finest + 4))
        lowered = _Nodes(graph, self.builder, self.functions, demand.bits, self.raw, error)

        flags: list[int] = []
        candidates = []
        for port in self.states:
            node, flag = self._store(lowered.node(built.advance[port.name]), port)
            self.builder.label(node, f"next_{port.name}")
            candidates.append(node)
            flags.append(flag)
        observed = list(candidates)
        if model.edge == "rising" and model.refractory_ticks:
            busy = self.builder.source(REFRACTORY, 0, 1, 0)
            held = self.builder.compare("==", busy, self.builder.const(1, 0))
            for i, port in enumerate(self.states):
                if port.name in model.hold:
                    observed[i] = self.builder.select(held, self.raw[port.name], observed[i])
        for port, node in zip(self.states, observed, strict=True):
            self.raw[f"{port.name}'"] = node
        spike = None if condition is None else self._condition(graph, condition, lowered)
        after_reset: dict[int, int] = {}
        reset_flags: list[int] = []
        order = [p.name for p in self.states]
        for k, (assignment, real) in enumerate(zip(model.reset, rewritten, strict=True)):
            index = order.index(assignment.target)
            node, flag = self._store(lowered.node(real), self.states[index])
            self.raw[f"{assignment.target}'{k}"] = node
            after_reset[index] = node
            reset_flags.append(flag)
        return self._finish(candidates, spike, after_reset, flags, reset_flags, notices)

    def _condition(self, graph: Graph, node: int, lowered: _Nodes) -> int:
        known = graph.value(node)
        return lowered.node(node) if known is None else self.builder.const(int(known), 0)

    def _store(self, node: int, port: Port) -> tuple[int, int]:
        """Round and fit a value into a register; also return the overflow flag."""
        b, fraction = self.builder, port.format.fraction
        if self.rounding == "stochastic" and b[node].frac > fraction:
            extra = min(b[node].frac - fraction, 16)
            node = b.shift_right(node, fraction + extra)
            dither = b.source(DITHER, 0, (1 << 32) - 1, 0)
            offset = 5 * [p.name for p in self.states].index(port.name) % (32 - extra)
            noise = b.mod(b.relabel(b.shift_right(b.relabel(dither, offset), 0), 0), extra)
            node = b.add(node, b.relabel(noise, fraction + extra))
        op = {"nearest": "round_away", "nearest_even": "round_even"}.get(self.rounding, "shr")
        node = b.shift_right(node, fraction, op)
        low, high = b.const(port.low, fraction), b.const(port.high, fraction)
        flag = b.logic("or", b.compare("<", node, low), b.compare("<", high, node))
        if self.overflow == "wrap":
            return b.wrap(node, port.low, port.high), flag
        return b.clamp(node, port.low, port.high), flag

    def _finish(
        self,
        candidates: list[int],
        spike: int | None,
        after_reset: dict[int, int],
        flags: list[int],
        reset_flags: list[int],
        notices: tuple[str, ...],
    ) -> Datapath:
        b = self.builder

        def any_of(items: list[int]) -> int | None:
            if self.overflow != "trap" or not items:
                return None
            total = b.const(0, 0)
            for item in items:
                total = b.logic("or", total, item)
            return total

        overflowed, reset_overflowed = any_of(flags), any_of(reset_flags)
        roots = [
            *candidates,
            *after_reset.values(),
            *(x for x in (spike, overflowed, reset_overflowed) if x is not None),
        ]
        nodes, labels, new = prune(b.nodes, b.labels, roots)
        init = []
        for quantity, port in zip(self.model.states, self.states, strict=True):
            raw = port.format.raw(quantity.value)
            if not port.low <= raw <= port.high:
                raise BitwidthMismatchError(
                    f"initial value {quantity.value:g} of '{port.name}' lies outside its register "
                    f"[{port.low * port.format.resolution:g}, {port.high * port.format.resolution:g}]"
                )
            init.append(raw)
        return Datapath(
            model=self.model,
            overflow=self.overflow,
            rounding=self.rounding,
            nodes=nodes,
            labels=labels,
            states=self.states,
            inputs=self.inputs,
            parameters=self.parameters,
            draws=self.draws,
            init=tuple(init),
            candidate=tuple(new[c] for c in candidates),
            condition=None if spike is None else new[spike],
            after_reset={i: new[n] for i, n in after_reset.items()},
            overflowed=None if overflowed is None else new[overflowed],
            reset_overflowed=None if reset_overflowed is None else new[reset_overflowed],
            tables=tuple(self.functions.reports),
            notices=notices,
        )


def draw_names(model: Model) -> tuple[str, ...]:
    """Names of the input ports that carry the model's random draws."""
    return tuple(f"{d.op}_{int(d.value)}" for d in model.draws)


def _log2(x: float) -> int:
    """Smallest ``k`` with ``x ≤ 2**k`` (0 maps to a large negative number)."""
    return -64 if x == 0 else math.ceil(math.log2(x))


class _Demand:
    """Fraction bits wanted of every node, propagated from the results to the sources."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._size = len(graph.nodes)
        self.bits: list[int] = [-64] * self._size

    def want(self, node: int, bits: int) -> None:
        self.bits[node] = max(self.bits[node], bits)

    def _magnitude(self, node: int) -> float:
        low, high = self._graph.intervals[node]
        return max(abs(low), abs(high))

    def propagate(self) -> None:
        deepest = max(self.bits, default=0)
        for i in range(self._size - 1, -1, -1):
            bits = self.bits[i]
            if bits == -64:
                continue
            real = self._graph.nodes[i]
            match real.kind:
                case "lin":
                    for c, a in zip(real.coefs, real.args, strict=True):
                        self.want(a, bits + _log2(abs(c)) + (abs(c) != 1))
                case "mul":
                    a, b = real.args
                    self._want_factor(a, bits + _log2(self._magnitude(b)) + 1)
                    self._want_factor(b, bits + _log2(self._magnitude(a)) + 1)
                case "keep" | "abs":
                    self.want(real.args[0], bits)
                case "select":
                    self.want(real.args[0], deepest)
                    self.want(real.args[1], bits)
                    self.want(real.args[2], bits)
                case "fn":
                    self.want(real.args[0], bits + self._steepness(i) + 1)
                case "cmp" | "and" | "or" | "not":
                    for a in real.args:
                        self.want(a, deepest)

    def _want_factor(self, node: int, bits: int) -> None:
        """A factor of a product never needs more than `FACTOR_BITS` significant bits."""
        self.want(node, min(bits, FACTOR_BITS - 1 - _log2(self._magnitude(node))))

    def _steepness(self, node: int) -> int:
        """log2 of the function's largest slope over its argument's interval, at most 24."""
        real = self._graph.nodes[node]
        low, high = self._graph.intervals[real.args[0]]
        if real.name == "floor" or low == high:
            return 2
        # Slopes that rise towards an end (of log, recip, sqrt) show only close to it.
        close = 2.0 ** -np.arange(9.0, 40.0)
        x = low + (high - low) * np.unique(
            np.concatenate([np.linspace(0, 1, 257), close, 1 - close])
        )
        x = np.unique(x)
        y = self._graph.evaluate(node, {real.args[0]: x})
        slope = np.abs(np.diff(y) / np.diff(x))
        slope = slope[np.isfinite(slope)]
        return min(24, max(-16, _log2(float(slope.max())))) if slope.size else 0


class _Nodes:
    """Lowers graph nodes on request, each once, at its wanted precision."""

    def __init__(
        self,
        graph: Graph,
        builder: Builder,
        functions: FunctionUnits,
        demand: list[int],
        raw: dict[str, int],
        coefficient_error: float,
    ) -> None:
        self._coefficient_error = coefficient_error
        self._graph, self._b, self._functions = graph, builder, functions
        self._demand, self._raw = demand, raw
        self._done: dict[int, int] = {}
        self._support: dict[int, frozenset[int]] = {}
        self._curved: dict[int, bool] = {}
        self._extra: dict[int, int] = {}

    def node(self, i: int) -> int:
        if i not in self._done:
            made = self._make(i)
            if i in self._graph.labels:
                self._b.label(made, self._graph.labels[i])
            self._done[i] = made
        return self._done[i]

    def _bits(self, i: int) -> int:
        return self._demand[i] if i < len(self._demand) else self._extra[i]

    def _make(self, i: int) -> int:
        real, bits, b = self._graph.nodes[i], self._bits(i), self._b
        if real.kind != "source" and real.kind != "keep":
            fused = self._fused(i, bits)
            if fused is not None:
                return fused
        match real.kind:
            case "source":
                return self._raw[real.name]
            case "keep":
                return self._floored(self.node(real.args[0]), bits)
            case "lin":
                return self._sum(i, bits)
            case "mul":
                return self._floored(
                    b.mul(self._operand(real.args[0]), self._operand(real.args[1])), bits
                )
            case "fn":
                return self._functions.apply(real.name, self._operand(real.args[0]), bits)
            case "abs":
                return self._magnitude(self.node(real.args[0]))
            case "select":
                return b.select(*(self.node(a) for a in real.args))
            case "cmp":
                return b.compare(real.name, self.node(real.args[0]), self.node(real.args[1]))
            case "not":
                return b.invert(self.node(real.args[0]))
        return b.logic(real.kind, self.node(real.args[0]), self.node(real.args[1]))

    def _magnitude(self, x: int) -> int:
        b = self._b
        zero = b.const(0, b[x].frac)
        reach = max(abs(b[x].low), abs(b[x].high))
        if b[x].low >= 0:
            return x
        return b.bounded(b.select(b.compare("<", x, zero), b.sub(zero, x), x), 0, reach)

    def _operand(self, i: int) -> int:
        return self._floored(self.node(i), self._bits(i))

    def _floored(self, node: int, bits: int) -> int:
        return self._b.shift_right(node, bits) if self._b[node].frac > bits else node

    # sums ---------------------------------------------------------------------------------

    def _sum(self, i: int, bits: int) -> int:
        """``const + Σ c·x``: terms of equal coefficient are added first, then scaled once."""
        real, b = self._graph.nodes[i], self._b
        if not real.args:
            return b.const(round(real.const * 2.0**bits), bits)
        parts = [(c, a) for c, a in zip(real.coefs, real.args, strict=True)]
        # Coefficients that agree up to sign and a power of two share one multiplication.
        grouped: dict[float, list[tuple[float, int]]] = {}
        for c, a in _split_near_one(self._with_fused_terms(parts, bits)):
            size = next((g for g in grouped if _shift_between(abs(c), g) is not None), abs(c))
            grouped.setdefault(size, []).append((c, a))
        terms: list[tuple[int, int]] = []  # (sign, node)
        const = real.const
        for members in grouped.values():
            least = min(abs(c) for c, _ in members)
            share = const / least
            if not (len(members) > 1 and least != 1 and _exact_fraction(share, 12) is not None):
                share = 0.0
            const -= share * least
            sign, total = self._group(members, least, share)
            terms.append((sign, self._scale(least, total, bits)))
        # Unscaled terms and the constant first: they are shortest.
        terms.sort(key=lambda t: (t[0] < 0, b[t[1]].frac))
        exact = _exact_fraction(const, 40)
        const_bits = bits if exact is None else min(bits, exact)
        constant = b.const(round(const * 2.0**const_bits), const_bits)
        sign, total = terms[0]
        if sign < 0:
            total = b.sub(constant, total)
        else:
            total = b.add(total, constant)
        for sign, term in terms[1:]:
            total = b.add(total, term) if sign > 0 else b.sub(total, term)
        return total

    def _group(
        self, members: list[tuple[float, int]], least: float, share: float
    ) -> tuple[int, int]:
        """``sign · total`` with ``total = share + Σ ±x·2**k`` over one coefficient group.

        Subtracting a register costs inverters where subtracting a sum does not, so the sign is
        chosen to keep states on the adding side.
        """
        b = self._b
        wanted = -64
        sides: dict[bool, list[int]] = {True: [], False: []}
        states = {True: 0, False: 0}
        for c, a in sorted(members, key=lambda m: m[1]):
            shift = _shift_between(abs(c), least)
            assert shift is not None
            x = self.node(a)
            sides[c > 0].append(b.relabel(x, b[x].frac - shift))
            states[c > 0] += b[x].op == "source"
            wanted = max(wanted, self._bits(a) - shift)
        adding = (
            states[True] >= states[False] if sides[True] and sides[False] else bool(sides[True])
        )
        if len(members) == 2 and sides[True] and sides[False] and share:
            # The constant joins the other operand; what is left to subtract is a sum.
            adding = sides[True][0] < sides[False][0]
        sign = 1 if adding else -1
        share *= sign
        plus, minus = list(sides[adding]), list(sides[not adding])
        if share:
            fraction = _exact_fraction(share, 12) or 0
            target, value = (minus, -share) if minus else (plus, share)
            target.append(b.const(round(value * 2.0**fraction), fraction))
        total = plus[0]
        for x in plus[1:]:
            total = b.add(total, x)
        if minus:
            less = minus[0]
            for x in minus[1:]:
                less = b.add(less, x)
            total = b.sub(total, less)
        return sign, self._floored(total, wanted)

    def _scale(self, size: float, x: int, bits: int) -> int:
        """``size · x`` floored at ``bits``, with the coefficient of fewest digits that is allowed."""
        b = self._b
        node = b[x]
        exponent = _shift_between(size, 1.0)
        if exponent is not None:
            return self._floored(b.relabel(x, node.frac - exponent), bits)
        reach = max(abs(node.low), abs(node.high)) * 2.0**-node.frac
        quarter = 2.0 ** -(bits + 2) / reach if reach else math.inf
        if size <= quarter:  # the whole product is below the wanted precision
            return b.const(0, 0)
        raw, fraction = coefficient(size, max(quarter, size * self._coefficient_error))
        scaled = b.relabel(b.cmul(x, raw), node.frac + fraction)
        return self._floored(scaled, bits)

    # univariate subexpressions ------------------------------------------------------------

    def _support_of(self, i: int) -> frozenset[int]:
        """The variables (sources, or kept sums of several) a node depends on."""
        if i not in self._support:
            real = self._graph.nodes[i]
            if real.kind == "source":
                found = frozenset({i})
            else:
                found = frozenset().union(*(self._support_of(a) for a in real.args))
                if real.kind == "keep" and len(found) > 1:
                    found = frozenset({i})
            self._support[i] = found
        return self._support[i]

    def _is_curved(self, i: int) -> bool:
        """Whether a node contains a function that needs a table."""
        if i not in self._curved:
            real = self._graph.nodes[i]
            own = real.kind == "fn" and real.name != "floor"
            self._curved[i] = real.kind != "source" and (
                own or any(self._is_curved(a) for a in real.args)
            )
        return self._curved[i]

    def _fused(self, i: int, bits: int) -> int | None:
        """One table for a whole subexpression of a single variable, if it is accurate enough."""
        real = self._graph.nodes[i]
        if real.kind in ("cmp", "and", "or", "not") or not self._is_curved(i):
            return None
        if real.kind == "fn" and self._graph.nodes[real.args[0]].kind == "source":
            return None
        support = self._support_of(i)
        if len(support) != 1:
            return None
        (variable,) = support
        if real.kind == "lin" and variable in real.args:
            return None  # the linear part is cheaper outside the table
        x = self.node(variable)

        def f(values: NDArray[np.float64]) -> NDArray[np.float64]:
            return self._graph.evaluate(i, {variable: values})

        stem, formula = self._describe(i, variable)
        return self._functions.table(stem, f, x, bits, formula=formula)

    def _describe(self, i: int, variable: int) -> tuple[str, str]:
        """Signal stem and formula of a fused subexpression."""
        name = self._graph.nodes[variable].name or self._graph.labels.get(variable, "x")
        label = self._graph.labels.get(i, f"f{len(self._functions.reports)}")
        formula = self._graph.text(i)
        return f"{label}_of_{name}", formula if len(formula) <= 160 else formula[:159] + "…"

    def _with_fused_terms(
        self, parts: list[tuple[float, int]], bits: int
    ) -> list[tuple[float, int]]:
        """Join curved terms of one variable within a sum into a single term."""
        by_variable: dict[int, list[tuple[float, int]]] = {}
        for c, a in parts:
            support = self._support_of(a)
            if self._is_curved(a) and len(support) == 1:
                by_variable.setdefault(next(iter(support)), []).append((c, a))
        result = list(parts)
        for members in by_variable.values():
            if len(members) < 2:
                continue
            joined = self._graph.linear(members)
            self._extra[joined] = bits
            if joined >= len(self._demand) and self._fused(joined, bits) is not None:
                result = [p for p in result if p not in members]
                result.append((1.0, joined))
        return result


def _shift_between(a: float, b: float) -> int | None:
    """The integer ``k`` with ``a = b·2**k`` up to rounding, or ``None``."""
    shift = round(math.log2(a / b))
    return shift if abs(a * 2.0**-shift - b) <= 1e-10 * b else None


def _split_near_one(parts: list[tuple[float, int]]) -> list[tuple[float, int]]:
    """Write ``c·x`` with ``c`` near ±1 as ``±x + r·x``: the remainder is short and often shared."""
    result = []
    for c, a in parts:
        whole = math.copysign(1.0, c)
        if abs(c) != 1 and abs(c - whole) < 0.25:
            result += [(whole, a), (c - whole, a)]
        else:
            result.append((c, a))
    return result


def coefficient(size: float, tolerance: float) -> tuple[int, int]:
    """The odd integer ``raw`` and ``fraction`` with ``|raw·2**-fraction − size| ≤ tolerance``.

    Among the fractions up to four bits beyond the first that is accurate enough, the one with the
    fewest signed digits (then the shortest) is taken.
    """
    start = -math.frexp(size)[1]
    best: tuple[int, int, int] | None = None
    first: int | None = None
    for fraction in range(start, start + 60):
        raw = round(size * 2.0**fraction)
        if abs(raw * 2.0**-fraction - size) > tolerance:
            continue
        first = fraction if first is None else first
        if fraction > first + 4:
            break
        digits = len(csd(raw))
        if best is None or digits < best[0]:
            best = (digits, raw, fraction)
    assert best is not None
    _, raw, fraction = best
    while raw and raw % 2 == 0:
        raw, fraction = raw // 2, fraction - 1
    return raw, fraction


def _exact_fraction(value: float, limit: int) -> int | None:
    """Fraction bits that hold ``value`` up to rounding noise, or ``None`` above ``limit``."""
    for fraction in range(limit + 1):
        scaled = value * 2.0**fraction
        if abs(scaled - round(scaled)) <= 1e-9 * max(1.0, abs(scaled)):
            return fraction
    return None
