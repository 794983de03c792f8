"""A network of NEST's point neurons as a SONATA circuit."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.io import _sonata_hdf5 as hdf5
from sc_neurocore.io._sonata_circuit import TEMPLATES
from sc_neurocore.io._sonata_spikes import SONATASpikes, require_name, write_tables
from sc_neurocore.network import Network, Population, Projection, SpikeSourceArray, in_unit

_EDGES, _EDGE_TYPES = "network/edges.h5", "network/edge_types.csv"
_SPIKES, _MODELS = "inputs/spikes.h5", "components/point_neuron_models"
_SYNAPSES = "components/synaptic_models"


def write_circuit(network: Network, folder: str | Path, *, dt: Any = None) -> None:
    """Write a network as a SONATA circuit, all or nothing; the network is built for it.

    The folder gets ``circuit_config.json`` and, with ``dt`` and the spikes of the sources,
    ``simulation_config.json``. What is random is written as it was drawn. Monitors are no part of a
    circuit.

    Args:
        network: populations of ``iaf_psc_alpha``, ``iaf_psc_exp`` and ``iaf_psc_delta``,
            `SpikeSourceArray` and projections without plasticity.
        folder: must not exist yet.
        dt: tick in seconds, or text with a unit, as `Network.build` takes it.

    Raises:
        SCConfigError: the network has what SONATA or NEST's models cannot represent, or the folder
            exists or cannot be written.
        SCDependencyError: h5py is not installed.
    """
    target = Path(folder)
    if target.exists():
        raise SCConfigError(f"{target} exists already; name a folder that does not")
    hdf5.need("h5py")
    _require_written(network)
    seconds = network.dt if dt is None else in_unit(dt, "s", "dt")
    step = float(f"{seconds * 1000:.12g}")
    _require_ticks(network, step)
    network.build(dt)
    try:
        scratch = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.absolute().parent))
        try:
            _write(network, scratch, step)
            scratch.chmod(0o755)
            scratch.rename(target)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    except (OSError, ValueError) as error:
        errno = getattr(error, "errno", None)
        reason = os.strerror(errno) if errno else str(error)
        raise SCConfigError(f"{target} cannot be written: {reason}") from None


def _require_written(network: Network) -> None:
    """Refuse what a circuit cannot say."""
    from sc_neurocore.neurons import load_model

    if network.stimuli:
        raise SCConfigError(f"{network.stimuli[0][0]!r} drives '{network.stimuli[0][1].label}'; a "
                            "SONATA circuit has no stimuli but spikes")  # fmt: skip
    for population in network.populations:
        require_name(population.label, "a population")
        if isinstance(population, SpikeSourceArray):
            continue
        model = population.model
        base = load_model(model.name) if model.name in TEMPLATES else None
        if base is not None:
            base = base.with_parameters(model.parameter_values)
            base = replace(base, refractory=model.refractory, dt=model.dt)
        if base != model:
            raise SCConfigError(
                f"population '{population.label}' is of model '{model.name}'; SONATA circuits are "
                f"written of {', '.join(TEMPLATES)} as in the catalogue"
            )
        for name in population.init:
            if name != "v":
                raise SCConfigError(f"population '{population.label}' begins with values of "
                                    f"'{name}'; NEST's models take those of 'v' only")  # fmt: skip
    for projection in network.projections:
        if projection.plasticity is not None:
            raise SCConfigError(f"projection {projection.name} is plastic; only synapses whose "
                                "weights stay are written")  # fmt: skip
        if projection.port not in ("exc", "inh", "spikes"):
            raise SCConfigError(
                f"projection {projection.name} leads to input '{projection.port}'; NEST's models "
                "take spikes by the sign of their weight"
            )


def _require_ticks(network: Network, dt: float) -> None:
    """Refuse refractoriness between two ticks, which NEST would round."""
    for population in network.populations:
        if isinstance(population, Population) and dt > 0:
            time = population.model.refractory
            if abs(time / dt - round(time / dt)) > 1e-6 * max(1.0, time / dt):
                raise SCConfigError(f"population '{population.label}' is refractory for {time:g} ms"
                                    f"; in SONATA it must be whole ticks of {dt:g} ms")  # fmt: skip


def _write(network: Network, root: Path, dt: float) -> None:
    for place in ("network", "inputs", _MODELS, _SYNAPSES):
        (root / place).mkdir(parents=True)
    sources = [p for p in network.populations if isinstance(p, SpikeSourceArray)]
    cells = [p for p in network.populations if isinstance(p, Population)]
    # A types file of its own, for bmtk wants a template of every row where that is a column.
    nodes = {"network/node": cells} | ({"network/virtual_node": sources} if sources else {})
    for stem, members in nodes.items():
        _write_nodes(network, root, stem, members)
    _write_edges(network, root, dt)
    # No "target_simulator": libsonata refuses NEST there, and every template names it.
    circuit = {
        "manifest": {"$BASE_DIR": "."},
        "components": {"point_neuron_models_dir": f"$BASE_DIR/{_MODELS}",
                       "synaptic_models_dir": f"$BASE_DIR/{_SYNAPSES}"},
        "networks": {
            "nodes": [{"nodes_file": f"$BASE_DIR/{stem}s.h5",
                       "node_types_file": f"$BASE_DIR/{stem}_types.csv"} for stem in nodes],
            "edges": [{"edges_file": f"$BASE_DIR/{_EDGES}",
                       "edge_types_file": f"$BASE_DIR/{_EDGE_TYPES}"}]
            if network.projections else [],
        },
    }  # fmt: skip
    simulation: dict[str, Any] = {
        "manifest": {"$BASE_DIR": "."},
        "network": "$BASE_DIR/circuit_config.json",
        "run": {"dt": dt},
        "inputs": {
            f"spikes of {s.label}": {"input_type": "spikes", "module": "sonata",
                                     "input_file": f"$BASE_DIR/{_SPIKES}",
                                     "node_set": {"population": s.label}}
            for s in sources
        },
    }  # fmt: skip
    if network.time() > 0:
        simulation["run"]["tstop"] = network.time() * 1000
    if sources:
        write_tables(
            root / _SPIKES,
            {s.label: SONATASpikes(_rounded((s.tick + 1) * dt), s.neuron) for s in sources},
        )
    for name, document in (("circuit", circuit), ("simulation", simulation)):
        text = json.dumps(document, indent=2) + "\n"
        (root / f"{name}_config.json").write_text(text, encoding="utf-8")


def _write_nodes(
    network: Network, root: Path, stem: str, members: Sequence[Population | SpikeSourceArray]
) -> None:
    """Nodes, their types, and the parameters that types share."""
    h5py = hdf5.need("h5py")
    columns = "node_type_id population model_type"
    real = isinstance(members[0], Population)
    lines = [f"{columns} model_template dynamics_params" if real else columns]
    with h5py.File(root / f"{stem}s.h5", "w") as file:
        hdf5.sign(file)
        file.create_group("nodes", track_order=True)
        for k, population in enumerate(members):
            own: dict[str, NDArray[np.float64]] = {}
            row = "virtual"
            if isinstance(population, Population):
                own, shared = _parameters(network, population)
                row = f"point_neuron nest:{population.model.name} {k}.json"
                text = json.dumps(shared, indent=2) + "\n"
                (root / _MODELS / f"{k}.json").write_text(text, encoding="utf-8")
            lines.append(f"{k} {_quoted(population.label)} {row}")
            rows = _rows(file, f"nodes/{population.label}", "node", population.n, k)
            rows.create_dataset("node_id", data=np.arange(population.n, dtype=np.uint64))
            if own:
                parameters = rows["0"].create_group("dynamics_params")
                for name, values in own.items():
                    parameters.create_dataset(name, data=values)
    (root / f"{stem}_types.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _parameters(
    network: Network, population: Population
) -> tuple[dict[str, NDArray[np.float64]], dict[str, float]]:
    """NEST's parameters of the neurons: those that differ, and those that all share."""
    params, init = network.drawn(population)
    given = {**population.model.parameter_values, "I": _constant(population), **params}
    given["V_m"] = init.get("v", population.model.states[0].value)
    given["I_e"] = given.pop("I")
    own = {name: v for name, v in given.items() if isinstance(v, np.ndarray)}
    shared = {name: float(v) for name, v in given.items() if name not in own}
    return own, shared | {"t_ref": population.model.refractory}


