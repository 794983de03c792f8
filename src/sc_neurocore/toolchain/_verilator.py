"""Simulation with Verilator: compile the design once, run it at millions of cycles a second."""

from __future__ import annotations

import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from sc_neurocore.evidence import EvidenceStore, Outcome, Record, run_cached
from sc_neurocore.exceptions import ToolError
from sc_neurocore.toolchain._bench import BENCH, BENCH_FILE, Bench, Trace, Words, port_mismatch
from sc_neurocore.toolchain._process import checked, job_directory, run_process, write_sources
from sc_neurocore.toolchain._sources import verilog_files
from sc_neurocore.toolchain._tools import Command, require

# Verilator has two states only. Unknown values become random ones, so that a design that
# depends on them disagrees with its model instead of luckily reading zeros.
_VERILATE = (
    "--cc",
    "-O3",
    "--x-assign",
    "unique",
    "--x-initial",
    "unique",
    "-Wno-fatal",
    "-Wno-lint",
    "-Wwarn-WIDTH",
    "+1364-2005ext+v",
    "+1800-2017ext+sv",
    "--prefix",
    "Vbench",
    "--top-module",
    BENCH,
)
_DEFINES = ("-std=c++17", "-DVM_COVERAGE=0", "-DVM_SC=0")
_RUNTIME = ("verilated", "verilated_threads")
_TRACE_RUNTIME = ("verilated_vcd_c",)
_RUNTIME_FLAGS = ("-O1", *_DEFINES, "-DVM_TRACE=0")
_MODEL_FLAGS = ("-O2", *_DEFINES)
_SEED = 1
_MEMORY_MB = 8192


def simulator_version() -> str:
    """Return the versions of Verilator and of the compiler that builds its models."""
    return f"{require('verilator').version}, {require('c++').version}"


def simulate(
    sources: Mapping[str, str],
    bench: Bench,
    stimulus: Words,
    *,
    store: EvidenceStore,
    vcd: bool,
    timeout_s: float,
) -> Trace:
    """Build the design, or find it built, and run it over the stimulus."""
    model = _model(sources, bench, store, vcd, timeout_s)
    with job_directory() as work:
        write_sources(work, sources)  # the model reads its memory files when it starts
        program = work / "__simulator"
        program.write_bytes(store.blob(model.key, "simulator"))
        program.chmod(0o700)
        (work / "__stimulus").write_bytes(stimulus.astype("<u8").tobytes())
        cycles = len(stimulus)
        numbers = [str(cycles), str(bench.reset_cycles), str(_SEED)]
        done = checked(
            "the Verilator model",
            run_process(
                "the Verilator model",
                [str(program), *numbers],
                cwd=work,
                timeout_s=timeout_s,
                memory_mb=_MEMORY_MB,
            ),
        )
        unread = re.search(r"%Warning: (.*\$readmem.*)", done.log)
        if unread:
            raise ToolError(f"the Verilator model could not read a memory file: {unread[1]}")
        outputs = np.fromfile(work / "__outputs", "<u8").reshape(cycles, len(bench.outputs))
        waveform = (work / "__trace.vcd").read_bytes() if vcd else None
    return Trace(np.ascontiguousarray(outputs.T.astype(np.uint64)), done.log, waveform)


def _model(
    sources: Mapping[str, str], bench: Bench, store: EvidenceStore, vcd: bool, timeout_s: float
) -> Record:
    """Return the record that holds the compiled design."""
    verilator, compiler = require("verilator"), require("c++")
    trace = ("--trace-vcd",) if vcd else ()
    main = _main(bench, vcd)

    def run() -> Outcome:
        runtime = _runtime(verilator, compiler, store, vcd, timeout_s)
        include = Path(verilator.env["VERILATOR_ROOT"]) / "include"
        with job_directory() as work:
            write_sources(work, sources)
            (work / BENCH_FILE).write_text(bench.verilog())
            (work / "main.cpp").write_text(main)
            for name in runtime.blobs:
                (work / name).write_bytes(store.blob(runtime.key, name))
            files = [BENCH_FILE, *verilog_files(sources)]
            verilated = checked(
                "verilator",
                run_process(
                    "verilator",
                    [*verilator.argv, *_VERILATE, *trace, "-Mdir", "model", *files],
                    cwd=work,
                    timeout_s=timeout_s,
                    memory_mb=_MEMORY_MB,
                    env=verilator.env,
                ),
            )
            complaint = re.search(rf"%Warning-WIDTH\w*: {BENCH_FILE}.*", verilated.log)
            if complaint:
                raise port_mismatch("verilator", bench, complaint[0])
            # One translation unit: the headers dominate the time to compile a small model.
            units = sorted(path.name for path in (work / "model").glob("*.cpp"))
            joined = "".join(f'#include "model/{name}"\n' for name in units)
            (work / "all.cpp").write_text(joined + '#include "main.cpp"\n')
            compiled = checked(
                "the C++ compiler",
                run_process(
                    "the C++ compiler",
                    [
                        *compiler.argv,
                        *_MODEL_FLAGS,
                        f"-DVM_TRACE={int(vcd)}",
                        f"-I{include}",
                        f"-I{include / 'vltstd'}",
                        "-Imodel",
                        "all.cpp",
                        *runtime.blobs,
                        "-pthread",
                        "-o",
                        "simulator",
                    ],
                    cwd=work,
                    timeout_s=timeout_s,
                    env=compiler.env,
                ),
            )
            program = (work / "simulator").read_bytes()
        return Outcome({}, verilated.log + compiled.log, {"simulator": program})

    return run_cached(
        store,
        word="generated",
        tool="verilator-model",
        version=simulator_version(),
        options={"verilator": [*_VERILATE, *trace], "compiler": list(_MODEL_FLAGS)},
        inputs={**sources, BENCH_FILE: bench.verilog(), "__main.cpp": main},
        run=run,
    )


