"""How far encoded values, products and sums are off, each figure with the word for how it is known.

``proven``: a theorem, or every case counted. ``measured``: counted on a sample of cases.
``estimated``: a model that need not hold. A bound on random sources holds with a confidence, for
bits that are independent; one on sequences holds always, from tick 0 on. All errors are of rates,
0 to 1, and include the rounding of values to thresholds; an encoded bipolar value errs by twice as
much.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sc_neurocore.bitstream._counter import Counter
from sc_neurocore.bitstream._discrepancy import (
    GROUPS,
    RATE_TICKS,
    Extremes,
    product_extremes,
    rate_extremes,
    ticks_of,
)
from sc_neurocore.bitstream._entropy import NumpyRandom, OsEntropy
from sc_neurocore.bitstream._halton import Halton
from sc_neurocore.bitstream._require import (
    require_length,
    require_number,
)
from sc_neurocore.bitstream._sobol import Sobol
from sc_neurocore.bitstream._source import Source
from sc_neurocore.exceptions import SCConfigError

Word = Literal["proven", "measured", "estimated"]


@dataclass(frozen=True)
class ErrorBound:
    """Largest error, and how it is known.

    Attributes:
        value: magnitude of the error of a rate.
        word: ``"proven"``, ``"measured"`` or ``"estimated"``.
        basis: the theorem, count or model.
        confidence: probability with which it holds; None if it holds always.
    """

    value: float
    word: Word
    basis: str
    confidence: float | None = None

    def __str__(self) -> str:
        chance = "" if self.confidence is None else f" at {100 * self.confidence:g} %"
        return f"{self.value:.3g} {self.word}{chance} ({self.basis})"


def require_confidence(confidence: Any) -> float:
    """Return a confidence, above 0 and below 1."""
    value = require_number("confidence", confidence, 0.0, 1.0)
    if value in (0.0, 1.0):
        raise SCConfigError(f"confidence is {value:g}; it must lie between 0 and 1, both excluded")
    return value


def hoeffding_radius(length: int, confidence: float = 0.95) -> float:
    """``sqrt(ln(2/(1-confidence)) / (2 L))``: two-sided, for L independent bits of any rate.

    Source: Hoeffding 1963, doi:10.1080/01621459.1963.10500830. The same radius holds for all
    thresholds of one source at once (Massart 1990, doi:10.1214/aop/1176990746).

    Raises:
        SCConfigError: a length or confidence out of range.
    """
    return math.sqrt(_log_odds(confidence) / (2 * require_length(length)))


def chebyshev_radius(p: float, length: int, confidence: float = 0.95) -> float:
    """``sqrt(p (1-p) / (L (1-confidence)))``: two-sided, for L independent bits of rate p.

    Raises:
        SCConfigError: a probability, length or confidence out of range.
    """
    return standard_deviation(p, length) / math.sqrt(1 - require_confidence(confidence))


def standard_deviation(p: float, length: int) -> float:
    """``sqrt(p (1-p) / L)``: of the rate of L independent bits; a third of all runs err by more.

    Raises:
        SCConfigError: a probability or length out of range.
    """
    rate = require_number("p", p, 0.0, 1.0)
    return math.sqrt(rate * (1 - rate) / require_length(length))


def encode_error(source: Source, length: int, *, confidence: float = 0.95) -> ErrorBound:
    """Largest error of the rate of a stream, over all probabilities.

    Args:
        source: of the stream, from tick 0 on.
        length: bits of the stream.
        confidence: for random sources, probability that the bound holds.

    Raises:
        SCConfigError: a length or confidence out of range.
    """
    length = require_length(length)
    confidence = require_confidence(confidence)
    match source:
        case NumpyRandom() | OsEntropy():
            radius = hoeffding_radius(length, confidence) + _rounding(source)
            return ErrorBound(radius, "proven", "Hoeffding, for independent bits", confidence)
        case Counter():
            return ErrorBound(_counter_error(source, length), "proven", "closed form")
    if ticks_of(length, source) <= RATE_TICKS:
        worst = abs(_rate_extremes(source, length).worst.error)
        return ErrorBound(worst, "proven", "every threshold counted")
    match source:
        case Sobol() | Halton():
            return ErrorBound(_block_error(source, length), "proven", "blocks of base^k ticks")
    radius = hoeffding_radius(length, confidence) + _rounding(source)
    return ErrorBound(radius, "estimated", "as if its bits were independent", confidence)


def multiply_error(a: Source, b: Source, length: int, *, confidence: float = 0.95) -> ErrorBound:
    """Largest error of ``rate(a AND b)`` as a product, over all pairs of probabilities.

    Args:
        a: source of one stream, from tick 0 on.
        b: source of the other; an `OsEntropy` draws numbers of its own. The same one, or one that
            depends on it, is counted as it is: exactly where neither gives more than 4096
            different numbers, else a little above.
        length: bits of the streams.
        confidence: for random sources, probability that the bound holds, for any one pair of
            probabilities.

    Raises:
        SCConfigError: a length or confidence out of range.
    """
    length = require_length(length)
    confidence = require_confidence(confidence)
    random = [s for s in (a, b) if _is_random(s)]
    if random and _independent(a, b):
        radius = hoeffding_radius(length, confidence) + sum(_rounding(s) for s in random)
        rest = [encode_error(s, length, confidence=confidence) for s in (a, b) if s not in random]
        word: Word = "proven" if all(r.word == "proven" for r in rest) else "estimated"
        value = radius + sum(r.value for r in rest)
        return ErrorBound(value, word, "Hoeffding, for independent bits", confidence)
    found = _product_extremes(a, b, length)
    worst = abs(found.worst.error)
    return ErrorBound(worst, "proven", _counted(found.exhaustive))


def accumulate_error(
    pairs: Sequence[tuple[Source, Source]], length: int, *, confidence: float = 0.95
) -> ErrorBound:
    """Largest error of the mean of products, over all probabilities: that of a dot product / n.

    The values of different products are free, so for sequences the largest error is the mean of
    the largest errors of one sign, and it is attained. It is rare: the errors of products of
    different values mostly cancel (see `error_curve`).

    Args:
        pairs: sources of the two streams of each product.
        length: bits of the streams.
        confidence: for random sources, probability that the bound holds.

    Raises:
        SCConfigError: no pair, or a length or confidence out of range.
    """
    length = require_length(length)
    confidence = require_confidence(confidence)
    if not pairs:
        raise SCConfigError("there is no pair of sources; a sum needs at least one product")
    sources = [s for pair in pairs for s in pair]
    if all(map(_is_random, sources)) and all(_independent(a, b) for a, b in pairs):
        # With streams shared between products only the ticks are independent of each other.
        trials = len(pairs) if _all_independent(sources) else 1
        radius = math.sqrt(_log_odds(confidence) / (2 * length * trials))
        radius += sum(_rounding(s) for s in sources) / len(pairs)
        return ErrorBound(radius, "proven", "Hoeffding, for independent bits", confidence)
    if any(map(_is_random, sources)):
        # Each bound may fail with a share of the chance, so that all hold with the confidence.
        each = 1 - (1 - confidence) / len(pairs)
        bounds = [multiply_error(a, b, length, confidence=each) for a, b in pairs]
        weakest: Word = max((b.word for b in bounds), key=_WORDS.index)
        mean = sum(b.value for b in bounds) / len(pairs)
        return ErrorBound(mean, weakest, "mean of the products' bounds", confidence)
    found = [_product_extremes(a, b, length) for a, b in pairs]
    low, high = (sum(getattr(f, end).error for f in found) for end in ("low", "high"))
    worst = max(-low, high) / len(pairs)
    return ErrorBound(worst, "proven", _counted(all(f.exhaustive for f in found)))


#: From the strongest to the weakest.
_WORDS: tuple[Word, ...] = ("proven", "measured", "estimated")


@functools.lru_cache(maxsize=1024)
def _rate_extremes(source: Source, length: int) -> Extremes:
    return rate_extremes(source, length)


@functools.lru_cache(maxsize=1024)
def _product_extremes(a: Source, b: Source, length: int) -> Extremes:
    return product_extremes(a, b, length)


def _counted(exhaustive: bool) -> str:
    if exhaustive:
        return "every pair of thresholds counted"
    return f"upper bound, {GROUPS} by {GROUPS} cells of thresholds counted"


def _log_odds(confidence: float) -> float:
    return math.log(2 / (1 - require_confidence(confidence)))


def _rounding(source: Source) -> float:
    return float(2.0 ** -(source.width + 1))


def _is_random(source: Source) -> bool:
    return isinstance(source, (NumpyRandom, OsEntropy))


def _independent(a: Source, b: Source) -> bool:
    """Whether two sources, one of them random, are independent of each other."""
    if isinstance(a, NumpyRandom) and isinstance(b, NumpyRandom):
        return a.seed != b.seed
    return True


def _all_independent(sources: Sequence[Source]) -> bool:
    # Whether two equal entropies are one generator is not known, so they count as one.
    keys = [s.seed if isinstance(s, NumpyRandom) else None for s in sources]
    return len(set(keys)) == len(keys)


def _counter_error(source: Counter, length: int) -> float:
    """In the last, begun period of m ticks the first m numbers come once more than the others.

    So the error is largest at the threshold m: ``m (P - m) / (L P)`` and half a step.
    """
    begun = length % source.period
    return begun * (source.period - begun) / (length * source.period) + _rounding(source)


def _block_error(source: Sobol | Halton, length: int) -> float:
    """Any ``base^k`` ticks from a multiple of it on have one number in each ``base^-k`` of [0, 1).

    So their count is off by at most one for any threshold, and L ticks split into as many blocks
    as the sum of the digits of L. A whole period of base 2 is exact.
    """
    base = source.base if isinstance(source, Halton) else 2
    periods, rest = divmod(length, source.period)
    blocks = 0 if base == 2 else periods
    while rest:
        rest, digit = divmod(rest, base)
        blocks += digit
    return blocks / length + _rounding(source)
