"""Lossless spike codecs that round-trip exactly and refuse corrupt streams."""

from __future__ import annotations

from sc_neurocore.spike_codec._aer import AERSpikeCodec
from sc_neurocore.spike_codec._codec import Codec, CompressionResult
from sc_neurocore.spike_codec._delta import DeltaSpikeCodec
from sc_neurocore.spike_codec._huffman import HuffmanEncoder
from sc_neurocore.spike_codec._isi import SpikeCodec
from sc_neurocore.spike_codec._predictive import PredictiveSpikeCodec
from sc_neurocore.spike_codec._registry import get_codec, list_codecs, recommend_codec
from sc_neurocore.spike_codec._stream import CorruptStreamError
from sc_neurocore.spike_codec._streaming import StreamingSpikeCodec

__all__ = [
    "AERSpikeCodec",
    "Codec",
    "CompressionResult",
    "CorruptStreamError",
    "DeltaSpikeCodec",
    "HuffmanEncoder",
    "PredictiveSpikeCodec",
    "SpikeCodec",
    "StreamingSpikeCodec",
    "get_codec",
    "list_codecs",
    "recommend_codec",
]
