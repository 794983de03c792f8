"""The bit sequence behind a linear feedback shift register, for making it a word at a time."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Form = Literal["fibonacci", "galois"]
#: A register of each form and how it moves.
FORMS: tuple[Form, ...] = ("fibonacci", "galois")


@dataclass(frozen=True, eq=False)
class Feedback:
    """Wiring of a shift register.

    Both forms obey ``c(n) = ⊕ c(n - e)`` over the exponents e: for the Fibonacci form c is the
    bit shifted in, for the Galois form the bit shifted out.

    Attributes:
        exponents: of the feedback polynomial, highest first, the constant left out.
        form: ``"fibonacci"`` shifts left and feeds the parity of the taps into bit 0;
            ``"galois"`` shifts right and inverts the taps when a one leaves bit 0. In both the
            tap of exponent e is bit e-1.
    """

    exponents: tuple[int, ...]
    form: Form

    @property
    def width(self) -> int:
        """Bits of the state."""
        return self.exponents[0]

    @functools.cached_property
    def taps(self) -> int:
        """The taps as a mask of the state."""
        return sum(1 << (e - 1) for e in self.exponents)

    @functools.cached_property
    def polynomial(self) -> int:
        """Feedback polynomial, bit i the coefficient of x^i."""
        return 1 | self.taps << 1

    @functools.cached_property
    def characteristic(self) -> int:
        """Characteristic polynomial of one clock: the reciprocal of the feedback polynomial."""
        return sum(1 << (self.width - e) for e in (0, *self.exponents))

    def after(self, state: int) -> int:
        """State one clock later."""
        if self.form == "galois":
            return (state >> 1) ^ (self.taps if state & 1 else 0)
        return ((state << 1) & ((1 << self.width) - 1)) | ((state & self.taps).bit_count() & 1)

    def first_bits(self, state: int) -> int:
        """``c(0) … c(width-1)`` of a register that starts in ``state``; bit n is c(n)."""
        if self.form == "fibonacci":
            return int(f"{state:0{self.width}b}"[::-1], 2)
        bits = 0
        for n in range(self.width):
            bits |= (state & 1) << n
            state = self.after(state)
        return bits

    @functools.cached_property
    def lags(self) -> NDArray[np.int64]:
        """Lags of at least 64 that c obeys too, as ``p(x)^(2^k) = p(x^(2^k))``."""
        lags = np.array(self.exponents, np.int64)
        while lags[-1] < 64:
            lags = 2 * lags
        return lags

    @functools.cached_property
    def planes(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Bit j of state t is the XOR of ``c(t + offset)`` over its offsets.

        Returns:
            All offsets, ``(n,)``; where those of each bit begin and the last end, ``(width+1,)``.
        """
        top = self.width - 1
        if self.form == "fibonacci":
            rows = [[top - j] for j in range(self.width)]
        else:
            # Before the clock, bit j+1 was what bit j became, less the tap's inversion.
            rows = [
                [j, *(j - 1 - i for i in range(j) if self.taps >> i & 1)] for j in range(self.width)
            ]
        begin = np.cumsum([0, *map(len, rows)])
        return np.array([n for row in rows for n in row], np.int64), begin.astype(np.int64)

    @functools.cached_property
    def kernel_arguments(self) -> tuple[NDArray[np.int64], ...]:
        """Exponents, lags, offsets of the planes and where they begin."""
        return np.array(self.exponents, np.int64), self.lags, *self.planes


@functools.cache
def feedback_of(exponents: tuple[int, ...], form: Form) -> Feedback:
    """The one `Feedback` of a wiring, so that registers of it are told by identity."""
    return Feedback(exponents, form)


class Register(NamedTuple):
    """A shift register about to be clocked.

    Attributes:
        feedback: its wiring.
        first_bits: of its sequence; bit n is c(n).
    """

    feedback: Feedback
    first_bits: int
