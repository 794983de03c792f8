"""Boards: who talks to one, and keeping the virtual ones alive."""

from __future__ import annotations

import fcntl
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Any

from sqlalchemy import select, update

from sc_neurocore.compiler_service.service import _tables as tables
from sc_neurocore.compiler_service.service._context import Service
from sc_neurocore.compiler_service.service._database import Database
from sc_neurocore.compiler_service.service._files import FileStore
from sc_neurocore.compiler_service.service._hardware import Hardware, read_hardware
from sc_neurocore.compiler_service.service._ledger import Ledger
from sc_neurocore.compiler_service.service._problem import Problem
from sc_neurocore.compiler_service.service._settings import Settings
from sc_neurocore.compiler_service.update import enrol, recover, standing
from sc_neurocore.devices import VirtualBoard
from sc_neurocore.exceptions import DeviceError, SCNeuroError

_POLL_SECONDS, _RETRY_SECONDS = 0.05, 2.0
_log = logging.getLogger("sc_neurocore.service")


class BusyError(SCNeuroError):
    """Someone else talks to the board."""


class Boards:
    """Access to boards, one at a time for each, from any process of this machine.

    Args:
        settings: of the service.
        database: where devices are registered.
    """

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings, self.database = settings, database
        self.files = FileStore(settings.state / "files")
        self._hardware = lru_cache(maxsize=16)(lambda x: read_hardware(self.files.read(x)))

    def hardware(self, digest: str) -> Hardware:
        """The live design of a file that a build made."""
        return self._hardware(digest)

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
        hardware = self.hardware(row.hardware)
        board = VirtualBoard.connect(row.address, hardware.design)
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
            raise Problem("device", without_paths(str(error), name)) from None


def without_paths(sentence: str, name: str) -> str:
    """A sentence of a driver without the place of its socket."""
    words = ["the board" if "/" in word and word.strip("':;,.").startswith("/") else word
             for word in sentence.split()]  # fmt: skip
    return f"device '{name}': {' '.join(words)}"


class Keeper:
    """Starts the virtual boards of a service, and brings every board to what its ledger says.

    The boards end with the service; when they start again they hold their image, and are given the
    committed parameters.

    Args:
        service: whose devices.
    """

    def __init__(self, service: Service) -> None:
        self.service = service
        self.boards = Boards(service.settings, service.database)
        self._own: dict[str, VirtualBoard] = {}
        self._settled: set[str] = set()
        self._due: dict[str, float] = {}
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Look after the boards in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the boards that were started here."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()
        for board in self._own.values():
            board.close()
        self._own.clear()

    def step(self) -> None:
        """Look at every device once."""
        with self.service.database.reading() as connection:
            rows = connection.execute(select(tables.device)).all()
        for row in rows:
            if time.monotonic() < self._due.get(row.name, 0.0):
                continue
            try:
                self._look_after(row)
            except BusyError:
                continue
            except SCNeuroError as error:
                self._due[row.name] = time.monotonic() + _RETRY_SECONDS
                self._settled.discard(row.name)
                self._note(row.name, "failed", without_paths(str(error), row.name))
                _log.warning("%s", error)

    def _run(self) -> None:
        while not self._ending.wait(0.2):
            with suppress(SCNeuroError):
                self.step()

    def _look_after(self, row: Any) -> None:
        if row.kind == "virtual" and not self._lives(row.name):
            self._settled.discard(row.name)
            self._begin(row)
        if row.name in self._settled and row.state == "ready":
            return
        ledger = Ledger(self.service.database, row.name)
        with self.boards.locked(row.name), self.boards.connected(row.name) as (board, hardware):
            if standing(ledger.entries(), row.name) is None:
                enrol(board, hardware.live, ledger, row.name)
            else:
                recover(board, hardware.live, ledger, row.name)
        self._settled.add(row.name)
        self._note(row.name, "ready", "")

    def _lives(self, name: str) -> bool:
        board = self._own.get(name)
        if board is None or board.pid is None:
            return False
        return os.waitid(os.P_PID, board.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None

    def _begin(self, row: Any) -> None:
        from sc_neurocore.evidence import EvidenceStore

        if (gone := self._own.pop(row.name, None)) is not None:
            with suppress(SCNeuroError):
                gone.close()
        store = EvidenceStore(self.service.settings.cache / "evidence.sqlite")
        board = VirtualBoard.start(self.boards.hardware(row.hardware).design, store=store)
        self._own[row.name] = board
        with self.service.database.writing() as connection:
            mine = update(tables.device).where(tables.device.c.name == row.name)
            connection.execute(mine.values(address=board.address))

    def _note(self, name: str, state: str, reason: str) -> None:
        with self.service.database.writing() as connection:
            mine = update(tables.device).where(tables.device.c.name == name)
            connection.execute(mine.values(state=state, reason=reason))


def note_unsettled(database: Database, name: str, reason: str) -> None:
    """Ask the keeper to look after a device again."""
    with database.writing() as connection:
        mine = update(tables.device).where(tables.device.c.name == name)
        connection.execute(mine.values(state="unsettled", reason=reason))
