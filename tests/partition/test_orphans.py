"""Parts end with the process that started them, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

ORPHANS = """
import os, sys, threading, time
sys.path.insert(0, sys.argv[1])
from partition.programs import network, noise, cut
from sc_neurocore.partition import run_program

if __name__ == "__main__":
    graph, where = network("feedforward", 2)
    seen = {}

    def began(status):
        if status.tick and status.pid not in seen:
            seen[status.pid] = True
            print(status.pid, flush=True)
            if len(seen) == 2 and not os.fork():
                time.sleep(30)  # a process that holds every pipe
                os._exit(0)

    run_program(cut(graph, where), noise(200000), 200000, on_status=began)
"""


def test_parts_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    """Also where another process, forked meanwhile, still holds the other ends of their pipes."""
    script = tmp_path / "run.py"
    script.write_text(ORPHANS)
    tests = str(Path(__file__).parents[1])
    command = [sys.executable, str(script), tests]
    env = os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, process_group=0, env=env
    ) as parent:
        assert parent.stdout is not None
        pids = [int(parent.stdout.readline()) for _ in range(2)]
        time.sleep(0.1)
        parent.kill()
        parent.wait()
        limit = time.monotonic() + 10
        try:
            while any(runs(pid) for pid in pids) and time.monotonic() < limit:
                time.sleep(0.05)
            assert not any(runs(pid) for pid in pids)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(parent.pid, signal.SIGKILL)


def runs(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
