"""Model documents on disk: finding, reading, checking and writing TOML and JSON."""

from __future__ import annotations

import copy
import json
import os
import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sc_neurocore.exceptions import SCConfigError

if TYPE_CHECKING:
    from sc_neurocore.neurons._shape import SchemaError

MAX_BYTES = 1_048_576
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_SUFFIXES = (".toml", ".json")


class ModelNotFoundError(SCConfigError, FileNotFoundError):
    """No model file or bundled model of that name exists."""


def list_bundled_schemas() -> list[str]:
    """Names of the bundled models, sorted."""
    return sorted(
        entry.name.removesuffix(".toml")
        for entry in _models().iterdir()
        if entry.name.endswith(".toml")
    )


def load_schema(source: str | Path) -> dict[str, Any]:
    """Read and check a model document.

    Args:
        source: name of a bundled model (``"lif"``), or path of a ``.toml`` or ``.json`` file.

    Returns:
        The parsed document.

    Raises:
        ModelNotFoundError: no such bundled model or file (also a `FileNotFoundError`).
        SCConfigError: the file cannot be read, its version is not supported, or it is not a
            valid model (also a `ValueError`).
    """
    return copy.deepcopy(checked(*locate(source)))


@lru_cache(maxsize=256)
def checked(where: str, text: str) -> dict[str, Any]:
    """The document of a text, which nobody may change; checked once, for units take their time."""
    from sc_neurocore.neurons._check import check_document  # NumPy, which reading does without

    document = _parse(where, text)
    refuse(where, check_document(document))
    return document


def read_text(name: str) -> str:
    """Text of a bundled document, neither parsed nor checked."""
    return _models().joinpath(f"{name}.toml").read_text(encoding="utf-8")


def read_unchecked(source: str | Path) -> tuple[str, dict[str, Any]]:
    """Read a document without checking its content; return its display name and the document."""
    where, text = locate(source)
    return where, _parse(where, text)


def refuse(where: str, findings: list[SchemaError]) -> None:
    """Raise one `SCConfigError` that lists every error among ``findings``, if any."""
    errors = [f"{where}: {finding}" for finding in findings if finding.level == "error"]
    if errors:
        raise SCConfigError("\n".join(errors))


def schema_to_json(schema: Mapping[str, Any]) -> str:
    """Write a model document as JSON with two spaces of indentation."""
    return json.dumps(schema, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def schema_to_toml(schema: Mapping[str, Any]) -> str:
    """Write a model document as TOML; comments of an original file are not kept."""
    import tomli_w

    return tomli_w.dumps(copy.deepcopy(dict(schema)), multiline_strings=True)


def _models() -> Traversable:
    return files("sc_neurocore.neurons").joinpath("models")


def locate(source: str | Path) -> tuple[str, str]:
    """Display name and text of the document that ``source`` means."""
    if "\0" in str(source):
        raise SCConfigError("model name holds a null byte; give a name or a file path")
    if isinstance(source, Path) or source.endswith(_SUFFIXES):
        return str(source), _read(Path(source))
    if not _NAME.fullmatch(source):
        if source and os.path.isdir(source):  # noqa: PTH112 (Path raises on a long name)
            raise SCConfigError(f"'{source}' is a directory; name a file in it")
        shown = source if len(source) <= 60 else f"{source[:60]}…"
        raise SCConfigError(
            f"model name '{shown}' is not a name; give a bundled model such as 'lif' "
            "or the path of a .toml or .json file"
        )
    entry = _models().joinpath(f"{source}.toml")
    if not entry.is_file():
        from sc_neurocore.dynamics import suggest

        hint = suggest(source, list_bundled_schemas())
        raise ModelNotFoundError(f"no bundled model is called '{source}'{hint}")
    return entry.name, entry.read_text(encoding="utf-8")


def _read(path: Path) -> str:
    if path.suffix not in _SUFFIXES:
        raise SCConfigError(f"{path}: a model file ends in .toml or .json")
    if path.exists() and not path.is_file():
        raise SCConfigError(f"{path}: not a file")
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ModelNotFoundError(f"{path}: no such file") from None
    except OSError as error:
        raise SCConfigError(f"{path}: cannot be read ({error.strerror})") from None
    if len(data) > MAX_BYTES:
        raise SCConfigError(f"{path}: larger than {MAX_BYTES} bytes, the limit for a model file")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SCConfigError(f"{path}: not UTF-8 text (byte {error.start})") from None


def _parse(where: str, text: str) -> dict[str, Any]:
    try:
        if not where.endswith(".json"):
            return tomllib.loads(text)
        document = json.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SCConfigError(f"{where}: not valid TOML: {_lower(str(error))}") from None
    except json.JSONDecodeError as error:
        raise SCConfigError(
            f"{where}: not valid JSON: {_lower(error.msg)} "
            f"(at line {error.lineno}, column {error.colno})"
        ) from None
    except RecursionError:
        raise SCConfigError(f"{where}: tables or lists nest too deeply") from None
    if not isinstance(document, dict):
        raise SCConfigError(f"{where}: a model file holds one table, not a list or a value")
    return document


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
