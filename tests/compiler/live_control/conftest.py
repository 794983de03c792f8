"""One evidence store per worker."""

from __future__ import annotations

import pytest

from sc_neurocore.evidence import EvidenceStore


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> EvidenceStore:
    return EvidenceStore(tmp_path_factory.mktemp("evidence") / "evidence.sqlite")
