"""Circuits that are advanced tick by tick: what spiked in the tick just computed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.dynamics import require_positive
from sc_neurocore.network._monitors import Indices, SpikeMonitor
from sc_neurocore.network._network import Network
from sc_neurocore.network._population import Population

Spikes = NDArray[np.bool_]


class _Last(SpikeMonitor):
    """Keeps the spikes of the last tick that has any, and no others."""

    last: tuple[int, Indices] = (-1, np.empty(0, np.int64))

    def take(self, tick: Indices, neuron: Indices) -> None:
        """Keep the spikes of the last tick; they come ordered by it."""
        if len(tick):
            self.last = int(tick[-1]), neuron[tick == tick[-1]]


class Stepwise:
    """Advances a network by single ticks.

    Attributes:
        network: the network.
    """

    def __init__(self, network: Network, populations: Mapping[str, Population]) -> None:
        """Watch some populations of a network that is not built yet."""
        self.network = network
        self._last = {k: network.add(_Last(p)) for k, p in populations.items()}

    def step(self, dt: float) -> dict[str, Spikes]:
        """Run one tick of ``dt`` ms; for every population, which of its cells spiked in it."""
        self.network.run(require_positive("dt", dt) / 1000, dt / 1000)
        now = round(self.network.time() * 1000 / dt) - 1
        found = {}
        for name, monitor in self._last.items():
            tick, who = monitor.last
            found[name] = np.zeros(monitor.population.n, np.bool_)
            if tick == now:
                found[name][who] = True
        return found
