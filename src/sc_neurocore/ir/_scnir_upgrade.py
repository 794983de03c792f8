"""Older SC-NIR documents to the current version."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any

from sc_neurocore.ir._scnir_checks import nearest, refuse
from sc_neurocore.ir._scnir_document import SCNIR_VERSION
from sc_neurocore.ir._scnir_validate import validate_scnir_dict

_VERSIONS = ("v0.1", "v0.2", "v0.3", "v0.4", "v0.5", "v0.6", SCNIR_VERSION)
#: Keys of a stream that came with a version, and what a stream without it means; a signal kind is
#: read from the id.
_STREAM_KEYS: tuple[tuple[str, str, Any], ...] = (
    ("v0.2", "delay_steps", 0),
    ("v0.3", "signal_kind", None),
    ("v0.4", "transforms", []),
    ("v0.7", "online_learning", None),
)
#: Forms of ids by the kind of their signal.
_KINDS = (
    (re.compile(r"conn\..+_to_.+\.weight"), "weight"),
    (re.compile(r".+\.(state|membrane|voltage|current)"), "analogue_state"),
    (re.compile(r"(pop|input)\..+|.+\.spikes?"), "spiking"),
)


def upgrade_scnir_dict(payload: Any) -> dict[str, Any]:
    """A decoded document of any version from v0.1 on, as one of the current version, validated.

    Each version is read by its own rules: a key that it did not have is refused, a missing one is
    added. Delays came with v0.2, signal kinds with v0.3, transforms with v0.4, delays per column
    with v0.5, hierarchy with v0.6, online learning with v0.7. The given payload stays as it is.

    Raises:
        SCNIRValidationError: an unknown version, or a rule that is broken.
    """
    if not isinstance(payload, Mapping):
        refuse("document", f"is {type(payload).__name__}; it must be an object")
    upgraded = copy.deepcopy(dict(payload))
    version = upgraded.get("version")
    if not isinstance(version, str) or version not in _VERSIONS:
        near = nearest(version, _VERSIONS) if isinstance(version, str) else ""
        refuse("version", f"is {version!r}{near or '; it takes ' + ', '.join(_VERSIONS)}")
    if version < "v0.6":
        _refuse_key(upgraded, "hierarchy", "v0.6", version, "document")
        upgraded["hierarchy"] = []
    streams = upgraded.get("streams")
    for index, stream in enumerate(streams if isinstance(streams, list) else []):
        if isinstance(stream, dict):
            _upgrade_stream(stream, version, f"streams[{index}]")
    upgraded["version"] = SCNIR_VERSION
    validate_scnir_dict(upgraded)
    return upgraded


def _upgrade_stream(stream: dict[str, Any], version: str, path: str) -> None:
    for since, key, absent in _STREAM_KEYS:
        if version < since:
            _refuse_key(stream, key, since, version, path)
            stream[key] = (
                _signal_kind(stream.get("id"), path)
                if key == "signal_kind"
                else copy.deepcopy(absent)
            )
    if version < "v0.5" and isinstance(stream.get("delay_steps"), list):
        refuse(f"{path}.delay_steps", f"is a vector, which came with v0.5; this is {version}")


def _refuse_key(given: Mapping[str, Any], key: str, since: str, version: str, path: str) -> None:
    if key in given:
        refuse(path, f"has the key '{key}', which came with {since}; this document is {version}")


def _signal_kind(identity: Any, path: str) -> str:
    for pattern, kind in _KINDS:
        if isinstance(identity, str) and pattern.fullmatch(identity):
            return kind
    refuse(
        f"{path}.id",
        f"is {identity!r}, which does not tell the kind of signal; before v0.3 ids have the form "
        "conn.<source>_to_<target>.weight, pop.<name>.state or pop.<name>.spike",
    )
