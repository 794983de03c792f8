"""The hand-written Verilog library and its golden models."""

from __future__ import annotations

from sc_neurocore.hdl._library import LIBRARY, library_source, with_parameters
from sc_neurocore.hdl._plasticity import OnlineO1Config, PairLane
from sc_neurocore.hdl._serial_multiplier import SerialMultiplier

__all__ = [
    "LIBRARY",
    "OnlineO1Config",
    "PairLane",
    "SerialMultiplier",
    "library_source",
    "with_parameters",
]
