"""Spikes as the errors of a predictor that both ends run."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.spike_codec._codec import Body, Codec
from sc_neurocore.spike_codec._isi import (
    decode_intervals,
    encode_intervals,
    intervals_of,
    require_entropy,
)
from sc_neurocore.spike_codec._raster import Raster
from sc_neurocore.spike_codec._require import is_number, require_whole
from sc_neurocore.spike_codec._stream import CorruptStreamError, Opened

Predictor = Literal["ema", "lfsr", "context", "world_model"]
PREDICTORS: tuple[Predictor, ...] = ("ema", "lfsr", "context", "world_model")
_MOST_CONTEXT = 16


class PredictiveSpikeCodec(Codec):
    """Predicts every channel's next tick, codes where that was wrong, and learns from what was.

    Predictors, each of one channel from its own past:

    * ``ema``: a spike, if the exponential moving average of spikes is above ``threshold``.
    * ``lfsr``: 256 times the same average in Q8.8, compared with the upper byte of a 16-bit LFSR
      (taps 15, 13, 12, 10; one step for every channel and tick): integers, as in hardware.
    * ``context``: what followed more often after the same last ``context_bits`` ticks.
    * ``world_model``: a linear function of the last ``context_bits`` ticks and of the share of all
      channels that spiked in the last one, fitted as it goes (LMS, Widrow and Hoff 1960).

    All use only additions, products and comparisons, so every machine decodes alike; a stream
    nevertheless holds a check of the raster.

    Args:
        alpha: share of a new tick in the average of ``ema``, and the step of ``world_model``.
        threshold: of ``ema`` and ``world_model``.
        predictor: one of the above.
        alpha_q8: share of a new tick in the average of ``lfsr``, in 1/256, 1 to 256.
        seed: of the LFSR, 1 to 65535.
        context_bits: ticks of the past, 1 to 16.
        entropy: as in `SpikeCodec`.
    """

    name, number, parameters = "predictive", 3, 6

    def __init__(
        self, alpha: float = 0.005, threshold: float = 0.5, predictor: str = "context",
        alpha_q8: int = 1, seed: int = 0xACE1, context_bits: int = 8, entropy: str = "auto",
    ) -> None:  # fmt: skip
        if predictor not in PREDICTORS:
            raise SCConfigError(
                f"predictor is {predictor!r}; allowed: {', '.join(map(repr, PREDICTORS))}"
            )
        self.kind = PREDICTORS.index(predictor)
        for label, value in (("alpha", alpha), ("threshold", threshold)):
            if not is_number(value) or not 0 < value < 1:
                raise SCConfigError(f"{label} is {value!r}; it lies between 0 and 1")
        self.alpha, self.threshold = float(alpha), float(threshold)
        self.alpha_q8 = require_whole("alpha_q8", alpha_q8, 1, 256)
        self.seed = require_whole("seed", seed, 1, 65535)
        self.context_bits = require_whole("context_bits", context_bits, 1, _MOST_CONTEXT)
        self.entropy = require_entropy(entropy)

    def _encode(self, raster: Raster) -> Body:
        errors = self._through(raster, decoding=False)
        alpha, threshold = struct.unpack("<QQ", struct.pack("<dd", self.alpha, self.threshold))
        parameters = (self.kind, alpha, threshold, self.alpha_q8, self.seed, self.context_bits)
        return Body(parameters, encode_intervals(errors, self.entropy))

    def _decode(self, opened: Opened) -> Raster:
        kind, alpha, threshold, alpha_q8, seed, context_bits = opened.parameters
        step, level = struct.unpack("<dd", struct.pack("<QQ", alpha, threshold))
        try:
            decoder = PredictiveSpikeCodec(
                step, level, PREDICTORS[kind] if kind < len(PREDICTORS) else "", alpha_q8, seed,
                context_bits,
            )  # fmt: skip
        except SCConfigError as error:
            raise CorruptStreamError(f"the stream has no such predictor: {error}") from None
        errors = decode_intervals(opened.payload, opened.ticks, opened.neurons)
        return decoder._through(errors, decoding=True)

    def _through(self, given: Raster, *, decoding: bool) -> Raster:
        """The raster's exclusive or with its prediction, or the way back."""
        from sc_neurocore.spike_codec import _predictors

        out = np.zeros_like(given)
        if not given.size:
            return out
        if self.kind == 2:
            # No tick has more of a past than there are ticks.
            bits = min(self.context_bits, len(given))
            _predictors.context(intervals_of(given), out, decoding, bits)
            return out
        kernels: dict[int, tuple[Callable[..., Any], tuple[Any, ...]]] = {
            0: (_predictors.ema, (self.alpha, self.threshold)),
            1: (_predictors.lfsr, (self.alpha_q8, self.seed)),
            3: (_predictors.world_model, (self.context_bits, self.alpha, self.threshold)),
        }
        kernel, options = kernels[self.kind]
        kernel(given, out, decoding, *options)
        return out
