"""The files of a fitted model: its records, its models, and what validates them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from sc_neurocore.cost._blocks import read_blocks_model
from sc_neurocore.cost._data import EngineRow, read_engines, write_blocks, write_engines
from sc_neurocore.cost._model import CostModel, read_model
from sc_neurocore.evidence import atomic_write
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.optimizer.farm._dataset import ENGINES, block_rows, engine_rows
from sc_neurocore.optimizer.farm._fit import evaluate, fit_model
from sc_neurocore.optimizer.farm._fit_blocks import fit_blocks
from sc_neurocore.optimizer.farm._job import Result

ENGINES_CSV, BLOCKS_CSV, BLIND_CSV = "engines.csv", "blocks.csv", "blind.csv"
MODEL, BLOCKS_MODEL, VALIDATION = "model.json", "blocks.json", "validation.json"


def shipped() -> Path:
    """Folder of the model that is shipped."""
    return Path(str(files("sc_neurocore.cost") / "data"))


def fit(results: Iterable[Result], folder: Path, blind: Iterable[Result] = ()) -> dict[str, Any]:
    """Fit models to results of the farm and write their files.

    Args:
        results: of any sweeps.
        folder: where `MODEL`, `BLOCKS_MODEL`, `VALIDATION` and the records go.
        blind: results of a sweep that nobody looked at before; tested on, never fitted to.

    Returns:
        The validation.

    Raises:
        SCConfigError: there are too few results, or a blind network is among the others.
        SCDependencyError: scikit-learn or lightgbm is not installed.
    """
    listed = list(results)
    engines, blocks = engine_rows(listed), block_rows(listed)
    fresh = [replace(r, held_out=True) for r in engine_rows(blind)]
    model, validation = fit_model(engines, fresh)
    of_blocks, block_report = fit_blocks(blocks)
    failed = [r for r in listed if r.status == "failed"]
    validation |= {
        "blocks": block_report,
        "jobs": {
            "measured": len(listed) - len(failed),
            "does not fit": sum("does not fit" in r.reason for r in failed),
            "failed otherwise": sum("does not fit" not in r.reason for r in failed),
        },
        "tools": _tools(listed),
        "placer_spread": placer_spread(listed),
    }
    texts = {
        ENGINES_CSV: write_engines(engines),
        BLOCKS_CSV: write_blocks(blocks),
        BLIND_CSV: write_engines(fresh),
        MODEL: _json(model),
        BLOCKS_MODEL: _json(of_blocks),
        VALIDATION: _json(validation),
    }
    read_model(texts[MODEL], texts[ENGINES_CSV])
    read_blocks_model(texts[BLOCKS_MODEL], texts[BLOCKS_CSV])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        atomic_write(folder / name, text)
    return validation


def validate(folder: Path | None = None) -> dict[str, Any]:
    """Compute the held-out errors of a fitted model again, from its own files.

    Args:
        folder: of the files; None for those that are shipped.

    Returns:
        The stated validation, every figure with ``recomputed``: whether it came out as stated.

    Raises:
        SCConfigError: a file is missing or damaged.
    """
    folder = folder or shipped()
    rows = engines_of(folder)
    model = json.loads(_read(folder, MODEL))
    read_model(_read(folder, MODEL), _read(folder, ENGINES_CSV))
    read_blocks_model(_read(folder, BLOCKS_MODEL), _read(folder, BLOCKS_CSV))
    stated: dict[str, Any] = json.loads(_read(folder, VALIDATION))
    if stated["model"] != model["digest"]:
        raise SCConfigError(f"{VALIDATION} is of another model than {MODEL}; fit it again")
    entries = {(e["family"], e["metric"]): e for e in model["parts"]}
    kept = {"held out": rows, "blind": read_engines(_read(folder, BLIND_CSV))}
    for test, figure in stated_tests(stated):
        key = figure["family"], figure["metric"]
        tested = held_out_rows(kept[test], *key)
        found = evaluate(entries[key], rows, tested, *key)
        figure["recomputed"] = all(abs(figure[name] - x) < 2e-4 for name, x in found.items())
    return stated


def model_of(folder: Path | None = None) -> CostModel:
    """The model of a folder; the shipped one without."""
    folder = folder or shipped()
    return read_model(_read(folder, MODEL), _read(folder, ENGINES_CSV))


def engines_of(folder: Path | None = None) -> list[EngineRow]:
    """The engines that a model was fitted to and tested on."""
    return read_engines(_read(folder or shipped(), ENGINES_CSV))


def held_out_rows(rows: Sequence[EngineRow], family: str, metric: str) -> list[EngineRow]:
    """Rows that a figure was tested on."""
    return [r for r in rows if r.held_out and (family, metric) in r.figures]


def stated_tests(validation: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """What a model was tested on: ``held out`` or ``blind``, and the errors of a figure there."""
    blind = validation["blind"]
    found = [("held out", f) for f in validation["figures"]]
    return found + [("blind", f) for f in (blind["tests"] if blind else [])]


def placer_spread(results: Iterable[Result]) -> dict[str, Any]:
    """How far clocks differ between the placer's seeds, as a share of their mean."""
    found: dict[tuple[str, str], list[float]] = {}
    for r in results:
        if r.job.kind in ENGINES and "fmax_mhz" in r.figures:
            key = json.dumps(r.job.parameters, sort_keys=True), r.job.target
            found.setdefault(key, []).append(r.figures["fmax_mhz"])
    several = [np.array(v) for v in found.values() if len(v) > 2]
    spreads = [float(v.std(ddof=1) / v.mean()) for v in several]
    return {
        "designs": len(several),
        "placements": sum(len(v) for v in several),
        "median": round(float(np.median(spreads)), 4) if spreads else None,
        "largest": round(max(spreads), 4) if spreads else None,
    }


def _tools(results: Iterable[Result]) -> Mapping[str, list[str]]:
    found: dict[str, set[str]] = {}
    for r in results:
        for tool, version in r.versions.items():
            found.setdefault(tool, set()).add(version)
    return {tool: sorted(versions) for tool, versions in sorted(found.items())}


def _read(folder: Path, name: str) -> str:
    try:
        return (folder / name).read_text(encoding="utf-8")
    except OSError:
        raise SCConfigError(f"{folder / name} cannot be read; run cost-model fit first") from None


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, sort_keys=True, allow_nan=False) + "\n"
