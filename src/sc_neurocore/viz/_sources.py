"""What plots read: monitors by the methods they have, or plain arrays."""

from __future__ import annotations

import math
import numbers
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.exceptions import SCConfigError

Array = NDArray[Any]


@runtime_checkable
class SpikeSource(Protocol):
    """A spike monitor. If it has ``population.n``, ``dt`` (s) and ``steps``, they are read too."""

    def raster_data(self) -> tuple[Array, Array]:
        """Tick and neuron of every spike, shape (spikes,) each."""
        ...


@runtime_checkable
class TraceSource(Protocol):
    """A state monitor. If it has ``dt`` (s), it is read too."""

    def traces(self) -> Mapping[str, Array]:
        """For each variable its values, shape (steps, neurons)."""
        ...

    def t(self) -> Array:
        """Tick of each step, shape (steps,)."""
        ...


#: What plots of spikes read: a monitor, a matrix of 0 and 1, or the ticks of each neuron.
SpikeInput = SpikeSource | ArrayLike | Sequence[ArrayLike]


@dataclass(frozen=True)
class Spikes:
    """Spikes of a population.

    Attributes:
        ticks: when, in ticks, shape (spikes,).
        neurons: whose, shape (spikes,).
        n: neurons.
        steps: ticks of the run, up to the last spike at least.
        dt: length of a tick, s; None if it is not known.
    """

    ticks: NDArray[np.int64]
    neurons: NDArray[np.int64]
    n: int
    steps: int
    dt: float | None

    @property
    def scale(self) -> float:
        """Milliseconds per tick, or 1 if unknown: what times are multiplied with."""
        return 1.0 if self.dt is None else 1e3 * self.dt

    @property
    def unit(self) -> str:
        """Unit of times after scaling."""
        return "ticks" if self.dt is None else "ms"

    def train(self, neuron: int, name: str = "neuron_id") -> NDArray[np.int64]:
        """One neuron as 0 or 1 per tick, shape (steps,).

        Raises:
            SCConfigError: there is no such neuron.
        """
        if not 0 <= whole(neuron, name) < self.n:
            raise SCConfigError(f"{name} is {neuron}; the population has 0 to {self.n - 1}")
        found = np.zeros(self.steps, dtype=np.int64)
        found[self.ticks[self.neurons == neuron]] = 1
        return found

    def seconds(self, needs: str) -> float:
        """Length of a tick in s.

        Raises:
            SCConfigError: it is not known, but ``needs`` cannot do without.
        """
        if self.dt is None:
            raise SCConfigError(f"{needs} needs the length of a tick; give dt= in seconds")
        return self.dt


def spikes_of(source: SpikeInput, dt: float | None, steps: int | None = None) -> Spikes:
    """Spikes of a monitor, of a matrix of 0 and 1 (neurons, steps), or of lists of ticks.

    Args:
        source: the spikes.
        dt: length of a tick, s.
        steps: ticks of the run, which may end after the last spike.

    Raises:
        SCConfigError: it is none of the three, ``dt`` is not positive, or a spike comes after the
            run.
    """
    found = _read(source, _tick(source, dt))
    end = getattr(source, "steps", None) if steps is None else steps
    if end is None:
        return found
    if whole(end, "steps") < found.steps:
        raise SCConfigError(f"steps is {end}, but there are {found.steps} ticks with spikes")
    return replace(found, steps=int(end))


def _read(source: SpikeInput, step: float | None) -> Spikes:
    if isinstance(source, SpikeSource):
        ticks, neurons = (np.asarray(x, dtype=np.int64) for x in source.raster_data())
        known = getattr(getattr(source, "population", None), "n", 1)
        n = max(int(known), int(neurons.max(initial=0)) + 1)
        return Spikes(ticks, neurons, n, int(ticks.max(initial=0)) + 1, step)
    if isinstance(source, np.ndarray) and source.ndim == 2:
        if (
            source.size == 0
            or source.dtype.kind not in "biuf"
            or np.any((source != 0) & (source != 1))
        ):
            raise SCConfigError("a matrix of spikes (neurons, steps) is made of 0 and 1")
        neurons, ticks = np.nonzero(source)
        return Spikes(ticks, neurons, len(source), source.shape[1], step)
    try:
        rows = [np.asarray(row) for row in source]  # type: ignore[union-attr, arg-type, unused-ignore]
    except (TypeError, ValueError):
        rows = []
    if not rows or any(row.ndim != 1 or (row.size and row.dtype.kind not in "iu") for row in rows):
        raise SCConfigError(
            "give a spike monitor, a matrix of 0 and 1 (neurons, steps), or for each neuron the "
            "whole ticks of its spikes"
        )
    if any(row.size and row.min() < 0 for row in rows):
        raise SCConfigError("ticks of spikes start at 0, but one is negative")
    ticks = np.concatenate([row.astype(np.int64) for row in rows])
    neurons = np.repeat(np.arange(len(rows)), [row.size for row in rows])
    return Spikes(ticks, neurons, len(rows), int(ticks.max(initial=0)) + 1, step)


@dataclass(frozen=True)
class Trace:
    """One variable over time.

    Attributes:
        time: shape (steps,), in ``unit``.
        values: shape (steps, neurons).
        unit: of time: ms, or ticks if the length of a tick is not known.
    """

    time: Array
    values: Array
    unit: str

    def of(self, neuron: int) -> Array:
        """Values of one neuron, shape (steps,)."""
        if not 0 <= whole(neuron, "a neuron") < self.values.shape[1]:
            raise SCConfigError(
                f"neuron {neuron} was not recorded; there are 0 to {self.values.shape[1] - 1}"
            )
        found: Array = self.values[:, neuron]
        return found


def trace_of(
    source: TraceSource | Mapping[str, ArrayLike], variable: str, dt: float | None
) -> Trace:
    """A variable of a monitor, or of arrays (steps,) or (steps, neurons) by name.

    Raises:
        SCConfigError: there is no such variable, or its shape is another.
    """
    step = _tick(source, dt)
    found = source.traces() if isinstance(source, TraceSource) else source
    if variable not in found:
        raise SCConfigError(f"{variable!r} was not recorded; there is: {', '.join(found)}")
    try:
        values = np.asarray(found[variable], dtype=np.float64)
    except (TypeError, ValueError):
        raise SCConfigError(f"{variable} holds no rows of real numbers") from None
    values = values[:, None] if values.ndim == 1 else values
    if values.ndim != 2 or not values.size:
        raise SCConfigError(
            f"{variable} has shape {values.shape}, but (steps, neurons) with at least one of each "
            "is needed"
        )
    ticks = source.t() if isinstance(source, TraceSource) else np.arange(len(values))
    scale, unit = (1.0, "ticks") if step is None else (1e3 * step, "ms")
    return Trace(np.asarray(ticks) * scale, values, unit)


def _tick(source: object, dt: float | None) -> float | None:
    """Length of a tick: as given, or what the monitor knows."""
    found = getattr(source, "dt", None) if dt is None else dt
    if found is None:
        return None
    return positive(found, "dt")


def positive(value: float, name: str) -> float:
    """A finite number above 0."""
    if not isinstance(value, numbers.Real) or not math.isfinite(value) or value <= 0:
        raise SCConfigError(f"{name} is {value!r}, but must be a finite number above 0")
    return float(value)


def whole(value: int, name: str) -> int:
    """A whole number."""
    try:
        return operator.index(value)
    except TypeError:
        raise SCConfigError(f"{name} is {value!r}, but must be a whole number") from None
