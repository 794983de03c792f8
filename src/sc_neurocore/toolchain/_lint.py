"""Lint: what every front end that is installed has to say about some Verilog."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sc_neurocore.evidence import JSON, EvidenceStore, Outcome, Record, run_cached
from sc_neurocore.toolchain._process import (
    checked,
    job_directory,
    run_process,
    warnings_of,
    write_sources,
)
from sc_neurocore.toolchain._sources import (
    check_identifier,
    read_commands,
    verilog_files,
    verilog_generation,
)
from sc_neurocore.toolchain._tools import Command, find, require
from sc_neurocore.toolchain._yosys import run_yosys

_VERILATOR = ("--lint-only", "-Wall", "-Wno-fatal", "+1364-2005ext+v", "+1800-2017ext+sv")


def lint(
    sources: Mapping[str, str], top: str, *, store: EvidenceStore, timeout_s: float = 120.0
) -> Record:
    """Collect the warnings of Verilator, of Yosys, and of Icarus Verilog if it is installed.

    Args:
        sources: file name to text: Verilog, and the memory files it reads.
        top: the top module.
        store: where the record is kept.
        timeout_s: wall-clock limit of each tool, in seconds.

    Returns:
        An ``executed`` record. Result: ``warnings``, a list of ``tool`` and ``message``.

    Raises:
        SCConfigError: if a name is not allowed.
        SCDependencyError: if Verilator or Yosys is not installed.
        ToolError: if the Verilog is not legal, or a tool crashes or takes too long.
    """
    check_identifier(top, "top module")
    verilator, yosys, icarus = require("verilator"), require("yosys"), find("iverilog")
    files = verilog_files(sources)

    def run() -> Outcome:
        logs = {
            "verilator": _native(
                verilator, [*_VERILATOR, "--top-module", top, *files], sources, timeout_s
            )
        }
        script = [*read_commands(sources), f"hierarchy -check -top {top}", "proc", "check"]
        logs["yosys"] = run_yosys(script, sources, timeout_s=timeout_s).log
        if icarus is not None:
            options = [verilog_generation(sources), "-Wall", "-s", top, "-o", "/dev/null"]
            logs["iverilog"] = _native(icarus, [*options, *files], sources, timeout_s)
        warnings: list[JSON] = [
            {"tool": tool, "message": re.sub(r"^%?Warning[-: ]+", "", message)}
            for tool, log in logs.items()
            for message in warnings_of(log)
            if "https://" not in message
        ]
        return Outcome({"warnings": warnings}, "".join(logs.values()))

    used = [tool for tool in (verilator, yosys, icarus) if tool is not None]
    return run_cached(
        store,
        word="executed",
        tool="lint",
        version=", ".join(f"{tool.name} {tool.version}" for tool in used),
        options={"top": top},
        inputs=sources,
        run=run,
    )


def _native(
    tool: Command, arguments: list[str], sources: Mapping[str, str], timeout_s: float
) -> str:
    with job_directory() as work:
        write_sources(work, sources)
        done = run_process(
            tool.name, [*tool.argv, *arguments], cwd=work, timeout_s=timeout_s, env=tool.env
        )
        return checked(tool.name, done).log
