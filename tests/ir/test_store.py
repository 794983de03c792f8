"""Graphs as files: the same graph again, the same bytes again, one sentence for anything else."""

from __future__ import annotations

import hashlib
import itertools
import json
import random
import struct
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir import (
    Affine,
    AvgPool2d,
    BackoffGate,
    Conv1d,
    Conv2d,
    DeadlineGate,
    DedupGate,
    Delay,
    Edge,
    Flatten,
    Graph,
    HealthGate,
    Input,
    Neurons,
    Node,
    Output,
    Projection,
    Receive,
    Scale,
    Send,
    Subgraph,
    SumPool2d,
    Threshold,
    graph_bytes,
    graph_from_bytes,
    read_graph,
    write_graph,
)

RNG = np.random.default_rng(7)


def lif(size: int) -> Neurons:
    every = np.ones(size)
    return Neurons("lif", {"tau": every, "r": every, "v_leak": 0 * every, "v_threshold": every})


def everything() -> Graph:
    """A node of every operation, every kind of metadata."""
    inner = Graph.of(
        "inner",
        [Node("i", Input((4,))), Node("half", Scale(np.full(4, 0.5))), Node("o", Output((4,)))],
        [("i", "half"), ("half", "o")],
    )
    metadata = {
        "text": "ü \ud800",
        "none": None,
        "truth": True,
        "nan": float("nan"),
        "scalar": np.float32(0.1),
        "pair": (1, (2.5, "x")),
        "list": [1, {"deep": np.arange(3)}],
        "names": np.array(["a", "bc"], dtype=object),
        "words": np.array(["a", "bc"]),
        "bytes": np.arange(4, dtype=np.uint8),
        "big": np.arange(3, dtype=">i4"),
    }
    nodes = [
        Node("image", Input((2, 8, 8)), "left"),
        Node("conv", Conv2d(RNG.normal(size=(4, 1, 3, 3)), RNG.normal(size=4), 1, "same", 1, 2)),
        Node("sum", SumPool2d(2, 2)),
        Node("mean", AvgPool2d((2, 2), 2)),
        Node("flat", Flatten()),
        Node("fc", Affine(RNG.normal(size=(4, 16)), RNG.normal(size=4))),
        Node("cells", lif(4), "right", metadata),
        Node("late", Delay(2e-4)),
        Node("step", Threshold(np.full(4, 0.5))),
        Node("sub", Subgraph(inner)),
        Node("dense", Projection(RNG.normal(size=(4, 4)), None, 3)),
        Node("receive.1.x", Receive((4,), 1, 2)),
        Node("dedup", DedupGate(128)),
        Node("health", HealthGate(7)),
        Node("backoff", BackoffGate(2, 32, 9)),
        Node("deadline", DeadlineGate(1000, "halt", "cells#__trigger_deadline")),
        Node("line", Input((2, 9))),
        Node("conv1", Conv1d(RNG.normal(size=(1, 2, 3)), None, 2, 1, 1, 1, 9)),
        Node("out", Output((4,))),
        Node("out1", Output((1, 5))),
        Node("send.2.cells", Send((4,), 2)),
    ]
    edges = [
        ("image", "conv"), ("conv", "sum"), ("sum", "mean"), ("mean", "flat"), ("flat", "fc"),
        ("fc", "cells"), ("cells", "late"), ("late", "step"), ("step", "sub"), ("sub", "dense"),
        Edge("dense", "out", delay=2, wire="w"), ("receive.1.x", "dedup"), ("dedup", "health"),
        ("health", "backoff"), ("backoff", "deadline"), ("deadline", "cells"),
        ("line", "conv1"), ("conv1", "out1"), Edge("cells", "send.2.cells", delay=np.int64(1)),
    ]  # fmt: skip
    return Graph.of("everything", nodes, edges, 1e-3, {"sc_neurocore": "{}", "k": {"l": 1}})


