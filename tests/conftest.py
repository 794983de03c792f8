"""Settings of the whole suite."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from sc_neurocore.evidence import EvidenceStore

# The same examples everywhere; `pytest --hypothesis-profile=default` looks for new ones.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")

# Kernels and evidence of the tests stay out of the user's own.
os.environ["SC_NEUROCORE_CACHE"] = str(
    Path(__file__).resolve().parent.parent / ".pytest_cache" / "sc-neurocore"
)


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> EvidenceStore:
    """An evidence store of this run's own."""
    from sc_neurocore.evidence import EvidenceStore

    return EvidenceStore(tmp_path_factory.mktemp("evidence") / "evidence.sqlite")
