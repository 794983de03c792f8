"""Affine arithmetic over exact rationals: ranges that remember what they depend on.

A form is ``centre + Σ coefficient·ε`` with every noise symbol ε anywhere in [-1, 1]. Forms that
share symbols are correlated, so ``x - x`` is 0 and ``x*(1 - x)`` is not as wide as two independent
factors. (The integer datapath has linear forms over its own nodes; these are over real
expressions, with products.)

After L. H. de Figueiredo and J. Stolfi, "Affine arithmetic: concepts and applications",
Numerical Algorithms 37 (2004); the quadratic remainder of a product is bounded term by term.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from sc_neurocore.compiler._interval import FINEST, KEPT_BITS, Interval

#: Products of forms with more symbols than this bound their remainder by the radii alone.
_QUADRATIC_SYMBOLS = 24
_LONG_BITS = 512
_SYMBOLS = itertools.count()


@dataclass(frozen=True)
class Affine:
    """A range as a centre and coefficients of noise symbols.

    Attributes:
        centre: value with all symbols at 0.
        terms: coefficient of each symbol.
    """

    centre: Fraction
    terms: Mapping[int, Fraction]

    @classmethod
    def spanning(cls, interval: Interval) -> Affine:
        """An independent quantity anywhere in the interval."""
        centre = (interval.lo + interval.hi) / 2
        radius = (interval.hi - interval.lo) / 2
        return cls(centre, {next(_SYMBOLS): radius} if radius else {})

    @property
    def radius(self) -> Fraction:
        """Farthest from the centre."""
        return sum((abs(c) for c in self.terms.values()), Fraction(0))

    @property
    def interval(self) -> Interval:
        """All values."""
        radius = self.radius
        return Interval(self.centre - radius, self.centre + radius)

    def __add__(self, other: Affine) -> Affine:
        return self._combined(other, 1)

    def __sub__(self, other: Affine) -> Affine:
        return self._combined(other, -1)

    def __neg__(self) -> Affine:
        return self.scaled(Fraction(-1))

    def scaled(self, factor: Fraction) -> Affine:
        """All values times a constant."""
        return _tidy(self.centre * factor, {s: c * factor for s, c in self.terms.items()})

    def widened(self, below: Fraction, above: Fraction) -> Affine:
        """With an independent error in ``[below, above]`` added."""
        return self + Affine.spanning(Interval(below, above))

    def _combined(self, other: Affine, sign: int) -> Affine:
        terms = dict(self.terms)
        for symbol, coefficient in other.terms.items():
            terms[symbol] = terms.get(symbol, Fraction(0)) + sign * coefficient
        return _tidy(self.centre + sign * other.centre, {s: c for s, c in terms.items() if c})

    def __mul__(self, other: Affine) -> Affine:
        linear = {
            s: other.centre * self.terms.get(s, Fraction(0))
            + self.centre * other.terms.get(s, Fraction(0))
            for s in {**self.terms, **other.terms}
        }
        remainder = _remainder(self.terms, other.terms)
        product = _tidy(self.centre * other.centre, {s: c for s, c in linear.items() if c})
        return product.widened(remainder.lo, remainder.hi) if remainder.magnitude else product

    def reciprocal(self, interval: Interval) -> Affine:
        """One over all values.

        Args:
            interval: encloses the values, and does not contain 0.
        """
        near, far = sorted((interval.lo, interval.hi), key=abs)
        slope = -1 / (far * far)
        # 1/x - slope·x falls (or rises) all the way from the near end to the far one.
        ends = sorted((1 / near - slope * near, 1 / far - slope * far))
        return self.scaled(slope).widened(ends[0], ends[1])


def _remainder(a: Mapping[int, Fraction], b: Mapping[int, Fraction]) -> Interval:
    """Range of ``(Σ a·ε)(Σ b·ε)``: a square ε² lies in [0, 1], a mixed product in [-1, 1]."""
    if len({**a, **b}) > _QUADRATIC_SYMBOLS:
        reach = sum(map(abs, a.values()), Fraction(0)) * sum(map(abs, b.values()), Fraction(0))
        return Interval(-reach, reach)
    low = high = Fraction(0)
    zero = Fraction(0)
    symbols = sorted({**a, **b})
    for i, s in enumerate(symbols):
        square = a.get(s, zero) * b.get(s, zero)
        low, high = low + min(square, zero), high + max(square, zero)
        for t in symbols[i + 1 :]:
            mixed = abs(a.get(s, zero) * b.get(t, zero) + a.get(t, zero) * b.get(s, zero))
            low, high = low - mixed, high + mixed
    return Interval(low, high)


def _tidy(centre: Fraction, terms: dict[int, Fraction]) -> Affine:
    """A form whose numbers are short; what rounding took away is a symbol of its own."""
    longest = max(map(_bits, (centre, *terms.values())))
    if longest <= _LONG_BITS:
        return Affine(centre, terms)
    lost = Fraction(0)
    kept: dict[int, Fraction] = {}
    short = _rounded(centre)
    lost += abs(short - centre)
    for symbol, coefficient in terms.items():
        kept[symbol] = _rounded(coefficient)
        lost += abs(kept[symbol] - coefficient)
    rest = Interval(-lost, lost).hi
    if rest:
        kept[next(_SYMBOLS)] = rest
    return Affine(short, kept)


def _bits(x: Fraction) -> int:
    return x.numerator.bit_length() + x.denominator.bit_length()


def _rounded(x: Fraction) -> Fraction:
    """``x`` to about `KEPT_BITS` significant bits."""
    if _bits(x) <= _LONG_BITS:
        return x
    shift = KEPT_BITS - (x.numerator.bit_length() - x.denominator.bit_length())
    scale = Fraction(2) ** min(FINEST, shift)
    return round(x * scale) / scale
