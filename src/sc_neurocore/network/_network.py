"""A network: what is in it, building it, running it."""

from __future__ import annotations

import os
import time
import weakref
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.network._engine import Drive, Engine, progress_bar
from sc_neurocore.network._events import Counts, EventEngine
from sc_neurocore.network._gather import Gather
from sc_neurocore.network._groups import Group, merged
from sc_neurocore.network._interrupt import deferred
from sc_neurocore.network._members import require_members, stimulated, stream_names
from sc_neurocore.network._monitors import Monitor, StateMonitor
from sc_neurocore.network._population import Population, SpikeSourceArray
from sc_neurocore.network._projection import Projection
from sc_neurocore.network._seeds import check_seed, stream
from sc_neurocore.network._stimuli import PoissonInput, StepCurrent, Stimulus, TimedArray
from sc_neurocore.network._units import in_unit, is_whole, whole_number

#: Projections and monitors of all networks: they hold what a run leaves, so each belongs to one.
_HELD: weakref.WeakSet[Any] = weakref.WeakSet()
#: Ticks of a network; a spike is one number of 64 bits, half of them for its tick.
_MOST_TICKS = 2**31 - 1


@dataclass(frozen=True)
class Size:
    """What a built network takes.

    Attributes:
        neurons: number of neurons.
        synapses: number of synapses.
        synapse_bytes: what they take, starts of rows included.
        ring_bytes: what the rings take, and the rows' ends of each thread.
        build_s: seconds that building took.
    """

    neurons: int
    synapses: int
    synapse_bytes: int
    ring_bytes: int
    build_s: float


