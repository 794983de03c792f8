"""Spikes with a gradient: a step forward, a smooth slope backward.

Every function returns 1 where ``x > 0`` and 0 elsewhere, and passes a gradient as if the step were
smooth. ``x`` is how far the membrane lies above its threshold. Source of the method: Neftci,
Mostafa & Zenke 2019, doi:10.1109/MSP.2019.2931595.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

#: A function from the distance above threshold to a spike with a surrogate gradient.
Surrogate = Callable[[Tensor], Tensor]


class _Step(torch.autograd.Function):  # type: ignore[misc]
    """A step forward; backward the gradient is multiplied by a slope computed forward."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, slope: Tensor) -> Tensor:
        ctx.save_for_backward(slope)
        return (x > 0).to(x.dtype)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (slope,) = ctx.saved_tensors
        return gradients[0] * slope, None


def _step(x: Tensor, slope: Tensor) -> Tensor:
    spike: Tensor = _Step.apply(x, slope)
    return spike


def fast_sigmoid(x: Tensor, slope: float = 5.0) -> Tensor:
    """Backward ``1 / (1 + slope·|x|)²``. Source: Zenke & Ganguli 2018, doi:10.1162/neco_a_01086."""
    return _step(x, 1 / (1 + slope * x.detach().abs()) ** 2)


def atan_surrogate(x: Tensor, alpha: float = 2.0) -> Tensor:
    """Backward ``(α/2) / (1 + (π·α·x/2)²)``. Source: Fang et al. 2021, arXiv:2007.05785."""
    return _step(x, (alpha / 2) / (1 + (math.pi / 2 * alpha * x.detach()) ** 2))


def sigmoid_surrogate(x: Tensor, slope: float = 4.0) -> Tensor:
    """Backward the derivative of ``σ(slope·x)``."""
    s = torch.sigmoid(slope * x.detach())
    return _step(x, slope * s * (1 - s))


def triangular(x: Tensor, width: float = 1.0) -> Tensor:
    """Backward ``max(0, 1 − |x|/width) / width``. Source: Bellec et al. 2018, arXiv:1803.09574."""
    return _step(x, torch.relu(1 - x.detach().abs() / width) / width)


def straight_through(x: Tensor) -> Tensor:
    """Backward 1. Source: Bengio, Léonard & Courville 2013, arXiv:1308.3432."""
    return _step(x, torch.ones_like(x))
