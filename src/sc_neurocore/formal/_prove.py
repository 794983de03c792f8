"""Proofs: Yosys elaborates, bitwuzla decides, and the number of assertions is checked."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sc_neurocore.compiler import Datapath, Rtl
from sc_neurocore.evidence import EvidenceStore, Outcome, Record, code_digest, run_cached
from sc_neurocore.exceptions import SCNeuroError, ToolError
from sc_neurocore.formal._multiplier import MODULE, multiplier_properties, multiplier_source
from sc_neurocore.formal._properties import properties
from sc_neurocore.formal._property import PropertySet
from sc_neurocore.formal._stimulus import Segment, directed_stimulus
from sc_neurocore.formal._trace import Departure, Trace, replay
from sc_neurocore.toolchain import run_yosys
from sc_neurocore.toolchain._process import checked, job_directory, run_process
from sc_neurocore.toolchain._sources import verilog_files
from sc_neurocore.toolchain._tools import require

Stage = Callable[[str], None]
_SYSTEM = "system.btor"
_RESULT = "result.json"
_MEMORY_MB = 8192


class ProofError(SCNeuroError):
    """A proof would say less than was asked: assertions are missing."""

    exit_code = 6


@dataclass(frozen=True)
class ProofResult:
    """What became of the assertions of one module.

    Attributes:
        top: the module.
        status: ``proven``, ``refuted`` or ``unknown``, per property.
        method: how, in words: ``k-induction, k=1, bitwuzla 0.9.1``.
        reached: first clock in which each signal to be covered was seen high, if it was.
        executed: clocks executed from reset before anything was proven.
        trace: the counterexample, if there is one.
        record: the evidence.
        properties: what was to be proven, where known.
        departure: where the counterexample departs from the bit-true model, if replayed.
    """

    top: str
    status: Mapping[str, str]
    method: str
    reached: Mapping[str, int | None]
    executed: int
    trace: Trace | None
    record: Record
    properties: PropertySet | None = None
    departure: Departure | None = field(default=None)

    @property
    def assertions(self) -> int:
        """Number of assertions that were elaborated."""
        return len(self.status)

    def count(self, status: str) -> int:
        """Number of assertions with a status."""
        return sum(s == status for s in self.status.values())

    @property
    def proven(self) -> int:
        """Number of assertions proven for all time."""
        return self.count("proven")

    @property
    def refuted(self) -> int:
        """Number of assertions with a counterexample."""
        return self.count("refuted")

    @property
    def holds(self) -> bool:
        """Whether every assertion is proven."""
        return self.proven == self.assertions > 0


def prove(
    sources: Mapping[str, str],
    top: str,
    expected_assertions: int,
    *,
    store: EvidenceStore,
    prefix: str = "",
    expected_assumptions: int = 0,
    stimulus: Sequence[Segment] = (),
    covers: Sequence[str] = (),
    watch: Sequence[str] = (),
    max_depth: int = 4,
    timeout_s: float = 60.0,
    on_stage: Stage | None = None,
) -> ProofResult:
    """Prove every assertion of a module, for all time and all inputs, or refute one.

    Args:
        sources: file name to SystemVerilog; assertions may stand under ```ifdef FORMAL``.
        top: the top module.
        expected_assertions: how many assertions there are; any other number is an error.
        store: where the record is kept: ``proven`` if all are, else ``executed``.
        prefix: what to strip from the assertions' labels.
        expected_assumptions: how many assumptions there are; any other number is an error, for
            an assumption too many can make anything true.
        stimulus: pin values to execute first; a violation there is a counterexample from reset.
        covers: signals that must be able to go high; the result says when they did.
        watch: signals to keep in a counterexample; by default inputs and registers.
        max_depth: largest k of the induction.
        timeout_s: wall-clock limit in seconds of the solver.
        on_stage: called with the running tool's name.

    Raises:
        ProofError: the elaborated module has another number of assertions or assumptions, or no
            assertion.
        SCDependencyError: Yosys or bitwuzla is not installed.
        ToolError: a tool failed.
    """
    yosys, solver = require("yosys"), require("bitwuzla")
    options: dict[str, Any] = {
        "top": top, "expected": expected_assertions, "prefix": prefix,
        "assumptions": expected_assumptions,
        "stimulus": [[n, dict(v)] for n, v in stimulus], "covers": list(covers),
        "watch": list(watch), "max_depth": max_depth, "timeout_s": timeout_s,
    }  # fmt: skip

    def statuses(found: Mapping[str, Any]) -> set[str]:
        return set(found["status"].values())

    record = run_cached(
        store,
        word=lambda found: "proven" if statuses(found) == {"proven"} else "executed",
        # One counterexample settles it: the other assertions are then not looked into.
        settled=lambda found: "refuted" in statuses(found) or "unknown" not in statuses(found),
        run=lambda: _attempt(sources, options, on_stage),
        tool="bitwuzla",
        version=f"{solver.version}, yosys {yosys.version}",
        options={**options, "code": code_digest()},
        inputs=dict(sources),
    )
    return _result(record, top)


def _result(record: Record, top: str) -> ProofResult:
    found: Any = record.result
    trace = found["trace"]
    return ProofResult(
        top=top,
        status=found["status"],
        method=found["method"],
        reached=found["reached"],
        executed=found["executed"],
        trace=None if trace is None else Trace.from_json(trace),
        record=record,
    )


def _attempt(
    sources: Mapping[str, str], options: Mapping[str, Any], on_stage: Stage | None
) -> Outcome:
    if on_stage is not None:
        on_stage("yosys")
    script = elaboration(sources, options["top"])
    elaborated = run_yosys(script, sources, outputs=[_SYSTEM])
    if on_stage is not None:
        on_stage("bitwuzla")
    found = _solve(elaborated.files[_SYSTEM], options)
    labels, expected = found.pop("assertions"), options["expected"]
    if len(labels) != expected or not labels:
        raise ProofError(
            f"module '{options['top']}' elaborates to {len(labels)} assertions where {expected} "
            "were written; nothing is proven unless every one of them arrives at the solver"
        )
    assumed = found.pop("assumptions")
    if assumed != options["assumptions"]:
        raise ProofError(
            f"module '{options['top']}' elaborates to {assumed} assumptions where "
            f"{options['assumptions']} were written by the checker; remove every 'assume' from the "
            "module"
        )
    prefix = options["prefix"]
    found["status"] = {n.removeprefix(prefix): s for n, s in sorted(found["status"].items())}
    if found["trace"]:
        violated = found["trace"]["violated"]
        found["trace"]["violated"] = {n.removeprefix(prefix): c for n, c in violated.items()}
    return Outcome({"executed": 0, **found}, elaborated.log, {_SYSTEM: elaborated.files[_SYSTEM]})


def elaboration(sources: Mapping[str, str], top: str) -> list[str]:
    """Yosys commands from Verilog with assertions to a BTOR2 transition system."""
    return [
        *(f"read_verilog -sv -formal -DFORMAL {name}" for name in verilog_files(sources)),
        f"hierarchy -check -top {top}",
        "proc",
        "flatten",
        "memory_collect",
        "opt_clean",
        "async2sync",
        "chformal -lower",
        "formalff -clk2ff",
        "opt -keepdc -fast",
        "setundef -undriven -anyseq",
        "dffunmap",
        "opt_clean",
        f"write_btor {_SYSTEM}",
    ]


def _solve(system: bytes, options: Mapping[str, Any]) -> dict[str, Any]:
    """Run the worker on a transition system."""
    command = require("bitwuzla")
    with job_directory() as work:
        (work / _SYSTEM).write_bytes(system)
        (work / "job.json").write_text(json.dumps({**options, "system": _SYSTEM}))
        argv = (sys.executable, "-P", "-m", "sc_neurocore.formal._worker", "job.json", _RESULT)
        env = {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        limit = options["timeout_s"] * 1.5 + 10
        checked(
            "bitwuzla",
            run_process(
                "bitwuzla", argv, cwd=work, timeout_s=limit, memory_mb=_MEMORY_MB,
                env={**command.env, **env},
            ),
        )  # fmt: skip
        try:
            found: dict[str, Any] = json.loads((work / _RESULT).read_text())
        except (OSError, ValueError):
            raise ToolError("the proof's result could not be read") from None
    return found


def prove_neuron(
    datapath: Datapath,
    rtl: Rtl,
    *,
    store: EvidenceStore,
    sources: Mapping[str, str] | None = None,
    max_depth: int = 3,
    timeout_s: float = 60.0,
    on_stage: Stage | None = None,
) -> tuple[ProofResult, ...]:
    """Prove a generated neuron: its own properties and, if it has one, its serial multiplier's.

    Args:
        datapath: the lowered model.
        rtl: the module written from it.
        store: where the records are kept.
        sources: the module's files if they are not ``rtl``'s own (edited by hand, say).
        max_depth: largest k of the induction.
        timeout_s: wall-clock limit in seconds of each solver run.
        on_stage: called with the running tool's name.

    Raises:
        ProofError: assertions are missing after elaboration.
        SCCompilerError: the checker cannot be put into the sources.
        SCDependencyError: Yosys or bitwuzla is not installed.
        ToolError: a tool failed.
    """
    files = dict(rtl.sources if sources is None else sources)
    for name, text in files.items():
        _require_unconditional(name, text)
    results = [
        prove_module(datapath, rtl, files, store=store, max_depth=max_depth, timeout_s=timeout_s,
                     on_stage=on_stage)
    ]  # fmt: skip
    if rtl.internals.products:
        results.append(_prove_multiplier(rtl, files, store, max_depth, timeout_s, on_stage))
    return tuple(results)


def prove_module(
    datapath: Datapath,
    rtl: Rtl,
    sources: Mapping[str, str],
    *,
    store: EvidenceStore,
    max_depth: int = 3,
    timeout_s: float = 60.0,
    on_stage: Stage | None = None,
) -> ProofResult:
    """Prove a generated neuron's own properties; see `prove_neuron`.

    If the result's properties name a ``multiplier``, they rest on the proof of that, too.
    """
    claimed = properties(datapath, rtl)
    if claimed.multiplier is not None:
        _require_multiplier(rtl, sources)
    found = prove(
        claimed.inject_into(sources, rtl.module),
        rtl.module,
        len(claimed.properties),
        store=store,
        prefix=claimed.prefix,
        expected_assumptions=claimed.assumptions,
        stimulus=directed_stimulus(datapath, rtl).segments,
        covers=("valid", "spike_out"),
        watch=watched(rtl),
        max_depth=max_depth,
        timeout_s=timeout_s,
        on_stage=on_stage,
    )
    _check_names(found, claimed)
    departure = None if found.trace is None else replay(datapath, rtl, found.trace)
    return replace(found, properties=claimed, departure=departure)


def _prove_multiplier(
    rtl: Rtl,
    files: Mapping[str, str],
    store: EvidenceStore,
    max_depth: int,
    timeout_s: float,
    on_stage: Stage | None,
) -> ProofResult:
    widths = rtl.internals.factor_widths
    claimed = multiplier_properties()
    name = f"{MODULE}.sv"
    found = prove(
        {name: claimed.inject(multiplier_source(files[name], *widths))},
        MODULE,
        len(claimed.properties),
        store=store,
        prefix=claimed.prefix,
        expected_assumptions=claimed.assumptions,
        max_depth=max_depth,
        timeout_s=timeout_s,
        on_stage=on_stage,
    )
    _check_names(found, claimed)
    return replace(found, properties=claimed)


_MULTIPLIER = re.compile(rf"wire signed \[\d+:0\] product;|{MODULE} #\(.*?\);", re.DOTALL)
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)


def _require_multiplier(rtl: Rtl, sources: Mapping[str, str]) -> None:
    """What is assumed of the product must be said of the multiplier's own."""
    name = f"{rtl.module}.sv"
    own, edited = (
        _MULTIPLIER.findall(_COMMENT.sub("", text)) for text in (rtl.source, sources.get(name, ""))
    )
    if name in sources and [x.split() for x in own] != [x.split() for x in edited]:
        raise ProofError(
            f"{name} connects the multiplier otherwise than it was generated; the proof rests on "
            f"'product' being the output of {MODULE}, so leave its declaration and instance as "
            "they were"
        )


_CONDITION = re.compile(r"`(ifn?def|elsif|define|undef|include)\b|translate_o(n|ff)\b")


