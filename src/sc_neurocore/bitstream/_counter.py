"""The counter: deterministic unary streams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.bitstream._digital import Digital, columns_of
from sc_neurocore.bitstream._require import require_whole
from sc_neurocore.bitstream._source import MAX_WIDTH, Source


@dataclass(frozen=True)
class Counter(Source):
    """``t mod 2^width``: a stream's ones come first in each period (thermometer code).

    Attributes:
        width: bits of a number, 1 to 32.

    Raises:
        SCConfigError: a width out of range.
    """

    width: int = 16

    kind: ClassVar[str] = "counter"

    def __post_init__(self) -> None:
        require_whole("width", self.width, 1, MAX_WIDTH)

    @property
    def period(self) -> int:
        """``2^width``."""
        return 1 << self.width

    def _values(self, count: int, start: int) -> NDArray[np.uint32]:
        return self.structure(start).values(count)

    def structure(self, start: int) -> Digital:
        """The bits of the tick themselves."""
        return Digital(self.width, columns_of(1 << i for i in range(self.width)), 0, start)
