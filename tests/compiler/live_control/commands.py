"""Commands of a host, as hypothesis makes them up, and as operations on the registers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from sc_neurocore.compiler.live_control import (
    LiveControlModel,
    MMIOUpdateSpec,
    MMIOWrite,
    crc32_update_guard,
)

#: Registers that are read after every command.
SEEN = ("UPDATE_STATUS", "READ_LO", "READ_HI", "LOADED_COUNT", "LOADED_CRC", "TRAPS")


@dataclass(frozen=True)
class Command:
    """What a host does at once.

    Attributes:
        code: the command.
        bank: and ``entry``: of a load or read, some of which there are not.
        value: 64 bits.
        flaw: what is exclusive-ored onto the guard of a load, or the checksum of an apply.
        clear: traps that are cleared before.
    """

    code: int
    bank: int
    entry: int
    value: int
    flaw: int
    clear: int


def commands(spec: MMIOUpdateSpec) -> st.SearchStrategy[Command]:
    """Commands, most of which can be done."""
    entries = max(bank.entries for bank in spec.banks)
    return st.builds(
        Command,
        code=st.sampled_from([1, 1, 1, 1, 2, 2, 3, 4, 5, 5, 0, 6, 1 << 31]),
        bank=st.integers(0, len(spec.banks)),
        entry=st.one_of(st.integers(0, entries), st.just(1 << 30)),
        value=st.integers(0, (1 << 64) - 1),
        flaw=st.sampled_from([0, 0, 0, 0, 1, 1 << 31]),
        clear=st.sampled_from([0, 0, 0, 1, 8, 0xFFFFFFFF]),
    )


def writes(spec: MMIOUpdateSpec, model: LiveControlModel, command: Command) -> list[MMIOWrite]:
    """The writes of a command, with what the model says is to be expected."""
    words = (command.bank, command.entry, command.value & 0xFFFFFFFF, command.value >> 32)
    values: dict[str, Any] = dict(
        zip(("BANK_SELECT", "ENTRY_INDEX", "DATA_LO", "DATA_HI"), words, strict=True)
    )
    values["GUARD"] = crc32_update_guard(*words) ^ command.flaw
    values["EXPECT_COUNT"] = model.loaded_count
    values["EXPECT_CRC"] = model.loaded_crc ^ command.flaw
    if command.clear:
        values["TRAPS"] = command.clear
    values["COMMAND"] = command.code
    places = spec.control_register_addresses()
    return [MMIOWrite(places[name], value, name) for name, value in values.items()]


def seen(spec: MMIOUpdateSpec, model: LiveControlModel) -> dict[str, int]:
    """What the model answers in the registers that are read."""
    places = spec.control_register_addresses()
    return {name: model.read(places[name]) for name in SEEN}
