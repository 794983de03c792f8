"""What a network file leaves open, and what is taken for it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Real
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.exceptions import SCConfigError

Reset = Literal["reset", "subtract"]
ResetWhen = Literal["same_tick", "next_tick"]
CubaOrder = Literal["current_first", "voltage_first"]
DelayRounding = Literal["nearest", "floor", "ceil"]

_CHOICES = {
    "reset": get_args(Reset),
    "reset_when": get_args(ResetWhen),
    "cuba_order": get_args(CubaOrder),
    "delay_rounding": get_args(DelayRounding),
}

# A delay of 3 ticks is written as 3 * dt, which may lie a rounding error beside it.
_SLACK = 1e-9


@dataclass(frozen=True)
class Assumptions:
    """How equations in continuous time become ticks.

    Attributes:
        dt: seconds per tick.
        reset: a spike sets v to v_reset (``reset``) or lowers it by v_threshold (``subtract``).
        reset_when: in the tick of the spike, or by the previous tick's spike in the next one.
        cuba_order: whether the membrane sees this tick's synaptic current or the previous one's.
        delay_rounding: how delays in seconds become ticks.
    """

    dt: float = 1e-4
    reset: Reset = "reset"
    reset_when: ResetWhen = "same_tick"
    cuba_order: CubaOrder = "current_first"
    delay_rounding: DelayRounding = "nearest"

    def __post_init__(self) -> None:
        if not (isinstance(self.dt, Real) and math.isfinite(self.dt) and self.dt > 0):
            raise SCConfigError(f"dt must be a positive number of seconds, not {self.dt!r}.")
        for name, allowed in _CHOICES.items():
            value = getattr(self, name)
            if value not in allowed:
                raise SCConfigError(f"{name} must be one of {', '.join(allowed)}, not {value!r}.")

    def ticks(self, delay: NDArray[np.float64]) -> NDArray[np.int64]:
        """Delays in seconds as whole ticks; exact halves round up.

        Raises:
            SCConfigError: a delay is longer than 2**31 ticks.
        """
        exact = np.asarray(delay, dtype=np.float64) / self.dt
        if np.any(exact > 2**31):
            raise SCConfigError(
                f"A delay of {np.max(delay):g} s is more than 2**31 ticks of {self.dt:g} s."
            )
        if self.delay_rounding == "nearest":
            rounded = np.floor(exact + 0.5)
        elif self.delay_rounding == "floor":
            rounded = np.floor(exact + _SLACK)
        else:
            rounded = np.ceil(exact - _SLACK)
        return rounded.astype(np.int64)

    def describe(self) -> tuple[str, ...]:
        """One sentence per assumption, for the report."""
        reset = (
            "A spike sets the membrane to v_reset (0 where the file gives none)"
            if self.reset == "reset"
            else "A spike lowers the membrane by v_threshold"
        )
        when = (
            "in the same tick"
            if self.reset_when == "same_tick"
            else "in the next tick, after that tick's leak and input"
        )
        order = (
            "the membrane sees the synaptic current of the same tick"
            if self.cuba_order == "current_first"
            else "the membrane sees the synaptic current of the previous tick"
        )
        rounding = {"nearest": "to the nearest tick", "floor": "down", "ceil": "up"}
        return (
            f"One tick is {self.dt:g} s; the equations advance by forward Euler.",
            f"{reset}, {when}; a neuron spikes when v > v_threshold, strictly.",
            f"In current-based neurons {order}.",
            f"Delays are rounded {rounding[self.delay_rounding]}.",
            "Before the first tick all states, inputs and spikes are zero; biases are constant.",
            "An average pool divides by the whole window, padding included.",
        )
