"""Files that are damaged or hostile: one sentence each, nothing left behind."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from sc_neurocore.exceptions import SCNeuroError
from sc_neurocore.ir import (
    Affine,
    Graph,
    GraphError,
    Input,
    Neurons,
    Node,
    Output,
    Scale,
    Subgraph,
    Threshold,
)
from sc_neurocore.nir_bridge import NIRError, from_nir, read_nir, to_nir, write_nir

VECTOR = np.array([0.5, 2.0, 3.25, 4.0])
CELLS = Neurons("lif", {"tau": VECTOR, "r": VECTOR, "v_leak": VECTOR, "v_threshold": VECTOR})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A sound file: in -> fc -> cells -> out."""
    graph = Graph.of(
        "sound",
        [
            Node("in", Input((3,))),
            Node("fc", Affine(np.ones((4, 3)), VECTOR)),
            Node("cells", CELLS),
            Node("out", Output((4,))),
        ],
        [("in", "fc"), ("fc", "cells"), ("cells", "out")],
    )
    return write_nir(graph, tmp_path / "sound.nir")


def replace(file: h5py.File, where: str, value: Any, **options: Any) -> None:
    del file[where]
    file.create_dataset(where, data=value, **options)


NODES = "node/nodes"

DAMAGE: list[tuple[str, Callable[[h5py.File], Any], str]] = [
    (
        "unknown primitive",
        lambda f: replace(f, f"{NODES}/cells/type", "Izhikevich"),
        "Node 'cells' is a 'Izhikevich', no primitive of NIR; those are Input, Output, "
        "Affine, Linear, Scale, Conv1d, Conv2d, SumPool2d, AvgPool2d, Flatten, Delay, Threshold, "
        "LIF, IF, LI, I, CubaLIF, CubaLI, NIRGraph.",
    ),
    (
        "a number as type",
        lambda f: replace(f, f"{NODES}/cells/type", 7),
        "Node 'cells' must have a text field 'type', not array(7).",
    ),
    (
        "no type",
        lambda f: f.__delitem__(f"{NODES}/cells/type"),
        "Node 'cells' must have a text field 'type', not None.",
    ),
    (
        "missing field",
        lambda f: f.__delitem__(f"{NODES}/cells/tau"),
        "Node 'cells' (LIF) lacks the field 'tau'.",
    ),
    (
        "unknown field",
        lambda f: f.create_dataset(f"{NODES}/fc/gain", data=1.0),
        "Node 'fc' (Affine) has an unknown field 'gain'; known are weight, bias.",
    ),
    (
        "text for numbers",
        lambda f: replace(f, f"{NODES}/fc/weight", "heavy"),
        "Node 'fc': field 'weight' must hold numbers, not <U5.",
    ),
    (
        "a group for numbers",
        lambda f: (f.__delitem__(f"{NODES}/fc/weight"), f.create_group(f"{NODES}/fc/weight")),
        "Node 'fc': field 'weight' must hold numbers, not object.",
    ),
    (
        "an array for a node",
        lambda f: f.create_dataset(f"{NODES}/x", data=1),
        "Node 'x' must be a group of fields.",
    ),
    (
        "half a size",
        lambda f: replace(f, f"{NODES}/in/shape", [1.5]),
        "Node 'in': field 'shape' must hold whole numbers.",
    ),
    (
        "not a number",
        lambda f: replace(f, f"{NODES}/cells/r", [1, 2, np.nan, 4]),
        "Node 'cells' is invalid: r holds nan at index (2,), every number must be finite.",
    ),
    (
        "no time",
        lambda f: replace(f, f"{NODES}/cells/tau", [1, 0, 1, 1.0]),
        "Node 'cells' is invalid: tau must be positive, not 0.",
    ),
    (
        "parameters of other lengths",
        lambda f: replace(f, f"{NODES}/cells/v_threshold", [1.0, 2.0]),
        "Node 'cells' is invalid: v_threshold has shape (2,), the population has (4,).",
    ),
    (
        "shapes that differ",
        lambda f: replace(f, f"{NODES}/fc/weight", np.ones((4, 5))),
        "Edge 'in' -> 'fc' joins different shapes: 'in' gives (3,), 'fc' takes (5,).",
    ),
    (
        "edge to nowhere",
        lambda f: replace(f, "node/edges", [[b"in", b"fc"], [b"fc", b"soma"]]),
        "Edge 'fc' -> 'soma' names node 'soma', which does not exist; "
        "there are cells, fc, in, out.",
    ),
    (
        "edge twice",
        lambda f: replace(f, "node/edges", [[b"in", b"fc"], [b"in", b"fc"]]),
        "Edge 'in' -> 'fc' is given twice; two nodes are joined at most once.",
    ),
    (
        "edges of three",
        lambda f: replace(f, "node/edges", [[b"in", b"fc", b"out"]]),
        "Graph 'sound': edges must be pairs of node names.",
    ),
    (
        "edges of numbers",
        lambda f: replace(f, "node/edges", [[1, 2]]),
        "Graph 'sound': edges must be pairs of node names.",
    ),
    (
        "no edges",
        lambda f: f.__delitem__("node/edges"),
        "Graph 'sound' must have 'nodes' and 'edges'.",
    ),
    (
        "no graph",
        lambda f: f.__delitem__("node"),
        "{path} holds no NIR graph: the group 'node' is missing.",
    ),
    (
        "the root is a neuron",
        lambda f: replace(f, "node/type", "LIF"),
        "Graph 'sound' has type 'LIF', not 'NIRGraph'.",
    ),
    (
        "soft link",
        lambda f: f.__setitem__(f"{NODES}/fc/extra", h5py.SoftLink("/version")),
        "{path}: /node/nodes/fc/extra is a soft or external link; copy the data into the file.",
    ),
    (
        "external link",
        lambda f: f.__setitem__(f"{NODES}/x", h5py.ExternalLink("/etc/passwd", "/")),
        "{path}: /node/nodes/x is a soft or external link; copy the data into the file.",
    ),
    (
        "external storage",
        lambda f: f.create_dataset(f"{NODES}/fc/x", (4,), "i1", external=[("/etc/passwd", 0, 4)]),
        "{path}: /node/nodes/fc/x keeps its data in another file; copy them into this one.",
    ),
    (
        "virtual data",
        lambda f: f.create_virtual_dataset(f"{NODES}/fc/x", virtual()),
        "{path}: /node/nodes/fc/x keeps its data in another file; copy them into this one.",
    ),
    (
        "a petabyte",
        lambda f: f.create_dataset(f"{NODES}/fc/x", (2**47,), "f8", chunks=(1024,)),
        "{path}: /node/nodes/fc/x declares shape (140737488355328,); "
        "the arrays exceed 1073741824 bytes together.",
    ),
    (
        "objects",
        lambda f: f.create_dataset(f"{NODES}/fc/x", data=f["node"].ref, dtype=h5py.ref_dtype),
        "{path}: /node/nodes/fc/x has type object; only numbers and text are allowed.",
    ),
    (
        "records",
        lambda f: f.create_dataset(f"{NODES}/fc/x", data=np.zeros(2, [("a", "f8")])),
        "{path}: /node/nodes/fc/x has type [('a', '<f8')]; only numbers and text are allowed.",
    ),
    (
        "pickled bytes",
        lambda f: f.create_dataset(f"{NODES}/fc/x", data=np.void(b"\x80\x04K\x01.")),
        "{path}: /node/nodes/fc/x has type |V5; only numbers and text are allowed.",
    ),
    (
        "nothing",
        lambda f: f.create_dataset(f"{NODES}/fc/x", data=h5py.Empty("f8")),
        "{path}: /node/nodes/fc/x is empty; a number, text or array is expected.",
    ),
    (
        "a named type",
        lambda f: f.__setitem__(f"{NODES}/x", np.dtype("f8")),
        "{path}: /node/nodes/x is a named type; only groups and arrays are allowed.",
    ),
    (
        "deep groups",
        lambda f: f.create_group("/".join(["node/nodes/fc", *"d" * 80])),
        "{path}: /node/nodes/fc" + "/d" * 33 + " is nested deeper than 64 groups.",
    ),
    (
        "a group inside itself",
        lambda f: f.__setitem__(f"{NODES}/fc/x", f[f"{NODES}/fc"]),
        "{path}: /node/nodes/fc" + "/x" * 33 + " is nested deeper than 64 groups.",
    ),
    (
        "metadata that are no JSON",
        lambda f: f.create_dataset("node/metadata/sc_neurocore", data="{"),
        "The metadata 'sc_neurocore' of the NIR graph must be a JSON object.",
    ),
    (
        "a negative dt",
        lambda f: f.create_dataset("node/metadata/sc_neurocore", data='{"dt": -1}'),
        "dt in the metadata 'sc_neurocore' must be positive, not -1.",
    ),
    (
        "a place for a number",
        lambda f: f.create_dataset("node/metadata/sc_neurocore", data='{"places": {"fc": 1}}'),
        "'places' in the metadata 'sc_neurocore' must map names to text.",
    ),
    (
        "an unknown reset",
        lambda f: f.create_dataset("node/metadata/sc_neurocore", data='{"reset": "off"}'),
        "reset must be one of reset, subtract, not 'off'.",
    ),
]


