"""A simulated network as files of Verilog, without running any tool."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sc_neurocore.build._bundle import write_files, writing
from sc_neurocore.build.network._compile import NetworkCompilationResult, compile_network_to_fpga
from sc_neurocore.network import Network
from sc_neurocore.nir_bridge import from_nir


def export_verilog(
    network: Network, output_dir: str | Path, target: str = "ice40-hx8k", **options: Any
) -> NetworkCompilationResult:
    """Write the engine of a network of leaky integrate-and-fire neurons.

    The way is that of a NIR file: `Network.to_nir`, quantisation, an engine of one input and one
    output. Its ticks are Euler's, in integers. Nothing is proven or simulated; `build_network`
    climbs that ladder.

    Args:
        network: of one source or stimulus and one output; see `Network.to_nir`.
        output_dir: directory that does not exist yet, or is empty; written whole or not at all.
        target: device that the folding is chosen for.
        **options: as `compile_network_to_fpga` takes them; ``coding`` is ``events`` by default.

    Returns:
        What was written, its formats, and in ``warnings`` what quantisation changed.

    Raises:
        SCConfigError: the network holds what NIR or the engine has not, or the place is taken.
        SCCompilerError: the network does not fit the target.
        SCDependencyError: nir is not installed.
    """
    path = Path(output_dir)
    with writing(path) as scratch:
        graph = from_nir(network.to_nir())
        compiled = compile_network_to_fpga(graph, target=target, **{"coding": "events"} | options)
        write_files(scratch, compiled.sources)
    return compiled
