"""Energy of a run: power times time, where both are known."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from sc_neurocore.optimizer._observation import (
    BenchmarkObservation,
    ObservationLoadError,
    shown,
)


def energy_payload(observation: BenchmarkObservation) -> dict[str, float] | None:
    """Energy, if the observation says its clock and how many inferences a run holds.

    A run takes ``latency_cycles / clock_mhz`` µs; mW times µs are nJ. The power, and with it the
    energy, is of the whole chip where the report says so, as Vivado's and Quartus' do.

    Returns:
        ``run_time_us``, ``energy_per_run_nj`` and ``energy_per_inference_nj``; None unless both
        ``clock_mhz`` and ``inferences_per_run`` are known.
    """
    if observation.clock_mhz is None or observation.inferences_per_run is None:
        return None
    time_us = observation.latency_cycles / observation.clock_mhz
    energy_nj = observation.power_mw * time_us
    return {
        "run_time_us": time_us,
        "energy_per_run_nj": energy_nj,
        "energy_per_inference_nj": energy_nj / observation.inferences_per_run,
    }


def check_energy(stated: Any, observation: BenchmarkObservation, where: str) -> None:
    """Refuse an energy that is not the one that the observation has.

    Raises:
        ObservationLoadError: it differs, or cannot be derived.
    """
    if stated is None:
        return
    derived = energy_payload(observation)
    if derived is None:
        raise ObservationLoadError(
            f"{where}: 'energy' needs both 'clock_mhz' and 'inferences_per_run'"
        )
    if not isinstance(stated, Mapping) or set(stated) != set(derived):
        raise ObservationLoadError(
            f"{where}: 'energy' is {shown(stated)}; it must hold {', '.join(derived)}"
        )
    for key, value in derived.items():
        number = stated[key]
        known = isinstance(number, int | float) and not isinstance(number, bool)
        if not known or not math.isclose(number, value, rel_tol=1e-9):
            raise ObservationLoadError(
                f"{where}: 'energy.{key}' is {shown(number)}, but the record makes it {value:.6g}"
            )
