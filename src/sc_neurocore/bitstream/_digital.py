"""Sequences linear in the bits of the tick: counter, bit reversal, Sobol."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Bits of the tick that a sequence can depend on.
TICK_BITS = 32


@dataclass(frozen=True)
class Digital:
    """``r(t) = shift ⊕ (⊕ of columns[i] over the set bits i of t)``.

    A counter that steps in Gray code is of this form too: its code ``t ⊕ t>>1`` is linear in the
    bits of t.

    Attributes:
        width: bits of a number.
        columns: one number per bit of the tick; bits beyond the last one have no effect.
        shift: r(0).
        start: tick of the first number.
    """

    width: int
    columns: tuple[int, ...]
    shift: int
    start: int

    def values(self, count: int) -> NDArray[np.uint32]:
        """The first ``count`` numbers."""
        from sc_neurocore.bitstream._source_kernel import digital_values

        out = np.empty(count, np.uint32)
        digital_values(columns_of([self])[0], np.uint64(self.shift), np.uint64(self.start), out)
        return out


def columns_of(sequences: list[Digital]) -> NDArray[np.uint64]:
    """Columns, ``(sequences, TICK_BITS)``, zeros where a sequence has no more."""
    columns = np.zeros((len(sequences), TICK_BITS), np.uint64)
    for row, sequence in zip(columns, sequences, strict=True):
        row[: len(sequence.columns)] = sequence.columns
    return columns
