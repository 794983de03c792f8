"""NIR files and graphs, and the graph of this package, each as the other."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sc_neurocore.ir import (
    Affine,
    Conv1d,
    Conv2d,
    Delay,
    Edge,
    Graph,
    Input,
    Node,
    Op,
    Output,
    Projection,
    Subgraph,
    shapes,
)
from sc_neurocore.nir_bridge._errors import NIRError, need
from sc_neurocore.nir_bridge._hdf5 import Tree, decoded, read_hdf5, write_hdf5
from sc_neurocore.nir_bridge._primitives import op_of, primitive_of

#: Seconds per tick where a file says nothing.
DEFAULT_DT = 1e-4
#: Key of the graph's metadata that holds what NIR has no field for, as JSON.
METADATA_KEY = "sc_neurocore"
#: Graphs within graphs.
NESTING_LIMIT = 16


def read_nir(path: str | Path) -> Graph:
    """The graph of a NIR file, exactly as the file states it; shapes may be missing.

    Args:
        path: an HDF5 file. An edge's end ``outer.inner`` names a port of a nested graph.

    Raises:
        NIRError: the file is damaged, hostile or not NIR.
        GraphError: the network in it breaks a rule.
        SCDependencyError: h5py is not installed.
    """
    path = Path(path)
    tree = read_hdf5(path)
    if not isinstance(tree.get("node"), dict):
        raise NIRError(f"{path} holds no NIR graph: the group 'node' is missing.")
    return graph_of(tree["node"], path.stem)


def write_nir(graph: Graph, path: str | Path) -> Path:
    """Write a NIR file, whole or not at all.

    Args:
        graph: any graph; `Projection` becomes a matrix, an edge's delay a Delay node.
        path: of the file.

    Returns:
        The path.

    Raises:
        NIRError: an id cannot be stored, or the place cannot be written.
        SCDependencyError: h5py or nir is not installed.
    """
    path = Path(path)
    version = need("nir").version
    write_hdf5(path, {"version": version, "node": _stored(tree_of(graph))})
    return path


def nir_tree(source: Any) -> Tree:
    """A `nir.NIRGraph` as the nested dictionary of its file.

    Raises:
        NIRError: it is no NIR graph.
    """
    nir = need("nir")
    if not isinstance(source, nir.NIRGraph):
        kind = type(source).__name__
        raise NIRError(f"A NIR graph or the path of a NIR file is expected, not {kind}.")
    nodes: Tree = {}
    for name, node in source.nodes.items():
        if isinstance(node, nir.NIRGraph):
            nodes[name] = nir_tree(node)
        elif isinstance(node, nir.ir.NIRNode):
            nodes[name] = node.to_dict()
        else:
            raise NIRError(f"Node {name!r} is a {type(node).__name__}, no node of NIR.")
    edges = np.array(source.edges, dtype=object).reshape(-1, 2)
    return {"type": "NIRGraph", "nodes": nodes, "edges": edges, "metadata": source.metadata}


def nir_object(tree: Tree) -> Any:
    """The `nir.NIRGraph` of a nested dictionary, without NIR's own shape inference."""
    nir = need("nir")
    nodes = {}
    for name, node in tree["nodes"].items():
        if node["type"] == "NIRGraph":
            nodes[name] = nir_object(node)
        else:
            fields = {k: v for k, v in node.items() if v is not None}
            if node["type"] in ("Conv1d", "Conv2d"):
                fields.setdefault("input_shape", None)
            if node["type"] in ("Input", "Output"):
                fields.setdefault("shape", None)
            nodes[name] = nir.ir.dict2NIRNode(fields)
    edges = [(str(a), str(b)) for a, b in tree["edges"]]
    return nir.NIRGraph(nodes, edges, metadata=dict(tree["metadata"]), type_check=False)


