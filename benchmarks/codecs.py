"""How small and how fast the spike codecs are, beside zstd on the same rasters.

    python benchmarks/codecs.py [--ticks 100000]

Zstd gets the raster as bits, eight to a byte, neuron by neuron (its better order), and as bytes.
Speed is megabytes of the raster as bits per second of processor time, the best of three. The bound
of the ratio is the entropy of a Bernoulli process of each channel's rate: only what finds structure
beyond the rates passes it. The limit of our speed is the row "bits and CRC-32": what every stream
of ours costs before anything is coded, since a raster comes and goes with a byte for each cell, and
the stream holds a check of its bits. Zstd is given bits that were packed before. Results go to
benchmarks/results/codecs.json.
"""

from __future__ import annotations

import argparse
import os
import time
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import zstandard

from machine import processor, write_results
from sc_neurocore.spike_codec import get_codec

CODECS: dict[str, tuple[str, dict[str, Any]]] = {
    "isi varint": ("isi", {"entropy": "varint"}),
    "isi huffman": ("isi", {"entropy": "huffman"}),
    "delta": ("delta", {"group_size": 8}),
    "predictive ema": ("predictive", {"predictor": "ema"}),
    "predictive lfsr": ("predictive", {"predictor": "lfsr"}),
    "predictive context": ("predictive", {"predictor": "context"}),
    "predictive world_model": ("predictive", {"predictor": "world_model"}),
    "aer": ("aer", {}),
    "streaming 20": ("streaming", {"window_size": 20}),
    "streaming 1000": ("streaming", {"window_size": 1000}),
}


def rasters(ticks: int) -> dict[str, np.ndarray]:
    """Four kinds of activity of 128 channels."""
    rng, neurons = np.random.default_rng(1), 128
    poisson = rng.random((ticks, neurons)) < 0.005
    dense = rng.random((ticks, neurons)) < 0.1
    # Groups of eight contacts that see the same unit in nine ticks of ten.
    unit = np.repeat(rng.random((ticks, neurons // 8)) < 0.01, 8, axis=1)
    probe = unit & (rng.random((ticks, neurons)) < 0.9) | (rng.random((ticks, neurons)) < 0.0005)
    # Bursts of six spikes every third tick.
    start = rng.random((ticks, neurons)) < 0.001
    bursts = np.zeros_like(start)
    for k in range(6):
        bursts[3 * k :] |= start[: ticks - 3 * k]
    found = {"poisson": poisson, "dense": dense, "probe": probe, "bursts": bursts}
    return {name: raster.astype(np.uint8) for name, raster in found.items()}


def best(function: Callable[[], object]) -> float:
    """Processor seconds of the fastest of three calls."""
    spent = []
    for _ in range(3):
        start = time.process_time()
        function()
        spent.append(time.process_time() - start)
    return min(spent)


def measured(
    raster: np.ndarray, encode: Callable[[], bytes], decode: Callable[[bytes], object]
) -> dict[str, float]:
    """Ratio, bits per spike and both speeds."""
    data, size = encode(), raster.size / 8
    decode(data)
    return {
        "ratio": round(size / len(data), 2),
        "bits_per_spike": round(8 * len(data) / int(raster.sum()), 3),
        "encode_mb_s": round(size / best(encode) / 1e6, 2),
        "decode_mb_s": round(size / best(lambda: decode(data)) / 1e6, 2),
    }


def ours(raster: np.ndarray, name: str, options: dict[str, Any]) -> dict[str, float]:
    """One of our codecs, checked to give back the raster."""
    codec = get_codec(name, **options)
    assert (codec.decompress(codec.compress(raster).data) == raster).all()
    return measured(raster, lambda: codec.compress(raster).data, codec.decompress)


def limit(raster: np.ndarray) -> dict[str, float]:
    """The raster as bits with their check, and as bytes again."""

    def encode() -> bytes:
        bits = np.packbits(raster).tobytes()
        return bits + zlib.crc32(bits).to_bytes(4, "little")

    def decode(data: bytes) -> np.ndarray:
        cells = np.unpackbits(np.frombuffer(data[:-4], np.uint8), count=raster.size)
        assert zlib.crc32(np.packbits(cells).tobytes()) == int.from_bytes(data[-4:], "little")
        return cells.reshape(raster.shape)

    return measured(raster, encode, decode)


def zstd(raster: np.ndarray, plain: bytes, level: int) -> dict[str, float]:
    """Zstd on the raster's bits or bytes."""
    press, expand = zstandard.ZstdCompressor(level=level), zstandard.ZstdDecompressor()
    return measured(raster, lambda: press.compress(plain), expand.decompress)


def entropy_ratio(raster: np.ndarray) -> float:
    """Bits of the raster over the entropy of channels that spike at random at their rates."""
    p = np.clip(raster.mean(axis=0), 1e-12, 1 - 1e-12)
    return round(float(1 / -(p * np.log2(p) + (1 - p) * np.log2(1 - p)).mean()), 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ticks", type=int, default=100_000)
    ticks = parser.parse_args().ticks
    report: dict[str, Any] = {}
    for kind, raster in rasters(ticks).items():
        rows = {label: ours(raster, *codec) for label, codec in CODECS.items()}
        rows["bits and CRC-32"] = limit(raster)
        bits, octets = np.packbits(raster.T).tobytes(), np.ascontiguousarray(raster.T).tobytes()
        for level in (3, 19):
            rows[f"zstd {level} of bits"] = zstd(raster, bits, level)
            rows[f"zstd {level} of bytes"] = zstd(raster, octets, level)
        bound = entropy_ratio(raster)
        report[kind] = {"rate": float(raster.mean()), "entropy_ratio": bound, "codecs": rows}
        print(f"\n{kind}: {raster.mean():.4f} spikes a tick and channel, entropy ratio {bound}")
        print(f"{'':24}{'ratio':>8}{'bits/spike':>12}{'encode MB/s':>13}{'decode MB/s':>13}")
        for label, row in rows.items():
            cells = zip(row.values(), (8, 12, 13, 13), strict=True)
            print(f"{label:24}" + "".join(f"{value:>{width}}" for value, width in cells))
    result = {
        "machine": {"processor": processor(), "cores": os.cpu_count()},
        "ticks": ticks,
        "neurons": 128,
        "rasters": report,
    }  # fmt: skip
    write_results("codecs", result)


if __name__ == "__main__":
    main()
