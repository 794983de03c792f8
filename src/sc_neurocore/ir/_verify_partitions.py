"""The rules that every cut network obeys."""

from __future__ import annotations

import math
from collections.abc import Mapping

from sc_neurocore.ir._gates import Gate, Receive, Send
from sc_neurocore.ir._graph import Graph, Node
from sc_neurocore.ir._ops import Input, Neurons, Output, Threshold
from sc_neurocore.ir._places import Crossing, PartitionError, Partitions
from sc_neurocore.ir._verify import verify


def verify_partitions(partitions: Partitions) -> None:
    """Check every rule, once: partitions cannot change. Linear in the number of nodes.

    Every part is a valid graph at a known place and has a name of its own. Every node of the whole
    is in the part of its place and in no other, but for Inputs, which are copied to where they are
    read; what else a part holds is no population and no end of the network. Every crossing has one
    `Send` in the part of its source, which reads its node, and one `Receive` in that of its target,
    of its id, stream, size and delay; there are no others.

    Raises:
        GraphError: a part is no valid graph.
        PartitionError: the first rule broken.
    """
    if partitions.__dict__.get("_verified"):
        return
    verify(partitions.whole)
    for graph in partitions.parts.values():
        verify(graph)
    _verify_names(partitions)
    _verify_nodes(partitions)
    sends = {place: _ends(place, graph, Send) for place, graph in partitions.parts.items()}
    receives = {place: _ends(place, graph, Receive) for place, graph in partitions.parts.items()}
    for stream, crossing in partitions.crossings.items():
        _verify_crossing(partitions, stream, crossing)
        send = _end(sends, crossing, crossing.source, "Send", crossing.send_id)
        receive = _end(receives, crossing, crossing.target, "Receive", crossing.receive_id)
        _verify_source(partitions.parts[crossing.source], send, crossing)
        assert isinstance(receive.op, Receive)
        _equal(crossing, receive, "delay", receive.op.delay, crossing.delay)
    for ends, side in ((sends, "source"), (receives, "target")):
        for place, table in ends.items():
            for stream, node in table.items():
                found = partitions.crossings.get(stream)
                if found is None or getattr(found, side) != place:
                    raise PartitionError(
                        f"Node {node.id!r} of place {place!r} is of stream {stream}, and no "
                        f"crossing with that {side} has it."
                    )
    partitions.__dict__["_verified"] = True


def _verify_names(partitions: Partitions) -> None:
    known = partitions.places.places
    for place in partitions.parts:
        if place not in known:
            listed = ", ".join(known)
            raise PartitionError(f"A part is at place {place!r}; the places are {listed}.")
    if partitions.names.keys() != partitions.parts.keys():
        raise PartitionError(
            f"There are names for {', '.join(partitions.names) or 'no place'}, and parts at "
            f"{', '.join(partitions.parts) or 'no place'}; every part has one name."
        )
    owners: dict[str, str] = {}
    for place, name in partitions.names.items():
        if (other := owners.setdefault(name, place)) != place:
            raise PartitionError(
                f"The parts at {other!r} and {place!r} are both named {name!r}; names are unique."
            )


def _verify_nodes(partitions: Partitions) -> None:
    whole = partitions.whole.nodes
    own: dict[str, set[str]] = {place: set() for place in partitions.parts}
    for node in whole.values():
        if not isinstance(node.op, Input):
            own.setdefault(node.place, set()).add(node.id)
    for node in whole.values() if not _held(partitions, own) else ():
        if isinstance(node.op, Input):
            continue
        part = partitions.parts.get(node.place)
        if part is None:
            raise PartitionError(
                f"Node {node.id!r} has place {node.place!r}, where there is no part."
            )
        if node.id not in part.nodes:
            raise PartitionError(
                f"Node {node.id!r} has place {node.place!r}, and the part there lacks it."
            )
    for place, graph in partitions.parts.items():
        for name in graph.nodes:
            if name in own[place]:
                continue
            node, original = graph.nodes[name], whole.get(name)
            if original is not None:
                if original.place != place and not isinstance(original.op, Input):
                    raise PartitionError(
                        f"Node {node.id!r} has place {original.place!r}, and the part at "
                        f"{place!r} holds it too."
                    )
            elif isinstance(node.op, (Neurons, Threshold)) or (
                isinstance(node.op, (Input, Output)) and not isinstance(node.op, (Send, Receive))
            ):
                raise PartitionError(
                    f"Node {node.id!r} of the part at {place!r} is no node of the whole network; "
                    f"a pass adds no {type(node.op).__name__}."
                )


