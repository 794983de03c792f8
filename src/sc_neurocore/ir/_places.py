"""Where a network runs: places, the wires between them, and what passes over a wire."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter, eq
from types import MappingProxyType
from typing import Any, Literal

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir._graph import Graph

#: What runs a place's part: a process of the host runtime, or a chip with the engine's RTL.
PlaceKind = Literal["process", "chip"]
#: ``udp`` loses, repeats and reorders packets; ``reliable`` does not.
Transport = Literal["udp", "reliable"]
#: What becomes of spikes that come after their deadline: they are dropped, they count for the next
#: tick, or the network halts.
LatePolicy = Literal["drop", "next_tick", "halt"]
LATE_POLICIES: tuple[LatePolicy, ...] = ("drop", "next_tick", "halt")


@dataclass(frozen=True)
class Place:
    """Something that runs a part of a network.

    Attributes:
        name: unique.
        kind: of what runs there.
        host: name or address of the machine; loopback by default.
        port: first UDP or TCP port of its links; 0 for any free one (one machine only).
        clock: name of the clock domain that its ticks come from.
        target: device of a chip, see ``sc-neurocore targets``; empty for a process.
        capacity: most it can hold, by resource: ``neurons``, ``synapses``, ``luts``, ``brams``.
            A resource that is missing has no limit.
        roles: providers by role, see `ResolveSlots`.
    """

    name: str
    kind: PlaceKind = "process"
    host: str = "127.0.0.1"
    port: int = 0
    clock: str = "tick"
    target: str = ""
    capacity: Mapping[str, float] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "capacity", MappingProxyType(dict(self.capacity)))
        object.__setattr__(self, "roles", MappingProxyType(dict(self.roles)))


@dataclass(frozen=True)
class Wire:
    """How one place reaches another.

    Attributes:
        transport: of its packets.
        hops: links in a row.
        per_hop_budget_ns: most that a hop may take; None if the network does not run in real time,
            then there is no deadline.
        late: policy for what misses its deadline.
        window: sequence numbers that the receiver remembers, a power of two.
        credits: packets on the way before the sender waits.
    """

    transport: Transport = "udp"
    hops: int = 1
    per_hop_budget_ns: int | None = None
    late: LatePolicy = "drop"
    window: int = 64
    credits: int = 64


@dataclass(frozen=True)
class Places:
    """Everything that a network can be spread over.

    Attributes:
        places: by name, in the order of the file.
        wires: by source and target place; a pair that is missing has `default_wire`.
        default_wire: of the other pairs.
        seed: of everything random: the partitioner, the jitter of back-off.
    """

    places: Mapping[str, Place]
    wires: Mapping[tuple[str, str], Wire] = field(default_factory=dict)
    default_wire: Wire = field(default_factory=Wire)
    seed: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "places", MappingProxyType(dict(self.places)))
        object.__setattr__(self, "wires", MappingProxyType(dict(self.wires)))

    def wire(self, source: str, target: str) -> Wire:
        """The wire from one place to another."""
        return self.wires.get((source, target), self.default_wire)


class PartitionError(SCConfigError):
    """A network cannot be spread over the places as asked; the sentence says what must give."""

    exit_code = 3


@dataclass(frozen=True)
class Crossing:
    """One stream of spikes from a population to another place.

    Attributes:
        stream: number, unique in the program; the packets carry it.
        node: the population (or input) whose spikes it carries, its id in the whole graph.
        source: place that sends.
        target: place that receives; a node that several places read has one crossing to each.
        size: neurons of the node; addresses are 0 to size - 1.
        delay: ticks that the wire may take: the smallest delay of the edges it stands for. The
            edges behind the Receive keep the rest of theirs.
        kind: ``data``, or ``trigger_only`` when only the tick's end is needed.
        batch: crossings of one sender, receiver and tick with the same number share packets.
        deadline_ns: after the end of the sender's tick; None without one.
    """

    stream: int
    node: str
    source: str
    target: str
    size: int
    delay: int
    kind: Literal["data", "trigger_only"] = "data"
    batch: int = 0
    deadline_ns: int | None = None

    @cached_property
    def send_id(self) -> str:
        """Id of the `Send` in the source's part."""
        return self.end_id("send")

    @cached_property
    def receive_id(self) -> str:
        """Id of the `Receive` in the target's part."""
        return self.end_id("receive")

    def end_id(self, word: str) -> str:
        """Id of what stands at an end of the crossing: ``WORD.STREAM.NODE``."""
        return f"{word}.{self.stream}.{self.node}"


#: What two crossings share that pass between the same ends.
_CUT = attrgetter("stream", "node", "source", "target", "size", "delay")


@dataclass(frozen=True, eq=False)
class Partitions:
    """A network cut at its wires: what every pass after `SliceAtWires` takes and gives.

    Attributes:
        whole: the graph before it was cut, every node with its place.
        parts: by place, that place's graph: its nodes under their own ids, and a `Receive` and a
            `Send` for every crossing, named ``receive.STREAM.NODE`` and ``send.STREAM.NODE``.
        names: of the parts, by place: the longest common scope prefix of their nodes, made unique.
        crossings: by stream number, in order.
        places: what it is spread over.
        slots: by place, role to provider; empty until `ResolveSlots`.
        passports: by place, see `StampMetadata`; empty until then.
    """

    whole: Graph
    parts: Mapping[str, Graph]
    names: Mapping[str, str]
    crossings: Mapping[int, Crossing]
    places: Places
    slots: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    passports: Mapping[str, Mapping[str, object]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("parts", "names", "crossings", "slots", "passports"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def sent_by(self, place: str) -> tuple[Crossing, ...]:
        """Crossings that leave a place, by stream."""
        return self._sent.get(place, ())

    def received_by(self, place: str) -> tuple[Crossing, ...]:
        """Crossings that arrive at a place, by stream."""
        return self._received.get(place, ())

    @cached_property
    def _sent(self) -> dict[str, tuple[Crossing, ...]]:
        return _grouped("source", self.crossings.values())

    @cached_property
    def _received(self) -> dict[str, tuple[Crossing, ...]]:
        return _grouped("target", self.crossings.values())

    def replace(self, **changes: Any) -> Partitions:
        """A copy with some attributes changed.

        Where the graphs, the names and the ends of crossings stay, nothing is verified again.
        """
        made = dataclasses.replace(self, **changes)
        if self.__dict__.get("_verified") and self._keeps_cut(made):
            made.__dict__["_verified"] = True
        return made

    def _keeps_cut(self, made: Partitions) -> bool:
        """Whether a copy is cut as the present one: of all that is verified, nothing differs."""
        return (
            made.whole is self.whole
            and made.places is self.places
            and made.names == self.names
            and made.parts.keys() == self.parts.keys()
            and all(part is self.parts[place] for place, part in made.parts.items())
            and list(made.crossings) == list(self.crossings)
            and all(map(eq, map(_CUT, made.crossings.values()), map(_CUT, self.crossings.values())))
        )


def _grouped(end: str, crossings: Iterable[Crossing]) -> dict[str, tuple[Crossing, ...]]:
    groups: dict[str, list[Crossing]] = {}
    for crossing in crossings:
        groups.setdefault(getattr(crossing, end), []).append(crossing)
    return {place: tuple(group) for place, group in groups.items()}
