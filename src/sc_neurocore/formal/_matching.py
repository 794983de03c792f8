"""Which cell of a netlist's memory holds which bit of the RTL's memory.

Synthesis cuts a memory into primitives, and names tell only whose they are. Two cells correspond
if they are written at the same time with the same value, as random values of inputs and registers
show. That is only a guess: it states which netlist state stands for which RTL state, and whether
those behave alike is what the comparison then decides.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from sc_neurocore.formal._aig import Aig
from sc_neurocore.formal._design import Contents, Design

#: Enough for every row to be written so often that no two columns look alike by chance.
_PATTERNS = 1 << 17
#: When a cell is written, and with what.
Signature = tuple[int, int]


def match_memories(aig: Aig, gold: Design, gate: Design) -> dict[int, int]:
    """Variables of the netlist's cells by variables of the RTL's.

    Bits that are always written alike go in order; one that no cell of the netlist is written like
    is left out.
    """
    if not gold.stored:
        return {}
    wanted: dict[Contents, list[tuple[int, int, int]]] = {}
    for leaf, (contents, row, column) in gold.stored.items():
        wanted.setdefault(contents, []).append((row, column, leaf))
    memories = [m for m in gate.memories if m.memory.initial is None]
    ports = [port for contents in [*wanted, *memories] for port in contents.ports()]
    roots = [x for p in ports for x in (*p.address, *p.enables, *p.data)]
    needed = {2 * node for node in aig.cone(roots)}
    noise = random.Random(1)
    values = {x: noise.getrandbits(_PATTERNS) for x in aig.leaves if x in needed}

    alike: dict[Signature, list[tuple[Contents, int, int]]] = {}
    for contents in memories:
        for (row, column), signature in _signatures(aig, contents, values).items():
            alike.setdefault(signature, []).append((contents, row, column))
    found = {}
    for contents, cells in wanted.items():
        signatures = _signatures(aig, contents, values)
        taken: dict[Signature, int] = {}
        for row, column, leaf in sorted(cells):
            signature = signatures.get((row, column), (0, 0))
            if candidates := alike.get(signature):
                at = taken.get(signature, 0)
                taken[signature] = at + 1
                chosen, r, c = candidates[min(at, len(candidates) - 1)]
                found[leaf] = chosen.content(r, c)
    return found


def _signatures(
    aig: Aig, contents: Contents, values: Mapping[int, int]
) -> dict[tuple[int, int], Signature]:
    """Of every cell that is ever written."""
    ones = (1 << _PATTERNS) - 1
    found: dict[tuple[int, int], Signature] = {}
    for port in contents.ports():
        address = aig.evaluate(port.address, values, ones)
        enables = aig.evaluate(port.enables, values, ones)
        data = aig.evaluate(port.data, values, ones)
        for row in range(contents.memory.rows):
            here = _at(address, row, ones)
            for column in range(contents.memory.columns if here else 0):
                if on := here & enables[column]:
                    before, value = found.get((row, column), (0, 0))
                    found[row, column] = (before | on, value & ~on | data[column] & on)
    return found


def _at(address: Sequence[int], row: int, ones: int) -> int:
    found = 0 if row >> len(address) else ones
    for k, bit in enumerate(address):
        found &= bit if row >> k & 1 else bit ^ ones
    return found
