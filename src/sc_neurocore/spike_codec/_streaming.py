"""Spikes in frames that are decoded alone."""

from __future__ import annotations

import struct
import zlib
from itertools import accumulate

import numpy as np
from numpy.typing import ArrayLike

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.spike_codec._codec import Body, Codec
from sc_neurocore.spike_codec._raster import Raster, raster_of
from sc_neurocore.spike_codec._stream import CorruptStreamError, Opened

_MOST = 65535
_HEAD, _CHECK = 4, 4


class StreamingSpikeCodec(Codec):
    """Windows of a fixed number of ticks, each a frame of its own.

    A frame: channels and ticks, 16 bits each; a bit for every channel, 1 for a silent one; for
    every other channel its ticks, a bit each; CRC-32 of all that. First bits are lowest, numbers
    little-endian. A frame leaves as soon as its window is over, so a spike waits at most
    ``window_size`` ticks, and a lost frame costs its own window only.

    Args:
        window_size: ticks of a window, 1 to 65535; 20 are 1 ms at 20 kHz.
    """

    name, number, parameters = "streaming", 5, 1

    def __init__(self, window_size: int = 20) -> None:
        if not 1 <= window_size <= _MOST:
            raise SCConfigError(f"window_size is {window_size}; allowed: 1 to {_MOST} ticks")
        self.window_size = int(window_size)

    def compress_frame(self, window: ArrayLike) -> bytes:
        """Code one ``(W, N)`` window of at most 65535 ticks and channels."""
        raster = raster_of(window, "window")
        ticks, neurons = raster.shape
        if not 1 <= ticks <= _MOST or neurons > _MOST:
            raise SCConfigError(
                f"the window has {ticks} ticks of {neurons} channels; a frame has 1 to {_MOST} "
                f"ticks and at most {_MOST} channels"
            )
        masks = np.packbits(raster.T, axis=1, bitorder="little")
        silent = ~raster.any(axis=0)
        body = struct.pack("<HH", neurons, ticks)
        body += np.packbits(silent, bitorder="little").tobytes() + masks[~silent].tobytes()
        return body + struct.pack("<I", zlib.crc32(body))

    def decompress_frame(self, frame: bytes) -> Raster:
        """The window of one frame.

        Raises:
            CorruptStreamError: the frame is truncated, damaged or longer than its own size.
        """
        window, used = _read_frame(bytes(frame), 0, len(frame))
        if used != len(frame):
            raise CorruptStreamError(f"the frame has {len(frame)} bytes; its window takes {used}")
        return window

    def _encode(self, raster: Raster) -> Body:
        frames = [
            self.compress_frame(raster[at : at + self.window_size])
            for at in range(0, len(raster), self.window_size)
        ]
        starts = accumulate((len(frame) for frame in frames[:-1]), initial=0)
        return Body((self.window_size,), b"".join(frames), tuple(starts) if frames else ())

    def _decode(self, opened: Opened) -> Raster:
        raster = np.zeros((opened.ticks, opened.neurons), np.uint8)
        at = tick = 0
        while at < len(opened.payload):
            window, at = _read_frame(opened.payload, at, len(opened.payload))
            if window.shape[1] != opened.neurons or tick + len(window) > opened.ticks:
                raise CorruptStreamError(f"the frame at tick {tick} does not fit the raster")
            raster[tick : tick + len(window)] = window
            tick += len(window)
        if tick != opened.ticks:
            raise CorruptStreamError(f"the frames hold {tick} of {opened.ticks} ticks")
        return raster


def _read_frame(data: bytes, at: int, end: int) -> tuple[Raster, int]:
    if end - at < _HEAD + _CHECK:
        raise CorruptStreamError(f"the frame at byte {at} is cut off")
    neurons, ticks = struct.unpack_from("<HH", data, at)
    masks = at + _HEAD + -(-neurons // 8)
    flags = np.frombuffer(data[at + _HEAD : masks], np.uint8)
    # Ticks of none would read for ever.
    if masks + _CHECK > end or ticks == 0:
        raise CorruptStreamError(f"the frame at byte {at} is cut off")
    silent = np.unpackbits(flags, bitorder="little", count=neurons).astype(bool)
    size = -(-ticks // 8)
    stop = masks + int((~silent).sum()) * size
    if stop + _CHECK > end:
        raise CorruptStreamError(f"the frame at byte {at} is cut off")
    if zlib.crc32(data[at:stop]) != struct.unpack_from("<I", data, stop)[0]:
        raise CorruptStreamError(f"the frame at byte {at} is damaged: its CRC-32 is another")
    window = np.zeros((ticks, neurons), np.uint8)
    bits = np.frombuffer(data[masks:stop], np.uint8).reshape(-1, size)
    window[:, ~silent] = np.unpackbits(bits, axis=1, bitorder="little", count=ticks).T
    return window, stop + _CHECK
