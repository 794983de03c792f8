"""The service under 200 clients, and its jobs under kill -9.

The server and its worker run as `sc-neurocore serve` runs them; the clients are in another process
and speak HTTP/1.1 over 200 connections that stay open, each waiting for its answer before it asks
again, without pause. Nine of ten requests read (projects, builds, jobs, the ledger), one in ten
makes a project. Each client has a token of its own. Then worker processes are killed at random
moments of jobs, and what is left is compared with what must be. Results go to
benchmarks/results/service.json.

    python benchmarks/service.py [--seconds 20] [--kills 100]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import platform
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from machine import processor, write_results
from sc_neurocore.compiler_service.client import Client
from sc_neurocore.compiler_service.service import (
    Database,
    Service,
    Settings,
    create_token,
    start_worker,
)
from sc_neurocore.compiler_service.service._queue import release, worker_name

CLIENTS, WRITES, DAMAGED = 200, 0.1, b"\x89HDF\r\n\x1a\nnothing"


async def _ask(
    streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    request: bytes,
) -> int:
    reader, writer = streams
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    fields = head.lower().split(b"content-length:")
    await reader.readexactly(int(fields[1].split(b"\r\n")[0]))
    return int(head[9:12])


async def _client(
    port: int, token: str, paths: list[str], end: float, seed: int
) -> list[tuple[bool, int, float]]:
    streams = await asyncio.open_connection("127.0.0.1", port)
    rng, found, made = random.Random(seed), [], 0
    common = f"Host: localhost\r\nAuthorization: Bearer {token}\r\n"
    while time.monotonic() < end:
        writes = rng.random() < WRITES
        if writes:
            made += 1
            body = json.dumps({"name": f"p-{seed}-{made}"})
            request = (
                f"POST /v1/projects HTTP/1.1\r\n{common}Content-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\n\r\n{body}"
            )
        else:
            request = f"GET {rng.choice(paths)} HTTP/1.1\r\n{common}\r\n"
        began = time.perf_counter()
        status = await _ask(streams, request.encode())
        found.append((writes, status, time.perf_counter() - began))
    streams[1].close()
    return found


def _load(port: int, tokens: list[str], paths: list[str], seconds: float, results: Any) -> None:
    async def run() -> list[tuple[bool, int, float]]:
        end = time.monotonic() + seconds
        every = [_client(port, token, paths, end, i) for i, token in enumerate(tokens)]
        return [row for rows in await asyncio.gather(*every) for row in rows]

    results.put(asyncio.run(run()))


def _figures(rows: list[tuple[bool, int, float]], writes: bool) -> dict[str, float]:
    times = np.array([seconds for kind, _, seconds in rows if kind is writes]) * 1e3
    p50, p95, p99 = np.percentile(times, [50, 95, 99])
    return {"requests": len(times), "p50_ms": round(float(p50), 1), "p95_ms": round(float(p95), 1),
            "p99_ms": round(float(p99), 1), "worst_ms": round(float(times.max()), 1)}  # fmt: skip


def under_load(seconds: float) -> dict[str, Any]:
    """Latencies of 200 clients at once."""
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state"
        service = Service.open(Settings(state))
        with service.database.writing() as connection:
            tokens = [create_token(connection, f"c{i}", "admin") for i in range(CLIENTS)]
        command = [sys.executable, "-m", "sc_neurocore", "serve", "--port", "0", "--state", state]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            url = server.stdout.readline().split()[2].rstrip(",")
            with Client(url, tokens[0]) as client:
                project = client.create_project("first")["id"]
                (Path(folder) / "a.nir").write_bytes(DAMAGED)
                build = client.create_build(project, "net", client.upload(Path(folder) / "a.nir"))
                client.wait(build["job"]["id"])
            paths = ["/v1/me", "/v1/projects?limit=20", f"/v1/projects/{project}", "/v1/ledger",
                     f"/v1/projects/{project}/builds", f"/v1/builds/{build['id']}",
                     f"/v1/jobs/{build['job']['id']}"]  # fmt: skip
            results: Any = multiprocessing.get_context("spawn").Queue()
            process = multiprocessing.get_context("spawn").Process(
                target=_load,
                args=(int(url.rsplit(":", 1)[1]), tokens, paths, seconds, results),
            )
            process.start()
            rows = results.get(timeout=seconds + 60)
            process.join()
            server.send_signal(signal.SIGINT)
    errors = sum(status not in (200, 201) for _, status, _ in rows)
    return {
        "clients": CLIENTS,
        "seconds": seconds,
        "requests_per_s": round(len(rows) / seconds, 1),
        "errors": errors,
        "reads": _figures(rows, False),
        "writes": _figures(rows, True),
    }


def under_kills(kills: int) -> dict[str, Any]:
    """Workers killed at random moments; every job must end once, as it would have."""
    rng = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(Path(folder) / "state", lease_seconds=60.0)
        service = Service.open(settings)
        database: Database = service.database
        digest = service.files.put(DAMAGED)
        from sqlalchemy import select

        from sc_neurocore.compiler_service.service import _tables as tables
        from sc_neurocore.compiler_service.service._queue import enqueue

        killed_running, moments = 0, []
        for i in range(kills):
            spec = {
                "inputs": {"network.nir": digest},
                "arguments": {"name": f"n{i}", "options": {}},
            }
            with database.writing() as connection:
                enqueue(connection, "build", spec)
            worker = start_worker(replace(settings))
            moment = rng.uniform(0.0, 4.0)
            time.sleep(moment)
            os.kill(worker.pid, signal.SIGKILL)
            worker.wait()
            moments.append(moment)
            with database.writing() as connection:
                wanted = select(tables.job.c.id).where(tables.job.c.state == "running")
                killed_running += len(connection.execute(wanted).all())
                release(connection, worker_name(worker.pid))
        worker = start_worker(settings)
        deadline = time.monotonic() + 600
        while time.monotonic() < deadline:
            with database.reading() as connection:
                rows = connection.execute(select(tables.job)).all()
                events = connection.execute(select(tables.event)).all()
            if all(row.state == "failed" for row in rows):
                break
            time.sleep(0.5)
        worker.terminate()
        worker.wait()
        ends = [sum(e.job == row.id and e.kind == "failed" for e in events) for row in rows]
        database.close()
    return {
        "kills": kills,
        "while_a_job_ran": killed_running,
        "jobs": len(rows),
        "ended_as_they_must": sum(
            row.state == "failed" and "truncated" in row.error["detail"] for row in rows
        ),
        "ended_once": sum(end == 1 for end in ends),
        "latest_kill_s": round(max(moments), 2),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--kills", type=int, default=100)
    options = parser.parse_args()
    found = {
        "machine": {"cores": os.cpu_count(), "processor": processor(),
                    "python": platform.python_version(),
                    "load_before": [round(x, 2) for x in os.getloadavg()]},
        "load": under_load(options.seconds),
    }  # fmt: skip
    print(json.dumps(found["load"], indent=2))
    if options.kills:
        found["kills"] = under_kills(options.kills)
        print(json.dumps(found["kills"], indent=2))
    write_results("service", found)
