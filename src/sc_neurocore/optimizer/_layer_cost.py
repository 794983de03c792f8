"""Area of many parallel stochastic layers at once: `cost.predict_block`, on arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.cost import SWITCHING_FACTOR, BlockShape, predict_block
from sc_neurocore.cost._block_features import block_features
from sc_neurocore.cost._blocks import block_models
from sc_neurocore.cost._model import quantile

Reals = NDArray[np.float64]
#: Share of layers whose area the intervals are made to cover.
CONFIDENCE = 0.9
#: How many times the largest of its records a structural model is followed to.
REACH = 4.0


@dataclass(frozen=True, eq=False)
class Areas:
    """Counts of several layers, each with its interval.

    Attributes:
        value: middle.
        low: lower end.
        high: upper end.
        extrapolates: whether the model was asked beyond what it was fitted to.
        far: whether by more than `REACH` times, or for what it never saw at all.
        median_error: of the model, relative, on layers it was not fitted to.
        p90_error: 90th percentile of it.
    """

    value: Reals
    low: Reals
    high: Reals
    extrapolates: NDArray[np.bool_]
    far: NDArray[np.bool_]
    median_error: float
    p90_error: float


def layer_areas(
    shapes: Sequence[BlockShape], family: str, metrics: Sequence[str]
) -> tuple[Areas, ...]:
    """Predict metrics of several layers, one `Areas` for each metric.

    Raises:
        SCConfigError: the model has none of the family.
    """
    for metric in metrics:
        predict_block(shapes[0], family, metric)  # says what is missing, if anything is
    rows = [block_features(shape) for shape in shapes]
    names = list(rows[0])
    features = np.array([[row[name] for name in names] for row in rows])
    found = []
    for metric in metrics:
        part = block_models()[shapes[0].kind, family, metric]
        value = features @ np.array([part.coefficients.get(name, 0.0) for name in names])
        reach = quantile(part.scores, CONFIDENCE) * np.maximum(value, 10.0)
        ends = np.array([part.ranges.get(name, (-np.inf, np.inf)) for name in names])
        outside = np.asarray(((features < ends[:, 0]) | (features > ends[:, 1])).any(axis=1))
        far = np.asarray((features > REACH * ends[:, 1]).any(axis=1))
        found.append(
            Areas(
                value, np.maximum(0.0, value - reach), value + reach, outside, far,
                part.median_error, part.p90_error,
            )
        )  # fmt: skip
    return tuple(found)


def how_good(family: str) -> str:
    """How far off the area model was on layers that it was not fitted to, and power may be."""
    part = block_models()["sc_layer", family, "luts"]
    return (
        f"LUTs of a layer on {family}, where estimated: median error {part.median_error:.1%}, "
        f"90th percentile {part.p90_error:.1%}, on layers that the model was not fitted to; power, "
        f"where estimated: to a factor of {SWITCHING_FACTOR}"
    )
