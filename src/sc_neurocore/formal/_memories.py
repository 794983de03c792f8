"""What memories do: the RTL's, and the primitives that synthesis maps them to.

A written memory is as many one-bit registers as it has cells, of which only those count that are
read. The primitives follow Yosys's simulation models, and ECP5's block RAM the rules that Yosys
maps by: a word that is read in the clock in which it is written is the old one, as in the RTL.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sc_neurocore.formal._aig import FALSE, TRUE, Aig
from sc_neurocore.formal._cells import Cell, Pins, Register

#: Most bits of a written memory of the RTL that is compared.
MAX_BITS = 1 << 14
Content = Callable[[int, int], int]
"""Literal of what a row holds in a column."""


@dataclass(frozen=True)
class WritePort:
    """Where and what is written at the end of this clock, as literals."""

    address: tuple[int, ...]
    enables: tuple[int, ...]  # of each column
    data: tuple[int, ...]


@dataclass(frozen=True)
class Memory:
    """A memory cell, still without the wires at its pins.

    Attributes:
        rows: how many words.
        columns: how many bits a word has.
        ports: its write ports, the last of which wins.
        read: what its outputs are at once, from its contents and a variable for each column and
            port that stands for what lies beyond the last row.
        read_address: pins that `read` depends on.
        registers: its outputs that are registers, if they are.
        clocks: pins that clock it.
        initial: contents of a cell, if it is never written.
    """

    rows: int
    columns: int
    ports: Callable[[Aig, Pins], tuple[WritePort, ...]]
    read: Callable[[Aig, Pins, Content, Callable[[], int]], Mapping[tuple[str, int], int]]
    read_address: str
    registers: Callable[[Content], tuple[Register, ...]]
    clocks: tuple[str, ...]
    initial: Content | None = None


def memory_of(cell: Cell, wires: Mapping[str, Sequence[Any]]) -> Memory | None:
    """A memory that is written, or a primitive in any case; ``None`` for other cells.

    Raises:
        UnmodelledCell: it is used as nobody here expects.
    """
    if cell.kind == "TRELLIS_DPR16X4":
        return _trellis(cell, wires)
    if cell.kind == "SB_RAM40_4K":
        return _ice40(cell, wires)
    if cell.kind == "DP16KD":
        return _ecp5(cell, wires)
    if cell.kind == "$mem_v2" and cell.number("WR_PORTS"):
        return _written(cell)
    return None


def following_of(aig: Aig, ports: Sequence[WritePort], row: int, column: int, present: int) -> int:
    """What a cell holds next, which holds something now."""
    for port in ports:
        on = aig.land(port.enables[column], is_row(aig, port.address, row))
        present = aig.mux(on, port.data[column], present)
    return present


def is_row(aig: Aig, address: Sequence[int], row: int) -> int:
    """Whether an address is that of a row."""
    if row >> len(address):
        return FALSE
    found = TRUE
    for k, bit in enumerate(address):
        found = aig.land(found, bit ^ (~row >> k & 1))
    return found


def _select(
    aig: Aig, address: Sequence[int], rows: int, content: Callable[[int], int], beyond: int
) -> int:
    """The content of the row at an address; ``beyond`` where there is no such row."""

    def under(bits: int, first: int) -> int:
        if first >= rows:
            return beyond
        if not bits:
            return content(first)
        top, half = address[bits - 1], 1 << (bits - 1)
        if top in (FALSE, TRUE):
            return under(bits - 1, first + half * top)
        return aig.mux(top, under(bits - 1, first + half), under(bits - 1, first))

    return under(len(address), 0)


def _all(pins: Pins, name: str, first: int, count: int) -> tuple[int, ...]:
    return tuple(pins(name, first + k, FALSE) for k in range(count))


# Memories of the RTL ----------------------------------------------------------------------------


def _written(cell: Cell) -> Memory:
    rows, width, wide = (cell.number(n) for n in ("SIZE", "WIDTH", "ABITS"))
    writes, reads = cell.number("WR_PORTS"), cell.number("RD_PORTS")
    if cell.number("RD_CLK_ENABLE") or cell.number("OFFSET"):
        raise cell.refuse("reads by a clock or does not begin at 0")
    every = (1 << writes) - 1
    if cell.number("WR_CLK_ENABLE") != every or cell.number("WR_CLK_POLARITY") != every:
        raise cell.refuse("is not written by the rising edge")
    if cell.number("WR_WIDE_CONTINUATION") or cell.number("RD_WIDE_CONTINUATION"):
        raise cell.refuse("has a wide port")
    if rows * width > MAX_BITS:
        raise cell.refuse(f"has {rows * width} bits (at most {MAX_BITS})")

    def ports(aig: Aig, pins: Pins) -> tuple[WritePort, ...]:
        return tuple(
            WritePort(
                _all(pins, "WR_ADDR", port * wide, wide),
                _all(pins, "WR_EN", port * width, width),
                _all(pins, "WR_DATA", port * width, width),
            )
            for port in range(writes)
        )

    def read(
        aig: Aig, pins: Pins, content: Content, unknown: Callable[[], int]
    ) -> dict[tuple[str, int], int]:
        found = {}
        for port in range(reads):
            address = _all(pins, "RD_ADDR", port * wide, wide)
            for k in range(width):
                column = _column(content, k)
                found["RD_DATA", port * width + k] = _select(aig, address, rows, column, unknown())
        return found

    return Memory(rows, width, ports, read, "RD_ADDR", lambda content: (), ("WR_CLK",))


def _column(content: Content, k: int) -> Callable[[int], int]:
    return lambda row: content(row, k)


# Primitives -------------------------------------------------------------------------------------


def _trellis(cell: Cell, wires: Mapping[str, Sequence[Any]]) -> Memory:
    """An ECP5's distributed memory of 16 words of 4 bits: written by a clock, read at once."""
    if cell.text("WCKMUX", "WCK") != "WCK":
        raise cell.refuse("inverts its clock")
    if cell.text("WREMUX", "WRE") != "WRE":
        raise cell.refuse("has WREMUX set")
    initial = cell.number("INITVAL")

    def ports(aig: Aig, pins: Pins) -> tuple[WritePort, ...]:
        on = pins("WRE", 0, FALSE)
        return (WritePort(_all(pins, "WAD", 0, 4), (on,) * 4, _all(pins, "DI", 0, 4)),)

    def read(
        aig: Aig, pins: Pins, content: Content, unknown: Callable[[], int]
    ) -> dict[tuple[str, int], int]:
        address = _all(pins, "RAD", 0, 4)
        return {("DO", k): _select(aig, address, 16, _column(content, k), FALSE) for k in range(4)}

    fixed = _is_low(wires, "WRE", "0")
    return Memory(
        16, 4, ports, read, "RAD", lambda content: (), () if fixed else ("WCK",),
        (lambda row, column: initial >> (4 * row + column) & 1) if fixed else None,
    )  # fmt: skip


