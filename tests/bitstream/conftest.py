from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session", autouse=True)
def kernel_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Kernels of the tests go to a folder of their own, shared by the workers of one run."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = shared / "kernels"
    before = os.environ.get("SC_NEUROCORE_CACHE")
    os.environ["SC_NEUROCORE_CACHE"] = str(folder)
    yield folder
    if before is None:
        del os.environ["SC_NEUROCORE_CACHE"]
    else:
        os.environ["SC_NEUROCORE_CACHE"] = before
