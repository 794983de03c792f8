"""Frames of the board protocol: the same bytes over a socket or a serial line.

Little endian: magic ``SCNB``, u16 kind, u16 version, u64 session, u32 sequence, u32 length, u32
CRC-32 of those 24 bytes, the payload, u32 CRC-32 of everything before it. CRC-32 is that of IEEE
802.3. An answer has the highest bit of its kind set, and starts with u32 status and u32 boots.
"""

from __future__ import annotations

import enum
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

MAGIC = b"SCNB"
VERSION = 1
REPLY = 0x8000
MAX_PAYLOAD = 65536
MAX_OPERATIONS = 4096

_HEADER = struct.Struct("<4sHHQII")
_CRC = struct.Struct("<I")
HEADER = _HEADER.size + _CRC.size
STATUS = struct.Struct("<II")


class Kind(enum.IntEnum):
    """What a frame asks for; those from ``INFO`` on are for the instruments of a virtual board."""

    TRANSFER = 1
    ADVANCE = 2
    RESET = 3
    INFO = 4
    FAULTS = 5
    INJECT = 6
    LOG = 7


class Status(enum.IntEnum):
    """How a frame was answered."""

    OK = 0
    BUS_ERROR = 1
    MALFORMED = 2
    UNKNOWN_SESSION = 3


@dataclass(frozen=True)
class Frame:
    """One frame.

    Attributes:
        kind: what is asked for, or answered.
        session: number that its sender drew at random.
        sequence: 1 in the first frame of a session, then one more each time.
        payload: the rest, by kind.
    """

    kind: int
    session: int
    sequence: int
    payload: bytes

    def encode(self) -> bytes:
        """Return the frame's bytes."""
        head = _HEADER.pack(
            MAGIC, self.kind, VERSION, self.session, self.sequence, len(self.payload)
        )
        body = head + _CRC.pack(zlib.crc32(head)) + self.payload
        return body + _CRC.pack(zlib.crc32(body))


class FrameReader:
    """Finds frames among bytes; after damage it goes on at the next magic.

    Attributes:
        damaged: frames given up because of a wrong CRC, length or version.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._lost = False  # what is dropped has been counted
        self.damaged = 0

    @property
    def partial(self) -> bool:
        """Whether a frame has begun and not ended."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Take bytes, and yield the frames that they complete."""
        self._buffer += data
        while (frame := self._next()) is not None:
            yield frame

    def skip(self) -> Iterator[Frame]:
        """Give up the frame that has begun, and yield what follows it."""
        self._skip()
        yield from self.feed(b"")

    def _skip(self) -> None:
        self.damaged += 1
        self._lost = True
        del self._buffer[:1]

    def _next(self) -> Frame | None:
        buffer = self._buffer
        while True:
            start = buffer.find(MAGIC)
            if start < 0:
                keep = next((n for n in (3, 2, 1) if buffer.endswith(MAGIC[:n])), 0)
                start = len(buffer) - keep
            if start and not self._lost:
                self.damaged += 1
                self._lost = True
            del buffer[:start]
            if len(buffer) < HEADER:
                return None
            _, kind, version, session, sequence, length = _HEADER.unpack_from(buffer)
            (crc,) = _CRC.unpack_from(buffer, _HEADER.size)
            if (
                zlib.crc32(buffer[: _HEADER.size]) != crc
                or length > MAX_PAYLOAD
                or version != VERSION
            ):
                self._skip()
                continue
            end = HEADER + length
            if len(buffer) < end + _CRC.size:
                return None
            (crc,) = _CRC.unpack_from(buffer, end)
            if zlib.crc32(buffer[:end]) != crc:
                self._skip()
                continue
            self._lost = False
            payload = bytes(buffer[HEADER:end])
            del buffer[: end + _CRC.size]
            return Frame(kind, session, sequence, payload)
