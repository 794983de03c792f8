"""What we write runs in the Allen Institute's bmtk (PointNet, over NEST) with the same spikes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sc_neurocore.io import read_spikes, write_circuit
from sc_neurocore.network import Network, Population, Projection, SpikeMonitor, SpikeSourceArray

MS, DT = 250, 0.1
RUN = """
from bmtk.simulator import pointnet
config = pointnet.Config.from_json("simulation_config.json")
config.build_env()
network = pointnet.PointNetwork.from_config(config)
pointnet.PointSimulator.from_config(config, network).run()
"""


@pytest.mark.exhaustive
def test_bmtk_finds_the_same_spikes(tmp_path: Path) -> None:
    """bmtk 1.2 reads no parameters of single nodes, so neurons differ by their input only."""
    rng = np.random.default_rng(3)
    network = Network()
    a = network.add(Population("iaf_psc_alpha", 30, {"I": 385.0, "tau_syn_in": 3.0}, "a"))
    b = network.add(Population("iaf_psc_exp", 10, {"I": 390.0, "V_th": -56.0}, "b"))
    s = network.add(SpikeSourceArray(8, rng.integers(0, 8, 200), rng.integers(0, 2400, 200), "s"))
    for source, target, scale, port in (
        (s, a, 90, "exc"), (a, a, 12, "exc"), (a, b, 15, "exc"), (b, a, -60, "inh"),
        (b, b, -40, "inh"),
    ):  # fmt: skip
        synapses = source.n * target.n
        network.add(Projection(source, target, scale * rng.uniform(0.5, 1.5, synapses), port=port,
                               delay=rng.integers(1, 40, synapses)))  # fmt: skip
    monitors = {p.label: network.add(SpikeMonitor(p)) for p in (a, b)}
    network.run(f"{MS} ms")
    folder = tmp_path / "circuit"
    write_circuit(network, folder)
    path = folder / "simulation_config.json"
    config = json.loads(path.read_text())
    assert config["run"] == {"dt": DT, "tstop": MS}
    config |= {"target_simulator": "NEST",
               "output": {"output_dir": "output", "spikes_file": "spikes.h5"}}  # fmt: skip
    path.write_text(json.dumps(config))
    done = subprocess.run([sys.executable, "-c", RUN], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    theirs = read_spikes(folder / "output/spikes.h5")
    for label, monitor in monitors.items():
        tick, neuron = monitor.raster_data()
        found = theirs[label]
        expected = sorted(zip((tick + 1).tolist(), neuron.tolist(), strict=True))
        times = np.rint(found.times / DT).astype(int).tolist()
        assert sorted(zip(times, found.node_ids.tolist(), strict=True)) == expected
        assert len(expected) > 50
