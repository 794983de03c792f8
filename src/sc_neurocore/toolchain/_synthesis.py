"""Synthesis: from Verilog to a target's cells, counted."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from sc_neurocore.evidence import JSON, EvidenceStore, Outcome, Record, run_cached
from sc_neurocore.toolchain._netlist import count_cells, load_netlist, resources
from sc_neurocore.toolchain._sources import check_identifier, read_commands
from sc_neurocore.toolchain._targets import Target
from sc_neurocore.toolchain._tools import require
from sc_neurocore.toolchain._yosys import run_yosys

_SEPARATE_ADDERS = Path(__file__).with_name("separate_adders.v")

# Yosys's remarks on its own libraries and passes, not on the design.
_OWN_REMARKS = re.compile(r"^ABC: |/share/|Lexer warning")

Stage = Callable[[str], None]


def synthesise(
    sources: Mapping[str, str],
    top: str,
    target: Target,
    *,
    store: EvidenceStore,
    keep: tuple[str, ...] = (),
    timeout_s: float = 600.0,
    on_stage: Stage | None = None,
) -> Record:
    """Map a design to a target's cells with Yosys, and count them.

    Args:
        sources: file name to text: Verilog, and the memory files it reads.
        top: the top module.
        target: what to map to.
        store: where the record is kept.
        keep: modules whose boundary must survive, so that their cells can be told apart.
        timeout_s: wall-clock limit in seconds.
        on_stage: called with ``yosys`` before the tool runs; not called on a cache hit.

    Returns:
        A ``measured`` record. Result: ``luts``, ``ffs``, ``carries``, ``brams``, ``dsps``
        (for an ASIC ``area_um2`` instead of the first), ``cells`` by type, ``warnings``.
        Files: ``netlist.json`` and ``netlist.v``.

    Raises:
        SCConfigError: if a name is illegal or there is no Verilog.
        SCDependencyError: if Yosys is not installed.
        ToolError: if Yosys fails, crashes or passes its time limit.
    """
    command = require("yosys")
    check_identifier(top, "top module")
    for name in keep:
        check_identifier(name, "module")
    adders = _SEPARATE_ADDERS.read_text()
    script = [
        *read_commands(sources),
        f"hierarchy -check -top {top}",
        *(f"setattr -mod -set keep_hierarchy 1 {name}" for name in keep),
        "proc",
        "opt",
        "wreduce",
        "peepopt",
        "opt_clean",
        # An addition after a multiplication is left alone: a DSP block may take it in.
        "techmap -map __separate_adders.v t:$add t:$sub %u t:$mul %co2 %d",
        "opt",
        *_mapping(target, top),
        "write_json netlist.json",
        "write_verilog -noattr netlist.v",
    ]
    inputs = dict(sources) | {"__separate_adders.v": adders}
    outputs = ["netlist.json", "netlist.v"]
    if target.liberty is not None:
        inputs["__cells.lib"] = Path(target.liberty).read_text()
        outputs.append("__area.json")

    def run() -> Outcome:
        if on_stage is not None:
            on_stage("yosys")
        done = run_yosys(script, inputs, outputs=outputs, timeout_s=timeout_s)
        modules = load_netlist(done.files["netlist.json"])
        cells = count_cells(modules, top)
        counts: dict[str, JSON] = dict(resources(target.family, cells))
        if target.liberty is not None:
            area = json.loads(done.files.pop("__area.json"))["design"]["area"]
            counts = {"area_um2": float(area), "ffs": counts["ffs"]}
        warnings = [line for line in done.warnings if not _OWN_REMARKS.search(line)]
        return Outcome(
            {**counts, "cells": dict(sorted(cells.items())), "warnings": warnings},
            done.log,
            done.files,
        )

    return run_cached(
        store,
        word="measured",
        tool="yosys",
        version=command.version,
        options={"target": target.name, "device": target.device, "top": top, "script": script},
        inputs=inputs,
        run=run,
    )


def _mapping(target: Target, top: str) -> list[str]:
    if target.liberty is None:
        finish = [f"{target.finish} {top}"] if target.finish else []
        return [f"{target.synth} -top {top}", *finish]
    return [
        f"{target.synth} -top {top}",
        "dfflibmap -liberty __cells.lib",
        "abc -liberty __cells.lib",
        "opt_clean",
        "tee -q -o __area.json stat -json -liberty __cells.lib",
    ]
