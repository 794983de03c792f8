"""From a trained network to a verified classifier: the ladder of `sc-neurocore build NET.nir`."""

from __future__ import annotations

from sc_neurocore.build.network._build import build_network
from sc_neurocore.build.network._bundle import holds_network
from sc_neurocore.build.network._compile import (
    NetworkCompilationResult,
    compile_network_to_fpga,
)
from sc_neurocore.build.network._configuration import (
    Configuration,
    LayerConfiguration,
    read_configuration,
)
from sc_neurocore.build.network._export import export_verilog
from sc_neurocore.build.network._ladder import RUNGS
from sc_neurocore.build.network._options import NetworkOptions
from sc_neurocore.build.network._page import microjoules, render_network_page, share
from sc_neurocore.build.network._plot import (
    AreaPoint,
    LengthPoint,
    area_plot,
    confusion_plot,
    ladder_plot,
    length_plot,
)
from sc_neurocore.build.network._proportion import Proportion, accuracy_of, confusion_matrix
from sc_neurocore.build.network._reopen import LiveBundle, open_live_bundle
from sc_neurocore.build.network._samples import Samples, find_samples
from sc_neurocore.build.network._source import NetworkSource, read_network
from sc_neurocore.build.network._switching import Energy, Toggles, count_toggles, estimate_energy
from sc_neurocore.build.network._verify import NetworkVerification, verify_network

__all__ = [
    "RUNGS",
    "AreaPoint",
    "Configuration",
    "Energy",
    "LayerConfiguration",
    "LengthPoint",
    "LiveBundle",
    "NetworkCompilationResult",
    "NetworkOptions",
    "NetworkSource",
    "NetworkVerification",
    "Proportion",
    "Samples",
    "Toggles",
    "accuracy_of",
    "area_plot",
    "build_network",
    "compile_network_to_fpga",
    "confusion_matrix",
    "confusion_plot",
    "count_toggles",
    "estimate_energy",
    "export_verilog",
    "find_samples",
    "holds_network",
    "ladder_plot",
    "length_plot",
    "microjoules",
    "open_live_bundle",
    "read_configuration",
    "read_network",
    "render_network_page",
    "share",
    "verify_network",
]
