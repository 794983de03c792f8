"""Sequences linear in the bits of the tick: counter, bit reversal, Sobol."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

#: Bits of the tick that a sequence can depend on.
TICK_BITS = 32


class Digital(NamedTuple):
    """``r(t) = shift ⊕ (⊕ of columns[i] over the set bits i of t)``.

    A counter that steps in Gray code is of this form too: its code ``t ⊕ t>>1`` is linear in the
    bits of t.

    Attributes:
        width: bits of a number.
        columns: ``(TICK_BITS,)``, one number per bit of the tick.
        shift: r(0).
        start: tick of the first number.
    """

    width: int
    columns: NDArray[np.uint64]
    shift: int
    start: int

    def values(self, count: int) -> NDArray[np.uint32]:
        """The first ``count`` numbers."""
        from sc_neurocore.bitstream._source_kernel import digital_values

        out = np.empty(count, np.uint32)
        digital_values(self.columns, np.uint64(self.shift), np.uint64(self.start), out)
        return out


def columns_of(numbers: Iterable[int]) -> NDArray[np.uint64]:
    """Columns of a sequence; bits of the tick beyond the numbers given have no effect."""
    columns = np.zeros(TICK_BITS, np.uint64)
    given = list(numbers)
    columns[: len(given)] = given
    columns.flags.writeable = False
    return columns
