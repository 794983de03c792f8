"""Several reports of one design as one set of metrics, if they agree that they are of one."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from sc_neurocore.optimizer._observation import UNIT_NAMES, ObservationLoadError
from sc_neurocore.optimizer._reports._report import FLOWS, Report, same_part


def combine(reports: Sequence[Report]) -> dict[str, Any]:
    """The metrics of all reports.

    Raises:
        ObservationLoadError: two reports are of different tools, designs or devices, or give one
            metric two values; the message names both.
    """
    for one, other in itertools.combinations(reports, 2):
        _require_same_design(one, other)
        _require_same_metrics(one, other)
    return {key: value for report in reports for key, value in report.metrics.items()}


def _require_same_design(one: Report, other: Report) -> None:
    if one.flow != other.flow:
        raise ObservationLoadError(
            f"{one.source} is of {FLOWS[one.flow]} and {other.source} of {FLOWS[other.flow]}; "
            "give the reports of one tool"
        )
    for key, what in (("top", "design"), ("revision", "revision"), ("device", "device")):
        a, b = one.identity.get(key), other.identity.get(key)
        if a and b and not (same_part(a, b) if key == "device" else a == b):
            raise ObservationLoadError(
                f"{one.source} is of {what} '{a}' and {other.source} of {what} '{b}'; "
                "give reports of one design"
            )


def _require_same_metrics(one: Report, other: Report) -> None:
    a, b = one.metrics.get("lut_unit"), other.metrics.get("lut_unit")
    if a and b and a != b:
        raise ObservationLoadError(
            f"{one.source} counts {UNIT_NAMES[a]} and {other.source} {UNIT_NAMES[b]}; "
            "give one report of the area"
        )
    for key, value in one.metrics.items():
        if key in other.metrics and other.metrics[key] != value:
            raise ObservationLoadError(
                f"{key} is {value} in {one.source} but {other.metrics[key]} in "
                f"{other.source}; give one report of it"
            )


def require_same_memories(synthesised: Report, placed: Report) -> None:
    """Refuse a placed design that is not the one that was synthesised.

    nextpnr names no design, and packs LUTs and flip-flops anew; but the family, and the block RAMs
    and multipliers, stay what they are.

    Raises:
        ObservationLoadError: they differ.
    """
    a, b = (report.details.get("family") for report in (synthesised, placed))
    if a and b and a != b:
        raise ObservationLoadError(
            f"{synthesised.source} is of family {a} and {placed.source} of family {b}; "
            "give reports of one design"
        )
    for key, what in (("brams", "block RAMs"), ("dsps", "multipliers")):
        one, other = synthesised.metrics.get(key), placed.metrics.get(key)
        if one is not None and other is not None and one != other:
            raise ObservationLoadError(
                f"{synthesised.source} has {one} {what} but {placed.source} has {other}; "
                "give reports of one design"
            )
