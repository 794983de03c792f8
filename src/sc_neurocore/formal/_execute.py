"""Executing a transition system on integers: a compiled function per system."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sc_neurocore.exceptions import ToolError
from sc_neurocore.formal._btor import Op, System

#: Label of an assumption that an execution does not keep, before its number.
ASSUMPTION = "assumption_"
Values = Mapping[str, int]
_Step = Callable[[list[Any], list[int]], tuple[list[Any], list[int], list[int] | None]]


@dataclass(frozen=True)
class Clock:
    """One clock: what every watched signal was, and which assertions or assumptions failed."""

    values: dict[str, int]
    violated: tuple[str, ...]


class Executor:
    """Runs a system clock by clock from its initial state.

    Args:
        system: what to run.
        start: values of states without an initial value, by number (0 where not given).
        watch: names of signals to report.
    """

    def __init__(
        self, system: System, watch: Iterable[str], start: Mapping[int, int] | None = None
    ) -> None:
        self.system = system
        self.watch = [name for name in watch if name in system.named]
        self._labels = list(system.bad)
        self._labels += [f"{ASSUMPTION}{k}" for k in range(len(system.constraints))]
        self._inputs = [system.nodes[i].name for i in system.inputs]
        self._step = _compiled(system, self.watch)
        self._state = [_initial(system, s, start or {}) for s in system.states]
        self._free = [(k, system.nodes[s].name) for k, s in enumerate(system.states)]
        self._free = [(k, n) for k, n in self._free if system.states[k] not in system.following]

    def clock(self, inputs: Values) -> Clock:
        """Apply inputs (0 where not given) for one clock; return what its edge will see.

        A state that nothing drives takes a value that is given for it, and keeps it otherwise.
        """
        for k, name in self._free:
            self._state[k] = inputs.get(name, self._state[k])
        values = [inputs.get(name, 0) for name in self._inputs]
        self._state, seen, failed = self._step(self._state, values)
        violated = (
            tuple(n for n, b in zip(self._labels, failed, strict=True) if b) if failed else ()
        )
        return Clock(dict(zip(self.watch, seen, strict=True)), violated)

    def run(self, stimulus: Iterable[Values]) -> list[Clock]:
        """Apply a sequence of inputs."""
        return [self.clock(inputs) for inputs in stimulus]


def _initial(system: System, state: int, start: Mapping[int, int]) -> Any:
    sort = system.nodes[state].sort
    if state not in system.init:
        return [0] * (1 << sort.index) if sort.index else start.get(state, 0)
    if not sort.index:
        return _constant(system, system.init[state])
    return array_contents(system, state)


def array_contents(system: System, state: int) -> list[int]:
    """What a memory holds at first: zeros where nothing is said.

    Raises:
        ToolError: of a word only some bits are defined.
    """
    base, writes = initial_writes(system, state)
    everywhere = 0 if system.nodes[base].sort.index else _constant(system, base)
    contents = [everywhere] * (1 << system.nodes[state].sort.index)
    for at, value in writes:
        contents[_constant(system, at)] = _constant(system, value)
    return contents


def initial_writes(system: System, state: int) -> tuple[int, list[tuple[int, int]]]:
    """What a memory is initialised from, and the addresses and values (nodes) then written."""
    node, writes = system.init[state], []
    while system.nodes[node].op == "write":
        node, at, value = system.nodes[node].args
        writes.append((at, value))
    return node, writes[::-1]


def _constant(system: System, node: int) -> int:
    if system.nodes[node].op != "const":
        raise ToolError(
            "an initial value has both defined and undefined bits, which cannot be executed; "
            "define all of them or none"
        )
    return system.nodes[node].value


def live_nodes(system: System, roots: Iterable[int]) -> list[int]:
    """Numbers of the nodes that the roots depend on, in topological order."""
    alive: set[int] = set()
    stack = list(roots)
    while stack:
        i = stack.pop()
        if i not in alive:
            alive.add(i)
            stack.extend(system.nodes[i].args)
    return [i for i in system.nodes if i in alive]


def _compiled(system: System, watch: Sequence[str]) -> _Step:
    """The system's step as a Python function, generated from its operations only."""
    following = [system.following.get(s, s) for s in system.states]
    seen = [system.named[name] for name in watch]
    bad = list(system.bad.values())
    position = {s: f"state[{k}]" for k, s in enumerate(system.states)}
    position |= {i: f"inputs[{k}]" for k, i in enumerate(system.inputs)}
    names = {i: f"n{i}" if i >= 0 else f"m{-i}" for i in system.nodes}
    names |= {i: str(op.value) for i, op in system.nodes.items() if op.op == "const"}
    body = ["def step(state, inputs):"]
    for i in live_nodes(system, [*following, *seen, *bad, *system.constraints]):
        op = system.nodes[i]
        if op.op != "const":
            text = position.get(i) or _expression(op, [names[a] for a in op.args], system, op.args)
            body.append(f"    {names[i]} = {text}")
    failed = [*(names[i] for i in bad), *(f"1 - {names[i]}" for i in system.constraints)]
    tests = [*(names[i] for i in bad), *(f"not {names[i]}" for i in system.constraints)]

    def row(nodes: Sequence[int]) -> str:
        return f"[{', '.join(names[i] for i in nodes)}]"

    body.append(f"    failed = [{', '.join(failed)}] if {' or '.join(tests)} else None")
    body.append(f"    return {row(following)}, {row(seen)}, failed")
    space: dict[str, Any] = {}
    exec(compile("\n".join(body), "<transition system>", "exec"), space)  # noqa: S102
    step: _Step = space["step"]
    return step


