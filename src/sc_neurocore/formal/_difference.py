"""Values of inputs and registers that show how a netlist differs from its RTL.

A pair of corresponding states that behave differently is a difference only as far as the
correspondence holds. Where it was guessed, both designs are executed: the RTL from an unknown
state, the netlist from random ones, with the same inputs. Where an output of the RTL has one value
whatever the state was, and that of the netlist has the other, they do differ.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sc_neurocore.evidence import JSON
from sc_neurocore.formal._aig import Aig
from sc_neurocore.formal._design import Design

_PATTERNS = 64
#: Executions at a time, and the clocks of each.
_RUNS, _CLOCKS = 512, 160
#: Nodes that are worked out at most, all clocks together: larger designs get fewer clocks.
_WORK = 1 << 22
#: Clocks at the beginning during which inputs are held, so that a reset may come first.
_HELD = 3


@dataclass(frozen=True)
class Pair:
    """Two functions that must be equal: what they are, the RTL's, the netlist's."""

    name: str
    is_output: bool
    gold: int
    gate: int


def difference(
    aig: Aig, gate: Design, pairs: Sequence[Pair], values: Mapping[int, int]
) -> dict[str, JSON] | None:
    """The first pair that differs under some values of inputs and registers, with those values."""
    found = aig.evaluate([x for p in pairs for x in (p.gold, p.gate)], values, 1)
    for k, pair in enumerate(pairs):
        rtl, netlist = found[2 * k], found[2 * k + 1]
        if rtl != netlist:
            support = aig.support(pair.gold) | aig.support(pair.gate)
            return witness(gate, pair.name, not pair.is_output, rtl, values, support)
    return None


def witness(
    gate: Design, signal: str, following: bool, rtl: int, values: Mapping[int, int],
    support: set[int],
) -> dict[str, JSON]:  # fmt: skip
    """A difference, as the record tells it."""
    inputs = {f"{n}[{k}]": values.get(x, 0) for (n, k), x in gate.inputs.items() if x in support}
    registers = {s.name: values.get(x, 0) for x, s in gate.states.items() if x in support}
    return {
        "signal": signal,
        "next_value": following,
        "rtl": rtl,
        "netlist": 1 - rtl,
        "inputs": dict(sorted(inputs.items())),
        "registers": dict(sorted(registers.items())),
    }


def random_difference(aig: Aig, gate: Design, pairs: Sequence[Pair]) -> dict[str, JSON] | None:
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
            return difference(aig, gate, pairs, chosen)
    return None


def pattern(aig: Aig, log: str) -> dict[int, int]:
    """The input pattern that ABC's ``cec`` prints."""
    found = re.search(r"Input pattern: ((?: *pi\d+=[01])+)", log)
    pairs = re.findall(r"pi(\d+)=([01])", found.group(1)) if found else []
    return {aig.leaves[int(k)]: int(v) for k, v in pairs}


def executed_difference(aig: Aig, gold: Design, gate: Design) -> dict[str, JSON] | None:
    """A difference of outputs found by executing both designs, neither with a counterpart."""
    outputs = [
        (f"{n}[{k}]", gold.literal(bit), gate.literal(gate.ports[n]["bits"][k]))
        for n, port in gold.ports.items()
        if port["direction"] == "output"
        for k, bit in enumerate(port["bits"])
    ]
    theirs, ours = _steps(gold), _steps(gate)
    roots_gold = [g for _, g, _ in outputs] + list(theirs.values())
    roots_gate = [g for _, _, g in outputs] + list(ours.values())
    noise, ones = random.Random(1), (1 << _RUNS) - 1
    inputs = sorted(gate.inputs.values())
    biases = {x: _bias(noise) for x in inputs}
    first = {x: noise.getrandbits(_RUNS) for x in inputs}
    known: dict[int, tuple[int, int]] = {}  # of the RTL: where it may be 0, and 1
    state = {x: noise.getrandbits(_RUNS) for x in ours}
    nodes = len(gold.aig.cone([*roots_gold, *roots_gate]))
    for clock in range(min(_CLOCKS, _WORK // nodes)):
        now = first if clock < _HELD else {x: _drawn(noise, biases[x]) for x in inputs}
        values = {x: noise.getrandbits(_RUNS) for x in aig.leaves} | state | now
        may = known | {x: (v ^ ones, v) for x, v in now.items()}
        rtl = aig.evaluate_unknown(roots_gold, may, ones)
        netlist = aig.evaluate(roots_gate, values, ones)
        for (name, one, other), (zero_, one_), got in zip(outputs, rtl, netlist, strict=False):
            wrong = (zero_ & ~one_ & got) | (one_ & ~zero_ & ~got)
            if wrong:
                at = wrong.bit_length() - 1
                chosen = {x: v >> at & 1 for x, v in values.items()}
                support = aig.support(one) | aig.support(other)
                value = 1 - (got >> at & 1)
                return {**witness(gate, name, False, value, chosen, support), "clock": clock}
        known = dict(zip(theirs, rtl[len(outputs) :], strict=True))
        state = dict(zip(ours, netlist[len(outputs) :], strict=True))
    return None


def _steps(design: Design) -> dict[int, int]:
    """Next values of all registers that the functions built so far depend on, and of theirs."""
    found: dict[int, int] = {}
    while missing := [x for x in design.states if x not in found]:
        for leaf in missing:
            found[leaf] = design.states[leaf].following()
    return found


def _bias(noise: random.Random) -> tuple[int, int]:
    """Runs in which an input is rarely high, and those in which it is rarely low."""
    kinds = noise.getrandbits(_RUNS), noise.getrandbits(_RUNS)
    return kinds[0] & kinds[1], kinds[0] & ~kinds[1]


def _drawn(noise: random.Random, bias: tuple[int, int]) -> int:
    rare = (1 << _RUNS) - 1
    for _ in range(5):
        rare &= noise.getrandbits(_RUNS)
    low, high = bias
    return noise.getrandbits(_RUNS) & ~low & ~high | rare & low | high & ~rare
