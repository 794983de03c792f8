"""An audit of streams as they are: values, correlation, runs and drift, with a remedy for each."""

from __future__ import annotations

import enum
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.bitstream._correlation import product_error, run_lengths, scc, scc_matrix
from sc_neurocore.bitstream._error import hoeffding_radius, require_confidence
from sc_neurocore.bitstream._packed import (
    Words,
    pack_bitstream,
    popcount,
    require_stream,
    require_tail,
    unpack_bitstream,
)
from sc_neurocore.bitstream._require import (
    require_number,
    require_probability,
    require_whole,
)
from sc_neurocore.exceptions import SCConfigError

Bits = NDArray[np.uint8] | NDArray[np.bool_]

#: Windows of a stream whose rates are compared.
WINDOWS = 8
#: Most streams of one audit, all of whose pairs are looked at, and most bits of each.
MAX_STREAMS = 1024
MAX_BITS = 2**24


class AuditSeverity(enum.Enum):
    """How much a finding matters: worth knowing, worth looking at, or wrong results."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True)
class BitstreamAuditFinding:
    """One thing that an audit found.

    Attributes:
        severity: how much it matters.
        kind: ``"value"``, ``"correlation"``, ``"runs"`` or ``"drift"``.
        streams: names of the streams it is about.
        message: what is the case, with its figures; measured.
        remedy: what would help.
    """

    severity: AuditSeverity
    kind: str
    streams: tuple[str, ...]
    message: str
    remedy: str


@dataclass(frozen=True)
class StreamAudit:
    """What was measured of one stream.

    Attributes:
        name: of the stream.
        ones: number of ones.
        probability: share of ones.
        expected: what it should be, if known.
        longest_zeros: longest run of zeros.
        longest_ones: longest run of ones.
        window_rates: share of ones in each of `WINDOWS` windows.
        drift: largest distance of a window's rate from the whole stream's.
    """

    name: str
    ones: int
    probability: float
    expected: float | None
    longest_zeros: int
    longest_ones: int
    window_rates: tuple[float, ...]
    drift: float

    @property
    def value_error(self) -> float | None:
        """``probability - expected``, if it is known."""
        return None if self.expected is None else self.probability - self.expected


@dataclass(frozen=True)
class BitstreamAuditReport:
    """What was measured of the streams of a layer, and what is wrong with them.

    Attributes:
        layer_id: name of the layer.
        length: bits of the streams.
        confidence: with which streams of independent bits, all together, stay within a limit.
        value_limit: limit of the error of a rate, by Hoeffding.
        drift_limit: limit of a drift, by Hoeffding.
        streams: one for each stream.
        scc: correlation of every pair; the diagonal is 1, or 0 for a constant stream.
        findings: the most severe first.
    """

    layer_id: str
    length: int
    confidence: float
    value_limit: float
    drift_limit: float
    streams: tuple[StreamAudit, ...]
    scc: tuple[tuple[float, ...], ...]
    findings: tuple[BitstreamAuditFinding, ...]

    @property
    def severity(self) -> AuditSeverity | None:
        """Of the most severe finding; None without findings."""
        return self.findings[0].severity if self.findings else None

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON values."""
        streams = [asdict(s) | {"value_error": s.value_error} for s in self.streams]
        findings = [asdict(f) | {"severity": f.severity.value} for f in self.findings]
        return {**asdict(self), "word": "measured", "streams": streams, "findings": findings}

    def to_json(self, indent: int | None = 2) -> str:
        """The report as JSON text."""
        return json.dumps(self.to_dict(), indent=indent, ensure_ascii=False, allow_nan=False)


