"""The JSON documents of the service."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from sc_neurocore.compiler_service.service._tokens import NAME

Name = Annotated[str, StringConstraints(pattern=NAME, max_length=64)]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Text = Annotated[str, StringConstraints(max_length=1000, pattern=r"^[^\x00]*$")]
FileKind = Literal["nir", "npz"]
Seconds = Annotated[float, Field(description="Seconds since 1970.")]


class Document(BaseModel):
    """What all documents share: no unknown fields, finite numbers."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Health(Document):
    """That the service lives."""

    status: Literal["ok"]
    version: str


class Me(Document):
    """Who the token belongs to."""

    id: str
    name: str
    role: Literal["viewer", "operator", "admin"]
    devices: list[str]
    created: Seconds
    revoked: Seconds | None


class NewProject(Document):
    """A project to make."""

    name: Name
    description: Text = ""


class Project(Document):
    """Builds that belong together."""

    id: str
    name: str
    description: str
    created: Seconds
    created_by: str


class File(Document):
    """An uploaded file, known by the SHA-256 of its content."""

    digest: Digest
    kind: FileKind
    size: int


class BuildOptions(Document):
    """What to build; what is left out is as with `sc-neurocore build`."""

    target: Name = "ice40-hx8k"
    backend: Literal["fixed", "stochastic", "hybrid"] = "fixed"
    data: Literal["digits"] | None = None
    weight_bits: int | None = Field(default=None, ge=2, le=16)
    length: int | None = Field(default=None, ge=1, le=1 << 16, description="A power of two.")
    ticks: int | None = Field(default=None, ge=1, le=1 << 16)
    coding: Literal["rate", "direct", "events"] | None = None
    input_bits: int | None = Field(default=None, ge=1, le=15)
    pe: int | None = Field(default=None, ge=1, le=256)
    simd: int | None = Field(default=None, ge=1, le=256)
    latency_us: float | None = Field(default=None, gt=0)
    clock_mhz: float | None = Field(default=None, gt=0, lt=2000)
    live: Literal["axi_lite", "wishbone"] | None = Field(
        default=None, description="Bus behind which weights can be exchanged; devices need it."
    )
    place_and_route: bool = True
    samples: int = Field(default=20, ge=1, le=10_000)
    seed: int = Field(default=1, ge=0, lt=1 << 31)


class NewBuild(Document):
    """A network to build: uploaded files by their digests, and options."""

    name: Name
    network: Digest = Field(description="An uploaded file of kind nir.")
    samples: Digest | None = Field(default=None, description="An uploaded file of kind npz.")
    options: BuildOptions = BuildOptions()


class JobError(Document):
    """Why a job ended without a result."""

    kind: str
    detail: str


class Job(Document):
    """Work in the queue.

    `found` says that the result was computed before; `isolation` what the worker's process was
    cut off from.
    """

    id: str
    kind: str
    state: Literal["queued", "running", "succeeded", "failed", "cancelled"]
    attempt: int
    cancel_requested: bool
    found: bool
    created: Seconds
    started: Seconds | None
    finished: Seconds | None
    isolation: dict[str, bool] | None
    result: dict[str, Any] | None
    error: JobError | None


class Build(Document):
    """A network that is, or will be, built."""

    id: str
    project: str
    name: str
    network: Digest
    samples: Digest | None
    options: dict[str, Any]
    created: Seconds
    created_by: str
    job: Job


class Evidence(Document):
    """The record of a tool's run."""

    key: str
    word: Literal["generated", "executed", "proven", "measured", "estimated"]
    tool: str
    version: str
    options: dict[str, Any]
    inputs: dict[str, str]
    result: dict[str, Any]
    duration_s: float
    blobs: dict[str, str]


class NewDevice(Document):
    """A board to register: a virtual one that the service starts, or one that runs already."""

    name: Name
    build: Name = Field(description="A build with the option live.")
    port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="TCP port of this machine where `sc-neurocore board` listens.",
    )


