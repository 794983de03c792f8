"""The formal bundle of a plan: its module, its claims, and what became of their proof."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sc_neurocore.compiler._identifiers import check_module_name
from sc_neurocore.compiler.adaptive_precision._formal_rtl import (
    PREFIX,
    Claim,
    Widths,
    checker,
    claims,
    rtl,
    script,
)
from sc_neurocore.compiler.adaptive_precision._formal_table import (
    FRACTION,
    FormalTable,
    formal_table,
)
from sc_neurocore.compiler.adaptive_precision._rows import SynapsePrecision
from sc_neurocore.evidence import EvidenceStore, atomic_write, digest
from sc_neurocore.exceptions import SCCompilerError, SCConfigError

if TYPE_CHECKING:
    from sc_neurocore.formal import ProofResult

BUNDLE_SCHEMA = "sc-neurocore.adaptive-precision-formal-bundle.v1"
#: What stands before a claim's name after elaboration.
_PREFIX = f"claims.{PREFIX}"
#: Longest stream that is executed from reset before anything is proven.
_EXECUTED = 1024
_MAX_DEPTH = 4


def write_precision_formal_evidence_bundle(
    output_dir: str | Path,
    assignments: Sequence[SynapsePrecision],
    *,
    module_name: str = "adaptive_precision_plan",
    execute: bool = False,
    store: EvidenceStore | None = None,
    timeout_s: float = 120.0,
) -> dict[str, Any]:
    """Write a module that holds a plan's bounds, what is claimed of it, and the proof's result.

    The rows are grouped by width and length, so the module is small whatever the plan's size.
    Files: ``<module>.sv``, ``<module>_sva.sv`` (the claims), ``<module>.sby`` (for SymbiYosys),
    ``<module>_formal_report.md`` and ``<module>_formal_manifest.json``. Equal plans give equal
    files.

    Args:
        output_dir: a directory, made if it is not there.
        assignments: a plan, or rows made by hand; of the latter no formula is known, so neither
            half steps nor radii are claimed.
        module_name: a Verilog identifier.
        execute: prove the claims now, by k-induction with Yosys and bitwuzla (not SymbiYosys).
        store: where the proof's record is kept; the user's cache if None.
        timeout_s: wall-clock limit of the solver, in seconds.

    Returns:
        The manifest.

    Raises:
        SCConfigError: there is no row, the name is not allowed, or a file cannot be written.
        SCDependencyError: with ``execute``, Yosys or bitwuzla is not installed.
        ToolError: with ``execute``, a tool failed.
    """
    try:
        check_module_name(module_name)
    except SCCompilerError as error:
        raise SCConfigError(str(error)) from None
    table = formal_table(assignments)
    stated = claims(table)
    sources = {
        f"{module_name}.sv": rtl(module_name, table),
        f"{module_name}_sva.sv": checker(module_name, table),
    }
    files = {**sources, f"{module_name}.sby": script(module_name)}
    manifest: dict[str, Any] = {
        "schema": BUNDLE_SCHEMA,
        "module_name": module_name,
        "evidence_classification": "generated",
        "formal_claim": {
            "max_total_error_bound": table.max_total / 2**FRACTION,
            "max_bit_width": table.max_width,
            "max_bitstream_length": table.max_length,
            "symbiyosys_executed": False,
            "formal_proof_passed": False,
            "hardware_measurement_claimed": False,
            "num_synapses": sum(row.synapses for row in table.rows),
            "num_classes": len(table.rows),
            "error_fraction_bits": FRACTION,
            "assertions": len(stated),
        },
        "claims": [{"name": c.name, "meaning": c.meaning, "status": "not run"} for c in stated],
        "stimulus": _stimulus(table),
        "proof": None,
        "artifacts": {
            "rtl": f"{module_name}.sv",
            "sva": f"{module_name}_sva.sv",
            "sby": f"{module_name}.sby",
            "report": f"{module_name}_formal_report.md",
            "manifest": f"{module_name}_formal_manifest.json",
        },
        "sha256": {name: digest(text) for name, text in files.items()},
    }
    if execute:
        manifest = _proven(manifest, sources, store, timeout_s)
    _write(Path(output_dir), manifest, files)
    return manifest


def prove_precision_formal_evidence_bundle(
    output_dir: str | Path,
    *,
    module_name: str = "adaptive_precision_plan",
    store: EvidenceStore | None = None,
    timeout_s: float = 120.0,
) -> dict[str, Any]:
    """Prove the claims of a bundle as its files stand now, and record the result in it.

    The claims must be those that were written. A module that was edited is tried, but even if all
    claims hold of it, that is no proof of the plan: ``formal_proof_passed`` stays false.

    Args:
        output_dir: directory of the bundle.
        module_name: of the bundle.
        store: where the proof's record is kept; the user's cache if None.
        timeout_s: wall-clock limit of the solver, in seconds.

    Returns:
        The manifest.

    Raises:
        SCConfigError: a file of the bundle is missing or cannot be read, or its claims were edited.
        ProofError: the module no longer holds as many claims as the manifest lists.
        SCDependencyError: Yosys or bitwuzla is not installed.
        ToolError: a tool failed.
    """
    folder = Path(output_dir)
    names = [f"{module_name}{end}" for end in (".sv", "_sva.sv", ".sby")]
    try:
        manifest = json.loads(_read(folder / f"{module_name}_formal_manifest.json"))
        if manifest["schema"] != BUNDLE_SCHEMA:
            raise KeyError
        files = {name: _read(folder / name) for name in names}
        if digest(files[names[1]]) != manifest["sha256"][names[1]]:
            raise SCConfigError(
                f"{folder / names[1]} was edited; a proof of other claims than were written says "
                "nothing of the plan, so write the bundle anew"
            )
        manifest = _proven(manifest, {n: files[n] for n in names[:2]}, store, timeout_s)
    except (KeyError, TypeError, json.JSONDecodeError):
        raise SCConfigError(
            f"{folder / f'{module_name}_formal_manifest.json'} is no manifest of a formal bundle; "
            "write the bundle anew"
        ) from None
    _write(folder, manifest, files)
    return manifest


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SCConfigError(f"{path} cannot be read: {reason}") from None


def _proven(
    manifest: Mapping[str, Any],
    sources: Mapping[str, str],
    store: EvidenceStore | None,
    timeout_s: float,
) -> dict[str, Any]:
    """The manifest with the result of a proof."""
    # The prover stands above the compiler, which must not depend on it to compile.
    from sc_neurocore.formal import prove

    stated = [Claim(c["name"], c["meaning"], "") for c in manifest["claims"]]
    found = prove(
        sources,
        manifest["module_name"],
        len(stated),
        store=EvidenceStore() if store is None else store,
        prefix=_PREFIX,
        stimulus=[(clocks, values) for clocks, values in manifest["stimulus"]],
        max_depth=_MAX_DEPTH,
        timeout_s=timeout_s,
    )
    named = set(found.status) == {c.name for c in stated}
    intact = all(digest(text) == manifest["sha256"][name] for name, text in sources.items())
    passed = found.holds and named and intact
    return {
        **manifest,
        "evidence_classification": "proven" if passed else "executed",
        "formal_claim": {**manifest["formal_claim"], "formal_proof_passed": passed},
        "claims": [
            {"name": c.name, "meaning": c.meaning, "status": found.status.get(c.name, "missing")}
            for c in stated
        ],
        "proof": {**_proof(found), "sources_as_written": intact},
    }


def _proof(found: ProofResult) -> dict[str, Any]:
    violated = {} if found.trace is None else dict(found.trace.violated)
    return {
        "engine": "k-induction of sc-neurocore: Yosys elaborates, bitwuzla decides",
        "method": found.method,
        "tools": f"{found.record.tool} {found.record.version}",
        "assertions": found.assertions,
        "proven": found.proven,
        "refuted": found.refuted,
        "executed_clocks": found.executed,
        "violated_in_clock": violated,
        "record": found.record.key,
        "sources_sha256": dict(found.record.inputs),
    }


def _stimulus(table: FormalTable) -> list[list[Any]]:
    """A stream of the class with the shortest one, to its end and beyond, from a reset on."""
    shortest = min(range(len(table.rows)), key=lambda i: table.rows[i].bitstream_length)
    length = table.rows[shortest].bitstream_length
    if length > _EXECUTED:
        return []
    idle = {"rst_n": 1, "start": 0, "select": shortest, "number": 0}
    full = (1 << Widths.of(table).magnitude) - 1
    return [
        [2, {**idle, "rst_n": 0, "code": full}],
        [1, {**idle, "start": 1, "code": full}],
        [length + 3, {**idle, "code": full}],
        [1, {**idle, "start": 1, "code": 0}],
        [math.ceil(length / 2), {**idle, "code": 0}],
        [1, {**idle, "start": 1, "code": full}],
        [length + 3, {**idle, "code": full}],
    ]


def _write(folder: Path, manifest: dict[str, Any], files: Mapping[str, str]) -> None:
    names = manifest["artifacts"]
    report = _report(manifest)
    manifest["sha256"] = {**manifest["sha256"], names["report"]: digest(report)}
    text = json.dumps(manifest, indent=2, allow_nan=False) + "\n"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in {**files, names["report"]: report, names["manifest"]: text}.items():
            atomic_write(folder / name, content)
    except OSError as error:
        raise SCConfigError(f"{folder} cannot be written: {error.strerror or error}") from None


def _report(manifest: Mapping[str, Any]) -> str:
    claim, proof = manifest["formal_claim"], manifest["proof"]
    rows = "\n".join(
        f"| {c['name']} | {c['meaning']} | {c['status']} |" for c in manifest["claims"]
    )
    if proof is None:
        result = "Generated; nothing was proven. `execute=True` proves it."
    elif claim["formal_proof_passed"]:
        result = f"All {proof['proven']} claims are proven: {proof['method']} ({proof['tools']})."
    elif not proof["refuted"] and not proof["sources_as_written"]:
        result = (
            f"NOT proven: {proof['proven']} of {proof['assertions']} claims hold of a module that "
            "was edited; it is not the plan's."
        )
    else:
        result = (
            f"NOT proven: {proof['proven']} of {proof['assertions']} claims proven, "
            f"{proof['refuted']} refuted: {proof['method']} ({proof['tools']})."
        )
    return f"""# Formal report of `{manifest["module_name"]}`

{result}

- {claim["num_synapses"]} synapses in {claim["num_classes"]} classes
- greatest error bound: {claim["max_total_error_bound"]:.9g}, rounded up in units of 2^-{FRACTION}
- widest weight: {claim["max_bit_width"]} bits; longest stream: {claim["max_bitstream_length"]} bits
- SymbiYosys was not run; no hardware was measured

| claim | meaning | status |
|---|---|---|
{rows}
"""
