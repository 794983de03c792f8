"""Jobs of the service on a Dask cluster: a scheduler and a worker that are other processes."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sc_neurocore.compiler_service.client import Client
from sc_neurocore.compiler_service.service import start_worker
from sc_neurocore.compiler_service.service._isolation import descendants

from .running import DIGITS, settings, start


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    """Address of a scheduler, and the process that is its worker's."""
    place = tmp_path_factory.mktemp("dask")
    found, command = place / "scheduler.json", [sys.executable, "-m", "dask"]
    with (place / "log").open("wb") as log:
        told: dict[str, Any] = {"cwd": place, "stdout": log, "stderr": log}
        scheduler = subprocess.Popen(
            [*command, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
             "--scheduler-file", str(found)], **told,
        )  # fmt: skip
        worker = subprocess.Popen(
            [*command, "worker", "--scheduler-file", str(found), "--host", "127.0.0.1",
             "--nthreads", "1", "--no-nanny", "--no-dashboard"], **told,
        )  # fmt: skip
        deadline = time.monotonic() + 60
        while not found.exists():
            assert time.monotonic() < deadline and scheduler.poll() is None
            time.sleep(0.05)
        while not (address := _address(found)):
            time.sleep(0.05)
        yield address, worker.pid
        for process in (worker, scheduler):
            process.terminate()
            process.wait()


def _address(path: Path) -> str:
    try:
        return str(json.loads(path.read_text())["address"])
    except ValueError:  # half written
        return ""


def _submit(client: Client, path: Path) -> str:
    project = client.create_project(f"p-{time.monotonic_ns()}")["id"]
    build = client.create_build(project, "net", client.upload(path), options={"target": "xilinx7"})
    return str(build["job"]["id"])


def test_a_job_is_run_refused_and_ended_there(cluster: tuple[str, int], tmp_path: Path) -> None:
    address, dask_worker = cluster
    running, stop = start(tmp_path / "state", scheduler=address)
    worker = start_worker(settings(tmp_path / "state", scheduler=address))
    damaged = tmp_path / "net.nir"
    damaged.write_bytes(b"\x89HDF\r\n\x1a\nnothing")
    try:
        with running.client() as client:
            found = client.wait(_submit(client, damaged), 120)
            assert found["state"] == "failed"
            assert found["error"]["detail"].startswith("net.nir is truncated, damaged")

            job = _submit(client, DIGITS)
            for event in client.follow(job):
                if event["kind"] == "stage":  # told while it runs, not when it has ended
                    assert descendants(dask_worker)
                    client.cancel(job)
                    break
            assert client.wait(job, 60)["state"] == "cancelled"
            deadline = time.monotonic() + 30
            while descendants(dask_worker):
                assert time.monotonic() < deadline, "what was cancelled goes on there"
                time.sleep(0.1)
    finally:
        worker.terminate()
        worker.wait()
        stop()


def test_no_scheduler_is_a_sentence(tmp_path: Path) -> None:
    nowhere = "tcp://127.0.0.1:1"
    running, stop = start(tmp_path / "state", scheduler=nowhere)
    try:
        with running.client() as client:
            job = _submit(client, DIGITS)
            running.runner().step()
            found = client.wait(job, 10)
    finally:
        stop()
    assert found["state"] == "failed"
    assert found["error"]["detail"].startswith(f"no Dask scheduler answers at '{nowhere}'")
