"""Synapses that change: what NEST runs of the same files, to rounding, and what is refused.

NEST's wheel is built without HDF5, so its own reader of SONATA cannot run; the files are read here
with h5py, pandas and json as that reader would, and connected one by one.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.io import read_circuit, write_circuit
from sc_neurocore.network import Network, Population, Projection, StateMonitor

DT, MS, DELAY = 0.1, 600.0, 1.0
PRE, POST = 10, 4
#: Synapses of "pre": NEST's template, JSON file, columns of the types file and of single edges.
KINDS: dict[str, tuple[dict[str, float], dict[str, float], str]] = {
    "stdp_synapse": (
        {"tau_plus": 17.0, "lambda": 0.02, "Wmax": 1.4, "mu_plus": 0.3, "mu_minus": 0.7},
        {"alpha": 1.1}, "",
    ),
    "tsodyks_synapse": ({"tau_rec": 130.0, "tau_psc": 5.0}, {"tau_fac": 530.0}, "U"),
    "tsodyks2_synapse": ({"U": 0.3, "u": 0.3, "tau_rec": 130.0}, {}, ""),
}  # fmt: skip


def write(folder: Path, template: str, drive_ms: float = 1.0) -> Path:
    """Virtual nodes "pre" over synapses of a template, and "drive" over static ones, to neurons.

    A spike of "drive" makes its neuron spike; all others do not. At the synapses, presynaptic
    spikes are in even ticks and postsynaptic ones in odd ticks. "pre" has the last word, for NEST
    updates a synapse when its source spikes.
    """
    rng = np.random.default_rng(5)
    for place in ("models", "synapses"):
        (folder / place).mkdir(parents=True)
    plastic = template == "stdp_synapse"
    shared, columns, own = KINDS[template]
    with h5py.File(folder / "nodes.h5", "w") as file:
        for k, (name, n) in enumerate({"pre": PRE, "drive": POST, "post": POST}.items()):
            file[f"nodes/{name}/node_id"] = np.arange(n)
            file[f"nodes/{name}/node_type_id"] = np.full(n, k)
    weights = rng.uniform(0.4, 0.9, PRE * POST) * (1 if plastic else 200)
    with h5py.File(folder / "edges.h5", "w") as file:
        for name, sources, targets, weight in (
            ("pre_post", np.repeat(np.arange(PRE), POST), np.tile(np.arange(POST), PRE), weights),
            ("drive_post", np.arange(POST), np.arange(POST), np.full(POST, 40.0)),
        ):
            edges = file.create_group(f"edges/{name}")
            for end, ids, of in (
                ("source", sources, name.partition("_")[0]), ("target", targets, "post"),
            ):  # fmt: skip
                edges[f"{end}_node_id"] = ids
                edges[f"{end}_node_id"].attrs["node_population"] = of
            edges["edge_type_id"] = np.zeros(len(ids), int)
            edges["edge_group_id"] = np.zeros(len(ids), int)
            edges["edge_group_index"] = np.arange(len(ids))
            edges["0/syn_weight"] = weight
            if own and name == "pre_post":
                edges[f"0/dynamics_params/{own}"] = np.where(targets % 2, 0.3, 0.6)
    (folder / "models/post.json").write_text(json.dumps({"tau_m": 10.0, "tau_minus": 33.0}))
    (folder / "synapses/pre.json").write_text(json.dumps(shared))
    neuron = "iaf_psc_delta" if plastic else "iaf_psc_exp"
    (folder / "node_types.csv").write_text(
        "node_type_id population model_type model_template dynamics_params\n"
        f"0 pre virtual NULL NULL\n1 drive virtual NULL NULL\n"
        f"2 post point_neuron nest:{neuron} post.json\n"
    )
    names, values = " ".join(columns), " ".join(map(str, columns.values()))
    nothing = " ".join("NULL" for _ in columns)
    (folder / "edge_types.csv").write_text(
        f"edge_type_id population model_template dynamics_params delay {names}\n"
        f"0 pre_post {template} pre.json {DELAY} {values}\n"
        f"0 drive_post static_synapse NULL {drive_ms} {nothing}\n"
    )
    ticks = np.flatnonzero(rng.random(int(MS / DT) // 2) < 0.008)[:, None] * 2
    trains = {
        "pre": [np.unique(np.append((ticks + 2 * rng.integers(1, 90, len(ticks))[:, None]).ravel(),
                                    MS / DT - 100)) for _ in range(PRE)],
        "drive": [np.arange(401, MS / DT - 400, 370 + 20 * k) // 2 * 2 + 1 for k in range(POST)],
    }  # fmt: skip
    with h5py.File(folder / "spikes.h5", "w") as file:
        for name, found in trains.items():
            if name == "drive" and not plastic:
                found = [np.empty(0)] * POST
            kept = [x[(x > 20) & (x <= MS / DT - 100)] for x in found]
            file[f"spikes/{name}/timestamps"] = np.concatenate(kept) * DT
            file[f"spikes/{name}/node_ids"] = np.repeat(np.arange(len(kept)), [*map(len, kept)])
    (folder / "circuit.json").write_text(json.dumps({
        "components": {"point_neuron_models_dir": "models", "synaptic_models_dir": "synapses"},
        "networks": {"nodes": [{"nodes_file": "nodes.h5", "node_types_file": "node_types.csv"}],
                     "edges": [{"edges_file": "edges.h5", "edge_types_file": "edge_types.csv"}]},
    }))  # fmt: skip
    return folder


def in_nest(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Final weights of "pre", by source, then target, and ``(T, POST)`` potentials."""
    import nest

    nest.ResetKernel()
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.resolution = DT
    types = pd.read_csv(folder / "node_types.csv", sep=" ").set_index("population")
    post = nest.Create(types.loc["post"].model_template.removeprefix("nest:"), POST,
                       json.loads((folder / "models/post.json").read_text()))  # fmt: skip
    cells: dict[str, Any] = {"post": post}
    with h5py.File(folder / "spikes.h5") as file:
        for name, spikes in file["spikes"].items():
            n = PRE if name == "pre" else POST
            cells[name] = nest.Create("parrot_neuron", n)  # a generator has no plastic synapses
            for k in range(n):
                times = np.sort(spikes["timestamps"][:][spikes["node_ids"][:] == k])
                generator = nest.Create("spike_generator", {"spike_times": np.round(times - DT, 1)})
                nest.Connect(generator, cells[name][k], syn_spec={"delay": DT})
    edge_types = pd.read_csv(folder / "edge_types.csv", sep=" ").set_index("population")
    with h5py.File(folder / "edges.h5") as file:
        for name, edges in file["edges"].items():
            row = edge_types.loc[name].drop("edge_type_id").dropna().to_dict()
            spec = {"synapse_model": row.pop("model_template")}
            if "dynamics_params" in row:
                values = json.loads((folder / "synapses" / row.pop("dynamics_params")).read_text())
                spec |= row | values
            else:
                spec["delay"] = row["delay"]
            source = name.partition("_")[0]
            for k, (i, j) in enumerate(zip(edges["source_node_id"], edges["target_node_id"],
                                           strict=True)):  # fmt: skip
                own = {x: float(v[k]) for x, v in edges["0"].get("dynamics_params", {}).items()}
                nest.Connect(cells[source][int(i)], post[int(j)], syn_spec={
                    **spec, **own, "weight": float(edges["0/syn_weight"][k]),
                })  # fmt: skip
    meter = nest.Create("multimeter", {"interval": DT, "record_from": ["V_m"]})
    nest.Connect(meter, post)
    nest.Simulate(MS)
    found = nest.GetConnections(cells["pre"], post)
    order = np.lexsort((list(found.target), list(found.source)))
    events = meter.events
    volts = np.asarray(events["V_m"])[np.lexsort((events["senders"], events["times"]))]
    return np.asarray(found.weight)[order], volts.reshape(-1, POST)


