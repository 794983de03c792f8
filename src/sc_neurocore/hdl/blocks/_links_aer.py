"""Spikes as packets: the two ends of a link."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

#: Magic, version 1, kind 0 (spikes), flags.
HEAD = 0x5CAE_1000
HEADER = 6


def packet_words(
    passport: int, batch: int, number: int, tick: int, addresses: Sequence[int], *, last: bool
) -> list[int]:
    """A packet of spikes as 32-bit words, the CRC-32 last.

    Args:
        passport: first 32 bits of the program's digest.
        batch: of the link.
        number: sequence number.
        tick: whose spikes these are.
        addresses: of the spikes, increasing.
        last: whether it is the last packet of the tick.
    """
    words = [
        HEAD | last, passport, batch << 16 | len(addresses), number, tick >> 32,
        tick & 0xFFFFFFFF, *addresses,
    ]  # fmt: skip
    return [*words, zlib.crc32(struct.pack(f">{len(words)}I", *words))]
