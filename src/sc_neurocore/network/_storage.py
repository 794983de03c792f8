"""Where monitors keep what they see: in memory, or row by row in a zarr or HDF5 file."""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.exceptions import SCConfigError, SCDependencyError

#: Shape of a row and number type of every table, by name.
Tables = Mapping[str, tuple[tuple[int, ...], str]]
#: Bytes gathered before a file is written to.
_GATHERED = 1 << 22
#: Share of the memory that is free which a monitor may take.
_SHARE = 0.9


class Storage(Protocol):
    """Tables that grow by rows."""

    def append(self, name: str, rows: NDArray[Any]) -> None:
        """Add rows to a table."""

    def read(self, name: str) -> NDArray[Any]:
        """All rows of a table."""

    def flush(self) -> None:
        """Leave nothing that is not where it belongs."""


class Memory:
    """Tables in memory."""

    def __init__(self, tables: Tables) -> None:
        """Empty tables."""
        self._tables = tables
        self._parts: dict[str, list[NDArray[Any]]] = {name: [] for name in tables}

    def append(self, name: str, rows: NDArray[Any]) -> None:
        """Add rows to a table."""
        self._parts[name].append(rows)

    def read(self, name: str) -> NDArray[Any]:
        """All rows of a table."""
        parts, (shape, dtype) = self._parts[name], self._tables[name]
        if len(parts) != 1:
            parts[:] = [np.concatenate(parts) if parts else np.empty((0, *shape), dtype)]
        return parts[0]

    def flush(self) -> None:
        """Do nothing."""


class _File:
    """Tables in a file that gathers rows and writes many at a time."""

    def __init__(self, tables: Tables) -> None:
        self._held: dict[str, list[NDArray[Any]]] = {name: [] for name in tables}
        self._bytes = dict.fromkeys(tables, 0)

    def append(self, name: str, rows: NDArray[Any]) -> None:
        """Add rows to a table."""
        self._held[name].append(rows)
        self._bytes[name] += rows.nbytes
        if self._bytes[name] >= _GATHERED:
            self._flush(name)

    def read(self, name: str) -> NDArray[Any]:
        """All rows of a table, read into memory."""
        self._flush(name)
        return self._read(name)

    def flush(self) -> None:
        """Write what is gathered."""
        for name in self._held:
            self._flush(name)

    def _flush(self, name: str) -> None:
        if self._held[name]:
            self._write(name, np.concatenate(self._held[name]))
            self._held[name], self._bytes[name] = [], 0

    def _write(self, name: str, rows: NDArray[Any]) -> None:
        raise NotImplementedError

    def _read(self, name: str) -> NDArray[Any]:
        raise NotImplementedError


class _Zarr(_File):
    def __init__(self, path: Path, tables: Tables) -> None:
        super().__init__(tables)
        group = _library("zarr").open_group(str(path), mode="w-")
        self._arrays = {
            name: group.create_array(
                name, shape=(0, *shape), chunks=(_per_chunk(shape, dtype), *shape), dtype=dtype
            )
            for name, (shape, dtype) in tables.items()
        }

    def _write(self, name: str, rows: NDArray[Any]) -> None:
        self._arrays[name].append(rows)

    def _read(self, name: str) -> NDArray[Any]:
        return np.asarray(self._arrays[name][:])


class _Hdf5(_File):
    def __init__(self, path: Path, tables: Tables) -> None:
        super().__init__(tables)
        self._library, self._path = _library("h5py"), path
        with self._open("x") as file:
            for name, (shape, dtype) in tables.items():
                file.create_dataset(
                    name, (0, *shape), dtype, maxshape=(None, *shape),
                    chunks=(_per_chunk(shape, dtype), *shape),
                )  # fmt: skip

    def _open(self, mode: str) -> Any:
        return self._library.File(self._path, mode)

    def _write(self, name: str, rows: NDArray[Any]) -> None:
        with self._open("r+") as file:
            table = file[name]
            before = len(table)
            table.resize(before + len(rows), axis=0)
            table[before:] = rows

    def _read(self, name: str) -> NDArray[Any]:
        with self._open("r") as file:
            return np.asarray(file[name][:])


def open_storage(file: str | Path | None, tables: Tables) -> Storage:
    """Make the tables in memory, or in a new ``.zarr`` folder or ``.h5`` file.

    Raises:
        SCConfigError: another ending, or something of that name exists or cannot be written.
        SCDependencyError: the library is not installed.
    """
    if file is None:
        return Memory(tables)
    path = Path(file)
    makers = {".zarr": _Zarr, ".h5": _Hdf5, ".hdf5": _Hdf5}
    if path.suffix not in makers:
        raise SCConfigError(f"file of a monitor is '{path}'; it must end in .zarr, .h5 or .hdf5")
    if path.exists():
        raise SCConfigError(f"'{path}' exists already; give a monitor a file of its own")
    try:
        return makers[path.suffix](path, tables)
    except OSError as error:
        raise SCConfigError(f"'{path}' cannot be written ({error.strerror or error})") from None


def require_room(what: str, needed: int) -> None:
    """Refuse to keep ``needed`` bytes if the machine has not that much to give.

    Raises:
        SCConfigError: with the size, and how to stream to disk instead.
    """
    free = _free_memory()
    if needed > _SHARE * free:
        raise SCConfigError(
            f"{what} would keep {needed / 2**30:.1f} GiB in memory, of which {free / 2**30:.1f} "
            "GiB are free; give it file='NAME.zarr' or 'NAME.h5' to stream to disk, or record less"
        )


def _free_memory() -> int:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(int(x.split()[1]) * 1024 for x in lines if x.startswith("MemAvailable"))
    except (OSError, StopIteration):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _per_chunk(shape: tuple[int, ...], dtype: str) -> int:
    """Rows of about a mebibyte."""
    row = int(np.prod(shape)) * np.dtype(dtype).itemsize
    return max(1, (1 << 20) // max(row, 1))


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        raise SCDependencyError(
            f"{name} is not installed; pip install 'sc-neurocore[io]' to stream monitors to disk"
        ) from None
