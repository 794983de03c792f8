"""The JSON files of a SONATA circuit."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sc_neurocore.dynamics import suggest
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.io._sonata_hdf5 import existing
from sc_neurocore.io._sonata_types import NULL
from sc_neurocore.io._unread import report_unread

_VARIABLE = re.compile(r"\$\{(\w+)\}|\$(\w+)")
#: Longest path, and longest chain of manifest variables.
_MOST_TEXT, _MOST_CHAIN = 4096, 64
#: Keys of configs by place: what is read, or is nothing that a network has.
_KEYS = {
    "networks": ("nodes", "edges"),
    "nodes": ("nodes_file", "node_types_file"),
    "edges": ("edges_file", "edge_types_file"),
    "inputs": ("input_type", "module", "input_file", "node_set"),
}
_TOP = {"manifest", "network", "networks", "components", "run", "inputs", "node_sets_file",
        "target_simulator", "output", "reports", "version", "metadata"}  # fmt: skip
_RUN = {"dt", "tstop", "duration", "dL", "spike_threshold", "nsteps_block", "overwrite_output_dir"}
#: What would make another network of it.
_REFUSED = ("node_set", "connection_overrides")


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
        try:
            found = (self.components[name] / file).resolve()
        except (OSError, RuntimeError, ValueError):  # a loop of links, a NUL
            raise SCConfigError(f"{what} names {file!r}, which is no file") from None
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
        for document, names in ((whole, ("networks",)), (circuit, ("network", "run", "inputs"))):
            for name in set(names) & set(document):
                raise SCConfigError(f"{path} names the circuit config '{network}', and "
                                    f"{'it' if document is circuit else 'itself'} has '{name}'; "
                                    "leave one of them out")  # fmt: skip
    networks = _table(path, circuit, "networks")
    _require_keys(path, networks, "networks", "networks")
    components: dict[str, Path] = {}
    for document in (circuit, whole):
        for name, place in _table(path, document, "components", {}).items():
            if not isinstance(place, str):
                raise SCConfigError(f"{path}: '{name}' of components must be a text, not "
                                    f"{place!r:.60}")  # fmt: skip
            components[name] = Path(place)
    run = _table(path, whole, "run", {})
    dt = None if run.get("dt") is None else _finite(run["dt"])
    if "dt" in run and run["dt"] is not None and not (dt or 0) > 0:
        raise SCConfigError(f"{path}: dt of 'run' is {run['dt']!r:.40}; it must be a number of ms "
                            "above 0")  # fmt: skip
    inputs = _table(path, whole, "inputs", {})
    for name in inputs:
        _require_keys(path, _table(path, inputs, name), "inputs", f"input '{name}'")
    sets = whole.get("node_sets_file", circuit.get("node_sets_file"))
    return Config(
        Path(path),
        _files(path, networks, "nodes"),
        _files(path, networks, "edges"),
        components,
        dt,
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
        number = _finite(value)
        if number is None:
            raise SCConfigError(f"{path}: '{name}' is {value!r:.40}; parameters are finite numbers")
        found[name] = number
    return found


def _finite(value: Any) -> float | None:
    """A number of JSON, ``None`` if it is none that is finite."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def _files(path: str | Path, networks: dict[str, Any], what: str) -> list[tuple[Path, Path | None]]:
    listed = networks.get(what, [])
    if not isinstance(listed, list):
        raise SCConfigError(f"{path}: networks.{what} must be a list")
    found = []
    for k, entry in enumerate(listed):
        key, types = f"{what}_file", f"{what[:-1]}_types_file"
        if not isinstance(entry, dict) or not isinstance(entry.get(key), str):
            raise SCConfigError(f"{path}: entry {k} of networks.{what} names no '{key}'")
        _require_keys(path, entry, what, f"entry {k} of networks.{what}")
        kind = entry.get(types)
        if kind is not None and not isinstance(kind, str):
            raise SCConfigError(f"{path}: '{types}' of entry {k} of networks.{what} is no name")
        found.append((Path(entry[key]), None if kind in (None, *NULL) else Path(str(kind))))
    if what == "nodes" and not found:
        raise SCConfigError(f"{path}: networks.nodes is empty; a circuit has nodes")
    return found


