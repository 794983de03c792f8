"""The packet that spikes travel in, the same over UDP, ZeroMQ and between chips."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.exceptions import SCConfigError

MAGIC, VERSION = 0x5CAE, 1
HEADER_BYTES, MIN_BYTES = 24, 28
#: Addresses that a packet can count.
MAX_ADDRESSES = 0xFFFF
#: Payload of a UDP datagram that fits an Ethernet frame: 1500 - 20 (IPv4) - 8 (UDP) bytes.
DATAGRAM_BYTES = 1472
MODULUS = 1 << 32

Addresses = NDArray[np.uint32]

_BIG = np.dtype(">u4")
_NONE: Addresses = np.zeros(0, np.uint32)
_NONE.setflags(write=False)
_BITS = {"program": 32, "batch": 16, "sequence": 32, "tick": 64}
_HEADER = struct.Struct(">6I")


class PacketError(SCConfigError):
    """Bytes are no packet."""


class DamagedPacketError(PacketError):
    """The length or the checksum is wrong: nothing in the packet can be trusted."""


class PacketKind(IntEnum):
    """What a packet is for."""

    #: Addresses of the neurons that spiked in one tick.
    SPIKES = 0
    #: From a receiver: what has arrived. From a sender: what has been sent.
    CREDIT = 1
    #: Who is there; its eight words are the SHA-256 of the program.
    HELLO = 2
    #: The network stops.
    HALT = 3


@dataclass(frozen=True, eq=False)
class SpikePacket:
    """One packet.

    Attributes:
        kind: what it is for.
        program: first 32 bits of the program's digest.
        batch: number of the batch.
        sequence: number of the packet, per batch of a link from 0, modulo 2^32. In a CREDIT that of
            the next packet: expected by a receiver, to be sent by a sender. In a HELLO likewise.
        tick: 0 to 2^64 - 1. In a CREDIT of a receiver the first tick that it may ask for again, in
            one of a sender the first that is not sent. In a HELLO the number of ticks of the run, 0
            for any.
        addresses: uint32, strictly increasing in a SPIKES packet; words of another kind.
        last: last SPIKES packet of its tick.
        again: in a HELLO of a receiver: send again, beginning with ``sequence``.

    Raises:
        PacketError: a field is out of range, or the addresses do not increase.
    """

    kind: PacketKind = PacketKind.SPIKES
    program: int = 0
    batch: int = 0
    sequence: int = 0
    tick: int = 0
    addresses: Addresses = field(default_factory=lambda: _NONE)
    last: bool = False
    again: bool = False

    def __post_init__(self) -> None:
        if self.program >> 32 or self.batch >> 16 or self.sequence >> 32 or self.tick >> 64:
            name, bits = next(item for item in _BITS.items() if getattr(self, item[0]) >> item[1])
            raise PacketError(
                f"{name} of a packet is {getattr(self, name)}; it must fit {bits} bits"
            )
        given = np.asarray(self.addresses)
        if given.ndim != 1 or given.size > MAX_ADDRESSES:
            raise PacketError(
                f"a packet has one axis of at most {MAX_ADDRESSES} addresses, not shape "
                f"{given.shape}"
            )
        addresses = given.astype(np.uint32, copy=False)
        if addresses is not given and not np.array_equal(addresses, given):
            raise PacketError("addresses of a packet must be whole numbers of 32 bits")
        if self.kind == PacketKind.SPIKES and not (addresses[1:] > addresses[:-1]).all():
            raise PacketError("addresses of a packet of spikes must increase strictly")
        object.__setattr__(self, "addresses", addresses)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SpikePacket) and self.encode() == other.encode()

    def __hash__(self) -> int:
        return hash(self.encode())

    def encode(self) -> bytes:
        """The packet as bytes: 28 and four for each address."""
        count = self.addresses.size
        header = _HEADER.pack(
            MAGIC << 16 | VERSION << 12 | self.kind << 8 | self.again << 1 | self.last,
            self.program,
            self.batch << 16 | count,
            self.sequence,
            self.tick >> 32,
            self.tick & 0xFFFFFFFF,
        )
        body = header + self.addresses.astype(_BIG).tobytes()
        return body + zlib.crc32(body).to_bytes(4, "big")

    @classmethod
    def decode(cls, data: bytes | bytearray | memoryview) -> SpikePacket:
        """The packet that bytes are.

        Raises:
            DamagedPacketError: the length is no packet's, or the checksum is wrong.
            PacketError: the checksum is right, but this is no packet; the sentence says why.
        """
        size = len(data)
        if size % 4 or not MIN_BYTES <= size <= MIN_BYTES + 4 * MAX_ADDRESSES:
            raise DamagedPacketError(f"{size} bytes are no packet")
        first, program, about, sequence, high, low = _HEADER.unpack_from(data)
        if zlib.crc32(memoryview(data)[:-4]) != int.from_bytes(data[-4:], "big"):
            raise DamagedPacketError("the checksum of a packet is wrong")
        if first >> 16 != MAGIC:
            raise PacketError(f"a packet begins with {first >> 16:#06x}, not {MAGIC:#06x}")
        if first >> 12 & 0xF != VERSION:
            raise PacketError(f"a packet has version {first >> 12 & 0xF}, not {VERSION}")
        kind, flags = first >> 8 & 0xF, first & 0xFF
        if kind > PacketKind.HALT:
            raise PacketError(f"kind {kind} of a packet is not known")
        if flags & ~_FLAGS[kind]:
            raise PacketError(f"flags {flags:#04x} of a packet of kind {kind} are not known")
        held = (size - MIN_BYTES) // 4
        if about & 0xFFFF != held:
            raise PacketError(f"a packet counts {about & 0xFFFF} addresses and holds {held}")
        return cls(
            PacketKind(kind), program, about >> 16, sequence, high << 32 | low,
            np.frombuffer(data, _BIG, held, HEADER_BYTES).astype(np.uint32),
            bool(flags & 1), bool(flags & 2),
        )  # fmt: skip


#: Flags that each kind may have.
_FLAGS = {
    PacketKind.SPIKES: 1,
    PacketKind.CREDIT: 0,
    PacketKind.HELLO: 2,
    PacketKind.HALT: 0,
}


def packets_of(
    addresses: Addresses, tick: int, *, program: int, batch: int, sequence: int, size: int
) -> Iterator[SpikePacket]:
    """The packets of one tick; at least one, and the last is marked.

    Args:
        addresses: all spikes of the tick, strictly increasing.
        tick: its number.
        program: see `SpikePacket`.
        batch: see `SpikePacket`.
        sequence: number of the first packet.
        size: most bytes of a packet.
    """
    each = min((size - MIN_BYTES) // 4, MAX_ADDRESSES)
    starts: Sequence[int] = range(0, max(len(addresses), 1), each)
    for i, start in enumerate(starts):
        yield SpikePacket(
            PacketKind.SPIKES, program, batch, (sequence + i) % MODULUS, tick,
            addresses[start : start + each], last=i == len(starts) - 1,
        )  # fmt: skip