def _ice40(cell: Cell, wires: Mapping[str, Sequence[Any]]) -> Memory:
    """An iCE40's block RAM of 256 words of 16 bits, or 256·2**m words of 16/2**m bits in mode m."""
    reading, writing = cell.number("READ_MODE"), cell.number("WRITE_MODE")
    offset = (0, 0, 1, 3)

    def ports(aig: Aig, pins: Pins) -> tuple[WritePort, ...]:
        on = aig.land(pins("WE", 0, FALSE), pins("WCLKE", 0, TRUE))
        group = 1 << writing
        part = _all(pins, "WADDR", 8, writing)
        enables, data = [], []
        for k in range(16):
            kept = is_row(aig, part, k % group) ^ 1 if writing else pins("MASK", k, FALSE)
            enables.append(aig.land(on, kept ^ 1))
            data.append(pins("WDATA", k - k % group + offset[writing], FALSE))
        return (WritePort(_all(pins, "WADDR", 0, 8), tuple(enables), tuple(data)),)

    def registers(content: Content) -> tuple[Register, ...]:
        def register(first: int) -> Register:
            def following(aig: Aig, pins: Pins, present: int) -> int:
                address = _all(pins, "RADDR", 0, 8 + reading)
                on = aig.land(pins("RE", 0, FALSE), pins("RCLKE", 0, TRUE))
                read = _select(
                    aig, address, 256 << reading,
                    lambda at: content(at & 255, first + (at >> 8)), FALSE,
                )  # fmt: skip
                return aig.mux(on, read, present)

            return Register("RDATA", first + offset[reading], following)

        return tuple(register(first) for first in range(0, 16, 1 << reading))

    def initial(row: int, column: int) -> int:
        return rows(row >> 4) >> (16 * (row & 15) + column) & 1

    @cache
    def rows(number: int) -> int:
        return cell.number(f"INIT_{number:X}")

    fixed = _is_low(wires, "WE", "0") or _is_low(wires, "WCLKE", "1")
    clocks = ("RCLK",) if fixed else ("RCLK", "WCLK")
    return Memory(
        256, 16, ports, lambda *_: {}, "", registers, clocks, initial if fixed else None
    )  # fmt: skip


