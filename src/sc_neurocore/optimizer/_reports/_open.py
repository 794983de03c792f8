"""Yosys' ``stat -json`` and nextpnr's ``--report``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from sc_neurocore.optimizer._observation import LutUnit
from sc_neurocore.optimizer._reports._report import Report, refuse, require_available
from sc_neurocore.toolchain import resources

_LUT_UNITS: Mapping[str, LutUnit] = {
    "ice40": "lut4", "ecp5": "lut4", "gowin": "lut4", "xilinx": "lut6"
}  # fmt: skip

# Cells that only one family has; the first match decides.
_SIGNATURES = {
    "SB_*": "ice40", "TRELLIS_*": "ecp5", "CCU2C": "ecp5", "DP16KD": "ecp5",
    "FD[CPRS]E": "xilinx", "LUT[56]": "xilinx", "CARRY[48]": "xilinx", "BUFG": "xilinx",
    "RAMB*": "xilinx", "DSP48*": "xilinx",
    "DFF*": "gowin", "ALU": "gowin",
}  # fmt: skip

# What nextpnr calls its cells: of which family they are, what unit their LUTs, and which cells make
# each figure.
_NEXTPNR: Mapping[str, tuple[str, LutUnit, Mapping[str, tuple[str, ...]]]] = {
    "ICESTORM_LC": ("ice40", "lc", {
        "luts_used": ("ICESTORM_LC",), "brams": ("ICESTORM_RAM",), "dsps": ("ICESTORM_DSP",)}),
    "TRELLIS_COMB": ("ecp5", "lut4", {
        "luts_used": ("TRELLIS_COMB",), "ffs": ("TRELLIS_FF",), "brams": ("DP16KD",),
        "dsps": ("MULT18X18D",)}),
    "LUT4": ("gowin", "lut4", {
        "luts_used": ("LUT4", "ALU"), "ffs": ("DFF",), "brams": ("BSRAM",)}),
}  # fmt: skip


def is_stat(document: Mapping[str, Any]) -> bool:
    """Whether it is Yosys' statistics."""
    modules = document.get("modules")
    return isinstance(modules, dict) and any(
        isinstance(m, dict) and "num_cells_by_type" in m for m in modules.values()
    )


def is_nextpnr(document: Mapping[str, Any]) -> bool:
    """Whether it is nextpnr's report."""
    return isinstance(document.get("utilization"), dict) and isinstance(document.get("fmax"), dict)


def read_stat(source: str, document: Mapping[str, Any]) -> Report:
    """Area of the whole design, from the types of its cells."""
    modules = document["modules"]
    total = document.get("design")
    if total is None:
        if len(modules) != 1:
            refuse(source, "these Yosys statistics have no total; run stat -json -top MODULE")
        (total,) = modules.values()
    counts = total.get("num_cells_by_type") if isinstance(total, dict) else None
    if not isinstance(counts, dict):
        refuse(source, "'num_cells_by_type' is missing from these Yosys statistics")
    own = {name.removeprefix("\\") for name in modules}
    cells = {
        kind: _count(source, f"the number of {kind}", count)
        for kind, count in counts.items()
        if kind not in own and kind != "$scopeinfo"
    }
    unmapped = next((kind for kind in cells if kind.startswith("$")), None)
    if unmapped:
        refuse(
            source,
            f"the design holds a '{unmapped}', so it is not mapped to a device; run stat -json "
            "after synth_ice40, synth_ecp5, synth_gowin or synth_xilinx",
        )
    family = _family(source, cells)
    found = resources(family, cells)
    area = {"luts_used": found["luts"], "ffs": found["ffs"], "brams": found["brams"],
            "dsps": found["dsps"]}  # fmt: skip
    if family == "xilinx":
        # Two memories of 18 kbit each, as everywhere.
        area["brams"] += sum(n for kind, n in cells.items() if kind.startswith("RAMB36"))
    version = re.match(r"Yosys (\S+)", str(document.get("creator", "")))
    top = re.search(r"-top (\S+)", str(document.get("invocation", "")))
    name = top[1] if top else next(iter(own)) if len(own) == 1 else ""
    return Report(
        source=source,
        kind="Yosys statistics",
        flow="open",
        version=f"Yosys {version[1]}" if version else "",
        stage="synthesised",
        identity={"top": name} if name else {},
        metrics={**area, "lut_unit": _LUT_UNITS[family]},
        details={"family": family},
    )


def read_nextpnr(source: str, document: Mapping[str, Any]) -> Report:
    """Area after routing, and the lowest of the clocks' Fmax."""
    utilisation, clocks = document["utilization"], document["fmax"]
    kind = next((kind for kind in _NEXTPNR if kind in utilisation), None)
    if kind is None:
        refuse(
            source,
            f"this nextpnr report has none of the cells {', '.join(_NEXTPNR)}; "
            "known are ice40, ecp5 and gowin",
        )
    family, unit, figures = _NEXTPNR[kind]
    metrics: dict[str, Any] = {"lut_unit": unit}
    for key, cells in figures.items():
        present = [cell for cell in cells if cell in utilisation]
        if present:
            metrics[key] = sum(_used(source, cell, utilisation[cell]) for cell in present)
    reached = {name: _achieved(source, name, clock) for name, clock in clocks.items()}
    if reached:
        metrics["fmax_mhz"] = min(reached.values())
    return Report(
        source=source,
        kind="nextpnr report",
        flow="open",
        stage="routed",
        metrics=metrics,
        details={"family": family, "clocks_mhz": reached},
    )


def _family(source: str, cells: Mapping[str, int]) -> str:
    found = {
        family: kind
        for kind in cells
        for pattern, family in _SIGNATURES.items()
        if fnmatchcase(kind, pattern)
    }
    if len(found) == 1:
        return next(iter(found))
    if found:
        (a, first), (b, second), *_ = found.items()
        refuse(source, f"'{first}' is a cell of {a} and '{second}' one of {b}")
    refuse(source, f"the cells {', '.join(sorted(cells)[:6])} do not tell the family of the device")


def _count(source: str, label: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        refuse(source, f"{label} is {value!r}; it must be a whole number of at least 0")
    return value


def _used(source: str, cell: str, entry: Any) -> int:
    found = entry if isinstance(entry, dict) else {}
    label = f"utilization.{cell}.used"
    used = _count(source, label, found.get("used"))
    if "available" in found:
        there = _count(source, f"utilization.{cell}.available", found["available"])
        require_available(source, label, used, there)
    return used


def _achieved(source: str, name: str, entry: Any) -> float:
    value = entry.get("achieved") if isinstance(entry, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        refuse(source, f"fmax.{name}.achieved is {value!r}; it must be a number above 0")
    return float(value)
