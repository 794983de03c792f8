"""Running one job in a process of its own, within limits, with nothing left behind."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sc_neurocore._scratch import ScratchDirectory
from sc_neurocore.compiler_service.service._isolation import descendants, resident_mb
from sc_neurocore.compiler_service.service._settings import JobLimits
from sc_neurocore.exceptions import SCNeuroError

_MODULE = "sc_neurocore.compiler_service.service._child"
_POLL_SECONDS = 0.1
#: Bytes of messages that a job may send; more is a fault or an attack.
_MESSAGES = 1 << 20
#: Seconds in which a fresh process must have imported what it needs.
_START_SECONDS = 120.0


class RefusedError(SCNeuroError):
    """A job ended without a result.

    Attributes:
        kind: class of the error, or which limit was passed.
    """

    exit_code = 9

    def __init__(self, kind: str, sentence: str) -> None:
        super().__init__(sentence)
        self.kind = kind


@dataclass(frozen=True)
class Finished:
    """What a job gave back.

    Attributes:
        value: its result as JSON.
        outputs: the files that it made, by name.
    """

    value: Mapping[str, Any]
    outputs: Mapping[str, bytes]


class Sandbox:
    """A process that waits for one job, and its scratch directory.

    It starts at once, and is of use once; leaving the context kills all that is left of it.

    Args:
        scratch: directory in which it gets one of its own.
        cache: where tools and kernels keep what can be made again.
    """

    def __init__(self, scratch: Path, cache: Path) -> None:
        self._scratch = ScratchDirectory("job-", scratch)
        self.directory = self._scratch.path
        for part in ("in", "out", "tmp"):
            (self.directory / part).mkdir()
        yowasp = Path(os.environ.get("YOWASP_CACHE_DIR", cache / "yowasp"))
        yowasp.mkdir(parents=True, exist_ok=True)
        package = Path(__file__).parents[3]
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "PYTHONPATH": str(package),
            "HOME": str(self.directory),
            "TMPDIR": str(self.directory / "tmp"),
            "LC_ALL": "C.UTF-8",
            "SC_NEUROCORE_CACHE": str(cache.resolve()),
            "YOWASP_CACHE_DIR": str(yowasp.resolve()),
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }
        with (self.directory / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", _MODULE],
                cwd=self.directory,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        self.isolation: Mapping[str, bool] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def run(
        self,
        kind: str,
        arguments: Mapping[str, Any],
        inputs: Mapping[str, bytes],
        limits: JobLimits,
        on_event: Callable[[str, Mapping[str, Any]], None],
        keep_going: Callable[[], None] = lambda: None,
    ) -> Finished:
        """Run a job to its end.

        Args:
            kind: one of the tasks.
            arguments: of the task.
            inputs: its files by name.
            limits: what it may use.
            on_event: told ``isolated`` and every ``stage``.
            keep_going: called several times a second; an exception from it ends the job.

        Raises:
            RefusedError: it failed or passed a limit.
        """
        for name, data in inputs.items():
            (self.directory / "in" / name).write_bytes(data)
        job = {"kind": kind, "arguments": dict(arguments), "limits": asdict(limits)}
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps(job).encode() + b"\n")
            self.process.stdin.flush()
        message = self._listen(limits, on_event, keep_going)
        if "refused" in message:
            raise RefusedError(str(message["refused"]), str(message["detail"]))
        return Finished(message["value"], self._outputs(limits))

    def close(self) -> None:
        """Kill every process of the job and remove its files."""
        below = descendants(self.process.pid)
        while True:
            for pid in (self.process.pid, *below):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            left = [pid for pid in descendants(self.process.pid) if pid not in below]
            if not left:
                break
            below += left
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(BrokenPipeError):
                if pipe is not None:
                    pipe.close()
        self._scratch.remove()

    def _listen(
        self,
        limits: JobLimits,
        on_event: Callable[[str, Mapping[str, Any]], None],
        keep_going: Callable[[], None],
    ) -> Mapping[str, Any]:
        """Follow the job's messages to the last."""
        assert self.process.stdout is not None
        pipe = self.process.stdout.fileno()
        deadline = time.monotonic() + _START_SECONDS
        pending, received, started = b"", 0, False
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, selectors.EVENT_READ)
            while True:
                keep_going()
                self._require_within(limits, deadline, started)
                if not selector.select(_POLL_SECONDS):
                    continue
                chunk = os.read(pipe, 1 << 16)
                if not chunk:
                    raise self._death(limits)
                received += len(chunk)
                if received > _MESSAGES:
                    raise RefusedError("OutputLimit", "the job reports more than it may")
                *lines, pending = (pending + chunk).split(b"\n")
                for line in lines:
                    message = json.loads(line)
                    if "ready" in message:
                        self.isolation = message["ready"]
                        on_event("isolated", self.isolation)
                        started, deadline = True, time.monotonic() + limits.seconds
                    elif "stage" in message:
                        on_event("stage", {"stage": str(message["stage"])[:200]})
                    else:
                        return dict(message)

    def _require_within(self, limits: JobLimits, deadline: float, started: bool) -> None:
        if time.monotonic() > deadline:
            if not started:
                raise RefusedError("TimeLimit", "the job's process did not start in time")
            raise RefusedError("TimeLimit", f"the job passed its limit of {limits.seconds:g} s")
        used = resident_mb([self.process.pid, *descendants(self.process.pid)])
        if used > limits.memory_mb:
            raise RefusedError(
                "MemoryLimit", f"the job passed its limit of {limits.memory_mb} MiB of memory"
            )
        if self._written_mb() > limits.output_mb:
            raise _too_much(limits)

    def _written_mb(self) -> float:
        total = 0
        for folder, _, names in os.walk(self.directory):
            if folder == str(self.directory / "in"):
                continue
            for name in names:
                with contextlib.suppress(OSError):
                    total += os.lstat(os.path.join(folder, name)).st_size  # noqa: PTH118
        return total / (1 << 20)

    def _death(self, limits: JobLimits) -> RefusedError:
        """Why a process ended without a last message."""
        status = self.process.wait()
        if status in (-signal.SIGXCPU, 128 + signal.SIGXCPU):
            return RefusedError(
                "TimeLimit", f"the job passed its limit of {limits.cpu_seconds} s of processor time"
            )
        return RefusedError("Crash", f"the job's process ended by itself (status {status})")

    def _outputs(self, limits: JobLimits) -> dict[str, bytes]:
        if self._written_mb() > limits.output_mb:
            raise _too_much(limits)
        # A link could lead anywhere; only plain files are taken.
        files = sorted(x for x in (self.directory / "out").iterdir() if not x.is_symlink())
        return {file.name: file.read_bytes() for file in files if file.is_file()}


def _too_much(limits: JobLimits) -> RefusedError:
    return RefusedError(
        "OutputLimit", f"the job passed its limit of {limits.output_mb} MiB of files"
    )
