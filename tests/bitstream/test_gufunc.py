"""Kernels are compiled when first used, and kept where the user says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CODE = """
import sys
import numpy as np
import sc_neurocore.bitstream as b
assert "numba" not in sys.modules, "numba is imported only when used"
assert b.sc_and(np.array([3], np.uint64), np.array([6], np.uint64)) == 2
assert "numba" not in sys.modules
print(b.popcount(np.array([7, 2**63], np.uint64)))
"""


def run(cache: Path) -> str:
    environment = {**os.environ, "SC_NEUROCORE_CACHE": str(cache)}
    done = subprocess.run(
        [sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_kernels_are_kept_and_found_again(tmp_path: Path) -> None:
    assert run(tmp_path) == "4"
    kept = {p: p.stat().st_mtime_ns for p in (tmp_path / "kernels").rglob("*.nbc")}
    assert kept
    assert run(tmp_path) == "4"
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "kernels").rglob("*.nbc")} == kept


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    assert run(tmp_path / "file") == "4"
    assert (tmp_path / "file").read_text() == "not a folder"
