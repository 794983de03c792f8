"""Torch cells of the same equations, surrogate gradients, quantisation-aware layers, a trainer."""

from __future__ import annotations

from sc_neurocore.exceptions import SCDependencyError

try:
    import torch  # noqa: F401
except ImportError:
    raise SCDependencyError(
        "training needs torch; install it with: pip install 'sc-neurocore[training]'"
    ) from None

from sc_neurocore.training._cell import Cell, CellState
from sc_neurocore.training._eprop import EpropGradient, EpropTrainer
from sc_neurocore.training._export import to_nir
from sc_neurocore.training._fit import Fit, TrainingOptions, accuracy, fit, predict
from sc_neurocore.training._kinds import cuba_model, lif_model
from sc_neurocore.training._online import OnlineLIFLayer, OnlineTrainer
from sc_neurocore.training._quantised import QuantConv2d, QuantLinear
from sc_neurocore.training._stochastic import (
    StochasticConv2d,
    StochasticLinear,
    effective_weights,
)
from sc_neurocore.training.encoding import InputCoding, direct_code, rate_code
from sc_neurocore.training.losses import membrane_loss, spike_count_loss, spike_l1_loss
from sc_neurocore.training.snn_modules import (
    Activity,
    FeedForward,
    IFCell,
    LICell,
    LIFCell,
    SpikingNet,
    SynapticCell,
)
from sc_neurocore.training.surrogate import (
    atan_surrogate,
    fast_sigmoid,
    sigmoid_surrogate,
    straight_through,
    triangular,
)

__all__ = [
    "Activity",
    "Cell",
    "CellState",
    "EpropGradient",
    "EpropTrainer",
    "FeedForward",
    "Fit",
    "IFCell",
    "InputCoding",
    "LICell",
    "LIFCell",
    "OnlineLIFLayer",
    "OnlineTrainer",
    "QuantConv2d",
    "QuantLinear",
    "SpikingNet",
    "StochasticConv2d",
    "StochasticLinear",
    "SynapticCell",
    "TrainingOptions",
    "accuracy",
    "atan_surrogate",
    "cuba_model",
    "direct_code",
    "effective_weights",
    "fast_sigmoid",
    "fit",
    "lif_model",
    "membrane_loss",
    "predict",
    "rate_code",
    "sigmoid_surrogate",
    "spike_count_loss",
    "spike_l1_loss",
    "straight_through",
    "to_nir",
    "triangular",
]
