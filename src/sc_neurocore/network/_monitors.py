"""What is kept of a run."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.network._population import Population, SpikeSourceArray

Indices = NDArray[np.int64]


class SpikeMonitor:
    """All spikes of a population.

    Attributes:
        population: whose.
        label: a name.
    """

    def __init__(self, population: Population | SpikeSourceArray, label: str = "") -> None:
        """Watch a population."""
        self.population, self.label = population, label
        self._ticks: list[Indices] = []
        self._neurons: list[Indices] = []

    def take(self, tick: Indices, neuron: Indices) -> None:
        """Keep spikes, ordered by tick, then neuron."""
        self._ticks.append(tick)
        self._neurons.append(neuron)

    def raster_data(self) -> tuple[Indices, Indices]:
        """Tick and neuron of every spike, ordered by tick, then neuron."""
        for several in (self._ticks, self._neurons):
            if len(several) != 1:
                several[:] = [np.concatenate([np.empty(0, np.int64), *several])]
        return self._ticks[0], self._neurons[0]

    def spike_times(self) -> Indices:
        """Tick of every spike."""
        return self.raster_data()[0]

    def spike_trains(self) -> list[Indices]:
        """Ticks of every neuron's spikes."""
        tick, neuron = self.raster_data()
        order = np.argsort(neuron, kind="stable")
        edges = np.searchsorted(neuron[order], np.arange(1, self.population.n))
        return np.split(tick[order], edges)

    def count(self) -> int:
        """Number of spikes."""
        return sum(len(part) for part in self._ticks)

    def firing_rates(self, n_steps: int, dt: Any) -> NDArray[np.float64]:
        """``(n,)`` mean rate in Hz over ``n_steps`` ticks of ``dt`` seconds."""
        from sc_neurocore.network._units import in_unit

        counts = np.bincount(self.raster_data()[1], minlength=self.population.n)
        return np.asarray(counts / (n_steps * in_unit(dt, "s", "dt")), np.float64)

    def isi(self, neuron: int) -> Indices:
        """Ticks between one neuron's successive spikes."""
        return np.diff(self._train(neuron))

    def cross_correlation(self, i: int, j: int, max_lag: int) -> NDArray[np.int64]:
        """``(2·max_lag + 1,)`` pairs of spikes by lag in ticks, from −max_lag; j after i is > 0."""
        first, second = self._train(i), self._train(j)
        lags = np.concatenate(
            [np.empty(0, np.int64)]
            + [
                second[np.searchsorted(second, t - max_lag) : np.searchsorted(
                    second, t + max_lag, side="right")] - t
                for t in first
            ]
        )  # fmt: skip
        return np.bincount(lags + max_lag, minlength=2 * max_lag + 1).astype(np.int64)

    def _train(self, neuron: int) -> Indices:
        if not 0 <= neuron < self.population.n:
            raise SCConfigError(
                f"neuron is {neuron}; the population has 0 to {self.population.n - 1}"
            )
        tick, who = self.raster_data()
        train: Indices = tick[who == neuron]
        return train
