"""Spikes as the intervals between them."""

from __future__ import annotations

from typing import Literal

import numpy as np

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.spike_codec._codec import Body, Codec
from sc_neurocore.spike_codec._huffman import HuffmanEncoder
from sc_neurocore.spike_codec._raster import Indices, Raster, spike_places
from sc_neurocore.spike_codec._stream import CorruptStreamError, Opened, all_leb128, leb128

Entropy = Literal["auto", "varint", "huffman"]
_VARINT, _HUFFMAN = 0, 1


def encode_intervals(raster: Raster, entropy: Entropy = "auto") -> bytes:
    """Spikes of each neuron, then all intervals, neuron by neuron, behind a byte for the coding.

    The first interval of a neuron is its first spike's tick, every other one the ticks without a
    spike in between.
    """
    values = intervals_of(raster)
    varint = bytes([_VARINT]) + leb128(values) if entropy != "huffman" else None
    huffman = bytes([_HUFFMAN]) + HuffmanEncoder().encode(values) if entropy != "varint" else None
    return min((x for x in (varint, huffman) if x is not None), key=len)


def intervals_of(raster: Raster) -> Indices:
    """The numbers that `encode_intervals` codes."""
    from sc_neurocore.spike_codec import _kernels

    values: Indices = _kernels.intervals(spike_places(raster), raster.shape[1])
    return values


def decode_intervals(payload: bytes, ticks: int, neurons: int) -> Raster:
    """The inverse of `encode_intervals`.

    Raises:
        CorruptStreamError: the payload is not one that it writes.
    """
    from sc_neurocore.spike_codec import _kernels

    if not payload or payload[0] not in (_VARINT, _HUFFMAN):
        raise CorruptStreamError("intervals: their coding is not known")
    body = payload[1:]
    coded = payload[0] == _HUFFMAN
    values = HuffmanEncoder().decode(body) if coded else all_leb128(body, "intervals")
    wrong = "there are not as many as the neurons have spikes"
    if len(values) >= neurons:
        raster = np.zeros((ticks, neurons), np.uint8)
        code = _kernels.place_intervals(values, raster)
        if code == 0:
            return raster
        if code == 2:
            wrong = f"a spike lies behind the last of {ticks} ticks"
    raise CorruptStreamError(f"intervals: {wrong}")


def require_entropy(entropy: str) -> Entropy:
    """Refuse a coding of numbers that there is not."""
    for known in ("auto", "varint", "huffman"):
        if entropy == known:
            return known
    raise SCConfigError(f"entropy is {entropy!r}; allowed: 'auto', 'varint', 'huffman'")


class SpikeCodec(Codec):
    """Every neuron's intervals between spikes, as LEB128 numbers or in canonical Huffman code.

    Args:
        entropy: ``varint``, ``huffman``, or ``auto`` for the shorter.
    """

    name, number, parameters = "isi", 1, 0

    def __init__(self, entropy: str = "auto") -> None:
        self.entropy = require_entropy(entropy)

    def _encode(self, raster: Raster) -> Body:
        return Body((), encode_intervals(raster, self.entropy))

    def _decode(self, opened: Opened) -> Raster:
        return decode_intervals(opened.payload, opened.ticks, opened.neurons)
