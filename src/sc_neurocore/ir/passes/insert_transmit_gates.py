"""Put the gates before every Send."""

from __future__ import annotations

from dataclasses import dataclass

from sc_neurocore.ir._chains import insert_before
from sc_neurocore.ir._gates import BackoffGate, HealthGate
from sc_neurocore.ir._places import Partitions
from sc_neurocore.ir.passes._jitter import jitter_seed


@dataclass(frozen=True)
class InsertTransmitGates:
    """Put a `HealthGate`, then a `BackoffGate`, before every Send.

    Where one of them blocks the peer, the send fails and nothing is queued.

    Attributes:
        threshold: of the peer's score.
        base: ticks of back-off after the first failure.
        cap: most ticks of back-off.
    """

    threshold: int = HealthGate.threshold
    base: int = BackoffGate.base
    cap: int = BackoffGate.cap

    def __call__(self, partitions: Partitions) -> Partitions:
        """The partitions with gates before the Sends."""
        health = HealthGate(self.threshold)
        parts = dict(partitions.parts)
        for place, part in parts.items():
            chains = {
                crossing: [
                    ("send_health", health),
                    (
                        "send_backoff",
                        BackoffGate(self.base, self.cap, jitter_seed(partitions, crossing, "send")),
                    ),
                ]
                for crossing in partitions.sent_by(place)
            }
            if chains:
                parts[place] = insert_before(part, place, chains)
        return partitions.replace(parts=parts)
