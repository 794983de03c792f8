"""The compiler's front door: options in, a compiled module out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sc_neurocore.compiler._format import OVERFLOWS, ROUNDINGS, Overflow, QFormat, Rounding
from sc_neurocore.compiler._lower import Datapath, lower
from sc_neurocore.compiler._plan import FormatPlan, plan_formats
from sc_neurocore.compiler._rtl import Rtl
from sc_neurocore.compiler._schedule import (
    FAMILIES,
    Multipliers,
    Schedule,
    has_products,
    schedule,
    speed_of,
)
from sc_neurocore.compiler._verilog import write_verilog
from sc_neurocore.dynamics import Model, build_model, suggest
from sc_neurocore.exceptions import SCConfigError

ParameterStyle = Literal["constants", "ports", "bank"]


@dataclass(frozen=True)
class HardwareOptions:
    """How a model becomes hardware.

    Attributes:
        format: one Q format for all states and inputs, or ``"auto"``.
        overflow: ``saturate`` (to the state's declared range), ``wrap`` or ``trap``.
        rounding: ``truncate``, ``nearest`` (ties away from zero), ``nearest_even``, ``stochastic``.
        pipeline: register stages per tick, 0 for one clock; ``None`` cuts paths to the clock.
        multipliers: ``parallel``, ``shared``, or ``None``: shared where the device has no
            multiplier blocks.
        parameters: ``constants``, input ``ports``, or a register ``bank`` with a write port.
        clock_mhz: clock to aim for.
        family: device family, for the delay estimate and the default of ``multipliers``.
        function_error: relative error accepted of interpolated functions.
    """

    format: str = "Q8.8"
    overflow: Overflow = "saturate"
    rounding: Rounding = "truncate"
    pipeline: int | None = None
    multipliers: Multipliers | None = None
    parameters: ParameterStyle = "constants"
    clock_mhz: float = 40.0
    family: str = "ice40-hx"
    function_error: float = 2.0**-11

    def __post_init__(self) -> None:
        _one_of("overflow", self.overflow, OVERFLOWS)
        _one_of("rounding", self.rounding, ROUNDINGS)
        _one_of("family", self.family, FAMILIES)
        _one_of("parameters", self.parameters, ("constants", "ports", "bank"))
        if self.multipliers is not None:
            _one_of("multipliers", self.multipliers, ("parallel", "shared"))
        if self.pipeline is not None and not (
            isinstance(self.pipeline, int) and 0 <= self.pipeline <= 64
        ):
            raise SCConfigError(
                f"pipeline is {self.pipeline!r}; allowed: 0 to 64, or None for 'auto'"
            )
        if not 0 < self.clock_mhz < 2000:
            raise SCConfigError(
                f"clock is {self.clock_mhz:g} MHz; it must be above 0 and below 2000"
            )
        if not 2.0**-24 <= self.function_error <= 0.25:
            raise SCConfigError(
                f"function_error is {self.function_error:g}; allowed: 2**-24 to 0.25"
            )


@dataclass(frozen=True)
class Compiled:
    """A model compiled to a module.

    Attributes:
        model: what was compiled.
        options: how.
        plan: formats and notices.
        datapath: integer operations of a tick.
        schedule: their steps.
        rtl: the module.
    """

    model: Model
    options: HardwareOptions
    plan: FormatPlan
    datapath: Datapath
    schedule: Schedule
    rtl: Rtl


def compile_model(
    model: Model,
    options: HardwareOptions,
    *,
    module_name: str | None = None,
    plan: FormatPlan | None = None,
) -> Compiled:
    """Compile a model.

    Args:
        model: the model.
        options: formats, rounding, schedule.
        module_name: name of the top module; default the model's.
        plan: formats to use instead of planning them from ``options.format``.

    Raises:
        SCConfigError: options contradict each other.
        SCCompilerError: the model cannot be lowered as asked; the message says why.
    """
    plan = plan or plan_formats(model, options.format, options.rounding)
    datapath = lower(
        model,
        plan.formats,
        overflow=options.overflow,
        rounding=options.rounding,
        parameters="constants" if options.parameters == "constants" else "ports",
        function_error=options.function_error,
        notices=plan.notices,
    )
    multipliers = options.multipliers
    if multipliers is None:
        lacks_blocks = options.family == "ice40-hx"
        sharable = has_products(datapath) and options.pipeline != 0
        multipliers = "shared" if lacks_blocks and sharable else "parallel"
    steps = schedule(
        datapath,
        pipeline=options.pipeline,
        period_ns=1000.0 / options.clock_mhz,
        speed=speed_of(options.family),
        multipliers=multipliers,
    )
    bank = options.parameters == "bank"
    rtl = write_verilog(datapath, steps, module_name or model.name, bank=bank)
    return Compiled(model, options, plan, datapath, steps, rtl)


def compile_to_verilog(
    neuron: Any,
    module_name: str = "sc_neuron",
    data_width: int = 16,
    fraction: int = 8,
    *,
    signed: bool = True,
    overflow: Overflow = "saturate",
    rounding: Rounding | Literal["bankers"] = "truncate",
    pipeline_stages: int | None = None,
    **options: Any,
) -> str:
    """Verilog text of a neuron, with the library modules it needs.

    Args:
        neuron: a `Model`, or anything that has one as ``.model`` (an `EquationNeuron`).
        module_name: name of the top module.
        data_width: bits of states and inputs.
        fraction: fraction bits of states and inputs.
        signed: two's complement.
        overflow: ``saturate``, ``wrap`` or ``trap``.
        rounding: as in `HardwareOptions`; ``bankers`` is accepted for ``nearest_even``.
        pipeline_stages: register stages, ``None`` to choose.
        options: further fields of `HardwareOptions`.
    """
    chosen = HardwareOptions(
        format=str(QFormat(data_width, fraction, signed)),
        overflow=overflow,
        rounding="nearest_even" if rounding == "bankers" else rounding,
        pipeline=pipeline_stages,
        **options,
    )
    compiled = compile_model(model_of(neuron), chosen, module_name=module_name)
    return "\n".join(compiled.rtl.sources.values())


def equation_to_fpga(
    equations: str,
    *,
    module_name: str = "sc_neuron",
    data_width: int = 16,
    fraction: int = 8,
    hardware: Mapping[str, Any] | None = None,
    **model: Any,
) -> tuple[Model, str]:
    """Build a model from equation text and compile it.

    Args:
        equations: as for `sc_neurocore.dynamics.build_model`.
        module_name: name of the Verilog module.
        data_width: bits of states and inputs.
        fraction: fraction bits.
        hardware: further arguments of `compile_to_verilog`.
        model: further arguments of `build_model` (threshold, reset, params, …).

    Returns:
        The model and its Verilog.
    """
    built = build_model(equations, **model)
    text = compile_to_verilog(built, module_name, data_width, fraction, **dict(hardware or {}))
    return built, text


def model_of(neuron: Any) -> Model:
    model = neuron if isinstance(neuron, Model) else getattr(neuron, "model", None)
    if not isinstance(model, Model):
        raise SCConfigError(
            f"{type(neuron).__name__} is not a neuron; pass a Model or EquationNeuron"
        )
    return model


def _one_of(what: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise SCConfigError(f"{what} is '{value}'{suggest(str(value), allowed)}")
