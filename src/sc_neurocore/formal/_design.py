"""A flat netlist, as functions over its inputs and registers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sc_neurocore.formal._aig import FALSE, TRUE, Aig
from sc_neurocore.formal._cells import (
    CLOCK_PINS,
    Cell,
    Pins,
    Register,
    function_of,
    registers_of,
    table_of,
)
from sc_neurocore.formal._memories import Memory, WritePort, following_of, memory_of


class Unmatched(Exception):
    """Two designs cannot be compared: their ports or clocks differ."""


@dataclass(frozen=True)
class State:
    """A one-bit register: a readable name, what it holds, and what it holds next."""

    name: str
    present: int
    following: Callable[[], int]


class Contents:
    """The cells of a memory of a design, of which each is a register once it is asked for."""

    def __init__(self, design: Design, name: str, memory: Memory, wires: Mapping[str, Any]) -> None:
        self.design, self.name, self.memory, self.wires = design, name, memory, wires
        self.pins = design.pins(wires)
        self.cells: dict[tuple[int, int], int] = {}
        self._ports: tuple[WritePort, ...] | None = None

    def ports(self) -> tuple[WritePort, ...]:
        """What is written at the end of this clock."""
        if self._ports is None:
            self._ports = self.memory.ports(self.design.aig, self.pins)
        return self._ports

    def content(self, row: int, column: int) -> int:
        """What a cell holds."""
        if self.memory.initial is not None:
            return self.memory.initial(row, column)
        if (row, column) not in self.cells:
            self.cells[row, column] = self.design.cell_state(self, row, column)
        return self.cells[row, column]

    def state(self, row: int, column: int, present: int) -> State:
        """A cell as a register."""

        def following() -> int:
            return following_of(self.design.aig, self.ports(), row, column, present)

        return State(f"{self.name}[{row}][{column}]", present, following)


class Design:
    """A flat module as functions over inputs and registers, built on demand.

    Attributes:
        states: its own registers by their variables; of one with a counterpart there are none.
        asked: registers whose values depend on registers of the counterpart.
        stored: cells of memories whose counterparts no name tells, by their variables.
        unmatched: names of registers without a counterpart, by their variables.
        beyond: variables that stand for what is read beyond the last word of a memory.
    """

    def __init__(
        self, aig: Aig, module: Mapping[str, Any], family: str, inputs: dict[tuple[str, int], int]
    ) -> None:
        self.aig, self.family, self.inputs = aig, family, inputs
        self.ports: Mapping[str, Any] = module["ports"]
        self.nets: Mapping[str, Any] = module["netnames"]
        self.counterpart: Design | None = None
        self.asked: list[State] = []
        self.stored: dict[int, tuple[Contents, int, int]] = {}
        self.unmatched: dict[int, str] = {}
        self.beyond: set[int] = set()
        self.states: dict[int, State] = {}
        self.memories: list[Contents] = []
        self._literal: dict[Any, int] = {"0": FALSE, "1": TRUE}
        self._clock_nets: set[Any] = set()
        self._state_of: dict[Any, tuple[Cell, dict[str, Any], Register]] = {}
        self._driver: dict[Any, tuple[Cell | Contents, dict[str, Any], list[str]]] = {}
        self._names: dict[Any, list[tuple[str, int]]] = {}
        for name, port in self.ports.items():
            if port["direction"] == "input":
                for k, bit in enumerate(port["bits"]):
                    if (name, k) not in inputs:
                        inputs[(name, k)] = aig.leaf()
                    self._literal[bit] = inputs[(name, k)]
        for name, cell in module["cells"].items():
            self._add(name, cell)
        for name, net in self.nets.items():
            if not net.get("hide_name"):
                for k, bit in enumerate(net["bits"]):
                    self._names.setdefault(bit, []).append((name, k))

    def _add(self, name: str, found: Mapping[str, Any]) -> None:
        cell = Cell(found["type"], found.get("parameters", {}))
        if cell.kind == "$scopeinfo":
            return
        wires = found["connections"]
        memory = memory_of(cell, wires)
        registers = registers_of(cell)
        if memory is not None:
            contents = Contents(self, cell.text("MEMID", name).removeprefix("\\"), memory, wires)
            self.memories.append(contents)
            registers = memory.registers(contents.content) or None
            self._clock_nets |= {b for pin in memory.clocks for b in wires.get(pin) or ["0"]}
        if registers is not None:
            for register in registers:
                bits = wires.get(register.pin, [])
                if register.index < len(bits):
                    self._state_of[bits[register.index]] = (cell, wires, register)
            pins = [pin for pin in CLOCK_PINS if pin in wires]
            self._clock_nets |= {b for pin in pins for b in wires[pin] or ["0"]}
            return
        directions = found["port_directions"]
        inputs = [pin for pin, direction in directions.items() if direction == "input"]
        source: Cell | Contents = cell
        if memory is not None:
            source, inputs = contents, [memory.read_address]
        for pin, direction in directions.items():
            if direction == "output":
                for bit in wires.get(pin, []):
                    self._driver[bit] = (source, wires, inputs)

    # names --------------------------------------------------------------------------------

    def name_of(self, bit: Any) -> str:
        """A readable name of a net."""
        names = self._names.get(bit, [(f"net {bit}", 0)])
        name, k = min(names, key=lambda n: ("_SB_" in n[0], len(n[0]), n))
        return f"{name}[{k}]"

    def net(self, name: str, k: int) -> Any:
        """The net behind a bit of a name, or ``None``."""
        bits = self.nets[name]["bits"] if name in self.nets else []
        return bits[k] if k < len(bits) else None

    # functions ----------------------------------------------------------------------------

    def clocks(self) -> set[int]:
        """Functions of the registers' clocks."""
        return {self.literal(net) for net in self._clock_nets}

    def literal(self, bit: Any) -> int:
        """A net's function."""
        stack = [bit]
        while stack:
            at = stack[-1]
            if at in self._literal:
                stack.pop()
                continue
            missing = [b for b in self._needs(at) if b not in self._literal]
            if missing:
                stack += missing
            else:
                self._settle(at)
                stack.pop()
        return self._literal[bit]

    def _needs(self, bit: Any) -> list[Any]:
        if bit in self._state_of or bit not in self._driver:
            return []
        _, wires, inputs = self._driver[bit]
        return [b for pin in inputs for b in wires.get(pin, [])]

    def _settle(self, bit: Any) -> None:
        if bit in self._state_of:
            self._literal[bit] = self._state(bit)
        elif bit in self._driver:
            source, wires, _ = self._driver[bit]
            for (pin, k), literal in self._outputs(source, wires).items():
                if k < len(wires.get(pin, [])):
                    self._literal[wires[pin][k]] = literal
        else:
            self._literal[bit] = self.aig.leaf()  # undriven or x: any value

    def _outputs(
        self, source: Cell | Contents, wires: Mapping[str, Any]
    ) -> Mapping[tuple[str, int], int]:
        if isinstance(source, Contents):
            return source.memory.read(self.aig, source.pins, source.content, self._unknown)
        if source.is_memory:
            table = table_of(self.aig, source, self.pins(wires))
            self.beyond |= set(table.free) - {FALSE}
            return table.outputs
        return function_of(source, self.family)(self.aig, source, self.pins(wires))

    def _unknown(self) -> int:
        leaf = self.aig.leaf()
        self.beyond.add(leaf)
        return leaf

    def pins(self, wires: Mapping[str, Any]) -> Pins:
        """Reads the functions at a cell's pins."""

        def read(pin: str, index: int, default: int) -> int:
            bits = wires.get(pin, [])
            return self.literal(bits[index]) if index < len(bits) else default

        return read

    # registers ----------------------------------------------------------------------------

    def _register(self, bit: Any, present: int) -> State:
        _, wires, register = self._state_of[bit]
        return State(
            self.name_of(bit),
            present,
            lambda: register.following(self.aig, self.pins(wires), present),
        )

    def _state(self, bit: Any) -> int:
        """A register's present value: its own variable, or what the counterpart calls it."""
        if self.counterpart is None:
            leaf = self.aig.leaf()
            self.states[leaf] = self._register(bit, leaf)
            return leaf
        image = self._image(self._names.get(bit, []), self.counterpart)
        if image is None:
            # Synthesis found that it never matters: then it does not matter what it holds.
            image = self.aig.leaf()
            self.unmatched[image] = self.name_of(bit)
        else:
            self.asked.append(self._register(bit, image))
        return image

    def cell_state(self, contents: Contents, row: int, column: int) -> int:
        """What a cell of a memory holds: its own variable, or what the counterpart calls it."""
        image = None
        if self.counterpart is not None:
            names = [(f"{contents.name}[{row}]", column)]
            image = self._image(names, self.counterpart)
        present = self.aig.leaf() if image is None else image
        if self.counterpart is None:
            self.states[present] = contents.state(row, column, present)
        else:
            self.asked.append(contents.state(row, column, present))
            if image is None:
                self.stored[present] = (contents, row, column)
        return present

    def _image(self, names: list[tuple[str, int]], other: Design) -> int | None:
        for name, k in names:
            net = other.net(name, k)
            if net is None or net in ("x", "z"):
                continue
            if net in ("0", "1") or net in other._state_of or net in other._driver:
                literal = other.literal(net)
                if other.is_state_function(literal):
                    return literal
        return None

    def is_state_function(self, literal: int) -> bool:
        """Whether a function depends on registers alone."""
        return self.aig.support(literal) <= set(self.states)

    def next_states(self, literal: int) -> dict[int, int]:
        """Next values of the registers that a function depends on."""
        return {leaf: self.states[leaf].following() for leaf in self.aig.support(literal)}
