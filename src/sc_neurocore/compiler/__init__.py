"""From a model to fixed-point hardware: formats, lowering, schedule, Verilog, bit-true model."""

from __future__ import annotations

from sc_neurocore.compiler._bittrue import (
    FixedRun,
    FixedState,
    initial_state,
    kernel_source,
    rom_contents,
    simulate_fixed,
    simulate_ticks,
)
from sc_neurocore.compiler._compile import (
    Compiled,
    HardwareOptions,
    ParameterStyle,
    compile_model,
    compile_to_verilog,
    equation_to_fpga,
)
from sc_neurocore.compiler._format import OVERFLOWS, ROUNDINGS, Overflow, QFormat, Rounding
from sc_neurocore.compiler._functions import TableReport
from sc_neurocore.compiler._lane import Lane, LaneFunction, lane_function, write_lane
from sc_neurocore.compiler._lower import Datapath, Port, lower
from sc_neurocore.compiler._plan import FormatPlan, plan_formats, refined
from sc_neurocore.compiler._rtl import Internals, Rtl, SharedProduct
from sc_neurocore.compiler._schedule import Multipliers, Schedule, schedule
from sc_neurocore.compiler._verilog import write_verilog

__all__ = [
    "OVERFLOWS",
    "ROUNDINGS",
    "Compiled",
    "Datapath",
    "FixedRun",
    "FixedState",
    "FormatPlan",
    "HardwareOptions",
    "Internals",
    "Lane",
    "LaneFunction",
    "Multipliers",
    "Overflow",
    "ParameterStyle",
    "Port",
    "QFormat",
    "Rounding",
    "Rtl",
    "Schedule",
    "SharedProduct",
    "TableReport",
    "compile_model",
    "compile_to_verilog",
    "equation_to_fpga",
    "initial_state",
    "kernel_source",
    "lane_function",
    "lower",
    "plan_formats",
    "refined",
    "rom_contents",
    "schedule",
    "simulate_fixed",
    "simulate_ticks",
    "write_lane",
    "write_verilog",
]
