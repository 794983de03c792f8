"""The engine on a device: its files, its area with and without encoder, its clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sc_neurocore.accelerator import (
    AcceleratorRtl,
    DeviceRtl,
    Folding,
    IntegerNetwork,
    write_accelerator,
    write_device,
)
from sc_neurocore.build._measure import BITSTREAM_SUFFIX
from sc_neurocore.build._options import DEFAULT_CLOCK, speed_family
from sc_neurocore.build.network._fit import Demand, require_fit
from sc_neurocore.build.network._options import NetworkOptions
from sc_neurocore.evidence import EvidenceStore, Record
from sc_neurocore.hdl import library_source, with_parameters
from sc_neurocore.toolchain import Target, implement, synthesise

Stage = Callable[[str], None]
_COUNTS = ("luts", "ffs", "carries", "brams", "dsps", "area_um2")
#: Modules inside the encoders.
_INSIDE = {
    "sc_rate_encoder": ("sc_level_scan", "sc_sobol", "sc_comparator"),
    "sc_direct_encoder": ("sc_level_scan",),
    "sc_output_counter": (),
}


@dataclass(frozen=True)
class Part:
    """A part of the core, synthesised on its own.

    Attributes:
        name: in words.
        record: of its synthesis.
    """

    name: str
    record: Record


@dataclass(frozen=True)
class Hardware:
    """What the tools measured of an engine.

    Attributes:
        rtl: its files.
        device: the live device around it, if it is one.
        synthesis: record of the synthesis of the whole core, or device.
        layout: record of place and route, or ``None`` where it was not run.
        board: record of the wrapped core's synthesis, where the pins demanded one.
        parts: encoder, counter and core without encoder.
    """

    rtl: AcceleratorRtl
    device: DeviceRtl | None
    synthesis: Record
    layout: Record | None
    board: Record | None
    parts: tuple[Part, ...]

    @property
    def design(self) -> AcceleratorRtl | DeviceRtl:
        """What was synthesised: the device, or the core itself."""
        return self.device or self.rtl

    @property
    def fmax_mhz(self) -> float | None:
        """Clock after routing."""
        value = self.layout.result.get("fmax_mhz") if self.layout else None
        return float(value) if isinstance(value, (int, float)) else None

    @property
    def flip_flops(self) -> int:
        """Flip-flops after synthesis."""
        value = self.synthesis.result.get("ffs")
        return value if isinstance(value, int) else 0

    @property
    def records(self) -> dict[str, Record]:
        """Every record by name."""
        found = {"synthesis": self.synthesis, "layout": self.layout, "board": self.board}
        found |= {f"synthesis.{part.name}": part.record for part in self.parts}
        return {name: record for name, record in found.items() if record is not None}


def synthesise_engine(
    network: IntegerNetwork,
    foldings: Sequence[Folding],
    target: Target,
    options: NetworkOptions,
    store: EvidenceStore,
    stage: Stage,
) -> tuple[AcceleratorRtl, Record]:
    """Write an engine and count its cells."""
    rtl = write_accelerator(network, foldings)
    return rtl, _synthesised(rtl, target, options, store, stage)


def _synthesised(
    design: AcceleratorRtl | DeviceRtl,
    target: Target,
    options: NetworkOptions,
    store: EvidenceStore,
    stage: Stage,
) -> Record:
    return synthesise(
        design.sources, design.top, target, store=store, timeout_s=options.timeout_s,
        on_stage=lambda tool: stage(f"synthesis: {tool}"),
    )  # fmt: skip


def implement_engine(
    network: IntegerNetwork,
    foldings: Sequence[Folding],
    target: Target,
    options: NetworkOptions,
    store: EvidenceStore,
    stage: Stage,
) -> Hardware:
    """Synthesise the core and its parts; place and route it if wanted and possible.

    Raises:
        SCCompilerError: it does not fit the target.
        ToolError: a tool failed.
    """
    device = None
    if options.live is None:
        rtl, synthesis = synthesise_engine(network, foldings, target, options, store, stage)
    else:
        device = write_device(network, foldings, options.live)
        rtl, synthesis = device.engine, _synthesised(device, target, options, store, stage)
    design = device or rtl
    require_fit(demand_of(network, foldings), synthesis.result, target)
    layout = board = None
    if options.place_and_route and target.place_and_route:
        done = implement(
            design.sources,
            design.top,
            target,
            clock="clk",
            reset="rst_n",
            store=store,
            freq_mhz=options.clock_mhz or DEFAULT_CLOCK.get(speed_family(target), 40.0),
            seed=options.seed,
            timeout_s=options.timeout_s,
            on_stage=lambda tool: stage(f"place and route: {tool}"),
        )
        synthesis, layout, board = done.synthesis, done.layout, done.board
    parts = _parts(network, foldings, rtl, target, options, store, stage)
    return Hardware(rtl, device, synthesis, layout, board, parts)


def demand_of(network: IntegerNetwork, foldings: Sequence[Folding]) -> Demand:
    """What an engine needs of a device."""
    return Demand(
        network.name,
        network.synapses,
        max(layer.bits for layer in network.layers),
        max(folding.pe for folding in foldings),
    )


def _parts(
    network: IntegerNetwork,
    foldings: Sequence[Folding],
    rtl: AcceleratorRtl,
    target: Target,
    options: NetworkOptions,
    store: EvidenceStore,
    stage: Stage,
) -> tuple[Part, ...]:
    def alone(name: str, module: str, parameters: dict[str, int]) -> Part:
        text = with_parameters(
            library_source(f"{module}.sv"), {k: str(v) for k, v in parameters.items()}
        )
        inside = {f"{m}.sv": library_source(f"{m}.sv") for m in _INSIDE[module]}
        record = synthesise(
            {f"{module}.sv": text, **inside}, module, target, store=store,
            timeout_s=options.timeout_s, on_stage=lambda _: stage(f"synthesis of the {name}"),
        )  # fmt: skip
        return Part(name, record)

    found = []
    coding = network.input
    if rtl.encoder is not None:
        # Where the input feeds several layers they share one event width.
        simd = rtl.streams[-1].simd
        sizes = {"SIZE": coding.size, "BITS": coding.bits, "SIMD": simd, "TICKS": network.ticks}
        found.append(alone("encoder", rtl.encoder, sizes))
    if network.readout == "count":
        output = network.layers[network.output]
        sizes = {"CLASSES": output.size, "SIMD": rtl.streams[network.output].simd,
                 "TICKS": network.ticks, "EARLY": 1}  # fmt: skip
        found.append(alone("counter", "sc_output_counter", sizes))
    if options.live is not None:
        record = _synthesised(rtl, target, options, store, lambda _: stage("synthesis of the core"))
        found.append(Part("live core without bus", record))
    elif coding.coding == "rate" and options.place_and_route:
        bare = replace(network, input=replace(coding, coding="events"))
        _, record = synthesise_engine(
            bare, foldings, target, options, store,
            lambda _: stage("synthesis without encoder"),
        )  # fmt: skip
        found.append(Part("core without encoder", record))
    return tuple(found)


def describe_hardware(
    hardware: Hardware, network: IntegerNetwork, target: Target, options: NetworkOptions
) -> dict[str, Any]:
    """The ``synthesis`` section of a report."""
    synthesis, layout = hardware.synthesis, hardware.layout
    # The router counts what it placed; what it does not count is synthesis's.
    counted = {**synthesis.result, **(layout.result if layout else {})}
    section: dict[str, Any] = {k: counted[k] for k in _COUNTS if counted.get(k) is not None}
    available = {
        key: value
        for key in ("luts", "ffs", "brams", "dsps")
        if (value := getattr(target, key)) is not None
    }
    section["tool"], section["version"] = synthesis.tool, synthesis.version
    section["fmax_mhz"], section["logic_cells"] = hardware.fmax_mhz, None
    section["bitstream"] = section["timing"] = None
    if layout is not None:
        section["tool"] = f"{synthesis.tool} + {layout.tool}"
        section["version"] = f"{synthesis.version} + {layout.version}"
        cells: Any = layout.result.get("logic_cells")
        if isinstance(cells, dict):
            section["logic_cells"] = cells["used"]
            available["logic_cells"] = cells["available"]
        else:
            section["logic_cells"] = cells
        section["wrapper_cells"] = layout.result.get("wrapper_cells")
        section["critical_path"] = layout.result.get("critical_path")
        suffix = BITSTREAM_SUFFIX.get(target.family)
        if "bitstream" in layout.blobs and suffix:
            section["bitstream"] = f"synthesis/{hardware.design.top}{suffix}"
        if options.clock_mhz is not None and hardware.fmax_mhz is not None:
            met = "met" if hardware.fmax_mhz >= options.clock_mhz else "missed"
            section["timing"] = f"the {options.clock_mhz:g} MHz asked for are {met}"
    section["available"] = available
    section["parts"] = [
        {"name": name, **{k: record.result.get(k) for k in ("luts", "ffs", "brams", "dsps")}}
        for name, record in (
            ("whole core" if hardware.device is None else "whole device", synthesis),
            *((part.name, part.record) for part in hardware.parts),
        )
    ]
    if "luts" in synthesis.result:
        section["luts_per_synapse"] = synthesis.result["luts"] / network.synapses  # type: ignore[operator]
    section["word"] = "measured"
    return section


def describe_device(device: DeviceRtl) -> dict[str, Any]:
    """The ``device`` section of a report: what can be exchanged, and behind which bus."""
    return {
        "module": device.top,
        "bus": device.bus,
        "digest": device.digest,
        "registers": len(device.registers.registers),
        "address_bits": device.registers.address_bits,
        "banks": [
            {
                "name": bank.name,
                "entries": bank.entries,
                "entry_bits": bank.entry_bits,
                "bits": 2 * bank.words * bank.word_bits,
            }
            for bank in device.banks
        ],
        "word": "generated",
    }
