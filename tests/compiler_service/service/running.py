"""A real server on a free port, in a thread; its workers are run by the tests that need them."""

from __future__ import annotations

import os
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import uvicorn

from sc_neurocore.compiler_service.client import Client
from sc_neurocore.compiler_service.service import (
    JobLimits,
    Runner,
    Service,
    Settings,
    create_app,
    create_token,
    listen,
)
from sc_neurocore.compiler_service.service._server import server_config

DIGITS = Path(__file__).parents[3] / "examples" / "digits" / "digits-small.nir"


@dataclass
class Running:
    """A service that answers.

    Attributes:
        service: its parts.
        url: where it listens.
    """

    service: Service
    url: str

    def token(self, role: Any = "admin", *devices: str) -> str:
        with self.service.database.writing() as connection:
            return create_token(connection, f"{role}-token", role, devices or ("*",))

    def client(self, role: Any = "admin", *devices: str) -> Client:
        return Client(self.url, self.token(role, *devices))

    def runner(self, **changed: Any) -> Runner:
        settings = replace(self.service.settings, **changed)
        return Runner(settings, self.service.database)


def database_of(state: Path) -> str:
    """SQLite in the folder; where a PostgreSQL server is named, a database there of its own."""
    server = os.environ.get("SC_NEUROCORE_TEST_POSTGRESQL")
    if not server:
        state.mkdir(parents=True, exist_ok=True)
        return f"sqlite:///{state / 'service.sqlite'}"
    import psycopg

    name = f"t{zlib.crc32(str(state).encode()):08x}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
        if found.fetchone() is None:
            connection.execute(f"CREATE DATABASE {name}".encode())
    return f"{server}/{name}"


def settings(state: Path, **options: Any) -> Settings:
    options = {"database": database_of(state)} | options
    options = {"rate": 10_000.0, "burst": 10_000, "limits": JobLimits(seconds=120)} | options
    return Settings(state=state, evidence=Path(os.environ["SC_NEUROCORE_CACHE"]), **options)


def start(state: Path, **options: Any) -> tuple[Running, Callable[[], None]]:
    service = Service.open(settings(state, **options))
    listening = listen("127.0.0.1", 0)
    config = server_config(create_app(service), log_level="error", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.01)

    def stop() -> None:
        server.should_exit = True
        thread.join()
        listening.close()
        service.database.close()

    return Running(service, f"http://127.0.0.1:{listening.getsockname()[1]}"), stop
