"""Windows over which a statistic scales, and the exponent of its power law."""

from __future__ import annotations

import numpy as np

from sc_neurocore.analysis._checks import Floats, Ints


def spaced(first: int, last: int, count: int) -> Ints:
    """Different whole numbers, at most ``count``, evenly spaced in their logarithm."""
    return np.unique(np.rint(np.geomspace(first, last, count)).astype(np.int64))


def slope(windows: Ints, values: Floats) -> float:
    """Exponent of the power law of positive values; NaN with fewer than two of them."""
    good = np.isfinite(values) & (values > 0)
    if good.sum() < 2:
        return float("nan")
    return float(np.polyfit(np.log(windows[good]), np.log(values[good]), 1)[0])
