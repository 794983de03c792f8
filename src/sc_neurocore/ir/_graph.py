"""The graph of a network: immutable, valid by construction, written as text with stable ids."""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter
from types import MappingProxyType, NoneType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir._ops import Input, Op, Output, Shape, Signal, Subgraph, is_frozen

if TYPE_CHECKING:
    from sc_neurocore.ir._shapes import Shapes

# Characters of a digest in a dump: enough to see a change, short enough to read.
_SHORT = 12

# Names of the fields of operations, by class.
_FIELDS: dict[type[Op], tuple[str, ...]] = {}

# Metadata of the many nodes that have none.
_NOTHING: Mapping[str, Any] = MappingProxyType({})


class GraphError(SCConfigError):
    """A graph breaks a rule; the message is a sentence, then the node's or edge's line, a caret."""


@dataclass(frozen=True)
class PortType:
    """What flows through a port.

    Attributes:
        shape: of one tick's value; None while not inferred.
        signal: spikes, currents or the state of a population that never spikes.
        dt: seconds per tick.
        format: of its numbers, ``Q8.8``; None like the following where nobody states it.
        coding: ``unipolar``, ``bipolar``, ``rate`` or ``temporal``.
        length: of a stream, bits.
        clock: name of the clock domain.
    """

    shape: Shape | None
    signal: Signal
    dt: float
    format: str | None = None
    coding: str | None = None
    length: int | None = None
    clock: str | None = None

    def __str__(self) -> str:
        return f"{'?' if self.shape is None else self.shape} {self.signal}"


@dataclass(frozen=True, eq=False)
class Node:
    """A node of the graph.

    Attributes:
        id: unique name.
        op: what it does.
        place: where it runs, empty for anywhere.
        metadata: text, numbers, arrays and mappings of them, carried along.
    """

    id: str
    op: Op
    place: str = ""
    metadata: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)

    def __post_init__(self) -> None:
        if self.metadata is not _NOTHING:
            object.__setattr__(self, "metadata", _frozen(self.metadata))


@dataclass(frozen=True, slots=True)
class Edge:
    """A connection; what arrives at a port over several edges is added.

    Attributes:
        source: id of a node.
        target: id of a node.
        source_port: an Output of the source when that is a subgraph; empty for its only one.
        target_port: an Input of the target when that is a subgraph; empty for its only one.
        delay: ticks on the way.
        wire: what carries it, empty for anything.
    """

    source: str
    target: str
    source_port: str = ""
    target_port: str = ""
    delay: int = 0
    wire: str = ""

    @property
    def joins(self) -> tuple[str, str, str, str]:
        """Source, its port, target, its port: no two edges of a graph join the same."""
        return self.source, self.source_port, self.target, self.target_port

    def __str__(self) -> str:
        ends = [
            f"{node}.{port}" if port else node
            for node, port in ((self.source, self.source_port), (self.target, self.target_port))
        ]
        extras = f" delay={self.delay}" if self.delay else ""
        return " -> ".join(ends) + extras + (f" wire={self.wire!r}" if self.wire else "")


