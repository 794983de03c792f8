"""From a trained network to a verified classifier: the ladder of `sc-neurocore build NET.nir`."""

from __future__ import annotations

from sc_neurocore.build.network._ladder import RUNGS
from sc_neurocore.build.network._page import render_network_page, share
from sc_neurocore.build.network._plot import (
    AreaPoint,
    LengthPoint,
    area_plot,
    confusion_plot,
    ladder_plot,
    length_plot,
)
from sc_neurocore.build.network._proportion import Proportion, accuracy_of, confusion_matrix
from sc_neurocore.build.network._switching import Energy, Toggles, count_toggles, estimate_energy

__all__ = [
    "RUNGS",
    "AreaPoint",
    "Energy",
    "LengthPoint",
    "Proportion",
    "Toggles",
    "accuracy_of",
    "area_plot",
    "confusion_matrix",
    "confusion_plot",
    "count_toggles",
    "estimate_energy",
    "ladder_plot",
    "length_plot",
    "render_network_page",
    "share",
]
