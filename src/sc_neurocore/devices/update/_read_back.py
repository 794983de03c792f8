"""Reading the active parameters, in spite of a bus that loses writes."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.compiler.live_control import MMIOUpdateSpec
from sc_neurocore.devices._protocol import Device, Operation, Read, Write
from sc_neurocore.devices.update._status import UpdateError, UpdateStatus, address, settle

_READBACK = 5
_BATCH = 512  # entries in a transfer
_ROUNDS = 16

#: An entry: index of its bank, and its own.
_Entry = tuple[int, int]


def read_back(
    device: Device, spec: MMIOUpdateSpec, banks: Iterable[str] | None = None
) -> dict[str, NDArray[np.uint64]]:
    """Return the active words of banks.

    Every entry is read until two readings agree, in the first of which its bank's entries are read
    upwards, in the second downwards: a lost write shows another entry's word, but not the same.

    Args:
        device: the board, which must be idle.
        spec: its banks.
        banks: names; by default all.

    Returns:
        By bank, its words, (entries,).

    Raises:
        SCConfigError: there is no such bank.
        UpdateError: readings do not agree, or the update moved on while it was read.
        DeviceError: the link, or the board, fails.
    """
    names = [bank.name for bank in spec.banks] if banks is None else list(banks)
    indices = {name: spec.bank_index(name) for name in names}
    wanted = [
        (indices[name], entry) for name in names for entry in range(spec.bank_by_name(name).entries)
    ]
    start = settle(device, lambda s: not s.busy)
    generation = _generation(device)
    last: dict[_Entry, int] = {}
    agreed: dict[_Entry, int] = {}
    pending = wanted
    for _ in range(_ROUNDS):
        for entry, word in _read(device, pending, start).items():
            if last.get(entry) == word:
                agreed[entry] = word
            last[entry] = word
        pending = [entry for entry in reversed(pending) if entry not in agreed]
        if not pending:
            break
    now = settle(device, lambda s: not s.busy)
    if _state(now) != _state(start) or _generation(device) != generation:
        raise UpdateError(
            f"the update on {device.name} was {start} before its words were read and {now} after"
        )
    if pending:
        raise UpdateError(
            f"{len(pending)} of {len(wanted)} words of {device.name} were never read twice alike; "
            "its bus cannot be relied upon"
        )
    return {
        name: np.array(
            [agreed[indices[name], entry] for entry in range(spec.bank_by_name(name).entries)],
            np.uint64,
        )
        for name in names
    }


def _read(device: Device, entries: list[_Entry], start: UpdateStatus) -> dict[_Entry, int]:
    """Read entries once; those whose reading shows a fault are left out."""
    found: dict[_Entry, int] = {}
    names = ("BANK_SELECT", "ENTRY_INDEX", "UPDATE_STATUS", "READ_LO", "READ_HI")
    reads = [Read(address(name)) for name in names]
    for first in range(0, len(entries), _BATCH):
        batch = entries[first : first + _BATCH]
        operations: list[Operation] = []
        for bank, entry in batch:
            operations += [
                Write(address("BANK_SELECT"), bank),
                Write(address("ENTRY_INDEX"), entry),
                Write(address("COMMAND"), _READBACK),
                *reads,
            ]
        values = device.transfer(operations)
        for k, (bank, entry) in enumerate(batch):
            got_bank, got_entry, word, low, high = values[5 * k : 5 * k + 5]
            now = UpdateStatus.of(word)
            if (got_bank, got_entry) != (bank, entry) or now.busy or not now.read_valid:
                continue
            if _state(now) == _state(start):
                found[bank, entry] = low | high << 32
    return found


def _state(now: UpdateStatus) -> tuple[bool, bool, int]:
    return now.staged, now.applied, now.active_half


def _generation(device: Device) -> int:
    return device.identify().generation
