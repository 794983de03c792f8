"""That a synthesised netlist does what its RTL does.

Every register of the RTL keeps its name as a net of the netlist, whatever became of it: a
flip-flop, a merged or inverted one, a constant, a multiplexer behind a banked memory. These nets,
as functions of the netlist's registers, map each state of the netlist to a state of the RTL. If
the outputs agree in corresponding states, and one clock leads from corresponding states to
corresponding states for all inputs, then every behaviour of the netlist is one of the RTL. That
is a question about combinational logic, which ABC decides. A register that synthesis removed may
hold anything in a corresponding state.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import resources
from pathlib import Path

from sc_neurocore.evidence import JSON, EvidenceStore, Outcome, Record, code_digest, run_cached
from sc_neurocore.exceptions import SCConfigError, SCDependencyError, ToolError
from sc_neurocore.formal._aig import Aig
from sc_neurocore.formal._cells import UnmodelledCell
from sc_neurocore.formal._design import Design, Unmatched
from sc_neurocore.formal._difference import (
    Pair,
    difference,
    executed_difference,
    pattern,
    random_difference,
)
from sc_neurocore.formal._matching import match_memories
from sc_neurocore.formal._prove import Stage
from sc_neurocore.toolchain import run_yosys
from sc_neurocore.toolchain._process import job_directory, run_process
from sc_neurocore.toolchain._sources import verilog_files
from sc_neurocore.toolchain._tools import require

_GOLD = "gold.json"
EQUIVALENCE_FAMILIES = ("ice40", "ecp5", "gowin", "xilinx")


def equivalent(
    rtl_sources: Mapping[str, str],
    top: str,
    netlist: bytes | str,
    family: str,
    *,
    store: EvidenceStore,
    timeout_s: float = 60.0,
    on_stage: Stage | None = None,
) -> Record:
    """Compare a synthesised netlist with the RTL it came from, for all states and inputs.

    Args:
        rtl_sources: file name to SystemVerilog.
        top: the top module.
        netlist: Yosys's JSON of the mapped design (``netlist.json`` of `synthesise`).
        family: device family, which says what the cells are.
        store: where the record is kept: ``proven`` if equivalent, else ``executed``.
        timeout_s: wall-clock limit in seconds of each tool.
        on_stage: called with the running tool's name.

    Returns:
        A record whose result holds ``status`` (``equivalent``, ``different`` or ``unknown``),
        ``reason``, ``method``, ``registers`` and ``outputs`` compared (bits), ``identical`` (bits
        equal by structure alone), and ``witness``: for a difference the signal, and the values
        of inputs and registers that show it (with ``clock``: in that clock of an execution).

    Raises:
        SCConfigError: the family is unknown.
        SCDependencyError: Yosys is not installed, or without ABC.
        ToolError: a tool failed, or the netlist cannot be read.
    """
    if family not in EQUIVALENCE_FAMILIES:
        raise SCConfigError(
            f"family '{family}' has no cell models; known are {', '.join(EQUIVALENCE_FAMILIES)}"
        )
    yosys = require("yosys")
    text = netlist.decode() if isinstance(netlist, bytes) else netlist
    return run_cached(
        store,
        word=lambda found: "proven" if found["status"] == "equivalent" else "executed",
        settled=lambda found: found["status"] != "unknown",
        run=lambda: _compare(rtl_sources, top, text, family, timeout_s, on_stage),
        tool="yosys-abc",
        version=yosys.version,
        options={
            "check": "equivalence",
            "top": top,
            "family": family,
            "timeout_s": timeout_s,
            "code": code_digest(),
        },
        inputs={**rtl_sources, "netlist.json": text},
    )


def _compare(
    sources: Mapping[str, str],
    top: str,
    netlist: str,
    family: str,
    timeout_s: float,
    on_stage: Stage | None,
) -> Outcome:
    if on_stage is not None:
        on_stage("yosys")
    maps = {
        "__ripple_carry.v": (resources.files("sc_neurocore.formal") / "ripple_carry.v"),
        "__separate_adders.v": (resources.files("sc_neurocore.toolchain") / "separate_adders.v"),
    }
    files = {**sources, **{name: path.read_text() for name, path in maps.items()}}
    run = run_yosys(_expansion(sources, top), files, outputs=[_GOLD], timeout_s=timeout_s)
    aig = Aig()
    shared: dict[tuple[str, int], int] = {}
    try:
        modules = json.loads(run.files[_GOLD])["modules"][top], json.loads(netlist)["modules"][top]
        gold, gate = Design(aig, modules[0], "", shared), Design(aig, modules[1], family, shared)
    except UnmodelledCell as gap:
        return Outcome(_result("unknown", str(gap), 0, 0, 0))
    except (KeyError, ValueError, TypeError):
        raise ToolError(f"the netlist of '{top}' is not a Yosys JSON netlist of it") from None
    try:
        pairs = _pairs(aig, gold, gate)
    except (Unmatched, UnmodelledCell) as gap:
        return Outcome(_result("unknown", str(gap), 0, 0, 0))
    if on_stage is not None:
        on_stage("yosys-abc")
    if not gold.unmatched and not gold.stored:
        return _decide(aig, gate, pairs, [], timeout_s)
    found = _decide(aig, gate, pairs, _doubts(gold), timeout_s)
    if found.result["status"] == "equivalent":
        return found
    fresh = Aig()
    shared = {}
    gold, gate = Design(fresh, modules[0], "", shared), Design(fresh, modules[1], family, shared)
    witness = executed_difference(fresh, gold, gate)
    if witness is None:
        return found
    reason = f"{_told(witness)} after {witness['clock']} clocks from any state"
    return Outcome(
        {**found.result, "status": "different", "reason": reason, "witness": witness}, found.log
    )


def _doubts(gold: Design) -> list[str]:
    """Why a difference between corresponding states need not be one."""
    lost = [
        f"register {name} of the RTL has no counterpart in the netlist"
        for name in gold.unmatched.values()
    ]
    guessed = {contents.name for contents, _, _ in gold.stored.values()}
    return lost + [f"memory {n} is not read as the RTL reads it" for n in sorted(guessed)]


def _expansion(sources: Mapping[str, str], top: str) -> list[str]:
    """Yosys commands from RTL to gates, without any mapping to a device.

    No pass may touch a register here: `opt_dff`, `opt_merge` and `wreduce` take the freedom of an
    undefined initial value, which would then be compared with the freedom that synthesis took.
    """
    return [
        *(f"read_verilog -sv {name}" for name in verilog_files(sources)),
        f"hierarchy -check -top {top}",
        "proc",
        "flatten",
        "opt_expr",
        "opt_clean",
        "wreduce t:$add t:$sub t:$mul t:$neg",
        "opt_clean",
        "techmap -map __separate_adders.v t:$add t:$sub %u t:$mul %co2 %d",
        "alumacc",
        "memory_collect",
        "opt_expr",
        "techmap -map __ripple_carry.v -map +/techmap.v",
        "opt_expr",
        "opt_clean",
        "dffunmap",
        "simplemap",
        "setattr -unset init",
        "dfflegalize -cell $_DFF_P_ x",
        "opt_clean",
        f"write_json {_GOLD}",
    ]


def _pairs(aig: Aig, gold: Design, gate: Design) -> list[Pair]:
    """Outputs, and next states of every RTL register that they depend on."""
    if {n: len(p["bits"]) for n, p in gold.ports.items()} != {
        n: len(p["bits"]) for n, p in gate.ports.items()
    }:
        raise Unmatched("the ports of netlist and RTL differ")
    if len(gold.clocks() | gate.clocks()) > 1:
        raise Unmatched("not all registers run on one clock")
    pairs: list[Pair] = []
    gold.counterpart = gate
    for name, port in gold.ports.items():
        if port["direction"] == "output":
            for k, bit in enumerate(port["bits"]):
                netlist = gate.literal(gate.ports[name]["bits"][k])
                pairs.append(Pair(f"{name}[{k}]", True, gold.literal(bit), netlist))
    following: list[int] = []  # of the registers asked for, among which there are more and more
    while len(following) < len(gold.asked):
        following.append(gold.asked[len(following)].following())
    cells = match_memories(aig, gold, gate)
    for leaf, (contents, row, column) in gold.stored.items():
        if leaf not in cells:
            gold.unmatched[leaf] = f"{contents.name}[{row}][{column}]"
    for state, function in zip(gold.asked, following, strict=True):
        if state.present not in gold.unmatched:
            present = cells.get(state.present, state.present)
            (image,) = aig.substitute([present], gate.next_states(present))
            pairs.append(Pair(state.name, False, function, image))
    return [_where_defined(aig, pair, gold.beyond, cells) for pair in pairs]


def _where_defined(aig: Aig, pair: Pair, unknown: set[int], cells: Mapping[int, int]) -> Pair:
    """A pair that counts only where the RTL's value does not depend on a read beyond the end."""
    (function,) = aig.substitute([pair.gold], cells)
    if aig.support(function) & unknown:
        function = aig.unless_unknown(function, unknown, pair.gate)
    return replace(pair, gold=function)


