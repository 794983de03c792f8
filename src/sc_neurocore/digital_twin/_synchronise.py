"""Several twins in one simulated time, none of which ever has to go back."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from sc_neurocore.digital_twin._lookahead import LookaheadConfig, NullMessageOptimizer
from sc_neurocore.exceptions import SCConfigError

#: Source of an event that comes from none of the processes.
OUTSIDE = -1


@dataclass(frozen=True, order=True)
class TwinEvent:
    """Something that happens to a process.

    Events are ordered by time, source and sequence; the payload plays no part.

    Attributes:
        time_ns: when it happens.
        source: process that sent it, or `OUTSIDE`.
        sequence: number among those from this source to this target.
        target: process that it happens to.
        payload: what happens.
    """

    time_ns: int
    source: int
    sequence: int
    target: int
    payload: Any = field(default=None, compare=False)


class Send(NamedTuple):
    """What a process asks to be sent.

    Attributes:
        target: process that receives it.
        delay_ns: time from now; at least the lookahead of the channel.
        payload: what happens there.
    """

    target: int
    delay_ns: int
    payload: Any


class Process(Protocol):
    """One twin, or one part of one."""

    def handle(self, time_ns: int, events: Sequence[TwinEvent]) -> Iterable[Send]:
        """Take all events of a moment, and return what they cause elsewhere or later.

        Args:
            time_ns: the moment; it rises from call to call.
            events: all that happens to the process in it, by source and sequence.
        """
        ...


@dataclass(frozen=True)
class Synchronisation:
    """What happened.

    Attributes:
        events: handled, in the order of time; within a moment causes come before effects.
        null_messages: promises sent without an event.
        rounds: turns that every process got.
    """

    events: tuple[TwinEvent, ...]
    null_messages: int
    rounds: int

    def of(self, process: int) -> tuple[TwinEvent, ...]:
        """Those of one process, in the order in which it handled them."""
        return tuple(x for x in self.events if x.target == process)


def synchronise(
    processes: Sequence[Process],
    channels: Sequence[LookaheadConfig],
    events: Sequence[tuple[int, int, Any]],
    *,
    until_ns: int,
    turns: Sequence[int] | None = None,
) -> Synchronisation:
    """Run processes side by side, each as far as the promises of the others allow.

    A process handles a moment once every channel that leads to it has promised that nothing will
    come from then or before, so what it handles, and in which order, does not depend on whose turn
    it is. Where a round brings nobody on, all agree on the time of the earliest event, as nothing
    can happen before it.

    Args:
        processes: numbered from 0.
        channels: who may send to whom, and how soon at the earliest.
        events: from outside: time in ns, process, payload.
        until_ns: events from this time on are not handled.
        turns: the order of the processes in a round; by number if None.

    Raises:
        SCConfigError: a cycle of channels without lookahead, an event before time 0 or for no
            process, or a process that sends without a channel or sooner than it promised.
    """
    promises = NullMessageOptimizer(len(processes), channels=channels)
    if sorted(turns or range(len(processes))) != list(range(len(processes))):
        raise SCConfigError(f"turns is {list(turns or ())}; it must name each process once")
    queues: list[list[TwinEvent]] = [[] for _ in processes]
    for number, (time_ns, target, payload) in enumerate(events):
        if type(time_ns) is not int or time_ns < 0 or not 0 <= target < len(processes):
            raise SCConfigError(
                f"event {number} is at {time_ns!r} ns for process {target}; it needs a whole "
                f"number of ns from 0, and one of {len(processes)} processes"
            )
        heapq.heappush(queues[target], TwinEvent(time_ns, OUTSIDE, number, target, payload))
    sent: dict[tuple[int, int], int] = {}
    handled: list[TwinEvent] = []
    rounds = 0
    while any(queue and queue[0].time_ns < until_ns for queue in queues):
        rounds += 1
        moved = False
        for node in turns or range(len(processes)):
            limit = min(promises.safe_advance_time(node), until_ns)
            while queues[node] and queues[node][0].time_ns < limit:
                moment = _moment(queues[node])
                handled += moment
                moved = True
                now = moment[0].time_ns
                for order in processes[node].handle(now, moment):
                    _send(queues, promises, sent, node, now, order)
            promises.broadcast_null(node, _bound(queues[node], promises, node))
        if not moved:
            earliest = min(queue[0].time_ns for queue in queues if queue)
            for node in range(len(processes)):
                promises.broadcast_null(node, earliest)
    handled.sort(
        key=lambda x: (x.time_ns, promises.ranks[x.target], x.target, x.source, x.sequence)
    )
    return Synchronisation(tuple(handled), promises.null_messages, rounds)


def _moment(queue: list[TwinEvent]) -> list[TwinEvent]:
    """Take the earliest events, all of one time, off a queue."""
    found = [heapq.heappop(queue)]
    while queue and queue[0].time_ns == found[0].time_ns:
        found.append(heapq.heappop(queue))
    return found


def _bound(queue: Sequence[TwinEvent], promises: NullMessageOptimizer, node: int) -> int:
    """Time before which a process handles nothing any more."""
    safe = promises.safe_advance_time(node)
    return min(queue[0].time_ns, safe) if queue else safe


def _send(
    queues: Sequence[list[TwinEvent]],
    promises: NullMessageOptimizer,
    sent: dict[tuple[int, int], int],
    node: int,
    now: int,
    order: Send,
) -> None:
    target, delay_ns, payload = order
    channel = promises.channel(node, target)
    if channel is None:
        raise SCConfigError(f"process {node} sends to {target}, to which no channel leads")
    if type(delay_ns) is not int or delay_ns < channel.lookahead_ns:
        raise SCConfigError(
            f"process {node} sends to {target} after {delay_ns!r} ns; its channel promises at "
            f"least {channel.lookahead_ns}"
        )
    ends = (node, target)
    sequence = sent.get(ends, 0)
    sent[ends] = sequence + 1
    heapq.heappush(queues[target], TwinEvent(now + delay_ns, node, sequence, target, payload))
