"""RTL simulation behind one function, whichever simulator runs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from sc_neurocore.evidence import EvidenceStore, Outcome, Record, run_cached
from sc_neurocore.exceptions import SCConfigError, SCDependencyError
from sc_neurocore.toolchain import _icarus, _verilator, _yosys_sim
from sc_neurocore.toolchain._bench import (
    BENCH_FILE,
    Trace,
    Words,
    make_bench,
    make_stimulus,
)
from sc_neurocore.toolchain._sources import verilog_files
from sc_neurocore.toolchain._synthesis import Stage

_VERSIONS: Mapping[str, Callable[[], str]] = {
    "verilator": _verilator.simulator_version,
    "yosys": _yosys_sim.simulator_version,
    "icarus": _icarus.simulator_version,
}


def simulator_version(simulator: str) -> str:
    """Return the version of a simulator.

    Raises:
        SCConfigError: if the simulator is unknown.
        SCDependencyError: if it is not installed.
    """
    if simulator not in _VERSIONS:
        raise SCConfigError(f"unknown simulator {simulator!r} (simulators: {', '.join(_VERSIONS)})")
    return _VERSIONS[simulator]()


def available_simulators() -> list[str]:
    """Return the simulators that can be used here, the fastest first."""
    found = []
    for name, version in _VERSIONS.items():
        try:
            version()
        except SCDependencyError:
            continue
        found.append(name)
    return found


def simulate_rtl(
    simulator: str,
    sources: Mapping[str, str],
    top: str,
    *,
    clock: str,
    reset: str,
    inputs: Mapping[str, npt.ArrayLike],
    input_widths: Mapping[str, int],
    output_widths: Mapping[str, int],
    store: EvidenceStore,
    cycles: int | None = None,
    reset_cycles: int = 2,
    vcd: bool = False,
    timeout_s: float = 600.0,
    on_stage: Stage | None = None,
) -> tuple[Record, dict[str, Words], bytes | None]:
    """Run a clocked design over some stimulus and return what its outputs did.

    The reset is active low, synchronous or not, and held for ``reset_cycles`` rising edges with
    every input 0. Then for each row t the inputs change while the clock is low, the clock
    rises, and the settled outputs after that edge are row t of the result.

    Args:
        simulator: ``verilator`` (fast, two-valued: undefined values are random), ``yosys`` (no
            compiler needed, four-valued) or ``icarus`` (four-valued).
        sources: file name to text: Verilog, and the memory files it reads.
        top: the module.
        clock: its clock port.
        reset: its reset port.
        inputs: one array of T unsigned bit patterns per input.
        input_widths: width in bits, 1 to 64, of every input but clock and reset.
        output_widths: width in bits, 1 to 64, of the outputs to observe.
        store: where the record, and the compiled design, are kept.
        cycles: T; needed only for a design without inputs.
        reset_cycles: rising edges under reset, at least 1.
        vcd: whether to return a waveform.
        timeout_s: wall-clock limit of each tool, in seconds.
        on_stage: called with the simulator's name before it runs; not called on a cache hit.

    Returns:
        The ``executed`` record (result: ``cycles``), the outputs as arrays of T uint64 bit
        patterns, and the waveform or None.

    Raises:
        SCConfigError: if a name, width or value is not allowed, or the ports are others.
        SCDependencyError: if the simulator is not installed.
        HardwareSimMismatchError: if an output is undefined after reset.
        ToolError: if a tool fails, crashes or passes its time limit.
    """
    version = simulator_version(simulator)
    verilog_files(sources)
    bench = make_bench(top, clock, reset, input_widths, output_widths, reset_cycles)
    stimulus = make_stimulus(bench, inputs, cycles)

    def simulate() -> Trace:
        if simulator == "verilator":
            return _verilator.simulate(
                sources, bench, stimulus, store=store, vcd=vcd, timeout_s=timeout_s
            )
        run = _yosys_sim.simulate if simulator == "yosys" else _icarus.simulate
        return run(sources, bench, stimulus, vcd=vcd, timeout_s=timeout_s)

    def run() -> Outcome:
        if on_stage is not None:
            on_stage(simulator)
        trace = simulate()
        blobs = {"outputs": trace.outputs.astype("<u8").tobytes()}
        if trace.vcd is not None:
            blobs["trace.vcd"] = trace.vcd
        return Outcome({"cycles": len(stimulus)}, trace.log, blobs)

    record = run_cached(
        store,
        word="executed",
        tool=simulator,
        version=version,
        options={
            "top": top,
            "clock": clock,
            "reset": reset,
            "reset_cycles": reset_cycles,
            "cycles": len(stimulus),
            "vcd": vcd,
        },
        inputs={
            **sources,
            BENCH_FILE: bench.verilog(),
            "__stimulus": stimulus.astype("<u8").tobytes(),
        },
        run=run,
    )
    rows = np.frombuffer(store.blob(record.key, "outputs"), "<u8").astype(np.uint64)
    rows = rows.reshape(len(bench.outputs), len(stimulus))
    outputs = {name: rows[index] for index, (name, _) in enumerate(bench.outputs)}
    return record, outputs, store.blob(record.key, "trace.vcd") if vcd else None
