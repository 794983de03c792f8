"""Typed drivers for the hardware tools: synthesis, place and route, simulation, lint.

Each driver finds the tool that pip installed, then the system's; runs it without a shell, in a
scrubbed environment, under limits; and returns an evidence record that names its exact version.
A missing tool is an `SCDependencyError` that says what to run, a failed one a `ToolError`.
"""

from sc_neurocore.toolchain._implement import Implementation, implement
from sc_neurocore.toolchain._layout import place_and_route
from sc_neurocore.toolchain._lint import lint
from sc_neurocore.toolchain._load import load_bitstream
from sc_neurocore.toolchain._model import compile_model
from sc_neurocore.toolchain._netlist import resources
from sc_neurocore.toolchain._simulate import available_simulators, simulate_rtl, simulator_version
from sc_neurocore.toolchain._synthesis import synthesise
from sc_neurocore.toolchain._targets import Target, get_target, targets
from sc_neurocore.toolchain._tools import ToolStatus, doctor, require
from sc_neurocore.toolchain._wrapper import serial_wrapper
from sc_neurocore.toolchain._yosys import YosysRun, run_yosys

__all__ = [
    "Implementation",
    "Target",
    "ToolStatus",
    "YosysRun",
    "available_simulators",
    "compile_model",
    "doctor",
    "get_target",
    "implement",
    "lint",
    "load_bitstream",
    "place_and_route",
    "require",
    "resources",
    "run_yosys",
    "serial_wrapper",
    "simulate_rtl",
    "simulator_version",
    "synthesise",
    "targets",
]
