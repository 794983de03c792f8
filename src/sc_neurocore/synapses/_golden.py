"""Plasticity in integers: what a hardware lane computes, as pure functions of its registers.

All functions take integers or integer arrays, elementwise. Nothing wraps: traces, eligibility and
weight saturate at the limits given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sc_neurocore.exceptions import SCConfigError


def decay(value: Any, shift: int) -> Any:
    """Lose ``1/2^shift`` of the size, rounded up: every number reaches 0, both signs alike."""
    size = np.abs(value)
    return np.sign(value) * (size - ((size + (1 << shift) - 1) >> shift))


def scaled(value: Any, shift: int) -> Any:
    """``value/2^shift`` rounded towards 0."""
    return np.sign(value) * (np.abs(value) >> shift)


@dataclass(frozen=True)
class PairLane:
    """Pair STDP of integers: additive, all-to-all, traces that decay by shifts.

    The order of a tick is that of every rule: traces decay, an arriving presynaptic spike raises
    its trace and depresses by the postsynaptic one, a postsynaptic spike raises its trace and
    potentiates by the presynaptic one. A trace loses ``1/2^shift`` per tick, so its time constant
    is about ``2^shift`` ticks.

    Attributes:
        weight_bits: width of the unsigned weight.
        trace_bits: width of the unsigned traces.
        pre_shift: decay of the presynaptic trace.
        post_shift: decay of the postsynaptic trace.
        increment: what a spike adds to its trace.
        plus_shift: potentiation is ``x >> plus_shift``.
        minus_shift: depression is ``y >> minus_shift``.
    """

    weight_bits: int = 8
    trace_bits: int = 8
    pre_shift: int = 4
    post_shift: int = 4
    increment: int = 64
    plus_shift: int = 4
    minus_shift: int = 4

    def __post_init__(self) -> None:
        for name in ("weight_bits", "trace_bits"):
            within(name, getattr(self, name), 1, 31)
        for name in ("pre_shift", "post_shift", "plus_shift", "minus_shift"):
            within(name, getattr(self, name), 0, 31)
        within("increment", self.increment, 0, (1 << self.trace_bits) - 1)

    def step(self, w: Any, x: Any, y: Any, pre: Any, post: Any) -> tuple[Any, Any, Any]:
        """Weight, presynaptic and postsynaptic trace after one tick."""
        top, limit = (1 << self.weight_bits) - 1, (1 << self.trace_bits) - 1
        x, y = decay(x, self.pre_shift), decay(y, self.post_shift)
        x = np.where(pre, np.minimum(x + self.increment, limit), x)
        w = np.where(pre, np.maximum(w - scaled(y, self.minus_shift), 0), w)
        y = np.where(post, np.minimum(y + self.increment, limit), y)
        w = np.where(post, np.minimum(w + scaled(x, self.plus_shift), top), w)
        return w, x, y


def within(name: str, value: int, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise SCConfigError(f"{name} is {value!r}; it must be a whole number from {low} to {high}")
