"""Simulation with Verilator: compile the design once, run it at millions of cycles a second."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from sc_neurocore.evidence import EvidenceStore, Record
from sc_neurocore.exceptions import ToolError
from sc_neurocore.toolchain._bench import BENCH, BENCH_FILE, Bench, Trace, Words, port_mismatch
from sc_neurocore.toolchain._model import compile_model, verilator_version
from sc_neurocore.toolchain._process import checked, job_directory, run_process, write_sources
from sc_neurocore.toolchain._sources import verilog_files

#: Files for ``$readmemh`` and ``$readmemb``.
_MEMORY = (".hex", ".mem")
_SEED = 1
_MEMORY_MB = 8192


def simulator_version() -> str:
    """Return the versions of Verilator and of the compiler that builds its models."""
    return verilator_version()


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

    def check(log: str) -> None:
        complaint = re.search(rf"%Warning-WIDTH\w*: {BENCH_FILE}.*", log)
        if complaint:
            raise port_mismatch("verilator", bench, complaint[0])

    verilog_files(sources)  # refuses names that are ours
    # Memory files are read when the model starts, so one model serves whatever they hold.
    built = {name: text for name, text in sources.items() if not name.endswith(_MEMORY)}
    return compile_model(
        {BENCH_FILE: bench.verilog(), **built},
        {"__main.cpp": _main(bench, vcd)},
        top=BENCH,
        prefix="Vbench",
        store=store,
        vcd=vcd,
        timeout_s=timeout_s,
        check=check,
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
