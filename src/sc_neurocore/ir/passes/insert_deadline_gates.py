"""Put a deadline behind the Receives that have one."""

from __future__ import annotations

from dataclasses import dataclass

from sc_neurocore.ir._chains import insert_behind
from sc_neurocore.ir._gates import DeadlineGate
from sc_neurocore.ir._places import Partitions


@dataclass(frozen=True)
class InsertDeadlineGates:
    """Put a `DeadlineGate` behind the Receive of every crossing with a deadline.

    The wire's policy says what becomes of what comes later. The gate's slot is named
    ``NODE#__trigger_deadline``: what reads the node's spikes fires only when both have come, the
    spikes and the trigger. Runs after `DeriveDeadlines` and before `InsertReceiveGates`, which put
    their gates before it.
    """

    def __call__(self, partitions: Partitions) -> Partitions:
        """The partitions with deadline gates."""
        parts = dict(partitions.parts)
        for place, part in parts.items():
            chains = {
                crossing: [
                    (
                        "deadline",
                        DeadlineGate(
                            crossing.deadline_ns,
                            partitions.places.wire(crossing.source, place).late,
                            f"{crossing.node}#__trigger_deadline",
                        ),
                    )
                ]
                for crossing in partitions.received_by(place)
                if crossing.deadline_ns is not None
            }
            if chains:
                parts[place] = insert_behind(part, place, chains)
        return partitions.replace(parts=parts)
