"""Numbers of the sources, one after the other."""

from __future__ import annotations

from typing import Any

import numpy as np

from sc_neurocore.bitstream._jit import jit

_0, _1 = np.uint64(0), np.uint64(1)


@jit
def digital_values(columns: Any, shift: Any, tick: Any, out: Any) -> None:
    """Fill ``out`` with r(tick), r(tick+1), … of a `Digital` sequence."""
    bits = len(columns)
    flips = np.empty(bits + 1, np.uint64)
    value, flip = shift, _0
    for i in range(bits):
        if (tick >> np.uint64(i)) & _1:
            value ^= columns[i]
        flip ^= columns[i]
        flips[i] = flip
    flips[bits] = flip
    for k in range(len(out)):
        out[k] = value
        # The next tick differs in its trailing ones and the zero above them.
        ones = np.uint64(0)
        while ones < bits and (tick >> ones) & _1:
            ones += _1
        value ^= flips[ones]
        tick += _1


@jit
def fibonacci_values(exponents: Any, width: Any, state: Any, out: Any) -> None:
    """Fill ``out`` with the states of a Fibonacci register."""
    mask = (_1 << width) - _1
    for k in range(len(out)):
        out[k] = state
        bit = _0
        for e in exponents:
            bit ^= state >> np.uint64(e - 1)
        state = ((state << _1) & mask) | (bit & _1)


@jit
def galois_values(taps: Any, state: Any, out: Any) -> None:
    """Fill ``out`` with the states of a Galois register."""
    for k in range(len(out)):
        out[k] = state
        state = (state >> _1) ^ (taps & (_0 - (state & _1)))


@jit
def halton_values(base: Any, digits: Any, width: Any, tick: Any, out: Any) -> None:
    """Fill ``out`` with ``floor(2^width · R(t) / base^digits)``, R(t) the digits of t reversed."""
    weights = np.empty(digits, np.uint64)
    digit = np.empty(digits, np.uint64)
    weight = _1
    for i in range(digits):
        weights[digits - 1 - i] = weight
        weight *= base
    total = weight
    reversed_ = _0
    for i in range(digits):
        digit[i] = tick % base
        tick //= base
        reversed_ += digit[i] * weights[i]
    # Two divisions, as the numerator of one would not fit in 64 bits.
    high = width >> _1
    low = width - high
    for k in range(len(out)):
        part = reversed_ << high
        quotient = part // total
        out[k] = (quotient << low) + ((part - quotient * total) << low) // total
        i = 0
        while i < digits and digit[i] == base - _1:
            reversed_ -= digit[i] * weights[i]
            digit[i] = _0
            i += 1
        if i < digits:
            digit[i] += _1
            reversed_ += weights[i]
