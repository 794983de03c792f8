"""The queue: leases and fencing, progress, cancelling, and what kill -9 leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from sc_neurocore.compiler_service.client import Client, ServiceError
from sc_neurocore.compiler_service.service import Database, start_worker
from sc_neurocore.compiler_service.service import _tables as tables
from sc_neurocore.compiler_service.service._isolation import descendants
from sc_neurocore.compiler_service.service._queue import (
    CancelledError,
    LostLeaseError,
    Queue,
    enqueue,
    release,
    request_cancel,
    worker_name,
)

from .running import Running, database_of, settings, start

DAMAGED = b"\x89HDF\r\n\x1a\nnothing"


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(database_of(tmp_path))


def _job(database: Database, **arguments: Any) -> str:
    with database.writing() as connection:
        return enqueue(connection, "build", {"inputs": {}, "arguments": arguments})


def _state(database: Database, job: str) -> Any:
    with database.reading() as connection:
        return connection.execute(select(tables.job).where(tables.job.c.id == job)).one()


def test_a_job_is_taken_once(database: Database) -> None:
    job = _job(database)
    first, second = (Queue(database, name, 60.0) for name in "ab")
    claim = first.claim()
    assert claim is not None and (claim.id, claim.attempt) == (job, 1)
    assert second.claim() is None
    first.succeed(claim, {"value": 1, "outputs": {}})
    assert _state(database, job).state == "succeeded"
    assert second.claim() is None


def test_who_lost_the_lease_can_write_nothing(database: Database) -> None:
    job = _job(database)
    first, second = (Queue(database, name, 60.0) for name in "ab")
    old = first.claim()
    assert old is not None
    with database.writing() as connection:
        release(connection, "a")
    new = second.claim()
    assert new is not None and new.attempt == 2
    for write in (
        lambda: first.renew(old),
        lambda: first.report(old, "stage", {"stage": "late"}),
        lambda: first.isolated(old, {}),
        lambda: first.succeed(old, {"value": "late", "outputs": {}}),
        lambda: first.fail(old, "Late", "late"),
        lambda: first.cancelled(old),
    ):
        with pytest.raises(LostLeaseError):
            write()
    first.give_back(old)
    second.succeed(new, {"value": "new", "outputs": {}})
    found = _state(database, job)
    assert (found.state, found.result["value"]) == ("succeeded", "new")
    with database.reading() as connection:
        assert connection.scalars(select(tables.result.c.key)).all() == [new.key]


def test_the_same_work_is_done_once(database: Database) -> None:
    jobs = [_job(database, a=1) for _ in range(3)]
    other = _job(database, a=2)
    first, second = (Queue(database, name, 60.0) for name in "ab")
    claim = first.claim()
    assert claim is not None and claim.id == jobs[0]
    # The same work waits while it is being done; other work does not.
    next_claim = second.claim()
    assert next_claim is not None and next_claim.id == other
    assert second.claim() is None
    first.succeed(claim, {"value": 7, "outputs": {}})
    for _ in jobs[1:]:
        assert second.claim() is None  # its result is found
    for job in jobs:
        found = _state(database, job)
        assert (found.state, found.result["value"]) == ("succeeded", 7)
    assert [_state(database, job).found for job in jobs] == [0, 1, 1]


def test_cancelling(database: Database) -> None:
    waiting, running = _job(database, a=1), _job(database, a=2)
    queue = Queue(database, "a", 60.0)
    with database.writing() as connection:
        request_cancel(connection, waiting)
    assert _state(database, waiting).state == "cancelled"
    claim = queue.claim()
    assert claim is not None and claim.id == running
    with database.writing() as connection:
        request_cancel(connection, running)
    with pytest.raises(CancelledError):
        queue.renew(claim)
    queue.cancelled(claim)
    assert _state(database, running).state == "cancelled"


def test_a_job_that_ends_its_workers_is_given_up(database: Database) -> None:
    job = _job(database)
    with database.writing() as connection:
        connection.execute(update(tables.job).values(attempt=50))
    assert Queue(database, "a", 60.0).claim() is None
    assert _state(database, job).error["detail"].startswith("the job's worker ended 50 times")


def _damaged_build(client: Client, folder: Path, content: bytes = DAMAGED) -> dict[str, Any]:
    (folder / "a.nir").write_bytes(content)
    project = client.create_project(f"p-{time.monotonic_ns()}")["id"]
    return client.create_build(project, "net", client.upload(folder / "a.nir"))


def test_events_go_on_after_the_last_that_is_known(
    running: Running, admin: Client, tmp_path: Path
) -> None:
    job = _damaged_build(admin, tmp_path)["job"]["id"]
    admin.cancel(job)
    events = list(admin.follow(job))
    assert [(e["number"], e["kind"]) for e in events] == [(1, "queued"), (2, "cancelled")]
    assert list(admin.follow(job, after=1)) == events[1:]
    with pytest.raises(ServiceError, match="has ended: it is cancelled") as refused:
        admin.cancel(job)
    assert refused.value.status == 409
    headers = {"Authorization": f"Bearer {running.token()}", "Last-Event-ID": "x"}
    answer = httpx.get(f"{running.url}/v1/jobs/{job}/events", headers=headers)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "moment", [1.5, *(pytest.param(x / 10, marks=pytest.mark.exhaustive) for x in range(30))]
)
def test_kill_of_a_worker_and_of_the_server(tmp_path: Path, moment: float) -> None:
    """Nothing is lost, nothing ends twice, whenever the worker is killed."""
    running, stop = start(tmp_path / "state", lease_seconds=60.0)
    with running.client() as client:
        build = _damaged_build(client, tmp_path)
    worker = start_worker(settings(tmp_path / "state", lease_seconds=60.0))
    time.sleep(moment)
    below = descendants(worker.pid)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    stop()
    deadline = time.monotonic() + 60
    while any(Path(f"/proc/{pid}").exists() for pid in below):
        assert time.monotonic() < deadline, "what the worker had started lives on"
        time.sleep(0.02)
    running, stop = start(tmp_path / "state")
    with running.service.database.writing() as connection:
        release(connection, worker_name(worker.pid))
    worker = start_worker(settings(tmp_path / "state"))
    try:
        with running.client() as client:
            found = client.wait(build["job"]["id"], 300)
            kinds = [event["kind"] for event in client.follow(found["id"])]
    finally:
        worker.terminate()
        worker.wait()
        stop()
    assert found["state"] == "failed"
    assert found["error"]["detail"].startswith("net.nir is truncated, damaged or unreadable")
    assert kinds.count("failed") == 1 and kinds[-1] == "failed"
    assert kinds.count("started") + kinds.count("resumed") == found["attempt"]
    assert not list((tmp_path / "state" / "scratch").glob("*/in/*"))


def test_a_worker_ends_when_its_server_ended_before_it_came_up(tmp_path: Path) -> None:
    begin = (
        "import sys; from pathlib import Path;"
        "from sc_neurocore.compiler_service.service import Service, Settings;"
        "from sc_neurocore.compiler_service.service._serve import start_worker;"
        "settings = Settings(state=Path(sys.argv[1]));"
        "Service.open(settings).database.close();"
        "print(start_worker(settings).pid)"
    )
    command = [sys.executable, "-c", begin, str(tmp_path)]
    server = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    left = Path("/proc", server.stdout.strip())
    deadline = time.monotonic() + 60
    while left.exists():
        assert time.monotonic() < deadline, "the worker lives on"
        time.sleep(0.05)
