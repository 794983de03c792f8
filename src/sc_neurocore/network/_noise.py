"""Poisson inputs of one thread's neurons at one port, laid out for one call of the kernel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.network._stimuli import MOST_MEAN, PoissonInput


class Noise:
    """Poisson events of the neurons ``n0`` to ``n1 − 1`` of a group."""

    def __init__(
        self, inputs: Sequence[tuple[PoissonInput, int, slice]], n0: int, n1: int, dt: float
    ) -> None:
        """Lay out inputs, each with its seed and the neurons of its population in the group."""
        from sc_neurocore.network import _delivery_kernel

        self._kernel = _delivery_kernel
        rows, limits, edges = [], [], [0]
        kept = []
        self._varied: list[tuple[Any, ...]] = []
        for stimulus, seed, part in inputs:
            low, high = max(n0, part.start), min(n1, part.stop)
            if low >= high:
                continue
            place = (part.start, low - part.start, high - part.start)
            table = stimulus.table(dt)
            if table is None:
                rates, every = stimulus.rates(dt)
                held = np.ascontiguousarray(rates)
                rest = (np.uint64(seed), held, every, dt, MOST_MEAN, stimulus.weight)
                self._varied.append((place, rest))
                continue
            rounds, found = table
            rows.append((*place, rounds))
            limits.append(found)
            edges.append(edges[-1] + len(found))
            kept.append((seed, stimulus.weight))
        self._rows = np.array(rows, np.int64).reshape(-1, 4)
        self._edges = np.array(edges, np.int64)
        self._limits = np.concatenate([np.empty(0, np.uint32), *limits])
        self._seeds = np.array([seed for seed, _ in kept], np.uint64)
        self._weights = np.array([weight for _, weight in kept], np.float64)

    def add(self, rows: NDArray[np.float64], tick: int) -> None:
        """Add the events of the ticks from ``tick`` on to ``rows``."""
        if len(self._rows):
            self._kernel.add_noise(
                rows, tick, self._rows, self._edges, self._limits, self._seeds, self._weights
            )
        for place, rest in self._varied:
            self._kernel.add_varied_poisson(rows, *place, tick, *rest)
