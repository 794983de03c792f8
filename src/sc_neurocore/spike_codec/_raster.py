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
    """A ``(T, N)`` array of 0 and 1 as contiguous bytes.

    Raises:
        SCConfigError: it has other than two dimensions, or a value other than 0 and 1.
    """
    given: NDArray[Any] = np.asarray(spikes)
    if given.ndim != 2:
        raise SCConfigError(
            f"{what} has shape {given.shape}; a raster is (ticks, neurons), of 0 and 1"
        )
    if given.dtype.kind not in "biuf":
        raise SCConfigError(f"{what} holds {given.dtype}; a raster holds 0 and 1")
    wrong = (given != 0) & (given != 1)
    if wrong.any():
        tick, neuron = np.argwhere(wrong)[0]
        raise SCConfigError(
            f"{what} is {given[tick, neuron]} at tick {tick}, neuron {neuron}; "
            "a raster holds 0 and 1"
        )
    return np.ascontiguousarray(given, np.uint8)


def events_by_neuron(raster: Raster) -> tuple[Indices, Indices]:
    """Spikes of each neuron, ``(N,)``, and the ticks of all, neuron by neuron."""
    ticks = raster.shape[0]
    flat = np.flatnonzero(np.ascontiguousarray(raster.T))
    neuron, tick = np.divmod(flat, max(ticks, 1))
    return np.bincount(neuron, minlength=raster.shape[1]).astype(np.int64), tick


def raster_by_neuron(counts: Indices, tick: Indices, ticks: int) -> Raster:
    """The inverse of `events_by_neuron`."""
    raster = np.zeros((ticks, len(counts)), np.uint8)
    raster[tick, np.repeat(np.arange(len(counts)), counts)] = 1
    return raster


def fingerprint(raster: Raster) -> int:
    """CRC-32 of the raster's bits, eight to a byte in the order of `numpy.packbits`."""
    return zlib.crc32(np.packbits(raster).tobytes())
