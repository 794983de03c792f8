"""Directories that outlive nobody, not even a process that is killed."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path


class ScratchDirectory:
    """A new directory that belongs to this process.

    The kernel holds its lock as long as the process lives. What a killed one left is removed when
    the next is made with the same prefix in the same place.

    Args:
        place: directory in which it is made; by default the system's for temporary files.
        prefix: how its name begins.
    """

    def __init__(self, prefix: str, place: Path | None = None) -> None:
        parent = Path(tempfile.gettempdir() if place is None else place).resolve()
        _remove_abandoned(parent, prefix)
        # It gets its name once it is locked: until then nobody takes it for abandoned.
        fresh = Path(tempfile.mkdtemp(dir=parent, prefix=f".{prefix}"))
        self._lock = os.open(fresh, os.O_RDONLY)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self.path = fresh.rename(parent / fresh.name.removeprefix("."))

    def remove(self) -> None:
        """Remove it with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def _remove_abandoned(parent: Path, prefix: str) -> None:
    for found in parent.glob(f"{prefix}*"):
        with suppress(OSError):
            handle = os.open(found, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(found, ignore_errors=True)
            finally:
                os.close(handle)
