"""The directory that hands a document and its sources on to hardware, and its audit."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sc_neurocore.evidence import atomic_write, digest
from sc_neurocore.exceptions import SCConfigError, SCNeuroError
from sc_neurocore.ir._scnir_checks import require_object
from sc_neurocore.ir._scnir_document import SCNIRDocument
from sc_neurocore.ir._scnir_hdl import (
    SCNIR_TOP,
    SCNIRHDLSourceBundle,
    build_scnir_source_bundle,
)
from sc_neurocore.ir._scnir_json import load_scnir, read_json, scnir_text

#: The document, and the rows of its sources.
SCNIR_FILE, MANIFEST_FILE = "scnir.json", "sources.json"
_SCHEMA = "sc-neurocore.scnir-sources.v1"
_INSTANCE = r"^    {module} (\w+) \($"


class SCNIRHDLHandoffAuditError(SCConfigError):
    """A handoff directory is incomplete, or contradicts its document."""


@dataclass(frozen=True)
class SCNIRHDLHandoffAuditReport:
    """What an audited handoff directory holds.

    Attributes:
        name: of the document.
        document: SHA-256 of its file.
        streams: number of streams, of source rows and of source modules: all the same.
        signal_kinds: number of streams of each kind.
        source_kinds: number of streams of each kind of source.
        hierarchy: ids of the instances.
        files: names of all files.
    """

    name: str
    document: str
    streams: int
    signal_kinds: Mapping[str, int]
    source_kinds: Mapping[str, int]
    hierarchy: tuple[str, ...]
    files: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON-ready data."""
        return {
            **vars(self),
            "signal_kinds": dict(self.signal_kinds),
            "source_kinds": dict(self.source_kinds),
            "hierarchy": list(self.hierarchy),
            "files": list(self.files),
        }


def write_scnir_handoff(directory: str | Path, document: SCNIRDocument) -> None:
    """Write ``scnir.json``, ``sources.json`` and the Verilog, all or nothing.

    Args:
        directory: must not exist yet.
        document: what to hand off.

    Raises:
        SCNeuroError: as `build_scnir_source_bundle`.
        SCConfigError: the directory exists or cannot be written.
    """
    target = Path(directory)
    bundle = build_scnir_source_bundle(document)
    text = scnir_text(document)
    files = {**bundle.files, SCNIR_FILE: text, MANIFEST_FILE: _manifest_text(document, bundle)}
    if target.exists():
        raise SCConfigError(f"{target} exists already; name a directory that does not")
    try:
        scratch = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.absolute().parent))
        try:
            for name, content in files.items():
                (scratch / name).write_text(content, encoding="utf-8")
            scratch.chmod(0o755)
            scratch.rename(target)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise SCConfigError(f"{target} cannot be written: {reason}") from None


def audit_scnir_hdl_handoff(directory: str | Path) -> SCNIRHDLHandoffAuditReport:
    """Check that a handoff directory is complete and says one thing throughout.

    Every stream has one source row, one module and one instance; rows, counts and localparams are
    those of the document; every hierarchy instance is a module that the top instantiates once; and
    every file has the text that the document gives.

    Raises:
        SCNIRHDLHandoffAuditError: the first thing that is not so.
    """
    root = Path(directory)
    try:
        document = load_scnir(_file(root, SCNIR_FILE))
        bundle = build_scnir_source_bundle(document)
        manifest = read_json(_file(root, MANIFEST_FILE))
        expected = json.loads(_manifest_text(document, bundle))
        _verify_manifest(manifest, expected)
    except SCNIRHDLHandoffAuditError:
        raise
    except SCNeuroError as error:
        raise SCNIRHDLHandoffAuditError(f"handoff {root}: {error}") from None
    verilog = {name: _text(root, name) for name in bundle.files}
    _verify_sources(bundle, verilog)
    _verify_hierarchy(document, verilog)
    _verify_localparams(bundle, verilog[SCNIR_TOP + ".sv"])
    _verify_files(root, bundle, verilog)
    kinds = [stream.signal_kind for stream in document.streams]
    sources = [stream.source.kind for stream in document.streams]
    return SCNIRHDLHandoffAuditReport(
        name=document.name,
        document=digest(_text(root, SCNIR_FILE)),
        streams=len(document.streams),
        signal_kinds=_counted(kinds),
        source_kinds=_counted(sources),
        hierarchy=tuple(instance.id for instance in document.hierarchy),
        files=tuple(sorted([*bundle.files, SCNIR_FILE, MANIFEST_FILE])),
    )


def write_scnir_hdl_handoff_audit(
    directory: str | Path, output_path: str | Path
) -> SCNIRHDLHandoffAuditReport:
    """Audit a handoff directory and write the report as JSON, whole or not at all.

    Raises:
        SCNIRHDLHandoffAuditError: as `audit_scnir_hdl_handoff`; nothing is written.
        SCConfigError: the file cannot be written.
    """
    report = audit_scnir_hdl_handoff(directory)
    try:
        atomic_write(Path(output_path), json.dumps(report.as_dict(), indent=2) + "\n")
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise SCConfigError(f"{output_path} cannot be written: {reason}") from None
    return report


