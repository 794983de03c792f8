"""Designs compiled by Verilator into programs, each kept in the evidence store by its content."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sc_neurocore.evidence import EvidenceStore, Outcome, Record, run_cached
from sc_neurocore.toolchain._process import checked, job_directory, run_process, write_sources
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
)
_DEFINES = ("-std=c++17", "-DVM_COVERAGE=0", "-DVM_SC=0")
_RUNTIME = ("verilated", "verilated_threads")
_TRACE_RUNTIME = ("verilated_vcd_c",)
_RUNTIME_FLAGS = ("-O1", *_DEFINES, "-DVM_TRACE=0")
_MODEL_FLAGS = ("-O2", *_DEFINES)
_MEMORY_MB = 8192
_HDL = (".v", ".sv", ".vlt")


def verilator_version() -> str:
    """Return the versions of Verilator and of the compiler that builds its models."""
    return f"{require('verilator').version}, {require('c++').version}"


def compile_model(
    sources: Mapping[str, str],
    program: Mapping[str, str],
    *,
    top: str,
    prefix: str,
    store: EvidenceStore,
    vcd: bool = False,
    timeout_s: float,
    check: Callable[[str], None] = lambda log: None,
) -> Record:
    """Compile a design together with a C++ program that runs it, or find it compiled.

    Args:
        sources: file name to text: Verilog, Verilator's settings (``*.vlt``), and memory files,
            which are part of the key although only the program reads them.
        program: file name to text of C++; every ``*.cpp`` is compiled, after the design's own.
        top: module on top.
        prefix: class of the design in C++, in the header ``<prefix>.h``.
        store: where the compiled program is kept.
        vcd: with Verilator's support for waveforms.
        timeout_s: limit of each tool in seconds.
        check: called with Verilator's log; raises if that shows a mistake.

    Returns:
        A record with the blob ``simulator``, the program.

    Raises:
        SCDependencyError: Verilator or a C++ compiler is missing.
        ToolError: one of them failed.
    """
    verilator, compiler = require("verilator"), require("c++")
    trace = ("--trace-vcd",) if vcd else ()
    options = [*_VERILATE, "--prefix", prefix, "--top-module", top, *trace]

    def run() -> Outcome:
        runtime = _runtime(verilator, compiler, store, vcd, timeout_s)
        include = Path(verilator.env["VERILATOR_ROOT"]) / "include"
        with job_directory() as work:
            write_sources(work, sources)
            write_sources(work, program)
            for name in runtime.blobs:
                (work / name).write_bytes(store.blob(runtime.key, name))
            files = [name for name in sources if name.endswith(_HDL)]
            verilated = checked(
                "verilator",
                run_process(
                    "verilator",
                    [*verilator.argv, *options, "-Mdir", "model", *files],
                    cwd=work,
                    timeout_s=timeout_s,
                    memory_mb=_MEMORY_MB,
                    env=verilator.env,
                ),
            )
            check(verilated.log)
            # One translation unit: the headers dominate the time to compile a small model.
            units = sorted(f"model/{path.name}" for path in (work / "model").glob("*.cpp"))
            units += [name for name in program if name.endswith(".cpp")]
            (work / "all.cpp").write_text("".join(f'#include "{name}"\n' for name in units))
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
            simulator = (work / "simulator").read_bytes()
        return Outcome({}, verilated.log + compiled.log, {"simulator": simulator})

    return run_cached(
        store,
        word="generated",
        tool="verilator-model",
        version=verilator_version(),
        options={"verilator": options, "compiler": list(_MODEL_FLAGS)},
        inputs={**sources, **program},
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
        version=verilator_version(),
        options={"compiler": list(_RUNTIME_FLAGS), "parts": list(names)},
        inputs={},
        run=run,
    )
