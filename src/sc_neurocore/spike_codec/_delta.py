"""Channels as differences from a neighbour."""

from __future__ import annotations

from sc_neurocore.spike_codec._codec import Body, Codec
from sc_neurocore.spike_codec._isi import decode_intervals, encode_intervals, require_entropy
from sc_neurocore.spike_codec._raster import Raster
from sc_neurocore.spike_codec._require import require_whole
from sc_neurocore.spike_codec._stream import CorruptStreamError, Opened

#: Of a group.
MOST_CHANNELS = 2**31 - 1


class DeltaSpikeCodec(Codec):
    """In groups of channels, all but the first as their exclusive or with the first.

    Worth it where neighbours spike in the same ticks, as the contacts of a probe do.

    Args:
        group_size: channels of a group, 1 to 2^31 - 1.
        entropy: as in `SpikeCodec`.
    """

    name, number, parameters = "delta", 2, 1

    def __init__(self, group_size: int = 8, entropy: str = "auto") -> None:
        self.group_size = require_whole("group_size", group_size, 1, MOST_CHANNELS)
        self.entropy = require_entropy(entropy)

    def _encode(self, raster: Raster) -> Body:
        payload = encode_intervals(_difference(raster, self.group_size), self.entropy)
        return Body((self.group_size,), payload)

    def _decode(self, opened: Opened) -> Raster:
        group_size = opened.parameters[0]
        if not 1 <= group_size <= MOST_CHANNELS:
            raise CorruptStreamError(f"the stream has groups of {group_size} channels")
        residual = decode_intervals(opened.payload, opened.ticks, opened.neurons)
        return _difference(residual, group_size)


def _difference(raster: Raster, group_size: int) -> Raster:
    """Exclusive or of each channel with its group's first; its own inverse."""
    from sc_neurocore.spike_codec import _kernels

    result = raster.copy()
    _kernels.difference(result, group_size)
    return result
