"""Proofs of the library's blocks that an engine is made of, and of their netlists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sc_neurocore.build.network._hardware import Stage
from sc_neurocore.evidence import EvidenceStore, Record
from sc_neurocore.exceptions import ToolError
from sc_neurocore.formal import EQUIVALENCE_FAMILIES, equivalent, prove_block
from sc_neurocore.hdl import LIBRARY
from sc_neurocore.toolchain import Target, synthesise

#: Most characters of a parameter's value.
_SHORT = 12
#: Seconds that the comparison of one block's netlist may take.
_EQUIVALENCE_S = 30.0


@dataclass(frozen=True)
class BlockProofs:
    """What was proven of the blocks.

    Attributes:
        formal: the ``formal`` section of a report.
        rung: status of the rung of proofs.
        equivalence_rung: status of the rung of netlists.
        details: by rung, what it rests on.
        records: evidence by name.
        files: files for the bundle.
    """

    formal: Mapping[str, Any]
    rung: str
    equivalence_rung: str
    details: tuple[str, str]
    records: Mapping[str, Record] = field(default_factory=dict)
    files: Mapping[str, str | bytes] = field(default_factory=dict)


def prove_blocks(
    modules: Sequence[str],
    target: Target,
    *,
    store: EvidenceStore,
    stage: Stage,
    timeout_s: float,
) -> BlockProofs:
    """Prove every block of the library that an engine holds and that has a checker.

    Args:
        modules: file names of the engine.
        target: device whose netlists are compared.
        store: where the records are kept.
        stage: told what runs.
        timeout_s: limit of each proof.
    """
    from sc_neurocore.hdl.blocks import BLOCKS, INNER_BLOCKS

    used = [name.removesuffix(".sv") for name in modules if name in LIBRARY]
    blocks = [block for block in (*BLOCKS, *INNER_BLOCKS) if block.module in used]
    rows: list[dict[str, Any]] = []
    records: dict[str, Record] = {}
    files: dict[str, str | bytes] = {}
    methods: list[str] = []
    for block in blocks:
        stage(f"proof of {block.module}")
        proof = prove_block(block, store=store, timeout_s=timeout_s)
        stage(f"netlist of {block.module}")
        compared = _netlist(block, target, store, timeout_s)
        methods.append(proof.method)
        records[f"formal.{block.module}"] = proof.record
        if compared is not None:
            records[f"equivalence.{block.module}"] = compared
        if proof.properties is not None:
            files[f"proof/{block.module}_properties.sv"] = proof.properties.checker
        rows.append(
            {
                "module": block.module,
                "parameters": ", ".join(
                    f"{k}={v if len(v) <= _SHORT else v[:_SHORT] + '…'}"
                    for k, v in block.parameters.items()
                ),
                "assertions": proof.assertions,
                "proven": proof.proven,
                "refuted": proof.refuted,
                "netlist": None if compared is None else compared.result["status"],
                "reason": None if compared is None else compared.result["reason"] or None,
            }
        )
    # A module inside a block was proven with it.
    inside = {name.removesuffix(".sv") for block in blocks for name in block.sources}
    without = sorted(set(used) - inside)
    total, proven = (sum(r[key] for r in rows) for key in ("assertions", "proven"))
    refuted = sum(r["refuted"] for r in rows)
    formal = {
        "assertions": total,
        "proven": proven,
        "refuted": refuted,
        "method": "; ".join(sorted({m.split(",")[0] for m in methods})),
        "parameters": "Each block is proven with the parameters that stand beside it, which are "
        "the library's, not this engine's.",
        "blocks": rows,
        "without": without,
        "word": "proven" if rows and proven == total else "executed",
    }
    equal = sum(r["netlist"] == "equivalent" for r in rows)
    details = (f"{proven} assertions in {len(rows)} blocks", f"{equal} of {len(rows)} blocks")
    return BlockProofs(
        formal, _rung(rows, without), _netlist_rung(rows, target), details, records, files
    )  # fmt: skip


def _netlist(block: Any, target: Target, store: EvidenceStore, timeout_s: float) -> Record | None:
    if target.family not in EQUIVALENCE_FAMILIES:
        return None
    mapped = synthesise(block.sources, block.module, target, store=store, timeout_s=timeout_s)
    try:
        return equivalent(
            block.sources,
            block.module,
            store.blob(mapped.key, "netlist.json"),
            target.family,
            store=store,
            timeout_s=_EQUIVALENCE_S,
        )
    except ToolError:  # an undecided comparison is no verdict on the block
        return None


def _rung(rows: Sequence[Mapping[str, Any]], without: Sequence[str]) -> str:
    for row in rows:
        if row["refuted"]:
            return f"failed: a property of {row['module']} is refuted"
    open_ = [r["module"] for r in rows if r["proven"] < r["assertions"]]
    if open_:
        return f"failed: not proven within the limits: {', '.join(open_)}"
    if not rows:
        return "not run: no block of this engine has a checker"
    if without:
        return f"partly: no checker for {', '.join(without)}"
    return "climbed"


def _netlist_rung(rows: Sequence[Mapping[str, Any]], target: Target) -> str:
    if target.family not in EQUIVALENCE_FAMILIES:
        return f"not run: no cell models are known for {target.family}"
    for row in rows:
        if row["netlist"] == "different":
            return f"failed: the netlist of {row['module']} differs"
    if not rows:
        return "not run: no block of this engine has a checker"
    open_ = [r["module"] for r in rows if r["netlist"] != "equivalent"]
    return f"partly: undecided for {', '.join(open_)}" if open_ else "climbed"
