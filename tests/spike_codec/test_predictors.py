"""The predictors, one neuron and tick at a time, as the documentation defines them."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from sc_neurocore.spike_codec import PredictiveSpikeCodec


def ema(raster: np.ndarray, codec: PredictiveSpikeCodec) -> np.ndarray:
    errors, rate = raster.copy(), [0.0] * raster.shape[1]
    for t, n in np.ndindex(*raster.shape):
        errors[t, n] ^= rate[n] > codec.threshold
        rate[n] += codec.alpha * (int(raster[t, n]) - rate[n])
    return errors


def context(raster: np.ndarray, codec: PredictiveSpikeCodec) -> np.ndarray:
    errors, seen = raster.copy(), Counter[tuple[int, tuple[int, ...], int]]()
    for t, n in np.ndindex(*raster.shape):
        past = tuple(raster[t - k, n] if k <= t else 0 for k in range(1, codec.context_bits + 1))
        errors[t, n] ^= seen[n, past, 1] > seen[n, past, 0]
        seen[n, past, int(raster[t, n])] += 1
    return errors


def world_model(raster: np.ndarray, codec: PredictiveSpikeCodec) -> np.ndarray:
    errors, taps = raster.copy(), codec.context_bits
    neurons = raster.shape[1]
    weight = [[0.0] * (taps + 2) for _ in range(neurons)]
    for t, n in np.ndindex(*raster.shape):
        past = [float(raster[t - k, n]) if k <= t else 0.0 for k in range(1, taps + 1)]
        past += [int(raster[t - 1].sum()) / neurons if t else 0.0, 1.0]
        guess = 0.0
        for w, x in zip(weight[n], past, strict=True):
            guess += w * x
        errors[t, n] ^= guess > codec.threshold
        step = codec.alpha * (int(raster[t, n]) - guess)
        weight[n] = [w + step * x for w, x in zip(weight[n], past, strict=True)]
    return errors


@pytest.mark.parametrize("density", [0.05, 0.6])
@pytest.mark.parametrize(
    ("definition", "options"),
    [
        (ema, {"alpha": 0.2, "threshold": 0.3}),
        (context, {"context_bits": 3}),
        (context, {"context_bits": 16}),
        (world_model, {"context_bits": 4, "alpha": 0.1, "threshold": 0.4}),
        (world_model, {"context_bits": 1, "alpha": 0.3}),
    ],
)
def test_errors_are_those_of_the_definition(
    definition: object, options: dict[str, float], density: float
) -> None:
    assert callable(definition)
    codec = PredictiveSpikeCodec(predictor=definition.__name__, **options)  # type: ignore[arg-type]
    raster = (np.random.default_rng(6).random((150, 5)) < density).astype(np.uint8)
    raster[40:] |= raster[:-40] & (np.arange(110) % 4 == 0)[:, None]
    errors = codec._through(raster, decoding=False)
    expected = definition(raster, codec)
    assert expected.sum() > 0 and (errors == expected).all()
    assert (codec._through(errors, decoding=True) == raster).all()
