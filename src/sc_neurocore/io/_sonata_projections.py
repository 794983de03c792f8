"""Edges of SONATA as projections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.io._sonata_config import Config
from sc_neurocore.io._sonata_synapses import Kind, kinds_of
from sc_neurocore.io._sonata_tables import SONATAEdges, SONATANodes, require_ends
from sc_neurocore.io._sonata_types import Types, numbers, read_types, texts
from sc_neurocore.network import Population, Projection, SpikeSourceArray

Array = NDArray[np.float64]

#: Functions of weight that bmtk's PointNet knows; all of them are syn_weight*nsyns.
_WEIGHT_FUNCTIONS = ("", "default_weight_fnc", "set_syn_weight", "wmax")
_NEAR = 1e-6


@dataclass(frozen=True, eq=False)
class Members:
    """A SONATA population, and where its nodes are in the network.

    Attributes:
        nodes: the population.
        parts: populations of the network that it became.
        tau_minus: of each part, the time constant in ms with which NEST's neurons remember their
            own spikes for the synapses that learn.
        part: ``(n,)`` part of each node.
        place: ``(n,)`` and its place there.
    """

    nodes: SONATANodes
    parts: list[Population | SpikeSourceArray]
    tau_minus: list[float]
    part: NDArray[np.int64]
    place: NDArray[np.int64]


def projections(
    config: Config, edges: SONATAEdges, file: Path | None, members: Mapping[str, Members], dt: float
) -> list[Projection]:
    """The projections of an edge population: by ends, by synapse, by the input that receives.

    Raises:
        SCConfigError: an edge leads nowhere or to a virtual node, or has what is not read.
    """
    source_rows, target_rows = require_ends(edges, {k: m.nodes for k, m in members.items()})
    sources, targets = members[edges.source_population], members[edges.target_population]
    types = read_types(file, "edge_type_id", edges.name)
    kinds, kind = kinds_of(config, edges, types)
    weights, delays = _strengths(edges, types, dt, kinds, kind)
    ends = sources.part[source_rows], targets.part[target_rows]
    one_input = np.array([isinstance(p, Population) and p.model.name == "iaf_psc_delta"
                          for p in targets.parts], np.bool_)  # fmt: skip
    inhibitory = (weights < 0) & ~one_input[ends[1]]
    key = np.array([*ends, kind, inhibitory], np.int64)
    a, b = sources.place[source_rows], targets.place[target_rows]
    order = np.lexsort((b, a, *key[::-1]))
    changes = np.flatnonzero((np.diff(key[:, order], axis=1) != 0).any(axis=0)) + 1
    pieces = np.split(order, changes) if len(order) else []
    found = []
    for k, rows in enumerate(pieces):
        at, to, which, sign = key[:, rows[0]].tolist()
        source, target = sources.parts[at], targets.parts[to]
        if not isinstance(target, Population):
            raise SCConfigError(f"{edges.file}: an edge of '{edges.name}' leads to a virtual node "
                                f"of '{edges.target_population}'")  # fmt: skip
        starts = np.append(0, np.cumsum(np.bincount(a[rows], minlength=source.n)))
        own = delays[rows]
        found.append(Projection(
            source, target, topology=(starts, b[rows], weights[rows]),
            delay=int(own[0]) if (own == own[0]).all() else own,
            plasticity=kinds[which].rule(dt, targets.tau_minus[to]),
            port="spikes" if target.model.name == "iaf_psc_delta" else ("exc", "inh")[sign],
            label=edges.name if len(pieces) == 1 else f"{edges.name}:{k}",
        ))  # fmt: skip
    return found


def _strengths(
    edges: SONATAEdges, types: Types, dt: float, kinds: list[Kind], kind: NDArray[np.int64]
) -> tuple[Array, NDArray[np.int64]]:
    """Weight and delay in ticks of every edge."""
    where = f"{edges.file}: edge population '{edges.name}'"
    codes, names = texts(edges, types, "weight_function", "")
    for k in np.unique(codes).tolist():
        if names[k] not in _WEIGHT_FUNCTIONS:
            raise SCConfigError(f"{where} has the weight_function '{names[k]}'; only "
                                f"{', '.join(_WEIGHT_FUNCTIONS[1:])} are read")  # fmt: skip
    each, nsyns = numbers(edges, types, "syn_weight"), numbers(edges, types, "nsyns", 1.0)
    wrong = (nsyns < 1) | (nsyns != np.rint(nsyns))
    if wrong.any():
        raise SCConfigError(f"{where} has nsyns of {nsyns[wrong][0]:g}; an edge is a whole number "
                            "of synapses, at least one")  # fmt: skip
    for k, found in enumerate(kinds):
        found.require_weights(each[kind == k], nsyns[kind == k])
    with np.errstate(over="ignore"):
        weights = each * nsyns
    if not np.isfinite(weights).all():
        raise SCConfigError(f"{where} has a syn_weight that is not finite once nsyns multiplies it")
    times = numbers(edges, types, "delay")
    ticks = np.rint(times / dt)
    wrong = (np.abs(times / dt - ticks) > _NEAR * np.maximum(1, ticks)) | (ticks < 1)
    if wrong.any():
        raise SCConfigError(f"{where} has a delay of {times[wrong][0]:.9g} ms; delays are whole "
                            f"numbers of ticks of {dt:g} ms, at least one")  # fmt: skip
    if len(ticks) and ticks.max() >= 2**31:
        raise SCConfigError(f"{where} has a delay of {times.max():g} ms; at most 2**31 - 1 ticks")
    return weights, ticks.astype(np.int64)
