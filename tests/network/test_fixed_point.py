"""A balanced network in the integers of the hardware fires as the float one does."""

from __future__ import annotations

import numpy as np

from sc_neurocore.accelerator import Quantisation, quantise, simulate_network
from sc_neurocore.dynamics import Quantity, build_model
from sc_neurocore.network import (
    FixedIndegree,
    Network,
    Population,
    Projection,
    SpikeMonitor,
    SpikeSourceArray,
    Uniform,
)
from sc_neurocore.nir_bridge import from_nir

TICKS, DT, SOURCES = 10_000, 1e-4, 100


def test_rates_agree_within_two_per_cent() -> None:
    """Recurrent excitation and inhibition, drawn weights, delays, 200 cells, 1 s."""
    cell = build_model(
        "dv/dt = -v/tau", jumps="v += w", threshold="v >= 20", reset="v = 10", dt=0.1,
        params={"tau": 20.0}, inputs=[Quantity("w", 0.0, kind="event")], method="euler",
        name="cell",
    )  # fmt: skip
    given = np.random.default_rng(0).random((TICKS, SOURCES)) < 0.0075
    tick, source = np.nonzero(given)
    net = Network(seed=1)
    drive = net.add(SpikeSourceArray(SOURCES, source, tick, "in"))
    cells = {name: net.add(Population(cell, n, label=name)) for name, n in (("e", 160), ("i", 40))}
    for target in cells.values():
        net.add(Projection(drive, target, Uniform(0.6, 1.4), 0.2))
        for name, k, weight in (("e", 16, Uniform(0.3, 0.7)), ("i", 4, Uniform(-5, -3))):
            rule = FixedIndegree(k, multapses=False)
            net.add(Projection(cells[name], target, weight, topology=rule, delay="1.5 ms"))
    monitor = net.add(SpikeMonitor(cells["e"]))
    network = from_nir(net.to_nir())
    net.run(TICKS * DT)
    rate = monitor.count() / (160 * TICKS * DT)
    assert 20 < rate < 60
    integers = quantise(
        network.normal, network.assumptions, Quantisation(bits=8, coding="events", ticks=TICKS)
    )
    run = simulate_network(integers, given[None].astype(np.int64))
    assert run.saturations.sum() == 0
    fixed = run.layer_spikes[0, [layer.name for layer in integers.layers].index("e")] / 160
    assert abs(fixed / (TICKS * DT) / rate - 1) < 0.02, (fixed, rate)
