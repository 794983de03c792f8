"""The links of a program: which crossings share packets, and what their ends need."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sc_neurocore.hdl.links import Backoff, PeerHealth
from sc_neurocore.ir import (
    BackoffGate,
    Crossing,
    DeadlineGate,
    DedupGate,
    Gate,
    Graph,
    HealthGate,
    PartitionError,
    Partitions,
    Wire,
    gates_at,
)
from sc_neurocore.partition._guard import Guard
from sc_neurocore.partition._packet import Addresses


@dataclass(frozen=True)
class Link:
    """One batch of crossings from one place to another.

    Attributes:
        source: place that sends.
        target: place that receives.
        batch: number of the batch.
        crossings: in the order of their addresses.
        wire: what carries it.
        sending: gates in front of the Send.
        receiving: gates behind the Receive.
    """

    source: str
    target: str
    batch: int
    crossings: tuple[Crossing, ...]
    wire: Wire
    sending: tuple[Gate, ...]
    receiving: tuple[Gate, ...]

    @cached_property
    def offsets(self) -> tuple[int, ...]:
        """First address of each crossing, and the number of all."""
        return (0, *np.cumsum([c.size for c in self.crossings]).tolist())

    @property
    def size(self) -> int:
        """Addresses of the batch."""
        return self.offsets[-1]

    @property
    def deadline_ns(self) -> int | None:
        """After the end of the sender's tick; None without one."""
        found = [g.deadline_ns for g in self.receiving if isinstance(g, DeadlineGate)]
        found += [c.deadline_ns for c in self.crossings if c.deadline_ns is not None]
        return min(found, default=None)

    @property
    def window(self) -> int:
        """Sequence numbers that the receiver remembers."""
        return next(
            (g.window for g in self.receiving if isinstance(g, DedupGate)), self.wire.window
        )

    def guard(self, receives: bool) -> Guard:
        """The state of the gates of one end."""
        health: PeerHealth | None = None
        backoff: Backoff | None = None
        for gate in self.receiving if receives else self.sending:
            if isinstance(gate, HealthGate):
                health = PeerHealth(threshold=gate.threshold)
            elif isinstance(gate, BackoffGate):
                backoff = Backoff(gate.base, gate.cap, gate.seed)
        return Guard(health, backoff)

    def split(self, addresses: Addresses) -> Iterator[tuple[Crossing, Addresses]]:
        """The spikes of each crossing, its neurons counted from 0."""
        ends = np.searchsorted(addresses, self.offsets)
        for i, crossing in enumerate(self.crossings):
            yield crossing, addresses[ends[i] : ends[i + 1]] - np.uint32(self.offsets[i])


def links_of(partitions: Partitions) -> tuple[Link, ...]:
    """All links, by source and target place in the order of the places, then by batch."""
    order = {name: i for i, name in enumerate(partitions.places.places)}
    groups: dict[tuple[str, str, int], list[Crossing]] = {}
    for crossing in sorted(partitions.crossings.values(), key=lambda c: c.stream):
        key = crossing.source, crossing.target, crossing.batch
        groups.setdefault(key, []).append(crossing)
    return tuple(
        Link(
            source, target, batch, tuple(crossings), partitions.places.wire(source, target),
            _gates(partitions.parts[source], crossings[0].send_id),
            _gates(partitions.parts[target], crossings[0].receive_id),
        )
        for (source, target, batch), crossings in sorted(
            groups.items(), key=lambda item: (order[item[0][0]], order[item[0][1]], item[0][2])
        )
    )  # fmt: skip


def program_digest(partitions: Partitions, place: str) -> bytes:
    """SHA-256 of the program that a place runs: what its passport says, if it has one.

    Raises:
        PartitionError: the passport has none.
    """
    passport = partitions.passports.get(place)
    if passport is None:
        text = f"{partitions.whole.digest} {[*map(repr, partitions.crossings.values())]}"
        return hashlib.sha256(text.encode()).digest()
    program = passport.get("program")
    try:
        digest = bytes.fromhex(str(program))
    except ValueError:
        digest = b""
    if len(digest) != 32:
        raise PartitionError(
            f"the passport of place {place!r} has the program {program!r}, not a SHA-256 of 64 "
            "hexadecimal digits; compile the program again"
        )
    return digest


def require_one_program(partitions: Partitions) -> None:
    """Refuse places with different programs.

    Raises:
        PartitionError: two passports differ.
    """
    digests = {place: program_digest(partitions, place) for place in partitions.parts}
    (first, expected), *others = digests.items()
    for place, digest in others:
        if digest != expected:
            raise mismatch(first, expected.hex(), place, digest.hex())


def mismatch(place: str, digest: str, peer: str, other: str) -> PartitionError:
    """Two places have different programs."""
    return PartitionError(
        f"place {place!r} runs the program {digest[:12]} and place {peer!r} the program "
        f"{other[:12]}; compile once and give every place the same directory"
    )


def _gates(part: Graph, end: str) -> tuple[Gate, ...]:
    return tuple(node.op for node in gates_at(part, end) if isinstance(node.op, Gate))
