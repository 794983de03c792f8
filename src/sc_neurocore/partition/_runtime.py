"""A network over several places, run: all on this machine, or one of them."""

from __future__ import annotations

import multiprocessing
import os
import socket
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from sc_neurocore._scratch import ScratchDirectory
from sc_neurocore.exceptions import SCNeuroError
from sc_neurocore.ir import PartitionError, Partitions, Receive
from sc_neurocore.partition._inputs import Inputs, series_of
from sc_neurocore.partition._links import Link, links_of, require_one_program
from sc_neurocore.partition._lossy import FaultPlan, LossyChannel
from sc_neurocore.partition._run import Collected, PartitionRun
from sc_neurocore.partition._status import PartStatus, status_path
from sc_neurocore.partition._transport import (
    Channel,
    ReliableChannel,
    UdpChannel,
    bind_udp,
    ipc_endpoint,
    udp_sender,
)
from sc_neurocore.partition._worker import HaltedError, Pace, Part, run_part

Faults = FaultPlan | Mapping[tuple[str, str], FaultPlan]
_PRIMARY_S, _END_S, _RESTARTS = 1.0, 2.0, 8


def run_program(
    partitions: Partitions,
    inputs: Inputs,
    ticks: int,
    *,
    faults: Faults | None = None,
    spikes: bool = False,
    snapshot_every: int = 0,
    on_status: Callable[[PartStatus], None] | None = None,
    status_dir: str | Path | None = None,
    pace: Pace | None = None,
) -> PartitionRun:
    """Run every part in a process of its own on this machine.

    Args:
        partitions: the program; chips among its places run as processes too.
        inputs: by Input node, or of the only one: (M,) for a constant, (ticks, M), or
            (samples, ticks, M), where M may also be the Input's own axes. Every sample begins at
            rest.
        ticks: of a sample.
        faults: of all links, each with a seed of its own, or by source and target place.
        spikes: whether to return every population's spikes, not only their digests.
        snapshot_every: ticks between snapshots. A part that is killed then goes on from its last
            one, and nothing differs; with 0 the run ends.
        on_status: called with what the parts report of themselves, a few times a second.
        status_dir: directory to which every part writes its status, see `read_status`.
        pace: how long things may take.

    Raises:
        PartitionError: passports differ, an address is taken, a part ended, or spikes came too late
            with the policy ``halt``.
        SCConfigError: the inputs do not fit.
    """
    require_one_program(partitions)
    pace = pace or Pace()
    series, samples = series_of(partitions.whole, inputs, ticks)
    links = links_of(partitions)
    scratch = ScratchDirectory("sc-partition-")
    try:
        parts = {
            place: Part(
                partitions, place,
                {n.id: series[n.id] for n in graph.inputs if not isinstance(n.op, Receive)},
                samples or 1, ticks, spikes, snapshot_every, scratch.path / f"snapshot-{i}.npz",
                None if status_dir is None else status_path(status_dir, place), pace,
            )
            for i, (place, graph) in enumerate(partitions.parts.items())
        }  # fmt: skip
        with _bound(links, partitions) as sockets:
            ends = _Ends(links, partitions, sockets, scratch.path, _plans(links, faults))
            supervisor = _Supervisor(parts, links, ends, on_status)
            try:
                return supervisor.run(partitions, Collected(samples, ticks))
            finally:
                supervisor.end()
    finally:
        scratch.remove()


