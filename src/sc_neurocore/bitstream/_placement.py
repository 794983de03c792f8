"""Streams whose ones stand where a rule puts them: exact rates, no source."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sc_neurocore.bitstream._packed import Words, word_count
from sc_neurocore.bitstream._require import require_length, require_probability, require_room


def _ones(probability: ArrayLike, length: int) -> Words:
    """Nearest number of ones, halves to even."""
    p = require_probability(probability)
    require_room(p.size, require_length(length))
    return np.rint(p * length).astype(np.uint64)


def thermometer(probability: ArrayLike, length: int) -> Words:
    """Unary streams: all ones first.

    Two of them are maximally correlated (SCC +1). With a length of ``2^w`` this is `encode` with
    ``Counter(w)``.

    Args:
        probability: 0 to 1, any shape; the stream holds ``round(p·length)`` ones, halves to even.
        length: bits of a stream.

    Returns:
        Packed, ``(*probability.shape, ceil(length/64))``.

    Raises:
        SCConfigError: a probability outside 0 … 1 or NaN, or a length out of range.
    """
    ones = _ones(probability, length).astype(np.int64)
    here = np.clip(ones[..., None] - 64 * np.arange(word_count(length)), 0, 64).astype(np.uint64)
    # A shift by 64 is undefined, so a word of no ones is made from one bit and a further shift.
    full = np.uint64(2**64 - 1)
    one = np.uint64(1)
    return np.where(here == 0, np.uint64(0), full >> (np.uint64(64) - np.maximum(here, one)))


def pulse_train(probability: ArrayLike, length: int) -> Words:
    """Regular streams: ones spaced as evenly as ticks allow, as from an overflowing accumulator.

    With k ones in L bits, the first t bits hold ``floor(t·k/L)`` of them.

    Args:
        probability: 0 to 1, any shape; the stream holds ``round(p·length)`` ones, halves to even.
        length: bits of a stream.

    Returns:
        Packed, ``(*probability.shape, ceil(length/64))``.

    Raises:
        SCConfigError: a probability outside 0 … 1 or NaN, or a length out of range.
    """
    from sc_neurocore.bitstream._encode_kernel import encode_pulses

    ones = _ones(probability, length)
    out = np.empty((*ones.shape, word_count(length)), np.uint64)
    if out.size:
        encode_pulses(ones.reshape(-1), np.uint64(length), out.reshape(-1, out.shape[-1]))
    return out