def _decide(
    aig: Aig, gate: Design, pairs: Sequence[Pair], doubts: Sequence[str], timeout_s: float
) -> Outcome:
    outputs = sum(p.is_output for p in pairs)
    registers = len(pairs) - outputs
    if not outputs:
        return Outcome(_result("unknown", "the RTL has no outputs to compare", 0, 0, 0))
    open_pairs = [p for p in pairs if p.gold != p.gate]
    same = len(pairs) - len(open_pairs)
    if not open_pairs:
        return Outcome(_result("equivalent", "", registers, outputs, same))
    witness, log = None, ""
    if not doubts:
        witness = random_difference(aig, gate, open_pairs)
    if witness is None:
        status, log = _cec(
            aig.aiger([p.gold for p in open_pairs]),
            aig.aiger([p.gate for p in open_pairs]),
            timeout_s,
        )
        if status == "equivalent":
            return Outcome(_result("equivalent", "", registers, outputs, same), log)
        if status == "unknown":
            reason = f"ABC did not decide within {timeout_s:g} s"
            return Outcome(_result("unknown", reason, registers, outputs, same), log)
        if doubts:
            # The difference may need a value that the register never takes.
            return Outcome(_result("unknown", doubts[0], registers, outputs, same), log)
        witness = difference(aig, gate, open_pairs, pattern(aig, log))
    if witness is None:
        reason = "ABC reports a difference that could not be reproduced"
        return Outcome(_result("unknown", reason, registers, outputs, same), log)
    found = _result("different", _told(witness), registers, outputs, same)
    return Outcome({**found, "witness": witness}, log)


