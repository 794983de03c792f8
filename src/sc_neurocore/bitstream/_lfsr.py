"""Linear feedback shift registers of maximal period."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.bitstream._gf2 import is_primitive, power_of_x
from sc_neurocore.bitstream._register import FORMS, Feedback, Form, Register, feedback_of
from sc_neurocore.bitstream._require import require_whole
from sc_neurocore.bitstream._source import MAX_WIDTH, Source
from sc_neurocore.exceptions import SCConfigError


@functools.cache
def feedback_exponents() -> dict[int, tuple[int, ...]]:
    """Exponents of the feedback polynomial of each width, 3 to 32, the constant left out."""
    text = files("sc_neurocore.bitstream").joinpath("polynomials.toml").read_text("utf-8")
    return {int(width): tuple(e) for width, e in tomllib.loads(text)["polynomials"].items()}


@dataclass(frozen=True)
class Lfsr(Source):
    """A linear feedback shift register; its numbers are its states, the seed first.

    All of ``1 … 2^width - 1`` occur once in a period of ``2^width - 1``, zero never. So over a
    period ``r < x`` holds with probability ``(x-1)/(2^width-1)`` for a threshold x of 1 or more.

    Attributes:
        width: bits of the state, 3 to 32.
        seed: state at tick 0, not zero; by default 0xACE1, or 1 where a width below 16 has no
            room for it.
        form: ``"fibonacci"``: shift left, the parity of the taps enters at bit 0;
            ``"galois"``: shift right, a one that leaves bit 0 inverts the taps. The tap of
            exponent e is bit e-1.
        taps: exponents of a primitive feedback polynomial, the constant left out; by default
            those of `feedback_exponents`: for 16 bits ``(16, 14, 13, 11)``.

    Raises:
        SCConfigError: an unsupported width, a zero or too large seed, an unknown form, or a
            polynomial that is not primitive.
    """

    width: int = 16
    seed: int = None  # type: ignore[assignment]  # a number once built: the width decides
    form: Form = "fibonacci"
    taps: tuple[int, ...] | None = None

    kind: ClassVar[str] = "lfsr"

    def __post_init__(self) -> None:
        require_whole("width", self.width, 3, MAX_WIDTH)
        if self.seed is None:
            object.__setattr__(self, "seed", 0xACE1 if self.width >= 16 else 1)
        require_whole("seed", self.seed, 1, (1 << self.width) - 1)
        if self.form not in FORMS:
            raise SCConfigError(f"form is {self.form!r}; it must be 'fibonacci' or 'galois'")
        if self.taps is not None:
            object.__setattr__(self, "taps", _checked(self.taps, self.width))

    @property
    def period(self) -> int:
        """``2^width - 1``."""
        return (1 << self.width) - 1

    @functools.cached_property
    def feedback(self) -> Feedback:
        """Its wiring."""
        return feedback_of(self.taps or feedback_exponents()[self.width], self.form)

    def state_at(self, tick: int) -> int:
        """State at a tick, in O(log tick) steps.

        With ``x^tick = ⊕ c_i x^i`` modulo the characteristic polynomial of the clock, the state
        is ``⊕ c_i s_i`` over the first states s_i (Cayley and Hamilton).
        """
        tick = self.reduced(tick)
        if not tick:
            return self.seed
        power = power_of_x(tick, self.feedback.characteristic)
        state, result = self.seed, 0
        while power:
            if power & 1:
                result ^= state
            state = self.feedback.after(state)
            power >>= 1
        return result

    def jump(self, ticks: int) -> Lfsr:
        """The same register ``ticks`` clocks later."""
        return replace(self, seed=self.state_at(ticks))

    def _values(self, count: int, start: int) -> NDArray[np.uint32]:
        from sc_neurocore.bitstream._source_kernel import fibonacci_values, galois_values

        out = np.empty(count, np.uint32)
        state = np.uint64(self.state_at(start))
        if self.form == "fibonacci":
            exponents = np.array(self.feedback.exponents, np.int64)
            fibonacci_values(exponents, np.uint64(self.width), state, out)
        else:
            galois_values(np.uint64(self.feedback.taps), state, out)
        return out

    def structure(self, start: int) -> Register:
        """The register at a tick."""
        return self._register if not start else self.jump(start)._register

    @functools.cached_property
    def _register(self) -> Register:
        return Register(self.feedback, self.feedback.first_bits(self.seed))


def _checked(taps: tuple[int, ...], width: int) -> tuple[int, ...]:
    exponents = tuple(sorted((require_whole("tap", e, 1, width) for e in taps), reverse=True))
    if not exponents or exponents[0] != width or len(set(exponents)) != len(exponents):
        raise SCConfigError(
            f"taps are {tuple(taps)}; they must be different exponents, {width} among them"
        )
    if not is_primitive(Feedback(exponents, "fibonacci").polynomial):
        terms = " + ".join([*("x" if e == 1 else f"x^{e}" for e in exponents), "1"])
        raise SCConfigError(
            f"taps are {tuple(taps)}, but {terms} is not primitive, so the register would repeat "
            f"before {(1 << width) - 1} clocks; choose a primitive polynomial or leave taps out"
        )
    return exponents
