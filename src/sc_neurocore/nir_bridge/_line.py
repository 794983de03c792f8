"""A delay line in whole ticks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.exceptions import SCConfigError

Array = NDArray[np.float64]

#: Numbers that one delay line may hold, 2 GiB of float64.
LINE_LIMIT = 2**28


class Line:
    """A ring buffer that gives back each element after its own number of ticks."""

    def __init__(self, ticks: NDArray[np.int64], start: Array, batch: int) -> None:
        """Fill the line with what went in before the first tick.

        Args:
            ticks: delay of each element, of the signal's shape.
            start: the value before the first tick, of the signal's shape.
            batch: samples computed together.

        Raises:
            SCConfigError: the line would be too long.
        """
        depth = int(ticks.max(initial=0)) + 1
        if depth * batch * max(start.size, 1) > LINE_LIMIT:
            raise SCConfigError(
                f"A delay of {depth - 1} ticks for {start.size} signals and {batch} samples "
                f"needs more than {LINE_LIMIT} numbers; raise dt or shorten the delay."
            )
        flat = start.reshape(-1)
        self._buffer = np.broadcast_to(flat, (depth, batch, flat.size)).copy()
        self._ticks = ticks.reshape(-1)
        self._columns = np.arange(flat.size)
        self._shape = (batch, *start.shape)
        self._at = 0

    def push(self, value: Array) -> None:
        """Put this tick's value in."""
        self._at = (self._at + 1) % len(self._buffer)
        self._buffer[self._at] = value.reshape(self._buffer.shape[1:])

    def read(self, pushed: bool) -> Array:
        """What comes out in this tick.

        Args:
            pushed: whether this tick's value is in already; if not, every delay must be positive.
        """
        rows = (self._at + (0 if pushed else 1) - self._ticks) % len(self._buffer)
        return self._buffer[rows, :, self._columns].T.reshape(self._shape)

    def checkpoint(self) -> Array:
        """Everything in the line, the oldest first, (depth, batch, signals)."""
        return np.roll(self._buffer, -(self._at + 1), axis=0)

    def restore(self, held: Array) -> None:
        """Hold what a `checkpoint` held."""
        self._buffer = held.copy()
        self._at = len(held) - 1
