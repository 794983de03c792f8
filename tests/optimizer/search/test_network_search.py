"""The whole search on a tiny network: predicted, measured, infeasible, and built as chosen."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from sc_neurocore.build.network import (
    NetworkOptions,
    NetworkSource,
    build_network,
    read_configuration,
)
from sc_neurocore.build.network._hardware import implement_engine
from sc_neurocore.build.network._plan import plan_network
from sc_neurocore.cost import Observation, cost_model
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.optimizer.search import (
    Search,
    SearchOptions,
    SearchSpace,
    optimise,
    parse_budget,
    search_report,
    write_search,
)
from sc_neurocore.toolchain import get_target


def ask(
    files: Path, source: NetworkSource, space: SearchSpace | None, store: EvidenceStore,
    budget: str, **options: object,
) -> Search:  # fmt: skip
    chosen = {"data": str(files / "tiny.npz")} | options
    asked = SearchOptions(parse_budget(budget), **chosen)  # type: ignore[arg-type]
    return optimise(source, asked, space=space, store=store)


@pytest.fixture(scope="module")
def measured(
    files: Path, source: NetworkSource, space: SearchSpace, store: EvidenceStore
) -> Search:
    """A search that spends two real runs."""
    return ask(files, source, space, store, "luts=900,latency_us=120,accuracy=0.8", runs=2)


def test_without_runs_the_choice_is_a_prediction(
    files: Path, source: NetworkSource, space: SearchSpace, store: EvidenceStore
) -> None:
    found = ask(files, source, space, store, "luts=2000")
    assert found.chosen is not None and found.rounds == ()
    assert found.chosen.figures["luts"].word == "estimated"
    assert found.chosen.figures["luts"].high <= 2000
    assert found.test is not None and found.test.of == 100
    report = search_report(found)
    assert report["verdict"]["word"] == report["chosen"]["word"] == "estimated"
    assert "not measured" in report["verdict"]["sentence"]
    assert report["accuracy_is"].endswith("of the training part")


def test_runs_measure_and_the_choice_is_measured(measured: Search) -> None:
    assert 1 <= len(measured.rounds) <= 2
    assert measured.chosen is not None and measured.chosen.measured is not None
    assert measured.options.budget.inside(measured.chosen.figures)
    report = search_report(measured)
    assert report["chosen"]["word"] == "measured"
    first = report["rounds"][0]["figures"]
    assert {row["quantity"] for row in first} >= {"luts", "ffs", "fmax_mhz", "latency_us"}
    for row in first:
        if row["measured"]:
            assert row["error"] == pytest.approx(row["predicted"]["value"] / row["measured"] - 1)
    # What was predicted is told beside what was measured, not after the model has seen it.
    assert any(row["error"] for row in first)


def test_the_same_search_is_the_same_report_and_runs_nothing(
    files: Path, source: NetworkSource, space: SearchSpace, store: EvidenceStore, measured: Search
) -> None:
    again = ask(files, source, space, store, "luts=900,latency_us=120,accuracy=0.8", runs=2)
    assert again.new_runs == 0
    assert json.dumps(search_report(again)) == json.dumps(search_report(measured))


def test_the_plan_of_the_choice_measures_what_the_search_measured(
    files: Path, source: NetworkSource, store: EvidenceStore, measured: Search, tmp_path: Path
) -> None:
    write_search(search_report(measured), tmp_path / "out")
    configuration = read_configuration(tmp_path / "out" / "configuration.json")
    chosen = measured.chosen
    assert chosen is not None and chosen.measured is not None
    assert configuration == chosen.configuration
    target = get_target("ice40-hx8k")
    options = NetworkOptions(data=str(files / "tiny.npz"), configuration=configuration)
    plan = plan_network(source, options, target, store, lambda _: None)
    hardware = implement_engine(
        plan.form.network, plan.foldings, target, options, store, lambda _: None
    )
    assert hardware.synthesis.cached and hardware.layout is not None and hardware.layout.cached
    assert hardware.synthesis.result["luts"] == chosen.measured.luts
    assert hardware.fmax_mhz == chosen.measured.fmax_mhz


@pytest.mark.exhaustive
def test_the_build_of_the_choice_measures_what_the_search_measured(
    files: Path, source: NetworkSource, store: EvidenceStore, measured: Search, tmp_path: Path
) -> None:
    write_search(search_report(measured), tmp_path / "out")
    configuration = read_configuration(tmp_path / "out" / "configuration.json")
    assert measured.chosen is not None and measured.chosen.measured is not None
    assert configuration == measured.chosen.configuration
    options = NetworkOptions(
        target="ice40-hx8k", data=str(files / "tiny.npz"), configuration=configuration, samples=1
    )
    done = build_network(source, options, tmp_path / "bundle", store=store)
    assert done.sound
    assert done.report["synthesis"]["luts"] == measured.chosen.measured.luts
    assert done.report["synthesis"]["fmax_mhz"] == measured.chosen.measured.fmax_mhz
    assert done.report["latency"]["us"]["worst"] == pytest.approx(
        search_report(measured)["chosen"]["test_latency_us"]["worst"]
    )
    accuracy = done.report["accuracy"]["bit_true"]
    assert measured.test is not None and accuracy["share"] == measured.test.share
    layers = done.report["network"]["layers"]
    assert [(x["bits"], x["pe"], x["simd"]) for x in layers] == [
        (x.bits, x.pe, x.simd) for x in configuration.layers
    ]


def test_a_prediction_that_breaks_its_bound_is_caught_by_the_run(
    files: Path, source: NetworkSource, space: SearchSpace, store: EvidenceStore, measured: Search
) -> None:
    chosen = measured.chosen
    assert chosen is not None and chosen.measured is not None
    # A model that was told a third of the area believes in a budget that nothing meets.
    lie = Observation(chosen.shape, "ice40", "luts", chosen.measured.luts / 3)
    asked = SearchOptions(
        parse_budget(f"luts={chosen.measured.luts / 2:.0f}"), data=str(files / "tiny.npz")
    )
    model = cost_model().condition([lie] * 3)
    believed = optimise(source, asked, space=space, model=model, store=store)
    assert believed.chosen is not None
    found = optimise(source, replace(asked, runs=1), space=space, model=model, store=store)
    assert len(found.rounds) == 1 and found.chosen is None and found.nearest is not None
    report = search_report(found)
    luts = next(r for r in report["rounds"][0]["figures"] if r["quantity"] == "luts")
    assert luts["inside_interval"] is False and luts["error"] < -0.4
    assert "1 measured" in report["verdict"]["sentence"]


def test_an_infeasible_budget_is_a_verdict_that_says_what_must_give(
    files: Path, source: NetworkSource, space: SearchSpace, store: EvidenceStore
) -> None:
    found = ask(files, source, space, store, "luts=50,latency_us=1e6")
    assert found.chosen is None and found.nearest is not None
    report = search_report(found)
    said = report["verdict"]["sentence"]
    assert said.startswith("infeasible: none of the 16 configurations")
    needed = report["verdict"]["nearest"]["alone"]["luts"]
    enough = ask(files, source, space, store, f"luts={needed},latency_us=1e6")
    assert enough.chosen is not None
    assert ask(files, source, space, store, f"luts={needed * 0.999},latency_us=1e6").chosen is None


def test_without_data_agreement_with_the_float_network_counts(
    source: NetworkSource, space: SearchSpace, store: EvidenceStore
) -> None:
    options = SearchOptions(parse_budget("luts=5000"))
    found = optimise(source, options, space=space, store=store)
    assert found.test is None and "agreement with the float network" in found.accuracy_is
    assert search_report(found)["data"] is None
    with pytest.raises(SCConfigError, match="needs labelled data"):
        optimise(source, replace(options, budget=parse_budget("accuracy=0.9")), store=store)


def test_the_full_grid_is_searched_by_programme_and_pareto(
    files: Path, source: NetworkSource, store: EvidenceStore
) -> None:
    found = ask(files, source, None, store, "luts=3000", trials=8)
    assert found.space.size > 100_000 and len(found.candidates) > 20
    assert found.chosen is not None
    alone = ask(files, source, None, store, "luts=3000", trials=0)
    assert alone.chosen is not None


def test_power_is_estimated_to_its_factor(
    files: Path, source: NetworkSource, space: SearchSpace, store: EvidenceStore
) -> None:
    found = ask(files, source, space, store, "power_mw=1000")
    assert found.chosen is not None
    power = found.chosen.figures["power_mw"]
    assert power.high == pytest.approx(5 * power.value) and power.word == "estimated"
    assert power.low == pytest.approx(power.value / 5) and power.low > 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"runs": -1}, "--runs is -1; it must be from 0 to 10000"),
        ({"trials": -1}, "--trials is -1"),
        ({"seed": -1}, "--seed is -1"),
        ({"timeout_s": float("inf")}, "--timeout is inf"),
    ],
)
def test_options_out_of_range_are_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(SCConfigError, match=message):
        SearchOptions(parse_budget("luts=1"), **options)  # type: ignore[arg-type]
