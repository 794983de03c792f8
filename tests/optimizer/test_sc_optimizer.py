"""Greedy, annealed and exact configurations within a budget, and budgets that cannot be met."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.optimizer import (
    ComputeMode,
    HardwareBudget,
    LayerProfile,
    OptimizerReport,
    SCOptimizer,
    pareto_front,
)

NETWORK = (LayerProfile("hidden", mac_count=64), LayerProfile("out", mac_count=20))


def reports(budget: HardwareBudget, network: tuple[LayerProfile, ...]) -> list[OptimizerReport]:
    optimizer = SCOptimizer(budget)
    return [
        optimizer.optimize(network),
        optimizer.optimize_annealing(network, seed=1, steps=3000),
        optimizer.optimize_exact(network),
    ]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(1, 128), min_size=1, max_size=5),
    st.integers(50, 8000),
    st.floats(0.5, 200),
    st.none() | st.integers(100, 6000),
)
def test_a_feasible_answer_is_within_the_budget_and_exact_is_best(
    macs: list[int], luts: int, power: float, latency: int | None
) -> None:
    network = tuple(LayerProfile(f"l{i}", mac_count=n) for i, n in enumerate(macs))
    budget = HardwareBudget(luts, power, latency)
    greedy, annealed, exact = reports(budget, network)
    assert greedy.feasible == annealed.feasible == exact.feasible
    for report in (greedy, annealed, exact):
        assert [c.layer_id for c in report.layers] == [p.id for p in network]
        if report.feasible:
            assert report.totals.luts.high <= luts * (1 + 1e-9)
            assert report.totals.power_mw.value <= power * (1 + 1e-9)
            assert latency is None or report.totals.latency_cycles.value <= latency
            assert report.totals.luts.value == pytest.approx(
                sum(c.luts.value for c in report.layers)
            )
        else:
            assert report.verdict.startswith("does not fit: the nearest point takes")
            assert any(check.verdict != "fits" for check in report.checks)
    if exact.feasible:
        best = exact.totals.accuracy.value
        assert greedy.totals.accuracy.value <= annealed.totals.accuracy.value + 1e-12
        assert annealed.totals.accuracy.value <= best + 1e-9
        assert exact.gap is not None and exact.gap <= 1e-5 and greedy.gap is None


def test_more_of_everything_is_never_worse() -> None:
    found = [
        SCOptimizer(HardwareBudget(luts, luts / 20)).optimize_exact(NETWORK)
        for luts in (200, 400, 800, 1600, 3200)
    ]
    scores = [r.totals.accuracy.value for r in found if r.feasible]
    assert len(scores) >= 2 and scores == sorted(scores)


def test_the_same_seed_gives_the_same_report() -> None:
    optimizer = SCOptimizer(HardwareBudget(700, 30.0, 2000))
    one, two = (optimizer.optimize_annealing(NETWORK, seed=4) for _ in range(2))
    assert one == two


def test_critical_layers_wait_for_one_another_and_others_run_beside_them() -> None:
    network = (
        LayerProfile("a", 16, is_critical_path=True),
        LayerProfile("b", 16, is_critical_path=True),
        LayerProfile("c", 16),
    )
    report = SCOptimizer(HardwareBudget(5000, 500.0, 600)).optimize_exact(network)
    clocks = [c.latency_cycles.value for c in report.layers]
    assert report.feasible
    assert report.totals.latency_cycles.value == max(clocks[0] + clocks[1], clocks[2]) <= 600
    # All three in a row would not have had that much time.
    assert sum(clocks) > 600


def test_a_fold_takes_less_area_and_more_time_at_the_same_accuracy() -> None:
    from sc_neurocore.optimizer._choices import ACCURACY, LATENCY, LUTS, folded_grid

    grid = folded_grid(64, 8, 16, (1, 4), "ecp5", 50.0)
    by_fold = {
        fold: {
            (int(grid.length[i]), str(grid.decorrelator[i])): grid.value[i]
            for i in np.flatnonzero(grid.fold == fold)
        }
        for fold in (1, 4)
    }
    both = by_fold[1].keys() & by_fold[4].keys()
    assert len(both) > 8
    for key in both:
        whole, quarter = by_fold[1][key], by_fold[4][key]
        assert quarter[LUTS] < whole[LUTS] / 2 and quarter[LATENCY] > whole[LATENCY]
        assert quarter[ACCURACY] == whole[ACCURACY]
    assert ComputeMode(4) is ComputeMode.FOLDED_4


def test_what_must_give_is_enough() -> None:
    budget = HardwareBudget(100, 1000.0)
    report = SCOptimizer(budget).optimize(NETWORK)
    assert not report.feasible and "raise max_luts from 100 to" in report.verdict
    need = int(report.verdict.split("raise max_luts from 100 to ")[1].split()[0])
    assert SCOptimizer(HardwareBudget(need, 1000.0)).optimize_exact(NETWORK).feasible
    assert not SCOptimizer(HardwareBudget(need - 2, 1000.0)).optimize_exact(NETWORK).feasible


def test_what_must_give_may_be_more_than_one_limit() -> None:
    report = SCOptimizer(HardwareBudget(50, 0.01, 10)).optimize(NETWORK)
    assert "no single limit is enough, more than one must give" in report.verdict


def test_the_summary_says_how_each_figure_is_known() -> None:
    text = SCOptimizer(HardwareBudget(5000, 200.0)).optimize(NETWORK).summary()
    assert "(estimated, " in text and "(executed, " in text and "measured" not in text
    assert "hidden: " in text and "power in mW" in text


def test_the_front_is_what_no_point_beats() -> None:
    points = [(3.0, 1.0, 0.9), (1.0, 1.0, 0.8), (2.0, 2.0, 0.8), (3.0, 1.0, 0.9), (4.0, 0.5, 0.7)]
    assert pareto_front(points) == (1, 0, 4)
    assert pareto_front([]) == ()
    for wrong in (None, 3, [1.0, 2.0, 3.0], [(1.0, 2.0)], [("a", 1.0, 1.0)]):
        with pytest.raises(SCConfigError, match="the points must be rows of three numbers"):
            pareto_front(wrong)  # type: ignore[arg-type]
    report = SCOptimizer(HardwareBudget(5000, 200.0)).optimize(NETWORK)
    front = [(p.luts, p.power_mw, p.accuracy) for p in report.pareto]
    assert pareto_front(front) == tuple(range(len(front))) and len(front) > 5


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: HardwareBudget(True, 1.0), "max_luts is True"),
        (lambda: HardwareBudget(0, 1.0), "max_luts is 0"),
        (lambda: HardwareBudget(-5, 1.0), "max_luts is -5"),
        (lambda: HardwareBudget(1.5, 1.0), "max_luts is 1.5"),  # type: ignore[arg-type]
        (lambda: HardwareBudget(10, math.inf), "max_power_mw is inf"),
        (lambda: HardwareBudget(10, math.nan), "max_power_mw is nan"),
        (lambda: HardwareBudget(10, -1.0), "max_power_mw is -1.0"),
        (lambda: HardwareBudget(10, True), "max_power_mw is True"),
        (lambda: HardwareBudget(10, 1.0, 0), "max_latency_cycles is 0"),
        (lambda: HardwareBudget(10, 1.0, False), "max_latency_cycles is False"),
        (lambda: LayerProfile("", 4), "id of a layer is ''"),
        (lambda: LayerProfile("a", 0), "mac_count of layer 'a' is 0"),
        (lambda: LayerProfile("a", True), "mac_count of layer 'a' is True"),
        (lambda: LayerProfile("a", 2, 1), "is_critical_path of layer 'a' is 1"),  # type: ignore[arg-type]
        (lambda: SCOptimizer(HardwareBudget(10, 1.0)).optimize([]), "the network has no layers"),
        (
            lambda: SCOptimizer(HardwareBudget(10, 1.0)).optimize([NETWORK[0], NETWORK[0]]),
            "two layers have the id 'hidden'",
        ),
        (
            lambda: SCOptimizer(HardwareBudget(10, 1.0)).optimize(["x"]),  # type: ignore[list-item]
            "must be a LayerProfile",
        ),
        (lambda: SCOptimizer(10), "it must be a HardwareBudget"),  # type: ignore[arg-type]
        (lambda: SCOptimizer(HardwareBudget(10, 1.0), target="z80"), "target is 'z80'"),
        (
            lambda: SCOptimizer(HardwareBudget(10, 1.0)).optimize_annealing(NETWORK, seed=-1),
            "seed is -1",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(make, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(SCConfigError) as error:
        make()
    assert message in str(error.value)
