"""The optimisers of `sc_neurocore.optimizer`: time, distance from the optimum, synthesis.

Run ``python benchmarks/optimiser.py``; it writes ``benchmarks/results/optimiser.json``. With
``--tabulate`` it counts the table of product errors anew instead, which takes some minutes.
"""

from __future__ import annotations

import json
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from machine import processor, write_results
from sc_neurocore.evidence import EvidenceStore, atomic_write
from sc_neurocore.optimizer import (
    HardwareBudget,
    LayerProfile,
    SCOptimizer,
    SurrogateSCOptimizer,
    TargetHardwareProfile,
)
from sc_neurocore.optimizer._choices import full_grid
from sc_neurocore.optimizer._device import find_device
from sc_neurocore.optimizer._product_error import error_table, make_error_table
from sc_neurocore.optimizer._stochastic_layer import DecorrelationStrategy, StochasticLayer
from sc_neurocore.optimizer.farm._sc_layer import sc_layer
from sc_neurocore.toolchain import synthesise

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "src" / "sc_neurocore" / "optimizer" / "product_error.csv"
SEED = 5
#: Networks that are selected for, and those that are synthesised too.
SELECTED, SYNTHESISED = 20, 8


def main() -> None:
    """Measure everything and write the results."""
    if "--tabulate" in sys.argv:
        atomic_write(TABLE, make_error_table())
        return
    results = {
        "machine": f"{processor()}, Python {platform.python_version()}",
        "full_grid": full_grid_times(),
        "selection": selections(),
        "synthesis": {target: synthesised(target) for target in ("ice40", "ecp5")},
    }
    write_results("optimiser", results)
    print(json.dumps(results, indent=1))


def full_grid_times() -> dict[str, Any]:
    """A network of 20 different layers over the full grid, nothing cached but the table."""
    network = [LayerProfile(f"layer{i}", mac_count=6 * (i + 1)) for i in range(20)]
    error_table()
    rows = []
    for budget in (HardwareBudget(80_000, 2_500.0), HardwareBudget(45_000, 400.0, 30_000)):
        seconds = []
        for _ in range(5):
            full_grid.cache_clear()
            started = time.perf_counter()
            report = SurrogateSCOptimizer(TargetHardwareProfile("ecp5", budget)).optimise(network)
            seconds.append(time.perf_counter() - started)
        candidates = 20 * len(error_table())
        rows.append(
            {
                "budget": [budget.max_luts, budget.max_power_mw, budget.max_latency_cycles],
                "layers": 20,
                "candidates": candidates,
                "seconds": round(statistics.median(seconds), 3),
                "candidates_per_s": round(candidates / statistics.median(seconds)),
                "feasible": report.feasible,
                "proven_gap": report.gap,
            }
        )
    return {"word": "measured", "rows": rows, "goal_s": 2.0}


def selections() -> dict[str, Any]:
    """How far greedy and annealed accuracies lie below the proven optimum, on random networks."""
    rng = np.random.default_rng(SEED)
    gaps: dict[str, list[float]] = {"greedy": [], "annealing": []}
    times: dict[str, list[float]] = {"greedy": [], "annealing": [], "exact": []}
    proven = []
    while len(proven) < SELECTED:
        network = [
            LayerProfile(f"l{i}", mac_count=int(n))
            for i, n in enumerate(rng.integers(4, 128, rng.integers(2, 12)))
        ]
        macs = sum(layer.mac_count for layer in network)
        budget = HardwareBudget(
            int(macs * rng.uniform(10, 40)), macs * rng.uniform(0.1, 0.5),
            int((2 * macs + len(network) * 2000) * rng.uniform(0.5, 2)),
        )  # fmt: skip
        optimizer = SCOptimizer(budget)
        found = {}
        for name, run in (
            ("greedy", optimizer.optimize),
            ("annealing", optimizer.optimize_annealing),
            ("exact", optimizer.optimize_exact),
        ):
            started = time.perf_counter()
            found[name] = run(network)
            times[name].append(time.perf_counter() - started)
        if not found["exact"].feasible:
            continue
        best = found["exact"].totals.accuracy.value
        for name, listed in gaps.items():
            listed.append(best - found[name].totals.accuracy.value)
        proven.append(found["exact"].gap)
    return {
        "networks": SELECTED,
        "below_the_optimum": {
            name: {"mean": float(np.mean(g)), "worst": max(g)} for name, g in gaps.items()
        },
        "largest_proven_gap_of_exact": max(proven),
        "median_seconds": {name: round(statistics.median(t), 4) for name, t in times.items()},
    }


def synthesised(target: str) -> dict[str, Any]:
    """Chosen configurations, really synthesised: against prediction, interval and budget."""
    rng = np.random.default_rng(SEED)
    device = find_device(target)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        store = EvidenceStore(Path(folder) / "evidence.sqlite")
        while len(rows) < SYNTHESISED:
            sizes = rng.integers(3, 40, 2)
            network = [LayerProfile(f"l{i}", mac_count=int(n)) for i, n in enumerate(sizes)]
            budget = HardwareBudget(int(sizes.sum() * rng.uniform(12, 45)), 500.0)
            report = SurrogateSCOptimizer(TargetHardwareProfile(target, budget)).optimise(network)
            if not report.feasible:
                continue
            measured = 0
            for layer, chosen in zip(network, report.layers, strict=True):
                built = StochasticLayer(
                    layer.mac_count, chosen.bitstream_length, chosen.precision_bits,
                    DecorrelationStrategy(chosen.decorrelator),
                    int(chosen.polynomial.split("+")[0].removeprefix("x^")),
                )  # fmt: skip
                sources, top = sc_layer(built.shape.parameters)
                record = synthesise(sources, top, device.toolchain_target, store=store)
                measured += int(record.result["luts"])  # type: ignore[call-overload]
            luts = report.totals.luts
            rows.append(
                {
                    "macs": sizes.tolist(),
                    "max_luts": budget.max_luts,
                    "predicted": [round(luts.low), round(luts.value), round(luts.high)],
                    "measured": measured,
                    "within_budget": measured <= budget.max_luts,
                    "within_interval": luts.low <= measured <= luts.high,
                    "relative_error": luts.value / measured - 1,
                }
            )
    errors = [abs(r["relative_error"]) for r in rows]
    return {
        "rows": rows,
        "within_budget": sum(r["within_budget"] for r in rows),
        "within_interval": sum(r["within_interval"] for r in rows),
        "of": len(rows),
        "median_error": statistics.median(errors),
        "largest_error": max(errors),
    }


if __name__ == "__main__":
    main()
