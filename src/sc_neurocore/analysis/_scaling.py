"""Windows over which a statistic scales, how it does, and the exponent of its power law."""

from __future__ import annotations

import numpy as np

from sc_neurocore.analysis._checks import Floats, Ints, Train


def spaced(first: int, last: int, count: int) -> Ints:
    """Different whole numbers, at most ``count``, evenly spaced in their logarithm."""
    return np.unique(np.rint(np.geomspace(first, last, count)).astype(np.int64))


def slope(windows: Ints, values: Floats) -> float:
    """Exponent of the power law of positive values; NaN with fewer than two of them."""
    good = np.isfinite(values) & (values > 0)
    if good.sum() < 2:
        return float("nan")
    return float(np.polyfit(np.log(windows[good]), np.log(values[good]), 1)[0])


def fluctuations(walk: Floats, windows: Ints) -> Floats:
    """Root mean square of a walk about straight lines in windows of each length (DFA)."""
    found = []
    for n in windows:
        parts = walk[: walk.size // n * n].reshape(-1, n)
        time = np.arange(n) - (n - 1) / 2
        left = parts - parts.mean(axis=1, keepdims=True)
        left = left - np.outer(left @ time / (time @ time), time)
        found.append(np.sqrt((left**2).mean()))
    return np.array(found)


def rescaled_ranges(series: Train, windows: Ints) -> Floats:
    """Mean R/S over windows of each length; those that never change are left out."""
    found = []
    for n in windows:
        parts = series[: series.size // n * n].reshape(-1, n)
        parts = parts[np.ptp(parts, axis=1) > 0]
        walk = np.cumsum(parts - parts.mean(axis=1, keepdims=True), axis=1)
        ratios = np.ptp(walk, axis=1) / parts.std(axis=1)
        found.append(ratios.mean() if ratios.size else np.nan)
    return np.array(found)
