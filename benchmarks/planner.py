"""Planning the precision of a million synapses: time, memory, and how many meet their target.

The limit beside the time of the plan is the memory's: the weights must be read twice (the largest
first), a sensitivity and a class written for each, at the bandwidth of a plain copy measured in
turns with the plan. The best of many runs counts. Peak memory is what Python and NumPy allocate
above the weights (tracemalloc), and the process's resident set in a process of its own.

    python benchmarks/planner.py

Results go to benchmarks/results/planner.json. The figures of the documented other implementation
are those its issue states: they were not measured here, and its target is not known.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np

from machine import write_results
from sc_neurocore.compiler.adaptive_precision import (
    assign_synapse_precisions,
    precision_plan_manifest,
    write_precision_manifest,
)

SIZE = 1024
DOCUMENTED = {
    "plan_and_manifest_s": 13.95,
    "peak_mb": 494,
    "share_silently_above_target": 0.86,
    "source": "documented for another implementation, not measured here",
}
#: Targets that are shown: the default, and the root of the number of synapses times 0.1, 1 and 5 %.
TARGETS = (0.01, 1.024, 10.24, 51.2)


def best(tasks: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Seconds of the fastest run of each task; all run in turns."""
    runs: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(repeats + 1):
        for name, task in tasks.items():
            start = time.perf_counter()
            task()
            runs[name].append(time.perf_counter() - start)
    return {name: min(times[1:]) for name, times in runs.items()}


def weights() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(SIZE, SIZE))


def speed() -> dict[str, object]:
    w = weights()
    large = np.ones(1 << 25)
    other = np.empty_like(large)
    plan = assign_synapse_precisions([w])
    manifest = precision_plan_manifest(plan)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plan.json"
        write_precision_manifest(path, manifest)
        size = path.stat().st_size
        found = best(
            {
                "copy": lambda: np.copyto(other, large),
                "plan": lambda: assign_synapse_precisions([w]),
                "manifest": lambda: precision_plan_manifest(plan),
                "both": lambda: precision_plan_manifest(assign_synapse_precisions([w])),
            },
            25,
        )
        block = b"0" * (1 << 20)
        written = best(
            {
                "json": lambda: write_precision_manifest(path, manifest),
                "disk": lambda: write_blocks(path, block, size >> 20),
            },
            3,
        )
    touched = 2 * w.nbytes + plan.sensitivities.nbytes + len(plan)
    bandwidth = 2 * large.nbytes / found["copy"]
    rows = best({"rows": lambda: sum(1 for _ in plan)}, 2)
    return {
        "synapses": w.size,
        "plan_s": found["plan"],
        "manifest_s": found["manifest"],
        "plan_and_manifest_s": found["both"],
        "iterate_all_rows_s": rows["rows"],
        "json_s": written["json"],
        "json_mb": size / 1e6,
        "same_bytes_to_disk_s": written["disk"],
        "limit": {
            "copy_bytes_per_s": bandwidth,
            "bytes_touched": touched,
            "least_s": touched / bandwidth,
            "plan_over_least": found["plan"] * bandwidth / touched,
        },
    }


def write_blocks(path: Path, block: bytes, count: int) -> None:
    """As many bytes, written and flushed to the disk as a manifest is."""
    with path.with_suffix(".raw").open("wb") as file:
        for _ in range(count):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())


def memory() -> dict[str, float]:
    """Peak of plan and manifest above the weights; then the resident set with the file written."""
    w = weights()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    tracemalloc.start()
    manifest = precision_plan_manifest(assign_synapse_precisions([w]))
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    with tempfile.TemporaryDirectory() as folder:
        write_precision_manifest(Path(folder) / "plan.json", manifest)
    return {
        "peak_allocated_mb": peak,
        "resident_before_mb": before,
        "resident_peak_mb": resident,
        "resident_peak_with_json_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
    }


def outcomes() -> list[dict[str, object]]:
    """Share of synapses that meet their target, by target and source; the rest are said to miss."""
    w = weights()
    table: list[dict[str, object]] = []
    for target in TARGETS:
        for source, other in (
            (None, None),
            ("lfsr", None),
            ("sobol:1", None),
            ("sobol:1", "sobol:2"),
        ):
            plan = assign_synapse_precisions(
                [w], target_error=target, source=source, input_source=other
            )
            manifest = precision_plan_manifest(plan)
            said = manifest["target"]["synapses_above_target"]
            found = int(np.count_nonzero(plan.total_error_bounds > plan.local_target))
            costs = manifest["cost_summary"]
            table.append(
                {
                    "target_error": target,
                    "local_target": plan.local_target,
                    "source": str(plan.streams),
                    "share_meeting_target": 1 - found / len(plan),
                    "share_silently_above_target": (found - said) / len(plan),
                    "saving_against_uniform_length": costs[
                        "estimated_lut_savings_vs_uniform_length"
                    ]
                    / costs["uniform_length_reference_cost"],
                    "verdict": plan.verdict,
                }
            )
    return table


def main() -> None:
    if sys.argv[1:] == ["memory"]:
        print(json.dumps(memory()))
        return
    done = subprocess.run(
        [sys.executable, __file__, "memory"], capture_output=True, text=True, check=True
    )
    report = {
        "machine": {
            "processors": os.cpu_count(),
            "load_average": os.getloadavg()[0],
            "python": platform.python_version(),
            "numpy": np.__version__,
        },
        "speed": speed(),
        "memory": json.loads(done.stdout),
        "documented": DOCUMENTED,
        "outcomes": outcomes(),
    }
    write_results("planner", report)
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
