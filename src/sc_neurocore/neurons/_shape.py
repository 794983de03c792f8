"""The shape of a model document: tables, fields, types and limits.

`check_shape` interprets ``model.schema.json`` itself, so the file that editors use and the check
that runs here cannot differ. It understands the keywords that the file uses and refuses others.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from sc_neurocore.dynamics import suggest

SUPPORTED_VERSIONS = ("1.0",)
_SHOWN = 60


@dataclass(frozen=True)
class SchemaError:
    """One finding about a model document.

    Attributes:
        level: ``error`` (the document is refused) or ``warning``.
        message: one sentence naming the field and what is allowed.
        section: the table, for example ``states.v``; ``""`` for the whole document.
    """

    level: Literal["error", "warning"]
    message: str
    section: str = ""

    def __str__(self) -> str:
        return f"[{self.section}] {self.message}" if self.section else self.message


@cache
def json_schema() -> Mapping[str, Any]:
    """The published JSON Schema (draft 2020-12) of a model document."""
    text = files("sc_neurocore.neurons").joinpath("model.schema.json").read_text(encoding="utf-8")
    loaded: Mapping[str, Any] = json.loads(text)
    return loaded


def check_shape(document: object) -> list[SchemaError]:
    """Compare a parsed document with the JSON Schema."""
    if isinstance(document, Mapping) and "schema_version" in document:
        version = document["schema_version"]
        if version not in SUPPORTED_VERSIONS:
            known = ", ".join(repr(v) for v in SUPPORTED_VERSIONS)
            return [SchemaError("error", f"schema_version is {_show(version)}; supported: {known}")]
    if not isinstance(document, Mapping):
        return [SchemaError("error", f"the document is {_show(document)}; it must be a table")]
    return [
        SchemaError("error", message, ".".join(path))
        for path, message in _table(document, json_schema(), ())
    ]


Path = tuple[str, ...]
Finding = tuple[Path, str]

_TYPES = {
    "string": "a string in quotes",
    "number": "a finite number",
    "integer": "a whole number",
    "array": "a list",
    "object": "a table",
}


def _check(value: object, rule: Mapping[str, Any], path: Path, name: str) -> Iterator[Finding]:
    """Check ``value``, the field ``name`` of the table ``path``."""
    if "$ref" in rule:
        rule = json_schema()["$defs"][str(rule["$ref"]).rsplit("/", 1)[1]]
    if rule.get("type") == "object":
        if not isinstance(value, Mapping):
            yield path, f"'{name}' is {_show(value)}; it must be a table"
        elif len(value) < rule.get("minProperties", 0):
            yield path, f"'{name}' is empty; it needs at least {rule['minProperties']} entry"
        else:
            yield from _table(value, rule, (*path, name))
        return
    what = f"'{name}' is {_show(value)}; "
    if "type" in rule and not _is(value, rule["type"]):
        yield path, f"{what}it must be {_TYPES[rule['type']]}"
    elif "const" in rule and value != rule["const"]:
        yield path, f"{what}it must be {rule['const']!r}"
    elif "enum" in rule and value not in rule["enum"]:
        hint = suggest(value, rule["enum"]) if isinstance(value, str) else ""
        hint = hint if "did you mean" in hint else ""
        yield path, f"{what}allowed: {', '.join(rule['enum'])}{hint}"
    elif isinstance(value, str):
        yield from _string(value, rule, path, name)
    elif isinstance(value, Sequence):
        yield from _array(value, rule, path, name)
    elif isinstance(value, (int, float)):
        yield from _number(value, rule, path, what)


def _table(value: Mapping[str, Any], rule: Mapping[str, Any], path: Path) -> Iterator[Finding]:
    known: Mapping[str, Any] = rule.get("properties", {})
    for key in rule.get("required", ()):
        if key not in value:
            kind = "table" if "properties" in known[key] or not path else "field"
            kind = "field" if key == "schema_version" else kind
            yield path, f"{kind} '{key}' is missing: {_purpose(known[key])}"
    others = rule.get("additionalProperties", True)
    for key, item in value.items():
        if key in known:
            yield from _check(item, known[key], path, key)
        elif others is False:
            yield path, f"unknown {'table' if not path else 'field'} '{key}'{suggest(key, known)}"
        elif others is not True:
            yield from _check(item, others, path, key)


def _string(text: str, rule: Mapping[str, Any], path: Path, name: str) -> Iterator[Finding]:
    if len(text) < rule.get("minLength", 0):
        yield path, f"'{name}' is empty; write {_purpose(rule)}"
    elif "pattern" in rule and not re.search(rule["pattern"], text):
        yield path, f"'{name}' is {_show(text)}; expected {_purpose(rule)}"


def _array(
    items: Sequence[object], rule: Mapping[str, Any], path: Path, name: str
) -> Iterator[Finding]:
    if len(items) < rule.get("minItems", 0):
        yield path, f"'{name}' is an empty list; write {_purpose(rule)}"
    for position, item in enumerate(items):
        own = {"description": rule["description"], **rule["items"]}
        yield from _check(item, own, path, f"{name}[{position}]")
    if rule.get("uniqueItems") and len(set(map(repr, items))) < len(items):
        yield path, f"'{name}' repeats an entry; each may occur once"


def _number(value: float, rule: Mapping[str, Any], path: Path, what: str) -> Iterator[Finding]:
    if "exclusiveMinimum" in rule and value <= rule["exclusiveMinimum"]:
        yield path, f"{what}it must be greater than {rule['exclusiveMinimum']}"
    elif "minimum" in rule and value < rule["minimum"]:
        yield path, f"{what}it must be {rule['minimum']} or more"
    elif "maximum" in rule and value > rule["maximum"]:
        yield path, f"{what}it must be {rule['maximum']} or less"


def _is(value: object, kind: str) -> bool:
    if kind == "string":
        return isinstance(value, str)
    if kind == "array":
        return isinstance(value, Sequence) and not isinstance(value, str)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return math.isfinite(value) and (kind == "number" or value == int(value))


def _purpose(rule: Mapping[str, Any]) -> str:
    """The rule's description as the end of a sentence."""
    if "description" not in rule and "$ref" in rule:
        rule = json_schema()["$defs"][str(rule["$ref"]).rsplit("/", 1)[1]]
    text = str(rule["description"]).rstrip(".")
    return text[0].lower() + text[1:]


def _show(value: object) -> str:
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "a list"
    if isinstance(value, bool):
        return str(value).lower()
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
