"""Transition systems in BTOR2 (Niemetz et al. 2018, doi:10.1007/978-3-319-96145-3_32)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sc_neurocore.exceptions import ToolError


@dataclass(frozen=True)
class Sort:
    """A bit vector, or an array of them.

    Attributes:
        width: bits of the vector, or of an element.
        index: bits of an array's index; 0 for a vector.
    """

    width: int
    index: int = 0


@dataclass(frozen=True)
class Op:
    """One node: ``op`` applied to the nodes ``args``; ``params`` are slice bounds or extensions.

    ``const`` carries ``value``; ``state`` and ``input`` carry ``name``.
    """

    op: str
    sort: Sort
    args: tuple[int, ...] = ()
    params: tuple[int, ...] = ()
    value: int = 0
    name: str = ""


@dataclass(frozen=True)
class System:
    """A transition system over bit vectors.

    Attributes:
        nodes: by number, in topological order.
        inputs: numbers of the inputs (free in every step).
        states: numbers of the states.
        init: initial value (a node) of the states that have one.
        following: next value (a node) of the states that have one; others are free.
        constraints: nodes that hold in every step.
        bad: by label, nodes that must never hold.
        named: numbers of the signals by name: inputs, states, outputs and wires.
    """

    nodes: Mapping[int, Op]
    inputs: tuple[int, ...]
    states: tuple[int, ...]
    init: Mapping[int, int]
    following: Mapping[int, int]
    constraints: tuple[int, ...]
    bad: Mapping[str, int]
    named: Mapping[str, int]


def parse(text: str) -> System:
    """Read BTOR2 as Yosys writes it.

    Raises:
        ToolError: a line is not understood, or two assertions have one name.
    """
    reader = _Reader()
    for line in text.splitlines():
        words = line.split(";", 1)[0].split()
        if words and words[0] != "BTOR":
            reader.line(words)
    return reader.system()


class _Reader:
    def __init__(self) -> None:
        self.sorts: dict[int, Sort] = {}
        self.nodes: dict[int, Op] = {}
        self.inputs: list[int] = []
        self.states: list[int] = []
        self.init: dict[int, int] = {}
        self.following: dict[int, int] = {}
        self.constraints: list[int] = []
        self.bad: dict[str, int] = {}
        self.named: dict[str, int] = {}

    def system(self) -> System:
        return System(
            self.nodes, tuple(self.inputs), tuple(self.states), self.init, self.following,
            tuple(self.constraints), self.bad, self.named,
        )  # fmt: skip

    def line(self, words: list[str]) -> None:
        number, op, *rest = words
        i = int(number)
        match op:
            case "sort":
                self._sort(i, rest)
            case "init" | "next":
                table = self.init if op == "init" else self.following
                table[int(rest[1])] = self._node(int(rest[2]))
            case "bad":
                name = rest[1] if len(rest) > 1 else f"bad_{i}"
                if name in self.bad:
                    raise ToolError(f"Yosys wrote two assertions named {name!r}")
                self.bad[name] = self._node(int(rest[0]))
            case "constraint":
                self.constraints.append(self._node(int(rest[0])))
            case "output":
                self._name(rest, self._node(int(rest[0])))
            case _:
                self._value(i, op, rest)

    def _sort(self, i: int, rest: list[str]) -> None:
        if rest[0] == "bitvec":
            self.sorts[i] = Sort(int(rest[1]))
        else:
            index, element = self.sorts[int(rest[1])], self.sorts[int(rest[2])]
            self.sorts[i] = Sort(element.width, index.width)

    def _name(self, rest: list[str], node: int) -> None:
        if len(rest) > 1:
            self.named.setdefault(rest[-1], node)

    def _node(self, number: int) -> int:
        """A node, where negative numbers mean its complement."""
        if number >= 0:
            return number
        if number not in self.nodes:
            self.nodes[number] = Op("not", self.nodes[-number].sort, (-number,))
        return number

    def _value(self, i: int, op: str, rest: list[str]) -> None:
        sort = self.sorts[int(rest[0])]
        rest = rest[1:]
        if op in ("state", "input"):
            name = rest[0] if rest else f"{op}_{i}"
            self.nodes[i] = Op(op, sort, name=name)
            (self.states if op == "state" else self.inputs).append(i)
            self.named.setdefault(name, i)
        elif op in ("const", "constd", "consth"):
            base = {"const": 2, "constd": 10, "consth": 16}[op]
            self.nodes[i] = Op("const", sort, value=int(rest[0], base) & ((1 << sort.width) - 1))
        elif op in ("zero", "one", "ones"):
            value = {"zero": 0, "one": 1, "ones": (1 << sort.width) - 1}[op]
            self.nodes[i] = Op("const", sort, value=value)
        elif op in ("uext", "sext", "slice"):
            count = 2 if op == "slice" else 1
            params = tuple(int(x) for x in rest[1 : 1 + count])
            self.nodes[i] = Op(op, sort, (self._node(int(rest[0])),), params)
            self._name(rest[count:], i)
        elif op in ARITY:
            count = ARITY[op]
            self.nodes[i] = Op(op, sort, tuple(self._node(int(x)) for x in rest[:count]))
            self._name(rest[count - 1 :], i)
        else:
            raise ToolError(f"BTOR2 operation {op!r} is not supported by the proof driver")


#: Operations and how many nodes each takes.
ARITY: Mapping[str, int] = {
    "not": 1, "neg": 1, "redor": 1, "redand": 1, "redxor": 1, "inc": 1, "dec": 1,
    "and": 2, "or": 2, "xor": 2, "nand": 2, "nor": 2, "xnor": 2, "implies": 2, "iff": 2,
    "add": 2, "sub": 2, "mul": 2, "sll": 2, "srl": 2, "sra": 2, "concat": 2,
    "eq": 2, "neq": 2, "ult": 2, "ulte": 2, "ugt": 2, "ugte": 2,
    "slt": 2, "slte": 2, "sgt": 2, "sgte": 2, "read": 2, "ite": 3, "write": 3,
}  # fmt: skip
