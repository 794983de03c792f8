"""Running one job: generate, synthesise, place and route, and read the figures."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sc_neurocore.accelerator import Folding, IntegerNetwork, write_accelerator
from sc_neurocore.build._options import DEFAULT_CLOCK, speed_family
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import SCDependencyError, SCNeuroError
from sc_neurocore.hdl.blocks import module_sources
from sc_neurocore.optimizer.farm._engine import engine_of
from sc_neurocore.optimizer.farm._job import Job, Result
from sc_neurocore.optimizer.farm._network import network_of
from sc_neurocore.optimizer.farm._sc_layer import sc_layer
from sc_neurocore.toolchain import Target, get_target, implement, synthesise

_SYNTHESIS = ("luts", "ffs", "carries", "brams", "dsps")


def design_of(job: Job) -> tuple[Mapping[str, str], str]:
    """Verilog of a job by file name, and its top module."""
    if job.kind == "sc_layer":
        return sc_layer(job.parameters)
    if job.kind not in ("engine", "network"):
        return module_sources(job.kind, job.parameters), job.kind
    rtl = write_accelerator(*engine_and_foldings(job))
    return rtl.sources, rtl.top


def engine_and_foldings(job: Job) -> tuple[IntegerNetwork, Sequence[Folding]]:
    """The network of a job and how it is folded."""
    if job.kind == "network":
        return network_of(job.parameters)
    return engine_of(job.parameters)


def run_job(job: Job, store: Path | None, timeout_s: float) -> Result:
    """Run a job; whatever the tools refuse is a result too.

    Args:
        job: what to run.
        store: file of the evidence store; None for the user's.
        timeout_s: limit of each tool.

    Raises:
        SCDependencyError: a tool is missing, so no job can be run.
    """
    started = time.perf_counter()
    target, evidence = get_target(job.target), EvidenceStore(store)
    figures: dict[str, float] = {}
    records: dict[str, str] = {}
    versions: dict[str, str] = {}

    def done(reason: str = "") -> Result:
        status = "failed" if reason else "measured"
        seconds = round(time.perf_counter() - started, 2)
        return Result(job, status, reason, figures, records, versions, seconds)  # type: ignore[arg-type]

    try:
        sources, top = design_of(job)
        synthesis = synthesise(sources, top, target, store=evidence, timeout_s=timeout_s)
        figures |= {name: _number(synthesis.result[name]) for name in _SYNTHESIS}
        records["yosys"], versions["yosys"] = synthesis.key, synthesis.version
        if too_much := _excess(figures, target):
            return done(too_much)
        if not job.place:
            return done()
        layout = implement(
            sources, top, target, clock="clk", reset="rst_n", store=evidence, seed=job.seed,
            freq_mhz=DEFAULT_CLOCK.get(speed_family(target), 40.0), timeout_s=timeout_s,
        ).layout  # fmt: skip
        records[layout.tool], versions[layout.tool] = layout.key, layout.version
        for name in ("fmax_mhz", "logic_cells"):
            value: Any = layout.result.get(name)
            value = value["used"] if isinstance(value, dict) else value
            if value is not None:
                figures[name] = _number(value)
    except SCDependencyError:
        raise
    except SCNeuroError as error:
        return done(str(error))
    return done()


def _excess(figures: Mapping[str, float], target: Target) -> str:
    """What of a device is exceeded; empty if nothing is."""
    found = [
        f"{figures[name]:.0f} {name} of {available}"
        for name in ("luts", "ffs", "brams", "dsps")
        if (available := getattr(target, name)) is not None and figures[name] > available
    ]
    return f"does not fit {target.name}: {', '.join(found)}" if found else ""


def _number(value: Any) -> float:
    return float(value) if isinstance(value, float) else int(value)
