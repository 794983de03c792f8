"""Channels as differences from a neighbour."""

from __future__ import annotations

import numpy as np

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.spike_codec._codec import Body, Codec
from sc_neurocore.spike_codec._isi import decode_intervals, encode_intervals, require_entropy
from sc_neurocore.spike_codec._raster import Raster
from sc_neurocore.spike_codec._stream import CorruptStreamError, Opened


class DeltaSpikeCodec(Codec):
    """In groups of channels, all but the first as their exclusive or with the first.

    Worth it where neighbours spike in the same ticks, as the contacts of a probe do.

    Args:
        group_size: channels of a group, at least 1.
        entropy: as in `SpikeCodec`.
    """

    name, number, parameters = "delta", 2, 1

    def __init__(self, group_size: int = 8, entropy: str = "auto") -> None:
        if group_size < 1:
            raise SCConfigError(f"group_size is {group_size}; a group has at least 1 channel")
        self.group_size = int(group_size)
        self.entropy = require_entropy(entropy)

    def _encode(self, raster: Raster) -> Body:
        payload = encode_intervals(_difference(raster, self.group_size), self.entropy)
        return Body((self.group_size,), payload)

    def _decode(self, opened: Opened) -> Raster:
        group_size = opened.parameters[0]
        if group_size < 1:
            raise CorruptStreamError("the stream has groups of no channel")
        residual = decode_intervals(opened.payload, opened.ticks, opened.neurons)
        return _difference(residual, group_size)


def _difference(raster: Raster, group_size: int) -> Raster:
    """Exclusive or of each channel with its group's first; its own inverse."""
    neurons = raster.shape[1]
    first = np.arange(neurons) // group_size * group_size
    result = raster ^ raster[:, first]
    heads = np.arange(0, neurons, group_size)
    result[:, heads] = raster[:, heads]
    return result
