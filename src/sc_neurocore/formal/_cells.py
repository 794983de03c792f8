"""What mapped cells do, as and-inverter graphs; checked against Yosys's simulation models.

A cell that is not here, or is configured as nobody here expects, is refused: a comparison that
guesses is worth nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sc_neurocore.exceptions import SCCompilerError
from sc_neurocore.formal._aig import FALSE, TRUE, Aig

#: Pins that clock a register.
CLOCK_PINS = ("C", "CLK")
Pins = Callable[[str, int, int], int]
"""Literal of a bit of an input pin: name, index, value when unconnected."""


class UnmodelledCell(SCCompilerError):
    """A netlist holds a cell whose function is not known here."""


@dataclass(frozen=True)
class Cell:
    """An instance: its type, its parameters as integers or texts."""

    kind: str
    parameters: Mapping[str, str]

    def number(self, name: str, default: int = 0) -> int:
        """A numeric parameter (Yosys writes them in binary)."""
        text = self.parameters.get(name)
        if text is None:
            return default
        return int(text.replace("x", "0"), 2) if set(text) <= set("01x") else default

    def text(self, name: str, default: str) -> str:
        """A textual parameter."""
        return self.parameters.get(name, default).strip()

    @property
    def is_memory(self) -> bool:
        """Whether it is a memory of the RTL."""
        return self.kind == "$mem_v2"

    def refuse(self, why: str) -> UnmodelledCell:
        """The error for a configuration without a model."""
        return UnmodelledCell(f"cell {self.kind} {why}, which the comparison has no model for")


@dataclass(frozen=True)
class Register:
    """A one-bit register behind an output pin: its next value, given its present one."""

    pin: str
    index: int
    following: Callable[[Aig, Pins, int], int]


Combinational = Callable[[Aig, Cell, Pins], Mapping[tuple[str, int], int]]


def registers_of(cell: Cell) -> tuple[Register, ...] | None:
    """The registers behind a cell's outputs, or ``None`` if it has none."""
    for pattern, make in _SEQUENTIAL:
        match = re.fullmatch(pattern, cell.kind)
        if match:
            return make(cell, match)
    return None


def function_of(cell: Cell, family: str) -> Combinational:
    """A combinational cell's function.

    Raises:
        UnmodelledCell: nobody knows it here.
    """
    found = _COMBINATIONAL.get(f"{cell.kind}:{family}") or _COMBINATIONAL.get(cell.kind)
    if found is None:
        raise cell.refuse("occurs")
    return found


# Flip-flops -------------------------------------------------------------------------------------


def _flop(
    pin: str, data: str, enable: str, reset: str, value: bool, *, gated: bool = False
) -> Register:
    """A flip-flop with optional enable and synchronous reset; ``gated``: reset needs the enable."""

    def following(aig: Aig, pins: Pins, present: int) -> int:
        following = pins(data, 0, 0)
        on = pins(enable, 0, 1) if enable else TRUE
        clear = pins(reset, 0, 0) if reset else FALSE
        constant = TRUE if value else FALSE
        if gated:
            return aig.mux(on, aig.mux(clear, constant, following), present)
        return aig.mux(clear, constant, aig.mux(on, following, present))

    return Register(pin, 0, following)


def _ice40_flop(cell: Cell, match: re.Match[str]) -> tuple[Register, ...]:
    if match["edge"]:
        raise cell.refuse("is clocked by the falling edge")
    if match["reset"] in ("R", "S"):
        raise cell.refuse("has an asynchronous reset")
    reset = match["reset"] or ""
    enable = "E" if match["enable"] else ""
    return (_flop("Q", "D", enable, reset[1:], reset == "SS", gated=True),)


def _gowin_flop(cell: Cell, match: re.Match[str]) -> tuple[Register, ...]:
    kind = match["kind"]
    enable = "CE" if "E" in kind else ""
    if kind[:1] in ("C", "P"):
        raise cell.refuse("has an asynchronous reset")
    reset = {"R": "RESET", "S": "SET"}.get(kind[:1], "")
    return (_flop("Q", "D", enable, reset, kind[:1] == "S"),)


def _xilinx_flop(cell: Cell, match: re.Match[str]) -> tuple[Register, ...]:
    for name in ("IS_C_INVERTED", "IS_D_INVERTED", "IS_R_INVERTED", "IS_S_INVERTED"):
        if cell.number(name):
            raise cell.refuse(f"has {name} set")
    return (_flop("Q", "D", "CE", match["reset"], match["reset"] == "S"),)


