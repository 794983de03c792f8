"""A compiled network on disk: one directory, written whole or not at all, checked when read."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from sc_neurocore.build._bundle import (
    SCHEMA,
    BundleError,
    load_bundle,
    write_files,
    write_manifest,
    writing,
)
from sc_neurocore.evidence import canonical_json, decode_json
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir import (
    Crossing,
    Graph,
    PartitionError,
    Partitions,
    Place,
    Places,
    VerifyCalls,
    VerifyRuntime,
    Wire,
    graph_bytes,
    graph_from_bytes,
)
from sc_neurocore.ir._fields import fits
from sc_neurocore.ir.passes import run_passes

#: Kind of the bundle.
PROGRAM = "program"
#: Description of a program: everything but its graphs.
_DESCRIPTION = "program.json"
_WHOLE = "whole.graph"
_FIELDS = ("places", "default_wire", "wires", "seed", "parts", "crossings", "slots", "passports")

Record = TypeVar("Record", Place, Wire, Crossing)


def write_program(
    partitions: Partitions, path: Path | str, pictures: Mapping[str, str] | None = None
) -> None:
    """Write a compiled network to a directory.

    The same partitions give the same bytes; there are neither times nor paths in them. An unchanged
    program that stands there is replaced.

    Args:
        partitions: compiled, with passports.
        path: the directory.
        pictures: SVG texts by file name, kept beside it.

    Raises:
        PartitionError: the partitions are not complete, see `VerifyRuntime`.
        SCConfigError: the directory cannot be written, or holds something else.
    """
    VerifyRuntime()(partitions)
    places = partitions.places
    description = {
        "places": [dataclasses.asdict(_plain(place)) for place in places.places.values()],
        "default_wire": dataclasses.asdict(places.default_wire),
        "wires": [
            {"from": source, "to": target, **dataclasses.asdict(wire)}
            for (source, target), wire in places.wires.items()
        ],
        "seed": places.seed,
        "parts": [[place, partitions.names[place]] for place in partitions.parts],
        "crossings": [dataclasses.asdict(crossing) for crossing in partitions.crossings.values()],
        "slots": {place: dict(slots) for place, slots in partitions.slots.items()},
        "passports": {place: dict(passport) for place, passport in partitions.passports.items()},
    }
    with writing(Path(path)) as root:
        files: dict[str, str | bytes] = {
            _DESCRIPTION: canonical_json(description),
            _WHOLE: graph_bytes(partitions.whole),
            **{_part(place): graph_bytes(part) for place, part in partitions.parts.items()},
            **(pictures or {}),
        }
        digests = write_files(root, files)
        program = next((p["program"] for p in partitions.passports.values()), "")
        write_manifest(
            root, {"schema": SCHEMA, "kind": PROGRAM, "program": program, "files": digests}
        )


def open_program(path: Path | str) -> Partitions:
    """Open a directory that `write_program` wrote.

    Every file must match its digest, every part its passport, and the whole must pass the checks
    that end a compilation.

    Raises:
        BundleError: there is no program, or a file is missing, unknown or changed.
        SCConfigError: a file holds nothing that could be read.
        PartitionError: parts, crossings and passports contradict one another.
    """
    root = Path(path)
    bundle = load_bundle(root)
    if bundle.manifest.get("kind") != PROGRAM:
        raise BundleError(
            f"'{root}' is no program of a partitioned network; write one with "
            "`sc-neurocore partition NET --places FILE.toml --out DIR`"
        )
    where = str(root / _DESCRIPTION)
    document = decode_json(_read(root, _DESCRIPTION), where)
    found = _members(document, _FIELDS, where)
    listed = [_record(Place, value, f"{where}: a place") for value in _list(found["places"], where)]
    parts: dict[str, Graph] = {}
    names: dict[str, str] = {}
    for row in _list(found["parts"], where):
        if not fits(row, list) or len(row) != 2 or not all(isinstance(x, str) for x in row):
            raise SCConfigError(f"{where}: a part must have a place and a name")
        place, names[row[0]] = row
        parts[place] = graph_from_bytes(_read(root, _part(place)), str(root / _part(place)))
    if not fits(found["seed"], int):
        raise SCConfigError(f"{where}: seed must be a whole number")
    for key in ("slots", "passports"):
        if not fits(found[key], Mapping[str, Mapping[str, object]]):
            raise SCConfigError(f"{where}: {key} must be a table for each place")
    crossings = [
        _record(Crossing, value, f"{where}: a crossing")
        for value in _list(found["crossings"], where)
    ]
    partitions = Partitions(
        graph_from_bytes(_read(root, _WHOLE), str(root / _WHOLE)),
        parts,
        names,
        {crossing.stream: crossing for crossing in crossings},
        Places(
            {place.name: place for place in listed},
            dict(_wire(value, where) for value in _list(found["wires"], where)),
            _record(Wire, found["default_wire"], f"{where}: the default wire"),
            found["seed"],
        ),
        found["slots"],
        found["passports"],
    )
    try:
        run_passes(partitions, (VerifyCalls(), VerifyRuntime()))
    except PartitionError as error:
        raise PartitionError(f"'{root}' cannot run: {error} Compile it again.") from None
    return partitions


def _part(place: str) -> str:
    if not place or not all(c.isalnum() or c in "_-" for c in place):
        raise PartitionError(
            f"Place {place!r} cannot name a file; use letters, digits, '_' and '-' only."
        )
    return f"parts/{place}.graph"


def _plain(place: Place) -> Any:
    """A place whose mappings can be copied."""
    copy = dataclasses.replace(place)
    object.__setattr__(copy, "capacity", dict(place.capacity))
    object.__setattr__(copy, "roles", dict(place.roles))
    return copy


def _read(root: Path, name: str) -> bytes:
    try:
        return (root / name).read_bytes()
    except OSError as error:
        raise BundleError(f"{root / name} cannot be read: {error.strerror}") from None


def _members(value: Any, names: tuple[str, ...], where: str) -> dict[str, Any]:
    if not isinstance(value, dict) or set(value) != set(names):
        raise SCConfigError(f"{where} must have exactly the fields {', '.join(names)}")
    return value


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise SCConfigError(f"{where}: {value!r:.40} must be a list")
    return value


def _record(kind: type[Record], value: Any, where: str) -> Record:
    """A dataclass from its fields."""
    hints = typing.get_type_hints(kind)
    names = tuple(item.name for item in dataclasses.fields(kind))
    fields = _members(value, names, where)
    for name in names:
        if not fits(fields[name], hints[name]):
            raise SCConfigError(f"{where} has {name} {fields[name]!r:.40}, which does not fit")
    return kind(**fields)


def _wire(value: Any, where: str) -> tuple[tuple[str, str], Wire]:
    ends = {key: value.get(key) if isinstance(value, dict) else None for key in ("from", "to")}
    if not fits(ends, Mapping[str, str]):
        raise SCConfigError(f"{where}: a wire must lead from a place to a place")
    rest = {key: item for key, item in value.items() if key not in ends}
    return (ends["from"], ends["to"]), _record(Wire, rest, f"{where}: a wire")
