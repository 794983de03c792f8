"""Give every crossing its deadline, or say why it can have none."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from sc_neurocore.ir._places import Crossing, PartitionError, Partitions, Wire


@dataclass(frozen=True)
class DeriveDeadlines:
    """Turn synaptic delays into deadlines.

    A delay of d ticks is slack: what is emitted at the end of tick t is needed d ticks later. So
    ``deadline_ns = delay * tick_ns``, all of the slack, and a wire must make it in the worst case:
    ``hops * per_hop_budget_ns <= delay * tick_ns``. A wire without a budget, or a network that does
    not run in real time, has no deadline.

    Attributes:
        tick_ns: nanoseconds per tick; None to run as fast as possible.
    """

    tick_ns: int | None = None

    def __call__(self, partitions: Partitions) -> Partitions:
        """The partitions with deadlines.

        Raises:
            PartitionError: a wire takes longer than its edges' delay; says what would suffice.
        """
        if self.tick_ns is not None and self.tick_ns < 1:
            raise PartitionError(
                f"A tick of {self.tick_ns} ns cannot be; give at least 1 ns, or none for no "
                "real time."
            )
        crossings = {}
        for stream, crossing in partitions.crossings.items():
            wire = partitions.places.wire(crossing.source, crossing.target)
            deadline = None
            if self.tick_ns is not None and wire.per_hop_budget_ns is not None:
                deadline = crossing.delay * self.tick_ns
                if wire.hops * wire.per_hop_budget_ns > deadline:
                    raise PartitionError(_refusal(partitions, crossing, wire, self.tick_ns))
            if deadline != crossing.deadline_ns:
                crossing = dataclasses.replace(crossing, deadline_ns=deadline)
            crossings[stream] = crossing
        return partitions.replace(crossings=crossings)


def _refusal(partitions: Partitions, crossing: Crossing, wire: Wire, tick: int) -> str:
    """The edge, both figures, and each change that would suffice by itself."""
    budget = wire.per_hop_budget_ns or 0
    need, slack = wire.hops * budget, crossing.delay * tick
    whole = partitions.whole
    edge = next(
        edge
        for edge in whole.outgoing(crossing.node)
        if whole.nodes[edge.target].place == crossing.target and edge.delay == crossing.delay
    )
    ways = [f"raise the delay to {_count(-(-need // tick), 'tick')}"]
    if crossing.delay:
        ways.append(f"raise the tick to {_time(-(-need // crossing.delay))}")
        if hop := slack // wire.hops:
            ways.append(f"lower the budget per hop to {_time(hop)}")
        if wire.hops > 1 and (hops := slack // budget):
            ways.append(f"lower the number of hops to {hops}")
    return (
        f"Edge {edge.source!r} -> {edge.target!r} from {crossing.source!r} to {crossing.target!r} "
        f"misses its deadline: {_count(wire.hops, 'hop')} of {_time(budget)} may take "
        f"{_time(need)}, its delay of {_count(crossing.delay, 'tick')} of {_time(tick)} leaves "
        f"{_time(slack)}; {', or '.join(ways)}."
    )


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _time(ns: int) -> str:
    """Nanoseconds in the largest unit that shows them exactly with at most three decimals."""
    for unit, size in (("s", 10**9), ("ms", 10**6), ("us", 10**3)):
        if ns >= size and ns * 1000 % size == 0:
            return f"{ns / size:.12g} {unit}"
    return f"{ns} ns"