def _constant(population: Population) -> float:
    return next(q.value for q in population.model.inputs if q.name == "I")


def _write_edges(network: Network, root: Path, dt: float) -> None:
    """Synapses by projection, with weight and delay of their own."""
    if not network.projections:
        return
    h5py = hdf5.need("h5py")
    # A static synapse has no parameters but those of its edges; bmtk wants a file that says so.
    (root / _SYNAPSES / "static_synapse.json").write_text("{}\n", encoding="utf-8")
    lines = ["edge_type_id population model_template dynamics_params"]
    with h5py.File(root / _EDGES, "w") as file:
        hdf5.sign(file)
        file.create_group("edges", track_order=True)
        names: set[str] = set()
        for k, projection in enumerate(network.projections):
            name = _edges_name(projection, names)
            names.add(name)
            lines.append(f"{k} {_quoted(name)} static_synapse static_synapse.json")
            synapses = projection.synapses
            rows = _rows(file, f"edges/{name}", "edge", len(synapses), k)
            sources = np.repeat(np.arange(projection.source.n), np.diff(synapses.starts))
            for end, ids, label in (
                ("source", sources, projection.source.label),
                ("target", synapses.indices, projection.target.label),
            ):
                table = rows.create_dataset(f"{end}_node_id", data=ids.astype(np.uint64))
                table.attrs["node_population"] = label
            rows["0"].create_dataset("syn_weight", data=synapses.data.astype(np.float64))
            rows["0"].create_dataset("delay", data=_rounded(synapses.delays * dt))
    (root / _EDGE_TYPES).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _rows(file: Any, name: str, what: str, n: int, kind: int) -> Any:
    """A population of one group and one type."""
    population = file.create_group(name)
    population.create_dataset(f"{what}_type_id", data=np.full(n, kind, np.uint32))
    population.create_dataset(f"{what}_group_id", data=np.zeros(n, np.uint32))
    population.create_dataset(f"{what}_group_index", data=np.arange(n, dtype=np.uint64))
    population.create_group("0")
    return population


def _edges_name(projection: Projection, taken: set[str]) -> str:
    ends = f"{projection.source.label}_to_{projection.target.label}"
    stem = require_name(projection.label or ends, "a projection")
    name, number = stem, 1
    while name in taken:
        number += 1
        name = f"{stem}_{number}"
    return name


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if " " in name or '"' in name else name


def _rounded(times: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Whole ticks in ms as people write them: 0.3, not 0.30000000000000004."""
    return np.round(times, 9).astype(np.float64)
