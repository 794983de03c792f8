"""What a service is started with."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from sc_neurocore.exceptions import SCConfigError

#: Where the service listens unless told otherwise: this machine only.
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class JobLimits:
    """What one job may use.

    Attributes:
        seconds: wall-clock time.
        cpu_seconds: processor time of each of its processes.
        memory_mb: private memory of all its processes together, in MiB.
        output_mb: what it may write, in MiB: each file, and its scratch directory.
        files: files that a process may hold open.
    """

    seconds: float = 3600.0
    cpu_seconds: int = 7200
    memory_mb: int = 4096
    output_mb: int = 512
    files: int = 256


@dataclass(frozen=True)
class Settings:
    """Options of one service.

    Attributes:
        state: directory of everything that lasts: database, files, keys, evidence.
        database: SQLAlchemy URL; empty for SQLite in the state directory.
        scheduler: address of a Dask scheduler that runs the jobs; empty for this machine.
        workers: processes of this machine that run jobs.
        upload_mb: largest file that is accepted, in MiB.
        document_kb: largest JSON document that is accepted, in KiB.
        rate: requests per second that a token may make in the long run.
        burst: requests that it may make at once.
        evidence: directory of the evidence store and of compiled kernels; None for one in the
            state directory.
        lease_seconds: a worker that does not report for this long has lost its job.
        limits: what one job may use.
    """

    state: Path
    database: str = ""
    scheduler: str = ""
    workers: int = 1
    upload_mb: int = 64
    document_kb: int = 1024
    rate: float = 100.0
    burst: int = 200
    evidence: Path | None = None
    lease_seconds: float = 15.0
    limits: JobLimits = field(default_factory=JobLimits)

    def __post_init__(self) -> None:
        for name in ("workers", "upload_mb", "document_kb", "rate", "burst", "lease_seconds"):
            value = getattr(self, name)
            if not value > 0:
                raise SCConfigError(f"{name} is {value}; it must be above 0")

    @property
    def url(self) -> str:
        """URL of the database."""
        return self.database or f"sqlite:///{self.state / 'service.sqlite'}"

    @property
    def cache(self) -> Path:
        """Directory of evidence and of whatever can be made again."""
        return self.evidence or self.state / "cache"

    def prepare(self) -> None:
        """Make the state directory and its parts, readable by the owner alone.

        Raises:
            SCConfigError: it cannot be written.
        """
        try:
            for part in ("", "files", "scratch", "cache", "devices", "keys"):
                (self.state / part).mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise SCConfigError(
                f"the state directory '{self.state}' cannot be written ({error.strerror}); name "
                "another with --state"
            ) from None
