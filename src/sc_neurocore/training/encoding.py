"""Numbers to spikes, as the hardware does it."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from sc_neurocore.bitstream import rate_source
from sc_neurocore.exceptions import SCConfigError


@functools.cache
def _numbers(ticks: int, bits: int) -> Tensor:
    values = rate_source(bits).values(ticks)
    return torch.from_numpy(values.astype("int32"))


def rate_code(levels: Tensor, ticks: int, bits: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Spikes ``(T, *shape)`` of whole levels 0 to ``2**bits``: at tick t iff ``r_t < level``.

    The numbers r are dimension 2 of the Sobol sequence, so after ``2**bits`` ticks every input has
    spiked exactly ``level`` times.
    """
    numbers = _numbers(ticks, bits).to(levels.device)
    return (numbers.reshape(-1, *[1] * levels.dim()) < levels).to(dtype)


def direct_code(
    levels: Tensor, ticks: int, bits: int, dtype: torch.dtype = torch.float32
) -> Tensor:
    """The constant current ``level / 2**bits`` at every tick, ``(T, *shape)``."""
    scaled = levels.to(dtype) / (1 << bits)
    return scaled.expand(ticks, *levels.shape)


@dataclass(frozen=True)
class InputCoding:
    """How samples reach the first layer.

    Attributes:
        coding: ``rate`` or ``direct``.
        bits: levels are whole numbers from 0 to ``2**bits``.
        ticks: T, ticks of an inference.
    """

    coding: Literal["rate", "direct"]
    bits: int
    ticks: int

    def __post_init__(self) -> None:
        if self.coding not in ("rate", "direct"):
            raise SCConfigError(f"coding is '{self.coding}'; it must be 'rate' or 'direct'")
        if not 1 <= self.bits <= 15 or self.ticks < 1:
            raise SCConfigError(
                f"an input of {self.bits} bits over {self.ticks} ticks is not possible; bits are "
                "from 1 to 15, ticks at least 1"
            )

    def encode(self, levels: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
        """What the first layer receives, ``(T, *shape)``."""
        code = rate_code if self.coding == "rate" else direct_code
        return code(levels, self.ticks, self.bits, dtype)
