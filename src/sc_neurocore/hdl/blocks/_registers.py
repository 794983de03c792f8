"""Registers behind a bus as a block, to be co-simulated with their golden model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from sc_neurocore.hdl.blocks._block import Block
from sc_neurocore.hdl.blocks._buses import (
    AxiLiteSlave,
    WishboneSlave,
    axi_lite_master,
    wishbone_master,
)
from sc_neurocore.hdl.blocks._clocking import Clocked, Drive, Pins, Taken, against, step_by_step
from sc_neurocore.hdl.registers import RegisterMap, RegisterModel, write_register_rtl
from sc_neurocore.hdl.registers._rtl import bus_widths, register_widths

_Master = Callable[[np.random.Generator, int, list[int], int], tuple[Drive, Taken]]
_SLAVES: dict[str, Callable[[int], Clocked]] = {"axi_lite": AxiLiteSlave, "wishbone": WishboneSlave}
_MASTERS: dict[str, _Master] = {"axi_lite": axi_lite_master, "wishbone": wishbone_master}
_QUALIFIED = {
    "axi_lite": {
        "s_axi_bresp": "s_axi_bvalid", "s_axi_rdata": "s_axi_rvalid", "s_axi_rresp": "s_axi_rvalid",
    },
    "wishbone": {"wb_dat_o": "wb_ack_o"},
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class WrittenBlock(Block):
    """A block whose files were written, not taken from the library.

    Attributes:
        written: text by file name.
    """

    written: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def sources(self) -> dict[str, str]:
        """Its files."""
        return dict(self.written)


class _Registers(Clocked):
    """A slave and the registers behind it."""

    def __init__(self, registers: RegisterMap, bus: str) -> None:
        self.slave = _SLAVES[bus](registers.word_bytes)
        self.model = RegisterModel(registers)
        self.outside = tuple(bus_widths(registers, bus))

    def _request(self, pins: Pins) -> tuple[dict[str, int], tuple[bool, int, int, int]]:
        seen = self.slave.outputs(pins)
        address, data, mask = (seen[f"write_{part}"] for part in ("address", "data", "mask"))
        return seen, (bool(seen["write"]), address, data, mask)

    def outputs(self, pins: Pins) -> dict[str, int]:
        seen, write = self._request(pins)
        bus = {name: seen[name] for name in self.outside if name in seen}
        return bus | self.model.outputs(*write)

    def clock(self, pins: Pins) -> None:
        seen, write = self._request(pins)
        value, failed = self.model.read(seen["read_address"], pins)
        answers = {
            "write_error": int(self.model.refuses(write[1], write[3])),
            "read_error": int(failed),
            "read_data": value,
        }
        self.model.clock(*write, pins)
        self.slave.clock({**pins, **answers})


def register_block(registers: RegisterMap, bus: str) -> WrittenBlock:
    """The RTL of a register map, with its golden model and random masters.

    The masters keep requests waiting, and answers, at random; they address registers, their
    neighbours and nothing; a reset comes now and then.

    Args:
        registers: the map, of 32-bit words.
        bus: ``axi_lite`` or ``wishbone``.

    Raises:
        SCConfigError: there is no such bus.
    """
    sources = write_register_rtl(registers, bus)
    outside = bus_widths(registers, bus)
    inside = register_widths(registers)
    ports = {**outside, **inside}

    def model() -> _Registers:
        return _Registers(registers, bus)

    def drivers(rng: np.random.Generator, ticks: int) -> tuple[Drive, Taken]:
        offsets = [r.offset for r in registers.registers]
        anywhere = rng.integers(0, 1 << registers.address_bits, 2 + len(offsets) // 4).tolist()
        beside = [offset + int(rng.integers(1, registers.word_bytes)) for offset in offsets[::3]]
        master, taken = _MASTERS[bus](
            rng, ticks, [*offsets, *anywhere, *beside], registers.data_bits
        )
        noise = {
            name: rng.integers(0, 1 << bits, ticks)
            for name, (direction, bits) in inside.items()
            if direction == "input"
        }
        for register in registers.registers:
            if register.access == "w1c":
                levels = noise[f"{register.name.lower()}_set"]
                levels[rng.random(ticks) < 0.9] = 0
                levels &= rng.integers(0, 1 << registers.data_bits, ticks)

        columns = {name: levels.tolist() for name, levels in noise.items()}

        def drive(tick: int) -> dict[str, int]:
            return master(tick) | {name: column[tick] for name, column in columns.items()}

        return drive, taken

    strobed = [r.name.lower() for r in registers.registers if r.access == "wo"]
    return WrittenBlock(
        f"{registers.name}_registers", {},
        {name: bits for name, (direction, bits) in ports.items() if direction == "input"},
        {name: bits for name, (direction, bits) in ports.items() if direction == "output"},
        against(model, drivers), step_by_step(model), 0, (),
        paced=False, restarts=True,
        qualified={**_QUALIFIED[bus], **{f"{stem}_data": f"{stem}_write" for stem in strobed}},
        written=sources,
    )  # fmt: skip
