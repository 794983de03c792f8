"""What signals did clock by clock, and where that departs from the bit-true model."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sc_neurocore.compiler import Datapath, Rtl, simulate_fixed, simulate_ticks


@dataclass(frozen=True)
class Trace:
    """Signals of an execution from its first clock, as the rising edges see them.

    Attributes:
        clocks: length of the execution.
        widths: bits of each signal.
        changes: per signal, the clocks in which its bit pattern changed, with the new pattern.
        violated: assertions that failed, with the first clock in which they did.
    """

    clocks: int
    widths: Mapping[str, int]
    changes: Mapping[str, tuple[tuple[int, int], ...]]
    violated: Mapping[str, int]

    def value(self, name: str, clock: int) -> int:
        """Bit pattern of a signal in a clock."""
        changes = self.changes[name]
        return changes[bisect_right(changes, (clock, 1 << 64)) - 1][1]

    def to_json(self) -> dict[str, Any]:
        """The trace as JSON values."""
        return {
            "clocks": self.clocks,
            "widths": dict(self.widths),
            "changes": {n: [list(c) for c in rows] for n, rows in self.changes.items()},
            "violated": dict(self.violated),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Trace:
        """Rebuild a trace."""
        changes = {n: tuple((c, v) for c, v in rows) for n, rows in data["changes"].items()}
        return cls(data["clocks"], data["widths"], changes, data["violated"])

    def vcd(self, module: str) -> str:
        """The trace as a Value Change Dump (IEEE 1364-2005, clause 18), 10 ns per clock."""
        codes = {name: _code(k) for k, name in enumerate(self.widths)}
        lines = ["$timescale 1ns $end", f"$scope module {module} $end"]
        lines += [f"$var wire {w} {codes[n]} {n} $end" for n, w in self.widths.items()]
        lines += ["$var wire 1 ! clk $end", "$upscope $end", "$enddefinitions $end"]
        at: dict[int, list[str]] = {}
        for name, rows in self.changes.items():
            for clock, value in rows:
                at.setdefault(clock, []).append(f"b{value:b} {codes[name]}")
        for clock in range(self.clocks):
            lines += [f"#{10 * clock}", *at.get(clock, []), "0!", f"#{10 * clock + 5}", "1!"]
        return "\n".join([*lines, f"#{10 * self.clocks}"]) + "\n"


def _code(k: int) -> str:
    """A VCD identifier code other than that of the clock."""
    digits = ""
    k += 1
    while True:
        digits += chr(34 + k % 93)
        k //= 93
        if not k:
            return digits


@dataclass(frozen=True)
class Departure:
    """Where hardware first departs from the bit-true model.

    Attributes:
        clock: clock of the trace.
        tick: tick since the last reset that had ended last (0: none yet).
        signal: port that differs.
        expected: its raw value in the model.
        got: its raw value in the trace.
    """

    clock: int
    tick: int
    signal: str
    expected: int
    got: int


def replay(datapath: Datapath, rtl: Rtl, trace: Trace) -> Departure | None:
    """Run the bit-true model on a trace's inputs and compare every port in every clock.

    Comparison starts at the first reset in the trace.
    """
    for epoch in _epochs(rtl, trace):
        found = _compare(datapath, rtl, trace, epoch)
        if found is not None:
            return found
    return None


@dataclass
class _Epoch:
    """Clocks between two resets: when ticks start and end."""

    first: int
    last: int
    starts: list[int]
    ends: list[int]
    busy: list[int]


def _epochs(rtl: Rtl, trace: Trace) -> Iterable[_Epoch]:
    epoch: _Epoch | None = None
    count = 0
    for clock in range(trace.clocks):
        if epoch is not None:
            epoch.last = clock
            if count:
                epoch.busy.append(clock)
        if not trace.value("rst_n", clock):
            if epoch is not None:
                yield epoch
            epoch, count = _Epoch(clock + 1, clock, [], [], []), 0
        elif epoch is not None:
            if count == 0 and trace.value("enable", clock):
                epoch.starts.append(clock)
                count = 1 if rtl.cycles > 1 else 0
                if rtl.cycles == 1:
                    epoch.ends.append(clock)
            elif count == rtl.cycles - 1 and count:
                epoch.ends.append(clock)
                count = 0
            elif count:
                count += 1
    if epoch is not None:
        yield epoch


def _compare(datapath: Datapath, rtl: Rtl, trace: Trace, epoch: _Epoch) -> Departure | None:
    ports = (*datapath.inputs, *datapath.parameters, *datapath.draws)
    starts = epoch.starts[: len(epoch.ends)]

    def raw(name: str, clock: int, width: int, signed: bool) -> int:
        value = trace.value(name, clock)
        return value - (1 << width) if signed and value >> (width - 1) else value

    signals = {**rtl.inputs, **rtl.banked}
    inputs = {
        p.name: np.array([raw(signals[p.name], c, p.width, p.format.signed) for c in starts],
                         dtype=np.int64)
        for p in ports
    }  # fmt: skip
    run = simulate_fixed(datapath, inputs) if ports else simulate_ticks(datapath, len(starts))
    ended, busy = set(epoch.ends), set(epoch.busy)
    tick = 0
    for clock in range(epoch.first, epoch.last + 1):
        tick += clock - 1 in ended
        rows = [("valid", int(clock - 1 in ended), 1, False)]
        rows.append(("spike_out", int(run.spikes[tick - 1, 0]) if tick else 0, 1, False))
        if rtl.cycles > 1:
            rows.append(("busy", int(clock in busy), 1, False))
        for p, init in zip(datapath.states, datapath.init, strict=True):
            value = int(run.states[p.name][tick - 1, 0]) if tick else init
            rows.append((rtl.outputs[p.name], value, p.width, p.format.signed))
        for name, expected, width, signed in rows:
            got = raw(name, clock, width, signed)
            if got != expected:
                return Departure(clock, tick, name, expected, got)
    return None