def _trellis_flop(cell: Cell, match: re.Match[str]) -> tuple[Register, ...]:
    if cell.text("CLKMUX", "CLK") != "CLK":
        raise cell.refuse("inverts its clock")
    if cell.text("SRMODE", "LSR_OVER_CE") != "LSR_OVER_CE":
        raise cell.refuse("has an asynchronous reset")
    if cell.text("LSRMODE", "LSR") != "LSR":
        raise cell.refuse("is preloaded")
    inverted = cell.text("LSRMUX", "LSR") == "INV"
    mode = cell.text("CEMUX", "1")
    constant = TRUE if cell.text("REGSET", "RESET") == "SET" else FALSE

    def following(aig: Aig, pins: Pins, present: int) -> int:
        reset = pins("LSR", 0, inverted) ^ inverted
        on = {"1": TRUE, "0": FALSE, "INV": pins("CE", 0, 0) ^ 1}.get(mode, pins("CE", 0, 1))
        return aig.mux(reset, constant, aig.mux(on, pins("DI", 0, 0), present))

    return (Register("Q", 0, following),)


_SEQUENTIAL: tuple[tuple[str, Callable[[Cell, re.Match[str]], tuple[Register, ...]]], ...] = (
    (r"SB_DFF(?P<edge>N?)(?P<enable>E?)(?P<reset>SR|SS|R|S|)", _ice40_flop),
    (r"TRELLIS_FF", _trellis_flop),
    (r"DFF(?P<kind>E|RE|SE|CE|PE|R|S|C|P|)", _gowin_flop),
    (r"FD(?P<reset>[RS])E", _xilinx_flop),
    (r"\$_DFF_P_", lambda cell, match: (_flop("Q", "D", "", "", False),)),
)


# Memories of the RTL ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Table:
    """A memory that is only read: what each port reads, and where its contents end.

    Attributes:
        outputs: literal of each bit of ``RD_DATA``.
        free: per read port, a variable that stands for what lies beyond the end.
    """

    outputs: Mapping[tuple[str, int], int]
    free: tuple[int, ...]


def table_of(aig: Aig, cell: Cell, pins: Pins) -> Table:
    """The function of a memory without write ports.

    Raises:
        UnmodelledCell: it is written, or reads by a clock.
    """
    if cell.number("WR_PORTS") or cell.number("RD_CLK_ENABLE") or cell.number("OFFSET"):
        raise cell.refuse("is not a plain table")
    size, width = cell.number("SIZE"), cell.number("WIDTH")
    digits = cell.parameters["INIT"].replace("x", "0")[::-1]
    outputs, free = {}, []
    for port in range(cell.number("RD_PORTS")):
        bits = max(1, (size - 1).bit_length())
        wide = cell.number("ABITS")
        address = [pins("RD_ADDR", port * wide + k, 0) for k in range(wide)]
        within = TRUE
        for high in address[bits:]:
            within = aig.land(within, high ^ 1)
        padding = [0] * ((1 << bits) - size)
        within = aig.land(within, aig.lookup(address[:bits], [1] * size + padding))
        beyond = aig.leaf() if within != TRUE else FALSE
        for k in range(width):
            column = [int(digits[w * width + k]) for w in range(size)] + padding
            value = aig.lookup(address[:bits], column)
            outputs[("RD_DATA", port * width + k)] = aig.mux(within, value, beyond)
        free.append(beyond)
    return Table(outputs, tuple(free))


# Combinational cells ----------------------------------------------------------------------------


def _lut(pins_low_first: tuple[str, ...], output: str, parameter: str) -> Combinational:
    def model(aig: Aig, cell: Cell, pins: Pins) -> dict[tuple[str, int], int]:
        address = [pins(p, 0, 0) for p in pins_low_first]
        init = cell.number(parameter)
        bits = [init >> k & 1 for k in range(1 << len(address))]
        return {(output, 0): aig.lookup(address, bits)}

    return model


def _mux(select: str, one: str, zero: str, output: str) -> Combinational:
    def model(aig: Aig, cell: Cell, pins: Pins) -> dict[tuple[str, int], int]:
        return {(output, 0): aig.mux(pins(select, 0, 0), pins(one, 0, 0), pins(zero, 0, 0))}

    return model


def _wire(source: str, output: str, *, inverted: bool = False) -> Combinational:
    def model(aig: Aig, cell: Cell, pins: Pins) -> dict[tuple[str, int], int]:
        return {(output, 0): pins(source, 0, 0) ^ inverted}

    return model


def _gate(function: Callable[[Aig, int, int], int], *, inverted: bool = False) -> Combinational:
    def model(aig: Aig, cell: Cell, pins: Pins) -> dict[tuple[str, int], int]:
        return {("Y", 0): function(aig, pins("A", 0, 0), pins("B", 0, 0)) ^ inverted}

    return model


def _constant(output: str, value: int) -> Combinational:
    def model(aig: Aig, cell: Cell, pins: Pins) -> dict[tuple[str, int], int]:
        return {(output, 0): value}

    return model


