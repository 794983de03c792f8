"""Decorrelators: streams of the same value whose bits no longer depend on one another's.

In each docstring, "cycle ``t``" is the clock cycle in which bit ``t`` of the input is present;
outputs are those of the same cycle, before the clock edge that ends it, unless a delay is stated.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sc_neurocore.bitstream._cells import cell_addresses, reset_cells
from sc_neurocore.bitstream._gufunc import gufunc
from sc_neurocore.bitstream._packed import Words, require_stream, tail_mask
from sc_neurocore.bitstream._require import require_length, require_whole
from sc_neurocore.bitstream._source import Source
from sc_neurocore.bitstream._to_binary import binary_to_stochastic, stochastic_to_binary


def isolate(stream: Words, length: int, delay: int = 1) -> Words:
    """Delay a stream: an isolator, which decorrelates streams whose own bits are independent.

    Clock-exact: ``delay`` flip-flops in a row, all reset 0; the output is the last. So bit ``t`` of
    the output is bit ``t - delay`` of the input, and zero before.

    Args:
        stream: ``(..., words)`` packed streams.
        length: bits of a stream.
        delay: number of flip-flops, from 0.
    """
    length = require_length(length)
    require_stream("stream", stream, length)
    delay = require_whole("delay", delay, 0, length)
    result: Words = _isolate(stream, delay, tail_mask(length))
    return result


@gufunc("uint64[:], int64, uint64, uint64[:]", "(w),(),()->(w)")
def _isolate(stream: Any, delay: Any, mask: Any, out: Any) -> None:
    skip, shift = delay >> 6, np.uint64(delay & 63)
    for i in range(stream.shape[0]):
        word = np.uint64(0)
        if i >= skip:
            word = stream[i - skip] << shift
        if i > skip and shift:
            word |= stream[i - skip - 1] >> (np.uint64(64) - shift)
        out[i] = word
    if stream.shape[0]:
        out[stream.shape[0] - 1] &= mask


def shuffle_buffer(
    stream: Words, length: int, source: Source, depth: int = 8, start: int = 0
) -> Words:
    """Put the bits of a stream in another order, through a small buffer read at random places.

    All ones of the input leave the buffer but those in it at the end, less those in it at the
    start, so the count changes by at most ``depth/2``.

    Clock-exact: ``depth`` one-bit cells, reset to 0 (even cells) and 1 (odd cells). In cycle ``t``
    the address is the top ``log2(depth)`` bits of number ``start + t`` of the source; the output is
    the addressed cell, and at the clock edge the input bit is written to that cell.

    Args:
        stream: ``(..., words)`` packed streams; all are shuffled alike.
        length: bits of a stream.
        source: source of the addresses.
        depth: number of cells, a power of two from 2 to 64.
        start: number of the source in cycle 0.
    """
    length = require_length(length)
    require_stream("stream", stream, length)
    addresses = cell_addresses(source, length, depth, start)
    result: Words = _shuffle(stream, addresses, reset_cells(depth))
    return result


@gufunc("uint64[:], uint32[:], uint64, uint64[:]", "(w),(t),()->(w)")
def _shuffle(stream: Any, addresses: Any, cells: Any, out: Any) -> None:
    for i in range(stream.shape[0]):
        made = np.uint64(0)
        for j in range(min(64, addresses.shape[0] - 64 * i)):
            place, at = np.uint64(addresses[64 * i + j]), np.uint64(j)
            bit = (cells >> place) & np.uint64(1)
            made |= bit << at
            cells ^= (bit ^ ((stream[i] >> at) & np.uint64(1))) << place
        out[i] = made


def regenerate(stream: Words, length: int, source: Source, window: int, start: int = 0) -> Words:
    """Count the ones of each window and encode the count anew from another source.

    `stochastic_to_binary`, then `binary_to_stochastic`: the strongest decorrelator, at a delay of
    one window. The delay is taken out of the result: what it holds at bit ``t``, the circuit
    puts out in cycle ``t + window``.

    Args:
        stream: ``(..., words)`` packed streams.
        length: bits of a stream, a multiple of ``window``.
        source: source of the new streams, from cycle ``window`` on.
        window: cycles of a count, a power of two.
        start: number of the source in cycle ``window``.
    """
    counts = stochastic_to_binary(stream, length, window)
    return binary_to_stochastic(counts, window, source, start)


def track(
    stream: Words, length: int, source: Source, width: int = 12, shift: int = 5, start: int = 0
) -> Words:
    """Follow the value of a stream and encode it anew: a tracking forecast memory.

    A running mean over some ``2**shift`` cycles (Tehrani et al., IEEE Transactions on Signal
    Processing 58(9), 2010) decides each output bit, so it has no delay but a memory, and it also
    evens out what the input does from cycle to cycle.

    Clock-exact: a register ``m`` from 0 to ``2**width``, reset ``2**(width - 1)``. In cycle ``t``
    the output is ``r < m`` with ``r`` the top ``width`` bits of number ``start + t`` of the source;
    at the clock edge a one adds ``ceil((2**width - m) / 2**shift)`` to ``m``, and a zero subtracts
    ``ceil(m / 2**shift)``. Rounding up lets constant streams reach exactly 0 and 1.

    Args:
        stream: ``(..., words)`` packed streams.
        length: bits of a stream.
        source: source of the output.
        width: bits of the memory, up to the width of the source.
        shift: binary logarithm of the mean's time constant, from 0 to ``width``.
        start: number of the source in cycle 0.
    """
    length = require_length(length)
    require_stream("stream", stream, length)
    require_whole("width", width, 1, source.width)
    require_whole("shift", shift, 0, width)
    values = source.values(length, start) >> np.uint32(source.width - width)
    result: Words = _track(stream, values, 1 << width, shift)
    return result


@gufunc("uint64[:], uint32[:], int64, int64, uint64[:]", "(w),(t),(),()->(w)")
def _track(stream: Any, values: Any, top: Any, shift: Any, out: Any) -> None:
    m = top >> 1
    for i in range(stream.shape[0]):
        made = np.uint64(0)
        for j in range(min(64, values.shape[0] - 64 * i)):
            at = np.uint64(j)
            made |= np.uint64(np.int64(values[64 * i + j]) < m) << at
            if (stream[i] >> at) & np.uint64(1):
                m -= (m - top) >> shift  # an arithmetic shift rounds down, so its negative up
            else:
                m += (-m) >> shift
        out[i] = made
