"""Put the gates behind every Receive."""

from __future__ import annotations

from dataclasses import dataclass

from sc_neurocore.ir._chains import insert_behind
from sc_neurocore.ir._gates import BackoffGate, DedupGate, HealthGate
from sc_neurocore.ir._places import Partitions
from sc_neurocore.ir.passes._jitter import jitter_seed


@dataclass(frozen=True)
class InsertReceiveGates:
    """Put a `DedupGate`, a `HealthGate` and a `BackoffGate` behind every Receive.

    In this order, the cheapest first, and before a `DeadlineGate` if there is one. The window is
    the wire's.

    Attributes:
        threshold: of the peer's score.
        base: ticks of back-off after the first failure.
        cap: most ticks of back-off.
    """

    threshold: int = HealthGate.threshold
    base: int = BackoffGate.base
    cap: int = BackoffGate.cap

    def __call__(self, partitions: Partitions) -> Partitions:
        """The partitions with gates behind the Receives."""
        health = HealthGate(self.threshold)
        parts = dict(partitions.parts)
        for place, part in parts.items():
            dedup = {
                source: DedupGate(partitions.places.wire(source, place).window) for source in parts
            }
            chains = {
                crossing: [
                    ("dedup", dedup[crossing.source]),
                    ("receive_health", health),
                    (
                        "receive_backoff",
                        BackoffGate(
                            self.base, self.cap, jitter_seed(partitions, crossing, "receive")
                        ),
                    ),
                ]
                for crossing in partitions.received_by(place)
            }
            if chains:
                parts[place] = insert_behind(part, place, chains)
        return partitions.replace(parts=parts)
