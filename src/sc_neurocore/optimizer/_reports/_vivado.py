"""Vivado's ``report_utilization``, ``report_power`` and ``report_timing_summary``.

Versions differ in columns (*Prohibited* since 2021.1), in the names of a family (*Slice LUTs* of
the 7 series, *CLB LUTs* of UltraScale), and in how a part is spelt; rows and columns are therefore
found by their names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from sc_neurocore.optimizer._reports._report import (
    Report,
    milliwatts,
    one_value,
    refuse,
    require_available,
    same_part,
)

# A row of the flat utilisation tables to a field. A star marks a footnote.
_AREA_ROWS = {
    "Slice LUTs": "luts_used", "CLB LUTs": "luts_used",
    "Slice Registers": "ffs", "CLB Registers": "ffs", "Registers": "ffs",
    "Block RAM Tile": "brams",
    "DSPs": "dsps", "DSP Slices": "dsps",
}  # fmt: skip
_COUNT = re.compile(r"\d+(\.\d+)?")
_POWER = re.compile(r"(Total On-Chip Power|Dynamic|Device Static) \((\w+)\)")
_WORST_SLACK = re.compile(r"^\s*WNS\(ns\) +TNS\(ns\).*\n[ -]+\n\s*(-?\d+\.\d+)\s", re.MULTILINE)
# The two sums of power are rounded to a milliwatt each, and so is their total.
_ROUNDING_MW = 2.0


def is_utilisation(text: str) -> bool:
    """Whether it is a report of utilisation."""
    return bool(
        re.search(r"Command\s*:\s*report_utilization\b", text)
        or re.search(r"^\|\s*(Slice|CLB) LUTs\*?\s*\|", text, re.MULTILINE)
        or re.search(r"^\|\s*Instance\s*\|\s*Module\s*\|\s*Total LUTs\s*\|", text, re.MULTILINE)
    )


def is_power(text: str) -> bool:
    """Whether it is a report of power."""
    return bool(re.search(r"Command\s*:\s*report_power\b|\bTotal On-Chip Power \(", text))


def is_timing(text: str) -> bool:
    """Whether it is a summary of timing."""
    return bool(re.search(r"Command\s*:\s*report_timing_summary\b|^\s*WNS\(ns\)\s", text, re.M))


def read_utilisation(source: str, text: str) -> Report:
    """Area: LUTs, registers, halves of block RAM tiles, multipliers."""
    _require_closed(source, text)
    found: dict[str, list[float]] = {}
    for header, row in _rows(text):
        if header[:3] == ["Instance", "Module", "Total LUTs"]:
            # The top's own cells follow it, as an instance in parentheses.
            if row[1] == "(top)" and not row[0].startswith("("):
                _add_instance(source, dict(zip(header, row, strict=True)), found)
        elif row[0].rstrip("*") in _AREA_ROWS and "Used" in header:
            label = row[0].rstrip("*")
            used = _count(source, label, row[header.index("Used")])
            if "Available" in header:
                there = _count(source, f"{label} available", row[header.index("Available")])
                require_available(source, label, used, there)
            found.setdefault(_AREA_ROWS[label], []).append(used)
    if "luts_used" not in found:
        refuse(
            source,
            "this Vivado utilisation report has no whole row of 'Slice LUTs' or 'CLB LUTs'; "
            "it may be truncated",
        )
    names = {"luts_used": "the number of LUTs", "ffs": "the number of registers",
             "brams": "the number of block RAM tiles", "dsps": "the number of DSPs"}  # fmt: skip
    area: dict[str, Any] = {
        key: one_value(source, names[key], values) for key, values in found.items()
    }
    if "brams" in area:
        area["brams"] *= 2  # a tile holds two memories of 18 kbit
    for key, value in area.items():
        if not value.is_integer():
            refuse(source, f"{names[key]} is {value}, which is no count")
    area = {key: int(value) for key, value in area.items()}
    return _report(source, "Vivado utilisation", text, {**area, "lut_unit": "lut6"}, {})


def read_power(source: str, text: str) -> Report:
    """Total on-chip power; dynamic and static power are kept beside it, and must add up."""
    _require_closed(source, text)
    found: dict[str, list[float]] = {}
    details: dict[str, Any] = {}
    for _, row in _rows(text):
        match = _POWER.fullmatch(row[0])
        if match and len(row) == 2:
            # A note may follow, such as (Junction temp exceeded!).
            value = re.fullmatch(r"(\d+(?:\.\d+)?)(?: \(.*\))?", row[1])
            if value is None:
                refuse(source, f"{row[0]} is '{row[1]}', which is no number")
            power = milliwatts(source, match[1], value[1], match[2])
            found.setdefault(match[1], []).append(power)
        elif row[0] == "Confidence Level" and len(row) == 2:
            details["power_confidence"] = row[1]
    if "Total On-Chip Power" not in found:
        refuse(
            source,
            "this Vivado power report has no whole row of 'Total On-Chip Power (W)'; "
            "it may be truncated",
        )
    powers = {label: one_value(source, label, values) for label, values in found.items()}
    total, dynamic, static = (
        powers.get(k) for k in ("Total On-Chip Power", "Dynamic", "Device Static")
    )
    if dynamic is not None and static is not None:
        if abs(total - dynamic - static) > _ROUNDING_MW:
            refuse(
                source,
                f"Total On-Chip Power is {total:g} mW, but dynamic {dynamic:g} mW and static "
                f"{static:g} mW make {dynamic + static:g} mW",
            )
        details["static_mw"] = static
    metrics = {"power_mw": total, "power_source": "vendor estimate"}
    if dynamic is not None:
        metrics["dynamic_mw"] = dynamic
    return _report(source, "Vivado power", text, metrics, details)


def read_timing(source: str, text: str) -> Report:
    """Highest clock: 1/(period - worst slack) of each clock, and the lowest of these."""
    periods = {
        name: Decimal(value)
        for name, value in _column(text, "Clock", "Waveform(ns)", "Period(ns)")
        if re.fullmatch(r"\d+\.\d+", value)
    }
    slacks = {
        name: Decimal(value)
        for name, value in _column(text, "Clock", "WNS(ns)", "WNS(ns)")
        if name in periods and re.fullmatch(r"-?\d+\.\d+", value)
    }
    if not slacks:
        refuse(
            source,
            "this Vivado timing summary has no clock with a period and a worst slack (WNS), so "
            "no Fmax; constrain the clock with create_clock, and give the whole report",
        )
    clocks = {}
    for name, slack in slacks.items():
        if periods[name] <= slack:
            refuse(
                source,
                f"clock '{name}' has a slack of {slack} ns in a period of {periods[name]} ns",
            )
        clocks[name] = round(float(1000 / (periods[name] - slack)), 3)
    worst = _WORST_SLACK.search(text)
    if worst and Decimal(worst[1]) < min(slacks.values()):
        refuse(
            source,
            f"the worst slack of the design is {worst[1]} ns but that of its clocks is "
            f"{min(slacks.values())} ns, so the slowest path is between clocks, which gives no "
            "Fmax, or the report is truncated",
        )
    metrics = {"fmax_mhz": min(clocks.values())}
    return _report(source, "Vivado timing", text, metrics, {"clocks_mhz": clocks})


def _report(
    source: str, kind: str, text: str, metrics: Mapping[str, Any], details: Mapping[str, Any]
) -> Report:
    header: dict[str, list[str]] = {}
    for key, value in re.findall(
        r"^\|\s*(Tool Version|Design|Device|Design State)\s*:\s*([^|\n]+)", text, re.MULTILINE
    ):
        header.setdefault(key, []).append(value.strip())
    parts = header.get("Device", [])
    others = [part for part in parts if not same_part(part, parts[0])]
    identity = {
        "top": one_value(source, "Design", header["Design"]) if "Design" in header else "",
        "device": one_value(source, "Device", [parts[0], *others]) if parts else "",
    }
    version = re.search(r"v\.(\S+)", header.get("Tool Version", [""])[0])
    return Report(
        source=source,
        kind=kind,
        flow="vivado",
        version=f"Vivado {version[1]}" if version else "",
        stage=header.get("Design State", [""])[0],
        identity={key: value for key, value in identity.items() if value},
        metrics=metrics,
        details=details,
    )


def _require_closed(source: str, text: str) -> None:
    """Refuse a text that ends inside a table."""
    block = re.split(r"\n[ \t]*\n", text.strip().replace("\r\n", "\n"))[-1].splitlines()
    first = next((line.strip() for line in block if line.startswith("+-")), "")
    if first and block[-1].strip().startswith(("|", "+")) and block[-1].strip() != first:
        refuse(source, "the last table is not whole; the report is truncated")


def _rows(text: str) -> Iterator[tuple[list[str], list[str]]]:
    """Header and cells of every whole row of the tables.

    The first row of a table is its header if a line follows it. Where only rows were kept, the
    second column is the count.
    """
    lines = [line.strip() for line in text.splitlines()]
    header: list[str] = []
    first = True
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        if not line:
            header, first = [], True
        if len(line) < 2 or not line.startswith("|") or not line.endswith("|"):
            continue
        cells = [cell.strip() for cell in line[1:-1].split("|")]
        if first and len(cells) > 2 and after.startswith("+-"):
            header = cells
        elif len(cells) == len(header):
            yield header, cells
        elif len(cells) > 1 and not header:
            yield ["", "Used"], cells
        first = False


def _column(text: str, first: str, second: str, wanted: str) -> Iterator[tuple[str, str]]:
    """Name and value of each row of a table without lines, found by its first two titles.

    A cell may be empty, so a value belongs to the title that it stands under. One that ends its
    line may be cut off.
    """
    lines = iter(text.splitlines())
    for line in lines:
        titles = [(match[0], match.span()) for match in re.finditer(r"\S+", line)]
        if [title for title, _ in titles[:2]] != [first, second]:
            continue
        start, end = next((span for title, span in titles if title == wanted), (0, 0))
        for row in lines:
            if not row.strip():
                break
            cells = list(re.finditer(r"\{[^}]*\}|\S+", row))
            under = [c[0] for c in cells[1:-1] if c.start() < end and c.end() > start]
            if len(under) == 1:
                yield cells[0][0], under[0]


def _count(source: str, label: str, text: str) -> float:
    plain = text.replace(",", "")
    if not _COUNT.fullmatch(plain):
        refuse(source, f"{label} is '{text}', which is no count")
    return float(plain)


def _add_instance(source: str, row: Mapping[str, str], found: dict[str, list[float]]) -> None:
    def count(*labels: str) -> float | None:
        label = next((name for name in labels if name in row), None)
        return None if label is None else _count(source, label, row[label])

    tiles, halves = count("RAMB36"), count("RAMB18")
    area = {
        "luts_used": count("Total LUTs"),
        "ffs": count("FFs"),
        "brams": None if tiles is None or halves is None else tiles + halves / 2,
        "dsps": count("DSP Blocks", "DSP48 Blocks"),
    }
    for key, value in area.items():
        if value is not None:
            found.setdefault(key, []).append(value)
