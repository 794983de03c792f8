"""The steps of an update, each checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.compiler.live_control import MMIOUpdateSpec, StagedWord
from sc_neurocore.devices._protocol import Device, Inference, Operation, Read, Write
from sc_neurocore.devices.update._status import (
    UpdateError,
    UpdateStatus,
    address,
    settle,
    status,
    trapped,
)
from sc_neurocore.exceptions import SCConfigError

#: Words to be written, by bank and entry.
Writes = Mapping[str, Mapping[int, int]]

_REVERT, _SYNC = 3, 4
_APPLY_NOW = Write(address("COMMAND"), 2)
#: How often a command is given that a broken bus may have lost.
_ATTEMPTS = 4


def stage(device: Device, spec: MMIOUpdateSpec, writes: Writes) -> UpdateStatus:
    """Write words to the shadow half, and tell the board what to expect; nothing becomes active.

    Args:
        device: the board, whose update must be clean.
        spec: its banks.
        writes: words by bank and entry.

    Raises:
        SCConfigError: there are no words, there is no such bank or entry, or a word does not fit.
        UpdateError: the board has another update, or did not take exactly these words; then
            `discard` what it took.
        DeviceError: the link, or the board, fails.
    """
    words: list[StagedWord] = [
        (bank, entry, word) for bank, entries in writes.items() for entry, word in entries.items()
    ]
    if not words:
        raise SCConfigError("there is nothing to stage; name at least one word of one bank")
    count, crc = spec.transaction_checksum(words)
    operations: list[Operation] = [
        Write(write.address, write.value)
        for bank, entry, word in words
        for write in spec.build_update_sequence(bank, entry, word)
    ]
    now = settle(device, lambda s: not s.busy)
    if not now.clean:
        raise UpdateError(
            f"{device.name} has an update that is {now}; commit or discard that before another"
        )
    before = device.read(address("TRAPS"))
    device.transfer(
        [
            *operations,
            Write(address("EXPECT_COUNT"), count),
            Write(address("EXPECT_CRC"), crc),
        ]
    )
    now = settle(device, lambda s: not s.busy)
    registers = ("LOADED_COUNT", "LOADED_CRC", "EXPECT_COUNT", "EXPECT_CRC", "TRAPS")
    *counts, traps = device.transfer([Read(address(name)) for name in registers])
    if not now.staged or now.applied or counts != [count, crc, count, crc]:
        raise UpdateError(
            f"{device.name} took {counts[0]} of {count} words, or other ones"
            f"{trapped(before, traps)}; discard them and stage the update again"
        )
    return now


def apply(device: Device, tick: int = 0) -> UpdateStatus:
    """Make what is staged active, all at once.

    Args:
        device: the board, whose update must be staged.
        tick: of the inference that is running, from 1 on, at which it becomes active, for that
            tick and all later ones; 0 is after it. If none is running, it becomes active now.

    Returns:
        The state: applied; or pending, while an inference runs.

    Raises:
        UpdateError: the board did not do it; nothing of it is active.
        DeviceError: the link, or the board, fails.
    """
    _require_tick(tick)
    _require(device, "staged", "apply")
    before = device.read(address("TRAPS"))
    for _ in range(_ATTEMPTS):
        _set_tick(device, tick)
        device.transfer([_APPLY_NOW])
        now = status(device)
        while not now.applied and (now.busy or (now.pending and not device.telemetry().busy)):
            device.step(64)
            now = status(device)
        if now.applied or now.pending:
            return now
        traps = device.read(address("TRAPS"))
        if not now.staged or (traps & ~before) >> 2 & 1:
            break
    raise UpdateError(
        f"{device.name} did not apply the update{trapped(before, device.read(address('TRAPS')))}; "
        "nothing of it is active: discard it and stage it again"
    )


def apply_at(device: Device, sample: NDArray[np.integer[Any]], tick: int) -> Inference:
    """Classify a sample, and make what is staged active at a tick of that inference.

    Args:
        device: the board, whose update must be staged.
        sample: as for `Device.run`.
        tick: from 1 on; that tick and all later ones have the new parameters, in every layer. An
            inference that ends before has the old ones only, and so has one that has begun the tick
            before the apply comes over a slow bus.

    Returns:
        What the board said of the inference.

    Raises:
        UpdateError: the board did not apply it; nothing of it is active.
        DeviceError: the link, or the board, fails.
    """
    _require_tick(tick)
    _require(device, "staged", "apply")
    before = device.read(address("TRAPS"))
    _set_tick(device, tick)
    found = device.run(sample, during=[_APPLY_NOW])
    now = settle(device, lambda s: not s.busy and not s.pending)
    if not now.applied:
        traps = device.read(address("TRAPS"))
        raise UpdateError(
            f"{device.name} did not apply the update{trapped(before, traps)}; nothing of it is "
            "active: discard it and stage it again"
        )
    return found


def _require_tick(tick: int) -> None:
    if not 0 <= tick < 1 << 32:
        raise SCConfigError(f"tick {tick} is out of range; use 0 to 2^32 - 1")


def _set_tick(device: Device, tick: int) -> None:
    """Write APPLY_TICK until it reads back, and make sure that the update still is staged.

    A write that a broken bus misdirects may have been a command.
    """
    at = address("APPLY_TICK")
    for _ in range(_ATTEMPTS):
        if device.transfer([Write(at, tick), Read(at)]) == [tick]:
            _require(device, "staged", "apply")
            return
    raise UpdateError(
        f"{device.name} did not take tick {tick} for the apply; nothing of the update is active"
    )


def revert(device: Device) -> UpdateStatus:
    """Make the old parameters active again; what was applied is staged again.

    Raises:
        UpdateError: nothing is applied, or the board did not do it.
        DeviceError: the link, or the board, fails.
    """
    _require(device, "applied", "revert")
    for _ in range(_ATTEMPTS):
        device.write(address("COMMAND"), _REVERT)
        now = settle(device, lambda s: not s.busy and not s.pending)
        if now.staged and not now.applied:
            return now
    raise UpdateError(f"{device.name} did not revert the update; it is {now}")


def commit(device: Device) -> UpdateStatus:
    """Keep what is applied: the old parameters are overwritten.

    Raises:
        UpdateError: nothing is applied, or the board did not do it.
        DeviceError: the link, or the board, fails.
    """
    _require(device, "applied", "commit")
    return _sync(device)


def discard(device: Device) -> UpdateStatus:
    """Drop what is staged: the shadow half becomes as the active one.

    Raises:
        UpdateError: an update is applied, or the board did not do it.
        DeviceError: the link, or the board, fails.
    """
    now = settle(device, lambda s: not s.busy)
    if now.applied or now.pending:
        raise UpdateError(f"the update on {device.name} is {now}; revert it, then discard it")
    return _sync(device)


def _sync(device: Device) -> UpdateStatus:
    """Copy the active half to the shadow; to do it twice is to do it once."""
    for _ in range(_ATTEMPTS):
        device.write(address("COMMAND"), _SYNC)
        now = settle(device, lambda s: not s.busy and not s.pending)
        if now.clean and device.read(address("LOADED_COUNT")) == 0:
            return now
    raise UpdateError(f"{device.name} did not make both halves alike; its update is {now}")


def _require(device: Device, state: str, step: str) -> None:
    now = settle(device, lambda s: not s.busy)
    if not getattr(now, state) or now.pending:
        raise UpdateError(
            f"there is nothing to {step} on {device.name}: its update is {now}, not {state}"
        )
