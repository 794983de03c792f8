"""Settings of the whole suite, and the evidence that its tests share."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

from sc_neurocore.evidence import EvidenceStore

# The same examples everywhere; `pytest --hypothesis-profile=default` looks for new ones.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


def pytest_configure(config: pytest.Config) -> None:
    """Keep kernels and evidence of the session, empty at first, out of the user's own."""
    if not hasattr(config, "workerinput"):  # workers inherit the environment
        folder = tempfile.TemporaryDirectory(prefix="sc-tests-", ignore_cleanup_errors=True)
        config.add_cleanup(folder.cleanup)
        os.environ["SC_NEUROCORE_CACHE"] = folder.name


@pytest.fixture(scope="session")
def store() -> EvidenceStore:
    """The store that commands use too: whatever a test of the session made is found by all."""
    return EvidenceStore()


@pytest.fixture
def fresh_store(tmp_path: Path) -> EvidenceStore:
    """An empty one."""
    return EvidenceStore(tmp_path / "evidence.sqlite")
