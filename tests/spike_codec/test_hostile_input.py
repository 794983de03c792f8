"""Streams forged to harm, arrays that are no rasters, and options that are none."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.spike_codec import (
    AERSpikeCodec,
    CorruptStreamError,
    DeltaSpikeCodec,
    HuffmanEncoder,
    PredictiveSpikeCodec,
    SpikeCodec,
    StreamingSpikeCodec,
    get_codec,
    list_codecs,
    recommend_codec,
)
from sc_neurocore.spike_codec._stream import leb128

EXAMPLE = np.array([[int(c) for c in row] for row in ("100", "000", "011", "100", "000", "101")])
CONTEXT = [2, *struct.unpack("<QQ", struct.pack("<dd", 0.5, 0.5)), 1, 1, 8]


def checked(body: bytes) -> bytes:
    """With a CRC-32 behind it."""
    return body + struct.pack("<I", zlib.crc32(body))


def forged(codec: int, numbers: list[int], payload: bytes = b"") -> bytes:
    """A stream whose last check is right."""
    return checked(b"SCSP\x01" + bytes([codec]) + leb128(numbers) + payload + bytes(4))


BOMBS = {
    "ticks": (forged(1, [2**29, 1], bytes(2)), "would fill 536870912 × 1 cells"),
    "neurons without ticks": (forged(4, [0, 2**62, 16, 32, 0]), "would fill 0 × "),
    "ticks without neurons": (forged(3, [2**62, 0, *CONTEXT], bytes(1)), "would fill 4611"),
    "counts": (forged(1, [9, 2**20], bytes(9)), "not as many as the neurons"),
    "a count": (forged(1, [9, 1], bytes([0]) + leb128([2**62])), "not as many as the neurons"),
    "counts that wrap": (forged(1, [9, 3], bytes([0]) + leb128([2**62] * 3)), "not as many"),
    "an interval": (forged(1, [9, 1], bytes([0]) + leb128([1, 2**63 - 1])), "behind the last of 9"),
    "symbols": (forged(1, [9, 1], b"\x01" + leb128([2**62, 1, 0]) + b"\x01\0"), "do not fit"),
    "different symbols": (forged(1, [9, 1], bytes([1]) + leb128([4, 2**62])), "do not fit"),
    "symbols that wrap": (
        forged(1, [9, 1], bytes([1]) + leb128([2, 2, 2**62, 2**62]) + bytes([1, 1, 0])),
        "not those of a prefix code",
    ),
    "events": (forged(4, [9, 1, 16, 8, 2**62]), "do not fit in 0 bytes"),
    "an event's tick": (forged(4, [9, 1, 16, 8, 1], bytes([9, 0, 0])), "outside 9 ticks"),
    "an event's address": (forged(4, [9, 1, 16, 8, 1], bytes([0, 0, 1])), "outside 9 ticks"),
    "no event's width": (forged(4, [9, 1, 12, 8, 0]), "times of 12"),
    "a group of none": (forged(2, [9, 1, 0], bytes(2)), "groups of 0 channels"),
    "a context": (forged(3, [9, 1, *CONTEXT[:-1], 63], bytes(2)), "context_bits is 63"),
    "a window of none": (forged(5, [9, 1, 0]), "frames of 0 ticks"),
    "a frame of another window": (
        forged(5, [9, 1, 20], checked(struct.pack("<HHB", 1, 65535, 1))), "of another window",
    ),
    "a spike behind a frame's last tick": (
        forged(5, [3, 1, 20], checked(struct.pack("<HHBB", 1, 3, 0, 0b1000))), "behind its last",
    ),
    "a frame too many": (forged(5, [0, 1, 20], bytes(8)), "frames end at byte 0 of 8"),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_a_forged_stream_is_refused_before_it_costs_anything(name: str) -> None:
    stream, sentence = BOMBS[name]
    codec = {1: "isi", 2: "delta", 3: "predictive", 4: "aer", 5: "streaming"}[stream[5]]
    with pytest.raises(CorruptStreamError, match=sentence) as error:
        get_codec(codec).decompress(stream)
    assert "\n" not in str(error.value)


def test_a_forged_frame_does_not_fill_the_memory() -> None:
    silent = checked(struct.pack("<HH", 65535, 65535) + b"\xff" * 8192)
    with pytest.raises(CorruptStreamError, match="the frame would fill 65535 × 65535 cells"):
        StreamingSpikeCodec().decompress_frame(silent)
    with pytest.raises(CorruptStreamError, match="is cut off"):
        StreamingSpikeCodec().decompress_frame(checked(struct.pack("<HH", 65535, 1)))


def test_a_caller_who_knows_the_size_needs_no_limit() -> None:
    data = SpikeCodec().compress(EXAMPLE).data
    assert (SpikeCodec().decompress(data, 6, 3, max_cells=1) == EXAMPLE).all()
    for size in ((6, None), (None, 3)):
        with pytest.raises(CorruptStreamError, match="at most 1 are decoded"):
            SpikeCodec().decompress(data, *size, max_cells=1)


@pytest.mark.parametrize("name", list_codecs())
def test_bytes_behind_a_stream_are_refused(name: str) -> None:
    data = get_codec(name).compress(EXAMPLE).data
    for more in (bytes(1), bytes(4), b"\xff" * 4, data):
        with pytest.raises(CorruptStreamError):
            get_codec(name).decompress(data + more)


def test_a_wide_raster_of_one_tick_needs_no_table_per_neuron() -> None:
    raster = np.zeros((1, 2_000_000), np.uint8)
    raster[0, -1] = 1
    codec = PredictiveSpikeCodec(context_bits=16, entropy="varint")
    data = codec.compress(raster).data
    assert (codec.decompress(data) == raster).all()


@pytest.mark.parametrize("bits", [8, 16, 32])
@pytest.mark.parametrize("gap", [254, 255, 256, 65534, 65535, 65536, 131070, 131071])
def test_gaps_around_the_largest_time(bits: int, gap: int) -> None:
    raster = np.zeros((gap + 2, 2), np.uint8)
    raster[[0, gap, gap + 1], [1, 0, 1]] = 1
    codec = AERSpikeCodec(timestamp_bits=bits)
    data = codec.compress(raster).data
    # Three events, and a pause wherever the time between two does not stay below the largest.
    assert len(data) - len(codec.compress(raster * 0).data) == (bits // 8 + 1) * 3 + (
        gap // (2**bits - 1) * (bits // 8)
    )
    assert (codec.decompress(data) == raster).all()


def test_damaged_codes_are_refused_or_other_numbers() -> None:
    coder = HuffmanEncoder()
    values = [0, 3, 3, 3, 900, 3, 17, 0, 0, 3, 4]
    data = coder.encode(values)
    for length in range(len(data)):
        with pytest.raises(CorruptStreamError):
            coder.decode(data[:length])
    for at in range(8 * len(data)):
        damaged = bytearray(data)
        damaged[at >> 3] ^= 1 << (at & 7)
        try:
            found = coder.decode(bytes(damaged), len(values))
        except CorruptStreamError:
            continue
        assert len(found) == len(values) and found.tolist() != values


def test_codes_longer_than_the_table() -> None:
    """Fibonacci's counts make the longest codes: 1 to 19 bits, and 19 again."""
    counts = [1, 1]
    while len(counts) < 20:
        counts.append(counts[-1] + counts[-2])
    values = np.repeat(np.arange(1, 21) * 10**15, counts)
    np.random.default_rng(4).shuffle(values)
    data = HuffmanEncoder().encode(values)
    lengths = data[len(leb128([len(values), 20, *[10**15] * 20])) :][:20]
    assert sorted(lengths) == [*range(1, 20), 19]
    assert (HuffmanEncoder().decode(data, len(values)) == values).all()


