"""One tick of a population in float64."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.ir import Assumptions, Neurons

Array = NDArray[np.float64]


class Population:
    """States of a population and their update.

    With a = dt/tau and g = r a (or r dt without a leak), a tick is
    ``v' = v + a (v_leak - v) + g x``, spike = ``v' > v_threshold``, then the reset. Current-based
    kinds filter x first: ``i' = i + dt/tau_syn (w_in x - i)``.

    Attributes:
        membrane: v after the reset, (batch, *shape); None for a threshold, which has none.
        spikes: of the last tick, 0 or 1; None for kinds that never spike.
    """

    def __init__(self, op: Neurons, assumptions: Assumptions, batch: int) -> None:
        """At rest: all states zero.

        Args:
            op: kind and parameters, with its shape known.
            assumptions: dt, reset and order of update.
            batch: samples computed together.
        """
        self.op = op
        self.assumptions = assumptions
        zeros = np.zeros((batch, *(op.shape or ())))
        self.membrane: Array | None = None if op.kind == "threshold" else zeros
        self.spikes: Array | None = zeros if op.spiking else None
        self._current = zeros if op.kind.startswith("cuba") else None
        dt = assumptions.dt
        get: Any = op.parameter
        self._leak: Array | float = 0.0
        self._rest: Array | float = 0.0
        self._gain: Array
        self._threshold: Array
        if op.kind in ("lif", "li", "cuba_lif", "cuba_li"):
            self._leak = dt / get("tau_mem" if self._current is not None else "tau")
            self._rest = get("v_leak")
            self._gain = get("r") * self._leak
        elif op.kind in ("if", "i"):
            self._gain = get("r") * dt
        if self._current is not None:
            self._decay = dt / get("tau_syn")
            self._weight = get("w_in")
        if op.spiking:
            self._threshold = get("threshold" if op.kind == "threshold" else "v_threshold")
        if self.spikes is not None and op.kind != "threshold":
            self._reset = get("v_reset")

    def advance(self, x: Array) -> Array:
        """Compute a tick and return what the population sends: spikes, or its membrane."""
        if self.membrane is None:
            self.spikes = (x > self._threshold).astype(np.float64)
            return self.spikes
        if self._current is not None:
            before = self._current
            self._current = before + self._decay * (self._weight * x - before)
            x = self._current if self.assumptions.cuba_order == "current_first" else before
        v: Array = self.membrane + self._leak * (self._rest - self.membrane) + self._gain * x
        if self.spikes is None:
            self.membrane = v
            return v
        if self.assumptions.reset_when == "next_tick":
            v = self._after(v, self.spikes)
        self.spikes = (v > self._threshold).astype(np.float64)
        if self.assumptions.reset_when == "same_tick":
            v = self._after(v, self.spikes)
        self.membrane = v
        return self.spikes

    def checkpoint(self) -> dict[str, Array]:
        """Its states by name, each (batch, *shape)."""
        states = {"membrane": self.membrane, "spikes": self.spikes, "current": self._current}
        return {name: value for name, value in states.items() if value is not None}

    def restore(self, states: Mapping[str, Array]) -> None:
        """Go on from a `checkpoint`."""
        self.membrane = states.get("membrane")
        self.spikes = states.get("spikes")
        self._current = states.get("current")

    def _after(self, v: Array, spikes: Array) -> Array:
        """The membrane after the reset that the spikes cause."""
        if self.assumptions.reset == "reset":
            return np.where(spikes > 0, self._reset, v)
        lowered: Array = v - spikes * self._threshold
        return lowered
