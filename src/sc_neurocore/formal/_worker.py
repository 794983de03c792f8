"""The prover, in a process of its own: ``python -m sc_neurocore.formal._worker JOB RESULT``."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from sc_neurocore.formal._btor import System, parse
from sc_neurocore.formal._execute import Executor
from sc_neurocore.formal._induction import Verdict, cover, prove_all, search, version

_EXECUTION_SHARE = 0.3
_COVER_DEPTH = 8
_SEARCH_DEPTH = 24


def work(job: dict[str, Any]) -> dict[str, Any]:
    """Execute the stimulus, then prove; return the findings as JSON values."""
    started = time.monotonic()
    deadline = started + job["timeout_s"]
    system = parse(Path(job["system"]).read_text())
    result: dict[str, Any] = {"assertions": list(system.bad), "trace": None, "reached": {}}
    result["assumptions"] = len(system.constraints)
    if len(system.bad) != job["expected"] or not system.bad:
        return result
    if len(system.constraints) != job["assumptions"]:
        return result
    watch = [n for n in job["watch"] if n in system.named] or _visible(system)
    if job["stimulus"]:
        limit = started + job["timeout_s"] * _EXECUTION_SHARE
        run = _Recorder(system, watch, job["covers"])
        for clocks, values in job["stimulus"]:
            if not run.apply(clocks, values, limit):
                break
        result |= {"reached": run.reached, "executed": run.clock}
        if run.violated:
            status = {n: "refuted" if n in run.violated else "unknown" for n in system.bad}
            method = f"execution from reset, {run.clock} clocks"
            return result | {"status": status, "method": method, "trace": run.trace()}
    verdict = prove_all(system, max_depth=job["max_depth"], deadline=deadline)
    if "unknown" in verdict.status.values() and not verdict.inputs:
        deeper = search(system, first=verdict.depth + 1, depth=_SEARCH_DEPTH, deadline=deadline)
        verdict = deeper or verdict
    result |= {"status": verdict.status, "method": _method(verdict)}
    for name in job["covers"]:
        if result["reached"].get(name) is None and name in system.named and not job["stimulus"]:
            found = cover(system, name, max_depth=_COVER_DEPTH, deadline=deadline)
            result["reached"][name] = found
    if verdict.inputs:
        run = _Recorder(system, watch, (), verdict.start)
        for values in verdict.inputs:
            run.apply(1, values, float("inf"))
        if not run.violated:
            raise RuntimeError(
                "the solver's counterexample does not violate anything when executed"
            )
        result["trace"] = run.trace()
    return result


def _visible(system: System) -> list[str]:
    shown = {*system.inputs, *system.states}
    return [name for name, i in system.named.items() if i in shown and _is_written(name)]


def _is_written(name: str) -> bool:
    """Whether a signal's name stood in the source, rather than being made up by a tool."""
    return not name.startswith(("state_", "input_", "$"))


def _method(verdict: Verdict) -> str:
    statuses = set(verdict.status.values())
    if "refuted" in statuses:
        return (
            f"bounded search, {verdict.depth} clocks from any initial state, bitwuzla {version()}"
        )
    return f"k-induction, k={verdict.depth}, bitwuzla {version()}"


class _Recorder:
    """An execution and what changed in it."""

    def __init__(
        self, system: System, watch: list[str], covers: Any, start: dict[int, int] | None = None
    ) -> None:
        # Initial values that nothing fixes are ones, so that nobody mistakes them for a reset.
        free = {s: (1 << system.nodes[s].sort.width) - 1 for s in system.states}
        self.system, self.clock = system, 0
        self.executor = Executor(system, dict.fromkeys([*watch, *covers]), start or free)
        self.changes: dict[str, list[list[int]]] = {n: [] for n in watch}
        self.widths = {n: system.nodes[system.named[n]].sort.width for n in watch}
        self.violated: dict[str, int] = {}
        self.reached: dict[str, int | None] = {n: None for n in covers if n in system.named}

    def apply(self, clocks: int, values: dict[str, int], limit: float) -> bool:
        """Apply values for some clocks; false if the time is over."""
        for _ in range(clocks):
            seen = self.executor.clock(values)
            for name, rows in self.changes.items():
                value = seen.values[name]
                if not rows or rows[-1][1] != value:
                    rows.append([self.clock, value])
            for name in seen.violated:
                self.violated.setdefault(name, self.clock)
            for name, at in self.reached.items():
                if at is None and seen.values[name] and self.clock > 1:
                    self.reached[name] = self.clock
            self.clock += 1
            if time.monotonic() > limit:
                return False
        return True

    def trace(self) -> dict[str, Any]:
        return {
            "clocks": self.clock,
            "widths": self.widths,
            "changes": self.changes,
            "violated": self.violated,
        }


if __name__ == "__main__":
    found = work(json.loads(Path(sys.argv[1]).read_text()))
    Path(sys.argv[2]).write_text(json.dumps(found))
