"""Fitting networks to devices: resources, surrogate search, evidence.

Names load when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

_MODULES = {
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
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "BenchmarkObservation",
    "ComputeMode",
    "DecorrelationStrategy",
    "HardwareBudget",
    "LayerConfig",
    "LayerProfile",
    "OptimizationResult",
    "OptimizationStep",
    "OptimizerReport",
    "RejectedLayer",
    "SCOptimizer",
    "SurrogateLayerConfig",
    "SurrogateOptimizerReport",
    "SurrogateSCOptimizer",
    "TargetHardwareProfile",
    "fit_to_target",
    "pareto_front",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
