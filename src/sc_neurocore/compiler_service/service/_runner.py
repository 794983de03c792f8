"""A worker: takes jobs from the queue and runs each in a process of its own."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Mapping
from typing import Any

from sc_neurocore.compiler_service.service._boards import Boards, without_paths
from sc_neurocore.compiler_service.service._cluster import run_on_cluster
from sc_neurocore.compiler_service.service._database import Database
from sc_neurocore.compiler_service.service._files import FileStore
from sc_neurocore.compiler_service.service._problem import Problem
from sc_neurocore.compiler_service.service._queue import (
    CancelledError,
    Claim,
    LostLeaseError,
    Queue,
    worker_name,
)
from sc_neurocore.compiler_service.service._sandbox import Finished, RefusedError, Sandbox
from sc_neurocore.compiler_service.service._settings import Settings
from sc_neurocore.compiler_service.service._updates import TryAgainError, Updates
from sc_neurocore.exceptions import SCNeuroError

_IDLE_SECONDS, _AGAIN_SECONDS = 0.1, 1.0
_log = logging.getLogger("sc_neurocore.service")


class Runner:
    """Runs jobs one at a time, with the process of the next one warm.

    Args:
        settings: of the service.
        database: its database.
        stopping: whether the worker is to end; a job that runs is then given back.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self.settings, self.database, self._stopping = settings, database, stopping
        self.files = FileStore(settings.state / "files")
        self.queue = Queue(database, worker_name(os.getpid()), settings.lease_seconds)
        self.updates = Updates(Boards(settings, database), self.queue)
        self._next: Sandbox | None = None

    def step(self) -> bool:
        """Run one job to its end, if one is waiting.

        Returns:
            Whether there was one.
        """
        claim = self.queue.claim()
        if claim is None:
            return False
        try:
            self._attempt(claim)
        except LostLeaseError:
            _log.warning("job %s, attempt %d: the lease was lost", claim.id, claim.attempt)
        except _StoppingError:
            self.queue.give_back(claim)
        return True

    def run(self, goes_on: Callable[[], bool]) -> None:
        """Run jobs as long as `goes_on` says."""
        try:
            while goes_on():
                self.warm_up()
                if not self.step():
                    time.sleep(_IDLE_SECONDS)
        finally:
            self.close()

    def warm_up(self) -> None:
        """Start the process of the next job."""
        if self._next is None and not self.settings.scheduler:
            self._next = self._sandbox()

    def close(self) -> None:
        """End the process that waits for a job."""
        if self._next is not None:
            self._next.close()
            self._next = None

    def _sandbox(self) -> Sandbox:
        return Sandbox(self.settings.state / "scratch", self.settings.cache)

    def _attempt(self, claim: Claim) -> None:
        heartbeat = _Heartbeat(self.queue, claim, self.settings.lease_seconds / 5, self._stopping)
        try:
            if claim.kind == "apply":
                self.updates.apply(claim, _Heartbeat(self.queue, claim, 1.0, lambda: False))
                return
            inputs = {name: self.files.read(x) for name, x in claim.spec["inputs"].items()}
            if claim.kind == "plan":
                inputs["recording"] = self.updates.record(claim, heartbeat)
            done = self._finished(claim, inputs, heartbeat)
            if claim.kind == "plan":
                self.updates.planned(claim, done.value, done.outputs)
                return
            outputs = {name: self.files.put(data) for name, data in done.outputs.items()}
            self.queue.succeed(claim, {"value": done.value, "outputs": outputs})
        except CancelledError:
            self.queue.cancelled(claim)
        except TryAgainError:
            time.sleep(_AGAIN_SECONDS)
            self.queue.give_back(claim)
        except Problem as problem:
            self._fail(claim, problem.kind, str(problem.detail))
        except RefusedError as error:
            self._fail(claim, error.kind, str(error))
        except SCNeuroError as error:
            self._fail(claim, type(error).__name__, str(error))
        except (_StoppingError, LostLeaseError):
            raise
        except Exception:
            _log.exception("job %s, attempt %d", claim.id, claim.attempt)
            self._fail(claim, "Fault", "the service failed on this job; its log has the reason")

    def _fail(self, claim: Claim, kind: str, sentence: str) -> None:
        self.queue.fail(claim, kind, without_paths(sentence))

    def _finished(
        self, claim: Claim, inputs: Mapping[str, bytes], heartbeat: Callable[[], None]
    ) -> Finished:
        def on_event(kind: str, data: Mapping[str, Any]) -> None:
            if kind == "isolated":
                self.queue.isolated(claim, data)
            else:
                self.queue.report(claim, kind, data)

        work = (claim.kind, claim.spec["arguments"], inputs, self.settings.limits)
        if self.settings.scheduler:
            return run_on_cluster(self.settings.scheduler, work, on_event, heartbeat)
        sandbox, self._next = self._next or self._sandbox(), None
        with sandbox:
            return sandbox.run(*work, on_event, heartbeat)


class _StoppingError(Exception):
    """The worker is to end."""


class _Heartbeat:
    """Renews a lease now and then, and ends the job when the worker is to end."""

    def __init__(
        self, queue: Queue, claim: Claim, interval: float, stopping: Callable[[], bool]
    ) -> None:
        self._queue, self._claim, self._interval = queue, claim, min(interval, 1.0)
        self._stopping, self._due = stopping, 0.0

    def __call__(self) -> None:
        if self._stopping():
            raise _StoppingError
        if time.monotonic() >= self._due:
            self._queue.renew(self._claim)
            self._due = time.monotonic() + self._interval
