"""The documented event-driven simulator: times in ms, and `network`'s engine underneath."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.dynamics import Quantity, build_model, require_positive
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.network import Network, Population, Projection, SpikeMonitor, SpikeSourceArray

Numbers = NDArray[np.float64]

_MOST = 2**31 - 1


class SpikeEvent(NamedTuple):
    """A spike.

    Attributes:
        time: in ms.
        neuron: whose.
    """

    time: float
    neuron: int


@dataclass(frozen=True)
class EventStats:
    """What a run did.

    Attributes:
        spikes: of the neurons in this run, in order; injected ones are not among them.
        duration: of this run in ms.
        updates: neurons updated since the start, each time.
        deliveries: synapses that passed a spike on since the start.
    """

    spikes: tuple[SpikeEvent, ...]
    duration: float
    updates: int
    deliveries: int

    def summary(self) -> str:
        """The figures as one line of text."""
        return (
            f"{len(self.spikes)} spikes in {self.duration:g} ms; "
            f"{self.updates} updates and {self.deliveries} deliveries since the start"
        )


class EventDrivenSimulator:
    """Leaky integrate-and-fire neurons, run by events on a grid of ticks.

    Between events the membrane decays exactly to ``v_rest``; a spike that arrives adds its weight.
    """

    def __init__(
        self,
        n_neurons: int,
        connectivity: Sequence[tuple[int, int, float, float]],
        threshold: float = 1.0,
        tau_mem: float = 20.0,
        v_rest: float = 0.0,
        v_reset: float = 0.0,
        refractory: float = 2.0,
        *,
        dt: float = 0.1,
    ) -> None:
        """Describe it.

        Args:
            n_neurons: number of neurons.
            connectivity: synapses as (source, target, weight, delay in ms).
            threshold: a spike needs a potential of at least this.
            tau_mem: membrane time constant in ms.
            v_rest: resting and initial potential.
            v_reset: potential after a spike.
            refractory: period in ms, rounded up to whole ticks.
            dt: tick in ms; delays and times of events are whole ticks.

        Raises:
            SCConfigError: a synapse of a neuron that is not there, a time that does not fit, or
                what is no number.
        """
        if isinstance(n_neurons, bool) or not isinstance(n_neurons, int | np.integer):
            raise SCConfigError(f"n_neurons is {n_neurons!r}; it must be a whole number")
        if not 1 <= n_neurons < _MOST:
            raise SCConfigError(f"n_neurons is {n_neurons}; there are 1 to {_MOST - 1}")
        self._network: Network | None = None
        self._n, self._dt = int(n_neurons), require_positive("dt", dt)
        rows = _table("connectivity", connectivity, ("source", "target", "weight", "delay"))
        source, target = self._neurons(rows[:, 0]), self._neurons(rows[:, 1])
        order = np.argsort(source, kind="stable")
        starts = np.append(0, np.cumsum(np.bincount(source, minlength=self._n)))
        self._rows = (starts, target[order], rows[order, 2])
        self._delays = self._ticks(rows[order, 3], "a delay", 1)
        self._model = build_model(
            "dv/dt = (v_rest - v)/tau_mem", jumps="v += w", threshold="v >= threshold",
            reset="v = v_reset", refractory=refractory, dt=dt, init={"v": v_rest},
            params={"v_rest": v_rest, "tau_mem": tau_mem, "threshold": threshold,
                    "v_reset": v_reset},
            inputs=[Quantity("w", 0.0, kind="event")], method="exact", name="lif",
        )  # fmt: skip
        self.reset()

    def inject_spikes(self, events: Iterable[tuple[float, int]]) -> None:
        """Let neurons send a spike over their synapses, whatever their potential.

        Args:
            events: (time in ms, neuron).

        Raises:
            SCConfigError: after a run, or an event that does not fit.
        """
        self._require_new()
        rows = _table("events", events, ("time", "neuron"))
        ticks = self._ticks(rows[:, 0], "the time of a spike", 0)
        self._sent += zip(ticks.tolist(), self._neurons(rows[:, 1]).tolist(), strict=True)

    def inject_current(self, events: Iterable[tuple[float, int, float]]) -> None:
        """Let pulses of current act: the potential jumps.

        Args:
            events: (time in ms, one tick or more, neuron, jump).

        Raises:
            SCConfigError: after a run, or an event that does not fit.
        """
        self._require_new()
        rows = _table("events", events, ("time", "neuron", "jump"))
        ticks = self._ticks(rows[:, 0], "the time of a pulse", 1) - 1
        neurons = self._neurons(rows[:, 1]).tolist()
        self._pulses += zip(ticks.tolist(), neurons, rows[:, 2].tolist(), strict=True)

    def run(self, duration: float) -> EventStats:
        """Run on for ``duration`` ms, a whole number of ticks.

        Raises:
            SCConfigError: the duration does not fit, or a potential became infinite.
        """
        duration = require_positive("duration", duration)
        network = self._network or self._built()
        before = self._monitor.count()
        network.run(duration / 1000)
        self._network = network
        tick, neuron = self._monitor.raster_data()
        spikes = tuple(
            SpikeEvent(float(t), int(n))
            for t, n in zip(np.round(tick[before:] * self._dt, 9), neuron[before:], strict=True)
        )
        counts = network.counts()
        return EventStats(spikes, duration, counts.updates, counts.deliveries)

    def reset(self) -> None:
        """Back to the initial state, without injected events."""
        self._network = None
        self._sent: list[tuple[int, int]] = []
        self._pulses: list[tuple[int, int, float]] = []

    @property
    def voltages(self) -> NDArray[np.float64]:
        """``(n_neurons,)`` potentials now."""
        if self._network is None:
            return np.full(self._n, self._model.states[0].value)
        return self._network.state(self._cells, "v")

    def _built(self) -> Network:
        network = Network()
        cells = self._cells = network.add(Population(self._model, self._n))
        senders = [cells]
        if self._sent:
            tick, neuron = np.array(self._sent).T
            senders.append(network.add(SpikeSourceArray(self._n, neuron, tick)))
        if len(self._delays):
            for source in senders:
                network.add(Projection(source, cells, topology=self._rows, delay=self._delays))
        if self._pulses:
            # Over the shortest delay, a tick: a pulse of time t acts in the tick that starts then.
            tick, neuron = np.array([p[:2] for p in self._pulses]).T
            count = len(self._pulses)
            kicks = network.add(SpikeSourceArray(count, np.arange(count), tick))
            topology = (np.arange(count + 1), neuron, [p[2] for p in self._pulses])
            network.add(Projection(kicks, cells, topology=topology))
        self._monitor = network.add(SpikeMonitor(cells))
        network.build(self._dt / 1000, engine="event")
        return network

    def _ticks(self, times: Numbers, what: str, least: int) -> NDArray[np.int64]:
        ticks = times / self._dt
        whole = np.rint(ticks)
        bad = ~((np.abs(ticks - whole) <= 1e-6) & (least <= whole) & (whole < _MOST))
        if bad.any():
            raise SCConfigError(
                f"{what} is {times[bad][0]} ms; it must be {least} or more whole ticks of "
                f"{self._dt:g} ms, fewer than 2^31; give a dt that divides it"
            )
        return whole.astype(np.int64)

    def _neurons(self, given: Numbers) -> NDArray[np.int64]:
        bad = ~((given == np.rint(given)) & (given >= 0) & (given < self._n))
        if bad.any():
            raise SCConfigError(f"a neuron is {given[bad][0]:g}; there are 0 to {self._n - 1}")
        return given.astype(np.int64)

    def _require_new(self) -> None:
        if self._network is not None:
            raise SCConfigError("events are injected before the first run; reset() first")


def _table(what: str, given: Iterable[Any], columns: tuple[str, ...]) -> Numbers:
    """Rows of finite numbers, ``(K, len(columns))``."""
    try:
        rows = np.array(list(given), np.float64)
    except (TypeError, ValueError):
        rows = np.empty(1)
    if rows.shape == (0,):
        rows = rows.reshape(0, len(columns))
    if rows.ndim != 2 or rows.shape[1] != len(columns):
        raise SCConfigError(f"{what} must be a list of ({', '.join(columns)}), each a number")
    row, column = np.nonzero(~np.isfinite(rows))
    if len(row):
        raise SCConfigError(
            f"{what} has a {columns[column[0]]} of {rows[row[0], column[0]]}; it must be finite"
        )
    return rows
