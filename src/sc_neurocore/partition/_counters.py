"""What the two ends of a link have seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Self


class _Counted:
    def as_dict(self) -> dict[str, int]:
        """Counts by name."""
        return asdict(self)  # type: ignore[call-overload, no-any-return]

    @classmethod
    def from_dict(cls, counts: Mapping[str, int]) -> Self:
        """The inverse of `as_dict`; what is missing is 0."""
        names = {item.name for item in fields(cls)}  # type: ignore[arg-type]
        return cls(**{name: int(count) for name, count in counts.items() if name in names})


@dataclass
class SentCounters(_Counted):
    """What a sender did.

    Attributes:
        ticks: sent whole.
        packets: of spikes, each counted once.
        spikes: in them.
        unhealthy: ticks not sent because the peer's health blocked it.
        backed_off: ticks not sent within a pause.
        starved: ticks not sent because the credits of the one before had not come back in time.
        refused: packets that the transport did not take at once.
        again: packets sent again, for a receiver that was restarted.
        damaged: packets that came back with a wrong checksum.
        malformed: packets that came back and are none of the link's.
    """

    ticks: int = 0
    packets: int = 0
    spikes: int = 0
    unhealthy: int = 0
    backed_off: int = 0
    starved: int = 0
    refused: int = 0
    again: int = 0
    damaged: int = 0
    malformed: int = 0


@dataclass
class ReceivedCounters(_Counted):
    """What a receiver saw.

    Every packet that came is counted once in ``damaged``, ``malformed``, ``foreign``,
    ``duplicates``, ``stale`` or ``packets``; those of ``packets`` whose spikes were not let through
    once in ``unhealthy``, ``backed_off`` or ``late_dropped`` as well.

    Attributes:
        packets: of spikes, that came for the first time.
        spikes: let through.
        damaged: checksum or length are wrong.
        malformed: not a packet of this link although the checksum is right.
        foreign: of another program or batch.
        duplicates: came before.
        stale: older than the window, or from before a restart and sent again since.
        overtaken: came after a newer one.
        lost: never came although newer ones did, or the sender says that they were sent.
        unhealthy: refused because of the peer's health.
        backed_off: refused within a pause.
        late_dropped: came too late and were dropped.
        late_next_tick: came too late and count for the next tick.
        silent: ticks of which nothing came.
    """

    packets: int = 0
    spikes: int = 0
    damaged: int = 0
    malformed: int = 0
    foreign: int = 0
    duplicates: int = 0
    stale: int = 0
    overtaken: int = 0
    lost: int = 0
    unhealthy: int = 0
    backed_off: int = 0
    late_dropped: int = 0
    late_next_tick: int = 0
    silent: int = 0
