"""What was done to a device, entry by entry, and where that leaves it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from sc_neurocore.compiler_service._errors import UpdateRefusedError
from sc_neurocore.compiler_service.update import _strict
from sc_neurocore.compiler_service.update._update import LAST_VERSION, Update
from sc_neurocore.compiler_service.update._words import (
    Writes,
    frozen,
    writes_from_json,
    writes_to_json,
)
from sc_neurocore.evidence import JSON, Sealed, canonical_json, seal, verify_chain
from sc_neurocore.exceptions import SCConfigError


class Journal(Protocol):
    """Where entries are kept, each durably before `append` returns."""

    def append(self, content: Mapping[str, JSON]) -> Sealed:
        """Seal an entry behind the last one, and keep it."""
        ...

    def entries(self) -> Sequence[Sealed]:
        """All entries in order."""
        ...


class FileJournal:
    """A journal in a file of JSON lines; each entry is on the disk before `append` returns.

    A last line without an end was being written when the machine stopped; it was never an entry.
    Every entry is given the time as ``at``.

    Args:
        path: the file; it is made by the first entry.
        now: the time, in UTC; the clock's if None.

    Raises:
        SCConfigError: the file cannot be read, or a line is no entry.
        ChainError: the file was changed.
    """

    def __init__(self, path: Path | str, now: Callable[[], datetime] | None = None) -> None:
        self._path = Path(path)
        self._now = now or (lambda: datetime.now(UTC))
        self._entries: list[Sealed] = []
        data = self._path.read_bytes() if self._path.exists() else b""
        *lines, torn = data.split(b"\n")
        for number, line in enumerate(lines):
            self._entries.append(_sealed(line, f"{self._path}: entry {number}"))
        verify_chain(self._entries)
        if torn:
            with self._path.open("r+b") as file:
                file.truncate(len(data) - len(torn))

    def append(self, content: Mapping[str, JSON]) -> Sealed:
        """Seal an entry, write it, and wait until it is on the disk."""
        stamped = {**content, "at": self._now().isoformat(timespec="microseconds")}
        entry = seal(self._entries[-1] if self._entries else None, stamped)
        with self._path.open("ab") as file:
            file.write(canonical_json(entry.to_dict()).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self._entries.append(entry)
        return entry

    def entries(self) -> Sequence[Sealed]:
        """All entries in order."""
        return tuple(self._entries)


def _sealed(line: bytes, where: str) -> Sealed:
    try:
        found = json.loads(line)
        return Sealed(found["sequence"], found["previous"], found["content"], found["digest"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise SCConfigError(f"{where} is no entry of a journal") from None


@dataclass(frozen=True)
class Intent:
    """An update that was begun.

    Attributes:
        package_id: its package.
        version: its version.
        base: `bank_digest` before.
        result: `bank_digest` after.
        writes: the new words.
        inverse: the old ones.
        verified: whether the device was found to hold and to do what it should: from then on the
            update is committed, whatever happens.
    """

    package_id: str
    version: int
    base: str
    result: str
    writes: Writes
    inverse: Writes
    verified: bool = False


@dataclass(frozen=True)
class Standing:
    """What a journal says of a device.

    Attributes:
        device: its name in the journal.
        design: first 128 bits of the digest of the design that was loaded.
        image: `bank_digest` of the parameters in the image.
        version: of the last update committed, 0 for none.
        parameters: `bank_digest` of the parameters that are committed.
        written: what committed updates changed since the image.
        committed: the update committed last since the image was loaded, None for none.
        open: the update that was begun and not ended.
    """

    device: str
    design: str
    image: str
    version: int
    parameters: str
    written: Writes
    committed: Intent | None = None
    open: Intent | None = None

    @property
    def target(self) -> str:
        """`bank_digest` of the parameters that the device must come to."""
        verified = self.open is not None and self.open.verified
        return self.open.result if self.open is not None and verified else self.parameters

    @property
    def target_written(self) -> Writes:
        """The same as changes of the image."""
        if self.open is None or not self.open.verified:
            return self.written
        return _joined(self.written, self.open.writes)


def loaded(device: str, design: str, parameters: str) -> dict[str, JSON]:
    """The entry of an image that was loaded."""
    return {"design": design, "device": device, "entry": "loaded", "parameters": parameters}


def intended(update: Update, tick: int) -> dict[str, JSON]:
    """The entry before an update."""
    return {
        "base": update.base,
        "design": update.design,
        "device": update.device,
        "entry": "intended",
        "inverse": writes_to_json(update.inverse),
        "package": update.package_id,
        "result": update.result,
        "tick": tick,
        "update": update.digest(),
        "version": update.version,
        "writes": writes_to_json(update.writes),
    }


def verified(device: str, intent: Intent) -> dict[str, JSON]:
    """The entry that commits an update."""
    return {
        "device": device,
        "entry": "verified",
        "package": intent.package_id,
        "parameters": intent.result,
        "version": intent.version,
    }


def ended(device: str, intent: Intent, reason: str, generation: int) -> dict[str, JSON]:
    """The entry after an update: ``committed`` or ``reverted``, and why."""
    return {
        "device": device,
        "entry": "committed" if intent.verified else "reverted",
        "generation": generation,
        "package": intent.package_id,
        "parameters": intent.result if intent.verified else intent.base,
        "reason": reason,
        "version": intent.version,
    }


def restored(device: str, parameters: str, reason: str, generation: int) -> dict[str, JSON]:
    """The entry of a device that had lost its parameters and was given them again."""
    return {
        "device": device,
        "entry": "restored",
        "generation": generation,
        "parameters": parameters,
        "reason": reason,
    }


def standing(entries: Sequence[Sealed], device: str) -> Standing | None:
    """What a journal says of a device; None if no image was ever loaded.

    Entries of other devices and of other kinds are passed over, so that one ledger can hold all.

    Raises:
        ChainError: the journal was changed.
        UpdateRefusedError: its entries of the device contradict one another.
    """
    verify_chain(entries)
    found: Standing | None = None
    for entry in entries:
        content = entry.content
        if content.get("device") != device or content.get("entry") not in _STEPS:
            continue
        where = f"entry {entry.sequence} of the journal"
        step = _STEPS[str(content["entry"])]
        try:
            found = step(found, content)
        except (KeyError, TypeError, UpdateRefusedError):
            raise UpdateRefusedError(
                "journal", f"{where} contradicts those before it; the journal cannot be followed"
            ) from None
    return found


def _on_loaded(before: Standing | None, content: Mapping[str, Any]) -> Standing:
    image = _strict.hexadecimal(content["parameters"], "parameters", 64)
    return Standing(
        device=content["device"],
        design=_strict.hexadecimal(content["design"], "design", 32),
        image=image,
        version=0 if before is None else before.version,
        parameters=image,
        written=frozen({}),
    )


def _on_intended(before: Standing | None, content: Mapping[str, Any]) -> Standing:
    version = _strict.whole(content["version"], "version", 1, LAST_VERSION)
    if before is None or before.open is not None or content["base"] != before.parameters:
        raise _strict.fail("no update can begin here")
    intent = Intent(
        package_id=content["package"],
        version=version,
        base=content["base"],
        result=_strict.hexadecimal(content["result"], "result", 64),
        writes=writes_from_json(content["writes"], "writes"),
        inverse=writes_from_json(content["inverse"], "inverse"),
    )
    return replace(before, open=intent)


def _on_verified(before: Standing | None, content: Mapping[str, Any]) -> Standing:
    if before is None or before.open is None or content["version"] != before.open.version:
        raise _strict.fail("no such update was begun")
    return replace(before, open=replace(before.open, verified=True))


def _on_ended(before: Standing | None, content: Mapping[str, Any]) -> Standing:
    committed = content["entry"] == "committed"
    if (
        before is None
        or before.open is None
        or content["version"] != before.open.version
        or before.open.verified is not committed
    ):
        raise _strict.fail("no such update was begun")
    if not committed:
        return replace(before, open=None)
    return replace(
        before,
        version=before.open.version,
        parameters=before.open.result,
        written=_joined(before.written, before.open.writes),
        committed=before.open,
        open=None,
    )


_STEPS: Mapping[str, Callable[[Standing | None, Mapping[str, Any]], Standing]] = MappingProxyType(
    {
        "loaded": _on_loaded,
        "intended": _on_intended,
        "verified": _on_verified,
        "committed": _on_ended,
        "reverted": _on_ended,
    }
)


def _joined(before: Writes, after: Writes) -> Writes:
    return frozen(
        {bank: {**before.get(bank, {}), **after.get(bank, {})} for bank in {*before, *after}}
    )
