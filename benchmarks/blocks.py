"""The stochastic-computing blocks: co-simulated, proven, broken, placed and routed.

Run ``python benchmarks/blocks.py``; it writes ``benchmarks/results/blocks.json``. With names of
modules it measures only those and leaves the others' rows as they are. Everything in it is
deterministic with the same tool versions. Cells, look-up tables and flip-flops are post-route
and of the block alone; the clock is that between flip-flops at all of its ports.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

from rich.progress import track

from machine import RESULTS, write_results
from sc_neurocore.build import BlockReport, verify_block
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.hdl.blocks import BLOCKS, Block
from sc_neurocore.toolchain import available_simulators, get_target

TARGETS = ("ice40-hx8k", "ecp5-25k")
CYCLES = {"verilator": 100_000, "yosys": 4_000, "icarus": 20_000}


def measure(block: Block) -> BlockReport:
    return verify_block(
        block,
        store=EvidenceStore(),
        cycles={name: CYCLES[name] for name in available_simulators()},
        targets=[get_target(name) for name in TARGETS],
    )


def row(report: BlockReport) -> dict[str, Any]:
    proof, mutant = report.proof, report.mutant
    return {
        "block": report.block.module,
        "parameters": dict(report.block.parameters),
        "cosimulated": {
            run.simulator: {
                "version": run.version,
                "cycles": run.cycles,
                "mismatches": run.mismatches,
            }
            for run in report.runs
        },
        "assertions": proof.assertions,
        "proven": proof.proven,
        "method": proof.method,
        "mutant": {
            "fault": mutant.fault.meaning,
            "refuted": mutant.refuted,
            "violated": sorted(mutant.violated),
            "first_difference": mutant.differs,
        },
        "implemented": {
            area.target: {
                "logic_cells": area.cells,
                "luts": area.luts,
                "ffs": area.ffs,
                "carries": area.carries,
                "fmax_mhz": area.fmax_mhz,
            }
            for area in report.areas
        },
    }


def main(modules: Sequence[str]) -> None:
    """Measure blocks, or every block, and write the results."""
    known = [block.module for block in BLOCKS]
    if unknown := set(modules) - set(known):
        raise SystemExit(f"there is no block {', '.join(sorted(unknown))}")
    kept = {}
    if modules:
        kept = {r["block"]: r for r in json.loads((RESULTS / "blocks.json").read_text())["blocks"]}
    chosen = [block for block in BLOCKS if not modules or block.module in modules]
    measured = {block.module: row(measure(block)) for block in track(chosen, description="blocks")}
    rows = [found for name in known if (found := (kept | measured).get(name))]
    print(f"{'block':34}proven  clocks  differ" + "".join(f"{t:>22}" for t in TARGETS))
    for found in rows:
        runs = found["cosimulated"].values()
        areas = found["implemented"].values()
        print(
            f"{found['block']:34}{found['proven']:>3}/{found['assertions']}"
            f"{sum(run['cycles'] for run in runs):>8}{sum(run['mismatches'] for run in runs):>8}"
            + "".join(
                f"{a['logic_cells']:>8} {a['ffs']:>3} {a['fmax_mhz']:>6.0f} MHz" for a in areas
            )
        )
    write_results("blocks", {"blocks": rows})


if __name__ == "__main__":
    main(sys.argv[1:])
