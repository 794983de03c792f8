"""What a layer loses when its streams are made shorter, measured."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from sc_neurocore.bitstream import NumpyRandom, Sharing, sc_dense
from sc_neurocore.bitstream._require import require_whole
from sc_neurocore.compiler.adaptive_precision._require import (
    Numbers,
    require_layers,
)
from sc_neurocore.exceptions import SCConfigError

#: Lengths between which the loss is measured, if none are given.
_LADDER = (32, 64, 128, 256, 512, 1024)
_LONGEST = 1 << 20
#: Bits of streams of a layer at one length, and how many draws there are at least.
_BITS, _LEAST_DRAWS = 1 << 32, 4


def analyze_sensitivity(
    layer_weights: Sequence[ArrayLike],
    lengths: Sequence[int] | None = None,
    n_trials: int = 100,
    seed: int = 42,
) -> list[float]:
    """Measure how much more the outputs of each layer err with the shortest streams.

    Real streams of random bits are multiplied and counted, for inputs drawn from 0 to 1. Weights
    are coded by sign and magnitude, so negative ones are not clipped.

    Args:
        layer_weights: ``(outputs, inputs)`` or ``(inputs,)`` per layer, finite.
        lengths: candidate lengths, at least two different ones; 32 to 1024 if None.
        n_trials: input vectors per layer, at least 1.
        seed: of inputs and streams; the same seed gives the same result.

    Returns:
        Per layer the root mean square error of outputs at the shortest length less that at the
        longest, at least 0, the largest weight of the layer being 1.

    Raises:
        SCConfigError: an argument out of range.
    """
    layers = require_layers(layer_weights, None)
    ladder = _LADDER if lengths is None else _require_lengths(lengths)
    trials = require_whole("n_trials", n_trials, 1)
    key = require_whole("seed", seed, 0, 2**64 - 1)
    found = []
    for i, layer in enumerate(layers):
        if not layer.scale:
            found.append(0.0)
            continue
        weights = layer.weights / layer.scale
        inputs = np.random.default_rng([key, i]).random((trials, layer.fan_in))
        # Every trial has streams of its own, unless they were more bits than is worth it.
        draws = min(trials, max(_LEAST_DRAWS, _BITS // (weights.size * max(ladder))))
        parts = np.array_split(inputs, draws)
        first = (key << 16) + i
        short, long = (_rms(weights, parts, n, first) for n in (min(ladder), max(ladder)))
        found.append(max(0.0, short - long))
    return found


def _require_lengths(lengths: Sequence[int]) -> list[int]:
    if not hasattr(lengths, "__len__") or not len(lengths):
        raise SCConfigError("lengths is empty; give at least two candidate lengths")
    found = [require_whole(f"lengths[{i}]", n, 1, _LONGEST) for i, n in enumerate(lengths)]
    if len(set(found)) < 2:
        raise SCConfigError(
            f"lengths has only {found[0]}; a loss is measured between two different lengths"
        )
    return found


def _rms(weights: Numbers, parts: Sequence[Numbers], length: int, first: int) -> float:
    """Root mean square error of the outputs; each part of the inputs has its own streams."""
    count = weights.shape[1]
    both = ((1, np.maximum(weights, 0)), (-1, np.maximum(-weights, 0)))
    signs = [(sign, part) for sign, part in both if part.any()]
    total = size = 0.0
    for draw, inputs in enumerate(parts):
        key = ((first << 20) + draw) << 24
        own = [NumpyRandom(key + k) for k in range(2 * count)]
        sharing = Sharing(tuple(own[:count]), (tuple(own[count:]),))
        estimate = sum(
            sign * sc_dense(part, inputs, length=length, sharing=sharing, method="bits")
            for sign, part in signs
        )
        error = np.asarray(estimate) - inputs @ weights.T
        total += float(np.square(error).sum())
        size += error.size
    return math.sqrt(total / size)
