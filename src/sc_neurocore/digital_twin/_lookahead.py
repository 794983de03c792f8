"""How far a process may go before it has heard from the others: lookahead and null messages.

K. M. Chandy and J. Misra (1979), R. E. Bryant (1977).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from sc_neurocore.exceptions import SCConfigError

#: Later than any event: what a node without incoming channels may advance to.
FOREVER = (1 << 63) - 1


@dataclass(frozen=True)
class LookaheadConfig:
    """A channel from one node to another, and what its source guarantees.

    Attributes:
        source: node that sends.
        target: node that receives.
        lookahead_ns: least time from what a node handles to what it sends here.
        promised_ns: no event before this time will come any more.
    """

    source: int
    target: int
    lookahead_ns: int
    promised_ns: int = 0

    def __post_init__(self) -> None:
        for name in ("source", "target", "lookahead_ns", "promised_ns"):
            value = getattr(self, name)
            if type(value) is not int or value < 0:
                raise SCConfigError(
                    f"{name} of a channel is {value!r}; it must be a whole number, 0 or more"
                )

    def can_advance_to(self, target_ns: int) -> bool:
        """Whether all events before a time have come through this channel."""
        return target_ns <= self.promised_ns

    def send_null_message(self, current_ns: int) -> LookaheadConfig:
        """The channel after its source has said that it handles nothing before a time."""
        return replace(self, promised_ns=max(self.promised_ns, current_ns + self.lookahead_ns))


class NullMessageOptimizer:
    """The promises of all channels, and only the null messages that promise something new.

    It belongs to a conservative simulation: nothing is ever rolled back.
    """

    def __init__(
        self,
        num_nodes: int,
        default_lookahead_ns: int = 0,
        channels: Sequence[LookaheadConfig] | None = None,
    ) -> None:
        """Start with what the channels promise.

        Args:
            num_nodes: nodes, numbered from 0.
            default_lookahead_ns: of the channels, if none are given.
            channels: at most one from a node to another; if None, one from each node to each other.

        Raises:
            SCConfigError: a channel of a node that does not exist, two between the same nodes, or
                a cycle whose lookaheads are all 0, on which every node would wait for the next.
        """
        if type(num_nodes) is not int or num_nodes < 1:
            raise SCConfigError(f"num_nodes is {num_nodes!r}; it must be a whole number above 0")
        if channels is None:
            channels = [
                LookaheadConfig(a, b, default_lookahead_ns)
                for a in range(num_nodes)
                for b in range(num_nodes)
                if a != b
            ]
        self._channels: dict[tuple[int, int], LookaheadConfig] = {}
        self._incoming: list[list[tuple[int, int]]] = [[] for _ in range(num_nodes)]
        self._outgoing: list[list[tuple[int, int]]] = [[] for _ in range(num_nodes)]
        for channel in channels:
            ends = (channel.source, channel.target)
            if max(ends) >= num_nodes:
                raise SCConfigError(
                    f"a channel leads from node {ends[0]} to node {ends[1]}; there are "
                    f"{num_nodes} nodes, from 0"
                )
            if ends in self._channels:
                raise SCConfigError(
                    f"two channels lead from node {ends[0]} to node {ends[1]}; give one"
                )
            self._channels[ends] = channel
            self._outgoing[ends[0]].append(ends)
            self._incoming[ends[1]].append(ends)
        self.ranks = _ranks(num_nodes, channels)
        self.null_messages = 0

    def channel(self, source: int, target: int) -> LookaheadConfig | None:
        """The channel between two nodes as it stands, or None."""
        return self._channels.get((source, target))

    def safe_advance_time(self, node_id: int) -> int:
        """Time before which no event for a node will come any more; `FOREVER` without channels."""
        self._require(node_id)
        return min(
            (self._channels[x].promised_ns for x in self._incoming[node_id]), default=FOREVER
        )

    def broadcast_null(self, node_id: int, current_ns: int) -> tuple[int, ...]:
        """Tell those that a node sends to that it handles nothing before a time.

        Returns:
            The nodes that learned something new; the others are sent nothing.
        """
        self._require(node_id)
        told = []
        for ends in self._outgoing[node_id]:
            before = self._channels[ends]
            after = before.send_null_message(current_ns)
            if after.promised_ns > before.promised_ns:
                self._channels[ends] = after
                told.append(ends[1])
        self.null_messages += len(told)
        return tuple(told)

    def _require(self, node_id: int) -> None:
        if not 0 <= node_id < len(self._incoming):
            raise SCConfigError(f"there is no node {node_id}; there are {len(self._incoming)}")


def _ranks(num_nodes: int, channels: Sequence[LookaheadConfig]) -> tuple[int, ...]:
    """Rank of each node, above those that reach it in no time.

    Raises:
        SCConfigError: nodes that reach themselves in no time.
    """
    instant: list[list[int]] = [[] for _ in range(num_nodes)]
    for channel in channels:
        if not channel.lookahead_ns:
            instant[channel.source].append(channel.target)
    waiting = [0] * num_nodes
    for targets in instant:
        for target in targets:
            waiting[target] += 1
    ranks = [0] * num_nodes
    ready = [node for node in range(num_nodes) if not waiting[node]]
    done = 0
    while ready:
        node = ready.pop()
        done += 1
        for target in instant[node]:
            ranks[target] = max(ranks[target], ranks[node] + 1)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    if done < num_nodes:
        cycle = _cycle(instant, waiting)
        path = " → ".join(str(node) for node in cycle)
        raise SCConfigError(
            f"the channels {path} have a lookahead of 0 all around, so each of these nodes would "
            "wait for the one before; give one of them a lookahead above 0"
        )
    return tuple(ranks)


def _cycle(instant: Sequence[Sequence[int]], waiting: Sequence[int]) -> list[int]:
    """A cycle among the nodes that still wait, its first node repeated at its end."""
    # Each of them waits for one that waits too, so going back repeats a node.
    before = {
        target: node
        for node in range(len(instant))
        if waiting[node]
        for target in instant[node]
        if waiting[target]
    }
    node, seen = next(node for node in before), []
    while node not in seen:
        seen.append(node)
        node = before[node]
    back = [*seen[seen.index(node) :], node]
    found = back[::-1]
    assert all(b in instant[a] for a, b in pairwise(found))
    return found