def _require_keys(path: str | Path, document: dict[str, Any], kind: str, what: str) -> None:
    for name in document:
        if name not in _KEYS[kind]:
            raise SCConfigError(f"{path}: {what} has '{name}', which is not read"
                                f"{suggest(name, _KEYS[kind])}")  # fmt: skip


def _table(path: str | Path, document: Any, name: str, default: Any = None) -> dict[str, Any]:
    found = document.get(name, default)
    if not isinstance(found, dict):
        raise SCConfigError(f"{path}: '{name}' must be a table, not {found!r:.60}")
    return found


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_once)
    except (OSError, ValueError, RecursionError) as error:
        raise SCConfigError(f"{path} cannot be read as JSON: {error}") from None
    if not isinstance(found, dict):
        raise SCConfigError(f"{path} must hold one JSON object")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(x for x in names if names.count(x) > 1)
        raise ValueError(f"'{twice}' stands twice in one table")
    return found


def _document(path: Path) -> dict[str, Any]:
    """A config with its variables replaced, and relative paths made absolute."""
    found = _json(path)
    for name in _REFUSED:
        if name in found:
            raise SCConfigError(f"{path} has '{name}', which is not read; a circuit is read whole, "
                                "as its files say, so leave it out")  # fmt: skip
    run = found.get("run")
    report_unread(path, [
        *(f"'{x}'" for x in found if x not in _TOP),
        *(f"'{x}' of run" for x in (run if isinstance(run, dict) else ()) if x not in _RUN),
    ])  # fmt: skip
    manifest: dict[str, str] = {}
    for name, value in _table(path, found, "manifest", {}).items():
        if not isinstance(value, str):
            raise SCConfigError(f"{path}: manifest variable '{name}' must be a text")
        bare = name.lstrip("$").strip("{}")
        if bare in manifest:
            raise SCConfigError(f"{path}: manifest variable '${bare}' stands twice")
        manifest[bare] = value
    base = path.absolute().parent
    known: dict[str, str] = {}

    def expand(text: str, seen: tuple[str, ...] = ()) -> str:
        def value(match: re.Match[str]) -> str:
            name = match[1] or match[2]
            if len(seen) >= _MOST_CHAIN:
                raise SCConfigError(f"{path}: manifest variable '${seen[0]}' is a chain of more "
                                    f"than {_MOST_CHAIN} others; shorten it")  # fmt: skip
            if name in seen:
                raise SCConfigError(f"{path}: manifest variable '${name}' is made of itself")
            if name not in manifest:
                has = ", ".join(f"${x}" for x in manifest) or "none"
                raise SCConfigError(f"{path}: '${name}' is not in the manifest, which has {has}")
            if name not in known:
                known[name] = expand(manifest[name], (*seen, name))
            return known[name]

        whole = _VARIABLE.sub(value, text)
        if len(whole) > _MOST_TEXT:
            raise SCConfigError(f"{path}: '{text:.40}' becomes {len(whole)} characters with the "
                                f"manifest's variables; at most {_MOST_TEXT} are read")  # fmt: skip
        return whole

    def walk(item: Any, key: str = "") -> Any:
        if isinstance(item, dict):
            return {k: walk(v, k) for k, v in item.items()}
        if isinstance(item, list):
            return [walk(v, key) for v in item]
        if isinstance(item, str):
            item = expand(item)
            is_path = key.endswith(("_file", "_dir")) or key in ("network", "templates")
            return str(base / item) if is_path and item not in NULL else item
        return item

    try:
        return {k: walk(v, k) for k, v in found.items() if k != "manifest"}
    except RecursionError:
        raise SCConfigError(f"{path}: its tables are nested too deeply") from None
