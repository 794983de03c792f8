"""Place and route: from a mapped netlist to a bitstream, with its clock and its area measured."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sc_neurocore.evidence import JSON, EvidenceStore, Outcome, Record, run_cached
from sc_neurocore.exceptions import SCConfigError, ToolError
from sc_neurocore.toolchain._netlist import (
    count_cells,
    load_netlist,
    port_widths,
    resources,
    top_module,
)
from sc_neurocore.toolchain._process import Completed, checked, job_directory, run_process
from sc_neurocore.toolchain._synthesis import Stage
from sc_neurocore.toolchain._targets import Target
from sc_neurocore.toolchain._tools import Command, require
from sc_neurocore.toolchain._wrapper import INSTANCE

SEEDS_TRIED = 5
"""How many seeds `place_and_route` tries when the router goes in circles."""


@dataclass(frozen=True)
class _Flow:
    """What differs between families: file names, packer, and what a logic cell is called."""

    config: str
    config_option: str
    options: tuple[str, ...]
    packer: str
    bitstream: str
    logic_cells: tuple[str, ...]


_FLOWS = {
    "ice40": _Flow("design.asc", "--asc", (), "icepack", "design.bin", ("ICESTORM_LC",)),
    "ecp5": _Flow(
        "design.config",
        "--textcfg",
        ("--lpf-allow-unconstrained",),
        "ecppack",
        "design.bit",
        ("TRELLIS_COMB",),
    ),
    "gowin": _Flow("placed.json", "--write", (), "gowin_pack", "design.fs", ("LUT4", "ALU")),
}


class _GoingInCirclesError(Exception):
    """The router rips up what it has just routed, and would for ever."""


class _RouterWatch:
    """Ends a router that has stopped making progress.

    The routers of nextpnr can fall into endless cycles of ripping up the same few arcs
    (nextpnr issues 179 and 1341); which seeds do so is deterministic.
    """

    _ROUTER1 = re.compile(r"^Info:\s+\d+ \|\s+\d+\s+\d+ \|\s+\d+\s+(\d+) \|\s+(\d+)\|")
    _ROUTER2 = re.compile(r"\biter=(\d+) .*\boverused=")
    _STALLED_BATCHES = 25  # of 1000 arcs each, none of them routed without a rip-up
    _ITERATIONS = 1000

    def __init__(self) -> None:
        self._stalled = 0

    def __call__(self, line: str) -> None:
        match = self._ROUTER1.match(line)
        if match:
            stalled = match[1] == "0" and match[2] != "0"
            self._stalled = self._stalled + 1 if stalled else 0
        match = self._ROUTER2.search(line)
        circling = match is not None and int(match[1]) > self._ITERATIONS
        if circling or self._stalled >= self._STALLED_BATCHES:
            raise _GoingInCirclesError


def place_and_route(
    netlist_json: bytes,
    target: Target,
    *,
    store: EvidenceStore,
    freq_mhz: float | None = None,
    seed: int = 1,
    module: str | None = None,
    timeout_s: float = 600.0,
    on_stage: Stage | None = None,
) -> Record:
    """Place and route a mapped netlist, and pack its bitstream.

    Args:
        netlist_json: the ``netlist.json`` of `synthesise`.
        target: the device it was mapped to.
        store: where the record is kept.
        freq_mhz: the clock asked for, in MHz; None to measure only.
        seed: the placer's seed. If the router goes in circles with it, the next is tried;
            the result names the seed that was used.
        module: the module whose cells are the result, if the top is a `serial_wrapper` of it.
        timeout_s: wall-clock limit of each tool, in seconds.
        on_stage: called with a tool's name before it runs; not called on a cache hit.

    Returns:
        A ``measured`` record. Result:

        - ``fmax_mhz``: the highest clock, register to register; None without registers.
        - ``timing_met``: whether that is at least ``freq_mhz``; None if none was asked for.
        - ``logic_cells``: ``used`` and ``available``; ``wrapper_cells`` says how many more
          the serial wrapper took, which ``used`` leaves out.
        - ``luts``, ``ffs``, ``carries``, ``brams``, ``dsps``: of the module, without wrapper.
        - ``critical_path``: its steps, each with ``kind``, ``delay_ns``, ``from``, ``to``,
          ``net`` and ``source`` (file, line and columns of the Verilog; None if unknown).
        - ``async_paths``: ``from``, ``to`` and ``delay_ns`` of the longest path from pins to
          registers, registers to pins, and pins to pins, which bound no clock.
        - ``utilisation``: ``used`` and ``available`` of everything the device has.
        - ``seed``, ``abandoned_seeds``.

        Files: ``bitstream`` and ``config`` (the router's textual form of it).

    Raises:
        SCConfigError: if the target cannot be placed.
        SCDependencyError: if a tool is not installed.
        ToolError: if the design does not fit, or a tool fails, crashes or takes too long.
    """
    if target.router is None:
        raise SCConfigError(
            f"target {target.name!r} cannot be placed and routed; only synthesis figures exist"
        )
    flow = _FLOWS[target.family]
    router, packer = require(target.router), require(flow.packer)
    modules = load_netlist(netlist_json)
    top = top_module(modules)
    _check_pins(modules, top, target)
    options: dict[str, JSON] = {
        "target": target.name,
        "arguments": [*target.nextpnr, *flow.options],
        "freq_mhz": freq_mhz,
        "seed": seed,
        "module": module,
        "packer": packer.version,
    }

    def run() -> Outcome:
        abandoned: list[int] = []
        for attempt in range(seed, seed + SEEDS_TRIED):
            try:
                return _run(attempt, abandoned)
            except _GoingInCirclesError:
                abandoned.append(attempt)
        raise ToolError(
            f"{target.router} could not route the design with seeds {seed} to {attempt}; "
            "try another seed or a larger device"
        )

    def _run(attempt: int, abandoned: Sequence[int]) -> Outcome:
        with job_directory() as work:
            (work / "netlist.json").write_bytes(netlist_json)
            if on_stage is not None:
                on_stage(router.name)
            done = _route(router, target, flow, work, freq_mhz, attempt, timeout_s, modules[top])
            if on_stage is not None:
                on_stage(packer.name)
            _pack(packer, target, flow, work, timeout_s)
            report = json.loads((work / "report.json").read_text())
            placed = json.loads((work / "placed.json").read_text())["modules"]["top"]["cells"]
            result = _figures(report, placed, modules, top, module, target, freq_mhz)
            return Outcome(
                {**result, "seed": attempt, "abandoned_seeds": list(abandoned)},
                done.log,
                {
                    "bitstream": (work / flow.bitstream).read_bytes(),
                    "config": (work / flow.config).read_bytes(),
                },
            )

    return run_cached(
        store,
        word="measured",
        tool=router.name,
        version=router.version,
        options=options,
        inputs={"netlist.json": netlist_json},
        run=run,
    )


def _check_pins(modules: Mapping[str, Any], top: str, target: Target) -> None:
    pins = sum(width for _, _, width in port_widths(modules, top))
    if target.ios is not None and pins > target.ios:
        raise ToolError(
            f"{top} has {pins} port bits but {target.device} in {target.package} has "
            f"{target.ios} pins; wrap it with serial_wrapper"
        )


def _route(
    router: Command,
    target: Target,
    flow: _Flow,
    work: Path,
    freq_mhz: float | None,
    seed: int,
    timeout_s: float,
    top: Mapping[str, Any],
) -> Completed:
    argv = [*router.argv, *target.nextpnr, *flow.options]
    for option, name in {
        "--json": "netlist.json",
        "--write": "placed.json",
        "--report": "report.json",
        flow.config_option: flow.config,
    }.items():
        argv += [option, router.file(name)]
    argv += ["--timing-allow-fail", "--seed", str(seed)]
    if freq_mhz is not None:
        argv += ["--freq", f"{freq_mhz:g}"]
    if target.family == "gowin":
        (work / "pins.cst").write_text(_gowin_pins(target, top))
        argv += ["--vopt", f"cst={router.file('pins.cst')}"]
    done = run_process(
        router.name,
        argv,
        cwd=work,
        timeout_s=timeout_s,
        env=router.environment(work),
        watch=_RouterWatch(),
    )
    if done.status != 0:
        _explain_overflow(done.log, target)
    return checked(router.name, done)


def _explain_overflow(log: str, target: Target) -> None:
    """Raise if a failed run's log says that the device is too small."""
    usage = re.findall(r"^Info:\s+(\w+):\s*(\d+)/\s*(\d+)\s+\d+%", log, re.MULTILINE)
    for kind, used, available in usage:
        if int(used) > int(available):
            raise ToolError(
                f"the design does not fit {target.device}: it needs {used} {kind} "
                f"and there are {available}"
            )


def _pack(packer: Command, target: Target, flow: _Flow, work: Path, timeout_s: float) -> None:
    source, result = packer.file(flow.config), packer.file(flow.bitstream)
    if target.family == "gowin":
        family = target.nextpnr[-1].removeprefix("family=")
        arguments = ["-d", family, "-o", result, source]
    else:
        arguments = [source, result]
    checked(
        packer.name,
        run_process(
            packer.name,
            [*packer.argv, *arguments],
            cwd=work,
            timeout_s=timeout_s,
            env=packer.environment(work),
        ),
    )


def _figures(
    report: Mapping[str, Any],
    placed: Mapping[str, Any],
    modules: Mapping[str, Any],
    top: str,
    module: str | None,
    target: Target,
    freq_mhz: float | None,
) -> dict[str, JSON]:
    utilisation = report["utilization"]
    kinds = _FLOWS[target.family].logic_cells
    # Cells that nextpnr adds itself ($nextpnr_..., carry starts) belong to the module: the
    # wrapper has no carry chains and no constants.
    wrapper = sum(
        _is_logic(cell["type"], kinds) and not name.startswith((f"{INSTANCE}.", "$"))
        for name, cell in placed.items()
        if module is not None
    )
    fmax = min((clock["achieved"] for clock in report["fmax"].values()), default=None)
    timing_met = None if freq_mhz is None or fmax is None else fmax >= freq_mhz
    clocked = [p for p in report["critical_paths"] if _is_clocked(p)]
    slowest = max(clocked, key=_path_delay, default=None)
    return {
        "fmax_mhz": fmax,
        "timing_met": timing_met,
        "logic_cells": {
            "used": sum(utilisation[k]["used"] for k in kinds if k in utilisation) - wrapper,
            "available": max(utilisation[k]["available"] for k in kinds if k in utilisation),
        },
        "wrapper_cells": wrapper,
        **resources(target.family, count_cells(modules, module or top)),
        "critical_path": [] if slowest is None else [_step(s) for s in slowest["path"]],
        "async_paths": [
            {"from": p["from"], "to": p["to"], "delay_ns": round(_path_delay(p), 3)}
            for p in report["critical_paths"]
            if not _is_clocked(p)
        ],
        "utilisation": utilisation,
    }


def _is_logic(kind: str, kinds: Sequence[str]) -> bool:
    # Gowin's narrow LUTs keep their types but are counted, and cost, as LUT4.
    return kind in kinds or (kind in ("LUT1", "LUT2", "LUT3") and "LUT4" in kinds)


def _is_clocked(path: Mapping[str, Any]) -> bool:
    return "<async>" not in (path["from"], path["to"])


def _path_delay(path: Mapping[str, Any]) -> float:
    return float(sum(step["delay"] for step in path["path"]))


def _step(step: Mapping[str, Any]) -> dict[str, JSON]:
    # The Verilog that a net comes from, not the libraries that it was mapped with.
    sources = [s for s in step.get("sources", ()) if not s.startswith(("/", "__"))]
    return {
        "kind": step["type"],
        "delay_ns": round(step["delay"], 3),
        "from": f"{step['from']['cell']}.{step['from']['port']}",
        "to": f"{step['to']['cell']}.{step['to']['port']}",
        "net": step.get("net"),
        "source": sources[0] if sources else None,
    }


def _gowin_pins(target: Target, top: Mapping[str, Any]) -> str:
    """Return constraints that give every port bit a pin, which the Gowin flow insists on."""
    from apycula import chipdb

    package_of = Path(chipdb.__file__).with_name(
        f"{target.nextpnr[-1].removeprefix('family=')}.msgpack.xz"
    )
    pinout = chipdb.load_chipdb(str(package_of)).pinout
    pins = iter(next(p[target.package] for p in pinout.values() if target.package in p))
    lines = []
    for name, port in top["ports"].items():
        width = len(port["bits"])
        bits = [name] if width == 1 else [f"{name}[{i}]" for i in range(width)]
        lines += [f'IO_LOC "{bit}" {next(pins)};' for bit in bits]
    return "\n".join(lines) + "\n"
