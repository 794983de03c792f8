"""The operation that joins two ends which describe the same numbers differently."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sc_neurocore.ir._ops import Array, LinearOp, Signal

#: What differs (``format``, ``coding``, ``length`` or ``clock``), in front and behind.
Change = tuple[str, str | int, str | int]


@dataclass(frozen=True, eq=False)
class Convert(LinearOp):
    """A change of number format, coding, stream length or clock; see `SolveTypes`.

    It says what hardware must do there: round and saturate, encode anew, resample, synchronise. In
    a float simulation it passes everything on unchanged, as every format does there.

    Attributes:
        changes: what differs in front and behind.
    """

    changes: tuple[Change, ...]

    elementwise: ClassVar[bool] = True

    def __post_init__(self) -> None:
        changes = tuple((name, before, after) for name, before, after in self.changes)
        object.__setattr__(self, "changes", changes)

    def emits(self) -> Signal | None:
        """What comes in."""
        return None

    def linear(self, x: Array) -> Array:
        """The same."""
        return np.asarray(x)
