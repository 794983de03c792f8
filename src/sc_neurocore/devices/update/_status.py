"""What the live control of a board says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sc_neurocore.compiler.live_control import LIVE_REGISTERS
from sc_neurocore.devices._protocol import Device
from sc_neurocore.exceptions import DeviceError

#: Clocks after which a command that has not ended never will.
_PATIENCE = 1 << 24
_TRAPS = ("wrong guard", "no such bank or entry", "other words than expected", "wrong command")


class UpdateError(DeviceError):
    """A board did not do what an update asked of it; what it did is in `status`."""


@dataclass(frozen=True)
class UpdateStatus:
    """Register UPDATE_STATUS.

    Attributes:
        busy: a command is being executed.
        staged: the shadow half holds an update.
        applied: the update is active, and the shadow half holds the old parameters.
        pending: an apply waits for its tick, or a revert for the engine.
        active_half: the half that the engine reads.
        read_valid: a readback's answer can be read.
    """

    busy: bool
    staged: bool
    applied: bool
    pending: bool
    active_half: int
    read_valid: bool

    @classmethod
    def of(cls, word: int) -> UpdateStatus:
        """Read the register's word."""
        busy, staged, applied, pending, half, valid = (bool(word >> bit & 1) for bit in range(6))
        return cls(busy, staged, applied, pending, int(half), valid)

    @property
    def clean(self) -> bool:
        """Whether both halves are alike, and nothing goes on."""
        return not (self.busy or self.staged or self.applied or self.pending)

    def __str__(self) -> str:
        names = ("busy", "staged", "applied", "pending")
        return " and ".join(name for name in names if getattr(self, name)) or "clean"


def address(register: str) -> int:
    """Return the address of a register of the live control."""
    return LIVE_REGISTERS.register(register).offset


def status(device: Device) -> UpdateStatus:
    """Return the state of a device's update."""
    return UpdateStatus.of(device.read(address("UPDATE_STATUS")))


def settle(device: Device, over: Callable[[UpdateStatus], bool]) -> UpdateStatus:
    """Let the board run until a condition holds, and return its state then.

    Raises:
        UpdateError: it never does.
    """
    waited, pause = 0, 64
    while not over(now := status(device)):
        if waited > _PATIENCE:
            raise UpdateError(
                f"the update on {device.name} is still {now} after {waited} clocks; reset the board"
            )
        device.step(pause)
        waited += pause
        pause = min(2 * pause, 1 << 16)
    return now


def trapped(before: int, after: int) -> str:
    """Say which traps of the live control were set between two readings."""
    new = after & ~before
    names = [name for bit, name in enumerate(_TRAPS) if new >> bit & 1]
    return f" (trap: {', '.join(names)})" if names else ""
