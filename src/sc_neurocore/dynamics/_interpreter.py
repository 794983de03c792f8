"""One compiled kernel that runs any model: the tick's values as a list of instructions.

`simulate` compiles a kernel per model, which pays off over many neurons and ticks. A run of one
neuron, or of every model of the catalogue, is over sooner here: the instructions are computed one
after the other for all neurons of a block, by the same operations in the same order, so the
results are equal bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.dynamics._kernel import ROW
from sc_neurocore.dynamics._methods import Program
from sc_neurocore.dynamics._sheet import (
    ELEMENTARY,
    Layout,
    Rate,
    Sheet,
    TickValues,
    operation,
    tick_values,
)
from sc_neurocore.dynamics._tree import COMPARISON

#: Neurons that are advanced together.
BLOCK = 128

_TRUTH = (*sorted(COMPARISON), "and", "or", "not")
_NUMBER = ("+", "-", "*", "/", "**", "neg", "abs", "sqrt", "floor", "where", *sorted(ELEMENTARY))
_LEAVES = {
    "literal": "C[x]",
    "parameter": "C[literals + x]",
    "own": "P[x, o + j]",
    "input tick": "UT[x, t]",
    "input neuron": "UN[x, o + j]",
    "input both": "UB[x, t, o + j]",
    "ready": "select(free[j] <= t, ONE, ZERO)",
    "calm": "select(last[j] == NO, ONE, ZERO)",
    "rand": "uniform(seed, np.uint64(o + j), now, np.uint64(x))",
    "randn": "normal(seed, np.uint64(o + j), now, np.uint64(x))",
    "copy": "R[x, j]",
}
_CODES = {op: i for i, op in enumerate((*_LEAVES, *_TRUTH, *_NUMBER))}

Instruction = tuple[int, int, int, int, int]
Code = NDArray[np.int64]


def interpreter_of(program: Program, layout: Layout) -> Callable[..., Any]:
    """A function with the arguments and results of the model's own kernel, in float64.

    The kernel that it calls is the same for every model, and kept in the cache like others.
    """
    from sc_neurocore.dynamics._kernel_cache import load_kernel

    tick = tick_values(program, layout)
    sheet, states = tick.sheet, len(program.model.states)
    once, always, event = _codes(tick)
    registers = len(sheet.keys) + states
    places = np.array([_place(sheet, "state", i) for i in range(states)], np.int64)
    spike, condition = tick.spike, tick.condition if program.model.edge == "rising" else -1
    spreads = layout.spreads
    run = load_kernel(_text())

    def kernel(C: Any, P: Any, *rest: Any) -> Any:
        inputs, others = rest[: len(spreads)], rest[len(spreads) :]
        X, counter, last, kept, rows, n0, n1, ticks, now, hold, seed, room = others
        UT, UN, UB = (
            _stacked(kind, dimensions, spreads, inputs)
            for kind, dimensions in (("tick", 1), ("neuron", 1), ("both", 2))
        )
        return run(
            once, always, event, places, registers, spike, condition, layout.refractory,
            len(sheet.literals), C, P, UT, UN, UB, X, counter, last, kept,
            (rows // ROW).astype(np.int64), n0, n1, ticks, np.uint64(now), hold, np.uint64(seed),
            room,
        )  # fmt: skip

    return kernel


def _stacked(kind: str, dimensions: int, spreads: Iterable[str], inputs: Any) -> NDArray[Any]:
    """The inputs of one kind under each other; rows of the others are never read."""
    chosen = [x if s == kind else None for s, x in zip(spreads, inputs, strict=True)]
    shape = next((x.shape for x in chosen if x is not None), (0,) * dimensions)
    found = np.zeros((len(chosen), *shape))
    for row, x in zip(found, chosen, strict=True):
        if x is not None:
            row[:] = x
    return found


def _place(sheet: Sheet, *key: str | int) -> int:
    return sheet.value(Rate.BOTH, *key)


def _codes(tick: TickValues) -> tuple[Code, Code, Code]:
    """Instructions of the start of a block, of every tick, and of a spike."""
    sheet = tick.sheet
    states = len(sheet.model.states)
    places = [_place(sheet, "state", i) for i in range(states)]
    spare = len(sheet.keys)
    ends = [x for x in (*tick.new, tick.spike, tick.condition) if x >= 0]
    needed, after = _closure(sheet, ends), _closure(sheet, tick.reset.values())
    once = [v for v in needed | after if sheet.rates[v] in (Rate.RUN, Rate.NEURON)]
    always = [v for v in needed if sheet.rates[v] == Rate.BOTH]
    always += [v for v in needed | after if sheet.rates[v] == Rate.TICK]
    event = [v for v in after if sheet.rates[v] == Rate.BOTH]

    def listed(values: Iterable[int], stores: dict[int, int]) -> Code:
        code = [_instruction(sheet, v) for v in sorted(values) if sheet.keys[v][0] != "state"]
        # Through spare registers: a state may take the old value of another.
        code += [(_CODES["copy"], spare + i, v, 0, 0) for i, v in stores.items()]
        code += [(_CODES["copy"], places[i], spare + i, 0, 0) for i in stores]
        return np.array(code, np.int64).reshape(-1, 5)

    return listed(once, {}), listed(always, dict(enumerate(tick.new))), listed(event, tick.reset)


def _closure(sheet: Sheet, values: Iterable[int]) -> set[int]:
    """The values and all that they are made of."""
    found: set[int] = set()
    waiting = list(values)
    while waiting:
        value = waiting.pop()
        if value not in found:
            found.add(value)
            op, *rest = sheet.keys[value]
            if op not in _LEAVES and op != "state":
                waiting += [int(x) for x in rest]
    return found


def _instruction(sheet: Sheet, value: int) -> Instruction:
    op, *rest = sheet.keys[value]
    x, y, z = (*(int(r) for r in rest), 0, 0, 0)[:3]
    return _CODES[str(op)], value, x, y, z


@cache
def _text() -> str:
    """The kernel's module."""
    operands = ["R[x, j]", "R[y, j]", "R[z, j]"]
    truths = [f"({x} == ONE)" for x in operands]
    bodies = dict(_LEAVES)
    for op in _TRUTH:
        read = operands if op in COMPARISON else truths
        bodies[op] = f"select({operation(op, read[: 1 if op == 'not' else 2])}, ONE, ZERO)"
    for op in _NUMBER:
        one = op in ELEMENTARY or op in ("neg", "abs", "sqrt", "floor")
        read = [truths[0], *operands[1:]] if op == "where" else operands[: 1 if one else 2]
        bodies[op] = operation(op, read)
    branches = [
        line
        for op, code in _CODES.items()
        for line in (
            f"        {'el' if code else ''}if op == {code}:",
            "            for j in range(low, high):",
            f"                R[d, j] = {bodies[op]}",
        )
    ]
    return _MODULE.replace("#BLOCK", str(BLOCK)).replace("#BRANCHES", "\n".join(branches))