def test_every_operation_comes_back(tmp_path: Path) -> None:
    graph = everything()
    write_graph(tmp_path / "g", graph)
    again = read_graph(tmp_path / "g")
    assert again == graph
    assert list(again.nodes) == list(graph.nodes) and again.edges == graph.edges
    write_graph(tmp_path / "h", again)
    assert (tmp_path / "g").read_bytes() == (tmp_path / "h").read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["g", "h"]


def test_equal_arrays_are_stored_once() -> None:
    weight = RNG.normal(size=(100, 100))
    nodes = [Node("i", Input((100,)))]
    nodes += [Node(f"a{k}", Affine(weight.copy())) for k in range(5)]
    nodes += [Node("o", Output((100,)))]
    names = [n.id for n in nodes]
    size = len(graph_bytes(Graph.of("g", nodes, list(itertools.pairwise(names)))))
    assert 80_000 < size < 90_000


def test_value_that_cannot_be_stored() -> None:
    node = Node("i", Input((1,)), metadata={"when": time.gmtime})
    graph = Graph.of("g", [node, Node("o", Output())], [("i", "o")])
    with pytest.raises(SCConfigError) as caught:
        graph_bytes(graph)
    assert str(caught.value) == (
        "the metadata of node 'i' holds a value of type builtin_function_or_method, which cannot "
        "be stored; text, numbers, arrays of numbers or text, and mappings of them can"
    )


SMALL = Graph.of(
    "small",
    [Node("i", Input((2,))), Node("fc", Affine(np.ones((3, 2)))), Node("o", Output((3,)))],
    [("i", "fc"), ("fc", "o")],
)


def forged(change: Any) -> bytes:
    """A small graph's file with a changed description and a digest that is right."""
    data = graph_bytes(SMALL)
    length = struct.unpack_from(">Q", data, 8)[0]
    document = json.loads(data[48 : 48 + length])
    change(document)
    text = json.dumps(document).encode()
    body = text + data[48 + length :]
    return data[:8] + struct.pack(">Q", len(text)) + hashlib.sha256(body).digest() + body


def node(index: int, field: int, value: Any) -> Any:
    def change(document: Any) -> None:
        document["graph"]["nodes"][index][field] = value

    return change


def edge(field: int, value: Any) -> Any:
    def change(document: Any) -> None:
        document["graph"]["edges"][0][field] = value

    return change


def table(row: Any) -> Any:
    def change(document: Any) -> None:
        document["arrays"] = row

    return change


FORGED = [
    (lambda d: d.pop("arrays"), "the description must have exactly the fields arrays, graph"),
    (lambda d: d["graph"].pop("dt"),
     "a graph must have exactly the fields name, dt, metadata, nodes, edges"),
    (node(1, 1, "Exec"), "node 'fc' is a 'Exec'; known are Affine, AvgPool2d, BackoffGate, "),
    (node(1, 1, "LinearOp"), "node 'fc' is a 'LinearOp'; known are Affine, "),
    (node(1, 2, {}), "Affine of node 'fc' must have exactly the fields weight, bias"),
    (node(1, 2, {"weight": {"array": 1}, "bias": None}),
     "weight of node 'fc' names array 1; there are 1"),
    (node(1, 2, {"weight": {"array": -1}, "bias": None}),
     "weight of node 'fc' names array -1; there are 1"),
    (node(1, 2, {"weight": "x", "bias": None}),
     "weight of node 'fc' has the wrong type for Affine"),
    (node(0, 2, {"shape": {"tuple": [True]}}), "shape of node 'i' has the wrong type for Input"),
    (node(0, 2, {"shape": {"tuple": [2.5]}}), "shape of node 'i' has the wrong type for Input"),
    (node(0, 2, {"shape": {"tuple": [-2]}}), "Node 'i' is invalid: shape is (-2,), "),
    (node(0, 2, {"shape": {"eval": "1"}}), "shape of node 'i' holds an object of no known kind"),
    (node(0, 3, 5), "the place of node 'i' is no text"),
    (node(0, 4, []), "the metadata of node 'i' are no mapping"),
    (node(0, 0, "fc"), "Node 'fc' is given twice; ids must be unique."),
    (edge(1, "nowhere"), "Edge 'i' -> 'nowhere' names node 'nowhere', which does not exist"),
    (edge(4, 1.5), "the delay of an edge is no whole number"),
    (edge(4, -1), "Edge 'i' -> 'fc' has a negative delay of -1 ticks"),
    (table([["<f8", [3, 3]]]), "array 0 is larger than what is left of the file"),
    (table([["<f8", [3, 1]]]), "24 bytes follow the last array"),
    (table([["|O", [3, 2]]]), "array 0 has the type '|O', which is not read"),
    (table([["f8", [3, 2]]]), "array 0 has the type 'f8', which is not read"),
    (table([["<f8", [1 << 50]]]), "the shape of array 0 is none"),
]  # fmt: skip


