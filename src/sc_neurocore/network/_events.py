"""The event-driven engine: work where something happens, none in silence.

The description and the order of a tick are those of the clock-driven engine, and so are the spikes,
up to rounding: the two add up the same flow in another order, so a potential within about 1e-12 of
its threshold may pass in one and not in the other. It takes models whose flow between events is
exact and linear. A Poisson input is the exception to "none in silence": it is drawn per neuron and
tick, as in the clock-driven engine, because the draws are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.dynamics import linear_system
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.network._engine import Drive
from sc_neurocore.network._failures import broken_off, no_state, not_finite
from sc_neurocore.network._flow import NotLinearError, flow_of, powers
from sc_neurocore.network._groups import Group, Sources
from sc_neurocore.network._noise import Noise
from sc_neurocore.network._population import Population, SpikeSourceArray
from sc_neurocore.network._projection import Projection
from sc_neurocore.network._ring import row_of
from sc_neurocore.network._stimuli import PoissonInput, StepCurrent, TimedArray
from sc_neurocore.network._storage import require_room

Array = NDArray[np.float64]
Keys = NDArray[np.int64]

#: Ticks whose Poisson events are drawn at a time.
_DRAWN = 256
#: Most ticks of one uninterrupted kernel call; bounds the wait after Ctrl-C.
_CALL = 1 << 14
#: A tick after the last.
_NEVER = 2**62


@dataclass(frozen=True)
class Counts:
    """What a run has done so far.

    Attributes:
        ticks: ticks in which anything happened.
        updates: neurons updated, each time.
        steps: matrix products and bounds of the flow.
        deliveries: synapses that passed a spike on.
    """

    ticks: int
    updates: int
    steps: int
    deliveries: int


class EventEngine:
    """A network that runs by events.

    Attributes:
        tick: ticks that have passed.
        dt: tick in ms.
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
    ) -> None:
        """At the initial state; arguments as of the clock-driven engine.

        Raises:
            SCConfigError: a model without an exact flow, plasticity, or a monitor of states.
        """
        from sc_neurocore.network import _event_kernel as kernel

        for projection in projections:
            if projection.plasticity is not None:
                raise SCConfigError(
                    f"projection {projection.name} is plastic, which the event-driven engine does "
                    "not carry out; use engine='clock'"
                )
        for group in groups:
            if record(group):
                raise SCConfigError(
                    f"states of population '{group.populations[0].label}' are monitored, but the "
                    "event-driven engine has none between events; use engine='clock'"
                )
        self.tick, self.dt, self._kernel = 0, dt, kernel
        self._groups = groups
        self.sources = Sources.of(groups, given)
        members = [p for g in groups for p in g.populations]
        places = np.cumsum([0, *(p.n for p in members)])
        self._place = {id(p): int(x) for p, x in zip(members, places, strict=False)}
        self._group_of = {id(p): g for g in groups for p in g.populations}
        spikes = [np.stack([s.tick, s.neuron + self.sources.first[id(s)]]) for s in given]
        listed = np.concatenate([np.empty((2, 0), np.int64), *spikes], axis=1)
        self._given = listed[:, np.lexsort(listed[::-1])]
        held = [d for d in drives if _is_held(d)]
        self._held = [(d, *_course(d.stimulus, dt)) for d in held]
        self._pulsed = [(d, _noise(d, dt)) for d in drives if not _is_held(d)]
        self._synapses = [p.synapses for p in projections]  # the table holds addresses only
        self._tables = self._tabulated(projections, held)
        self._cells = self._initial(projections, len(held))
        self._room = np.empty(1024, np.int64)
        self._whole = True
        kernel.start(self._tables, self._cells)

    @property
    def counts(self) -> Counts:
        """What was done so far."""
        return Counts(*(int(x) for x in self._cells.counts))

    @property
    def nbytes(self) -> int:
        """Bytes of what may arrive and of the lists of neurons to touch."""
        c = self._cells
        return int(c.ring.nbytes + c.touched.nbytes + c.marked.nbytes + c.listed.nbytes)

    def state(self, population: Population, name: str) -> Array:
        """``(n,)`` values of a state now.

        Raises:
            SCConfigError: not in this network, or no such state.
        """
        if id(population) not in self._group_of:
            raise SCConfigError(f"population '{population.label}' is not in this network")
        known = self._group_of[id(population)].model.state_names
        if name not in known:
            raise no_state(population, name)
        begin = self._place[id(population)]
        out = np.empty((population.n, self._cells.x.shape[1]))
        self._kernel.states_at(
            self.tick, begin, begin + population.n, self._tables, self._cells, out
        )
        values: Array = out[:, known.index(name)]
        return values

    def run(
        self,
        ticks: int,
        keep: Callable[[int, Keys, list[Array]], None],
        progress: Callable[[int], object],
    ) -> None:
        """Advance by ``ticks``; arguments and errors as of the clock-driven engine."""
        if not self._whole:
            raise broken_off(self.tick)
        begin, end = self.tick, self.tick + ticks
        most = _DRAWN if self._pulsed else max(_DRAWN, min(_CALL, -(-ticks // 100)))
        while self.tick < end:
            at, size = self.tick, min(most, end - self.tick)
            when, what, who, value = self._outside(at, size)
            a, b = np.searchsorted(self._given[0], (at, at + size))
            self._whole = False
            self._room, count, failed, who, state = self._kernel.run(
                at, at + size, when, what, who, value, np.ascontiguousarray(self._given[0, a:b]),
                np.ascontiguousarray(self._given[1, a:b]), self._tables, self._cells, self._room,
            )  # fmt: skip
            self.tick = at + size if failed < 0 else failed
            keep(at, self._room[:count].copy(), [])
            if failed >= 0:
                raise self._failure(failed, who, state)
            self._whole = True
            progress(self.tick - begin)

    def _failure(self, tick: int, neuron: int, state: int) -> SCConfigError:
        for group in self._groups:
            if neuron < group.n:
                break
            neuron -= group.n
        return not_finite(group, neuron, state, tick, self.dt)

    def _outside(self, tick: int, size: int) -> tuple[Keys, Keys, Keys, Array]:
        """What stimuli do from ``tick`` on: tick, what, neuron and value, ordered by tick."""
        found: list[tuple[Any, ...]] = []
        for number, (drive, when, rows) in enumerate(self._held):
            a, b = np.searchsorted(when, (tick, tick + size))
            before = np.zeros_like(rows[:1]) if a == 0 else rows[a - 1 : a]
            changed = np.diff(np.concatenate([before, rows[a:b]]), axis=0) != 0
            n = drive.population.n
            row, who = np.nonzero(np.broadcast_to(changed, (b - a, n)))
            values = np.broadcast_to(rows[a:b], (b - a, n))[row, who]
            found.append((when[a:b][row], number, who + self._place[id(drive.population)], values))
        for drive, noise in self._pulsed:
            block = self._pulses(drive, noise, tick, size)
            row, who = np.nonzero(block)
            port = self._port(drive.population, drive.port)
            found.append(
                (row + tick, -1 - port, who + self._place[id(drive.population)], block[row, who])
            )
        if not found:
            none = np.empty(0, np.int64)
            return none, none, none, np.empty(0)
        when = np.concatenate([x[0] for x in found]).astype(np.int64)
        what = np.concatenate([np.full(len(x[0]), x[1]) for x in found]).astype(np.int64)
        who = np.concatenate([x[2] for x in found]).astype(np.int64)
        value = np.concatenate([x[3] for x in found]).astype(np.float64)
        order = np.argsort(when, kind="stable")
        return when[order], what[order], who[order], value[order]

    def _pulses(self, drive: Drive, noise: Noise | None, tick: int, size: int) -> Array:
        n, stimulus = drive.population.n, drive.stimulus
        if noise is None:
            assert not isinstance(stimulus, PoissonInput), "those have noise"
            return np.broadcast_to(stimulus.rows(tick, size, self.dt), (size, n))
        block = np.zeros((size, n))
        noise.add(block, tick)
        return block

    def _port(self, population: Population, name: str) -> int:
        return population.model.input_names.index(name)

    def _tabulated(
        self,
        projections: Sequence[Projection],
        held: Sequence[Drive],
    ) -> Any:
        from sc_neurocore.network._event_flow_kernel import Tables

        labels = [g.populations[0].model.name for g in self._groups]
        for group, label in zip(self._groups, labels, strict=True):
            if group.model.method != "exact" and linear_system(group.model) is not None:
                raise NotLinearError(
                    f"model '{label}' has method '{group.model.method}', but only 'exact' can "
                    "skip silence; use that, or engine='clock', which runs any model"
                )
        try:
            flows = [flow_of(g) for g in self._groups]
            steps = [powers(f, self.dt, x) for f, x in zip(flows, labels, strict=True)]
        except NotLinearError as error:
            raise NotLinearError(f"{error}; use engine='clock', which runs any model") from None
        ordered = self.sources.ordered(projections)
        rows = np.empty((len(ordered), 8), np.int64)
        for q, p in enumerate(ordered):
            ends = p.synapses.starts[:-1], p.synapses.starts[1:]
            rows[q] = row_of(p.synapses, *ends, self._place[id(p.target)])
            rows[q, 4] |= self._port(p.target, p.port) << 8
        shared = [
            p.synapses.weights if isinstance(p.synapses.weights, float) else 0.0 for p in ordered
        ]
        return Tables(
            np.repeat(np.arange(len(flows)), [g.n for g in self._groups]),
            _padded([x.move for x in steps]), _padded([x.push for x in steps]),
            _padded([x.settle for x in steps]), _padded([x.remain for x in steps]),
            _padded([x.high for x in steps]), _padded([x.low for x in steps]),
            np.array([x.top for x in steps]), np.array([x.settled for x in steps]),
            _padded([f.normal for f in flows]), _padded([f.keep for f in flows]),
            _padded([f.held for f in flows]).astype(np.bool_),
            np.array([f.strict for f in flows]), np.array([f.refractory for f in flows]),
            np.concatenate([f.level for f in flows]), _joined([f.constant for f in flows]),
            _joined([f.gain for f in flows]), _joined([f.jump for f in flows]),
            _joined([f.put for f in flows]),
            np.array([self._port(d.population, d.port) for d in held], np.int64),
            np.concatenate([self.sources.of_group(g) for g in self._groups]), self.sources.owner,
            np.ascontiguousarray(self.sources.starts[:-1]), self.sources.rows(ordered), rows,
            np.array(shared, np.float64),
        )  # fmt: skip

    def _initial(self, projections: Sequence[Projection], held: int) -> Any:
        from sc_neurocore.network._event_flow_kernel import LARGE_FLOW, Cells

        tables = self._tables
        flows = (tables.move, tables.push, tables.settle, tables.remain)
        large = not all(np.abs(flow).max(initial=0.0) <= LARGE_FLOW for flow in flows)
        x = _joined([np.ascontiguousarray(g.values.T) for g in self._groups])
        n, ports = len(x), tables.gain.shape[1]
        slots = 1 + max((p.synapses.longest for p in projections), default=1)
        require_room(
            f"the input of {slots} ticks (the longest delay) to {n} neurons",
            (8.0 * ports + 9) * slots * n, "shorten delays or take a larger dt",
        )  # fmt: skip
        return Cells(
            x, np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64),
            np.zeros((held, n)), np.zeros((n, 2, x.shape[1])), np.zeros((slots, ports, n)),
            np.zeros((slots, n), np.int64), np.zeros((slots, n), np.uint8),
            np.zeros(slots, np.int64), np.zeros(slots, np.int64), np.zeros(4, np.int64),
            np.array([large]), np.zeros((3, x.shape[1])),
        )  # fmt: skip


def _is_held(drive: Drive) -> bool:
    """Whether a stimulus is a current that stays until it changes."""
    kinds = {q.name: q.kind for q in drive.population.model.inputs}
    return kinds[drive.port] == "current" and not isinstance(drive.stimulus, PoissonInput)


def _noise(drive: Drive, dt: float) -> Noise | None:
    """The events of a Poisson input."""
    n, stimulus = drive.population.n, drive.stimulus
    if not isinstance(stimulus, PoissonInput):
        return None
    return Noise([(stimulus, drive.seed, slice(0, n))], 0, n, dt)


def _course(stimulus: Any, dt: float) -> tuple[Keys, Array]:
    """Ticks from which a current may have another value, and the values ``(K, 1 or n)``."""
    if isinstance(stimulus, StepCurrent):
        when = np.array([min(x, _NEVER) for x in (stimulus.onset, stimulus.offset)])
        level = np.atleast_1d(stimulus.amplitude)[None]
        return when, np.concatenate([level, np.zeros_like(level)])
    assert isinstance(stimulus, TimedArray), "Poisson inputs are pulses"
    rows = stimulus.values.reshape(len(stimulus.values), -1)
    return np.arange(len(rows)) * stimulus.every(dt), rows


def _padded(arrays: Sequence[NDArray[Any]]) -> Array:
    """Arrays stacked, with zeros to a common shape."""
    shape = np.max([x.shape for x in arrays], axis=0)
    out = np.zeros((len(arrays), *shape))
    for k, x in enumerate(arrays):
        out[k][tuple(slice(m) for m in x.shape)] = x
    return out


def _joined(arrays: Sequence[Array]) -> Array:
    """Arrays one after the other, with zeros to a common shape beyond the first axis."""
    shape = np.max([x.shape[1:] for x in arrays], axis=0)
    out = np.zeros((sum(len(x) for x in arrays), *shape))
    at = 0
    for x in arrays:
        inside = tuple(slice(m) for m in x.shape[1:])
        out[at : at + len(x)][(slice(None), *inside)] = x
        at += len(x)
    return out
