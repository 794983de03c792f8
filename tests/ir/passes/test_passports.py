"""Passports, and whether everything is there that a run needs."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest

from ir.passes.lockstep import TAIL
from ir.passes.test_resolve_slots import LEFT, RIGHT, cut
from sc_neurocore import __version__
from sc_neurocore.ir import (
    Edge,
    HealthGate,
    PartitionError,
    Partitions,
    program_digest,
    require_same_program,
)
from sc_neurocore.ir._gates import BackoffGate, DeadlineGate, DedupGate
from sc_neurocore.ir._passport import PASSPORT_FIELDS
from sc_neurocore.ir._providers import UnboundSlot
from sc_neurocore.ir.passes import (
    GATES,
    GateContract,
    ResolveSlots,
    StampMetadata,
    VerifyRuntime,
)


def complete(**options: Any) -> Partitions:
    """A cut network with slots and passports."""
    return StampMetadata(**options)(ResolveSlots()(cut(LEFT, RIGHT)))


def timed() -> Partitions:
    """With a deadline on its crossing."""
    partitions = cut(LEFT, RIGHT)
    crossings = {
        s: dataclasses.replace(c, deadline_ns=500) for s, c in partitions.crossings.items()
    }
    # Gates behind a Receive are put in from the last to the first.
    bare = dataclasses.replace(partitions, crossings=crossings)
    for place in ("left", "right"):
        bare = _without(bare, place, DedupGate, HealthGate, BackoffGate)
    for step in TAIL[3:]:
        bare = step(bare)
    return StampMetadata()(ResolveSlots()(bare))


def _without(partitions: Partitions, place: str, *kinds: type) -> Partitions:
    """A part without its gates of some kinds."""
    part = partitions.parts[place]
    nodes, edges = dict(part.nodes), list(part.edges)
    for name, node in part.nodes.items():
        if isinstance(node.op, kinds):
            del nodes[name]
            (before,) = [e for e in edges if e.target == name]
            (after,) = [e for e in edges if e.source == name]
            joined = Edge(before.source, after.target, delay=before.delay + after.delay)
            edges[edges.index(after)] = joined
            edges.remove(before)
    part = part.replace(nodes=nodes, edges=tuple(edges))
    return dataclasses.replace(partitions, parts={**partitions.parts, place: part})


def test_what_a_passport_says() -> None:
    partitions = complete(source="5" * 64, passes=TAIL, tools={"mtkahypar": "1.5"})
    left, right = partitions.passports["left"], partitions.passports["right"]
    assert set(left) == set(PASSPORT_FIELDS)
    assert left["schema"] == 1 and left["package"] == __version__
    assert left["source"] == "5" * 64 and left["tools"] == {"mtkahypar": "1.5"}
    assert left["place"] == "left" and left["digest"] == partitions.parts["left"].digest
    assert [p["name"] for p in left["passes"]] == [type(step).__name__ for step in TAIL]
    assert left["passes"][2] == {"name": "DeriveDeadlines", "options": {"tick_ns": 1000}}
    assert left["seeds"]["places"] == 1 and "send_backoff.0.a" in left["seeds"]
    assert left["formats"] == {"a": "float64"} and left["slots"]["clock"] == "event_loop"
    assert left["received"] == [] and left["sent"] == right["received"]
    assert left["sent"] == [
        {"stream": 0, "node": "a", "source": "left", "target": "right", "size": 2, "delay": 0,
         "kind": "data", "batch": 0, "deadline_ns": None, "transport": "udp"}
    ]  # fmt: skip
    assert left["program"] == right["program"] == program_digest(partitions.passports)
    assert json.loads(json.dumps(left)) == left


def test_the_program_changes_with_all_that_it_is_made_of() -> None:
    def program(**options: Any) -> object:
        return complete(**options).passports["left"]["program"]

    first = program()
    assert program() == first
    others = [
        program(source="1"),
        program(passes=TAIL),
        program(tools={"a": "1"}),
    ]
    right = dataclasses.replace(RIGHT, roles={"clock": "event_loop"})
    stamped = StampMetadata()(ResolveSlots()(cut(LEFT, right)))
    assert stamped.passports["left"]["program"] == first  # the same slots, the same program
    assert len({first, *others}) == 4


def test_user_passes_are_named_and_long_options_digested() -> None:
    def own(partitions: Partitions) -> Partitions:
        return partitions

    @dataclasses.dataclass(frozen=True)
    class Long:
        values: tuple[int, ...] = tuple(range(2000))
        function: Callable[..., Any] = sorted

    first, second = complete(passes=(own, Long())).passports["left"]["passes"]  # type: ignore[misc]
    assert first["name"].endswith("own") and first["options"] == {}
    assert second["name"] == "Long" and second["options"]["function"] == "sorted"
    assert list(second["options"]["values"]) == ["sha256"]


def test_a_peer_of_another_program_is_refused() -> None:
    mine, theirs = complete().passports["left"], complete(source="1").passports["right"]
    require_same_program(mine, complete().passports["right"])
    for passport, message in (
        (theirs, f"Peer 'right' runs program {theirs['program'][:8]}, place 'left' runs "
                 f"{mine['program'][:8]}; they differ in source; load one program at all places."),
        ({**theirs, "schema": 2}, "The passport of peer 'right' has version 2, that of 'left' has "
                                  "1; run one version of sc-neurocore everywhere."),
        ({"program": mine["program"]},
         "The peer's passport lacks schema, package, tools, source, place, part, digest, passes, "
         "seeds, formats, slots, sent, received; load the program that `sc-neurocore partition` "
         "wrote there."),
    ):  # fmt: skip
        with pytest.raises(PartitionError) as caught:
            require_same_program(mine, passport)
        assert str(caught.value) == message


def test_a_complete_program_passes() -> None:
    for partitions in (complete(), timed()):
        assert VerifyRuntime()(partitions) is partitions


CROSSING = "Crossing 0 of 'a' from 'left' to 'right'"
LACKING = [
    ("left", HealthGate, f"{CROSSING} has no HealthGate before its Send; run InsertTransmitGates."),
    ("left", BackoffGate, f"{CROSSING} has no BackoffGate before its Send; run "
                          "InsertTransmitGates."),
    ("right", DedupGate, f"{CROSSING} has no DedupGate behind its Receive; run "
                         "InsertReceiveGates."),
    ("right", HealthGate, f"{CROSSING} has no HealthGate behind its Receive; run "
                          "InsertReceiveGates."),
    ("right", BackoffGate, f"{CROSSING} has no BackoffGate behind its Receive; run "
                           "InsertReceiveGates."),
    ("right", DeadlineGate, f"{CROSSING} has no DeadlineGate behind its Receive; run "
                            "InsertDeadlineGates."),
]  # fmt: skip


@pytest.mark.parametrize("place, gate, message", LACKING)
def test_a_gate_that_is_missing(place: str, gate: type, message: str) -> None:
    with pytest.raises(PartitionError) as caught:
        VerifyRuntime()(_without(timed(), place, gate))
    assert str(caught.value) == message


def test_gates_in_another_order() -> None:
    partitions = timed()
    part = partitions.parts["right"]
    nodes = dict(part.nodes)
    first, second = nodes["dedup.0.a"], nodes["receive_health.0.a"]
    nodes["dedup.0.a"] = dataclasses.replace(first, op=second.op)
    nodes["receive_health.0.a"] = dataclasses.replace(second, op=first.op)
    parts = {**partitions.parts, "right": part.replace(nodes=nodes)}
    with pytest.raises(PartitionError) as caught:
        VerifyRuntime()(dataclasses.replace(partitions, parts=parts))
    assert str(caught.value) == (
        f"{CROSSING} has HealthGate, DedupGate, BackoffGate, DeadlineGate behind its Receive; "
        "there must be DedupGate, HealthGate, BackoffGate, DeadlineGate, in this order."
    )


def test_an_inventory_of_ones_own() -> None:
    """A gate that is not in the inventory may be there or not."""
    fewer = tuple(c for c in GATES if c.gate is not HealthGate)
    VerifyRuntime(fewer)(timed())
    more = (*GATES, GateContract("send", DedupGate))
    with pytest.raises(PartitionError, match="has no DedupGate before its Send; run the pass that"):
        VerifyRuntime(more)(timed())


def _right(partitions: Partitions, name: str, op: Any) -> Partitions:
    part = partitions.parts["right"]
    nodes = {**part.nodes, name: dataclasses.replace(part.nodes[name], op=op)}
    return dataclasses.replace(
        partitions, parts={**partitions.parts, "right": part.replace(nodes=nodes)}
    )


def _passport(partitions: Partitions, **changes: Any) -> Partitions:
    right = {**partitions.passports["right"], **changes}
    right = {key: value for key, value in right.items() if value is not None}
    return dataclasses.replace(partitions, passports={**partitions.passports, "right": right})


def _slots(partitions: Partitions, slot: str) -> Partitions:
    right = {key: value for key, value in partitions.slots["right"].items() if key != slot}
    return dataclasses.replace(partitions, slots={**partitions.slots, "right": right})


STALE = (
    "The passport of 'right' does not fit its part: it states another {}; stamp after the last "
    "change."
)
BROKEN: list[tuple[Callable[[Partitions], Partitions], type, str]] = [
    (lambda p: _right(p, "dedup.0.a", DedupGate(32)), PartitionError,
     "Gate 'dedup.0.a' has window 32, its wire has 64."),
    (lambda p: _right(p, "deadline.0.a", DeadlineGate(400, "drop", "a#__trigger_deadline")),
     PartitionError, "Gate 'deadline.0.a' has deadline_ns 400, its wire has 500."),
    (lambda p: _right(p, "deadline.0.a", DeadlineGate(500, "halt", "a#__trigger_deadline")),
     PartitionError, "Gate 'deadline.0.a' has late 'halt', its wire has 'drop'."),
    (lambda p: _slots(p, "clock"), UnboundSlot,
     "Nothing is bound to slot 'clock' of place 'right'; run ResolveSlots."),
    (lambda p: _slots(p, "a#__trigger_deadline"), UnboundSlot,
     "Nothing is bound to slot 'a#__trigger_deadline' of place 'right'; run ResolveSlots."),
    (lambda p: _slots(p, "transport"), UnboundSlot,
     f"{CROSSING} has no transport at 'right'; run ResolveSlots."),
    (lambda p: dataclasses.replace(p, passports={}), PartitionError,
     "The part at 'left' has no passport; run StampMetadata."),
    (lambda p: _passport(p, seeds=None, tools=None), PartitionError,
     "The passport of 'right' lacks tools, seeds."),
    (lambda p: _passport(p, schema=2), PartitionError,
     "The passport of 'right' has version 2; this version of sc-neurocore reads 1."),
    (lambda p: _passport(p, digest="0"), PartitionError, STALE.format("digest")),
    (lambda p: _passport(p, received=[]), PartitionError, STALE.format("received")),
    (lambda p: _passport(p, program="0"), PartitionError, STALE.format("program")),
    (lambda p: _passport(p, source="0"), PartitionError,
     STALE.format("program").replace("right", "left")),
]  # fmt: skip


@pytest.mark.parametrize("change, kind, message", BROKEN, ids=[b[2] for b in BROKEN])
def test_what_is_missing_or_wrong(
    change: Callable[[Partitions], Partitions], kind: type, message: str
) -> None:
    with pytest.raises(PartitionError) as caught:
        VerifyRuntime()(change(timed()))
    assert (type(caught.value), str(caught.value)) == (kind, message)


def test_a_chip_s_format_is_not_invented() -> None:
    chip = dataclasses.replace(RIGHT, kind="chip", target="ice40-hx8k")
    stamped = StampMetadata()(ResolveSlots()(cut(LEFT, chip)))
    assert stamped.passports["left"]["formats"] == {"a": "float64"}
    assert stamped.passports["right"]["formats"] == {"b": "undecided"}