class Network:
    """Populations, projections, stimuli and monitors, and the engine that runs them.

    Attributes:
        seed: seed from which every stream is spawned, by the labels of objects.
        populations: in order of addition.
        projections: in order of addition.
        stimuli: each with the population and the input that it drives.
        monitors: in order of addition.
    """

    def __init__(self, seed: int = 0) -> None:
        """An empty network."""
        self.seed = check_seed(seed)
        self.populations: list[Population | SpikeSourceArray] = []
        self.projections: list[Projection] = []
        self.monitors: list[Monitor] = []
        self.stimuli: list[tuple[Stimulus, Population, str]] = []
        self._engine: Engine | EventEngine | None = None
        self._size: Size | None = None
        self._dt: float | None = None

    def add(self, obj: Any, *, to: Population | None = None, port: str | None = None) -> Any:
        """Add an object and return it.

        Args:
            obj: a population, sources, a projection, a stimulus or a monitor.
            to: for a stimulus, the population that it drives.
            port: for a stimulus, the input that it drives; by default as for projections.

        Raises:
            SCConfigError: not an object of a network, added twice, or the network is built.
        """
        if self._engine is not None:
            raise SCConfigError("the network is built; add everything before its first run")
        if isinstance(obj, Population | SpikeSourceArray):
            self._add_named(obj)
        elif isinstance(obj, Projection):
            _hold(obj, f"projection {obj.name}")
            self.projections.append(obj)
        elif isinstance(obj, StepCurrent | TimedArray | PoissonInput):
            if not isinstance(to, Population):
                raise SCConfigError("a stimulus drives a population; add it with to=population")
            port = stimulated(obj, to, port)
            to.require_sign(port, *obj.range, "a stimulus has a value")
            self.stimuli.append((obj, to, port))
            return obj
        elif isinstance(obj, Monitor):
            _hold(obj, "a monitor")
            self.monitors.append(obj)
        else:
            raise SCConfigError(
                f"{obj!r} cannot be added; a network holds populations, projections, stimuli and "
                "monitors"
            )
        if to is not None or port is not None:
            raise SCConfigError("to and port are for stimuli")
        return obj

    def build(
        self,
        dt: Any = None,
        *,
        threads: int | None = None,
        engine: Literal["clock", "event"] | None = None,
    ) -> Size:
        """Draw everything that is random and lay the network out in memory, once.

        Args:
            dt: tick in seconds, or text with a unit; by default that of all models.
            threads: most threads to use; by default one per processor.
            engine: ``"clock"`` (the default) advances every neuron in every tick; ``"event"``
                only where something happens, for models with an exact linear flow.

        Raises:
            SCConfigError: the description does not fit together.
        """
        step = self._step(dt)
        if engine not in (None, "clock", "event"):
            raise SCConfigError(f"engine is {engine!r}; it is 'clock' or 'event'")
        if self._engine is not None and self._size is not None:
            built = "event" if isinstance(self._engine, EventEngine) else "clock"
            if engine not in (None, built):
                raise SCConfigError(f"the network was built for engine '{built}'; make another one")
            return self._size
        start = time.perf_counter()
        if threads is not None:
            whole_number("threads", threads, 1)
        threads = threads or len(os.sched_getaffinity(0))
        groups = self._connected(step, threads)
        cells = [p for p in self.populations if isinstance(p, Population)]
        sources = [p for p in self.populations if isinstance(p, SpikeSourceArray)]
        drives = []
        for k, (stimulus, population, port) in enumerate(self.stimuli):
            stimulus.check(population.n, step)
            before = [s for s, p, _ in self.stimuli[:k] if p is population]
            earlier = sum(isinstance(s, PoissonInput) for s in before)
            seed = stream(self.seed, "stimulus", population.label, str(earlier))
            if isinstance(stimulus, PoissonInput) and stimulus.seed is not None:
                seed = stimulus.seed
            drives.append(Drive(stimulus, population, port, seed))
        parts = (groups, sources, self.projections, drives, self._recorded, step)
        if engine == "event":
            self._engine = EventEngine(*parts)
            ring_bytes = self._engine.nbytes
        else:
            self._engine = Engine(*parts, threads)
            ring_bytes = sum(r.nbytes for g in self._engine.groups for r in g.rings.values())
        self._dt = step
        self._size = Size(
            sum(p.n for p in cells),
            sum(len(p.synapses) for p in self.projections),
            sum(p.synapses.nbytes for p in self.projections),
            ring_bytes,
            time.perf_counter() - start,
        )
        return self._size

    def run(
        self,
        duration: Any,
        dt: Any = None,
        progress: bool = False,
        *,
        threads: int | None = None,
        engine: Literal["clock", "event"] | None = None,
    ) -> None:
        """Run on for a while; monitors fill.

        Ctrl-C stops a run after the chunk at hand, and the network can go on from there.

        Args:
            duration: in seconds, or text or a quantity with a unit of time.
            dt: tick in seconds, as `build` takes it.
            progress: show a bar on the terminal.
            threads: most threads to use, as `build` takes it; results do not depend on it.
            engine: as `build` takes it.

        Raises:
            SCConfigError: the description does not fit together, or a state became non-finite.
        """
        length = in_unit(duration, "s", "duration") * 1000
        step = self._step(dt)
        if length <= 0 or length / step < 1 - 1e-6:
            raise SCConfigError(
                f"duration is {length:g} ms; it must be at least one tick, {step:g} ms"
            )
        if not is_whole(length / step):
            raise SCConfigError(
                f"duration is {length:.12g} ms, {length / step:.12g} ticks of {step:g} ms; give a "
                "whole number of ticks"
            )
        ticks = round(length / step)
        if round(self.time() * 1000 / step) + ticks > _MOST_TICKS:
            raise SCConfigError(
                f"duration is {length:g} ms, {ticks:.3g} ticks; a network has at most {_MOST_TICKS}"
            )
        self.build(dt, threads=threads, engine=engine)
        live = self._engine
        assert live is not None, "build() made it"
        gather = Gather(live, self.monitors, ticks)
        with deferred() as stop, ExitStack() as inner:
            inner.callback(gather.end)
            tell = inner.enter_context(progress_bar(ticks, step)) if progress else None

            def done(count: int) -> None:
                if tell is not None:
                    tell(count)
                stop()

            live.run(ticks, gather.keep, done)

    def counts(self) -> Counts:
        """What the event-driven engine has done so far.

        Raises:
            SCConfigError: the network was not built for it.
        """
        if not isinstance(self._engine, EventEngine):
            raise SCConfigError("only a network built with engine='event' counts its operations")
        return self._engine.counts

    def state(self, population: Population, name: str) -> NDArray[np.float64]:
        """``(n,)`` copy of a state now.

        Raises:
            SCConfigError: the network is not built, or there is no such state.
        """
        if self._engine is None:
            raise SCConfigError("the network has no states yet; build() or run() it")
        return self._engine.state(population, name).copy()

    def drawn(self, population: Population) -> tuple[dict[str, Any], dict[str, Any]]:
        """Its parameters, then its initial states: numbers, or ``(n,)`` as the seed draws them."""
        a, b = (stream(self.seed, what, population.label) for what in ("parameters", "states"))
        return population.drawn(population.params, a), population.drawn(population.init, b)

    @property
    def dt(self) -> float:
        """Seconds of a tick: that of the last `build`, before it that of all models.

        Raises:
            SCConfigError: it is not built, and its models have ticks of several lengths.
        """
        return float(f"{self._step(None) / 1000:.12g}")

    @property
    def is_built(self) -> bool:
        """Whether it is laid out in memory, after which nothing can be added."""
        return self._engine is not None

    def time(self) -> float:
        """Seconds that the network has run."""
        if self._engine is None or self._dt is None:
            return 0.0
        return self._engine.tick * self._dt / 1000

    def to_nir(self, dt: Any = None) -> Any:
        """The network as a `nir.NIRGraph`.

        Sources become Inputs of their spikes, and each stimulated input of a population an Input
        ``LABEL.PORT`` that takes the stimulus's values. Outputs ``LABEL.out`` are the populations
        with a `SpikeMonitor`; without any, those that project nowhere; without any, all.

        The file holds the equations with their constants, so a reader integrates them by its own
        method: `nir_bridge` by Euler's, which gives the same ticks for models of method ``euler``.

        Args:
            dt: tick in seconds, as `build` takes it; delays are multiples of it.

        Raises:
            SCConfigError: it holds what NIR cannot say, by name.
            SCDependencyError: nir is not installed.
        """
        from sc_neurocore.network._nir import nir_of

        step = self._step(dt)
        return nir_of(self, self._connected(step, 1), step)

    def to_torch(self, surrogate_fn: Any = None, dt: Any = None) -> Any:
        """The network as a differentiable torch module, a `NetworkTorchBridge`.

        Args:
            surrogate_fn: a function of `training.surrogate`; by default that of `training.Cell`.
            dt: tick in seconds, as `build` takes it.

        Raises:
            SCConfigError: a model draws random numbers, or a projection is plastic.
            SCDependencyError: torch is not installed.
        """
        from sc_neurocore.network._torch_bridge import NetworkTorchBridge

        step = self._step(dt)
        return NetworkTorchBridge(self, self._connected(step, 1), surrogate_fn)

    def _connected(self, step: float, threads: int) -> list[Group]:
        """Draw the synapses; the groups at their initial state."""
        require_members(self.populations, self.projections, self.stimuli, self.monitors)
        groups = merged([p for p in self.populations if isinstance(p, Population)], step, self.seed)
        for projection, name in zip(self.projections, stream_names(self.projections), strict=True):
            projection.connect(stream(self.seed, "projection", name), step, threads)
        return groups

    def _add_named(self, obj: Population | SpikeSourceArray) -> None:
        if any(p is obj for p in self.populations):
            raise SCConfigError(f"population '{obj.label}' is in the network already")
        labels = {p.label for p in self.populations}
        if not obj.label:
            stem = obj.model.name if isinstance(obj, Population) else "sources"
            number = 1
            while f"{stem}{number}" in labels:
                number += 1
            obj.label = f"{stem}{number}"
        elif obj.label in labels:
            raise SCConfigError(f"two populations have the label '{obj.label}'; give another one")
        self.populations.append(obj)

    def _step(self, dt: Any) -> float:
        """The tick in ms."""
        if dt is not None:
            step = in_unit(dt, "s", "dt") * 1000
            step = float(f"{step:.12g}")  # 1e-4 s is 0.1 ms, not 0.09999…
            if step <= 0:
                raise SCConfigError(f"dt is {step:g} ms; it must be greater than 0")
            if self._dt is not None and step != self._dt:
                raise SCConfigError(
                    f"dt is {step:g} ms, but the network was built with {self._dt:g} ms"
                )
            return step
        if self._dt is not None:
            return self._dt
        steps = {p.model.dt for p in self.populations if isinstance(p, Population)}
        if len(steps) > 1:
            listed = ", ".join(f"{x:g}" for x in sorted(steps))
            raise SCConfigError(f"models have ticks of {listed} ms; give dt")
        return steps.pop() if steps else 0.1

    def _recorded(self, group: Group) -> list[str]:
        """States of a group that monitors want in every tick."""
        wanted = {
            name
            for monitor in self.monitors
            if isinstance(monitor, StateMonitor)
            and any(p is monitor.population for p in group.populations)
            for name in monitor.variables
        }
        return sorted(wanted)


def _hold(obj: Any, what: str) -> None:
    if obj in _HELD:
        raise SCConfigError(f"{what} is in a network already; make another one")
    _HELD.add(obj)
