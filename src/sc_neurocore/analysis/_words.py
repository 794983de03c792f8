"""Words of a binary series: how often each occurs, and how many new ones a history needs."""

from __future__ import annotations

import numpy as np

from sc_neurocore.analysis._checks import Floats, Train


def word_counts(series: Train, length: int) -> Floats:
    """For each word of ``length`` successive steps, how many words are equal to it, with itself."""
    windows = np.lib.stride_tricks.sliding_window_view(series.astype(np.int64), length)
    codes = windows @ (1 << np.arange(length))
    _, which, counts = np.unique(codes, return_inverse=True, return_counts=True)
    return counts[which].astype(np.float64)


def lempel_ziv_components(series: bytes) -> int:
    """Components of the exhaustive history: each the shortest word not seen before it ends.

    The search for the longest word seen is bisected from the length at which doubling fails.
    """
    found, start, n = 0, 0, len(series)
    while start < n:
        length = 1
        while start + length < n and _seen(series, start, length):
            length *= 2
        low, high = length // 2, min(length, n - start)
        while low < high:  # the longest copy that is seen, of low to high − 1 letters
            middle = (low + high + 1) // 2
            if _seen(series, start, middle):
                low = middle
            else:
                high = middle - 1
        start += low + 1
        found += 1
    return found


def _seen(series: bytes, start: int, length: int) -> bool:
    """Does the word at ``start`` also begin earlier? It may overlap itself."""
    return series.find(series[start : start + length], 0, start + length - 1) >= 0
