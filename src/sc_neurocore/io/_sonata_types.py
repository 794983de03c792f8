"""Attributes of SONATA's nodes and edges: their own, and those of their types (CSV files)."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.io._sonata_hdf5 import existing
from sc_neurocore.io._sonata_tables import DYNAMICS, SONATATable

_WHOLE = re.compile(r"[0-9]{1,19}")
#: What stands for "nothing" in a cell of a types file, or for no types file.
NULL = {"", "NULL", "null", "None", "nan"}


@dataclass(frozen=True)
class Types:
    """A types file: what rows of a type inherit.

    Attributes:
        file: where it was read, or ``None`` if a population has none.
        key: its column with the number of the type.
        rows: cells by column of each type; empty ones are left out.
    """

    file: Path | None
    key: str
    rows: Mapping[int, Mapping[str, str]]

    def of(self, table: SONATATable) -> tuple[list[Mapping[str, str]], NDArray[np.int64]]:
        """The types of a population that occur, and which of them each row has.

        Raises:
            SCConfigError: a type that the file does not have.
        """
        present, index = np.unique(table.type_ids, return_inverse=True)
        if self.file is None:
            return [{} for _ in present], index
        for k in present.tolist():
            if k not in self.rows:
                raise SCConfigError(
                    f"{self.file} has no type {k}, which population '{table.name}' of "
                    f"{table.file} uses"
                )
        return [self.rows[k] for k in present.tolist()], index

    def number(self, row: Mapping[str, str], name: str) -> float:
        """A cell as a number; not-a-number if it is empty.

        Raises:
            SCConfigError: it is no finite number.
        """
        if name not in row:
            return np.nan
        try:
            value = float(row[name])
        except ValueError:
            value = np.nan
        if not np.isfinite(value):
            raise SCConfigError(f"{self.file}: {name} of type {row[self.key]} is '{row[name]}'; it "
                                "must be a finite number")  # fmt: skip
        return value


def read_types(path: Path | None, key: str, population: str) -> Types:
    """Read the rows of a types file that are for a population.

    Args:
        path: the CSV file, columns separated by spaces.
        key: its first column, ``node_type_id`` or ``edge_type_id``.
        population: rows that name another one in a column ``population`` are left out.

    Raises:
        SCConfigError: the file is missing, or a row does not fit the columns.
    """
    if path is None:
        return Types(None, key, {})
    try:
        with existing(path, "types file").open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, delimiter=" ", skipinitialspace=True, strict=True)
            lines = [(reader.line_num, row) for row in reader if any(row)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SCConfigError(f"{path} cannot be read as CSV: {error}") from None
    if not lines or key not in lines[0][1]:
        raise SCConfigError(f"{path} has no column '{key}'; its first line names the columns, "
                            "separated by spaces")  # fmt: skip
    names = [name for name in lines[0][1] if name]
    for name in names:
        if names.count(name) > 1:
            raise SCConfigError(f"{path} has two columns '{name}'; leave one")
    found: dict[int, dict[str, str]] = {}
    for n, cells in lines[1:]:
        while len(cells) > len(names) and cells[-1] == "":
            cells.pop()
        if len(cells) != len(names):
            raise SCConfigError(f"{path}, line {n} has {len(cells)} cells for {len(names)} columns")
        if any("\n" in cell or "\r" in cell for cell in cells):
            raise SCConfigError(f"{path}: a text in quotes goes on up to line {n}; close it in the "
                                "line where it begins")  # fmt: skip
        row = {k: v for k, v in zip(names, cells, strict=True) if v not in NULL}
        if row.get("population", population) != population:
            continue
        if not _WHOLE.fullmatch(row.get(key, "")):
            raise SCConfigError(f"{path}, line {n}: {key} is '{row.get(key, ''):.40}'; it must be "
                                "a whole number from 0 on")  # fmt: skip
        if int(row[key]) in found:
            raise SCConfigError(f"{path}, line {n}: type {row[key]} stands there twice")
        found[int(row[key])] = row
    return Types(path, key, found)


def numbers(
    table: SONATATable, types: Types, name: str, default: float | None = None
) -> NDArray[np.float64]:
    """``(n,)`` an attribute of all rows: their own, else their type's, else the default.

    Raises:
        SCConfigError: a row has none, or it is no finite number.
    """
    out = _inherited(table, types, lambda row: types.number(row, name))
    own, values = table.column(name)
    out[own] = _numeric(table, name, values)
    missing = np.isnan(out)
    if default is not None:
        out[missing] = default
    elif missing.any():
        raise SCConfigError(_missing(table, types, name, missing))
    return out


def texts(
    table: SONATATable, types: Types, name: str, default: str | None = None
) -> tuple[NDArray[np.int64], list[str]]:
    """An attribute of all rows as ``(n,)`` places in a list of texts.

    Raises:
        SCConfigError: a row has none, or it is no text.
    """
    kinds, index = types.of(table)
    known = sorted({row[name] for row in kinds if name in row} | {default or ""})
    codes = np.array([known.index(row.get(name, default or "")) for row in kinds], np.int64)
    out = codes[index] if len(kinds) else np.empty(0, np.int64)
    own, values = table.column(name)
    if own.any():
        if values.dtype.kind not in "OU" or values.ndim != 1:
            raise SCConfigError(f"{table.file}: attribute '{name}' of population '{table.name}' "
                                "must be one text per row")  # fmt: skip
        labels, codes = np.unique(values.astype(str), return_inverse=True)
        known += [x for x in labels.tolist() if x not in known]
        out[own] = np.array([known.index(x) for x in labels.tolist()])[codes]
    missing = out == known.index("") if "" in known else np.zeros(len(out), np.bool_)
    if default is None and missing.any():
        raise SCConfigError(_missing(table, types, name, missing))
    return out, known


def parameters(
    table: SONATATable,
    types: Types,
    read: Callable[[str], dict[str, float]],
    columns: Collection[str] = (),
) -> dict[str, NDArray[np.float64]]:
    """``(n,)`` of every dynamics parameter, not-a-number in rows that leave it to the model.

    Args:
        table: nodes or edges.
        types: their types, whose column ``dynamics_params`` names JSON files.
        read: reads such a file, given its name.
        columns: attributes that are parameters where they stand for themselves, as NEST's own
            reader of SONATA takes them; a JSON file goes before a column.

    Raises:
        SCConfigError: a file or a value is wrong.
    """
    kinds, _ = types.of(table)
    files = {row["dynamics_params"] for row in kinds if "dynamics_params" in row}
    given = {file: read(file) for file in sorted(files)}
    names = table.attribute_names()
    own = {x.removeprefix(DYNAMICS) for x in names if x.startswith(DYNAMICS)}
    listed = {x for x in columns if x in names or any(x in row for row in kinds)}
    found = {}
    for name in sorted(own.union(listed, *given.values())):

        def inherited(row: Mapping[str, str], name: str = name) -> float:
            file = given.get(row.get("dynamics_params", ""), {})
            own = types.number(row, name) if name in listed else np.nan
            return file.get(name, own)

        out = _inherited(table, types, inherited)
        for column in ((name,) if name in listed else ()) + (f"{DYNAMICS}{name}",):
            which, values = table.column(column)
            out[which] = _numeric(table, column, values)
        found[name] = out
    return found


def _numeric(table: SONATATable, name: str, values: NDArray[Any]) -> NDArray[Any]:
    """The values that rows have of their own, checked."""
    where = f"{table.file}: attribute '{name}' of population '{table.name}'"
    if values.dtype.kind not in "iufb" or values.ndim != 1:
        raise SCConfigError(f"{where} must be one number per row")
    wrong = ~np.isfinite(values)
    if wrong.any():
        raise SCConfigError(f"{where} holds {values[wrong][0]}; it must be finite")
    return values


def _inherited(
    table: SONATATable, types: Types, value: Callable[[Mapping[str, str]], float]
) -> NDArray[np.float64]:
    kinds, index = types.of(table)
    return np.array([value(row) for row in kinds], np.float64)[index]


def _missing(table: SONATATable, types: Types, name: str, missing: NDArray[np.bool_]) -> str:
    columns = "no types file" if types.file is None else f"no column for it in {types.file}"
    return (f"{table.file}: {int(missing.sum())} of {len(table)} rows of population "
            f"'{table.name}' have no '{name}', neither of their own nor by type ({columns}, or "
            "empty)")  # fmt: skip