def _told(witness: Mapping[str, JSON]) -> str:
    what = "the next value of " if witness["next_value"] else ""
    return (
        f"{what}{witness['signal']} is {witness['netlist']} in the netlist "
        f"and {witness['rtl']} in the RTL"
    )


def _result(
    status: str, reason: str, registers: int, outputs: int, identical: int
) -> dict[str, JSON]:
    return {
        "status": status,
        "reason": reason,
        "method": "state mapping by net names, inductive, combinational check by ABC; "
        "flip-flops and written memories start in any state",
        "registers": registers,
        "outputs": outputs,
        "identical": identical,
        "witness": None,
    }


def _cec(gold: bytes, gate: bytes, timeout_s: float) -> tuple[str, str]:
    """Ask ABC; return the status and its log, in which a counterexample may stand."""
    with job_directory() as work:
        (work / "gold.aig").write_bytes(gold)
        (work / "gate.aig").write_bytes(gate)
        limit = max(1, int(timeout_s))
        script = f"read_aiger gold.aig; cec -n -T {limit} -C 1000000 gate.aig"
        argv = [_abc(), "-q", script]
        log = run_process("ABC", argv, cwd=work, timeout_s=timeout_s * 2 + 10, memory_mb=8192).log
    if re.search(r"NOT EQUIVALENT", log):
        return "different", log
    if re.search(r"Networks are equivalent", log):
        return "equivalent", log
    return "unknown", log


def _abc() -> str:
    command = require("yosys")
    path = Path(command.path) / "yosys-abc"
    if command.origin == "wheel" and path.is_file():
        return str(path)
    beside = Path(command.path).with_name("yosys-abc")
    if beside.is_file():
        return str(beside)
    raise SCDependencyError("yosys-abc is not installed beside Yosys; run `pip install pyosys`")
