"""One observation of reports that were read, and what only the user can know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sc_neurocore.optimizer._observation import (
    BenchmarkObservation,
    ObservationLoadError,
)
from sc_neurocore.optimizer._records import SECTIONS, fields_of, observation_with
from sc_neurocore.optimizer._reports import Report, combine
from sc_neurocore.optimizer._target import require_device_of, require_luts_of

DESIGN_FIELDS = (
    *SECTIONS["design"],
    "latency_cycles",
    "power_mw",
    "power_source",
    *SECTIONS["workload"],
)
"""Fields of a design file: what was chosen, and what a user measured where no report says it."""

_REQUIRED = ("mac_count", "bitstream_length", "decorrelator", "precision_bits", "polynomial")

_REMEDIES = {
    "luts_used": "give a report of utilisation",
    "power_mw": "give a report of power, or the power that you metered as power_mw in the design",
    "latency_cycles": "give latency_cycles, or state it in the design; reports do not say it",
}


def design_fields(design: Any, where: str) -> dict[str, Any]:
    """Checked fields of a design.

    Raises:
        ObservationLoadError: a field is missing, unknown, or breaks its rule.
    """
    found = fields_of(design, where, allowed=DESIGN_FIELDS, skipped=("notes",))
    for name in _REQUIRED:
        if name not in found:
            raise ObservationLoadError(f"{where}: '{name}' is missing")
    return found


def observation_from(
    reports: Sequence[Report],
    *,
    design: Mapping[str, Any],
    accuracy_score: float,
    latency_cycles: int | None = None,
    clock_mhz: float | None = None,
    inferences_per_run: int | None = None,
    source: str,
) -> BenchmarkObservation:
    """The observation of reports of one design.

    Raises:
        ObservationLoadError: they contradict each other, the design or an argument; or a metric
            is nowhere.
    """
    if not reports:
        raise ObservationLoadError("there is no report; give at least one of the area")
    chosen = design_fields(design, "design")
    arguments = {"accuracy_score": accuracy_score, "latency_cycles": latency_cycles,
                 "clock_mhz": clock_mhz, "inferences_per_run": inferences_per_run}  # fmt: skip
    stated = fields_of(
        {k: v for k, v in arguments.items() if v is not None}, source, allowed=tuple(arguments)
    )
    merged: dict[str, Any] = {}
    for origin, values in (
        ("the design", chosen), ("the arguments", stated), ("the reports", combine(reports)),
    ):  # fmt: skip
        for key, value in values.items():
            if key in merged and merged[key][0] != value:
                before, place = merged[key]
                raise ObservationLoadError(
                    f"{source}: '{key}' is {before} in {place} but {value} in {origin}; "
                    "only one of them can be right"
                )
            merged[key] = value, origin
    for key, remedy in _REMEDIES.items():
        if key not in merged:
            raise ObservationLoadError(f"{source}: '{key}' is missing; {remedy}")
    if "accuracy_score" not in merged:
        raise ObservationLoadError(f"{source}: 'accuracy_score' is missing; give what you measured")
    found = {key: value for key, (value, _) in merged.items()}
    clock, fmax = found.get("clock_mhz"), found.get("fmax_mhz")
    if clock is not None and fmax is not None and clock > fmax:
        raise ObservationLoadError(
            f"{source}: 'clock_mhz' is {clock:g}, but {fmax:g} MHz is the highest clock that the "
            "reports allow; give the clock of the run that was measured"
        )
    # What a report says comes with its source; what the design says was metered.
    found.setdefault("power_source", "board")
    observation = observation_with({**found, "source": source}, source)
    require_luts_of(observation, observation.target)
    for report in reports:
        require_device_of(observation.target, report.identity.get("device", ""), report.source)
    return observation