#: Of a port of ECP5's block RAM, in bits.
_ECP5_WIDTHS = (1, 2, 4, 9, 18, 36)


def _ecp5(cell: Cell, wires: Mapping[str, Sequence[Any]]) -> Memory:
    """An ECP5's block RAM that is only read: 1024 words of 18 bits, or more that are narrower.

    Each port has its own width. A word of 36 is read at port B and appears at both. The bits of a
    word lie together: 18 are two of 9, and 8 of the 9 are two of 4, four of 2 or eight of 1. Layout
    and reset are those that Yosys maps to (``lattice/brams_map_16kd.v``, ``brams_16kd.txt``).
    """
    for name, value in cell.parameters.items():
        if name.endswith("MUX") and value.strip() != name.removesuffix("MUX"):
            raise cell.refuse(f"has {name} set")
        if name.startswith(("INITVAL", "DATA_WIDTH")) and not set(value) <= set("01"):
            raise cell.refuse(f"has a {name} that is not written in binary")
    widths = {port: cell.number(f"DATA_WIDTH_{port}", 18) for port in "AB"}
    for port in "AB":
        if widths[port] not in _ECP5_WIDTHS:
            raise cell.refuse(f"has words of {widths[port]} bits")
        if not (_is_low(wires, f"WE{port}", "0") or _is_low(wires, f"CE{port}", "1")):
            raise cell.refuse("is written")
        if cell.text(f"REGMODE_{port}", "NOREG") != "NOREG":
            raise cell.refuse("has an output register")
        if cell.text(f"CSDECODE_{port}", "0b000") != "0b000" or not all(
            _is_low(wires, f"CS{port}{k}", "0") for k in range(3)
        ):
            raise cell.refuse("has a chip select")
        if cell.text("RESETMODE", "SYNC") != "SYNC" and not _is_low(wires, f"RST{port}", "0"):
            raise cell.refuse("has an asynchronous reset")

    @cache
    def slice_of(number: int) -> int:
        return cell.number(f"INITVAL_{number:02X}")

    def initial(row: int, column: int) -> int:
        return slice_of(row >> 4) >> (20 * (row & 15) + column) & 1

    def output(pin: str, port: str, width: int, bit: int) -> Register:
        low = _ECP5_WIDTHS.index(width)

        def content(at: int) -> int:
            first = at << low
            column = bit % 18 + 9 * (first >> 3 & 1) + (first & 7)
            return initial((first >> 4) + bit // 18, column)

        def following(aig: Aig, pins: Pins, present: int) -> int:
            address = tuple(pins(f"AD{port}{k}", 0, FALSE) for k in range(low, 14))
            read = _select(aig, address, 1 << (14 - low), content, FALSE)
            held = aig.mux(pins(f"CE{port}", 0, TRUE), read, present)
            return aig.mux(pins(f"RST{port}", 0, FALSE), FALSE, held)

        return Register(pin, 0, following)

    wide = widths["B"] == 36
    if wide and not _is_low(wires, "RSTA", "0"):
        raise cell.refuse("has words of 36 bits and a reset at port A")
    read_ports = {"B": 36} if wide else {p: w for p, w in widths.items() if w < 36}
    outputs = [
        (f"DO{'AB'[k // 18] if wide else port}{k % 18}", port, width, k)
        for port, width in read_ports.items() for k in range(width)
    ]  # fmt: skip
    read = [port for port in read_ports if not _is_low(wires, f"CE{port}", "1")]
    return Memory(
        1024, 18, lambda *_: (), lambda *_: {}, "",
        lambda _: tuple(output(*o) for o in outputs), tuple(f"CLK{port}" for port in read), initial,
    )  # fmt: skip


def _is_low(wires: Mapping[str, Sequence[Any]], pin: str, default: str) -> bool:
    return (list(wires.get(pin, ())) or [default]) == ["0"]
