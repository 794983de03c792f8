"""What arrives at one input of one group in the coming ticks, and whose spikes lead there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.network._groups import Group, Sources
from sc_neurocore.network._projection import Projection
from sc_neurocore.network._synapses import Synapses

Array = NDArray[np.float64]


class Ring:
    """Coming input of a group: tick k stands in slot k modulo slots.

    Attributes:
        values: ``(slots, n)``.
        base: ``(n,)`` value of a tick in which nothing arrives.
    """

    def __init__(
        self,
        group: Group,
        port: str,
        incoming: Sequence[Projection],
        sources: Sources,
        slots: int,
        parts: Sequence[tuple[int, int]],
    ) -> None:
        """An empty ring.

        Args:
            group: whose input it is.
            port: which input.
            incoming: projections that lead to it.
            sources: numbers of all that spikes.
            slots: ticks that it holds.
            parts: neurons of each thread.
        """
        from sc_neurocore.network import _delivery_kernel

        self._kernel = _delivery_kernel
        self.base = np.ascontiguousarray(group.base[port])
        self.values = np.tile(self.base, (slots, 1))
        self._flat = self.values.reshape(-1)
        self._owner, self._first = sources.owner, np.ascontiguousarray(sources.starts[:-1])
        ordered = sources.ordered(incoming)
        self._out = sources.rows(ordered)
        self._weights = np.array(
            [p.synapses.weights if isinstance(p.synapses.weights, float) else 0.0 for p in ordered]
        )
        self._held: list[Any] = [p.synapses for p in ordered]  # the table holds addresses only
        self._tables = [np.empty((len(ordered), 8), np.int64) for _ in parts]
        for q, projection in enumerate(ordered):
            column = group.part(projection.target).start
            edges = [n0 - column for n0, _ in parts] + [group.n - column]
            rows = [self._cut(projection.synapses, edge) for edge in edges]
            for thread, table in enumerate(self._tables):
                table[q] = row_of(projection.synapses, rows[thread], rows[thread + 1], column)

    @property
    def nbytes(self) -> int:
        """Bytes of the ring, and of where rows end for each thread."""
        cuts = {id(x): x.nbytes for x in self._held if isinstance(x, np.ndarray)}
        return int(self.values.nbytes + sum(cuts.values()))

    def deliver(self, thread: int, keys: NDArray[np.int64], slot: int) -> None:
        """Put spikes where they arrive; their ticks count from the tick of ``slot``."""
        if not len(self._weights):
            return
        self._kernel.deliver(
            keys, slot, self._flat, len(self.base), self._owner, self._first, self._out,
            self._tables[thread], self._weights,
        )  # fmt: skip

    def clear(self, slot: int, ticks: int, n0: int, n1: int) -> None:
        """Empty slots that were read."""
        self._kernel.refill(self.values[slot : slot + ticks], n0, n1, self.base)

    def _cut(self, synapses: Synapses, edge: int) -> NDArray[np.int64]:
        """Where in every row the targets below ``edge`` end."""
        from sc_neurocore.network._connect_kernel import cut_rows

        if edge <= 0:
            return synapses.starts[:-1]
        if edge >= synapses.targets:
            return synapses.starts[1:]
        cut = np.empty(synapses.sources, np.int64)
        mask = np.uint32(0xFFFFFFFF if not synapses.shift else (1 << synapses.shift) - 1)
        cut_rows(cut, synapses.starts, synapses.words, mask, edge)
        self._held.append(cut)
        return cut


def row_of(
    synapses: Synapses, start: NDArray[np.int64], end: NDArray[np.int64], column: int
) -> tuple[int, ...]:
    """A projection as the kernel reads it; see `_delivery_kernel.deliver`."""
    weights = synapses.weights
    kind, address = 0, 0
    if not isinstance(weights, float):
        kind, address = weights.itemsize, weights.ctypes.data
    return (
        synapses.words.ctypes.data, address, start.ctypes.data, end.ctypes.data, kind,
        synapses.shift, synapses.delay, column,
    )  # fmt: skip
