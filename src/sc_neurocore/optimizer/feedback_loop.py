"""The loop closed: from evidence to a new choice, in one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sc_neurocore.optimizer._observation import BenchmarkObservation
from sc_neurocore.optimizer._profile import LayerProfile
from sc_neurocore.optimizer._target import require_measured_for
from sc_neurocore.optimizer.observation_loader import observations_from_payload
from sc_neurocore.optimizer.surrogate_sc_optimizer import (
    SurrogateOptimizerReport,
    SurrogateSCOptimizer,
    TargetHardwareProfile,
)
from sc_neurocore.optimizer.synthesis_evidence import build_payload_from_reports

__all__ = [
    "SynthesisFeedbackResult",
    "optimise_from_evidence_payload",
    "optimise_from_synthesis_reports",
]


@dataclass(frozen=True)
class SynthesisFeedbackResult:
    """A choice that measured evidence led.

    Attributes:
        observations: the evidence, as the optimiser was given it.
        report: what it then chose.
        payload: the evidence as JSON data; `write_payload` writes it.
    """

    observations: tuple[BenchmarkObservation, ...]
    report: SurrogateOptimizerReport
    payload: Mapping[str, Any]

    @property
    def feasible(self) -> bool:
        """Whether every layer got a configuration within the budget."""
        return self.report.feasible


def optimise_from_evidence_payload(
    *, network: Sequence[LayerProfile], target: TargetHardwareProfile, payload: Mapping[str, Any]
) -> SynthesisFeedbackResult:
    """Choose the settings of a network, led by decoded evidence.

    Evidence that names no target is taken for this one.

    Args:
        network: the layers.
        target: device, budget and preferences.
        payload: as for `observations_from_payload`.

    Raises:
        ObservationLoadError: the payload is refused, or is of another target.
        SCConfigError: the network or the target is refused by `SurrogateSCOptimizer`.
    """
    observations = observations_from_payload(payload)
    optimiser = SurrogateSCOptimizer(target, observations=observations)
    for observation in observations:
        require_measured_for(observation, target.name, target.device_family)
    return SynthesisFeedbackResult(observations, optimiser.optimise(network), payload)


def optimise_from_synthesis_reports(
    *,
    network: Sequence[LayerProfile],
    target: TargetHardwareProfile,
    design_path: str | Path,
    utilisation_path: str | Path,
    power_path: str | Path | None,
    accuracy_score: float,
    timing_path: str | Path | None = None,
    latency_cycles: int | None = None,
    clock_mhz: float | None = None,
    inferences_per_run: int | None = None,
) -> SynthesisFeedbackResult:
    """Choose the settings of a network, led by reports of synthesis.

    `build_payload_from_reports`, then `optimise_from_evidence_payload`; their arguments and
    errors are the same.
    """
    payload = build_payload_from_reports(
        design_path=design_path,
        utilisation_path=utilisation_path,
        power_path=power_path,
        timing_path=timing_path,
        accuracy_score=accuracy_score,
        latency_cycles=latency_cycles,
        clock_mhz=clock_mhz,
        inferences_per_run=inferences_per_run,
    )
    return optimise_from_evidence_payload(network=network, target=target, payload=payload)