def _expression(op: Op, a: list[str], system: System, args: tuple[int, ...]) -> str:
    mask = (1 << op.sort.width) - 1
    width = system.nodes[args[0]].sort.width if args else 0
    sign = 1 << (width - 1) if width else 0
    binary = {"and": "&", "or": "|", "xor": "^", "add": "+", "sub": "-", "mul": "*"}
    compare = {"eq": "==", "neq": "!=", "ult": "<", "ulte": "<=", "ugt": ">", "ugte": ">=",
               "slt": "<", "slte": "<=", "sgt": ">", "sgte": ">="}  # fmt: skip
    if op.op in binary:
        text = f"{a[0]} {binary[op.op]} {a[1]}"
        return text if op.op in ("and", "or", "xor") else f"({text}) & {mask}"
    if op.op in compare:
        if op.op[0] == "s":
            return f"1 if ({a[0]} ^ {sign}) {compare[op.op]} ({a[1]} ^ {sign}) else 0"
        return f"1 if {a[0]} {compare[op.op]} {a[1]} else 0"
    match op.op:
        case "not":
            return f"{a[0]} ^ {mask}"
        case "neg":
            return f"-{a[0]} & {mask}"
        case "redor":
            return f"1 if {a[0]} else 0"
        case "redand":
            return f"1 if {a[0]} == {(1 << width) - 1} else 0"
        case "redxor":
            return f"{a[0]}.bit_count() & 1"
        case "uext":
            return a[0]
        case "sext":
            return f"(({a[0]} ^ {sign}) - {sign}) & {mask}"
        case "slice":
            return f"({a[0]} >> {op.params[1]}) & {mask}"
        case "concat":
            return f"({a[0]} << {system.nodes[args[1]].sort.width}) | {a[1]}"
        case "sll":
            return f"({a[0]} << min({a[1]}, {width})) & {mask}"
        case "srl":
            return f"{a[0]} >> {a[1]}"
        case "sra":
            return f"((({a[0]} ^ {sign}) - {sign}) >> {a[1]}) & {mask}"
        case "ite":
            return f"{a[1]} if {a[0]} else {a[2]}"
        case "read":
            return f"{a[0]}[{a[1]}]"
        case "write":
            return f"[*{a[0]}[:{a[1]}], {a[2]}, *{a[0]}[{a[1]} + 1:]]"
    raise ToolError(f"BTOR2 operation {op.op!r} cannot be executed")
