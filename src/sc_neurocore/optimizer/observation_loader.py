"""Observations from JSON evidence, and from reports of synthesis: strictly, or not at all.

A record of evidence that is incomplete, in an unknown unit, or in contradiction with itself is
refused with the file, the record and the field that are wrong. Nothing is filled in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sc_neurocore.optimizer._energy import check_energy
from sc_neurocore.optimizer._observation import (
    BenchmarkObservation,
    ObservationLoadError,
    file_of,
    require_one_lut_unit,
    shown,
)
from sc_neurocore.optimizer._records import observation_of, read_evidence
from sc_neurocore.optimizer._reports import Report, read_report, read_report_file
from sc_neurocore.optimizer._synthesis import observation_from

__all__ = [
    "BenchmarkObservation",
    "ObservationLoadError",
    "load_observations",
    "load_synthesis_observation",
    "observation_from_synthesis_reports",
    "observations_from_payload",
    "require_one_lut_unit",
]

RECORD_KEYS = ("observations", "benchmark_observations", "layers", "runs", "results")
"""Keys of a payload that may hold its records; exactly one does."""


def load_observations(path: str | Path) -> tuple[BenchmarkObservation, ...]:
    """Load the observations of a JSON file.

    Raises:
        ObservationLoadError: the file cannot be read, or as `observations_from_payload`.
    """
    return observations_from_payload(read_evidence(path), source=str(path))


def observations_from_payload(
    payload: Any, *, source: str = "<memory>"
) -> tuple[BenchmarkObservation, ...]:
    """Convert decoded evidence.

    Args:
        payload: an object with a list of records under one of `RECORD_KEYS`. What else it holds
            is not read. A record is an object of the fields of `BenchmarkObservation`, flat or in
            the sections ``design``, ``metrics`` and ``workload``; it may have ``notes``, and
            ``energy`` as `write_payload` writes it.
        source: what the payload is called in messages.

    Raises:
        ObservationLoadError: there are no records or records under two keys; or a field of one is
            missing, unknown, of the wrong type, in an unknown unit, out of range, or given twice.
            The message names source, record (the first is 0) and field.
    """
    key, records = _records(payload, source)
    found = []
    for i, record in enumerate(records):
        where = f"{source}: {key}[{i}]"
        observation = observation_of(
            record, where, source=f"{source}: {key}[{i}]", skipped=("energy",)
        )
        check_energy(record.get("energy"), observation, where)
        found.append(observation)
    return tuple(found)


def load_synthesis_observation(
    report_paths: str | Path | Sequence[str | Path],
    *,
    design: Mapping[str, Any],
    accuracy_score: float,
    latency_cycles: int | None = None,
) -> BenchmarkObservation:
    """Make one observation from files of reports, in any order.

    Args:
        report_paths: reports of one design by one tool. What each is, is told from its content.
        design: what was chosen for the layer: the design fields of `BenchmarkObservation`, and,
            where reports cannot say them, ``latency_cycles``, ``power_mw``, ``power_source``,
            ``clock_mhz`` and ``inferences_per_run``; `load_design` reads it.
        accuracy_score: of the layer, 0 to 1, as in `BenchmarkObservation`. No report says it.
        latency_cycles: clocks of one run, unless ``design`` says it.

    Raises:
        ObservationLoadError: a report is not known, cut off or of another design; two of them
            contradict each other; or a metric is nowhere.
    """
    one = isinstance(report_paths, str) or not isinstance(report_paths, Sequence)
    listed: Sequence[Any] = [report_paths] if one else report_paths  # type: ignore[assignment]
    paths = [file_of(path, f"report {i}") for i, path in enumerate(listed)]
    reports = [report for path in paths for report in read_report_file(path)]
    return observation_from(
        reports,
        design=design,
        accuracy_score=accuracy_score,
        latency_cycles=latency_cycles,
        source=", ".join(path.name for path in paths),
    )


def observation_from_synthesis_reports(
    reports: str | Sequence[str] | Mapping[str, str],
    *,
    design: Mapping[str, Any],
    accuracy_score: float,
    latency_cycles: int | None = None,
    source: str = "<synthesis-reports>",
) -> BenchmarkObservation:
    """Make one observation from texts of reports.

    Args:
        reports: the texts, in any order; or the texts by the names to call them.
        design: as for `load_synthesis_observation`.
        accuracy_score: as for `load_synthesis_observation`.
        latency_cycles: as for `load_synthesis_observation`.
        source: what they are called together.

    Raises:
        ObservationLoadError: as for `load_synthesis_observation`.
    """
    found: list[Report] = []
    for name, text in _named(reports, source):
        if not isinstance(text, str):
            raise ObservationLoadError(f"{name} is {shown(text)}; it must be the report's text")
        found += read_report(text, name)
    return observation_from(
        found,
        design=design,
        accuracy_score=accuracy_score,
        latency_cycles=latency_cycles,
        source=source,
    )


def _records(payload: Any, source: str) -> tuple[str, list[Any]]:
    if not isinstance(payload, Mapping):
        raise ObservationLoadError(
            f"{source} is {shown(payload)}; it must be an object with a list of records under "
            f"one of {', '.join(RECORD_KEYS)}"
        )
    keys = [key for key in RECORD_KEYS if key in payload]
    if not keys:
        raise ObservationLoadError(
            f"{source} holds no records; they must be a list under one of {', '.join(RECORD_KEYS)}"
        )
    if len(keys) > 1:
        raise ObservationLoadError(
            f"{source} holds records under {' and '.join(repr(key) for key in keys)}; "
            "only one of them can be meant"
        )
    (key,) = keys
    records = payload[key]
    if not isinstance(records, list | tuple):
        raise ObservationLoadError(
            f"{source}: '{key}' is {shown(records)}; it must be a list of records"
        )
    if not records:
        raise ObservationLoadError(f"{source}: '{key}' holds no record")
    return key, list(records)


def _named(reports: str | Sequence[str] | Mapping[str, str], source: str) -> list[tuple[str, str]]:
    if isinstance(reports, Mapping):
        return [(f"{source}: {name}", text) for name, text in reports.items()]
    one = isinstance(reports, str) or not isinstance(reports, Sequence)
    texts: Sequence[Any] = [reports] if one else reports
    return [(f"{source}: report {i}", text) for i, text in enumerate(texts)]
