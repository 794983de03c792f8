"""Simulation with Icarus Verilog, an independent third opinion where the system has it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from sc_neurocore.exceptions import ToolError
from sc_neurocore.toolchain._bench import (
    BENCH,
    BENCH_FILE,
    Bench,
    Trace,
    Words,
    port_mismatch,
    undefined,
)
from sc_neurocore.toolchain._process import checked, job_directory, run_process, write_sources
from sc_neurocore.toolchain._sources import verilog_files, verilog_generation
from sc_neurocore.toolchain._tools import require


def simulator_version() -> str:
    """Return the version of Icarus Verilog."""
    return require("iverilog").version


def simulate(
    sources: Mapping[str, str], bench: Bench, stimulus: Words, *, vcd: bool, timeout_s: float
) -> Trace:
    """Compile the design with a bench and run it over the stimulus."""
    iverilog = require("iverilog")
    vvp = Path(iverilog.path).with_name("vvp")
    if not vvp.is_file():
        raise ToolError(f"vvp is not beside iverilog ({iverilog.path}); reinstall Icarus Verilog")
    with job_directory() as work:
        write_sources(work, sources)
        (work / BENCH_FILE).write_text(bench.verilog())
        (work / "__drive.v").write_text(_driver(bench, len(stimulus), vcd))
        (work / "__stimulus.hex").write_text(_stimulus(stimulus))
        # The driver comes last, or its `timescale would leak into the design.
        files = [BENCH_FILE, *verilog_files(sources), "__drive.v"]
        compiled = checked(
            "iverilog",
            run_process(
                "iverilog",
                [
                    *iverilog.argv,
                    verilog_generation(sources),
                    "-Wall",
                    "-s",
                    "sc_drive",
                    "-o",
                    "design.vvp",
                    *files,
                ],
                cwd=work,
                timeout_s=timeout_s,
            ),
        )
        mismatch = re.search(rf"^{BENCH_FILE}:\d+: warning: .*", compiled.log, re.MULTILINE)
        if mismatch and re.search("expects|dangling|not connected", mismatch[0]):
            raise port_mismatch("iverilog", bench, mismatch[0])
        done = checked(
            "vvp",
            run_process("vvp", [str(vvp), "-n", "design.vvp"], cwd=work, timeout_s=timeout_s),
        )
        lines = (work / "outputs").read_text().split()
        trace = (work / "trace.vcd").read_bytes() if vcd else None
    if len(lines) != len(stimulus) * len(bench.outputs):
        raise ToolError(f"vvp ended early: {len(lines)} values instead of all")
    for position, word in enumerate(lines):
        if not set(word) <= set("0123456789abcdef"):
            cycle, output = divmod(position, len(bench.outputs))
            raise undefined("Icarus", bench, output, cycle)
    values = np.array([int(word, 16) for word in lines], np.uint64)
    outputs = np.ascontiguousarray(values.reshape(len(stimulus), len(bench.outputs)).T)
    return Trace(outputs, compiled.log + done.log, trace)


def _stimulus(stimulus: Words) -> str:
    # The first input is the most significant word of a row.
    return "".join("".join(f"{word:016x}" for word in row) + "\n" for row in stimulus.tolist())


def _driver(bench: Bench, cycles: int, vcd: bool) -> str:
    inputs = "".join(
        f"  reg [{width - 1}:0] in{i} = 0;\n" for i, (_, width) in enumerate(bench.inputs)
    )
    outputs = "".join(
        f"  wire [{width - 1}:0] out{i};\n" for i, (_, width) in enumerate(bench.outputs)
    )
    kinds = [f"in{i}" for i in range(len(bench.inputs))]
    kinds += [f"out{i}" for i in range(len(bench.outputs))]
    pins = "".join(f", .{name}({name})" for name in kinds)
    count = len(bench.inputs)
    bits = 64 * max(count, 1)
    apply = "".join(f"      in{i} = row[{64 * (count - 1 - i)} +: 64];\n" for i in range(count))
    widths = [f"%0{(width + 3) // 4}h" for _, width in bench.outputs]
    values = ", ".join(f"out{i}" for i in range(len(bench.outputs)))
    read = '    $readmemh("__stimulus.hex", stimulus);\n' if count else ""
    dump = f'    $dumpfile("trace.vcd");\n    $dumpvars(0, {BENCH});\n' if vcd else ""
    return f"""\
`timescale 1ns/1ns
module sc_drive;
  reg clk = 0, rst_n = 0;
{inputs}{outputs}  reg [{bits - 1}:0] stimulus [0:{cycles - 1}];
  reg [{bits - 1}:0] row;
  integer t, file;
  {BENCH} {BENCH} (.clk(clk), .rst_n(rst_n){pins});
  initial begin
{read}{dump}    file = $fopen("outputs", "w");
    for (t = 0; t < {bench.reset_cycles}; t = t + 1) begin
      #5 clk = 1;
      #5 clk = 0;
    end
    for (t = 0; t < {cycles}; t = t + 1) begin
      #1 rst_n = 1;
      row = stimulus[t];
{apply}      #4 clk = 1;
      #4 $fwrite(file, "{" ".join(widths)}\\n", {values});
      #1 clk = 0;
    end
    $fclose(file);
    $finish(0);
  end
endmodule
"""
