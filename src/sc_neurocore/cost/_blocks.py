"""Estimates of blocks, fitted to their measured sizes."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.cost._block_features import block_features
from sc_neurocore.cost._digest import read_document
from sc_neurocore.cost._model import Prediction, quantile
from sc_neurocore.cost._shape import BlockShape
from sc_neurocore.exceptions import SCConfigError

Reals = NDArray[np.float64]
BLOCK_FORMAT = 1


@dataclass(frozen=True, eq=False)
class BlockPart:
    """One figure of one kind of block on one family.

    Attributes:
        coefficients: cost of each feature.
        scores: sorted absolute errors of cross-validation, in units of the larger of the
            prediction and 10.
        median_error: of rows that were left out.
        p90_error: of rows that were left out.
        ranges: least and largest of the numbers it was fitted to.
    """

    coefficients: Mapping[str, float]
    scores: Reals
    median_error: float
    p90_error: float
    ranges: Mapping[str, tuple[float, float]]

    def value(self, features: Mapping[str, float]) -> float:
        """The estimate."""
        return sum(c * features.get(name, 0.0) for name, c in self.coefficients.items())


def predict_block(
    shape: BlockShape, family: str, metric: str, *, confidence: float = 0.9
) -> Prediction:
    """Estimate one figure of a block of the library, or of a parallel stochastic layer.

    A layer is the kind ``sc_layer`` with the parameters ``mac_count``, ``bitstream_length``,
    ``precision_bits``, ``decorrelator`` (``none``, ``shared``, ``delay``, ``shuffle``,
    ``tracking``) and ``polynomial`` (exponents of the shift registers' feedback, the constant left
    out, such as ``16,14,13,11``). Other kinds are modules of the library with their parameters.

    Args:
        shape: the block.
        family: of the device.
        metric: ``luts``, ``ffs``, ``brams`` or ``dsps``.
        confidence: of the interval.

    Raises:
        SCConfigError: there is no model of the kind, family and metric, or a parameter is wrong.
    """
    parts = block_models()
    part = parts.get((shape.kind, family, metric))
    if part is None:
        kinds = sorted({kind for kind, _, _ in parts})
        there = sorted({f"{m} of {f}" for kind, f, m in parts if kind == shape.kind})
        if not there:
            raise SCConfigError(
                f"no block '{shape.kind}' was measured; there are: {', '.join(kinds)}"
            )
        raise SCConfigError(
            f"{metric!r} of block '{shape.kind}' was not measured on family {family!r}; there is: "
            f"{', '.join(there)}"
        )
    features = block_features(shape)
    value = part.value(features)
    reach = quantile(part.scores, confidence) * max(value, 10.0)
    outside = tuple(
        name
        for name, (low, high) in sorted(part.ranges.items())
        if not low <= features.get(name, low) <= high
    )
    return Prediction(
        value, max(0.0, value - reach), value + reach, confidence, part.median_error,
        part.p90_error, outside,
    )  # fmt: skip


def read_blocks_model(text: str, blocks: str) -> dict[tuple[str, str, str], BlockPart]:
    """Models of blocks from their two files.

    Raises:
        SCConfigError: a file is damaged, or they do not belong together.
    """
    document = read_document(text, "model of blocks", BLOCK_FORMAT, blocks)
    return {
        (e["kind"], e["family"], e["metric"]): BlockPart(
            e["coefficients"], np.array(e["scores"]), e["median_error"], e["p90_error"],
            {name: (low, high) for name, (low, high) in e["ranges"].items()},
        )
        for e in document["parts"]
    }  # fmt: skip


@functools.cache
def block_models() -> dict[tuple[str, str, str], BlockPart]:
    """The models of blocks that are shipped."""
    folder = files("sc_neurocore.cost") / "data"
    return read_blocks_model(
        (folder / "blocks.json").read_text("utf-8"), (folder / "blocks.csv").read_text("utf-8")
    )
