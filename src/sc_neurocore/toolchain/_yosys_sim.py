"""Simulation with Yosys: slower, but four-valued, and it needs no compiler."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

import numpy as np

from sc_neurocore.toolchain._bench import (
    BENCH,
    BENCH_FILE,
    Bench,
    Trace,
    Words,
    port_mismatch,
    undefined,
)
from sc_neurocore.toolchain._sources import read_commands
from sc_neurocore.toolchain._tools import require
from sc_neurocore.toolchain._vcd import sample_vcd
from sc_neurocore.toolchain._yosys import run_yosys

_STEP = 10  # time units between two steps of a replayed witness


def simulator_version() -> str:
    """Return the version of Yosys."""
    return require("yosys").version


def simulate(
    sources: Mapping[str, str], bench: Bench, stimulus: Words, *, vcd: bool, timeout_s: float
) -> Trace:
    """Elaborate the design and replay the stimulus on it."""
    script = [
        *read_commands(sources),
        f"read_verilog {BENCH_FILE}",
        f"hierarchy -check -top {BENCH}",
        "proc",
        "flatten",
        "opt_clean",
        "memory_collect",
        # Only what is asked for is traced: the dump is most of the time.
        *([] if vcd else ["rename -hide w:* x:* %d"]),
        f"sim -q -hdlname -r __stimulus.yw -vcd trace.vcd -timescale 1ns {BENCH}",
    ]
    done = run_yosys(
        script,
        {**sources, BENCH_FILE: bench.verilog(), "__stimulus.yw": _witness(bench, stimulus)},
        outputs=["trace.vcd"],
        timeout_s=timeout_s,
    )
    resized = re.search(rf"Warning: (Resizing cell port {BENCH}\..*)", done.log)
    if resized:
        raise port_mismatch("Yosys", bench, resized[1])
    trace = done.files["trace.vcd"]
    rows = bench.reset_cycles + np.arange(len(stimulus), dtype=np.int64)
    names = [f"out{i}" for i in range(len(bench.outputs))]
    values, unknown = sample_vcd(trace.decode(), names, _STEP * (2 * rows + 1))
    if unknown.any():
        cycle = int(np.flatnonzero(unknown.any(axis=0))[0])
        raise undefined("Yosys", bench, int(np.flatnonzero(unknown[:, cycle])[0]), cycle)
    return Trace(values, done.log, trace if vcd else None)


def _witness(bench: Bench, stimulus: Words) -> str:
    """Return the stimulus as a Yosys witness.

    The clock is an ordinary signal of it, in two steps per cycle: a witness's own clocks rise
    together with the change of the inputs, which would show combinational outputs too late.
    """
    ports = [("clk", 1), ("rst_n", 1)]
    ports += [(f"in{i}", width) for i, (_, width) in enumerate(bench.inputs)]
    # The last signal comes first in the string, each with its most significant bit first.
    formats = [f"{{:0{width}b}}" for _, width in reversed(bench.inputs)]
    pattern = "".join(formats)
    reset = "0" * sum(width for _, width in bench.inputs) + "0"
    rows = [reset] * bench.reset_cycles
    rows += [pattern.format(*row) + "1" for row in stimulus[:, ::-1].tolist()]
    return json.dumps(
        {
            "format": "Yosys Witness Trace",
            "generator": "sc-neurocore",
            "clocks": [],
            "signals": [
                {"path": [f"\\{name}"], "offset": 0, "width": width, "init_only": False}
                for name, width in ports
            ],
            "steps": [{"bits": row + clk} for row in rows for clk in "01"],
        }
    )
