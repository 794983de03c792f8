"""Layers that compute with the weights a bit stream of finite length really has."""

from __future__ import annotations

from typing import Self, TypeVar

import torch
from torch import Tensor
from torch.nn import functional

from sc_neurocore.bitstream import plane_counts
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.training._quantised import QuantConv2d, Quantised, QuantLinear

_View = TypeVar("_View", bound=Quantised)

#: Layers made under it take no memory and draw no random numbers.
_SHAPE_ONLY = torch.device("meta")


def effective_weights(weight: Tensor, bits: int, length: int, ticks: int) -> Tensor:
    """Sum over a tick's clocks of ``2·bit − 1`` of every weight's stream, ``(ticks, *shape)``.

    Over a whole period of ``2**bits`` clocks the sum is exactly ``2·W``.

    Args:
        weight: signed integers of ``bits`` bits.
        bits: width of the weights.
        length: L, stream clocks per tick.
        ticks: ticks from the start of the inference.
    """
    counts = torch.tensor(plane_counts(bits, length, ticks), device=weight.device)
    unsigned = weight.to(torch.int64) + (1 << (bits - 1))
    total = torch.zeros((ticks, *weight.shape), dtype=torch.int64, device=weight.device)
    for q in range(bits):
        column = counts[:, q].reshape(-1, *[1] * weight.dim())
        total += column * (unsigned >> q & 1)
    return 2 * total - length


class _Streams(Quantised):
    length: int

    def _set_length(self, length: int) -> None:
        if length < 1 or length & (length - 1):
            raise SCConfigError(f"length is {length}; it must be a power of two")
        self.length = length

    def stream_weight(self, ticks: int) -> Tensor:
        """Real weights of every tick ``(ticks, *shape)``, as one period or less when it repeats.

        The gradient to ``weight`` is that of the quantised weight.
        """
        period = max(1, (1 << self.bits) // self.length)
        exact = self.quantised_weight()
        unit = self.scale.detach() * (2.0 ** (self.bits - 1) / self.length)
        drawn = effective_weights(self.integer_weight(), self.bits, self.length, min(ticks, period))
        return exact + (unit * drawn.to(exact.dtype) - exact).detach()

    def extra_repr(self) -> str:
        """Shape, width, scale and length."""
        return f"{super().extra_repr()}, length={self.length}"


class StochasticLinear(_Streams, QuantLinear):
    """A `QuantLinear` whose weights are bit streams of ``length`` clocks per tick."""

    def __init__(
        self, in_features: int, out_features: int, bits: int = 4, length: int = 8,
        scale: float | None = None, learn_scale: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(in_features, out_features, bits, scale, learn_scale)
        self._set_length(length)

    @classmethod
    def sharing(cls, layer: QuantLinear, length: int) -> Self:
        """A stochastic view of ``layer`` that shares its parameters."""
        targets, sources = layer.weight.shape
        with _SHAPE_ONLY:
            view = cls(sources, targets, layer.bits, length, 1.0)
        return _share(view, layer)

    def forward(self, x: Tensor) -> Tensor:
        """Weighted sums ``(T, …, out_features)``; ``x`` starts with the inference's first tick."""
        weight = self.stream_weight(len(x))
        return torch.stack([functional.linear(s, weight[t % len(weight)]) for t, s in enumerate(x)])


class StochasticConv2d(_Streams, QuantConv2d):
    """A `QuantConv2d` whose weights are bit streams of ``length`` clocks per tick."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int | tuple[int, int],
        bits: int = 4, length: int = 8, scale: float | None = None, learn_scale: bool = False,
        **geometry: int,
    ) -> None:  # fmt: skip
        super().__init__(
            in_channels, out_channels, kernel_size, bits, scale, learn_scale, **geometry
        )
        self._set_length(length)

    @classmethod
    def sharing(cls, layer: QuantConv2d, length: int) -> Self:
        """A stochastic view of ``layer`` that shares its parameters."""
        out, per_group, height, width = layer.weight.shape
        sources = per_group * layer.geometry.get("groups", 1)
        with _SHAPE_ONLY:
            view = cls(sources, out, (height, width), layer.bits, length, 1.0, **layer.geometry)
        return _share(view, layer)

    def forward(self, x: Tensor) -> Tensor:
        """Weighted sums ``(T, B, …)``; ``x`` starts with the inference's first tick."""
        weight = self.stream_weight(len(x))
        return torch.stack([
            functional.conv2d(s, weight[t % len(weight)], **self.geometry)
            for t, s in enumerate(x)
        ])  # fmt: skip


def _share(view: _View, layer: Quantised) -> _View:
    view.weight = layer.weight
    if isinstance(layer.scale, torch.nn.Parameter):
        del view.scale
    view.scale = layer.scale
    return view
