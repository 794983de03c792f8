"""Spikes in frames that are decoded alone."""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import ArrayLike

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.spike_codec._codec import Body, Codec
from sc_neurocore.spike_codec._raster import Raster, raster_of
from sc_neurocore.spike_codec._require import require_whole
from sc_neurocore.spike_codec._stream import (
    MAX_CELLS,
    CorruptStreamError,
    Opened,
    octets_of,
    require_room,
)

_MOST = 65535
_HEAD = 4
#: By the codes of `_kernels.read_frames`.
_FAULTS = {
    1: "is cut off",
    2: "is of another window or has other channels",
    3: "is damaged: its CRC-32 is another",
    4: "has a spike behind its last tick",
}


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
        self.window_size = require_whole("window_size", window_size, 1, _MOST)

    def compress_frame(self, window: ArrayLike) -> bytes:
        """Code one ``(W, N)`` window of at most 65535 ticks and channels."""
        raster = raster_of(window, "window")
        ticks = len(raster)
        if not 1 <= ticks <= _MOST:
            raise SCConfigError(f"the window has {ticks} ticks; a frame has 1 to {_MOST}")
        return _write_frames(raster, ticks)[0]

    def decompress_frame(self, frame: bytes, *, max_cells: int = MAX_CELLS) -> Raster:
        """The window of one frame, of at most ``max_cells`` cells.

        Raises:
            CorruptStreamError: the frame is truncated, damaged or longer than its own size.
        """
        data = octets_of(frame, "the frame")
        if len(data) < _HEAD:
            raise CorruptStreamError("the frame at byte 0 is cut off")
        neurons, ticks = struct.unpack_from("<HH", data)
        if ticks == 0:
            raise CorruptStreamError("the frame has no ticks")
        require_room(ticks, neurons, max_cells, "the frame")
        return _read_frames(data, ticks, ticks, neurons)

    def _encode(self, raster: Raster) -> Body:
        payload, starts = _write_frames(raster, self.window_size)
        return Body((self.window_size,), payload, starts)

    def _decode(self, opened: Opened) -> Raster:
        window = opened.parameters[0]
        if not 1 <= window <= _MOST:
            raise CorruptStreamError(f"the stream has frames of {window} ticks")
        return _read_frames(opened.payload, window, opened.ticks, opened.neurons)


def _write_frames(raster: Raster, window: int) -> tuple[bytes, tuple[int, ...]]:
    """Frames one after the other, and where each begins."""
    from sc_neurocore.spike_codec import _kernels

    ticks, neurons = raster.shape
    if neurons > _MOST:
        raise SCConfigError(f"there are {neurons} channels; a frame has at most {_MOST}")
    starts = np.empty(-(-ticks // window), np.int64)
    octets = _kernels.write_frames(raster, window, starts)
    return octets.tobytes(), tuple(starts.tolist())


def _read_frames(data: bytes, window: int, ticks: int, neurons: int) -> Raster:
    from sc_neurocore.spike_codec import _kernels

    raster = np.zeros((ticks, neurons), np.uint8)
    used, code = _kernels.read_frames(np.frombuffer(data, np.uint8), window, raster)
    if code:
        raise CorruptStreamError(f"the frame at byte {used} {_FAULTS[code]}")
    if used != len(data):
        raise CorruptStreamError(f"the frames end at byte {used} of {len(data)}")
    return raster
