"""Parts as child processes: started, listened to, started again when killed, ended."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from sc_neurocore._orphans import end_with_parent
from sc_neurocore.exceptions import SCNeuroError
from sc_neurocore.ir import PartitionError, Partitions
from sc_neurocore.partition._ends import Ends
from sc_neurocore.partition._links import Link
from sc_neurocore.partition._part import HaltedError, Part
from sc_neurocore.partition._run import Collected, PartitionRun
from sc_neurocore.partition._status import PartStatus
from sc_neurocore.partition._worker import run_part

_PRIMARY_S, _END_S, _RESTARTS = 1.0, 2.0, 8


class _Child:
    """Control of a part in a child process: a pipe to the supervisor, whose end ends it."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._began: float | None = None
        self._stopped = False

    def fileno(self) -> int:
        return self._pipe.fileno()

    def report(self, kind: str, content: Any) -> None:
        self._pipe.send((kind, content))

    def started(self) -> float | None:
        self._listen()
        return self._began

    def stopped(self, finished: bool) -> bool:
        self._listen()
        return self._stopped

    def _listen(self) -> None:
        while not self._stopped and self._pipe.poll():
            began = self._pipe.recv()
            if began is None:
                self._stopped = True
            else:
                self._began = began


class Supervisor:
    """Starts the parts, collects what they report, starts again what was killed."""

    def __init__(
        self, parts: Mapping[str, Part], links: tuple[Link, ...], ends: Ends,
        on_status: Callable[[PartStatus], None] | None,
    ) -> None:  # fmt: skip
        self._parts, self._links, self._ends = parts, links, ends
        self._on_status = on_status
        self._context = multiprocessing.get_context("fork")
        self._pipes: dict[str, Connection] = {}
        self._processes: dict[str, BaseProcess] = {}
        self._restarts = dict.fromkeys(parts, 0)
        self._began: float | None = None
        self._ready: set[str] = set()

    def run(self, partitions: Partitions, collected: Collected) -> PartitionRun:
        limit = time.monotonic() + next(iter(self._parts.values())).pace.start_s + _PRIMARY_S
        for place in self._parts:
            self._start(place)
        while len(collected.done) < len(self._parts):
            for place in self._waiting():
                self._listen(place, collected)
            if self._began is None and time.monotonic() > limit:
                late = ", ".join(repr(place) for place in self._parts if place not in self._ready)
                raise PartitionError(f"no answer in time from the process of place {late}")
        assert self._began is not None
        seconds = time.monotonic() - self._began
        self._hear_out(collected)
        return collected.run(partitions, self._links, self._restarts, seconds)

    def end(self) -> None:
        """End every process, and leave nothing behind."""
        self._stop()
        limit = time.monotonic() + _END_S
        for process in self._processes.values():
            process.join(max(0.0, limit - time.monotonic()))
            if process.is_alive():
                process.kill()
                process.join()
            process.close()
        for pipe in self._pipes.values():
            pipe.close()

    def _stop(self) -> None:
        for pipe in self._pipes.values():
            with suppress(OSError):
                pipe.send(None)

    def _hear_out(self, collected: Collected) -> None:
        """End a run that is done, and take the last counters of every place."""
        self._stop()
        limit, left = time.monotonic() + _END_S, dict(self._pipes)
        while left and (ready := wait([*left.values()], max(0.0, limit - time.monotonic()))):
            for place in [place for place, pipe in left.items() if pipe in ready]:
                try:
                    kind, content = left[place].recv()
                except (EOFError, OSError):
                    del left[place]
                    continue
                if kind == "done":
                    collected.done[place] = content

    def _start(self, place: str) -> None:
        ours, theirs = self._context.Pipe()
        foreign = (ours, *self._pipes.values())
        process = self._context.Process(
            target=_child,
            name=f"part {place}",
            args=(self._parts[place], self._links, self._ends, theirs, foreign, os.getpid()),
        )
        # An interrupt is the supervisor's, also of a process that has just begun.
        held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, held)
        theirs.close()
        self._pipes[place], self._processes[place] = ours, process

    def _waiting(self) -> list[str]:
        """Places that have something to say, or ended."""
        ready = wait([*self._pipes.values()], _PRIMARY_S)
        return [place for place, pipe in self._pipes.items() if pipe in ready]

    def _listen(self, place: str, collected: Collected) -> None:
        try:
            kind, content = self._pipes[place].recv()
        except (EOFError, OSError):
            self._died(place)
            collected.done.pop(place, None)
            return
        if kind == "ready":
            self._ready.add(place)
            if self._began is not None:
                self._pipes[place].send(self._began)
            elif len(self._ready) == len(self._parts):
                self._began = time.monotonic()
                for pipe in self._pipes.values():
                    with suppress(OSError):
                        pipe.send(self._began)
        elif kind == "status":
            if self._on_status is not None:
                self._on_status(content)
        elif kind == "outputs":
            collected.take(*content)
        elif kind == "done":
            collected.done[place] = content
        else:
            raise PartitionError(self._cause(place, kind, content))

    def _died(self, place: str) -> None:
        process = self._processes[place]
        process.join()
        code = process.exitcode
        if not self._parts[place].snapshot_every:
            raise PartitionError(
                f"the process of place {place!r} ended ({_how(code)}); with snapshots it would "
                "have been started again (`snapshot_every`)"
            )
        if self._restarts[place] >= _RESTARTS:
            raise PartitionError(
                f"the process of place {place!r} ended {_RESTARTS + 1} times ({_how(code)})"
            )
        self._restarts[place] += 1
        process.close()
        self._pipes.pop(place).close()
        self._start(place)

    def _cause(self, place: str, kind: str, content: str) -> str:
        """Why a run ended: what halted it rather than who heard of it."""
        limit = time.monotonic() + _PRIMARY_S
        open_pipes = [*self._pipes.values()]
        while kind == "halted" and open_pipes and (left := limit - time.monotonic()) > 0:
            ready = wait([*open_pipes], left)
            for pipe in [p for p in open_pipes if p in ready]:
                try:
                    found, text = pipe.recv()
                except (EOFError, OSError):
                    open_pipes.remove(pipe)
                    continue
                if found == "failed":
                    return str(text)
        return content


def _how(code: int | None) -> str:
    return f"signal {-code}" if code is not None and code < 0 else f"status {code}"


def _child(
    part: Part, links: tuple[Link, ...], ends: Ends, pipe: Connection,
    foreign: tuple[Connection, ...], supervisor: int,
) -> None:  # fmt: skip
    """What a child process does; the supervisor's ends of pipes are not its own."""
    end_with_parent(supervisor)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for other in foreign:
        other.close()
    code = 0
    try:
        run_part(part, links, ends.open(part.place), _Child(pipe))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        code = 1  # the supervisor has ended
    except SCNeuroError as error:
        code = error.exit_code
        kind = "halted" if isinstance(error, HaltedError) else "failed"
        with suppress(OSError):
            pipe.send((kind, str(error)))
    except BaseException:
        code = 1
        with suppress(OSError):
            pipe.send(("failed", f"place {part.place!r} crashed: {traceback.format_exc()}"))
    # Neither the tests' nor the caller's handlers run in a child.
    os._exit(code)
