"""A network over several places, run: all on this machine, or one of them."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from sc_neurocore._scratch import ScratchDirectory
from sc_neurocore.ir import PartitionError, Partitions, Receive
from sc_neurocore.partition._ends import Ends, port_of
from sc_neurocore.partition._inputs import Inputs, series_of
from sc_neurocore.partition._links import Link, links_of, require_one_program
from sc_neurocore.partition._lossy import FaultPlan
from sc_neurocore.partition._part import Pace, Part
from sc_neurocore.partition._run import Collected, PartitionRun
from sc_neurocore.partition._status import PartStatus, status_path
from sc_neurocore.partition._supervisor import Supervisor
from sc_neurocore.partition._transport import (
    bind_udp,
)
from sc_neurocore.partition._worker import run_part

Faults = FaultPlan | Mapping[tuple[str, str], FaultPlan]


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
                _status(status_dir, place), pace,
            )
            for i, (place, graph) in enumerate(partitions.parts.items())
        }  # fmt: skip
        with _bound(links, partitions) as sockets:
            ends = Ends(links, partitions, sockets, scratch.path, _plans(links, faults))
            supervisor = Supervisor(parts, links, ends, on_status)
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
    part = Part(
        partitions, place, {n: series[n] for n in own}, samples or 1, ticks, False, 0, Path(),
        _status(status_dir, place), pace or Pace(),
    )  # fmt: skip
    with _bound(links, partitions, place) as sockets:
        ends = Ends(links, partitions, sockets, Path(), {})
        run_part(part, links, ends.open(place), control)
    seconds = time.monotonic() - control.began
    return collected.run(partitions, links, {place: 0}, seconds)


def _status(directory: str | Path | None, place: str) -> Path | None:
    """Where a place writes its status; what an earlier run left there is removed."""
    if directory is None:
        return None
    path = status_path(directory, place)
    path.unlink(missing_ok=True)
    return path


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
                sockets[i] = bind_udp(place.host, port_of(links, partitions, i), place.name)
        yield sockets
    finally:
        for own in sockets.values():
            own.close()


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
