"""Spikes as the intervals between them."""

from __future__ import annotations

from typing import Literal

import numpy as np

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.spike_codec._codec import Body, Codec
from sc_neurocore.spike_codec._huffman import HuffmanEncoder
from sc_neurocore.spike_codec._raster import Raster, events_by_neuron, raster_by_neuron
from sc_neurocore.spike_codec._stream import CorruptStreamError, Opened, from_leb128, leb128

Entropy = Literal["auto", "varint", "huffman"]
_VARINT, _HUFFMAN = 0, 1


def encode_intervals(raster: Raster, entropy: Entropy = "auto") -> bytes:
    """Spikes of each neuron, then all intervals, neuron by neuron, behind a byte for the coding.

    The first interval of a neuron is its first spike's tick, every other one the ticks without a
    spike in between.
    """
    counts, tick = events_by_neuron(raster)
    gaps = np.diff(tick, prepend=0) - 1
    first = np.cumsum(counts)[counts > 0] - counts[counts > 0]
    gaps[first] = tick[first]
    values = np.concatenate([counts, gaps])
    varint = bytes([_VARINT]) + leb128(values) if entropy != "huffman" else None
    huffman = bytes([_HUFFMAN]) + HuffmanEncoder().encode(values) if entropy != "varint" else None
    return min((x for x in (varint, huffman) if x is not None), key=len)


def decode_intervals(payload: bytes, ticks: int, neurons: int) -> Raster:
    """The inverse of `encode_intervals`.

    Raises:
        CorruptStreamError: the payload is not one that it writes.
    """
    if not payload or payload[0] not in (_VARINT, _HUFFMAN):
        raise CorruptStreamError("intervals: their coding is not known")
    body = payload[1:]
    if payload[0] == _HUFFMAN:
        values = HuffmanEncoder().decode(body)
        used = len(body)
    else:
        counts, at = from_leb128(body, neurons, "intervals")
        gaps, used = from_leb128(body[at:], _total(counts, len(body)), "intervals")
        values, used = np.concatenate([counts, gaps]), at + used
    counts, gaps = values[:neurons], values[neurons:]
    if used != len(body) or len(counts) != neurons or _total(counts, len(gaps)) != len(gaps):
        raise CorruptStreamError("intervals: there are not as many as the neurons have spikes")
    if len(gaps) and (gaps.max() >= ticks or counts.max() > ticks):
        raise CorruptStreamError(f"intervals: a spike lies behind the last of {ticks} ticks")
    active = counts[counts > 0]
    start = np.cumsum(active) - active
    steps = gaps + 1
    steps[start] = gaps[start]
    total = np.cumsum(steps)
    # Each neuron counts from its own first spike.
    before = total[start] - steps[start]
    tick = total - np.repeat(before, active)
    if len(tick) and tick.max() >= ticks:
        raise CorruptStreamError(f"intervals: a spike lies behind the last of {ticks} ticks")
    return raster_by_neuron(counts, tick, ticks)


def _total(counts: np.ndarray, most: int) -> int:
    """Sum of counts, without overflow, refused beyond what the stream can hold."""
    if len(counts) and (counts.max() > most or float(counts.sum(dtype=np.float64)) > most):
        raise CorruptStreamError("intervals: there are not as many as the neurons have spikes")
    return int(counts.sum())


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
