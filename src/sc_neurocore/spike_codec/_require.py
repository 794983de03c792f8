"""Options in their range, refused in one sentence."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from sc_neurocore.exceptions import SCConfigError


def require_whole(what: str, value: Any, low: int, high: int) -> int:
    """Return a whole number from ``low`` to ``high``; a bool or 2.0 is none."""
    try:
        number = operator.index(value)
    except TypeError:
        number = low - 1
    if isinstance(value, bool) or not low <= number <= high:
        raise SCConfigError(f"{what} is {value!r}; allowed: {low} to {high}")
    return number


def is_number(value: Any) -> bool:
    """Whether ``value`` is a real number; a bool is none."""
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
