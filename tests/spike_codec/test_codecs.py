"""Every codec gives back what it took, refuses what it cannot, and never a wrong raster."""

from __future__ import annotations

import heapq
import struct
import tomllib
import zlib
from collections import Counter
from importlib.resources import files
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.spike_codec import (
    AERSpikeCodec,
    CorruptStreamError,
    HuffmanEncoder,
    PredictiveSpikeCodec,
    SpikeCodec,
    StreamingSpikeCodec,
    get_codec,
    list_codecs,
    recommend_codec,
)
from sc_neurocore.spike_codec._raster import fingerprint
from sc_neurocore.spike_codec._stream import from_leb128, leb128

CODECS: list[tuple[str, dict[str, Any]]] = [
    ("isi", {"entropy": "varint"}),
    ("isi", {"entropy": "huffman"}),
    ("isi", {}),
    ("delta", {"group_size": 3}),
    ("predictive", {"predictor": "ema", "alpha": 0.3}),
    ("predictive", {"predictor": "lfsr", "alpha_q8": 40}),
    ("predictive", {"predictor": "context", "context_bits": 3}),
    ("predictive", {"predictor": "world_model", "alpha": 0.1}),
    ("aer", {"timestamp_bits": 8}),
    ("aer", {}),
    ("streaming", {"window_size": 7}),
]
each_codec = pytest.mark.parametrize(("name", "options"), CODECS, ids=str)
RASTERS = st.one_of(
    arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=40),
           elements=st.integers(0, 1)),
    st.tuples(st.integers(1, 3000), st.integers(1, 4), st.integers(0, 2**32 - 1)).map(
        lambda x: (np.random.default_rng(x[2]).random(x[:2]) < 0.004).astype(np.uint8)
    ),
)  # fmt: skip
EXAMPLE = np.array([[int(c) for c in row] for row in ("100", "000", "011", "100", "000", "101")])


@each_codec
@settings(max_examples=40, deadline=None)
@given(RASTERS)
def test_what_goes_in_comes_out(name: str, options: dict[str, Any], raster: np.ndarray) -> None:
    codec = get_codec(name, **options)
    result = codec.compress(raster)
    back = get_codec(name).decompress(result.data, *raster.shape)
    assert back.dtype == np.uint8 and back.shape == raster.shape and (back == raster).all()
    assert result.spikes == raster.sum()


def test_published_streams() -> None:
    text = files("sc_neurocore.spike_codec").joinpath("vectors.toml").read_text()
    streams = tomllib.loads(text)["stream"]
    assert {s["codec"] for s in streams} == set(list_codecs())
    for s in streams:
        raster = np.array([[int(c) for c in row] for row in s["raster"]])
        codec = get_codec(s["codec"], **s["options"])
        assert codec.compress(raster).data.hex() == s["hex"]
        assert (codec.decompress(bytes.fromhex(s["hex"])) == raster).all()


def test_intervals_by_hand() -> None:
    data = SpikeCodec("varint").compress(EXAMPLE).data
    # Neuron 0 spikes at 0, 3, 5; 1 at 2; 2 at 2, 5: counts, then first ticks and pauses.
    payload = bytes([0, 3, 1, 2, 0, 2, 1, 2, 2, 2])
    body = b"SCSP\x01\x01" + bytes([6, 3]) + payload + struct.pack("<I", fingerprint(EXAMPLE))
    assert data == body + struct.pack("<I", zlib.crc32(body))


def test_address_events_by_hand() -> None:
    raster = np.zeros((70_000, 2), int)
    raster[[3, 3, 69_000], [0, 1, 1]] = 1
    data = AERSpikeCodec().compress(raster).data
    events = struct.pack("<HBHBHHB", 3, 0, 0, 1, 65535, 69_000 - 3 - 65535, 1)
    assert data[-8 - len(events) : -8] == events


def test_a_gap_of_the_largest_time_is_a_pause_and_no_time() -> None:
    raster = np.zeros((3000, 1), int)
    raster[[0, 255, 765]] = 1
    codec = AERSpikeCodec(timestamp_bits=8)
    data = codec.compress(raster).data
    assert bytes([0, 0, 255, 0, 0, 255, 255, 0, 0]) in data
    assert (codec.decompress(data) == raster).all()


