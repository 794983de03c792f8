"""Fitting networks to devices: resources, surrogate search, evidence.

Names load when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sc_neurocore.optimizer.feedback_loop import (
        SynthesisFeedbackResult,
        optimise_from_evidence_payload,
        optimise_from_synthesis_reports,
    )
    from sc_neurocore.optimizer.observation_loader import (
        ObservationLoadError,
        load_observations,
        load_synthesis_observation,
        observation_from_synthesis_reports,
        observations_from_payload,
    )
    from sc_neurocore.optimizer.resource_optimizer import (
        OptimizationResult,
        OptimizationStep,
        fit_to_target,
    )
    from sc_neurocore.optimizer.sc_optimizer import (
        ComputeMode,
        DecorrelationStrategy,
        HardwareBudget,
        LayerConfig,
        LayerProfile,
        OptimizerReport,
        SCOptimizer,
        pareto_front,
    )
    from sc_neurocore.optimizer.surrogate_sc_optimizer import (
        BenchmarkObservation,
        RejectedLayer,
        SurrogateLayerConfig,
        SurrogateOptimizerReport,
        SurrogateSCOptimizer,
        TargetHardwareProfile,
    )
    from sc_neurocore.optimizer.synthesis_evidence import (
        build_payload_from_reports,
        energy_payload,
        load_design,
        observation_to_record,
        write_payload,
    )

_MODULES = {
    "feedback_loop": (
        "SynthesisFeedbackResult",
        "optimise_from_evidence_payload",
        "optimise_from_synthesis_reports",
    ),
    "observation_loader": (
        "ObservationLoadError",
        "load_observations",
        "load_synthesis_observation",
        "observation_from_synthesis_reports",
        "observations_from_payload",
    ),
    "resource_optimizer": ("OptimizationResult", "OptimizationStep", "fit_to_target"),
    "sc_optimizer": (
        "ComputeMode",
        "DecorrelationStrategy",
        "HardwareBudget",
        "LayerConfig",
        "LayerProfile",
        "OptimizerReport",
        "SCOptimizer",
        "pareto_front",
    ),
    "surrogate_sc_optimizer": (
        "BenchmarkObservation",
        "RejectedLayer",
        "SurrogateLayerConfig",
        "SurrogateOptimizerReport",
        "SurrogateSCOptimizer",
        "TargetHardwareProfile",
    ),
    "synthesis_evidence": (
        "build_payload_from_reports",
        "energy_payload",
        "load_design",
        "observation_to_record",
        "write_payload",
    ),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "BenchmarkObservation",
    "ComputeMode",
    "DecorrelationStrategy",
    "HardwareBudget",
    "LayerConfig",
    "LayerProfile",
    "ObservationLoadError",
    "OptimizationResult",
    "OptimizationStep",
    "OptimizerReport",
    "RejectedLayer",
    "SCOptimizer",
    "SurrogateLayerConfig",
    "SurrogateOptimizerReport",
    "SurrogateSCOptimizer",
    "SynthesisFeedbackResult",
    "TargetHardwareProfile",
    "build_payload_from_reports",
    "energy_payload",
    "fit_to_target",
    "load_design",
    "load_observations",
    "load_synthesis_observation",
    "observation_from_synthesis_reports",
    "observation_to_record",
    "observations_from_payload",
    "optimise_from_evidence_payload",
    "optimise_from_synthesis_reports",
    "pareto_front",
    "write_payload",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
