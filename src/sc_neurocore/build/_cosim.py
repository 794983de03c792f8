"""RTL against the bit-true model, clock by clock, in every simulator at hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore import __version__
from sc_neurocore.build._clocked import Raw, entering, expected_outputs, pattern
from sc_neurocore.compiler import Compiled, Port, kernel_source, rom_contents
from sc_neurocore.evidence import (
    JSON,
    EvidenceStore,
    Outcome,
    Record,
    code_digest,
    digest,
    run_cached,
)
from sc_neurocore.exceptions import HardwareSimMismatchError
from sc_neurocore.toolchain import simulate_rtl, simulator_version

#: Clocks per simulator. Interpreted simulators are slower by two orders of magnitude.
CLOCKS = {"verilator": 100_000, "yosys": 4_000, "icarus": 20_000}
_BLOCK = 64


@dataclass(frozen=True)
class Mismatch:
    """The first clock at which RTL and model disagree.

    Attributes:
        cycle: rising edge, counted from the end of reset.
        signal: output port.
        expected: value of the bit-true model, raw.
        got: value of the RTL, raw.
        vcd: waveform up to and just beyond it, if the simulator wrote one.
    """

    cycle: int
    signal: str
    expected: int
    got: int
    vcd: bytes | None = None

    def __str__(self) -> str:
        return (
            f"cycle {self.cycle}, signal '{self.signal}': expected {self.expected}, got {self.got}"
        )


@dataclass(frozen=True)
class Cosimulation:
    """One co-simulation.

    Attributes:
        simulator: its name.
        version: its version.
        cycles: clocks compared.
        ticks: ticks that ended within them.
        mismatches: clocks at which any output differed.
        first: the first of them.
        evidence: key of the record.
        cached: whether the record was found rather than made.
    """

    simulator: str
    version: str
    cycles: int
    ticks: int
    mismatches: int
    first: Mismatch | None
    evidence: str
    cached: bool


@dataclass(frozen=True)
class Stimulus:
    """Levels of the pins at every clock.

    Attributes:
        enable: the ``enable`` pin.
        inputs: raw value of every number entering the datapath: ports, and banked parameters as
            the writes leave them.
        writes: levels of the register bank's pins; empty without a bank.
    """

    enable: NDArray[np.bool_]
    inputs: Mapping[str, Raw]
    writes: Mapping[str, Raw]

    def digest(self) -> str:
        """Content hash of all levels."""
        parts = [np.packbits(self.enable).tobytes()]
        for group in (self.inputs, self.writes):
            parts += [
                name.encode() + np.ascontiguousarray(raw).tobytes() for name, raw in group.items()
            ]
        return digest(b"\0".join(parts))


def make_stimulus(compiled: Compiled, clocks: int, seed: int, drive: Mapping[str, Raw]) -> Stimulus:
    """Random, corner and realistic stimulus.

    A third of the blocks hold a corner value (lowest, highest, zero or one step off) on each port,
    a third are uniform noise, a third play ``drive`` (raw values per tick, the model's own
    protocol). ``enable`` is mostly high, with gaps of random length.

    Args:
        compiled: the module.
        clocks: length.
        seed: seed of the random stream.
        drive: raw tick-by-tick values of some ports.
    """
    rng = np.random.default_rng(seed)
    blocks = -(-clocks // _BLOCK)
    enable = rng.random(clocks) < np.repeat(rng.choice([1.0, 0.9, 0.3], blocks), _BLOCK)[:clocks]
    kind = np.repeat(rng.integers(0, 3, blocks), _BLOCK)[:clocks]
    inputs = {}
    for port in entering(compiled):
        corner = rng.choice(_corners(port), blocks)
        noise = rng.integers(port.low, port.high + 1, clocks)
        played = noise
        if port.name in drive:
            ticks = np.arange(clocks) // compiled.rtl.cycles
            played = drive[port.name][ticks % len(drive[port.name])]
        raw = np.where(
            kind == 0, np.repeat(corner, _BLOCK)[:clocks], np.where(kind == 1, noise, played)
        )
        inputs[port.name] = raw.astype(np.int64)
    writes: dict[str, Raw] = {}
    if compiled.rtl.bank:
        writes = {
            "param_write": (rng.random(clocks) < 0.1).astype(np.int64),
            "param_address": rng.integers(0, len(compiled.rtl.bank), clocks),
            "param_data": rng.integers(0, 1 << compiled.rtl.bank_width, clocks),
        }
        values = {q.name: q.value for q in compiled.model.parameters}
        for port in compiled.datapath.parameters:
            inputs[port.name] = _banked(port, values[port.name], compiled.rtl.bank, writes)
    return Stimulus(enable, inputs, writes)


def _banked(port: Port, value: float, bank: Mapping[str, int], writes: Mapping[str, Raw]) -> Raw:
    """Content of a bank register at each clock edge: what the last earlier write left."""
    hit = (writes["param_write"] == 1) & (writes["param_address"] == bank[port.name])
    raw = writes["param_data"] & ((1 << port.width) - 1)
    if port.format.signed:
        raw = np.where(raw >= 1 << (port.width - 1), raw - (1 << port.width), raw)
    last = np.maximum.accumulate(np.where(hit, np.arange(len(hit)), -1))
    before = np.concatenate([[-1], last[:-1]])
    return np.where(before >= 0, raw[before], port.format.raw(value)).astype(np.int64)


def _corners(port: Port) -> Raw:
    wanted = [port.low, port.low + 1, -1, 0, 1, port.high - 1, port.high]
    return np.asarray([x for x in wanted if port.low <= x <= port.high], dtype=np.int64)


def cosimulate(
    compiled: Compiled,
    stimulus: Stimulus,
    simulator: str,
    *,
    store: EvidenceStore,
    sources: Mapping[str, str] | None = None,
    timeout_s: float = 600.0,
    on_stage: Callable[[str], None] | None = None,
) -> Cosimulation:
    """Run the RTL on a stimulus and compare every output at every clock.

    Args:
        compiled: the module and its model.
        stimulus: levels of the pins.
        simulator: ``verilator``, ``yosys`` or ``icarus``.
        store: evidence store.
        sources: RTL to run instead of ``compiled.rtl`` (a netlist, an edited file).
        timeout_s: wall time allowed.
        on_stage: told the tool's name when it starts.
    """
    rtl = compiled.rtl
    text = dict(sources or rtl.sources)
    run = _Run(compiled, stimulus, simulator, text, store, timeout_s, on_stage)
    record = run_cached(
        store,
        word="executed",
        tool="co-simulation",
        version=__version__,
        options={
            "simulator": simulator,
            "simulator_version": simulator_version(simulator),
            "module": rtl.module,
            "cycles_per_tick": rtl.cycles,
            "code": code_digest(),
        },
        inputs={
            **{f"rtl/{name}": content for name, content in text.items()},
            "model": kernel_source(compiled.datapath) + repr(rom_contents(compiled.datapath)),
            "initial": repr(compiled.datapath.init),
            "stimulus": stimulus.digest(),
        },
        run=run.compare,
    )
    result: Mapping[str, Any] = record.result
    first = None
    if result["first"] is not None:
        vcd = store.blob(record.key, _VCD) if _VCD in record.blobs else None
        first = Mismatch(**result["first"], vcd=vcd)
    return Cosimulation(
        simulator=simulator,
        version=str(record.options["simulator_version"]),
        cycles=result["cycles"],
        ticks=result["ticks"],
        mismatches=result["mismatches"],
        first=first,
        evidence=record.key,
        cached=record.cached,
    )


_VCD = "first_mismatch.vcd"


class _Run:
    def __init__(
        self,
        compiled: Compiled,
        stimulus: Stimulus,
        simulator: str,
        sources: dict[str, str],
        store: EvidenceStore,
        timeout_s: float,
        on_stage: Callable[[str], None] | None,
    ) -> None:
        self._compiled, self._stimulus = compiled, stimulus
        self._simulator, self._sources = simulator, sources
        self._store, self._timeout, self._on_stage = store, timeout_s, on_stage

    def __call__(
        self, clocks: int, *, vcd: bool
    ) -> tuple[Record, dict[str, NDArray[np.uint64]], bytes | None]:
        rtl, datapath = self._compiled.rtl, self._compiled.datapath
        levels = {"enable": self._stimulus.enable[:clocks].astype(np.uint64)}
        widths = {"enable": 1}
        for name, raw in self._stimulus.writes.items():
            levels[name] = raw[:clocks].astype(np.uint64)
            widths[name] = 1
        if rtl.bank:
            widths["param_address"] = max(1, (len(rtl.bank) - 1).bit_length())
            widths["param_data"] = rtl.bank_width
        for port in entering(self._compiled):
            if port.name not in rtl.inputs:
                continue
            name = rtl.inputs[port.name]
            levels[name] = pattern(self._stimulus.inputs[port.name][:clocks], port.width)
            widths[name] = port.width
        outputs = {"valid": 1, "spike_out": 1}
        if rtl.cycles > 1:
            outputs["busy"] = 1
        if rtl.trap:
            outputs["trap_out"] = 1
        outputs |= {rtl.outputs[p.name]: p.width for p in datapath.states}
        return simulate_rtl(
            self._simulator,
            self._sources,
            rtl.module,
            clock="clk",
            reset="rst_n",
            inputs=levels,
            input_widths=widths,
            output_widths=outputs,
            store=self._store,
            vcd=vcd,
            timeout_s=self._timeout,
            on_stage=self._on_stage,
        )

    def compare(self) -> Outcome:
        """Run, compare, and keep the waveform of the first mismatch."""
        clocks = len(self._stimulus.enable)
        expected = expected_outputs(self._compiled, self._stimulus.enable, self._stimulus.inputs)
        record, outputs, _ = self(clocks, vcd=False)
        differs = np.zeros(clocks, dtype=bool)
        for name, values in expected.items():
            differs |= outputs[name] != values
        first: dict[str, JSON] | None = None
        blobs: dict[str, bytes] = {}
        if differs.any():
            found = self.first_mismatch(int(np.argmax(differs)), expected, outputs)
            first = {
                "cycle": found.cycle,
                "signal": found.signal,
                "expected": found.expected,
                "got": found.got,
            }
            if found.vcd is not None:
                blobs[_VCD] = found.vcd
        return Outcome(
            {
                "cycles": clocks,
                "ticks": int(expected["valid"].sum()),
                "mismatches": int(differs.sum()),
                "first": first,
                "simulation": record.key,
            },
            record.log,
            blobs,
        )

    def first_mismatch(
        self,
        cycle: int,
        expected: Mapping[str, NDArray[np.uint64]],
        got: Mapping[str, NDArray[np.uint64]],
    ) -> Mismatch:
        signal = next(n for n in expected if expected[n][cycle] != got[n][cycle])
        _, _, vcd = self(min(cycle + 4, len(self._stimulus.enable)), vcd=True)
        widths = {self._compiled.rtl.outputs[p.name]: p for p in self._compiled.datapath.states}

        def value(raw: int) -> int:
            port = widths.get(signal)
            if port is None or not port.format.signed or raw < 1 << (port.width - 1):
                return raw
            return raw - (1 << port.width)

        return Mismatch(
            cycle, signal, value(int(expected[signal][cycle])), value(int(got[signal][cycle])), vcd
        )


def require_agreement(runs: Sequence[Cosimulation]) -> None:
    """Raise `HardwareSimMismatchError` naming the first disagreement of any run."""
    for run in runs:
        if run.first is not None:
            raise HardwareSimMismatchError(
                f"the RTL disagrees with the bit-true model in {run.simulator} at {run.first}"
            )
