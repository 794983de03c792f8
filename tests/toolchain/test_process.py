"""Child processes: limits, messages and cleanliness, with real children."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sc_neurocore.exceptions import SCConfigError, ToolError
from sc_neurocore.toolchain._process import (
    checked,
    job_directory,
    run_process,
    telling_line,
    warnings_of,
    write_sources,
)


def python(program: str, *, timeout_s: float = 30.0, **options: object) -> str:
    with job_directory() as work:
        done = run_process(
            "thetool",
            [sys.executable, "-c", program],
            cwd=work,
            timeout_s=timeout_s,
            **options,  # type: ignore[arg-type]
        )
        return checked("thetool", done).log


def message(program: str, **options: object) -> str:
    with pytest.raises(ToolError) as caught:
        python(program, **options)  # type: ignore[arg-type]
    return str(caught.value)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_failure_names_tool_status_and_the_telling_line() -> None:
    program = "print('ERROR: no such cell'); print('1 error'); raise SystemExit(3)"
    assert message(program) == "thetool failed (exit status 3): ERROR: no such cell"


def test_a_crash_names_the_signal() -> None:
    program = "import os; print('about to die', flush=True); os.kill(os.getpid(), 11)"
    assert message(program) == "thetool crashed (SIGSEGV): about to die"


def test_a_silent_failure_says_so() -> None:
    assert message("raise SystemExit(1)") == "thetool failed (exit status 1): it printed nothing"


def test_a_tool_that_cannot_start() -> None:
    with job_directory() as work, pytest.raises(ToolError) as caught:
        run_process("thetool", ["/nonexistent/tool"], cwd=work, timeout_s=1)
    assert str(caught.value) == "thetool could not be started: No such file or directory"


def test_a_time_out_names_the_limit_and_kills_the_whole_family() -> None:
    pid_file = Path(os.environ.get("TMPDIR", "/tmp")) / f"sc-grandchild-{os.getpid()}"
    program = (
        "import subprocess, sys, time, pathlib\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"pathlib.Path({str(pid_file)!r}).write_text(str(child.pid))\n"
        "time.sleep(60)"
    )
    assert message(program, timeout_s=1.5) == (
        "thetool did not finish within 1.5 s; raise the time limit or make the design smaller"
    )
    grandchild = int(pid_file.read_text())
    pid_file.unlink()
    deadline = time.monotonic() + 10
    while alive(grandchild) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not alive(grandchild)


def test_an_orphan_that_holds_the_pipe_does_not_hold_us() -> None:
    program = (
        "import subprocess, sys; print('done', flush=True)\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])"
    )
    assert python(program, timeout_s=30.0) == "done\n"


def test_memory_is_limited() -> None:
    said = message("x = bytearray(3 << 30)", memory_mb=1024)
    assert said == "thetool failed (exit status 1): MemoryError"


def test_the_environment_is_scrubbed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    log = python("import os; print(sorted(os.environ))", env={"EXTRA": "1"})
    assert "SECRET_TOKEN" not in log
    assert "'EXTRA'" in log and "'PATH'" in log


def test_watch_sees_whole_lines_and_can_end_the_child() -> None:
    seen: list[str] = []

    class EnoughError(Exception):
        pass

    def watch(line: str) -> None:
        seen.append(line)
        if line == "line 2":
            raise EnoughError

    program = "import time\nfor i in range(9): print('line', i, flush=True)\ntime.sleep(60)"
    with pytest.raises(EnoughError):
        python(program, watch=watch)
    assert seen == ["line 0", "line 1", "line 2"]


def test_the_job_directory_goes_even_on_an_error() -> None:
    with pytest.raises(RuntimeError), job_directory() as work:
        (work / "file").write_text("x")
        raise RuntimeError
    assert not work.parent.exists()


def test_ctrl_c_leaves_neither_child_nor_directory(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom sc_neurocore.toolchain._process import *\n"
        "with job_directory() as work:\n"
        "    print(work.parent, flush=True)\n"
        "    run_process('t', [sys.executable, '-c',\n"
        "        'import os, time; print(os.getpid(), flush=True); time.sleep(60)'],\n"
        "        cwd=work, timeout_s=60, watch=lambda line: print(line, flush=True))\n"
    )
    us = subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert us.stdout is not None
    directory, child = Path(us.stdout.readline().strip()), int(us.stdout.readline())
    assert directory.is_dir() and alive(child)
    us.send_signal(signal.SIGINT)
    assert us.wait(30) != 0
    us.stdout.close()
    assert not directory.exists()
    assert not alive(child)


@pytest.mark.parametrize("name", ["../x.v", "/etc/x.v", "a/b.v", "a b.v", "", ".hidden", "x\n.v"])
def test_source_names_are_plain(name: str, tmp_path: Path) -> None:
    with pytest.raises(SCConfigError) as caught:
        write_sources(tmp_path, {name: "text"})
    assert str(caught.value) == (
        f"source name {name!r} is not a plain file name; use letters, digits, '_', '-' and '.' only"
    )
    assert list(tmp_path.iterdir()) == []


def test_the_telling_line_is_the_first_error_or_the_last_line() -> None:
    log = "a.v:1: ERROR: first\n%Error: Exiting due to 4 error(s)\n0 warnings, 1 error\n"
    assert telling_line(log) == "a.v:1: ERROR: first"
    assert (
        telling_line("%Error-PINNOTFOUND: b.v:2: no pin\n") == "%Error-PINNOTFOUND: b.v:2: no pin"
    )
    assert telling_line("working\n\nTraceback\nValueError: x\n\n") == "ValueError: x"


def test_warnings_are_distinct_and_not_a_count() -> None:
    log = "Warning: a\nx.v:1: Warning: b\nWarning: a\n2 warnings, 0 errors\n"
    assert warnings_of(log) == ["Warning: a", "x.v:1: Warning: b"]
