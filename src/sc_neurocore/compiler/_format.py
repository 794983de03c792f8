"""Fixed-point number formats."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from numbers import Integral
from typing import Literal

from sc_neurocore.exceptions import SCConfigError

Overflow = Literal["saturate", "wrap", "trap"]
Rounding = Literal["truncate", "nearest", "nearest_even", "stochastic"]
OVERFLOWS: tuple[Overflow, ...] = ("saturate", "wrap", "trap")
ROUNDINGS: tuple[Rounding, ...] = ("truncate", "nearest", "nearest_even", "stochastic")

_PATTERN = re.compile(r"(U?)Q(-?\d{1,3})\.(-?\d{1,3})")
MAX_WIDTH = 60


@dataclass(frozen=True)
class QFormat:
    """A two's-complement fixed-point format.

    ``Q8.8`` is 16 bits, sign included in the 8 integer bits, covering [-128, +127.996];
    ``UQ8.8`` is unsigned, [0, 255.996].

    Attributes:
        width: total bits, 1 to 60.
        fraction: bits right of the binary point (may be negative or exceed ``width``).
        signed: two's complement when true.
    """

    width: int
    fraction: int
    signed: bool = True

    def __post_init__(self) -> None:
        for name in ("width", "fraction"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, Integral):
                raise SCConfigError(f"{name} of a format is {value!r}; it must be a whole number")
        if not 1 <= self.width <= MAX_WIDTH:
            raise SCConfigError(
                f"format {self} has {self.width} bits; 1 to {MAX_WIDTH} are supported"
            )

    @classmethod
    def from_string(cls, text: str) -> QFormat:
        """Parse ``"Q8.8"`` or ``"UQ8.8"``.

        Raises:
            SCConfigError: the text is not a format.
        """
        match = _PATTERN.fullmatch(str(text).strip())
        if not match:
            raise SCConfigError(
                f"format '{str(text)[:40]}' is not a Q format; "
                "write for example Q8.8, Q16.16 or UQ8.8"
            )
        unsigned, integer, fraction = match.group(1), int(match.group(2)), int(match.group(3))
        return cls(integer + fraction, fraction, not unsigned)

    def __str__(self) -> str:
        return f"{'' if self.signed else 'U'}Q{self.width - self.fraction}.{self.fraction}"

    @property
    def low(self) -> int:
        """Smallest raw value."""
        return -(1 << (self.width - 1)) if self.signed else 0

    @property
    def high(self) -> int:
        """Largest raw value."""
        return (1 << (self.width - 1)) - 1 if self.signed else (1 << self.width) - 1

    @property
    def total_bits(self) -> int:
        """`width`."""
        return self.width

    @property
    def integer_bits(self) -> int:
        """Bits left of the binary point, without the sign."""
        return self.width - self.fraction - self.signed

    @property
    def scale(self) -> float:
        """Codes per unit: the reciprocal of the resolution."""
        return 2.0**self.fraction

    @property
    def resolution(self) -> float:
        """Value of the least significant bit."""
        return 2.0**-self.fraction

    @property
    def min_value(self) -> float:
        """Smallest value."""
        return self.low * self.resolution

    @property
    def max_value(self) -> float:
        """Largest value."""
        return self.high * self.resolution

    def raw(self, value: float) -> int:
        """Nearest raw integer to ``value`` (ties to even), which may lie outside the format."""
        return round(Fraction(value) * Fraction(2) ** self.fraction)

    def holds(self, low: float, high: float) -> bool:
        """Whether the nearest codes of both ends fit."""
        return self.low <= self.raw(low) and self.raw(high) <= self.high


def bits_for(low: int, high: int) -> int:
    """Two's-complement bits that hold every integer from ``low`` to ``high`` (at least 1)."""
    return max((x if x >= 0 else ~x).bit_length() for x in (low, high)) + 1


def fitting(low: float, high: float, fraction: int, *, signed: bool = True) -> QFormat:
    """The narrowest format with ``fraction`` bits that holds ``[low, high]``."""
    scale = Fraction(2) ** fraction
    width = bits_for(round(Fraction(low) * scale), round(Fraction(high) * scale))
    return QFormat(width if signed else max(1, width - 1), fraction, signed)
