"""How bits depend on one another: between streams, along a stream, and in runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.bitstream._gufunc import gufunc, ones
from sc_neurocore.bitstream._packed import (
    Words,
    require_match,
    require_stream,
    require_tail,
    unpack_bitstream,
)
from sc_neurocore.bitstream._require import require_length, require_number, require_whole
from sc_neurocore.exceptions import SCConfigError


def scc(a: Words, b: Words, length: int) -> NDArray[np.float64]:
    """Stochastic cross-correlation of two streams (Alaghi & Hayes, ICCD 2013), from -1 to 1.

    With ``delta = P(a AND b) - P(a) P(b)`` it is ``delta / (min(Pa, Pb) - Pa Pb)`` for
    ``delta > 0`` and ``delta / (Pa Pb - max(Pa + Pb - 1, 0))`` for ``delta < 0``. It is +1 where
    the ones overlap as much as they can, -1 where as little, and 0 exactly where AND multiplies;
    the last includes a constant stream. Computed in integers, so those three values are exact.

    Args:
        a: ``(..., words)`` packed streams.
        b: packed streams of a shape that broadcasts against ``a``.
        length: bits of a stream.

    Returns:
        ``(...)`` of ``float64``; a scalar for one pair.
    """
    result: NDArray[np.float64] = _dependence(a, b, _checked(a, b, length))[1]
    return result


def product_error(a: Words, b: Words, length: int) -> NDArray[np.float64]:
    """Error that AND makes as a multiplier: ``P(a AND b) - P(a) P(b)``, from -1/4 to 1/4.

    Args and shapes as `scc`.
    """
    result: NDArray[np.float64] = _dependence(a, b, _checked(a, b, length))[0]
    return result


def scc_matrix(streams: Words, length: int) -> NDArray[np.float64]:
    """`scc` of every pair of streams.

    Args:
        streams: ``(..., N, words)`` packed streams.
        length: bits of a stream.

    Returns:
        ``(..., N, N)``, symmetric; the diagonal is 1, or 0 for a constant stream.
    """
    if isinstance(streams, np.ndarray) and streams.ndim == 1:
        raise SCConfigError("streams have shape (words,); a matrix needs shape (..., N, words)")
    require_stream("streams", streams, length := require_length(length))
    require_tail("streams", streams, length)
    pairs = _dependence(streams[..., :, None, :], streams[..., None, :, :], length)
    result: NDArray[np.float64] = pairs[1]
    return result


def require_uncorrelated(a: Words, b: Words, length: int, *, limit: float) -> None:
    """Refuse streams that AND would not multiply.

    Args:
        a: ``(..., words)`` packed streams.
        b: packed streams of a shape that broadcasts against ``a``.
        length: bits of a stream.
        limit: largest magnitude of `scc` to accept, from 0 to 1.

    Raises:
        SCConfigError: a pair beyond the limit; the message names the worst.
    """
    limit = require_number("limit", limit, 0.0, 1.0)
    found = np.asarray(scc(a, b, length))
    if found.size and np.abs(found).max() > limit:
        place = np.unravel_index(int(np.abs(found).argmax()), found.shape)
        where = f" at [{', '.join(map(str, place))}]" if found.ndim else ""
        raise SCConfigError(
            f"the streams{where} have an SCC of {found[place]:.3f}; a multiplier of this accuracy "
            f"takes at most {limit:g} in magnitude; encode them from unrelated sources or put a "
            "decorrelator before one of them"
        )


def _checked(a: Words, b: Words, length: int) -> int:
    length = require_length(length)
    require_stream("a", a, length)
    require_stream("b", b, length)
    if a.shape != b.shape:
        require_match(("a", "b"), (a, b))
    require_tail("a", a, length)
    require_tail("b", b, length)
    return length


@gufunc("uint64[:], uint64[:], int64, float64[:], float64[:]", "(w),(w),()->(),()")
def _dependence(a: Any, b: Any, length: Any, error: Any, correlation: Any) -> None:
    both, ones_a, ones_b = 0, 0, 0
    for i in range(a.shape[0]):
        both += ones(a[i] & b[i])
        ones_a += ones(a[i])
        ones_b += ones(b[i])
    only_a, only_b = ones_a - both, ones_b - both
    neither = length - ones_a - only_b
    # delta times length squared; each product is at most (length/2)**2, so nothing overflows.
    delta = both * neither - only_a * only_b
    if delta > 0:
        most = min(ones_a, ones_b) * (length - max(ones_a, ones_b))
    elif ones_a + ones_b <= length:
        most = ones_a * ones_b
    else:
        most = (length - ones_a) * (length - ones_b)
    error[0] = delta / length / length
    correlation[0] = delta / max(most, 1)  # most is 0 only where delta is


def autocorrelation(stream: Words, length: int, lags: int) -> NDArray[np.float64]:
    """Autocorrelation of a stream's bits at lags 0 to ``lags``.

    ``r[k] = sum_{t < L-k} (x[t] - p)(x[t+k] - p) / sum_t (x[t] - p)**2`` with ``p`` the share of
    ones: the biased estimate, 1 at lag 0 and about ``±2/sqrt(L)`` at most for independent bits.

    Args:
        stream: ``(..., words)`` packed streams.
        length: bits of a stream.
        lags: largest lag, from 0 to ``length - 1``.

    Returns:
        ``(..., lags + 1)`` of ``float64``; nan for a constant stream, which has none.
    """
    length = require_length(length)
    require_stream("stream", stream, length)
    require_tail("stream", stream, length)
    lags = require_whole("lags", lags, 0, length - 1)
    result: NDArray[np.float64] = _autocorrelation(stream, np.arange(lags + 1), length)
    return result


@gufunc("uint64[:], int64[:], int64, float64[:]", "(w),(k),()->(k)")
def _autocorrelation(stream: Any, lags: Any, length: Any, result: Any) -> None:
    words, every = stream.shape[0], ~np.uint64(0)
    total = 0
    for i in range(words):
        total += ones(stream[i])
    p = total / length
    for index in range(lags.shape[0]):
        lag = lags[index]
        skip, shift = lag >> 6, np.uint64(lag & 63)
        both, first, early = 0, 0, 0  # ones at t and t + lag, at t < L - lag, at t < lag
        for i in range(words):
            if i + skip < words:
                later = stream[i + skip] >> shift
                if shift and i + skip + 1 < words:
                    later |= stream[i + skip + 1] << (np.uint64(64) - shift)
                both += ones(stream[i] & later)
            if 64 * i < length - lag:
                first += ones(stream[i] & (every >> np.uint64(max(64 * (i + 1) - length + lag, 0))))
            if 64 * i < lag:
                early += ones(stream[i] & (every >> np.uint64(max(64 * (i + 1) - lag, 0))))
        last = total - early
        unlike = first + last - 2 * both
        neither = length - lag - first - last + both
        covariance = both * (1 - p) * (1 - p) - unlike * p * (1 - p) + neither * p * p
        # The division comes first, and by no zero: vector code divides in either case.
        ratio = covariance / max(total * (1 - p), 0.25)
        result[index] = ratio if 0 < total < length else np.nan


@dataclass(frozen=True, eq=False)
class RunLengths:
    """How many runs of each length a stream has.

    Attributes:
        zeros: element ``n`` is the number of maximal runs of ``n`` zeros.
        ones: element ``n`` is the number of maximal runs of ``n`` ones.
    """

    zeros: NDArray[np.int64]
    ones: NDArray[np.int64]


def run_lengths(stream: Words, length: int) -> RunLengths:
    """Count the maximal runs of zeros and of ones in one stream.

    Independent bits have ``(L - n + 1) p^n (1-p)^2``-like, geometric counts; a long tail means that
    a delay cannot decorrelate the stream, a missing one that it is more even than random.

    Args:
        stream: ``(words,)``, one packed stream.
        length: its bits.
    """
    length = require_length(length)
    require_stream("stream", stream, length)
    if stream.ndim != 1:
        raise SCConfigError(f"stream has shape {stream.shape}; runs are counted in one stream")
    bits = unpack_bitstream(np.ascontiguousarray(stream), length)
    edges = np.flatnonzero(bits[1:] != bits[:-1]) + 1
    runs = np.diff(edges, prepend=0, append=length)
    first = int(bits[0])
    return RunLengths(np.bincount(runs[first::2]), np.bincount(runs[1 - first :: 2]))
