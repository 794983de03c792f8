"""Single streams as arrays of bits, one byte each."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.bitstream._coding import (
    Range,
    unipolar_prob_to_value,
    value_to_bipolar_prob,
    value_to_unipolar_prob,
)
from sc_neurocore.bitstream._encode import encode
from sc_neurocore.bitstream._packed import unpack_bitstream
from sc_neurocore.bitstream._require import (
    require_length,
    require_number,
    require_whole,
)
from sc_neurocore.bitstream._sobol import SOBOL_DIMENSIONS, Sobol
from sc_neurocore.exceptions import SCConfigError

Bits = NDArray[np.uint8]
#: Bits of the Sobol numbers: enough for every length.
_SOBOL_WIDTH = 32


def generate_bernoulli_bitstream(
    p: float, length: int, rng: np.random.Generator | None = None
) -> Bits:
    """Independent bits, each one with probability ``p``.

    Args:
        p: 0 to 1; both ends are exact.
        length: number of bits.
        rng: NumPy generator; by default a fresh one, seeded by the operating system.

    Returns:
        ``(length,)`` of zeros and ones.

    Raises:
        SCConfigError: a probability outside 0 … 1 or NaN, or a length out of range.
    """
    chance = require_number("p", p, 0.0, 1.0)
    rng = np.random.default_rng() if rng is None else rng
    return (rng.random(require_length(length)) < chance).astype(np.uint8)


def generate_sobol_bitstream(p: float, length: int, seed: int | None = None) -> Bits:
    """Bits from a Sobol sequence, whose rate errs by O(log L / L) and not by O(1/√L).

    The seed picks the dimension, ``1 + seed mod 1024``, as streams of one dimension do not multiply
    whatever their shift or start.

    Args:
        p: 0 to 1; both ends are exact.
        length: number of bits.
        seed: 0 or more; none is the first dimension.

    Returns:
        ``(length,)`` of zeros and ones.

    Raises:
        SCConfigError: a probability outside 0 … 1 or NaN, a length or seed out of range.
    """
    chance = require_number("p", p, 0.0, 1.0)
    dimension = 1 + require_whole("seed", 0 if seed is None else seed, 0) % SOBOL_DIMENSIONS
    return unpack_bitstream(encode(chance, length, Sobol(dimension, _SOBOL_WIDTH)), length)


def generate_bipolar_bitstream(
    x: float, length: int, rng: np.random.Generator | None = None
) -> Bits:
    """Independent bits, each one with probability ``(x + 1)/2``; XNOR multiplies such streams.

    Args:
        x: -1 to 1.
        length: number of bits.
        rng: as for `generate_bernoulli_bitstream`.

    Returns:
        ``(length,)`` of zeros and ones.

    Raises:
        SCConfigError: a value outside -1 … 1 or NaN, or a length out of range.
    """
    return generate_bernoulli_bitstream(value_to_bipolar_prob(x), length, rng)


def bitstream_to_probability(bitstream: NDArray[np.uint8] | NDArray[np.bool_]) -> float:
    """Share of ones.

    Args:
        bitstream: zeros and ones, any shape but empty.

    Raises:
        SCConfigError: an empty stream, or a value other than 0 and 1.
    """
    bits = np.asarray(bitstream)
    if not bits.size:
        raise SCConfigError("bitstream is empty; it must hold at least one bit")
    if bits.dtype.kind not in "bui" or not ((bits == 0) | (bits == 1)).all():
        raise SCConfigError("bitstream holds something other than the integers 0 and 1")
    return int(np.count_nonzero(bits)) / bits.size


def bipolar_to_value(bitstream: NDArray[np.uint8] | NDArray[np.bool_]) -> float:
    """``2·(share of ones) - 1``.

    Raises:
        SCConfigError: an empty stream, or a value other than 0 and 1.
    """
    return 2 * bitstream_to_probability(bitstream) - 1


@dataclass
class BitstreamEncoder:
    """Encodes values of a range as independent bits, and decodes them.

    Every call of `encode` goes on with the same generator, so that the streams of one encoder are
    independent of each other.

    Attributes:
        x_min: value of probability 0.
        x_max: value of probability 1.
        length: bits of a stream.
        seed: of the generator; none seeds it by the operating system.

    Raises:
        SCConfigError: no range, or a length or seed out of range.
    """

    x_min: float = 0.0
    x_max: float = 1.0
    length: int = 1024
    seed: int | None = None
    _rng: np.random.Generator = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        Range(self.x_min, self.x_max)
        self.length = require_length(self.length)
        seed = None if self.seed is None else require_whole("seed", self.seed, 0)
        self._rng = np.random.default_rng(seed)

    def encode(self, x: float) -> Bits:
        """Stream ``(length,)`` of a value in the range; a value outside is refused."""
        p = value_to_unipolar_prob(x, self.x_min, self.x_max)
        return generate_bernoulli_bitstream(p, self.length, self._rng)

    def decode(self, bitstream: Bits) -> float:
        """Value that the share of ones stands for."""
        return unipolar_prob_to_value(bitstream_to_probability(bitstream), self.x_min, self.x_max)


@dataclass
class BitstreamAverager:
    """Share of ones among the last bits pushed.

    Attributes:
        window: most bits that count.

    Raises:
        SCConfigError: a window below 1.
    """

    window: int = 1024
    _bits: deque[int] = field(init=False, repr=False, compare=False)
    _ones: int = field(default=0, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.window = require_whole("window", self.window, 1)
        self._bits = deque()

    def push(self, bit: int) -> None:
        """Count a bit, 0 or 1, and forget the one that leaves the window."""
        bit = require_whole("bit", int(bit) if isinstance(bit, (bool, np.bool_)) else bit, 0, 1)
        self._bits.append(bit)
        self._ones += bit
        if len(self._bits) > self.window:
            self._ones -= self._bits.popleft()

    def estimate(self) -> float:
        """Share of ones in the window.

        Raises:
            SCConfigError: nothing was pushed yet.
        """
        if not self._bits:
            raise SCConfigError("the window is empty; push a bit before asking for an estimate")
        return self._ones / len(self._bits)

    def reset(self) -> None:
        """Forget all bits."""
        self._bits.clear()
        self._ones = 0
