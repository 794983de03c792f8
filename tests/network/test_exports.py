"""Networks as NIR and as torch modules against the network itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sc_neurocore.build.network import export_verilog
from sc_neurocore.dynamics import Quantity, build_model
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.network import (
    Network,
    Population,
    Projection,
    SpikeMonitor,
    SpikeSourceArray,
    StepCurrent,
    Uniform,
)
from sc_neurocore.nir_bridge import SCNetwork, from_nir
from sc_neurocore.toolchain import lint

W = [Quantity("w", 0.0, kind="event")]
DELTA = build_model(
    "dv/dt = (E - v)/tau + g*I", jumps="v += w", threshold="v >= -50", reset="v = -65", dt=0.5,
    params={"E": -65.0, "tau": 16.0, "g": 0.25}, init={"v": -60.0},
    inputs=[*W, Quantity("I", 0.0)], method="euler", name="delta",
)  # fmt: skip
PURE = build_model(
    "dv/dt = 0*v + 2*I", threshold="v > 8", reset="v = v - 8", dt=0.5, method="euler", name="pure"
)
CUBA = build_model(
    "dv/dt = (E - v + i)/tau; di/dt = -i/tau_s", jumps="i += w", threshold="v > 1.5",
    reset="v = 0.25", dt=0.5, params={"E": 0.5, "tau": 8.0, "tau_s": 4.0}, inputs=W,
    method="euler", name="cuba",
)  # fmt: skip


def described(first: Any, second: Any, weight: float, ticks: int) -> tuple[Network, Any, Any]:
    """Sources drive ``first``, which is recurrent and drives ``second``, over several delays."""
    rng = np.random.default_rng(4)
    net = Network(seed=2)
    tick = np.sort(rng.integers(0, ticks, 400))
    sources = net.add(SpikeSourceArray(8, rng.integers(0, 8, 400), tick, "sources"))
    a, b = (net.add(Population(m, n, label=x)) for m, n, x in ((first, 12, "a"), (second, 5, "b")))
    net.add(
        Projection(sources, a, Uniform(0.5 * weight, weight), 0.6, delay=Uniform("0.5 ms", "2 ms"))
    )
    net.add(Projection(a, a, -weight / 4, 0.4, delay=3))
    net.add(Projection(a, b, weight, 0.7, delay=1))
    monitors = [net.add(SpikeMonitor(p)) for p in (a, b)]
    return net, sources, monitors


def raster(monitor: Any, ticks: int) -> Any:
    out = np.zeros((ticks, monitor.population.n), bool)
    out[monitor.raster_data()] = True
    return out


def given(sources: Any, ticks: int) -> Any:
    out = np.zeros((ticks, sources.n))
    np.add.at(out, (sources.tick, sources.neuron), 1.0)  # a source may spike twice in a tick
    return out


@pytest.mark.parametrize(
    ("first", "second", "weight"), [(DELTA, DELTA, 6.0), (PURE, PURE, 2.0), (CUBA, CUBA, 2.0),
                                    (CUBA, DELTA, 4.0)]
)  # fmt: skip
def test_nir_read_back_spikes_in_the_same_ticks(
    first: Any, second: Any, weight: float, tmp_path: Path
) -> None:
    net, sources, monitors = described(first, second, weight, 400)
    back = from_nir(net.to_nir())
    assert isinstance(back, SCNetwork)
    found = back.run(given(sources, 400), record=True)
    net.run("200 ms")
    for monitor, label in zip(monitors, ("a", "b"), strict=True):
        assert monitor.count() > 20
        assert (found.spikes[label] == raster(monitor, 400)).all()
        assert (found.outputs[f"{label}.out"] == found.spikes[label]).all()


def test_stimuli_become_inputs() -> None:
    net = Network()
    cells = net.add(Population(DELTA, 3, {"I": 1.0}, "cells"))
    net.add(StepCurrent(5, 50, 6.0), to=cells)
    net.add(StepCurrent(10, 12, 0.5), to=cells, port="w")
    monitor = net.add(SpikeMonitor(cells))
    back = from_nir(net.to_nir())
    current, jumps = np.zeros((2, 80, 3))
    current[5:50], jumps[10:12] = 6.0, 0.5
    found = back.run({"cells.I": current, "cells.w": jumps})
    net.run("40 ms")
    assert monitor.count() > 5
    assert (found.output.astype(bool) == raster(monitor, 80)).all()


def quiet(model: Any) -> Network:
    net = Network()
    net.add(StepCurrent(0, 1, 0.0), to=net.add(Population(model, 2, label="cells")))
    return net


@pytest.mark.parametrize(
    ("model", "why"),
    [
        ("lif", "has a refractory period of 2 ms, which NIR cannot say"),
        ("adex", "'cells' of model 'adex' cannot be written as NIR"),
        ("iaf_psc_exp", "refractory"),
        (build_model("dv/dt = I - v", threshold="v > 1", reset="v = v - 0.5", name="m"),
         "lowered at a spike by something else"),
        (build_model("dv/dt = I - v; du/dt = v - u", threshold="v > 1", reset="v = 0", name="m"),
         "coupled states v, u"),
    ],
)  # fmt: skip
def test_what_nir_cannot_say_is_refused_by_name(model: Any, why: str) -> None:
    with pytest.raises(SCConfigError, match=why):
        quiet(model).to_nir()


def test_a_network_without_an_input_is_refused() -> None:
    net = Network()
    net.add(Population(DELTA, 2))
    with pytest.raises(SCConfigError, match="neither sources nor stimuli"):
        net.to_nir()


@pytest.mark.parametrize(("model", "weight"), [(DELTA, 6.0), ("iaf_psc_exp", 256.0)])
def test_torch_spikes_in_the_same_ticks(model: Any, weight: float) -> None:
    """In double precision, refractoriness included."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        net = Network(seed=2)
        rng = np.random.default_rng(4)
        sources = net.add(SpikeSourceArray(8, rng.integers(0, 8, 600), rng.integers(0, 300, 600)))
        port = "exc" if isinstance(model, str) else None
        cells = net.add(Population(model, 12, label="cells"))
        last = net.add(Population(model, 4, label="last"))
        net.add(Projection(sources, cells, Uniform(0.5 * weight, weight), 0.6, delay=2, port=port))
        net.add(Projection(cells, last, weight, 0.7, delay=Uniform("0.5 ms", "2 ms"), port=port))
        monitor = net.add(SpikeMonitor(last))
        module = net.to_torch()
        with torch.no_grad():
            found = module(torch.tensor(given(sources, 300))[:, None])
        net.run(300 * net.populations[1].model.dt / 1000)  # type: ignore[union-attr]
        assert monitor.count() > 10
        assert (found[:, 0].numpy().astype(bool) == raster(monitor, 300)).all()
    finally:
        torch.set_default_dtype(before)


