"""Scratch directories: kept from others while their process lives, gone some time after it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from sc_neurocore._scratch import ScratchDirectory

_HOLD = """
import sys, time
from pathlib import Path
from sc_neurocore._scratch import ScratchDirectory
print(ScratchDirectory("job-", Path(sys.argv[1])).path, flush=True)
time.sleep(600)
"""


def test_what_a_killed_process_left_goes_with_the_next(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        left = Path(owner.stdout.readline().strip())
        (left / "data").write_text("x")
        mine = ScratchDirectory("job-", tmp_path)
        assert sorted(tmp_path.iterdir()) == sorted([left, mine.path])
        owner.send_signal(signal.SIGKILL)
    other = ScratchDirectory("job-", tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([mine.path, other.path])
    mine.remove()
    mine.remove()
    other.remove()
    assert not list(tmp_path.iterdir())


def test_only_directories_of_the_prefix_are_taken(tmp_path: Path) -> None:
    (tmp_path / "job-file").write_text("x")
    (tmp_path / "other").mkdir()
    (tmp_path / "job-link").symlink_to(tmp_path / "other")
    ScratchDirectory("job-", tmp_path).remove()
    assert {x.name for x in tmp_path.iterdir()} == {"job-file", "job-link", "other"}
