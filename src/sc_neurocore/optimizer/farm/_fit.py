"""Fitting: structural costs, candidates for what they leave, and the choice by cross-validation."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.cost._data import METRICS, EngineRow, write_engines
from sc_neurocore.cost._digest import canonical_digest
from sc_neurocore.cost._model import (
    FORMAT,
    MetricModel,
    build_part,
    counted,
    group_numbers,
    ranges_of,
    training_rows,
)
from sc_neurocore.cost._process import Hyperparameters, Process, log_likelihood
from sc_neurocore.cost._structure import names_of, structure, to_cost
from sc_neurocore.exceptions import SCConfigError, SCDependencyError

Reals = NDArray[np.float64]
#: Confidence whose coverage is stated.
CONFIDENCE = 0.9
_FOLDS = 10
_LEAST_NETWORKS = 12
#: Strengths of the ridge that cross-validation chooses among.
_RIDGES = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8)
_LARGE, _REWEIGHTINGS = 0.05, 8
_RULED = ("brams", "dsps")


@dataclass(frozen=True, eq=False)
class Table:
    """What one figure is fitted to.

    Attributes:
        features: structural, (rows, features).
        inputs: of the process, standardised.
        cost: what the structure should add up to.
        groups: network of each row.
        centre: of the inputs.
        spread: of the inputs.
    """

    features: Reals
    inputs: Reals
    cost: Reals
    groups: NDArray[np.int64]
    centre: Reals
    spread: Reals


def fit_model(
    rows: Sequence[EngineRow], blind: Sequence[EngineRow] = ()
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The model's JSON document and its validation report.

    Args:
        rows: training and held-out rows.
        blind: rows of networks that were looked at by nobody and nothing before; where there are
            such, the model states their errors as its own.

    Raises:
        SCDependencyError: scikit-learn or lightgbm is not installed.
        SCConfigError: there are too few networks, or a blind one is among the others.
    """
    if known := {r.network for r in blind} & {r.network for r in rows}:
        raise SCConfigError(f"{min(known)} is no blind test: its results are fitted to; leave "
                            "them out of one of the two")  # fmt: skip
    text = write_engines(rows)
    parts, reports, of_blind = [], [], []
    for family in sorted({f for r in rows for f, _ in r.figures}):
        for metric in METRICS:
            used = training_rows(rows, family, metric)
            if len({r.network for r in used}) < _LEAST_NETWORKS:
                continue
            entry, report = _part(rows, used, family, metric)
            tested = [r for r in blind if (family, metric) in r.figures]
            if tested:
                found = evaluate(entry, rows, tested, family, metric)
                entry |= {name: found[name] for name in ("median_error", "p90_error")}
                of_blind.append({"family": family, "metric": metric, **found})
            parts.append(entry)
            reports.append(report)
    if not parts:
        raise SCConfigError(
            f"a model is fitted to {_LEAST_NETWORKS} networks or more; collect further results"
        )
    training = [r for r in rows if not r.held_out]
    document: dict[str, Any] = {
        "format": FORMAT,
        "data": hashlib.sha256(text.encode()).hexdigest(),
        "ranges": ranges_of(training),
        "parts": parts,
    }
    document["digest"] = canonical_digest(document)
    validation = {
        "model": document["digest"],
        "training": _counts(training),
        "held_out": _counts([r for r in rows if r.held_out]),
        "confidence": CONFIDENCE,
        "figures": reports,
        "blind": _blind(blind, of_blind) if blind else None,
    }
    return document, validation


def table_of(rows: Sequence[EngineRow], family: str, metric: str) -> Table:
    """What a figure is fitted to, of rows that have it."""
    features, inputs = structure([r.shape for r in rows], family, metric)
    centre, spread = inputs.mean(axis=0), inputs.std(axis=0)
    spread[spread < 1e-6] = 1.0
    figures = np.array([r.figures[family, metric] for r in rows], np.float64)
    return Table(
        features, (inputs - centre) / spread, to_cost(metric, figures), group_numbers(rows),
        centre, spread,
    )  # fmt: skip


def fit_coefficients(features: Reals, cost: Reals, ridge: float) -> Reals:
    """Costs of features, none negative, of least squared relative error.

    A ridge on each feature's share keeps those apart that the data hardly tell apart.
    """
    from scipy.optimize import nnls

    relative = features / cost[:, None]
    share = np.sqrt(np.mean(relative**2, axis=0)) * np.sqrt(len(cost)) * ridge
    found, weight = np.zeros(features.shape[1]), np.ones(len(cost))
    for _ in range(_REWEIGHTINGS):
        a = np.concatenate([relative * weight[:, None], np.diag(share)])
        b = np.concatenate([weight, np.zeros(features.shape[1])])
        found = np.asarray(nnls(a, b, maxiter=50 * features.shape[1])[0], np.float64)
        # Errors beyond a twentieth count by their size, not its square: a memory that was mapped
        # otherwise than by the rules must not bend all costs (Huber's weights).
        error = np.abs(relative @ found - 1)
        weight = np.sqrt(np.minimum(1.0, _LARGE / np.maximum(error, 1e-9)))
    return found


