"""Small products of packed weights and encoded inputs, without a detour through memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from sc_neurocore.bitstream._gufunc import ones as _ones
from sc_neurocore.bitstream._jit import inlined, jit

_ones_of = inlined(_ones)
_0 = np.uint64(0)


@jit
def forward(weights: Any, p: Any, numbers: Any, scale: float, length: int, out: Any) -> int:
    """Set ``out[s, o]`` to the ones in the AND of sample s and output o, over ``length``.

    Args:
        weights: ``(outputs, inputs, words)``.
        p: ``(samples, inputs)``, probabilities.
        numbers: ``(inputs, length)``, what each input's threshold is compared with.
        scale: ``2^width`` of the numbers.
        length: bits of a stream.
        out: ``(samples, outputs)``.

    Returns:
        Number of the first probability outside 0 … 1, or -1.
    """
    outputs, inputs, words = weights.shape
    row = np.empty((inputs, words), np.uint64)
    for s in range(p.shape[0]):
        for i in range(inputs):
            if not (p[s, i] >= 0.0 and p[s, i] <= 1.0):
                return int(s * inputs + i)
            threshold = np.uint64(np.rint(p[s, i] * scale))
            for k in range(words):
                word = _0
                for t in range(64 * k, min(64 * k + 64, length)):
                    word |= np.uint64(numbers[i, t] < threshold) << np.uint64(t & 63)
                row[i, k] = word
        for o in range(outputs):
            total = 0
            for i in range(inputs):
                for k in range(words):
                    total += _ones_of(weights[o, i, k] & row[i, k])
            out[s, o] = total / length
    return -1