def _majority(aig: Aig, a: int, b: int, c: int) -> int:
    return aig.lor(aig.land(a, b), aig.land(c, aig.lor(a, b)))


def _ice40_carry(aig: Aig, cell: Cell, pins: Pins) -> dict[tuple[str, int], int]:
    return {("CO", 0): _majority(aig, pins("I0", 0, 0), pins("I1", 0, 0), pins("CI", 0, 0))}


def _ccu2c(aig: Aig, cell: Cell, pins: Pins) -> dict[tuple[str, int], int]:
    """Two LUT4 with a carry chain; the two-input half of each LUT propagates when injected."""
    carry = pins("CIN", 0, 0)
    found: dict[tuple[str, int], int] = {}
    for k in (0, 1):
        init = cell.number(f"INIT{k}")
        inject = cell.text(f"INJECT1_{k}", "YES") == "YES"
        address = [pins(f"{p}{k}", 0, 0) for p in "ABCD"]
        full = aig.lookup(address, [init >> n & 1 for n in range(16)])
        half = aig.lookup(address[:2], [init >> n & 1 for n in range(4)])
        found[(f"S{k}", 0)] = aig.xor(full, FALSE if inject else carry)
        keep = FALSE if inject else half
        carry = aig.mux(full, carry, keep)
    found[("COUT", 0)] = carry
    return found


def _gowin_alu(aig: Aig, cell: Cell, pins: Pins) -> dict[tuple[str, int], int]:
    a, b, i3, carry = (pins(p, 0, 0) for p in ("I0", "I1", "I3", "CIN"))
    mode = cell.number("ALU_MODE")
    if mode == 0:
        propagate, generate = aig.xor(a, b), a
    elif mode == 1:
        propagate, generate = aig.xor(a, b) ^ 1, a
    elif mode == 2:
        propagate = aig.mux(i3, aig.xor(a, b), aig.xor(a, b) ^ 1)
        generate = a
    else:
        raise cell.refuse(f"has ALU_MODE {mode}")
    return {("SUM", 0): aig.xor(propagate, carry), ("COUT", 0): aig.mux(propagate, carry, generate)}


def _carry4(aig: Aig, cell: Cell, pins: Pins) -> dict[tuple[str, int], int]:
    carry = aig.lor(pins("CI", 0, 0), pins("CYINIT", 0, 0))
    found: dict[tuple[str, int], int] = {}
    for k in range(4):
        s = pins("S", k, 0)
        found[("O", k)] = aig.xor(s, carry)
        carry = aig.mux(s, carry, pins("DI", k, 0))
        found[("CO", k)] = carry
    return found


_COMBINATIONAL: Mapping[str, Combinational] = {
    "SB_LUT4": _lut(("I0", "I1", "I2", "I3"), "O", "LUT_INIT"),
    "SB_CARRY": _ice40_carry,
    "LUT4:ecp5": _lut(("A", "B", "C", "D"), "Z", "INIT"),
    "PFUMX": _mux("C0", "ALUT", "BLUT", "Z"),
    "L6MUX21": _mux("SD", "D1", "D0", "Z"),
    "CCU2C": _ccu2c,
    **{f"LUT{n}:gowin": _lut(tuple(f"I{k}" for k in range(n)), "F", "INIT") for n in range(1, 5)},
    **{f"MUX2_LUT{n}": _mux("S0", "I1", "I0", "O") for n in range(5, 9)},
    "ALU": _gowin_alu,
    "IBUF": _wire("I", "O"),
    "OBUF": _wire("I", "O"),
    "BUFG": _wire("I", "O"),
    "VCC": _constant("V", TRUE),
    "GND": _constant("G", FALSE),
    **{f"LUT{n}:xilinx": _lut(tuple(f"I{k}" for k in range(n)), "O", "INIT") for n in range(1, 7)},
    "INV": _wire("I", "O", inverted=True),
    "MUXF7": _mux("S", "I1", "I0", "O"),
    "MUXF8": _mux("S", "I1", "I0", "O"),
    "CARRY4": _carry4,
    "$_BUF_": _wire("A", "Y"),
    "$_NOT_": _wire("A", "Y", inverted=True),
    "$_AND_": _gate(Aig.land),
    "$_OR_": _gate(Aig.lor),
    "$_XOR_": _gate(Aig.xor),
    "$_NAND_": _gate(Aig.land, inverted=True),
    "$_NOR_": _gate(Aig.lor, inverted=True),
    "$_XNOR_": _gate(Aig.xor, inverted=True),
    "$_ANDNOT_": _gate(lambda aig, a, b: aig.land(a, b ^ 1)),
    "$_ORNOT_": _gate(lambda aig, a, b: aig.lor(a, b ^ 1)),
    "$_MUX_": _mux("S", "B", "A", "Y"),
}
