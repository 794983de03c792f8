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
from dataclasses import dataclass, field, replace
from typing import Literal

from sc_neurocore.compiler._algebra import Graph, tick_graph
from sc_neurocore.compiler._datapath import Builder, Node, prune
from sc_neurocore.compiler._format import Overflow, QFormat, Rounding, bits_for
from sc_neurocore.compiler._functions import FunctionUnits, TableReport
from sc_neurocore.compiler._nodes import Nodes
from sc_neurocore.compiler._precision import FACTOR_BITS, Demand
from sc_neurocore.compiler._real import Interval
from sc_neurocore.dynamics import Model, Quantity, program
from sc_neurocore.exceptions import BitwidthMismatchError

GUARD_BITS = 3
_STOCHASTIC_BITS = 8
_COUNT_BITS = 24
# Sources that are no port of the model; no user name can be one of them.
DITHER = "$dither"
REFRACTORY = "$refractory"
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
class OverflowFlag:
    """A condition under which a tick stores a value that does not fit.

    Attributes:
        node: 1 if the value does not fit.
        held: it is not stored in refractory ticks.
        replaced: it is not stored in a tick with a spike.
        at_spike: it is stored only in a tick with a spike.
    """

    node: int
    held: bool = False
    replaced: bool = False
    at_spike: bool = False


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
    overflows: tuple[OverflowFlag, ...]
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
        if model.threshold is None:  # without spikes there is nothing to be refractory after
            model = replace(model, refractory=0.0, hold=())
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
        for draw, name in zip(model.draws, draw_names(model), strict=True):
            drawn = f"{draw.op}.{int(draw.value)}"
            self.raw[drawn], self.intervals[drawn] = self.raw[name], self.intervals[name]

    def _port(self, name: str, low: float, high: float, unit: str, narrow: bool) -> Port:
        fmt = self.formats[name]
        low = fmt.min_value if math.isinf(low) else low
        high = fmt.max_value if math.isinf(high) else high
        if not fmt.holds(low, high):
            raise BitwidthMismatchError(
                f"format {fmt} of '{name}' holds [{fmt.min_value:g}, {fmt.max_value:g}] but the "
                f"declared range is [{low:g}, {high:g}]; use a format with more integer bits "
                "or 'auto'"
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
        if not q.low <= q.value <= q.high:
            raise BitwidthMismatchError(
                f"parameter '{q.name}' is {q.value:g}, outside its declared range "
                f"[{q.low:g}, {q.high:g}]; change one of them"
            )
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

        # Floors of whole numbers over powers of two are exact: a fraction cut too soon would turn
        # the floor of a whole number into the one below.
        counts = any(q.integer for q in model.states)
        demand = Demand(graph, floor_bits=_COUNT_BITS) if counts else Demand(graph)
        wanted = {p.name: p.format.fraction + self.guard for p in self.states}
        for name, node in built.advance.items():
            demand.want(node, wanted[name])
        for assignment, node in zip(model.reset, rewritten, strict=True):
            demand.want(node, wanted[assignment.target])
        if condition is not None:
            demand.want(condition, max(wanted.values()))
        demand.propagate()
        notices += self._shortage(demand.short)
        finest = max(p.format.fraction for p in self.states)
        error = 0.0 if counts else 2.0 ** -min(20, max(12, finest + 4))
        lowered = Nodes(graph, self.builder, self.functions, demand.bits, self.raw, error)

        flags: list[int] = []
        candidates = []
        for port in self.states:
            self.builder.place = f" in the equation of '{port.name}'"
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
        self.builder.place = " in the threshold"
        spike = None if condition is None else self._condition(graph, condition, lowered)
        after_reset: dict[int, int] = {}
        reset_flags: list[int] = []
        order = [p.name for p in self.states]
        for k, (assignment, real) in enumerate(zip(model.reset, rewritten, strict=True)):
            index = order.index(assignment.target)
            self.builder.place = f" in the reset of '{assignment.target}'"
            value = lowered.node(real)
            self._check_reset(value, self.states[index])
            node, flag = self._store(value, self.states[index])
            self.raw[f"{assignment.target}'{k}"] = node
            after_reset[index] = node
            reset_flags.append(flag)
        return self._finish(candidates, spike, after_reset, flags, reset_flags, notices)

    def _shortage(self, short: int) -> tuple[str, ...]:
        """Say that intervals so wide leave factors too few bits below the point."""
        if short <= self.guard + 3:
            return ()
        return (
            f"a factor of a product may become so large that {FACTOR_BITS} bits leave {short} too "
            f"few below the point, so rounding may reach 2^{short - self.guard} steps of a state; "
            "where the float model differs, bound what is multiplied with clip() or min(), write "
            "x/(x + c) as 1/(1 + c/x), or declare tighter ranges",
        )

    def _condition(self, graph: Graph, node: int, lowered: Nodes) -> int:
        known = graph.value(node)
        return lowered.node(node) if known is None else self.builder.const(int(known), 0)

    def _check_reset(self, node: int, port: Port) -> None:
        """Refuse a reset that can only leave the register."""
        found = self.builder[node]
        low, high = found.low * 2.0**-found.frac, found.high * 2.0**-found.frac
        step = port.format.resolution
        if high < (port.low - 0.5) * step or low > (port.high + 0.5) * step:
            to = f"{low:g}" if low == high else f"[{low:g}, {high:g}]"
            raise BitwidthMismatchError(
                f"the reset takes '{port.name}' to {to}, outside its register "
                f"[{port.low * step:g}, {port.high * step:g}]; declare a range that holds it or "
                "choose a wider format"
            )

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

        overflows: dict[OverflowFlag, int] = {}
        if self.overflow == "trap":
            for i, (port, flag) in enumerate(zip(self.states, flags, strict=True)):
                held = bool(self.model.refractory_ticks) and port.name in self.model.hold
                kind = OverflowFlag(0, held=held, replaced=i in after_reset)
                overflows[kind] = b.logic("or", overflows.get(kind, b.const(0, 0)), flag)
            for flag in reset_flags:
                kind = OverflowFlag(0, at_spike=True)
                overflows[kind] = b.logic("or", overflows.get(kind, b.const(0, 0)), flag)
        roots = [
            *candidates,
            *after_reset.values(),
            *overflows.values(),
            *([] if spike is None else [spike]),
        ]
        nodes, labels, new = prune(b.nodes, b.labels, roots)
        init = []
        for quantity, port in zip(self.model.states, self.states, strict=True):
            raw = port.format.raw(quantity.value)
            if not port.low <= raw <= port.high:
                step = port.format.resolution
                raise BitwidthMismatchError(
                    f"initial value {quantity.value:g} of '{port.name}' lies outside its register "
                    f"[{port.low * step:g}, {port.high * step:g}]"
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
            overflows=tuple(replace(kind, node=new[node]) for kind, node in overflows.items()),
            tables=tuple(self.functions.reports),
            notices=notices,
        )


def draw_names(model: Model) -> tuple[str, ...]:
    """Names of the input ports that carry the model's random draws."""
    taken = {q.name for q in (*model.states, *model.inputs, *model.parameters)}
    names = []
    for draw in model.draws:
        name = f"{draw.op}_{int(draw.value)}"
        while name in taken:
            name += "_"
        names.append(name)
    return tuple(names)
