"""What can fill the roles of a place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sc_neurocore.ir._ops import KINDS
from sc_neurocore.ir._places import PartitionError, PlaceKind

#: What a part needs of its place: numbers at random, streams made independent anew, neurons that
#: advance, weights that are kept, packets that are carried, ticks, and the triggers of deadlines.
Role = Literal[
    "random_source",
    "decorrelator",
    "neuron_kernel",
    "weight_store",
    "transport",
    "clock",
    "deadline",
]
ROLES: tuple[Role, ...] = (
    "random_source",
    "decorrelator",
    "neuron_kernel",
    "weight_store",
    "transport",
    "clock",
    "deadline",
)


class AmbiguousRole(PartitionError):
    """Several providers claim one role of a place."""


class UnboundSlot(PartitionError):
    """No provider fills a role that a part needs."""


@dataclass(frozen=True)
class Provider:
    """Something that fills a role.

    Attributes:
        name: unique among the providers of its role.
        role: that it fills.
        kind: of the places that it is made for (then it is concrete); None for any (generic).
        offers: what of the role it can do: kinds of neurons, transports; empty for everything.
    """

    name: str
    role: Role
    kind: PlaceKind | None = None
    offers: frozenset[str] = frozenset()


_NEURONS = frozenset(KINDS)
_TRANSPORTS = frozenset({"udp", "reliable"})

#: The providers of this package.
PROVIDERS: tuple[Provider, ...] = (
    Provider("lfsr16", "random_source"),
    Provider("regenerator", "decorrelator"),
    Provider("float64", "neuron_kernel", "process", _NEURONS),
    Provider("event_engine", "neuron_kernel", "chip", _NEURONS),
    Provider("memory", "weight_store", "process"),
    Provider("block_ram", "weight_store", "chip"),
    Provider("sockets", "transport", "process", _TRANSPORTS),
    Provider("aer_link", "transport", "chip", _TRANSPORTS),
    Provider("event_loop", "clock", "process"),
    Provider("clock_enable", "clock", "chip"),
    Provider("tick_timer", "deadline", "process"),
    Provider("tick_counter", "deadline", "chip"),
)
