"""Reads and writes of the live control's registers."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from sc_neurocore.compiler.live_control._require import require_whole
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.hdl.registers import RegisterMap, device_registers

WORD = 0xFFFF_FFFF


def _live_registers() -> RegisterMap:
    whole = device_registers(1)
    first, last = (whole.register(name).offset for name in ("BANK_SELECT", "TRAPS"))
    return RegisterMap(
        "live",
        tuple(r for r in whole.registers if first <= r.offset <= last),
        whole.address_bits,
        meaning="Parameters that can be updated while the design runs.",
    )


#: The live control's part of a device's register map.
LIVE_REGISTERS: RegisterMap = _live_registers()


@dataclass(frozen=True)
class MMIOWrite:
    """Write a register.

    Attributes:
        address: byte address, a multiple of 4.
        value: unsigned 32-bit word.
        register: name of the register, for people.

    Raises:
        SCConfigError: address or value is not possible.
    """

    address: int
    value: int
    register: str = ""

    def __post_init__(self) -> None:
        _require_address("write", self.address)
        require_whole(f"value of the write to {self.address:#x}", self.value, 0, WORD)


@dataclass(frozen=True)
class MMIORead:
    """Read a register, once or until it says something.

    Attributes:
        address: byte address, a multiple of 4.
        register: name of the register, for people.
        until: a mask, and what the value under it has to be; the read is repeated until it is.

    Raises:
        SCConfigError: address, mask or value is not possible.
    """

    address: int
    register: str = ""
    until: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        _require_address("read", self.address)
        if self.until is None:
            return
        place = f"mask of the read from {self.address:#x}"
        mask = require_whole(place, self.until[0], 0, WORD)
        value = require_whole(place.replace("mask", "expected value"), self.until[1], 0, WORD)
        if value & ~mask:
            raise SCConfigError(
                f"the read from {self.address:#x} waits for {value:#x} under the mask {mask:#x}, "
                "where it can never be seen"
            )


MMIOOperation = MMIOWrite | MMIORead


def _require_address(kind: str, address: int) -> None:
    require_whole(f"address of the {kind}", address, 0, WORD)
    if address % 4:
        raise SCConfigError(f"address of the {kind} is {address:#x}; it must be a multiple of 4")


def update_words(bank_select: int, entry_index: int, data_lo: int, data_hi: int) -> bytes:
    """The 16 bytes of a load that its guard and the transaction's checksum are over."""
    return struct.pack("<4I", bank_select, entry_index, data_lo, data_hi)


def crc32_update_guard(bank_select: int, entry_index: int, data_lo: int, data_hi: int) -> int:
    """IEEE CRC-32 over the four little-endian words of a load.

    Args:
        bank_select: index of the bank.
        entry_index: entry of the bank.
        data_lo: lower 32 bits.
        data_hi: upper 32 bits.

    Raises:
        SCConfigError: one is no unsigned 32-bit word.
    """
    words = {"bank_select": bank_select, "entry_index": entry_index, "data_lo": data_lo,
             "data_hi": data_hi}  # fmt: skip
    for name, value in words.items():
        require_whole(name, value, 0, WORD)
    return zlib.crc32(update_words(**words))
