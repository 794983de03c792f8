"""The frame around every coded raster: what made it, its size, and two checks.

``SCSP``, version (1 byte), codec (1 byte); ticks, neurons and the codec's parameters as LEB128
numbers; the payload; CRC-32 of the raster's bits; CRC-32 of everything before. Multi-byte numbers
are little-endian. The second check finds a damaged stream, the first one a decoder that differs
from the encoder. See docs/reference/spike-codecs.md.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.spike_codec._raster import Raster, fingerprint
from sc_neurocore.spike_codec._require import require_whole

MAGIC, VERSION = b"SCSP", 1
#: Most cells (ticks times neurons) that a decoder fills unless it is told to fill more.
MAX_CELLS = 2**28
#: Bytes behind the payload: two CRC-32.
CHECKS = 8


class CorruptStreamError(SCConfigError):
    """A coded stream is truncated, damaged, or not of this codec."""


def octets_of(data: object, what: str) -> bytes:
    """The bytes of what holds bytes.

    Raises:
        SCConfigError: it does not, as a number, text or a `CompressionResult`.
    """
    try:
        return data if isinstance(data, bytes) else memoryview(data).tobytes()  # type: ignore[arg-type]
    except TypeError:
        raise SCConfigError(
            f"{what} is of type {type(data).__name__}; give bytes, as a result has them as data"
        ) from None


def require_room(ticks: int, neurons: int, max_cells: int, what: str) -> None:
    """Refuse to fill more cells than allowed; an empty raster counts by its longer side."""
    require_whole("max_cells", max_cells, 0, 2**63)
    if max(ticks, 1) * max(neurons, 1) > max_cells:
        raise CorruptStreamError(
            f"{what} would fill {ticks} × {neurons} cells; at most {max_cells} are decoded, "
            "raise max_cells to allow more"
        )


def leb128(values: ArrayLike) -> bytes:
    """Unsigned LEB128 (DWARF 5, section 7.6) of numbers from 0 to 2^63 - 1, one after the other."""
    from sc_neurocore.spike_codec import _kernels

    return bytes(_kernels.leb128_encode(np.asarray(values, np.int64)))


def from_leb128(data: bytes, count: int, where: str) -> tuple[NDArray[np.int64], int]:
    """Read ``count`` numbers from the start of ``data``.

    Returns:
        The numbers and how many bytes they took.

    Raises:
        CorruptStreamError: there are fewer, or one is longer than 63 bits.
    """
    from sc_neurocore.spike_codec import _kernels

    if count > len(data):
        raise CorruptStreamError(f"{where}: {count} numbers do not fit in {len(data)} bytes")
    values, used = _kernels.leb128_decode(np.frombuffer(data, np.uint8), count)
    if used < 0:
        raise CorruptStreamError(f"{where}: a number does not end, or is longer than 63 bits")
    return values, int(used)


def all_leb128(data: bytes, where: str) -> NDArray[np.int64]:
    """Read the numbers that ``data`` is made of; errors as of `from_leb128`."""
    count = np.count_nonzero(np.frombuffer(data, np.uint8) < 128)
    values, used = from_leb128(data, int(count), where)
    if used != len(data):
        raise CorruptStreamError(f"{where}: the last number does not end")
    return values


def pack(codec: int, raster: Raster, parameters: Sequence[int], payload: bytes) -> bytes:
    """Put the frame around a payload."""
    head = MAGIC + bytes([VERSION, codec]) + leb128([*raster.shape, *parameters])
    body = head + payload + struct.pack("<I", fingerprint(raster))
    return body + struct.pack("<I", zlib.crc32(body))


@dataclass(frozen=True)
class Opened:
    """What a stream holds: its size, parameters and payload, and the raster's fingerprint."""

    ticks: int
    neurons: int
    parameters: tuple[int, ...]
    payload: bytes
    expected: int

    def checked(self, raster: Raster) -> Raster:
        """The raster, if it is the one that was coded."""
        if fingerprint(raster) != self.expected:
            raise CorruptStreamError(
                "the stream decodes to another raster than was coded; it was made by another "
                "version of this codec, or on purpose"
            )
        return raster


def unpack(
    data: bytes, codec: int, name: str, parameters: int, size: tuple[int | None, int | None],
    max_cells: int,
) -> Opened:  # fmt: skip
    """Check a stream and take it apart.

    Args:
        data: the stream.
        codec: number of the codec that reads it.
        name: its name.
        parameters: how many parameters it has.
        size: the T and N that the caller expects, or None.
        max_cells: most cells to decode.

    Raises:
        CorruptStreamError: it is not a stream, damaged, of another codec, or of another size.
    """
    data = octets_of(data, "the stream")
    if len(data) < len(MAGIC) + 2 + CHECKS:
        raise CorruptStreamError(f"the stream has {len(data)} bytes; it is truncated")
    if data[:4] != MAGIC:
        raise CorruptStreamError(f"the stream begins with {data[:4]!r}; a coded raster with SCSP")
    if zlib.crc32(data[:-4]) != struct.unpack("<I", data[-4:])[0]:
        raise CorruptStreamError("the stream is truncated or damaged: its CRC-32 is another")
    if data[4] != VERSION:
        raise CorruptStreamError(f"the stream has version {data[4]}; this codec reads {VERSION}")
    if data[5] != codec:
        raise CorruptStreamError(
            f"the stream is of codec {data[5]}, not of '{name}', which is {codec}"
        )
    body = data[6:-CHECKS]
    numbers, used = from_leb128(body, 2 + parameters, "header")
    ticks, neurons = int(numbers[0]), int(numbers[1])
    for label, found, wanted in (("T", ticks, size[0]), ("N", neurons, size[1])):
        if wanted is not None and wanted != found:
            raise CorruptStreamError(f"the stream has {label} = {found}, not {wanted}")
    if None in size:
        require_room(ticks, neurons, max_cells, "the stream")
    expected = struct.unpack("<I", data[-CHECKS:-4])[0]
    return Opened(ticks, neurons, tuple(int(n) for n in numbers[2:]), body[used:], expected)
