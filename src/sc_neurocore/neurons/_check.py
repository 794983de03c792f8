"""What a JSON Schema cannot say of a model document: ranges, the stimulus, the equations."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from sc_neurocore.dynamics import suggest
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.neurons._model import hardware_model_of, inputs_of, model_of
from sc_neurocore.neurons._shape import SchemaError, check_shape

Document = Mapping[str, Any]
_VALUE = {"states": "init", "parameters": "value", "inputs": "value"}


def check_document(document: object) -> list[SchemaError]:
    """Return every finding about a parsed document: its shape, then its content."""
    found = check_shape(document)
    if found or not isinstance(document, Mapping):
        return found
    found = [*_ranges(document), *_protocol(document), *_extensions(document)]
    return found or list(_equations(document))


def _ranges(document: Document) -> Iterator[SchemaError]:
    for table, field in _VALUE.items():
        for name, entry in document.get(table, {}).items():
            low, high = entry.get("low", float("-inf")), entry.get("high", float("inf"))
            section = f"{table}.{name}"
            value = entry.get(field, 0.0)
            if low >= high:
                yield _error(section, f"'low' is {low:g}; it must be below 'high', {high:g}")
            elif not low <= value <= high:
                yield _error(
                    section, f"'{field}' is {value:g}; it must lie in its range [{low:g}, {high:g}]"
                )


def _protocol(document: Document) -> Iterator[SchemaError]:
    if "protocol" not in document:
        return
    protocol, inputs = document["protocol"], inputs_of(document)
    name = protocol["input"]
    if name not in inputs:
        yield _error("protocol", f"'input' is '{name}', which is no [inputs] table"
                     f"{suggest(name, inputs)}")  # fmt: skip
        return
    low, high = inputs[name].get("low", float("-inf")), inputs[name].get("high", float("inf"))
    amplitudes = {"amplitude": protocol["amplitude"]}
    sweep = protocol.get("sweep")
    if sweep:
        amplitudes |= {"sweep.low": sweep["low"], "sweep.high": sweep["high"]}
        if sweep["low"] >= sweep["high"]:
            yield _error("protocol.sweep", "'low' must be below 'high'")
    for field, value in amplitudes.items():
        if not low <= value <= high:
            yield _error(
                "protocol",
                f"'{field}' is {value:g}; the input '{name}' is declared in [{low:g}, {high:g}]",
            )
    event = inputs[name].get("kind") == "event"
    if event != ("period" in protocol):
        yield _error(
            "protocol",
            f"'period' is missing: the time in ms between the events of '{name}'"
            if event
            else f"'period' is of event inputs; '{name}' is a current, which takes a step",
        )
    dt = document["dynamics"].get("dt", 0.1)
    onset, end = (protocol[field] / dt for field in ("onset", "duration"))
    # A run that is too long to be counted is refused where it is made.
    if math.isfinite(end) and round(onset) >= round(end):
        yield _error("protocol", f"'onset' must be a tick of {dt:g} ms before the end, 'duration'")
    if protocol.get("period", dt) < dt:
        yield _error("protocol", f"'period' is {protocol['period']:g} ms; a tick takes {dt:g} ms")


def _extensions(document: Document) -> Iterator[SchemaError]:
    """TOML knows dates and infinities, which a document in JSON could not hold."""
    for name, value in document.get("extensions", {}).items():
        if not _is_json(value):
            yield _error(
                "extensions",
                f"'{name}' holds a date, a time or a number that is not finite, which JSON has "
                "not; write it as a string in quotes",
            )


def _is_json(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(map(_is_json, value.values()))
    if isinstance(value, list):
        return all(map(_is_json, value))
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, (str, int))


def _equations(document: Document) -> Iterator[SchemaError]:
    try:
        model_of(document)
    except SCConfigError as error:
        yield _error("dynamics", str(error))
        return
    if not {"method", "dt"} & document.get("hardware", {}).keys():
        return
    try:
        hardware_model_of(document)
    except SCConfigError as error:
        yield _error("hardware", str(error))


def _error(section: str, message: str) -> SchemaError:
    return SchemaError("error", message, section)