SAME = {
    "bool": lambda x: x.astype(bool),
    "int8": lambda x: x.astype(np.int8),
    "float64, other byte order": lambda x: x.astype(">f8"),
    "float16": lambda x: x.astype(np.float16),
    "negative zeros": lambda x: x - np.where(x == 0, 0.0, 0.0) * -1,
    "columns first": lambda x: np.asfortranarray(x.astype(np.uint8)),
    "every second": lambda x: np.repeat(np.repeat(x.astype(np.uint8), 2, 0), 2, 1)[::2, ::2],
    "backwards": lambda x: x.astype(np.uint8)[::-1, ::-1].copy()[::-1, ::-1],
    "read only": lambda x: np.frombuffer(x.astype(np.uint8).tobytes(), np.uint8).reshape(x.shape),
    "masked nowhere": lambda x: np.ma.masked_array(x),
    "lists": lambda x: x.tolist(),
}


@pytest.mark.parametrize("kind", SAME)
def test_a_raster_may_be_of_any_type_and_layout(kind: str) -> None:
    for name in list_codecs():
        expected = get_codec(name).compress(EXAMPLE).data
        assert get_codec(name).compress(SAME[kind](EXAMPLE)).data == expected


def test_nothing_is_written_to_the_given_array() -> None:
    raster = EXAMPLE.astype(np.uint8)
    for name in list_codecs():
        get_codec(name).compress(raster)
    assert (raster == EXAMPLE).all()


