"""Posits of 8 and 16 bits, by table.

Gustafson and Yonemoto, "Beating floating point at its own game: posit arithmetic", 2017, and the
posit standard (2022): a value is rounded to the nearest *bit pattern*, ties to the even one; it
never becomes zero or NaR unless it is.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from sc_neurocore.compiler.quantization._codes import Codes, Floats, first, whole_array
from sc_neurocore.exceptions import SCConfigError


@dataclass(frozen=True)
class PositConfig:
    """A posit format.

    Attributes:
        nbits: bits, 8 or 16.
        es: bits of the exponent, 0, 1 or 2 (the posit standard has 2).
    """

    nbits: int = 16
    es: int = 2

    def __post_init__(self) -> None:
        if type(self.nbits) is not int or self.nbits not in (8, 16):
            raise SCConfigError(f"a posit of {self.nbits!r} bits; allowed: 8, 16")
        if type(self.es) is not int or self.es not in (0, 1, 2):
            raise SCConfigError(f"a posit with es = {self.es!r}; allowed: 0, 1, 2")

    @property
    def useed(self) -> int:
        """``2**(2**es)``: by how much one more bit of the regime scales."""
        return 1 << (1 << self.es)

    @property
    def max_value(self) -> float:
        """Largest number."""
        return float(self.useed ** (self.nbits - 2))

    @property
    def min_positive(self) -> float:
        """Smallest positive number."""
        return 1 / self.max_value

    @property
    def nar(self) -> int:
        """The code that is not a real number."""
        return 1 << (self.nbits - 1)


def posit_encode(value: float | ArrayLike, config: PositConfig | None = None) -> int | Codes:
    """Codes of numbers.

    NaN and infinities become NaR. Everything else keeps its sign: what is smaller than the smallest
    posit becomes that, what is larger than the largest becomes that, as the standard says.

    Args:
        value: a number, or an array of any shape.
        config: the format; 16 bits with es = 2 by default.

    Returns:
        The code, or an array of codes, unsigned.

    Raises:
        SCConfigError: the value is not made of numbers.
    """
    chosen = config or PositConfig()
    values = np.asarray(value)
    if values.dtype.kind not in "fiu":
        raise SCConfigError(f"a posit encodes numbers, not {values.dtype}")
    values = values.astype(np.float64)
    size = np.abs(values)
    # Between neighbours lies one posit with one more bit, ending in 1: there rounding turns.
    turns = _turns(chosen)
    code = np.searchsorted(turns, size, side="left") + 1
    tie = np.isin(size, turns)
    code = code + (tie & (code % 2 == 1))
    code = np.where(values < 0, (1 << chosen.nbits) - code, code)
    code = np.where(values == 0, 0, np.where(np.isfinite(values), code, chosen.nar))
    return int(code) if code.ndim == 0 else code.astype(np.int64)


def posit_decode(bits: int | ArrayLike, config: PositConfig | None = None) -> float | Floats:
    """Numbers of codes, exactly; NaR is NaN.

    Args:
        bits: a code, or an array of codes, unsigned.
        config: the format; 16 bits with es = 2 by default.

    Raises:
        SCConfigError: a code is no integer, or has more bits than the format.
    """
    chosen = config or PositConfig()
    codes = whole_array(bits, "bits")
    outside = (codes < 0) | (codes >> chosen.nbits > 0)
    if outside.any():
        raise SCConfigError(
            f"{codes[first(outside)]} is no code of a {chosen.nbits}-bit posit, which has 0 to "
            f"{(1 << chosen.nbits) - 1}"
        )
    values = _values(chosen)[codes]
    return float(values) if codes.ndim == 0 else values


@functools.cache
def _values(config: PositConfig) -> Floats:
    """The number of every code."""
    positive = _positive(config.nbits, config.es)
    table = np.concatenate([[0.0], positive, [np.nan], -positive[::-1]])
    table.setflags(write=False)
    return table


@functools.cache
def _turns(config: PositConfig) -> Floats:
    """Where rounding turns from one positive code to the next, ascending."""
    return _positive(config.nbits + 1, config.es)[2:-1:2]


def _positive(nbits: int, es: int) -> Floats:
    """Numbers of the codes 1 to ``2**(nbits - 1) - 1``; at most 17 bits, so doubles are exact."""
    codes = np.arange(1, 1 << (nbits - 1), dtype=np.int64)
    body = nbits - 1
    leading = codes >> (body - 1)
    # Length of the run of equal bits that the regime starts with.
    flipped = np.where(leading == 1, ~codes & ((1 << body) - 1), codes)
    run = body - np.frexp(flipped.astype(np.float64))[1]
    regime = np.where(leading == 1, run - 1, -run)
    left = np.maximum(body - run - 1, 0)
    rest = codes & ((np.int64(1) << left) - 1)
    fraction_bits = np.maximum(left - es, 0)
    exponent = np.where(left >= es, rest >> fraction_bits, rest << np.maximum(es - left, 0))
    fraction = rest & ((np.int64(1) << fraction_bits) - 1)
    significand = 1.0 + np.ldexp(fraction.astype(np.float64), -fraction_bits)
    values: Floats = np.ldexp(significand, regime * (1 << es) + exponent)
    return values