def settings_of(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """What a graph's metadata hold under `METADATA_KEY`.

    Raises:
        NIRError: they are not a JSON object.
    """
    text = decoded(metadata.get(METADATA_KEY, "{}"))
    try:
        settings = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        settings = None
    if not isinstance(settings, dict):
        raise NIRError(f"The metadata {METADATA_KEY!r} of the NIR graph must be a JSON object.")
    return settings


def graph_of(tree: Tree, name: str, dt: float | None = None, depth: int = 0) -> Graph:
    """The graph of a NIR graph's nested dictionary.

    Args:
        tree: with ``type``, ``nodes``, ``edges`` and perhaps ``metadata``.
        name: of the graph.
        dt: seconds per tick; None for what the metadata say, or `DEFAULT_DT`.
        depth: graphs around this one.

    Raises:
        NIRError: a node or a field is not NIR's.
        GraphError: the network breaks a rule.
    """
    where = f"Graph {name!r}"
    if tree.get("type") != "NIRGraph":
        raise NIRError(f"{where} has type {tree.get('type')!r}, not 'NIRGraph'.")
    if depth > NESTING_LIMIT:
        raise NIRError(f"{where} is nested deeper than {NESTING_LIMIT} graphs.")
    if not isinstance(tree.get("nodes"), dict) or "edges" not in tree:
        raise NIRError(f"{where} must have 'nodes' and 'edges'.")
    metadata = _metadata(tree, where)
    settings = settings_of(metadata)
    if dt is None:
        dt = _seconds(settings.get("dt", DEFAULT_DT))
    places = _texts(settings, "places")
    wires = _texts(settings, "wires")
    nodes = {}
    for key, fields in tree["nodes"].items():
        nodes[key] = _node(str(key), fields, dt, depth, places.get(key, ""))
    edges = []
    for source, target in _edge_names(tree["edges"], where):
        (start, start_port), (end, end_port) = _port(nodes, source), _port(nodes, target)
        wire = wires.get(f"{source} -> {target}", "")
        edges.append(Edge(start, end, start_port, end_port, wire=wire))
    return Graph(name, nodes, tuple(edges), dt, metadata)


def _node(name: str, fields: Any, dt: float, depth: int, place: str) -> Node:
    where = f"Node {name!r}"
    if not isinstance(fields, dict):
        raise NIRError(f"{where} must be a group of fields.")
    type_name = fields.get("type")
    if not isinstance(type_name, str):
        raise NIRError(f"{where} must have a text field 'type', not {type_name!r}.")
    metadata = _metadata(fields, where)
    if type_name == "NIRGraph":
        graph = graph_of({**fields, "metadata": {}}, name, dt, depth + 1)
        return Node(name, Subgraph(graph.replace(metadata=metadata)), place)
    given = {k: v for k, v in fields.items() if k not in ("type", "metadata")}
    return Node(name, op_of(name, type_name, given), place, metadata)


def _metadata(fields: Tree, where: str) -> dict[str, Any]:
    metadata = fields.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise NIRError(f"{where}: metadata must be a group.")
    return metadata


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1e9:
        raise NIRError(f"dt in the metadata {METADATA_KEY!r} must be positive, not {value!r}.")
    return float(value)


def _texts(settings: Mapping[str, Any], key: str) -> dict[str, str]:
    value = settings.get(key, {})
    if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
        raise NIRError(f"{key!r} in the metadata {METADATA_KEY!r} must map names to text.")
    return value


def _edge_names(edges: Any, where: str) -> list[tuple[str, str]]:
    array = decoded(np.asarray(edges))
    if array.size == 0:
        return []
    if array.ndim != 2 or array.shape[1] != 2 or array.dtype.kind not in "OU":
        raise NIRError(f"{where}: edges must be pairs of node names.")
    return [(str(a), str(b)) for a, b in array]


def _port(nodes: Mapping[str, Node], name: str) -> tuple[str, str]:
    """An edge's end as node and port."""
    if name in nodes:
        return name, ""
    for at in range(len(name)):
        head, tail = name[:at], name[at + 1 :]
        if name[at] == "." and isinstance(getattr(nodes.get(head), "op", None), Subgraph):
            return head, tail
    return name, ""


def tree_of(graph: Graph) -> Tree:
    """The nested dictionary of a graph; fields that are not given are None.

    Raises:
        NIRError: an id cannot be stored.
    """
    nodes: Tree = {}
    edges: list[tuple[str, str]] = []
    inward, _ = shapes(graph)
    for node in graph.nodes.values():
        if "/" in node.id or "\0" in node.id or node.id in (".", ".."):
            raise NIRError(f"Node {node.id!r} cannot be stored; an id must be free of '/'.")
        metadata = dict(node.metadata)
        if isinstance(node.op, Subgraph):
            inner = tree_of(node.op.graph)
            inner["metadata"] = dict(node.op.graph.metadata)
            nodes[node.id] = inner
        elif isinstance(node.op, Projection):
            affine = Affine(node.op.weight, node.op.bias)
            nodes[node.id] = _fields_of(affine, metadata)
            if node.op.delay:
                delay = Delay(np.array(node.op.delay * graph.dt))
                nodes[f"{node.id}.delay"] = _fields_of(delay, {})
                edges.append((node.id, f"{node.id}.delay"))
        else:
            # The nir package reads no convolution or boundary without its shape.
            shape = inward[node.id, ""]
            needs = isinstance(node.op, (Conv1d, Conv2d, Input, Output))
            op = node.op.shaped(shape) if needs and shape is not None else node.op
            nodes[node.id] = _fields_of(op, metadata)
    for edge in graph.edges:
        source = f"{edge.source}.{edge.source_port}" if edge.source_port else edge.source
        target = f"{edge.target}.{edge.target_port}" if edge.target_port else edge.target
        op = graph.nodes[edge.source].op
        if isinstance(op, Projection) and op.delay:
            source = f"{edge.source}.delay"
        if edge.delay:
            name = f"{source}_to_{target}.delay"
            nodes[name] = _fields_of(Delay(np.array(edge.delay * graph.dt)), {})
            edges += [(source, name), (name, target)]
        else:
            edges.append((source, target))
    return {
        "type": "NIRGraph",
        "nodes": nodes,
        "edges": np.array(edges, dtype=object).reshape(-1, 2),
        "metadata": _described(graph),
    }


def _fields_of(op: Op, metadata: dict[str, Any]) -> Tree:
    type_name, fields = primitive_of(op)
    return {"type": type_name, **fields, "metadata": metadata}


def with_settings(graph: Graph, changes: Mapping[str, Any]) -> Graph:
    """The graph with settings in its metadata; unchanged where they say so already."""
    settings = settings_of(graph.metadata)
    changed = {**settings, **changes}
    if changed == settings:
        return graph
    text = json.dumps(changed, sort_keys=True)
    return graph.replace(metadata={**graph.metadata, METADATA_KEY: text})


def _described(graph: Graph) -> dict[str, Any]:
    """The graph's metadata with dt, places and wires, where those say more than the default."""
    settings = settings_of(graph.metadata)
    wires = {str(dataclasses.replace(e, wire="")): e.wire for e in graph.edges if e.wire}
    found = {
        ("dt", DEFAULT_DT): graph.dt,
        ("places", ()): {n.id: n.place for n in graph.nodes.values() if n.place} or (),
        ("wires", ()): wires or (),
    }
    changes = {k: v for (k, default), v in found.items() if settings.get(k, default) != v}
    return dict(with_settings(graph, changes).metadata)


def _stored(tree: Mapping[str, Any]) -> Tree:
    """What goes into the file: no missing fields, no empty metadata."""
    stored: Tree = {}
    for key, value in tree.items():
        if value is None or (key == "metadata" and not value):
            continue
        stored[key] = _stored(value) if isinstance(value, Mapping) else value
    return stored
