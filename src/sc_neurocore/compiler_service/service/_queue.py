"""The job table as a queue: leases, fencing tokens, and results that are never computed twice."""

from __future__ import annotations

import secrets
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, func, insert, or_, select, update

from sc_neurocore.compiler_service.service._database import Database
from sc_neurocore.compiler_service.service._tables import BUSY, event, job, result
from sc_neurocore.compiler_service.service._tables import update as live_update
from sc_neurocore.evidence import JSON, canonical_json, code_digest, digest

#: States that a job does not leave.
ENDED = ("succeeded", "failed", "cancelled")
#: Attempts after which a job is given up.
MOST_ATTEMPTS = 50


class LostLeaseError(Exception):
    """Another worker has taken the job over; nothing of this attempt may be written."""


class CancelledError(Exception):
    """Someone asked for the job to be stopped."""


@dataclass(frozen=True)
class Claim:
    """One attempt at a job.

    Attributes:
        id: of the job.
        kind: what is to be done.
        key: hash of everything that decides the result.
        spec: ``inputs`` (name to digest) and ``arguments``.
        attempt: the fencing token, which only grows.
    """

    id: str
    kind: str
    key: str
    spec: Mapping[str, Any]
    attempt: int


def enqueue(connection: Connection, kind: str, spec: Mapping[str, Any], key: str = "") -> str:
    """Add a job and return its id.

    Args:
        connection: a writing transaction.
        kind: what is to be done.
        spec: its inputs and arguments.
        key: of jobs whose effect is not a function of `spec` alone; else the hash of all that.
    """
    identity = f"job-{secrets.token_hex(8)}"
    content: dict[str, JSON] = {"kind": kind, "spec": dict(spec), "code": code_digest()}
    row = {
        "id": identity,
        "kind": kind,
        "key": key or digest(canonical_json(content)),
        "spec": dict(spec),
        "state": "queued",
        "attempt": 0,
        "cancel": 0,
        "found": 0,
        "created": time.time(),
    }
    connection.execute(insert(job), row)
    _append(connection, identity, "queued", {})
    return identity


def request_cancel(connection: Connection, identity: str) -> None:
    """Stop a job: at once if nobody runs it, else as soon as its worker looks.

    One that may have begun to change a device is not stopped: it ends whole.
    """
    stays = and_(job.c.kind == "apply", job.c.attempt > 0)
    waiting = update(job).where(job.c.id == identity, job.c.state == "queued", ~stays)
    done = connection.execute(waiting.values(state="cancelled", finished=time.time(), cancel=1))
    if done.rowcount:
        _append(connection, identity, "cancelled", {})
        _let_go(connection, identity, "the job was cancelled")
    else:
        connection.execute(update(job).where(job.c.id == identity).values(cancel=1))


def worker_name(pid: int) -> str:
    """How the worker that is a process of this machine is called."""
    return f"{socket.gethostname()}:{pid}"


def release(connection: Connection, worker: str) -> None:
    """Let others have the jobs of a worker that has ended."""
    held = update(job).where(job.c.worker == worker, job.c.state == "running")
    connection.execute(held.values(lease=0.0))