def _runtime(
    verilator: Command, compiler: Command, store: EvidenceStore, vcd: bool, timeout_s: float
) -> Record:
    """Return the record that holds Verilator's runtime, compiled once per pair of versions."""
    names = _RUNTIME + (_TRACE_RUNTIME if vcd else ())
    include = Path(verilator.env["VERILATOR_ROOT"]) / "include"

    def run() -> Outcome:
        with job_directory() as work:

            def compile_one(name: str) -> str:
                argv = [*compiler.argv, *_RUNTIME_FLAGS, f"-I{include}", f"-I{include / 'vltstd'}"]
                done = run_process(
                    "the C++ compiler",
                    [*argv, "-c", str(include / f"{name}.cpp"), "-o", f"{name}.o"],
                    cwd=work,
                    timeout_s=timeout_s,
                    env=compiler.env,
                )
                return checked("the C++ compiler", done).log

            with ThreadPoolExecutor(max_workers=2) as pool:
                logs = list(pool.map(compile_one, names))
            objects = {f"{name}.o": (work / f"{name}.o").read_bytes() for name in names}
        return Outcome({}, "".join(logs), objects)

    return run_cached(
        store,
        word="generated",
        tool="verilator-runtime",
        version=simulator_version(),
        options={"compiler": list(_RUNTIME_FLAGS), "parts": list(names)},
        inputs={},
        run=run,
    )


def _main(bench: Bench, vcd: bool) -> str:
    feed = "".join(f"    top->in{i} = row[{i}];\n" for i in range(len(bench.inputs)))
    clear = "".join(f"  top->in{i} = 0;\n" for i in range(len(bench.inputs)))
    take = "".join(f"    out[{j}] = top->out{j};\n" for j in range(len(bench.outputs)))
    return f"""\
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>
#include "Vbench.h"
#include "verilated.h"
#if VM_TRACE
#include "verilated_vcd_c.h"
#endif

static constexpr size_t INPUTS = {len(bench.inputs)}, OUTPUTS = {len(bench.outputs)};

double sc_time_stamp() {{ return 0; }}

int main(int argc, char** argv) {{
  if (argc != 4) return 2;
  const size_t cycles = std::strtoull(argv[1], nullptr, 10);
  const size_t reset_cycles = std::strtoull(argv[2], nullptr, 10);
  auto context = std::make_unique<VerilatedContext>();
  context->randReset(2);
  context->randSeed(std::atoi(argv[3]));
  context->traceEverOn({"true" if vcd else "false"});
  auto top = std::make_unique<Vbench>(context.get());
#if VM_TRACE
  VerilatedVcdC waves;
  top->trace(&waves, 99);
  waves.open("__trace.vcd");
#endif
  uint64_t time = 0;
  auto settle = [&](int clk) {{
    top->clk = clk;
    top->eval();
#if VM_TRACE
    waves.dump(time);
#endif
    time += 5;
  }};
  std::vector<uint64_t> stimulus(cycles * INPUTS), result(cycles * OUTPUTS);
  if (INPUTS > 0) {{
    std::FILE* file = std::fopen("__stimulus", "rb");
    if (!file || std::fread(stimulus.data(), 8, stimulus.size(), file) != stimulus.size()) {{
      std::puts("error: the stimulus cannot be read");
      return 3;
    }}
    std::fclose(file);
  }}
  top->rst_n = 0;
{clear}  for (size_t t = 0; t < reset_cycles; ++t) {{
    settle(0);
    settle(1);
  }}
  for (size_t t = 0; t < cycles; ++t) {{
    const uint64_t* row = stimulus.data() + t * INPUTS;
    uint64_t* out = result.data() + t * OUTPUTS;
    (void)row;
    top->rst_n = 1;
{feed}    settle(0);
    settle(1);
{take}  }}
  top->final();
#if VM_TRACE
  waves.close();
#endif
  std::FILE* file = std::fopen("__outputs", "wb");
  if (!file || std::fwrite(result.data(), 8, result.size(), file) != result.size()
      || std::fclose(file) != 0) {{
    std::puts("error: the outputs cannot be written");
    return 4;
  }}
  return 0;
}}
"""
