"""SONATA files as arrays and as networks: values derived by hand, and all that is refused."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from sc_neurocore.exceptions import SCConfigError, SCDependencyError, SCNeuroError
from sc_neurocore.io import (
    UnreadWarning,
    import_sonata,
    import_sonata_edges,
    import_sonata_nodes,
    read_circuit,
    read_nwb,
    read_spikes,
    write_circuit,
    write_spikes,
)
from sc_neurocore.network import (
    Network,
    Normal,
    Population,
    Projection,
    SpikeSourceArray,
    StepCurrent,
)
from sc_neurocore.neurons import load_model

from .sonata_files import write_sonata


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sonata(tmp_path_factory.mktemp("sonata") / "circuit")


@pytest.fixture
def circuit(original: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    return Path(shutil.copytree(original, tmp_path / "circuit"))


def test_arrays_are_those_of_the_file(circuit: Path) -> None:
    network = import_sonata(circuit / "network/nodes.h5", circuit / "network/edges.h5")
    assert (network.n_nodes(), network.n_edges()) == (48, 630)
    with h5py.File(circuit / "network/nodes.h5") as file:
        nodes = file["nodes/exc"]
        row = 5  # odd rows are in group 1, at place 2
        node = network.nodes["exc"][row]
        assert node.node_id == nodes["node_id"][row] and node.node_type_id == 7
        assert node.attributes["dynamics_params/I_e"] == nodes["1/dynamics_params/I_e"][2]
        assert node.attributes["layer"] == ("L4", "L5")[nodes["1/layer"][2]]
        ids = nodes["node_id"][:].tolist()
    edge = network.edges["lgn_exc"][3]
    with h5py.File(circuit / "network/edges.h5") as file:
        assert edge.attributes["syn_weight"] == file["edges/lgn_exc/0/syn_weight"][3]
        assert edge.source_node_id == file["edges/lgn_exc/source_node_id"][3]
    matrix = network.connectivity_matrix()
    order = list(network.nodes)
    assert order == ["exc", "inh", "lgn"] and matrix.shape == (48, 48)
    # Rows are sources, columns targets, in the order of the file.
    assert matrix[40 + edge.source_node_id - 100, ids.index(edge.target_node_id)] >= 1
    assert matrix.sum() == 630 and not matrix[:, 40:].any()
    weights = network.connectivity_matrix("syn_weight")
    assert weights[30:40].max() <= 0 <= weights[:30].min()
    assert (network.sparse_connectivity("nsyns").toarray() >= matrix).all()
    with pytest.raises(SCConfigError, match="do not all have a number 'delay' of their own"):
        network.connectivity_matrix("delay")


def test_a_large_dense_matrix_is_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "n.h5", "w") as file:
        file["nodes/p/node_type_id"] = np.zeros(5000, int)
    network = import_sonata(tmp_path / "n.h5")
    with pytest.raises(SCConfigError, match="sparse_connectivity"):
        network.connectivity_matrix()
    assert network.sparse_connectivity().shape == (5000, 5000)


def test_the_sign_of_a_weight_chooses_the_input(circuit: Path) -> None:
    network = read_circuit(circuit / "circuit.json")
    ports = {(p.source.label, p.target.label): p.port for p in network.projections}
    assert ports["exc:0", "exc:1"] == "exc" and ports["inh", "exc:0"] == "inh"
    assert ports["exc:0", "inh"] == ports["inh", "inh"] == "spikes"  # a delta synapse takes both


def test_spikes_of_virtual_nodes_are_in_the_tick_that_ends_with_them(circuit: Path) -> None:
    spikes = read_spikes(circuit / "inputs/lgn.h5")["lgn"]
    network = read_circuit(circuit / "circuit.json", spikes={"lgn": spikes})
    (source,) = (p for p in network.populations if isinstance(p, SpikeSourceArray))
    assert (np.sort(source.tick) == np.rint(spikes.times / 0.1) - 1).all()
    spikes.times[0] += 0.03
    with pytest.raises(SCConfigError, match="1 of 160 are between two ticks"):
        read_circuit(circuit / "circuit.json", spikes={"lgn": spikes})
    for wrong, said in (
        (np.nan, "holds nan; a time is finite"), (1e300, "the last tick, 2147483647, ends at"),
    ):  # fmt: skip
        with pytest.raises(SCConfigError, match=said):
            read_circuit(circuit / "circuit.json", spikes={"lgn": ([wrong], [100])})  # type: ignore[dict-item]
    with pytest.raises(SCConfigError, match="spikes of 'lgn' must be two arrays"):
        read_circuit(circuit / "circuit.json", spikes={"lgn": 3})  # type: ignore[dict-item]
    moved = read_circuit(circuit / "circuit.json", spikes={"lgn": spikes}, offgrid="next")
    (later,) = (p for p in moved.populations if isinstance(p, SpikeSourceArray))
    assert later.tick.sum() == source.tick.sum() + 1


def test_what_is_written_is_read_as_it_was(tmp_path: Path) -> None:
    network = Network(seed=3)
    a = network.add(Population("iaf_psc_exp", 5, {"I": np.linspace(300, 400, 5), "V_th": -54.5},
                               "a cell", init={"v": Normal(-65, 2)}))  # fmt: skip
    s = network.add(SpikeSourceArray(2, [0, 1, 1], [4, 2, 2], "s"))
    network.add(Projection(s, a, Normal(20, 2), delay=np.arange(1, 11), port="exc"))
    network.add(Projection(a, a, -3.0, topology="one_to_one", delay=7, port="inh", label="back"))
    write_circuit(network, tmp_path / "out")
    again = read_circuit(tmp_path / "out/simulation_config.json")
    b = next(p for p in again.populations if p.label == "a cell")
    t = next(p for p in again.populations if isinstance(p, SpikeSourceArray))
    assert isinstance(b, Population) and b.model.refractory == 2.0
    assert (b.params["I"] == a.params["I"]).all() and b.params["V_th"] == -54.5
    assert (t.tick.tolist(), t.neuron.tolist()) == ([2, 2, 4], [1, 1, 0])
    assert (again.drawn(b)[1]["v"] == network.state(a, "v")).all()
    again.projections[0].connect(0, 0.1)
    again.projections[1].connect(0, 0.1)
    for old, new in zip(network.projections, again.projections, strict=True):
        assert old.port == new.port
        assert (old.synapses.indices == new.synapses.indices).all()
        assert (old.synapses.delays == new.synapses.delays).all()
        assert (old.synapses.data == new.synapses.data).all()
    with pytest.raises(SCConfigError, match="exists already"):
        write_circuit(network, tmp_path / "out")
    assert network.dt == again.dt == 1e-4  # seconds
    with pytest.raises(SCConfigError, match="cannot be written"):
        write_circuit(network, tmp_path / "no/out")
    with pytest.raises(SCConfigError, match="cannot be written"):
        write_circuit(network, "a\0b")


def _with_stimulus(network: Network) -> None:
    network.add(StepCurrent(0, 5, 3.0), to=network.populations[0])


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_with_stimulus, "no stimuli but spikes"),
        (
            lambda n: n.add(Population("izhikevich2007", 2, label="z")),
            "is of model 'izhikevich2007'",
        ),
        (lambda n: n.add(Population("iaf_psc_exp", 2, label="a/b")), "needs a letter, and no '/'"),
        (lambda n: n.add(Population("iaf_psc_exp", 2, label="a\nb")), "a name is printable, has"),
        (lambda n: n.add(Population("iaf_psc_exp", 2, label="$a")), "has no '\\$' and no space"),
        (lambda n: n.add(Population("iaf_psc_exp", 2, label="NULL")), "and is not NULL"),
        (
            lambda n: n.add(Population(replace(load_model("iaf_psc_exp"), refractory=1.95), 2)),
            r"refractory for 1\.95 ms; in SONATA it must be whole ticks of 0\.1 ms",
        ),
        (lambda n: n.add(Population("iaf_psc_exp", 2, init={"i_ex": 4.0})), "values of 'i_ex'"),
    ],
)
def test_what_sonata_cannot_say_is_refused(
    spoil: Callable[[Network], Any], said: str, tmp_path: Path
) -> None:
    network = Network()
    network.add(Population("iaf_psc_exp", 2, label="p"))
    spoil(network)
    with pytest.raises(SCConfigError, match=said):
        write_circuit(network, tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_spikes_come_back(tmp_path: Path) -> None:
    write_spikes(tmp_path / "s.h5", {"p": ([3.0, 1.0, 1.0], [0, 5, 2]), "q": ([], [])})
    found = read_spikes(tmp_path / "s.h5")
    assert found["p"].times.tolist() == [1, 1, 3] and found["p"].node_ids.tolist() == [2, 5, 0]
    assert len(found["q"]) == 0
    for times, ids, said in (
        ([-1.0], [0], "holds -1"), ([np.nan], [0], "holds nan"), ([1.0], [-2], "from 0 on"),
        ([1.0, 2.0], [0], "one number per spike"), ([1.0], [0.5], "whole numbers"),
        ([1.0], np.array([2**63], np.uint64), r"below 2\*\*63"),
    ):  # fmt: skip
        with pytest.raises(SCConfigError, match=said):
            write_spikes(tmp_path / "t.h5", {"p": (times, ids)})
    with pytest.raises(SCConfigError, match="spikes must map each population"):
        write_spikes(tmp_path / "t.h5", [([1.0], [0])])  # type: ignore[arg-type]
    assert [p.name for p in tmp_path.iterdir()] == ["s.h5"]


def _set(path: str, values: Any) -> Callable[[h5py.File], None]:
    def edit(file: h5py.File) -> None:
        attributes = dict(file[path].attrs) if path in file else {}
        if path in file:
            del file[path]
        if values is not None:
            file[path] = values
            file[path].attrs.update(attributes)

    return edit


NODES, EDGES, SPIKES = "network/nodes.h5", "network/edges.h5", "inputs/lgn.h5"


def _external(file: h5py.File) -> None:
    del file["nodes/inh/node_id"]
    file["nodes/inh/node_id"] = h5py.ExternalLink("/etc/passwd", "/x")


def _raw(file: h5py.File) -> None:
    del file["nodes/inh/node_id"]
    raw = [("/etc/passwd", 0, 80)]
    file["nodes/inh"].create_dataset("node_id", (10,), "u8", external=raw)


def _huge(file: h5py.File) -> None:
    del file["nodes/inh/node_id"]
    file["nodes/inh"].create_dataset("node_id", (10**13,), "u8", chunks=(10**6,))


@pytest.mark.parametrize(
    ("name", "edit", "said"),
    [
        (NODES, _set("nodes/inh/node_type_id", None), r"nodes.h5: '/nodes/inh/node_type_id' is mi"),
        (NODES, _set("nodes/inh/node_id", np.arange(9)), "node_id' has 9 entries, but 10 rows"),
        (NODES, _set("nodes/inh/node_id", np.zeros(10, int)), "holds a node id twice"),
        (NODES, _set("nodes/inh/node_id", np.arange(10) - 1), "holds -1"),
        (NODES, _set("nodes/inh/node_id", np.arange(10) / 2), "one whole number per row"),
        (NODES, _set("nodes/inh/node_group_index", np.arange(10) + 1), "names entry 10 of group 0"),
        (NODES, _set("nodes/inh/node_group_index", None), "'/nodes/inh/node_group_index' is miss"),
        (NODES, _set("nodes/inh/0/dynamics_params/V_m", np.full(10, np.nan)), "V_m.*holds nan; it"),
        (NODES, _set("nodes/inh/0/dynamics_params/V_m", np.ones(12)), "V_m' has 12 entries, b"),
        (NODES, _set("nodes/inh/node_group_id", np.full(10, 5)), "group_id' names group 5, which"),
        (NODES, lambda f: f.move("nodes/inh/0", "nodes/inh/5"), "group_id' names group 0, which"),
        (NODES, lambda f: f.move("nodes/inh/0/dynamics_params", "nodes/inh/0/dynamic_params"),
         "'/nodes/inh/0/dynamic_params' is a group that SONATA does not have"),
        (NODES, lambda f: f.attrs.update({"magic": 5}), "'magic' is 5; that of a SONATA file is"),
        (NODES, _raw, "node_id' is kept in other files"),
        (NODES, _set("nodes/inh/0/dynamics_params/nonsense", np.ones(10)), "sets 'nonsense'"),
        (NODES, _set("nodes/inh/0/dynamics_params/C_m", np.zeros(10)), "C_m is 0; it must be gre"),
        (NODES, _set("nodes/inh/0/dynamics_params/t_ref", np.full(10, 0.25)), "t_ref is 0.25 ms"),
        (NODES, _set("nodes/inh/0/dynamics_params/V_th", np.full(10, -90.0)), "V_reset must be be"),
        (NODES, _set("nodes/exc/0/@library/layer", ["L4"]), "but its library has 1 texts"),
        (NODES, _set("nodes/inh/node_type_id", np.full(10, 8)), "node_types.csv has no type 8"),
        (NODES, _set("nodes", None), "'/nodes' is missing"),
        (NODES, _external, "leads to the file '/etc/passwd'"),
        (NODES, _huge, "more than its file can hold"),
        (EDGES, _set("edges/inh_inh/source_node_id", np.full(30, 10)), "names node 10, which"),
        (EDGES, _set("edges/inh_inh/0/syn_weight", None), "30 of 30 rows .* have no 'syn_weight'"),
        (EDGES, _set("edges/inh_inh/0/delay", np.full(30, 0.05)), "has a delay of 0.05 ms"),
        (EDGES, _set("edges/inh_inh/0/delay", np.zeros(30)), "has a delay of 0 ms"),
        (EDGES, _set("edges/inh_inh/0/delay", np.full(30, -1.0)), "has a delay of -1 ms"),
        (EDGES, _set("edges/inh_inh/0/nsyns", np.full(30, -1)), "nsyns of -1; an edge is a whole"),
        (EDGES, _set("edges/inh_inh/0/nsyns", np.full(30, 1.5)), "nsyns of 1.5; an edge is a"),
        (EDGES, _set("edges/inh_inh/0/syn_weight", np.full(30, np.nan)), "holds nan; it must be"),
        (EDGES, _set("edges/inh_inh/0/syn_weight", np.full(30, 1e308)), "not finite once nsyns"),
        (EDGES, _set("edges/inh_inh/edge_type_id", np.full(30, 2)), "edge_types.csv has no type 2"),
        (EDGES, lambda f: f["edges/inh_inh/source_node_id"].attrs.update(
            {"node_population": 3}), "an attribute 'node_population' that is no text"),
        (EDGES, _set("edges/inh_inh/0/delay", np.full(30, np.inf)), "holds inf; it must be f"),
        (EDGES, _set("edges/inh_inh/0/dynamics_params/U", np.ones(30)), "sets the parameter 'U'"),
        (EDGES, lambda f: f["edges/inh_inh/source_node_id"].attrs.clear(), "no attribute 'node_po"),
        (EDGES, lambda f: f["edges/inh_inh/target_node_id"].attrs.update(
            {"node_population": "x"}), "of population 'x'; the nodes have exc, inh, lgn"),
        (EDGES, lambda f: f["edges/exc_exc/target_node_id"].attrs.update(
            {"node_population": "lgn"}), "which population 'lgn' of 8 nodes does not have"),
        (SPIKES, _set("spikes/lgn/node_ids", np.zeros(160, int)), "names node 0, which population"),
        (SPIKES, _set("spikes/lgn/timestamps", np.zeros(160)), "one is at 0 ms"),
        (SPIKES, lambda f: f["spikes/lgn/timestamps"].attrs.update({"units": "h"}), "is in 'h'"),
        (SPIKES, lambda f: f["spikes/lgn/timestamps"].attrs.update({"units": 1}), "is no text"),
        (SPIKES, _set("spikes/timestamps", np.ones(3)), "timestamps' is of no population, but"),
        (SPIKES, _set("spikes/lgn/timestamps", np.ones(3)), r"has shape \(3,\) and node_ids"),
        (SPIKES, lambda f: f.move("spikes/lgn", "spikes/x"), "has no spikes of population 'lgn'"),
    ],
)  # fmt: skip
def test_a_faulty_table_is_one_sentence(
    name: str, edit: Callable[[h5py.File], Any], said: str, circuit: Path
) -> None:
    with h5py.File(circuit / name, "a") as file:
        edit(file)
    with pytest.raises(SCConfigError, match=said) as error:
        read_circuit(circuit / "simulation.json")
    assert "\n" not in str(error.value)


#: Manifest variables that double or quote one another.
DOUBLED = "".join(f'"$Z{k + 1}": "$Z{k}$Z{k}", ' for k in range(39)) + '"$Z0": "xx", '
CHAINED = "".join(f'"$Z{k + 1}": "$Z{k}", ' for k in range(99)) + '"$Z0": ".", '


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("circuit.json", "{", "", "circuit.json cannot be read as JSON"),
        ("circuit.json", '"networks"', '"manifest"', "JSON: 'manifest' stands twice in one table"),
        (
            "circuit.json",
            '"networks": {',
            '"networks": {"gap_juncs": [], ',
            "has 'gap_juncs', which",
        ),
        (
            "circuit.json",
            '"$NET/nodes.h5"',
            '"$NET/nodes.h5", "types": ""',
            "has 'types', which is",
        ),
        ("circuit.json", '"networks"', '"run": {}, "networks"', "and it has 'run'; leave one of"),
        (
            "circuit.json",
            '"networks"',
            '"node_set": "exc", "networks"',
            "has 'node_set', which is n",
        ),
        (
            "circuit.json",
            '"$BASE/models"',
            "3",
            "'point_neuron_models_dir' of components must be a",
        ),
        ("circuit.json", '"$BASE": "."', '"$BASE": ".", "BASE": "."', "'\\$BASE' stands twice"),
        (
            "circuit.json",
            '"$NET": "$BASE/',
            DOUBLED + '"$NET": "$Z39/',
            "characters with the manif",
        ),
        (
            "circuit.json",
            '"$NET": "$BASE/',
            CHAINED + '"$NET": "$Z99/',
            "is a chain of more than 64",
        ),
        ("circuit.json", "$NET/nodes.h5", "$NETT/nodes.h5", r"'\$NETT' is not in the manifest"),
        ("circuit.json", '"$BASE": "."', '"$BASE": "$NET"', r"is made of itself"),
        ("circuit.json", "$NET/nodes.h5", "$NET/no.h5", "SONATA file .*no.h5 is not a file"),
        ("circuit.json", "nodes_file", "nodes_fil", "names no 'nodes_file'"),
        ("circuit.json", "point_neuron_models_dir", "dir", "has no 'point_neuron_models_dir'"),
        ("simulation.json", "circuit.json", "none.json", "is not a file"),
        ("simulation.json", '"dt": 0.1', '"dt": -1', "dt of 'run' is -1"),
        (
            "simulation.json",
            '"dt": 0.1',
            '"dt": Infinity',
            "dt of 'run' is inf; it must be a numbe",
        ),
        ("simulation.json", '"dt": 0.1', '"dt": 1' + 400 * "0", "dt of 'run' is 1000"),
        ("simulation.json", '"module"', '"trial": 3, "module"', "input 'thalamus' has 'trial', wh"),
        ("simulation.json", '"spikes", "m', '"current_clamp", "m', "is of type 'current_clamp'"),
        ("simulation.json", '"lgn"', '["lgn"]', "a set must be a population"),
        ("network/node_types.csv", "node_type_id", "id", "has no column 'node_type_id'"),
        ("network/node_types.csv", "iaf_psc_exp", "hh_psc_alpha", "nest:hh_psc_alpha'; those re"),
        ("network/node_types.csv", "nest:iaf_psc_exp", "nrn:IntFire1", "nrn:IntFire1'; those"),
        ("network/node_types.csv", "virtual", "biophysical", "of model_type 'biophysical'"),
        ("network/node_types.csv", "virtual", "NULL", "8 of 8 rows .* have no 'model_type'"),
        ("network/node_types.csv", "b.json", "../a.json", "which is outside of point_neuron"),
        ("network/node_types.csv", "b.json", "z.json", "z.json is not a file"),
        ("network/node_types.csv", "b.json", "b\0.json", r"names 'b\\x00\.json', which is no file"),
        ("network/node_types.csv", '"two words"', "two words", "line 2 has 7 cells for 6 columns"),
        ("network/node_types.csv", "9 exc", "7 exc", "type 7 stands there twice"),
        (
            "network/node_types.csv",
            "9 exc",
            f"{'9' * 5000} exc",
            "it must be a whole number from 0",
        ),
        ("network/node_types.csv", "9 exc", "-9 exc", "node_type_id is '-9'; it must be a whole"),
        ("network/node_types.csv", "note", "population", "has two columns 'population'"),
        (
            "network/node_types.csv",
            "7 exc",
            '"7 exc',
            "in quotes goes on up to line|cannot be read",
        ),
        ("network/node_types.csv", " ", ",", "no column 'node_type_id'; .* separated by spaces"),
        ("network/node_types.csv", " ", "\t", "no column 'node_type_id'; .* separated by spaces"),
        ("network/edge_types.csv", "delay", "lag", "have no 'delay'"),
        (
            "network/edge_types.csv",
            "1.5",
            "1e999",
            "delay of type 1 is '1e999'; it must be a finite",
        ),
        ("network/edge_types.csv", "1.5", "NaN", "delay of type 1 is 'NaN'; it must be a finite"),
        ("network/edge_types.csv", "1.5", "fast", "delay of type 1 is 'fast'; it must be a finite"),
        ("network/edge_types.csv", "static_synapse", "ht_synapse", "'ht_synapse'; those"),
        ("models/b.json", "10.0", '"x"', "parameters are finite numbers"),
        ("models/b.json", "12.0", "NaN", "parameters are finite numbers"),
        ("models/b.json", "12.0", "true", "parameters are finite numbers"),
        ("models/b.json", "12.0", "1" + 400 * "0", "parameters are finite numbers"),
        ("models/b.json", "12.0", '1.0, "tau_m": 2.0', "'tau_m' stands twice in one table"),
        ("models/c.json", "t_ref", "refractory_input", "sets 'refractory_input'"),
    ],
)
def test_a_faulty_text_file_is_one_sentence(
    name: str, old: str, new: str, said: str, circuit: Path
) -> None:
    path = circuit / name
    text = path.read_text()
    if name == "models/b.json" and old == "10.0":
        old = "12.0"
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(SCConfigError, match=said):
        read_circuit(circuit / "simulation.json")


def test_spikes_of_a_neuron_in_a_population_of_both_are_refused(circuit: Path) -> None:
    """One of the virtual nodes becomes a neuron, and its spikes have nowhere to go."""
    with h5py.File(circuit / NODES, "a") as file:
        file["nodes/lgn/node_type_id"][0] = 8
    with (circuit / "network/node_types.csv").open("a") as file:
        file.write("8 lgn point_neuron nest:iaf_psc_exp a.json NULL\n")
    with pytest.raises(SCConfigError, match="node 100 is not virtual, so its spikes cannot be"):
        read_circuit(circuit / "simulation.json")


def test_what_is_not_read_of_a_config_is_reported(circuit: Path) -> None:
    path = circuit / "simulation.json"
    run = '"conditions": {"v_init": -80}, "run": {"tstart": 5, '
    path.write_text(path.read_text().replace('"run": {', run))
    with pytest.warns(UnreadWarning, match="not read: 'conditions', 'tstart' of run"):
        read_circuit(path)


def test_a_population_of_no_node_has_no_place(circuit: Path) -> None:
    with h5py.File(circuit / NODES, "a") as file:
        file["nodes/nobody/node_type_id"] = np.empty(0, int)
    with pytest.raises(SCConfigError, match="population 'nobody' has no node"):
        read_circuit(circuit / "circuit.json")


def test_edges_have_attributes_of_their_author_s(circuit: Path) -> None:
    """One that a synapse which learns would take as a parameter; and there may be no edge."""
    with h5py.File(circuit / EDGES, "a") as file:
        file["edges/inh_inh/0/x"] = np.ones(30)
        empty = file.create_group("edges/nothing")
        for name in ("edge_type_id", "source_node_id", "target_node_id"):
            empty[name] = np.empty(0, np.uint64)
            empty[name].attrs["node_population"] = "inh"
    with_it = read_circuit(circuit / "circuit.json").projections
    assert all(p.plasticity is None for p in with_it) and len(with_it) > 5


def test_edges_are_not_read_twice(circuit: Path) -> None:
    path = circuit / "circuit.json"
    config = json.loads(path.read_text())
    config["networks"]["edges"] *= 2
    path.write_text(json.dumps(config))
    with pytest.raises(SCConfigError, match=r"edge population 'exc_exc' is in .*edges\.h5 too"):
        read_circuit(path)


def test_paths_are_relative_to_the_config_and_text_has_its_mark(
    circuit: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From another folder, with a byte-order mark in a types file and spaces at its ends."""
    monkeypatch.chdir("/")
    types = circuit / "network/edge_types.csv"
    types.write_text("\ufeff" + types.read_text().replace("\n", "  \n\n"))
    path = circuit / "simulation.json"
    path.write_text(path.read_text().replace("${BASE}/circuit.json", "circuit.json"))
    assert len(read_circuit(path).projections) > 5


