"""One evidence store for the whole session, so that workers share what they have compiled."""

from __future__ import annotations

import pytest

from sc_neurocore.evidence import EvidenceStore


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> EvidenceStore:
    root = tmp_path_factory.getbasetemp()
    # Under xdist each worker has its own base directory inside the session's.
    shared = root.parent if root.name.startswith("popen-") else root
    return EvidenceStore(shared / "evidence.sqlite")
