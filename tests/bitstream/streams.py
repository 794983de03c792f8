"""Streams for the tests: as bits, as strategies, and from plain random numbers."""

from __future__ import annotations

from functools import reduce
from operator import xor
from typing import TypeAlias

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from sc_neurocore.bitstream import pack_bitstream

Bits: TypeAlias = NDArray[np.uint8]
Words: TypeAlias = NDArray[np.uint64]


def bits_of(length: int) -> st.SearchStrategy[Bits]:
    """Any bits; long constant stretches are as likely as noise."""
    noise = st.integers(0, 2**length - 1 if length else 0)
    stretches = st.lists(st.integers(0, length), max_size=4).map(
        lambda cuts: reduce(xor, ((1 << c) - 1 for c in cuts), 0)
    )

    def unpacked(number: int) -> Bits:
        return np.array([number >> t & 1 for t in range(length)], np.uint8)

    return st.one_of(noise, stretches).map(unpacked)


def random_stream(p: float, length: int, seed: int) -> Words:
    """Independent bits of probability ``p``."""
    return pack_bitstream(np.random.default_rng(seed).random(length) < p)


def share(stream: Words, length: int) -> float:
    """Share of ones, counted by NumPy."""
    return int(np.unpackbits(stream.view(np.uint8)).sum()) / length
