"""Channels as differences from a neighbour."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.spike_codec._isi import decode_intervals, encode_intervals, require_entropy
from sc_neurocore.spike_codec._raster import Raster, raster_of
from sc_neurocore.spike_codec._stream import (
    MAX_CELLS,
    CompressionResult,
    CorruptStreamError,
    pack,
    result_of,
    unpack,
)


class DeltaSpikeCodec:
    """In groups of channels, all but the first as their exclusive or with the first.

    Worth it where neighbours spike in the same ticks, as the contacts of a probe do.

    Args:
        group_size: channels of a group, at least 1.
        entropy: as in `SpikeCodec`.
    """

    name, number = "delta", 2

    def __init__(self, group_size: int = 8, entropy: str = "auto") -> None:
        if group_size < 1:
            raise SCConfigError(f"group_size is {group_size}; a group has at least 1 channel")
        self.group_size = int(group_size)
        self.entropy = require_entropy(entropy)

    def compress(self, spikes: ArrayLike) -> CompressionResult:
        """Code a ``(T, N)`` raster of 0 and 1."""
        raster = raster_of(spikes)
        payload = encode_intervals(_difference(raster, self.group_size), self.entropy)
        data = pack(self.number, raster, (self.group_size,), payload)
        return result_of(self.name, raster, data)

    def decompress(
        self, data: bytes, T: int | None = None, N: int | None = None, *,
        max_cells: int = MAX_CELLS,
    ) -> Raster:  # fmt: skip
        """The raster of a stream; the size of its groups is read from it.

        Raises:
            CorruptStreamError: the stream is truncated, damaged or of another codec or size.
        """
        opened = unpack(data, self.number, self.name, 1, (T, N), max_cells)
        group_size = opened.parameters[0]
        if group_size < 1:
            raise CorruptStreamError("the stream has groups of no channel")
        residual = decode_intervals(opened.payload, opened.ticks, opened.neurons)
        return opened.checked(_difference(residual, group_size))


def _difference(raster: Raster, group_size: int) -> Raster:
    """Exclusive or of each channel with its group's first; its own inverse."""
    neurons = raster.shape[1]
    first = np.arange(neurons) // group_size * group_size
    result = raster ^ raster[:, first]
    heads = np.arange(0, neurons, group_size)
    result[:, heads] = raster[:, heads]
    return result
