"""HDF5 files as nested dictionaries, and back; nothing in a file is trusted."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sc_neurocore.nir_bridge._errors import NIRError, need
from sc_neurocore.nir_bridge._heaps import heaps_end

#: Bytes that all arrays of a file may declare together; checked before any is read.
BYTES_LIMIT = 2**30
#: Groups within groups.
DEPTH_LIMIT = 64
#: Groups and arrays in a file.
COUNT_LIMIT = 200_000

Tree = dict[str, Any]


def read_hdf5(path: Path) -> Tree:
    """All groups and arrays of a file; strings decoded.

    Refused are links (soft or external), data kept in other files, types other than numbers and
    text, nesting beyond `DEPTH_LIMIT`, more than `COUNT_LIMIT` entries and arrays that declare more
    than `BYTES_LIMIT` bytes together.

    Raises:
        NIRError: the file is missing, damaged or refused.
        SCDependencyError: h5py is not installed.
    """
    h5py = need("h5py")
    if not path.is_file():
        raise NIRError(f"{path} does not exist or is no file.")
    try:
        with path.open("rb"):
            pass
        if not h5py.is_hdf5(path):
            raise NIRError(f"{path} is not an HDF5 file, which every NIR file is.")
        if not heaps_end(path):
            raise NIRError(f"{path} is damaged: its stored texts run past their end.")
        with h5py.File(path, "r") as file:
            return _Reader(h5py, str(path)).group(file, "", 0)
    except NIRError:
        raise
    # h5py answers damaged files with any of these.
    except (OSError, KeyError, RuntimeError, ValueError, TypeError, UnicodeError) as error:
        reason = " ".join(str(error).strip("'\"").split())
        raise NIRError(f"{path} is truncated, damaged or unreadable: {reason}.") from None


@dataclass
class _Reader:
    h5py: Any
    path: str
    total: int = 0
    count: int = 0

    def refuse(self, where: str, problem: str) -> NIRError:
        return NIRError(f"{self.path}: {where or '/'} {problem}.")

    def group(self, group: Any, where: str, depth: int) -> Tree:
        if depth > DEPTH_LIMIT:
            raise self.refuse(where[:80], f"is nested deeper than {DEPTH_LIMIT} groups")
        tree: Tree = {}
        for name in group:
            here = f"{where}/{name}"
            if not isinstance(group.get(name, getlink=True), self.h5py.HardLink):
                raise self.refuse(here, "is a soft or external link; copy the data into the file")
            self.count += 1
            if self.count > COUNT_LIMIT:
                raise self.refuse(here, f"is beyond the {COUNT_LIMIT} entries a file may have")
            item = group[name]
            if isinstance(item, self.h5py.Group):
                tree[name] = self.group(item, here, depth + 1)
            elif isinstance(item, self.h5py.Dataset):
                tree[name] = self.dataset(item, here)
            else:
                raise self.refuse(here, "is a named type; only groups and arrays are allowed")
        return tree

    def dataset(self, data: Any, where: str) -> Any:
        if data.external or data.is_virtual:
            raise self.refuse(where, "keeps its data in another file; copy them into this one")
        text = self.h5py.check_string_dtype(data.dtype) is not None
        if not text and data.dtype.kind not in "iufb":
            raise self.refuse(where, f"has type {data.dtype}; only numbers and text are allowed")
        if data.shape is None:
            raise self.refuse(where, "is empty; a number, text or array is expected")
        self.total += int(data.size) * int(data.dtype.itemsize)
        if self.total > BYTES_LIMIT:
            problem = f"declares shape {data.shape}; the arrays exceed {BYTES_LIMIT} bytes together"
            raise self.refuse(where, problem)
        value = data[()]
        if text:
            return decoded(value)
        return np.asarray(value)


def decoded(value: Any) -> Any:
    """Bytes, or an array of them, as text."""
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if isinstance(value, np.ndarray) and value.dtype.kind in "OS":
        flat = [v.decode("utf-8") if isinstance(v, bytes) else str(v) for v in value.reshape(-1)]
        return np.array(flat, dtype=object).reshape(value.shape)
    return value


def write_hdf5(path: Path, tree: Mapping[str, Any]) -> None:
    """Write a file whole or not at all.

    Raises:
        NIRError: the place cannot be written, or a value cannot be stored.
        SCDependencyError: h5py is not installed.
    """
    h5py = need("h5py")
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise NIRError(f"{path} cannot be written: {error.strerror}.") from None
    os.close(handle)
    temporary = Path(name)
    try:
        with h5py.File(temporary, "w") as file:
            _write_group(h5py, file, tree)
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        raise NIRError(f"{path} cannot be written: {error.strerror or error}.") from None
    except (TypeError, ValueError) as error:
        raise NIRError(f"{path}: some metadata cannot be stored in HDF5: {error}.") from None
    finally:
        temporary.unlink(missing_ok=True)


def _write_group(h5py: Any, group: Any, tree: Mapping[str, Any]) -> None:
    # Sorted, as it is read: writing what was read gives the same bytes.
    for name, value in sorted(tree.items()):
        if isinstance(value, Mapping):
            _write_group(h5py, group.create_group(name), value)
        elif isinstance(value, str) or (isinstance(value, np.ndarray) and value.dtype.kind == "O"):
            group.create_dataset(name, data=value, dtype=h5py.string_dtype())
        elif isinstance(value, np.ndarray) and value.ndim and value.size:
            group.create_dataset(name, data=value, compression="gzip")
        else:
            group.create_dataset(name, data=value)
