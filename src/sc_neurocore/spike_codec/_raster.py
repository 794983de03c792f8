"""Spike rasters: what a codec takes and gives."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.exceptions import SCConfigError

Raster = NDArray[np.uint8]
Indices = NDArray[np.int64]


def raster_of(spikes: ArrayLike, what: str = "spikes") -> Raster:
    """A ``(T, N)`` array of 0 and 1 as contiguous bytes, the given ones where they are that.

    Raises:
        SCConfigError: it is no array of two dimensions, or a value is other than 0 and 1.
    """
    try:
        given: NDArray[Any] = np.asarray(spikes)
    except Exception as error:  # rows of several lengths, a tensor on a device …
        reason = str(error).partition("\n")[0]
        raise SCConfigError(f"{what} is no array: {reason}") from None
    if given.ndim != 2:
        raise SCConfigError(
            f"{what} has shape {given.shape}; a raster is (ticks, neurons), of 0 and 1"
        )
    if given.dtype.kind not in "biuf":
        raise SCConfigError(f"{what} holds {given.dtype}; a raster holds 0 and 1")
    if np.ma.is_masked(spikes):
        raise SCConfigError(f"{what} has masked values; fill them, a raster holds 0 and 1")
    # Kernels are compiled for arrays that can be written.
    cells = np.require(given, requirements=["C", "W"])
    if cells.dtype == np.bool_:
        cells = cells.view(np.uint8)
    small = cells.dtype.itemsize == 1
    raster: Raster = cells.view(np.uint8) if small else (cells == 1).view(np.uint8)
    if raster.max(initial=0) > 1 if small else not np.array_equal(raster, cells):
        tick, neuron = np.argwhere((cells != 0) & (cells != 1))[0]
        raise SCConfigError(
            f"{what} is {cells[tick, neuron]} at tick {tick}, neuron {neuron}; "
            "a raster holds 0 and 1"
        )
    return raster


def spike_count(raster: Raster) -> int:
    """How many cells are 1."""
    return int(np.count_nonzero(raster.view(np.bool_)))


def spike_places(raster: Raster) -> Indices:
    """Rising places of the spikes in the raster, row after row."""
    from sc_neurocore.spike_codec import _kernels

    places: Indices = _kernels.places(np.packbits(raster), spike_count(raster))
    return places


def fingerprint(raster: Raster) -> int:
    """CRC-32 of the raster's bits, eight to a byte in the order of `numpy.packbits`."""
    return zlib.crc32(np.packbits(raster).tobytes())
