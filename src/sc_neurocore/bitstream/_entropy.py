"""Random numbers: a counter-based generator, and the operating system's."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.bitstream._require import require_whole
from sc_neurocore.bitstream._source import MAX_WIDTH, Source


@dataclass(frozen=True)
class NumpyRandom(Source):
    """Independent uniform numbers from NumPy's Philox4x64 generator, keyed by the seed.

    Number t is the top ``width`` bits of the t-th 32-bit half-word, low halves first. Source:
    Salmon, Moraes, Dror & Shaw 2011, doi:10.1145/2063384.2063405.

    Attributes:
        seed: key, 0 to 2^128 - 1.
        width: bits of a number, 1 to 32.

    Raises:
        SCConfigError: a field out of range.
    """

    seed: int = 0
    width: int = 16

    kind: ClassVar[str] = "random"

    def __post_init__(self) -> None:
        require_whole("seed", self.seed, 0, 2**128 - 1)
        require_whole("width", self.width, 1, MAX_WIDTH)

    @property
    def period(self) -> None:
        """None: 2^256 counters are not used up."""

    def _values(self, count: int, start: int) -> NDArray[np.uint32]:
        generator = np.random.Philox(key=self.seed)
        # One count of Philox4x64 makes four words, eight numbers.
        generator.advance(start // 8)
        skip = start % 8
        words: NDArray[np.uint64] = generator.random_raw((skip + count + 1) // 2)
        return _top(words, self.width)[skip : skip + count]


@dataclass(frozen=True)
class OsEntropy(Source):
    """Random numbers of the operating system: every call gives others, whatever the start.

    The one source that is not reproducible: a result made with it cannot be made again.

    Attributes:
        width: bits of a number, 1 to 32.

    Raises:
        SCConfigError: a width out of range.
    """

    width: int = 16

    kind: ClassVar[str] = "entropy"

    def __post_init__(self) -> None:
        require_whole("width", self.width, 1, MAX_WIDTH)

    @property
    def period(self) -> None:
        """None: the numbers never repeat."""

    def _values(self, count: int, start: int) -> NDArray[np.uint32]:
        words = np.frombuffer(os.urandom((count + 1) // 2 * 8), "<u8")
        return _top(words, self.width)[:count]


def _top(words: NDArray[np.uint64], width: int) -> NDArray[np.uint32]:
    halves = words.astype("<u8", copy=False).view("<u4")
    return (halves >> np.uint32(32 - width)).astype(np.uint32, copy=False)
