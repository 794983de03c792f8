"""Yosys as a function: a script and sources in, a log and files out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sc_neurocore.exceptions import ToolError
from sc_neurocore.toolchain._process import (
    checked,
    job_directory,
    run_process,
    warnings_of,
    write_sources,
)
from sc_neurocore.toolchain._tools import require

_WORKER = Path(__file__).with_name("_yosys_worker.py")
_SCRIPT = "__script.ys"
MEMORY_MB = 8192


@dataclass(frozen=True)
class YosysRun:
    """A Yosys run that succeeded: its log, its distinct warnings, and the files asked for."""

    log: str
    warnings: list[str]
    files: dict[str, bytes]


def run_yosys(
    script: str | Sequence[str],
    sources: Mapping[str, str | bytes],
    *,
    outputs: Sequence[str] = (),
    timeout_s: float = 120.0,
    memory_mb: int = MEMORY_MB,
) -> YosysRun:
    """Run a Yosys script over some sources, in a process of its own.

    Args:
        script: Yosys commands, one per line or per item. They see the sources under their
            plain names in the current directory.
        sources: file name to content.
        outputs: names of files that the script writes and the caller wants.
        timeout_s: wall-clock limit in seconds.
        memory_mb: address-space limit in MiB.

    Raises:
        SCConfigError: if a source's name is not a plain file name.
        SCDependencyError: if Yosys is not installed.
        ToolError: if Yosys fails, crashes, or passes its time limit.
    """
    command = require("yosys")
    with job_directory() as work:
        write_sources(work, sources)
        lines = script if isinstance(script, str) else "\n".join(script)
        (work / _SCRIPT).write_text(lines + "\n")
        if command.origin == "wheel":
            argv = [*command.argv, str(_WORKER), str(memory_mb), _SCRIPT]
            limit = None  # the worker limits itself once Python is up
        else:
            argv = [*command.argv, "-s", _SCRIPT]
            limit = memory_mb
        done = checked(
            "Yosys",
            run_process(
                "Yosys",
                argv,
                cwd=work,
                timeout_s=timeout_s,
                memory_mb=limit,
                env=command.environment(work),
            ),
        )
        files = {}
        for name in outputs:
            path = work / name
            if not path.is_file():
                raise ToolError(f"Yosys did not write {name}; its script must")
            files[name] = path.read_bytes()
    return YosysRun(done.log, warnings_of(done.log), files)
