"""Updates as the worker makes them: planned in isolation, signed and applied by the service."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, select, update

from sc_neurocore.compiler_service.service import _tables as tables
from sc_neurocore.compiler_service.service._boards import Boards, note_unsettled, of_board
from sc_neurocore.compiler_service.service._keys import Keys
from sc_neurocore.compiler_service.service._ledger import Ledger
from sc_neurocore.compiler_service.service._queue import Claim, Queue
from sc_neurocore.compiler_service.update import (
    Sealed,
    Update,
    UpdateRefusedError,
    UpdateUnsettledError,
    execute_update,
    open_update,
    recover,
    sign_update,
    standing,
)
from sc_neurocore.evidence import decode_json
from sc_neurocore.exceptions import DeviceError, SCNeuroError

#: Attempts at a device that does not answer.
_TRIES = 8
#: Samples of its bundle that a device is recorded with before an update.
_SAMPLES = 64
#: Seconds for which an update waits for a device that others use.
_PATIENCE = 120.0


class TryAgainError(Exception):
    """The device does not answer now; the job is given back."""


class Updates:
    """The part of a worker that talks to devices.

    Args:
        boards: access to them.
        queue: of the worker.
    """

    def __init__(self, boards: Boards, queue: Queue) -> None:
        self.boards, self.queue = boards, queue
        self.database, self.files = boards.database, boards.files
        self.keys = Keys(boards.settings.state / "keys")

    def record(self, claim: Claim, keep_going: Callable[[], None]) -> bytes:
        """What the device answers to the samples of its bundle, as a recording.

        Raises:
            SCNeuroError: it is busy, or does not answer.
        """
        from sc_neurocore.digital_twin import Answers, Recording

        name = claim.spec["arguments"]["device"]
        self.queue.report(claim, "stage", {"stage": "recording of the device"})
        here = standing(Ledger(self.database, name).entries(), name)
        assert here is not None, "a device without journal is not ready"
        with (
            self.boards.locked(name, _PATIENCE, keep_going),
            self.boards.connected(name) as (board, hardware),
        ):
            found = []
            samples = hardware.bundle.samples[:_SAMPLES]
            for sample in samples:
                keep_going()
                found.append(board.run(sample))
            generation = board.identify().generation
        answers = Answers.of(found, len(hardware.bundle.network.layers))
        return Recording(
            hardware.live.digest, generation, here.parameters, samples, answers
        ).to_bytes()

    def planned(self, claim: Claim, value: Mapping[str, Any], outputs: Mapping[str, bytes]) -> None:
        """Sign what was planned, and end the job."""
        identity = claim.spec["arguments"]["update"]
        row: dict[str, Any] = {"gates": value["gates"], "reason": value["verdict"]}
        files: dict[str, str] = {}
        if "update.json" in outputs:
            # The job has read what a user uploaded: nothing else than was asked for is signed.
            made = Update.from_dict(decode_json(outputs["update.json"], "the planned update"))
            asked = claim.spec["arguments"]
            if (made.device, made.version, made.package.request_id) != (
                asked["device"],
                asked["version"],
                identity,
            ):
                raise SCNeuroError("the job has planned another update than it was asked for")
            files["package"] = self.files.put(sign_update(made, self.keys.private()))
            row |= {"state": "planned", "package": files["package"]}
            row |= {"base": made.base, "parameters": made.result}
        else:
            row["state"] = "refused"
        with self.database.writing() as connection:
            self.queue.succeed(claim, {"value": dict(value), "outputs": files}, connection)
            mine = update(tables.update).where(tables.update.c.id == identity)
            connection.execute(mine.values(**row))

    def apply(self, claim: Claim, keep_going: Callable[[], None]) -> None:
        """Apply an update or its inverse, exactly once however often the job is begun.

        Raises:
            TryAgainError: the device does not answer now.
            SCNeuroError: it is refused; nothing was begun.
        """
        arguments = claim.spec["arguments"]
        name, rollback = arguments["device"], arguments["rollback"]
        made = open_update(self.files.read(arguments["package"]), self.keys.trusted())
        if rollback is not None:
            made = made.rollback(rollback)
        ledger = Ledger(self.database, name)
        try:
            with self.boards.locked(name, _PATIENCE, keep_going):
                self.queue.renew(claim)  # whoever waited for the lock may have lost the job
                self.queue.report(claim, "stage", {"stage": "update of the device"})
                with self.boards.connected(name) as (board, hardware):
                    here = standing(ledger.entries(), name)
                    if here is not None and here.open is not None:
                        recover(board, hardware.live, ledger, name)
                    end = _end_of(ledger.entries()[arguments["after"] :], made)
                    if end is None:
                        tick = arguments["tick"]
                        execute_update(board, hardware.live, made, ledger, tick=tick)
                        end = _end_of(ledger.entries()[arguments["after"] :], made)
        except UpdateRefusedError:
            raise
        except (UpdateUnsettledError, DeviceError) as error:
            note_unsettled(self.database, name, of_board(error, name))
            if claim.attempt < _TRIES:
                raise TryAgainError from error
            raise SCNeuroError(of_board(error, name)) from None
        assert end is not None, "an executed update has an end in the ledger"
        self._applied(claim, arguments, end)

    def _applied(self, claim: Claim, arguments: Mapping[str, Any], end: Sealed) -> None:
        committed = end.content["entry"] == "committed"
        state = {
            (False, True): "committed",
            (False, False): "reverted",
            (True, True): "rolled_back",
            (True, False): "committed",
        }[arguments["rollback"] is not None, committed]
        value = {"state": state, "entry": end.sequence, "reason": end.content["reason"]}
        with self.database.writing() as connection:
            self.queue.succeed(claim, {"value": value, "outputs": {}}, connection)
            mine = update(tables.update).where(tables.update.c.id == arguments["update"])
            connection.execute(mine.values(state=state, reason=str(end.content["reason"])))


def network_of(connection: Connection, device: str, parameters: str) -> str | None:
    """Digest of the network's file that gave a device its parameters; None for its image."""
    table = tables.update
    wanted = select(table.c.network).where(
        table.c.device == device, table.c.parameters == parameters, table.c.network.is_not(None)
    )
    found: str | None = connection.scalar(wanted.limit(1))
    return found


def note_committed(connection: Connection, device: str, end: Sealed) -> None:
    """Say of the update that a device was brought to what the ledger says of it.

    Its job may have given the device up before.
    """
    table, content = tables.update, end.content
    if content["entry"] != "committed":
        return
    for version, parameters, state in (
        (table.c.version, table.c.parameters, "committed"),
        (table.c.rollback_version, table.c.base, "rolled_back"),
    ):
        mine = update(table).where(
            table.c.device == device,
            version == content["version"],
            parameters == content["parameters"],
            table.c.state.not_in(tables.BUSY),
        )
        connection.execute(mine.values(state=state, reason=str(content["reason"])))


def _end_of(entries: tuple[Sealed, ...], made: Update) -> Sealed | None:
    """How an update ended, if it has."""
    for entry in reversed(entries):
        content = entry.content
        if (
            content.get("entry") in ("committed", "reverted")
            and content.get("package") == made.package_id
            and content.get("version") == made.version
        ):
            return entry
    return None
