"""From results of the farm to rows that a model is fitted to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sc_neurocore.accelerator import engine_shape
from sc_neurocore.cost._data import METRICS, BlockRow, EngineRow
from sc_neurocore.cost._shape import BlockShape
from sc_neurocore.evidence import canonical_json
from sc_neurocore.optimizer.farm._job import Result
from sc_neurocore.optimizer.farm._run import engine_and_foldings
from sc_neurocore.optimizer.farm._sweep import held_out
from sc_neurocore.toolchain import get_target

#: Kinds of jobs whose design is an engine.
ENGINES = ("engine", "network")


def engine_rows(results: Iterable[Result]) -> list[EngineRow]:
    """Engines with what was measured of them with the first placer seed, ordered by network."""
    found: dict[tuple[str, str], tuple[Result, dict[tuple[str, str], float]]] = {}
    for result in results:
        job = result.job
        if job.kind in ENGINES and result.figures and job.seed == 1:
            key = job.group, canonical_json(dict(job.parameters))
            found.setdefault(key, (result, {}))[1].update(_figures(result))
    rows = []
    for (group, _), (result, figures) in found.items():
        shape = engine_shape(*engine_and_foldings(result.job))
        kept = result.job.kind == "network" or held_out(group)
        rows.append(EngineRow(group, kept, shape, figures))
    return sorted(rows, key=lambda r: (not r.network.startswith("network-"), _natural(r.network)))


def block_rows(results: Iterable[Result]) -> list[BlockRow]:
    """Blocks and single layers, ordered by kind."""
    found: dict[str, tuple[BlockShape, dict[tuple[str, str], float]]] = {}
    for result in results:
        job = result.job
        if job.kind not in ENGINES and result.figures:
            shape = BlockShape(job.kind, {k: _number(v) for k, v in job.parameters.items()})
            found.setdefault(job.group, (shape, {}))[1].update(_figures(result))
    rows = [BlockRow(group, shape, figures) for group, (shape, figures) in found.items()]
    return sorted(rows, key=lambda r: (r.shape.kind, _natural(r.group)))


def _figures(result: Result) -> dict[tuple[str, str], float]:
    family = get_target(result.job.target).family
    return {(family, m): result.figures[m] for m in METRICS if m in result.figures}


def _natural(name: str) -> tuple[Any, ...]:
    return tuple((0, int(p), "") if p.isdigit() else (1, 0, p) for p in name.split("-"))


def _number(value: Any) -> int | str:
    if isinstance(value, str) and value.isdigit():
        return int(value)
    return value if isinstance(value, (int, str)) else str(value)
