"""From a model to a bundle: compiled, verified, synthesised, and reported."""

from __future__ import annotations

from sc_neurocore._svg import standalone
from sc_neurocore.build._blocks import (
    BlockArea,
    BlockMutant,
    BlockReport,
    BlockRun,
    cosimulate_block,
    implement_block,
    refute_block,
    verify_block,
)
from sc_neurocore.build._build import Build, build, compile_source
from sc_neurocore.build._bundle import Bundle, BundleError, check_output, load_bundle
from sc_neurocore.build._cosim import (
    Cosimulation,
    Mismatch,
    Stimulus,
    cosimulate,
    make_stimulus,
    require_agreement,
)
from sc_neurocore.build._fidelity import (
    Fidelity,
    measure_fidelity,
    raw_inputs,
)
from sc_neurocore.build._options import BuildOptions, hardware_options
from sc_neurocore.build._page import render_page
from sc_neurocore.build._plot import StateTrace, Traces, rate_plot, trace_plot
from sc_neurocore.build._report import RUNGS
from sc_neurocore.build._source import Drive, Source, document_of_equations, source_of
from sc_neurocore.build._verify import Verification, verify_bundle

__all__ = [
    "RUNGS",
    "BlockArea",
    "BlockMutant",
    "BlockReport",
    "BlockRun",
    "Build",
    "BuildOptions",
    "Bundle",
    "BundleError",
    "Cosimulation",
    "Drive",
    "Fidelity",
    "Mismatch",
    "Source",
    "StateTrace",
    "Stimulus",
    "Traces",
    "Verification",
    "build",
    "check_output",
    "compile_source",
    "cosimulate",
    "cosimulate_block",
    "document_of_equations",
    "hardware_options",
    "implement_block",
    "load_bundle",
    "make_stimulus",
    "measure_fidelity",
    "rate_plot",
    "raw_inputs",
    "refute_block",
    "render_page",
    "require_agreement",
    "source_of",
    "standalone",
    "trace_plot",
    "verify_block",
    "verify_bundle",
]
