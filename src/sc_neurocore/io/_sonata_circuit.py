"""A SONATA circuit of point neurons as a network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.dynamics import suggest
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.io._sonata import (
    SONATAEdges,
    SONATANodes,
    import_sonata_edges,
    import_sonata_nodes,
    require_ends,
)
from sc_neurocore.io._sonata_config import (
    Config,
    numbers,
    parameters,
    read_config,
    read_parameters,
    read_types,
    texts,
)
from sc_neurocore.io._sonata_spikes import SONATASpikes, read_spikes
from sc_neurocore.network import Network, Population, Projection, SpikeSourceArray

Offgrid = Literal["refuse", "next"]
Array = NDArray[np.float64]

#: Models of NEST that the catalogue has, each with the parameters that its exact solution takes
#: as numbers, so that nodes which differ in them need a population each.
TEMPLATES: dict[str, tuple[str, ...]] = {
    "iaf_psc_alpha": ("C_m", "tau_m", "tau_syn_ex", "tau_syn_in"),
    "iaf_psc_exp": ("C_m", "tau_m", "tau_syn_ex", "tau_syn_in"),
    "iaf_psc_delta": (),
}
#: Switches of NEST's models that are off by default, and of which nothing is known here.
_OFF = ("refractory_input", "delta")
#: What `delta`, when off, makes meaningless.
_IDLE = ("rho",)
_VIRTUAL = "virtual"
_MOST_PARTS = 64
_NEAR = 1e-6


@dataclass(frozen=True, eq=False)
class _Members:
    """A SONATA population, and where its nodes are in the network."""

    nodes: SONATANodes
    parts: list[Population | SpikeSourceArray]
    part: NDArray[np.int64]
    place: NDArray[np.int64]


def read_circuit(
    path: str | Path,
    *,
    dt: Any = None,
    spikes: str | Path | Mapping[str, SONATASpikes] | None = None,
    offgrid: Offgrid = "refuse",
) -> Network:
    """Read a SONATA circuit of NEST's point neurons.

    Nodes of type ``point_neuron`` with the template ``nest:iaf_psc_alpha``, ``nest:iaf_psc_exp`` or
    ``nest:iaf_psc_delta`` become populations, ``virtual`` ones `SpikeSourceArray`; edges become
    projections of weight ``syn_weight·nsyns``. As in NEST the sign of a weight says whether it is
    excitatory. A population of SONATA keeps its name and the order of its nodes by id; where its
    nodes differ in template, refractoriness, capacitance or time constants, it becomes several,
    named ``NAME:0``, ``NAME:1`` …, in the order of their first nodes.

    Args:
        path: circuit config; or a simulation config, whose inputs of spikes and ``dt`` are read.
        dt: tick in seconds, or text with a unit; by default the simulation's, else 0.1 ms.
        spikes: of the virtual nodes, a spikes file or what `read_spikes` gives, beside those that a
            simulation config names. A spike at ``t`` ms is that of tick ``t/dt − 1``, as in NEST.
        offgrid: ``"refuse"`` spikes between two ticks, or move them to the ``"next"``.

    Returns:
        The network, its models with that tick.

    Raises:
        SCConfigError: a file is missing or damaged, or the circuit has what cannot be represented.
        SCDependencyError: h5py is not installed.
    """
    if offgrid not in ("refuse", "next"):
        raise SCConfigError(f"offgrid is {offgrid!r}; it must be 'refuse' or 'next'")
    config = read_config(path)
    step = _step(config, dt)
    given = _spikes_of(config, spikes)
    network = Network()
    members: dict[str, _Members] = {}
    for file, types in config.nodes:
        for name, nodes in import_sonata_nodes(file).items():
            if name in members:
                raise SCConfigError(f"{file}: population '{name}' is in {members[name].nodes.file} "
                                    "too")  # fmt: skip
            members[name] = _members(config, nodes, types, step, given.pop(name, None), offgrid)
            for part in members[name].parts:
                network.add(part)
    if given:
        listed = ", ".join(members)
        raise SCConfigError(f"spikes are of population '{next(iter(given))}', which the circuit "
                            f"does not have ({listed})")  # fmt: skip
    for file, types in config.edges:
        for edges in import_sonata_edges(file).values():
            for projection in _projections(config, edges, types, members, step):
                network.add(projection)
    return network


def _step(config: Config, dt: Any) -> float:
    if dt is None:
        return 0.1 if config.dt is None else config.dt
    from sc_neurocore.network._units import in_unit

    step = float(f"{in_unit(dt, 's', 'dt') * 1000:.12g}")
    if step <= 0:
        raise SCConfigError(f"dt is {step:g} ms; it must be greater than 0")
    return step


def _spikes_of(config: Config, spikes: Any) -> dict[str, SONATASpikes]:
    """Spikes by population: those given, and those of the simulation's inputs."""
    found: dict[str, SONATASpikes] = {}
    if spikes is not None:
        found = dict(spikes) if isinstance(spikes, Mapping) else read_spikes(spikes)
    for name, entry in config.inputs.items():
        where = f"{config.path}: input '{name}'"
        kind, module = entry.get("input_type"), entry.get("module")
        if kind != "spikes" or module not in ("h5", "sonata", "hdf5", None):
            raise SCConfigError(f"{where} is of type '{kind}' and module '{module}'; only spikes "
                                "in SONATA files (module 'sonata' or 'h5') are read")  # fmt: skip
        if not isinstance(entry.get("input_file"), str):
            raise SCConfigError(f"{where} names no 'input_file'")
        read = read_spikes(entry["input_file"])
        wanted = _population_of(config, entry.get("node_set"), where)
        if wanted is not None:
            if wanted not in read:
                raise SCConfigError(f"{where}: {entry['input_file']} has no spikes of population "
                                    f"'{wanted}', but of {', '.join(read)}")  # fmt: skip
            read = {wanted: read[wanted]}
        for population, table in read.items():
            if population in found:
                before = found[population]
                table = SONATASpikes(np.concatenate([before.times, table.times]),
                                     np.concatenate([before.node_ids, table.node_ids]))  # fmt: skip
            found[population] = table
    return found


