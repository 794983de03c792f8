"""Components are defined up to their sign: one rule fixes it."""

from __future__ import annotations

import numpy as np

from sc_neurocore.analysis._checks import Floats


def positive_columns(columns: Floats) -> Floats:
    """The columns, each turned so that its entry of largest size is positive."""
    largest = np.take_along_axis(columns, np.abs(columns).argmax(axis=0)[None], axis=0)
    return np.where(largest < 0, -columns, columns)
