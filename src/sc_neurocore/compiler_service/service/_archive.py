"""Bundles as archives."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path


def packed(directory: Path) -> bytes:
    """A directory as one tar archive: the same files give the same bytes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for file in sorted(x for x in directory.rglob("*") if x.is_file()):
            entry = tarfile.TarInfo(file.relative_to(directory).as_posix())
            entry.size, entry.mode = file.stat().st_size, 0o644
            with file.open("rb") as content:
                archive.addfile(entry, content)
    return buffer.getvalue()


def unpacked(data: bytes, directory: Path) -> None:
    """Write an archive that `packed` made into an empty directory."""
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        archive.extractall(directory, filter="data")
