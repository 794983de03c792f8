"""From numbers to codes: rounding and range checks of whole arrays."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.compiler._format import ROUNDINGS, QFormat, Rounding
from sc_neurocore.dynamics import suggest
from sc_neurocore.exceptions import BitwidthMismatchError, SCConfigError

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
RoundingName = Rounding | Literal["bankers", "floor"]
_OTHER_NAMES: Mapping[str, Rounding] = {"bankers": "nearest_even", "floor": "truncate"}


class PrecisionWarning(UserWarning):
    """A conversion did what was asked, and something is lost or may not be what was meant."""


def finite_array(values: ArrayLike, what: str) -> Floats:
    """``values`` as doubles, all finite.

    Raises:
        SCConfigError: an element is NaN, infinite or no number; it is named.
    """
    try:
        array = np.asarray(values)
        if array.dtype.kind not in "fiu":
            raise TypeError
        found = array.astype(np.float64)
    except (TypeError, ValueError):
        raise SCConfigError(f"{what} must be an array of numbers, all rows of one length") from None
    bad = ~np.isfinite(found)
    if bad.any():
        at = first(bad)
        raise SCConfigError(f"{element(what, at)} is {found[at]}; it must be a finite number")
    return found


def whole_array(values: ArrayLike, what: str) -> Codes:
    """``values`` as 64-bit integers.

    Raises:
        SCConfigError: an element is not an integer, or does not fit 64 bits.
    """
    array = np.asarray(values)
    if array.dtype.kind not in "iu" and array.size:
        raise SCConfigError(f"{what} must be an array of integers, not of {array.dtype}")
    if array.dtype == np.uint64 and array.size and array.max() > np.iinfo(np.int64).max:
        raise SCConfigError(f"{what} holds {array.max()}, more than 63 bits")
    return array.astype(np.int64)


def codes_of(what: str, codes: ArrayLike, fmt: QFormat) -> Codes:
    """Integers that are codes of ``fmt``.

    Raises:
        BitwidthMismatchError: a code is outside the format; it is named.
    """
    found = whole_array(codes, what)
    outside = (found < fmt.low) | (found > fmt.high)
    if outside.any():
        at = first(outside)
        raise BitwidthMismatchError(
            f"{element(what, at)} is {found[at]}, no code of {fmt}, which has {fmt.low} to "
            f"{fmt.high}"
        )
    return found


def rounding_of(name: str) -> Rounding:
    """The rounding that a name stands for.

    Raises:
        SCConfigError: there is none.
    """
    for rounding in ROUNDINGS:
        if name == rounding:
            return rounding
    if name in _OTHER_NAMES:
        return _OTHER_NAMES[name]
    raise SCConfigError(f"rounding is '{name}'{suggest(str(name), ROUNDINGS)}")


def rounded(scaled: Floats, rounding: Rounding, seed: int) -> Floats:
    """Whole numbers near ``scaled``, exactly as the rounding says (within ±2**100)."""
    below, fraction = _split(scaled)
    match rounding:
        case "truncate":
            up = np.zeros(scaled.shape, dtype=np.bool_)
        case "nearest":
            up = (fraction > 0.5) | ((fraction == 0.5) & (scaled > 0))
        case "nearest_even":
            up = (fraction > 0.5) | ((fraction == 0.5) & (np.fmod(below, 2) != 0))
        case "stochastic":
            up = np.random.default_rng(seed).random(scaled.shape) < fraction
    return below + up.astype(np.float64)


def _split(scaled: Floats) -> tuple[Floats, Floats]:
    """Floor and fraction, both exact; what is too large for any format has fraction 0."""
    scaled = np.clip(scaled, -(2.0**100), 2.0**100)
    below = np.floor(scaled)
    return below, scaled - below


def tie_count(scaled: Floats) -> int:
    """How many values lie halfway between codes where away from zero is not to even."""
    below, fraction = _split(scaled)
    away_is_odd = (np.fmod(below, 2) == 0) == (scaled > 0)
    return int(np.count_nonzero((fraction == 0.5) & away_is_odd))


def outside_range(codes: Floats, fmt: QFormat) -> NDArray[np.bool_]:
    """Which whole numbers are no codes; the limits compared with are powers of two, so exact."""
    return (codes < float(fmt.low)) | (codes >= float(fmt.high + 1))


def saturated(codes: Floats, fmt: QFormat) -> Codes:
    """Whole numbers as codes, the ends standing for what is outside."""
    outside = outside_range(codes, fmt)
    inside = np.where(outside, 0.0, codes).astype(np.int64)
    return np.where(outside, np.where(codes < 0, fmt.low, fmt.high), inside)


def refuse_outside(
    what: str, values: Floats, outside: NDArray[np.bool_], label: str, low: float, high: float,
    remedy: str,
) -> None:  # fmt: skip
    """Raise `BitwidthMismatchError` that names the element farthest outside."""
    distance = np.where(outside, np.abs(values), -1.0)
    at = tuple(int(i) for i in np.unravel_index(int(distance.argmax()), values.shape))
    others = int(np.count_nonzero(outside)) - 1
    rest = f" (and {others} more)" * bool(others)
    raise BitwidthMismatchError(
        f"{element(what, at)} is {values[at]:g}{rest}, outside {label} "
        f"[{low:g}, {high:g}]; {remedy}"
    )


def warn_clipped(what: str, clipped: int, size: int, label: str, *, depth: int) -> None:
    """Say how many values were clipped, at the user's line ``depth`` calls up."""
    warnings.warn(
        f"{clipped} of {size} {what} were clipped to the range of {label}",
        PrecisionWarning,
        stacklevel=depth + 1,
    )


def element(what: str, at: tuple[int, ...]) -> str:
    """``weights[1, 2]``."""
    return f"{what}[{', '.join(map(str, at))}]" if at else what


def first(mask: NDArray[np.bool_]) -> tuple[int, ...]:
    """Index of the first true element."""
    return tuple(int(i) for i in np.unravel_index(int(mask.argmax()), mask.shape))
