"""The documented event-driven simulator: times in ms, and `network`'s engine underneath."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.dynamics import Quantity, build_model
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.network import Network, Population, Projection, SpikeMonitor, SpikeSourceArray


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
            refractory: period in ms.
            dt: tick in ms; delays and times of events are whole ticks.

        Raises:
            SCConfigError: a synapse of a neuron that is not there, or a time that does not fit.
        """
        self._n, self._dt = n_neurons, dt
        self._network: Network | None = None
        rows = np.array(connectivity, np.float64).reshape(-1, 4)
        ends = rows[:, :2].astype(np.int64)
        for end in ends.flat:
            self._require(int(end))
        order = np.argsort(ends[:, 0], kind="stable")
        starts = np.append(0, np.cumsum(np.bincount(ends[:, 0], minlength=n_neurons)))
        self._rows = (starts, ends[order, 1], rows[order, 2])
        self._delays = [self._ticks(x, "a delay", 1) for x in rows[order, 3]]
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
        for time, neuron in events:
            self._sent.append((self._ticks(time, "the time of a spike", 0), self._require(neuron)))

    def inject_current(self, events: Iterable[tuple[float, int, float]]) -> None:
        """Let pulses of current act: the potential jumps.

        Args:
            events: (time in ms, one tick or more, neuron, jump).

        Raises:
            SCConfigError: after a run, or an event that does not fit.
        """
        self._require_new()
        for time, neuron, jump in events:
            tick = self._ticks(time, "the time of a pulse", 1) - 1
            self._pulses.append((tick, self._require(neuron), float(jump)))

    def run(self, duration: float) -> EventStats:
        """Run on for ``duration`` ms."""
        if self._network is None:
            self._network = self._built()
        before = self._monitor.count()
        self._network.run(duration / 1000)
        tick, neuron = self._monitor.raster_data()
        spikes = tuple(
            SpikeEvent(float(t), int(n))
            for t, n in zip(np.round(tick[before:] * self._dt, 9), neuron[before:], strict=True)
        )
        counts = self._network.counts()
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

    def _ticks(self, time: float, what: str, least: int) -> int:
        ticks = time / self._dt
        if not ticks > least - 1e-9 or abs(ticks - round(ticks)) > 1e-6:
            raise SCConfigError(
                f"{what} is {time} ms; it must be {least} or more whole ticks of {self._dt:g} ms; "
                "give a dt that divides it"
            )
        return round(ticks)

    def _require(self, neuron: int) -> int:
        if not 0 <= neuron < self._n:
            raise SCConfigError(f"a neuron is {neuron}; there are 0 to {self._n - 1}")
        return neuron

    def _require_new(self) -> None:
        if self._network is not None:
            raise SCConfigError("events are injected before the first run; reset() first")
