"""What a run starts from and what it gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.dynamics._model import Model
from sc_neurocore.dynamics._sheet import DType
from sc_neurocore.exceptions import SCConfigError

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class State:
    """Everything a run needs to go on bit-identically.

    Attributes:
        values: ``(S, N)`` state variables, in the model's order and units.
        refractory: ``(N,)`` ticks left during which no spike can occur.
        previous: ``(N,)`` whether the threshold condition held at the tick before.
        tick: number of ticks already run.
    """

    values: Array
    refractory: NDArray[np.int64]
    previous: NDArray[np.bool_]
    tick: int = 0

    @staticmethod
    def initial(model: Model, neurons: int = 1, dtype: DType = "float64") -> State:
        """State before the first tick: initial values, not refractory, threshold not met."""
        values = np.empty((len(model.states), neurons), dtype)
        values[:] = np.array([q.value for q in model.states])[:, None]
        return State(values, np.zeros(neurons, np.int64), np.zeros(neurons, np.bool_))


@dataclass(frozen=True, eq=False)
class Spikes:
    """Spikes as events, ordered by tick, then neuron.

    Attributes:
        tick: ``(K,)`` absolute tick of each spike.
        neuron: ``(K,)`` neuron of each spike.
    """

    tick: NDArray[np.int64]
    neuron: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.tick)


@dataclass(frozen=True, eq=False)
class Simulation:
    """What a run gave.

    Attributes:
        model: the model that ran (with scalar parameter overrides applied).
        neurons: N.
        ticks: T.
        start: absolute tick at which the run began.
        states: recorded states, each ``(T, N)``: the value at the end of the tick.
        spikes: all spikes.
        final: state after the last tick, to continue from.
    """

    model: Model
    neurons: int
    ticks: int
    start: int
    states: Mapping[str, Array]
    spikes: Spikes
    final: State

    @property
    def time(self) -> NDArray[np.float64]:
        """``(T,)`` end of every tick, ms."""
        return self._end_of(self.start + np.arange(self.ticks))

    @property
    def spike_counts(self) -> NDArray[np.int64]:
        """``(N,)`` spikes of every neuron."""
        return np.bincount(self.spikes.neuron, minlength=self.neurons).astype(np.int64)

    def spike_times(self, neuron: int = 0) -> NDArray[np.float64]:
        """Spike times of one neuron in ms: a spike of tick ``k`` stands at ``(k + 1)·dt``."""
        if not -self.neurons <= neuron < self.neurons:
            raise SCConfigError(f"neuron is {neuron}; the run has neurons 0 to {self.neurons - 1}")
        return self._end_of(self.spikes.tick[self.spikes.neuron == neuron % self.neurons])

    def _end_of(self, tick: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.multiply(tick + 1, self.model.dt, dtype=np.float64)
