"""A SONATA circuit of point neurons as a network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.dynamics import suggest
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.io._sonata import import_sonata_edges, import_sonata_nodes
from sc_neurocore.io._sonata_config import Config, read_config, read_parameters
from sc_neurocore.io._sonata_projections import Members, projections
from sc_neurocore.io._sonata_spikes import SONATASpikes, checked, read_spikes
from sc_neurocore.io._sonata_tables import SONATANodes
from sc_neurocore.io._sonata_types import parameters, read_types, texts
from sc_neurocore.network import Network, Population, SpikeSourceArray, in_unit

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
#: What `delta`, when off, makes meaningless; and what is of the synapses that learn.
_IDLE = ("rho", "tau_minus")
#: NEST's default of that, in ms.
_TAU_MINUS = 20.0
_VIRTUAL = "virtual"
_MOST_PARTS, _MOST_TICKS = 64, 2**31 - 1
_NEAR = 1e-6


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

    Edges of the template ``stdp_synapse``, ``tsodyks_synapse`` and ``tsodyks2_synapse`` become
    plastic projections of the rules ``stdp_pair``, ``short_term_three_state`` and ``short_term``.
    A delay is axonal, as SONATA defines it: the presynaptic spike comes to the synapse late. NEST's
    STDP takes it as dendritic and has the postsynaptic spike come late. Spikes that are at a
    synapse in one tick are a pair here, the presynaptic first, and none in NEST.

    Of a simulation config ``dt`` and the inputs are read; how long it runs and what it writes
    (``tstop``, ``output``, ``reports``) is left to `Network.run` and monitors.

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
    members: dict[str, Members] = {}
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
    read: dict[str, Path] = {}
    for file, types in config.edges:
        for name, edges in import_sonata_edges(file).items():
            if name in read:
                raise SCConfigError(f"{file}: edge population '{name}' is in {read[name]} too")
            read[name] = file
            for projection in projections(config, edges, types, members, step):
                network.add(projection)
    return network


def _step(config: Config, dt: Any) -> float:
    if dt is None:
        return 0.1 if config.dt is None else config.dt
    step = float(f"{in_unit(dt, 's', 'dt') * 1000:.12g}")
    if step <= 0:
        raise SCConfigError(f"dt is {step:g} ms; it must be greater than 0")
    return step


def _spikes_of(config: Config, spikes: Any) -> dict[str, SONATASpikes]:
    """Spikes by population: those given, and those of the simulation's inputs."""
    found: dict[str, SONATASpikes] = {}
    if spikes is not None:
        found = ({name: checked(name, given) for name, given in spikes.items()}
                 if isinstance(spikes, Mapping) else read_spikes(spikes))  # fmt: skip
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
) -> Members:
    """The populations of a SONATA population."""
    if not len(nodes):
        raise SCConfigError(f"{nodes.file}: population '{nodes.name}' has no node; leave it out")
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
    agreed = {"t_ref", "tau_minus", *(x for names in TEMPLATES.values() for x in names)}
    shared = sorted(agreed & set(values))
    key = np.array([np.where(virtual, -1, templates), *(values[x] for x in shared)], np.float64)
    key[1:, virtual] = np.nan
    _, first, part = np.unique(
        np.nan_to_num(key, nan=-np.inf), axis=1, return_index=True, return_inverse=True
    )
    rank = np.argsort(np.argsort(first))
    part = rank[part.reshape(-1)]
    if len(first) > _MOST_PARTS:
        raise SCConfigError(
            f"{nodes.file}: the nodes of population '{nodes.name}' have {len(first)} combinations "
            f"of {', '.join(shared)}, each of which needs a population of its own; at most "
            f"{_MOST_PARTS} are read"
        )
    order = np.lexsort((nodes.ids, part))
    place = np.empty(len(nodes), np.int64)
    parts: list[Population | SpikeSourceArray] = []
    memories: list[float] = []
    for k in range(len(first)):
        rows = order[part[order] == k]
        place[rows] = np.arange(len(rows))
        label = nodes.name if len(first) == 1 else f"{nodes.name}:{k}"
        memory = values["tau_minus"][rows[0]] if "tau_minus" in values else np.nan
        memories.append(_TAU_MINUS if np.isnan(memory) else float(memory))
        if virtual[rows[0]]:
            parts.append(SpikeSourceArray(len(rows), *_ticks(nodes, rows, spikes, dt, offgrid),
                                          label=label))  # fmt: skip
        else:
            name = template_names[templates[rows[0]]].removeprefix("nest:")
            parts.append(_population(nodes, name, {x: v[rows] for x, v in values.items()}, dt,
                                     len(rows), label))  # fmt: skip
    if spikes is not None and not virtual.any():
        raise SCConfigError(f"spikes are of population '{nodes.name}', which is not virtual")
    return Members(nodes, parts, memories, part, place)


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
    if not chosen.all():
        raise SCConfigError(f"{where}: node {spikes.node_ids[~chosen][0]} is not virtual, so its "
                            "spikes cannot be given")  # fmt: skip
    ticks = spikes.times / dt
    nearest = np.rint(ticks)
    off = np.abs(ticks - nearest) > _NEAR * np.maximum(1, ticks)
    if off.any() and offgrid == "refuse":
        raise SCConfigError(
            f"{where}: {int(off.sum())} of {len(off)} are between two ticks of {dt:g} ms, the "
            f"first at {spikes.times[off][0]:.9g} ms; offgrid='next' moves them on"
        )
    nearest[off] = np.ceil(ticks[off])
    if (nearest >= _MOST_TICKS).any():
        raise SCConfigError(f"{where}: one is at {spikes.times.max():g} ms; the last tick, "
                            f"{_MOST_TICKS}, ends at {_MOST_TICKS * dt:g} ms")  # fmt: skip
    if (nearest < 1).any():
        raise SCConfigError(f"{where}: one is at {spikes.times[nearest < 1][0]:g} ms; the "
                            f"first tick ends at {dt:g} ms, before which none can be")  # fmt: skip
    return place[at], nearest.astype(np.int64) - 1
