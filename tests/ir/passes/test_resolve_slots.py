"""Roles are bound to what fills them, or one sentence says what to write."""

from __future__ import annotations

import dataclasses

import pytest

from ir.passes.lockstep import DT, TAIL, cells, matrix
from sc_neurocore.ir import (
    DedupGate,
    Graph,
    Input,
    Node,
    Output,
    PartitionError,
    Partitions,
    Place,
    Places,
    Rerandomise,
    SliceAtWires,
    Wire,
)
from sc_neurocore.ir._chains import insert_behind
from sc_neurocore.ir._providers import PROVIDERS, AmbiguousRole, Provider, UnboundSlot
from sc_neurocore.ir.passes import ResolveSlots


def cut(left: Place, right: Place, wire: Wire | None = None) -> Partitions:
    """in -> fc1 -> a (left) -> fc2 -> b -> out (right), with every gate."""
    graph = Graph.of(
        "net",
        [
            Node("in", Input((2,)), "left"),
            matrix("fc1", "left"),
            cells("a", "left"),
            matrix("fc2", "right"),
            cells("b", "right"),
            Node("out", Output((2,)), "right"),
        ],
        [("in", "fc1"), ("fc1", "a"), ("a", "fc2"), ("fc2", "b"), ("b", "out")],
        DT,
    )
    places = Places({"left": left, "right": right}, {}, wire or Wire())
    partitions = SliceAtWires(places)(graph)
    for step in TAIL:
        partitions = step(partitions)
    return partitions


LEFT, RIGHT = Place("left"), Place("right")


def test_a_process_and_a_chip() -> None:
    partitions = cut(LEFT, Place("right", "chip", target="ice40-hx8k"))
    bound = ResolveSlots()(partitions).slots
    assert bound == {
        "left": {"random_source": "lfsr16", "neuron_kernel": "float64", "weight_store": "memory",
                 "transport": "sockets", "clock": "event_loop"},
        "right": {"random_source": "lfsr16", "neuron_kernel": "event_engine",
                  "weight_store": "block_ram", "transport": "aer_link", "clock": "clock_enable"},
    }  # fmt: skip


def test_only_what_is_needed_is_bound() -> None:
    graph = Graph.of(
        "net", [Node("in", Input((2,)), "left"), cells("a", "left"), Node("o", Output(), "left")],
        [("in", "a"), ("a", "o")],
    )  # fmt: skip
    alone = SliceAtWires(Places({"left": LEFT}))(graph)
    assert ResolveSlots()(alone).slots == {
        "left": {"neuron_kernel": "float64", "clock": "event_loop"}
    }


def test_every_deadline_gate_has_a_slot_of_its_own() -> None:
    partitions = cut(LEFT, RIGHT)
    crossing = partitions.crossings[next(iter(partitions.crossings))]
    assert crossing.deadline_ns is None
    late = dataclasses.replace(crossing, deadline_ns=1000)
    again = dataclasses.replace(partitions, crossings={crossing.stream: late})
    again = TAIL[3](again)
    slots = ResolveSlots()(again).slots
    assert slots["right"]["a#__trigger_deadline"] == "tick_timer"
    assert "a#__trigger_deadline" not in slots["left"]


def test_a_stream_that_is_made_anew_needs_a_decorrelator() -> None:
    partitions = cut(LEFT, RIGHT)
    crossing = next(iter(partitions.crossings.values()))
    chain = [("rerandomise", Rerandomise())]
    right = insert_behind(partitions.parts["right"], "right", {crossing: chain})
    changed = dataclasses.replace(partitions, parts={**partitions.parts, "right": right})
    slots = ResolveSlots()(changed).slots
    assert slots["right"]["decorrelator"] == "regenerator"
    assert "decorrelator" not in slots["left"]


EXTRA = Provider("sobol", "random_source", "process")
REFUSED = [
    (LEFT, (*PROVIDERS, EXTRA), AmbiguousRole,
     "Place 'left' has 2 providers that claim its random_source: 'lfsr16' (generic) and 'sobol' "
     "(for every process); choose one in the places file: "
     '[places.left] roles = {random_source = "lfsr16"}'),
    (LEFT, (*PROVIDERS, Provider("halton", "random_source")), AmbiguousRole,
     "Place 'left' has 2 providers that claim its random_source: 'lfsr16' (generic) and 'halton' "
     "(generic); choose one in the places file: "
     '[places.left] roles = {random_source = "lfsr16"}'),
    (LEFT, (*PROVIDERS, Provider("float32", "neuron_kernel", "process")), AmbiguousRole,
     "Place 'left' has 2 providers that claim its neuron_kernel: 'float64' (for every process) "
     "and 'float32' (for every process); choose one in the places file: "
     '[places.left] roles = {neuron_kernel = "float64"}'),
    (LEFT, tuple(p for p in PROVIDERS if p.name != "event_loop"), UnboundSlot,
     "Place 'left' needs a clock, and there is none for a process (clock_enable fit other kinds "
     'of places); add a provider and name it in the places file: '
     '[places.left] roles = {clock = "NAME"}'),
    (LEFT, tuple(p for p in PROVIDERS if p.role != "transport"), UnboundSlot,
     "Place 'left' needs a transport, and there is none for a process; add a provider and name "
     'it in the places file: [places.left] roles = {transport = "NAME"}'),
    (LEFT, (*(p for p in PROVIDERS if p.role != "neuron_kernel"),
            Provider("small", "neuron_kernel", None, frozenset({"if", "cuba_lif"}))), UnboundSlot,
     "Place 'left' has no neuron_kernel that offers all that part 'left' wants: 'small' lacks "
     "lif; put what is lacking at another place."),
    (Place("left", roles={"clock": "event_lop"}), PROVIDERS, UnboundSlot,
     "Place 'left' names 'event_lop' as its clock, and no provider of that name can be one at a "
     "process; did you mean 'event_loop'?"),
    (Place("left", roles={"clock": "clock_enable"}), PROVIDERS, UnboundSlot,
     "Place 'left' names 'clock_enable' as its clock, and no provider of that name can be one at "
     "a process; known: event_loop"),
    (Place("left", roles={"clok": "event_loop"}), PROVIDERS, PartitionError,
     "Place 'left' names a provider for the role 'clok', which there is not; did you mean "
     "'clock'?"),
]  # fmt: skip


@pytest.mark.parametrize("left, providers, kind, message", REFUSED, ids=[r[3] for r in REFUSED])
def test_refusals(
    left: Place, providers: tuple[Provider, ...], kind: type[PartitionError], message: str
) -> None:
    with pytest.raises(PartitionError) as caught:
        ResolveSlots(providers)(cut(left, RIGHT))
    assert type(caught.value) is kind
    assert str(caught.value) == message and caught.value.exit_code == 3


def test_the_places_file_chooses() -> None:
    both = (*PROVIDERS, EXTRA)
    for name in ("lfsr16", "sobol"):
        roles = {"random_source": name}
        partitions = cut(Place("left", roles=roles), Place("right", roles=roles))
        assert ResolveSlots(both)(partitions).slots["left"]["random_source"] == name


def test_a_wire_must_be_served() -> None:
    providers = tuple(p for p in PROVIDERS if p.role != "transport")
    udp = Provider("datagrams", "transport", None, frozenset({"udp"}))
    partitions = cut(LEFT, RIGHT, Wire("reliable"))
    with pytest.raises(UnboundSlot, match="'datagrams' lacks reliable"):
        ResolveSlots((*providers, udp))(partitions)
    assert isinstance(partitions.parts["right"].nodes["dedup.0.a"].op, DedupGate)
