"""Register sequences of a live update; `devices.update` takes their place."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.devices import Device, Operation, Read, Write
from sc_neurocore.exceptions import DeviceError
from sc_neurocore.hdl.registers import device_registers

_MAP = device_registers(1)
_AT = {r.name: r.offset for r in _MAP.registers}
LOAD, APPLY, REVERT, SYNC, READBACK = range(1, 6)


def status(device: Device) -> int:
    for _ in range(10_000):
        found = device.read(_AT["UPDATE_STATUS"])
        if not found & 0b1001:
            return found
        device.step(16)
    raise DeviceError("the live control stays busy")


def stage(device: Device, spec: Any, writes: Mapping[str, Mapping[int, int]]) -> None:
    crc, number, operations = 0, 0, list[Operation]()
    for bank, entries in writes.items():
        index = spec.bank_index(bank)
        for entry, word in entries.items():
            words = (index, entry, word & 0xFFFFFFFF, word >> 32)
            raw = struct.pack("<4I", *words)
            crc, number = zlib.crc32(raw, crc), number + 1
            names = ("BANK_SELECT", "ENTRY_INDEX", "DATA_LO", "DATA_HI")
            operations += [Write(_AT[n], w) for n, w in zip(names, words, strict=True)]
            operations += [Write(_AT["GUARD"], zlib.crc32(raw)), Write(_AT["COMMAND"], LOAD)]
    operations += [Write(_AT["EXPECT_COUNT"], number), Write(_AT["EXPECT_CRC"], crc)]
    device.transfer(operations)
    status(device)
    found = device.transfer([Read(_AT["LOADED_COUNT"]), Read(_AT["LOADED_CRC"])])
    if found != [number, crc]:
        raise DeviceError(f"the device took {found[0]} of {number} words, or others")


def apply(device: Device, tick: int = 0) -> None:
    device.transfer([Write(_AT["APPLY_TICK"], tick), Write(_AT["COMMAND"], APPLY)])
    if not status(device) & 0b100:
        raise DeviceError("the device refused to apply the update")


def revert(device: Device) -> None:
    device.write(_AT["COMMAND"], REVERT)
    if status(device) & 0b100:
        raise DeviceError("the device refused to revert the update")


def commit(device: Device) -> None:
    device.write(_AT["COMMAND"], SYNC)
    if status(device) & 0b110:
        raise DeviceError("the device refused to copy its parameters")


discard = commit


def read_back(
    device: Device, spec: Any, banks: Iterable[str] | None = None
) -> dict[str, NDArray[np.uint64]]:
    found = {}
    for bank in banks if banks is not None else [b.name for b in spec.banks]:
        index = spec.bank_index(bank)
        words = np.zeros(spec.banks[index].entries, np.uint64)
        for entry in range(len(words)):
            device.transfer(
                [
                    Write(_AT["BANK_SELECT"], index),
                    Write(_AT["ENTRY_INDEX"], entry),
                    Write(_AT["COMMAND"], READBACK),
                ]
            )
            if not status(device) & 0b100000:
                raise DeviceError("the device read nothing back")
            low, high = device.transfer([Read(_AT["READ_LO"]), Read(_AT["READ_HI"])])
            words[entry] = high << 32 | low
        found[bank] = words
    return found
