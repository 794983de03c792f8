"""Codecs by name, and which one suits."""

from __future__ import annotations

from typing import Any

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.spike_codec._aer import AERSpikeCodec
from sc_neurocore.spike_codec._codec import Codec
from sc_neurocore.spike_codec._delta import DeltaSpikeCodec
from sc_neurocore.spike_codec._isi import SpikeCodec
from sc_neurocore.spike_codec._predictive import PredictiveSpikeCodec
from sc_neurocore.spike_codec._require import is_number
from sc_neurocore.spike_codec._streaming import StreamingSpikeCodec

_CODECS: dict[str, type[Codec]] = {
    codec.name: codec
    for codec in (
        SpikeCodec, PredictiveSpikeCodec, DeltaSpikeCodec, StreamingSpikeCodec, AERSpikeCodec,
    )
}  # fmt: skip
#: Below this latency only frames of a few ticks can be sent in time, ms.
_LIVE = 10.0
#: Above this rate one tick of 1 ms in ten holds a spike, and a predictor finds structure, Hz.
_DENSE = 100.0


def get_codec(name: str, **options: Any) -> Codec:
    """A codec by its name; ``options`` go to its class.

    Raises:
        SCConfigError: there is no such codec, or it has no such option.
    """
    if not isinstance(name, str) or name not in _CODECS:
        raise SCConfigError(f"codec is {name!r}; allowed: {', '.join(map(repr, _CODECS))}")
    try:
        return _CODECS[name](**options)
    except TypeError as error:
        raise SCConfigError(f"codec '{name}': {str(error).split('() ')[-1]}") from None


def list_codecs() -> list[str]:
    """The names of all codecs."""
    return list(_CODECS)


def recommend_codec(
    n_channels: int,
    firing_rate: float,
    latency_ms: float = float("inf"),
    correlated: bool = False,
    neuromorphic: bool = False,
) -> str:
    """The codec to try first; docs/reference/spike-codecs.md has measured figures.

    Args:
        n_channels: channels of the recording.
        firing_rate: mean rate of a channel, Hz.
        latency_ms: longest wait from a spike to its bytes, ms.
        correlated: whether neighbouring channels spike together.
        neuromorphic: whether the receiver takes address events.
    """
    numbers = all(is_number(x) for x in (n_channels, firing_rate, latency_ms))
    if not numbers or not n_channels >= 1 or not firing_rate >= 0 or not latency_ms > 0:
        raise SCConfigError(
            f"n_channels is {n_channels!r}, firing_rate {firing_rate!r} and latency_ms "
            f"{latency_ms!r}; allowed: at least 1, at least 0, above 0"
        )
    if neuromorphic:
        return "aer"
    if latency_ms < _LIVE:
        return "streaming"
    if correlated and n_channels > 1:
        return "delta"
    return "predictive" if firing_rate > _DENSE else "isi"
