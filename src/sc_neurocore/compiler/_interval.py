"""Closed intervals of exact rationals: every operation encloses all results, none is rounded in."""

from __future__ import annotations

import decimal
import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from sc_neurocore.exceptions import SCConfigError

#: Significant bits kept of an end when its exact value has grown longer, and the finest bit.
KEPT_BITS = 192
FINEST = 1100
_DIGITS = 50
Number = int | float | Fraction


@dataclass(frozen=True, init=False)
class Interval:
    """A closed interval [lo, hi] for interval arithmetic.

    Ends are exact (`fractions.Fraction`); where a result has no short exact value it is rounded
    outwards, so an operation on intervals holds every result of the operation on their members.

    Attributes:
        lo: lower end.
        hi: upper end.
    """

    lo: Fraction
    hi: Fraction

    def __init__(self, lo: Number, hi: Number) -> None:
        for end in (lo, hi):
            if isinstance(end, bool) or not (isinstance(end, Fraction) or math.isfinite(end)):
                raise SCConfigError(
                    f"an interval from {lo} to {hi} has an end that is not a finite number"
                )
        if lo > hi:
            raise SCConfigError(f"an interval from {lo} to {hi} is empty; give the lower end first")
        object.__setattr__(self, "lo", _shorter(Fraction(lo), -1))
        object.__setattr__(self, "hi", _shorter(Fraction(hi), 1))

    def __str__(self) -> str:
        return f"[{float(self.lo):g}, {float(self.hi):g}]"

    @property
    def magnitude(self) -> Fraction:
        """Largest absolute value."""
        return max(abs(self.lo), abs(self.hi))

    def __add__(self, other: Interval) -> Interval:
        return Interval(self.lo + other.lo, self.hi + other.hi)

    def __sub__(self, other: Interval) -> Interval:
        return Interval(self.lo - other.hi, self.hi - other.lo)

    def __neg__(self) -> Interval:
        return Interval(-self.hi, -self.lo)

    def __mul__(self, other: Interval) -> Interval:
        corners = [x * y for x in (self.lo, self.hi) for y in (other.lo, other.hi)]
        return Interval(min(corners), max(corners))

    def __truediv__(self, other: Interval) -> Interval:
        if other.lo <= 0 <= other.hi:
            raise SCConfigError(f"division by {other}, which contains 0")
        return self * Interval(1 / other.hi, 1 / other.lo)

    def __abs__(self) -> Interval:
        least = Fraction(0) if self.lo <= 0 <= self.hi else min(abs(self.lo), abs(self.hi))
        return Interval(least, self.magnitude)

    def __and__(self, other: Interval) -> Interval:
        """The intersection."""
        return Interval(max(self.lo, other.lo), min(self.hi, other.hi))

    def __or__(self, other: Interval) -> Interval:
        """The narrowest interval that holds both."""
        return Interval(min(self.lo, other.lo), max(self.hi, other.hi))

    def power(self, exponent: int) -> Interval:
        """All ``x**exponent``, for a whole exponent of at least 0."""
        base = abs(self) if exponent % 2 == 0 else self
        return Interval(base.lo**exponent, base.hi**exponent)

    def contains(self, lo: Number, hi: Number) -> bool:
        """Whether this interval is contained in ``[lo, hi]``."""
        return self.lo >= lo and self.hi <= hi


def function_range(name: str, x: Interval) -> Interval:
    """All values of a function of the equation language over an interval.

    ``sin`` and ``cos`` give [-1, 1]; the others rise, and are enclosed at both ends.

    Raises:
        SCConfigError: the function is not defined on all of the interval, or overflows.
    """
    if name in ("sin", "cos"):
        return Interval(-1, 1)
    if name == "floor":
        return Interval(math.floor(x.lo), math.floor(x.hi))
    if name == "log" and x.lo <= 0:
        raise SCConfigError(f"log() of a value in {x}; its argument must stay above 0")
    if name == "sqrt" and x.lo < 0:
        raise SCConfigError(f"sqrt() of a value in {x}; its argument must not be negative")
    if name in ("exp", "exprel", "sigmoid", "tanh") and x.magnitude > 700:
        raise SCConfigError(f"{name}() of a value in {x}; keep its argument within ±700")
    at = _AT[name]
    return Interval(at(x.lo).lo, at(x.hi).hi)


def _exp(x: Fraction) -> Interval:
    return _enclosed("exp", x)


def _sigmoid(x: Fraction) -> Interval:
    return Interval(1, 1) / (Interval(1, 1) + _exp(-x))


def _tanh(x: Fraction) -> Interval:
    return Interval(1, 1) - Interval(2, 2) / (_exp(2 * x) + Interval(1, 1))


def _exprel(x: Fraction) -> Interval:
    """``(exp(x) - 1) / x``; where that cancels, from its series, which 1 and exp(x) enclose."""
    if x == 0:
        return Interval(1, 1)
    if abs(x) > Fraction(1, 2**50):
        return (_exp(x) - Interval(1, 1)) / Interval(x, x)
    first = 1 + x / 2
    return Interval(first, first + x * x / 5) if x > 0 else Interval(first, first + x * x / 6)


def _enclosed(name: str, x: Fraction) -> Interval:
    """A correctly rounded function of `decimal`, one unit wider at either side."""
    with decimal.localcontext(prec=_DIGITS, Emax=10**6, Emin=-(10**6)) as context:
        found = []
        for rounding, step in (
            (decimal.ROUND_FLOOR, context.next_minus),
            (decimal.ROUND_CEILING, context.next_plus),
        ):
            context.rounding = rounding
            argument = decimal.Decimal(x.numerator) / decimal.Decimal(x.denominator)
            value: decimal.Decimal = {"exp": argument.exp, "log": argument.ln,
                                      "sqrt": argument.sqrt}[name]()  # fmt: skip
            found.append(Fraction(step(value)))
    return Interval(max(found[0], Fraction(0)) if name == "sqrt" else found[0], found[1])


_AT: dict[str, Callable[[Fraction], Interval]] = {
    "exp": _exp,
    "log": lambda x: _enclosed("log", x),
    "sqrt": lambda x: _enclosed("sqrt", x),
    "sigmoid": _sigmoid,
    "tanh": _tanh,
    "exprel": _exprel,
}


def _shorter(x: Fraction, direction: int) -> Fraction:
    """``x``, rounded away to fewer bits when it is long; ``direction`` is -1 down, 1 up."""
    top, bottom = x.numerator.bit_length(), x.denominator.bit_length()
    if top + bottom <= 2 * KEPT_BITS:
        return x
    shift = min(FINEST, KEPT_BITS - (top - bottom))
    scaled = x * Fraction(2) ** shift
    whole = math.floor(scaled) if direction < 0 else math.ceil(scaled)
    return whole / Fraction(2) ** shift