def run_place(
    partitions: Partitions,
    place: str,
    inputs: Inputs,
    ticks: int,
    *,
    on_status: Callable[[PartStatus], None] | None = None,
    status_dir: str | Path | None = None,
    pace: Pace | None = None,
) -> PartitionRun:
    """Run one part in this process, while its peers run elsewhere.

    Every place must have a ``port`` in the places file: its incoming links have that and the
    following ones.

    Args:
        partitions: the program, the same at every place.
        place: which part.
        inputs: of the whole network, or of this part's Inputs only.
        ticks: of a sample, the same at every place.
        on_status: see `run_program`.
        status_dir: see `run_program`.
        pace: see `run_program`.

    Returns:
        The outputs and populations of this part, and this place's ends of the links.

    Raises:
        PartitionError: there is no such place, a peer is missing, silent, halts or has another
            program, or an address is taken.
        SCConfigError: the inputs do not fit.
    """
    if place not in partitions.parts:
        listed = ", ".join(partitions.parts)
        raise PartitionError(f"the program has no place {place!r}; its places are {listed}")
    for name in partitions.parts:
        if not partitions.places.places[name].port:
            raise PartitionError(
                f"place {name!r} has no `port`; places on several machines need one in the places "
                "file"
            )
    graph = partitions.parts[place]
    own = [n.id for n in graph.inputs if not isinstance(n.op, Receive)]
    if isinstance(inputs, Mapping) and set(inputs) <= set(own):
        whole = {n.id for n in partitions.whole.inputs}
        zeros = {n: [0.0] * _size(partitions, n) for n in whole - set(inputs)}
        inputs = {**inputs, **zeros}
    series, samples = series_of(partitions.whole, inputs, ticks)
    links = links_of(partitions)
    collected = Collected(samples, ticks)
    control = _Alone(place, collected, on_status)
    status = None if status_dir is None else status_path(status_dir, place)
    part = Part(
        partitions, place, {n: series[n] for n in own}, samples or 1, ticks, False, 0, Path(),
        status, pace or Pace(),
    )  # fmt: skip
    with _bound(links, partitions, place) as sockets:
        ends = _Ends(links, partitions, sockets, Path(), {})
        run_part(part, links, ends.open(place), control)
    seconds = time.monotonic() - control.began
    return collected.run(partitions, links, {place: 0}, seconds)


def _size(partitions: Partitions, node: str) -> int:
    size = 1
    for axis in partitions.whole.port_type(node).shape or ():
        size *= axis
    return size


def _plans(links: tuple[Link, ...], faults: Faults | None) -> dict[int, FaultPlan]:
    if faults is None:
        return {}
    if isinstance(faults, FaultPlan):
        return {i: replace(faults, seed=faults.seed + i) for i in range(len(links))}
    known = {(link.source, link.target) for link in links}
    for source, target in faults:
        if (source, target) not in known:
            raise PartitionError(f"there is no link from {source!r} to {target!r} for faults")
    return {
        i: faults[link.source, link.target]
        for i, link in enumerate(links)
        if (link.source, link.target) in faults
    }


@contextmanager
def _bound(
    links: tuple[Link, ...], partitions: Partitions, only: str | None = None
) -> Iterator[dict[int, socket.socket]]:
    """Sockets of the receiving ends of the UDP links, bound before anybody sends."""
    sockets: dict[int, socket.socket] = {}
    try:
        for i, link in enumerate(links):
            if link.wire.transport == "udp" and only in (None, link.target):
                place = partitions.places.places[link.target]
                sockets[i] = bind_udp(place.host, _port(links, partitions, i), place.name)
        yield sockets
    finally:
        for own in sockets.values():
            own.close()


def _port(links: tuple[Link, ...], partitions: Partitions, index: int) -> int:
    """Port of a link's receiving end: the place's, and the links before it; 0 for any."""
    target = links[index].target
    port = partitions.places.places[target].port
    return port + sum(link.target == target for link in links[:index]) if port else 0


@dataclass(frozen=True)
class _Ends:
    """Opens the ends of links."""

    links: tuple[Link, ...]
    partitions: Partitions
    sockets: Mapping[int, socket.socket]
    directory: Path
    plans: Mapping[int, FaultPlan]

    def open(self, place: str) -> dict[int, Channel]:
        """This place's ends, by index of the link."""
        channels: dict[int, Channel] = {}
        try:
            for i, link in enumerate(self.links):
                if place in (link.source, link.target):
                    channels[i] = self._open(i, link, place == link.target)
        except BaseException:
            for channel in channels.values():
                channel.close()
            raise
        return channels

    def _open(self, i: int, link: Link, receives: bool) -> Channel:
        host = self.partitions.places.places[link.target].host
        port = _port(self.links, self.partitions, i)
        channel: Channel
        if link.wire.transport == "reliable":
            endpoint = f"tcp://{host}:{port}" if port else ipc_endpoint(self.directory, i)
            channel = ReliableChannel(endpoint, receives, link.target)
        elif receives:
            channel = UdpChannel(self.sockets[i].dup())
        else:
            if i in self.sockets:
                port = self.sockets[i].getsockname()[1]
            channel = udp_sender(host, port)
        if not receives and i in self.plans:
            return LossyChannel(channel, self.plans[i])
        return channel


