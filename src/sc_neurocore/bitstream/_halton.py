"""Halton (van der Corput) sequences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.bitstream._digital import Digital, columns_of
from sc_neurocore.bitstream._require import require_whole
from sc_neurocore.bitstream._source import MAX_WIDTH, Source

#: Largest base.
MAX_BASE = 256


@dataclass(frozen=True)
class Halton(Source):
    """``floor(2^width · φ(t))``, where φ mirrors the digits of t at the radix point.

    The tick counts in `digits` digits, the fewest with ``base^digits ≥ 2^width``, and wraps. Over
    this period no number occurs more than once more often than another; in base 2 all occur once,
    in the order of reversed bits. Streams are independent in the limit if their bases have no
    common factor. Source: Halton 1960, doi:10.1007/BF01386213.

    Attributes:
        base: 2 to 256.
        width: bits of a number, 1 to 32.

    Raises:
        SCConfigError: a field out of range.
    """

    base: int = 2
    width: int = 16

    kind: ClassVar[str] = "halton"

    def __post_init__(self) -> None:
        require_whole("base", self.base, 2, MAX_BASE)
        require_whole("width", self.width, 1, MAX_WIDTH)

    @property
    def digits(self) -> int:
        """Digits of the tick counter."""
        digits = 1
        while self.base**digits < 1 << self.width:
            digits += 1
        return digits

    @property
    def period(self) -> int:
        """``base^digits``."""
        return int(self.base**self.digits)

    def _values(self, count: int, start: int) -> NDArray[np.uint32]:
        if digital := self.structure(start):
            return digital.values(count)
        from sc_neurocore.bitstream._source_kernel import halton_values

        out = np.empty(count, np.uint32)
        base, width, tick = (np.uint64(n) for n in (self.base, self.width, start))
        halton_values(base, self.digits, width, tick, out)
        return out

    def structure(self, start: int) -> Digital | None:
        """In base 2, the reversal of the tick's bits."""
        if self.base != 2:
            return None
        columns = columns_of(1 << (self.width - 1 - i) for i in range(self.width))
        return Digital(self.width, columns, 0, start)
