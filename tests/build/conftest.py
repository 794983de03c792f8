"""One real bundle, built once per worker and copied by whoever edits it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sc_neurocore.build import Build, BuildOptions, build, source_of
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.neurons import load_schema


@pytest.fixture(scope="session")
def lif(tmp_path_factory: pytest.TempPathFactory, store: EvidenceStore) -> Build:
    out = tmp_path_factory.mktemp("bundle") / "lif"
    return build(source_of(load_schema("lif")), BuildOptions(cycles=20_000), out, store=store)


@pytest.fixture
def bundle(lif: Build, tmp_path: Path) -> Path:
    assert lif.path is not None
    return Path(shutil.copytree(lif.path, tmp_path / "lif"))
