"""How long a stream must be for an error, or that no allowed length will do."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from sc_neurocore.bitstream._error import ErrorBound, Word, require_confidence
from sc_neurocore.bitstream._require import (
    MAX_LENGTH,
    require_number,
    require_whole,
)
from sc_neurocore.exceptions import SCConfigError

Method = Literal["hoeffding", "chebyshev", "variance"]
#: Smallest target error.
LEAST_EPSILON = 1e-9


@dataclass(frozen=True)
class LengthPlan:
    """Length for a target error, or why there is none.

    Attributes:
        epsilon: target: the error must stay below it.
        length: power of two to use; None if no allowed one meets the target.
        needed: least length that meets the target, before rounding up; None if not known.
        word: how the error at that length is known.
        basis: theorem or count behind it.
        verdict: one line: the length, or ``infeasible: …`` with what stands against it.
    """

    epsilon: float
    length: int | None
    needed: int | None
    word: Word
    basis: str
    verdict: str

    @property
    def feasible(self) -> bool:
        """Whether there is a length."""
        return self.length is not None


def adaptive_length(
    p: float,
    epsilon: float,
    confidence: float = 0.95,
    method: Method = "hoeffding",
    min_length: int = 32,
    max_length: int = 65536,
) -> int:
    """Smallest power of two L with ``|p̂ - p| < epsilon`` for independent random bits.

    Never clipped: where no allowed length will do, the verdict of `plan_length` is raised.

    Args:
        p: encoded probability, 0 to 1.
        epsilon: largest error, 1e-9 to below 1.
        confidence: above 0 and below 1; not used by ``"variance"``.
        method: ``"hoeffding"`` (for any p), ``"chebyshev"`` (shorter only where p is near 0 or 1),
            or ``"variance"``, one standard deviation: a third of all streams err by more.
        min_length: least length to return.
        max_length: cap of the hardware; no power of two is needed.

    Raises:
        SCConfigError: no length will do, or an argument out of range.
    """
    plan = plan_length(p, epsilon, confidence, method, min_length, max_length)
    if plan.length is None:
        raise SCConfigError(plan.verdict)
    return plan.length


def plan_length(
    p: float,
    epsilon: float,
    confidence: float = 0.95,
    method: Method = "hoeffding",
    min_length: int = 32,
    max_length: int = 65536,
) -> LengthPlan:
    """As `adaptive_length`, with a verdict instead of an error where no length will do.

    The needed lengths are ``ln(2/(1-c)) / (2 ε²)`` (Hoeffding), ``p(1-p) / ((1-c) ε²)``
    (Chebyshev) and ``p(1-p) / ε²`` (variance).

    Raises:
        SCConfigError: an argument out of range, or a ``min_length`` above ``max_length``.
    """
    rate = require_number("p", p, 0.0, 1.0)
    epsilon = _require_epsilon(epsilon)
    confidence = require_confidence(confidence)
    least, most = _require_limits(min_length, max_length)
    spread = rate * (1 - rate)
    needed = {
        "hoeffding": math.log(2 / (1 - confidence)) / (2 * epsilon**2),
        "chebyshev": spread / ((1 - confidence) * epsilon**2),
        "variance": spread / epsilon**2,
    }
    if not isinstance(method, str) or method not in needed:
        raise SCConfigError(
            f"method is {method!r}; it must be one of {', '.join(get_args(Method))}"
        )
    word: Word = "estimated" if method == "variance" else "proven"
    basis = {
        "hoeffding": f"Hoeffding, two-sided at {100 * confidence:g} %",
        "chebyshev": f"Chebyshev, two-sided at {100 * confidence:g} %",
        "variance": "one standard deviation, no confidence",
    }[method]
    return _rounded(max(1, math.ceil(needed[method])), epsilon, least, most, word, basis)


def shortest_length(
    error: Callable[[int], ErrorBound],
    epsilon: float,
    *,
    min_length: int = 32,
    max_length: int = 65536,
) -> LengthPlan:
    """Smallest power of two at which a proven bound is below ``epsilon``, for any source.

    Args:
        error: bound of a length, for example ``lambda n: encode_error(Sobol(1), n)`` or
            ``lambda n: multiply_error(Sobol(1), Sobol(2), n)``.
        epsilon: largest error, 1e-9 to below 1. Only a proven bound meets it.
        min_length: least length.
        max_length: cap of the hardware.

    Raises:
        SCConfigError: an argument out of range, or a ``min_length`` above ``max_length``.
    """
    epsilon = _require_epsilon(epsilon)
    least, most = _require_limits(min_length, max_length)
    tried: list[tuple[ErrorBound, int]] = []
    for length in _powers(least, most):
        bound = error(length)
        if bound.value < epsilon and bound.word == "proven":
            verdict = f"L={length}: error {bound}"
            return LengthPlan(epsilon, length, length, bound.word, bound.basis, verdict)
        tried.append((bound, length))
    if not tried:
        raise SCConfigError(f"there is no power of two from min_length {least} to {most}")
    bound, length = min(tried, key=lambda pair: pair[0].value)
    proven = "" if bound.word == "proven" else "proven "
    verdict = (
        f"infeasible: the {proven}error must be below {epsilon:g}; the least is {bound} at "
        f"L={length}, max is {most}"
    )
    return LengthPlan(epsilon, None, None, bound.word, bound.basis, verdict)


def _rounded(
    needed: int, epsilon: float, least: int, most: int, word: Word, basis: str
) -> LengthPlan:
    length = _power_from(max(needed, least))
    if length <= most:
        verdict = f"L={length}: needs L≥{grouped(needed)} ({basis})"
        return LengthPlan(epsilon, length, needed, word, basis, verdict)
    rounded = f", rounded up to {grouped(length)}" if needed <= most else ""
    verdict = f"infeasible: needs L≥{grouped(max(needed, least))}{rounded}, max is {most}"
    return LengthPlan(epsilon, None, needed, word, basis, verdict)


def _powers(least: int, most: int) -> list[int]:
    """Powers of two of a range."""
    first = _power_from(least)
    return [first << k for k in range(33) if first << k <= most]


def _power_from(number: int) -> int:
    return 1 << (number - 1).bit_length()


def grouped(number: int) -> str:
    """A whole number as verdicts write it, in groups of three digits."""
    return f"{number:_}".replace("_", " ") if number >= 10_000 else str(number)


def _require_epsilon(epsilon: float) -> float:
    value = require_number("epsilon", epsilon, 0.0, 1.0)
    if value in (0.0, 1.0):
        raise SCConfigError(f"epsilon is {value:g}; it must lie between 0 and 1, both excluded")
    if value < LEAST_EPSILON:
        raise SCConfigError(
            f"epsilon is {value:g}; it must be at least {LEAST_EPSILON:g}, which is already far "
            f"beyond what streams of {MAX_LENGTH} bits can do"
        )
    return value


def _require_limits(min_length: int, max_length: int) -> tuple[int, int]:
    least = require_whole("min_length", min_length, 1, MAX_LENGTH)
    most = require_whole("max_length", max_length, 1, MAX_LENGTH)
    if least > most:
        raise SCConfigError(f"min_length is {least}, above max_length, {most}")
    return least, most
