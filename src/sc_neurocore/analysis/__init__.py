"""Spike statistics behind one documented set of names, over the libraries of the field."""

from __future__ import annotations

from sc_neurocore.analysis import spike_stats
from sc_neurocore.analysis.phi_estimation import phi_from_spike_trains, phi_star
from sc_neurocore.analysis.spike_stats import *  # noqa: F403 the names are curated there

__all__ = ["phi_from_spike_trains", "phi_star"]
__all__ += spike_stats.__all__
