"""A graph as one file: its structure as JSON, its arrays as they lie in memory.

The layout, numbers big-endian::

    8 bytes   "SCGRAPH1"
    8 bytes   length of the JSON document
    32 bytes  SHA-256 of all that follows
    …         the JSON document, canonical
    …         the arrays, each in its type's byte order, one after another, equal ones once

The same graph gives the same bytes. Reading fills in dataclasses and verifies the graph; nothing
in a file is executed.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import math
import struct
import typing
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.evidence import atomic_write, canonical_json, decode_json, read_bytes
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir._fields import NUMBERS, fits
from sc_neurocore.ir._gates import Gate
from sc_neurocore.ir._graph import Edge, Graph, Node
from sc_neurocore.ir._ops import Boundary, LinearOp, Op

_MAGIC = b"SCGRAPH1"
_HEAD = struct.Struct(">8sQ32s")
#: Values inside one another, and graphs inside graphs.
_DEPTH = 64
#: Bytes of the largest file that is read.
LARGEST_GRAPH = 4 << 30


def write_graph(path: Path | str, graph: Graph) -> None:
    """Write a graph to a file, whole or not at all.

    Args:
        path: the file.
        graph: any graph.

    Raises:
        SCConfigError: its metadata hold something that is neither text, number nor array, or the
            file cannot be written.
    """
    try:
        atomic_write(Path(path), graph_bytes(graph))
    except OSError as error:
        raise SCConfigError(f"{path} cannot be written: {error.strerror or error}") from None


def read_graph(path: Path | str) -> Graph:
    """Read a file that `write_graph` wrote.

    Raises:
        SCConfigError: it cannot be read, is damaged, or holds no valid graph.
    """
    return graph_from_bytes(read_bytes(path, LARGEST_GRAPH), str(path))


def graph_bytes(graph: Graph) -> bytes:
    """A graph as the bytes of a file.

    Raises:
        SCConfigError: its metadata hold something that is neither text, number nor array.
    """
    writer = _Writer()
    document = writer.graph(graph)
    table = [[array.dtype.str, list(array.shape)] for array in writer.arrays]
    text = canonical_json({"arrays": table, "graph": document}).encode()
    body = b"".join([text, *(array.tobytes() for array in writer.arrays)])
    return _HEAD.pack(_MAGIC, len(text), hashlib.sha256(body).digest()) + body


def graph_from_bytes(data: bytes, name: str) -> Graph:
    """The graph of a file's bytes.

    Args:
        data: the bytes.
        name: what the file is called in messages.

    Raises:
        SCConfigError: they are damaged, or no valid graph.
    """
    if len(data) < _HEAD.size or not data.startswith(_MAGIC):
        raise SCConfigError(f"{name} is no stored graph: it does not begin as one")
    _, length, digest = _HEAD.unpack_from(data)
    body = memoryview(data)[_HEAD.size :]
    if length > len(body) or hashlib.sha256(body).digest() != digest:
        raise SCConfigError(f"{name} is damaged: its content does not match its digest")
    try:
        document = decode_json(bytes(body[:length]), "its description")
        arrays, described = _members(document, ("arrays", "graph"), "the description")
        return _Reader(list(_arrays(arrays, body[length:]))).graph(described, 0)
    except SCConfigError as error:
        raise SCConfigError(f"{name} holds no valid graph: {error}") from None


class _Writer:
    """Turns values into JSON, collecting arrays."""

    def __init__(self) -> None:
        self.arrays: list[NDArray[Any]] = []
        self._known: dict[tuple[str, tuple[int, ...], bytes], int] = {}

    def graph(self, graph: Graph) -> dict[str, Any]:
        return {
            "name": graph.name,
            "dt": self.value(graph.dt, f"dt of graph {graph.name!r}"),
            "metadata": self.value(graph.metadata, f"the metadata of graph {graph.name!r}"),
            "nodes": [self._node(node) for node in graph.nodes.values()],
            "edges": [
                [e.source, e.target, e.source_port, e.target_port, self._delay(e), e.wire]
                for e in graph.edges
            ],
        }

    def _delay(self, edge: Edge) -> Any:
        return edge.delay if type(edge.delay) is int else self.value(edge.delay, str(edge))

    def _node(self, node: Node) -> list[Any]:
        where = f"node {node.id!r}"
        fields = {
            item.name: self.value(getattr(node.op, item.name), f"{item.name} of {where}")
            for item in dataclasses.fields(node.op)
        }
        metadata = self.value(node.metadata, f"the metadata of {where}")
        return [node.id, type(node.op).__name__, fields, node.place, metadata]

    def value(self, value: Any, where: str) -> Any:
        """Text, numbers, truth and nothing stand for themselves; an object names what it holds."""
        match value:
            case np.ndarray():
                return {"array": self._array(value, where)}
            case np.generic() if value.dtype.kind in NUMBERS:
                return {"number": self._array(np.asarray(value), where)}
            case float() if not math.isfinite(value):
                return {"float": repr(value)}
            case None | bool() | int() | float() | str():
                return value
            case Graph():
                return {"graph": self.graph(value)}
            case Mapping():
                return {"map": {k: self.value(v, where) for k, v in sorted(value.items())}}
            case tuple():
                return {"tuple": [self.value(v, where) for v in value]}
            case list():
                return [self.value(v, where) for v in value]
        raise SCConfigError(
            f"{where} holds a value of type {type(value).__name__}, which cannot be stored; "
            "text, numbers, arrays of numbers or text, and mappings of them can"
        )

    def _array(self, array: NDArray[Any], where: str) -> Any:
        if array.dtype.kind in "OU":
            texts = array.reshape(-1).tolist()
            if all(isinstance(text, str) for text in texts):
                return {"dtype": array.dtype.str, "shape": list(array.shape), "texts": texts}
        if array.dtype.kind not in NUMBERS:
            raise SCConfigError(
                f"{where} holds an array of type {array.dtype}, which cannot be stored; "
                "numbers and text can"
            )
        flat = np.ascontiguousarray(array).reshape(array.shape)
        key = (flat.dtype.str, flat.shape, hashlib.sha256(flat.tobytes()).digest())
        if key not in self._known:
            self._known[key] = len(self.arrays)
            self.arrays.append(flat)
        return self._known[key]


class _Reader:
    """Turns JSON back into values."""

    def __init__(self, arrays: list[NDArray[Any]]) -> None:
        self._arrays = arrays

    def graph(self, value: Any, depth: int) -> Graph:
        if depth > _DEPTH:
            raise SCConfigError(f"graphs are nested deeper than {_DEPTH}")
        name, dt, metadata, nodes, edges = _members(
            value, ("name", "dt", "metadata", "nodes", "edges"), "a graph"
        )
        seconds = self.value(dt, "dt", depth)
        if not fits(seconds, float):
            raise SCConfigError("dt is no number of seconds")
        return Graph.of(
            _text(name, "the name of a graph"),
            [self._node(node, depth) for node in _list(nodes, "nodes")],
            [self._edge(edge) for edge in _list(edges, "edges")],
            seconds,
            self._mapping(metadata, "the metadata of a graph", depth),
        )

    def _node(self, value: Any, depth: int) -> Node:
        row = _list(value, "a node", 5)
        name = _text(row[0], "the id of a node")
        where = f"node {name!r}"
        kinds = _operations()
        if _text(row[1], f"the operation of {where}") not in kinds:
            raise SCConfigError(f"{where} is a {row[1]!r}; known are {', '.join(sorted(kinds))}")
        kind, hints = kinds[row[1]]
        given = _members(row[2], tuple(hints), f"{kind.__name__} of {where}")
        fields = {}
        for (key, hint), stored in zip(hints.items(), given, strict=True):
            fields[key] = self.value(stored, f"{key} of {where}", depth)
            if not fits(fields[key], hint):
                raise SCConfigError(f"{key} of {where} has the wrong type for {kind.__name__}")
        try:
            op = kind(**fields)
        except (TypeError, ValueError, OverflowError, AttributeError) as error:
            raise SCConfigError(f"{where} is no valid {kind.__name__}: {error}") from None
        place = _text(row[3], f"the place of {where}")
        return Node(name, op, place, self._mapping(row[4], f"the metadata of {where}", depth))

    def _edge(self, value: Any) -> Edge:
        source, target, source_port, target_port, delay, wire = _list(value, "an edge", 6)
        for text in (source, target, source_port, target_port, wire):
            _text(text, "an end of an edge")
        ticks = delay if type(delay) is int else self.value(delay, "the delay of an edge", 0)
        if not fits(ticks, int):
            raise SCConfigError("the delay of an edge is no whole number")
        return Edge(source, target, source_port, target_port, ticks, wire)

    def _mapping(self, value: Any, where: str, depth: int) -> Mapping[str, Any]:
        found = self.value(value, where, depth)
        if not isinstance(found, Mapping):
            raise SCConfigError(f"{where} are no mapping")
        return found

    def value(self, value: Any, where: str, depth: int) -> Any:
        if depth > _DEPTH:
            raise SCConfigError(f"{where} is nested deeper than {_DEPTH}")
        if isinstance(value, list):
            return [self.value(v, where, depth + 1) for v in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((kind, held),) = value.items()
            match kind, held:
                case "array", _:
                    return self._array(held, where)
                case "number", _:
                    array = self._array(held, where)
                    if array.ndim == 0 and array.dtype.kind in NUMBERS:
                        return array[()]
                case "float", "nan" | "inf" | "-inf":
                    return float(held)
                case "graph", _:
                    return self.graph(held, depth + 1)
                case "tuple", list():
                    return tuple(self.value(v, where, depth + 1) for v in held)
                case "map", dict():
                    return {k: self.value(v, where, depth + 1) for k, v in held.items()}
        raise SCConfigError(f"{where} holds an object of no known kind")

    def _array(self, held: Any, where: str) -> NDArray[Any]:
        if isinstance(held, dict):
            dtype, shape, texts = _members(held, ("dtype", "shape", "texts"), where)
            items = [_text(text, where) for text in _list(texts, where)]
            sizes = _shape(shape, where)
            if math.prod(sizes) != len(items):
                raise SCConfigError(f"{where} has {len(items)} texts for the shape {sizes}")
            if dtype == "|O":
                return np.array([*items, None], dtype=object)[:-1].reshape(sizes)
            found = np.array(items, dtype=str).reshape(sizes)
            if dtype != found.dtype.str:
                raise SCConfigError(f"{where} holds texts of type {dtype!r:.40}")
            return found
        if not isinstance(held, int) or isinstance(held, bool) or held not in range(self._count):
            raise SCConfigError(f"{where} names array {held!r:.40}; there are {self._count}")
        return self._arrays[held]

    @property
    def _count(self) -> int:
        return len(self._arrays)


def _arrays(table: Any, data: memoryview) -> Iterator[NDArray[Any]]:
    for index, row in enumerate(_list(table, "the table of arrays")):
        where = f"array {index}"
        text, sizes = _list(row, where, 2)
        try:
            dtype = np.dtype(_text(text, where))
        except TypeError:
            dtype = np.dtype(object)
        if dtype.kind not in NUMBERS or dtype.str != text:
            raise SCConfigError(f"{where} has the type {text!r:.40}, which is not read")
        shape = _shape(sizes, where)
        size = math.prod(shape) * dtype.itemsize
        if size > len(data):
            raise SCConfigError(f"{where} is larger than what is left of the file")
        yield np.frombuffer(data[:size], dtype).reshape(shape)
        data = data[size:]
    if len(data):
        raise SCConfigError(f"{len(data)} bytes follow the last array")


def _members(value: Any, names: Sequence[str], where: str) -> list[Any]:
    if not isinstance(value, dict) or set(value) != set(names):
        raise SCConfigError(f"{where} must have exactly the fields {', '.join(names) or '(none)'}")
    return [value[name] for name in names]


def _list(value: Any, where: str, count: int | None = None) -> list[Any]:
    if not isinstance(value, list) or count not in (None, len(value)):
        raise SCConfigError(f"{where} is no list" + (f" of {count}" if count else ""))
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise SCConfigError(f"{where} is no text")
    return value


def _shape(value: Any, where: str) -> tuple[int, ...]:
    sizes = _list(value, f"the shape of {where}")
    if len(sizes) > 32 or any(type(size) is not int or not 0 <= size < 1 << 40 for size in sizes):
        raise SCConfigError(f"the shape of {where} is none")
    return tuple(sizes)


@functools.cache
def _operations() -> dict[str, tuple[type[Op], dict[str, Any]]]:
    """By name, every operation that a node can have, and the types of its fields."""

    def below(kind: type[Op]) -> Iterator[type[Op]]:
        for each in kind.__subclasses__():
            yield each
            yield from below(each)

    found = {}
    for kind in below(Op):
        ours = kind.__module__.startswith("sc_neurocore.") and not kind.__name__.startswith("_")
        if ours and kind not in (Boundary, LinearOp, Gate):
            hints = typing.get_type_hints(kind, localns={"Graph": Graph})
            found[kind.__name__] = kind, {f.name: hints[f.name] for f in dataclasses.fields(kind)}
    return found
