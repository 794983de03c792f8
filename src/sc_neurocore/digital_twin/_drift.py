"""How far a device's clock count runs away from the twin's."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sc_neurocore.digital_twin._answers import Integers
from sc_neurocore.exceptions import SCConfigError


@dataclass(frozen=True, eq=False)
class Drift:
    """Clocks of a device against those of the cycle model, over a run.

    The drift at a position is what the device has counted more than the model up to and including
    that inference; it is negative for a device that is ahead.

    Attributes:
        differences: clocks of the device less those of the model, per inference, shape (S,).
        clock_mhz: clock of the device.
    """

    differences: Integers
    clock_mhz: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.clock_mhz) and self.clock_mhz > 0):
            raise SCConfigError(f"the clock is {self.clock_mhz} MHz; it must be above 0")

    @property
    def path(self) -> Integers:
        """Clocks of drift after each inference, shape (S,)."""
        return np.cumsum(self.differences)

    @property
    def clocks(self) -> int:
        """Drift furthest from 0 on the way, in clocks."""
        path = self.path
        return int(path[np.abs(path).argmax()]) if path.size else 0

    @property
    def microseconds(self) -> float:
        """The same in µs."""
        return self.clocks / self.clock_mhz

    def first_beyond(self, max_drift_us: float) -> int | None:
        """First inference after which the drift is larger than allowed, or None.

        Args:
            max_drift_us: largest drift allowed in µs, either way.

        Raises:
            SCConfigError: a limit below 0, or not finite.
        """
        if not (math.isfinite(max_drift_us) and max_drift_us >= 0):
            raise SCConfigError(f"max_drift_us is {max_drift_us}; it must be 0 or more")
        # Compared as clocks: a whole number of them loses nothing in the division.
        beyond = np.flatnonzero(np.abs(self.path) > max_drift_us * self.clock_mhz)
        return int(beyond[0]) if beyond.size else None

    def within(self, max_drift_us: float) -> bool:
        """Whether the drift never was larger than allowed."""
        return self.first_beyond(max_drift_us) is None
