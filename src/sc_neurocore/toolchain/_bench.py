"""What every simulator is given: a bench around the design, stimulus, and the rules of time.

Reset is low for ``reset_cycles`` rising edges with every input 0. Then, for each row of
stimulus, the inputs change while the clock is low, the clock rises, and the settled outputs
after that edge are the row of the result.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sc_neurocore.exceptions import HardwareSimMismatchError, SCConfigError
from sc_neurocore.toolchain._sources import check_identifier

Words = npt.NDArray[np.uint64]

BENCH = "sc_bench"
BENCH_FILE = "__bench.v"
MAX_WIDTH = 64


@dataclass(frozen=True)
class Bench:
    """A design under test and its ports, in the order of the stimulus' columns."""

    top: str
    clock: str
    reset: str
    inputs: tuple[tuple[str, int], ...]
    outputs: tuple[tuple[str, int], ...]
    reset_cycles: int

    def verilog(self) -> str:
        """Return a module whose ports have names that are safe in every tool and language."""
        ports = ["input wire clk", "input wire rst_n"]
        pins = [f".\\{self.clock} (clk)", f".\\{self.reset} (rst_n)"]
        for direction, kind, group in (
            ("input", "in", self.inputs),
            ("output", "out", self.outputs),
        ):
            for index, (name, width) in enumerate(group):
                ports.append(f"{direction} wire [{width - 1}:0] {kind}{index}")
                pins.append(f".\\{name} ({kind}{index})")
        return (
            f"module {BENCH} (\n  " + ",\n  ".join(ports) + "\n);\n"
            f"  {self.top} dut (\n    " + ",\n    ".join(pins) + "\n  );\nendmodule\n"
        )


@dataclass(frozen=True)
class Trace:
    """What a simulator saw: outputs as one row per port, its log, and a waveform if asked."""

    outputs: Words
    log: str
    vcd: bytes | None


def make_bench(
    top: str,
    clock: str,
    reset: str,
    input_widths: Mapping[str, int],
    output_widths: Mapping[str, int],
    reset_cycles: int,
) -> Bench:
    """Check and collect the ports of a design under test.

    Raises:
        SCConfigError: if a name or width is not allowed.
    """
    check_identifier(top, "top module")
    for name in (clock, reset, *input_widths, *output_widths):
        check_identifier(name, "port")
    for name, width in (*input_widths.items(), *output_widths.items()):
        if not 1 <= width <= MAX_WIDTH:
            raise SCConfigError(
                f"port {name!r} is {width} bits wide; a simulated port has 1 to {MAX_WIDTH} bits"
            )
    if not output_widths:
        raise SCConfigError(f"no outputs of {top!r} are named; name at least one to observe")
    if reset_cycles < 1:
        raise SCConfigError(f"reset_cycles is {reset_cycles}; reset takes at least 1 cycle")
    return Bench(
        top,
        clock,
        reset,
        tuple(input_widths.items()),
        tuple(output_widths.items()),
        reset_cycles,
    )


def make_stimulus(bench: Bench, inputs: Mapping[str, npt.ArrayLike], cycles: int | None) -> Words:
    """Return the stimulus as one row per cycle and one column per input.

    Raises:
        SCConfigError: if the inputs are not those of the bench, differ in length, or hold a
            value that does not fit the port.
    """
    expected = {name for name, _ in bench.inputs}
    if expected != set(inputs):
        wrong = ", ".join(sorted(expected ^ set(inputs)))
        raise SCConfigError(f"inputs and input_widths must name the same ports; check {wrong}")
    columns = [_column(name, width, inputs[name]) for name, width in bench.inputs]
    lengths = {len(column) for column in columns} | ({cycles} if cycles is not None else set())
    if len(lengths) != 1 or 0 in lengths:
        found = ", ".join(str(length) for length in sorted(lengths)) or "none"
        raise SCConfigError(
            f"inputs must all have the same number of cycles, at least 1; found {found}"
        )
    if not columns:
        return np.zeros((lengths.pop(), 0), np.uint64)
    return np.ascontiguousarray(np.stack(columns, axis=1))


def _column(name: str, width: int, values: npt.ArrayLike) -> Words:
    array = np.asarray(values)
    if array.ndim != 1 or array.dtype.kind not in "uib":
        raise SCConfigError(f"input {name!r} must be a one-dimensional array of integers")
    bad = array < 0
    if width < MAX_WIDTH:
        bad = bad | (array.astype(np.uint64) >> np.uint64(width) != 0)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise SCConfigError(
            f"input {name!r} is {int(array[row])} at cycle {row}, which is not an unsigned "
            f"bit pattern of {width} bits"
        )
    return array.astype(np.uint64)


def undefined(simulator: str, bench: Bench, output: int, cycle: int) -> HardwareSimMismatchError:
    """Return the error for an output that is not a number after reset."""
    return HardwareSimMismatchError(
        f"{simulator}: output {bench.outputs[output][0]!r} of {bench.top!r} is undefined (x) at "
        f"cycle {cycle}; give every register a reset value"
    )


def port_mismatch(simulator: str, bench: Bench, detail: str) -> SCConfigError:
    """Return the error for ports whose names or widths are not those of the design."""
    return SCConfigError(
        f"the ports of {bench.top!r} are not as described: {simulator} says: {detail.strip()}"
    )
