"""What all codecs share: a raster in, a checked stream out, and the way back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

from numpy.typing import ArrayLike

from sc_neurocore.spike_codec._raster import Raster, raster_of, spike_count
from sc_neurocore.spike_codec._stream import CHECKS, MAX_CELLS, Opened, pack, unpack


@dataclass(frozen=True)
class CompressionResult:
    """A coded raster.

    Attributes:
        data: the stream.
        ticks: T.
        neurons: N.
        spikes: spikes in the raster.
        codec: name of the codec.
        frames: first byte of every frame that can be decoded alone; one for most codecs.
    """

    data: bytes = field(repr=False)
    ticks: int
    neurons: int
    spikes: int
    codec: str
    frames: tuple[int, ...] = (0,)

    @property
    def original_bits(self) -> int:
        """Bits of the raster, one for each tick and neuron."""
        return self.ticks * self.neurons

    @property
    def compressed_bits(self) -> int:
        """Bits of the stream."""
        return 8 * len(self.data)

    @property
    def compression_ratio(self) -> float:
        """Bits of the raster over bits of the stream."""
        return self.original_bits / self.compressed_bits

    @property
    def bits_per_spike(self) -> float:
        """Bits of the stream over spikes; infinite without a spike."""
        return self.compressed_bits / self.spikes if self.spikes else float("inf")

    def summary(self) -> str:
        """The figures in one line."""
        return (
            f"{self.codec}: {self.ticks} × {self.neurons}, {self.spikes} spikes, "
            f"{len(self.data)} bytes, ratio {self.compression_ratio:.1f}, "
            f"{self.bits_per_spike:.2f} bits per spike"
        )


class Body(NamedTuple):
    """What a codec makes of a raster.

    Attributes:
        parameters: what its decoder has to know.
        payload: the rest.
        starts: first byte in the payload of every frame that can be decoded alone; None if the
            stream is the only one.
    """

    parameters: tuple[int, ...]
    payload: bytes
    starts: tuple[int, ...] | None = None


class Codec(ABC):
    """A way to write ``(T, N)`` rasters of 0 and 1 as bytes, and back without a loss.

    Attributes:
        name: under which `get_codec` knows it.
        number: of the codec, in its streams.
        parameters: how many numbers its streams hold for the decoder.
    """

    name: ClassVar[str]
    number: ClassVar[int]
    parameters: ClassVar[int]

    def compress(self, spikes: ArrayLike) -> CompressionResult:
        """Code a ``(T, N)`` raster of 0 and 1.

        Raises:
            SCConfigError: it is no raster, or one that the codec's options cannot write.
        """
        raster = raster_of(spikes)
        body = self._encode(raster)
        data = pack(self.number, raster, body.parameters, body.payload)
        ticks, neurons = raster.shape
        frames: tuple[int, ...] = (0,)
        if body.starts is not None:
            first = len(data) - CHECKS - len(body.payload)
            frames = tuple(first + at for at in body.starts)
        return CompressionResult(data, ticks, neurons, spike_count(raster), self.name, frames)

    def decompress(
        self, data: bytes, T: int | None = None, N: int | None = None, *,
        max_cells: int = MAX_CELLS,
    ) -> Raster:  # fmt: skip
        """The raster of a stream, whose options are read from it.

        Args:
            data: the stream.
            T: ticks, if they are known; the stream's must be the same.
            N: neurons, likewise.
            max_cells: most cells to fill, unless both T and N are given.

        Raises:
            CorruptStreamError: the stream is truncated, damaged or of another codec or size.
            SCConfigError: ``data`` are no bytes.
        """
        opened = unpack(data, self.number, self.name, self.parameters, (T, N), max_cells)
        return opened.checked(self._decode(opened))

    @abstractmethod
    def _encode(self, raster: Raster) -> Body: ...

    @abstractmethod
    def _decode(self, opened: Opened) -> Raster: ...
