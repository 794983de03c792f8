"""Streams that a plan counts on: their source, their coding, and how far off they can be."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sc_neurocore.bitstream import (
    BIPOLAR,
    SIGN_MAGNITUDE,
    UNIPOLAR,
    ErrorBound,
    LengthPlan,
    NumpyRandom,
    OsEntropy,
    Source,
    encode_error,
    hoeffding_radius,
    multiply_error,
    plan_length,
    shortest_length,
    source_of,
)
from sc_neurocore.exceptions import SCConfigError

#: What a plan says of streams that come from no particular source.
INDEPENDENT = "independent random bits"
_CODINGS = ("auto", UNIPOLAR.name, BIPOLAR.name, SIGN_MAGNITUDE.name)


@dataclass(frozen=True)
class Streams:
    """Streams of weights, or of weights times inputs.

    Errors are of values: those of bipolar ones are twice those of rates.

    Attributes:
        coding: of the weights.
        source: of the weights' numbers; None for independent random bits.
        input_source: of the inputs' numbers; with it the errors are those of products.
        confidence: probability with which a bound on random bits holds.
    """

    coding: str
    source: Source | None
    input_source: Source | None
    confidence: float

    @property
    def random(self) -> bool:
        """Whether all bits are random and independent."""
        kinds = (NumpyRandom, OsEntropy, type(None))
        return isinstance(self.source, kinds) and isinstance(self.input_source, kinds)

    @property
    def chance(self) -> bool:
        """Whether any bits are random, so that bounds hold with a confidence."""
        kinds = (NumpyRandom, OsEntropy)
        return self.random or isinstance(self.source, kinds) or isinstance(self.input_source, kinds)

    @property
    def gain(self) -> int:
        """Error of a value per error of its rate."""
        return 2 if self.coding == BIPOLAR.name else 1

    @property
    def slack(self) -> float:
        """What the comparators of random sources add to the radius, whatever the length."""
        if not self.random:
            return 0.0
        sources = [s for s in (self.source, self.input_source) if s is not None]
        return self.gain * sum(2.0 ** -(s.width + 1) for s in sources)

    def __str__(self) -> str:
        if self.source is None:
            return INDEPENDENT
        return str(self.source) + ("" if self.input_source is None else f" × {self.input_source}")

    def bound(self, length: int) -> ErrorBound:
        """Largest error of a value, or of a product, of so many bits."""
        if self.source is None:
            radius = self.gain * hoeffding_radius(length, self.confidence)
            basis = "Hoeffding, two-sided, for independent bits"
            return ErrorBound(radius, "proven", basis, self.confidence)
        a = encode_error(self.source, length, confidence=self.confidence)
        if self.input_source is None:
            return ErrorBound(self.gain * a.value, a.word, a.basis, a.confidence)
        both = multiply_error(self.source, self.input_source, length, confidence=self.confidence)
        if self.coding == BIPOLAR.name and both.confidence is None:
            # rate(a XNOR b) = 1 - rate(a) - rate(b) + 2 rate(a AND b), each off by its own error.
            b = encode_error(self.input_source, length, confidence=self.confidence)
            value = 2 * (a.value + b.value + 2 * both.value)
            return ErrorBound(value, both.word, f"{both.basis}, as XNOR")
        # Of random bits XNOR is a stream of independent bits like any other.
        return ErrorBound(self.gain * both.value, both.word, both.basis, both.confidence)

    def radius(self, length: int) -> float:
        """The part of a bound that is Hoeffding's radius; of sequences there is none.

        Of independent streams it adds up as the root of the sum of squares, the rest as it is.
        """
        return self.gain * hoeffding_radius(length, self.confidence) if self.chance else 0.0

    def plan_length(self, tolerance: float, min_length: int, max_length: int) -> LengthPlan:
        """Smallest allowed power of two within a tolerance, or why there is none."""
        if not self.random:
            epsilon = min(tolerance / self.gain, math.nextafter(1.0, 0.0))
            return shortest_length(
                self._rate, epsilon, min_length=min_length, max_length=max_length
            )
        epsilon = min((tolerance - self.slack) / self.gain, math.nextafter(1.0, 0.0))
        if epsilon >= 1e-9:
            return plan_length(
                0.5, epsilon, self.confidence, min_length=min_length, max_length=max_length
            )
        verdict = (
            f"infeasible: an error of {tolerance:.3g} is beyond streams of {self}, of any length"
        )
        return LengthPlan(tolerance, None, None, "proven", self.bound(max_length).basis, verdict)

    def _rate(self, length: int) -> ErrorBound:
        found = self.bound(length)
        return ErrorBound(found.value / self.gain, found.word, found.basis, found.confidence)


def streams_of(
    signed: bool,
    coding: str,
    source: Source | str | None,
    input_source: Source | str | None,
    confidence: float,
) -> Streams:
    """Check a choice of sources and coding; ``auto`` codes signed weights by sign and magnitude.

    Raises:
        SCConfigError: an unknown coding or source, unipolar coding of negative weights, sources
            that depend on each other, or a confidence out of range.
    """
    if not isinstance(coding, str) or coding not in _CODINGS:
        raise SCConfigError(f"coding is {coding!r}; it must be one of {', '.join(_CODINGS)}")
    if coding == UNIPOLAR.name and signed:
        raise SCConfigError(
            "coding is 'unipolar', but there are negative weights; nothing is clipped, so choose "
            "'sign-magnitude' or 'bipolar'"
        )
    chosen = (SIGN_MAGNITUDE if signed else UNIPOLAR).name if coding == "auto" else coding
    a, b = _source("source", source), _source("input_source", input_source)
    if b is not None and a is None:
        raise SCConfigError("input_source needs a source: name that of the weights, too")
    same_seed = isinstance(a, NumpyRandom) and isinstance(b, NumpyRandom) and a.seed == b.seed
    if a is not None and ((a == b and not isinstance(a, OsEntropy)) or same_seed):
        raise SCConfigError(
            f"source and input_source are both '{a}'; equal streams do not multiply, so choose "
            "another seed or dimension for one"
        )
    hoeffding_radius(1, confidence)  # checks it
    return Streams(chosen, a, b, float(confidence))


def _source(name: str, value: Source | str | None) -> Source | None:
    if isinstance(value, str):
        return None if value == INDEPENDENT else source_of(value)
    if value is None or isinstance(value, Source):
        return value
    raise SCConfigError(f"{name} is {value!r}; it must be a source such as Sobol(1) or 'sobol:1'")
