"""SONATA circuits, spike for spike against NEST, which gets them through libsonata."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import libsonata
import numpy as np
import pandas as pd
import pytest

from sc_neurocore.io import read_circuit, read_spikes, write_circuit
from sc_neurocore.network import Network, Population, SpikeMonitor

from .sonata_files import DT, MIXED, MS, SCALES, write_sonata

Spikes = dict[str, list[tuple[int, int]]]
OTHERS = [("iaf_psc_alpha", *MIXED[1:]), *((x,) * 3 for x in SCALES)]


def in_nest(folder: Path, circuit: str, spikes: Path) -> Spikes:
    """Read a circuit with libsonata and pandas, and run it in NEST: (tick, node id) by name."""
    import nest

    nest.set_verbosity("M_ERROR")
    nest.ResetKernel()
    nest.SetKernelStatus({"resolution": DT})
    config = libsonata.CircuitConfig.from_file(str(folder / circuit))
    expanded = json.loads(config.expanded_json)
    models = folder / expanded["components"]["point_neuron_models_dir"]
    edges_of = expanded["networks"]["edges"][0]
    edge_types = pd.read_csv(folder / edges_of["edge_types_file"], sep=" ")
    reader = libsonata.SpikeReader(str(spikes)) if circuit != "circuit.json" else None
    devices: dict[str, dict[int, Any]] = {}
    recorders = {}
    for nodes_of in expanded["networks"]["nodes"]:
        types = pd.read_csv(folder / nodes_of["node_types_file"], sep=" ")
        storage = libsonata.NodeStorage(str(folder / nodes_of["nodes_file"]))
        for name in sorted(storage.population_names):
            ids, kinds, own = node_table(folder / nodes_of["nodes_file"], name)
            devices[name] = {}
            rows = types[types.population == name].set_index("node_type_id")
            recorders[name] = nest.Create("spike_recorder")
            for node, kind, values in zip(ids, kinds, own, strict=True):
                row = rows.loc[kind]
                if row.model_type == "virtual":
                    devices[name][node] = nest.Create("spike_generator")
                    continue
                given = {**json.loads((models / row.dynamics_params).read_text()), **values}
                cell = nest.Create(row.model_template.removeprefix("nest:"), params=given)
                devices[name][node] = cell
                nest.Connect(cell, recorders[name])
    if reader is not None:
        for name in reader.get_population_names():
            trains: dict[int, list[float]] = {}
            for node, time in reader[name].get():
                trains.setdefault(node, []).append(round(time, 6))
            for node, times in trains.items():
                devices[name][node].spike_times = sorted(times)
    else:
        for name, table in raw_spikes(spikes).items():
            for node, times in table.items():
                devices[name][node].spike_times = sorted(times)
    edges = libsonata.EdgeStorage(str(folder / edges_of["edges_file"]))
    for name in edges.population_names:
        population = edges.open_population(name)
        every = population.select_all()
        weight = population.get_attribute("syn_weight", every)
        if "nsyns" in population.attribute_names:
            weight = weight * population.get_attribute("nsyns", every)
        if "delay" in population.attribute_names:
            delay = population.get_attribute("delay", every)
        else:
            delay = np.full(len(weight), edge_types[edge_types.population == name].delay.iloc[0])
        ends = [
            np.array([devices[p][int(k)].tolist()[0] for k in nodes])
            for p, nodes in (
                (population.source, population.source_nodes(every)),
                (population.target, population.target_nodes(every)),
            )
        ]
        synapse = {"weight": weight, "delay": delay, "synapse_model": "static_synapse"}
        nest.Connect(*ends, {"rule": "one_to_one"}, synapse)
    nest.Simulate(MS)
    found: Spikes = {}
    for name, recorder in recorders.items():
        back = {d.tolist()[0]: node for node, d in devices[name].items()}
        events = recorder.events
        ticks = np.rint(np.array(events["times"]) / DT).astype(int) - 1
        found[name] = sorted(
            (int(t), back[s]) for t, s in zip(ticks, events["senders"].tolist(), strict=True)
        )
    return found


def node_table(path: Path, name: str) -> tuple[list[int], list[int], list[dict[str, float]]]:
    """Id, type and own parameters of nodes; libsonata reads neither ids nor two groups."""
    import h5py

    with h5py.File(path) as file:
        nodes = file[f"nodes/{name}"]
        ids, kinds = nodes["node_id"][:].tolist(), nodes["node_type_id"][:].tolist()
        own = []
        for group, index in zip(nodes["node_group_id"], nodes["node_group_index"], strict=True):
            inner = nodes[str(group)].get("dynamics_params", {})
            own.append({key: float(inner[key][index]) for key in inner})
    return ids, kinds, own


def raw_spikes(path: Path) -> dict[str, dict[int, list[float]]]:
    import h5py

    with h5py.File(path) as file:
        found: dict[str, dict[int, list[float]]] = {}
        for name, population in file["spikes"].items():
            for node, time in zip(population["node_ids"], population["timestamps"], strict=True):
                found.setdefault(name, {}).setdefault(int(node), []).append(round(time * 1000, 6))
        return found


def in_ours(network: Network, node_ids: dict[str, list[int]]) -> Spikes:
    """Run it; the parts ``NAME:k`` of a population are put together again."""
    watched = [p for p in network.populations if isinstance(p, Population)]
    monitors = [network.add(SpikeMonitor(p)) for p in watched]
    network.run(f"{MS} ms", threads=1)
    found: Spikes = {}
    for population, monitor in zip(watched, monitors, strict=True):
        ids = node_ids[population.label]
        tick, neuron = monitor.raster_data()
        spikes = zip(tick.tolist(), (ids[k] for k in neuron.tolist()), strict=True)
        found.setdefault(population.label.partition(":")[0], []).extend(spikes)
    return {name: sorted(spikes) for name, spikes in found.items()}


def ids_by_label(folder: Path) -> dict[str, list[int]]:
    """Ids in the order that `read_circuit` promises: by part, then by id."""
    ids, kinds, _ = node_table(folder / "network/nodes.h5", "exc")
    return {
        "exc:0": sorted(i for i, k in zip(ids, kinds, strict=True) if k == 7),
        "exc:1": sorted(i for i, k in zip(ids, kinds, strict=True) if k == 9),
        "inh": node_table(folder / "network/nodes.h5", "inh")[0],
    }


def filled(spikes: Spikes) -> Spikes:
    return {name: found for name, found in spikes.items() if found}


@pytest.mark.parametrize(
    "templates",
    [MIXED, *(pytest.param(x, marks=pytest.mark.exhaustive) for x in OTHERS)],
    ids="-".join,
)
def test_every_spike_is_nest_s(templates: tuple[str, str, str], tmp_path: Path) -> None:
    folder = write_sonata(tmp_path / "circuit", templates)
    expected = in_nest(folder, "circuit.json", folder / "inputs/lgn.h5")
    assert len(expected["exc"]) > 150 and len(expected["inh"]) > 50
    network = read_circuit(folder / "simulation.json")
    assert in_ours(network, ids_by_label(folder)) == filled(expected)


def test_a_circuit_without_its_input_is_another_one(tmp_path: Path) -> None:
    """What the comparison above would not notice if virtual nodes did nothing."""
    folder = write_sonata(tmp_path / "circuit")
    expected = in_nest(folder, "circuit.json", folder / "inputs/lgn.h5")
    assert in_ours(read_circuit(folder / "circuit.json"), ids_by_label(folder)) != filled(expected)


def test_what_we_write_runs_in_nest_and_here_as_before(tmp_path: Path) -> None:
    folder = write_sonata(tmp_path / "circuit")
    network = read_circuit(folder / "simulation.json")
    write_circuit(network, tmp_path / "written")
    written = tmp_path / "written"
    direct = in_ours(
        read_circuit(folder / "simulation.json"),
        {p.label: list(range(p.n)) for p in network.populations},
    )
    labels = {p.label: list(range(p.n)) for p in network.populations}
    again = in_ours(read_circuit(written / "simulation_config.json"), labels)
    assert again == direct
    nest = in_nest(written, "circuit_config.json", written / "inputs/spikes.h5")
    together: Spikes = {}
    for name, found in nest.items():
        together.setdefault(name.partition(":")[0], []).extend(found)
    assert filled({k: sorted(v) for k, v in together.items()}) == direct
    assert len(direct["exc"]) > 150


def test_libsonata_reads_our_spikes(tmp_path: Path) -> None:
    folder = write_sonata(tmp_path / "circuit")
    network = read_circuit(folder / "simulation.json")
    write_circuit(network, tmp_path / "written")
    theirs = libsonata.SpikeReader(str(tmp_path / "written/inputs/spikes.h5"))["lgn"]
    assert theirs.sorting == "by_time"
    ours = read_spikes(folder / "inputs/lgn.h5")["lgn"]
    found = np.array(theirs.get())
    assert np.allclose(found[:, 1], ours.times) and (found[:, 0] == ours.node_ids - 100).all()
