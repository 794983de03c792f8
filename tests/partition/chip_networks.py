"""Small integer networks with loops and delays, to be cut into chips."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from accelerator.engines import lif
from sc_neurocore.accelerator import (
    INPUT,
    InputCoding,
    IntegerLayer,
    IntegerNetwork,
    IntegerProjection,
)

INPUTS, TICKS = 8, 10
#: Source, target, delay.
Edge = tuple[int, int, int]
RING: Sequence[Edge] = (
    (INPUT, 0, 0), (0, 1, 0), (1, 2, 0), (1, 0, 1), (0, 0, 2), (2, 1, 3),
)  # fmt: skip
#: Over (a, a, b) pop1 leaves before pop0, which it waits for.
CROSSED: Sequence[Edge] = ((INPUT, 0, 0), (0, 1, 0), (1, 2, 0), (0, 2, 1), (2, 0, 1))
#: Over (a, b, a) the chips drive one another.
MUTUAL: Sequence[Edge] = ((INPUT, 0, 0), (0, 1, 0), (1, 0, 1), (1, 2, 1), (2, 1, 3), (0, 0, 2))
DELAYED: Sequence[Edge] = ((INPUT, 0, 0), (0, 1, 3), (0, 2, 1), (1, 2, 2), (INPUT, 2, 1))
TRIANGLE: Sequence[Edge] = (
    (INPUT, 0, 0), (0, 1, 0), (0, 2, 1), (1, 2, 0), (2, 0, 1), (2, 1, 4),
)  # fmt: skip
STREAMS: Sequence[Edge] = ((INPUT, 0, 0), (0, 1, 0), (0, 2, 1), (1, 2, 0), (INPUT, 2, 0))


def integers(edges: Sequence[Edge], *, length: int = 1, coding: str = "events") -> IntegerNetwork:
    """Populations of 12, 9 and 5 neurons; of streams if they have a length."""
    rng = np.random.default_rng(0)
    sizes, bits, half = (12, 9, 5), 5, 16
    backend = "fixed" if length == 1 else "stochastic"
    gain = 1.0 if length == 1 else length / half
    layers = []
    for k, size in enumerate(sizes):
        projections = tuple(
            IntegerProjection(
                s, rng.integers(-half // 2, half, (INPUTS if s == INPUT else sizes[s], size)), d
            )
            for s, t, d in edges
            if t == k
        )
        layers.append(
            IntegerLayer(f"pop{k}", size, lif(20 * gain), {}, projections, bits, backend, length,
                         1.0)  # type: ignore[arg-type]
        )  # fmt: skip
    coded = InputCoding(INPUTS, coding, 4)  # type: ignore[arg-type]
    return IntegerNetwork("ring", coded, tuple(layers), TICKS, "count", 2)


def spikes(samples: int) -> np.ndarray:
    """Spikes that come in, two of five."""
    return (np.random.default_rng(2).random((samples, TICKS, INPUTS)) < 0.4).astype(np.int64)