def virtual() -> h5py.VirtualLayout:
    layout = h5py.VirtualLayout((4,), "i1")
    layout[:] = h5py.VirtualSource("other.h5", "x", (4,))
    return layout


@pytest.mark.parametrize(
    ("damage", "sentence"), [d[1:] for d in DAMAGE], ids=[d[0] for d in DAMAGE]
)
def test_damaged_and_hostile_files(
    path: Path, damage: Callable[[h5py.File], Any], sentence: str
) -> None:
    from_nir(path)
    with h5py.File(path, "r+") as file:
        damage(file)
    with pytest.raises(SCNeuroError) as error:
        from_nir(path)
    assert str(error.value).split("\n")[0] == sentence.replace("{path}", str(path))


def test_what_is_no_hdf5_file(tmp_path: Path) -> None:
    path = tmp_path / "text.nir"
    path.write_text("not a network")
    with pytest.raises(NIRError) as error:
        from_nir(path)
    assert str(error.value) == f"{path} is not an HDF5 file, which every NIR file is."
    with pytest.raises(NIRError) as error:
        from_nir(tmp_path / "gone.nir")
    assert str(error.value) == f"{tmp_path / 'gone.nir'} does not exist or is no file."
    with pytest.raises(NIRError, match=r"expected, not int\.$"):
        from_nir(3)


