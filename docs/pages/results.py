"""What the benchmarks wrote."""

from __future__ import annotations

import json
from typing import Any

from pages import ROOT

RESULTS = ROOT / "benchmarks" / "results"


def load_results(name: str) -> Any:
    """A result file of the benchmarks."""
    return json.loads((RESULTS / name).read_text(encoding="utf-8"))
