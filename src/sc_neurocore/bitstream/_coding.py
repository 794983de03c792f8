"""Values as probabilities: ranges with units, and the codings of stochastic computing.

Where the ones of a stream stand is another matter: random or low-discrepancy sources spread them
(rate coding, `encode`), `thermometer` puts them first, and `pulse_train` spaces them evenly.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.bitstream._require import require_number, require_numbers
from sc_neurocore.exceptions import SCConfigError

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Range:
    """The values a stream can stand for.

    Attributes:
        low: least value.
        high: greatest value.
        unit: of both, in the notation of pint; empty for a pure number.

    Raises:
        SCConfigError: an end that is not finite, or ``low`` not below ``high``.
    """

    low: float = 0.0
    high: float = 1.0
    unit: str = ""

    def __post_init__(self) -> None:
        try:
            finite = math.isfinite(self.low) and math.isfinite(self.high)
        except (TypeError, OverflowError):
            raise SCConfigError(
                f"range is {self.low!r} to {self.high!r}; both ends must be finite numbers"
            ) from None
        if not (finite and self.low < self.high):
            raise SCConfigError(
                f"range is {self}; its low end must be below its high end, both finite"
            )

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g}{' ' if self.unit else ''}{self.unit}"

    def numbers(self, value: Any) -> Numbers:
        """Values as plain numbers in the range's unit; none outside the range.

        Args:
            value: numbers in this unit, or a pint quantity of any unit of the same dimension.

        Raises:
            SCConfigError: a value outside the range or NaN, or of another dimension.
        """
        if hasattr(value, "m_as"):
            try:
                value = value.m_as(self.unit or "dimensionless")
            except AttributeError:  # pint's error for a unit that it does not know
                raise SCConfigError(
                    f"range is {self}, whose unit '{self.unit}' is not known; write one that pint "
                    "knows, such as 'mV'"
                ) from None
            except TypeError:
                raise SCConfigError(
                    f"value has the unit '{value.units}'; it must convert to "
                    f"'{self.unit or 'dimensionless'}'"
                ) from None
        return require_numbers("value", value, self.low, self.high, self.unit)

    def fraction(self, value: Any) -> Numbers:
        """Where values lie in the range, 0 at its low end and 1 at its high end."""
        numbers, low, high = self.numbers(value), self.low, self.high
        if math.isinf(high - low):  # halves of so great numbers are exact
            numbers, low, high = numbers / 2, low / 2, high / 2
        return (numbers - low) / (high - low)

    def at(self, fraction: ArrayLike) -> Numbers:
        """Values at fractions of the range, in its unit; the inverse of `fraction`."""
        part = require_numbers("fraction", fraction, 0.0, 1.0)
        return self.low * (1.0 - part) + self.high * part

    def rescale(self, value: Any, onto: Range) -> Numbers:
        """Map values of this range linearly onto another."""
        return onto.at(self.fraction(value))


@dataclass(frozen=True)
class Coding:
    """How a value becomes the probabilities of one stream, or of two.

    Attributes:
        name: what it is called.
        range: values it can represent; map others with `Range.rescale`.
        rails: streams per value. With two, probabilities have a leading axis of 2.
    """

    name: str
    range: Range
    rails: int
    _probabilities: Callable[[Numbers], Numbers]
    _value: Callable[[Numbers], Numbers]

    def probabilities(self, value: Any) -> Numbers:
        """Probabilities of the streams.

        Args:
            value: in `range`, any shape.

        Returns:
            The shape of ``value``; with two rails ``(2, *shape)``.

        Raises:
            SCConfigError: a value outside the range or NaN.
        """
        return self._probabilities(self.range.numbers(value))

    def value(self, probabilities: ArrayLike) -> Numbers:
        """Value that probabilities, or measured rates, stand for; inverse of `probabilities`.

        Raises:
            SCConfigError: a probability outside 0 … 1 or NaN, or not two rails where due.
        """
        p = require_numbers("probability", probabilities, 0.0, 1.0)
        if self.rails == 2 and (p.ndim == 0 or len(p) != 2):
            raise SCConfigError(
                f"probabilities have shape {p.shape}; {self.name} coding has a leading axis of 2"
            )
        return self._value(p)


#: ``p = v`` in 0 … 1; AND multiplies.
UNIPOLAR = Coding("unipolar", Range(0.0, 1.0), 1, lambda v: v, lambda p: p)
#: ``p = (v+1)/2`` in -1 … 1; XNOR multiplies.
BIPOLAR = Coding("bipolar", Range(-1.0, 1.0), 1, lambda v: (v + 1) / 2, lambda p: 2 * p - 1)
#: First rail the sign, constant 0 or 1 (negative); second rail ``|v|``.
SIGN_MAGNITUDE = Coding(
    "sign-magnitude",
    Range(-1.0, 1.0),
    2,
    lambda v: np.stack([np.signbit(v) & (v != 0), np.abs(v)]),
    lambda p: (1 - 2 * p[0]) * p[1],
)
#: First rail ``max(v, 0)``, second rail ``max(-v, 0)``; the value is their difference.
SPLIT_UNIPOLAR = Coding(
    "split-unipolar",
    Range(-1.0, 1.0),
    2,
    lambda v: np.stack([np.maximum(v, 0.0), np.maximum(-v, 0.0)]),
    lambda p: p[0] - p[1],
)
CODINGS = {c.name: c for c in (UNIPOLAR, BIPOLAR, SIGN_MAGNITUDE, SPLIT_UNIPOLAR)}


def value_to_unipolar_prob(x: float, x_min: float, x_max: float, clip: bool = False) -> float:
    """``(x - x_min)/(x_max - x_min)``.

    Args:
        x: value.
        x_min: value of probability 0.
        x_max: value of probability 1.
        clip: take the nearest end for a value outside; otherwise it is refused.

    Raises:
        SCConfigError: a value outside the range without ``clip``, a NaN, or no range.
    """
    whole = Range(x_min, x_max)
    if np.ndim(x):
        raise SCConfigError(f"x has shape {np.shape(x)}; it must be one number")
    if clip and np.asarray(x).dtype.kind in "fiu":
        x = min(max(float(x), x_min), x_max)  # a NaN stays one
    return float(whole.fraction(x))


def unipolar_prob_to_value(p: float, x_min: float, x_max: float) -> float:
    """``x_min + p·(x_max - x_min)``: the inverse of `value_to_unipolar_prob`.

    Raises:
        SCConfigError: a probability outside 0 … 1 or NaN, or no range.
    """
    return float(Range(x_min, x_max).at(require_number("probability", p, 0.0, 1.0)))


def value_to_bipolar_prob(x: float) -> float:
    """``(x + 1)/2``.

    Raises:
        SCConfigError: a value outside -1 … 1 or NaN.
    """
    return float(BIPOLAR.probabilities(require_number("value", x, -1.0, 1.0)))
