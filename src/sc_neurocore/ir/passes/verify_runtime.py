"""Check that a cut network can run: gates, slots, transports, passports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sc_neurocore.ir._chains import gates_at
from sc_neurocore.ir._gates import BackoffGate, DeadlineGate, DedupGate, Gate, HealthGate
from sc_neurocore.ir._graph import Node
from sc_neurocore.ir._passport import PASSPORT_FIELDS, PASSPORT_SCHEMA, part_record, program_digest
from sc_neurocore.ir._places import Crossing, PartitionError, Partitions
from sc_neurocore.ir._providers import UnboundSlot
from sc_neurocore.ir.passes.resolve_slots import slots_needed


@dataclass(frozen=True)
class GateContract:
    """A gate that every crossing must have.

    Attributes:
        end: of the crossing: before its Send or behind its Receive.
        gate: the class.
        when: it is wanted: always, or only where the crossing has a deadline.
        inserted_by: the pass that puts it there.
    """

    end: Literal["send", "receive"]
    gate: type[Gate]
    when: Literal["always", "deadline"] = "always"
    inserted_by: str = ""


#: The gates of the specification, in the order in which packets pass them.
GATES: tuple[GateContract, ...] = (
    GateContract("send", HealthGate, inserted_by="InsertTransmitGates"),
    GateContract("send", BackoffGate, inserted_by="InsertTransmitGates"),
    GateContract("receive", DedupGate, inserted_by="InsertReceiveGates"),
    GateContract("receive", HealthGate, inserted_by="InsertReceiveGates"),
    GateContract("receive", BackoffGate, inserted_by="InsertReceiveGates"),
    GateContract("receive", DeadlineGate, "deadline", "InsertDeadlineGates"),
)


@dataclass(frozen=True)
class VerifyRuntime:
    """Check that everything is there that a run needs; changes nothing.

    Every crossing has the gates of the inventory at both ends, in its order, with the window,
    deadline and policy of its wire; gates that the inventory does not name may stand between. Every
    slot is bound, every crossing has a transport at both places, and every part has a whole
    passport of the program.

    Attributes:
        inventory: of the gates; another one for a runtime of one's own.
    """

    inventory: tuple[GateContract, ...] = GATES

    def __call__(self, partitions: Partitions) -> Partitions:
        """The same partitions.

        Raises:
            UnboundSlot: a slot that nothing is bound to.
            PartitionError: the first other thing that is missing.
        """
        self.verify_gates(partitions)
        for place in partitions.parts:
            _verify_slots(partitions, place)
            _verify_passport(partitions, place)
        program = program_digest(partitions.passports)
        for place, passport in partitions.passports.items():
            if passport["program"] != program:
                raise PartitionError(_stale(place, "program"))
        return partitions

    def verify_gates(self, partitions: Partitions) -> None:
        """Check the gates alone, which are there before slots and passports are.

        Raises:
            PartitionError: the first that is missing, out of order, or not as its wire says.
        """
        parts = partitions.parts
        for crossing in partitions.crossings.values():
            sending = gates_at(parts[crossing.source], crossing.send_id)
            receiving = gates_at(parts[crossing.target], crossing.receive_id)
            self._verify_end(crossing, "send", sending)
            self._verify_end(crossing, "receive", receiving)
            _verify_options(partitions, crossing, receiving)

    def _verify_end(
        self, crossing: Crossing, end: Literal["send", "receive"], gates: tuple[Node, ...]
    ) -> None:
        wanted = [
            contract
            for contract in self.inventory
            if contract.end == end
            and (contract.when == "always" or crossing.deadline_ns is not None)
        ]
        known = tuple(contract.gate for contract in self.inventory)
        found = [type(node.op) for node in gates if isinstance(node.op, known)]
        where = "before its Send" if end == "send" else "behind its Receive"
        for contract in wanted:
            if contract.gate not in found:
                raise PartitionError(
                    f"{said(crossing)} has no {contract.gate.__name__} {where}; run "
                    f"{contract.inserted_by or 'the pass that inserts it'}."
                )
        if found != [contract.gate for contract in wanted]:
            raise PartitionError(
                f"{said(crossing)} has {_listed(found)} {where}; there must be "
                f"{_listed([contract.gate for contract in wanted])}, in this order."
            )


def _verify_options(partitions: Partitions, crossing: Crossing, gates: tuple[Node, ...]) -> None:
    """Gates say what their wire says."""
    wire = partitions.places.wire(crossing.source, crossing.target)
    for node in gates:
        given: dict[str, tuple[object, object]] = {}
        if isinstance(node.op, DedupGate):
            given = {"window": (node.op.window, wire.window)}
        elif isinstance(node.op, DeadlineGate):
            given = {
                "deadline_ns": (node.op.deadline_ns, crossing.deadline_ns),
                "late": (node.op.late, wire.late),
            }
        for name, (found, wanted) in given.items():
            if found != wanted:
                raise PartitionError(
                    f"Gate {node.id!r} has {name} {found!r}, its wire has {wanted!r}."
                )


def _verify_slots(partitions: Partitions, place: str) -> None:
    bound = partitions.slots.get(place, {})
    for need in slots_needed(partitions, place):
        if bound.get(need.slot):
            continue
        crossings = (*partitions.sent_by(place), *partitions.received_by(place))
        if need.role == "transport":
            raise UnboundSlot(
                f"{said(crossings[0])} has no transport at {place!r}; run ResolveSlots."
            )
        raise UnboundSlot(
            f"Nothing is bound to slot {need.slot!r} of place {place!r}; run ResolveSlots."
        )


def _verify_passport(partitions: Partitions, place: str) -> None:
    passport = partitions.passports.get(place)
    if passport is None:
        raise PartitionError(f"The part at {place!r} has no passport; run StampMetadata.")
    lacking = [key for key in PASSPORT_FIELDS if key not in passport]
    if lacking:
        raise PartitionError(f"The passport of {place!r} lacks {', '.join(lacking)}.")
    if passport["schema"] != PASSPORT_SCHEMA:
        raise PartitionError(
            f"The passport of {place!r} has version {passport['schema']!r}; this version of "
            f"sc-neurocore reads {PASSPORT_SCHEMA}."
        )
    for key, found in part_record(partitions, place).items():
        if passport[key] != found:
            raise PartitionError(_stale(place, key))


def _stale(place: str, key: str) -> str:
    return (
        f"The passport of {place!r} does not fit its part: it states another {key}; stamp after "
        "the last change."
    )


def said(crossing: Crossing) -> str:
    """A crossing, for a sentence."""
    return (
        f"Crossing {crossing.stream} of {crossing.node!r} from {crossing.source!r} to "
        f"{crossing.target!r}"
    )


def _listed(gates: list[type[Gate]]) -> str:
    return ", ".join(gate.__name__ for gate in gates) or "nothing"