@dataclass(frozen=True)
class StochasticDoctor:
    """Looks for what goes wrong with streams.

    Attributes:
        correlation_threshold: magnitude of SCC above which a pair is a warning.
        critical_threshold: magnitude of SCC above which it is critical.
        confidence: of the limits of values, runs, drift and covariance.

    Raises:
        SCConfigError: a threshold or confidence out of range, or thresholds in the wrong order.
    """

    correlation_threshold: float = 0.3
    critical_threshold: float = 0.7
    confidence: float = 0.95

    def __post_init__(self) -> None:
        for name in ("correlation_threshold", "critical_threshold"):
            require_number(name, getattr(self, name), 0.0, 1.0)
        if self.correlation_threshold > self.critical_threshold:
            raise SCConfigError(
                f"correlation_threshold is {self.correlation_threshold:g}, above "
                f"critical_threshold, {self.critical_threshold:g}"
            )
        require_confidence(self.confidence)

    def compute_correlation(self, a: Bits, b: Bits) -> float:
        """SCC of two streams ``(L,)`` of bits, as `compute_scc`."""
        return compute_scc(a, b)

    def estimate_precision(self, bitstream: Bits) -> tuple[float, float]:
        """Share of ones in ``(L,)``, and its Hoeffding radius if the bits are independent.

        The radius is two-sided, at `confidence`; the reference has a bound of the variance there.
        """
        bits = _one("bitstream", bitstream)
        ones = int(popcount(pack_bitstream(bits)))
        return ones / len(bits), hoeffding_radius(len(bits), self.confidence)

    def compute_histogram(self, bitstream: Bits, word_size: int = 64) -> NDArray[np.int64]:
        """How many words of ``word_size`` bits have 0, 1, … ``word_size`` ones.

        A last word that is not full is left out.
        """
        bits = _one("bitstream", bitstream)
        pack_bitstream(bits)  # refuses what are no bits
        word_size = require_whole("word_size", word_size, 1, len(bits))
        whole = len(bits) // word_size * word_size
        counts = bits[:whole].reshape(-1, word_size).sum(axis=1, dtype=np.int64)
        return np.bincount(counts, minlength=word_size + 1)

    def audit_layer(
        self,
        layer_id: str,
        bitstreams: Bits,
        *,
        names: Sequence[str] | None = None,
        expected: ArrayLike | None = None,
    ) -> BitstreamAuditReport:
        """Audit streams given as bits ``(N, L)``; see `audit_packed`."""
        rows = _rows(bitstreams)
        return self.audit_packed(
            layer_id, pack_bitstream(rows), rows.shape[1], names=names, expected=expected
        )

    def audit_packed(
        self,
        layer_id: str,
        streams: Words,
        length: int,
        *,
        names: Sequence[str] | None = None,
        expected: ArrayLike | None = None,
    ) -> BitstreamAuditReport:
        """Measure streams and all their pairs.

        A correlation is a finding only if the product error it makes is more than independent bits
        would show; where streams must depend on each other (subtraction, maximum, minimum) it is
        as it should be.

        Args:
            layer_id: name of the layer.
            streams: ``(N, words)`` packed, N up to 1024.
            length: bits of a stream, 8 to 2^24.
            names: of the streams; by default their numbers.
            expected: ``(N,)`` probabilities that they should have, if known.

        Raises:
            SCConfigError: shapes that do not match, or a value out of range.
        """
        length = require_whole("length", length, WINDOWS, MAX_BITS)
        require_stream("streams", streams, length)
        if streams.ndim != 2 or not 1 <= len(streams) <= MAX_STREAMS:
            raise SCConfigError(
                f"streams have shape {streams.shape}; an audit takes (N, words), N from 1 to "
                f"{MAX_STREAMS}"
            )
        require_tail("streams", streams, length)
        count = len(streams)
        labels = [str(i) for i in range(count)] if names is None else list(names)
        wanted = None if expected is None else require_probability(expected, "expected")
        if len(labels) != count:
            raise SCConfigError(f"there are {count} streams but {len(labels)} names")
        if wanted is not None and wanted.shape != (count,):
            raise SCConfigError(
                f"expected has shape {wanted.shape}; for these streams it must be ({count},)"
            )
        measured = tuple(
            _measure(labels[i], streams[i], length, None if wanted is None else float(wanted[i]))
            for i in range(count)
        )
        matrix = scc_matrix(streams, length)
        # Each limit may be passed with a share of the chance, so that all hold together.
        chance = (1 - self.confidence) / count
        value_limit = hoeffding_radius(length, 1 - chance)
        # A window is a sample of the stream without replacement, for which Hoeffding holds too.
        drift_limit = hoeffding_radius(length // WINDOWS, 1 - chance / WINDOWS)
        findings = [
            *self._value_findings(measured, value_limit),
            *self._pair_findings(labels, streams, matrix, length, value_limit),
            *_run_findings(measured, length, chance / 2),
            *_drift_findings(measured, drift_limit),
        ]
        order = list(reversed(AuditSeverity))
        findings.sort(key=lambda finding: order.index(finding.severity))
        return BitstreamAuditReport(
            layer_id,
            length,
            self.confidence,
            value_limit,
            drift_limit,
            measured,
            tuple(tuple(row) for row in matrix.tolist()),
            tuple(findings),
        )

    def _value_findings(
        self, streams: Iterable[StreamAudit], limit: float
    ) -> Iterable[BitstreamAuditFinding]:
        for s in streams:
            if s.value_error is not None and abs(s.value_error) > limit:
                yield BitstreamAuditFinding(
                    AuditSeverity.CRITICAL,
                    "value",
                    (s.name,),
                    f"{s.name} has a rate of {s.probability:.4f} instead of {s.expected:.4f}, off "
                    f"by more than {limit:.4f}, what random bits of this length keep to",
                    "use a stream as long as the source's period, or a narrower source; "
                    "error-curve shows the error of a source at a length",
                )

    def _pair_findings(
        self,
        names: Sequence[str],
        streams: Words,
        matrix: NDArray[np.float64],
        length: int,
        limit: float,
    ) -> Iterable[BitstreamAuditFinding]:
        strong = np.argwhere(np.triu(np.abs(matrix) > self.correlation_threshold, 1))
        for i, j in strong:
            error = float(product_error(streams[i], streams[j], length))
            correlation = float(matrix[i, j])
            if abs(error) <= limit:
                continue
            critical = abs(correlation) > self.critical_threshold
            yield BitstreamAuditFinding(
                AuditSeverity.CRITICAL if critical else AuditSeverity.WARNING,
                "correlation",
                (names[i], names[j]),
                f"{names[i]} and {names[j]} have an SCC of {correlation:+.3f}; AND is off by "
                f"{error:+.4f} of their product",
                "if they are multiplied, encode one from an unrelated source (another Sobol "
                "dimension, another register) or put a decorrelator before it",
            )


def compute_scc(a: Bits, b: Bits) -> float:
    """SCC of two streams ``(L,)`` of bits, one per element (see `scc`).

    Raises:
        SCConfigError: streams that are not bits, or of different lengths.
    """
    first, second = _one("a", a), _one("b", b)
    if first.shape != second.shape:
        raise SCConfigError(
            f"a has shape {np.shape(a)} and b {np.shape(b)}; they must be two streams of one length"
        )
    return float(scc(pack_bitstream(first), pack_bitstream(second), len(first)))


def _one(name: str, bits: Bits) -> Bits:
    array = np.asarray(bits)
    if array.ndim != 1 or not array.size:
        raise SCConfigError(f"{name} has shape {array.shape}; it must be one stream, (L,)")
    return cast(Bits, array)


def _rows(bits: Bits) -> Bits:
    """Streams as ``(N, L)``, checked by `pack_bitstream` when they are packed."""
    array = np.asarray(bits)
    if array.ndim not in (1, 2) or not array.size:
        raise SCConfigError(f"bitstreams have shape {array.shape}; it must be (L,) or (N, L)")
    rows: Any = array.reshape(-1, array.shape[-1])
    return cast(Bits, rows)


def _measure(name: str, stream: Words, length: int, expected: float | None) -> StreamAudit:
    ones = int(popcount(stream))
    runs = run_lengths(stream, length)
    bits = unpack_bitstream(np.ascontiguousarray(stream), length)
    rates = [float(part.mean()) for part in np.array_split(bits, WINDOWS)]
    return StreamAudit(
        name,
        ones,
        ones / length,
        expected,
        len(runs.zeros) - 1 if runs.zeros.any() else 0,
        len(runs.ones) - 1 if runs.ones.any() else 0,
        tuple(rates),
        max(abs(rate - ones / length) for rate in rates),
    )


def _run_findings(
    streams: Iterable[StreamAudit], length: int, chance: float
) -> Iterable[BitstreamAuditFinding]:
    for s in streams:
        for bit, longest, rate in (
            ("zeros", s.longest_zeros, 1 - s.probability),
            ("ones", s.longest_ones, s.probability),
        ):
            limit = _run_limit(rate, length, chance)
            if longest > limit:
                yield BitstreamAuditFinding(
                    AuditSeverity.INFO,
                    "runs",
                    (s.name,),
                    f"{s.name} has a run of {longest} {bit}; independent bits of its rate have at "
                    f"most {limit}",
                    "an isolator will not decorrelate it, and a state machine will follow its "
                    "runs; use a source that spreads the ones",
                )


def _run_limit(rate: float, length: int, chance: float) -> int:
    """Length that a run passes with at most this chance in independent bits.

    A run longer than n starts at the first tick, or after another bit at a later one: at most
    ``rate^(n+1) (1 + (L-n-1)(1-rate))`` in expectation, and so in probability.
    """
    if rate in (0.0, 1.0):
        return length
    each = chance / (1 + length * (1 - rate))
    return min(length, math.ceil(math.log(each) / math.log(rate)) - 1)


def _drift_findings(
    streams: Iterable[StreamAudit], limit: float
) -> Iterable[BitstreamAuditFinding]:
    for s in streams:
        if s.drift > limit:
            yield BitstreamAuditFinding(
                AuditSeverity.WARNING,
                "drift",
                (s.name,),
                f"the rate of {s.name} moves by {s.drift:.3f} between its windows, more than "
                f"{limit:.3f}",
                "read it only at its full length, or use a source that spreads the ones evenly "
                "over time, such as sobol",
            )