_MODULE = '''"""The interpreter of SC-NeuroCore; safe to delete."""
import math
import numpy as np
from numba import njit
from sc_neurocore.dynamics._kernel_math import cos, exp, exprel, log, power, select
from sc_neurocore.dynamics._kernel_math import sigmoid, sin, stay_apart, tanh
from sc_neurocore.dynamics._noise import normal, uniform
D = np.float64
MAX, ZERO, ONE = np.finfo(D).max, 0.0, 1.0
NO, BLOCK = np.uint8(0), #BLOCK
# No signature: it is compiled with `run`, and not at all when `run` comes from the cache.
@njit(nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)
def execute(code, R, low, high, C, literals, P, UT, UN, UB, o, t, now, seed, free, last):
    stay_apart()
    for i in range(len(code)):
        op, d, x, y, z = code[i, 0], code[i, 1], code[i, 2], code[i, 3], code[i, 4]
#BRANCHES
@njit("Tuple((i8[::1], i8, i8, i8, i8))(i8[:, ::1], i8[:, ::1], i8[:, ::1], i8[::1], i8, i8, i8, "
      "b1, i8, f8[::1], f8[:, ::1], f8[:, ::1], f8[:, ::1], f8[:, :, ::1], f8[:, ::1], i8[::1], "
      "u1[::1], f8[:, :, ::1], i8[::1], i8, i8, i8, u8, i8, u8, i8[::1])",
      cache=True, nogil=True, error_model="numpy")
def run(once, always, event, places, registers, spike, condition, refractory, literals, C, P, UT,
        UN, UB, X, counter, last0, kept, rows, n0, n1, ticks, now0, hold, seed, room):
    R = np.zeros((registers, BLOCK))
    free, last = np.zeros(BLOCK, np.int64), np.zeros(BLOCK, np.uint8)
    found, count = room, 0
    zero = np.int64(0)  # a literal would compile `execute` once more, for it alone
    failed, who, state, end = -1, -1, -1, ticks
    for o in range(n0, n1, BLOCK):
        m = min(BLOCK, n1 - o)
        for j in range(m):
            for i in range(len(places)):
                R[places[i], j] = X[i, o + j]
            free[j], last[j] = counter[o + j], last0[o + j]
        execute(once, R, zero, m, C, literals, P, UT, UN, UB, o, zero, now0, seed, free, last)
        for t in range(end):
            now = now0 + np.uint64(t)
            execute(always, R, zero, m, C, literals, P, UT, UN, UB, o, t, now, seed, free, last)
            for j in range(m):
                bad = -1
                for i in range(len(places) - 1, -1, -1):
                    if not (abs(R[places[i], j]) <= MAX):
                        bad = i
                if condition >= 0:
                    last[j] = np.uint8(R[condition, j])
                if bad < 0 and spike >= 0 and R[spike, j] == ONE:
                    if count == len(found):
                        more = np.empty(2 * count, np.int64)
                        for q in range(count):
                            more[q] = found[q]
                        found = more
                    found[count] = (t << 32) | (o + j)
                    count += 1
                    execute(event, R, j, j + 1, C, literals, P, UT, UN, UB, o, t, now, seed, free,
                            last)
                    if refractory:
                        free[j] = t + 1 + hold
                    for i in range(len(places) - 1, -1, -1):
                        if not (abs(R[places[i], j]) <= MAX):
                            bad = i
                if bad >= 0 and failed != t:
                    failed, who, state = t, o + j, bad
            if failed == t:
                end = t
                break
            for r in range(len(rows)):
                for j in range(m):
                    kept[t, r, o + j] = R[places[rows[r]], j]
        for j in range(m):
            for i in range(len(places)):
                X[i, o + j] = R[places[i], j]
            if refractory:
                counter[o + j] = max(free[j] - ticks, 0)
            if condition >= 0:
                last0[o + j] = last[j]
    return found, count, failed, who, state
'''
