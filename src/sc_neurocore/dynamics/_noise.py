"""Random draws as a pure function of (seed, neuron, tick, draw): Philox4x32-10.

The generator is counter-based: nothing is stored, so a draw does not depend on the order of
evaluation, on the number of threads or on how neurons are grouped. Source: Salmon, Moraes, Dror &
Shaw 2011, doi:10.1145/2063384.2063405.
"""

from __future__ import annotations

import math

import numpy as np

from sc_neurocore.dynamics._kernel_math import cos_turns, float_of, jit, log

_LOW = np.uint64(0xFFFFFFFF)
_32, _12 = np.uint64(32), np.uint64(12)
_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_ONE_BITS = np.uint64(1023 << 52)

Words = tuple[np.uint64, np.uint64, np.uint64, np.uint64]


@jit
def _round(
    c0: np.uint64, c1: np.uint64, c2: np.uint64, c3: np.uint64, k0: np.uint64, k1: np.uint64
) -> Words:
    a, b = _M0 * c0, _M1 * c2
    return (b >> _32) ^ c1 ^ k0, b & _LOW, (a >> _32) ^ c3 ^ k1, a & _LOW


@jit
def philox(
    c0: np.uint64, c1: np.uint64, c2: np.uint64, c3: np.uint64, k0: np.uint64, k1: np.uint64
) -> Words:
    """Encrypt a counter of four 32-bit words under a key of two, all held in uint64."""
    # Written out: a loop here would keep the loop over neurons from vectorising.
    c0, c1, c2, c3 = _round(c0, c1, c2, c3, k0, k1)
    k0, k1 = (k0 + _W0) & _LOW, (k1 + _W1) & _LOW
    c0, c1, c2, c3 = _round(c0, c1, c2, c3, k0, k1)
    k0, k1 = (k0 + _W0) & _LOW, (k1 + _W1) & _LOW
    c0, c1, c2, c3 = _round(c0, c1, c2, c3, k0, k1)
    k0, k1 = (k0 + _W0) & _LOW, (k1 + _W1) & _LOW
    c0, c1, c2, c3 = _round(c0, c1, c2, c3, k0, k1)
    k0, k1 = (k0 + _W0) & _LOW, (k1 + _W1) & _LOW
    c0, c1, c2, c3 = _round(c0, c1, c2, c3, k0, k1)
    k0, k1 = (k0 + _W0) & _LOW, (k1 + _W1) & _LOW
    c0, c1, c2, c3 = _round(c0, c1, c2, c3, k0, k1)
    k0, k1 = (k0 + _W0) & _LOW, (k1 + _W1) & _LOW
    c0, c1, c2, c3 = _round(c0, c1, c2, c3, k0, k1)
    k0, k1 = (k0 + _W0) & _LOW, (k1 + _W1) & _LOW
    c0, c1, c2, c3 = _round(c0, c1, c2, c3, k0, k1)
    k0, k1 = (k0 + _W0) & _LOW, (k1 + _W1) & _LOW
    c0, c1, c2, c3 = _round(c0, c1, c2, c3, k0, k1)
    k0, k1 = (k0 + _W0) & _LOW, (k1 + _W1) & _LOW
    return _round(c0, c1, c2, c3, k0, k1)


@jit
def _two_uniforms(
    seed: np.uint64, neuron: np.uint64, tick: np.uint64, draw: np.uint64
) -> tuple[float, float]:
    """Two independent numbers in [0, 1) with 52 random bits each."""
    w0, w1, w2, w3 = philox(
        neuron & _LOW, draw & _LOW, tick & _LOW, tick >> _32, seed & _LOW, seed >> _32
    )
    first = float_of(np.int64((((w1 << _32) | w0) >> _12) | _ONE_BITS)) - 1.0
    second = float_of(np.int64((((w3 << _32) | w2) >> _12) | _ONE_BITS)) - 1.0
    return first, second


@jit
def uniform(seed: np.uint64, neuron: np.uint64, tick: np.uint64, draw: np.uint64) -> float:
    """A number uniform in [0, 1).

    Args:
        seed: any 64-bit number.
        neuron: index below 2**32.
        tick: absolute tick of the run.
        draw: ordinal of the draw within the model, below 2**32.
    """
    return _two_uniforms(seed, neuron, tick, draw)[0]


@jit
def normal(seed: np.uint64, neuron: np.uint64, tick: np.uint64, draw: np.uint64) -> float:
    """A standard normal number (Box & Muller 1958, doi:10.1214/aoms/1177706645).

    Arguments as for `uniform`. Its size stays below 8.5, the limit of 52 random bits.
    """
    a, b = _two_uniforms(seed, neuron, tick, draw)
    return math.sqrt(-2.0 * log(1.0 - a)) * cos_turns(b)