@pytest.mark.parametrize("change, message", FORGED, ids=[m[:60] for _, m in FORGED])
def test_forged_file(change: Any, message: str) -> None:
    with pytest.raises(SCConfigError) as caught:
        graph_from_bytes(forged(change), "g.graph")
    assert str(caught.value).startswith(f"g.graph holds no valid graph: {message}")


def test_deep_nesting_is_refused() -> None:
    deep: Any = 1
    for _ in range(300):
        deep = [deep]

    def change(document: Any) -> None:
        document["graph"]["metadata"] = {"map": {"deep": deep}}

    with pytest.raises(SCConfigError, match="nested deeper than 64"):
        graph_from_bytes(forged(change), "g.graph")


def test_files_that_are_none(tmp_path: Path) -> None:
    for content, message in (
        (b"", "is no stored graph: it does not begin as one"),
        (b"SCGRAPH1", "is no stored graph: it does not begin as one"),
        (graph_bytes(SMALL)[:-1], "is damaged: its content does not match its digest"),
    ):
        path = tmp_path / "g"
        path.write_bytes(content)
        with pytest.raises(SCConfigError) as caught:
            read_graph(path)
        assert str(caught.value) == f"{path} {message}"
    with pytest.raises(SCConfigError, match="cannot be read: No such file or directory"):
        read_graph(tmp_path / "missing")
    with pytest.raises(SCConfigError, match="cannot be written: "):
        write_graph(tmp_path / "missing" / "g", SMALL)


def test_damage_anywhere_is_seen() -> None:
    """One bit, or a cut: never a graph, never a traceback."""
    data = graph_bytes(everything())
    rng = random.Random(1)
    for _ in range(300):
        broken = bytearray(data)
        broken[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        with pytest.raises(SCConfigError):
            graph_from_bytes(bytes(broken), "g")
        with pytest.raises(SCConfigError):
            graph_from_bytes(data[: rng.randrange(len(data))], "g")


def test_hostile_descriptions() -> None:
    """Any value in the place of any other, under a right digest: a graph or one sentence."""
    data = graph_bytes(everything())
    length = struct.unpack_from(">Q", data, 8)[0]
    text, arrays = data[48 : 48 + length].decode(), data[48 + length :]
    strange = [None, True, -1, 1 << 80, 1e308, "", "\0", [], {}, {"array": 0}, {"map": {}},
               {"tuple": [1 << 40]}, {"float": "nan"}, {"number": 3}, {"graph": None}]  # fmt: skip
    rng = random.Random(2)
    read = 0
    for _ in range(400):
        document = json.loads(text)
        spots: list[tuple[Any, Any]] = []

        def collect(value: Any, spots: list[tuple[Any, Any]] = spots) -> None:
            items = value.items() if isinstance(value, dict) else enumerate(value)
            for key, inner in items:
                spots.append((value, key))
                if isinstance(inner, (dict, list)):
                    collect(inner)

        collect(document)
        holder, key = rng.choice(spots)
        holder[key] = rng.choice(strange)
        body = json.dumps(document).encode()
        head = data[:8] + struct.pack(">Q", len(body)) + hashlib.sha256(body + arrays).digest()
        try:
            graph_from_bytes(head + body + arrays, "g")
            read += 1
        except SCConfigError as error:
            assert str(error).startswith("g holds no valid graph: ")
    assert 0 < read < 200
