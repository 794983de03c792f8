"""The machine that a benchmark runs on, and the files that its figures go to.

Nothing but the standard library is imported here before results are written, for Brian2's Python
runs parts of some benchmarks.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"


def processor() -> str:
    """Name of the processor, or of its architecture where the system does not tell."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(x.split(":")[1].strip() for x in lines if x.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def write_results(name: str, report: Mapping[str, Any]) -> None:
    """Write ``benchmarks/results/NAME.json``, whole or not at all."""
    from sc_neurocore.evidence import atomic_write

    RESULTS.mkdir(exist_ok=True)
    atomic_write(RESULTS / f"{name}.json", json.dumps(report, indent=2) + "\n")
