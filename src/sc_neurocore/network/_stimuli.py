"""What drives neurons from outside, as data; `Network.add` says whom."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.dynamics import require_positive
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.network._seeds import check_seed
from sc_neurocore.network._units import has_unit, in_unit, is_whole, magnitude, whole_number

Array = NDArray[np.float64]

#: Poisson numbers of a larger mean are added up from several.
MOST_MEAN = 64.0
#: Largest mean number of events in a tick; the cost grows with it.
_MOST_EVENTS = 65536.0


class StepCurrent:
    """A current that is ``amplitude`` from tick ``onset`` to before tick ``offset``, else 0.

    Attributes:
        onset: first tick.
        offset: tick after the last.
        amplitude: a number, or one per neuron, in the unit of the input.
    """

    def __init__(self, onset: int, offset: int, amplitude: ArrayLike) -> None:
        """Describe it.

        Raises:
            SCConfigError: it ends before it starts, or is not finite.
        """
        onset, offset = whole_number("onset", onset), whole_number("offset", offset)
        if not onset <= offset:
            raise SCConfigError(f"a step from tick {onset} to {offset} ends before it starts")
        self.onset, self.offset = onset, offset
        self.amplitude = _finite("the amplitude of a step", amplitude, 1)

    def get_current(self, t_step: int, dt: float | None = None) -> Any:
        """The current in a tick."""
        inside = self.onset <= t_step < self.offset
        return self.amplitude[()] if inside else np.zeros_like(self.amplitude)[()]

    @property
    def range(self) -> tuple[float, float]:
        """Smallest and largest value."""
        return float(self.amplitude.min(initial=0)), float(self.amplitude.max(initial=0))

    def rows(self, tick: int, ticks: int, dt: float) -> Array:
        """``(ticks, 1 or n)`` from ``tick`` on; ``dt`` in ms."""
        at = np.arange(tick, tick + ticks)
        inside = (self.onset <= at) & (at < self.offset)
        return np.multiply.outer(inside, np.atleast_1d(self.amplitude))

    def check(self, n: int, dt: float) -> None:
        """Refuse a population of another size."""
        _fits("the amplitude of a step", self.amplitude.shape, n)


class TimedArray:
    """A current, or rates of a Poisson input, tick by tick; after the last value it keeps that.

    Attributes:
        values: ``(T,)`` for all neurons alike, or ``(T, n)``.
        dt: time from one value to the next in seconds; that of the network if ``None``.
    """

    def __init__(self, values: ArrayLike, dt: Any = None) -> None:
        """Describe it.

        Raises:
            SCConfigError: empty, of another shape, or not finite.
        """
        self.values = _finite("a timed array", values, 2)
        if self.values.ndim == 0 or not self.values.size:
            raise SCConfigError(
                f"a timed array has shape {self.values.shape}; give (T,) or (T, n) values"
            )
        self.dt = None if dt is None else in_unit(dt, "s", "dt of a timed array")

    def get_current(self, t_step: int) -> Any:
        """The value of a tick of its own."""
        return self.values[min(max(t_step, 0), len(self.values) - 1)]

    @property
    def range(self) -> tuple[float, float]:
        """Smallest and largest value."""
        return float(self.values.min()), float(self.values.max())

    def rows(self, tick: int, ticks: int, dt: float) -> Array:
        """``(ticks, 1 or n)`` from ``tick`` on; ``dt`` in ms."""
        at = np.arange(tick, tick + ticks) // self.every(dt)
        rows = self.values[np.minimum(at, len(self.values) - 1)]
        return rows.reshape(ticks, -1)

    def check(self, n: int, dt: float) -> None:
        """Refuse a population of another size, and a dt that is not a whole number of ticks."""
        _fits("a timed array", self.values.shape[1:], n)
        self.every(dt)

    def every(self, dt: float) -> int:
        """Ticks of ``dt`` ms from one value to the next; refuses what is no whole number."""
        if self.dt is None:
            return 1
        ratio = self.dt * 1000 / dt
        if ratio < 1 - 1e-9 or not is_whole(ratio):
            raise SCConfigError(
                f"a timed array has a value every {self.dt:g} s, {ratio:g} ticks of {dt:g} ms; "
                "give a whole number of ticks"
            )
        return round(ratio)


class PoissonInput:
    """Independent Poisson trains, one per neuron, of rates that may differ and change.

    The number of events of a tick is drawn exactly, but for 2^-32 in every probability; a rate
    holds over a tick. A draw depends on the seed, the neuron and the tick alone: more uniform
    numbers reach the same limit where the rate is lower.

    Attributes:
        n: neurons that receive a train each.
        rate_hz: events per second of one train (with K sources of rate r, K·r): a number, ``(n,)``
            numbers, or a `TimedArray` of rates ``(T,)`` or ``(T, n)``.
        weight: of one event, in the unit of the input.
        dt: the tick in seconds that `get_current` draws for.
        seed: seed of its own, or ``None`` for a stream of the network's. One seed means the same
            trains wherever it is given.
    """

    def __init__(
        self, n: int, rate_hz: Any, weight: float, dt: Any = 1e-4, seed: int | None = None
    ) -> None:
        """Describe it.

        Raises:
            SCConfigError: a negative rate, or numbers that do not fit.
        """
        self.n = whole_number("n of a Poisson input", n, 1)
        self.rate_hz = _rates(rate_hz, self.n)
        self.weight = float(_finite("the weight of a Poisson input", weight, 0))
        self.dt = require_positive(
            "dt of a Poisson input", in_unit(dt, "s", "dt of a Poisson input")
        )
        self.seed = None if seed is None else check_seed(seed)

    def get_current(self, t_step: int, dt: float | None = None) -> Array:
        """``(n,)`` weighted events of a tick of ``dt`` seconds, under seed 0 if it has none."""
        from sc_neurocore.network._noise import Noise

        row = np.zeros((1, self.n))
        tick = 1000 * (self.dt if dt is None else require_positive("dt", dt))
        whole_number("t_step", t_step)
        self.check(self.n, tick)
        Noise([(self, self.seed or 0, slice(0, self.n))], 0, self.n, tick).add(row, t_step)
        drawn: Array = row[0]
        return drawn

    @property
    def range(self) -> tuple[float, float]:
        """Smallest and largest value: of no event, and of one."""
        return min(0.0, self.weight), max(0.0, self.weight)

    def table(self, dt: float) -> tuple[int, NDArray[np.uint32]] | None:
        """How many numbers are added up, and the limits of each, for ticks of ``dt`` ms.

        ``None`` where there is no one table, because rates differ or change.
        """
        if not isinstance(self.rate_hz, float):
            return None
        mean = self.rate_hz * dt / 1000
        rounds = max(1, int(np.ceil(mean / MOST_MEAN)))
        return rounds, poisson_limits(mean / rounds)

    def rates(self, dt: float) -> tuple[Array, int]:
        """``(T, 1 or n)`` rates in Hz, and the ticks of ``dt`` ms that each row lasts."""
        if isinstance(self.rate_hz, TimedArray):
            values = self.rate_hz.values
            return values.reshape(len(values), -1), self.rate_hz.every(dt)
        return np.atleast_1d(self.rate_hz)[None], 1

    def check(self, n: int, dt: float) -> None:
        """Refuse a population of another size, and more events in a tick than can be drawn."""
        if n != self.n:
            raise SCConfigError(
                f"a Poisson input of {self.n} trains drives a population of {n}; give n={n}"
            )
        rates, _ = self.rates(dt)
        highest = float(rates.max())
        if highest * dt / 1000 > _MOST_EVENTS:
            raise SCConfigError(
                f"a Poisson input of {highest:g} Hz has {highest * dt / 1000:.3g} events in a tick "
                f"of {dt:g} ms; at most {_MOST_EVENTS:g} are drawn, "
                f"{_MOST_EVENTS * 1000 / dt:g} Hz; give a lower rate with a larger weight, or a "
                "current"
            )


Stimulus = StepCurrent | TimedArray | PoissonInput


def poisson_limits(mean: float) -> NDArray[np.uint32]:
    """Distribution function of a Poisson number times 2^32: as many are reached as events occur."""
    from scipy.stats import poisson

    most = int(poisson.isf(2.0**-34, mean)) + 2 if mean > 0 else 0
    limits = np.rint(poisson.cdf(np.arange(most), mean) * 2.0**32)
    below: NDArray[np.uint32] = limits[limits < 2**32].astype(np.uint32)
    return below


def _rates(given: Any, n: int) -> float | Array | TimedArray:
    """Rates in Hz of ``n`` trains."""
    what = "the rate of a Poisson input"
    if isinstance(given, TimedArray):
        values, shape = given.values, given.values.shape[1:]
    else:
        values = _finite(what, magnitude(given, "Hz", what), 1)
        shape = values.shape
    if shape not in ((), (n,)) and not (shape == (1,) and isinstance(given, TimedArray)):
        raise SCConfigError(f"{what} is given for {shape[0]} trains; there are {n}")
    if (values < 0).any():
        at = tuple(int(k) for k in np.argwhere(values < 0)[0])
        places = ("row", "train") if isinstance(given, TimedArray) else ("train",)
        where = ", ".join(f"{place} {k}" for place, k in zip(places, at, strict=False))
        raise SCConfigError(
            f"{what} is {values[at]:g} Hz{f' in {where}' if where else ''}; it must be 0 or more"
        )
    if isinstance(given, TimedArray):
        return given
    return float(values) if values.ndim == 0 else values


def _finite(what: str, values: ArrayLike, most: int) -> Array:
    if has_unit(values):
        raise SCConfigError(f"{what} is {values!r}; give bare numbers in the unit of the input")
    try:
        array = np.asarray(values, np.float64)
    except (TypeError, ValueError):
        raise SCConfigError(f"{what} is {values!r}; give numbers") from None
    if array.ndim > most:
        raise SCConfigError(f"{what} has shape {array.shape}; at most {most} axes are allowed")
    if not np.isfinite(array).all():
        bad = array[~np.isfinite(array)].flat[0]
        raise SCConfigError(f"{what} holds {bad}; it must be finite")
    return array


def _fits(what: str, shape: tuple[int, ...], n: int) -> None:
    if shape not in ((), (1,), (n,)):
        raise SCConfigError(f"{what} is for {shape[0]} neurons, but the population has {n}")
