"""From a model to fixed-point hardware: formats, lowering, schedule, Verilog, bit-true model."""

from __future__ import annotations

from sc_neurocore.compiler._bittrue import (
    FixedRun,
    FixedState,
    initial_state,
    simulate_fixed,
    simulate_ticks,
)
from sc_neurocore.compiler._format import OVERFLOWS, ROUNDINGS, Overflow, QFormat, Rounding
from sc_neurocore.compiler._functions import TableReport
from sc_neurocore.compiler._lower import Datapath, Port, lower
from sc_neurocore.compiler._schedule import Multipliers, Schedule, schedule
from sc_neurocore.compiler._verilog import Rtl, write_verilog

__all__ = [
    "OVERFLOWS",
    "ROUNDINGS",
    "Datapath",
    "FixedRun",
    "FixedState",
    "Multipliers",
    "Overflow",
    "Port",
    "QFormat",
    "Rounding",
    "Rtl",
    "Rounding",
    "Schedule",
    "TableReport",
    "initial_state",
    "lower",
    "schedule",
    "simulate_fixed",
    "simulate_ticks",
    "write_verilog",
]