@dataclass(frozen=True, eq=False)
class Graph:
    """A network.

    Constructing one verifies it, so that every graph that exists obeys the rules. Two graphs are
    equal when their full dumps are.

    Attributes:
        name: of the network.
        nodes: by id, in the order of the dump.
        edges: in the order in which sums are taken.
        dt: seconds per tick.
        metadata: text, numbers, arrays and mappings of them, carried along.

    Raises:
        GraphError: a rule is broken.
    """

    name: str
    nodes: Mapping[str, Node]
    edges: tuple[Edge, ...]
    dt: float = 1e-4
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        from sc_neurocore.ir._verify import verify

        object.__setattr__(self, "nodes", _table(self.nodes))
        object.__setattr__(self, "edges", tuple(self.edges))
        object.__setattr__(self, "metadata", _frozen(self.metadata))
        verify(self)

    @classmethod
    def of(
        cls,
        name: str,
        nodes: Iterable[Node],
        edges: Iterable[Edge | tuple[str, str]],
        dt: float = 1e-4,
        metadata: Mapping[str, Any] | None = None,
    ) -> Graph:
        """A graph from nodes and edges; pairs of ids are edges without a delay.

        Raises:
            GraphError: a rule is broken.
        """
        listed = tuple(nodes)
        table = {node.id: node for node in listed}
        if len(table) != len(listed):
            seen: set[str] = set()
            twice = next(n.id for n in listed if n.id in seen or seen.add(n.id))  # type: ignore[func-returns-value]
            raise GraphError(f"Node {twice!r} is given twice; ids must be unique.")
        joined = tuple(e if isinstance(e, Edge) else Edge(*e) for e in edges)
        return cls(name, table, joined, dt, metadata or {})

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Graph):
            return NotImplemented
        return self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of everything the graph holds."""
        return hashlib.sha256(_text(self).encode()).hexdigest()

    def nodes_of(self, *roles: type[Op]) -> tuple[Node, ...]:
        """Nodes whose operation is of one of the classes."""
        found = self._of.get(roles)
        if found is None:
            classes = {type(node.op) for node in self.nodes.values()}
            wanted = {kind for kind in classes if issubclass(kind, roles)}
            found = tuple(node for node in self.nodes.values() if type(node.op) in wanted)
            self._of[roles] = found
        return found

    @property
    def inputs(self) -> tuple[Node, ...]:
        """The Input nodes."""
        return self.nodes_of(Input)

    @property
    def outputs(self) -> tuple[Node, ...]:
        """The Output nodes."""
        return self.nodes_of(Output)

    def incoming(self, node: str) -> tuple[Edge, ...]:
        """Edges into a node, in order."""
        return self._into.get(node, ())

    def outgoing(self, node: str) -> tuple[Edge, ...]:
        """Edges out of a node, in order."""
        return self._out_of.get(node, ())

    @cached_property
    def _index(self) -> dict[str, int]:
        """Numbers of the nodes in the dump."""
        return {name: index for index, name in enumerate(self.nodes)}

    @cached_property
    def _ends(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Numbers of the source and the target of every edge.

        Raises:
            KeyError: an edge names a node that does not exist.
        """
        number, count = self._index.__getitem__, len(self.edges)
        sources = map(number, map(attrgetter("source"), self.edges))
        targets = map(number, map(attrgetter("target"), self.edges))
        return np.fromiter(sources, np.int64, count), np.fromiter(targets, np.int64, count)

    @cached_property
    def _of(self) -> dict[tuple[type[Op], ...], tuple[Node, ...]]:
        """Nodes found so far, by the classes asked for."""
        return {}

    @cached_property
    def _shapes(self) -> tuple[Shapes, Shapes]:
        """What `shapes` gives."""
        from sc_neurocore.ir._shapes import solved

        return solved(self)

    @cached_property
    def _signals(self) -> dict[str, Signal]:
        """Signals found so far, of nodes that pass on their input's."""
        return {}

    @cached_property
    def _into(self) -> dict[str, tuple[Edge, ...]]:
        return self._grouped(self._ends[1])

    @cached_property
    def _out_of(self) -> dict[str, tuple[Edge, ...]]:
        return self._grouped(self._ends[0])

    def _grouped(self, ends: NDArray[np.int64]) -> dict[str, tuple[Edge, ...]]:
        """Edges by the node at one of their ends."""
        order = np.argsort(ends, kind="stable")
        edges = [self.edges[index] for index in order.tolist()]
        names, found = list(self.nodes), ends[order]
        starts = np.flatnonzero(np.diff(found, prepend=-1))
        stops = [*starts[1:].tolist(), len(edges)]
        return {
            names[node]: tuple(edges[start:stop])
            for node, start, stop in zip(
                found[starts].tolist(), starts.tolist(), stops[: len(starts)], strict=True
            )
        }

    def port_type(self, node: str, port: str = "") -> PortType:
        """What leaves a node.

        Args:
            node: id.
            port: Output of a subgraph; empty for the only one.
        """
        from sc_neurocore.ir._shapes import port_type

        if not port and isinstance(op := self.nodes[node].op, Subgraph):
            port = op.ports(Output)[0]
        return port_type(self, node, port)

    def edge_type(self, edge: Edge) -> PortType:
        """What flows along an edge."""
        return self.port_type(edge.source, edge.source_port)

    def replace(self, **changes: Any) -> Graph:
        """A copy with some attributes changed.

        Where ids, operations and the ends of edges stay, nothing is verified or solved again.
        """
        if "edges" in changes:
            changes["edges"] = tuple(changes["edges"])
        known = changes.keys() <= {"name", "nodes", "edges", "metadata"}
        if not (known and self._keeps_nodes(changes) and self._keeps_ends(changes)):
            return dataclasses.replace(self, **changes)
        made = copy.copy(self)
        for name, value in changes.items():
            kept = _table(value) if name == "nodes" else _frozen(value)
            object.__setattr__(made, name, kept)
        for stale in (
            "digest",
            *(("_of",) if "nodes" in changes else ()),
            *(("_into", "_out_of") if "edges" in changes else ()),
        ):
            made.__dict__.pop(stale, None)
        return made

    def _keeps_nodes(self, changes: Mapping[str, Any]) -> bool:
        """Whether changed nodes have the ids and the operations of the present ones, in order."""
        nodes = changes.get("nodes", self.nodes)
        return len(nodes) == len(self.nodes) and all(
            key == old.id == new.id and new.op is old.op
            for (key, new), old in zip(nodes.items(), self.nodes.values(), strict=True)
        )

    def _keeps_ends(self, changes: Mapping[str, Any]) -> bool:
        """Whether changed edges join what the present ones do, in order."""
        edges = changes.get("edges", self.edges)
        return len(edges) == len(self.edges) and all(
            new is old or (new.delay >= 0 and new.joins == old.joins)
            for new, old in zip(edges, self.edges, strict=True)
        )

    def dump(self) -> str:
        """The graph as text: a line for the graph, each node (``%0``, ``%1`` …) and each edge."""
        from sc_neurocore.ir._shapes import port_types

        flows: dict[str, list[str]] = {}
        for (name, _), kind in port_types(self).items():
            flows.setdefault(name, []).append(str(kind))
        lines = [f"graph {self.name!r} dt={self.dt!r}"]
        lines += [f"  {key}: {_text(value)}" for key, value in self.metadata.items()]
        for node in self.nodes.values():
            lines.append(f"{node_line(self, node.id)} -> {'; '.join(flows.get(node.id, ()))}")
            if isinstance(node.op, Subgraph):
                lines += [f"    {line}" for line in node.op.graph.dump().splitlines()]
        lines += [edge_line(edge) for edge in self.edges]
        return "\n".join(lines) + "\n"


