"""Starting the service: the server, its workers, and the refusals before that."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from sc_neurocore.compiler_service.service._context import Service
from sc_neurocore.compiler_service.service._database import Database
from sc_neurocore.compiler_service.service._keeper import Keeper
from sc_neurocore.compiler_service.service._queue import release, worker_name
from sc_neurocore.compiler_service.service._settings import LOOPBACK, JobLimits, Settings
from sc_neurocore.compiler_service.service._tokens import any_token
from sc_neurocore.exceptions import SCConfigError

_WORKER = "sc_neurocore.compiler_service.service._worker"
_WATCH_SECONDS = 0.5
_log = logging.getLogger("sc_neurocore.service")


def serve(
    settings: Settings,
    host: str = LOOPBACK[0],
    port: int = 8080,
    on_ready: Callable[[str, bool], None] = lambda url, tokens: None,
) -> None:
    """Serve until interrupted.

    Args:
        settings: of the service.
        host: address to listen at.
        port: its port; 0 for a free one.
        on_ready: told the URL, and whether there is a valid token.

    Raises:
        SCConfigError: the address cannot be listened at, or must not be without a token.
    """
    import uvicorn

    from sc_neurocore.compiler_service.service._app import create_app
    from sc_neurocore.compiler_service.service._server import server_config

    service = Service.open(settings)
    with service.database.reading() as connection:
        tokens = any_token(connection)
    if host not in LOOPBACK and not tokens:
        raise SCConfigError(
            f"'{host}' can be reached by others and no token exists; make one first: "
            f"{token_command(settings)}"
        )
    listening = listen(host, port)
    bound = listening.getsockname()[1]
    config = server_config(create_app(service))
    workers, keeper = Workers(settings, service.database), Keeper(service)
    try:
        workers.start()
        keeper.start()
        shown = f"[{host}]" if ":" in host else host
        on_ready(f"http://{shown}:{bound}", tokens)
        uvicorn.Server(config).run(sockets=[listening])
    finally:
        workers.stop()
        keeper.stop()
        listening.close()
        service.database.close()


def token_command(settings: Settings) -> str:
    """The command that makes the first token."""
    place = f"--database {settings.database}" if settings.database else f"--state {settings.state}"
    return f"sc-neurocore serve token create --role admin --name first {place}"


class Workers:
    """The worker processes of a server; one that ends is replaced.

    Args:
        settings: of the service.
        database: where the jobs of one that ended are given to the others.
    """

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings, self.database = settings, database
        self.processes: list[subprocess.Popen[bytes]] = []
        self._ending = threading.Event()
        self._watch = threading.Thread(target=self._replace, daemon=True)

    def start(self) -> None:
        """Start them."""
        self.processes = [start_worker(self.settings) for _ in range(self.settings.workers)]
        self._watch.start()

    def stop(self) -> None:
        """End them; jobs that were running are taken up when the service starts again."""
        self._ending.set()
        if self._watch.is_alive():
            self._watch.join()
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _replace(self) -> None:
        while not self._ending.wait(_WATCH_SECONDS):
            for i, process in enumerate(self.processes):
                if process.poll() is not None:
                    try:
                        with self.database.writing() as connection:
                            release(connection, worker_name(process.pid))
                    except SQLAlchemyError:  # its lease ends by itself
                        _log.exception("the jobs of worker %d are not released", process.pid)
                    self.processes[i] = start_worker(self.settings)


def start_worker(settings: Settings) -> subprocess.Popen[bytes]:
    """Start one worker process; its settings travel through its standard input."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", _WORKER, str(os.getpid())],
        stdin=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    )
    assert process.stdin is not None
    process.stdin.write(settings_to_json(settings).encode() + b"\n")
    process.stdin.flush()
    return process


def settings_to_json(settings: Settings) -> str:
    """Settings as one line of JSON."""
    return json.dumps(asdict(settings), default=str)


def settings_from_json(text: str) -> Settings:
    """Settings from `settings_to_json`."""
    found: dict[str, Any] = json.loads(text)
    evidence = found.pop("evidence")
    return Settings(
        state=Path(found.pop("state")),
        evidence=None if evidence is None else Path(evidence),
        limits=JobLimits(**found.pop("limits")),
        **found,
    )


def work(settings: Settings, goes_on: Callable[[], bool]) -> None:
    """Run jobs until told to stop; what a worker process does."""
    from sc_neurocore._orphans import end_with_parent
    from sc_neurocore.compiler_service.service._isolation import adopt_orphans
    from sc_neurocore.compiler_service.service._runner import Runner

    end_with_parent()
    adopt_orphans()
    stopped = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopped
        stopped = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    runner = Runner(settings, Database(settings.url), stopping=lambda: stopped)
    runner.run(lambda: not stopped and goes_on())


def listen(host: str, port: int) -> socket.socket:
    """A listening socket.

    Args:
        host: name or address of this machine.
        port: 0 for a free one.

    Raises:
        SCConfigError: it cannot be listened there.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        # Only a socket that says it is TCP gets TCP_NODELAY from asyncio: else each answer waits
        # 40 ms for an acknowledgement.
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(1024)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SCConfigError(
            f"cannot listen at {host}, port {port}: {reason}; choose another with --port"
        ) from None
    return listening
