"""Whether the streams that a document multiplies are independent: measured, at compile time.

Sources restart with every stream, so what is measured over one stream holds for all of them.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from sc_neurocore.bitstream import (
    SOBOL_DIMENSIONS,
    Halton,
    Lfsr,
    Multiplier,
    NumpyRandom,
    Sobol,
    Source,
    check_multipliers,
)
from sc_neurocore.exceptions import SCCompilerError
from sc_neurocore.ir._scnir_checks import PRIMES
from sc_neurocore.ir._scnir_document import SCNIRDocument, SCNIRSource

#: Ticks from one phase of a register to the next, as a share of its period: 1/φ spreads any
#: number of phases in a row evenly.
_GOLDEN = 0.6180339887498949
#: Sources that are tried for a stream before giving up.
_TRIES = 64
#: Longest stream that is measured, a few seconds for a pair.
_LONGEST = 1 << 20


class SCNIRCorrelationError(SCCompilerError):
    """Two streams that are multiplied are more correlated than their constraint allows."""


@dataclass(frozen=True)
class SCNIRCorrelationCheck:
    """What was measured of one constraint.

    Attributes:
        stream: id of the stream with the constraint.
        other: id of the stream that it is multiplied with.
        scc: their correlation, -1 to 1, at the values of both where dependence changes the product
            most.
        max_abs_scc: largest magnitude allowed.
        product_error: what dependence adds to the product there, -1/4 to 1/4.
    """

    stream: str
    other: str
    scc: float
    max_abs_scc: float
    product_error: float

    @property
    def within(self) -> bool:
        """Whether the constraint holds."""
        return abs(self.scc) <= self.max_abs_scc


def measure_scnir_correlations(document: SCNIRDocument) -> tuple[SCNIRCorrelationCheck, ...]:
    """Measure every constraint of a document, in order.

    All pairs of values are covered (`check_multipliers`); SCC is taken at the pair where the
    covariance is largest, because at values where the product hardly changes, SCC is ±1 by
    accident.
    """
    checks = []
    for stream in document.streams:
        first = stream.source.generator()
        for constraint in stream.correlation:
            second = document.stream(constraint.stream).source.generator()
            scc, error = _measured(first, second, stream.bitstream_length)
            checks.append(
                SCNIRCorrelationCheck(
                    stream.id, constraint.stream, scc, constraint.max_abs_scc, error
                )
            )
    return tuple(checks)


def require_scnir_correlations(document: SCNIRDocument) -> tuple[SCNIRCorrelationCheck, ...]:
    """Measure every constraint, and refuse a document with one that does not hold.

    Raises:
        SCNIRCorrelationError: names both streams, the SCC that was measured, the one that is
            allowed, and a source that was found to meet all constraints of the stream.
    """
    checks = measure_scnir_correlations(document)
    for check in checks:
        if not check.within:
            raise SCNIRCorrelationError(
                f"streams '{check.stream}' and '{check.other}' are multiplied, but their sources "
                f"{_source_text(document, check.stream)} and {_source_text(document, check.other)} "
                f"have SCC {check.scc:+.3f} (product error {check.product_error:+.4f}) at "
                f"{document.stream(check.stream).bitstream_length} bits, and at most "
                f"{check.max_abs_scc:g} is allowed; {_remedy(document, check.stream)}"
            )
    return checks


#: A source that a stream is multiplied with, and the largest SCC allowed.
Partner = tuple[Source, float]


def independent_source(
    candidates: Iterable[SCNIRSource], partners: Sequence[Partner], length: int
) -> SCNIRSource | None:
    """The first candidate whose measured SCC with every partner is allowed, or None."""
    for candidate in candidates:
        generator = candidate.generator()
        if all(abs(_measured(generator, s, length)[0]) <= limit for s, limit in partners):
            return candidate
    return None


def candidates_like(source: SCNIRSource) -> Iterator[SCNIRSource]:
    """Sources of one kind that may be independent of each other, the given one first.

    Other Sobol dimensions, for no shift makes one dimension independent of itself; other phases of
    an LFSR, reached by jumping ahead; other prime bases; other seeds of a random generator. A
    counter has none.
    """
    generator = source.generator()
    for index in range(_TRIES):
        if isinstance(generator, Sobol):
            dimension = (generator.dimension - 1 + index) % SOBOL_DIMENSIONS + 1
            yield replace(source, dimension=dimension)
        elif isinstance(generator, Lfsr):
            ticks = int(index * _GOLDEN * generator.period)
            yield replace(source, seed=generator.jump(ticks).seed)
        elif isinstance(generator, Halton):
            first = PRIMES.index(generator.base)
            yield replace(source, base=PRIMES[(first + index) % len(PRIMES)])
        elif isinstance(generator, NumpyRandom):
            yield replace(source, seed=generator.seed + index)
        elif index == 0:
            yield source


@functools.lru_cache(maxsize=4096)
def _measured(first: Source, second: Source, length: int) -> tuple[float, float]:
    if length > _LONGEST:
        raise SCNIRCorrelationError(
            f"correlation is measured in streams of up to {_LONGEST} bits, but one has {length}; "
            "use shorter streams"
        )
    check = check_multipliers([Multiplier("pair", first, second)], length, limit=0.25)[0]
    return check.scc, check.covariance


def _source_text(document: SCNIRDocument, identity: str) -> str:
    return str(document.stream(identity).source.generator())


def _remedy(document: SCNIRDocument, identity: str) -> str:
    stream = document.stream(identity)
    partners = [
        (document.stream(c.stream).source.generator(), c.max_abs_scc) for c in stream.correlation
    ]
    partners += [
        (other.source.generator(), c.max_abs_scc)
        for other in document.streams
        for c in other.correlation
        if c.stream == identity
    ]
    found = independent_source(_remedies(stream.source), partners, stream.bitstream_length)
    if found is None:
        return "use longer streams, or allow more correlation"
    return f"give '{identity}' the source {found.generator()}, which was tried and is within"


def _remedies(source: SCNIRSource) -> Iterator[SCNIRSource]:
    yield from candidates_like(source)
    if source.kind != "sobol":
        yield from candidates_like(SCNIRSource("sobol", max(2, source.width), 0, 1))