def test_learned_weights_go_back() -> None:
    """Gradients reach every synapse that carried a spike, and a step of them the network."""
    net, sources, _ = described(DELTA, DELTA, 6.0, 100)
    module = net.to_torch()
    found = module(torch.tensor(given(sources, 100), dtype=torch.float32)[:, None])
    (found["b"].sum() - 50.0).pow(2).backward()
    gradients = [w.grad for w in module.weights]
    assert all(g is not None and torch.isfinite(g).all() for g in gradients)
    assert (gradients[0] != 0).float().mean() > 0.5
    with torch.no_grad():
        for w in module.weights:
            w.add_(0.5)
    was = net.projections[0].synapses.data.copy()
    module.sync_to_network()
    assert np.allclose(net.projections[0].synapses.data, was + 0.5, atol=1e-6)
    assert net.projections[1].synapses.weights == pytest.approx(-1.0)
    net.run("5 ms")
    with pytest.raises(SCConfigError, match="shared by all"):
        module.sync_to_network()
    with pytest.raises(SCConfigError, match="no population or sources 'c'"):
        module({"c": torch.zeros(3, 1, 2)})


def test_verilog_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    net, _, _ = described(DELTA, DELTA, 6.0, 50)
    net.monitors.pop(0)
    result = export_verilog(net, tmp_path / "engine")
    written = {p.name: p.read_text() for p in (tmp_path / "engine").iterdir()}
    assert written == result.sources and f"{result.module_name}.sv" in written
    assert result.total_neurons == 17
    with pytest.raises(SCConfigError, match="refractory period"):
        export_verilog(quiet("lif"), tmp_path / "other")
    assert not (tmp_path / "other").exists()


@pytest.mark.exhaustive
@pytest.mark.parametrize("model", [DELTA, PURE, CUBA])
def test_verilog_is_legal(model: Any, tmp_path: Path, store: EvidenceStore) -> None:
    net, _, _ = described(model, model, 6.0, 50)
    net.monitors.pop(0)
    result = export_verilog(net, tmp_path / "engine")
    found = lint(result.sources, result.module_name, store=store).result["warnings"]
    # The module of the synapses has a known spare bit; what is written for the network has none.
    assert not [w for w in found if "sc_fixed_synapses.sv" not in w["message"]]
