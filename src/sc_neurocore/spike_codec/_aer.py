"""Spikes as address events."""

from __future__ import annotations

import numpy as np

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.spike_codec._codec import Body, Codec
from sc_neurocore.spike_codec._raster import Raster
from sc_neurocore.spike_codec._stream import CorruptStreamError, Opened

_WIDTHS = (8, 16, 32)


class AERSpikeCodec(Codec):
    """A list of events in order of time, each the ticks since the last one and an address.

    The largest time means that as many ticks pass without an event, and no address follows it.

    Args:
        timestamp_bits: of a time: 8, 16 or 32.
        neuron_bits: of an address: 8, 16, 32, or 0 for the fewest that hold every neuron.
    """

    name, number, parameters = "aer", 4, 3

    def __init__(self, timestamp_bits: int = 16, neuron_bits: int = 0) -> None:
        if timestamp_bits not in _WIDTHS:
            raise SCConfigError(f"timestamp_bits is {timestamp_bits}; allowed: 8, 16, 32")
        if neuron_bits not in (0, *_WIDTHS):
            raise SCConfigError(f"neuron_bits is {neuron_bits}; allowed: 0, 8, 16, 32")
        self.timestamp_bits, self.neuron_bits = timestamp_bits, neuron_bits

    def _encode(self, raster: Raster) -> Body:
        needed = max(raster.shape[1] - 1, 0).bit_length()
        bits = self.neuron_bits or next((b for b in _WIDTHS if b >= needed), 64)
        if bits < needed or bits > 32:
            raise SCConfigError(
                f"{raster.shape[1]} neurons need addresses of {needed} bits, neuron_bits is {bits}"
            )
        tick, neuron = np.nonzero(raster)
        most = 2**self.timestamp_bits - 1
        pauses, rest = np.divmod(np.diff(tick, prepend=0), most)
        time, address = self.timestamp_bits // 8, bits // 8
        # Where each event's bytes begin: behind those before it and its own pauses.
        ends = np.cumsum(pauses * time + time + address)
        out = np.full(int(ends[-1]) if len(ends) else 0, 255, np.uint8)
        for data, size, back in ((rest, time, time + address), (neuron, address, address)):
            octets = data.astype(f"<u{size}").view(np.uint8).reshape(-1, size)
            out[(ends - back)[:, None] + np.arange(size)] = octets
        return Body((self.timestamp_bits, bits, len(tick)), out.tobytes())

    def _decode(self, opened: Opened) -> Raster:
        from sc_neurocore.spike_codec import _kernels

        time, address, count = opened.parameters
        if time not in _WIDTHS or address not in _WIDTHS:
            raise CorruptStreamError(f"the stream has times of {time} and addresses of {address}")
        if count * (time + address) > 8 * len(opened.payload):
            raise CorruptStreamError(f"{count} events do not fit in {len(opened.payload)} bytes")
        octets = np.frombuffer(opened.payload, np.uint8)
        tick, neuron, used = _kernels.read_events(
            octets, time // 8, address // 8, count, opened.ticks, opened.neurons
        )
        if used != len(octets):
            raise CorruptStreamError(
                f"the events end at byte {abs(used)} of {len(octets)}, or lie outside "
                f"{opened.ticks} ticks of {opened.neurons} neurons"
            )
        raster = np.zeros((opened.ticks, opened.neurons), np.uint8)
        raster[tick, neuron] = 1
        return raster
