"""Spikes as address events."""

from __future__ import annotations

from typing import Any

import numpy as np

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.spike_codec._codec import Body, Codec
from sc_neurocore.spike_codec._raster import Raster, spike_places
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
        self.timestamp_bits = _width("timestamp_bits", timestamp_bits, _WIDTHS)
        self.neuron_bits = _width("neuron_bits", neuron_bits, (0, *_WIDTHS))

    def _encode(self, raster: Raster) -> Body:
        from sc_neurocore.spike_codec import _kernels

        needed = max(raster.shape[1] - 1, 0).bit_length()
        bits = self.neuron_bits or next((b for b in _WIDTHS if b >= needed), 64)
        if bits < needed or bits > 32:
            raise SCConfigError(
                f"{raster.shape[1]} neurons need addresses of {needed} bits, neuron_bits is {bits}"
            )
        spikes = spike_places(raster)
        octets = _kernels.write_events(spikes, raster.shape[1], self.timestamp_bits // 8, bits // 8)
        return Body((self.timestamp_bits, bits, len(spikes)), octets.tobytes())

    def _decode(self, opened: Opened) -> Raster:
        from sc_neurocore.spike_codec import _kernels

        time, address, count = opened.parameters
        if time not in _WIDTHS or address not in _WIDTHS:
            raise CorruptStreamError(f"the stream has times of {time} and addresses of {address}")
        if count * (time + address) > 8 * len(opened.payload):
            raise CorruptStreamError(f"{count} events do not fit in {len(opened.payload)} bytes")
        octets = np.frombuffer(opened.payload, np.uint8)
        raster = np.zeros((opened.ticks, opened.neurons), np.uint8)
        used = _kernels.read_events(octets, time // 8, address // 8, count, raster)
        if used != len(octets):
            raise CorruptStreamError(
                f"the events end at byte {abs(used)} of {len(octets)}, or lie outside "
                f"{opened.ticks} ticks of {opened.neurons} neurons"
            )
        return raster


def _width(what: str, value: Any, allowed: tuple[int, ...]) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value not in allowed:
        raise SCConfigError(f"{what} is {value!r}; allowed: {', '.join(map(str, allowed))}")
    return int(value)