def in_ours(folder: Path) -> tuple[np.ndarray, np.ndarray, Network]:
    network = read_circuit(folder / "circuit.json", spikes=folder / "spikes.h5")
    (post,) = (p for p in network.populations if isinstance(p, Population))
    monitor = network.add(StateMonitor(post, ["v"]))
    network.run(f"{MS} ms", threads=1)
    weights = np.zeros((PRE, POST))
    for p in network.projections:
        if p.source.label == "pre":
            starts, targets, data = p.csr()
            weights[np.repeat(np.arange(PRE), np.diff(starts)), targets] = data
    return weights.ravel(), monitor.traces()["v"], network


def test_stdp_is_nest_s(tmp_path: Path) -> None:
    """Delays are axonal here and dendritic there (see tests/synapses/test_against_nest.py): the
    same pairs meet where postsynaptic spikes are two delays later here.
    """
    theirs, _ = in_nest(write(tmp_path / "theirs", "stdp_synapse"))
    folder = write(tmp_path / "ours", "stdp_synapse", drive_ms=1.0 + 2 * DELAY)
    ours, _, network = in_ours(folder)
    with h5py.File(folder / "edges.h5") as file:
        before = file["edges/pre_post/0/syn_weight"][:]
    assert np.abs(ours - before).max() > 0.05 and (ours < 1.4).all()
    np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12)
    rule = next(p.plasticity.rule for p in network.projections if p.plasticity)
    assert rule.name == "stdp_pair" and rule.parameter_values["tau_minus"] == 33.0