class Device(Document):
    """A board, and what its ledger says of it."""

    name: str
    kind: Literal["virtual", "remote"]
    build: str
    state: Literal["starting", "ready", "failed", "unsettled"]
    reason: str
    design: str | None = Field(description="First 128 bits of the design's digest.")
    version: int = Field(description="Of the last update committed; 0 for none.")
    parameters: str | None = Field(description="Digest of the parameters that are committed.")
    created: Seconds
    created_by: str


class DeviceIdentity(Document):
    """What the registers of a board say of it."""

    magic: int
    map_version: int
    digest: str
    generation: int


class DeviceTelemetry(Document):
    """What a board reports of itself."""

    busy: bool
    done: bool
    traps: int
    inferences: int
    generation: int
    layer_spikes: list[int]
    update_status: int


Level = Annotated[int, Field(ge=0, le=(1 << 32) - 1)]


class NewInference(Document):
    """A sample to classify: levels, or spikes by tick for the coding `events`."""

    sample: (
        Annotated[list[Level], Field(min_length=1, max_length=1 << 16)]
        | Annotated[
            list[Annotated[list[Level], Field(min_length=1, max_length=1 << 16)]],
            Field(min_length=1, max_length=1 << 12),
        ]
    )


class DeviceInference(Document):
    """What a board answered."""

    prediction: int
    clocks: int
    layer_spikes: list[int]
    generation: int


Share = Annotated[float, Field(ge=0, le=1)]


class Limits(Document):
    """What an update may change; what is left out is the service's own.

    An operator can tighten a limit; only an admin can loosen one.
    """

    min_agreement: Share | None = Field(
        default=None,
        description="Share of samples that must be answered as before; with labels, of those that "
        "were answered rightly.",
    )
    max_accuracy_drop: Share | None = Field(
        default=None, description="By how much the share of right answers may fall."
    )
    max_outside: Share | None = Field(
        default=None,
        description="Share of inferences that may lie outside the telemetry bounds of before.",
    )


class NewUpdate(Document):
    """A network whose weights a device is to have."""

    network: Digest = Field(description="An uploaded file of kind nir.")
    samples: Digest | None = Field(
        default=None,
        description="An uploaded file of kind npz: labelled samples to compare old and new weights "
        "on, in place of the build's.",
    )
    limits: Limits = Limits()
    tick: int = Field(
        default=0, ge=0, le=1 << 16, description="Tick at which it takes effect; 0: between two."
    )
    changed_fields: list[Name] = Field(
        default_factory=list, max_length=32, description="What else has changed, such as clock."
    )


class Gate(Document):
    """What a gate found."""

    name: str
    passed: bool
    reason: str
    evidence: dict[str, Any]


class Update(Document):
    """A change of a device's parameters."""

    id: str
    device: str
    state: Literal[
        "planning",
        "planned",
        "refused",
        "failed",
        "applying",
        "committed",
        "reverted",
        "rolling_back",
        "rolled_back",
    ]
    reason: str
    version: int
    rollback_version: int | None
    tick: int
    network: str | None
    base: str | None
    parameters: str | None
    package: str | None = Field(description="Digest of the signed package.")
    gates: list[Gate]
    job: str | None
    created: Seconds
    created_by: str


class LedgerEntry(Document):
    """One entry of a device's hash chain."""

    device: str
    sequence: int
    previous: Digest
    content: dict[str, Any]
    digest: Digest


class Verification(Document):
    """Whether a device's chain holds; `head` is its last digest, to be kept elsewhere."""

    device: str
    sound: bool
    entries: int
    head: str
    reason: str


class AuditEntry(Document):
    """A change that was asked for, or a refusal."""

    number: int
    at: Seconds
    token: str
    address: str
    method: str
    path: str
    status: int


def job_document(row: Any) -> dict[str, Any]:
    """A row of the job table as a `Job`."""
    plain = ("id", "kind", "state", "attempt", "created", "started", "finished", "isolation")
    found = row["result"]
    return {
        **{name: row[name] for name in plain},
        "cancel_requested": bool(row["cancel"]),
        "found": bool(row["found"]),
        "result": None if found is None else {**found["value"], "files": found["outputs"]},
        "error": row["error"],
    }
