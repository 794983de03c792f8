"""The linear primitives of NIR with their reference implementations.

One implementation serves the float network and, applied to unit vectors, the normal form.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, Self

import numpy as np

from sc_neurocore.ir._ops import (
    Array,
    LinearOp,
    Problem,
    Shape,
    Signal,
    frozen_array,
    ints,
    shape_of,
)
from sc_neurocore.ir._windows import convolve, padding_pairs, pool, window_counts

Padding = tuple[int, ...] | Literal["same", "valid"]


@dataclass(frozen=True, eq=False)
class Affine(LinearOp):
    """A dense matrix.

    Attributes:
        weight: (..., n_out, n_in); leading axes are independent matrices.
        bias: broadcastable to (..., n_out), or None (NIR's Linear).
    """

    weight: Array
    bias: Array | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "weight", frozen_array(self.weight))
        if self.bias is not None:
            object.__setattr__(self, "bias", frozen_array(self.bias))

    def wants(self) -> Shape | None:
        """(..., n_in)."""
        return (*self.weight.shape[:-2], self.weight.shape[-1]) if self.weight.ndim > 1 else None

    def gives(self, shape: Shape) -> Shape:
        """(..., n_out)."""
        return (*self.weight.shape[:-2], self.weight.shape[-2])

    def linear(self, x: Array) -> Array:
        """The product."""
        if self.weight.ndim == 2:
            return np.asarray(x @ self.weight.T)
        return np.asarray((self.weight @ x[..., None])[..., 0])

    def offset(self) -> Array | None:
        """The bias."""
        return self.bias

    def check(self) -> Iterator[Problem]:
        """A matrix, and a bias that fits it."""
        if self.weight.ndim < 2 or 0 in self.weight.shape:
            yield "weight", "must have at least two axes (n_out, n_in), none empty"
        elif self.bias is not None and not _broadcasts(self.bias.shape, self.gives(())):
            yield "bias", f"has shape {self.bias.shape}, the matrix gives {self.gives(())}"


@dataclass(frozen=True, eq=False)
class Scale(LinearOp):
    """Elementwise product.

    Attributes:
        scale: factors in the shape of the signal, or a scalar.
    """

    scale: Array

    elementwise: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "scale", frozen_array(self.scale))

    def wants(self) -> Shape | None:
        """The shape of the factors, None for a scalar."""
        return self.scale.shape or None

    def shaped(self, shape: Shape) -> Self:
        """With one factor per element."""
        return (
            self
            if shape == self.scale.shape
            else replace(self, scale=np.broadcast_to(self.scale, shape))
        )

    def linear(self, x: Array) -> Array:
        """The product."""
        return np.asarray(x * self.scale)


@dataclass(frozen=True, eq=False)
class _Conv(LinearOp):
    """A cross-correlation; the fields are documented at `Conv2d`."""

    weight: Array
    bias: Array | None = None
    stride: Shape = (1,)
    padding: Padding = (0,)
    dilation: Shape = (1,)
    groups: int = 1
    input_shape: Shape | None = None

    rank: ClassVar[int] = 0

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "weight", frozen_array(self.weight))
        if self.bias is not None:
            put(self, "bias", frozen_array(self.bias))
        put(self, "stride", ints(self.stride, self.rank))
        put(self, "dilation", ints(self.dilation, self.rank))
        put(self, "groups", int(self.groups))
        put(self, "input_shape", shape_of(self.input_shape))
        if not isinstance(self.padding, str):
            put(self, "padding", ints(self.padding, self.rank))

    def wants(self) -> Shape | None:
        """(C_in, *spatial) when the spatial shape is known."""
        if self.input_shape is None:
            return None
        return (self.weight.shape[1] * self.groups, *self.input_shape)

    def gives(self, shape: Shape) -> Shape:
        """(C_out, *spatial)."""
        channels = self.weight.shape[1] * self.groups
        if len(shape) != self.rank + 1 or shape[0] != channels:
            axes = ", ".join("LHW"[-self.rank :]) if self.rank > 1 else "L"
            raise ValueError(f"takes ({channels}, {axes}), not {shape}")
        kernel = self.weight.shape[2:]
        pairs = padding_pairs(self.padding, kernel, self.dilation)
        counts = window_counts(shape[1:], kernel, self.stride, pairs, self.dilation)
        return (self.weight.shape[0], *counts)

    def shaped(self, shape: Shape) -> Self:
        """With the spatial shape declared."""
        return self if shape[1:] == self.input_shape else replace(self, input_shape=shape[1:])

    def linear(self, x: Array) -> Array:
        """The cross-correlation."""
        pairs = padding_pairs(self.padding, self.weight.shape[2:], self.dilation)
        return convolve(x, self.weight, self.stride, pairs, self.dilation, self.groups)

    def offset(self) -> Array | None:
        """The bias, one per output channel."""
        return None if self.bias is None else self.bias.reshape(-1, *[1] * self.rank)

    def check(self) -> Iterator[Problem]:
        """Ranks, signs, divisibility."""
        if self.weight.ndim != self.rank + 2 or 0 in self.weight.shape:
            yield "weight", f"must have {self.rank + 2} non-empty axes (C_out, C_in/groups, kernel)"
            return
        for name in ("stride", "dilation"):
            value = getattr(self, name)
            if len(value) != self.rank or min(value) < 1:
                yield name, f"must be {self.rank} positive integer(s)"
        if isinstance(self.padding, str):
            if self.padding not in ("same", "valid"):
                yield "padding", "must be integers, 'same' or 'valid'"
            elif self.padding == "same" and any(step != 1 for step in self.stride):
                yield "padding", "'same' needs a stride of 1"
        elif len(self.padding) != self.rank or min(self.padding) < 0:
            yield "padding", f"must be {self.rank} integer(s) of at least 0"
        if self.groups < 1 or self.weight.shape[0] % self.groups:
            yield "groups", f"must divide the {self.weight.shape[0]} output channels"
        if self.bias is not None and self.bias.shape != self.weight.shape[:1]:
            yield "bias", f"has shape {self.bias.shape}, not {self.weight.shape[:1]}"
        if self.input_shape is not None and (
            len(self.input_shape) != self.rank or min(self.input_shape) < 1
        ):
            yield "input_shape", f"must be {self.rank} positive integer(s)"


@dataclass(frozen=True, eq=False)
class Conv1d(_Conv):
    """Cross-correlation in one dimension; fields as `Conv2d`, with one spatial axis."""

    rank: ClassVar[int] = 1


@dataclass(frozen=True, eq=False)
class Conv2d(_Conv):
    """Cross-correlation in two dimensions.

    Attributes:
        weight: (C_out, C_in / groups, height, width).
        bias: (C_out,) or None.
        stride: per axis.
        padding: zeros per axis and side, ``same`` (stride 1) or ``valid``.
        dilation: per axis.
        groups: independent groups of channels.
        input_shape: (height, width) of the input; None until inferred.
    """

    rank: ClassVar[int] = 2


@dataclass(frozen=True, eq=False)
class _Pool2d(LinearOp):
    kernel: Shape
    stride: Shape
    padding: Shape = (0, 0)
    input_shape: Shape | None = None

    def __post_init__(self) -> None:
        for name in ("kernel", "stride", "padding"):
            object.__setattr__(self, name, ints(getattr(self, name), 2))
        object.__setattr__(self, "input_shape", shape_of(self.input_shape))

    def wants(self) -> Shape | None:
        """(C, height, width) when known."""
        return self.input_shape

    def gives(self, shape: Shape) -> Shape:
        """(C, rows, columns) of windows."""
        if len(shape) != 3:
            raise ValueError(f"takes (C, H, W), not {shape}")
        pairs = padding_pairs(self.padding, self.kernel, (1, 1))
        return (
            shape[0],
            *window_counts(shape[1:], self.kernel, self.stride, pairs, (1, 1)),
        )

    def shaped(self, shape: Shape) -> Self:
        """With the shape declared."""
        return self if shape == self.input_shape else replace(self, input_shape=shape)

    def linear(self, x: Array) -> Array:
        """Sums of windows."""
        pairs = padding_pairs(self.padding, self.kernel, (1, 1))
        return pool(x, self.kernel, self.stride, pairs)

    def check(self) -> Iterator[Problem]:
        """Positive kernels and strides."""
        for name, least in (("kernel", 1), ("stride", 1), ("padding", 0)):
            value = getattr(self, name)
            if len(value) != 2 or min(value) < least:
                yield name, f"must be two integers of at least {least}"


@dataclass(frozen=True, eq=False)
class SumPool2d(_Pool2d):
    """Sums over windows.

    Attributes:
        kernel: (height, width) of a window.
        stride: step per axis.
        padding: zeros per axis and side.
        input_shape: (C, height, width); None until inferred.
    """


@dataclass(frozen=True, eq=False)
class AvgPool2d(_Pool2d):
    """Means over windows, padding included in the count; fields as `SumPool2d`."""

    def linear(self, x: Array) -> Array:
        """Sums of windows over their area."""
        return super().linear(x) / (self.kernel[0] * self.kernel[1])


@dataclass(frozen=True, eq=False)
class Flatten(LinearOp):
    """Joins neighbouring axes.

    Attributes:
        start_dim: first axis joined, counted without the batch.
        end_dim: last axis joined, negative from the end.
        input_shape: shape of the input; None until inferred.
    """

    start_dim: int = 0
    end_dim: int = -1
    input_shape: Shape | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "start_dim", int(self.start_dim))
        object.__setattr__(self, "end_dim", int(self.end_dim))
        object.__setattr__(self, "input_shape", shape_of(self.input_shape))

    def wants(self) -> Shape | None:
        """The declared shape."""
        return self.input_shape

    def emits(self) -> Signal | None:
        """What comes in."""
        return None

    def gives(self, shape: Shape) -> Shape:
        """The shape with the axes joined."""
        rank = len(shape)
        start = self.start_dim + rank if self.start_dim < 0 else self.start_dim
        end = self.end_dim + rank if self.end_dim < 0 else self.end_dim
        if not 0 <= start <= end < rank:
            raise ValueError(f"cannot join axes {self.start_dim} to {self.end_dim} of {shape}")
        return (*shape[:start], int(np.prod(shape[start : end + 1])), *shape[end + 1 :])

    def shaped(self, shape: Shape) -> Self:
        """With the shape declared."""
        return self if shape == self.input_shape else replace(self, input_shape=shape)

    def linear(self, x: Array) -> Array:
        """The same numbers."""
        return x.reshape(len(x), *self.gives(x.shape[1:]))


@dataclass(frozen=True, eq=False)
class Segment(LinearOp):
    """A run of the flattened input, put into an output that is zero elsewhere.

    It takes a slice out of a population (``at`` 0, as long as the output), or puts a slice back
    where it belongs.

    Attributes:
        start: first element taken.
        stop: element behind the last one taken.
        at: where the first one goes in the flattened output.
        shape: of the output.
    """

    start: int
    stop: int
    at: int
    shape: Shape

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", tuple(int(size) for size in self.shape))

    def emits(self) -> Signal | None:
        """What comes in."""
        return None

    def gives(self, shape: Shape) -> Shape:
        """The shape of the output."""
        if self.stop > math.prod(shape):
            raise ValueError(f"takes elements up to {self.stop} of {shape}, which has fewer")
        return self.shape

    def linear(self, x: Array) -> Array:
        """The same numbers elsewhere."""
        run = x.reshape(len(x), -1)[:, self.start : self.stop]
        y = np.zeros((len(x), math.prod(self.shape)))
        y[:, self.at : self.at + self.stop - self.start] = run
        return y.reshape(len(x), *self.shape)

    def check(self) -> Iterator[Problem]:
        """A run that fits the output."""
        if not 0 <= self.start < self.stop:
            yield "start", f"is {self.start}, the run must begin at 0 or later and before its end"
        if not 0 <= self.at <= math.prod(self.shape) - (self.stop - self.start):
            yield "at", f"is {self.at}, the run does not fit into {self.shape} there"


def _broadcasts(shape: Shape, target: Shape) -> bool:
    try:
        return np.broadcast_shapes(shape, target) == target
    except ValueError:
        return False
