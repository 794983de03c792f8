"""Packets: the published vectors, and what is refused."""

from __future__ import annotations

import struct
import tomllib
import zlib
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc_neurocore.hdl.blocks._links_aer import packet_words
from sc_neurocore.partition import DamagedPacketError, PacketError, PacketKind, SpikePacket

VECTORS = tomllib.loads(
    (files("sc_neurocore.partition") / "packet_vectors.toml").read_text(encoding="utf-8")
)


def packet_of(fields: dict[str, object]) -> SpikePacket:
    kind = PacketKind[str(fields["kind"])]
    rest = {k: v for k, v in fields.items() if k not in ("kind", "name", "hex", "addresses")}
    rest["program"] = int(str(rest["program"]), 16)
    return SpikePacket(kind, addresses=np.array(fields["addresses"], np.uint32), **rest)


@pytest.mark.parametrize("vector", VECTORS["packet"], ids=lambda v: v["name"])
def test_vectors_are_encoded_and_decoded(vector: dict[str, object]) -> None:
    data = bytes.fromhex(str(vector["hex"]))
    assert packet_of(vector).encode() == data
    assert SpikePacket.decode(data) == packet_of(vector)


@pytest.mark.parametrize("vector", VECTORS["refused"], ids=lambda v: v["name"])
def test_malformed_vectors_are_refused(vector: dict[str, str]) -> None:
    with pytest.raises(PacketError) as error:
        SpikePacket.decode(bytes.fromhex(vector["hex"]))
    assert str(error.value) == vector["because"]


def test_a_packet_is_what_the_page_says() -> None:
    """Packed by hand, word for word."""
    body = struct.pack(
        ">6I2I", 0x5CAE1001, 0x01020304, 3 << 16 | 2, 7, 1, 2, 4, 5
    )  # fmt: skip
    data = body + struct.pack(">I", zlib.crc32(body))
    packet = SpikePacket.decode(data)
    assert (packet.kind, packet.program, packet.batch) == (PacketKind.SPIKES, 0x01020304, 3)
    assert (packet.sequence, packet.tick, packet.last) == (7, 1 << 32 | 2, True)
    assert packet.addresses.tolist() == [4, 5]
    assert len(SpikePacket().encode()) == 28


addresses = st.sets(st.integers(0, 2**32 - 1), max_size=40).map(sorted)


@given(
    st.integers(0, 2**32 - 1), st.integers(0, 2**16 - 1), st.integers(0, 2**32 - 1),
    st.integers(0, 2**64 - 1), addresses, st.booleans(),
)  # fmt: skip
def test_chips_send_the_packets_of_hosts(
    program: int, batch: int, sequence: int, tick: int, spikes: list[int], last: bool
) -> None:
    """The golden model of the transmitter's RTL and the host's encoder, which share nothing."""
    words = packet_words(program, batch, sequence, tick, spikes, last=last)
    packet = SpikePacket(
        PacketKind.SPIKES, program, batch, sequence, tick, np.array(spikes, np.uint32), last
    )
    assert packet.encode() == struct.pack(f">{len(words)}I", *words)


@given(
    st.sampled_from(PacketKind), st.integers(0, 2**32 - 1), st.integers(0, 2**16 - 1),
    st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1), addresses, st.booleans(),
)  # fmt: skip
def test_decode_is_the_inverse_of_encode(
    kind: PacketKind, program: int, batch: int, sequence: int, tick: int, found: list[int],
    flag: bool,
) -> None:  # fmt: skip
    packet = SpikePacket(
        kind, program, batch, sequence, tick, np.array(found, np.uint32),
        last=flag and kind == PacketKind.SPIKES, again=flag and kind == PacketKind.HELLO,
    )  # fmt: skip
    assert SpikePacket.decode(packet.encode()) == packet


@given(st.binary(max_size=120))
def test_random_bytes_are_damaged(data: bytes) -> None:
    with pytest.raises(DamagedPacketError):
        SpikePacket.decode(data)


@given(st.data())
def test_any_bit_that_is_turned_is_seen(data: st.DataObject) -> None:
    whole = bytearray(SpikePacket(tick=5, addresses=np.arange(9, dtype=np.uint32)).encode())
    for bit in data.draw(st.sets(st.integers(0, len(whole) * 8 - 1), min_size=1, max_size=3)):
        whole[bit >> 3] ^= 1 << (bit & 7)
    with pytest.raises(DamagedPacketError):
        SpikePacket.decode(whole)


@given(st.binary(min_size=24, max_size=80))
def test_a_right_checksum_makes_no_packet(body: bytes) -> None:
    """Anything with a right checksum is decoded, and then encoded alike, or refused."""
    body = body[: len(body) // 4 * 4]
    data = body + struct.pack(">I", zlib.crc32(body))
    try:
        packet = SpikePacket.decode(data)
    except PacketError:
        return
    assert packet.encode() == data


@pytest.mark.parametrize(
    "field, value, says",
    [
        ("tick", 1 << 64, "tick of a packet is 18446744073709551616; it must fit 64 bits"),
        ("batch", -1, "batch of a packet is -1; it must fit 16 bits"),
        ("addresses", np.array([3, 3]), "addresses of a packet of spikes must increase strictly"),
        ("addresses", np.array([-1]), "addresses of a packet must be whole numbers of 32 bits"),
        ("addresses", np.zeros((2, 2)), "a packet has one axis of at most 65535 addresses, not "
         "shape (2, 2)"),
    ],
)  # fmt: skip
def test_fields_out_of_range_are_refused(field: str, value: object, says: str) -> None:
    with pytest.raises(PacketError) as error:
        SpikePacket(**{field: value})  # type: ignore[arg-type]
    assert str(error.value) == says