def test_frames_by_hand() -> None:
    frame = StreamingSpikeCodec(4).compress_frame(EXAMPLE[:4] * [1, 0, 1])
    body = struct.pack("<HH", 3, 4) + bytes([0b010, 0b1001, 0b0100])
    assert frame == body + struct.pack("<I", zlib.crc32(body))


def test_frames_are_decoded_alone() -> None:
    codec = StreamingSpikeCodec(4)
    result = codec.compress(EXAMPLE)
    ends = [*result.frames[1:], len(result.data) - 8]
    windows = [codec.decompress_frame(result.data[a:b])
               for a, b in zip(result.frames, ends, strict=True)]  # fmt: skip
    assert [len(w) for w in windows] == [4, 2]
    assert (np.concatenate(windows) == EXAMPLE).all()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.integers(0, 9), st.integers(0, 2**63 - 1)), max_size=200))
def test_numbers_come_back(values: list[int]) -> None:
    data = leb128(values)
    assert data == b"".join(_leb128(v) for v in values)
    assert from_leb128(data, len(values), "test")[0].tolist() == values
    coder = HuffmanEncoder()
    assert coder.decode(coder.encode(values), len(values)).tolist() == values


def _leb128(value: int) -> bytes:
    out = bytearray()
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from([0, 1, 1, 1, 2, 2, 5, 8, 13, 10**6]), min_size=2, max_size=300))
def test_codes_are_the_shortest(values: list[int]) -> None:
    """The bits of a Huffman code are the sum of all merged counts."""
    heap = list(Counter(values).values())
    heapq.heapify(heap)
    bits = len(values) if len(heap) == 1 else 0
    while len(heap) > 1:
        merged = heapq.heappop(heap) + heapq.heappop(heap)
        bits += merged
        heapq.heappush(heap, merged)
    different = sorted(set(values))
    steps = np.diff(different, prepend=0)
    table = len(leb128([len(values), len(different), *steps])) + len(different)
    assert len(HuffmanEncoder().encode(values)) == table + -(-bits // 8)


def test_intervals_near_their_entropy() -> None:
    """A Bernoulli raster holds H(p)/p bits a spike; Huffman's code needs less than one more."""
    p = 0.02
    raster = np.random.default_rng(3).random((100_000, 20)) < p
    limit = -(p * np.log2(p) + (1 - p) * np.log2(1 - p)) / p
    assert limit < SpikeCodec().compress(raster).bits_per_spike < limit + 0.2


def test_a_predictor_finds_what_repeats() -> None:
    regular = np.zeros((4000, 10), int)
    regular[::5] = 1
    noise = np.random.default_rng(1).random((4000, 10)) < 0.2
    context = PredictiveSpikeCodec(predictor="context")
    assert (
        context.compress(regular).compressed_bits
        < SpikeCodec().compress(regular).compressed_bits / 3
    )
    assert (
        context.compress(noise).compressed_bits
        > SpikeCodec().compress(noise).compressed_bits * 0.99
    )


def test_channels_that_agree_cost_nothing() -> None:
    one = np.random.default_rng(2).random((20_000, 1)) < 0.02
    raster = np.repeat(one, 16, axis=1)
    delta = get_codec("delta", group_size=16).compress(raster)
    assert delta.compressed_bits < SpikeCodec().compress(raster).compressed_bits / 10


def test_the_predictor_of_hardware_by_hand() -> None:
    raster = np.random.default_rng(5).integers(0, 2, (50, 4))
    from sc_neurocore.spike_codec import _predictors

    errors = np.empty((50, 4), np.uint8)
    _predictors.lfsr(raster.astype(np.uint8), errors, False, 32, 0xACE1)
    register, rate = 0xACE1, [0] * 4
    for t in range(50):
        for n in range(4):
            bit = (register >> 15 ^ register >> 13 ^ register >> 12 ^ register >> 10) & 1
            register = (register << 1 | bit) & 0xFFFF
            assert errors[t, n] == raster[t, n] ^ (register >> 8 < rate[n] >> 8)
            rate[n] += 32 * (int(raster[t, n]) * 65536 - rate[n]) >> 8


@each_codec
def test_no_damage_passes(name: str, options: dict[str, Any]) -> None:
    codec = get_codec(name, **options)
    data = codec.compress(EXAMPLE).data
    for length in range(len(data)):
        with pytest.raises(CorruptStreamError):
            codec.decompress(data[:length])
    for at in range(len(data)):
        for bit in range(8):
            damaged = bytearray(data)
            damaged[at] ^= 1 << bit
            with pytest.raises(CorruptStreamError):
                codec.decompress(bytes(damaged))


@each_codec
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_forged_stream_is_refused_or_true(
    name: str, options: dict[str, Any], data: st.DataObject
) -> None:
    """With its last check made right again: an error, or a raster with the fingerprint it names."""
    body = bytearray(get_codec(name, **options).compress(EXAMPLE).data[:-4])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(6, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=3))
    forged = bytes(body) + struct.pack("<I", zlib.crc32(bytes(body)))
    try:
        raster = get_codec(name).decompress(forged, max_cells=10**6)
    except CorruptStreamError:
        return
    assert fingerprint(raster) == struct.unpack("<I", body[-4:])[0]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60))
