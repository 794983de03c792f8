"""Bind every role that a part needs to what fills it at its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sc_neurocore.ir._gates import BackoffGate, DeadlineGate, Rerandomise
from sc_neurocore.ir._graph import Graph
from sc_neurocore.ir._linear import Affine, Conv1d, Conv2d, Scale
from sc_neurocore.ir._ops import Neurons, Projection, Threshold
from sc_neurocore.ir._places import PartitionError, Partitions, Place
from sc_neurocore.ir._providers import (
    PROVIDERS,
    ROLES,
    AmbiguousRole,
    Provider,
    Role,
    UnboundSlot,
)


@dataclass(frozen=True)
class Need:
    """What a part needs of its place.

    Attributes:
        slot: the role's own name, or that of one `DeadlineGate`.
        role: that must be filled.
        wants: of what a provider may offer; all of it is needed.
    """

    slot: str
    role: Role
    wants: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ResolveSlots:
    """Bind each slot of each place to one provider.

    A provider applies to a place if it is generic or made for the place's kind, and offers what the
    part wants of the role. Where the place's ``roles`` name one, that one is taken; otherwise
    exactly one must apply. Generic and concrete have no precedence: who means one of them says so.

    Attributes:
        providers: there are.
    """

    providers: tuple[Provider, ...] = PROVIDERS

    def __call__(self, partitions: Partitions) -> Partitions:
        """The partitions with their slots.

        Raises:
            AmbiguousRole: several providers apply and the place names none.
            UnboundSlot: none applies, or the one named does not.
            PartitionError: a place names a role there is not.
        """
        slots = {}
        for name, part in partitions.parts.items():
            place = partitions.places.places[name]
            needs = tuple(slots_needed(partitions, name))
            _require_known(place, needs)
            slots[name] = {need.slot: self._bind(place, part, need).name for need in needs}
        return partitions.replace(slots=slots)

    def _bind(self, place: Place, part: Graph, need: Need) -> Provider:
        applying = [
            p for p in self.providers if p.role == need.role and p.kind in (None, place.kind)
        ]
        named = place.roles.get(need.slot, place.roles.get(need.role))
        if named is not None:
            chosen = [p for p in applying if p.name == named]
            if not chosen:
                from sc_neurocore.dynamics import suggest

                raise UnboundSlot(
                    f"Place {place.name!r} names {named!r} as its {_said(need)}, and no provider "
                    f"of that name can be one at a {place.kind}"
                    f"{suggest(named, [p.name for p in applying])}"
                )
            applying = chosen
        able = [p for p in applying if not p.offers or need.wants <= p.offers]
        if not able:
            raise UnboundSlot(self._unbound(place, part, need, applying))
        if len(able) > 1:
            listed = " and ".join(
                f"{p.name!r} ({'generic' if p.kind is None else f'for every {p.kind}'})"
                for p in able
            )
            raise AmbiguousRole(
                f"Place {place.name!r} has {len(able)} providers that claim its {_said(need)}: "
                f"{listed}; choose one in the places file: {_line(place, need, able[0].name)}"
            )
        return able[0]

    def _unbound(self, place: Place, part: Graph, need: Need, applying: list[Provider]) -> str:
        if applying:
            lacking = "; ".join(
                f"{p.name!r} lacks {', '.join(sorted(need.wants - p.offers))}" for p in applying
            )
            return (
                f"Place {place.name!r} has no {_said(need)} that offers all that part "
                f"{part.name!r} wants: {lacking}; put what is lacking at another place."
            )
        others = sorted({p.name for p in self.providers if p.role == need.role})
        elsewhere = f" ({', '.join(others)} fit other kinds of places)" if others else ""
        return (
            f"Place {place.name!r} needs a {_said(need)}, and there is none for a {place.kind}"
            f"{elsewhere}; add a provider and name it in the places file: "
            f"{_line(place, need, 'NAME')}"
        )


def slots_needed(partitions: Partitions, place: str) -> Iterator[Need]:
    """What a part needs of its place, in the order of `ROLES`; one for each deadline gate."""
    part = partitions.parts[place]
    wires = {
        partitions.places.wire(crossing.source, crossing.target).transport
        for crossing in (*partitions.sent_by(place), *partitions.received_by(place))
    }
    kinds = {node.op.kind for node in part.nodes.values() if isinstance(node.op, Neurons)}
    if part.nodes_of(Threshold):
        kinds |= {"threshold"}
    if part.nodes_of(BackoffGate, Rerandomise):
        yield Need("random_source", "random_source")
    if part.nodes_of(Rerandomise):
        yield Need("decorrelator", "decorrelator")
    if kinds:
        yield Need("neuron_kernel", "neuron_kernel", frozenset(kinds))
    if part.nodes_of(Affine, Projection, Conv1d, Conv2d, Scale):
        yield Need("weight_store", "weight_store")
    if wires:
        yield Need("transport", "transport", frozenset(wires))
    yield Need("clock", "clock")
    gates = [node.op for node in part.nodes.values() if isinstance(node.op, DeadlineGate)]
    for slot in sorted({gate.slot for gate in gates}):
        yield Need(slot, "deadline")


def _require_known(place: Place, needs: tuple[Need, ...]) -> None:
    """A role that is no role would be passed over in silence."""
    known = {*ROLES, *(need.slot for need in needs)}
    for role in place.roles:
        if role not in known:
            from sc_neurocore.dynamics import suggest

            raise PartitionError(
                f"Place {place.name!r} names a provider for the role {role!r}, which there is not"
                f"{suggest(role, known)}"
            )


def _said(need: Need) -> str:
    return need.role if need.slot == need.role else f"{need.role} of slot {need.slot!r}"


def _line(place: Place, need: Need, provider: str) -> str:
    """What to write into the places file."""
    key = need.slot if need.slot.isidentifier() else f'"{need.slot}"'
    return f'[places.{place.name}] roles = {{{key} = "{provider}"}}'