class _Alone:
    """Control of a part without a supervisor: it starts at once, and lingers for its peers."""

    def __init__(
        self, place: str, collected: Collected, on_status: Callable[[PartStatus], None] | None
    ) -> None:
        self._place, self._collected, self._on_status = place, collected, on_status
        self.began = self._ended = 0.0

    def fileno(self) -> int:
        return -1

    def report(self, kind: str, content: Any) -> None:
        if kind == "outputs":
            self._collected.take(*content)
        elif kind == "done":
            self._collected.done[self._place] = content
        elif kind == "status" and self._on_status is not None:
            self._on_status(content)

    def started(self) -> float:
        self.began = time.monotonic()
        return self.began

    def stopped(self, finished: bool) -> bool:
        """Some time after the end, so that peers learn that everything has come."""
        if finished and not self._ended:
            self._ended = time.monotonic()
        return finished and time.monotonic() - self._ended > 0.5


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


class _Supervisor:
    """Starts the parts, collects what they report, starts again what was killed."""

    def __init__(
        self, parts: Mapping[str, Part], links: tuple[Link, ...], ends: _Ends,
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
        for place in self._parts:
            self._start(place)
        while len(collected.done) < len(self._parts):
            for place in self._waiting():
                self._listen(place, collected)
        assert self._began is not None
        return collected.run(
            partitions, self._links, self._restarts, time.monotonic() - self._began
        )

    def end(self) -> None:
        """End every process, and leave nothing behind."""
        for pipe in self._pipes.values():
            with suppress(OSError):
                pipe.send(None)
        limit = time.monotonic() + _END_S
        for process in self._processes.values():
            process.join(max(0.0, limit - time.monotonic()))
            if process.is_alive():
                process.kill()
                process.join()
            process.close()
        for pipe in self._pipes.values():
            pipe.close()

    def _start(self, place: str) -> None:
        ours, theirs = self._context.Pipe()
        foreign = (ours, *self._pipes.values())
        process = self._context.Process(
            target=_child,
            name=f"part {place}",
            args=(self._parts[place], self._links, self._ends, theirs, foreign),
        )
        process.start()
        theirs.close()
        self._pipes[place], self._processes[place] = ours, process

    def _waiting(self) -> list[str]:
        """Places that have something to say, or ended."""
        ready = wait([*self._pipes.values()])
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
        while kind == "halted" and (left := limit - time.monotonic()) > 0:
            for pipe in wait([*self._pipes.values()], left):
                with suppress(EOFError, OSError):
                    found, text = pipe.recv()  # type: ignore[union-attr]
                    if found == "failed":
                        return str(text)
                    continue
                self._pipes = {k: p for k, p in self._pipes.items() if p is not pipe}
        return content


def _how(code: int | None) -> str:
    return f"signal {-code}" if code is not None and code < 0 else f"status {code}"


def _child(
    part: Part, links: tuple[Link, ...], ends: _Ends, pipe: Connection,
    foreign: tuple[Connection, ...],
) -> None:  # fmt: skip
    """What a child process does; the supervisor's ends of pipes are not its own."""
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
    except KeyboardInterrupt:
        code = 130
    except BaseException:
        code = 1
        with suppress(OSError):
            pipe.send(("failed", f"place {part.place!r} crashed: {traceback.format_exc()}"))
    # Neither the tests' nor the caller's handlers run in a child.
    os._exit(code)
