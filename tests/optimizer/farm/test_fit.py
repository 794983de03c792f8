"""Fitting: known costs are found again, groups stay together, files are whole, pages are drawn."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sc_neurocore.cost import predict_many
from sc_neurocore.cost._process import Hyperparameters
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.optimizer.farm import validate, validation_page
from sc_neurocore.optimizer.farm._files import engines_of, model_of, placer_spread, shipped
from sc_neurocore.optimizer.farm._fit import (
    fit_coefficients,
    fit_hyperparameters,
    fit_model,
    folds,
)
from sc_neurocore.optimizer.farm._job import Job, Result

ROWS = engines_of()


def test_costs_are_found_again() -> None:
    rng = np.random.default_rng(1)
    features = rng.uniform(0, 100, (80, 5))
    costs = np.array([1.0, 0.0, 2.5, 0.3, 0.0])
    found = fit_coefficients(features, features @ costs, 1e-4)
    assert found == pytest.approx(costs, abs=0.01)
    assert (fit_coefficients(features, features @ (costs - 0.5) + 200, 0.02) >= 0).all()


def test_what_rows_of_a_network_share_is_told_from_noise() -> None:
    rng = np.random.default_rng(2)
    groups = np.repeat(np.arange(30), 3)
    residuals = rng.normal(0, 0.1, 30)[groups] + rng.normal(0, 0.02, 90)
    hyper = fit_hyperparameters(rng.normal(size=(90, 2)), groups, residuals)
    assert hyper.offset == pytest.approx(0.1, rel=0.3)
    assert hyper.noise == pytest.approx(0.02, rel=0.5)
    assert isinstance(hyper, Hyperparameters)


def test_no_network_is_on_both_sides_of_a_fold() -> None:
    groups = np.repeat(np.arange(25), 3)
    seen = []
    for train, test in folds(groups):
        assert not set(groups[train]) & set(groups[test])
        seen += test.tolist()
    assert sorted(seen) == list(range(75))


def test_fitting_is_deterministic_and_blind_to_what_is_held_out() -> None:
    rows = [replace(r, figures={k: v for k, v in r.figures.items() if k == ("ecp5", "luts")})
            for r in ROWS if ("ecp5", "luts") in r.figures]  # fmt: skip
    model, validation = fit_model(rows)
    assert fit_model(rows)[0] == model
    spoilt = [replace(r, figures={k: 3 * v for k, v in r.figures.items()}) if r.held_out else r
              for r in rows]  # fmt: skip
    other, worse = fit_model(spoilt)
    for name in ("coefficients", "process", "scores"):
        assert other["parts"][0][name] == model["parts"][0][name]
    assert worse["figures"][0]["median_error"] > 0.5 > validation["figures"][0]["median_error"]
    candidates = validation["figures"][0]["candidates"]
    assert set(candidates) == {"structural", "structural + gaussian process",
                               "structural + boosted trees", "boosted trees"}  # fmt: skip


def test_a_blind_network_is_fitted_to_by_nothing() -> None:
    rows = [replace(r, figures={k: v for k, v in r.figures.items() if k == ("ecp5", "luts")})
            for r in ROWS if ("ecp5", "luts") in r.figures]  # fmt: skip
    rest, fresh = rows[6:], [r for r in rows[:6] if r.network not in {x.network for x in rows[6:]}]
    alone, _ = fit_model(rest)
    tested, validation = fit_model(rest, fresh)
    for name in ("coefficients", "process", "scores"):
        assert tested["parts"][0][name] == alone["parts"][0][name]
    found = validation["blind"]["tests"][0]
    assert found["tested_rows"] == len(fresh) and validation["blind"]["engines"] == len(fresh)
    assert tested["parts"][0]["median_error"] == found["median_error"]
    with pytest.raises(SCConfigError, match="is no blind test"):
        fit_model(rows, fresh)


def test_too_few_networks_are_refused() -> None:
    with pytest.raises(SCConfigError, match="12 networks or more"):
        fit_model(ROWS[:4])


def test_files_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    for path in shipped().iterdir():
        (tmp_path / path.name).write_text(path.read_text("utf-8"), "utf-8")
    assert validate(tmp_path)["figures"]
    stated = json.loads((tmp_path / "validation.json").read_text())
    (tmp_path / "validation.json").write_text(json.dumps({**stated, "model": "0"}))
    with pytest.raises(SCConfigError, match="of another model"):
        validate(tmp_path)
    stated["figures"][0]["median_error"] += 0.01
    (tmp_path / "validation.json").write_text(json.dumps(stated))
    assert not validate(tmp_path)["figures"][0]["recomputed"]
    with pytest.raises(SCConfigError, match="cannot be read"):
        model_of(tmp_path / "nowhere")


def test_the_page_shows_every_held_out_row() -> None:
    page = validation_page()
    assert page.count("<svg") == 9
    kept = sum(r.held_out and ("ecp5", "luts") in r.figures for r in ROWS)
    assert page.count("<circle") > kept
    assert predict_many([ROWS[0].shape], "ecp5", "luts").value[0] > 0


def test_spread_between_seeds_by_hand() -> None:
    job = Job("engine", "network-1-0", {"x": 1}, "ecp5-25k", True)
    clocks = [50.0, 52.0, 54.0]
    results = [Result(replace(job, seed=k), "measured", "", {"fmax_mhz": f})
               for k, f in enumerate(clocks)]  # fmt: skip
    alone = Result(replace(job, parameters={"x": 2}), "measured", "", {"fmax_mhz": 9.0})
    spread = placer_spread([*results, alone])
    assert spread["designs"] == 1 and spread["placements"] == 3
    assert spread["median"] == round(2.0 / 52.0, 4)