def _population_of(config: Config, node_set: Any, where: str) -> str | None:
    """The population that a node set is, ``None`` if all are meant."""
    if isinstance(node_set, str):
        if node_set in ("", "all"):
            return None
        node_set = config.node_sets.get(node_set, {"population": node_set})
    if node_set is None or node_set == {"model_type": _VIRTUAL}:
        return None
    if isinstance(node_set, dict):
        rest = {k: v for k, v in node_set.items() if (k, v) != ("model_type", _VIRTUAL)}
        if set(rest) == {"population"} and isinstance(rest["population"], str):
            return str(rest["population"])
    raise SCConfigError(f"{where} is for node set {node_set!r:.60}; a set must be a population")


def _members(
    config: Config,
    nodes: SONATANodes,
    file: Path | None,
    dt: float,
    spikes: SONATASpikes | None,
    offgrid: Offgrid,
) -> _Members:
    """The populations of a SONATA population."""
    types = read_types(file, "node_type_id", nodes.name)
    kinds, kind_names = texts(nodes, types, "model_type")
    other = set(np.unique(kinds).tolist()) - {
        kind_names.index(x) for x in (_VIRTUAL, "point_neuron") if x in kind_names
    }
    if other:
        raise SCConfigError(
            f"{nodes.file}: population '{nodes.name}' has nodes of model_type "
            f"'{kind_names[min(other)]}'; point_neuron and virtual are read"
        )
    virtual = np.array([x == _VIRTUAL for x in kind_names])[kinds]
    templates, template_names = texts(nodes, types, "model_template", "")
    for k in np.unique(templates[~virtual]).tolist():
        if template_names[k].removeprefix("nest:") not in TEMPLATES or ":" not in template_names[k]:
            raise SCConfigError(
                f"{nodes.file}: population '{nodes.name}' has the model_template "
                f"'{template_names[k]}'; those read are {', '.join(f'nest:{x}' for x in TEMPLATES)}"
            )
    values = parameters(
        nodes, types, lambda name: read_parameters(config.component(
            "point_neuron_models_dir", name, f"{file}: dynamics_params"))
    )  # fmt: skip
    # What nodes of one population must agree on.
    shared = sorted({"t_ref", *(x for names in TEMPLATES.values() for x in names)} & set(values))
    key = np.array([np.where(virtual, -1, templates), *(values[x] for x in shared)], np.float64)
    key[1:, virtual] = np.nan
    _, first, part = np.unique(
        np.nan_to_num(key, nan=-np.inf), axis=1, return_index=True, return_inverse=True
    )
    rank = np.argsort(np.argsort(first))
    part = rank[part.reshape(-1)] if len(nodes) else np.empty(0, np.int64)
    if len(first) > _MOST_PARTS:
        raise SCConfigError(
            f"{nodes.file}: the nodes of population '{nodes.name}' have {len(first)} combinations "
            f"of {', '.join(shared)}, each of which needs a population of its own; at most "
            f"{_MOST_PARTS} are read"
        )
    order = np.lexsort((nodes.ids, part))
    place = np.empty(len(nodes), np.int64)
    parts: list[Population | SpikeSourceArray] = []
    for k in range(len(first)):
        rows = order[part[order] == k]
        place[rows] = np.arange(len(rows))
        label = nodes.name if len(first) == 1 else f"{nodes.name}:{k}"
        if virtual[rows[0]]:
            parts.append(SpikeSourceArray(len(rows), *_ticks(nodes, rows, spikes, dt, offgrid),
                                          label=label))  # fmt: skip
        else:
            name = template_names[templates[rows[0]]].removeprefix("nest:")
            parts.append(_population(nodes, name, {x: v[rows] for x, v in values.items()}, dt,
                                     len(rows), label))  # fmt: skip
    if spikes is not None and not virtual.any():
        raise SCConfigError(f"spikes are of population '{nodes.name}', which is not virtual")
    return _Members(nodes, parts, part, place)


