"""Block RAMs that add up: of each layer, and of what the layers of an engine share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sc_neurocore.cost._features import LAYER_FEATURES, Reals, engine_features, layer_features
from sc_neurocore.cost._shape import EngineShape, LayerShape


def layer_brams(shapes: Sequence[LayerShape], family: str) -> Reals:
    """Block RAMs of layers, by the rules of memory mapping, which need no fitted model.

    Args:
        shapes: the layers.
        family: one of `BLOCK_RAMS`.

    Raises:
        SCConfigError: the family has no known block RAM.
    """
    return layer_features(shapes, family)[:, LAYER_FEATURES.index("block RAMs")]


def shared_brams(shapes: Sequence[EngineShape], family: str) -> Reals:
    """Block RAMs of engines besides their layers; arguments and errors as of `layer_brams`."""
    return engine_features(shapes, family).blocks - _summed(
        layer_brams(_layers(shapes), family), shapes
    )


def _layers(shapes: Sequence[EngineShape]) -> list[LayerShape]:
    return [layer for shape in shapes for layer in shape.layers]


def _summed(values: Reals, shapes: Sequence[EngineShape]) -> Reals:
    """Values of all layers, added up by engine."""
    owner = np.repeat(np.arange(len(shapes)), [len(s.layers) for s in shapes])
    return np.asarray(np.bincount(owner, values, len(shapes)), np.float64)
