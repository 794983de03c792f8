"""Layers that compute with integer weights and train the real numbers behind them."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from sc_neurocore.exceptions import SCConfigError


def _round(x: Tensor) -> Tensor:
    """Round to nearest; the gradient passes straight through (Bengio et al. 2013)."""
    return x + (torch.round(x) - x).detach()


class Quantised(nn.Module):  # type: ignore[misc]
    """Weights ``scale · W`` with whole ``W`` from ``−(2**(bits−1) − 1)`` to ``2**(bits−1) − 1``.

    The range is symmetric, so a quantiser that scales by the largest weight finds the same grid.

    Attributes:
        weight: real weights, first axis the target.
        bits: width of the integer weights, 2 to 16.
        scale: value of one unit, one number per layer; learnt when it is a parameter.
    """

    weight: nn.Parameter
    scale: Tensor

    def _prepare(self, shape: tuple[int, ...], bits: int, scale: float | None, learn: bool) -> None:
        if not 2 <= bits <= 16:
            raise SCConfigError(f"weights of {bits} bits are not possible; take 2 to 16")
        fan_in = math.prod(shape[1:])
        scale = default_scale(fan_in, bits) if scale is None else scale
        if not 0 < scale < float("inf"):
            raise SCConfigError(f"scale is {scale}; it must be positive")
        self.bits = bits
        self.weight = nn.Parameter(torch.empty(shape))
        nn.init.uniform_(self.weight, -(self.top * scale), self.top * scale)
        with torch.no_grad():
            # The usual spread of a layer, within the range that the integers span.
            self.weight.mul_(min(1.0, 3 / (fan_in**0.5 * self.top * scale)))
        value = torch.tensor(float(scale))
        if learn:
            self.scale = nn.Parameter(value)
        else:
            self.register_buffer("scale", value)

    @property
    def top(self) -> int:
        """Largest integer weight."""
        return (1 << (self.bits - 1)) - 1

    def integer_weight(self) -> Tensor:
        """W, as whole numbers of type int64."""
        with torch.no_grad():
            return self._units().round().to(torch.int64)

    def _units(self) -> Tensor:
        """Real weights in units of the scale, limited to the range."""
        return torch.clamp(self.weight / self.scale, -self.top, self.top)

    def quantised_weight(self) -> Tensor:
        """``scale · W``, with a gradient to ``weight`` (and ``scale``)."""
        return self.scale * _round(self._units())

    def extra_repr(self) -> str:
        """Shape, width and scale."""
        return f"{tuple(self.weight.shape)}, bits={self.bits}, scale={float(self.scale):g}"


class QuantLinear(Quantised):
    """All-to-all connection without bias, on spikes ``(T, …, in_features)``.

    Args:
        in_features: sources.
        out_features: targets.
        bits: width of the weights.
        scale: value of one unit of the integer weights; the default spans three standard
            deviations of the usual initial weights.
        learn_scale: make the scale a parameter.
    """

    def __init__(
        self, in_features: int, out_features: int, bits: int = 4, scale: float | None = None,
        learn_scale: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        self._prepare((out_features, in_features), bits, scale, learn_scale)

    def forward(self, x: Tensor) -> Tensor:
        """Weighted sums ``(T, …, out_features)``."""
        return functional.linear(x, self.quantised_weight())


class QuantConv2d(Quantised):
    """Convolution without bias, on spikes ``(T, B, channels, height, width)``.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel_size: height and width of the kernel.
        bits: width of the weights.
        scale: value of one unit of the integer weights.
        learn_scale: make the scale a parameter.
        **geometry: ``stride``, ``padding``, ``dilation`` and ``groups`` of `torch.nn.Conv2d`.
    """

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int | tuple[int, int],
        bits: int = 4, scale: float | None = None, learn_scale: bool = False, **geometry: Any,
    ) -> None:  # fmt: skip
        super().__init__()
        kernel = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
        per_group = in_channels // geometry.get("groups", 1)
        self.geometry = geometry
        self._prepare((out_channels, per_group, *kernel), bits, scale, learn_scale)

    def forward(self, x: Tensor) -> Tensor:
        """Weighted sums ``(T, B, channels, height, width)``."""
        out = functional.conv2d(x.flatten(0, 1), self.quantised_weight(), **self.geometry)
        return out.unflatten(0, x.shape[:2])


def default_scale(fan_in: int, bits: int) -> float:
    """A power of two such that the integers span about ``±3/√fan_in``."""
    top = (1 << (bits - 1)) - 1
    return float(2.0 ** round(math.log2(3 / (fan_in**0.5 * top))))
