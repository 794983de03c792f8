"""The catalogue: models by name, how complete each one is, and whether files are valid."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from sc_neurocore.dynamics import Model
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.neurons._behaviour import recorded_behaviour
from sc_neurocore.neurons._check import check_document
from sc_neurocore.neurons._document import (
    checked,
    list_bundled_schemas,
    load_schema,
    locate,
    read_unchecked,
)
from sc_neurocore.neurons._model import hardware_model_of, model_of
from sc_neurocore.neurons._shape import SchemaError


@dataclass(frozen=True)
class Descriptor:
    """What the catalogue knows of a model.

    Attributes:
        name: catalogue name.
        class_name: name of its class in `sc_neurocore.neurons`, or ``""``.
        title: name in prose.
        family: kind of equations.
        behaviour: tags of what it does, as a probe measured them (`sc_neurocore.neurons.measure`);
            empty for a model file, which is not probed for its description.
        description: one sentence.
        keywords: words to search for.
        authors: authors of the primary source.
        year: year of the primary source.
        doi: digital object identifier of the primary source.
        states: names of the state variables.
        parameters: names of the parameters.
        inputs: names of the inputs.
        back_ends: executions that the document holds enough data for.
        tier: completeness from 0 to 3; see `tier`.
    """

    name: str
    class_name: str
    title: str
    family: str
    behaviour: tuple[str, ...]
    description: str
    keywords: tuple[str, ...]
    authors: tuple[str, ...]
    year: int | None
    doi: str
    states: tuple[str, ...]
    parameters: tuple[str, ...]
    inputs: tuple[str, ...]
    back_ends: tuple[str, ...]
    tier: int


def load_model(source: str | Path) -> Model:
    """Load the reference model of a bundled name or a ``.toml``/``.json`` file.

    Raises:
        SCConfigError: as `load_schema`.
    """
    return _built(model_of, *locate(source))


def load_hardware_model(source: str | Path) -> Model:
    """Load the model as its ``[hardware]`` table wants it built: other ``method`` or ``dt``.

    Raises:
        SCConfigError: as `load_schema`.
    """
    return _built(hardware_model_of, *locate(source))


@lru_cache(maxsize=512)
def _built(make: Callable[[Mapping[str, Any]], Model], where: str, text: str) -> Model:
    return make(checked(where, text))


def describe(source: str | Path) -> Descriptor:
    """Describe a bundled model or a model file.

    Raises:
        SCConfigError: as `load_schema`.
    """
    measured = recorded_behaviour(source) if isinstance(source, str) else ()
    return _described(load_schema(source), measured)


def catalogue() -> list[Descriptor]:
    """Describe every bundled model, by name.

    The documents are read without the check of their units, which `validate_all_bundled` does.
    """
    return [
        _described(read_unchecked(name)[1], recorded_behaviour(name))
        for name in list_bundled_schemas()
    ]


def _described(schema: Mapping[str, Any], behaviour: tuple[str, ...]) -> Descriptor:
    about, reference = schema["model"], schema.get("reference", {})
    return Descriptor(
        name=about["name"],
        class_name=about.get("class", ""),
        title=about.get("title", about["name"]),
        family=about.get("family", ""),
        behaviour=behaviour,
        description=about.get("description", ""),
        keywords=tuple(about.get("keywords", ())),
        authors=tuple(reference.get("authors", ())),
        year=reference.get("year"),
        doi=reference.get("doi", ""),
        states=tuple(schema["states"]),
        parameters=tuple(schema.get("parameters", {})),
        inputs=tuple(schema.get("inputs", {})),
        back_ends=back_ends(schema),
        tier=tier(schema),
    )


def back_ends(schema: Mapping[str, Any]) -> tuple[str, ...]:
    """Executions that the document holds enough data for.

    Floating point needs equations only; fixed point and Verilog need a ``[hardware]`` table and
    the range of every state and input.
    """
    ranged = [*schema["states"].values(), *schema.get("inputs", {}).values()]
    complete = all({"low", "high"} <= entry.keys() for entry in ranged)
    if complete and "hardware" in schema:
        return ("float", "fixed-point", "Verilog")
    return ("float",)


def tier(schema: Mapping[str, Any]) -> int:
    """Completeness of a model document, computed from its content.

    0: identified. 1: family given. 2: also authors, year and DOI, and every state, parameter and
    input has a unit, a range and a meaning. 3: also two or more back ends can execute it and the
    digest of a golden trace is recorded.
    """
    about, reference = schema["model"], schema.get("reference", {})
    if "family" not in about:
        return 0
    entries = [
        entry
        for table in ("states", "parameters", "inputs")
        for entry in schema.get(table, {}).values()
    ]
    complete = all({"unit", "low", "high", "meaning"} <= entry.keys() for entry in entries)
    if not ({"authors", "year", "doi"} <= reference.keys() and complete):
        return 1
    return 3 if len(back_ends(schema)) >= 2 and "golden" in schema else 2


def validate_schema_dict(data: object, name: str = "") -> list[SchemaError]:
    """Check a parsed model document.

    Args:
        data: the document.
        name: expected model name; a document that calls itself otherwise is an error.

    Returns:
        The findings; empty when the document is valid.
    """
    found = check_document(data)
    if found or not name or not isinstance(data, Mapping):
        return found
    own = data["model"]["name"]
    if own != name:
        return [SchemaError("error", f"'name' is '{own}'; the file is called '{name}'", "model")]
    return []


def validate_schema(name: str | Path) -> list[SchemaError]:
    """Check a bundled model or a model file; a file that cannot be read is one finding."""
    try:
        where, document = read_unchecked(name)
    except SCConfigError as error:
        return [SchemaError("error", str(error))]
    expected = Path(where).stem if isinstance(name, str) and name == Path(where).stem else ""
    return validate_schema_dict(document, expected)


def validate_all_bundled() -> dict[str, list[SchemaError]]:
    """Check every bundled model; return the findings by model name."""
    return {name: validate_schema(name) for name in list_bundled_schemas()}
