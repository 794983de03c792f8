"""Reading mapped netlists: cells counted by what they cost, ports by their width."""

from __future__ import annotations

import functools
import json
import tomllib
from collections import Counter
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

RESOURCES = ("luts", "ffs", "carries", "brams", "dsps")


def load_netlist(data: bytes) -> dict[str, Any]:
    """Return the modules of a Yosys JSON netlist by name."""
    modules: dict[str, Any] = json.loads(data)["modules"]
    return modules


def top_module(modules: Mapping[str, Any]) -> str:
    """Return the name of the module that is marked as the top."""
    return next(name for name, module in modules.items() if module["attributes"].get("top"))


def count_cells(modules: Mapping[str, Any], top: str) -> Counter[str]:
    """Return how many primitive cells of each type a module holds, with its instances."""
    total: Counter[str] = Counter()
    for cell in modules[top]["cells"].values():
        kind = cell["type"]
        instance = modules.get(kind)
        if instance is not None and not instance["attributes"].get("blackbox"):
            total += count_cells(modules, kind)
        elif kind != "$scopeinfo":
            total[kind] += 1
    return total


def resources(family: str, cells: Mapping[str, int]) -> dict[str, int]:
    """Return what counted cells cost on a family, by resource."""
    total = dict.fromkeys(RESOURCES, 0)
    for kind, count in cells.items():
        for resource, each in _cost(family, kind).items():
            total[resource] += each * count
    return total


def port_widths(modules: Mapping[str, Any], top: str) -> list[tuple[str, str, int]]:
    """Return name, direction (``input``, ``output``, ``inout``) and width of each port."""
    return [
        (name, port["direction"], len(port["bits"])) for name, port in modules[top]["ports"].items()
    ]


@functools.cache
def _costs() -> dict[str, dict[str, dict[str, int]]]:
    return tomllib.loads(Path(__file__).with_name("cells.toml").read_text())


@functools.cache
def _cost(family: str, kind: str) -> dict[str, int]:
    patterns = _costs()[family].items()
    return next((cost for pattern, cost in patterns if fnmatchcase(kind, pattern)), {})
