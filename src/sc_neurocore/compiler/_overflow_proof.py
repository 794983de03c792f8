"""Proofs that an expression, or a list of output bounds, fits a fixed-point format.

`prove_no_overflow` covers *one* evaluation from variables within their bounds. That the bounds hold
from tick to tick, for all time, is a claim about the closed loop: k-induction proves it
(`sc_neurocore.formal`).
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any, SupportsIndex

from sc_neurocore.compiler._format import MAX_WIDTH, ROUNDINGS, QFormat, Rounding
from sc_neurocore.compiler._interval import Interval, Number
from sc_neurocore.compiler._ranges import Intermediate, Ranges
from sc_neurocore.dynamics import parse_expression, pointed, suggest
from sc_neurocore.exceptions import EquationError, SCConfigError

PROOF_SCHEMA = "sc-neurocore.overflow_proof.v1"
ENVELOPE_SCHEMA = "sc-neurocore.fixed_point_envelope_proof.v1"
#: Error of one rounding, in units of the last place: below and above.
_ROUNDING_ERROR: Mapping[Rounding, tuple[Fraction, Fraction]] = {
    "truncate": (Fraction(-1), Fraction(0)),
    "nearest": (Fraction(-1, 2), Fraction(1, 2)),
    "nearest_even": (Fraction(-1, 2), Fraction(1, 2)),
    "stochastic": (Fraction(-1), Fraction(1)),
}


@dataclass(frozen=True)
class OverflowProofResult:
    """Whether an expression fits a format, for one evaluation within the bounds.

    Attributes:
        proven_safe: every intermediate, operands included, provably stays in the format. False
            means not proven: the enclosure may be wider than what can happen.
        expr_interval: encloses all values of the expression.
        q_min: smallest value of the format.
        q_max: largest value of the format.
        margin_lo: from ``q_min`` up to the lowest value of the expression (negative: outside).
        margin_hi: from the highest value of the expression up to ``q_max``.
        format: the format.
        widest: the part whose values reach farthest relative to the format.
        intermediates: every part, operands first.
        required: narrowest format of the same fraction that holds every part, or ``None`` when
            that takes more bits than a format can have.
        rounding: rounding of each operation that was accounted for, or ``None``: exact values.
    """

    proven_safe: bool
    expr_interval: Interval
    q_min: float
    q_max: float
    margin_lo: float
    margin_hi: float
    format: QFormat
    widest: Intermediate
    intermediates: tuple[Intermediate, ...]
    required: QFormat | None
    rounding: Rounding | None

    def manifest(self) -> dict[str, Any]:
        """The verdict as JSON data; interval ends are rounded outwards to doubles."""
        return {
            "schema": PROOF_SCHEMA,
            "proven_safe": self.proven_safe,
            "covers": "one evaluation",
            "format": str(self.format),
            "rounding": self.rounding,
            "expr_interval": _ends(self.expr_interval),
            "margin_lo": self.margin_lo,
            "margin_hi": self.margin_hi,
            "required": None if self.required is None else str(self.required),
            "widest": self.widest.text,
            "intermediates": {p.text: _ends(p.interval) for p in self.intermediates},
        }

    def __str__(self) -> str:
        verdict = "cannot leave" if self.proven_safe else "is not proven to stay in"
        need = f"; {self.required} holds all" if not self.proven_safe and self.required else ""
        return (
            f"one evaluation {verdict} {self.format} [{self.q_min:g}, {self.q_max:g}]: "
            f"the widest part '{self.widest.text}' ranges over {self.widest.interval}{need}"
        )


def prove_no_overflow(
    expr_str: str,
    bounds: Mapping[str, tuple[Number, Number]],
    data_width: int,
    fraction: int,
    signed: bool = True,
    *,
    rounding: Rounding | None = None,
) -> OverflowProofResult:
    """Prove that an expression cannot overflow a format, in one evaluation.

    Ranges are found by interval arithmetic and by affine arithmetic, both over exact rationals, and
    intersected; variables are independent. The claim is about the exact value of every part of
    the expression or, with ``rounding``, about a datapath that computes equal parts once and rounds
    every constant, product, quotient and function value to the format. (An interpolated function
    table has an error of its own, which the compiler's datapath accounts for.)

    Args:
        expr_str: expression of the equation language.
        bounds: lowest and highest value of each variable.
        data_width: bits of the format.
        fraction: bits right of its binary point.
        signed: two's complement.
        rounding: account for this rounding of each operation.

    Raises:
        EquationError: the text is no expression, reads a variable without bounds, or divides by a
            range that contains 0; the message points at the place.
        SCConfigError: bounds or format are not valid.
        SCCompilerError: a part grows beyond any format.
    """
    fmt = QFormat(data_width, fraction, signed)
    if rounding is not None and rounding not in ROUNDINGS:
        raise SCConfigError(f"rounding is '{rounding}'{suggest(str(rounding), ROUNDINGS)}")
    expression = parse_expression(expr_str)
    if expression.is_boolean:
        raise EquationError(
            pointed("a condition has no range; prove its two sides instead", expression.span)
        )
    step = Fraction(2) ** -fraction
    error = None
    if rounding is not None:
        below, above = _ROUNDING_ERROR[rounding]
        error = Interval(below * step, above * step)
    ranges = Ranges(_checked(bounds), error, Interval(-step / 2, step / 2))
    whole = ranges.of(expression).interval
    low, high = fmt.low * step, fmt.high * step
    parts = ranges.parts
    safe = all(part.interval.contains(low, high) for part in parts)
    centre, reach = (low + high) / 2, (high - low) / 2 + step
    widest = max(
        parts,
        key=lambda p: max(abs(p.interval.lo - centre), abs(p.interval.hi - centre)) / reach,
    )
    return OverflowProofResult(
        proven_safe=safe,
        expr_interval=whole,
        q_min=float(low),
        q_max=float(high),
        margin_lo=_down(whole.lo - low),
        margin_hi=_down(high - whole.hi),
        format=fmt,
        widest=widest,
        intermediates=parts,
        required=_required(parts, fmt),
        rounding=rounding,
    )


def _checked(bounds: Mapping[str, tuple[Number, Number]]) -> dict[str, Interval]:
    found = {}
    for name, pair in bounds.items():
        try:
            low, high = pair
            found[name] = Interval(low, high)
        except SCConfigError as error:
            raise SCConfigError(f"bounds of '{name}': {error}") from None
        except (TypeError, ValueError):
            raise SCConfigError(
                f"bounds of '{name}' are {pair!r}; give the lowest and the highest value"
            ) from None
    return found


def _required(parts: Iterable[Intermediate], fmt: QFormat) -> QFormat | None:
    """Narrowest format of this fraction that holds all parts."""
    scale = Fraction(2) ** fmt.fraction
    low = min(math.floor(p.interval.lo * scale) for p in parts)
    high = max(math.ceil(p.interval.hi * scale) for p in parts)
    signed = fmt.signed or low < 0
    width = max((x if x >= 0 else ~x).bit_length() for x in (low, high)) + signed
    return QFormat(max(1, width), fmt.fraction, signed) if width <= MAX_WIDTH else None


def _ends(interval: Interval) -> list[float]:
    return [_down(interval.lo), -_down(-interval.hi)]


def _down(x: Fraction) -> float:
    near = float(x)
    return near if Fraction(near) <= x else math.nextafter(near, -math.inf)


@dataclass(frozen=True)
class FixedPointEnvelopeProof:
    """Whether bounds on output codes fit a format, whatever the workload.

    A small realised output does not help: what counts is the bound, without cancellation.

    Attributes:
        total_bits: width of the format, sign included.
        fractional_bits: bits right of its binary point.
        signed: two's complement.
        output_count: number of bounds.
        max_abs_bound_code: largest bound.
        safe_bound_code: largest bound that the format holds.
        required_total_bits: narrowest width that holds all bounds.
        required_integer_bits: its integer bits, sign included.
        width_headroom_bits: bits to spare (negative: missing).
        proven_safe: all bounds fit, so no output can overflow.
        saturation_required: the opposite: outputs need a saturating clamp.
    """

    total_bits: int
    fractional_bits: int
    signed: bool
    output_count: int
    max_abs_bound_code: int
    safe_bound_code: int
    required_total_bits: int
    required_integer_bits: int
    width_headroom_bits: int
    proven_safe: bool
    saturation_required: bool

    def manifest(self) -> dict[str, Any]:
        """The proof as JSON data; equal proofs give equal manifests."""
        fmt = str(QFormat(self.total_bits, self.fractional_bits, self.signed))
        return {"schema": ENVELOPE_SCHEMA, "format": fmt, **asdict(self)}


def prove_fixed_point_envelope(
    bound_codes: Sequence[SupportsIndex],
    *,
    total_bits: int,
    fractional_bits: int,
    signed: bool = True,
) -> FixedPointEnvelopeProof:
    """Prove that conservative bounds on output codes fit a fixed-point format.

    Args:
        bound_codes: bounds in units of the last place. Signed codes count by their magnitude; an
            unsigned format refuses negative ones.
        total_bits: width of the format, sign included.
        fractional_bits: bits right of its binary point.
        signed: two's complement.

    Raises:
        SCConfigError: no bounds, a bound that is not a whole number, a negative one for an
            unsigned format, or an impossible format.
    """
    fmt = QFormat(total_bits, fractional_bits, signed)
    codes = [_code(i, code) for i, code in enumerate(bound_codes)]
    if not codes:
        raise SCConfigError("bound_codes must not be empty; give one bound per output")
    if not signed and min(codes) < 0:
        at = next(i for i, code in enumerate(codes) if code < 0)
        raise SCConfigError(
            f"bound_codes[{at}] is {codes[at]}; the unsigned format {fmt} holds no negative code"
        )
    reach = max(map(abs, codes))
    required = max(1, reach.bit_length() + signed)
    return FixedPointEnvelopeProof(
        total_bits=fmt.width,
        fractional_bits=fmt.fraction,
        signed=fmt.signed,
        output_count=len(codes),
        max_abs_bound_code=reach,
        safe_bound_code=fmt.high,
        required_total_bits=required,
        required_integer_bits=required - fmt.fraction,
        width_headroom_bits=fmt.width - required,
        proven_safe=reach <= fmt.high,
        saturation_required=reach > fmt.high,
    )


def _code(index: int, code: SupportsIndex) -> int:
    if not isinstance(code, bool):
        try:
            return operator.index(code)
        except TypeError:
            pass
    raise SCConfigError(f"bound_codes[{index}] is {code!r}; it must be a whole number")
