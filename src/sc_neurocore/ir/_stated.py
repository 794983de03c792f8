"""What the metadata of a node state about what leaves it."""

from __future__ import annotations

from numbers import Integral

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir._graph import Graph, Node
from sc_neurocore.ir._places import Places
from sc_neurocore.ir._verify import node_error

#: Keys of the metadata: number format (``Q8.8``), coding (one of `CODINGS`), length of a stream in
#: bits, name of the clock domain.
ATTRIBUTES: tuple[str, ...] = ("format", "coding", "length", "clock")
#: Values as streams of bits, 0 to 1 or -1 to 1; as the rate or as the time of spikes.
CODINGS: tuple[str, ...] = ("unipolar", "bipolar", "rate", "temporal")


def stated(graph: Graph, node: Node, attribute: str, places: Places | None) -> str | int | None:
    """The value that a node states, None if it states none.

    Args:
        graph: the node's, for the message.
        node: any.
        attribute: which.
        places: whose clocks the nodes placed there have.

    Raises:
        GraphError: the value is malformed, or the place has another clock.
    """
    value = node.metadata.get(attribute) if node.metadata else None
    if value is not None:
        value = _checked(graph, node, attribute, value)
    if attribute == "clock" and places is not None and (at := places.places.get(node.place)):
        if value not in (None, at.clock):
            problem = f"states clock {value!r}, and its place {at.name!r} has {at.clock!r}"
            raise node_error(graph, node.id, "clock=", problem)
        value = at.clock
    return value


def _checked(graph: Graph, node: Node, attribute: str, value: object) -> str | int:
    problem = ""
    if attribute == "length":
        if isinstance(value, Integral) and not isinstance(value, bool) and int(value) > 0:
            return int(value)
        problem = "it must be a positive whole number of bits"
    elif attribute == "format":
        # Imported here: most graphs state no format.
        from sc_neurocore.compiler import QFormat

        try:
            return str(QFormat.from_string(str(value)))
        except SCConfigError:
            problem = "it must be a Q format, for example 'Q8.8' or 'UQ0.8'"
    elif isinstance(value, str) and value and (attribute == "clock" or value in CODINGS):
        return value
    elif attribute == "coding":
        problem = f"it must be one of {', '.join(CODINGS)}"
    else:
        problem = "it must be a name"
    raise node_error(graph, node.id, f"{attribute}=", f"states {attribute} {value!r}; {problem}")
