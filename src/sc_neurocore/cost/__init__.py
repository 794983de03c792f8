"""What an engine costs in cells and clock, predicted from this project's own synthesis records."""

from __future__ import annotations

from sc_neurocore.cost._blocks import predict_block
from sc_neurocore.cost._data import FAMILIES, METRICS
from sc_neurocore.cost._memory import BLOCK_RAMS
from sc_neurocore.cost._model import (
    CostModel,
    Observation,
    Prediction,
    Predictions,
    cost_model,
    layer_luts,
    predict,
    predict_many,
)
from sc_neurocore.cost._shape import BlockShape, EngineShape, LayerShape
from sc_neurocore.cost._shares import layer_brams, shared_brams
from sc_neurocore.cost._switching import (
    CLOCK_CAPACITANCE,
    CORE_VOLTAGE,
    NET_CAPACITANCE,
    SWITCHING_FACTOR,
)

__all__ = [
    "BLOCK_RAMS",
    "CLOCK_CAPACITANCE",
    "CORE_VOLTAGE",
    "FAMILIES",
    "METRICS",
    "NET_CAPACITANCE",
    "SWITCHING_FACTOR",
    "BlockShape",
    "CostModel",
    "EngineShape",
    "LayerShape",
    "Observation",
    "Prediction",
    "Predictions",
    "cost_model",
    "layer_brams",
    "layer_luts",
    "predict",
    "predict_block",
    "predict_many",
    "shared_brams",
]
