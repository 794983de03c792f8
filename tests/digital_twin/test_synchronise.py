"""Processes side by side do what one queue of all events does, whosever turn it is."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accelerator.networks import random_network, random_samples
from sc_neurocore.accelerator import INPUT, IntegerNetwork, simulate_network
from sc_neurocore.compiler import lane_function
from sc_neurocore.digital_twin import (
    OUTSIDE,
    LookaheadConfig,
    NullMessageOptimizer,
    Send,
    TwinEvent,
    synchronise,
)
from sc_neurocore.exceptions import SCConfigError


class Automaton:
    """Sends what a hash of all that it ever saw says, so that any other order would show."""

    def __init__(self, node: int, channels: Sequence[LookaheadConfig]) -> None:
        self.out = [c for c in channels if c.source == node]
        self.state = node
        self.seen: list[tuple] = []

    def handle(self, time_ns: int, events: Sequence[TwinEvent]) -> list[Send]:
        sends = []
        for e in events:
            assert e.time_ns == time_ns
            self.seen.append((e.time_ns, e.source, e.sequence, e.payload))
            self.state = hash((self.state, *self.seen[-1])) & 0xFFFFFFFF
            for k, channel in enumerate(self.out):
                if self.state >> k & 1 and e.payload > 0:
                    delay = channel.lookahead_ns + (self.state >> (8 + k)) % 4
                    sends.append(Send(channel.target, delay, e.payload - 1))
        return sends


def one_queue(processes, channels, events, until_ns, ranks):  # type: ignore[no-untyped-def]
    """All events in one queue, ordered by time; within a moment causes before effects."""
    queue = [(t, ranks[p], p, OUTSIDE, n, x) for n, (t, p, x) in enumerate(events)]
    heapq.heapify(queue)
    sent: dict[tuple[int, int], int] = {}
    order = []
    while queue and queue[0][0] < until_ns:
        now, _, node, *_ = queue[0]
        moment = []
        while queue and queue[0][0] == now and queue[0][2] == node:
            t, _, p, source, n, x = heapq.heappop(queue)
            moment.append(TwinEvent(t, source, n, p, x))
        order += moment
        for target, delay, payload in processes[node].handle(now, moment):
            n = sent[node, target] = sent.get((node, target), -1) + 1
            heapq.heappush(queue, (now + delay, ranks[target], target, node, n, payload))
    return order


@st.composite
def systems(draw):  # type: ignore[no-untyped-def]
    nodes = draw(st.integers(1, 5))
    ends = draw(
        st.lists(st.tuples(st.integers(0, nodes - 1), st.integers(0, nodes - 1)),
                 unique=True, max_size=12)
    )  # fmt: skip
    place = draw(st.permutations(range(nodes)))
    channels = []
    for a, b in ends:
        # No delay is allowed forwards in some order only, so never all around.
        least = 0 if place[a] < place[b] else 1
        channels.append(LookaheadConfig(a, b, draw(st.integers(least, 6))))
    events = draw(
        st.lists(st.tuples(st.integers(0, 30), st.integers(0, nodes - 1), st.integers(0, 6)),
                 max_size=6)
    )  # fmt: skip
    return nodes, channels, events, draw(st.permutations(range(nodes)))


@settings(max_examples=300, deadline=None)
@given(system=systems(), until=st.integers(0, 60))
def test_same_events_in_the_same_order_as_one_queue(system, until: int) -> None:  # type: ignore[no-untyped-def]
    nodes, channels, events, turns = system
    ranks = NullMessageOptimizer(nodes, channels=channels).ranks
    alone = [Automaton(k, channels) for k in range(nodes)]
    wanted = one_queue(alone, channels, events, until, ranks)
    together = [Automaton(k, channels) for k in range(nodes)]
    found = synchronise(together, channels, events, until_ns=until, turns=turns)
    assert list(found.events) == wanted
    assert [e.payload for e in found.events] == [e.payload for e in wanted]
    assert [x.seen for x in together] == [x.seen for x in alone]
    assert found.events == tuple(wanted)
    for k in range(nodes):
        assert [(e.time_ns, e.source, e.sequence) for e in found.of(k)] == [
            x[:3] for x in together[k].seen
        ]


def test_distant_events_cost_no_creeping() -> None:
    """Two nodes that promise each other 1 ns, an event a second later: a few rounds, not 10⁹."""
    channels = [LookaheadConfig(0, 1, 1), LookaheadConfig(1, 0, 1)]
    found = synchronise([Automaton(0, []), Automaton(1, [])], channels,
                        [(0, 0, 0), (10**9, 1, 0)], until_ns=2 * 10**9)  # fmt: skip
    assert [e.time_ns for e in found.events] == [0, 10**9]
    assert found.rounds < 10


# A network whose layers run side by side ----------------------------------------------------------

TICK_NS = 1000


class Layer:
    """One layer of a network: takes the spikes of a tick from its sources, sends its own."""

    def __init__(self, network: IntegerNetwork, number: int, sample: np.ndarray) -> None:
        self.layer = network.layers[number]
        self.lane = lane_function(self.layer.datapath)
        self.states = [list(self.layer.datapath.init) for _ in range(self.layer.size)]
        self.sample = sample
        self.targets = [
            (k, p.delay, q)
            for k, other in enumerate(network.layers)
            for q, p in enumerate(other.projections)
            if p.source == number
        ]
        self.spikes: list[list[int]] = []

    def handle(self, time_ns: int, events: Sequence[TwinEvent]) -> list[Send]:
        tick = time_ns // TICK_NS
        current = np.zeros(self.layer.size, np.int64)
        for p in self.layer.projections:
            if p.source == INPUT and tick >= p.delay:
                current += self.sample[tick - p.delay] @ p.weights
        for e in events:
            if e.payload is not None:
                q, spikes = e.payload
                current += np.array(spikes) @ self.layer.projections[q].weights
        fired = []
        for n in range(self.layer.size):
            extra = [int(self.layer.parameters[q.name][n]) for q in self.layer.datapath.parameters]
            *self.states[n], fire = self.lane(*self.states[n], int(current[n]), *extra)
            fired.append(int(fire))
        self.spikes.append(fired)
        return [Send(k, delay * TICK_NS, (q, fired)) for k, delay, q in self.targets]


@pytest.mark.parametrize("seed", range(6))
def test_partitions_of_a_network_are_the_network(seed: int) -> None:
    """Its own delays are the lookahead: a recurrent connection takes a tick at least."""
    net = random_network(seed, coding="events", layers=4, ticks=9)
    sample = random_samples(net, 1)[0]
    least: dict[tuple[int, int], int] = {}
    for k, layer in enumerate(net.layers):
        for p in layer.projections:
            if p.source != INPUT:
                ends = (p.source, k)
                least[ends] = min(least.get(ends, p.delay), p.delay)
    channels = [LookaheadConfig(a, b, delay * TICK_NS) for (a, b), delay in least.items()]
    ticks = [(t * TICK_NS, k, None) for t in range(net.ticks) for k in range(len(net.layers))]
    wanted = simulate_network(net, sample[None], spikes=True).spikes
    assert wanted is not None
    for turns in (None, [3, 2, 1, 0]):
        layers = [Layer(net, k, sample) for k in range(len(net.layers))]
        synchronise(layers, channels, ticks, until_ns=net.ticks * TICK_NS, turns=turns)
        for layer, spikes in zip(layers, wanted, strict=True):
            assert layer.spikes == spikes[0].tolist()


# Promises -----------------------------------------------------------------------------------------


def test_promises_by_hand() -> None:
    """0 → 1 in 5 ns, 2 → 1 in 3 ns: node 1 is as safe as the worse of both lets it be."""
    found = NullMessageOptimizer(3, channels=[LookaheadConfig(0, 1, 5), LookaheadConfig(2, 1, 3)])
    assert found.safe_advance_time(1) == 0
    assert found.broadcast_null(0, 10) == (1,)
    assert found.safe_advance_time(1) == 0
    assert found.broadcast_null(2, 11) == (1,)
    assert found.safe_advance_time(1) == 14
    assert found.broadcast_null(2, 11) == ()  # says nothing new, so it is not sent
    assert found.broadcast_null(2, 4) == ()  # and a promise is never taken back
    assert found.null_messages == 2
    assert found.safe_advance_time(0) == 2**63 - 1
    channel = found.channel(0, 1)
    assert channel is not None
    assert channel.can_advance_to(15) and not channel.can_advance_to(16)


def test_all_to_all_by_default() -> None:
    found = NullMessageOptimizer(3, 7)
    assert found.broadcast_null(1, 0) == (0, 2)
    assert found.safe_advance_time(0) == 0
    found.broadcast_null(2, 0)
    assert found.safe_advance_time(0) == 7


def test_cycles_without_lookahead_are_named() -> None:
    zero = [LookaheadConfig(0, 1, 0), LookaheadConfig(1, 3, 0), LookaheadConfig(3, 1, 0),
            LookaheadConfig(3, 2, 0)]  # fmt: skip
    with pytest.raises(
        SCConfigError, match=r"channels (1 → 3 → 1|3 → 1 → 3) have a lookahead of 0"
    ):
        NullMessageOptimizer(4, channels=zero)
    with pytest.raises(SCConfigError, match="channels 2 → 2 have"):
        NullMessageOptimizer(3, channels=[LookaheadConfig(2, 2, 0)])
    with pytest.raises(SCConfigError, match="lookahead of 0 all around"):
        NullMessageOptimizer(2)
    NullMessageOptimizer(4, channels=[*zero[:2], LookaheadConfig(3, 1, 1)])


@given(ends=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), unique=True))
def test_cycles_are_found_iff_there_are_some(ends: list[tuple[int, int]]) -> None:
    reach = np.zeros((6, 6), bool)
    for a, b in ends:
        reach[a, b] = True
    for k in range(6):
        reach |= reach[:, k : k + 1] & reach[k : k + 1]
    channels = [LookaheadConfig(a, b, 0) for a, b in ends]
    if not reach.diagonal().any():
        ranks = NullMessageOptimizer(6, channels=channels).ranks
        assert all(ranks[a] < ranks[b] for a, b in ends)
        return
    with pytest.raises(SCConfigError) as error:
        NullMessageOptimizer(6, channels=channels)
    named = str(error.value).removeprefix("the channels ").split(" have")[0]
    path = [int(x) for x in named.split(" → ")]
    assert path[0] == path[-1] and set(pairwise(path)) <= set(ends)


class Rude:
    def __init__(self, send: Send) -> None:
        self.send = send

    def handle(self, time_ns: int, events: Sequence[TwinEvent]) -> list[Send]:
        return [self.send]


@pytest.mark.parametrize(
    ("send", "message"),
    [
        (Send(1, 4, 0), "sends to 1 after 4 ns; its channel promises at least 5"),
        (Send(0, 9, 0), "process 0 sends to 0, to which no channel leads"),
        (Send(1, 5.5, 0), "after 5.5 ns"),  # type: ignore[arg-type]
    ],
)
def test_broken_promises_are_refused(send: Send, message: str) -> None:
    with pytest.raises(SCConfigError, match=message):
        synchronise([Rude(send), Rude(send)], [LookaheadConfig(0, 1, 5)], [(0, 0, None)],
                    until_ns=10)  # fmt: skip


def test_other_refusals() -> None:
    with pytest.raises(SCConfigError, match="event 0 is at -1 ns for process 0"):
        synchronise([Rude(Send(0, 1, 0))], [], [(-1, 0, None)], until_ns=10)
    with pytest.raises(SCConfigError, match=r"turns is \[1\]; it must name each process once"):
        synchronise([Rude(Send(0, 1, 0))], [], [], until_ns=10, turns=[1])
    with pytest.raises(SCConfigError, match="lookahead_ns of a channel is -1"):
        LookaheadConfig(0, 1, -1)
    with pytest.raises(SCConfigError, match="from node 0 to node 2; there are 2 nodes"):
        NullMessageOptimizer(2, channels=[LookaheadConfig(0, 2, 1)])
    with pytest.raises(SCConfigError, match="two channels lead from node 0 to node 1"):
        NullMessageOptimizer(2, channels=[LookaheadConfig(0, 1, 1), LookaheadConfig(0, 1, 2)])
    with pytest.raises(SCConfigError, match="there is no node 2"):
        NullMessageOptimizer(2, 1).safe_advance_time(2)
