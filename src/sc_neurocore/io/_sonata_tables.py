"""Nodes and edges of SONATA as arrays: the tables, whatever file they come from.

The format: K. Dai et al., "The SONATA data format for efficient description of large-scale network
models", PLoS Comput. Biol. 16(2), 2020, doi 10.1371/journal.pcbi.1007696, and its developer guide.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.exceptions import SCConfigError

Ids = NDArray[np.int64]
#: Where the parameters of a model are, among the attributes of a group.
DYNAMICS = "dynamics_params/"
#: Most nodes of a dense matrix: 128 MiB.
_MOST_DENSE = 4096


@dataclass(frozen=True)
class SONATANode:
    """One neuron, as a row of its population.

    Attributes:
        population: name of its population.
        node_id: its id there.
        node_type_id: its type.
        attributes: its own attributes, those of its type left out; parameters of its model begin
            with ``dynamics_params/``.
    """

    population: str
    node_id: int
    node_type_id: int
    attributes: dict[str, Any]


@dataclass(frozen=True)
class SONATAEdge:
    """One synapse, as a row of its population.

    Attributes:
        population: name of its population.
        source_node_id: where it comes from.
        target_node_id: where it leads.
        edge_type_id: its type.
        attributes: its own attributes, those of its type left out.
    """

    population: str
    source_node_id: int
    target_node_id: int
    edge_type_id: int
    attributes: dict[str, Any]


@dataclass(frozen=True, eq=False)
class SONATATable:
    """What nodes and edges have in common: types, and attributes in groups of equal columns.

    Attributes:
        name: of the population.
        file: where it was read.
        type_ids: ``(n,)`` type of each row.
        group_ids: ``(n,)`` group in which each row has its attributes.
        group_index: ``(n,)`` and its place there.
        groups: columns of each group by name; those of ``dynamics_params`` with that prefix.
    """

    name: str
    file: Path
    type_ids: Ids
    group_ids: Ids
    group_index: Ids
    groups: Mapping[int, Mapping[str, NDArray[Any]]]

    def __len__(self) -> int:
        return len(self.type_ids)

    def attribute_names(self) -> list[str]:
        """Names of all columns of any group."""
        return sorted({name for columns in self.groups.values() for name in columns})

    def column(self, attribute: str) -> tuple[NDArray[np.bool_], NDArray[Any]]:
        """``(n,)`` which rows have an attribute of their own, and ``(k, …)`` its values in order.

        Raises:
            SCConfigError: the groups hold values of different kinds.
        """
        owners = [k for k, columns in self.groups.items() if attribute in columns]
        own = np.isin(self.group_ids, owners)
        parts = [self.groups[k][attribute] for k in owners]
        if len({(p.dtype.kind in "OU", p.shape[1:]) for p in parts}) > 1:
            raise SCConfigError(
                f"{self.file}: attribute '{attribute}' of population '{self.name}' is text in one "
                "group and a number in another"
            )
        if not parts:
            return own, np.empty(0)
        out = np.empty((len(self), *parts[0].shape[1:]), np.result_type(*parts))
        for k, part in zip(owners, parts, strict=True):
            chosen = self.group_ids == k
            out[chosen] = part[self.group_index[chosen]]
        return own, out[own]

    def _attributes(self, row: int) -> dict[str, Any]:
        place = self.group_index[row]
        columns = self.groups[int(self.group_ids[row])]
        return {name: array[place] for name, array in columns.items()}


@dataclass(frozen=True, eq=False)
class SONATANodes(SONATATable):
    """A population of nodes; ``nodes[k]`` is its row ``k``.

    Attributes:
        ids: ``(n,)`` id of each node, all different.
    """

    ids: Ids

    def __getitem__(self, row: int) -> SONATANode:
        kind = int(self.type_ids[row])
        return SONATANode(self.name, int(self.ids[row]), kind, self._attributes(row))

    def rows(self, ids: Ids, what: str) -> Ids:
        """Row of each node id.

        Args:
            ids: to look up.
            what: names the place of the ids in an error.

        Raises:
            SCConfigError: an id that no node has.
        """
        order = np.argsort(self.ids, kind="stable")
        ordered = self.ids[order]
        at = np.searchsorted(ordered, ids)
        at[at == len(ordered)] = 0
        wrong = ordered[at] != ids if len(ordered) else np.ones(len(ids), np.bool_)
        if wrong.any():
            raise SCConfigError(f"{what} names node {ids[wrong][0]}, which population '{self.name}'"
                                f" of {len(self)} nodes does not have")  # fmt: skip
        return order[at] if len(ids) else at.astype(np.int64)


@dataclass(frozen=True, eq=False)
class SONATAEdges(SONATATable):
    """A population of edges; ``edges[k]`` is its row ``k``.

    Attributes:
        source_population: population of the sources.
        target_population: population of the targets.
        sources: ``(n,)`` node id of each edge's source.
        targets: ``(n,)`` node id of each edge's target.
    """

    source_population: str
    target_population: str
    sources: Ids
    targets: Ids

    def __getitem__(self, row: int) -> SONATAEdge:
        ends = int(self.sources[row]), int(self.targets[row])
        return SONATAEdge(self.name, *ends, int(self.type_ids[row]), self._attributes(row))


@dataclass(frozen=True, eq=False)
class SONATANetwork:
    """Nodes and edges by population.

    Attributes:
        nodes: populations of nodes by name, in the order of the file.
        edges: populations of edges by name.
    """

    nodes: dict[str, SONATANodes]
    edges: dict[str, SONATAEdges]

    def n_nodes(self) -> int:
        """Number of nodes of all populations."""
        return sum(map(len, self.nodes.values()))

    def n_edges(self) -> int:
        """Number of edges of all populations."""
        return sum(map(len, self.edges.values()))

    def connectivity_matrix(self, attribute: str | None = None) -> NDArray[np.float64]:
        """``(n_nodes, n_nodes)`` dense matrix, sources by rows, targets by columns.

        Args:
            attribute: its sum over the edges of each pair; by default their number.

        Raises:
            SCConfigError: more than 4096 nodes, or an edge has no such number of its own.
        """
        n = self.n_nodes()
        if n > _MOST_DENSE:
            raise SCConfigError(
                f"a dense matrix of {n} nodes takes {n * n * 8 / 2**30:.1f} GiB; use "
                f"sparse_connectivity(), or fewer than {_MOST_DENSE + 1} nodes"
            )
        return np.asarray(self.sparse_connectivity(attribute).toarray(), np.float64)

    def sparse_connectivity(self, attribute: str | None = None) -> Any:
        """The same as a `scipy.sparse.csr_array`, for any number of nodes.

        Raises:
            SCConfigError: an edge has no such number of its own.
        """
        from scipy.sparse import csr_array

        sizes = np.cumsum([0, *map(len, self.nodes.values())])
        first = dict(zip(self.nodes, sizes[:-1].tolist(), strict=True))
        rows: list[Ids] = []
        columns: list[Ids] = []
        weights: list[NDArray[np.float64]] = []
        for edges in self.edges.values():
            what = f"{edges.file}: edge population '{edges.name}'"
            for ids, end, found in (
                (edges.sources, edges.source_population, rows),
                (edges.targets, edges.target_population, columns),
            ):
                found.append(first[end] + self.nodes[end].rows(ids, what))
            weights.append(_summed(edges, attribute))
        n = self.n_nodes()
        pairs = (_joined(rows), _joined(columns))
        return csr_array((np.concatenate([np.empty(0), *weights]), pairs), shape=(n, n))


def require_ends(edges: SONATAEdges, nodes: Mapping[str, SONATANodes]) -> tuple[Ids, Ids]:
    """Rows of the sources and of the targets, or refuse edges that lead nowhere."""
    found = []
    for side, end, ids in (
        ("source", edges.source_population, edges.sources),
        ("target", edges.target_population, edges.targets),
    ):
        what = f"{edges.file}: '/edges/{edges.name}/{side}_node_id'"
        if end not in nodes:
            listed = ", ".join(nodes) or "none"
            raise SCConfigError(f"{what} is of population '{end}'; the nodes have {listed}")
        found.append(nodes[end].rows(ids, what))
    return found[0], found[1]


def _summed(edges: SONATAEdges, attribute: str | None) -> NDArray[np.float64]:
    if attribute is None:
        return np.ones(len(edges))
    own, values = edges.column(attribute)
    if not own.all() or values.dtype.kind not in "iufb" or values.ndim != 1:
        have = ", ".join(edges.attribute_names()) or "none"
        raise SCConfigError(f"{edges.file}: the edges of '{edges.name}' do not all have a number "
                            f"'{attribute}' of their own; their attributes are {have}")  # fmt: skip
    return values.astype(np.float64)


def _joined(parts: list[Any]) -> Any:
    return np.concatenate([np.empty(0, np.int64), *parts])
