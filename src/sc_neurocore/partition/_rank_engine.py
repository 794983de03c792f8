"""What one rank computes between two exchanges, and the exchange."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.ir import Assumptions, Neurons
from sc_neurocore.nir_bridge._neurons import Population
from sc_neurocore.partition._mpi import Ranks, share
from sc_neurocore.partition._rank_synapses import SparseNetwork

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

# Ticks between two exchanges in a network where no population reads another.
_FREE_RUN = 64
# Spikes for which a rank has room in its first exchange.
_ROOM = 1024


@dataclass(frozen=True, eq=False)
class _Local:
    """Synapses into this rank's neurons, compressed: of source s, those from starts[s] on."""

    source: str
    delay: int
    starts: NDArray[np.int64]
    targets: NDArray[np.int32]
    weights: Array

    @property
    def nbytes(self) -> int:
        return self.starts.nbytes + self.targets.nbytes + self.weights.nbytes


class RankEngine:
    """A slice of every population, and all spikes that can still be noticed.

    Attributes:
        lookahead: ticks between two exchanges.
        outputs: this rank's slice of each Output, by tick.
        synapses: into the neurons of this rank.
        synapse_bytes: what they occupy.
        exchanges: collective calls so far, without `overflows`.
        overflows: further calls for spikes that there was no room for.
        waited: seconds spent in them.
    """

    def __init__(
        self,
        assumptions: Assumptions,
        network: SparseNetwork,
        series: Mapping[str, Array],
        ranks: Ranks,
    ) -> None:
        """At rest.

        Args:
            assumptions: how equations become ticks.
            network: all of it.
            series: of each Input, (ticks, size), or one row for a constant.
            ranks: this one and the others.
        """
        from sc_neurocore.partition import _ranks_kernel

        self._kernel = _ranks_kernel
        self._ranks, self._series, self._states = ranks, series, network.states
        sizes = {name: op.count for name, op in network.populations.items()}
        sizes |= {name: int(np.prod(shape)) for name, shape in network.outputs.items()}
        self._slices = {name: share(n, ranks.rank, ranks.size) for name, n in sizes.items()}
        self._bias = {name: network.bias[name][part] for name, part in self._slices.items()}
        self._into = {
            name: [_local(group.source, group.delay, group.weights[part])
                   for group in network.synapses[name]]
            for name, part in self._slices.items()
        }  # fmt: skip
        groups = [group for several in self._into.values() for group in several]
        self.synapses = sum(len(group.targets) for group in groups)
        self.synapse_bytes = sum(group.nbytes for group in groups)
        self._cells = {
            name: Population(_sliced(op, self._slices[name]), assumptions, 1)
            for name, op in network.populations.items()
        }
        self._names = list(network.spiking)
        self._first = np.cumsum([0, *(sizes[name] for name in self._names)])
        # Nobody but outputs notices those that never spike: they come after the exchange.
        self._readers = [name for name in network.populations if name not in network.spiking]
        between = list(network.between())
        self.lookahead = min((delay for _, _, delay in between), default=_FREE_RUN) or 1
        self._stages = _stages(self._names, between)
        local = {name: part.stop - part.start for name, part in self._slices.items()}
        most = [self.lookahead * sum(local[name] for name in stage) for stage in self._stages]
        self._most = list(np.array(ranks.allgather(most)).T)
        self._room = [np.minimum(most, _ROOM) for most in self._most]
        depth = self.lookahead + max((group.delay for group in groups), default=0)
        depth = max(ranks.allgather(depth))
        silent = np.zeros(0, dtype=np.int64)
        self._ring = [dict.fromkeys(self._names, silent) for _ in range(depth)]
        self.outputs: dict[str, list[Array]] = {name: [] for name in network.outputs}
        self.exchanges = self.overflows = 0
        self.waited = 0.0

    def interval(self, first: int, end: int) -> Indices:
        """Compute the ticks from ``first`` to before ``end``, at most `lookahead` of them.

        Returns:
            Every rank's spikes, (spikes, 2): tick and neuron, counted through all populations.
        """
        keys = []
        for stage, names in enumerate(self._stages):
            emitted = [self._advance(names, t) for t in range(first, end)]
            keys.append(self._exchange(stage, emitted, first))
        for t in range(first, end):
            states = {name: self._cells[name].advance(self._current(name, t)[None])[0]
                      for name in self._readers}  # fmt: skip
            for name, values in self.outputs.items():
                source = self._states.get(name)
                values.append(self._current(name, t) if source is None else states[source])
        spiked = np.sort(np.concatenate([np.zeros(0, dtype=np.int64), *keys]))
        ticks, neurons = np.divmod(spiked, max(self._first[-1], 1))
        return np.stack([ticks + first, neurons], axis=1)

    def count(self, neurons: Indices) -> Indices:
        """Spikes of each population among neurons counted through all of them."""
        return np.bincount(self._owner(neurons), minlength=len(self._names))

    def by_population(self, spiked: Indices) -> dict[str, Indices]:
        """Spikes as `interval` gives them, split by population."""
        owner = self._owner(spiked[:, 1])
        return {
            name: spiked[owner == k] - [0, self._first[k]] for k, name in enumerate(self._names)
        }

    def _owner(self, neurons: Indices) -> Indices:
        owner: Indices = np.searchsorted(self._first, neurons, side="right") - 1
        return owner

    def _advance(self, names: Sequence[str], tick: int) -> NDArray[np.int32]:
        """Compute a tick of some populations; returns who spiked, counted through all of them."""
        spiked = []
        for name in names:
            sent = self._cells[name].advance(self._current(name, tick)[None])[0]
            offset = self._first[self._names.index(name)] + self._slices[name].start
            spiked.append((np.flatnonzero(sent) + offset).astype(np.int32))
        return np.concatenate(spiked)

    def _current(self, name: str, tick: int) -> Array:
        """What arrives in a tick, always added in the same order."""
        current = self._bias[name].copy()
        for group in self._into[name]:
            arrays = (current, group.starts, group.targets, group.weights)
            if group.source in self._series:
                if tick >= group.delay:
                    series = self._series[group.source]
                    values = series[0 if len(series) == 1 else tick - group.delay]
                    sources = np.flatnonzero(values)
                    self._kernel.deliver_values(*arrays, sources, values[sources])
            else:
                slot = self._ring[(tick - group.delay) % len(self._ring)]
                self._kernel.deliver(*arrays, slot[group.source])
        return current

    def _exchange(self, stage: int, emitted: list[NDArray[np.int32]], first: int) -> Indices:
        """Tell all ranks this one's spikes and put everybody's into the ring.

        A message is the number of spikes in each tick, then their neurons, in a space whose size
        every rank knows; what finds no room there follows in a second call, which every rank can
        see coming, and next time there is more room.

        Returns:
            Every rank's spikes, each as tick within the interval times neurons plus neuron.
        """
        start = time.perf_counter()
        head, room = self.lookahead, self._room[stage]
        mine = np.concatenate(emitted)
        own = room[self._ranks.rank]
        message = np.zeros(head + own, dtype=np.int32)
        message[: len(emitted)] = [len(ids) for ids in emitted]
        kept = min(len(mine), own)
        message[head : head + kept] = mine[:kept]
        blocks = self._gathered(message, head + room)
        self.exchanges += 1
        counts = np.stack([block[:head] for block in blocks])
        totals = counts.sum(axis=1)
        excess = np.maximum(totals - room, 0)
        pieces = [block[head : head + n] for block, n in zip(blocks, totals, strict=True)]
        if excess.any():
            rest = self._gathered(mine[kept:], excess)
            pieces = [np.concatenate(pair) for pair in zip(pieces, rest, strict=True)]
            self._room[stage] = np.where(
                excess > 0, np.minimum(self._most[stage], 2 * totals), room
            )
            self.overflows += 1
        ticks = np.tile(np.arange(head), len(blocks)).repeat(counts.reshape(-1))
        keys: Indices = ticks * self._first[-1] + np.concatenate(pieces)
        keys.sort()
        self.waited += time.perf_counter() - start
        self._store(keys, self._stages[stage], first, len(emitted))
        return keys

    def _gathered(self, message: NDArray[np.int32], sizes: Indices) -> list[NDArray[np.int32]]:
        ends = np.cumsum(sizes)
        space = np.empty(int(ends[-1]), dtype=np.int32)
        self._ranks.Allgatherv(message, (space, (sizes, ends - sizes)))
        return np.split(space, ends[:-1])

    def _store(self, keys: Indices, names: Sequence[str], first: int, ticks: int) -> None:
        at = np.array([self._names.index(name) for name in names])
        base = np.arange(ticks)[:, None] * self._first[-1]
        starts = np.searchsorted(keys, base + self._first[at])
        ends = np.searchsorted(keys, base + self._first[at + 1])
        for k in range(ticks):
            slot = self._ring[(first + k) % len(self._ring)]
            for column, name in enumerate(names):
                found = keys[starts[k, column] : ends[k, column]]
                slot[name] = found - (base[k, 0] + self._first[at[column]])


def _sliced(op: Neurons, part: slice) -> Neurons:
    parameters = {name: op.parameter(name)[part] for name in op.parameters}
    return Neurons(op.kind, parameters, (part.stop - part.start,))


def _local(source: str, delay: int, weights: Any) -> _Local:
    columns = weights.tocsc()
    columns.sort_indices()
    return _Local(
        source,
        delay,
        columns.indptr.astype(np.int64),
        columns.indices.astype(np.int32),
        columns.data.astype(np.float64),
    )


def _stages(names: list[str], between: list[tuple[str, str, int]]) -> list[list[str]]:
    """Populations that can be computed between two exchanges, one group after the other."""
    needs: dict[str, set[str]] = {name: set() for name in names}
    for source, target, delay in between:
        if delay == 0:
            needs[target].add(source)
    level: dict[str, int] = {}
    for name in TopologicalSorter(needs).static_order():
        level[name] = 1 + max((level[source] for source in needs[name]), default=-1)
    groups: list[list[str]] = [[] for _ in range(max(level.values(), default=-1) + 1)]
    for name in names:
        groups[level[name]].append(name)
    return groups
