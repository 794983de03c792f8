"""Between the engine and the monitors: spikes many at a time, states chunk by chunk."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.network._engine import Engine
from sc_neurocore.network._events import EventEngine
from sc_neurocore.network._monitors import (
    Monitor,
    RateMonitor,
    SpikeMonitor,
    StateMonitor,
    WeightMonitor,
)

#: Spikes that are gathered before monitors see them.
_GATHERED = 1 << 16


class Gather:
    """Hands what the engine computes to the monitors during one run."""

    def __init__(
        self, engine: Engine | EventEngine, monitors: Sequence[Monitor], ticks: int
    ) -> None:
        """Make monitors ready for ``ticks``.

        Raises:
            SCConfigError: a monitor in memory would not fit.
        """
        self._engine = engine
        self._spikes = [
            (m, engine.sources.first[id(m.population)], m.population.n)
            for m in monitors
            if isinstance(m, SpikeMonitor | RateMonitor)
        ]
        self._weights = [m for m in monitors if isinstance(m, WeightMonitor)]
        self._states: list[tuple[StateMonitor, int, tuple[str, ...], slice]] = []
        taken = 0
        for monitor in monitors:
            if isinstance(monitor, RateMonitor):
                monitor.start(engine.dt)
            elif isinstance(monitor, WeightMonitor):
                taken += monitor.start(ticks, taken)
            elif isinstance(monitor, StateMonitor):
                taken += monitor.start(ticks, taken)
                assert isinstance(engine, Engine), "the other one refuses monitors of states"
                live, part = engine.live(monitor.population)
                self._states.append((monitor, engine.groups.index(live), live.recorded, part))
        for monitor in monitors:  # files are made when nothing is left to refuse
            if isinstance(monitor, WeightMonitor):
                monitor.begin()
            elif not isinstance(monitor, RateMonitor):
                monitor.storage.begin()
        self._held: list[NDArray[np.int64]] = []
        self._count = 0

    def keep(self, tick: int, keys: NDArray[np.int64], kept: list[NDArray[np.float64]]) -> None:
        """As the engine calls it after a chunk."""
        for monitor, index, recorded, part in self._states:
            for name in monitor.variables:
                monitor.take(name, kept[index][:, recorded.index(name), part])
        for weights in self._weights:
            weights.end(self._engine.tick)
        if self._spikes and len(keys):
            self._held.append(keys + (tick << 32))
            self._count += len(keys)
            if self._count >= _GATHERED:
                self._pass_on()

    def end(self) -> None:
        """Give the monitors what is gathered; files are complete afterwards."""
        self._pass_on()
        for monitor, _, _ in self._spikes:
            if isinstance(monitor, RateMonitor):
                monitor.end(self._engine.tick)
            else:
                monitor.end(self._engine.dt, self._engine.tick)
        for states, _, _, _ in self._states:
            states.end(self._engine.dt)
        for weights in self._weights:
            weights.flush()

    def _pass_on(self) -> None:
        if not self._held:
            return
        keys = np.concatenate(self._held)
        self._held, self._count = [], 0
        tick, who = keys >> 32, keys & 0xFFFFFFFF
        for monitor, first, n in self._spikes:
            chosen = (who >= first) & (who < first + n)
            monitor.take(tick[chosen], who[chosen] - first)
