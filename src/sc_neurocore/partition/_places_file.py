"""The file that says over what a network is spread."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

from sc_neurocore.dynamics import suggest
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir import (
    LATE_POLICIES,
    LatePolicy,
    Place,
    Places,
    Wire,
)
from sc_neurocore.ir._places import PlaceKind, Transport
from sc_neurocore.partition._table import Table
from sc_neurocore.toolchain import targets

MAX_BYTES = 1_048_576
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_TOP = ("tick_us", "seed", "places", "wires", "nodes", "split")
_PLACE = ("kind", "host", "port", "clock", "target", "capacity", "roles")
_WIRE = ("transport", "hops", "per_hop_budget_us", "late", "window", "credits")
_PROCESS = ("neurons", "synapses")
_CHIP = (*_PROCESS, "luts", "brams")
#: Slices that a population may be split into.
_SLICES = 65_536


@dataclass(frozen=True)
class PlacesFile:
    """What a places file says.

    Attributes:
        places: and the wires between them.
        tick_ns: real time of a tick; None to run as fast as possible.
        nodes: place by node id or shell pattern.
        splits: slices by population.
    """

    places: Places
    tick_ns: int | None = None
    nodes: Mapping[str, str] = field(default_factory=dict)
    splits: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "nodes", MappingProxyType(dict(self.nodes)))
        object.__setattr__(self, "splits", MappingProxyType(dict(self.splits)))


def load_places(path: Path | str) -> PlacesFile:
    """Read a places file (TOML).

    Args:
        path: of the file.

    Raises:
        SCConfigError: it cannot be read, or says something that is not allowed; the sentence names
            file, table, field and what is allowed.
    """
    file = Path(path)
    top = Table(str(path), "", _document(file))
    top.require_keys(_TOP)
    listed = top.table("places")
    if not listed.values:
        top.refuse("has no places; give at least one table [places.NAME]")
    places = {name: _place(listed, name) for name in listed.values}
    _require_ports(listed, places)
    default, wires = _wires(top.table("wires"), places)
    return PlacesFile(
        Places(places, wires, default, top.whole("seed", 1, 0, 2**32 - 1)),
        top.nanoseconds("tick_us"),
        _pins(top.table("nodes"), places),
        _splits(top.table("split")),
    )


def _document(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise SCConfigError(f"{path}: no such file") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SCConfigError(f"{path}: cannot be read ({reason})") from None
    if len(data) > MAX_BYTES:
        raise SCConfigError(f"{path}: larger than {MAX_BYTES} bytes, the limit for a places file")
    try:
        return tomllib.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise SCConfigError(f"{path}: not UTF-8 text (byte {error.start})") from None
    except tomllib.TOMLDecodeError as error:
        text = str(error)
        raise SCConfigError(f"{path}: not valid TOML: {text[:1].lower()}{text[1:]}") from None
    except RecursionError:
        raise SCConfigError(f"{path}: tables or lists nest too deeply") from None


def _place(listed: Table, name: str) -> Place:
    if not _NAME.fullmatch(name):
        listed.refuse(
            f"{name!r} is no name of a place; use a letter, then letters, digits, '_' and '-', "
            "64 at most"
        )
    table = listed.table(name)
    table.require_keys(_PLACE)
    kind = cast(PlaceKind, table.choice("kind", "process", ("process", "chip")))
    return Place(
        name,
        kind,
        table.text("host", "127.0.0.1"),
        table.whole("port", 0, 0, 65_535),
        table.text("clock", "tick"),
        _target(table, kind),
        _capacity(table.table("capacity"), kind),
        _roles(table.table("roles")),
    )


def _target(table: Table, kind: PlaceKind) -> str:
    target = table.text("target", "")
    if kind == "process":
        if target:
            table.refuse(f"target is {target!r}, but a process has none; leave it out, or set kind")
        return ""
    known = targets()
    if not target:
        table.refuse(f"is a chip without a target; give one of {', '.join(known)}")
    if target not in known:
        table.refuse(f"target is {target!r}{suggest(target, known)}")
    return target


def _capacity(table: Table, kind: PlaceKind) -> dict[str, float]:
    table.require_keys(_PROCESS if kind == "process" else _CHIP)
    return {key: table.whole(key, 0, 0, 2**53) for key in table.values}


def _roles(table: Table) -> dict[str, str]:
    for key, value in table.values.items():
        if isinstance(value, list):
            named = " and ".join(map(repr, value))
            table.refuse(f"names {len(value)} providers for {key} ({named}); a role has one")
    return {key: table.text(key, "") for key in table.values}


def _require_ports(listed: Table, places: Mapping[str, Place]) -> None:
    """Ports that can be told to the other places, and no two alike on one host."""
    apart = len({place.host for place in places.values()}) > 1
    taken: dict[tuple[str, int], str] = {}
    for name, place in places.items():
        table = listed.table(name)
        if apart and not place.port:
            table.refuse(
                "has no port; places on several hosts must each give the first of theirs, "
                "1 to 65535"
            )
        other = taken.setdefault((place.host, place.port), name)
        if place.port and other != name:
            table.refuse(f"port is {place.port}, which place {other!r} has on the same host")


def _wires(table: Table, places: Mapping[str, Place]) -> tuple[Wire, dict[tuple[str, str], Wire]]:
    table.require_keys(("default", "link"))
    given = table.table("default")
    given.require_keys(_WIRE)
    default = _wire(given, Wire())
    wires: dict[tuple[str, str], Wire] = {}
    for link in table.tables("link"):
        link.require_keys(("from", "to", *_WIRE))
        source, target = _end(link, "from", places), _end(link, "to", places)
        if source == target:
            link.refuse(f"leads from {source!r} to itself; a wire joins two places")
        if (source, target) in wires:
            link.refuse(f"is the second from {source!r} to {target!r}; give one for each pair")
        wires[source, target] = _wire(link, default)
    return default, wires


def _end(link: Table, key: str, places: Mapping[str, Place]) -> str:
    if key not in link.values:
        link.refuse(f"does not say where it leads {key}; give {key} = PLACE")
    return link.choice(key, "", tuple(places))


def _wire(table: Table, default: Wire) -> Wire:
    """A wire; what the table does not say is as in ``default``."""
    window = table.whole("window", default.window, 1, 65_536)
    if window & (window - 1):
        near = 1 << window.bit_length()
        table.refuse(f"window is {window}; it must be a power of two, such as {near}")
    budget = table.nanoseconds("per_hop_budget_us")
    return Wire(
        cast(Transport, table.choice("transport", default.transport, ("udp", "reliable"))),
        table.whole("hops", default.hops, 1, 65_535),
        default.per_hop_budget_ns if budget is None else budget,
        cast(LatePolicy, table.choice("late", default.late, LATE_POLICIES)),
        window,
        table.whole("credits", default.credits, 1, 65_535),
    )


def _pins(table: Table, places: Mapping[str, Place]) -> dict[str, str]:
    _require_quoted(table, "a place in quotes")
    return {key: table.choice(key, "", tuple(places)) for key in table.values}


def _splits(table: Table) -> dict[str, int]:
    _require_quoted(table, "a number of slices")
    return {key: table.whole(key, 1, 1, _SLICES) for key in table.values}


def _require_quoted(table: Table, value: str) -> None:
    for key, found in table.values.items():
        if not key:
            table.refuse("has an empty node id")
        if isinstance(found, dict):
            table.refuse(f"{key} is a table; put ids with dots in quotes, then {value}")
