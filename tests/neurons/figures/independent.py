"""Spike times of equations written again from a source, integrated by LSODA."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

Array = NDArray[np.float64]
Slopes = Callable[[float, Array], Sequence[Any]]


def crossings(slopes: Slopes, start: Sequence[float], duration: float, level: float) -> Array:
    """Times at which the first state rises through a level."""

    def above(t: float, y: Array) -> float:
        return float(y[0] - level)

    above.direction = 1.0  # type: ignore[attr-defined]
    found = solve_ivp(
        slopes, (0, duration), start, "LSODA", events=above, rtol=1e-6, atol=1e-8, max_step=5.0
    )
    return np.asarray(found.t_events[0])
