"""What the passes put at the ends of a wire."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from sc_neurocore.ir import (
    BackoffGate,
    BatchWires,
    DeadlineGate,
    DedupGate,
    DeriveDeadlines,
    Edge,
    Flatten,
    Gate,
    Graph,
    GraphError,
    HealthGate,
    Input,
    InsertDeadlineGates,
    InsertReceiveGates,
    InsertTransmitGates,
    Node,
    Output,
    PartitionError,
    Partitions,
    Place,
    Places,
    Rerandomise,
    SliceAtWires,
    Wire,
    gates_at,
)

from .lockstep import DT, cells, matrix

ZERO = ((0.0, 0.0), (0.0, 0.0))


def pair(
    delay: int = 3, wire: Wire | None = None, *, first: object = ZERO, second: object = ZERO
) -> Partitions:
    """Two populations at the left, each with synapses to one at the right, and one way back."""
    nodes = [
        Node("in", Input((2,)), "left"),
        cells("a", "left"),
        cells("b", "left"),
        Node("flat", Flatten(0, -1, (2,)), "right"),
        matrix("x", "right", first),
        matrix("y", "right", second),
        cells("c", "right"),
        Node("out", Output((2,)), "right"),
    ]
    edges = [
        Edge("in", "a"),
        Edge("in", "b"),
        Edge("c", "a", delay=delay + 1),
        Edge("a", "flat", delay=delay),
        Edge("flat", "x"),
        Edge("b", "y", delay=delay),
        Edge("x", "c"),
        Edge("y", "c"),
        Edge("c", "out"),
    ]
    wires = {("left", "right"): wire or Wire()}
    places = Places({"left": Place("left"), "right": Place("right")}, wires, seed=7)
    return SliceAtWires(places)(Graph.of("net", nodes, edges, DT))


def test_batches_and_kinds() -> None:
    partitions = BatchWires()(pair(second=((0.0, 0.0), (0.0, 0.25))))
    assert [(c.node, c.batch, c.kind) for c in partitions.crossings.values()] == [
        ("a", 0, "trigger_only"),
        ("b", 0, "data"),
        ("c", 1, "data"),
    ]
    partitions = BatchWires()(pair(first=((0.0, -1.0), (0.0, 0.0))))
    assert [c.kind for c in partitions.crossings.values()] == ["data", "trigger_only", "data"]


def test_deadlines_are_the_slack() -> None:
    wire = Wire(hops=2, per_hop_budget_ns=1500)
    partitions = DeriveDeadlines(1000)(pair(3, wire))
    assert [c.deadline_ns for c in partitions.crossings.values()] == [3000, 3000, None]
    partitions = DeriveDeadlines()(pair(3, wire))
    assert [c.deadline_ns for c in partitions.crossings.values()] == [None] * 3


@pytest.mark.parametrize(
    ("delay", "tick", "wire", "figures"),
    [
        (
            3,
            1_000_000,
            Wire(hops=4, per_hop_budget_ns=1_200_000),
            "4 hops of 1.2 ms may take 4.8 ms, its delay of 3 ticks of 1 ms leaves 3 ms; raise "
            "the delay to 5 ticks, or raise the tick to 1.6 ms, or lower the budget per hop to "
            "750 us, or lower the number of hops to 2.",
        ),
        (
            1,
            999,
            Wire(hops=1, per_hop_budget_ns=1000),
            "1 hop of 1 us may take 1 us, its delay of 1 tick of 999 ns leaves 999 ns; raise the "
            "delay to 2 ticks, or raise the tick to 1 us, or lower the budget per hop to 999 ns.",
        ),
        (
            0,
            1_000_000,
            Wire(hops=1, per_hop_budget_ns=50_000),
            "1 hop of 50 us may take 50 us, its delay of 0 ticks of 1 ms leaves 0 ns; raise the "
            "delay to 1 tick.",
        ),
    ],
)
def test_a_deadline_that_cannot_be_met(delay: int, tick: int, wire: Wire, figures: str) -> None:
    with pytest.raises(PartitionError) as caught:
        DeriveDeadlines(tick)(pair(delay, wire))
    start = "Edge 'a' -> 'flat' from 'left' to 'right' misses its deadline: "
    assert str(caught.value) == start + figures


@pytest.mark.parametrize("way", ["delay", "tick", "budget", "hops"])
def test_every_way_out_of_a_missed_deadline_suffices(way: str) -> None:
    delay, tick, wire = 3, 1_000_000, Wire(hops=4, per_hop_budget_ns=1_200_000)
    if way == "delay":
        delay = 5
    elif way == "tick":
        tick = 1_600_000
    elif way == "budget":
        wire = dataclasses.replace(wire, per_hop_budget_ns=750_000)
    else:
        wire = dataclasses.replace(wire, hops=2)
    assert DeriveDeadlines(tick)(pair(delay, wire))


def test_a_tick_takes_time() -> None:
    with pytest.raises(PartitionError, match="A tick of 0 ns cannot be; give at least 1 ns"):
        DeriveDeadlines(0)(pair())


def test_gates_stand_in_their_order() -> None:
    wire = Wire(per_hop_budget_ns=100, late="halt", window=128)
    partitions = pair(2, wire)
    for step in (
        DeriveDeadlines(500),
        InsertDeadlineGates(),
        InsertTransmitGates(threshold=40),
        InsertReceiveGates(cap=8),
    ):
        partitions = step(partitions)
    left, right = partitions.parts["left"], partitions.parts["right"]

    def gates(part: Graph, end: str) -> list[Gate]:
        return [node.op for node in gates_at(part, end) if isinstance(node.op, Gate)]

    dedup, health, backoff, deadline = gates(right, "receive.0.a")
    assert isinstance(dedup, DedupGate) and dedup.window == 128
    assert isinstance(health, HealthGate) and health.threshold == 32
    assert isinstance(backoff, BackoffGate) and (backoff.base, backoff.cap) == (1, 8)
    assert isinstance(deadline, DeadlineGate)
    assert (deadline.deadline_ns, deadline.late) == (1000, "halt")
    assert deadline.slot == "a#__trigger_deadline"
    assert [node.id for node in gates_at(right, "receive.0.a")] == [
        "dedup.0.a",
        "receive_health.0.a",
        "receive_backoff.0.a",
        "deadline.0.a",
    ]
    assert [(e.source, e.delay) for e in right.incoming("flat")] == [("deadline.0.a", 0)]
    # The way back has no budget, so no deadline; its edge keeps nothing, its order is that of old.
    assert [type(op) for op in gates(left, "receive.2.c")] == [DedupGate, HealthGate, BackoffGate]
    assert [e.source for e in left.incoming("a")] == ["in", "receive_backoff.2.c"]
    sent_health, sent_backoff = gates(left, "send.0.a")
    assert isinstance(sent_health, HealthGate) and sent_health.threshold == 40
    assert isinstance(sent_backoff, BackoffGate)
    assert [node.id for node in gates_at(left, "send.0.a")] == [
        "send_health.0.a",
        "send_backoff.0.a",
    ]
    assert [e.target for e in left.outgoing("a")] == ["send_health.0.a"]


def test_no_two_gates_share_their_jitter() -> None:
    partitions = InsertReceiveGates()(InsertTransmitGates()(pair()))
    seeds = [
        node.op.seed
        for part in partitions.parts.values()
        for node in part.nodes.values()
        if isinstance(node.op, BackoffGate)
    ]
    assert len(seeds) == 6 == len(set(seeds)) and all(1 <= s < 1 << 16 for s in seeds)


def test_a_pass_runs_once() -> None:
    with pytest.raises(PartitionError, match=r"'dedup\.2\.c' has the id that an end of a wire"):
        InsertReceiveGates()(InsertReceiveGates()(pair()))


def test_gates_check_their_fields() -> None:
    for gate, message in (
        (Rerandomise(window=12), "window is 12, it must be a power of two"),
        (Rerandomise(source="dice"), "source is 'dice'; it must begin with"),
    ):
        nodes = [Node("in", Input((1,))), Node("g", gate), Node("out", Output((1,)))]
        with pytest.raises(GraphError, match=message):
            Graph.of("g", nodes, [("in", "g"), ("g", "out")])


def test_a_gate_lets_everything_through_unchanged() -> None:
    x = np.array([[0.0, 1.0, 1.0]])
    for gate in (Rerandomise(), DedupGate(), HealthGate(), BackoffGate(), DeadlineGate()):
        np.testing.assert_array_equal(gate.apply(x), x)