def equal_ops(one: Op, other: Op) -> bool:
    """Whether two operations are of one class and hold the same."""
    return one is other or _text(one) == _text(other)


def _table(nodes: Mapping[str, Node]) -> Mapping[str, Node]:
    return MappingProxyType(dict(nodes))


def node_line(graph: Graph, node: str) -> str:
    """The node's line of the dump, without its type."""
    index = graph._index[node]
    item = graph.nodes[node]
    fields = [f"{key}={text}" for key, text in _fields(item.op, _SHORT)]
    if item.place:
        fields.append(f"place={item.place!r}")
    fields += [f"{key}={_text(value, _SHORT)}" for key, value in item.metadata.items()]
    return f"  %{index} {node} = {type(item.op).__name__}({', '.join(fields)})"


def edge_line(edge: Edge) -> str:
    """The edge's line of the dump."""
    return f"  {edge}"


def pointed(line: str, word: str) -> str:
    """A line and a caret below the first occurrence of a word, or below the line's start."""
    at = max(line.find(word), len(line) - len(line.lstrip()))
    return f"{line}\n{' ' * at}^"


def _fields(op: Op, digits: int) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for item in dataclasses.fields(op):
        value = getattr(op, item.name)
        if isinstance(value, Mapping):
            pairs += [(key, _text(v, digits)) for key, v in value.items()]
        elif isinstance(value, Graph):
            pairs.append((item.name, repr(value.name)))
        else:
            pairs.append((item.name, _text(value, digits)))
    return pairs


def _edge_texts(graph: Graph) -> list[str]:
    """What ``repr`` gives for each edge, in a fraction of its time: every word is quoted once."""
    quoted = {name: repr(name) for name in graph.nodes}
    names = attrgetter("source_port", "target_port", "wire")
    for word in set(itertools.chain.from_iterable(map(names, graph.edges))):
        quoted[word] = repr(word)
    return [
        f"Edge(source={quoted[edge.source]}, target={quoted[edge.target]}, "
        f"source_port={quoted[edge.source_port]}, target_port={quoted[edge.target_port]}, "
        f"delay={edge.delay!r}, wire={quoted[edge.wire]})"
        for edge in graph.edges
    ]


def _op_text(op: Op) -> str:
    """Made once: an operation cannot change, and the parts of a network share the whole's."""
    text: str | None = op.__dict__.get("_text")
    if text is None:
        names = _FIELDS.get(type(op))
        if names is None:
            names = _FIELDS[type(op)] = tuple(item.name for item in dataclasses.fields(op))
        values = [(name, _text(getattr(op, name))) for name in names]
        text = f"{type(op).__name__}{values}"
        op.__dict__["_text"] = text
    return text


def _text(value: Any, digits: int = 64) -> str:
    """Anything in a graph as text, different for different values; arrays by their digest."""
    if value is _NOTHING:
        return "{}"
    if isinstance(value, (str, int, float, NoneType)):
        return repr(value)
    if isinstance(value, np.ndarray):
        sizes = f"[{','.join(map(str, value.shape))}]" if value.ndim else ""
        flat = value.reshape(-1)
        if (
            flat.size
            and value.dtype.kind in "fiub"
            and flat.tobytes() == flat[:1].tobytes() * len(flat)
        ):
            return f"{sizes}{flat[0].item()!r}"
        kind = "" if value.dtype == np.float64 else value.dtype.str
        content = flat.tobytes() if value.dtype.kind != "O" else repr(flat.tolist()).encode()
        return f"{kind}{sizes}#{hashlib.sha256(content).hexdigest()[:digits]}"
    if isinstance(value, Graph):
        parts = [repr(value.name), repr(value.dt), _text(value.metadata)]
        parts += [
            f"{n.id!r}{n.place!r}{_text(n.metadata)}{_op_text(n.op)}" for n in value.nodes.values()
        ]
        return "\n".join([*parts, *_edge_texts(value)])
    if isinstance(value, Op):
        return _op_text(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{k}: {_text(v, digits)}" for k, v in sorted(value.items())) + "}"
    return repr(value)


def _frozen(value: Any) -> Any:
    if isinstance(value, Mapping):
        return MappingProxyType({str(key): _frozen(item) for key, item in value.items()})
    if isinstance(value, np.ndarray) and not is_frozen(value):
        value = value.copy()
        value.setflags(write=False)
    return value
