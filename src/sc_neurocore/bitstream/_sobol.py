"""Sobol sequences."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from importlib.resources import files
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.bitstream._digital import Digital, columns_of
from sc_neurocore.bitstream._require import require_whole
from sc_neurocore.bitstream._source import MAX_WIDTH, Source

#: Dimensions whose direction numbers are known.
SOBOL_DIMENSIONS = 1024


@functools.cache
def _table() -> tuple[tuple[int, ...], ...]:
    """Lines ``d s a m_1 … m_s`` of the published table, dimension 2 first."""
    text = files("sc_neurocore.bitstream").joinpath("joe_kuo.txt").read_text("utf-8")
    lines = [line for line in text.splitlines() if line[:1].isdigit()]
    return tuple(tuple(map(int, line.split())) for line in lines)


@functools.lru_cache(maxsize=4096)
def direction_numbers(dimension: int, width: int) -> tuple[int, ...]:
    """Direction numbers v_1 … v_width of a dimension, scaled to ``width`` bits.

    Source: Joe & Kuo 2008, doi:10.1137/070709359, after Bratley & Fox 1988.
    """
    if dimension == 1:
        m = [1] * width
    else:
        _, degree, interior, *m = _table()[dimension - 2]
        for k in range(degree, width):
            new = m[k - degree] ^ m[k - degree] << degree
            for i in range(1, degree):
                if interior >> (degree - 1 - i) & 1:
                    new ^= m[k - i] << i
            m.append(new)
    return tuple(m[k] << (width - 1 - k) for k in range(width))


@dataclass(frozen=True)
class Sobol(Source):
    """One dimension of the Sobol sequence in Gray-code order, from its first point, zero, on.

    All numbers occur once in a period of ``2^width``. Two streams multiply correctly only if they
    come from different dimensions: a shift or a start leaves two streams of one dimension
    correlated.

    Attributes:
        dimension: 1 to 1024.
        width: bits of a number, 1 to 32.
        shift: XORed into every number (a digital shift).

    Raises:
        SCConfigError: a field out of range.
    """

    dimension: int = 1
    width: int = 16
    shift: int = 0

    kind: ClassVar[str] = "sobol"

    def __post_init__(self) -> None:
        require_whole("dimension", self.dimension, 1, SOBOL_DIMENSIONS)
        require_whole("width", self.width, 1, MAX_WIDTH)
        require_whole("shift", self.shift, 0, (1 << self.width) - 1)

    @property
    def period(self) -> int:
        """``2^width``."""
        return 1 << self.width

    def _values(self, count: int, start: int) -> NDArray[np.uint32]:
        return self.structure(start).values(count)

    def structure(self, start: int) -> Digital:
        """The sequence as a linear function of the tick's bits."""
        return Digital(self.width, _columns(self.dimension, self.width), self.shift, start)


@functools.lru_cache(maxsize=4096)
def _columns(dimension: int, width: int) -> NDArray[np.uint64]:
    # Bit i of the tick is in bits i and i-1 of its Gray code.
    v = direction_numbers(dimension, width)
    return columns_of([v[0], *(v[i] ^ v[i - 1] for i in range(1, width))])
