"""What is kept of a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.dynamics import suggest
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.network._population import Population, SpikeSourceArray
from sc_neurocore.network._projection import Projection
from sc_neurocore.network._storage import Storage, check_file, open_storage, require_room
from sc_neurocore.network._units import in_unit, is_whole, whole_number

Indices = NDArray[np.int64]
Array = NDArray[np.float64]

_ON_DISK = "give it file='NAME.zarr' or 'NAME.h5' to stream to disk, or record less"


class SpikeMonitor:
    """All spikes of a population.

    Attributes:
        population: whose.
        label: a name.
        dt: length of a tick in s, known from the first run on.
        steps: ticks of the runs so far, known from the first run on.
    """

    def __init__(
        self,
        population: Population | SpikeSourceArray,
        label: str = "",
        *,
        file: str | Path | None = None,
    ) -> None:
        """Watch a population.

        Args:
            population: whose spikes.
            label: a name.
            file: a new ``.zarr`` folder or ``.h5`` file to stream to, with ``tick`` and
                ``neuron``; by default spikes are kept in memory.
        """
        _watchable(population, Population | SpikeSourceArray, "spikes")
        self.population, self.label = population, label
        self.storage = open_storage(file, {"tick": ((), "int64"), "neuron": ((), "int64")})
        self.dt: float | None = None
        self.steps: int | None = None
        self._count = 0

    def end(self, dt: float, tick: int) -> None:
        """Note that a run with ticks of ``dt`` ms has come to ``tick``; files are complete."""
        self.dt, self.steps = dt / 1e3, tick
        self.storage.flush()

    def take(self, tick: Indices, neuron: Indices) -> None:
        """Keep spikes, ordered by tick, then neuron."""
        self.storage.append("tick", tick)
        self.storage.append("neuron", neuron)
        self._count += len(tick)

    def raster_data(self) -> tuple[Indices, Indices]:
        """Tick and neuron of every spike, ordered by tick, then neuron."""
        return self.storage.read("tick"), self.storage.read("neuron")

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
        return self._count

    def firing_rates(self, n_steps: int, dt: Any) -> Array:
        """``(n,)`` mean rate in Hz over ``n_steps`` ticks of ``dt`` seconds."""
        whole_number("n_steps", n_steps, 1)
        counts = np.bincount(self.raster_data()[1], minlength=self.population.n)
        return np.asarray(counts / (n_steps * in_unit(dt, "s", "dt")), np.float64)

    def isi(self, neuron: int) -> Indices:
        """Ticks between one neuron's successive spikes."""
        return np.diff(self._train(neuron))

    def cross_correlation(self, i: int, j: int, max_lag: int) -> Indices:
        """``(2·max_lag + 1,)`` pairs of spikes by lag in ticks from ``−max_lag`` on.

        The lag is positive where ``j`` spikes after ``i``.
        """
        whole_number("max_lag", max_lag)
        first, second = self._train(i), self._train(j)
        start = np.searchsorted(second, first - max_lag)
        count = np.searchsorted(second, first + max_lag, side="right") - start
        before = np.repeat(np.cumsum(count) - count, count)
        partner = np.arange(count.sum()) - before + np.repeat(start, count)
        lags = second[partner] - np.repeat(first, count)
        return np.bincount(lags + max_lag, minlength=2 * max_lag + 1).astype(np.int64)

    def _train(self, neuron: int) -> Indices:
        if not 0 <= neuron < self.population.n:
            raise SCConfigError(
                f"neuron is {neuron}; the population has 0 to {self.population.n - 1}"
            )
        tick, who = self.raster_data()
        train: Indices = tick[who == neuron]
        return train


