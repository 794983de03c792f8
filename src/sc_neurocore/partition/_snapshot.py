"""Snapshots of a part: a file that is there whole or not at all."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.ir import PartitionError

_NUMBERS = "numbers"


def write_snapshot(
    path: Path, numbers: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
) -> None:
    """Write numbers (anything JSON holds) and arrays in place of what is there.

    Raises:
        PartitionError: the file cannot be written.
    """
    held: dict[str, Any] = {f"array.{name}": value for name, value in arrays.items()}
    held[_NUMBERS] = np.frombuffer(json.dumps(numbers).encode(), np.uint8)
    fresh = path.with_name(f"{path.name}.new")
    try:
        with fresh.open("wb") as file:
            np.savez(file, **held)
        fresh.replace(path)
    except OSError as error:
        raise PartitionError(f"the snapshot {path} cannot be written: {error.strerror}") from None


def read_snapshot(path: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]] | None:
    """The numbers and arrays of a snapshot; None if there is none.

    Raises:
        PartitionError: the file cannot be read, or is no whole snapshot.
    """
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as file:
            numbers = json.loads(file[_NUMBERS].tobytes())
            names = [name for name in file.files if name != _NUMBERS]
            return numbers, {name.removeprefix("array."): file[name] for name in names}
    except (OSError, EOFError, KeyError, ValueError, AttributeError, BadZipFile, zlib.error):
        raise PartitionError(f"{path} is no whole snapshot; remove it and run again") from None
