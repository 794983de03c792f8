"""The loops of the codecs; imported when first used."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sc_neurocore._jit import jit_in

jit = jit_in(__file__)

Octets = NDArray[np.uint8]
Indices = NDArray[np.int64]


@jit
def leb128_encode(values: Indices) -> Octets:
    size = 0
    for value in values:
        size += 1
        while value >= 128:
            value >>= 7
            size += 1
    out, at = np.empty(size, np.uint8), 0
    for value in values:
        while value >= 128:
            out[at] = np.uint8(value & 127 | 128)
            value >>= 7
            at += 1
        out[at] = np.uint8(value)
        at += 1
    return out


@jit
def leb128_decode(data: Octets, count: int) -> tuple[Indices, int]:
    """Numbers and bytes used; -1 bytes if one does not end or has more than 63 bits."""
    values, at = np.zeros(count, np.int64), 0
    for i in range(count):
        value, shift = np.int64(0), 0
        while True:
            if at == len(data) or shift > 56:
                return values, -1
            octet = np.int64(data[at])
            at += 1
            value |= (octet & 127) << shift
            if octet < 128:
                break
            shift += 7
        values[i] = value
    return values, at


@jit
def write_codes(codes: Indices, lengths: Indices, index: Indices) -> Octets:
    """Codes of the symbols ``index``, first bit highest."""
    bits = 0
    for i in index:
        bits += lengths[i]
    out = np.zeros((bits + 7) >> 3, np.uint8)
    at = 0
    for i in index:
        code, left = codes[i], lengths[i]
        while left:
            room = 8 - (at & 7)
            take = min(room, left)
            part = (code >> (left - take)) & ((1 << take) - 1)
            out[at >> 3] |= np.uint8(part << (room - take))
            at += take
            left -= take
    return out


@jit
def read_codes(
    data: Octets, symbols: Indices, per_length: Indices, count: int
) -> tuple[Indices, int]:
    """Symbols and bits used; -1 bits if the data end too soon. ``symbols`` in order of code."""
    out, at, end = np.empty(count, np.int64), 0, 8 * len(data)
    for i in range(count):
        code, first, index, length = np.int64(0), np.int64(0), np.int64(0), 0
        while True:
            length += 1
            if at == end or length >= len(per_length):
                return out, -1
            code = code << 1 | (np.int64(data[at >> 3]) >> (7 - (at & 7))) & 1
            at += 1
            first <<= 1
            here = per_length[length]
            if code - first < here:
                out[i] = symbols[index + code - first]
                break
            first += here
            index += here
    return out, at


@jit
def read_events(
    data: Octets, time: int, address: int, count: int, ticks: int, neurons: int
) -> tuple[Indices, Indices, int]:
    """Tick and neuron of every event; bytes used, negative where it went wrong."""
    tick, neuron = np.empty(count, np.int64), np.empty(count, np.int64)
    most = (np.int64(1) << 8 * time) - 1
    now, at = np.int64(0), 0
    for i in range(count):
        while True:
            if at + time > len(data):
                return tick, neuron, -at - 1
            delta = np.int64(0)
            for k in range(time):
                delta |= np.int64(data[at + k]) << 8 * k
            at += time
            now += delta
            if delta != most:
                break
        if at + address > len(data):
            return tick, neuron, -at - 1
        who = np.int64(0)
        for k in range(address):
            who |= np.int64(data[at + k]) << 8 * k
        at += address
        if now >= ticks or who >= neurons:
            return tick, neuron, -at - 1
        tick[i], neuron[i] = now, who
    return tick, neuron, at


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
    rate = np.zeros(given.shape[1], np.int64)  # Q8.8
    register = np.int64(seed)
    for t in range(given.shape[0]):
        for n in range(given.shape[1]):
            bit = (register >> 15 ^ register >> 13 ^ register >> 12 ^ register >> 10) & 1
            register = (register << 1 | bit) & 0xFFFF
            out[t, n] = given[t, n] ^ np.uint8((register >> 8) < (rate[n] >> 8))
            spike = np.int64(out[t, n] if decoding else given[t, n])
            rate[n] += (alpha_q8 * ((spike << 16) - rate[n])) >> 8


@jit
def context(given: Octets, out: Octets, decoding: bool, bits: int) -> None:
    neurons, mask = given.shape[1], (1 << bits) - 1
    past = np.zeros(neurons, np.int64)
    # How much more often a spike followed than none.
    lead = np.zeros((neurons, mask + 1), np.int32)
    for t in range(given.shape[0]):
        for n in range(neurons):
            out[t, n] = given[t, n] ^ np.uint8(lead[n, past[n]] > 0)
            spike = np.int64(out[t, n] if decoding else given[t, n])
            lead[n, past[n]] += 2 * spike - 1
            past[n] = (past[n] << 1 | spike) & mask


@jit
def world_model(
    given: Octets, out: Octets, decoding: bool, taps: int, rate: float, threshold: float
) -> None:
    ticks, neurons = given.shape
    weight = np.zeros((neurons, taps + 2))  # own past, all channels, constant
    past = np.zeros((neurons, taps + 2))
    past[:, taps + 1] = 1.0
    share = 0.0
    for t in range(ticks):
        total = 0
        for n in range(neurons):
            past[n, taps] = share
            guess = 0.0
            for k in range(taps + 2):
                guess += weight[n, k] * past[n, k]
            out[t, n] = given[t, n] ^ np.uint8(guess > threshold)
            spike = out[t, n] if decoding else given[t, n]
            error = rate * (spike - guess)
            for k in range(taps + 2):
                weight[n, k] += error * past[n, k]
            for k in range(taps - 1, 0, -1):
                past[n, k] = past[n, k - 1]
            past[n, 0] = spike
            total += spike
        share = total / neurons
