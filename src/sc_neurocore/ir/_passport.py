"""The passport of a part: what it was made from, how, and what it needs of its peers."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from sc_neurocore.evidence import canonical_json, digest
from sc_neurocore.ir._graph import Graph
from sc_neurocore.ir._ops import Neurons, Threshold
from sc_neurocore.ir._places import Crossing, PartitionError, Partitions, PlaceKind

#: Version of the passport's fields.
PASSPORT_SCHEMA = 1
#: Every field of a passport, in the order in which people read them.
PASSPORT_FIELDS = (
    "schema",
    "program",
    "package",
    "tools",
    "source",
    "place",
    "part",
    "digest",
    "passes",
    "seeds",
    "formats",
    "slots",
    "sent",
    "received",
)
_CROSSING = tuple(item.name for item in dataclasses.fields(Crossing))
#: Characters of an option above which its digest stands for it.
_LONGEST_OPTION = 240

Passport = Mapping[str, Any]


def program_digest(passports: Mapping[str, Passport]) -> str:
    """One SHA-256 over all passports of a program, without the digest itself.

    Its first 32 bits go into every packet.

    Args:
        passports: by place.
    """
    bare = {
        place: {key: value for key, value in passport.items() if key != "program"}
        for place, passport in passports.items()
    }
    return digest(canonical_json(bare))


def pass_record(step: object) -> dict[str, Any]:
    """A pass as a passport holds it: its name, and its options or their digest.

    Args:
        step: a dataclass whose fields are its options, or any other callable.
    """
    kind = type(step)
    if not dataclasses.is_dataclass(step):
        name = getattr(step, "__qualname__", kind.__qualname__)
        module = getattr(step, "__module__", kind.__module__)
        return {"name": f"{module}.{name}", "options": {}}
    options = {item.name: option(getattr(step, item.name)) for item in dataclasses.fields(step)}
    return {"name": kind.__name__, "options": options}


def option(value: Any) -> Any:
    """Any option of a pass as JSON; what is long stands there as its digest."""
    found = _plain(value)
    text = canonical_json(found)
    return found if len(text) <= _LONGEST_OPTION else {"sha256": digest(text)}


def _plain(value: Any) -> Any:
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if np.isfinite(value) else repr(value)
        case np.generic():
            return _plain(value.item())
        case np.ndarray():
            return {
                "shape": list(value.shape),
                "sha256": digest(np.ascontiguousarray(value).tobytes()),
            }
        case Graph():
            return {"sha256": value.digest}
        case Mapping():
            return {_key(k): _plain(v) for k, v in value.items()}
        case frozenset() | set():
            return sorted((_plain(v) for v in value), key=canonical_json)
        case tuple() | list():
            return [_plain(v) for v in value]
        case type():
            return value.__qualname__
    if dataclasses.is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    return getattr(value, "__qualname__", type(value).__qualname__)


def _key(key: Any) -> str:
    return " -> ".join(map(str, key)) if isinstance(key, tuple) else str(key)


def part_record(partitions: Partitions, place: str) -> dict[str, Any]:
    """What a passport states about its own part, as JSON values."""
    part = partitions.parts[place]

    def streams(crossings: Iterable[Crossing]) -> list[dict[str, Any]]:
        return [
            {
                **{name: getattr(crossing, name) for name in _CROSSING},
                "transport": partitions.places.wire(crossing.source, crossing.target).transport,
            }
            for crossing in crossings
        ]

    return {
        "place": place,
        "part": partitions.names[place],
        "digest": part.digest,
        "seeds": {"places": partitions.places.seed, **_seeds(part)},
        "formats": _formats(part, partitions.places.places[place].kind),
        "slots": dict(partitions.slots.get(place, {})),
        "sent": streams(partitions.sent_by(place)),
        "received": streams(partitions.received_by(place)),
    }


def _seeds(part: Graph) -> dict[str, Any]:
    """What decides the random numbers of a part, by node: seeds and sources."""
    kinds = {type(node.op) for node in part.nodes.values()}
    random = {
        kind: name
        for kind in kinds
        for name in ("seed", "source")
        if name in kind.__dataclass_fields__
    }
    return {node.id: getattr(node.op, random[type(node.op)]) for node in part.nodes_of(*random)}


def _formats(part: Graph, kind: PlaceKind) -> dict[str, str]:
    """Number format of every population: what the graph states, else that of the simulator.

    That of a chip is chosen when it is made of its part.
    """
    otherwise = "float64" if kind == "process" else "undecided"
    return {
        node.id: str(node.metadata.get("format", otherwise))
        for node in part.nodes_of(Neurons, Threshold)
    }


def require_same_program(mine: Passport, theirs: Passport) -> None:
    """Refuse a peer that was compiled with another program.

    Args:
        mine: the passport of this place.
        theirs: the passport that the peer shows.

    Raises:
        PartitionError: theirs is incomplete, of another version, or of another program.
    """
    lacking = [key for key in PASSPORT_FIELDS if key not in theirs]
    if lacking:
        raise PartitionError(
            f"The peer's passport lacks {', '.join(lacking)}; load the program that `sc-neurocore "
            "partition` wrote there."
        )
    if theirs["schema"] != mine["schema"]:
        raise PartitionError(
            f"The passport of peer {theirs['place']!r} has version {theirs['schema']}, that of "
            f"{mine['place']!r} has {mine['schema']}; run one version of sc-neurocore everywhere."
        )
    if theirs["program"] == mine["program"]:
        return
    differ = [key for key in ("package", "source", "passes", "tools") if theirs[key] != mine[key]]
    why = f"; they differ in {', '.join(differ)}" if differ else ""
    raise PartitionError(
        f"Peer {theirs['place']!r} runs program {str(theirs['program'])[:8]}, place "
        f"{mine['place']!r} runs {str(mine['program'])[:8]}{why}; load one program at all places."
    )
