"""Check that nothing dangles: every part computes what the whole network computes."""

from __future__ import annotations

from dataclasses import dataclass

from sc_neurocore.ir._gates import Gate, Receive
from sc_neurocore.ir._graph import Graph, Node, equal_ops
from sc_neurocore.ir._places import PartitionError, Partitions

#: Node that is read, port of the reader, port of the read, ticks on the way.
_Read = tuple[str, str, str, int]


@dataclass(frozen=True)
class VerifyCalls:
    """Check every edge of the cut network against the whole one; changes nothing.

    Every Receive and every gate is read. Every node of the whole network has its operation there,
    with the same parameters, and reads what it reads in the whole network, with
    the same delay and in the same order: an edge inside a part as it is, one that crosses through
    its Receive. A gate, or another node with one input that a pass has added, is looked through.
    """

    def __call__(self, partitions: Partitions) -> Partitions:
        """The same partitions.

        Raises:
            PartitionError: the first end that dangles, or edge that is missing or too many.
        """
        for place, part in partitions.parts.items():
            for node in part.nodes_of(Receive, Gate):
                if not part.outgoing(node.id):
                    word = "Receive" if isinstance(node.op, Receive) else "Gate"
                    raise PartitionError(
                        f"{word} {node.id!r} of place {place!r} is read by nothing; read it, or "
                        "remove its crossing."
                    )
            for node in part.nodes.values():
                original = partitions.whole.nodes.get(node.id)
                if original is not None:
                    if not equal_ops(node.op, original.op):
                        raise PartitionError(
                            f"Node {node.id!r} of place {place!r} is not the operation that it is "
                            "in the whole network; change the network before it is cut."
                        )
                    _verify_reads(partitions, place, node)
        return partitions


def _verify_reads(partitions: Partitions, place: str, node: Node) -> None:
    part = partitions.parts[place]
    if part.incoming(node.id) == partitions.whole.incoming(node.id):
        return
    expected = [
        (e.source, e.target_port, e.source_port, e.delay)
        for e in partitions.whole.incoming(node.id)
    ]
    found = [
        _origin(partitions, part, e.source, (e.target_port, e.source_port), e.delay)
        for e in part.incoming(node.id)
    ]
    if found == expected:
        return
    at = f"Node {node.id!r} of place {place!r}"
    for read in expected:
        if read not in found:
            raise PartitionError(
                f"{at} reads {_said(read)} in the whole network, and not in its part."
            )
    for read in found:
        if read not in expected:
            raise PartitionError(
                f"{at} reads {_said(read)} in its part, and not in the whole network."
            )
    raise PartitionError(
        f"{at} adds {', '.join(map(_said, found))} in this order, the whole network adds "
        f"{', '.join(map(_said, expected))}; a sum in another order may round to another number."
    )


def _origin(
    partitions: Partitions, part: Graph, source: str, ports: tuple[str, str], delay: int
) -> _Read:
    """The node of the whole network that an edge of a part carries, and its delay."""
    target_port, source_port = ports
    while source not in partitions.whole.nodes:
        op = part.nodes[source].op
        if isinstance(op, Receive):
            crossing = partitions.crossings.get(op.stream)
            name = source if crossing is None else crossing.node
            return name, target_port, "", delay + op.delay
        edges = part.incoming(source)
        if len(edges) != 1:
            break
        source, delay = edges[0].source, delay + edges[0].delay
        source_port = edges[0].source_port
    return source, target_port, source_port, delay


def _said(read: _Read) -> str:
    source, target_port, source_port, delay = read
    port = f" of its port {source_port!r}" if source_port else ""
    into = f" at its port {target_port!r}" if target_port else ""
    late = f" {delay} tick{'s' * (delay != 1)} late" if delay else ""
    return f"{source!r}{port}{late}{into}"
