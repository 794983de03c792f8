"""Rule documents: finding, reading and checking TOML."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from sc_neurocore.dynamics import Quantity, require_finite, suggest
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.synapses._build import build_rule
from sc_neurocore.synapses._rule import Place, Rule

MAX_BYTES = 1_048_576
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_TABLES: Mapping[str, frozenset[str]] = {
    "rule": frozenset({"name", "class", "title", "description", "keywords"}),
    "reference": frozenset({"authors", "year", "title", "doi", "note"}),
    "dynamics": frozenset({"equations", "on_pre", "on_post", "every_tick", "when"}),
    "protocol": frozenset({"dt", "ticks", "pre", "post", "inputs"}),
    "golden": frozenset(),
}
_QUANTITY = frozenset({"unit", "low", "high", "meaning"})
_ENTRIES: Mapping[str, frozenset[str]] = {
    "states": _QUANTITY | {"at", "init"},
    "parameters": _QUANTITY | {"value"},
    "inputs": _QUANTITY | {"at", "value"},
}


@dataclass(frozen=True)
class RuleDocument:
    """A rule with what is known about it.

    Attributes:
        rule: the rule.
        face: documented class that steps it from Python, ``""`` if there is none.
        title: name in prose.
        keywords: words to search for.
        authors: authors of the primary source.
        year: year of the primary source.
        doi: digital object identifier of the primary source.
        note: further sources, and which numbers are examples.
        protocol: ``dt`` in ms, ``ticks``, the ticks of ``pre`` and ``post`` spikes and constant
            ``inputs`` of the golden run of one synapse.
        golden: values of states after the golden run.
    """

    rule: Rule
    face: str
    title: str
    keywords: tuple[str, ...]
    authors: tuple[str, ...]
    year: int
    doi: str
    note: str
    protocol: Mapping[str, Any]
    golden: Mapping[str, float]


@cache
def list_rules() -> tuple[str, ...]:
    """Names of the bundled rules, sorted."""
    found = files("sc_neurocore.synapses").joinpath("rules").iterdir()
    return tuple(sorted(f.name.removesuffix(".toml") for f in found if f.name.endswith(".toml")))


def load_rule(source: str | Path) -> Rule:
    """Load a bundled rule by name (``"stdp_pair"``), or a ``.toml`` file.

    Raises:
        SCConfigError: there is no such rule or file, or it is not a valid rule.
    """
    return describe_rule(source).rule


def describe_rule(source: str | Path) -> RuleDocument:
    """Read a rule document.

    Raises:
        SCConfigError: as `load_rule`.
    """
    if isinstance(source, str) and not source.endswith(".toml"):
        return _bundled(source)
    path = Path(source)
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a path"
        raise SCConfigError(f"{path}: cannot be read ({reason})") from None
    if len(data) > MAX_BYTES:
        raise SCConfigError(f"{path}: longer than {MAX_BYTES} bytes; a rule is a short text")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise SCConfigError(f"{path}: not UTF-8 text") from None
    return _parsed(str(path), text)


@cache
def _bundled(name: str) -> RuleDocument:
    if not _NAME.fullmatch(name) or name not in list_rules():
        raise SCConfigError(
            f"no bundled rule is called '{name[:60]}'{suggest(name[:60], list_rules())}"
        )
    entry = files("sc_neurocore.synapses").joinpath("rules", f"{name}.toml")
    return _parsed(f"{name}.toml", entry.read_text(encoding="utf-8"))


def _parsed(where: str, text: str) -> RuleDocument:
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SCConfigError(f"{where}: not valid TOML: {error}") from None
    try:
        return _read(document)
    except SCConfigError as error:
        raise type(error)(f"{where}: {error}") from None


def _read(document: Mapping[str, Any]) -> RuleDocument:
    if document.get("schema_version") != "1.0":
        raise SCConfigError(
            f"schema_version is {document.get('schema_version')!r}; this program reads '1.0'"
        )
    allowed = {"schema_version", *_TABLES, *_ENTRIES}
    _check_keys("the document", document, allowed)
    for table in ("rule", "dynamics", "states"):
        if table not in document:
            raise SCConfigError(f"there is no [{table}] table; add one")
    for table, keys in _TABLES.items():
        if table != "golden":
            _check_keys(f"[{table}]", _table(document, table), keys)
    about, reference = _table(document, "rule"), _table(document, "reference")
    places: dict[str, Place] = {}
    quantities = {kind: _quantities(document, kind, places) for kind in _ENTRIES}
    dynamics = _table(document, "dynamics")
    for key, value in dynamics.items():
        if not isinstance(value, str):
            raise SCConfigError(f"[dynamics] {key} is {value!r}; it must be text")
    rule = build_rule(
        name=str(about.get("name", "rule")),
        description=str(about.get("description", "")),
        states=quantities["states"],
        parameters=quantities["parameters"],
        inputs=quantities["inputs"],
        places=places,
        **dynamics,
    )
    return RuleDocument(
        rule=rule,
        face=str(about.get("class", "")),
        title=str(about.get("title", rule.name)),
        keywords=tuple(about.get("keywords", ())),
        authors=tuple(reference.get("authors", ())),
        year=int(reference.get("year", 0)),
        doi=str(reference.get("doi", "")),
        note=str(reference.get("note", "")),
        protocol=_table(document, "protocol"),
        golden=_table(document, "golden"),
    )


def _table(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = document.get(name, {})
    if not isinstance(table, Mapping):
        raise SCConfigError(f"'{name}' is {table!r}; it must be a table")
    return table


def _check_keys(where: str, table: Mapping[str, Any], allowed: frozenset[str] | set[str]) -> None:
    for key in table:
        if key not in allowed:
            raise SCConfigError(f"{where} has an unknown key '{key}'{suggest(key, allowed)}")


def _quantities(
    document: Mapping[str, Any], kind: str, places: dict[str, Place]
) -> tuple[Quantity, ...]:
    result = []
    for name, entry in _table(document, kind).items():
        where = f"[{kind}.{name}]"
        if not isinstance(entry, Mapping):
            raise SCConfigError(f"{where} is {entry!r}; it must be a table")
        _check_keys(where, entry, _ENTRIES[kind])
        if "at" in _ENTRIES[kind]:
            places[name] = entry.get("at", "")
        given = entry.get("init" if kind == "states" else "value", 0.0)
        value = require_finite(f"{where} value", given)
        low, high = (
            require_finite(f"{where} {key}", entry[key]) if key in entry else default
            for key, default in (("low", -float("inf")), ("high", float("inf")))
        )
        if not low <= value <= high:
            raise SCConfigError(f"{where} is {value:g}; its range is {low:g} to {high:g}")
        result.append(
            Quantity(name, value, str(entry.get("unit", "")), low, high, entry.get("meaning", ""))
        )
    return tuple(result)
