"""The whole ladder in one call: compile, simulate, prove, synthesise, report, bundle."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from sc_neurocore import __version__
from sc_neurocore.build._bundle import SCHEMA, write_files, write_manifest, writing
from sc_neurocore.build._cosim import CLOCKS, Cosimulation, cosimulate, make_stimulus
from sc_neurocore.build._fidelity import (
    Fidelity,
    measure_fidelity,
    raw_inputs,
    recorded_fidelity,
)
from sc_neurocore.build._measure import BITSTREAM_SUFFIX, Measurement, measure
from sc_neurocore.build._options import BuildOptions, hardware_options
from sc_neurocore.build._page import render_page
from sc_neurocore.build._proof import Proof, prove_module
from sc_neurocore.build._reference import recorded_reference
from sc_neurocore.build._report import report_of
from sc_neurocore.build._source import Source, within_format
from sc_neurocore.compiler import Compiled, HardwareOptions, compile_model, plan_formats, refined
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import SCCompilerError
from sc_neurocore.neurons import schema_to_toml
from sc_neurocore.toolchain import Target, available_simulators, get_target

Stage = Callable[[str], None]
#: Budgets tried, relative to the clock period, until the routed clock meets the demand.
_TIGHTER = (1.0, 0.75, 0.55, 0.4)
_AUTO_STEPS = (0, 2, 4, 6, 8, 10)


@dataclass(frozen=True)
class Build:
    """Everything a build found.

    Attributes:
        report: the content of ``report.json``.
        path: the bundle, or ``None`` when none was written.
        cached: whether every tool run was found in the evidence store.
    """

    report: Mapping[str, Any]
    path: Path | None
    cached: bool

    @property
    def sound(self) -> bool:
        """Whether no rung failed."""
        return not any(str(s).startswith("failed") for s in self.report["ladder"].values())


def build(
    source: Source,
    options: BuildOptions,
    out: Path | None = None,
    *,
    store: EvidenceStore | None = None,
    on_stage: Stage | None = None,
) -> Build:
    """Take a model through the ladder.

    Args:
        source: the model.
        options: what to build.
        out: bundle directory to write; it must not exist or be empty.
        store: evidence store; default the user's.
        on_stage: told what runs, for progress.

    Raises:
        SCNeuroError: one sentence; nothing is left behind.
    """
    if out is None:
        return _run(source, options, None, store or EvidenceStore(), on_stage)
    with writing(out) as scratch:
        done = _run(source, options, scratch, store or EvidenceStore(), on_stage)
    return replace(done, path=out)


def _run(
    source: Source,
    options: BuildOptions,
    root: Path | None,
    store: EvidenceStore,
    on_stage: Stage | None,
) -> Build:
    def stage(text: str) -> None:
        if on_stage is not None:
            on_stage(text)

    target = get_target(options.target)
    wanted = hardware_options(options, source.document, target)
    source = within_format(source, wanted.format)
    stage("compile")
    compiled = compile_source(source, wanted, options.seed)
    compiled, measured = _implemented(source, compiled, options, target, store, stage)
    stage("float and bit-true simulation")
    fidelity, ran = recorded_fidelity(compiled, source.drive, seed=options.seed, store=store)
    stage("reference integrator")
    checked, integrated = recorded_reference(source, store=store)
    runs = cosimulations(source, compiled, options, store, stage)
    proof = prove_module(compiled, measured, target, options, store, stage)
    report = report_of(source, compiled, target, fidelity, checked, runs, proof, measured)
    report["evidence"]["fidelity"] = ran.key
    if integrated is not None:
        report["evidence"]["reference"] = integrated.key
    records = [ran, integrated, measured.synthesis, measured.layout, measured.board]
    cached = proof.cached and all(r.cached for r in (*runs, *records) if r is not None)
    if root is not None:
        _write(root, source, compiled, options, report, fidelity, runs, proof, measured, store)
    return Build(report, root, cached)


def compile_source(source: Source, wanted: HardwareOptions, seed: int) -> Compiled:
    """Compile; format ``auto`` is widened until the neuron fires like the float one."""
    if wanted.format != "auto":
        return compile_model(source.model, wanted)
    plan = plan_formats(source.model, "auto", wanted.rounding)
    for extra in _AUTO_STEPS:
        compiled = compile_model(source.model, wanted, plan=refined(plan, source.model, extra))
        found = measure_fidelity(compiled, source.drive, sweep=False, seed=seed)
        close = found.spike_time_rmse_ms is None or found.spike_time_rmse_ms <= 2 * source.model.dt
        if found.spikes_float == found.spikes_fixed and close:
            break
    return compiled


def _implemented(
    source: Source,
    compiled: Compiled,
    options: BuildOptions,
    target: Target,
    store: EvidenceStore,
    stage: Stage,
) -> tuple[Compiled, Measurement]:
    """Measure; when a clock was demanded and the schedule is free, tighten until it is met."""

    def attempt(c: Compiled) -> Measurement:
        return measure(
            c,
            target,
            place_and_route=options.place_and_route,
            seed=options.seed,
            store=store,
            timeout_s=options.timeout_s,
            on_stage=stage,
        )

    demanded = options.clock_mhz
    measured = attempt(compiled)
    if demanded is None or measured.fmax_mhz is None or measured.fmax_mhz >= demanded:
        return compiled, measured
    best = (measured.fmax_mhz, compiled, measured)
    if options.pipeline is None:
        for scale in _TIGHTER[1:]:
            tighter = replace(compiled.options, clock_mhz=min(1999.0, demanded / scale))
            again = compile_model(source.model, tighter, plan=compiled.plan)
            again = replace(again, options=compiled.options)
            found = attempt(again)
            if found.fmax_mhz is not None and found.fmax_mhz > best[0]:
                best = (found.fmax_mhz, again, found)
            if best[0] >= demanded:
                return best[1], best[2]
    raise SCCompilerError(
        f"infeasible: {demanded:g} MHz on {target.name}; the best achieved after routing is "
        f"{best[0]:.1f} MHz with {_clocks(best[1].rtl.cycles)} per tick; lower --clock-mhz"
        + ("" if options.pipeline is None else " or use --pipeline auto")
    )


def _clocks(count: int) -> str:
    return "1 clock" if count == 1 else f"{count} clocks"


def cosimulations(
    source: Source,
    compiled: Compiled,
    options: BuildOptions,
    store: EvidenceStore,
    stage: Stage,
    sources: Mapping[str, str] | None = None,
) -> list[Cosimulation]:
    """Co-simulate in every simulator at hand; the first takes the full length."""
    drive = raw_inputs(compiled, source.drive, source.drive.current(source.model.dt), options.seed)
    runs = []
    names = available_simulators()
    for name in names:
        alone = len(names) == 1
        clocks = options.cycles if name == "verilator" or alone else CLOCKS[name]
        stimulus = make_stimulus(compiled, min(clocks, options.cycles), options.seed, drive)
        runs.append(
            cosimulate(
                compiled,
                stimulus,
                name,
                store=store,
                sources=sources,
                timeout_s=options.timeout_s,
                on_stage=lambda _, n=name: stage(f"co-simulation in {n}"),  # type: ignore[misc]
            )
        )
    return runs


def _write(
    root: Path,
    source: Source,
    compiled: Compiled,
    options: BuildOptions,
    report: Mapping[str, Any],
    fidelity: Fidelity,
    runs: list[Cosimulation],
    proof: Proof,
    measured: Measurement,
    store: EvidenceStore,
) -> None:
    module = compiled.rtl.module
    files: dict[str, str | bytes] = {f"rtl/{n}": t for n, t in compiled.rtl.sources.items()}
    files["model/model.toml"] = schema_to_toml(dict(source.document))
    files |= proof.files
    files["synthesis/netlist.v"] = store.blob(measured.synthesis.key, "netlist.v")
    if measured.layout is not None:
        suffix = BITSTREAM_SUFFIX.get(get_target(options.target).family)
        if "bitstream" in measured.layout.blobs and suffix:
            files[f"synthesis/{module}{suffix}"] = store.blob(measured.layout.key, "bitstream")
    for run in runs:
        if run.first is not None and run.first.vcd is not None:
            files[f"sim/first_mismatch_{run.simulator}.vcd"] = run.first.vcd
    files["sim/cosimulation.json"] = json.dumps(report["cosim"], indent=2) + "\n"
    manifest = {
        "schema": SCHEMA,
        "version": __version__,
        "model": source.model.name,
        "module": module,
        "options": asdict(options),
        "formats": report["formats"],
        "hardware": asdict(compiled.options),
        "seed": options.seed,
        "evidence": report["evidence"],
        "files": write_files(root, files),
    }
    write_manifest(root, manifest)
    page = render_page(report, fidelity.traces, compiled.rtl.source)
    (root / "report.html").write_text(page, encoding="utf-8")
    (root / "report.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
