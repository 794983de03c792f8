"""The gates at the two ends of a wire: found, and put in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sc_neurocore.ir._gates import Gate, Receive
from sc_neurocore.ir._graph import Edge, Graph, Node
from sc_neurocore.ir._ops import Shape
from sc_neurocore.ir._places import Crossing, PartitionError

#: Operations and the first words of their nodes' ids.
Chain = Sequence[tuple[str, Gate]]


def gates_at(part: Graph, end: str) -> tuple[Node, ...]:
    """The gates behind a Receive, or those before a Send, in the order that packets take.

    Args:
        part: graph of a place.
        end: id of a Receive or Send.
    """
    follow = _gate_behind if isinstance(part.nodes[end].op, Receive) else _gate_before
    found: list[Node] = []
    node = follow(part, end)
    while node is not None:
        found.append(node)
        node = follow(part, node.id)
    return tuple(found if follow is _gate_behind else reversed(found))


def _gate_behind(part: Graph, name: str) -> Node | None:
    following = [part.nodes[edge.target] for edge in part.outgoing(name)]
    gates = [node for node in following if isinstance(node.op, Gate)]
    return gates[0] if len(following) == 1 and gates else None


def _gate_before(part: Graph, name: str) -> Node | None:
    edges = part.incoming(name)
    node = part.nodes[edges[0].source] if len(edges) == 1 else None
    return node if node is not None and isinstance(node.op, Gate) else None


def insert_behind(part: Graph, place: str, chains: Mapping[Crossing, Chain]) -> Graph:
    """Put a chain of gates right behind the Receive of each crossing."""
    last: dict[str, str] = {}
    nodes, joints = dict(part.nodes), list[Edge]()
    shaped: dict[tuple[Gate, Shape], Gate] = {}
    for crossing, chain in chains.items():
        path = [
            crossing.receive_id,
            *_add(nodes, place, crossing, chain, crossing.receive_id, shaped),
        ]
        joints += map(Edge, path[:-1], path[1:])
        last[path[0]] = path[-1]
    edges = tuple(
        Edge(last[e.source], e.target, "", e.target_port, e.delay, e.wire)
        if e.source in last
        else e
        for e in part.edges
    )
    return part.replace(nodes=nodes, edges=(*edges, *joints))


def insert_before(part: Graph, place: str, chains: Mapping[Crossing, Chain]) -> Graph:
    """Put a chain of gates right before the Send of each crossing."""
    first: dict[str, str] = {}
    nodes, joints = dict(part.nodes), list[Edge]()
    shaped: dict[tuple[Gate, Shape], Gate] = {}
    for crossing, chain in chains.items():
        path = [*_add(nodes, place, crossing, chain, crossing.send_id, shaped), crossing.send_id]
        joints += map(Edge, path[:-1], path[1:])
        first[path[-1]] = path[0]
    edges = tuple(
        Edge(e.source, first[e.target], e.source_port, "", e.delay, e.wire)
        if e.target in first
        else e
        for e in part.edges
    )
    return part.replace(nodes=nodes, edges=(*edges, *joints))


def _add(
    nodes: dict[str, Node],
    place: str,
    crossing: Crossing,
    chain: Chain,
    end: str,
    shaped: dict[tuple[Gate, Shape], Gate],
) -> list[str]:
    """Add the gates, of the shape of the end that they stand at.

    Crossings of one shape whose chains hold one object share what is ``shaped`` of it.
    """
    shape = nodes[end].op.wants()
    added = []
    for word, op in chain:
        name = crossing.end_id(word)
        require_free(name, nodes)
        if shape is not None:
            if (op, shape) not in shaped:
                shaped[op, shape] = op.shaped(shape)
            op = shaped[op, shape]
        nodes[name] = Node(name, op, place)
        added.append(name)
    return added


def require_free(name: str, nodes: Mapping[str, Node]) -> None:
    """Refuse to give a node an id that another has.

    Raises:
        PartitionError: it is taken.
    """
    if name in nodes:
        raise PartitionError(
            f"Node {name!r} has the id that an end of a wire is given; rename the node, or run "
            "each pass once only."
        )