def fit_hyperparameters(
    inputs: Reals, groups: NDArray[np.int64], residuals: Reals
) -> Hyperparameters:
    """The most likely hyperparameters of log residuals."""
    from scipy.optimize import minimize

    scale = max(float(residuals.std()), 1e-3)
    start = np.log([0.7 * scale, np.sqrt(inputs.shape[1]), 0.5 * scale, 0.4 * scale])
    low = np.log([0.02 * scale, 0.3, 0.02 * scale, 0.1 * scale])
    high = np.log([5 * scale, 60.0, 2 * scale, 2 * scale])

    def loss(theta: Reals) -> float:
        amplitude, length, offset, noise = np.exp(theta).tolist()
        hyper = Hyperparameters(amplitude, length, offset, noise)
        return -log_likelihood(Process(hyper, inputs, groups, residuals))

    found = minimize(
        loss, start, method="L-BFGS-B", bounds=list(zip(low, high, strict=True)),
        options={"maxiter": 40},
    )  # fmt: skip
    return Hyperparameters(*(round(float(x), 6) for x in np.exp(found.x)))


def folds(
    groups: NDArray[np.int64],
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Training and test rows of each fold; no network is on both sides."""
    try:
        from sklearn.model_selection import GroupKFold
    except ImportError:
        raise _missing() from None
    splitter = GroupKFold(n_splits=min(_FOLDS, len(np.unique(groups))))
    yield from splitter.split(groups, groups=groups)


def _part(
    rows: Sequence[EngineRow], used: Sequence[EngineRow], family: str, metric: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    entry: dict[str, Any] = {"family": family, "metric": metric, "median_error": 0.0,
                             "p90_error": 0.0}  # fmt: skip
    if metric in _RULED:
        entry |= {"form": "rule", "scores": _rule_scores(used, family, metric)}
        candidates: dict[str, Any] = {}
    else:
        fitted, candidates = _fitted(used, family, metric)
        entry |= fitted
    kept = [r for r in rows if r.held_out and (family, metric) in r.figures]
    found = evaluate(entry, rows, kept, family, metric)
    entry["median_error"], entry["p90_error"] = found["median_error"], found["p90_error"]
    report = {
        "family": family, "metric": metric, "form": entry["form"],
        "training_rows": len(used), "training_networks": len({r.network for r in used}),
        "candidates": candidates, **found,
    }  # fmt: skip
    return entry, report


def _fitted(
    used: Sequence[EngineRow], family: str, metric: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    t = table_of(used, family, metric)
    log_cost, n = np.log(t.cost), len(t.cost)
    structural, boosted, alone = np.empty(n), np.empty(n), np.empty(n)
    splits = [(train, test) for train, test in folds(t.groups)]
    ridge, costs = _ridge(t, splits)
    for c, (train, test) in zip(costs, splits, strict=True):
        structural[test] = np.log(np.maximum(t.features[test] @ c, 1e-9))
        left = log_cost[train] - np.log(np.maximum(t.features[train] @ c, 1e-9))
        boosted[test] = structural[test] + _boosted(t.inputs[train], left, t.inputs[test])
        plain = np.log1p(t.features)
        alone[test] = _boosted(plain[train], log_cost[train], plain[test])
    hyper = fit_hyperparameters(t.inputs, t.groups, log_cost - structural)
    smooth, scores = np.empty(n), np.empty(n)
    for c, (train, test) in zip(costs, splits, strict=True):
        left = log_cost[train] - np.log(np.maximum(t.features[train] @ c, 1e-9))
        process = Process(hyper, t.inputs[train], t.groups[train], left)
        mean, deviation = process.predict(t.inputs[test])
        smooth[test] = structural[test] + mean
        scores[test] = np.abs(log_cost[test] - smooth[test]) / deviation
    predicted = {
        "structural": structural,
        "structural + gaussian process": smooth,
        "structural + boosted trees": boosted,
        "boosted trees": alone,
    }
    candidates = {name: _errors(np.exp(p - log_cost)) for name, p in predicted.items()}
    # Trees are compared, but only what numpy predicts from the records themselves is shipped.
    form = min(list(predicted)[:2], key=lambda name: candidates[name]["mean_log_error"])
    if form == "structural":
        # Nothing smooth is left: only what the rows of a network share, for `CostModel.condition`.
        hyper = replace(hyper, amplitude=1e-6)
        scores = np.abs(log_cost - structural) / np.hypot(hyper.offset, hyper.noise)
    coefficients = fit_coefficients(t.features, t.cost, ridge)
    names = names_of(metric)
    entry = {
        "form": form,
        "ridge": ridge,
        "coefficients": {
            name: round(float(c), 6) for name, c in zip(names, coefficients, strict=True) if c
        },
        "centre": [round(float(x), 6) for x in t.centre],
        "spread": [round(float(x), 6) for x in t.spread],
        "process": asdict(hyper),
        "scores": [round(float(x), 5) for x in np.sort(scores)],
    }
    return entry, candidates


def _ridge(
    t: Table, splits: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]]
) -> tuple[float, list[Reals]]:
    """The ridge of least cross-validated error, and the costs that it gives in each fold."""
    found = []
    for ridge in _RIDGES:
        costs = [fit_coefficients(t.features[a], t.cost[a], ridge) for a, _ in splits]
        error = sum(
            float(np.abs(np.log(np.maximum(t.features[b] @ c, 1e-9) / t.cost[b])).sum())
            for c, (_, b) in zip(costs, splits, strict=True)
        )
        found.append((error, ridge, costs))
    _, ridge, costs = min(found, key=lambda x: x[0])
    return ridge, costs


def evaluate(
    entry: Mapping[str, Any],
    rows: Sequence[EngineRow],
    kept: Sequence[EngineRow],
    family: str,
    metric: str,
) -> dict[str, Any]:
    """Errors and coverage of a model's entry on rows that it was not trained on."""
    part = build_part(entry, rows)
    measured = np.array([r.figures[family, metric] for r in kept], np.float64)
    predicted = part.predict([r.shape for r in kept], CONFIDENCE)
    if isinstance(part, MetricModel):
        error = np.abs(predicted.value / measured - 1)
    else:
        error = np.abs(predicted.value - measured) / np.maximum(1.0, measured)
    inside = (measured >= predicted.low) & (measured <= predicted.high)
    return {
        "tested_rows": len(kept),
        "tested_networks": len({r.network for r in kept}),
        "median_error": round(float(np.median(error)), 4),
        "p90_error": round(float(np.quantile(error, 0.9)), 4),
        "worst_error": round(float(error.max()), 4),
        "exact": round(float((error < 1e-9).mean()), 4),
        "coverage": round(float(inside.mean()), 4),
        "width": round(float(np.median((predicted.high - predicted.low)
                                       / np.maximum(1.0, predicted.value))), 4),
    }  # fmt: skip


def _rule_scores(used: Sequence[EngineRow], family: str, metric: str) -> list[float]:
    measured = np.array([r.figures[family, metric] for r in used], np.float64)
    value = counted([r.shape for r in used], family, metric)
    return [round(float(x), 5) for x in np.sort(np.abs(value - measured) / np.maximum(1, value))]


def _boosted(inputs: Reals, target: Reals, wanted: Reals) -> Reals:
    try:
        from lightgbm import LGBMRegressor
    except ImportError:
        raise _missing() from None
    trees = LGBMRegressor(
        n_estimators=150, learning_rate=0.05, num_leaves=8, min_child_samples=8, n_jobs=1,
        verbose=-1, random_state=0, deterministic=True, force_row_wise=True,
    )  # fmt: skip
    return np.asarray(trees.fit(inputs, target).predict(wanted), np.float64)


def _errors(ratio: Reals) -> dict[str, float]:
    error = np.abs(ratio - 1)
    return {
        "median_error": round(float(np.median(error)), 4),
        "p90_error": round(float(np.quantile(error, 0.9)), 4),
        "mean_log_error": round(float(np.abs(np.log(ratio)).mean()), 5),
    }


def _counts(rows: Sequence[EngineRow]) -> dict[str, Any]:
    return {
        "engines": len(rows),
        "networks": len({r.network for r in rows}),
        "figures": {
            f"{f} {m}": sum((f, m) in r.figures for r in rows)
            for f in ("ecp5", "ice40", "xilinx")
            for m in METRICS
        },
    }


def _blind(rows: Sequence[EngineRow], tests: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A blind test: its counts, the seeds of its sweeps, and the errors of each figure."""
    seeds = sorted({r.network.split("-")[1] for r in rows if r.network.startswith("network-")})
    return {**_counts(rows), "sweeps": ", ".join(f"seed {s}" for s in seeds), "tests": list(tests)}


def _missing() -> SCDependencyError:
    return SCDependencyError(
        "fitting the cost model needs scikit-learn and lightgbm; run: "
        "pip install 'sc-neurocore[optimizer]'"
    )
