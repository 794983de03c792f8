"""What keeps a job away from the rest of the machine, as far as the system grants it."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sc_neurocore._orphans import end_with_parent

_NEWUSER, _NEWPID, _NEWNET = 0x10000000, 0x20000000, 0x40000000
_SET_SUBREAPER, _SET_NO_NEW_PRIVS = 36, 38
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
#: Landlock's rights of version 1: execute, write, read a file, read a directory, then the rest.
_ALL, _READ = (1 << 13) - 1, 0b1101

_SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/sbin", "/etc", "/opt", "/proc", "/sys")


def adopt_orphans() -> None:
    """Become the parent of processes whose parents end below this one (Linux)."""
    if sys.platform == "linux":
        _libc().prctl(_SET_SUBREAPER, 1, 0, 0, 0)


def enter_namespaces() -> dict[str, bool]:
    """Leave the network and the other processes behind; what follows runs in a fork.

    The process that calls stays as a guard that ends as its fork does; if it is killed, the
    kernel kills the fork and everything below.

    Returns:
        ``network`` and ``processes``: whether the job is cut off from them.
    """
    if sys.platform != "linux":
        return {"network": False, "processes": False}
    libc, user, group = _libc(), os.getuid(), os.getgid()
    if libc.unshare(_NEWNET | _NEWPID) != 0:
        if libc.unshare(_NEWUSER | _NEWNET | _NEWPID) != 0:
            return {"network": False, "processes": False}
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    child = os.fork()
    if child:
        for number in range(3):
            os.close(number)
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        os._exit(code if code >= 0 else 128 - code)
    end_with_parent()
    return {"network": True, "processes": True}


def restrict_files(writable: Iterable[Path], readable: Iterable[Path]) -> bool:
    """Let this process and its children see the system, Python and the named paths only.

    Returns:
        Whether the kernel does that (Landlock, Linux 5.13 and later).
    """
    if sys.platform != "linux":
        return False
    libc = _libc()
    handled = ctypes.c_uint64(_ALL)
    ruleset = libc.syscall(_LANDLOCK_CREATE, ctypes.byref(handled), ctypes.sizeof(handled), 0)
    if ruleset < 0:
        return False
    python = {Path(sys.prefix), Path(sys.base_prefix), Path(__file__).parents[3]}
    python |= {Path(entry) for entry in sys.path if entry}
    devices = (Path("/dev/null"), Path("/dev/urandom"), Path("/dev/shm"))
    for paths, rights in (
        ([*map(Path, _SYSTEM), *python, *readable], _READ),
        ([*writable, *devices], _ALL),
    ):
        for path in paths:
            _allow(libc, ruleset, path, rights)
    libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    done = libc.syscall(_LANDLOCK_RESTRICT, ruleset, 0) == 0
    os.close(ruleset)
    return bool(done)


def limit(limits: Mapping[str, Any]) -> None:
    """Set this process's limits, which its children inherit.

    Memory is the private writable kind: WebAssembly tools reserve address space by the gigabyte
    that they never use.
    """
    seconds, memory = int(limits["cpu_seconds"]), int(limits["memory_mb"]) << 20
    output, files = int(limits["output_mb"]) << 20, int(limits["files"])
    for which, value in (
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_DATA, memory),
        (resource.RLIMIT_FSIZE, output),
        (resource.RLIMIT_NOFILE, files),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(which)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (value, value))
    # A write beyond the limit is then an error that Python reports.
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def descendants(pid: int) -> list[int]:
    """Processes below one, nearest first; empty where there is no ``/proc``."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rsplit(")", 1)[1].split()
        except (OSError, IndexError):
            continue
        parents.setdefault(int(fields[1]), []).append(int(entry.parent.name))
    found, i = list(parents.get(pid, ())), 0
    while i < len(found):
        found += parents.get(found[i], ())
        i += 1
    return found


def resident_mb(pids: Iterable[int]) -> float:
    """Memory that processes hold of their own, in MiB."""
    page, total = os.sysconf("SC_PAGE_SIZE"), 0
    for pid in pids:
        try:
            _, resident, shared, *_ = Path(f"/proc/{pid}/statm").read_text().split()
        except (OSError, ValueError):
            continue
        total += int(resident) - int(shared)
    return total * page / (1 << 20)


class _PathRule(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("rights", ctypes.c_uint64), ("handle", ctypes.c_int32))


def _allow(libc: Any, ruleset: int, path: Path, rights: int) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        # A file takes only the rights that files have: execute, write, read.
        rights = rights if path.is_dir() else rights & 0b111
        rule = _PathRule(rights, handle)
        libc.syscall(_LANDLOCK_ADD, ruleset, 1, ctypes.byref(rule), 0)
    finally:
        os.close(handle)


def _libc() -> Any:
    return ctypes.CDLL(None, use_errno=True)
