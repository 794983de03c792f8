"""Rules of an SC-NIR document that hold between fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sc_neurocore.ir._scnir_checks import WEIGHT_ID, nearest, refuse


def check_relations(payload: Mapping[str, Any]) -> None:
    """Check a document of the right form."""
    streams = {stream["id"]: stream for stream in payload["streams"]}
    _unique((s["id"] for s in payload["streams"]), "streams", "id")
    for index, stream in enumerate(payload["streams"]):
        _stream_relations(stream, streams, f"streams[{index}]")
    for key in ("id", "module", "instance"):
        _unique((i[key] for i in payload["hierarchy"]), "hierarchy", key)
    owners: dict[str, str] = {}
    for index, instance in enumerate(payload["hierarchy"]):
        _instance_relations(instance, streams, owners, f"hierarchy[{index}]")


def _unique(names: Iterable[str], path: str, key: str) -> None:
    """Refuse a name that occurs twice; some tools take no notice of case."""
    seen: dict[str, tuple[int, str]] = {}
    for index, name in enumerate(names):
        folded = name if key == "id" else name.lower()
        if folded in seen:
            first, other = seen[folded]
            refuse(f"{path}[{index}].{key}", f"is '{name}', but {path}[{first}] has '{other}'")
        seen[folded] = index, name


def _stream_relations(stream: Any, streams: Mapping[str, Any], path: str) -> None:
    weight = stream["signal_kind"] == "weight"
    if weight != bool(WEIGHT_ID.fullmatch(stream["id"])):
        refuse(
            f"{path}.id",
            f"is '{stream['id']}' with signal_kind '{stream['signal_kind']}'; weight streams, and "
            "no others, are named conn.<source>_to_<target>.weight",
        )
    source, precision = stream["source"], stream["precision"]
    if source.get("seed", 0) >= 1 << source["width"] and source["kind"] != "random":
        refuse(
            f"{path}.source.seed",
            f"is {source['seed']}; it must be below 2^{source['width']}, for width is "
            f"{source['width']}",
        )
    total = precision["total_bits"]
    if precision["fraction_bits"] > total:
        refuse(
            f"{path}.precision.fraction_bits",
            f"is {precision['fraction_bits']}; it must be at most total_bits, which is {total}",
        )
    if precision["accumulator_bits"] < total:
        refuse(
            f"{path}.precision.accumulator_bits",
            f"is {precision['accumulator_bits']}; it must be at least total_bits, which is {total}",
        )
    if not weight and isinstance(stream["delay_steps"], list):
        refuse(
            f"{path}.delay_steps",
            "is a vector; only a weight stream has one delay per source column",
        )
    _learning_relations(stream["online_learning"], weight, f"{path}.online_learning")
    _correlation_relations(stream, streams, path)


def _learning_relations(annotation: Any, weight: bool, path: str) -> None:
    if annotation is None:
        return
    if not weight:
        refuse(path, "stands on a stream that is no weight stream; only weights learn")
    if not annotation["weight_min"] < annotation["weight_max"]:
        refuse(
            f"{path}.weight_max",
            f"is {annotation['weight_max']}; it must be above weight_min, which is "
            f"{annotation['weight_min']}",
        )


def _correlation_relations(stream: Any, streams: Mapping[str, Any], path: str) -> None:
    seen = set()
    for index, constraint in enumerate(stream["correlation"]):
        where, other = f"{path}.correlation[{index}].stream", constraint["stream"]
        if other not in streams:
            refuse(where, f"is '{other}', which is no stream{nearest(other, streams)}")
        if other == stream["id"]:
            refuse(where, f"is '{other}', the stream itself, which is always correlated")
        if other in seen:
            refuse(where, f"is '{other}', which has a constraint already")
        seen.add(other)
        length = streams[other]["bitstream_length"]
        if length != stream["bitstream_length"]:
            refuse(
                where,
                f"is '{other}' of {length} bits, which cannot be multiplied with a stream of "
                f"{stream['bitstream_length']}; give both one bitstream_length",
            )


def _instance_relations(
    instance: Any, streams: Mapping[str, Any], owners: dict[str, str], path: str
) -> None:
    _unique((port["name"] for port in instance["ports"]), f"{path}.ports", "name")
    if all(port["direction"] == "input" for port in instance["ports"]):
        refuse(f"{path}.ports", "has no output; an instance makes at least one stream")
    seen = set()
    for index, port in enumerate(instance["ports"]):
        where, name = f"{path}.ports[{index}]", port["stream"]
        if name not in streams:
            refuse(f"{where}.stream", f"is '{name}', which is no stream{nearest(name, streams)}")
        kind = streams[name]["signal_kind"]
        if port["signal_kind"] != kind:
            refuse(
                f"{where}.signal_kind",
                f"is '{port['signal_kind']}', but stream '{name}' is '{kind}'; they must match",
            )
        if name in seen:
            refuse(f"{where}.stream", f"is '{name}', which another port of the instance has")
        seen.add(name)
        if port["direction"] == "output":
            owner = owners.setdefault(name, instance["id"])
            if owner != instance["id"]:
                refuse(
                    f"{where}.stream",
                    f"is '{name}', which instance '{owner}' makes; only one can",
                )