def _require_unconditional(name: str, text: str) -> None:
    """What is proven must be what is built: refuse text that tools may see differently."""
    for number, line in enumerate(text.splitlines(), 1):
        found = _CONDITION.search(line)
        if found:
            raise ProofError(
                f"{name}:{number} holds '{found[0]}'; a module to be proven must read the same in "
                "every tool, so remove conditional text, macros and includes"
            )


def _check_names(result: ProofResult, claimed: PropertySet) -> None:
    missing: Iterable[str] = set(claimed.names) - set(result.status)
    if missing:
        raise ProofError(
            f"module '{result.top}' lost the assertion '{min(missing)}' on the way to the solver"
        )


def watched(rtl: Rtl) -> tuple[str, ...]:
    """Signals to show in a counterexample: pins, states and control."""
    inner = rtl.internals
    control = (inner.step, inner.refractory, inner.was_above)
    pins = ["rst_n", "enable", *rtl.inputs.values(), "valid", "spike_out", *rtl.outputs.values()]
    pins += ["busy"] * (rtl.cycles > 1) + ["trap_out"] * rtl.trap
    pins += ["param_write", "param_address", "param_data"] * bool(rtl.bank)
    names = [*pins, *rtl.banked.values(), *rtl.registers.values(), *(c for c in control if c)]
    return tuple(dict.fromkeys(names))
