"""What the streams of a network's inputs and weights are made of, wherever they are computed."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.bitstream._sobol import Sobol


def rate_source(bits: int) -> Sobol:
    """The source that rate coding compares levels of 0 to ``2**bits`` with.

    It is dimension 2 of the Sobol sequence, as weights use dimension 1. An input spikes at tick t
    iff number t lies below its level.
    """
    return Sobol(2, width=bits)


@functools.lru_cache(maxsize=64)
def plane_counts(bits: int, length: int, ticks: int) -> NDArray[np.int64]:
    """How often each bit plane of a weight is its stream bit, shape ``(ticks, bits)``.

    In clock k of the inference the stream of a weight ``u = W + 2**(bits−1)`` is its bit
    ``bits − 1 − ctz(k + 1)``, or 0 beyond the last bit; tick t owns ``length`` clocks. This is the
    weighted binary generator (Gupta & Kumaresan, IEEE Trans. Computers 37(10), 1988) on the van der
    Corput sequence.
    """
    clock = np.arange(1, ticks * length + 1)
    zeros = np.log2(clock & -clock).astype(np.int64)
    plane = bits - 1 - zeros
    counts = np.zeros((ticks, bits), np.int64)
    chosen = plane >= 0
    np.add.at(counts, ((clock - 1)[chosen] // length, plane[chosen]), 1)
    counts.flags.writeable = False
    return counts