class RateMonitor:
    """Rate of a population in bins of time.

    Attributes:
        population: whose.
        bin_ms: width of a bin in ms.
    """

    def __init__(self, population: Population | SpikeSourceArray, bin_ms: Any = 1.0) -> None:
        """Watch a population.

        Raises:
            SCConfigError: a bin is not longer than 0.
        """
        _watchable(population, Population | SpikeSourceArray, "rate")
        self.population, self.bin_ms = population, in_unit(bin_ms, "ms", "bin_ms")
        if self.bin_ms <= 0:
            raise SCConfigError(f"bin_ms is {self.bin_ms:g}; it must be greater than 0")
        self._width, self._ticks = 1, 0
        self._counts = np.zeros(0, np.int64)

    def start(self, dt: float) -> None:
        """Count in whole ticks of ``dt`` ms.

        Raises:
            SCConfigError: a bin is not a whole number of ticks.
        """
        width = self.bin_ms / dt
        if width < 1 - 1e-9 or not is_whole(width):
            raise SCConfigError(
                f"bin_ms is {self.bin_ms:g}, {width:g} ticks of {dt:g} ms; give a whole number"
            )
        self._width = round(width)

    def take(self, tick: Indices, neuron: Indices) -> None:
        """Count spikes."""
        if len(tick):
            found = np.bincount(tick // self._width)
            longer = np.zeros(max(len(found), len(self._counts)), np.int64)
            longer[: len(self._counts)] = self._counts
            longer[: len(found)] += found
            self._counts = longer

    def end(self, ticks: int) -> None:
        """Note how far the run is."""
        self._ticks = ticks

    def rate(self) -> Array:
        """Mean rate of a neuron in Hz in every bin that is complete."""
        bins = self._ticks // self._width
        counts = np.zeros(bins)
        known = self._counts[:bins]
        counts[: len(known)] = known
        return counts / (self.population.n * self.bin_ms / 1000)

    def t(self) -> Indices:
        """First tick of every bin that is complete."""
        return np.arange(self._ticks // self._width, dtype=np.int64) * self._width


class StateMonitor:
    """States at the end of every tick, after the reset.

    Attributes:
        population: whose.
        variables: which states.
        record: which neurons.
        dt: length of a tick in s, known from the first run on.
    """

    def __init__(
        self,
        population: Population,
        variables: str | Sequence[str],
        record: ArrayLike | None = None,
        *,
        file: str | Path | None = None,
    ) -> None:
        """Watch a population.

        Args:
            population: whose states.
            variables: names of states.
            record: neurons, all if left out.
            file: a new ``.zarr`` folder or ``.h5`` file to stream to, one table per variable; by
                default traces are kept in memory.

        Raises:
            SCConfigError: no such state or neuron.
        """
        _watchable(population, Population, "states")
        self.population = population
        self.variables = (variables,) if isinstance(variables, str) else _texts(variables)
        if len(set(self.variables)) != len(self.variables) or not self.variables:
            raise SCConfigError(
                f"variables are {self.variables}; name one or more states, once each"
            )
        known = population.model.state_names
        for name in self.variables:
            if name not in known:
                hint = suggest(name, known)
                raise SCConfigError(f"model '{population.model.name}' has no state '{name}'{hint}")
        who = np.arange(population.n) if record is None else _numbers(record, "neurons")
        if not 0 <= who.min() <= who.max() < population.n:
            raise SCConfigError(
                f"record names neuron {who.max() if who.max() >= population.n else who.min()}; the "
                f"population has 0 to {population.n - 1}"
            )
        self.record = who.astype(np.int64)
        self._in_memory = file is None
        tables = {name: ((len(who),), "float64") for name in self.variables}
        self.storage: Storage = open_storage(file, tables)
        self.dt: float | None = None
        self._ticks = 0

    def end(self, dt: float) -> None:
        """Note that a run with ticks of ``dt`` ms is over; files are complete."""
        self.dt = dt / 1e3
        self.storage.flush()

    def start(self, ticks: int, taken: int) -> int:
        """Refuse a run that would not fit into memory beside ``taken`` bytes; return its own."""
        if not self._in_memory:
            return 0
        needed = ticks * len(self.variables) * len(self.record) * 8
        what = f"a monitor of {', '.join(self.variables)} of population '{self.population.label}'"
        require_room(what, needed, _ON_DISK, taken)
        return needed

    def take(self, name: str, rows: Array) -> None:
        """Keep ``(ticks, n)`` values of a state of the population."""
        self.storage.append(name, rows[:, self.record])
        if name == self.variables[0]:
            self._ticks += len(rows)

    def traces(self) -> dict[str, Array]:
        """``(ticks, neurons)`` values by name."""
        return {name: self.storage.read(name) for name in self.variables}

    def t(self) -> Indices:
        """Tick of every row."""
        return np.arange(self._ticks, dtype=np.int64)


class WeightMonitor:
    """Weights of a projection, every so many ticks.

    Attributes:
        projection: whose.
        every: ticks from one row to the next; the first row is that after ``every`` ticks.
        record: which synapses, in the order of `Projection.csr`; ``None`` for all.
    """

    def __init__(
        self,
        projection: Projection,
        every: int = 1,
        record: ArrayLike | None = None,
        *,
        file: str | Path | None = None,
    ) -> None:
        """Watch a projection; arguments as the attributes, and `StateMonitor`'s ``file``.

        Raises:
            SCConfigError: ``every`` is not a whole number from 1 on.
        """
        if not isinstance(projection, Projection):
            raise SCConfigError(f"{projection!r} has no weights to watch; give a Projection")
        self.projection, self.every = projection, whole_number("every", every, 1)
        self.record = None if record is None else _numbers(record, "synapses")
        check_file(file)
        self._file = file
        self._storage: Storage | None = None
        self._rows = 0

    def start(self, ticks: int, taken: int) -> int:
        """As `StateMonitor.start`; refuse also synapses that do not exist."""
        count = len(self.projection.synapses)
        if self.record is not None and self.record.size:
            worst = int(self.record.max()) if self.record.max() >= count else int(self.record.min())
            if not 0 <= worst < count:
                raise SCConfigError(
                    f"record names synapse {worst}; projection {self.projection.name} has 0 to "
                    f"{count - 1}"
                )
        width = count if self.record is None else len(self.record)
        needed = (ticks // self.every + 1) * width * 8 if self._file is None else 0
        what = f"a monitor of the weights of projection {self.projection.name}"
        require_room(what, needed, _ON_DISK, taken)
        if self._storage is None:
            self._storage = open_storage(self._file, {"weight": ((width,), "float64")})
        return needed

    def begin(self) -> None:
        """Make the file, if it is one."""
        if self._storage is not None:
            self._storage.begin()

    def end(self, ticks: int) -> None:
        """Keep the weights if rows are due; only those of single ticks change between them."""
        due = ticks // self.every - self._rows
        if due < 1 or self._storage is None:
            return
        data = self.projection.synapses.data
        row = np.array(data if self.record is None else data[self.record], np.float64)
        self._storage.append("weight", np.tile(row, (due, 1)))
        self._rows += due

    def flush(self) -> None:
        """Write what is gathered."""
        if self._storage is not None:
            self._storage.flush()

    def weights(self) -> Array:
        """``(rows, synapses)`` weights."""
        if self._storage is None:
            return np.empty((0, 0))
        return self._storage.read("weight")

    def t(self) -> Indices:
        """Ticks that had been computed when each row was taken."""
        return (np.arange(self._rows, dtype=np.int64) + 1) * self.every


def _watchable(watched: object, kind: Any, what: str) -> None:
    if not isinstance(watched, kind):
        raise SCConfigError(f"{watched!r} has no {what} to watch; give a population")


def _texts(variables: object) -> tuple[str, ...]:
    if not isinstance(variables, Sequence) or not all(isinstance(x, str) for x in variables):
        raise SCConfigError(f"variables is {variables!r}; name one or more states")
    return tuple(variables)


def _numbers(record: ArrayLike, what: str) -> Indices:
    try:
        listed = np.atleast_1d(np.asarray(record))
    except ValueError:
        raise SCConfigError(f"record must list {what} by number") from None
    if listed.ndim != 1 or listed.dtype.kind not in "iu" or not listed.size:
        raise SCConfigError(f"record must list {what} by number")
    return listed.astype(np.int64)


Monitor = SpikeMonitor | RateMonitor | StateMonitor | WeightMonitor
