"""Numbers that must lie in a range, refused in one sentence."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.exceptions import SCConfigError

#: Longest stream, in bits (512 MiB packed).
MAX_LENGTH = 2**32
#: Most bits that one call makes (16 GiB packed).
MAX_BITS = 2**37


def require_whole(what: str, value: Any, low: int, high: int | None = None) -> int:
    """Return ``value`` as an int, or refuse what is not a whole number in ``low … high``."""
    try:
        number = operator.index(value)
    except TypeError:
        number = low - 1
    if isinstance(value, (bool, np.bool_)) or number < low or (high is not None and number > high):
        allowed = f"from {low} to {high}" if high is not None else f"of at least {low}"
        raise SCConfigError(f"{what} is {value!r}; it must be a whole number {allowed}")
    return number


def require_length(length: Any) -> int:
    """Return a stream's length, 1 to `MAX_LENGTH` bits."""
    return require_whole("length", length, 1, MAX_LENGTH)


def require_room(streams: int, length: int) -> None:
    """Refuse more bits than `MAX_BITS` in one call."""
    if streams * length > MAX_BITS:
        raise SCConfigError(
            f"{streams} streams of {length} bits are more than {MAX_BITS} bits; "
            "encode fewer streams at a time"
        )


def require_numeric(what: str, values: ArrayLike) -> NDArray[np.float64]:
    """Return ``values`` as float64, in whatever range."""
    try:
        array = np.asarray(values)
        if array.dtype.kind not in "fiub":
            raise TypeError
        return array.astype(np.float64, copy=False)
    except (TypeError, ValueError):
        raise SCConfigError(f"{what} is not a number or an array of numbers") from None


def require_numbers(
    what: str, values: ArrayLike, low: float, high: float, unit: str = ""
) -> NDArray[np.float64]:
    """Return ``values`` as float64, or name the first that is not in ``low … high``."""
    array = require_numeric(what, values)
    # A NaN makes both extremes NaN, and no comparison with NaN holds.
    least, most = np.minimum.reduce, np.maximum.reduce
    if array.size and not (least(array, axis=None) >= low and most(array, axis=None) <= high):
        place = np.unravel_index(int(np.argmin((array >= low) & (array <= high))), array.shape)
        index = f"[{', '.join(str(i) for i in place)}]" if array.ndim else ""
        found = repr(float(array[place])).removesuffix(".0")  # all digits: 1.0000001 is not 1
        after = f" {unit}" if unit else ""
        raise SCConfigError(
            f"{what}{index} is {found}{after}; it must be from {low:g} to {high:g}{after}"
        )
    return array


def require_number(what: str, value: Any, low: float, high: float, unit: str = "") -> float:
    """Return one number in ``low … high``."""
    number = require_numbers(what, value, low, high, unit)
    if number.ndim:
        raise SCConfigError(f"{what} has shape {number.shape}; it must be one number")
    return float(number)


def require_probability(values: ArrayLike, what: str = "probability") -> NDArray[np.float64]:
    """Return probabilities as float64; anything outside 0 … 1 is refused, never clipped."""
    return require_numbers(what, values, 0.0, 1.0)
