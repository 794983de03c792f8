"""Reports of synthesis, placement and power: recognised by what they hold, and read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sc_neurocore.evidence import decode_json, read_bytes
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.optimizer._observation import ObservationLoadError, file_of
from sc_neurocore.optimizer._reports import _open, _quartus, _vivado
from sc_neurocore.optimizer._reports._combine import combine, require_same_memories
from sc_neurocore.optimizer._reports._report import Report, refuse

__all__ = [
    "RECOGNISED",
    "Report",
    "combine",
    "read_report",
    "read_report_file",
    "require_same_memories",
]

RECOGNISED = (
    "Vivado's report_utilization, report_power and report_timing_summary; Quartus' .fit.summary, "
    ".fit.rpt, .pow.summary, .pow.rpt and .sta.rpt; Yosys' stat -json; nextpnr's --report"
)

LARGEST_REPORT = 64 << 20
"""Bytes of the largest report that is read."""

_TEXTS: tuple[tuple[Callable[[str], bool], Callable[[str, str], Report]], ...] = (
    (_vivado.is_utilisation, _vivado.read_utilisation),
    (_vivado.is_power, _vivado.read_power),
    (_vivado.is_timing, _vivado.read_timing),
    (_quartus.is_fit, _quartus.read_fit),
    (_quartus.is_power, _quartus.read_power),
    (_quartus.is_timing, _quartus.read_timing),
)
_DOCUMENTS: tuple[
    tuple[Callable[[Mapping[str, Any]], bool], Callable[[str, Mapping[str, Any]], Report]], ...
] = ((_open.is_stat, _open.read_stat), (_open.is_nextpnr, _open.read_nextpnr))


def read_report_file(path: str | Path) -> tuple[Report, ...]:
    """Read a file, as `read_report`.

    Raises:
        ObservationLoadError: it cannot be read, or is no whole report that is known.
    """
    try:
        data = read_bytes(file_of(path, "the report"), LARGEST_REPORT)
    except SCConfigError as error:
        raise ObservationLoadError(str(error)) from None
    return read_report(_text(data, str(path)), str(path))


def read_report(text: str, source: str) -> tuple[Report, ...]:
    """Read what one text holds: a report, or several of one tool, one after the other.

    Args:
        text: the report.
        source: what it is called in messages.

    Raises:
        ObservationLoadError: it is no whole report that is known, or says two things.
    """
    if not text.strip():
        refuse(source, "is empty")
    if text.lstrip().startswith("{"):
        return (_read_document(text, source),)
    found = tuple(read(source, text) for recognises, read in _TEXTS if recognises(text))
    if not found:
        refuse(source, f"is no report that is known; known are {RECOGNISED}")
    if len({report.flow for report in found}) > 1:
        refuse(source, f"looks like {' and '.join(r.kind for r in found)}; "
               "give each tool's report in its own file")  # fmt: skip
    return found


def _read_document(text: str, source: str) -> Report:
    try:
        document = decode_json(text, source)
    except SCConfigError as error:
        raise ObservationLoadError(str(error)) from None
    readers = [read for recognises, read in _DOCUMENTS if recognises(document)]
    if len(readers) != 1:
        refuse(source, f"is JSON, but no one report that is known; known are {RECOGNISED}")
    return readers[0](source, document)


def _text(data: bytes, source: str) -> str:
    """Decode what a tool, or a redirection of a shell, wrote."""
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = data.decode("utf-16" if marked else "utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    if any(ord(c) < 32 and c not in "\t\n\r\f" for c in set(text)):
        refuse(source, f"is no text; known are {RECOGNISED}")
    return text