def test_foreign_bytes_are_refused(data: bytes) -> None:
    for name in list_codecs():
        with pytest.raises(CorruptStreamError):
            get_codec(name).decompress(data)
    with pytest.raises(CorruptStreamError):
        StreamingSpikeCodec().decompress_frame(data)


def test_a_huge_claim_is_not_believed() -> None:
    body = b"SCSP\x01\x01" + leb128([2**40, 2**20]) + bytes([0]) + bytes(4)
    forged = body + struct.pack("<I", zlib.crc32(body))
    with pytest.raises(CorruptStreamError, match="at most 268435456 are decoded"):
        SpikeCodec().decompress(forged)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: get_codec("gzip"), "codec is 'gzip'; allowed: 'isi', 'predictive', 'delta'"),
        (lambda: get_codec("isi", windows=3), "unexpected keyword argument 'windows'"),
        (lambda: SpikeCodec("zip"), "entropy is 'zip'"),
        (lambda: SpikeCodec().compress(np.ones(3)), r"shape \(3,\); a raster is"),
        (lambda: SpikeCodec().compress([[0, 1], [2, 0]]), "is 2 at tick 1, neuron 0"),
        (lambda: SpikeCodec().compress([[np.nan]]), "is nan at tick 0, neuron 0"),
        (lambda: AERSpikeCodec(neuron_bits=8).compress(np.zeros((1, 300))), "need addresses of 9"),
        (lambda: AERSpikeCodec(timestamp_bits=12), "timestamp_bits is 12; allowed: 8, 16, 32"),
        (lambda: StreamingSpikeCodec(0), "window_size is 0; allowed: 1 to 65535"),
        (lambda: StreamingSpikeCodec().compress_frame(np.zeros((0, 2))), "the window has 0 ticks"),
        (lambda: PredictiveSpikeCodec(predictor="oracle"), "predictor is 'oracle'"),
        (lambda: PredictiveSpikeCodec(alpha=0), "alpha is 0; it lies between 0 and 1"),
        (lambda: PredictiveSpikeCodec(seed=0), "seed is 0; allowed: 1 to 65535"),
        (lambda: SpikeCodec().decompress(SpikeCodec().compress(EXAMPLE).data, 7), "T = 6, not 7"),
        (lambda: AERSpikeCodec().decompress(SpikeCodec().compress(EXAMPLE).data), "of codec 1"),
        (lambda: recommend_codec(0, 10), "n_channels is 0"),
        (lambda: HuffmanEncoder().encode([1, -1]), "values hold -1"),
    ],
)  # fmt: skip
def test_bad_input_is_one_sentence(call: Any, sentence: str) -> None:
    with pytest.raises(SCConfigError, match=sentence) as error:
        call()
    assert "\n" not in str(error.value)


def test_a_codec_is_recommended_for_what_it_is_for() -> None:
    assert recommend_codec(96, 5.0) == "isi"
    assert recommend_codec(96, 5.0, latency_ms=1) == "streaming"
    assert recommend_codec(384, 5.0, correlated=True) == "delta"
    assert recommend_codec(96, 5.0, latency_ms=1, neuromorphic=True) == "aer"
    assert recommend_codec(96, 200.0) == "predictive"
