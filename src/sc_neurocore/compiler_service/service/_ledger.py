"""The ledger: for each device a chain of entries in a table that only grows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from sc_neurocore.compiler_service.service._database import Database
from sc_neurocore.compiler_service.service._tables import ledger
from sc_neurocore.evidence import JSON, ChainError, Sealed, seal, verify_chain
from sc_neurocore.exceptions import SCNeuroError


class Ledger:
    """The journal of one device, in the database.

    Args:
        database: where it is kept.
        device: name of the device.
    """

    def __init__(self, database: Database, device: str) -> None:
        self.database, self.device = database, device

    def append(self, content: Mapping[str, JSON]) -> Sealed:
        """Add an entry behind the last, durably, with the time as ``at``.

        Raises:
            SCNeuroError: another process wrote at the same time.
        """
        try:
            with self.database.writing() as connection:
                rows = select(ledger).where(ledger.c.device == self.device)
                last = connection.execute(rows.order_by(ledger.c.sequence.desc()).limit(1)).first()
                stamped = {**content, "at": datetime.now(UTC).isoformat(timespec="microseconds")}
                sealed = seal(None if last is None else _sealed(last), stamped)
                connection.execute(insert(ledger), {"device": self.device, **sealed.to_dict()})
        except IntegrityError:
            raise SCNeuroError(
                f"the ledger of '{self.device}' was written by another process; try again"
            ) from None
        return sealed

    def entries(self) -> tuple[Sealed, ...]:
        """All entries, oldest first."""
        with self.database.reading() as connection:
            return chain(connection, self.device)


def verify_ledger(connection: Connection, device: str) -> dict[str, Any]:
    """Compute every digest of a device's chain again; return a `Verification`."""
    entries = chain(connection, device)
    found = {"device": device, "entries": len(entries), "sound": True, "reason": ""}
    try:
        return found | {"head": verify_chain(entries)}
    except ChainError as error:
        return found | {"head": "", "sound": False, "reason": str(error)}


def chain(connection: Connection, device: str) -> tuple[Sealed, ...]:
    """The entries of a device, oldest first."""
    rows = select(ledger).where(ledger.c.device == device).order_by(ledger.c.sequence)
    return tuple(_sealed(row) for row in connection.execute(rows))


def _sealed(row: Any) -> Sealed:
    return Sealed(row.sequence, row.previous, row.content, row.digest)
