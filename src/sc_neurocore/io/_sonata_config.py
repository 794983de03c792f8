"""The JSON and CSV files of a SONATA circuit."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.io._sonata import DYNAMICS, SONATATable
from sc_neurocore.io._sonata_hdf5 import existing

_VARIABLE = re.compile(r"\$\{(\w+)\}|\$(\w+)")
#: What stands for "nothing" in a cell of a types file.
_NULL = {"", "NULL", "null", "None", "nan"}


@dataclass(frozen=True)
class Config:
    """A circuit config, and what a simulation config adds to it; paths are absolute.

    Attributes:
        path: the file that was read.
        nodes: nodes files, each with its types file.
        edges: edges files, each with its types file.
        components: directories by name.
        dt: tick of the simulation in ms, if it is named.
        inputs: inputs of the simulation by name.
        node_sets: node sets by name.
    """

    path: Path
    nodes: list[tuple[Path, Path | None]]
    edges: list[tuple[Path, Path | None]]
    components: dict[str, Path]
    dt: float | None
    inputs: dict[str, dict[str, Any]]
    node_sets: dict[str, Any]

    def component(self, name: str, file: str, what: str) -> Path:
        """A file in a directory of components.

        Raises:
            SCConfigError: no such directory or file, or the file is outside of the directory.
        """
        if name not in self.components:
            raise SCConfigError(f"{self.path}: components has no '{name}', in which {what} looks "
                                f"for '{file}'")  # fmt: skip
        found = (self.components[name] / file).resolve()
        if not found.is_relative_to(self.components[name].resolve()):
            raise SCConfigError(f"{what} names '{file}', which is outside of {name}")
        return existing(found, what)


def read_config(path: str | Path) -> Config:
    """Read a circuit config, or a simulation config and the circuit config that it names.

    Raises:
        SCConfigError: a file is missing, no JSON, or lacks what SONATA needs.
    """
    whole = _document(existing(path, "SONATA config"))
    network = whole.get("network")
    circuit = whole
    if network is not None:
        if not isinstance(network, str):
            raise SCConfigError(f"{path}: 'network' must name a circuit config")
        circuit = _document(existing(network, f"{path}: 'network'"))
    networks = _table(path, circuit, "networks")
    components = {
        name: Path(place)
        for document in (circuit, whole)
        for name, place in _table(path, document, "components", {}).items()
        if isinstance(place, str)
    }
    run = _table(path, whole, "run", {})
    dt = run.get("dt")
    if dt is not None and (isinstance(dt, bool) or not isinstance(dt, int | float) or not dt > 0):
        raise SCConfigError(f"{path}: dt of 'run' is {dt!r}; it must be a number of ms above 0")
    inputs = _table(path, whole, "inputs", {})
    sets = whole.get("node_sets_file", circuit.get("node_sets_file"))
    return Config(
        Path(path),
        _files(path, networks, "nodes"),
        _files(path, networks, "edges"),
        components,
        None if dt is None else float(dt),
        {name: _table(path, inputs, name) for name in inputs},
        {} if sets is None else _json(existing(str(sets), f"{path}: 'node_sets_file'")),
    )


def read_parameters(path: Path) -> dict[str, float]:
    """Numbers by name of a JSON file of dynamics parameters.

    Raises:
        SCConfigError: it is no JSON, or holds anything else.
    """
    found = {}
    for name, value in _json(path).items():
        if not isinstance(value, int | float) or not np.isfinite(value):
            raise SCConfigError(f"{path}: '{name}' is {value!r}; parameters are finite numbers")
        found[name] = float(value)
    return found


@dataclass(frozen=True)
class Types:
    """A types file: what rows of a type inherit.

    Attributes:
        file: where it was read, or ``None`` if a population has none.
        rows: cells by column of each type; empty ones are left out.
    """

    file: Path | None
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
        return Types(None, {})
    try:
        with existing(path, "types file").open(encoding="utf-8", newline="") as file:
            lines = [
                (n, [cell for cell in row if cell is not None])
                for n, row in enumerate(csv.reader(file, delimiter=" ", skipinitialspace=True), 1)
                if any(row)
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SCConfigError(f"{path} cannot be read as CSV: {error}") from None
    if not lines or key not in lines[0][1]:
        raise SCConfigError(f"{path} has no column '{key}'; its first line names the columns, "
                            "separated by spaces")  # fmt: skip
    names = [name for name in lines[0][1] if name]
    found: dict[int, dict[str, str]] = {}
    for n, cells in lines[1:]:
        while len(cells) > len(names) and cells[-1] == "":
            cells.pop()
        if len(cells) != len(names):
            raise SCConfigError(f"{path}, line {n} has {len(cells)} cells for {len(names)} columns")
        row = {k: v for k, v in zip(names, cells, strict=True) if v not in _NULL}
        if row.get("population", population) != population:
            continue
        if not row.get(key, "").isdecimal():
            raise SCConfigError(f"{path}, line {n}: {key} is '{row.get(key, '')}'; it must be a "
                                "whole number")  # fmt: skip
        if int(row[key]) in found:
            raise SCConfigError(f"{path}, line {n}: type {row[key]} stands there twice")
        found[int(row[key])] = row
    return Types(path, found)


def numbers(
    table: SONATATable, types: Types, name: str, default: float | None = None
) -> NDArray[np.float64]:
    """``(n,)`` an attribute of all rows: their own, else their type's, else the default.

    Raises:
        SCConfigError: a row has none, or it is no finite number.
    """

    def number(text: str) -> float:
        try:
            return float(text)
        except ValueError:
            raise SCConfigError(f"{types.file}: {name} is '{text}'; it must be a number") from None

    out = _inherited(table, types, lambda row: number(row[name]) if name in row else np.nan)
    own, values = table.column(name)
    if own.any():
        if values.dtype.kind not in "iufb" or values.ndim != 1:
            raise SCConfigError(f"{table.file}: attribute '{name}' of population '{table.name}' "
                                "must be one number per row")  # fmt: skip
        if not np.isfinite(values).all():
            raise SCConfigError(f"{table.file}: attribute '{name}' of population '{table.name}' "
                                "holds what is not finite")  # fmt: skip
        out[own] = values
    missing = np.isnan(out)
    if default is not None:
        out[missing] = default
    elif missing.any():
        raise SCConfigError(_missing(table, types, name, missing))
    if not np.isfinite(out).all():
        raise SCConfigError(f"{types.file}: {name} must be finite")
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
    table: SONATATable, types: Types, read: Callable[[str], dict[str, float]]
) -> dict[str, NDArray[np.float64]]:
    """``(n,)`` of every dynamics parameter, not-a-number in rows that leave it to the model.

    Args:
        table: nodes or edges.
        types: their types, whose column ``dynamics_params`` names JSON files.
        read: reads such a file, given its name.

    Raises:
        SCConfigError: a file or a value is wrong.
    """
    kinds, _ = types.of(table)
    files = {row["dynamics_params"] for row in kinds if "dynamics_params" in row}
    given = {file: read(file) for file in sorted(files)}
    own = {x.removeprefix(DYNAMICS) for x in table.attribute_names() if x.startswith(DYNAMICS)}
    found = {}
    for name in sorted(own.union(*given.values())):

        def inherited(row: Mapping[str, str], name: str = name) -> float:
            return given.get(row.get("dynamics_params", ""), {}).get(name, np.nan)

        out = _inherited(table, types, inherited)
        which, values = table.column(f"{DYNAMICS}{name}")
        if which.any():
            if values.dtype.kind not in "iufb" or values.ndim != 1 or not np.isfinite(values).all():
                raise SCConfigError(
                    f"{table.file}: '{DYNAMICS}{name}' of population '{table.name}' must be one "
                    "finite number per row"
                )
            out[which] = values
        found[name] = out
    return found


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


def _files(path: str | Path, networks: dict[str, Any], what: str) -> list[tuple[Path, Path | None]]:
    listed = networks.get(what, [])
    if not isinstance(listed, list):
        raise SCConfigError(f"{path}: networks.{what} must be a list")
    found = []
    for k, entry in enumerate(listed):
        key, types = f"{what}_file", f"{what[:-1]}_types_file"
        if not isinstance(entry, dict) or not isinstance(entry.get(key), str):
            raise SCConfigError(f"{path}: entry {k} of networks.{what} names no '{key}'")
        kind = entry.get(types)
        if kind is not None and not isinstance(kind, str):
            raise SCConfigError(f"{path}: '{types}' of entry {k} of networks.{what} is no name")
        found.append((Path(entry[key]), None if kind in (None, *_NULL) else Path(str(kind))))
    if what == "nodes" and not found:
        raise SCConfigError(f"{path}: networks.nodes is empty; a circuit has nodes")
    return found


def _table(path: str | Path, document: Any, name: str, default: Any = None) -> dict[str, Any]:
    found = document.get(name, default)
    if not isinstance(found, dict):
        raise SCConfigError(f"{path}: '{name}' must be a table, not {found!r:.60}")
    return found


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise SCConfigError(f"{path} cannot be read as JSON: {error}") from None
    if not isinstance(found, dict):
        raise SCConfigError(f"{path} must hold one JSON object")
    return found


def _document(path: Path) -> dict[str, Any]:
    """A config with its variables replaced, and relative paths made absolute."""
    found = _json(path)
    manifest = {}
    for name, value in _table(path, found, "manifest", {}).items():
        if not isinstance(value, str):
            raise SCConfigError(f"{path}: manifest variable '{name}' must be a text")
        manifest[name.lstrip("$").strip("{}")] = value
    base = path.absolute().parent

    def expand(text: str, seen: tuple[str, ...] = ()) -> str:
        def value(match: re.Match[str]) -> str:
            name = match[1] or match[2]
            if name in seen:
                raise SCConfigError(f"{path}: manifest variable '${name}' is made of itself")
            if name not in manifest:
                known = ", ".join(f"${x}" for x in manifest) or "none"
                raise SCConfigError(f"{path}: '${name}' is not in the manifest, which has {known}")
            return expand(manifest[name], (*seen, name))

        return _VARIABLE.sub(value, text)

    def walk(item: Any, key: str = "") -> Any:
        if isinstance(item, dict):
            return {k: walk(v, k) for k, v in item.items()}
        if isinstance(item, list):
            return [walk(v, key) for v in item]
        if isinstance(item, str):
            item = expand(item)
            is_path = key.endswith(("_file", "_dir")) or key in ("network", "templates")
            return str(base / item) if is_path and item not in _NULL else item
        return item

    return {k: walk(v, k) for k, v in found.items() if k != "manifest"}