def _held(partitions: Partitions, own: Mapping[str, set[str]]) -> bool:
    """Whether every place holds the nodes that are its own."""
    parts = partitions.parts
    return all(
        place in parts and names <= parts[place].nodes.keys() for place, names in own.items()
    )


def _ends(place: str, graph: Graph, role: type[Send] | type[Receive]) -> dict[int, Node]:
    """The nodes of one role by their stream."""
    found: dict[int, Node] = {}
    for node in graph.nodes_of(role):
        assert isinstance(node.op, (Send, Receive))
        other = found.setdefault(node.op.stream, node)
        if other is not node:
            raise PartitionError(
                f"Nodes {other.id!r} and {node.id!r} of place {place!r} are both of stream "
                f"{node.op.stream}; a crossing has one {role.__name__}."
            )
    return found


def _verify_crossing(partitions: Partitions, stream: int, crossing: Crossing) -> None:
    if stream != crossing.stream:
        raise PartitionError(
            f"The crossing of stream {crossing.stream} is filed under {stream}; they must be equal."
        )
    for place in (crossing.source, crossing.target):
        if place not in partitions.parts:
            raise PartitionError(
                f"{_said(crossing)} names place {place!r}, where there is no part."
            )
    if crossing.source == crossing.target:
        raise PartitionError(f"{_said(crossing)} leads back to its own place.")
    if crossing.delay < 0:
        raise PartitionError(f"{_said(crossing)} has a negative delay of {crossing.delay} ticks.")


def _end(
    ends: Mapping[str, Mapping[int, Node]], crossing: Crossing, place: str, role: str, name: str
) -> Node:
    """The node at one end of a crossing, of its id and size."""
    node = ends[place].get(crossing.stream)
    if node is None:
        raise PartitionError(f"{_said(crossing)} has no {role} in the part at {place!r}.")
    if node.id != name:
        raise PartitionError(
            f"{_said(crossing)} has a {role} named {node.id!r} in the part at {place!r}; "
            f"its id is {name!r}."
        )
    shape = node.op.wants()
    size = None if shape is None else math.prod(shape)
    _equal(crossing, node, "size", size, crossing.size)
    return node


def _verify_source(part: Graph, send: Node, crossing: Crossing) -> None:
    """What a Send reads, through the gates in front of it."""
    read = send
    while read.id != crossing.node:
        edges = part.incoming(read.id)
        if len(edges) != 1 or not (read is send or isinstance(read.op, Gate)):
            raise PartitionError(
                f"{_said(crossing)} is sent by {send.id!r}, which does not read {crossing.node!r} "
                "alone."
            )
        if edges[0].delay:
            raise PartitionError(
                f"{_said(crossing)} has a delay in front of {send.id!r}; the wire holds it."
            )
        read = part.nodes[edges[0].source]


def _equal(crossing: Crossing, node: Node, field: str, given: int | None, expected: int) -> None:
    if given != expected:
        raise PartitionError(
            f"{_said(crossing)} has {field} {expected}, and its {node.id!r} has {given}."
        )


def _said(crossing: Crossing) -> str:
    return (
        f"Crossing {crossing.stream} of {crossing.node!r} from {crossing.source!r} to "
        f"{crossing.target!r}"
    )
