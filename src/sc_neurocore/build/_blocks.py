"""Blocks of the library against their golden models, their claims, and two devices."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.build._cosim import Mismatch
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.formal import ProofResult, prove_block
from sc_neurocore.toolchain import (
    Target,
    place_and_route,
    serial_wrapper,
    simulate_rtl,
    synthesise,
)

if TYPE_CHECKING:
    from sc_neurocore.hdl.blocks import Block, Fault

Stage = Callable[[str], None]


@dataclass(frozen=True)
class BlockRun:
    """A block beside its golden model.

    Attributes:
        simulator: its name.
        version: its version.
        cycles: clocks compared.
        ticks: those with ``enable`` high.
        mismatches: clocks at which any output differed.
        first: the first of them.
        evidence: key of the simulation's record.
    """

    simulator: str
    version: str
    cycles: int
    ticks: int
    mismatches: int
    first: Mismatch | None
    evidence: str


@dataclass(frozen=True)
class BlockMutant:
    """What the checks made of a fault.

    Attributes:
        fault: the fault.
        refuted: whether a claim was refuted by a counterexample.
        violated: the claims that it violates, with the clock.
        differs: the first clock at which an output differs from the golden model's, if any.
    """

    fault: Fault
    refuted: bool
    violated: Mapping[str, int]
    differs: int | None


@dataclass(frozen=True)
class BlockArea:
    """A block on a device, after place and route between flip-flops at its ports.

    Attributes:
        target: the device.
        cells: logic cells of the block alone; on ECP5 these are its tables, flip-flops apart.
        luts: its look-up tables.
        ffs: its flip-flops.
        carries: its carry cells.
        fmax_mhz: highest clock, from port to port, in MHz.
        evidence: key of the record.
    """

    target: str
    cells: int
    luts: int
    ffs: int
    carries: int
    fmax_mhz: float
    evidence: str


@dataclass(frozen=True)
class BlockReport:
    """All that was found out about a block."""

    block: Block
    runs: tuple[BlockRun, ...]
    proof: ProofResult
    mutant: BlockMutant
    areas: tuple[BlockArea, ...]


def cosimulate_block(
    block: Block,
    simulator: str,
    *,
    cycles: int,
    store: EvidenceStore,
    seed: int = 0,
    sources: Mapping[str, str] | None = None,
    on_stage: Stage | None = None,
) -> BlockRun:
    """Compare a block with its golden model, clock by clock.

    ``enable`` of a paced block has gaps of random length, in which the inputs are noise. Outputs
    are compared at the last edge with ``enable`` high, so that a state that does not hold in a gap
    shows up.

    Args:
        block: the block.
        simulator: ``verilator``, ``yosys`` or ``icarus``.
        cycles: clocks to compare.
        store: where the record is kept.
        seed: seed of the stimulus.
        sources: the block's files if they are not its own (a faulty one, say).
        on_stage: told the simulator's name when it starts.

    Raises:
        HardwareSimMismatchError: an output is undefined.
        SCDependencyError: the simulator is not installed.
        ToolError: the simulator failed.
    """
    rng = np.random.default_rng(seed)
    enable = rng.random(cycles) < np.repeat(rng.choice([1.0, 0.8, 0.2], cycles), 32)[:cycles]
    enable[0] = True
    if not block.paced:
        enable[:] = True
    ticks = int(enable.sum())
    given = block.stimulus(rng, ticks)
    expected = block.golden(ticks, given)
    pace = {"enable": 1} if block.paced else {}
    levels: dict[str, NDArray[np.int64]] = {name: enable.astype(np.int64) for name in pace}
    driven = {**block.inputs, **({"restart": 1} if block.restarts else {})}
    for name, width in driven.items():
        levels[name] = rng.integers(0, 1 << min(width, 63), cycles)
        levels[name][enable] = given[name]
    record, outputs, _ = simulate_rtl(
        simulator,
        {**(block.sources if sources is None else sources), _HARNESS: _harness(block)},
        "block_harness",
        clock="clk",
        reset="rst_n",
        inputs=levels,
        input_widths={**pace, **driven},
        output_widths=block.outputs,
        store=store,
        on_stage=on_stage,
    )
    tick = np.cumsum(enable) - 1
    wrong = {name: outputs[name] != expected[name][tick].astype(np.uint64) for name in expected}
    differs = np.any(list(wrong.values()), axis=0)
    first = None
    if differs.any():
        cycle = int(np.argmax(differs))
        name = next(n for n in wrong if wrong[n][cycle])
        first = Mismatch(cycle, name, int(expected[name][tick[cycle]]), int(outputs[name][cycle]))
    wrong_clocks = int(differs.sum())
    return BlockRun(simulator, record.version, cycles, ticks, wrong_clocks, first, record.key)


_HARNESS = "block_harness.v"


def _harness(block: Block) -> str:
    """A module that keeps the block's outputs as they are before each edge with ``enable``."""
    control = ["clk", "rst_n", *(["enable"] if block.paced else [])]
    control += ["restart"] if block.restarts else []
    ports = [f"input wire {name}" for name in control]
    ports += [f"input wire {_range(w)}{name}" for name, w in block.inputs.items()]
    ports += [f"output reg {_range(w)}{name}" for name, w in block.outputs.items()]
    wires = "".join(f"  wire {_range(w)}{name}_now;\n" for name, w in block.outputs.items())
    kept = {name: f"{name}_now" for name in block.outputs}
    for name, valid in block.qualified.items():
        kept[name] = f"{{{block.outputs[name]}{{{valid}_now}}}} & {kept[name]}"
    when = "if (enable) " if block.paced else ""
    keep = "".join(f"    {when}{name} <= {now};\n" for name, now in kept.items())
    pins = {name: name for name in (*block.control, *block.inputs)}
    pins |= {name: f"{name}_now" for name in block.outputs}
    if block.restarts:
        pins["rst_n"] = "rst_n && !restart"
    return (
        f"module block_harness ({', '.join(ports)});\n{wires}"
        f"  {block.module} dut ({_connections(pins)});\n"
        f"  always @(posedge clk) begin\n{keep}  end\nendmodule\n"
    )


