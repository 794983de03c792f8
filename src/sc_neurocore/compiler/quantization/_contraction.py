"""Exact sums of products of integers, and their rounding to a saturating format."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.compiler._format import QFormat, Rounding
from sc_neurocore.compiler.quantization._codes import Codes
from sc_neurocore.exceptions import SCConfigError

_EXACT = 1 << 53
_LIMIT = (1 << 63) - 1
_HALF = 16


@dataclass(frozen=True, eq=False)
class Settled:
    """Codes in a format, and what was lost on the way.

    Attributes:
        codes: rounded and saturated.
        below: clamped to the lowest code.
        above: clamped to the highest code.
        underflow: not zero, but its code is.
    """

    codes: Codes
    below: NDArray[np.bool_]
    above: NDArray[np.bool_]
    underflow: NDArray[np.bool_]


def sums(weights: Codes, inputs: Codes, shift: int) -> Codes:
    """``inputs @ weights.T`` in 64-bit integers, exactly.

    Args:
        weights: one row per output.
        inputs: one row per sample.
        shift: by how many bits the sums will be rounded.

    Raises:
        SCConfigError: a sum could exceed 63 bits.
    """
    row = int(np.abs(weights).sum(axis=1).max(initial=0))
    reach = int(np.abs(inputs).max(initial=0))
    if row * reach + (1 << max(0, shift)) > _LIMIT:
        raise SCConfigError(
            f"a sum of {weights.shape[1]} products could reach {row * reach}, more than 64-bit "
            "integers hold; split the inputs or scale them down"
        )
    high, low = inputs >> _HALF, inputs & ((1 << _HALF) - 1)
    if row * max(1 << _HALF, reach >> _HALF) < _EXACT:
        # Every partial sum of a half is a whole number below 2**53, so doubles are exact in any
        # order, and their products run at the speed of the BLAS.
        rows = weights.T.astype(np.float64)
        top = (high.astype(np.float64) @ rows).astype(np.int64)
        return (top << _HALF) + (low.astype(np.float64) @ rows).astype(np.int64)
    return inputs @ weights.T


def settle(exact: Codes, shift: int, fmt: QFormat, rounding: Rounding) -> Settled:
    """Divide sums by ``2**shift``, round and saturate."""
    codes = exact
    if shift:
        half = np.int64(1 << (shift - 1))
        match rounding:
            case "truncate":
                codes = exact >> shift
            case "nearest":
                codes = (exact + half - (exact < 0)) >> shift
            case _:
                codes = (exact + (half - 1) + ((exact >> shift) & 1)) >> shift
    return Settled(
        codes=np.clip(codes, fmt.low, fmt.high),
        below=codes < fmt.low,
        above=codes > fmt.high,
        underflow=(codes == 0) & (exact != 0),
    )
