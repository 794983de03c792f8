"""From streams to binary numbers and back: counters and comparators, stated to the clock."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.bitstream._gufunc import gufunc, ones
from sc_neurocore.bitstream._packed import Words, require_stream, require_tail, word_count
from sc_neurocore.bitstream._require import (
    MAX_LENGTH,
    require_length,
    require_room,
    require_whole,
)
from sc_neurocore.bitstream._source import Source
from sc_neurocore.exceptions import SCConfigError


def stochastic_to_binary(stream: Words, length: int, window: int) -> NDArray[np.int64]:
    """Count the ones of each window of a stream.

    Clock-exact: a counter ``c``, reset 0, and a cycle number ``n`` modulo ``window``. At the clock
    edge of a cycle ``c`` becomes ``c + x``, but at the edge that ends the last cycle of a window
    ``c + x`` goes to the result register and ``c`` to 0. Result ``k`` is thus there to read from
    cycle ``(k + 1) window`` on.

    Args:
        stream: ``(..., words)`` packed streams.
        length: bits of a stream, a multiple of ``window``.
        window: cycles of a count, a power of two.

    Returns:
        ``(..., length // window)`` of ``int64``, each from 0 to ``window``.
    """
    length = require_length(length)
    require_stream("stream", stream, length)
    require_tail("stream", stream, length)
    _require_window(window)
    if length % window:
        raise SCConfigError(f"length is {length}; it must be a multiple of the window, {window}")
    shape = np.empty(length // window, np.uint8)
    counts: NDArray[np.int64] = _count_windows(stream, shape, window)
    return counts


@gufunc("uint64[:], uint8[:], int64, int64[:]", "(w),(n),()->(n)")
def _count_windows(stream: Any, shape: Any, window: Any, counts: Any) -> None:
    words = max(window >> 6, 1)
    keep = ~np.uint64(0) if window >= 64 else (np.uint64(1) << np.uint64(window)) - np.uint64(1)
    for k in range(shape.shape[0]):
        at = k * window
        total = 0
        for i in range(at >> 6, (at >> 6) + words):
            total += ones((stream[i] >> np.uint64(at & 63)) & keep)
        counts[k] = total


def binary_to_stochastic(
    numbers: NDArray[np.integer[Any]], window: int, source: Source, start: int = 0
) -> Words:
    """Encode a sequence of counts, each as one window of a stream.

    Clock-exact: in cycle ``t`` the output is ``r < c`` with ``r`` the top ``log2(window)`` bits of
    number ``start + t`` of the source and ``c`` number ``t // window``. ``c = 0`` gives zeros only
    and ``c = window`` ones only. A source whose top bits take every value once in a window
    (Sobol, Halton of base 2, counter) gives exactly ``c`` ones.

    Args:
        numbers: ``(..., N)`` integers from 0 to ``window``.
        window: cycles per number, a power of two up to ``2**source.width``.
        source: source of the comparator's other input.
        start: number of the source in cycle 0.

    Returns:
        Packed streams ``(..., words)`` of ``N * window`` bits.
    """
    array = np.asarray(numbers)
    if array.dtype.kind not in "iu" or array.ndim == 0:
        raise SCConfigError(
            f"numbers have dtype {array.dtype} and shape {array.shape}; "
            "they must be integers of shape (..., N)"
        )
    bits = _require_window(window).bit_length() - 1
    if bits > source.width:
        raise SCConfigError(
            f"window is {window}; a source of {source.width} bits has numbers for at most "
            f"{1 << source.width} cycles"
        )
    if array.size and (array.min() < 0 or array.max() > window):
        wrong = array.min() if array.min() < 0 else array.max()
        raise SCConfigError(f"numbers hold {wrong}; they must be from 0 to {window}")
    length = require_length(array.shape[-1] * window)
    require_room(int(np.prod(array.shape[:-1])), length)
    values = source.values(length, start)
    shape = np.empty(word_count(length), np.uint8)
    thresholds = array.astype(np.int64, copy=False)
    result: Words = _compare_windows(thresholds, values, shape, window, source.width - bits)
    return result


@gufunc("int64[:], uint32[:], uint8[:], int64, int64, uint64[:]", "(n),(t),(w),(),()->(w)")
def _compare_windows(
    numbers: Any, values: Any, shape: Any, window: Any, shift: Any, out: Any
) -> None:
    for i in range(shape.shape[0]):
        made = np.uint64(0)
        for j in range(min(64, values.shape[0] - 64 * i)):
            t = 64 * i + j
            bit = np.int64(values[t] >> shift) < numbers[t // window]
            made |= np.uint64(bit) << np.uint64(j)
        out[i] = made


def parallel_count(streams: Words, length: int) -> NDArray[np.int64]:
    """Count in every cycle how many of N streams are one: a parallel counter.

    Clock-exact: combinational; number ``t`` is the sum of the N bits of cycle ``t``. Their running
    sum (`numpy.cumsum`) is an accumulative parallel counter, and their total is what `popcount`
    of all streams adds up to.

    Args:
        streams: ``(..., N, words)`` packed streams.
        length: bits of a stream.

    Returns:
        ``(..., length)`` of ``int64``, each from 0 to N.
    """
    length = require_length(length)
    require_stream("streams", streams, length)
    if streams.ndim == 1:
        raise SCConfigError("streams have shape (words,); a parallel counter takes (..., N, words)")
    counts: NDArray[np.int64] = _parallel_count(streams, np.empty(length, np.uint8))
    return counts


@gufunc("uint64[:,:], uint8[:], int64[:]", "(n,w),(t)->(t)")
def _parallel_count(streams: Any, shape: Any, counts: Any) -> None:
    counts[:] = 0
    for i in range(streams.shape[1]):
        for n in range(streams.shape[0]):
            word = streams[n, i]
            for j in range(min(64, shape.shape[0] - 64 * i)):
                counts[64 * i + j] += np.int64((word >> np.uint64(j)) & np.uint64(1))


def saturating_counter(
    steps: NDArray[np.integer[Any]], low: int, high: int, reset: int = 0
) -> NDArray[np.int64]:
    """Add a sequence of steps in a register that stays at its ends.

    With ``2 x - 1`` of a stream's bits it is an up-down counter; with
    ``2 parallel_count(s) - N`` of N streams, the accumulator of a stochastic neuron.

    Clock-exact: a register ``c``, reset ``reset``. At the clock edge of cycle ``t`` it becomes
    ``min(max(c + steps[t], low), high)``; result ``t`` is that new value, read in cycle ``t + 1``.

    Args:
        steps: ``(..., T)`` integers.
        low: least value of the register, from ``-2**31``.
        high: largest value, up to ``2**31``.
        reset: value in cycle 0, from ``low`` to ``high``.

    Returns:
        ``(..., T)`` of ``int64``.
    """
    array = np.asarray(steps)
    if array.dtype.kind not in "iu" or array.ndim == 0:
        raise SCConfigError(
            f"steps have dtype {array.dtype} and shape {array.shape}; "
            "they must be integers of shape (..., T)"
        )
    if array.size and (array.min() < -MAX_LENGTH or array.max() > MAX_LENGTH):
        wrong = array.min() if array.min() < -MAX_LENGTH else array.max()
        raise SCConfigError(f"steps hold {wrong}; they must be from {-MAX_LENGTH} to {MAX_LENGTH}")
    low = require_whole("low", low, -(2**31), 2**31)
    high = require_whole("high", high, low, 2**31)
    reset = require_whole("reset", reset, low, high)
    path: NDArray[np.int64] = _saturate(array.astype(np.int64, copy=False), low, high, reset)
    return path


@gufunc("int64[:], int64, int64, int64, int64[:]", "(t),(),(),()->(t)")
def _saturate(steps: Any, low: Any, high: Any, reset: Any, path: Any) -> None:
    c = reset
    for t in range(steps.shape[0]):
        c = min(max(c + steps[t], low), high)
        path[t] = c


def _require_window(window: int) -> int:
    if require_whole("window", window, 1, MAX_LENGTH) & (window - 1):
        raise SCConfigError(f"window is {window}; it must be a power of two")
    return window
