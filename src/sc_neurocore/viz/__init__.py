"""Pictures of runs: rasters, traces, rates, correlograms, weights and networks.

Every function draws into ``ax=`` or into a figure of its own, and returns the axes. It touches no
state of ``matplotlib.pyplot`` and needs no screen; `save` writes the same bytes every time.
"""

from __future__ import annotations

from sc_neurocore.viz._axes import save
from sc_neurocore.viz._network import network_graph, weight_matrix
from sc_neurocore.viz._population import (
    firing_rate_plot,
    population_activity,
    raster_plot,
    spike_train_comparison,
)
from sc_neurocore.viz._sources import Spikes, SpikeSource, TraceSource
from sc_neurocore.viz._states import phase_portrait, voltage_trace
from sc_neurocore.viz._train import (
    cross_correlogram,
    instantaneous_rate_plot,
    isi_histogram,
    psd_plot,
)
from sc_neurocore.viz._web import WebVisualizer

__all__ = [
    "SpikeSource",
    "Spikes",
    "TraceSource",
    "WebVisualizer",
    "cross_correlogram",
    "firing_rate_plot",
    "instantaneous_rate_plot",
    "isi_histogram",
    "network_graph",
    "phase_portrait",
    "population_activity",
    "psd_plot",
    "raster_plot",
    "save",
    "spike_train_comparison",
    "voltage_trace",
    "weight_matrix",
]
