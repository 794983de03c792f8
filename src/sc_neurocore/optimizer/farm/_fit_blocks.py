"""Fitting the models of blocks: costs of their features, errors of what was left out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.cost._block_features import block_features
from sc_neurocore.cost._blocks import BLOCK_FORMAT
from sc_neurocore.cost._data import BlockRow, write_blocks
from sc_neurocore.cost._digest import canonical_digest

Reals = NDArray[np.float64]
METRICS = ("luts", "ffs", "brams", "dsps")
#: Figures below this count as this in relative errors: one LUT of three is no error of a third.
FLOOR = 10.0
_LEAST, _RIDGE, _FOLDS = 5, 0.01, 10


def fit_blocks(rows: Sequence[BlockRow]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The JSON document of the blocks' models, and their validation."""
    parts, report = [], []
    for kind in sorted({r.shape.kind for r in rows}):
        for family in sorted({f for r in rows for f, _ in r.figures}):
            used = [r for r in rows if r.shape.kind == kind and (family, "luts") in r.figures]
            if len({r.group for r in used}) < _LEAST:
                continue
            for metric in METRICS:
                part = _part(used, kind, family, metric)
                parts.append(part)
                report.append(
                    {"kind": kind, "family": family, "metric": metric, "rows": len(used),
                     "median_error": part["median_error"], "p90_error": part["p90_error"]}
                )  # fmt: skip
    document: dict[str, Any] = {
        "format": BLOCK_FORMAT,
        "data": hashlib.sha256(write_blocks(rows).encode()).hexdigest(),
        "parts": parts,
    }
    document["digest"] = canonical_digest(document)
    return document, report


def _part(used: Sequence[BlockRow], kind: str, family: str, metric: str) -> dict[str, Any]:
    named = [block_features(r.shape) for r in used]
    names = list(named[0])
    features = np.array([[n.get(name, 0.0) for name in names] for n in named])
    measured = np.array([r.figures[family, metric] for r in used], np.float64)
    predicted = np.empty(len(used))
    folds = min(_FOLDS, len(used)) if len(used) > 20 else len(used)
    number = np.arange(len(used)) % folds
    for fold in range(folds):
        c = _costs(features[number != fold], measured[number != fold])
        predicted[number == fold] = features[number == fold] @ c
    errors = np.abs(predicted - measured)
    relative = errors / np.maximum(measured, FLOOR)
    c = _costs(features, measured)
    return {
        "kind": kind, "family": family, "metric": metric,
        "coefficients": {
            n: round(float(x), 6) for n, x in zip(names, c, strict=True) if abs(x) > 1e-6
        },
        "scores": [round(float(x), 5) for x in np.sort(errors / np.maximum(predicted, FLOOR))],
        "median_error": round(float(np.median(relative)), 4),
        "p90_error": round(float(np.quantile(relative, 0.9)), 4),
        "ranges": {
            n: [float(features[:, k].min()), float(features[:, k].max())]
            for k, n in enumerate(names) if not n.startswith("2^")
        },
    }  # fmt: skip


def _costs(features: Reals, measured: Reals) -> Reals:
    """Costs of features, none negative, of least squared relative error."""
    from scipy.optimize import nnls

    weight = 1.0 / np.maximum(measured, FLOOR)
    relative = features * weight[:, None]
    share = np.sqrt(np.mean(relative**2, axis=0)) * np.sqrt(len(measured)) * _RIDGE
    a = np.concatenate([relative, np.diag(share)])
    b = np.concatenate([measured * weight, np.zeros(features.shape[1])])
    return np.asarray(nnls(a, b, maxiter=100 * features.shape[1])[0], np.float64)
