"""Deliberately broken variants of generated RTL, which the proof must refute."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from sc_neurocore.compiler import Datapath, Rtl
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import SCCompilerError
from sc_neurocore.formal._prove import ProofResult, Stage, prove_module
from sc_neurocore.formal._stimulus import Stimulus, directed_stimulus
from sc_neurocore.formal._trace import Departure


@dataclass(frozen=True)
class Mutant:
    """A module with one fault.

    Attributes:
        kind: what sort of fault.
        description: what it does, in one sentence.
        line: line of the module's file that was changed, from 1.
        before: that line as it was.
        after: that line now.
        rtl: the faulty module.
    """

    kind: str
    description: str
    line: int
    before: str
    after: str
    rtl: Rtl


@dataclass(frozen=True)
class MutantResult:
    """What the proof made of a mutant.

    Attributes:
        mutant: the faulty module.
        refuted: whether a property was refuted by a counterexample.
        violated: properties that the counterexample violates, with the clock.
        replay: where the counterexample departs from the bit-true model, if its pins do.
        proof: the proof's result.
    """

    mutant: Mutant
    refuted: bool
    violated: Mapping[str, int]
    replay: Departure | None
    proof: ProofResult


@dataclass(frozen=True)
class _Fault:
    """A rewriting of one line; ``shows`` says whether the stimulus makes it observable."""

    kind: str
    pattern: re.Pattern[str]
    rewrite: Callable[[re.Match[str]], str]
    description: str
    shows: Callable[[Datapath, Stimulus], bool]


def _always(datapath: Datapath, drive: Stimulus) -> bool:
    return True


def _moving(datapath: Datapath, drive: Stimulus) -> bool:
    return drive.moves


def _at_spike(datapath: Datapath, drive: Stimulus) -> bool:
    return drive.spikes


def _in_refractory(datapath: Datapath, drive: Stimulus) -> bool:
    return drive.spikes and any(datapath.hold)


def _staying_above(datapath: Datapath, drive: Stimulus) -> bool:
    return drive.stays_above


def _next_number(match: re.Match[str]) -> str:
    return f"{match[1]}{int(match[2]) + 1}{match[3]}"


def _previous_number(match: re.Match[str]) -> str:
    return f"{match[1]}{int(match[2]) - 1}{match[3]}"


_FAULTS: tuple[_Fault, ...] = (
    _Fault(
        "threshold", re.compile(r"^(    wire above = )(.+);$"),
        lambda m: f"{m[1]}!({m[2]});",
        "the threshold condition is inverted", _always,
    ),
    _Fault(
        "initial value", re.compile(r"^( {12}(?!valid|spike_out|refractory_left|was_above|dither|"
                                    r"trap_out|step)\w+ <= -?\d+'s?d)(\d+)(;)$"),
        _next_number, "a state leaves reset one step off", _always,
    ),
    _Fault(
        "enable", re.compile(r"^( {12})if \(enable\) begin$"),
        lambda m: f"{m[1]}if (1'b1) begin",
        "the state advances without enable", _moving,
    ),
    _Fault(
        "early", re.compile(r"^( {12}if \(step == \d+'d)(\d+)(\) begin)$"),
        _previous_number, "results are stored one clock early", _always,
    ),
    _Fault(
        "valid", re.compile(r"^( +)valid <= (enable|1'b1);$"),
        lambda m: f"{m[1]}valid <= 1'b{'1' if m[2] == 'enable' else '0'};",
        "valid does not follow the ticks", _always,
    ),
    _Fault(
        "reset value", re.compile(r"^( +if \(fire\) (?!refractory_left)\w+ <= -?\d+'s?d)(\d+)(;)$"),
        _next_number, "a spike resets a state one step off", _at_spike,
    ),
    _Fault(
        "no reset", re.compile(r"^( +)if \(fire\) (?!refractory_left)(\w+ <= .+;)$"),
        lambda m: f"{m[1]}if (1'b0) {m[2]}",
        "a spike does not reset a state", _at_spike,
    ),
    _Fault(
        "refractory counter", re.compile(r"^( +if \(fire\) refractory_left <= \d+'d)(\d+)(;)$"),
        _previous_number, "the refractory period is one tick short", _at_spike,
    ),
    _Fault(
        "hold", re.compile(r"^( +)if \(refractory_left == 0\) begin$"),
        lambda m: f"{m[1]}if (1'b1) begin",
        "held states advance in refractory ticks", _in_refractory,
    ),
    _Fault(
        "edge", re.compile(r"^(    wire fire = .*) && !was_above(.*;)$"),
        lambda m: m[1] + m[2],
        "a spike occurs in every tick above threshold", _staying_above,
    ),
)  # fmt: skip

#: Every sort of fault there is.
MUTANT_KINDS: tuple[str, ...] = tuple(f.kind for f in _FAULTS)


def mutants(rtl: Rtl, datapath: Datapath) -> tuple[Mutant, ...]:
    """Every fault of the list that this module can have and a short execution can show."""
    drive = directed_stimulus(datapath, rtl)
    lines = rtl.source.split("\n")
    found = []
    for fault in _FAULTS:
        if not fault.shows(datapath, drive):
            continue
        for k, line in enumerate(lines):
            match = fault.pattern.match(line)
            if match is None:
                continue
            after = fault.rewrite(match)
            source = "\n".join([*lines[:k], after, *lines[k + 1 :]])
            broken = replace(rtl, source=source)
            found.append(Mutant(fault.kind, fault.description, k + 1, line, after, broken))
    return tuple(found)


def mutant(rtl: Rtl, datapath: Datapath, seed: int) -> Mutant:
    """Choose one of the module's `mutants` by a seed: first the kind, then the place.

    Raises:
        SCCompilerError: the module offers none.
    """
    choice = random.Random(seed)  # not for secrets
    found = mutants(rtl, datapath)
    if not found:
        raise SCCompilerError(
            f"module '{rtl.module}' offers no line that a known fault could break"
        )
    kind = choice.choice(sorted({m.kind for m in found}))
    return choice.choice([m for m in found if m.kind == kind])


def refute_mutant(
    datapath: Datapath,
    rtl: Rtl,
    *,
    seed: int,
    store: EvidenceStore,
    timeout_s: float = 60.0,
    on_stage: Stage | None = None,
) -> MutantResult:
    """Break a module by a seeded choice and let the proof find out.

    Raises:
        ProofError: assertions are missing after elaboration.
        SCCompilerError: the module offers no fault.
        SCDependencyError: Yosys or bitwuzla is not installed.
        ToolError: a tool failed.
    """
    return refute(datapath, rtl, mutant(rtl, datapath, seed), store=store, timeout_s=timeout_s,
                  on_stage=on_stage)  # fmt: skip


def refute(
    datapath: Datapath,
    rtl: Rtl,
    broken: Mutant,
    *,
    store: EvidenceStore,
    timeout_s: float = 60.0,
    on_stage: Stage | None = None,
) -> MutantResult:
    """Let the proof of a module find a mutant of it out."""
    proof = prove_module(
        datapath, rtl, broken.rtl.sources, store=store, timeout_s=timeout_s,
        on_stage=on_stage,
    )  # fmt: skip
    violated = {} if proof.trace is None else dict(proof.trace.violated)
    return MutantResult(broken, proof.refuted > 0, violated, proof.departure, proof)
