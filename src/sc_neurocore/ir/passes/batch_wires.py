"""Say which crossings share packets, and which need none but the tick's end."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal

import numpy as np

from sc_neurocore.ir._graph import Graph
from sc_neurocore.ir._linear import Scale
from sc_neurocore.ir._ops import Delay, LinearOp, Op
from sc_neurocore.ir._places import PartitionError, Partitions

#: Batches that a packet's 16 bits tell apart.
BATCH_LIMIT = 1 << 16

#: What an operation does with spikes: answers them, moves them on, or multiplies them with zero.
_Effect = Literal["feels", "passes", "stops"]


@dataclass(frozen=True)
class BatchWires:
    """Number the batches, and find the crossings whose spikes nothing feels.

    Crossings with one sender and one receiver are a batch: all that the sender emits for the
    receiver in a tick goes into the same packets. A crossing is ``trigger_only`` when no synapse
    behind its Receive has a weight other than zero. Then no spike of it need travel, only the end
    of the sender's tick, which the receiver waits for all the same.
    """

    def __call__(self, partitions: Partitions) -> Partitions:
        """The partitions with ``batch`` and ``kind`` of every crossing.

        Raises:
            PartitionError: more pairs of places than a packet can number.
        """
        batches: dict[tuple[str, str], int] = {}
        effects: dict[Op, _Effect] = {}
        crossings = {}
        for stream, crossing in partitions.crossings.items():
            batch = batches.setdefault((crossing.source, crossing.target), len(batches))
            part = partitions.parts[crossing.target]
            felt = _felt(part, crossing.receive_id, effects)
            kind: Literal["data", "trigger_only"] = "data" if felt else "trigger_only"
            crossings[stream] = dataclasses.replace(crossing, batch=batch, kind=kind)
        if len(batches) > BATCH_LIMIT:
            raise PartitionError(
                f"{len(batches)} pairs of places exchange spikes, but packets tell {BATCH_LIMIT} "
                "apart; use fewer places, or place the network such that fewer of them are joined."
            )
        return partitions.replace(crossings=crossings)


def _felt(part: Graph, start: str, effects: dict[Op, _Effect]) -> bool:
    """Whether anything but weights of zero stands behind a node."""
    pending, seen = [start], {start}
    while pending:
        for edge in part.outgoing(pending.pop()):
            op = part.nodes[edge.target].op
            if op not in effects:
                effects[op] = _effect(op)
            if effects[op] == "feels":
                return True
            if effects[op] == "passes" and edge.target not in seen:
                seen.add(edge.target)
                pending.append(edge.target)
    return False


def _effect(op: Op) -> _Effect:
    if not isinstance(op, Delay | LinearOp):
        return "feels"
    weights = op.scale if isinstance(op, Scale) else getattr(op, "weight", None)
    if weights is None:
        return "passes"
    return "feels" if np.any(weights) else "stops"
