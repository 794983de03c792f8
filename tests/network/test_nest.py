"""Small deterministic networks, spike for spike against NEST."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sc_neurocore.network import Network, Population, Projection, SpikeMonitor

N, INDEGREE, MS = 60, 12, 300.0
#: Weights that make spikes matter without silencing anybody.
SCALES = {"iaf_psc_delta": 1.0, "iaf_psc_exp": 90.0, "iaf_psc_alpha": 60.0}


def description(scale: float, seed: int) -> dict[str, Any]:
    """Random pairs (multapses and autapses among them), weights, delays, currents, potentials."""
    rng = np.random.default_rng(seed)
    source, target = rng.integers(0, N, (2, N * INDEGREE))
    order = np.lexsort((target, source))
    source, target = source[order], target[order]
    excitatory = source < 0.8 * N
    return {
        "source": source,
        "target": target,
        "excitatory": excitatory,
        "weight": np.where(excitatory, 1, -4) * scale * rng.uniform(0.5, 1.5, len(source)),
        "delay": rng.integers(1, 40, len(source)),
        "current": rng.uniform(370, 480, N),
        "potential": rng.uniform(-70, -56, N),
    }


def in_nest(model: str, d: dict[str, Any]) -> list[tuple[int, int]]:
    import nest

    nest.set_verbosity("M_ERROR")
    nest.ResetKernel()
    nest.SetKernelStatus({"resolution": 0.1})
    cells = nest.Create(model, N)
    cells.I_e, cells.V_m = list(d["current"]), list(d["potential"])
    ids = np.array(cells.tolist())
    nest.Connect(
        ids[d["source"]], ids[d["target"]], {"rule": "one_to_one"},
        {"weight": d["weight"], "delay": d["delay"] * 0.1, "synapse_model": "static_synapse"},
    )  # fmt: skip
    recorder = nest.Create("spike_recorder")
    nest.Connect(cells, recorder)
    nest.Simulate(MS)
    # A spike of tick k is said to happen at its end.
    ticks = np.rint(np.array(recorder.events["times"]) * 10).astype(int) - 1
    return sorted(zip(ticks.tolist(), (recorder.events["senders"] - ids[0]).tolist(), strict=True))


def in_ours(model: str, d: dict[str, Any], threads: int) -> list[tuple[int, int]]:
    network = Network()
    cells = Population(model, N, {"I": d["current"]}, init={"v": d["potential"]})
    network.add(cells)
    ports = {"spikes": d["source"] >= 0}
    if model != "iaf_psc_delta":
        ports = {"exc": d["excitatory"], "inh": ~d["excitatory"]}
    for port, chosen in ports.items():
        counts = np.bincount(d["source"][chosen], minlength=N)
        csr = (np.append(0, np.cumsum(counts)), d["target"][chosen], d["weight"][chosen])
        network.add(Projection(cells, cells, topology=csr, delay=d["delay"][chosen], port=port))
    monitor = network.add(SpikeMonitor(cells))
    network.run(f"{MS} ms", threads=threads)
    tick, neuron = monitor.raster_data()
    return list(zip(tick.tolist(), neuron.tolist(), strict=True))


@pytest.mark.parametrize("model", SCALES)
def test_every_spike_is_nest_s(model: str) -> None:
    drawn = description(SCALES[model], seed=1)
    expected = in_nest(model, drawn)
    assert len(expected) > 500
    assert in_ours(model, drawn, threads=1) == expected


def test_without_its_synapses_the_network_is_another_one() -> None:
    """What the comparison above would not notice if synapses did nothing."""
    drawn = description(SCALES["iaf_psc_delta"], seed=1)
    spikes = in_ours("iaf_psc_delta", drawn, threads=1)
    drawn["delay"] = drawn["delay"] + 1
    assert in_ours("iaf_psc_delta", drawn, threads=1) != spikes
