"""A look at the heaps of text in an HDF5 file, before the library reads them.

The HDF5 library walks a global heap without end when a damaged object leads it to a free one of
size zero; no time limit can interrupt it. Layout: HDF5 File Format Specification 3.0, III.E.
"""

from __future__ import annotations

import mmap
import struct
from pathlib import Path

#: Signature, version 1 and three reserved bytes.
_COLLECTION = b"GCOL\x01\0\0\0"
#: Index, reference count, reserved, size; lengths have eight bytes.
_OBJECT = struct.Struct("<HHIQ")


def heaps_end(path: Path) -> bool:
    """Whether every global heap of a file can be walked to its end."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        start = data.find(_COLLECTION)
        while start >= 0:
            if not _ends(data, start):
                return False
            start = data.find(_COLLECTION, start + 1)
    return True


def _ends(data: mmap.mmap, start: int) -> bool:
    header = start + _OBJECT.size
    if header > len(data):
        return False
    end = start + int.from_bytes(data[start + 8 : header], "little")
    at = header
    while at + _OBJECT.size <= end:
        if end > len(data):
            return False
        index, _, _, size = _OBJECT.unpack_from(data, at)
        if index == 0:
            # Free space: its size counts its own header.
            if size < _OBJECT.size:
                return False
            at += size
        else:
            at += _OBJECT.size + -(-size // 8) * 8
    return at <= end
