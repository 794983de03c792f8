"""A job of the farm: what is generated, for which device, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Literal

from sc_neurocore.evidence import canonical_json, digest

Status = Literal["measured", "failed"]


@dataclass(frozen=True, eq=False)
class Job:
    """One design on one device.

    Attributes:
        kind: ``engine``, ``sc_layer``, or a module of the library.
        group: rows of one group never stand on both sides of a split.
        parameters: everything that the design is generated from, as JSON values.
        target: name of the device.
        place: whether it is placed and routed, not only synthesised.
        seed: of the placer.
    """

    kind: str
    group: str
    parameters: Mapping[str, Any]
    target: str
    place: bool
    seed: int = 1

    @cached_property
    def key(self) -> str:
        """The job's address: the hash of all of it."""
        return digest(canonical_json(asdict(self)))

    def to_json(self) -> dict[str, Any]:
        """The job as JSON values."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Result:
    """What came of a job.

    Attributes:
        job: the job.
        status: ``measured``, or ``failed`` without any figure that was not measured.
        reason: of the failure, in a sentence; empty otherwise.
        figures: what was measured: ``luts``, ``ffs``, ``carries``, ``brams``, ``dsps`` after
            synthesis; ``logic_cells`` and ``fmax_mhz`` after routing. A design that synthesises but
            does not fit has the former and the reason.
        records: keys of the evidence, by tool.
        versions: of the tools, by tool.
        seconds: that the job took.
    """

    job: Job
    status: Status
    reason: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)
    records: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """The result as JSON values, with the key of its job."""
        return {"key": self.job.key, **asdict(self)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Result:
        """A result from what `to_json` gave."""
        rest = {k: v for k, v in data.items() if k not in ("key", "job")}
        return cls(Job(**data["job"]), **rest)
