"""Proofs of a compiled module: its properties, a broken variant, and the netlist."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sc_neurocore.build._measure import Measurement
from sc_neurocore.build._options import BuildOptions
from sc_neurocore.compiler import Compiled
from sc_neurocore.evidence import EvidenceStore, Record
from sc_neurocore.formal import (
    EQUIVALENCE_FAMILIES,
    MutantResult,
    ProofResult,
    equivalent,
    prove_neuron,
    refute_mutant,
)
from sc_neurocore.toolchain import Target

Stage = Callable[[str], None]


@dataclass(frozen=True)
class Proof:
    """What was proven.

    Attributes:
        formal: the ``formal`` section of a report.
        equivalence: the ``equivalence`` section, or ``None`` when it was not run.
        rung: status of the property rung.
        equivalence_rung: status of the equivalence rung.
        keys: evidence keys by name.
        files: files for the bundle.
        cached: whether every record was found.
    """

    formal: Mapping[str, Any]
    equivalence: Mapping[str, Any] | None
    rung: str
    equivalence_rung: str
    keys: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    cached: bool = True


def prove_module(
    compiled: Compiled,
    measured: Measurement,
    target: Target,
    options: BuildOptions,
    store: EvidenceStore,
    stage: Stage,
) -> Proof:
    """Prove the module, refute a broken variant of it, and compare its netlist with it."""
    own = prove_sources(compiled, compiled.rtl.sources, options, store, stage)
    stage("proof of a broken variant")
    mutant = refute_mutant(
        compiled.datapath,
        compiled.rtl,
        seed=options.seed,
        store=store,
        timeout_s=options.timeout_s,
    )
    formal = {**own.formal, "mutant_refuted": mutant.refuted, "mutant": _broken(mutant)}
    rung = own.rung
    if rung == "climbed" and not mutant.refuted:
        rung = f"failed: the broken variant ({mutant.mutant.description}) was not refuted"
    stage("netlist equivalence")
    compared, equivalence_rung = _compare(compiled, measured, target, options, store)
    keys = {**own.keys, "formal.mutant": mutant.proof.record.key}
    return Proof(
        formal=formal,
        equivalence=None if compared is None else _equivalence(compared),
        rung=rung,
        equivalence_rung=equivalence_rung,
        keys=keys if compared is None else {**keys, "equivalence": compared.key},
        files=own.files,
        cached=own.cached and mutant.proof.record.cached and (compared is None or compared.cached),
    )


def _compare(
    compiled: Compiled,
    measured: Measurement,
    target: Target,
    options: BuildOptions,
    store: EvidenceStore,
) -> tuple[Record | None, str]:
    """Netlist against RTL, and the status of that rung."""
    if target.family not in EQUIVALENCE_FAMILIES:
        return None, f"not run: no cell models are known for {target.family}"
    record = equivalent(
        compiled.rtl.sources,
        compiled.rtl.module,
        store.blob(measured.synthesis.key, "netlist.json"),
        target.family,
        store=store,
        timeout_s=options.timeout_s,
    )
    status, reason = record.result["status"], record.result["reason"]
    if status == "equivalent":
        return record, "climbed"
    word = "failed" if status == "different" else "undecided"
    return record, f"{word}: {reason}"


def _equivalence(record: Record) -> dict[str, Any]:
    keys = ("status", "reason", "method", "registers", "outputs", "witness")
    found = {key: record.result[key] for key in keys}
    return {**found, "tool": record.tool, "version": record.version, "word": record.word}


def prove_sources(
    compiled: Compiled,
    sources: Mapping[str, str],
    options: BuildOptions,
    store: EvidenceStore,
    stage: Stage,
) -> Proof:
    """Prove the properties of a module given as text, which may have been edited."""
    results = prove_neuron(
        compiled.datapath,
        compiled.rtl,
        store=store,
        sources=sources,
        timeout_s=options.timeout_s,
        on_stage=lambda tool: stage(f"proof: {tool}"),
    )
    files: dict[str, str | bytes] = {}
    for result in results:
        if result.trace is not None:
            files[f"proof/{result.top}_counterexample.vcd"] = result.trace.vcd(result.top)
        if result.properties is not None:
            files[f"proof/{result.top}_properties.sv"] = result.properties.checker
    return Proof(
        formal=_section(results),
        equivalence=None,
        rung=_rung(results),
        equivalence_rung="not run",
        keys={f"formal.{r.top}": r.record.key for r in results},
        files=files,
        cached=all(r.record.cached for r in results),
    )


def _section(results: Sequence[ProofResult]) -> dict[str, Any]:
    rows = []
    for result in results:
        meaning = (
            {p.name: p.meaning for p in result.properties.properties} if result.properties else {}
        )
        for name, status in result.status.items():
            rows.append(
                {
                    "module": result.top,
                    "name": name,
                    "meaning": meaning.get(name, ""),
                    "status": status,
                }
            )
    first = results[0]
    departure = first.departure
    return {
        "assertions": sum(r.assertions for r in results),
        "proven": sum(r.proven for r in results),
        "refuted": sum(r.refuted for r in results),
        "mutant_refuted": None,
        "method": first.method,
        "properties": rows,
        "mutant": None,
        "counterexample": None if first.trace is None else dict(first.trace.violated),
        "departure": None if departure is None else _departed(departure),
        "word": "proven" if all(r.holds for r in results) else "executed",
    }


def _rung(results: Sequence[ProofResult]) -> str:
    for result in results:
        if result.refuted:
            name = next(n for n, s in result.status.items() if s == "refuted")
            where = ""
            if result.departure is not None:
                where = f", {_departed(result.departure)}"
            return f"failed: property '{name}' of {result.top} is refuted{where}"
        if result.trace is not None:
            clock = min(result.trace.violated.values())
            return f"failed: what the proof of {result.top} assumes does not hold in clock {clock}"
    open_ = [n for r in results for n, s in r.status.items() if s != "proven"]
    if open_:
        return f"failed: not proven within the limits: {', '.join(open_)}"
    return "climbed"


def _broken(result: MutantResult) -> dict[str, Any]:
    mutant = result.mutant
    return {
        "kind": mutant.kind,
        "description": mutant.description,
        "line": mutant.line,
        "before": mutant.before.strip(),
        "after": mutant.after.strip(),
        "violated": list(result.violated),
        "replay": None if result.replay is None else _departed(result.replay),
    }


def _departed(departure: Any) -> str:
    return (
        f"at clock {departure.clock} (tick {departure.tick}) port '{departure.signal}': "
        f"expected {departure.expected}, got {departure.got}"
    )
