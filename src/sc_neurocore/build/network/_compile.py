"""From a network to Verilog in one call, without running any tool."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from numpy.typing import ArrayLike

from sc_neurocore.accelerator import (
    Coding,
    Folding,
    IntegerNetwork,
    Quantisation,
    choose_foldings,
    quantise,
    write_accelerator,
)
from sc_neurocore.compiler._identifiers import check_module_name
from sc_neurocore.exceptions import SCCompilerError
from sc_neurocore.ir import Graph
from sc_neurocore.nir_bridge import SCNetwork, from_nir
from sc_neurocore.toolchain import get_target


@dataclass(frozen=True, eq=False)
class NetworkCompilationResult:
    """Everything that compiling a network gives.

    Attributes:
        module_name: the top module.
        top_module: its Verilog.
        neuron_modules: Verilog of each layer's neuron, by layer.
        weight_rom: contents of each layer's weight memory, by layer, as ``$readmemh`` reads it.
        sources: every file by name: the above, the engine and the library modules it uses.
        total_neurons: neurons of all layers.
        total_synapses: weights of all layers.
        q_format: formats of the states, by layer.
        interconnect: ``aer``: layers exchange events.
        foldings: how much of each layer works at once.
        network: the integers that the hardware computes.
        warnings: what quantisation changed that a user should know.
    """

    module_name: str
    top_module: str
    neuron_modules: Mapping[str, str]
    weight_rom: Mapping[str, str]
    sources: Mapping[str, str]
    total_neurons: int
    total_synapses: int
    q_format: Mapping[str, str]
    interconnect: str
    foldings: tuple[Folding, ...]
    network: IntegerNetwork
    warnings: tuple[str, ...]


def compile_network_to_fpga(
    graph: SCNetwork | Graph | Path | str,
    module_name: str | None = None,
    *,
    data_width: int = 6,
    fraction: int | None = None,
    bitstream_length: int | None = None,
    ticks: int = 16,
    coding: Coding = "rate",
    input_bits: int = 4,
    target: str = "ice40-hx8k",
    calibration: ArrayLike | None = None,
) -> NetworkCompilationResult:
    """Compile a network to synthesisable Verilog.

    Args:
        graph: a network, its graph, or the path of a NIR file.
        module_name: name of the top module; default the network's.
        data_width: bits of a weight, 2 to 16.
        fraction: binary places of the states; ``None`` chooses them from the leak.
        bitstream_length: stream clocks per tick, a power of two from 2 on; ``None`` for fixed
            point.
        ticks: ticks of an inference.
        coding: ``rate``, ``direct`` or ``events``.
        input_bits: input levels are 0 to 2**input_bits.
        target: device that the folding is chosen for.
        calibration: samples that formats are fitted to; without them no input can saturate.

    Raises:
        SCConfigError: an option is not allowed, or the network has what no engine has.
        SCCompilerError: the weights do not fit the target, or the name is no identifier.
    """
    network = graph if isinstance(graph, SCNetwork) else from_nir(graph)
    options = Quantisation(
        bits=data_width,
        backend="fixed" if bitstream_length is None else "stochastic",
        length=16 if bitstream_length is None else bitstream_length,
        fraction=fraction,
        ticks=ticks,
        coding=coding,
        input_bits=input_bits,
    )
    integers = quantise(network.normal, network.assumptions, options, calibration=calibration)
    if module_name is not None:
        check_module_name(module_name)
        integers = replace(integers, name=module_name)
    plan = choose_foldings(integers, get_target(target))
    if not plan.fits:
        raise SCCompilerError(plan.verdict)
    rtl = write_accelerator(integers, plan.foldings)
    modules = dict(zip((layer.name for layer in integers.layers), rtl.modules, strict=True))
    return NetworkCompilationResult(
        module_name=rtl.top,
        top_module=rtl.sources[f"{rtl.top}.sv"],
        neuron_modules=MappingProxyType(
            {name: rtl.sources[f"{module}_lane.sv"] for name, module in modules.items()}
        ),
        weight_rom=MappingProxyType(
            {name: rtl.sources[f"{module}_weights.hex"] for name, module in modules.items()}
        ),
        sources=MappingProxyType(dict(rtl.sources)),
        total_neurons=sum(layer.size for layer in integers.layers),
        total_synapses=integers.synapses,
        q_format=MappingProxyType(
            {
                layer.name: ", ".join(str(p.format) for p in layer.datapath.states)
                for layer in integers.layers
            }
        ),
        interconnect="aer",
        foldings=plan.foldings,
        network=integers,
        warnings=integers.notices,
    )
