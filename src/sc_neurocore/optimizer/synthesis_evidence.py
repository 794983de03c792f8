"""Evidence as a file: what reports of synthesis measured, with what only the user can know.

No tool is run and no metric is made up: a figure comes from a report, from the design file, or
from an argument, and two of them that differ are refused.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sc_neurocore.evidence import atomic_write, digest, read_bytes
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.optimizer._energy import energy_payload
from sc_neurocore.optimizer._observation import (
    BenchmarkObservation,
    ObservationLoadError,
    file_of,
)
from sc_neurocore.optimizer._records import read_evidence, record_of
from sc_neurocore.optimizer._reports import Report, read_report_file, require_same_memories
from sc_neurocore.optimizer._synthesis import design_fields, observation_from
from sc_neurocore.optimizer.observation_loader import observations_from_payload

__all__ = [
    "build_payload_from_reports",
    "energy_payload",
    "load_design",
    "observation_to_record",
    "write_payload",
]

SCHEMA = "sc-neurocore.synthesis-evidence.v1"
"""Schema of a payload."""

# What a report is given for, and the metric that it must hold.
_ROLES = {
    "utilisation": ("luts_used", "area"),
    "power": ("power_mw", "power"),
    "timing": ("fmax_mhz", "Fmax"),
}


def load_design(path: str | Path) -> dict[str, Any]:
    """Load what was chosen for a layer: a JSON object.

    Its fields are the design fields of `BenchmarkObservation` (all needed but ``layer_id`` and
    ``target``); and, where reports cannot say them, ``latency_cycles``, ``power_mw`` (metered on
    the board, unless ``power_source`` says otherwise), ``clock_mhz`` and ``inferences_per_run``.
    ``notes`` are not read.

    Returns:
        The fields under their own names, in their own units.

    Raises:
        ObservationLoadError: the file cannot be read, or a field is missing, unknown or wrong.
    """
    return design_fields(read_evidence(path), str(path))


def observation_to_record(observation: BenchmarkObservation) -> dict[str, Any]:
    """The record of an observation: its fields in sections, its energy if that is known."""
    record = record_of(observation)
    energy = energy_payload(observation)
    return record if energy is None else {**record, "energy": energy}


def build_payload_from_reports(
    *,
    design_path: str | Path,
    utilisation_path: str | Path,
    power_path: str | Path | None = None,
    timing_path: str | Path | None = None,
    accuracy_score: float,
    latency_cycles: int | None = None,
    clock_mhz: float | None = None,
    inferences_per_run: int | None = None,
) -> dict[str, Any]:
    """Make a payload of one observation from the reports of one design.

    Args:
        design_path: what was chosen, as for `load_design`.
        utilisation_path: report of the area.
        power_path: report of the power. None: the design says ``power_mw``, as it must where the
            tools report none (nextpnr).
        timing_path: report of the clock. Beside Yosys' statistics, a report of nextpnr is asked
            for its Fmax alone: its area is after routing and so another figure.
        accuracy_score: of the layer, 0 to 1, as in `BenchmarkObservation`.
        latency_cycles: clocks of one run, unless the design says it.
        clock_mhz: clock of the run.
        inferences_per_run: inferences in a run; with ``clock_mhz`` it gives the energy.

    Returns:
        ``schema``, ``observations`` with one record, and ``reports``: name, digest, kind, version
        and design of each.

    Raises:
        ObservationLoadError: a report is not known, cut off, of another design, or without what
            it was given for; something contradicts something else; or a metric is nowhere.
    """
    paths = {"utilisation": utilisation_path, "power": power_path, "timing": timing_path}
    given = {
        role: file_of(path, f"{role}_path")
        for role, path in paths.items()
        if path is not None or role == "utilisation"
    }
    reports = {role: _role(role, path) for role, path in given.items()}
    kinds = {role: {report.kind for report in found} for role, found in reports.items()}
    if "Yosys statistics" in kinds["utilisation"] and "timing" in reports:
        for synthesised, placed in itertools.product(reports["utilisation"], reports["timing"]):
            require_same_memories(synthesised, placed)
        reports["timing"] = tuple(
            replace(report, metrics={"fmax_mhz": report.metrics["fmax_mhz"]})
            for report in reports["timing"]
        )
    observation = observation_from(
        [report for found in reports.values() for report in found],
        design=load_design(design_path),
        accuracy_score=accuracy_score,
        latency_cycles=latency_cycles,
        clock_mhz=clock_mhz,
        inferences_per_run=inferences_per_run,
        source=", ".join(dict.fromkeys(path.name for path in given.values())),
    )
    provenance = {
        (path, report.kind): {
            **report.to_json(), "file": path.name, "sha256": digest(read_bytes(path)),
        }
        for role, path in given.items()
        for report in reports[role]
    }  # fmt: skip
    return {
        "schema": SCHEMA,
        "observations": [observation_to_record(observation)],
        "reports": list(provenance.values()),
    }


def write_payload(payload: Mapping[str, Any], output: str | Path | None = None) -> None:
    """Write evidence as JSON, whole or not at all.

    Args:
        payload: as `build_payload_from_reports` makes it; it must load.
        output: a file; None or ``-`` for standard output.

    Raises:
        ObservationLoadError: the payload would not load.
        SCConfigError: the file cannot be written.
    """
    observations_from_payload(payload, source="the payload")
    try:
        text = json.dumps(payload, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    except (TypeError, ValueError) as error:
        raise ObservationLoadError(f"the payload is no JSON: {error}") from None
    if output is None or str(output) == "-":
        sys.stdout.write(text)
        return
    try:
        atomic_write(Path(output), text)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise SCConfigError(f"{output} cannot be written: {reason}") from None


def _role(role: str, path: Path) -> tuple[Report, ...]:
    metric, what = _ROLES[role]
    reports = read_report_file(path)
    if not any(metric in report.metrics for report in reports):
        kinds = " and ".join(report.kind for report in reports)
        raise ObservationLoadError(f"{path}, given for {role}, is a {kinds}: it holds no {what}")
    return reports
