"""Quartus: the fitter's summary, the power analyser's, and the timing analyser's Fmax.

A summary is a file of ``key : value`` lines (``.fit.summary``) or a table of ``; key ; value ;``
rows in a report (``.fit.rpt``); both are read alike. TimeQuest is the older name of the timing
analyser, PowerPlay that of the power analyser.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sc_neurocore.optimizer._reports._report import (
    Report,
    milliwatts,
    one_value,
    refuse,
    require_available,
)

# What counts logic, the first found: adaptive logic modules; else adaptive LUTs (Stratix II to IV);
# else the LUTs of logic elements; else the elements.
_LOGIC = (
    ("Logic utilization (in ALMs)", "alm"),
    ("Combinational ALUTs", "alut"),
    ("Total combinational functions", "lut4"),
    ("Total logic elements", "lc"),
)
_OTHER = {
    "Total registers": "ffs",
    "Total RAM Blocks": "brams",
    "M9Ks": "brams",
    "M10K blocks": "brams",
    "Total DSP Blocks": "dsps",
}
# Parts of a multiplier block, of which a multiplier takes one or more.
_PARTS = {
    "DSP block 18-bit elements": "dsp_18bit_elements",
    "Embedded Multiplier 9-bit elements": "multiplier_9bit_elements",
}
_COUNT = re.compile(r"(\d[\d,]*)(?: / (\d[\d,]*)(?: \( ?<? ?\d+ % ?\))?)?")
_POWERS = {
    "Core Dynamic Thermal Power Dissipation": "dynamic_mw",
    "Core Static Thermal Power Dissipation": "static_mw",
    "I/O Thermal Power Dissipation": "io_mw",
}
_ROUNDING_MW = 0.005
_PART = " Thermal Power Dissipation"
_TOTAL = f"Total{_PART}"


def is_fit(text: str) -> bool:
    """Whether it is a summary of the fitter, or of synthesis."""
    keys = "Fitter Status|Analysis & Synthesis Status|" + "|".join(re.escape(k) for k, _ in _LOGIC)
    return bool(re.search(rf"^[;\s]*({keys})\s*[:;]", text, re.MULTILINE))


def is_power(text: str) -> bool:
    """Whether it is a summary of the power analyser."""
    keys = f"(?:PowerPlay )?Power Analyzer Status|{_TOTAL}"
    return bool(re.search(rf"^[;\s]*({keys})\s*[:;]", text, re.MULTILINE))


def is_timing(text: str) -> bool:
    """Whether it is a report of the timing analyser."""
    return bool(
        re.search(r"^(TimeQuest )?Timing Analyzer report for |Model Fmax Summary\s*;", text, re.M)
    )


def read_fit(source: str, text: str) -> Report:
    """Area: logic in the unit of the family, registers, block RAMs, multipliers."""
    values = _values(text)
    metrics: dict[str, Any] = {}
    for label, unit in _LOGIC:
        if label in values:
            metrics = {"luts_used": _count(source, label, values[label]), "lut_unit": unit}
            break
    else:
        wanted = ", ".join(f"'{label}'" for label, _ in _LOGIC)
        refuse(source, f"this Quartus summary has none of {wanted}; it may be truncated")
    for label, key in _OTHER.items():
        if label in values:
            count = _count(source, label, values[label])
            if metrics.setdefault(key, count) != count:
                refuse(source, f"'{label}' is {count}, but another row says {metrics[key]}")
    details = {
        key: _count(source, label, values[label])
        for label, key in _PARTS.items()
        if label in values
    }
    stage = next((key for key in ("Fitter", "Analysis & Synthesis") if f"{key} Status" in values),
                 "Fitter")  # fmt: skip
    return _report(source, f"Quartus {stage.lower()}", text, values, metrics, details, stage)


def read_power(source: str, text: str) -> Report:
    """Total thermal power; its parts are kept beside it, and must add up."""
    values = _values(text)
    if _TOTAL not in values:
        refuse(source, f"this Quartus power report has no whole row of '{_TOTAL}'; "
               "it may be truncated")  # fmt: skip
    total = _power(source, _TOTAL, values[_TOTAL])
    details: dict[str, Any] = {
        key: _power(source, label, values[label])
        for label, key in _POWERS.items()
        if label in values
    }
    # Families print different parts, such as those of transceivers, but each prints all of its own.
    # They are rounded one by one, and so is the total.
    parts = [_power(source, label, found) for label, found in values.items()
             if label.endswith(_PART) and label != _TOTAL]  # fmt: skip
    if len(parts) >= len(_POWERS) and abs(total - sum(parts)) > _ROUNDING_MW * (1 + len(parts)):
        refuse(source, f"{_TOTAL} is {total:g} mW, but its parts make {sum(parts):g} mW")
    if "Power Estimation Confidence" in values:
        details["power_confidence"] = values["Power Estimation Confidence"][0]
    metrics = {"power_mw": total, "power_source": "vendor estimate"}
    if "dynamic_mw" in details:
        metrics["dynamic_mw"] = details.pop("dynamic_mw")
    return _report(source, "Quartus power", text, values, metrics, details)


def read_timing(source: str, text: str) -> Report:
    """Highest clock: the lowest restricted Fmax of all clocks and models."""
    clocks: dict[str, float] = {}
    inside, whole = False, 0
    for line in text.splitlines():
        cells = _cells(line)
        if len(cells) == 1 and not inside:
            inside, rows = cells[0].endswith("Fmax Summary"), 0
        elif inside and len(cells) >= 3 and cells[:2] != ["Fmax", "Restricted Fmax"]:
            clock, fmax = cells[2], _fmax(source, cells[2], cells[1])
            clocks[clock] = min(fmax, clocks.get(clock, fmax))
            rows += 1
        elif inside and rows and line.startswith("+-"):
            inside, whole = False, whole + 1
        elif not line.strip():
            inside = False  # the table said that there are no paths
    if not clocks:
        refuse(
            source,
            "this Quartus timing report has no Fmax Summary with a clock; constrain the clock "
            "with create_clock, and give the whole .sta.rpt",
        )
    listed = len(re.findall(r"^\s*\d+\. .*Fmax Summary\s*$", text, re.MULTILINE))
    if inside or whole < listed:
        refuse(source, "the tables of this Quartus timing report's Fmax are not all whole; it may "
               "be truncated")  # fmt: skip
    metrics = {"fmax_mhz": min(clocks.values())}
    return _report(source, "Quartus timing", text, _values(text), metrics, {"clocks_mhz": clocks})


def _report(
    source: str,
    kind: str,
    text: str,
    values: Mapping[str, list[str]],
    metrics: Mapping[str, Any],
    details: Mapping[str, Any],
    stage: str = "",
) -> Report:
    labels = {"top": ("Top-level Entity Name",), "revision": ("Revision Name",),
              "device": ("Device", "Device Name")}  # fmt: skip
    identity = {
        key: one_value(source, name, values[name])
        for key, names in labels.items()
        for name in names
        if name in values
    }
    version = re.search(r"^[;\s]*(Quartus (?:Prime|II)[\w\s-]*?) Version[\s:;]+(\S+)", text, re.M)
    return Report(
        source=source,
        kind=kind,
        flow="quartus",
        version=f"{version[1]} {version[2]}" if version else "",
        stage=stage,
        identity=identity,
        metrics=metrics,
        details=details,
    )


def _cells(line: str) -> list[str]:
    line = line.strip()
    if not (line.startswith(";") and line.endswith(";") and len(line) > 2):
        return []
    return [cell.strip() for cell in line[1:-1].split(";")]


def _values(text: str) -> dict[str, list[str]]:
    """Values of each key, in the order of the file.

    A number that the file ends in may be cut off, and is left out.
    """
    found: dict[str, list[str]] = {}
    for line in re.sub(r"\n[^\n:]* : \d[\d,]*\Z", "\n", text).splitlines():
        cells = _cells(line)
        if not cells:
            key, colon, value = line.partition(" : ")
            cells = [key.strip(), value.strip()] if colon else []
        # Wider tables have other meanings, but for the counts of memories.
        if len(cells) == 2 or (len(cells) == 3 and cells[0] in _OTHER):
            found.setdefault(cells[0], []).append(cells[1])
    return found


def _count(source: str, label: str, values: list[str]) -> int:
    counts = []
    for text in values:
        match = _COUNT.fullmatch(text)
        if match is None:
            hint = "; give the .fit.summary or .fit.rpt of the fitter" if text == "N/A" else ""
            refuse(source, f"'{label}' is '{text}', which is no count{hint}")
        used, *available = (int(n.replace(",", "")) for n in match.groups() if n)
        for there in available:
            require_available(source, f"'{label}'", used, there)
        counts.append(used)
    count: int = one_value(source, f"'{label}'", counts)
    return count


def _fmax(source: str, clock: str, text: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?) (\w+)", text)
    if match is None:
        refuse(source, f"the restricted Fmax of '{clock}' is '{text}'")
    if match[2] != "MHz":
        refuse(source, f"the Fmax of '{clock}' is in '{match[2]}'; it must be in MHz")
    return float(match[1])


def _power(source: str, label: str, values: list[str]) -> float:
    text = one_value(source, f"'{label}'", values)
    match = re.fullmatch(r"(\d[\d,]*(?:\.\d+)?) (\w+)", text)
    if match is None:
        refuse(source, f"'{label}' is '{text}', which is no power")
    return milliwatts(source, f"'{label}'", match[1], match[2])