def test_truncated_files(path: Path) -> None:
    whole = path.read_bytes()
    for size in (0, 4, 8, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(NIRError, match=r"truncated|not an HDF5 file"):
            from_nir(path)


def test_bytes_turned_at_random_are_never_a_traceback(path: Path) -> None:
    whole = path.read_bytes()
    dice = random.Random(3)
    refused = 0
    for _ in range(300):
        turned = bytearray(whole)
        for _ in range(4):
            turned[dice.randrange(len(turned))] ^= 1 << dice.randrange(8)
        path.write_bytes(turned)
        try:
            from_nir(path)
        except SCNeuroError as error:
            refused += 1
            assert str(error).split("\n")[0].endswith(".")
    assert refused > 20


def test_a_heap_without_an_end_is_not_walked(path: Path) -> None:
    """The HDF5 library itself never comes back from a free object of size zero."""
    data = bytearray(path.read_bytes())
    at = data.index(b"GCOL") + 16
    while (index := int.from_bytes(data[at : at + 2], "little")) != 0:
        at += 16 + -(-int.from_bytes(data[at + 8 : at + 16], "little") // 8) * 8
    assert index == 0
    data[at + 8 : at + 16] = bytes(8)
    path.write_bytes(data)
    with pytest.raises(NIRError) as error:
        from_nir(path)
    assert str(error.value) == f"{path} is damaged: its stored texts run past their end."


def nested(depth: int) -> Graph:
    graph = Graph.of("g", [Node("i", Input((1,))), Node("o", Output((1,)))], [("i", "o")])
    for _ in range(depth):
        nodes = [Node("i", Input((1,))), Node("g", Subgraph(graph)), Node("o", Output((1,)))]
        graph = Graph.of("g", nodes, [("i", "g"), ("g", "o")])
    return graph


def test_graphs_nest_sixteen_deep(tmp_path: Path) -> None:
    path = tmp_path / "g.nir"
    assert read_nir(write_nir(nested(16), path)).nodes["g"]
    with pytest.raises(NIRError, match=r"^Graph 'g' is nested deeper than 16 graphs\.$"):
        read_nir(write_nir(nested(17), path))


def test_a_zero_delay_cycle_in_a_file(tmp_path: Path) -> None:
    nodes = [Node("in", Input((1,))), *(Node(n, Scale(np.ones(1))) for n in "ab")]
    nodes += [Node("t", Threshold(np.ones(1))), Node("out", Output((1,)))]
    edges = [("in", "a"), ("a", "b"), ("b", "a"), ("b", "t"), ("t", "out")]
    path = write_nir(Graph.of("loop", nodes, edges), tmp_path / "loop.nir")
    with pytest.raises(GraphError, match=r"cyclic zero-delay graph .* a -> b -> a\."):
        from_nir(path)


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_nothing_partial_is_left(path: Path, tmp_path: Path) -> None:
    before = path.read_bytes()
    bad = Graph.of(
        "bad",
        [Node("in", Input((1,)), metadata={"x": object()}), Node("out", Output((1,)))],
        [("in", "out")],
    )
    with pytest.raises(NIRError, match="cannot be stored"):
        write_nir(bad, path)
    assert path.read_bytes() == before
    slash = Graph.of("s", [Node("a/b", Input((1,))), Node("o", Output((1,)))], [("a/b", "o")])
    with pytest.raises(
        NIRError, match=r"^Node 'a/b' cannot be stored; an id must be free of '/'\.$"
    ):
        to_nir(slash, path)
    assert path.read_bytes() == before
    assert names(tmp_path) == ["sound.nir"]


def test_a_place_that_cannot_be_written(path: Path, tmp_path: Path) -> None:
    graph = read_nir(path)
    with pytest.raises(NIRError, match=r"cannot be written: No such file or directory\.$"):
        to_nir(graph, tmp_path / "gone" / "x.nir")
    (tmp_path / "folder.nir").mkdir()
    with pytest.raises(NIRError, match=r"folder\.nir cannot be written: Is a directory\.$"):
        write_nir(graph, tmp_path / "folder.nir")
    assert names(tmp_path) == ["folder.nir", "sound.nir"]
