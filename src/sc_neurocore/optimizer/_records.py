"""Observations as JSON records: which keys there are, in which units, and in which sections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sc_neurocore.dynamics import suggest
from sc_neurocore.evidence import decode_json, read_bytes
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.optimizer._observation import (
    BenchmarkObservation,
    ObservationLoadError,
    checked_field,
    checked_real,
    file_of,
    shown,
)

SECTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "design": ("layer_id", "mac_count", "bitstream_length", "decorrelator", "precision_bits",
                   "polynomial", "target"),
        "metrics": ("luts_used", "lut_unit", "power_mw", "power_source", "dynamic_mw",
                    "latency_cycles", "accuracy_score", "ffs", "brams", "dsps", "fmax_mhz"),
        "workload": ("clock_mhz", "inferences_per_run"),
    }
)  # fmt: skip
"""Sections of a record and their fields; a record may also be flat."""

LARGEST_FILE = 64 << 20
"""Bytes of the largest evidence file that is read."""

_ONE = Decimal(1)

# Other keys of a field, and the factor that brings their unit to the field's. Each says its unit,
# or counts something.
_ALIASES: Mapping[str, tuple[str, Decimal]] = MappingProxyType(
    {
        "id": ("layer_id", _ONE),
        "lfsr_polynomial": ("polynomial", _ONE),
        "luts": ("luts_used", _ONE),
        "power_w": ("power_mw", Decimal(1000)),
        "power_uw": ("power_mw", Decimal("0.001")),
        "dynamic_w": ("dynamic_mw", Decimal(1000)),
        "dynamic_uw": ("dynamic_mw", Decimal("0.001")),
        "accuracy_percent": ("accuracy_score", Decimal("0.01")),
        "fmax_ghz": ("fmax_mhz", Decimal(1000)),
        "fmax_khz": ("fmax_mhz", Decimal("0.001")),
        "fmax_hz": ("fmax_mhz", Decimal("0.000001")),
        "clock_ghz": ("clock_mhz", Decimal(1000)),
        "clock_khz": ("clock_mhz", Decimal("0.001")),
        "clock_hz": ("clock_mhz", Decimal("0.000001")),
    }
)

# Quantities whose key must end in a unit, and the keys that do.
_QUANTITIES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "power": ("power_mw", "power_uw", "power_w"),
        "dynamic": ("dynamic_mw", "dynamic_uw", "dynamic_w"),
        "fmax": ("fmax_mhz", "fmax_ghz", "fmax_khz", "fmax_hz"),
        "clock": ("clock_mhz", "clock_ghz", "clock_khz", "clock_hz"),
        "latency": ("latency_cycles",),
        "accuracy": ("accuracy_score", "accuracy_percent"),
    }
)

_FIELDS = {entry.name: entry for entry in fields(BenchmarkObservation)}
_REQUIRED = tuple(name for name, entry in _FIELDS.items() if entry.default is MISSING)


def read_evidence(path: str | Path) -> Any:
    """Decode a JSON file of evidence.

    Raises:
        ObservationLoadError: it cannot be read, is too large, or is no strict JSON.
    """
    try:
        return decode_json(read_bytes(file_of(path, "the evidence"), LARGEST_FILE), str(path))
    except SCConfigError as error:
        raise ObservationLoadError(str(error)) from None


def observation_of(
    record: Any, where: str, *, source: str, skipped: tuple[str, ...] = ()
) -> BenchmarkObservation:
    """The observation of a record.

    Args:
        record: an object of fields, flat or in the `SECTIONS`.
        where: file and record, for messages.
        source: of the observation, unless the record names its own.
        skipped: keys that are allowed and not read.

    Raises:
        ObservationLoadError: a field is missing, unknown, given twice or breaks its rule.
    """
    found = fields_of(record, where, allowed=tuple(_FIELDS), skipped=("notes", *skipped))
    for name in _REQUIRED:
        if name not in found:
            raise ObservationLoadError(f"{where}: '{name}' is missing")
    return observation_with({"source": source, **found}, where)


def observation_with(found: Mapping[str, Any], where: str) -> BenchmarkObservation:
    """The observation of checked fields.

    Raises:
        ObservationLoadError: two of them contradict each other.
    """
    try:
        return BenchmarkObservation(**found)
    except SCConfigError as error:
        raise ObservationLoadError(f"{where}: {error}") from None


def fields_of(
    record: Any, where: str, *, allowed: tuple[str, ...], skipped: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Checked fields of a record, by their own names and in their own units.

    Raises:
        ObservationLoadError: as `observation_of`, but that nothing need be there.
    """
    if not isinstance(record, Mapping):
        raise ObservationLoadError(f"{where} is {shown(record)}; it must be an object of fields")
    found: dict[str, Any] = {}
    came_from: dict[str, str] = {}
    for path, key, value in _flattened(record, where):
        if key in skipped:
            continue
        name, factor = _ALIASES.get(key, (key, _ONE))
        if name not in allowed:
            raise ObservationLoadError(f"{where}: {_unknown(key, allowed)}")
        if name in found:
            raise ObservationLoadError(
                f"{where}: '{came_from[name]}' and '{path}' both give the field '{name}'; give one"
            )
        try:
            found[name] = checked_field(name, _scaled(key, value, factor))
        except SCConfigError as error:
            raise ObservationLoadError(f"{where}: {error}") from None
        came_from[name] = path
    return found


def record_of(observation: BenchmarkObservation) -> dict[str, Any]:
    """The record of an observation, in sections, without what it does not know."""
    record: dict[str, Any] = {}
    for section, names in SECTIONS.items():
        values = {name: getattr(observation, name) for name in names}
        known = {name: value for name, value in values.items() if value not in (None, "")}
        if known:
            record[section] = known
    if observation.source:
        record["source"] = observation.source
    return {**record, "word": observation.word}


def _flattened(record: Mapping[Any, Any], where: str) -> list[tuple[str, str, Any]]:
    """Path, key and value of each field, those of the sections included."""
    flat: list[tuple[str, str, Any]] = []
    for key, value in record.items():
        if not isinstance(key, str):
            raise ObservationLoadError(f"{where}: the key {shown(key)} is no text")
        if key in SECTIONS:
            if not isinstance(value, Mapping):
                raise ObservationLoadError(
                    f"{where}: '{key}' is {shown(value)}; it must be an object of fields"
                )
            flat += [(f"{key}.{inner}", str(inner), v) for inner, v in value.items()]
        else:
            flat.append((key, key, value))
    return flat


def _scaled(key: str, value: Any, factor: Decimal) -> Any:
    """A value in the unit of the field; its decimals stay what they were."""
    if factor == 1:
        return value
    number = checked_real(key, value)
    return float(Decimal(repr(number)) * factor)


def _unknown(key: str, allowed: tuple[str, ...]) -> str:
    for quantity, keys in _QUANTITIES.items():
        known = [k for k in keys if _ALIASES.get(k, (k,))[0] in allowed]
        if known and (key == quantity or key.startswith(f"{quantity}_")):
            unit = key[len(quantity) + 1 :]
            what = f"the unit '{unit}' of '{key}' is not known" if unit else f"'{key}' has no unit"
            return f"{what}; write {' or '.join(known)}"
    return f"there is no field '{key}'{suggest(key, (*allowed, 'notes'))}"