def _population(
    nodes: SONATANodes, name: str, values: dict[str, Array], dt: float, n: int, label: str
) -> Population:
    """Neurons of one model; ``values`` are NEST's parameters, not-a-number where left out."""
    from sc_neurocore.neurons import load_model

    model = replace(load_model(name), dt=dt)
    where = f"{nodes.file}: population '{nodes.name}'"
    known = (*model.parameter_values, "I_e", "V_m", "t_ref")
    params: dict[str, Any] = {}
    init: dict[str, Any] = {}
    for parameter, given in values.items():
        if np.isnan(given).all() or parameter in _IDLE:
            continue
        if parameter in _OFF:
            if (np.nan_to_num(given) != 0).any():
                raise SCConfigError(f"{where} sets '{parameter}' of {name}; only 0 is read")
            continue
        if parameter not in known:
            raise SCConfigError(f"{where} sets '{parameter}', which {name} does not have here"
                                f"{suggest(parameter, known)}")  # fmt: skip
        if parameter == "t_ref":
            model = replace(model, refractory=_refractory(where, float(given[0]), dt))
            continue
        default = {"I_e": 0.0, "V_m": model.states[0].value} | model.parameter_values
        filled = np.where(np.isnan(given), default[parameter], given)
        wanted: Any = float(filled[0]) if (filled == filled[0]).all() else filled
        if parameter == "V_m":
            init["v"] = wanted
        else:
            params["I" if parameter == "I_e" else parameter] = wanted
    both = {**model.parameter_values, **params}
    for positive in ("C_m", "tau_m", "tau_syn_ex", "tau_syn_in"):
        if positive in both and np.min(both[positive]) <= 0:
            raise SCConfigError(f"{where}: {positive} is {np.min(both[positive]):g}; it must be "
                                "greater than 0")  # fmt: skip
    if np.any(np.asarray(both["V_reset"]) >= both["V_th"]):
        raise SCConfigError(f"{where}: V_reset must be below V_th")
    return Population(model, n, params, label, init=init)


def _refractory(where: str, time: float, dt: float) -> float:
    if time < 0 or abs(time / dt - round(time / dt)) > _NEAR * max(1, time / dt):
        raise SCConfigError(f"{where}: t_ref is {time:g} ms; it must be a whole number of ticks of "
                            f"{dt:g} ms")  # fmt: skip
    return time


