"""Rule documents: finding, reading and checking TOML."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from sc_neurocore.dynamics import Quantity, require_finite, suggest
from sc_neurocore.dynamics._units import unit
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.synapses._build import build_rule
from sc_neurocore.synapses._rule import Place, Rule

MAX_BYTES = 1_048_576
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
#: Tables, their fields, and what each must be.
_KINDS: Mapping[str, Mapping[str, str]] = {
    "rule": dict.fromkeys(("name", "class", "title", "description"), "text")
    | {"keywords": "a list of texts"},
    "reference": dict.fromkeys(("title", "doi", "note"), "text")
    | {"authors": "a list of texts", "year": "a whole number of 0 or more"},
    "dynamics": dict.fromkeys(("equations", "on_pre", "on_post", "every_tick", "when"), "text"),
    "protocol": {
        "dt": "a number above 0",
        "ticks": "a whole number of 0 or more",
        "pre": "a list of ticks",
        "post": "a list of ticks",
        "inputs": "a table",
    },
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
    if not isinstance(source, str | Path):
        raise SCConfigError(f"rule is {source!r:.60}; give a bundled rule's name or a file's path")
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
    document = _parsed(str(path), text)
    # Reading units loads pint; those of the bundled rules are checked by the tests.
    for q in (*document.rule.states, *document.rule.parameters, *document.rule.inputs):
        unit(q.unit, f"{path}: '{q.name}'")
    return document


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
    allowed = {"schema_version", "golden", *_KINDS, *_ENTRIES}
    _check_keys("the document", document, allowed)
    for table in ("rule", "dynamics", "states"):
        if table not in document:
            raise SCConfigError(f"there is no [{table}] table; add one")
    for table, kinds in _KINDS.items():
        _check_keys(f"[{table}]", _table(document, table), kinds.keys())
        for key, value in _table(document, table).items():
            _check_kind(f"[{table}] {key}", value, kinds[key])
    about, reference = _table(document, "rule"), _table(document, "reference")
    places: dict[str, Place] = {}
    quantities = {kind: _quantities(document, kind, places) for kind in _ENTRIES}
    name = about.get("name", "rule")
    if not _NAME.fullmatch(name):
        raise SCConfigError(f"[rule] name is {name!r:.60}; it must be an identifier")
    rule = build_rule(
        name=name,
        description=about.get("description", ""),
        states=quantities["states"],
        parameters=quantities["parameters"],
        inputs=quantities["inputs"],
        places=places,
        **_table(document, "dynamics"),
    )
    protocol, golden = _table(document, "protocol"), _table(document, "golden")
    _check_names("[protocol] inputs", protocol.get("inputs", {}), [q.name for q in rule.inputs])
    _check_names("[golden]", golden, [q.name for q in rule.states])
    return RuleDocument(
        rule=rule,
        face=about.get("class", ""),
        title=about.get("title", name),
        keywords=tuple(about.get("keywords", ())),
        authors=tuple(reference.get("authors", ())),
        year=reference.get("year", 0),
        doi=reference.get("doi", ""),
        note=reference.get("note", ""),
        protocol=protocol,
        golden=golden,
    )


def _table(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = document.get(name, {})
    if not isinstance(table, Mapping):
        raise SCConfigError(f"'{name}' is {table!r}; it must be a table")
    return table


def _check_keys(where: str, table: Mapping[str, Any], allowed: Set[str]) -> None:
    for key in table:
        if key not in allowed:
            raise SCConfigError(f"{where} has an unknown key '{key}'{suggest(key, allowed)}")


def _check_kind(where: str, value: object, kind: str) -> None:
    """Refuse a value that is not of a kind; the sentence calls the kind by its name."""
    fits = {
        "text": isinstance(value, str),
        "a list of texts": isinstance(value, list) and all(isinstance(x, str) for x in value),
        "a list of ticks": isinstance(value, list) and all(_is_whole(x) for x in value),
        "a whole number of 0 or more": _is_whole(value),
        "a number above 0": isinstance(value, int | float) and 0 < value < float("inf"),
        "a table": isinstance(value, Mapping),
    }
    if not fits[kind]:
        raise SCConfigError(f"{where} is {value!r:.60}; it must be {kind}")


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _check_names(where: str, table: Mapping[str, Any], known: list[str]) -> None:
    """Refuse names that the rule does not have, and values that are no numbers."""
    for name, value in table.items():
        if name not in known:
            raise SCConfigError(
                f"{where} names '{name}', which the rule does not have{suggest(name, known)}"
            )
        require_finite(f"{where} '{name}'", value)


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
        for key in ("unit", "meaning"):
            _check_kind(f"{where} {key}", entry.get(key, ""), "text")
        key = "init" if kind == "states" else "value"
        if key not in entry:
            raise SCConfigError(f"{where} has no '{key}'; give it a number")
        value = require_finite(f"{where} {key}", entry[key])
        low, high = (
            require_finite(f"{where} {key}", entry[key]) if key in entry else default
            for key, default in (("low", -float("inf")), ("high", float("inf")))
        )
        if not low <= value <= high:
            raise SCConfigError(f"{where} is {value:g}; its range is {low:g} to {high:g}")
        meaning = entry.get("meaning", "")
        result.append(Quantity(name, value, entry.get("unit", ""), low, high, meaning))
    return tuple(result)
