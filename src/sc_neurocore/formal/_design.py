"""A flat netlist, as functions over its inputs and registers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sc_neurocore.formal._aig import FALSE, TRUE, Aig
from sc_neurocore.formal._cells import (
    CLOCK_PINS,
    Cell,
    Register,
    function_of,
    registers_of,
    table_of,
)


class Unmatched(Exception):
    """Two designs cannot be compared: their ports or clocks differ."""


class Design:
    """A flat module as functions over inputs and registers, built on demand."""

    def __init__(
        self, aig: Aig, module: Mapping[str, Any], family: str, inputs: dict[tuple[str, int], int]
    ) -> None:
        self.aig, self.family, self.inputs = aig, family, inputs
        self.ports: Mapping[str, Any] = module["ports"]
        self.nets: Mapping[str, Any] = module["netnames"]
        self.counterpart: Design | None = None
        self.mapped: dict[Any, int] = {}
        self.asked: list[Any] = []
        self.unmatched: dict[int, str] = {}
        self.beyond: dict[int, int] = {}
        self.states: dict[int, tuple[Cell, dict[str, Any], Register]] = {}
        self._literal: dict[Any, int] = {"0": FALSE, "1": TRUE}
        self._clock_nets: set[Any] = set()
        self._state_of: dict[Any, tuple[Cell, dict[str, Any], Register]] = {}
        self._driver: dict[Any, tuple[Cell, dict[str, Any], list[str]]] = {}
        self._names: dict[Any, list[tuple[str, int]]] = {}
        for name, port in self.ports.items():
            if port["direction"] == "input":
                for k, bit in enumerate(port["bits"]):
                    if (name, k) not in inputs:
                        inputs[(name, k)] = aig.leaf()
                    self._literal[bit] = inputs[(name, k)]
        for cell in module["cells"].values():
            self._add(cell)
        for name, net in self.nets.items():
            if not net.get("hide_name"):
                for k, bit in enumerate(net["bits"]):
                    self._names.setdefault(bit, []).append((name, k))

    def _add(self, found: Mapping[str, Any]) -> None:
        cell = Cell(found["type"], found.get("parameters", {}))
        if cell.kind == "$scopeinfo":
            return
        wires = found["connections"]
        registers = registers_of(cell)
        if registers is not None:
            for register in registers:
                bits = wires.get(register.pin, [])
                if register.index < len(bits):
                    self._state_of[bits[register.index]] = (cell, wires, register)
            self._clock_nets |= {b for pin in CLOCK_PINS for b in wires.get(pin, [])}
            return
        directions = found["port_directions"]
        inputs = [pin for pin, direction in directions.items() if direction == "input"]
        for pin, direction in directions.items():
            if direction == "output":
                for bit in wires.get(pin, []):
                    self._driver[bit] = (cell, wires, inputs)

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
            cell, wires, _ = self._driver[bit]
            if cell.is_memory:
                table = table_of(self.aig, cell, self._pins(wires))
                outputs = table.outputs
                self.beyond |= dict(zip(table.free, table.inside, strict=True))
            else:
                outputs = function_of(cell, self.family)(self.aig, cell, self._pins(wires))
            for (pin, k), literal in outputs.items():
                if k < len(wires.get(pin, [])):
                    self._literal[wires[pin][k]] = literal
        else:
            self._literal[bit] = self.aig.leaf()  # undriven or x: any value

    def _pins(self, wires: Mapping[str, Any]) -> Any:
        def read(pin: str, index: int, default: int) -> int:
            bits = wires.get(pin, [])
            return self.literal(bits[index]) if index < len(bits) else default

        return read

    def _state(self, bit: Any) -> int:
        """A register's present value: its own variable, or what the counterpart calls it."""
        if self.counterpart is None:
            leaf = self.aig.leaf()
            self.states[leaf] = self._state_of[bit]
            return leaf
        image = self._image(bit, self.counterpart)
        if image is None:
            # Synthesis found that it never matters: then it does not matter what it holds.
            image = self.aig.leaf()
            self.unmatched[image] = self.name_of(bit)
        else:
            self.asked.append(bit)
            self.mapped[bit] = image
        return image

    def _image(self, bit: Any, other: Design) -> int | None:
        for name, k in self._names.get(bit, []):
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

    def following(self, bit: Any) -> int:
        """A register's next value."""
        _, wires, register = self._state_of[bit]
        return register.following(self.aig, self._pins(wires), self.literal(bit))

    def next_states(self, literal: int) -> dict[int, int]:
        """Next values of the registers that a function depends on."""
        found = {}
        for leaf in self.aig.support(literal):
            _, wires, register = self.states[leaf]
            found[leaf] = register.following(self.aig, self._pins(wires), leaf)
        return found

    def state_name(self, leaf: int) -> str:
        """A readable name of a register's variable."""
        _, wires, register = self.states[leaf]
        return self.name_of(wires[register.pin][register.index])
