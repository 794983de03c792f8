"""SC-NIR documents as JSON: read, write, convert."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sc_neurocore.evidence import atomic_write, decode_json, read_bytes
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir._scnir_document import (
    SCNIRCorrelationConstraint,
    SCNIRDocument,
    SCNIRHierarchyInstance,
    SCNIRHierarchyPort,
    SCNIROnlineLearning,
    SCNIRPrecision,
    SCNIRSource,
    SCNIRStream,
    SCNIRStreamTransform,
    SCNIRValidationError,
)
from sc_neurocore.ir._scnir_validate import validate_scnir_dict


def scnir_from_dict(payload: Mapping[str, Any]) -> SCNIRDocument:
    """A decoded document of the current version, typed.

    Older ones go through `upgrade_scnir_dict`.

    Raises:
        SCNIRValidationError: it breaks a rule.
    """
    validate_scnir_dict(payload)
    return SCNIRDocument(
        name=payload["name"],
        streams=tuple(map(_stream, payload["streams"])),
        hierarchy=tuple(map(_instance, payload["hierarchy"])),
        version=payload["version"],
    )


def scnir_to_dict(document: SCNIRDocument) -> dict[str, Any]:
    """A document as JSON-ready data, its keys always in the same order.

    Raises:
        SCNIRValidationError: it breaks a rule.
    """
    payload = {
        "version": document.version,
        "name": document.name,
        "streams": [_plain(stream) for stream in document.streams],
        "hierarchy": [_plain(instance) for instance in document.hierarchy],
    }
    for stream in payload["streams"]:
        stream["source"] = {k: v for k, v in stream["source"].items() if v is not None}
    validate_scnir_dict(payload)
    return payload


def scnir_text(document: SCNIRDocument) -> str:
    """The bytes that `write_scnir` writes, as text."""
    return json.dumps(scnir_to_dict(document), indent=2) + "\n"


def write_scnir(path: str | Path, document: SCNIRDocument) -> None:
    """Write a document, whole or not at all; equal documents give equal bytes.

    Raises:
        SCNIRValidationError: it breaks a rule.
        SCConfigError: the file cannot be written.
    """
    text = scnir_text(document)
    try:
        atomic_write(Path(path), text)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise SCConfigError(f"{path} cannot be written: {reason}") from None


def load_scnir(path: str | Path) -> SCNIRDocument:
    """Read a document of any version.

    Raises:
        SCNIRValidationError: it is no JSON, or breaks a rule; the message begins with the path.
        SCConfigError: the file cannot be read.
    """
    from sc_neurocore.ir._scnir_upgrade import upgrade_scnir_dict

    try:
        return scnir_from_dict(upgrade_scnir_dict(read_json(path)))
    except SCNIRValidationError as error:
        message = str(error)
        raise SCNIRValidationError(
            message if message.startswith(f"{path}") else f"{path}: {message}"
        ) from None


def read_json(path: str | Path) -> Any:
    """Decode a JSON file that repeats no key and holds finite numbers only.

    Raises:
        SCNIRValidationError: it is no such JSON.
        SCConfigError: the file cannot be read.
    """
    data = read_bytes(path)
    try:
        return decode_json(data, str(path))
    except SCConfigError as error:
        raise SCNIRValidationError(str(error)) from None


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    return [_plain(element) for element in value] if isinstance(value, tuple | list) else value


def _fixed(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _stream(given: Mapping[str, Any]) -> SCNIRStream:
    learning = given["online_learning"]
    return SCNIRStream(
        id=given["id"],
        signal_kind=given["signal_kind"],
        encoding=given["encoding"],
        bitstream_length=given["bitstream_length"],
        precision=SCNIRPrecision(**given["precision"]),
        source=SCNIRSource(**given["source"]),
        delay_steps=_fixed(given["delay_steps"]),
        transforms=tuple(
            SCNIRStreamTransform(_fixed(t["threshold"]), t["kind"]) for t in given["transforms"]
        ),
        correlation=tuple(SCNIRCorrelationConstraint(**c) for c in given["correlation"]),
        online_learning=None if learning is None else SCNIROnlineLearning(**learning),
    )


def _instance(given: Mapping[str, Any]) -> SCNIRHierarchyInstance:
    ports = tuple(SCNIRHierarchyPort(**port) for port in given["ports"])
    return SCNIRHierarchyInstance(given["id"], given["module"], given["instance"], ports)
