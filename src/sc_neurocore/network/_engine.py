"""The clock-driven engine: all neurons, as many ticks at a time as the shortest delay allows.

A chunk is what can be computed without hearing of its own spikes. In every chunk each thread, for
the neurons it owns, puts the last chunk's spikes into the rings, adds the stimuli, and advances the
neurons. Then the spikes of all threads are put in order, and the next chunk begins. Nothing in a
result depends on the number of threads or on where a run was interrupted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.network._failures import broken_off, no_state, not_finite
from sc_neurocore.network._groups import Group, Sources
from sc_neurocore.network._noise import Noise
from sc_neurocore.network._plastic import PlasticProjection
from sc_neurocore.network._population import Population, SpikeSourceArray
from sc_neurocore.network._projection import Projection
from sc_neurocore.network._ring import Ring
from sc_neurocore.network._stimuli import PoissonInput, Stimulus
from sc_neurocore.network._storage import require_room
from sc_neurocore.network._workers import Workers

Array = NDArray[np.float64]
Keys = NDArray[np.int64]

#: Most ticks of a chunk; networks without projections could take any number.
_MOST_TICKS = 64
#: Threads own whole cache lines of neurons.
_LINE = 64
#: Neurons below which a second thread costs more than it saves.
_FEW = 1024


@dataclass(frozen=True, eq=False)
class Drive:
    """A stimulus, whom it drives, and the seed of its draws."""

    stimulus: Stimulus
    population: Population
    port: str
    seed: int


class _Live:
    """A group while it runs."""

    def __init__(
        self, group: Group, sources: Sources, rings: dict[str, Ring], record: Sequence[str]
    ) -> None:
        from sc_neurocore.dynamics._kernel_run import loaded, rows_of
        from sc_neurocore.dynamics._sheet import Layout

        model = group.model
        self.group, self.rings, self.recorded = group, rings, tuple(record)
        self.source = sources.of_group(group)
        own = tuple(q.name for q in model.parameters if q.name in group.own)
        spreads = tuple("both" if q.name in rings else "neuron" for q in model.inputs)
        layout = Layout("float64", own, spreads, model.refractory_ticks > 0)  # type: ignore[arg-type]
        self.kernel, self.constants, self.own = loaded(model, layout, group.own)
        self.rows = rows_of(model, record)
        self.values = np.ascontiguousarray(group.values)
        self.counter = np.zeros(group.n, np.int64)
        self.last = np.zeros(group.n, np.uint8)
        self.drives: list[Drive] = []
        self.noise: list[list[tuple[Ring, Noise]]] = []
        self.seed = np.uint64(group.seed)

    def inputs(self, slot: int, ticks: int) -> list[Array]:
        """What the kernel reads in a chunk."""
        return [
            self.rings[q.name].values[slot : slot + ticks]
            if q.name in self.rings
            else self.group.base[q.name]
            for q in self.group.model.inputs
        ]


class Engine:
    """A network that runs.

    Attributes:
        tick: ticks computed so far.
        lookahead: ticks of a chunk.
        slots: slots of every ring.
        sources: numbers of all that spikes.
    """

    def __init__(
        self,
        groups: Sequence[Group],
        given: Sequence[SpikeSourceArray],
        projections: Sequence[Projection],
        drives: Sequence[Drive],
        record: Callable[[Group], Sequence[str]],
        dt: float,
        threads: int,
    ) -> None:
        """At the initial state.

        Args:
            groups: all neurons.
            given: spikes from outside.
            projections: connected.
            drives: stimuli.
            record: the states of a group that are to be kept in every tick.
            dt: tick in ms.
            threads: most threads to use.
        """
        self.tick, self.dt = 0, dt
        self.sources = Sources.of(groups, given)
        self._given = [(s, self.sources.first[id(s)]) for s in given]
        static = [p for p in projections if p.plasticity is None and len(p.synapses)]
        plastic = self.sources.ordered([p for p in projections if p.plasticity is not None])
        delays = [p.synapses for p in static]
        longest = max((s.longest for s in delays), default=1)
        shortest = min((s.shortest for s in delays), default=_MOST_TICKS)
        self.lookahead = 1 if plastic else min(shortest, _MOST_TICKS)
        # The slots of a chunk are empty again before its spikes are delivered, so a delay of all
        # slots leads to the chunk's own first one, a full turn later.
        self.slots = self.lookahead * -(-max(longest, self.lookahead) // self.lookahead)
        total = sum(g.n for g in groups)
        self.threads = max(1, min(threads, total // _FEW))
        self.groups: list[_Live] = []
        self.parts: list[list[tuple[int, int]]] = []
        for group in groups:
            inside = {id(p) for p in group.populations}
            driven = [d for d in drives if id(d.population) in inside]
            incoming = [p for p in static if id(p.target) in inside]
            active = {p.port for p in projections if id(p.target) in inside}
            active |= {d.port for d in driven}
            parts = _cut(group.n, self.threads)
            require_room(
                f"the input of {self.slots} ticks (the longest delay) to {group.n} neurons",
                8.0 * self.slots * group.n * len(active), "shorten delays or take a larger dt",
            )  # fmt: skip
            rings = {
                port: Ring(
                    group, port, [p for p in incoming if p.port == port], self.sources, self.slots,
                    parts,
                )
                for port in sorted(active)
            }  # fmt: skip
            live = _Live(group, self.sources, rings, record(group))
            poisson = {
                port: [
                    (d.stimulus, d.seed, group.part(d.population))
                    for d in driven
                    if isinstance(d.stimulus, PoissonInput) and d.port == port
                ]
                for port in rings
            }
            live.noise = [
                [(rings[port], Noise(inputs, n0, n1, dt)) for port, inputs in poisson.items()]
                for n0, n1 in parts
            ]
            live.drives = [d for d in driven if not isinstance(d.stimulus, PoissonInput)]
            self.groups.append(live)
            self.parts.append(parts)
        self.plastic = [self._start(p) for p in plastic]
        self._keys = np.empty(0, np.int64)
        self._whole = True
        self._room: dict[tuple[int, int], NDArray[np.int64]] = {}

    def live(self, population: Population) -> tuple[_Live, slice]:
        """The group of a population, and where in it the population stands."""
        for live in self.groups:
            if any(p is population for p in live.group.populations):
                return live, live.group.part(population)
        raise SCConfigError(f"population '{population.label}' is not in this network")

    def state(self, population: Population, name: str) -> Array:
        """Live ``(n,)`` values of a state."""
        live, part = self.live(population)
        known = live.group.model.state_names
        if name not in known:
            raise no_state(population, name)
        return live.values[live.group.model.state_names.index(name), part]

    def run(
        self,
        ticks: int,
        keep: Callable[[int, Keys, list[Array]], None],
        progress: Callable[[int], object],
    ) -> None:
        """Advance by ``ticks``.

        Args:
            ticks: how many.
            keep: called after every chunk with its first tick, its spikes in order (tick within
                the chunk·2^32 + source), and per group the recorded states ``(ticks, R, n)``.
            progress: called with the ticks done, when everything stands at one tick.

        Raises:
            SCConfigError: a state became non-finite, or the run before stopped within a chunk.
        """
        if not self._whole:
            raise broken_off(self.tick)
        end = self.tick + ticks
        begin = self.tick
        with Workers(self.threads) as workers:
            while self.tick < end:
                size = min(end - self.tick, self.lookahead - self.tick % self.lookahead)
                kept = [np.empty((size, len(g.rows), g.group.n)) for g in self.groups]
                at, self._whole = self.tick, False
                for plastic, projection, live in self.plastic:
                    ring = live.rings[projection.port]
                    columns = live.group.part(projection.target)
                    plastic.arrive(at, ring.values[at % self.slots, columns])
                self._chunk(workers, size, kept)
                for plastic, projection, _ in self.plastic if len(self._keys) else ():
                    plastic.spike(at, self._of(projection.source), self._of(projection.target))
                self.tick += size
                keep(at, self._keys, kept)
                self._whole = True
                progress(self.tick - begin)

    def _chunk(self, workers: Workers, size: int, kept: list[Array]) -> None:
        tick, before, keys = self.tick, self._before, self._keys
        slot = tick % self.slots
        found: list[list[Keys]] = [[] for _ in range(workers.count)]
        failures: list[tuple[int, int, int, int]] = []

        def work(thread: int) -> None:
            for index, live in enumerate(self.groups):
                n0, n1 = self.parts[index][thread]
                if n0 == n1:
                    continue
                for ring in live.rings.values():
                    if len(keys):
                        ring.deliver(thread, keys, before % self.slots)
                for ring, noise in live.noise[thread]:
                    noise.add(ring.values[slot : slot + size], tick)
                for drive in live.drives:
                    self._stimulate(live, drive, slot, size, n0, n1)
                room = self._room.get((thread, index))
                if room is None:
                    room = np.empty(1024, np.int64)
                room, count, failed, who, state = live.kernel(
                    live.constants, live.own, *live.inputs(slot, size), live.values, live.counter,
                    live.last, kept[index], live.rows, n0, n1, size, np.uint64(tick),
                    live.group.model.refractory_ticks, live.seed, room,
                )  # fmt: skip
                self._room[thread, index] = room
                if failed >= 0:
                    failures.append((failed, index, who, state))
                if count:
                    who = room[:count] & 0xFFFFFFFF
                    found[thread].append(room[:count] - who + live.source[who])
                for ring in live.rings.values():
                    ring.clear(slot, size, n0, n1)

        workers.run(work)
        if failures:
            failed, index, who, state = min(failures)
            raise not_finite(self.groups[index].group, who, state, tick + failed, self.dt)
        pieces = [k for several in found for k in several]
        for source, first in self._given:
            a, b = np.searchsorted(source.tick, (tick, tick + size))
            if b > a:
                pieces.append(((source.tick[a:b] - tick) << 32) + source.neuron[a:b] + first)
        merged = np.concatenate(pieces) if pieces else np.empty(0, np.int64)
        merged.sort()
        self._keys, self._before = merged, tick

    _before = 0

    def _stimulate(self, live: _Live, drive: Drive, slot: int, size: int, n0: int, n1: int) -> None:
        """Add a current to the neurons ``n0`` to ``n1 − 1`` of a group."""
        part = live.group.part(drive.population)
        low, high = max(n0, part.start), min(n1, part.stop)
        if low >= high:
            return
        rows = live.rings[drive.port].values[slot : slot + size]
        assert not isinstance(drive.stimulus, PoissonInput), "Noise adds those"
        values = drive.stimulus.rows(self.tick, size, self.dt)
        own = values if values.shape[1] == 1 else values[:, low - part.start : high - part.start]
        rows[:, low:high] += own

    def _start(self, projection: Projection) -> tuple[PlasticProjection, Projection, _Live]:
        """A plastic projection, and the group that it leads to."""
        assert projection.plasticity is not None
        plastic = PlasticProjection(
            projection, projection.plasticity, self.state, self.dt, projection.draws
        )
        return plastic, projection, self.live(projection.target)[0]

    def _of(self, population: Population | SpikeSourceArray) -> Keys:
        """Neurons of a population that spiked in the last chunk, which was one tick."""
        who, first = self._keys & 0xFFFFFFFF, self.sources.first[id(population)]
        return who[who.searchsorted(first) : who.searchsorted(first + population.n)] - first


def _cut(n: int, threads: int) -> list[tuple[int, int]]:
    """Ranges of neurons, one per thread."""
    lines = -(-n // _LINE)
    edges = [min(n, _LINE * (lines * i // threads)) for i in range(threads + 1)]
    return [(edges[i], edges[i + 1]) for i in range(threads)]


@contextmanager
def progress_bar(ticks: int, dt: float) -> Iterator[Callable[[int], object]]:
    """A bar on the terminal within the block, and what tells it the ticks done."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    bar = Progress(
        TextColumn("{task.fields[done]:.0f} of {task.fields[all]:.0f} ms"), BarColumn(),
        TimeRemainingColumn(), transient=True,
    )  # fmt: skip
    task = bar.add_task("", total=ticks, done=0.0, all=ticks * dt)
    with bar:
        yield lambda done: bar.update(task, completed=done, done=done * dt)
