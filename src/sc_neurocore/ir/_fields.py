"""Whether values fit the annotated fields of dataclasses: for readers of files."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from typing import Any, Literal, Union

import numpy as np

#: Kinds of arrays of numbers: truth values, integers, floats.
NUMBERS = frozenset("biuf")


def fits(value: Any, hint: Any) -> bool:
    """Whether a value is of a type, as far down as our dataclasses use types."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        return any(fits(value, each) for each in inner)
    if origin is Literal:
        return isinstance(value, str) and value in inner
    if origin is tuple:
        return isinstance(value, tuple) and all(fits(v, inner[0]) for v in value)
    if origin is np.ndarray:
        return isinstance(value, np.ndarray) and value.dtype.kind in NUMBERS
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return isinstance(value, Mapping) and all(fits(v, inner[1]) for v in value.values())
    if hint is int:
        return isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if hint is float:
        return isinstance(value, (int, float, np.floating)) and not isinstance(value, bool)
    return isinstance(value, hint)
