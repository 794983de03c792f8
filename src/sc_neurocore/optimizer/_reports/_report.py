"""What one report says, whichever tool wrote it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NoReturn

from sc_neurocore.optimizer._observation import ObservationLoadError

FLOWS = {"vivado": "Vivado", "quartus": "Quartus", "open": "Yosys and nextpnr"}
"""Tools whose reports belong together."""

_MILLIWATTS = {"W": Decimal(1000), "mW": Decimal(1), "uW": Decimal("0.001")}


@dataclass(frozen=True)
class Report:
    """One report, read.

    Attributes:
        source: its name, for messages.
        kind: what it is, such as ``Vivado utilisation``.
        flow: key of `FLOWS`.
        version: the tool's version; empty if it is not printed.
        stage: how far the design was, as printed; empty if it is not.
        identity: ``top``, ``revision`` and ``device``, as far as printed.
        metrics: fields of an observation that it measures.
        details: what else is worth keeping: parts of the power, the clocks.
    """

    source: str
    kind: str
    flow: str
    version: str = ""
    stage: str = ""
    identity: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The report as the provenance of a payload; only what was printed."""
        found = {"file": self.source, "kind": self.kind, "version": self.version,
                 "stage": self.stage, **self.identity, **self.details}  # fmt: skip
        return {k: v for k, v in found.items() if v not in ("", None)}


def refuse(source: str, message: str) -> NoReturn:
    """Raise `ObservationLoadError` about a report."""
    raise ObservationLoadError(f"{source}: {message}")


def milliwatts(source: str, label: str, number: str, unit: str) -> float:
    """A power in mW, without binary rounding of the printed decimals."""
    if unit not in _MILLIWATTS:
        refuse(source, f"{label} is in '{unit}'; known units are {', '.join(_MILLIWATTS)}")
    return float(Decimal(number.replace(",", "")) * _MILLIWATTS[unit])


def require_available(source: str, label: str, used: float, available: float) -> None:
    """Refuse a count above what the same report says there is."""
    if used > available:
        refuse(
            source,
            f"{label} is {used:g}, but only {available:g} are available; a design that does not "
            "fit its device is no evidence",
        )


def one_value(source: str, label: str, values: list[Any]) -> Any:
    """The one value of what a report may print in several places.

    Raises:
        ObservationLoadError: two places differ.
    """
    distinct = list(dict.fromkeys(values))
    if len(distinct) > 1:
        refuse(
            source,
            f"{label} is {distinct[0]} in one place and {distinct[1]} in another; "
            "give one report of the whole design",
        )
    return distinct[0]


def same_part(a: str, b: str) -> bool:
    """Whether two spellings name one part.

    Vivado writes ``xc7a35tcpg236-1``, ``7a35tcpg236-1`` and, without speed grade,
    ``7a35t-cpg236``.
    """
    one, other = (re.sub(r"[^a-z0-9]", "", part.lower()).removeprefix("xc") for part in (a, b))
    return one.startswith(other) or other.startswith(one)
