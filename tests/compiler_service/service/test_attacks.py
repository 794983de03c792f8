"""What a client must not be able to do, and what no end of a job may leave behind."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import insert, select, update

from sc_neurocore.compiler_service.client import Client, ServiceError
from sc_neurocore.compiler_service.service import Database, Service, _server, create_app
from sc_neurocore.compiler_service.service import _tables as tables
from sc_neurocore.compiler_service.service._boards import Boards, without_paths
from sc_neurocore.compiler_service.service._ledger import Ledger
from sc_neurocore.compiler_service.service._problem import Problem
from sc_neurocore.compiler_service.service._queue import Queue, enqueue
from sc_neurocore.compiler_service.service._routes_updates import _EMPTY, _require_gates
from sc_neurocore.compiler_service.service._updates import Updates, note_committed
from sc_neurocore.compiler_service.update import Update
from sc_neurocore.exceptions import SCNeuroError

from ..update.samples import update_between
from .running import Running, settings, start

HDF = b"\x89HDF\r\n\x1a\n"


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Running]:
    found, stop = start(tmp_path / "state")
    yield found
    stop()


def _update(database: Database, kind: str, state: str, **arguments: Any) -> tuple[str, str]:
    """A device, and an update of it that a job works on; ids of the update and the job."""
    now = {"created": 0.0, "created_by": "x"}
    with database.writing() as connection:
        if connection.execute(select(tables.device)).first() is None:
            built = enqueue(connection, "build", {})
            for table, row in (
                (tables.project, {"id": "p", "name": "p", "description": ""}),
                (tables.build, {"id": "b", "project": "p", "name": "b", "network": "0" * 64,
                                "options": {}, "job": built}),
                (tables.device, {"name": "bench-1", "kind": "virtual", "build": "b", "bundle": "0",
                                 "address": "", "state": "ready", "reason": ""}),
            ):  # fmt: skip
                connection.execute(insert(table), row | now)
            connection.execute(update(tables.job).values(state="succeeded"))
        spec = {"inputs": {}, "arguments": {"device": "bench-1", **arguments}}
        job = enqueue(connection, kind, spec, key=f"key-{time.monotonic_ns()}")
        row = {**_EMPTY, "id": f"u-{job}", "device": "bench-1", "state": state, "version": 1,
               "job": job, **now}  # fmt: skip
        connection.execute(insert(tables.update), row)
    return f"u-{job}", job


def _state(database: Database, identity: str) -> str:
    with database.reading() as connection:
        mine = select(tables.update.c.state).where(tables.update.c.id == identity)
        return str(connection.scalar(mine))


def test_an_update_is_free_however_its_job_ends(fresh: Running) -> None:
    database = fresh.service.database
    queue = Queue(database, "a", 60.0)
    with fresh.client() as client:
        waiting, job = _update(database, "plan", "planning")
        client.cancel(job)
        assert _state(database, waiting) == "failed"
        running, _ = _update(database, "apply", "applying", before="reverted")
        claim = queue.claim()
        assert claim is not None
        queue.cancelled(claim)
        assert _state(database, running) == "reverted"
        failing, _ = _update(database, "apply", "rolling_back", before="committed")
        claim = queue.claim()
        assert claim is not None
        queue.fail(claim, "Crash", "it fell")
        assert _state(database, failing) == "committed"
        given_up, job = _update(database, "apply", "applying", before="planned")
        with database.writing() as connection:
            connection.execute(update(tables.job).where(tables.job.c.id == job).values(attempt=50))
        assert queue.claim() is None
        assert _state(database, given_up) == "planned"


def test_an_update_that_may_have_begun_is_not_cancelled(fresh: Running) -> None:
    database = fresh.service.database
    queue = Queue(database, "a", 60.0)
    identity, job = _update(database, "apply", "applying", before="planned")
    first = queue.claim()
    assert first is not None
    queue.give_back(first)
    with fresh.client() as client:
        found = client.cancel(job)
    assert (found["state"], found["cancel_requested"]) == ("queued", True)
    again = queue.claim()
    assert again is not None
    queue.renew(again)
    assert _state(database, identity) == "applying"


def test_an_update_that_the_keeper_completed_is_committed(fresh: Running) -> None:
    database = fresh.service.database
    identity, _ = _update(database, "apply", "planned", before="planned")
    new = "1" * 64
    with database.writing() as connection:
        connection.execute(update(tables.update).values(parameters=new, base="2" * 64))
    content = {"entry": "committed", "device": "bench-1", "version": 1, "parameters": new,
               "reason": "found unfinished"}  # fmt: skip
    end = Ledger(database, "bench-1").append(content)
    with database.writing() as connection:
        note_committed(connection, "bench-1", end)
    assert _state(database, identity) == "committed"


def test_jobs_of_a_device_are_for_those_with_rights_to_it(fresh: Running) -> None:
    identity, job = _update(fresh.service.database, "plan", "planning")
    with fresh.client("operator", "bench-2") as other:
        for ask in (other.job, other.cancel, lambda x: list(other.follow(x))):
            with pytest.raises(ServiceError, match="no right to device 'bench-1'") as refused:
                ask(job)
            assert refused.value.status == 403
    assert _state(fresh.service.database, identity) == "planning"


def test_a_revoked_token_follows_no_more(fresh: Running) -> None:
    _, job = _update(fresh.service.database, "plan", "planning")
    with fresh.client() as client:
        events = client.follow(job)
        assert next(events)["kind"] == "queued"
        with fresh.service.database.writing() as connection:
            connection.execute(update(tables.token).values(revoked=1.0))
        assert list(events) == []


def test_a_refused_upload_takes_nothing_away(running: Running, admin: Client) -> None:
    data = HDF + b"kept"
    headers = {"Authorization": f"Bearer {running.token()}",
               "Content-Type": "application/octet-stream"}  # fmt: skip
    with httpx.Client(base_url=running.url, headers=headers) as http:
        digest = http.post("/v1/files?kind=nir", content=data).json()["digest"]
        assert http.post("/v1/files?kind=npz", content=data).status_code == 422
        http.post("/v1/files?kind=npz", content=b"nothing")
    assert running.service.files.read(digest) == data
    assert not list(running.service.files.root.glob(".new-*"))


def test_an_address_is_not_what_a_header_says(fresh: Running) -> None:
    statuses = []
    with httpx.Client(base_url=fresh.url) as http:
        for i in range(40):
            headers = {"X-Forwarded-For": f"10.0.0.{i}"}
            statuses.append(http.get("/v1/me", headers=headers).status_code)
    assert statuses[0] == 401 and 429 in statuses
    with fresh.client() as client:
        addresses = {row["address"] for row in client._all("/v1/audit")}
    assert addresses == {"127.0.0.1"}


def test_a_head_that_does_not_come_is_not_waited_for(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_server, "HEAD_SECONDS", 0.2)
    port = int(running.url.rsplit(":", 1)[1])
    whole = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
    for sent in (b"", b"GET /health HT", whole + b"GET /he"):
        with socket.create_connection(("127.0.0.1", port), timeout=30) as stream:
            stream.sendall(sent)
            while stream.recv(4096):
                pass


@pytest.mark.parametrize("body", [b'{"name":"a","\\ud800":1}', b'{"name":"\\ud800"}'])
def test_half_a_character_is_refused(running: Running, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {running.token()}", "Content-Type": "application/json"}
    answer = httpx.post(f"{running.url}/v1/projects", content=body, headers=headers)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_fault_is_written_down(tmp_path: Path) -> None:
    service = Service.open(settings(tmp_path / "state"))
    app = create_app(service)

    def fall() -> None:
        raise ValueError("/a/path")

    app.add_api_route("/health/fall", fall)
    from sc_neurocore.compiler_service.service import create_token

    with service.database.writing() as connection:
        token = create_token(connection, "t", "admin")
    http = TestClient(app, raise_server_exceptions=False)
    answer = http.get("/health/fall", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:sc-neurocore:problem:fault")
    assert "/a/path" not in answer.text and answer.headers["x-content-type-options"] == "nosniff"
    with service.database.reading() as connection:
        (row,) = connection.execute(select(tables.audit)).all()
    assert (row.path, row.status) == ("/health/fall", 500)
    service.database.close()


def test_a_ledger_that_was_changed_is_said_of_its_device_only(fresh: Running) -> None:
    database = fresh.service.database
    _update(database, "plan", "failed")
    content = {"entry": "loaded", "device": "bench-1", "design": "0" * 32, "parameters": "0" * 64}
    Ledger(database, "bench-1").append(content)
    with database.writing() as connection:
        connection.exec_driver_sql("DROP TRIGGER ledger_update")
        # The same pairs as a list would make the same dictionary.
        pairs = [[key, value] for key, value in content.items()]
        connection.execute(update(tables.ledger).values(content=pairs))
    with fresh.client() as client:
        (found,) = client.devices()
        assert found["state"] == "failed" and "is not sound: entry 0 was changed" in found["reason"]
        (checked,) = client.verify_ledger()
        assert not checked["sound"]
        with pytest.raises(ServiceError, match="is not sound") as refused:
            client.plan_update("bench-1", "0" * 64)
        assert refused.value.status == 409


OLD = {"a": np.array([1, 2], np.uint64)}
NEW = {"a": np.array([1, 3], np.uint64)}


def _with_gates(made: Update, names: tuple[str, ...]) -> Update:
    from dataclasses import replace

    return replace(
        made,
        package=replace(made.package, validation_gates=names),
        gates=tuple(gate for gate in made.gates if gate.name in names),
    )


def test_a_package_needs_the_gates_of_the_service() -> None:
    made = update_between(OLD, NEW, 1)
    _require_gates(made)
    with pytest.raises(Problem) as refused:
        _require_gates(_with_gates(made, ("rollback_package",)))
    assert refused.value.kind == "gate-failed"
    assert "digital_twin_replay, telemetry_bounds" in str(refused.value.detail)


def test_only_what_was_asked_for_is_signed(tmp_path: Path) -> None:
    service = Service.open(settings(tmp_path / "state"))
    queue = Queue(service.database, "a", 60.0)
    identity, _ = _update(service.database, "plan", "planning", update="req-7", version=6)
    claim = queue.claim()
    assert claim is not None
    updates = Updates(Boards(service.settings, service.database), queue)
    made = json.dumps(update_between(OLD, NEW, 7).to_dict()).encode()
    with pytest.raises(SCNeuroError, match="another update than it was asked for"):
        updates.planned(claim, {"gates": [], "verdict": ""}, {"update.json": made})
    assert _state(service.database, identity) == "planning"
    service.database.close()


def test_sentences_name_no_place_of_this_machine() -> None:
    for said, wanted in (
        ("cannot open /tmp/sc-board-x/socket: gone", "cannot open socket: gone"),
        ("file '/a/b/c.pem' is (/a/b) read.", "file 'c.pem' is (b) read."),
        ("3 / 4 of net.nir at http://x/y", "3 / 4 of net.nir at http://x/y"),
    ):
        assert without_paths(said) == wanted