@pytest.mark.parametrize("seed", [0, *(pytest.param(k, marks=pytest.mark.exhaustive)
                                       for k in range(1, 8))])  # fmt: skip
def test_damaged_files_never_end_in_a_traceback(seed: int, circuit: Path) -> None:
    """Cut and flipped files are read, or refused in one sentence."""
    rng = np.random.default_rng(seed)
    refused = 0
    for path in sorted(circuit.rglob("*.*")):
        whole = path.read_bytes()
        cuts = [whole[: len(whole) * k // 3] for k in range(3)]
        flips = []
        for _ in range(3):
            bytes_ = bytearray(whole)
            # Half of them where HDF5 keeps its structure.
            most = len(whole) if rng.random() < 0.5 else min(len(whole), 4096)
            for at in rng.integers(0, most, 6):
                bytes_[at] = rng.integers(256)
            flips.append(bytes(bytes_))
        for content in cuts + flips:
            path.write_bytes(content)
            try:
                read_circuit(circuit / "simulation.json")
            except SCNeuroError as error:
                refused += 1
                assert str(error) and "Traceback" not in str(error)
        path.write_bytes(whole)
    assert refused > 20
    read_circuit(circuit / "simulation.json")


def test_files_that_are_not_there(tmp_path: Path) -> None:
    for read in (import_sonata_nodes, import_sonata_edges, read_spikes, read_circuit):
        with pytest.raises(SCConfigError, match="is not a file"):
            read(tmp_path / "none.h5")
    (tmp_path / "text.h5").write_text(json.dumps({}))
    with pytest.raises(SCConfigError, match="cannot be read as HDF5"):
        import_sonata_nodes(tmp_path / "text.h5")


def test_a_population_in_two_files_is_refused(circuit: Path) -> None:
    with pytest.raises(SCConfigError, match=r"population 'exc' is in .* too"):
        import_sonata([circuit / NODES, circuit / NODES])


@pytest.mark.parametrize(("library", "call"), [
    ("h5py", lambda p: read_spikes(p)), ("h5py", lambda p: write_spikes(p, {})),
    ("pynwb", lambda p: read_nwb(p)),
])  # fmt: skip
def test_a_missing_extra_is_one_line(
    library: str, call: Callable[[Path], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(SCDependencyError, match=f"{library} is not installed; pip"):
        call(tmp_path / "x.h5")
    assert not list(tmp_path.iterdir())
