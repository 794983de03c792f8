"""Files that users give: read under a limit, and decoded as strict JSON."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from sc_neurocore.exceptions import SCConfigError

LARGEST_FILE = 256 << 20
"""Bytes of the largest file that `read_bytes` reads."""


def read_bytes(path: str | Path, limit: int = LARGEST_FILE) -> bytes:
    """Read a file that a user named.

    Args:
        path: the file.
        limit: how many bytes it may hold.

    Raises:
        SCConfigError: it cannot be read, or is larger.
    """
    try:
        with Path(path).open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise SCConfigError(f"{path} cannot be read: {reason}") from None
    except ValueError as error:  # a null character
        raise SCConfigError(f"{path!r} is no name of a file: {error}") from None
    if len(data) > limit:
        raise SCConfigError(f"{path} is larger than {limit >> 20} MiB, the most that is read")
    return data


def decode_json(data: bytes | str, name: str) -> Any:
    """Decode JSON in UTF-8 that repeats no key and holds finite numbers only.

    Args:
        data: the document.
        name: what it is called in messages.

    Raises:
        SCConfigError: it is no such JSON; the message begins with the name.
    """
    try:
        text = data.decode("utf-8") if isinstance(data, bytes) else data
    except UnicodeDecodeError:
        raise SCConfigError(f"{name} is no UTF-8 text, so no JSON") from None
    try:
        return json.loads(text, object_pairs_hook=_pairs, parse_constant=_constant)
    except json.JSONDecodeError as error:
        raise SCConfigError(
            f"{name} is no JSON: {error.msg} in line {error.lineno}, column {error.colno}"
        ) from None
    except RecursionError:
        raise SCConfigError(f"{name} is nested too deeply to be read") from None
    except ValueError as error:
        raise SCConfigError(f"{name} is not acceptable JSON: {error}") from None


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key '{key}' stands twice in one object")
        found[key] = value
    return found


def _constant(text: str) -> Any:
    raise ValueError(f"{text} is no finite number")
