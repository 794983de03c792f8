"""The store: records and their files in one SQLite database of the user's cache."""

from __future__ import annotations

import json
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NoReturn, cast

from sc_neurocore._cache import cache_dir
from sc_neurocore.evidence._digest import JSON, atomic_write, canonical_json, digest
from sc_neurocore.evidence._record import Outcome, Record, Word, record_key
from sc_neurocore.exceptions import SCNeuroError

_TABLES = """
CREATE TABLE IF NOT EXISTS record (key TEXT PRIMARY KEY, digest TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS blob (
    key TEXT NOT NULL, name TEXT NOT NULL, data BLOB NOT NULL, PRIMARY KEY (key, name)
);
"""

_BUSY_S = 60.0


class EvidenceError(SCNeuroError):
    """The evidence store cannot be used, or does not hold what it should."""

    exit_code = 7


class _LockedError(EvidenceError):
    """Another process holds the database."""


class EvidenceStore:
    """Records and their files, safe for several processes at once.

    A store that is damaged is never repaired in silence: every operation on it raises
    `EvidenceError` with one sentence that says what to delete.
    """

    def __init__(self, path: Path | None = None) -> None:
        """Open or create a store.

        Args:
            path: the SQLite file; by default ``evidence.sqlite`` in `cache_dir`.

        Raises:
            EvidenceError: if the file is not a sound database or its directory is not writable.
        """
        self.path = cache_dir() / "evidence.sqlite" if path is None else Path(path)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise self._unwritable(error) from None
        self._initialise()

    def get(self, key: str) -> Record | None:
        """Return the record of a key with `cached` set, or None if there is none."""
        with self._connection() as connection:
            row = connection.execute(
                "SELECT digest, body FROM record WHERE key = ?", (key,)
            ).fetchone()
        return None if row is None else self._decode(key, *row)

    def put(self, record: Record, blobs: Mapping[str, bytes]) -> Record:
        """Store a record with its files, all or nothing, and return it with their digests."""
        record = replace(record, blobs={name: digest(data) for name, data in blobs.items()})
        body = canonical_json(record.to_json())
        with self._connection() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO record VALUES (?, ?, ?)", (record.key, digest(body), body)
            )
            connection.execute("DELETE FROM blob WHERE key = ?", (record.key,))
            connection.executemany(
                "INSERT INTO blob VALUES (?, ?, ?)",
                [(record.key, name, zlib.compress(data, 1)) for name, data in blobs.items()],
            )
        return record

    def blob(self, key: str, name: str) -> bytes:
        """Return a file that a run left, checked against its digest.

        Raises:
            EvidenceError: if the record has no such file, or the file is damaged.
        """
        record = self.get(key)
        if record is None or name not in record.blobs:
            raise EvidenceError(f"the evidence store holds no file {name!r} for record {key[:12]}")
        with self._connection() as connection:
            row = connection.execute(
                "SELECT data FROM blob WHERE key = ? AND name = ?", (key, name)
            ).fetchone()
        try:
            data = zlib.decompress(row[0]) if row is not None else b""
        except (zlib.error, TypeError):
            data = b""
        if row is None or digest(data) != record.blobs[name]:
            self._damaged(f"the file {name!r} of record {key[:12]} does not match its digest")
        return data

    def records(self) -> list[Record]:
        """Return every record, sorted by tool, then key."""
        with self._connection() as connection:
            rows = connection.execute("SELECT key, digest, body FROM record").fetchall()
        return sorted((self._decode(*row) for row in rows), key=lambda r: (r.tool, r.key))

    def export(self, path: Path) -> None:
        """Write every record (not the files) to a JSON document, atomically."""
        document: JSON = {"records": [record.to_json() for record in self.records()]}
        atomic_write(path, json.dumps(document, indent=2, sort_keys=True) + "\n")

    def clear(self) -> None:
        """Forget every record and file, and give the disk space back."""
        with self._connection() as connection:
            connection.execute("DELETE FROM record")
            connection.execute("DELETE FROM blob")
            connection.commit()
            connection.execute("VACUUM")

    def _initialise(self) -> None:
        # SQLite does not wait for other processes when it changes the journal mode: we do.
        deadline = time.monotonic() + _BUSY_S
        while True:
            try:
                with self._connection() as connection:
                    if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
                        connection.execute("PRAGMA journal_mode=WAL")
                    connection.executescript(_TABLES)
                return
            except _LockedError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        # One short connection per operation: safe for threads, processes and forks alike.
        try:
            with (
                closing(sqlite3.connect(self.path, timeout=_BUSY_S)) as connection,
                connection,
            ):
                yield connection
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise _LockedError(
                    f"the evidence store {self.path} has been locked by another process for "
                    f"{_BUSY_S:.0f} s; end that process and run again"
                ) from None
            raise self._unwritable(error) from None
        except sqlite3.DatabaseError as error:
            self._damaged(str(error))

    def _decode(self, key: str, body_digest: str, body: str) -> Record:
        try:
            if digest(body) != body_digest:
                raise ValueError(f"record {key[:12]} does not match its digest")
            record = Record.from_json(json.loads(body), cached=True)
            if record.key != key:
                raise ValueError(f"record {key[:12]} is filed under the wrong key")
        except ValueError as error:
            self._damaged(str(error))
        return record

    def _damaged(self, detail: str) -> NoReturn:
        raise EvidenceError(
            f"the evidence store {self.path} is damaged ({detail}); delete that file and run again"
        ) from None

    def _unwritable(self, error: Exception) -> EvidenceError:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        return EvidenceError(
            f"the evidence store {self.path} cannot be used ({reason}); "
            "set SC_NEUROCORE_CACHE to a writable directory"
        )


def run_cached(
    store: EvidenceStore,
    *,
    word: Word | Callable[[Mapping[str, JSON]], Word],
    tool: str,
    version: str,
    options: Mapping[str, JSON],
    inputs: Mapping[str, bytes | str],
    run: Callable[[], Outcome],
    settled: Callable[[Mapping[str, JSON]], bool] = lambda result: True,
) -> Record:
    """Return the record of a run, running it only if the store does not have it.

    Args:
        store: where records live.
        word: what the result may be called, or a function that judges the result.
        tool: the tool's name.
        version: its exact version; part of the key.
        options: everything besides the inputs that decides the result; part of the key.
        inputs: the inputs themselves by name; their digests are part of the key.
        run: does the work. If it raises, nothing is stored.
        settled: whether a stored result is final; one that is not (a solver ran out of time, say)
            is looked for again.

    Returns:
        The record; `Record.cached` says whether it was found.
    """
    # The round trip through JSON makes a fresh record equal the one that will be read back.
    options = cast("dict[str, JSON]", json.loads(canonical_json(options)))
    digests = {name: digest(data) for name, data in sorted(inputs.items())}
    key = record_key(tool, version, options, digests)
    found = store.get(key)
    # The same run asked for under another word is not that evidence.
    if found is not None and found.word == _judged(word, found.result) and settled(found.result):
        return found
    started = time.perf_counter()
    outcome = run()
    result = json.loads(canonical_json(outcome.result))
    record = Record(
        key=key,
        word=_judged(word, result),
        tool=tool,
        version=version,
        options=options,
        inputs=digests,
        result=result,
        duration_s=round(time.perf_counter() - started, 6),
        log=outcome.log,
    )
    return store.put(record, outcome.blobs)


def _judged(word: Word | Callable[[Mapping[str, JSON]], Word], result: Mapping[str, JSON]) -> Word:
    return word(result) if callable(word) else word
