"""The loops of the predictors; imported when first used."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sc_neurocore._jit import jit_in

jit = jit_in(__file__)

Octets = NDArray[np.uint8]
Indices = NDArray[np.int64]

_PERIOD = 65535  # of the LFSR


@jit
def ema(given: Octets, out: Octets, decoding: bool, alpha: float, threshold: float) -> None:
    rate = np.zeros(given.shape[1])
    for t in range(given.shape[0]):
        for n in range(given.shape[1]):
            out[t, n] = given[t, n] ^ np.uint8(rate[n] > threshold)
            spike = out[t, n] if decoding else given[t, n]
            rate[n] += alpha * (spike - rate[n])


@jit
def lfsr(given: Octets, out: Octets, decoding: bool, alpha_q8: int, seed: int) -> None:
    ticks, neurons = given.shape
    # The upper byte of the register from any of its states on, for as many steps as a row has.
    upper = np.empty(min(ticks * neurons, _PERIOD + neurons), np.int32)
    register = np.int64(seed)
    for i in range(len(upper)):
        bit = (register >> 15 ^ register >> 13 ^ register >> 12 ^ register >> 10) & 1
        register = (register << 1 | bit) & 0xFFFF
        upper[i] = register >> 8
    rate, at = np.zeros(neurons, np.int32), 0  # Q8.8
    for t in range(ticks):
        row = upper[at : at + neurons]
        for n in range(neurons):
            out[t, n] = given[t, n] ^ np.uint8(row[n] < (rate[n] >> 8))
            spike = np.int32(out[t, n] if decoding else given[t, n])
            rate[n] += np.int32((alpha_q8 * ((spike << 16) - rate[n])) >> 8)
        at = (at + neurons) % _PERIOD


@jit
def context(values: Indices, out: Octets, decoding: bool, bits: int) -> None:
    """``values`` are what `intervals` makes of what is given."""
    ticks, neurons = out.shape
    lead = np.empty(1 << bits, np.int32)  # how much more often a spike followed than none
    at = neurons
    for n in range(neurons):
        lead[:] = 0
        end = at + values[n]
        coming = np.int64(values[at] if at < end else ticks)
        past, tick = 0, np.int64(0)
        while True:
            if past == 0 and lead[0] <= 0:
                # Nothing is foreseen until something happens.
                lead[0] -= coming - tick
                tick = coming
            if tick == ticks:
                break
            here, guess = tick == coming, lead[past] > 0
            out[tick, n] = here != guess
            spike = here != guess if decoding else here
            lead[past] += 2 * spike - 1
            past = (past << 1 | spike) & ((1 << bits) - 1)
            tick += 1
            if here:
                at += 1
                coming = np.int64(tick + values[at] if at < end else ticks)


@jit
def world_model(
    given: Octets, out: Octets, decoding: bool, taps: int, rate: float, threshold: float
) -> None:
    ticks, neurons = given.shape
    weight = np.zeros((taps + 2, neurons))  # own past, all channels, constant
    past = np.zeros((taps + 2, neurons))
    past[taps + 1] = 1.0
    guess = np.empty(neurons)
    newest = 0  # row of the last tick, the one before it behind it, in a ring of taps
    for t in range(ticks):
        guess[:] = 0.0
        for k in range(taps + 2):
            row = (newest + k) % taps if k < taps else k
            for n in range(neurons):
                guess[n] += weight[k, n] * past[row, n]
        total = 0
        for n in range(neurons):
            out[t, n] = given[t, n] ^ np.uint8(guess[n] > threshold)
            spike = out[t, n] if decoding else given[t, n]
            guess[n] = rate * (spike - guess[n])  # from here on, the step
            total += spike
        for k in range(taps + 2):
            row = (newest + k) % taps if k < taps else k
            for n in range(neurons):
                weight[k, n] += guess[n] * past[row, n]
        newest = (newest - 1) % taps
        for n in range(neurons):
            past[newest, n] = out[t, n] if decoding else given[t, n]
        past[taps] = total / neurons
