"""Nodes and edges files of SONATA: HDF5 to tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.io import _sonata_hdf5 as hdf5
from sc_neurocore.io._sonata_tables import (
    DYNAMICS,
    Ids,
    SONATAEdges,
    SONATANetwork,
    SONATANodes,
    SONATATable,
    require_ends,
)

Table = TypeVar("Table", bound=SONATATable)


def import_sonata_nodes(path: str | Path) -> dict[str, SONATANodes]:
    """Read a nodes file.

    Args:
        path: HDF5 file with the populations under ``/nodes``.

    Returns:
        The populations by name.

    Raises:
        SCConfigError: the file is missing, damaged, or not as SONATA wants it.
        SCDependencyError: h5py is not installed.
    """
    return _populations(path, "nodes", _nodes)


def import_sonata_edges(path: str | Path) -> dict[str, SONATAEdges]:
    """Read an edges file.

    Args:
        path: HDF5 file with the populations under ``/edges``.

    Returns:
        The populations by name.

    Raises:
        SCConfigError: the file is missing, damaged, or not as SONATA wants it.
        SCDependencyError: h5py is not installed.
    """
    return _populations(path, "edges", _edges)


def import_sonata(
    nodes_path: str | Path | Sequence[str | Path],
    edges_path: str | Path | Sequence[str | Path] | None = None,
) -> SONATANetwork:
    """Read nodes files, and edges files between their populations.

    Args:
        nodes_path: nodes file, or several.
        edges_path: edges file, or several.

    Raises:
        SCConfigError: a file is missing, damaged, or not as SONATA wants it; two populations have
            one name; or an edge has an end that is not in the nodes files.
        SCDependencyError: h5py is not installed.
    """
    nodes = _merged(import_sonata_nodes, nodes_path)
    edges = {} if edges_path is None else _merged(import_sonata_edges, edges_path)
    for population in edges.values():
        require_ends(population, nodes)
    return SONATANetwork(nodes, edges)


def _merged(
    read: Callable[[str | Path], dict[str, Table]], paths: str | Path | Sequence[str | Path]
) -> dict[str, Table]:
    found: dict[str, Table] = {}
    for path in [paths] if isinstance(paths, str | Path) else paths:
        for name, table in read(path).items():
            if name in found:
                raise SCConfigError(f"{path}: population '{name}' is in {found[name].file} too")
            found[name] = table
    return found


def _populations(
    path: str | Path, what: str, read: Callable[[Path, str, Any], Table]
) -> dict[str, Table]:
    """Every population of a file, by name."""
    with hdf5.reading(path) as file:
        found = hdf5.groups(hdf5.group(file, what))
        if not found:
            raise SCConfigError(f"{hdf5.place(file, what)} holds no population")
        return {name: read(Path(path), name, population) for name, population in found.items()}


def _nodes(path: Path, name: str, population: Any) -> SONATANodes:
    types = hdf5.whole(population, "node_type_id")
    n = len(types)
    ids = hdf5.whole(population, "node_id", n) if "node_id" in population else np.arange(n)
    if len(np.unique(ids)) < n:
        raise SCConfigError(f"{hdf5.place(population, 'node_id')} holds a node id twice")
    return SONATANodes(name, path, types, *_rows(population, "node", n), ids=ids)


def _edges(path: Path, name: str, population: Any) -> SONATAEdges:
    types = hdf5.whole(population, "edge_type_id")
    ends, ids = [], []
    for end in ("source_node_id", "target_node_id"):
        ids.append(hdf5.whole(population, end, len(types)))
        of = hdf5.attribute(population[end], "node_population")
        if of is None:
            raise SCConfigError(f"{hdf5.place(population, end)} has no attribute 'node_population' "
                                "that names the population of its nodes")  # fmt: skip
        ends.append(of)
    rows = _rows(population, "edge", len(types))
    return SONATAEdges(name, path, types, *rows, ends[0], ends[1], ids[0], ids[1])


def _rows(population: Any, what: str, n: int) -> tuple[Ids, Ids, dict[int, dict[str, Any]]]:
    """Group and place of every row, and the columns of the groups."""
    found = {int(k): _columns(g) for k, g in hdf5.groups(population).items() if k.isdecimal()}
    names = (f"{what}_group_id", f"{what}_group_index")
    if not any(name in population for name in names) and set(found) <= {0}:
        # Files of the Blue Brain Project leave both out where there is one group.
        ids, index = np.zeros(n, np.int64), np.arange(n)
    else:
        ids, index = (hdf5.whole(population, name, n) for name in names)
    present, counts = np.unique(ids, return_counts=True)
    for k, count in zip(present.tolist(), counts.tolist(), strict=True):
        if k not in found and (found or k):
            raise SCConfigError(f"{hdf5.place(population, names[0])} names group {k}, which "
                                f"{hdf5.place(population)} does not have")  # fmt: skip
        columns = found.setdefault(k, {})
        most = index[ids == k].max()
        for name, array in columns.items():
            if most >= len(array):
                raise SCConfigError(
                    f"{hdf5.place(population, names[1])} names entry {most} of group {k}, but "
                    f"'{name}' has {len(array)} there"
                )
            if len(array) > count:
                raise SCConfigError(f"{hdf5.place(population, str(k))}: '{name}' has {len(array)} "
                                    f"entries, but the group {count} {what}s")  # fmt: skip
    return ids, index, found


def _columns(group: Any) -> dict[str, NDArray[Any]]:
    inner = hdf5.groups(group)
    for name in inner.keys() - {"dynamics_params", "@library"}:
        raise SCConfigError(f"{hdf5.place(group, name)} is a group that SONATA does not have; it "
                            "has 'dynamics_params' and '@library' here")  # fmt: skip
    found = {name: hdf5.values(group, name) for name in group if name not in inner}
    if "dynamics_params" in inner:
        parameters = inner["dynamics_params"]
        found |= {f"{DYNAMICS}{name}": hdf5.values(parameters, name) for name in parameters}
    if "@library" in inner:  # numbers that stand for a few texts
        library = inner["@library"]
        for name in library:
            texts = hdf5.values(library, name)
            if name in found:
                codes = hdf5.whole(group, name)
                if len(codes) and codes.max() >= len(texts):
                    raise SCConfigError(f"{hdf5.place(group, name)} holds {codes.max()}, but its "
                                        f"library has {len(texts)} texts")  # fmt: skip
                found[name] = texts[codes]
    return found
