"""Boards: who talks to one, and keeping the virtual ones alive."""

from __future__ import annotations

import fcntl
import logging
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import select, update

from sc_neurocore.compiler_service.service import _tables as tables
from sc_neurocore.compiler_service.service._database import Database
from sc_neurocore.compiler_service.service._files import FileStore
from sc_neurocore.compiler_service.service._hardware import Hardware, HardwareStore
from sc_neurocore.compiler_service.service._problem import Problem
from sc_neurocore.compiler_service.service._settings import Settings
from sc_neurocore.devices import VirtualBoard
from sc_neurocore.exceptions import DeviceError, SCNeuroError

_POLL_SECONDS, _RETRY_SECONDS = 0.05, 2.0
_log = logging.getLogger("sc_neurocore.service")


class BusyError(SCNeuroError):
    """Someone else talks to the board."""

    exit_code = 9


class Boards:
    """Access to boards, one at a time for each, from any process of this machine.

    Args:
        settings: of the service.
        database: where devices are registered.
    """

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings, self.database = settings, database
        self.files = FileStore(settings.state / "files")
        self.hardware = HardwareStore(settings.state / "devices", self.files)

    @contextmanager
    def locked(
        self, name: str, seconds: float = 10.0, keep_going: Callable[[], None] = lambda: None
    ) -> Iterator[None]:
        """Keep everybody else from a board; the kernel lets go if this process dies.

        Raises:
            BusyError: someone else has it for all that time.
        """
        deadline = time.monotonic() + seconds
        handle = os.open(self.settings.state / "devices" / f"{name}.lock", os.O_RDWR | os.O_CREAT)
        try:
            while True:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise BusyError(
                            f"the device '{name}' is busy; try again in a moment"
                        ) from None
                keep_going()
                time.sleep(_POLL_SECONDS)
            yield
        finally:
            os.close(handle)

    @contextmanager
    def connected(self, name: str) -> Iterator[tuple[VirtualBoard, Hardware]]:
        """A connection to a board that is locked.

        Raises:
            DeviceError: it does not answer, or runs another design.
        """
        with self.database.reading() as connection:
            row = connection.execute(
                select(tables.device).where(tables.device.c.name == name)
            ).one()
        if not row.address:
            raise DeviceError(f"the device '{name}' has not started: {row.reason or row.state}")
        try:
            hardware = self.hardware.open(row.bundle)
        except SCNeuroError as error:  # a bundle of another version, or damaged
            raise DeviceError(str(error)) from None
        board = VirtualBoard.connect(row.address, hardware.bundle)
        try:
            yield board, hardware
        finally:
            board.close()

    @contextmanager
    def for_request(self, name: str) -> Iterator[tuple[VirtualBoard, Hardware]]:
        """Lock and connection for a request, whose refusals are problems.

        Raises:
            Problem: the board is busy, or does not answer as it should.
        """
        try:
            with self.locked(name), self.connected(name) as found:
                yield found
        except BusyError as error:
            raise Problem("unavailable", str(error), {"Retry-After": "1"}) from None
        except DeviceError as error:
            raise Problem("device", of_board(error, name)) from None


#: A path from the root, as it stands in a sentence.
_PATH = re.compile(r"(?<![\w./:])/[^\s'\"),;]*[^\s'\"),;.:]")


def without_paths(sentence: str) -> str:
    """A sentence that names no place of this machine."""
    return _PATH.sub(lambda path: Path(path[0]).name or "/", sentence)


def of_board(error: Exception, name: str) -> str:
    """What a driver says, for a client."""
    return f"device '{name}': {without_paths(str(error))}"


def note_unsettled(database: Database, name: str, reason: str) -> None:
    """Ask the keeper to look after a device again."""
    with database.writing() as connection:
        mine = update(tables.device).where(tables.device.c.name == name)
        connection.execute(mine.values(state="unsettled", reason=reason))
