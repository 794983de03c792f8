"""Random numbers as data: what parameters, initial states, weights and delays are drawn from."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.network._units import has_unit, in_unit


@dataclass(frozen=True)
class Normal:
    """A normal distribution, drawn again while outside ``low`` to ``high``.

    Attributes:
        mean: its mean before truncation; for delays a number of ticks, or text with a unit.
        std: its standard deviation, like ``mean``.
        low: smallest number kept.
        high: largest number kept.
    """

    mean: Any
    std: Any
    low: Any = -math.inf
    high: Any = math.inf

    def __post_init__(self) -> None:
        if _bare(self.mean, self.std, self.low, self.high):
            if not (math.isfinite(self.mean) and math.isfinite(self.std) and self.std >= 0):
                raise SCConfigError(
                    f"Normal({self.mean}, {self.std}) needs a finite mean and a std of 0 or more"
                )
            _reachable(self.mean, self.std, self.low, self.high)


@dataclass(frozen=True)
class Uniform:
    """A distribution uniform from ``low`` to ``high``.

    Attributes:
        low: smallest number; for delays a number of ticks, or text with a unit.
        high: largest number, like ``low``.
    """

    low: Any
    high: Any

    def __post_init__(self) -> None:
        if _bare(self.low, self.high):
            ordered = self.low <= self.high
            if not (ordered and math.isfinite(self.low) and math.isfinite(self.high)):
                raise SCConfigError(
                    f"Uniform({self.low}, {self.high}) needs finite numbers, the lower one first"
                )


Distribution = Normal | Uniform


def _bare(*values: Any) -> bool:
    """Whether all are bare numbers; refuses what is neither a number nor has a unit."""
    for value in values:
        if not has_unit(value) and not isinstance(value, Real):
            raise SCConfigError(
                f"a distribution holds {value!r}; give numbers, or text with a unit"
            )
    return not any(has_unit(value) for value in values)


def in_unit_of(source: Distribution, unit: str, what: str) -> Distribution:
    """A distribution of bare numbers in ``unit``.

    Raises:
        SCConfigError: it has another dimension.
    """
    numbers = {f.name: _number(getattr(source, f.name), unit, what) for f in fields(source)}
    return type(source)(**numbers)


def _number(value: Any, unit: str, what: str) -> float:
    return in_unit(value, unit, what) if has_unit(value) else float(value)


#: Numbers drawn at a time, so that no second copy of all of them is ever held.
_PIECE = 1 << 20


def draw(source: Distribution, out: NDArray[Any], seed: int, first: int = 0) -> None:
    """Fill ``out`` with numbers ``first`` … of a stream; each depends on seed and ordinal alone."""
    from sc_neurocore.network import _connect_kernel as kernel

    key = np.uint64(seed)
    held = np.empty(min(_PIECE, len(out)))
    for at in range(0, len(out), _PIECE):
        n = min(_PIECE, len(out) - at)
        if isinstance(source, Normal):
            kernel.draw_normal(
                held[:n], first + at, key,
                float(source.mean), float(source.std), float(source.low), float(source.high),
            )  # fmt: skip
        else:
            kernel.draw_uniform(held[:n], first + at, key, float(source.low), float(source.high))
        out[at : at + n] = held[:n]


def in_ticks(source: Distribution, dt: float) -> Distribution:
    """A distribution of delays in ticks of ``dt`` ms, kept where it rounds to one tick or more."""

    def ticks(value: Any, what: str) -> float:
        if not has_unit(value):
            return float(value)
        return in_unit(value, "ms", what) / dt

    if isinstance(source, Uniform):
        low, high = ticks(source.low, "delay"), ticks(source.high, "delay")
        if low > high:
            raise SCConfigError(
                f"delays uniform from {low:g} to {high:g} ticks: the lower one first"
            )
        if not low >= 0.5:
            raise SCConfigError(
                f"delays uniform from {low:g} to {high:g} ticks would be shorter than one tick; "
                f"the shortest delay is 1 tick ({dt:g} ms)"
            )
        return Uniform(low, high)
    mean, std = ticks(source.mean, "mean delay"), ticks(source.std, "std of the delay")
    low = max(0.5 + 1e-9, ticks(source.low, "lowest delay"))
    high = ticks(source.high, "highest delay")
    return Normal(mean, std, low, high)


def _reachable(mean: float, std: float, low: float, high: float) -> None:
    """Refuse a truncation that leaves less than a thousandth: redrawing would take for ever."""

    def below(x: float) -> float:
        if std == 0:
            return 1.0 if x >= mean else 0.0
        return 0.5 * math.erfc((mean - x) / (std * math.sqrt(2)))

    share = below(high) - (below(low) if std else float(low > mean))
    if not share >= 1e-3:  # NaN among the limits too
        raise SCConfigError(
            f"a normal distribution of mean {mean:g} and std {std:g} lies between {low:g} and "
            f"{high:g} in fewer than one draw of a thousand; widen the limits"
        )