@pytest.mark.parametrize("template", [
    "tsodyks_synapse", pytest.param("tsodyks2_synapse", marks=pytest.mark.exhaustive),
])  # fmt: skip
def test_short_term_plasticity_is_nest_s(template: str, tmp_path: Path) -> None:
    """Potentials over the whole run; tsodyks2 with NEST's default tau_fac of 0."""
    folder = write(tmp_path / "circuit", template)
    weights, theirs = in_nest(folder)
    same, ours, network = in_ours(folder)
    assert (same == weights).all(), "short-term plasticity leaves the weight"
    plastic = [p for p in network.projections if p.plasticity is not None]
    assert len(plastic) == (2 if template == "tsodyks_synapse" else 1), "one per U"
    assert np.ptp(theirs) > 3
    np.testing.assert_allclose(ours[: len(theirs)], theirs, rtol=1e-10)


def edit(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


STDP, SHORT = "stdp_synapse", "tsodyks_synapse"


@pytest.mark.parametrize(("template", "name", "old", "new", "said"), [
    (STDP, "edge_types.csv", STDP, "stdp_triplet_synapse",
     "'stdp_triplet_synapse'; those read are static_synapse, stdp_synapse, tsodyks_synapse"),
    (STDP, "edge_types.csv", STDP, "static_synapse", "sets the parameter 'Wmax'"),
    (STDP, "synapses/pre.json", "tau_plus", "tau_plux", "'tau_plux' of its synapses; did you mean"),
    (STDP, "synapses/pre.json", '"lambda": 0.02', '"lambda": 2', "lambda of 2; .*takes 0 to 1"),
    (STDP, "synapses/pre.json", '"Wmax": 1.4', '"Wmax": 0.5', "from 0 to Wmax, 0.5"),
    (STDP, "synapses/pre.json", '"Wmax": 1.4', '"Wmax": -1', "from 0 to Wmax, -1"),
    (STDP, "synapses/pre.json", '"Wmax"', '"Kplus": 0.1, "Wmax"', "Kplus of 0.1; .* only 0 is"),
    (STDP, "synapses/pre.json", '"Wmax"', '"weight": 0.1, "Wmax"', "sets the parameter 'weight'"),
    (STDP, "edge_types.csv", "1.1", "inf", "alpha of type 0 is 'inf'; it must be a finite"),
    (STDP, "models/post.json", "33.0", "0.0", "tau_minus of the targets of 0; stdp_synapse takes"),
    (STDP, "edge_types.csv", "alpha", "receptor_type", "receptor_type of 1.1; .* only 0 is read"),
    (SHORT, "synapses/pre.json", "130.0", "5.0", "one value, 5 ms; they must"),
    (SHORT, "synapses/pre.json", "130.0", "-1", "tau_rec of -1; tsodyks_synapse takes"),
    (SHORT, "synapses/pre.json", "{", '{"x": 0.5, ', "x of 0.5; of tsodyks_synapse only 1 is"),
    (SHORT, "edge_types.csv", SHORT, "tsodyks2_synapse", "sets the parameter 'tau_psc'"),
])  # fmt: skip
def test_what_a_synapse_cannot_be_is_one_sentence(
    template: str, name: str, old: str, new: str, said: str, tmp_path: Path
) -> None:
    folder = write(tmp_path / "circuit", template)
    edit(folder, name, old, new)
    with pytest.raises(SCConfigError, match=said) as error:
        read_circuit(folder / "circuit.json")
    assert "pre_post" in str(error.value) or name in str(error.value)


def test_several_synapses_in_one_edge_have_no_common_bound(tmp_path: Path) -> None:
    folder = write(tmp_path / "circuit", STDP)
    with h5py.File(folder / "edges.h5", "a") as file:
        file["edges/pre_post/0/nsyns"] = np.full(PRE * POST, 2)
    with pytest.raises(SCConfigError, match="nsyns of 2; with stdp_synapse it must be 1"):
        read_circuit(folder / "circuit.json")


def test_nest_begins_tsodyks2_with_its_own_u(tmp_path: Path) -> None:
    folder = write(tmp_path / "circuit", "tsodyks2_synapse")
    edit(folder, "synapses/pre.json", '"u": 0.3, ', "")
    with pytest.raises(SCConfigError, match=r"u of 0\.5; of tsodyks2_synapse only 0\.3 is read"):
        read_circuit(folder / "circuit.json")


def test_plastic_projections_are_not_written(tmp_path: Path) -> None:
    network = Network()
    cells = network.add(Population("iaf_psc_exp", 2, label="p"))
    network.add(Projection(cells, cells, 1.0, port="exc", plasticity="short_term"))
    with pytest.raises(SCConfigError, match="is plastic; only synapses whose weights stay"):
        write_circuit(network, tmp_path / "out")
    assert not list(tmp_path.iterdir())
