from __future__ import annotations

from collections.abc import Iterator

import pytest

from sc_neurocore.compiler_service.client import Client

from .running import Running, start


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    found, stop = start(tmp_path_factory.mktemp("state"))
    yield found
    stop()


@pytest.fixture(scope="module")
def admin(running: Running) -> Iterator[Client]:
    with running.client() as client:
        yield client
