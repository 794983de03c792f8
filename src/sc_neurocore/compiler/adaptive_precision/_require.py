"""What planners take, checked before any row is made."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.bitstream._require import require_whole
from sc_neurocore.exceptions import SCConfigError

Numbers = NDArray[np.float64]
#: Longest stream that a planner gives, 2^32 bits.
_LONGEST = 2**32
#: Widest weight that a planner gives: a float64 has no more bits.
_WIDEST = 52
#: Largest sensitivity, so that no bound overflows.
_LARGEST = 1e100
#: Smallest error asked of one stream.
LEAST_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Layer:
    """Weights of one layer.

    Attributes:
        name: of the layer.
        weights: ``(outputs, inputs)``.
        low: least weight.
        high: greatest weight.
    """

    name: str
    weights: Numbers
    low: float
    high: float

    @property
    def scale(self) -> float:
        """Largest magnitude of a weight."""
        return max(self.high, -self.low)

    @property
    def fan_in(self) -> int:
        """Weights of an output."""
        return int(self.weights.shape[1])


def require_layers(
    layer_weights: Sequence[ArrayLike], layer_names: Sequence[str] | None
) -> tuple[Layer, ...]:
    """Check weights and names, and make one-dimensional weights one output."""
    if isinstance(layer_weights, (str, bytes)) or not hasattr(layer_weights, "__len__"):
        raise SCConfigError("layer_weights must be a sequence of arrays, one per layer")
    if not len(layer_weights):
        raise SCConfigError("layer_weights is empty; give one array of weights per layer")
    if layer_names is None:
        names = [f"layer_{i}" for i in range(len(layer_weights))]
    else:
        if isinstance(layer_names, str) or not hasattr(layer_names, "__len__"):
            raise SCConfigError("layer_names must be a sequence of texts, one per layer")
        names = list(layer_names)
        if len(names) != len(layer_weights):
            raise SCConfigError(
                f"there are {len(names)} layer_names for {len(layer_weights)} layers; give one "
                "per layer"
            )
        for i, name in enumerate(names):
            if not isinstance(name, str) or not name:
                raise SCConfigError(f"layer_names[{i}] is {name!r}; it must be a non-empty text")
    return tuple(
        _layer(name, weights, f"layer_weights[{i}]")
        for i, (name, weights) in enumerate(zip(names, layer_weights, strict=True))
    )


def _layer(name: str, weights: ArrayLike, what: str) -> Layer:
    array = _finite(what, weights)
    return Layer(name, np.atleast_2d(array), float(array.min()), float(array.max()))


def require_maps(
    sensitivity_maps: Sequence[ArrayLike] | None, layers: Sequence[Layer]
) -> list[Numbers] | None:
    """Check maps of sensitivities: finite, at least 0, one of the shape of each layer's weights."""
    if sensitivity_maps is None:
        return None
    if not hasattr(sensitivity_maps, "__len__") or len(sensitivity_maps) != len(layers):
        count = len(sensitivity_maps) if hasattr(sensitivity_maps, "__len__") else "no"
        raise SCConfigError(
            f"there are {count} sensitivity_maps for {len(layers)} layers; give one per layer"
        )
    maps = []
    for i, (given, layer) in enumerate(zip(sensitivity_maps, layers, strict=True)):
        what = f"sensitivity_maps[{i}]"
        array = np.atleast_2d(_finite(what, given))
        if array.shape != layer.weights.shape:
            raise SCConfigError(
                f"{what} has shape {np.shape(given)}; it must match the weights of "
                f"'{layer.name}', {layer.weights.shape}"
            )
        if array.min() < 0:
            raise SCConfigError(f"{what} has a negative value; sensitivities must be at least 0")
        if array.max() > _LARGEST:
            raise SCConfigError(
                f"{what} has the value {array.max():g}; sensitivities must be at most {_LARGEST:g}"
            )
        maps.append(array)
    return maps


def _finite(what: str, values: ArrayLike) -> Numbers:
    try:
        array = np.asarray(values)
        if array.dtype.kind not in "fiub":
            raise TypeError
    except (TypeError, ValueError):
        raise SCConfigError(f"{what} is not an array of numbers") from None
    if array.ndim not in (1, 2):
        raise SCConfigError(f"{what} has {array.ndim} dimensions; it must have one or two")
    if not array.size:
        raise SCConfigError(f"{what} is empty; every layer needs at least one weight")
    array = array.astype(np.float64, copy=False)
    # A NaN makes both extremes NaN.
    if not (math.isfinite(array.min()) and math.isfinite(array.max())):
        place = np.unravel_index(int(np.argmin(np.isfinite(array))), array.shape)
        index = ", ".join(str(int(i)) for i in place)
        raise SCConfigError(f"{what}[{index}] is {array[place]}; every value must be finite")
    return array


def require_lengths(min_length: Any, max_length: Any) -> tuple[int, int]:
    """Check both limits of a stream's length: powers of two, in order."""
    for name, value in (("min_length", min_length), ("max_length", max_length)):
        length = require_whole(name, value, 1, _LONGEST)
        if length & (length - 1):
            below = 1 << (length.bit_length() - 1)
            raise SCConfigError(
                f"{name} is {length}; it must be a power of two, such as {below} or {2 * below}"
            )
    if min_length > max_length:
        raise SCConfigError(f"min_length is {min_length}, above max_length, {max_length}")
    return int(min_length), int(max_length)


def require_widths(min_bits: Any, max_bits: Any, signed: bool) -> tuple[int, int]:
    """Check both limits of a weight's width; a sign takes one bit of it."""
    least = 2 if signed else 1
    low = require_whole("min_bits", min_bits, least, _WIDEST)
    high = require_whole("max_bits", max_bits, least, _WIDEST)
    if low > high:
        raise SCConfigError(f"min_bits is {low}, above max_bits, {high}")
    return low, high


def require_positive(name: str, value: Any) -> float:
    """Return a finite number above 0."""
    number = isinstance(value, (int, float, np.integer, np.floating))
    if not number or isinstance(value, bool) or not math.isfinite(value) or value <= 0:
        raise SCConfigError(f"{name} is {value!r}; it must be a finite number above 0")
    return float(value)
