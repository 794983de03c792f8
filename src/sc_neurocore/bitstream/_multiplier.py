"""The two streams of every multiplier, checked before anything is built.

An AND gate multiplies streams only if they are independent; whether they are is a matter of their
sources, counted here and never assumed. What dependence adds to the product is its covariance,
``P(a AND b) - P(a) P(b)``, at most 1/4; what is left of the error is the encoders'. XNOR multiplies
the same streams, as bipolar values, with four times the covariance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from sc_neurocore.bitstream._correlation import product_error, scc
from sc_neurocore.bitstream._decorrelate import isolate, regenerate, shuffle_buffer, track
from sc_neurocore.bitstream._discrepancy import covariance_extremes, product_extremes
from sc_neurocore.bitstream._encode import encode, encode_thresholds
from sc_neurocore.bitstream._entropy import OsEntropy
from sc_neurocore.bitstream._error import Word
from sc_neurocore.bitstream._halton import Halton
from sc_neurocore.bitstream._lfsr import Lfsr
from sc_neurocore.bitstream._packed import Words, popcount, sc_and
from sc_neurocore.bitstream._require import (
    require_length,
    require_number,
    require_whole,
)
from sc_neurocore.bitstream._sharing import Sharing
from sc_neurocore.bitstream._sobol import SOBOL_DIMENSIONS, Sobol
from sc_neurocore.bitstream._source import Source
from sc_neurocore.exceptions import SCConfigError

Verdict = Literal["sound", "tried", "correlated", "imprecise"]
DecorrelatorKind = Literal["isolator", "shuffle buffer", "tracking memory", "regenerator"]

#: Values of each stream where a decorrelator is tried on all of them.
_VALUES = 33
#: Flip-flops of an isolator: the least that the isolator in hardware has.
_DELAY = 2


@dataclass(frozen=True)
class Decorrelator:
    """A circuit in one of a multiplier's streams.

    Attributes:
        kind: ``"isolator"`` (`isolate` by 2 bits), ``"shuffle buffer"`` of 64 cells
            (`shuffle_buffer`), ``"tracking memory"`` (`track`) or ``"regenerator"`` over the whole
            stream (`regenerate`), the one that delays the stream by its length.
        source: its random numbers; an isolator has none, the others need one.

    Raises:
        SCConfigError: an unknown kind, or a source missing, superfluous or never the same.
    """

    kind: DecorrelatorKind
    source: Source | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.kind, str) or self.kind not in (known := get_args(DecorrelatorKind)):
            raise SCConfigError(
                f"decorrelator is {self.kind!r}; it must be one of {', '.join(known)}"
            )
        if self.kind == "isolator":
            if self.source is not None:
                raise SCConfigError(f"an isolator takes no source, but it has '{self.source}'")
        elif not isinstance(self.source, Source):
            raise SCConfigError(
                f"decorrelator '{self.kind}' has no source of random numbers; give one, such as "
                "Sobol(3)"
            )
        elif isinstance(self.source, OsEntropy):
            raise SCConfigError(
                f"decorrelator '{self.kind}' has source '{self.source}', whose numbers are never "
                "the same and cannot be checked; use a reproducible one, such as random:1"
            )

    def __str__(self) -> str:
        return self.kind if self.source is None else f"{self.kind} with {self.source}"

    def apply(self, stream: Words, length: int) -> Words:
        """Streams behind the circuit."""
        if self.source is None:
            return isolate(stream, length, min(_DELAY, length))
        return _CIRCUITS[self.kind](stream, length, self.source)


_CIRCUITS: dict[str, Callable[[Words, int, Source], Words]] = {
    "shuffle buffer": lambda stream, length, s: shuffle_buffer(stream, length, s, 64),
    "tracking memory": lambda stream, length, s: track(stream, length, s),
    "regenerator": lambda stream, length, s: regenerate(stream, length, s, length),
}


@dataclass(frozen=True)
class Multiplier:
    """An AND gate and where its streams come from.

    Attributes:
        name: for messages.
        a: source that the first stream is compared with, from tick 0 on.
        b: source of the second.
        p: probability of the first stream; None for any.
        q: probability of the second; None for any.
        decorrelator: circuit in the second stream, if there is one.

    Raises:
        SCConfigError: a source that cannot be counted, or a probability outside 0 … 1.
    """

    name: str
    a: Source
    b: Source
    p: float | None = None
    q: float | None = None
    decorrelator: Decorrelator | None = None

    def __post_init__(self) -> None:
        for source in (self.a, self.b):
            if isinstance(source, OsEntropy):
                raise SCConfigError(
                    f"multiplier '{self.name}' has source '{source}', whose numbers are never the "
                    "same and cannot be checked; check it with a reproducible one, such as random:1"
                )
        for name in ("p", "q"):
            if getattr(self, name) is not None:
                what = f"{name} of multiplier '{self.name}'"
                require_number(what, getattr(self, name), 0.0, 1.0)


@dataclass(frozen=True)
class MultiplierCheck:
    """What a multiplier does, at its worst values or at those given.

    Attributes:
        multiplier: which one.
        length: bits of the streams.
        scc: correlation of the streams where the covariance is largest.
        covariance: largest ``P(a AND b) - P(a) P(b)``, signed. If a stream gives more than 8192
            different numbers, this and the error are bounds, and may be a little less.
        error: largest ``P(a AND b) - p q``, signed.
        p: probability of the first stream where the covariance is largest.
        q: of the second.
        word: ``"proven"`` for all values, or the ones given; ``"measured"`` at 33 values of each
            stream that has none given, where a decorrelator was tried.
        verdict: ``"sound"``, proven; ``"tried"``: within the limit where it was measured, which
            proves nothing about other values; ``"correlated"``: the covariance is beyond the
            limit; ``"imprecise"``: it is not, but the error is: the streams are too short for
            their sources.
        remedy: what brings a correlated one within the limit, tried and counted; None if nothing
            did.
    """

    multiplier: Multiplier
    length: int
    scc: float
    covariance: float
    error: float
    p: float
    q: float
    word: Word
    verdict: Verdict
    remedy: Multiplier | None = None

    def __str__(self) -> str:
        m = self.multiplier
        pair = f"{m.a} × {m.b}" + (f" behind the {m.decorrelator}" if m.decorrelator else "")
        found = f"{self.verdict}: SCC {self.scc:+.3f}, covariance {self.covariance:+.4f}"
        return f"{m.name}: {pair}: {found}, error {self.error:+.4f} at {self.length} bits"


def check_multipliers(
    multipliers: Iterable[Multiplier], length: int, *, limit: float
) -> tuple[MultiplierCheck, ...]:
    """Count the correlation and the error of every multiplier.

    Args:
        multipliers: to check.
        length: bits of the streams.
        limit: largest covariance and error to accept, 0 to 1/4. Independent random bits stay
            within `hoeffding_radius` at any one pair of values.

    Returns:
        One result for each, in order. A correlated one carries a remedy that was tried: another
        source for the second stream, or else a decorrelator in it.

    Raises:
        SCConfigError: a length or limit out of range.
    """
    length = require_length(length)
    limit = require_number("limit", limit, 0.0, 0.25)
    found = []
    for multiplier in multipliers:
        check = _check(multiplier, length, limit)
        if check.verdict == "correlated":
            check = replace(
                check, remedy=_first_within(_remedies(multiplier, length), length, limit)
            )
        found.append(check)
    return tuple(found)


def require_multipliers(multipliers: Iterable[Multiplier], length: int, *, limit: float) -> None:
    """Refuse multipliers that do not multiply; arguments as for `check_multipliers`.

    Raises:
        SCConfigError: a multiplier that is correlated or imprecise; the message says what it does,
            and what would help.
    """
    for check in check_multipliers(multipliers, length, limit=limit):
        if check.verdict not in ("sound", "tried"):
            raise SCConfigError(f"multiplier {check}, limit {limit:g}; {remedy_of(check)}")


def insert_decorrelators(
    multipliers: Sequence[Multiplier], length: int, *, limit: float
) -> tuple[Multiplier, ...]:
    """The multipliers, with a decorrelator in the second stream of each correlated one.

    Sources stay as they are, as streams may be shared. The circuits are tried in the order of their
    cost, isolator, shuffle buffer, tracking memory, regenerator, and the first that brings
    covariance and error within the limit is taken.

    Args:
        multipliers: to repair.
        length: bits of the streams.
        limit: as for `check_multipliers`.

    Raises:
        SCConfigError: no circuit helps, or a multiplier is imprecise.
    """
    repaired = []
    for multiplier in multipliers:
        check = check_multipliers([multiplier], length, limit=limit)[0]
        if check.verdict == "correlated":
            sound = _first_within(_decorrelated(multiplier, length), length, limit)
            if sound is None:
                raise SCConfigError(
                    f"multiplier {check}, limit {limit:g}; no decorrelator brings it within; use "
                    "longer streams or other sources"
                )
            multiplier = sound
        elif check.verdict == "imprecise":
            raise SCConfigError(f"multiplier {check}, limit {limit:g}; {remedy_of(check)}")
        repaired.append(multiplier)
    return tuple(repaired)


def layer_multipliers(sharing: Sharing, inputs: int, outputs: int = 1) -> tuple[Multiplier, ...]:
    """The multipliers of a dense layer, for any weights and inputs; each pair of sources once.

    Args:
        sharing: plan of the layer's streams.
        inputs: number of inputs.
        outputs: number of outputs.

    Raises:
        SCConfigError: a number below 1.
    """
    inputs = require_whole("inputs", inputs, 1)
    outputs = require_whole("outputs", outputs, 1)
    pairs: dict[tuple[Source, Source], str] = {}
    for output in range(min(outputs, len(sharing.weights))):
        streams = zip(
            sharing.input_sources(inputs), sharing.weight_sources(output, inputs), strict=True
        )
        for i, pair in enumerate(streams):
            pairs.setdefault(pair, f"weight[{output}, {i}]")
    return tuple(Multiplier(name, a, b) for (a, b), name in pairs.items())


def remedy_of(check: MultiplierCheck) -> str:
    """What would help, in words; empty for a multiplier within its limit."""
    if check.verdict in ("sound", "tried"):
        return ""
    if check.verdict == "imprecise":
        return "use longer streams, or sources that encode better at this length"
    if check.remedy is None:
        return "use longer streams, or unrelated sources"
    if check.remedy.decorrelator is not None:
        return f"decorrelate the second stream, by the tried {check.remedy.decorrelator}"
    return f"encode the second stream with {check.remedy.b}"


def _check(multiplier: Multiplier, length: int, limit: float) -> MultiplierCheck:
    m = multiplier
    word: Word = "proven"
    if m.decorrelator is None:
        covariances = covariance_extremes(m.a, m.b, length, m.p, m.q)
        errors = product_extremes(m.a, m.b, length, m.p, m.q)
        x, y = covariances.worst.thresholds
        covariance, error = covariances.worst.error, errors.worst.error
        first, second = encode_thresholds(x, length, m.a), encode_thresholds(y, length, m.b)
        correlation = float(scc(first, second, length))
        p = x / (1 << m.a.width) if m.p is None else m.p
        q = y / (1 << m.b.width) if m.q is None else m.q
    else:
        spread = (np.arange(_VALUES) + 0.5) / _VALUES
        values = [spread if v is None else np.array([v], np.float64) for v in (m.p, m.q)]
        if m.p is None or m.q is None:
            word = "measured"
        first, second = (encode(v, length, s) for v, s in zip(values, (m.a, m.b), strict=True))
        second = m.decorrelator.apply(second, length)
        first, second = first[:, None], second[None]
        found = product_error(first, second, length)
        i, j = np.unravel_index(int(np.abs(found).argmax()), found.shape)
        covariance, p, q = float(found[i, j]), float(values[0][i]), float(values[1][j])
        correlation = float(scc(first, second, length)[i, j])
        off = popcount(sc_and(first, second)) / length - np.outer(*values)
        error = float(off.flat[np.abs(off).argmax()])
    verdict: Verdict = "sound" if word == "proven" else "tried"
    if abs(covariance) > limit:
        verdict = "correlated"
    elif abs(error) > limit:
        verdict = "imprecise"
    return MultiplierCheck(m, length, correlation, covariance, error, p, q, word, verdict)


def _first_within(candidates: Iterable[Multiplier], length: int, limit: float) -> Multiplier | None:
    for candidate in candidates:
        if _check(candidate, length, limit).verdict in ("sound", "tried"):
            return candidate
    return None


def _remedies(m: Multiplier, length: int) -> Iterable[Multiplier]:
    """Other sources first, which cost nothing more; then circuits."""
    for source in _others(m):
        yield replace(m, b=source, decorrelator=None)
    yield from _decorrelated(m, length)


def _decorrelated(m: Multiplier, length: int) -> Iterable[Multiplier]:
    yield replace(m, decorrelator=Decorrelator("isolator"))
    kinds: list[DecorrelatorKind] = ["shuffle buffer", "tracking memory"]
    if length & (length - 1) == 0:
        kinds.append("regenerator")
    for kind in kinds:
        for source in _others(m):
            yield replace(m, decorrelator=Decorrelator(kind, source))


def _others(m: Multiplier) -> Iterable[Source]:
    """Sources of the first stream's kind that may not depend on it, then of another kind."""
    width = max(12, m.a.width)
    if isinstance(m.a, Sobol):
        yield Sobol(m.a.dimension % SOBOL_DIMENSIONS + 1, width)
    if isinstance(m.a, Lfsr):
        yield m.a.jump(m.a.period * 5 // 8)
    for source in (Sobol(1, width), Lfsr(max(16, m.a.width)), Halton(3, width)):
        if type(source) is not type(m.a):
            yield source
