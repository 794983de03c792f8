"""Canonical JSON, digests and atomic files: what content addressing rests on."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

JSON: TypeAlias = "bool | int | float | str | Sequence[JSON] | Mapping[str, JSON] | None"
"""A value that JSON can hold."""


def canonical_json(value: JSON) -> str:
    """Return the one JSON text of a value: sorted keys, no spaces, ASCII.

    Raises:
        ValueError: if a number is NaN or infinite, which JSON cannot hold.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(data: bytes | str) -> str:
    """Return the SHA-256 of some bytes, or of a text's UTF-8 form, in hexadecimal."""
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


@functools.cache
def code_digest() -> str:
    """Return one SHA-256 over the installed package's own code and data.

    It belongs into the key of whatever this package computes itself: a version number does not
    change while a line is being corrected.
    """
    root = Path(__file__).parents[1]
    files = sorted(p for p in root.rglob("*") if p.is_file() and p.suffix != ".pyc")
    parts = [f"{p.relative_to(root).as_posix()} {digest(p.read_bytes())}" for p in files]
    return digest("\n".join(parts))


def atomic_write(path: Path, data: bytes | str | Iterable[bytes]) -> None:
    """Write a file so that readers see the old content or all of the new, never a part.

    Args:
        path: the file.
        data: its content, or parts of it in order, which need not all be in memory at once.

    Raises:
        OSError: if the directory cannot be written; no temporary file is left behind.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            whole = data.encode() if isinstance(data, str) else data
            file.writelines([whole] if isinstance(whole, bytes) else whole)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes private files; give the file the mode an ordinary one would have.
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
