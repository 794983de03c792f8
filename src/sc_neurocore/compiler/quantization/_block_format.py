"""Block floating point: signed mantissas, and one exponent per block of numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sc_neurocore.compiler.quantization._codes import Codes, first, whole_array
from sc_neurocore.exceptions import BitwidthMismatchError, SCConfigError

DEFAULT_BLOCK = 32
_STRICT = re.compile(r"BFP(\d{1,2})E(\d{1,2})")
_ALIAS = re.compile(r"BFP(\d{1,2})(?:_?E|[.-])(\d{1,2})(?:X(\d{1,6}))?", re.IGNORECASE)


@dataclass(frozen=True)
class BlockFloatingMode:
    """A block floating-point format; ``BFP16E3X32`` has 16-bit mantissas and 3-bit exponents.

    A number is ``mantissa · 2**(exponent - (mantissa_bits - 1))``, so all of its block lie strictly
    between ``-2**exponent`` and ``2**exponent``. Mantissas are two's complement without the lowest
    code, exponents are stored with `exponent_bias` added.

    Attributes:
        mantissa_bits: bits of a mantissa, sign included, 2 to 32.
        exponent_bits: bits of the shared exponent, 1 to 8.
        block_size: numbers that share an exponent.
    """

    mantissa_bits: int
    exponent_bits: int
    block_size: int = DEFAULT_BLOCK

    def __post_init__(self) -> None:
        for what, value, low, high in (
            ("mantissa_bits", self.mantissa_bits, 2, 32),
            ("exponent_bits", self.exponent_bits, 1, 8),
            ("block_size", self.block_size, 1, 1 << 16),
        ):
            if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
                raise SCConfigError(
                    f"block floating point: {what} is {value!r}; allowed: {low} to {high}"
                )

    @classmethod
    def from_string(cls, fmt: str) -> BlockFloatingMode:
        """Parse the canonical ``BFP16E3``, in blocks of 32.

        Raises:
            SCConfigError: the text is anything else.
        """
        match = _STRICT.fullmatch(str(fmt))
        if not match:
            raise SCConfigError(
                f"format '{str(fmt)[:40]}' is not written as BFP16E3 (mantissa and exponent bits); "
                "from_aliases() also reads BFP16_E3, BFP16.3, BFP16-3 and BFP16E3X32"
            )
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def from_aliases(cls, fmt: str) -> BlockFloatingMode:
        """Parse ``BFP16E3``, ``BFP16_E3``, ``BFP16.3``, ``BFP16-3`` or ``BFP16E3X32``.

        The number after ``X`` is the block size, 32 without it.

        Raises:
            SCConfigError: the text is not a block floating-point format.
        """
        match = _ALIAS.fullmatch(str(fmt).strip())
        if not match:
            raise SCConfigError(
                f"format '{str(fmt)[:40]}' is not block floating point; write for example BFP16E3, "
                "or BFP16E3X64 for blocks of 64"
            )
        return cls(int(match[1]), int(match[2]), int(match[3] or DEFAULT_BLOCK))

    @property
    def label(self) -> str:
        """``BFP16E3X32``."""
        return f"BFP{self.mantissa_bits}E{self.exponent_bits}X{self.block_size}"

    def __str__(self) -> str:
        return self.label

    @property
    def exponent_bias(self) -> int:
        """What is added to an exponent to store it."""
        return (1 << (self.exponent_bits - 1)) - 1

    @property
    def min_exponent(self) -> int:
        """Smallest exponent, stored as 0."""
        return -self.exponent_bias

    @property
    def max_exponent(self) -> int:
        """Largest exponent, stored as all ones."""
        return (1 << self.exponent_bits) - 1 - self.exponent_bias

    @property
    def mantissa_range(self) -> int:
        """Largest magnitude of a mantissa."""
        return (1 << (self.mantissa_bits - 1)) - 1

    @property
    def emit_fraction(self) -> int:
        """Fraction bits of a fixed-point format of ``mantissa_bits`` that holds every number."""
        return self.mantissa_bits - 1 - self.max_exponent

    @property
    def max_value(self) -> float:
        """Largest number."""
        return float(np.ldexp(float(self.mantissa_range), -self.emit_fraction))

    @property
    def resolution(self) -> float:
        """Finest step, in a block of the smallest exponent."""
        return float(np.ldexp(1.0, self.min_exponent - self.mantissa_bits + 1))

    def step(self, exponent_code: int) -> float:
        """Step of a block whose stored exponent is given; no number is off by more than half."""
        return float(self.resolution * 2.0**exponent_code)

    def metadata(self) -> dict[str, Any]:
        """The format as JSON data."""
        return {
            "label": self.label,
            "mantissa_bits": self.mantissa_bits,
            "exponent_bits": self.exponent_bits,
            "block_size": self.block_size,
            "exponent_bias": self.exponent_bias,
            "min_exponent": self.min_exponent,
            "max_exponent": self.max_exponent,
            "mantissa_range": self.mantissa_range,
            "emit_fraction": self.emit_fraction,
        }

    def block_exponent_count(self, parameter_count: int) -> int:
        """Exponents that ``parameter_count`` numbers share."""
        return self.block_exponent_layout(parameter_count).exponent_count

    def block_exponent_layout(self, parameter_count: int) -> BlockExponentLayout:
        """Where the exponents of ``parameter_count`` numbers are.

        Raises:
            SCConfigError: the count is not a whole number above 0.
        """
        return BlockExponentLayout(parameter_count, self.block_size, self.exponent_bits)


@dataclass(frozen=True)
class BlockExponentLayout:
    """Exponents of parameters that are flattened row by row.

    Attributes:
        parameter_count: numbers in all.
        block_size: numbers that share an exponent; the last block may have fewer.
        exponent_bits: bits of an exponent.
    """

    parameter_count: int
    block_size: int
    exponent_bits: int

    def __post_init__(self) -> None:
        for what in ("parameter_count", "block_size", "exponent_bits"):
            value = getattr(self, what)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise SCConfigError(f"{what} is {value!r}; it must be a whole number above 0")

    @property
    def exponent_count(self) -> int:
        """Length of the exponent vector."""
        return -(-self.parameter_count // self.block_size)

    @property
    def last_block_size(self) -> int:
        """Numbers in the last block."""
        return self.parameter_count - (self.exponent_count - 1) * self.block_size

    @property
    def exponent_vector_width(self) -> int:
        """Bits of all exponents together."""
        return self.exponent_count * self.exponent_bits

    def manifest(self) -> dict[str, Any]:
        """The layout as JSON data."""
        return {
            "order": "row_major",
            "parameter_count": self.parameter_count,
            "block_size": self.block_size,
            "exponent_count": self.exponent_count,
            "exponent_bits": self.exponent_bits,
            "exponent_vector_width": self.exponent_vector_width,
            "last_block_size": self.last_block_size,
            "last_block_partial": self.last_block_size < self.block_size,
        }

    def validate_exponents(self, exponents: ArrayLike) -> Codes:
        """Stored exponents of the right number and range.

        Raises:
            SCConfigError: their number is wrong, or they are no integers.
            BitwidthMismatchError: one does not fit its bits; it is named.
        """
        found = whole_array(exponents, "exponents")
        if found.shape != (self.exponent_count,):
            raise SCConfigError(
                f"exponents have the shape {found.shape}; {self.parameter_count} parameters in "
                f"blocks of {self.block_size} need {self.exponent_count}"
            )
        outside = (found < 0) | (found >> self.exponent_bits > 0)
        if outside.any():
            at = first(outside)[0]
            raise BitwidthMismatchError(
                f"exponents[{at}] is {found[at]}; {self.exponent_bits} bits hold 0 to "
                f"{(1 << self.exponent_bits) - 1}"
            )
        return found
