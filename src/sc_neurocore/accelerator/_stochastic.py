"""Stochastic weights: bipolar streams whose bits are bit planes of the weight.

In stream clock k the stream of the offset weight ``u = W + 2**(bits-1)`` is bit plane
``bits-1-ctz(k+1)`` of u, or 0 where ``ctz(k+1) >= bits``. This is the weighted binary generator
(Gupta & Kumaresan, IEEE Trans. Computers 37(10), 1988) driven by the van der Corput numbers
``R_k = bitreverse(k+1)``: the leading one of R chooses the plane, so there is no comparator, and a
memory read is a plane of many weights. A period of ``2**bits`` clocks holds exactly u ones, and a
tick of ``L = 2**m`` clocks ``floor(u L / 2**bits)`` of them, or one more: what a comparator with
the same numbers gives, clock by clock in another order.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.accelerator._network import Integers
from sc_neurocore.bitstream import plane_counts
from sc_neurocore.exceptions import SCConfigError

#: Longest stream of a tick, in clocks.
MAX_LENGTH = 1 << 16


def require_stream_length(length: int) -> int:
    """Return a number of stream clocks per tick: a power of two from 1 to 2**16.

    Raises:
        SCConfigError: it is not.
    """
    if not (isinstance(length, int) and 1 <= length <= MAX_LENGTH and not length & (length - 1)):
        raise SCConfigError(
            f"stream length is {length!r} clocks per tick; it must be a power of two from 1 to "
            f"{MAX_LENGTH}"
        )
    return length


def plane(clock: int, bits: int) -> int:
    """Bit plane of the offset weight in a stream clock; -1 where the stream bit is 0."""
    zeros = ((clock + 1) & -(clock + 1)).bit_length() - 1
    return bits - 1 - zeros if zeros < bits else -1


def period_ticks(bits: int, length: int) -> int:
    """Ticks after which the streams repeat."""
    return max(1, (1 << bits) // length)


def tick_weights(weights: Integers, bits: int, length: int, ticks: int) -> Integers:
    """What an active input adds in each tick: ones minus zeros of its weight's stream.

    Args:
        weights: signed ``bits``-bit integers, any shape.
        bits: width of the weights.
        length: stream clocks per tick.
        ticks: ticks of an inference.

    Returns:
        Shape ``(min(ticks, period_ticks), *weights.shape)``; tick t uses row ``t % period``.
    """
    ticks = min(ticks, period_ticks(bits, length))
    return 2 * stream_ones(weights, bits, length, ticks) - length


def stream_ones(weights: Integers, bits: int, length: int, ticks: int) -> Integers:
    """Ones of the weights' streams in each tick, shape ``(ticks, *weights.shape)``."""
    offset = weights + (1 << (bits - 1))
    planes = np.stack([offset >> q & 1 for q in range(bits)])
    return np.tensordot(plane_counts(bits, length, ticks), planes, axes=1)


def stream_bits(weights: Integers, bits: int, clocks: int, first: int = 0) -> NDArray[np.uint8]:
    """Bits of the weights' streams, shape ``(*weights.shape, clocks)``."""
    chosen = np.array([plane(k, bits) for k in range(first, first + clocks)])
    offset = np.asarray(weights)[..., None] + (1 << (bits - 1))
    return np.where(chosen >= 0, offset >> np.maximum(chosen, 0) & 1, 0).astype(np.uint8)