def _manifest_text(document: SCNIRDocument, bundle: SCNIRHDLSourceBundle) -> str:
    manifest = {
        "schema": _SCHEMA,
        "document": digest(scnir_text(document)),
        "top": bundle.top,
        "streams": len(document.streams),
        "hierarchy": [
            {"id": i.id, "module": i.module, "instance": i.instance} for i in document.hierarchy
        ],
        "sources": bundle.manifest_dicts(),
    }
    return json.dumps(manifest, indent=2) + "\n"


def _counted(words: Sequence[str]) -> dict[str, int]:
    return {word: words.count(word) for word in sorted(set(words))}


def _fail(what: str) -> SCNIRHDLHandoffAuditError:
    return SCNIRHDLHandoffAuditError(f"handoff: {what}")


def _file(root: Path, name: str) -> Path:
    if not (root / name).is_file():
        raise _fail(f"{root / name} is missing")
    return root / name


def _text(root: Path, name: str) -> str:
    try:
        return _file(root, name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise _fail(f"{root / name} cannot be read as UTF-8 text") from None


def _verify_manifest(manifest: Any, expected: Mapping[str, Any]) -> None:
    require_object(manifest, MANIFEST_FILE, expected)
    rows = manifest["sources"]
    if not isinstance(rows, list):
        raise _fail(f"{MANIFEST_FILE} sources is no array")
    for index, row in enumerate(rows):
        require_object(row, f"{MANIFEST_FILE} sources[{index}]", expected["sources"][0])
    found = [row["stream"] for row in rows]
    for row in expected["sources"]:
        if (count := found.count(row["stream"])) != 1:
            raise _fail(f"stream '{row['stream']}' has {count} rows in {MANIFEST_FILE}, not one")
    if len(rows) != len(expected["sources"]):
        raise _fail(
            f"{MANIFEST_FILE} has {len(rows)} rows for {len(expected['sources'])} streams; one of "
            "them is no stream of the document"
        )
    for index, (row, right) in enumerate(zip(rows, expected["sources"], strict=True)):
        for key, value in right.items():
            _expect(row[key], value, f"sources[{index}].{key}")
    for key, value in expected.items():
        _expect(manifest[key], value, key)


def _expect(found: Any, right: Any, field: str) -> None:
    if found != right or type(found) is not type(right):
        raise _fail(
            f"{MANIFEST_FILE} {field} is {found!r}, but the document gives {right!r}; write the "
            "handoff again"
        )


def _verify_sources(bundle: SCNIRHDLSourceBundle, verilog: Mapping[str, str]) -> None:
    for entry in bundle.entries:
        declared = sum(_declarations(text, entry.module) for text in verilog.values())
        if declared != 1:
            raise _fail(f"module '{entry.module}' is declared {declared} times, not once")
        for name, text in verilog.items():
            found = len(re.findall(_INSTANCE.format(module=entry.module), text, re.MULTILINE))
            wanted = int(name == f"{entry.parent}.sv")
            if found != wanted:
                raise _fail(
                    f"{name} instantiates '{entry.module}' {found} times; stream "
                    f"'{entry.stream}' needs {'one' if wanted else 'none'} there"
                )


def _verify_hierarchy(document: SCNIRDocument, verilog: Mapping[str, str]) -> None:
    top = verilog[f"{SCNIR_TOP}.sv"]
    for instance in document.hierarchy:
        declared = sum(_declarations(text, instance.module) for text in verilog.values())
        if declared != 1:
            raise _fail(f"module '{instance.module}' is declared {declared} times, not once")
        found = re.findall(_INSTANCE.format(module=instance.module), top, re.MULTILINE)
        if found != [instance.instance]:
            raise _fail(
                f"{SCNIR_TOP}.sv has instances {found} of module '{instance.module}'; hierarchy "
                f"instance '{instance.id}' is ['{instance.instance}']"
            )


def _declarations(text: str, module: str) -> int:
    return len(re.findall(rf"^module {module}\b", text, re.MULTILINE))


def _verify_localparams(bundle: SCNIRHDLSourceBundle, top: str) -> None:
    for name, value in bundle.localparams.items():
        found = re.findall(rf"^    localparam integer {name} = (\d+);$", top, re.MULTILINE)
        if found != [str(value)]:
            shown = ", ".join(found) or "nothing"
            raise _fail(f"{SCNIR_TOP}.sv {name} is {shown}, but the document gives {value}")


def _verify_files(root: Path, bundle: SCNIRHDLSourceBundle, verilog: Mapping[str, str]) -> None:
    for name, text in bundle.files.items():
        if verilog[name] != text:
            raise _fail(f"{name} is not the text that the document gives; write the handoff again")
    for path in sorted(root.iterdir()):
        if path.suffix in (".v", ".sv") and path.name not in bundle.files:
            raise _fail(f"{path.name} is Verilog that no stream of the document needs")
