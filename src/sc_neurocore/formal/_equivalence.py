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
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from sc_neurocore.evidence import JSON, EvidenceStore, Outcome, Record, code_digest, run_cached
from sc_neurocore.exceptions import SCConfigError, SCDependencyError, ToolError
from sc_neurocore.formal._aig import FALSE, TRUE, Aig
from sc_neurocore.formal._cells import UnmodelledCell
from sc_neurocore.formal._design import Design, Unmatched
from sc_neurocore.formal._prove import Stage
from sc_neurocore.toolchain import run_yosys
from sc_neurocore.toolchain._process import job_directory, run_process
from sc_neurocore.toolchain._sources import verilog_files
from sc_neurocore.toolchain._tools import require

_GOLD = "gold.json"
EQUIVALENCE_FAMILIES = ("ice40", "ecp5", "gowin", "xilinx")
_PATTERNS = 64
#: Memories that are compared as registers: written, and with a cell for every address, as what is
#: read beyond the last cell is undefined. (One that is never written is a table.)
_REGISTERS = "t:$mem_v2 r:WR_PORTS>0 %i r:SIZE=2 r:SIZE=4 %u r:SIZE=8 %u r:SIZE=16 %u %i"


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
        of inputs and registers that show it.

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
        gold = Design(aig, json.loads(run.files[_GOLD])["modules"][top], "", shared)
        gate = Design(aig, json.loads(netlist)["modules"][top], family, shared)
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
    return _decide(aig, gate, pairs, list(gold.unmatched.values()), timeout_s)


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
        f"memory_map {_REGISTERS}",
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


@dataclass(frozen=True)
class _Pair:
    """Two functions that must be equal: what they are, the RTL's, the netlist's."""

    name: str
    is_output: bool
    gold: int
    gate: int


def _pair(aig: Aig, name: str, is_output: bool, gold: Design, function: int, gate: int) -> _Pair:
    """A pair that counts only where the RTL reads no table beyond its end, as it is undefined."""
    care = TRUE
    loose = aig.support(function) & set(gold.beyond)
    for variable in sorted(loose):
        care = aig.land(care, gold.beyond[variable])
    if loose:
        (function,) = aig.substitute([function], dict.fromkeys(loose, FALSE))
        function = aig.mux(care, function, gate)
    return _Pair(name, is_output, function, gate)


def _pairs(aig: Aig, gold: Design, gate: Design) -> list[_Pair]:
    """Outputs, and next states of every RTL register that they depend on."""
    if {n: len(p["bits"]) for n, p in gold.ports.items()} != {
        n: len(p["bits"]) for n, p in gate.ports.items()
    }:
        raise Unmatched("the ports of netlist and RTL differ")
    if len(gold.clocks() | gate.clocks()) > 1:
        raise Unmatched("not all registers run on one clock")
    pairs = []
    gold.counterpart = gate
    for name, port in gold.ports.items():
        if port["direction"] == "output":
            for k, bit in enumerate(port["bits"]):
                netlist = gate.literal(gate.ports[name]["bits"][k])
                pairs.append(_pair(aig, f"{name}[{k}]", True, gold, gold.literal(bit), netlist))
    at = 0
    while at < len(gold.asked):
        bit = gold.asked[at]
        at += 1
        following = gold.following(bit)
        (image,) = aig.substitute([gold.mapped[bit]], gate.next_states(gold.mapped[bit]))
        pairs.append(_pair(aig, gold.name_of(bit), False, gold, following, image))
    return pairs


def _decide(
    aig: Aig, gate: Design, pairs: Sequence[_Pair], unmatched: Sequence[str], timeout_s: float
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
    if not unmatched:
        witness = _random_difference(aig, gate, open_pairs)
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
        if unmatched:
            # The difference may need a value that the register never takes.
            reason = f"register {unmatched[0]} of the RTL has no counterpart in the netlist"
            return Outcome(_result("unknown", reason, registers, outputs, same), log)
        witness = _difference(aig, gate, open_pairs, _pattern(aig, log))
    if witness is None:
        reason = "ABC reports a difference that could not be reproduced"
        return Outcome(_result("unknown", reason, registers, outputs, same), log)
    what = "the next value of " if witness["next_value"] else ""
    reason = (
        f"{what}{witness['signal']} is {witness['netlist']} in the netlist "
        f"and {witness['rtl']} in the RTL"
    )
    found = _result("different", reason, registers, outputs, same)
    return Outcome({**found, "witness": witness}, log)


def _result(
    status: str, reason: str, registers: int, outputs: int, identical: int
) -> dict[str, JSON]:
    return {
        "status": status,
        "reason": reason,
        "method": "state mapping by net names, inductive, combinational check by ABC; "
        "flip-flops start in any state",
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


def _difference(
    aig: Aig, gate: Design, pairs: Sequence[_Pair], values: Mapping[int, int]
) -> dict[str, JSON] | None:
    """The first pair that differs under some values of inputs and registers, with those values."""
    roots = [x for p in pairs for x in (p.gold, p.gate)]
    found = aig.evaluate(roots, values, 1)
    for k, pair in enumerate(pairs):
        rtl, netlist = found[2 * k], found[2 * k + 1]
        if rtl == netlist:
            continue
        support = aig.support(pair.gold) | aig.support(pair.gate)
        inputs = {
            f"{n}[{k}]": values.get(x, 0) for (n, k), x in gate.inputs.items() if x in support
        }
        registers = {gate.state_name(x): values.get(x, 0) for x in gate.states if x in support}
        return {
            "signal": pair.name,
            "next_value": not pair.is_output,
            "rtl": rtl,
            "netlist": netlist,
            "inputs": dict(sorted(inputs.items())),
            "registers": dict(sorted(registers.items())),
        }
    return None


def _random_difference(aig: Aig, gate: Design, pairs: Sequence[_Pair]) -> dict[str, JSON] | None:
    """A difference found by simulating random patterns, if there is one."""
    noise = random.Random(1)
    ones = (1 << _PATTERNS) - 1
    values = {leaf: noise.getrandbits(_PATTERNS) for leaf in aig.leaves}
    found = aig.evaluate([x for p in pairs for x in (p.gold, p.gate)], values, ones)
    for k in range(len(pairs)):
        unequal = found[2 * k] ^ found[2 * k + 1]
        if unequal:
            at = unequal.bit_length() - 1
            chosen = {leaf: v >> at & 1 for leaf, v in values.items()}
            return _difference(aig, gate, pairs, chosen)
    return None


def _pattern(aig: Aig, log: str) -> dict[int, int]:
    """The input pattern that ABC's ``cec`` prints."""
    found = re.search(r"Input pattern: ((?: *pi\d+=[01])+)", log)
    pairs = re.findall(r"pi(\d+)=([01])", found.group(1)) if found else []
    return {aig.leaves[int(k)]: int(v) for k, v in pairs}
