"""Spikes in SONATA files: times in ms and node ids by population."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.io import _sonata_hdf5 as hdf5
from sc_neurocore.io._sonata_types import NULL

_UNITS = {"ms": 1.0, "milliseconds": 1.0, "millisecond": 1.0, "s": 1000.0, "seconds": 1000.0}
_SORTING = {"none": 0, "by_id": 1, "by_time": 2}


@dataclass(frozen=True, eq=False)
class SONATASpikes:
    """Spikes of one population.

    Attributes:
        times: ``(K,)`` in ms.
        node_ids: ``(K,)`` who spiked.
    """

    times: NDArray[np.float64]
    node_ids: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.times)


def read_spikes(path: str | Path) -> dict[str, SONATASpikes]:
    """Read a SONATA spikes file.

    Args:
        path: HDF5 file with populations under ``/spikes``; times are in the unit that the attribute
            ``units`` of ``timestamps`` names, in ms if it names none, as the format says.

    Returns:
        Spikes by population, ordered by time, then node.

    Raises:
        SCConfigError: the file is missing, damaged, or not as SONATA wants it; a time is negative
            or not finite.
        SCDependencyError: h5py is not installed.
    """
    with hdf5.reading(path) as file:
        top = hdf5.group(file, "spikes")
        populations = hdf5.groups(top)
        for name in set(top) - set(populations):
            if populations:
                raise SCConfigError(f"{hdf5.place(top, name)} is of no population, but others are; "
                                    "move it into one")  # fmt: skip
        if not populations:
            raise SCConfigError(f"{hdf5.place(file, 'spikes')} holds no population; write the "
                                "spikes as /spikes/POPULATION/timestamps and node_ids")  # fmt: skip
        return {name: _read(population) for name, population in populations.items()}


def write_spikes(
    path: str | Path, spikes: Mapping[str, SONATASpikes | tuple[ArrayLike, ArrayLike]]
) -> None:
    """Write a SONATA spikes file, all or nothing.

    Args:
        path: must not exist yet.
        spikes: by population, `SONATASpikes` or times in ms and node ids; written by time, then
            node. The engine's spike of tick ``k`` is at ``(k + 1)·dt``, as in NEST.

    Raises:
        SCConfigError: a time is negative or not finite, an id is none, the lengths differ, or the
            file exists or cannot be written.
        SCDependencyError: h5py is not installed.
    """
    if not isinstance(spikes, Mapping):
        raise SCConfigError("spikes must map each population to times in ms and node ids")
    tables = {name: checked(name, given) for name, given in spikes.items()}
    with hdf5.replacing(path) as draft:
        write_tables(draft, tables)


def write_tables(path: Path, spikes: Mapping[str, SONATASpikes]) -> None:
    """Write checked spikes to a new file."""
    h5py = hdf5.need("h5py")
    with h5py.File(path, "w") as file:
        hdf5.sign(file)
        top = file.create_group("spikes")
        for name, table in spikes.items():
            population = top.create_group(name)
            kind = h5py.enum_dtype(_SORTING, basetype=np.uint8)
            population.attrs.create("sorting", _SORTING["by_time"], dtype=kind)
            times = population.create_dataset("timestamps", data=table.times)
            times.attrs["units"] = "ms"
            population.create_dataset("node_ids", data=table.node_ids.astype(np.uint64))


def require_name(name: str, what: str) -> str:
    """A name that HDF5, CSV and JSON can give a population.

    Raises:
        SCConfigError: it is empty or stands for nothing, or holds what one of them reads otherwise.
    """
    if not isinstance(name, str) or not name or "/" in name or name in (".", ".."):
        raise SCConfigError(f"{what} is named '{name}'; in HDF5 a name needs a letter, and no '/'")
    if not name.isprintable() or "$" in name or name in NULL or name != name.strip():
        raise SCConfigError(f"{what} is named {name!r}; in SONATA's files a name is printable, has "
                            "no '$' and no space at its ends, and is not NULL")  # fmt: skip
    return name


def _read(population: Any) -> SONATASpikes:
    ids = hdf5.whole(population, "node_ids")
    times = hdf5.values(population, "timestamps")
    where = hdf5.place(population, "timestamps")
    if times.ndim != 1 or times.dtype.kind not in "iuf" or times.shape != ids.shape:
        raise SCConfigError(f"{where} has shape {times.shape} and node_ids {ids.shape}; both need "
                            "one number per spike")  # fmt: skip
    unit = hdf5.attribute(population["timestamps"], "units") or "ms"
    if unit not in _UNITS:
        raise SCConfigError(f"{where} is in '{unit}'; the unit must be ms or s")
    return _ordered(where, times.astype(np.float64) * _UNITS[unit], ids)


def checked(name: str, given: Any) -> SONATASpikes:
    """Spikes of a population, ordered by time, then node.

    Args:
        name: of the population.
        given: `SONATASpikes`, or times in ms and node ids.

    Raises:
        SCConfigError: they are none.
    """
    require_name(name, "a population of spikes")
    where = f"spikes of '{name}'"
    if isinstance(given, SONATASpikes):
        given = (given.times, given.node_ids)
    try:
        times, ids = (np.asarray(part) for part in given)
        times = times.astype(np.float64)
    except (TypeError, ValueError):
        raise SCConfigError(f"{where} must be two arrays, times in ms and node ids") from None
    if times.ndim != 1 or times.shape != ids.shape:
        raise SCConfigError(f"{where}: times have shape {times.shape} and ids {ids.shape}; both "
                            "need one number per spike")  # fmt: skip
    if len(ids) and (ids.dtype.kind not in "iu" or ids.min() < 0 or int(ids.max()) >= 2**63):
        raise SCConfigError(f"{where}: node ids are whole numbers from 0 on, below 2**63")
    return _ordered(where, times, ids.astype(np.int64))


def _ordered(where: str, times: NDArray[np.float64], ids: NDArray[np.int64]) -> SONATASpikes:
    wrong = ~(np.isfinite(times) & (times >= 0))
    if wrong.any():
        raise SCConfigError(f"{where} holds {times[wrong][0]:g}; a time is finite and 0 or later")
    order = np.lexsort((ids, times))
    return SONATASpikes(times[order], ids[order])
