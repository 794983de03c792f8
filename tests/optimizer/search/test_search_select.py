"""Which candidate is chosen, which is measured next, and what must give."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import pytest

from sc_neurocore.build.network import Configuration, LayerConfiguration, Proportion
from sc_neurocore.cost import EngineShape
from sc_neurocore.optimizer.search import Budget, Candidate, Clocks, Figure, Measured, parse_budget
from sc_neurocore.optimizer.search._candidate import outside_by, widened
from sc_neurocore.optimizer.search._select import (
    RISK,
    best_known,
    choose,
    confidence_for,
    nearest,
    next_runs,
)

SHAPE = EngineShape((), "rate", 1, 4, 8, "count")


def candidate(
    luts: float, us: float, *, right: int = 95, width: float = 0.1, found: int | None = None
) -> Candidate:
    layer = LayerConfiguration("a", 4, "fixed", 1, 1, 1)
    score = Proportion(right, 100)
    figures = {
        "luts": Figure(luts, luts * (1 - width), luts * (1 + width), "estimated"),
        "latency_us": Figure(us, us * (1 - width), us * (1 + width), "estimated"),
        "fmax_mhz": Figure.exact(50.0, "estimated"),
        "clocks": Figure.exact(us * 50, "executed"),
        "accuracy": Figure(score.share, *score.interval, "executed"),
    }
    measured = None if found is None else Measured(found, 0, 0, 0, 50.0, False, ())
    return Candidate(
        Configuration((layer,), 8, "rate", 4), SHAPE, score, Clocks(us * 50, int(us * 50), 1),
        measured, MappingProxyType(figures),
    )  # fmt: skip


def test_the_cheapest_whole_interval_inside_is_chosen() -> None:
    safe, risky, dear = candidate(80, 10), candidate(95, 5), candidate(90, 10)
    budget = parse_budget("luts=100")
    assert choose([dear, risky, safe], budget, "luts") is safe
    assert choose([risky], budget, "luts") is None
    assert choose([candidate(95, 5, width=0.05)], budget, "luts") is not None


def test_less_accurate_ones_are_left_out_unless_accuracy_is_budgeted() -> None:
    cheap, accurate, almost = candidate(50, 1, right=90), candidate(80, 1), candidate(70, 1)
    close = candidate(60, 1, right=95)
    budget = parse_budget("luts=100")
    assert choose([cheap, accurate, almost], budget, "luts") is almost
    assert choose([cheap, accurate, close], budget, "luts") is close
    assert choose([cheap, accurate], parse_budget("luts=100,accuracy=0.8"), "luts") is cheap
    assert choose([cheap, accurate], parse_budget("luts=100,accuracy=0.85"), "luts") is accurate
    assert choose([cheap, accurate], budget, "accuracy") is accurate


def test_a_measurement_closes_the_interval() -> None:
    budget = parse_budget("luts=100")
    assert choose([candidate(95, 5, found=99)], budget, "luts") is not None
    assert choose([candidate(80, 5, found=101)], budget, "luts") is None


def test_an_engine_that_cannot_be_routed_has_no_latency() -> None:
    found = candidate(80, 5, found=90)
    assert found.measured is not None
    broken = Candidate(
        found.configuration, SHAPE, found.score, found.clocks,
        Measured(90, 0, 0, 0, None, False, (), "does not fit"), found.predicted,
    )  # fmt: skip
    assert choose([broken], parse_budget("latency_us=1e9"), "luts") is None
    # It is on no device, so it is no choice even where its counts are inside, nor the nearest.
    assert choose([broken], parse_budget("luts=100"), "luts") is None
    other = candidate(500, 5)
    assert nearest([broken, other], parse_budget("luts=100")).candidate is other
    assert nearest([broken], parse_budget("latency_us=1")).candidate is broken


def test_a_measured_answer_outranks_a_predicted_one_and_no_answer_does_not() -> None:
    budget = parse_budget("luts=100")
    inside, outside, predicted = candidate(80, 5, found=99), candidate(80, 5, found=101), \
        candidate(50, 5)  # fmt: skip
    assert best_known([inside, predicted], budget, "luts") is inside
    assert best_known([outside, predicted], budget, "luts") is predicted
    assert best_known([outside], budget, "luts") is None


def test_the_risk_is_shared_among_the_limits() -> None:
    assert confidence_for(parse_budget("luts=1")) == pytest.approx(1 - 2 * RISK)
    assert confidence_for(parse_budget("luts=1,latency_us=1")) == pytest.approx(1 - RISK)
    assert confidence_for(parse_budget("accuracy=0.5")) == pytest.approx(1 - 2 * RISK)


def test_runs_go_where_a_gain_is_likely_inside() -> None:
    budget = parse_budget("latency_us=20")
    best = candidate(100, 10, found=100)
    worse, better, outside = candidate(150, 10), candidate(80, 10), candidate(60, 40)
    picked = next_runs([best, worse, better, outside], budget, "luts", 0.9, 3)
    assert [c for c, _ in picked] == [better]
    # Of two that are predicted alike, the more uncertain promises more.
    unsure, sure = candidate(105, 10, width=0.3), candidate(105, 10, width=0.02)
    picked = next_runs([best, unsure, sure], budget, "luts", 0.9, 3)
    assert [c for c, _ in picked] == [unsure]


def test_the_promise_is_the_expected_gain_as_a_simulation_finds_it() -> None:
    best, other = candidate(100, 10, found=100), candidate(95, 18, width=0.2)
    ((_, promise),) = next_runs([best, other], parse_budget("latency_us=20"), "luts", 0.9, 1)
    rng = np.random.default_rng(0)
    spread = 0.2 / 1.6448536
    luts = rng.normal(95, 95 * spread, 400_000)
    us = rng.normal(18, 18 * spread, 400_000)
    gain = np.where(us <= 20, np.maximum(0, 100 - luts), 0).mean() / 100
    assert promise == pytest.approx(gain, rel=0.02)


def test_without_a_best_the_first_run_is_likely_to_be_inside() -> None:
    budget = parse_budget("luts=100")
    likely, hopeless = candidate(70, 10), candidate(300, 10)
    picked = next_runs([hopeless, likely], budget, "luts", 0.9, 2)
    assert picked[0][0] is likely
    assert all(c is likely or promise < 1e-6 for c, promise in picked)
    assert next_runs([candidate(70, 10, found=70)], budget, "luts", 0.9, 2) == []


def test_what_is_as_likely_inside_as_not_sets_the_accuracy_that_is_looked_for() -> None:
    budget, coarse = parse_budget("luts=100"), candidate(80, 1, right=80)
    for luts, alone in ((100, True), (101, False)):
        fine = candidate(luts, 1, right=95)
        found = {id(c) for c, _ in next_runs([fine, coarse], budget, "luts", 0.9, 4)}
        assert id(fine) in found and (id(coarse) not in found) == alone


def test_the_nearest_says_what_must_give() -> None:
    budget = Budget((("luts", 100.0), ("latency_us", 10.0)))
    small, fast = candidate(90, 20, width=0), candidate(150, 5, width=0)
    found = nearest([small, fast], budget)
    assert found.candidate is fast  # 50 % too large against 100 % too slow
    assert dict(found.needed) == {"luts": 150.0}
    assert dict(found.alone) == {"luts": 150.0, "latency_us": 20.0}
    both = nearest([candidate(150, 20, width=0)], budget)
    assert dict(both.needed) == {"luts": 150.0, "latency_us": 20.0}
    assert dict(both.alone) == {}
    accuracy = nearest([candidate(50, 5, right=50)], parse_budget("accuracy=0.9"))
    assert accuracy.alone["accuracy"] == Proportion(50, 100).interval[0]


def test_an_interval_that_was_left_is_widened_until_it_holds() -> None:
    figure = Figure(100.0, 90.0, 110.0, "estimated")
    assert outside_by(figure, 105.0) < 1 < outside_by(figure, 130.0)
    wide = widened(figure, outside_by(figure, 130.0))
    assert wide.high == pytest.approx(130.0) and wide.value == 100.0 and wide.low < 90.0
    assert widened(figure, 1.0) is figure
    assert outside_by(figure, 80.0) == pytest.approx(np.log(0.8) / np.log(0.9))
    assert outside_by(Figure.exact(100.0, "estimated"), 100.0) == 0.0
    assert outside_by(Figure(5, 0, 9, "estimated"), 100.0) == 0.0


def test_where_all_are_equally_good_the_likeliest_is_still_worth_a_run() -> None:
    safe, tight = candidate(70, 10), candidate(99, 10)
    picked = next_runs([tight, safe], parse_budget("luts=100"), "accuracy", 0.9, 1)
    assert [c for c, _ in picked] == [safe]