class Queue:
    """What a worker does with the job table.

    Args:
        database: where it is.
        worker: name of this worker.
        lease_seconds: time after which a silent worker has lost its job.
    """

    def __init__(self, database: Database, worker: str, lease_seconds: float) -> None:
        self.database, self.worker, self.lease_seconds = database, worker, lease_seconds

    def claim(self) -> Claim | None:
        """Take the oldest job that is waiting or whose worker has gone silent.

        A job whose key is being worked on elsewhere waits; one whose result is known ends here.
        """
        now = time.time()
        rival = job.alias()
        free = or_(job.c.state == "queued", and_(job.c.state == "running", job.c.lease < now))
        busy = (
            select(rival.c.id)
            .where(
                rival.c.key == job.c.key,
                rival.c.id != job.c.id,
                rival.c.state == "running",
                rival.c.lease >= now,
            )
            .exists()
        )
        with self.database.reading() as connection:
            row = connection.execute(
                select(job).where(free, ~busy).order_by(job.c.created, job.c.id).limit(1)
            ).first()
        if row is None:
            return None
        with self.database.writing() as connection:
            # Whoever comes second matches no row: the attempt has grown.
            mine = update(job).where(
                job.c.id == row.id, job.c.attempt == row.attempt, job.c.state == row.state
            )
            taken = connection.execute(
                mine.values(
                    state="running",
                    attempt=row.attempt + 1,
                    worker=self.worker,
                    lease=now + self.lease_seconds,
                    started=func.coalesce(job.c.started, now),
                )
            )
            if not taken.rowcount:
                return None
            claim = Claim(row.id, row.kind, row.key, row.spec, row.attempt + 1)
            kind = "started" if row.attempt == 0 else "resumed"
            _append(connection, row.id, kind, {"attempt": claim.attempt})
            if row.attempt >= MOST_ATTEMPTS:
                sentence = f"the job's worker ended {MOST_ATTEMPTS} times before the job did"
                self._end(connection, claim, "failed", error={"kind": "Crash", "detail": sentence})
                return None
            known = connection.execute(select(result).where(result.c.key == row.key)).first()
            if known is not None:
                self._end(connection, claim, "succeeded", result=known.value, found=1)
                return None
        return claim

    def renew(self, claim: Claim) -> None:
        """Say that the work goes on.

        Raises:
            LostLeaseError: another worker has it.
            CancelledError: it is to stop, and an earlier attempt cannot have changed a device.
        """
        lease = time.time() + self.lease_seconds
        with self.database.writing() as connection:
            if not connection.execute(_held(claim).values(lease=lease)).rowcount:
                raise LostLeaseError
            wanted = connection.scalar(select(job.c.cancel).where(job.c.id == claim.id))
        if wanted and not (claim.kind == "apply" and claim.attempt > 1):
            raise CancelledError

    def report(self, claim: Claim, kind: str, data: Mapping[str, Any]) -> None:
        """Add an event to the job's progress."""
        with self.database.writing() as connection:
            self._require(connection, claim)
            _append(connection, claim.id, kind, data)

    def succeed(
        self, claim: Claim, value: Mapping[str, Any], connection: Connection | None = None
    ) -> None:
        """End a job with its result; both become visible in one transaction.

        Raises:
            LostLeaseError: another worker has it; nothing is written.
        """
        if connection is None:
            with self.database.writing() as own:
                self.succeed(claim, value, own)
            return
        self._end(connection, claim, "succeeded", result=dict(value))
        if (
            connection.execute(select(result.c.key).where(result.c.key == claim.key)).first()
            is None
        ):
            row = {"key": claim.key, "value": dict(value), "created": time.time()}
            connection.execute(insert(result), row)

    def fail(self, claim: Claim, error: str, sentence: str) -> None:
        """End a job with a sentence that says why.

        Raises:
            LostLeaseError: another worker has it; nothing is written.
        """
        with self.database.writing() as connection:
            self._end(connection, claim, "failed", error={"kind": error, "detail": sentence})

    def cancelled(self, claim: Claim) -> None:
        """End a job that was stopped on request."""
        with self.database.writing() as connection:
            self._end(connection, claim, "cancelled")

    def give_back(self, claim: Claim) -> None:
        """Let another worker have the job at once."""
        with self.database.writing() as connection:
            connection.execute(_held(claim).values(state="queued", lease=None, worker=None))

    def isolated(self, claim: Claim, how: Mapping[str, Any]) -> None:
        """Note how the job was isolated."""
        with self.database.writing() as connection:
            if not connection.execute(_held(claim).values(isolation=dict(how))).rowcount:
                raise LostLeaseError

    def _require(self, connection: Connection, claim: Claim) -> None:
        if not connection.execute(_held(claim).values(worker=self.worker)).rowcount:
            raise LostLeaseError

    def _end(self, connection: Connection, claim: Claim, state: str, **values: Any) -> None:
        ended = _held(claim).values(state=state, finished=time.time(), lease=None, **values)
        if not connection.execute(ended).rowcount:
            raise LostLeaseError
        error = values.get("error")
        _append(connection, claim.id, state, {"detail": error["detail"]} if error else {})
        if state != "succeeded":
            _let_go(connection, claim.id, error["detail"] if error else f"the job was {state}")


def _held(claim: Claim) -> Any:
    return update(job).where(
        job.c.id == claim.id, job.c.attempt == claim.attempt, job.c.state == "running"
    )


def _let_go(connection: Connection, identity: str, reason: str) -> None:
    """The update that a job ended without, if it was for one, is what it was before."""
    spec = connection.scalar(select(job.c.spec).where(job.c.id == identity)) or {}
    state = spec.get("arguments", {}).get("before", "failed")
    mine = update(live_update).where(live_update.c.job == identity, live_update.c.state.in_(BUSY))
    connection.execute(mine.values(state=state, reason=reason))


def _append(connection: Connection, identity: str, kind: str, data: Mapping[str, Any]) -> None:
    last = connection.scalar(select(func.max(event.c.number)).where(event.c.job == identity))
    row = {"job": identity, "number": (last or 0) + 1, "at": time.time()}
    connection.execute(insert(event), row | {"kind": kind, "data": dict(data)})
