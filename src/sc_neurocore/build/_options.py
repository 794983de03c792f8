"""What the user asks of a build, and what the model and the device fill in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sc_neurocore.compiler import HardwareOptions, Multipliers, Overflow, ParameterStyle, Rounding
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.toolchain import Target

_DEFAULT_FORMAT = "Q16.16"
#: Clock aimed for where nobody asks for one, in MHz.
DEFAULT_CLOCK = {"ice40-hx": 40.0, "ice40-up": 16.0, "ecp5": 50.0, "gowin": 40.0, "xilinx": 80.0}


@dataclass(frozen=True)
class BuildOptions:
    """Options of one build; ``None`` leaves the choice to the model, then to the device.

    Attributes:
        target: device name.
        format: Q format of states and inputs, or ``"auto"``.
        clock_mhz: clock that must be reached; without it the model's clock is only aimed for.
        overflow: ``saturate``, ``wrap`` or ``trap``.
        rounding: ``truncate``, ``nearest``, ``nearest_even`` or ``stochastic``.
        pipeline: register stages per tick.
        multipliers: ``parallel`` or ``shared``.
        parameters: ``constants``, ``ports`` or ``bank``.
        place_and_route: run place and route (else stop after synthesis).
        cycles: clocks of co-simulation in the fastest simulator.
        seed: seed of stimulus, noise, mutant and placement.
        timeout_s: limit of each tool run in seconds.
    """

    target: str = "ice40-hx8k"
    format: str | None = None
    clock_mhz: float | None = None
    overflow: Overflow = "saturate"
    rounding: Rounding | None = None
    pipeline: int | None = None
    multipliers: Multipliers | None = None
    parameters: ParameterStyle = "constants"
    place_and_route: bool = True
    cycles: int = 100_000
    seed: int = 1
    timeout_s: float = 600.0

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise SCConfigError(f"seed is {self.seed}; it must be 0 or more")
        if self.clock_mhz is not None and not 0 < self.clock_mhz < 2000:
            raise SCConfigError(
                f"clock is {self.clock_mhz:g} MHz; it must be above 0 and below 2000"
            )
        if self.cycles < 1:
            raise SCConfigError(f"cycles is {self.cycles}; it must be 1 or more")
        if not 0 < self.timeout_s < math.inf:
            raise SCConfigError(f"timeout is {self.timeout_s:g} s; it must be above 0 and finite")


def hardware_options(
    options: BuildOptions, document: Mapping[str, Any], target: Target
) -> HardwareOptions:
    """Resolve build options to compiler options."""
    wishes = document.get("hardware", {})
    family = speed_family(target)
    clock = (
        options.clock_mhz or wishes.get("clock_mhz") if family == "ice40-hx" else options.clock_mhz
    )
    return HardwareOptions(
        format=options.format or wishes.get("format", _DEFAULT_FORMAT),
        overflow=options.overflow,
        rounding=options.rounding or wishes.get("rounding", "nearest"),
        pipeline=options.pipeline,
        multipliers=options.multipliers,
        parameters=options.parameters,
        clock_mhz=clock or DEFAULT_CLOCK.get(family, 40.0),
        family=family,
    )


def speed_family(target: Target) -> str:
    """The family whose delays and blocks the scheduler assumes."""
    if target.family == "ice40":
        return "ice40-up" if "up5k" in target.name else "ice40-hx"
    return target.family
