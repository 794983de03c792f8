"""What every source of comparator numbers offers."""

from __future__ import annotations

import abc
import dataclasses
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.bitstream._digital import Digital
from sc_neurocore.bitstream._register import Register
from sc_neurocore.bitstream._require import MAX_LENGTH, require_whole

#: Widest number of a source, in bits.
MAX_WIDTH = 32
#: Largest place in a sequence without a period.
MAX_START = 2**63


class Source(abc.ABC):
    """A sequence of whole numbers r(t) in ``[0, 2^width)``, one per bit of a stream.

    A source is a value: two equal sources give the same numbers, and asking for them changes
    nothing. Its text (``str(source)``) reads back with `source_of`.

    Attributes:
        kind: first word of its text.
        width: bits of a number.
    """

    kind: ClassVar[str]
    width: int

    @property
    @abc.abstractmethod
    def period(self) -> int | None:
        """Ticks after which the numbers repeat, or None if they never do."""

    @abc.abstractmethod
    def _values(self, count: int, start: int) -> NDArray[np.uint32]: ...

    def values(self, count: int, start: int = 0) -> NDArray[np.uint32]:
        """Numbers r(start), r(start+1) and so on.

        Args:
            count: how many, 1 to 2^32.
            start: first tick; reaching it does not pass through the ticks before it.

        Returns:
            ``(count,)``.

        Raises:
            SCConfigError: a count or start that is no whole number in range.
        """
        return self._values(require_whole("count", count, 1, MAX_LENGTH), self.reduced(start))

    def reduced(self, start: int) -> int:
        """``start``, checked, modulo the period."""
        start = require_whole("start", start, 0, None if self.period else MAX_START)
        return start % self.period if self.period else start

    def structure(self, start: int) -> Digital | Register | None:
        """How to make 64 numbers at a time from a reduced ``start`` on, if there is a way."""
        return None

    def __str__(self) -> str:
        names = [f.name for f in dataclasses.fields(self)]  # type: ignore[arg-type]
        values = [getattr(self, name) for name in names]
        while values and type(self)(*values[:-1]) == self:
            values.pop()
        return ":".join([self.kind, *map(_text, names, values)])


def _text(name: str, value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return f"{value:#x}" if name in ("seed", "shift") else str(value)
