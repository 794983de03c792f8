"""From a model document to a `Model`: the float reference, or the variant made for hardware."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sc_neurocore.dynamics import Model, Quantity, build_model, parse_block
from sc_neurocore.exceptions import SCConfigError

Document = Mapping[str, Any]


def model_of(document: Document) -> Model:
    """Build the reference model that a shape-checked document describes.

    Raises:
        EquationError, UnitMismatchError, SCConfigError: one sentence each.
    """
    return _build(document, {})


def hardware_model_of(document: Document) -> Model:
    """Build the model with the ``method`` and ``dt`` of its ``[hardware]`` table, if given."""
    chosen = document.get("hardware", {})
    return _build(document, {key: chosen[key] for key in ("method", "dt") if key in chosen})


def _build(document: Document, override: Mapping[str, Any]) -> Model:
    about, dynamics = document["model"], document["dynamics"]
    _require_state_tables(dynamics["equations"], document["states"])
    units = dynamics.get("units")
    strict = units == "strict"
    tables = {
        "init": document["states"],
        "value": document.get("parameters", {}),
    }
    numbers = {
        field: {name: _amount(entry, field, strict) for name, entry in entries.items()}
        for field, entries in tables.items()
    }
    entries = {name: entry for table in tables.values() for name, entry in table.items()}
    inputs = tuple(
        Quantity(
            name,
            float(entry.get("value", 0.0)),
            _unit(entry),
            *_range(entry),
            entry.get("meaning", ""),
            entry.get("kind", "current"),
        )
        for name, entry in inputs_of(document).items()
    )
    settings = {**dynamics, **override}
    model = build_model(
        settings["equations"],
        threshold=settings.get("threshold"),
        reset=settings.get("reset"),
        jumps=settings.get("jumps"),
        params=numbers["value"],
        init=numbers["init"],
        ranges={name: _range(entry) for name, entry in entries.items()},
        inputs=inputs if "inputs" in document else None,
        dt=settings.get("dt", 0.1),
        method=settings.get("method"),
        refractory=settings.get("refractory", 0.0),
        hold=settings.get("hold"),
        integers=[x for x, entry in document["states"].items() if entry.get("type") == "int"],
        edge=settings.get("edge", "level"),
        units=units,
        meanings={name: entry.get("meaning", "") for name, entry in entries.items()},
        name=about["name"],
        description=about.get("description", ""),
    )
    return replace(
        model,
        states=tuple(_as_declared(q, document["states"]) for q in model.states),
        parameters=tuple(_as_declared(q, document.get("parameters", {})) for q in model.parameters),
    )


def inputs_of(document: Document) -> dict[str, Document]:
    """The ``[inputs]`` tables, with one for every element of those that have a ``size``."""
    found: dict[str, Document] = {}
    for name, entry in document.get("inputs", {}).items():
        if "size" in entry:
            found |= {f"{name}_{k}": entry for k in range(entry["size"])}
        else:
            found[name] = entry
    return found


def _amount(entry: Document, field: str, strict: bool) -> Any:
    unit = _unit(entry)
    if not strict or not unit:
        return entry[field]
    return f"{entry[field]!r} {unit}"


def _unit(entry: Document) -> str:
    """Unit text; ``"1"`` in a document is ``""`` in a `Quantity`."""
    unit = str(entry.get("unit", ""))
    return "" if unit == "1" else unit


def _range(entry: Document) -> tuple[float, float]:
    return float(entry.get("low", "-inf")), float(entry.get("high", "inf"))


def _require_state_tables(equations: str, states: Document) -> None:
    """Every state has its table, and its equation ends in the unit that the table declares."""
    for line in parse_block(equations):
        if line.kind == "let":
            continue
        name = line.vector
        if name not in states:
            raise SCConfigError(
                f"the state '{name}' has no table [states.{name}]; add one with at least 'init'"
            )
        declared = states[name].get("unit", "1")
        if line.unit is not None and line.unit != declared:
            raise SCConfigError(
                f"[states.{name}] unit is '{declared}', but the equation ends in "
                f"': {line.unit}'; write the same in both places"
            )


def _as_declared(q: Quantity, entries: Document) -> Quantity:
    """Keep the unit as the document writes it rather than as pint prints it."""
    return replace(q, unit=_unit(entries[q.name])) if q.name in entries else q