@pytest.mark.parametrize(
    ("spikes", "sentence"),
    [
        ([[0, 1], [1]], "spikes is no array"),
        (np.ma.masked_array([[0, 1]], [[True, False]]), "spikes has masked values"),
        (np.array([[0, 2]], np.uint8).view(bool), "spikes is 2 at tick 0, neuron 1"),
        (np.array([[0, -1]], np.int8), "spikes is -1 at tick 0, neuron 1"),
        (np.array([[0, 256]]), "spikes is 256 at tick 0, neuron 1"),
        ([["0", "1"]], "spikes holds <U1"),
        ([[0j]], "spikes holds complex128"),
        ([[None]], "spikes holds object"),
        (np.zeros((1, 1, 1)), r"shape \(1, 1, 1\)"),
        (7, r"shape \(\)"),
    ],
)
def test_what_is_no_raster_is_one_sentence(spikes: Any, sentence: str) -> None:
    for name in list_codecs():
        with pytest.raises(SCConfigError, match=sentence):
            get_codec(name).compress(spikes)
    with pytest.raises(SCConfigError, match=sentence.replace("spikes", "window")):
        StreamingSpikeCodec().compress_frame(spikes)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: DeltaSpikeCodec(2.5), "group_size is 2.5; allowed: 1 to"),
        (lambda: DeltaSpikeCodec("8"), "group_size is '8'"),
        (lambda: DeltaSpikeCodec(2**70), "group_size is 1180591620717411303424"),
        (lambda: StreamingSpikeCodec(20.5), "window_size is 20.5"),
        (lambda: StreamingSpikeCodec(True), "window_size is True"),
        (lambda: PredictiveSpikeCodec(context_bits=3.9), "context_bits is 3.9"),
        (lambda: PredictiveSpikeCodec(alpha="0.1"), "alpha is '0.1'; it lies between"),
        (lambda: PredictiveSpikeCodec(threshold=float("nan")), "threshold is nan"),
        (lambda: AERSpikeCodec(timestamp_bits=16.0), "timestamp_bits is 16.0"),
        (lambda: AERSpikeCodec(neuron_bits=False), "neuron_bits is False"),
        (lambda: get_codec(["isi"]), "codec is .'isi'.; allowed"),
        (lambda: recommend_codec("many", 5.0), "n_channels is 'many'"),
        (lambda: HuffmanEncoder().encode([1.5]), "values are float64"),
        (lambda: HuffmanEncoder().encode([2**63]), "values hold 9223372036854775808"),
        (lambda: HuffmanEncoder().encode([2**64]), "values are object"),
        (lambda: HuffmanEncoder().encode([[1, 2]]), r"of shape \(1, 2\)"),
        (lambda: HuffmanEncoder().decode(7), "the code is of type int; give bytes"),
        (lambda: SpikeCodec().decompress(10**12), "the stream is of type int; give bytes"),
        (lambda: SpikeCodec().decompress("SCSP"), "the stream is of type str; give bytes"),
        (lambda: SpikeCodec().decompress(SpikeCodec().compress(EXAMPLE)), "CompressionResult"),
        (lambda: SpikeCodec().decompress(b"", max_cells="all"), "0 bytes; it is truncated"),
        (lambda: StreamingSpikeCodec().decompress_frame([1]), "the frame is of type list"),
        (lambda: StreamingSpikeCodec().compress(np.zeros((1, 65536))), "a frame has at most 65535"),
    ],
)  # fmt: skip
def test_what_is_no_option_is_one_sentence(call: Callable[[], object], sentence: str) -> None:
    with pytest.raises(SCConfigError, match=sentence) as error:
        call()
    assert "\n" not in str(error.value)


def test_any_bytes_will_do() -> None:
    data = SpikeCodec().compress(EXAMPLE).data
    for same in (bytearray(data), memoryview(data), np.frombuffer(data, np.uint8)):
        assert (SpikeCodec().decompress(same) == EXAMPLE).all()  # type: ignore[arg-type]