def _shell(block: Block) -> str:
    """A module with clock and reset around a block that has not both, for place and route."""
    ports = ["input wire clk", "input wire rst_n"]
    ports += [f"input wire {_range(w)}{name}" for name, w in block.inputs.items()]
    ports += [f"output wire {_range(w)}{name}" for name, w in block.outputs.items()]
    pins = {name: name for name in (*block.control, *block.inputs, *block.outputs)}
    return (
        f"module block_shell ({', '.join(ports)});\n"
        f"  {block.module} dut ({_connections(pins)});\nendmodule\n"
    )


def _range(width: int) -> str:
    return f"[{width - 1}:0] " if width > 1 else ""


def _connections(pins: Mapping[str, str]) -> str:
    return ", ".join(f".{pin}({signal})" for pin, signal in pins.items())


def refute_block(
    block: Block, fault: Fault, *, store: EvidenceStore, cycles: int = 2000
) -> BlockMutant:
    """Break a block and see what the proof and a simulation in Yosys make of it.

    Args:
        block: the block.
        fault: one of its faults.
        store: where the records are kept.
        cycles: clocks to simulate.

    Raises:
        ProofError: assertions are missing after elaboration.
        SCConfigError: the fault does not fit the module.
        ToolError: a tool failed.
    """
    broken = block.broken(fault)
    proof = prove_block(block, store=store, sources=broken)
    run = cosimulate_block(block, "yosys", cycles=cycles, store=store, sources=broken)
    violated = {} if proof.trace is None else dict(proof.trace.violated)
    differs = None if run.first is None else run.first.cycle
    return BlockMutant(fault, proof.refuted > 0, violated, differs)


def implement_block(
    block: Block,
    target: Target,
    *,
    store: EvidenceStore,
    seed: int = 1,
    on_stage: Stage | None = None,
) -> BlockArea:
    """Synthesise, place and route a block between flip-flops at all of its ports.

    The flip-flops around it are not counted as its own, but the paths from and to them are part
    of the clock period. So a block without state has a highest clock, too.

    Args:
        block: the block.
        target: the device.
        store: where the records are kept.
        seed: the placer's seed.
        on_stage: told each tool's name when it starts.

    Raises:
        SCConfigError: the target cannot be placed.
        SCDependencyError: a tool is not installed.
        ToolError: a tool failed.
    """
    sources, top = block.sources, block.module
    inputs = list(block.inputs.items())
    if "enable" in block.control:
        inputs.insert(0, ("enable", 1))
    if not block.clocked or not block.resets:
        top = "block_shell"
        sources = {**sources, f"{top}.v": _shell(block)}
    wrapper = serial_wrapper(top, inputs, list(block.outputs.items()), "clk", "rst_n")
    board = synthesise(
        {**sources, f"{top}_board.v": wrapper}, f"{top}_board", target,
        store=store, keep=(top,), on_stage=on_stage,
    )  # fmt: skip
    layout = place_and_route(
        store.blob(board.key, "netlist.json"), target,
        store=store, seed=seed, module=top, on_stage=on_stage,
    )  # fmt: skip
    found: Any = layout.result
    return BlockArea(
        target.name,
        found["logic_cells"]["used"],
        found["luts"],
        found["ffs"],
        found["carries"],
        round(found["fmax_mhz"], 2),
        layout.key,
    )


def verify_block(
    block: Block,
    *,
    store: EvidenceStore,
    cycles: Mapping[str, int],
    targets: Sequence[Target] = (),
    seed: int = 0,
    on_stage: Stage | None = None,
) -> BlockReport:
    """Co-simulate, prove, break and implement a block.

    Args:
        block: the block.
        store: where the records are kept.
        cycles: clocks to compare, by simulator.
        targets: devices to place and route it on.
        seed: seed of the stimulus, and of the choice among its faults.
        on_stage: told each tool's name when it starts.

    Raises:
        SCDependencyError: a tool is not installed.
        ToolError: a tool failed.
    """
    runs = tuple(
        cosimulate_block(block, name, cycles=n, store=store, seed=seed, on_stage=on_stage)
        for name, n in cycles.items()
    )
    proof = prove_block(block, store=store, on_stage=on_stage)
    fault = random.Random(seed).choice(block.faults)  # not for secrets
    mutant = refute_block(block, fault, store=store)
    areas = tuple(implement_block(block, t, store=store, on_stage=on_stage) for t in targets)
    return BlockReport(block, runs, proof, mutant, areas)
