"""What a build found, as ``report.json`` says it, and how far up the ladder that is."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from typing import Any

from sc_neurocore import __version__
from sc_neurocore.build._cosim import Cosimulation
from sc_neurocore.build._fidelity import COUNT_BOUND, STATE_BOUND, Fidelity
from sc_neurocore.build._measure import Measurement, describe
from sc_neurocore.build._proof import Proof
from sc_neurocore.build._reference import ReferenceCheck
from sc_neurocore.build._source import Source
from sc_neurocore.compiler import Compiled
from sc_neurocore.toolchain import Target

REPORT_SCHEMA = "sc-neurocore.report.v1"

RUNGS = (
    "1_equations_vs_reference",
    "2_float_vs_fixed",
    "3_model_vs_rtl",
    "4_properties_proven",
    "5_rtl_vs_netlist",
    "6_placed_and_routed",
)


def report_of(
    source: Source,
    compiled: Compiled,
    target: Target,
    fidelity: Fidelity,
    checked: ReferenceCheck | None,
    runs: list[Cosimulation],
    proof: Proof,
    measured: Measurement,
) -> dict[str, Any]:
    """The content of ``report.json``, but for the evidence that the caller knows."""
    model, d, drive = compiled.model, compiled.datapath, source.drive
    about = source.document["model"]
    return {
        "schema": REPORT_SCHEMA,
        "version": __version__,
        "model": {
            "name": model.name,
            "title": about.get("title", model.name),
            "description": about.get("description", ""),
            "equations": [e.source for e in model.equations],
            "jumps": [a.source for a in model.jumps],
            "threshold": None if model.threshold is None else model.threshold_text,
            "edge": model.edge,
            "reset": [a.source for a in model.reset],
            "refractory_ms": model.refractory,
            "dt": model.dt,
            "method": model.method,
            "float_method": source.reference.method,
            "parameters": [asdict(q) for q in _finite(model.parameters)],
            "reference": dict(source.document.get("reference", {})),
        },
        "target": target.name,
        "format": compiled.options.format,
        "formats": {p.name: str(p.format) for p in (*d.states, *d.inputs, *d.parameters, *d.draws)},
        "options": {
            "overflow": compiled.options.overflow,
            "rounding": compiled.options.rounding,
            "pipeline": compiled.options.pipeline,
            "multipliers": "shared" if compiled.schedule.products else "parallel",
            "parameters": compiled.options.parameters,
            "clock_mhz": compiled.options.clock_mhz,
        },
        "cycles_per_tick": compiled.rtl.cycles,
        "renamed": dict(compiled.rtl.renamed),
        "cosim": [
            {
                "simulator": r.simulator,
                "version": r.version,
                "cycles": r.cycles,
                "ticks": r.ticks,
                "mismatches": r.mismatches,
                "first_mismatch": None if r.first is None else str(r.first),
                "word": "executed",
            }
            for r in runs
        ],
        "formal": proof.formal,
        "equivalence": proof.equivalence,
        "synthesis": describe(measured, compiled, target),
        "fidelity": {
            "spikes_float": fidelity.spikes_float,
            "spikes_fixed": fidelity.spikes_fixed,
            "max_abs_error": dict(fidelity.max_abs_error),
            "spike_time_rmse_ms": fidelity.spike_time_rmse_ms,
            "bound": f"spike counts within {COUNT_BOUND:.0%} and at least one; where nothing "
            f"spikes or a state leaves its register, states within {STATE_BOUND:.0%} of their "
            "largest magnitude",
            "protocol": f"{drive.origin}: {drive.input or 'no input'} = {drive.amplitude:g} from "
            f"{drive.onset:g} to {drive.duration:g} ms"
            + ("" if drive.period is None else f", every {drive.period:g} ms"),
            "word": "executed",
        },
        "reference": None if checked is None else asdict(checked),
        "tables": [asdict(t) for t in d.tables],
        "notices": [*compiled.datapath.notices, *_beyond(compiled, fidelity)],
        "ladder": _ladder(source, fidelity, checked, runs, proof, measured, target),
        "evidence": {
            **{f"cosim.{r.simulator}": r.evidence for r in runs},
            **proof.keys,
            "synthesis": measured.synthesis.key,
            **({"layout": measured.layout.key} if measured.layout else {}),
        },
    }


def _finite(quantities: Any) -> list[Any]:
    """Quantities with open ranges written as ``None``, which JSON can hold."""
    return [
        replace(
            q,
            low=None if math.isinf(q.low) else q.low,
            high=None if math.isinf(q.high) else q.high,
        )
        for q in quantities
    ]


def _ladder(
    source: Source,
    fidelity: Fidelity,
    checked: ReferenceCheck | None,
    runs: list[Cosimulation],
    proof: Proof,
    measured: Measurement,
    target: Target,
) -> dict[str, str]:
    if checked is None:
        why = "a map is its own reference" if source.reference.method == "map" else "noise is drawn"
        first = f"not applicable: {why}"
    else:
        first = "climbed" if checked.within_bound else f"failed: {_apart(source, checked)}"
    second = "climbed" if fidelity.fault is None else f"failed: {fidelity.fault}"
    bad = next((r for r in runs if r.first is not None), None)
    third = "climbed" if runs else "not run: no simulator is installed"
    idle = next((r for r in runs if not r.ticks), None)
    if idle is not None:
        third = f"not run: no tick ends within {idle.cycles} clocks; raise --cycles"
    if bad is not None:
        third = f"failed: {bad.simulator} at {bad.first}"
    if measured.layout is not None:
        sixth = "climbed"
    elif target.place_and_route:
        sixth = "not run: place and route was switched off"
    else:
        sixth = f"not run: no place-and-route tool exists for {target.name}"
    return dict(
        zip(RUNGS, (first, second, third, proof.rung, proof.equivalence_rung, sixth), strict=True)
    )


def _beyond(compiled: Compiled, fidelity: Fidelity) -> list[str]:
    """Sentences about states that the float run takes out of their registers."""
    does = "wraps" if compiled.options.overflow == "wrap" else "saturates"
    found = []
    for port in compiled.datapath.states:
        if port.name in fidelity.beyond:
            step = port.format.resolution
            found.append(
                f"'{port.name}' reaches {fidelity.beyond[port.name]:.4g} {port.unit}".rstrip()
                + f" in floating point; its register {does} at "
                f"[{port.low * step:g}, {port.high * step:g}]."
            )
    return found


def _apart(source: Source, checked: ReferenceCheck) -> str:
    """How a float run differs from the reference integrator, and what helps."""
    method, dt = source.reference.method, source.reference.dt
    remedy = "a smaller dt" if method == "rk4" else "a smaller dt or method rk4"
    late = checked.max_spike_time_error_ms
    found = (
        f"{checked.own_spikes} spikes where the reference integrator gives {checked.spikes}"
        + ("" if late is None else f", up to {late:.3g} ms apart")
        if checked.max_state_error is None
        else f"states that differ by {checked.max_state_error:.2%} from the reference integrator's"
    )
    return f"{method} with dt {dt:g} ms gives {found}; try {remedy}"
