"""Error against length, measured: curves of sources and operations, and where they cross."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.bitstream._counter import Counter
from sc_neurocore.bitstream._encode import encode
from sc_neurocore.bitstream._entropy import NumpyRandom, OsEntropy
from sc_neurocore.bitstream._error import (
    ErrorBound,
    accumulate_error,
    encode_error,
    multiply_error,
    require_confidence,
)
from sc_neurocore.bitstream._halton import Halton
from sc_neurocore.bitstream._packed import popcount, sc_and
from sc_neurocore.bitstream._require import require_length, require_whole
from sc_neurocore.bitstream._sharing import lfsr_phases
from sc_neurocore.bitstream._sobol import Sobol
from sc_neurocore.bitstream._source import Source
from sc_neurocore.exceptions import SCConfigError

Operation = Literal["encode", "multiply", "accumulate"]
Pair = tuple[Source, Source]
Numbers = NDArray[np.float64]

#: What a curve can be of.
OPERATIONS: tuple[Operation, ...] = ("encode", "multiply", "accumulate")
#: Products of one sum.
PRODUCTS = 16
#: Lengths of the published curves: powers of two up to the period of a 16-bit source.
LENGTHS = tuple(2**k for k in range(4, 17))
#: Seeds over which the trials of a seeded source are spread.
_VARIANTS = 32
#: Seeds of registers for which all thresholds are looked at.
_BOUND_SEEDS = 4
_RESAMPLES = 500
#: Bits encoded at a time.
_BITS = 2**27


@dataclass(frozen=True)
class Family:
    """Sources that are used together, at every length.

    Attributes:
        name: what it is called in a table.
        pairs: sources of `PRODUCTS` or fewer products at a length, for one of several seeds.
        seeded: whether other seeds give other pairs.
    """

    name: str
    pairs: Callable[[int, int], tuple[Pair, ...]]
    seeded: bool = False

    @classmethod
    def of_pair(cls, a: Source, b: Source, name: str | None = None) -> Family:
        """Two sources at every length; with `NumpyRandom`, other ones of it for every seed."""
        random = any(isinstance(s, NumpyRandom) for s in (a, b))
        return cls(
            name or f"{a}/{b}",
            lambda _, seed: ((_rekeyed(a, seed), _rekeyed(b, seed)),),
            seeded=random,
        )


@dataclass(frozen=True)
class CurvePoint:
    """Error at one length.

    Attributes:
        length: bits of the streams.
        rms: root of the mean squared error of the trials; measured.
        low: lower end of the confidence band of ``rms``.
        high: upper end.
        largest: largest error of a trial; measured.
        bound: largest error over all values; for random sources, over all trials together.
    """

    length: int
    rms: float
    low: float
    high: float
    largest: float
    bound: ErrorBound


@dataclass(frozen=True)
class ErrorCurve:
    """Error of one operation with one family of sources against length.

    Attributes:
        family: name of the sources.
        operation: ``"encode"``, ``"multiply"`` or ``"accumulate"`` (mean of the products of all
            sources).
        sources: texts of the sources at the last length, of one seed.
        trials: values, or pairs or sets of values, at each length.
        confidence: of the band.
        points: one for each length.
    """

    family: str
    operation: Operation
    sources: tuple[str, ...]
    trials: int
    confidence: float
    points: tuple[CurvePoint, ...]

    @property
    def exponent(self) -> float:
        """Slope of log rms over log length: -1/2 for random bits, towards -1 for sequences."""
        if len(self.points) < 2:
            return math.nan
        x, y = (np.log([getattr(p, name) for p in self.points]) for name in ("length", "rms"))
        return float(np.polyfit(x, y, 1)[0])

    def to_dict(self) -> dict[str, Any]:
        """The curve as JSON values; nan where a slope needs two lengths becomes None."""
        slope = None if math.isnan(self.exponent) else self.exponent
        return {**asdict(self), "exponent": slope, "word": "measured"}


@dataclass(frozen=True)
class Crossover:
    """From a length on, one family's error is below another's, bands included; measured.

    Attributes:
        operation: of the two curves.
        better: family of the lower error.
        worse: family of the higher error.
        length: first such length of the curves.
    """

    operation: Operation
    better: str
    worse: str
    length: int


def _rekeyed(source: Source, seed: int) -> Source:
    """Another generator for every seed; equal ones stay equal, and different ones different."""
    if not isinstance(source, NumpyRandom):
        return source
    # An odd step far from round numbers: keys that a user picks are not met again.
    return replace(source, seed=(source.seed + seed * 0x9E3779B97F4A7C15F39CC0605CEDC835) % 2**128)


def _halton_pairs(length: int, seed: int) -> tuple[Pair, ...]:
    primes = [n for n in range(2, 132) if all(n % d for d in range(2, n))]
    return tuple((Halton(primes[2 * i]), Halton(primes[2 * i + 1])) for i in range(PRODUCTS))


def _lfsr_pairs(length: int, seed: int) -> tuple[Pair, ...]:
    phases = lfsr_phases(2 * PRODUCTS, 1 + (0xACE0 + 7919 * seed) % 65535)
    return tuple(zip(phases[::2], phases[1::2], strict=True))


def _random_pairs(length: int, seed: int) -> tuple[Pair, ...]:
    first = 2 * PRODUCTS * seed
    return tuple(
        (NumpyRandom(first + 2 * i), NumpyRandom(first + 2 * i + 1)) for i in range(PRODUCTS)
    )


def _counter_pairs(length: int, seed: int) -> tuple[Pair, ...]:
    # A counter is of use with one period in the length.
    counter = Counter(max(1, (length - 1).bit_length()))
    return tuple((counter, Sobol(i + 1)) for i in range(PRODUCTS))


#: Families of the published curves: 16-bit sources, by the first word of their text. A counter is
#: as wide as its length is long, and multiplies with Sobol sequences.
FAMILIES: dict[str, Family] = {
    f.name: f
    for f in (
        Family("random", _random_pairs, seeded=True),
        Family("lfsr", _lfsr_pairs, seeded=True),
        Family("sobol", lambda _, __: tuple((Sobol(2 * i + 1), Sobol(2 * i + 2))
                                            for i in range(PRODUCTS))),
        Family("halton", _halton_pairs),
        Family("counter", _counter_pairs),
    )
}  # fmt: skip


def error_curve(
    family: Family,
    operation: Operation,
    *,
    lengths: Sequence[int] = LENGTHS,
    trials: int = 1000,
    seed: int = 0,
    confidence: float = 0.95,
) -> ErrorCurve:
    """Measure the error of an operation at each length, on values drawn evenly from 0 to 1.

    The band is of the rms error: a bootstrap over trials, or over seeds where they differ.

    Args:
        family: sources to use.
        operation: ``"encode"`` one value, ``"multiply"`` two, or ``"accumulate"``: the mean of as
            many products as the family has pairs.
        lengths: bits of the streams, ascending.
        trials: draws at each length, at least 100.
        seed: of the draws.
        confidence: of the band, and of bounds on random sources.

    Raises:
        SCConfigError: an unknown operation, no or descending lengths, a number out of range, a sum
            of one product, or random sources of which every trial would see the same numbers.
    """
    if operation not in OPERATIONS:
        raise SCConfigError(
            f"operation is {operation!r}; it must be one of {', '.join(OPERATIONS)}"
        )
    lengths = [require_length(length) for length in lengths]
    if not lengths or any(a >= b for a, b in itertools.pairwise(lengths)):
        raise SCConfigError(f"lengths are {lengths}; they must be ascending, at least one")
    trials = require_whole("trials", trials, 100, 10**6)
    confidence = require_confidence(confidence)
    rng = np.random.default_rng(require_whole("seed", seed, 0))
    _require_fit(family, operation)
    groups = _VARIANTS if family.seeded else trials
    points = []
    for length in lengths:
        values = rng.random((2, groups, -(-trials // groups), _products(family, operation)))
        errors = _errors(family, operation, length, values)
        squares = np.square(errors).mean(axis=1)
        drawn = squares[rng.integers(0, groups, (_RESAMPLES, groups))].mean(axis=1)
        low, high = np.sqrt(np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2]))
        largest = float(np.abs(errors).max())
        bound = _bound(family, operation, length, confidence, largest, errors.size)
        rms = float(np.sqrt(squares.mean()))
        points.append(CurvePoint(length, rms, float(low), float(high), largest, bound))
    used = family.pairs(lengths[-1], 0)[: _products(family, operation)]
    texts = [str(pair[0]) if operation == "encode" else f"{pair[0]} × {pair[1]}" for pair in used]
    count = groups * -(-trials // groups)
    return ErrorCurve(family.name, operation, tuple(texts), count, confidence, tuple(points))


def crossovers(curves: Sequence[ErrorCurve]) -> tuple[Crossover, ...]:
    """Where one curve is below another of the same operation, at that length and all after it.

    Args:
        curves: of the same lengths.

    Raises:
        SCConfigError: curves of different lengths.
    """
    if len({tuple(p.length for p in c.points) for c in curves}) > 1:
        raise SCConfigError("the curves have different lengths; compare curves of the same ones")
    found = []
    for a, b in itertools.permutations(curves, 2):
        if a.operation != b.operation:
            continue
        apart = [p.high < q.low for p, q in zip(a.points, b.points, strict=True)]
        first = len(apart) - len(list(itertools.takewhile(bool, reversed(apart))))
        if first < len(apart):
            found.append(Crossover(a.operation, a.family, b.family, a.points[first].length))
    return tuple(found)


def _require_fit(family: Family, operation: Operation) -> None:
    pairs = family.pairs(LENGTHS[0], 0)
    sources = [s for pair in pairs for s in pair]
    if any(isinstance(s, OsEntropy) for s in sources):
        raise SCConfigError(
            f"'{family.name}' has source 'entropy', of which no measurement can be made again; use "
            "a reproducible one, such as random:1"
        )
    if not family.seeded and any(isinstance(s, NumpyRandom) for s in sources):
        raise SCConfigError(
            f"'{family.name}' has random sources that are the same for every trial, which gives no "
            "band; make it with Family.of_pair, or seeded"
        )
    if operation == "accumulate" and len(pairs) < 2:
        raise SCConfigError(
            f"'{family.name}' is one pair of sources; a sum needs at least two, so measure multiply"
        )


def _products(family: Family, operation: Operation) -> int:
    return len(family.pairs(LENGTHS[0], 0)) if operation == "accumulate" else 1


def _bound(
    family: Family,
    operation: Operation,
    length: int,
    confidence: float,
    largest: float,
    trials: int,
) -> ErrorBound:
    # On random sources a bound holds for one trial; each may fail with a share of the chance.
    each = 1 - (1 - confidence) / trials
    first = _bound_of(family.pairs(length, 0), operation, length, each)
    if first.confidence is not None:
        return replace(first, basis=f"{first.basis}, all {trials} trials", confidence=confidence)
    if not family.seeded:
        return first
    # Counted for one seed it says nothing of the others: take the worst seen of several.
    bounds = [_bound_of(family.pairs(length, seed), operation, length, each).value
              for seed in range(1, _BOUND_SEEDS)]  # fmt: skip
    worst = max(first.value, largest, *bounds)
    return ErrorBound(worst, "measured", f"the trials, and {_BOUND_SEEDS} seeds: {first.basis}")


def _bound_of(
    pairs: tuple[Pair, ...], operation: Operation, length: int, confidence: float
) -> ErrorBound:
    if operation == "encode":
        return encode_error(pairs[0][0], length, confidence=confidence)
    if operation == "multiply":
        return multiply_error(*pairs[0], length, confidence=confidence)
    return accumulate_error(pairs, length, confidence=confidence)


def _errors(
    family: Family, operation: Operation, length: int, values: NDArray[np.float64]
) -> Numbers:
    """Signed errors ``(groups, trials of a group)`` of values ``(2, groups, trials, products)``."""
    _, groups, each, products = values.shape
    if not family.seeded:
        # All values of one seed at once, a manageable number of bits at a time.
        step = max(1, _BITS // (2 * length * products))
        rows = values.reshape(2, groups * each, products)
        parts = [
            _errors_of_seed(family.pairs(length, 0), operation, length, rows[:, i : i + step])
            for i in range(0, groups * each, step)
        ]
        return np.concatenate(parts).reshape(groups, each)
    found = [
        _errors_of_seed(family.pairs(length, g), operation, length, values[:, g])
        for g in range(groups)
    ]
    return np.array(found)


def _errors_of_seed(
    pairs: tuple[Pair, ...], operation: Operation, length: int, values: NDArray[np.float64]
) -> Numbers:
    used = pairs[: values.shape[2]]
    p, q = values
    x = encode(p, length, [a for a, _ in used])
    if operation == "encode":
        return np.asarray(popcount(x)[:, 0] / length - p[:, 0])
    y = encode(q, length, [b for _, b in used])
    return np.asarray((popcount(sc_and(x, y)) / length - p * q).mean(axis=1))
