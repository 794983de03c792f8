"""Keeping boards alive, and true to their ledgers."""

from __future__ import annotations

import logging
import os
import threading
import time
from contextlib import suppress
from typing import Any

from sqlalchemy import select, update

from sc_neurocore.compiler_service.service import _tables as tables
from sc_neurocore.compiler_service.service._boards import BusyError, of_board
from sc_neurocore.compiler_service.service._context import Service
from sc_neurocore.compiler_service.service._ledger import Ledger
from sc_neurocore.compiler_service.service._updates import note_committed
from sc_neurocore.compiler_service.update import enrol, recover, standing
from sc_neurocore.devices import VirtualBoard
from sc_neurocore.exceptions import SCNeuroError

_RETRY_SECONDS = 2.0
_log = logging.getLogger("sc_neurocore.service")


class Keeper:
    """Starts the virtual boards of a service, and brings every board to what its ledger says.

    The boards end with the service; when they start again they hold their image, and are given the
    committed parameters.

    Args:
        service: whose devices.
    """

    def __init__(self, service: Service) -> None:
        self.service = service
        self.boards = service.boards
        self._own: dict[str, VirtualBoard] = {}
        self._settled: set[str] = set()
        self._due: dict[str, float] = {}
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Look after the boards in a thread; none is ready before it was looked at."""
        with self.service.database.writing() as connection:
            connection.execute(update(tables.device).values(state="starting", reason=""))
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
                reason = of_board(error, row.name)
                if (row.state, row.reason) != ("failed", reason):
                    self._note(row.name, "failed", reason)
                    _log.warning("%s", error)

    def _run(self) -> None:
        while not self._ending.wait(0.2):
            try:
                self.step()
            except Exception:  # whatever it is, the boards need a keeper
                _log.exception("the boards could not be looked after")
                self._ending.wait(_RETRY_SECONDS)

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
            with self.service.database.writing() as connection:
                note_committed(connection, row.name, ledger.entries()[-1])
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
        board = VirtualBoard.start(self.boards.hardware.open(row.bundle).bundle, store=store)
        self._own[row.name] = board
        with self.service.database.writing() as connection:
            mine = update(tables.device).where(tables.device.c.name == row.name)
            connection.execute(mine.values(address=board.address))

    def _note(self, name: str, state: str, reason: str) -> None:
        with self.service.database.writing() as connection:
            mine = update(tables.device).where(tables.device.c.name == name)
            connection.execute(mine.values(state=state, reason=reason))
