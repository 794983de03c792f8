"""Where monitors keep what they see: in memory, or row by row in a zarr or HDF5 file."""

from __future__ import annotations

import contextlib
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
#: Share of the memory that is free which one thing may take.
_SHARE = 0.9


class Storage(Protocol):
    """Tables that grow by rows."""

    def begin(self) -> None:
        """Make the file before the first row, if it is one."""

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

    def begin(self) -> None:
        """Do nothing."""

    def append(self, name: str, rows: NDArray[Any]) -> None:
        """Add rows to a table."""
        self._parts[name].append(rows)

    def read(self, name: str) -> NDArray[Any]:
        """All rows of a table."""
        parts, (shape, dtype) = self._parts[name], self._tables[name]
        if len(parts) != 1:
            whole = np.empty((sum(map(len, parts)), *shape), dtype)
            end = len(whole)
            while parts:  # each is freed once copied, so memory never holds all rows twice
                part = parts.pop()
                whole[end - len(part) : end] = part
                end -= len(part)
            parts.append(whole)
        return parts[0]

    def flush(self) -> None:
        """Do nothing."""


class _File:
    """Tables in a file, made when a run begins; rows are gathered and written many at a time."""

    def __init__(self, path: Path, tables: Tables) -> None:
        self._path, self._tables, self._made = path, tables, False
        self._held: dict[str, list[NDArray[Any]]] = {name: [] for name in tables}
        self._bytes = dict.fromkeys(tables, 0)
        self._rows = dict.fromkeys(tables, 0)

    def begin(self) -> None:
        """Make the file.

        Raises:
            SCConfigError: something of its name has appeared, or it cannot be written.
        """
        if self._made:
            return
        check_file(self._path)
        try:
            self._make()
        except OSError as error:
            raise SCConfigError(
                f"'{self._path}' cannot be written ({error.strerror or error})"
            ) from None
        self._made = True

    def append(self, name: str, rows: NDArray[Any]) -> None:
        """Add rows to a table."""
        self._held[name].append(rows)
        self._bytes[name] += rows.nbytes
        if self._bytes[name] >= _GATHERED:
            self._flush(name)

    def read(self, name: str) -> NDArray[Any]:
        """All rows of a table, read into memory."""
        if not self._made:
            shape, dtype = self._tables[name]
            return np.empty((0, *shape), dtype)
        self._flush(name)
        return self._read(name)

    def flush(self) -> None:
        """Write what is gathered."""
        for name in self._held:
            self._flush(name)

    def _flush(self, name: str) -> None:
        if not self._held[name]:
            return
        rows, first = np.concatenate(self._held[name]), self._rows[name]
        try:
            self._write(name, first, rows)
        except OSError as error:
            with contextlib.suppress(OSError):
                self._write(name, first, rows[:0])
            raise SCConfigError(
                f"'{self._path}' cannot be written ({error.strerror or error}); it holds the "
                "rows before"
            ) from None
        self._rows[name] += len(rows)
        self._held[name], self._bytes[name] = [], 0

    def _make(self) -> None:
        raise NotImplementedError

    def _write(self, name: str, first: int, rows: NDArray[Any]) -> None:
        """Make ``rows`` those from ``first`` on, up to the end of a table."""
        raise NotImplementedError

    def _read(self, name: str) -> NDArray[Any]:
        raise NotImplementedError


class _Zarr(_File):
    def _make(self) -> None:
        group = _library("zarr").open_group(str(self._path), mode="w-")
        self._arrays = {
            name: group.create_array(
                name, shape=(0, *shape), chunks=(_per_chunk(shape, dtype), *shape), dtype=dtype
            )
            for name, (shape, dtype) in self._tables.items()
        }

    def _write(self, name: str, first: int, rows: NDArray[Any]) -> None:
        table = self._arrays[name]
        table.resize((first + len(rows), *table.shape[1:]))
        table[first:] = rows

    def _read(self, name: str) -> NDArray[Any]:
        return np.asarray(self._arrays[name][:])


class _Hdf5(_File):
    def _make(self) -> None:
        with self._open("x") as file:
            for name, (shape, dtype) in self._tables.items():
                file.create_dataset(
                    name, (0, *shape), dtype, maxshape=(None, *shape),
                    chunks=(_per_chunk(shape, dtype), *shape),
                )  # fmt: skip

    def _open(self, mode: str) -> Any:
        return _library("h5py").File(self._path, mode)

    def _write(self, name: str, first: int, rows: NDArray[Any]) -> None:
        with self._open("r+") as file:
            file[name].resize(first + len(rows), axis=0)
            file[name][first:] = rows

    def _read(self, name: str) -> NDArray[Any]:
        with self._open("r") as file:
            return np.asarray(file[name][:])


_MAKERS: Mapping[str, tuple[type[_Zarr] | type[_Hdf5], str]] = {
    ".zarr": (_Zarr, "zarr"), ".h5": (_Hdf5, "h5py"), ".hdf5": (_Hdf5, "h5py"),
}  # fmt: skip


def check_file(file: str | Path | None) -> None:
    """Refuse a file that `open_storage` would, and make nothing.

    Raises:
        SCConfigError: another ending, or something of that name exists.
        SCDependencyError: the library is not installed.
    """
    if file is None:
        return
    if not isinstance(file, str | os.PathLike):
        raise SCConfigError(f"file of a monitor is {file!r}; give a path")
    path = Path(file)
    if path.suffix not in _MAKERS:
        raise SCConfigError(f"file of a monitor is '{path}'; it must end in .zarr, .h5 or .hdf5")
    if path.exists():
        raise SCConfigError(f"'{path}' exists already; give a monitor a file of its own")
    _library(_MAKERS[path.suffix][1])


def open_storage(file: str | Path | None, tables: Tables) -> Storage:
    """Tables in memory, or in a ``.zarr`` folder or ``.h5`` file that a run is to make.

    Raises:
        SCConfigError: as `check_file`.
        SCDependencyError: the library is not installed.
    """
    if file is None:
        return Memory(tables)
    check_file(file)
    path = Path(file)
    return _MAKERS[path.suffix][0](path, tables)


def require_room(what: str, needed: float, way_out: str, taken: float = 0.0) -> None:
    """Refuse to keep ``needed`` bytes beside ``taken`` if the machine has not that much to give.

    Raises:
        SCConfigError: with the size and the way out.
    """
    free = max(_free_memory() - taken, 0.0)
    if needed > _SHARE * free:
        raise SCConfigError(
            f"{what} would keep {needed / 2**30:.1f} GiB in memory, of which {free / 2**30:.1f} "
            f"GiB are free; {way_out}"
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
