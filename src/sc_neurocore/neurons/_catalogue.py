"""Models of the catalogue by name, and whether files are valid."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from sc_neurocore.dynamics import Model
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.neurons._behaviour import recorded_behaviour
from sc_neurocore.neurons._check import check_document
from sc_neurocore.neurons._descriptor import Descriptor, described
from sc_neurocore.neurons._document import (
    checked,
    list_bundled_schemas,
    load_schema,
    locate,
    read_unchecked,
)
from sc_neurocore.neurons._model import hardware_model_of, model_of
from sc_neurocore.neurons._shape import SchemaError


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
    return described(load_schema(source), measured)


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
