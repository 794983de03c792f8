"""Frames: what is sent arrives, whatever is between; what is damaged does not."""

from __future__ import annotations

import zlib

from hypothesis import given
from hypothesis import strategies as st

from sc_neurocore.devices._frame import MAX_PAYLOAD, Frame, FrameReader

frames = st.builds(
    Frame,
    st.integers(0, 0xFFFF),
    st.integers(0, 2**64 - 1),
    st.integers(0, 2**32 - 1),
    st.binary(max_size=200) | st.binary(max_size=40).map(lambda b: b"SCNB" + b),
)


def test_the_bytes_of_a_frame_are_those_of_the_protocol() -> None:
    head = (
        b"SCNB" b"\x01\x00" b"\x01\x00" b"\x08\x07\x06\x05\x04\x03\x02\x01"
        b"\x05\x00\x00\x00" b"\x02\x00\x00\x00"
    )  # fmt: skip
    body = head + zlib.crc32(head).to_bytes(4, "little") + b"hi"
    wanted = body + zlib.crc32(body).to_bytes(4, "little")
    assert Frame(1, 0x0102030405060708, 5, b"hi").encode() == wanted


@given(st.lists(frames, max_size=5), st.integers(1, 50), st.binary(max_size=20))
def test_frames_arrive_in_any_pieces_after_any_noise(
    sent: list[Frame], piece: int, noise: bytes
) -> None:
    data = noise.replace(b"S", b"s") + b"".join(frame.encode() for frame in sent)
    reader = FrameReader()
    got = [f for i in range(0, len(data), piece) for f in reader.feed(data[i : i + piece])]
    assert got == sent
    assert reader.damaged == (1 if noise and sent else reader.damaged)


@given(frames, frames, st.data())
def test_a_frame_with_a_wrong_bit_is_dropped_and_the_next_one_arrives(
    first: Frame, second: Frame, data: st.DataObject
) -> None:
    damaged = bytearray(first.encode())
    bit = data.draw(st.integers(0, 8 * len(damaged) - 1))
    damaged[bit // 8] ^= 1 << bit % 8
    reader = FrameReader()
    assert list(reader.feed(bytes(damaged) + second.encode())) == [second]
    assert reader.damaged >= 1


@given(frames, frames, st.data())
def test_a_frame_that_lost_bytes_costs_itself_alone(
    first: Frame, second: Frame, data: st.DataObject
) -> None:
    whole = first.encode()
    kept = data.draw(st.integers(0, len(whole) - 1))
    reader = FrameReader()
    got = list(reader.feed(whole[:kept] + second.encode()))
    while reader.partial:  # as after a pause on the line
        got += reader.skip()
    assert got == [second]


def test_a_length_beyond_the_bound_is_no_frame() -> None:
    reader = FrameReader()
    assert list(reader.feed(Frame(1, 1, 1, bytes(MAX_PAYLOAD + 1)).encode())) == []
    assert reader.damaged
