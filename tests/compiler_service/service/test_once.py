"""Idempotency keys, the ledger, and what the database itself refuses."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import DBAPIError

from sc_neurocore.compiler_service.client import Client, ServiceError
from sc_neurocore.compiler_service.service import Database
from sc_neurocore.compiler_service.service import _tables as tables
from sc_neurocore.compiler_service.service._ledger import Ledger
from sc_neurocore.exceptions import SCConfigError

from .running import Running, database_of


def test_a_repeat_gets_the_first_answer(running: Running, admin: Client) -> None:
    made = admin.create_project("once", "first", idempotency_key="key-1")
    assert admin.create_project("once", "first", idempotency_key="key-1") == made
    with pytest.raises(ServiceError, match="used before for another request") as refused:
        admin.create_project("once", "second", idempotency_key="key-1")
    assert (refused.value.status, refused.value.kind) == (422, "other-body")
    # Keys belong to tokens: another caller's is another key.
    with running.client() as other, pytest.raises(ServiceError, match="already") as refused:
        other.create_project("once", "first", idempotency_key="key-1")
    assert refused.value.status == 409


def test_a_refused_request_may_come_again(admin: Client) -> None:
    admin.create_project("taken")
    for _ in range(2):
        with pytest.raises(ServiceError, match="there is a project 'taken' already"):
            admin.create_project("taken", idempotency_key="key-2")


def test_repeats_at_the_same_time_have_one_effect(running: Running, admin: Client) -> None:
    def ask(_: int) -> str:
        return str(admin.create_project("at-once", idempotency_key="key-3")["id"])

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(24)))) == 1


def test_uploads_repeat_by_content(running: Running) -> None:
    headers = {"Authorization": f"Bearer {running.token()}", "Idempotency-Key": "key-4",
               "Content-Type": "application/octet-stream"}  # fmt: skip
    data = b"\x89HDF\r\n\x1a\n"
    with httpx.Client(base_url=running.url, headers=headers) as http:
        first = http.post("/v1/files?kind=nir", content=data + b"1")
        again = http.post("/v1/files?kind=nir", content=data + b"1")
        other = http.post("/v1/files?kind=nir", content=data + b"2")
    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
    assert again.headers["idempotent-replayed"] == "true" and again.json() == first.json()


def test_the_ledger_only_grows(tmp_path: Path) -> None:
    database = Database(database_of(tmp_path))
    ledger = Ledger(database, "bench-1")
    for i in range(3):
        ledger.append({"entry": "test", "i": i})
    assert [sealed.sequence for sealed in ledger.entries()] == [0, 1, 2]
    for statement in (
        update(tables.ledger).values(digest="0" * 64),
        delete(tables.ledger),
        update(tables.ledger).where(tables.ledger.c.sequence == 1).values(content={}),
    ):
        with pytest.raises(DBAPIError, match="ledger is append-only"), database.writing() as c:
            c.execute(statement)
    with pytest.raises(DBAPIError, match="audit is append-only"), database.writing() as c:
        c.execute(text("INSERT INTO audit VALUES (1, 0, '', '', '', '', 0)"))
        c.execute(delete(tables.audit))
    with database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(tables.ledger)) == 3


def test_tampering_below_the_triggers_is_found(running: Running, admin: Client) -> None:
    ledger = Ledger(running.service.database, "bench-2")
    for i in range(3):
        ledger.append({"entry": "test", "i": i})
    (sound,) = [x for x in admin.verify_ledger() if x["device"] == "bench-2"]
    assert (sound["sound"], sound["entries"]) == (True, 3)
    assert sound["head"] == admin.ledger("bench-2")[-1]["digest"]
    with running.service.database.writing() as connection:
        trigger = {"sqlite": "ledger_update", "postgresql": "ledger_rows ON ledger"}
        connection.exec_driver_sql(f"DROP TRIGGER {trigger[running.service.database.dialect]}")
        wrong = update(tables.ledger).where(tables.ledger.c.sequence == 1)
        connection.execute(wrong.values(content={"entry": "test", "i": 7}))
    (found,) = [x for x in admin.verify_ledger() if x["device"] == "bench-2"]
    assert not found["sound"] and "entry 1 was changed" in found["reason"]


def test_rights_hide_the_ledgers_of_other_devices(running: Running) -> None:
    for name in ("bench-3", "bench-4"):
        Ledger(running.service.database, name).append({"entry": "test"})
    with running.client("viewer", "bench-3") as client:
        assert {entry["device"] for entry in client.ledger()} == {"bench-3"}
        assert [x["device"] for x in client.verify_ledger()] == ["bench-3"]


def test_other_tables_are_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.sqlite'}"
    database = Database(url)
    with database.writing() as connection:
        connection.execute(update(tables.meta).values(value="0"))
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    with pytest.raises(SCConfigError, match="tables of version 0"):
        Database(url)
    for wrong in ("nonsense", "oracle://x", f"sqlite:///{tmp_path}/none/a.sqlite"):
        with pytest.raises(SCConfigError):
            Database(wrong)
