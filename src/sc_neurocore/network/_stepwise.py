"""Circuits that are watched as they run: tick by tick, or for a while."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.dynamics import require_positive
from sc_neurocore.network._monitors import Indices, SpikeMonitor
from sc_neurocore.network._network import Network
from sc_neurocore.network._population import Population

Spikes = NDArray[np.bool_]


class _Watched(SpikeMonitor):
    """Has the spikes of the last tick that has any at hand."""

    last: tuple[int, Indices] = (-1, np.empty(0, np.int64))

    def take(self, tick: Indices, neuron: Indices) -> None:
        """Keep spikes; they come ordered by tick."""
        super().take(tick, neuron)
        if len(tick):
            self.last = int(tick[-1]), neuron[tick == tick[-1]]


class Stepwise:
    """Runs a network, by single ticks or many, and tells what spiked.

    Attributes:
        network: the network.
    """

    def __init__(self, network: Network, populations: Mapping[str, Population]) -> None:
        """Watch some populations of a network that is not built yet."""
        self.network = network
        self._monitors = {k: network.add(_Watched(p, k)) for k, p in populations.items()}

    def step(self, dt: float) -> dict[str, Spikes]:
        """Run one tick of ``dt`` ms; for every population, which of its cells spiked in it."""
        self.network.run(require_positive("dt", dt) / 1000, dt / 1000)
        now = round(self.network.time() * 1000 / dt) - 1
        found = {}
        for name, monitor in self._monitors.items():
            tick, who = monitor.last
            found[name] = np.zeros(monitor.population.n, np.bool_)
            if tick == now:
                found[name][who] = True
        return found

    def simulate(
        self, duration_ms: float, dt: float, progress: bool
    ) -> dict[str, tuple[Indices, Indices]]:
        """Run on for a while; the tick and the cell of every spike since the start."""
        self.network.run(require_positive("duration_ms", duration_ms) / 1000, dt / 1000, progress)
        return {name: monitor.raster_data() for name, monitor in self._monitors.items()}
