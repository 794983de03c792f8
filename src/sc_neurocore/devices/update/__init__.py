"""Updating a device's parameters: stage, apply, revert, commit, discard, read back.

Every function checks what the board says it did, and raises `UpdateError` if that is not exactly
what was asked: a lost, doubled, corrupted or misdirected write is found here or by the hardware.
"""

from __future__ import annotations

from sc_neurocore.devices.update._read_back import read_back
from sc_neurocore.devices.update._status import UpdateError, UpdateStatus, status
from sc_neurocore.devices.update._steps import (
    Writes,
    apply,
    apply_at,
    commit,
    discard,
    revert,
    stage,
)

__all__ = [
    "UpdateError",
    "UpdateStatus",
    "Writes",
    "apply",
    "apply_at",
    "commit",
    "discard",
    "read_back",
    "revert",
    "stage",
    "status",
]
