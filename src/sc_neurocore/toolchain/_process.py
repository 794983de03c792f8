"""Child processes: no shell, scrubbed environment, limits, and nothing left behind."""

from __future__ import annotations

import contextlib
import os
import re
import resource
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sc_neurocore.exceptions import SCConfigError, ToolError

# What a child may see of our environment; everything else is dropped.
_PASSED_ON = ("PATH", "HOME", "XDG_CACHE_HOME", "YOWASP_CACHE_DIR", "SYSTEMROOT")

_LOG_LIMIT = 8 << 20  # bytes; a tool in a loop must not fill our memory

_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


@dataclass(frozen=True)
class Completed:
    """A child that ended: its exit status (negative: killed by that signal) and its output."""

    status: int
    log: str


@contextlib.contextmanager
def job_directory() -> Iterator[Path]:
    """Yield a fresh directory that is removed however the block ends."""
    with tempfile.TemporaryDirectory(prefix="sc-neurocore-") as name:
        work = Path(name).resolve() / "work"
        work.mkdir()
        (work.parent / "tmp").mkdir()
        yield work


def write_sources(directory: Path, sources: Mapping[str, str | bytes]) -> None:
    """Write named texts into a directory.

    Raises:
        SCConfigError: if a name is anything but a plain file name.
    """
    for name, text in sources.items():
        if not _PLAIN_NAME.fullmatch(name):
            raise SCConfigError(
                f"source name {name!r} is not a plain file name; "
                "use letters, digits, '_', '-' and '.' only"
            )
        (directory / name).write_bytes(text.encode() if isinstance(text, str) else text)


def run_process(
    tool: str,
    argv: Sequence[str],
    *,
    cwd: Path,
    timeout_s: float,
    memory_mb: int | None = None,
    env: Mapping[str, str] | None = None,
    watch: Callable[[str], None] | None = None,
) -> Completed:
    """Run a command in a directory made by `job_directory` and return its end.

    Args:
        tool: the name to use in messages.
        argv: the command; never passed to a shell.
        cwd: where it runs.
        timeout_s: wall-clock limit in seconds.
        memory_mb: address-space limit in MiB. None for WebAssembly tools, which reserve
            far more address space than they use.
        env: variables to add to the scrubbed environment.
        watch: called with each line of output; an exception from it ends the child.

    Raises:
        ToolError: if the command cannot be started or passes its time limit.
    """
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    environment |= {"LC_ALL": "C.UTF-8", "TMPDIR": str(cwd.parent / "tmp")} | dict(env or {})
    try:
        child = subprocess.Popen(
            argv,
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise ToolError(f"{tool} could not be started: {error.strerror}") from None
    try:
        if memory_mb is not None:
            limit_memory(child.pid, memory_mb)
        log = _collect(child, timeout_s, watch)
        if log is None:
            raise ToolError(
                f"{tool} did not finish within {timeout_s:g} s; "
                "raise the time limit or make the design smaller"
            )
        return Completed(child.wait(), log)
    finally:
        # The whole session goes: on a time-out, on Ctrl-C, and for orphans of a normal end.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        if child.stdout is not None:
            child.stdout.close()


def limit_memory(pid: int, memory_mb: int) -> None:
    """Limit the address space of a running process, where the system can (Linux)."""
    if hasattr(resource, "prlimit"):
        size = memory_mb << 20
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_AS, (size, size))


def checked(tool: str, completed: Completed) -> Completed:
    """Return a completed run if it succeeded.

    Raises:
        ToolError: naming the tool, how it ended, and the log line that says most.
    """
    if completed.status == 0:
        return completed
    if completed.status < 0:
        end = f"crashed ({signal.Signals(-completed.status).name})"
    else:
        end = f"failed (exit status {completed.status})"
    raise ToolError(f"{tool} {end}: {telling_line(completed.log)}")


def telling_line(log: str) -> str:
    """Return the line of a log that explains a failure: the first error, else the last line."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    for pattern in (r"\berror(-\w+)?:", r"[:*] .*\berror\b"):
        for line in lines:
            if re.search(pattern, line, re.IGNORECASE):
                return line
    return (lines or ["it printed nothing"])[-1]


def warnings_of(log: str) -> list[str]:
    """Return the distinct warning lines of a log, in order."""
    found = (
        line.strip() for line in log.splitlines() if re.search(r"\bwarning\b", line, re.IGNORECASE)
    )
    return list(dict.fromkeys(line for line in found if not re.search(r"\b\d+ warnings?\b", line)))


def _collect(
    child: subprocess.Popen[bytes], timeout_s: float, watch: Callable[[str], None] | None
) -> str | None:
    """Read a child's output to its end; None if the time ran out first."""
    assert child.stdout is not None
    deadline = time.monotonic() + timeout_s
    chunks: list[bytes] = []
    size = 0
    partial = b""
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        while True:
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                return None
            if not selector.select(min(remaining, 0.2)):
                # A grandchild may hold the pipe open after the child has gone.
                if child.poll() is not None:
                    break
                continue
            chunk = os.read(child.stdout.fileno(), 1 << 16)
            if not chunk:
                break
            chunks.append(chunk)
            size += len(chunk)
            while size > _LOG_LIMIT and len(chunks) > 1:
                size -= len(chunks.pop(0))
            if watch is not None:
                *lines, partial = (partial + chunk).split(b"\n")
                for line in lines:
                    watch(line.decode(errors="replace"))
    try:
        child.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return None
    return b"".join(chunks).decode(errors="replace")