def _ticks(
    nodes: SONATANodes,
    rows: NDArray[np.int64],
    spikes: SONATASpikes | None,
    dt: float,
    offgrid: Offgrid,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Source and tick of every spike of some virtual nodes."""
    if spikes is None:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    where = f"spikes of population '{nodes.name}'"
    at = nodes.rows(spikes.node_ids, where)
    place = np.full(len(nodes), -1, np.int64)
    place[rows] = np.arange(len(rows))
    chosen = place[at] >= 0
    ticks = spikes.times[chosen] / dt
    nearest = np.rint(ticks)
    off = np.abs(ticks - nearest) > _NEAR * np.maximum(1, ticks)
    if off.any() and offgrid == "refuse":
        raise SCConfigError(
            f"{where}: {int(off.sum())} of {len(off)} are between two ticks of {dt:g} ms, the "
            f"first at {spikes.times[chosen][off][0]:.9g} ms; offgrid='next' moves them on"
        )
    nearest[off] = np.ceil(ticks[off])
    if (nearest < 1).any():
        raise SCConfigError(f"{where}: one is at {spikes.times[chosen][nearest < 1][0]:g} ms; the "
                            f"first tick ends at {dt:g} ms, before which none can be")  # fmt: skip
    return place[at][chosen], nearest.astype(np.int64) - 1


def _projections(
    config: Config, edges: SONATAEdges, file: Path | None, members: dict[str, _Members], dt: float
) -> list[Projection]:
    """The projections of an edge population: by ends, and by the input that receives."""
    source_rows, target_rows = require_ends(edges, {k: m.nodes for k, m in members.items()})
    sources, targets = members[edges.source_population], members[edges.target_population]
    types = read_types(file, "edge_type_id", edges.name)
    weights, delays = _strengths(config, edges, types, dt)
    ends = sources.part[source_rows], targets.part[target_rows]
    one_input = np.array([isinstance(p, Population) and p.model.name == "iaf_psc_delta"
                          for p in targets.parts], np.bool_)  # fmt: skip
    inhibitory = (weights < 0) & ~one_input[ends[1]]
    key = (ends[0] * len(targets.parts) + ends[1]) * 2 + inhibitory
    a, b = sources.place[source_rows], targets.place[target_rows]
    order = np.lexsort((b, a, key))
    pieces = np.split(order, np.flatnonzero(np.diff(key[order])) + 1) if len(order) else []
    found = []
    for k, rows in enumerate(pieces):
        pair, sign = divmod(int(key[rows[0]]), 2)
        source, target = (m.parts[x] for m, x in zip(
            (sources, targets), divmod(pair, len(targets.parts)), strict=True))  # fmt: skip
        if not isinstance(target, Population):
            raise SCConfigError(f"{edges.file}: an edge of '{edges.name}' leads to a virtual node "
                                f"of '{edges.target_population}'")  # fmt: skip
        starts = np.append(0, np.cumsum(np.bincount(a[rows], minlength=source.n)))
        own = delays[rows]
        port = ("exc", "inh")[sign]
        found.append(Projection(
            source, target, topology=(starts, b[rows], weights[rows]),
            delay=int(own[0]) if (own == own[0]).all() else own,
            port="spikes" if target.model.name == "iaf_psc_delta" else port,
            label=edges.name if len(pieces) == 1 else f"{edges.name}:{k}",
        ))  # fmt: skip
    return found


def _strengths(
    config: Config, edges: SONATAEdges, types: Any, dt: float
) -> tuple[Array, NDArray[np.int64]]:
    """Weight and delay in ticks of every edge."""
    where = f"{edges.file}: edge population '{edges.name}'"
    for column, known in (
        ("model_template", ("", "static_synapse", "nest:static_synapse")),
        ("weight_function", ("", "default_weight_fnc", "set_syn_weight", "wmax")),
    ):
        codes, names = texts(edges, types, column, "")
        for k in np.unique(codes).tolist():
            if names[k] not in known:
                raise SCConfigError(f"{where} has the {column} '{names[k]}'; only "
                                    f"{' and '.join(filter(None, known))} are read")  # fmt: skip
    given = parameters(
        edges, types, lambda name: read_parameters(config.component(
            "synaptic_models_dir", name, f"{types.file}: dynamics_params"))
    )  # fmt: skip
    for name, own in given.items():
        if not np.isnan(own).all():
            raise SCConfigError(f"{where} sets the parameter '{name}' of its synapses; only "
                                "syn_weight, nsyns and delay are read")  # fmt: skip
    weights = numbers(edges, types, "syn_weight") * numbers(edges, types, "nsyns", 1.0)
    times = numbers(edges, types, "delay")
    ticks = np.rint(times / dt)
    wrong = (np.abs(times / dt - ticks) > _NEAR * np.maximum(1, ticks)) | (ticks < 1)
    if wrong.any():
        raise SCConfigError(f"{where} has a delay of {times[wrong][0]:.9g} ms; delays are whole "
                            f"numbers of ticks of {dt:g} ms, at least one")  # fmt: skip
    if len(ticks) and ticks.max() >= 2**31:
        raise SCConfigError(f"{where} has a delay of {times.max():g} ms; at most 2**31 - 1 ticks")
    return weights, ticks.astype(np.int64)
