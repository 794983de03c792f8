"""From a model to a bundle: compiled, verified, synthesised, and reported."""

from __future__ import annotations

from sc_neurocore.build._fidelity import Fidelity, measure_fidelity
from sc_neurocore.build._options import BuildOptions, hardware_options
from sc_neurocore.build._page import render_page
from sc_neurocore.build._plot import StateTrace, Traces, rate_plot, standalone, trace_plot
from sc_neurocore.build._source import Drive, Source, document_of_equations, source_of

__all__ = [
    "BuildOptions",
    "Drive",
    "Fidelity",
    "Source",
    "StateTrace",
    "Traces",
    "document_of_equations",
    "hardware_options",
    "measure_fidelity",
    "rate_plot",
    "render_page",
    "source_of",
    "standalone",
    "trace_plot",
]
