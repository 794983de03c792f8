"""A small circuit in SONATA files, written with h5py alone: not with the writer under test."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np

SIZES = {"exc": 30, "inh": 10}
SOURCES, MS, DT = 8, 250.0, 0.1
#: A jump that makes spikes matter: pA of peak or of onset, mV.
SCALES = {"iaf_psc_alpha": 60.0, "iaf_psc_exp": 90.0, "iaf_psc_delta": 1.0}
#: Alpha currents, the largest kernel to compile, are in the exhaustive tests.
MIXED = ("iaf_psc_exp", "iaf_psc_exp", "iaf_psc_delta")


def write_sonata(folder: Path, templates: tuple[str, str, str] = MIXED, seed: int = 1) -> Path:
    """Two populations of 40 neurons in all, recurrent edges, virtual nodes with spikes.

    ``templates`` are of the two types of excitatory and of the inhibitory neurons.

    What SONATA allows is used: ids that neither start at 0 nor ascend, two groups of nodes,
    parameters by type and by node, weights and delays by type and by edge, ``nsyns``, enumerated
    text, times in s.
    """
    rng = np.random.default_rng(seed)
    scales = {"exc": SCALES[templates[0]], "inh": SCALES[templates[2]]}
    for place in ("network", "models", "inputs"):
        (folder / place).mkdir(parents=True)
    ids = {
        "exc": rng.permutation(SIZES["exc"]) * 2 + 3,
        "inh": np.arange(SIZES["inh"]),
        "lgn": np.arange(SOURCES) + 100,
    }
    with h5py.File(folder / "network/nodes.h5", "w") as file:
        for name, own in ids.items():
            n = len(own)
            nodes = file.create_group(f"nodes/{name}")
            nodes["node_id"], nodes["node_type_id"] = own, np.full(n, 7)
            half = np.arange(n) % 2 if name == "exc" else np.zeros(n, int)
            if name == "exc":
                nodes["node_type_id"][:] = np.where(np.arange(n) < 20, 7, 9)
            nodes["node_group_id"] = half
            index = np.zeros(n, int)
            for group in (0, 1):
                chosen = half == group
                index[chosen] = np.arange(chosen.sum())
                columns = nodes.create_group(str(group))
                if name != "lgn" and chosen.any():
                    k = int(chosen.sum())
                    columns["dynamics_params/I_e"] = rng.uniform(360, 470, k)
                    columns["dynamics_params/V_m"] = rng.uniform(-69, -56, k)
                    columns["layer"] = rng.integers(0, 2, k).astype(np.uint32)
                    columns.create_dataset("@library/layer", data=["L4", "L5"])
            nodes["node_group_index"] = index
    base = {"tau_m": 10.0, "C_m": 250.0, "V_th": -55.0, "E_L": -70.0, "V_reset": -70.0}
    parameters = {
        "a.json": base | {"t_ref": 2.0},
        "b.json": base | {"t_ref": 3.0, "V_th": -56.0, "tau_m": 12.0},
        "c.json": base | {"t_ref": 1.0, "V_reset": -68.0},
    }
    for template, values in zip(templates, parameters.values(), strict=True):
        if template != "iaf_psc_delta":
            # Equal ones leave alpha currents a kernel that other tests have compiled.
            values |= {"tau_syn_ex": 2.0, "tau_syn_in": 2.5 if "exp" in template else 2.0}
    for name, values in parameters.items():
        (folder / "models" / name).write_text(json.dumps(values))
    _csv(folder / "network/node_types.csv", [
        ["node_type_id", "population", "model_type", "model_template", "dynamics_params", "note"],
        [7, "exc", "point_neuron", f"nest:{templates[0]}", "a.json", "two words"],
        [9, "exc", "point_neuron", f"nest:{templates[1]}", "b.json", "NULL"],
        [7, "inh", "point_neuron", f"nest:{templates[2]}", "c.json", "NULL"],
        [7, "lgn", "virtual", "NULL", "NULL", "NULL"],
    ])  # fmt: skip
    with h5py.File(folder / "network/edges.h5", "w") as file:
        for source, target, count, sign in (
            ("exc", "exc", 260, 1.0), ("exc", "inh", 120, 1.0), ("inh", "exc", 130, -4.0),
            ("inh", "inh", 30, -4.0), ("lgn", "exc", 90, 3.0),
        ):  # fmt: skip
            edges = file.create_group(f"edges/{source}_{target}")
            for end, name in (("source", source), ("target", target)):
                edges[f"{end}_node_id"] = rng.choice(ids[name], count).astype(np.uint64)
                edges[f"{end}_node_id"].attrs["node_population"] = name
            edges["edge_type_id"] = np.full(count, 1)
            edges["edge_group_id"], edges["edge_group_index"] = np.zeros(count, int), range(count)
            columns = edges.create_group("0")
            columns["syn_weight"] = sign * scales[target] * rng.uniform(0.3, 0.8, count)
            columns["nsyns"] = rng.integers(1, 4, count)
            if source != "lgn":
                columns["delay"] = rng.integers(1, 40, count) * DT
    _csv(folder / "network/edge_types.csv", [
        ["edge_type_id", "population", "delay", "model_template"],
        *([1, f"{a}_{b}", 1.5, "static_synapse"] for a in ids for b in SIZES),
    ])  # fmt: skip
    who = rng.integers(0, SOURCES, 160)
    when = rng.integers(1, int(MS / DT), 160)  # in ticks
    with h5py.File(folder / "inputs/lgn.h5", "w") as file:
        spikes = file.create_group("spikes/lgn")
        spikes["node_ids"], spikes["timestamps"] = ids["lgn"][who], when * DT / 1000
        spikes["timestamps"].attrs["units"] = "s"
    circuit = {
        "manifest": {"$BASE": ".", "$NET": "$BASE/network"},
        "components": {"point_neuron_models_dir": "$BASE/models"},
        "networks": {
            "nodes": [{"nodes_file": "$NET/nodes.h5", "node_types_file": "$NET/node_types.csv"}],
            "edges": [{"edges_file": "$NET/edges.h5", "edge_types_file": "$NET/edge_types.csv"}],
        },
    }
    simulation = {
        "manifest": {"$BASE": "."},
        "network": "${BASE}/circuit.json",
        "run": {"tstop": MS, "dt": DT},
        "inputs": {"thalamus": {"input_type": "spikes", "module": "sonata",
                                "input_file": "$BASE/inputs/lgn.h5", "node_set": "lgn"}},
    }  # fmt: skip
    (folder / "circuit.json").write_text(json.dumps(circuit))
    (folder / "simulation.json").write_text(json.dumps(simulation))
    return folder


def _csv(path: Path, rows: list[list[Any]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file, delimiter=" ", lineterminator="\n").writerows(rows)
