"""Levels that reach a block's corners: densities of ones that change, and both extremes."""

from __future__ import annotations

import numpy as np

from sc_neurocore.hdl.blocks._block import Levels, Stimulus

#: Lengths of segments: short enough to mix, long enough to fill every counter.
_SEGMENTS = (16, 64, 512)


def bits(rng: np.random.Generator, ticks: int) -> Levels:
    """A stream in segments: of ones, of zeros, or of random bits of a random density."""
    count = 1 + ticks // min(_SEGMENTS)
    density = rng.choice([0.0, 1.0, 0.5, 0.02, 0.98], count)
    density = np.where(rng.random(count) < 0.5, rng.random(count), density)
    density = np.repeat(density, rng.choice(_SEGMENTS, count))[:ticks]
    return (rng.random(ticks) < density).astype(np.int64)


def lanes(rng: np.random.Generator, ticks: int, count: int) -> Levels:
    """``count`` streams side by side, one per bit; in some ticks all are one, or all zero."""
    streams = (bits(rng, ticks) << i for i in range(count))
    levels = np.sum(list(streams), axis=0, dtype=np.int64)
    alike = rng.random(ticks)
    return np.select([alike < 0.05, alike > 0.95], [0, (1 << count) - 1], levels)


def numbers(rng: np.random.Generator, ticks: int, low: int, high: int) -> Levels:
    """Numbers from ``low`` to ``high``: every fourth is at an end or one off."""
    ends = rng.choice([low, min(low + 1, high), max(high - 1, low), high], ticks)
    return np.where(rng.random(ticks) < 0.25, ends, rng.integers(low, high + 1, ticks))


def streams(*names: str) -> Stimulus:
    """Stimulus of inputs that are streams."""
    return lambda rng, ticks: {name: bits(rng, ticks) for name in names}


def nothing(rng: np.random.Generator, ticks: int) -> dict[str, Levels]:
    """Stimulus of a block without inputs."""
    return {}
