"""From a model to fixed-point hardware: formats, lowering, schedule, Verilog, bit-true model."""

from __future__ import annotations

from sc_neurocore.compiler._adaptive import (
    AdaptiveModule,
    adaptive_module,
    compile_adaptive_precision,
)
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
from sc_neurocore.compiler._emitted_precision import EmittedPrecision
from sc_neurocore.compiler._format import OVERFLOWS, ROUNDINGS, Overflow, QFormat, Rounding
from sc_neurocore.compiler._functions import TableReport
from sc_neurocore.compiler._guard_bits import compute_guard_bits, compute_guard_bits_multi
from sc_neurocore.compiler._interval import Interval
from sc_neurocore.compiler._lane import Lane, LaneFunction, lane_function, write_lane
from sc_neurocore.compiler._lower import Datapath, Port, lower
from sc_neurocore.compiler._overflow_proof import (
    FixedPointEnvelopeProof,
    OverflowProofResult,
    prove_fixed_point_envelope,
    prove_no_overflow,
)
from sc_neurocore.compiler._plan import FormatPlan, plan_formats, refined
from sc_neurocore.compiler._ranges import Intermediate
from sc_neurocore.compiler._rtl import Internals, Rtl, SharedProduct
from sc_neurocore.compiler._schedule import Multipliers, Schedule, schedule
from sc_neurocore.compiler._sweep import (
    QuantSweepResult,
    auto_quantisation_sweep,
    format_quantisation_report,
)
from sc_neurocore.compiler._verilog import write_verilog

__all__ = [
    "OVERFLOWS",
    "ROUNDINGS",
    "AdaptiveModule",
    "Compiled",
    "Datapath",
    "EmittedPrecision",
    "FixedPointEnvelopeProof",
    "FixedRun",
    "FixedState",
    "FormatPlan",
    "HardwareOptions",
    "Intermediate",
    "Internals",
    "Interval",
    "Lane",
    "LaneFunction",
    "Multipliers",
    "Overflow",
    "OverflowProofResult",
    "ParameterStyle",
    "Port",
    "QFormat",
    "QuantSweepResult",
    "Rounding",
    "Rtl",
    "Schedule",
    "SharedProduct",
    "TableReport",
    "adaptive_module",
    "auto_quantisation_sweep",
    "compile_adaptive_precision",
    "compile_model",
    "compile_to_verilog",
    "compute_guard_bits",
    "compute_guard_bits_multi",
    "equation_to_fpga",
    "format_quantisation_report",
    "initial_state",
    "kernel_source",
    "lane_function",
    "lower",
    "plan_formats",
    "prove_fixed_point_envelope",
    "prove_no_overflow",
    "refined",
    "rom_contents",
    "schedule",
    "simulate_fixed",
    "simulate_ticks",
    "write_lane",
    "write_verilog",
]
