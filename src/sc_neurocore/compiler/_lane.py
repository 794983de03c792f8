"""A neuron whose state lies elsewhere: one tick as a combinational module, and as a function.

An array of neurons keeps its states in a memory and sends them, one neuron at a time, through one
lane. So a lane has no registers: states come in and go out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sc_neurocore.compiler._bittrue import operation, rom_contents
from sc_neurocore.compiler._identifiers import check_module_name
from sc_neurocore.compiler._lower import Datapath
from sc_neurocore.compiler._schedule import schedule, speed_of
from sc_neurocore.compiler._text import remark, vector
from sc_neurocore.compiler._verilog import Module
from sc_neurocore.exceptions import SCCompilerError

LaneFunction = Callable[..., tuple[int, ...]]


@dataclass(frozen=True)
class Lane:
    """A combinational module of one tick, without clock or state.

    Attributes:
        module: its name.
        source: its text.
        inputs: state, input and parameter to its port.
        outputs: state to the port of its next value.
        fire: the port that says whether the tick ends in a spike.
    """

    module: str
    source: str
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    fire: str


def write_lane(datapath: Datapath, module_name: str) -> Lane:
    """Write one tick of a neuron as a combinational module.

    Args:
        datapath: what it computes.
        module_name: its name.

    Raises:
        SCCompilerError: the name is not a Verilog identifier, or the neuron keeps more than its
            states from tick to tick.
    """
    _check(datapath)
    flat = schedule(
        datapath, pipeline=0, period_ns=1e9, speed=speed_of("ice40-hx"), multipliers="parallel"
    )
    return _LaneModule(datapath, flat, check_module_name(module_name), False).lane()


def lane_function(datapath: Datapath) -> LaneFunction:
    """One tick of a neuron on raw integers, for numba to compile into a kernel.

    Args:
        datapath: what it computes.

    Returns:
        A function of the states, inputs and parameters, in the datapath's order, that returns the
        next states and 1 for a spike, else 0.

    Raises:
        SCCompilerError: the neuron keeps more than its states from tick to tick.
    """
    _check(datapath)
    return _lane_of(_function_source(datapath))


@lru_cache(maxsize=256)
def _lane_of(source: str) -> LaneFunction:
    space: dict[str, Any] = {}
    exec(compile(source, "<lane>", "exec"), space)  # noqa: S102 - generated, no user text
    function: LaneFunction = space["lane"]
    return function


def _function_source(datapath: Datapath) -> str:
    states = [f"s{i}" for i in range(len(datapath.states))]
    entering = (*datapath.inputs, *datapath.parameters)
    names = {p.name: f"p{i}" for i, p in enumerate(entering)}
    names |= {p.name: s for p, s in zip(datapath.states, states, strict=True)}
    tables = {values: f"rom{i}" for i, values in enumerate(rom_contents(datapath))}
    body = [f"{name} = {values!r}" for values, name in tables.items()]
    body.append(f"def lane({', '.join([*states, *(f'p{i}' for i in range(len(entering)))])}):")
    body += [f"    n{i} = {operation(x, names, tables)}" for i, x in enumerate(datapath.nodes)]
    fires = "0" if datapath.condition is None else f"1 if n{datapath.condition} != 0 else 0"
    body.append(f"    fire = {fires}")
    after = []
    for i in range(len(states)):
        value = f"n{datapath.candidate[i]}"
        if i in datapath.after_reset:
            value = f"n{datapath.after_reset[i]} if fire == 1 else {value}"
        body.append(f"    next_s{i} = {value}")
        after.append(f"next_s{i}")
    body.append(f"    return ({', '.join([*after, 'fire'])},)")
    return "\n".join(body) + "\n"


def _check(datapath: Datapath) -> None:
    model = datapath.model
    kept = {
        "a refractory period": bool(model.refractory_ticks),
        "a threshold on the onset": model.edge == "rising" and datapath.condition is not None,
        "stochastic rounding": datapath.uses_dither,
        "random draws": bool(datapath.draws),
        "an overflow trap": datapath.overflow == "trap",
    }
    for what, found in kept.items():
        if found:
            raise SCCompilerError(
                f"neuron '{model.name}' has {what}, which a lane of an array cannot keep from tick "
                "to tick; use a model whose states say everything"
            )


class _LaneModule(Module):
    """The module around the datapath, without registers."""

    def _what(self) -> str:
        return f"one tick of a {self.d.model.name} neuron, whose state lies elsewhere"

    def _timing(self) -> str:
        return "; this is logic without a clock"

    def lane(self) -> Lane:
        d, last = self.d, self.plan.last
        fires = self.names.claim("fire_out")
        body = [
            *self._header(),
            *self._lane_ports(fires),
            *self._tables(),
            *self._datapath(),
            *(self._decision() or ["    wire fire = 1'b0;", ""]),
        ]
        for i, p in enumerate(d.states):
            value = self._stored(d.candidate[i], p, last)
            if i in d.after_reset:
                value = f"fire ? {self._stored(d.after_reset[i], p, last)} : {value}"
            body.append(f"    assign {self.output[p.name]} = {value};")
        body += [
            f"    assign {fires} = fire;",
            "",
            "endmodule",
            "",
            "// verilator lint_on UNUSEDSIGNAL",
            "`default_nettype wire",
        ]
        inputs = {**self.register, **self.input_port}
        return Lane(self.module, "\n".join(body) + "\n", inputs, dict(self.output), fires)

    def _lane_ports(self, fires: str) -> list[str]:
        rows = [
            (f"input  wire {vector(p)}", self.register[p.name], remark(p)) for p in self.d.states
        ]
        rows += [
            (f"input  wire {vector(p)}", self.input_port[p.name], remark(p)) for p in self.entering
        ]
        rows += [
            (f"output wire {vector(p)}", self.output[p.name], "after the tick")
            for p in self.d.states
        ]
        rows.append(("output wire", fires, "the tick ends in a spike"))
        return self._declaration(rows)
