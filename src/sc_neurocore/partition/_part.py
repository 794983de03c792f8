"""What a place runs, how long things may take, and who takes its reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from sc_neurocore.ir import PartitionError, Partitions
from sc_neurocore.partition._inputs import Series


class HaltedError(PartitionError):
    """Another place halted the network."""


@dataclass(frozen=True)
class Pace:
    """How long things may take.

    Attributes:
        patience_s: after which a packet that is known to be sent counts as lost.
        silence_s: without any packet from a peer, after which the run ends.
        start_s: for all peers to answer at first.
        tick_ns: real time of a tick; None for as fast as possible.
    """

    patience_s: float = 1.0
    silence_s: float = 10.0
    start_s: float = 30.0
    tick_ns: int | None = None


@dataclass(frozen=True)
class Part:
    """What a place runs.

    Attributes:
        partitions: the program.
        place: whose part.
        inputs: of the part's own Input nodes.
        samples: runs from rest, one after another.
        ticks: of each.
        spikes: whether spikes are reported, not only their digests.
        snapshot_every: ticks; 0 for never.
        snapshot: file of the snapshot.
        status: file that the state is written to; None for none.
        pace: how long things may take.
    """

    partitions: Partitions
    place: str
    inputs: Mapping[str, Series]
    samples: int
    ticks: int
    spikes: bool = False
    snapshot_every: int = 0
    snapshot: Path = field(default_factory=Path)
    status: Path | None = None
    pace: Pace = field(default_factory=Pace)


class Control(Protocol):
    """Who started the part, and takes what it reports."""

    def fileno(self) -> int:
        """What a selector waits on; -1 for nothing."""
        ...

    def report(self, kind: str, content: Any) -> None:
        """Take a report: ``ready``, ``status``, ``outputs``, and ``done`` when all has come.

        The last ``done`` is sent on the way out: a repeated packet may come after all that counts.
        """
        ...

    def started(self) -> float | None:
        """When the run began, in seconds of the monotonic clock; None while it has not."""
        ...

    def stopped(self, finished: bool) -> bool:
        """Whether the part shall end."""
        ...
