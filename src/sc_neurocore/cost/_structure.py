"""What a metric is made of: its structural features, and the inputs of the residual's process."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.cost._features import FEATURES, PATH_FEATURES, engine_features, path_features
from sc_neurocore.cost._shape import EngineShape

Reals = NDArray[np.float64]

#: Inputs of the residual's process: features that are added up, and their logarithm taken.
INPUTS = (
    ("lane adder bits", "lane choices"),
    ("lane products",),
    ("accumulator bits", "accumulators in registers"),
    ("masked weight bits", "weight tree bits"),
    ("stream bits", "stream tree bits"),
    ("weight address bits", "plane address bits"),
    ("flip-flop memory bits", "memory cells", "constant bits"),
    ("rate lanes", "direct lanes"),
    ("class counts", "membrane bits"),
    ("layer",),
    ("merged bits",),
)
#: Flip-flops are counted register by register; what is left goes to the process.
FLIP_FLOPS = ("registers", "layer")
_FLIP_FLOPS = [FEATURES.index(name) for name in FLIP_FLOPS]
_COLUMNS = [[FEATURES.index(name) for name in names] for names in INPUTS]


def names_of(metric: str) -> tuple[str, ...]:
    """Names of a metric's structural features."""
    return {"fmax_mhz": PATH_FEATURES, "ffs": FLIP_FLOPS}.get(metric, FEATURES)


def structure(shapes: Sequence[EngineShape], family: str, metric: str) -> tuple[Reals, Reals]:
    """Structural features of engines, and inputs of the process that are not yet standardised."""
    if metric == "fmax_mhz":
        found = path_features(shapes, family)
        return found, np.log1p(found[:, 1:])
    values = engine_features(shapes, family).values
    inputs = np.stack([np.log1p(values[:, c].sum(axis=1)) for c in _COLUMNS], axis=1)
    return values[:, _FLIP_FLOPS] if metric == "ffs" else values, inputs


def to_cost(metric: str, values: Reals) -> Reals:
    """Figures as what the structure adds up to: the clock becomes its period in ns."""
    return 1000.0 / values if metric == "fmax_mhz" else values
