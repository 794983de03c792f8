"""Budgets: what is read, what is refused, and what counts as inside."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.optimizer.search import Budget, Figure, make_budget, parse_budget
from sc_neurocore.optimizer.search._budget import excess, require_possible
from sc_neurocore.toolchain import get_target


@pytest.mark.parametrize("wrong", [None, 3])
def test_what_is_no_budget(wrong: object) -> None:
    for read in (parse_budget, make_budget):
        with pytest.raises(SCConfigError, match=f"the budget is {wrong}; it must be "):
            read(wrong)  # type: ignore[arg-type]


def test_a_budget_keeps_its_order_and_its_numbers() -> None:
    assert parse_budget("luts=1200, latency_us=0.5e3") == Budget(
        (("luts", 1200.0), ("latency_us", 500.0))
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lust=100", "there is no budget 'lust'; did you mean 'luts'?"),
        ("luts=100,luts=200", "the budget states luts twice; give one limit each"),
        ("luts=-5", "the budget of luts is -5; it must be above 0 and finite"),
        ("luts=0", "the budget of luts is 0; it must be above 0 and finite"),
        ("luts=nan", "the budget of luts is nan; it must be above 0 and finite"),
        ("latency_us=inf", "the budget of latency_us is inf; it must be above 0 and finite"),
        ("luts=many", "the budget of luts is 'many'; it must be a number, without a unit"),
        ("power_mw=5mW", "the budget of power_mw is '5mW'; it must be a number, without a unit"),
        ("accuracy=97", "it is a share of right answers, from 0 to 1 (did you mean 0.97?)"),
        ("luts", "budget 'luts' is not QUANTITY=LIMIT; an example: luts=1200,latency_us=500"),
        ("luts=", "budget 'luts=' is not QUANTITY=LIMIT"),
        ("", "budget '' is not QUANTITY=LIMIT"),
        ("luts=1,,brams=2", "budget '' is not QUANTITY=LIMIT"),
    ],
)
def test_what_is_no_budget_is_refused(text: str, message: str) -> None:
    with pytest.raises(SCConfigError) as refused:
        parse_budget(text)
    assert message in str(refused.value)


def test_a_device_limits_what_a_budget_does_not() -> None:
    device = get_target("ice40-hx8k")
    assert parse_budget("latency_us=5").within(device).as_dict() == {
        "latency_us": 5, "luts": 7680, "brams": 32,
    }  # fmt: skip
    assert parse_budget("luts=9000,brams=2").within(device).as_dict() == {"luts": 7680, "brams": 2}
    none = parse_budget("luts=9000")
    assert none.within(get_target("xilinx7")) == none


@pytest.mark.parametrize("limit", [True, "100", None])
def test_a_limit_is_a_number(limit: object) -> None:
    with pytest.raises(SCConfigError, match="it must be a number"):
        make_budget({"luts": limit})  # type: ignore[dict-item]
    with pytest.raises(SCConfigError, match="give at least one budget"):
        make_budget({})


def test_the_whole_interval_must_be_inside() -> None:
    budget = parse_budget("luts=100,accuracy=0.9")
    good = {"luts": Figure(80, 70, 100, "estimated"), "accuracy": Figure(0.95, 0.9, 1, "executed")}
    assert budget.inside(good)
    assert not budget.inside(good | {"luts": Figure(80, 70, 100.1, "estimated")})
    assert not budget.inside(good | {"accuracy": Figure(0.95, 0.899, 1, "executed")})


def test_excess_is_relative_and_of_the_worse_end() -> None:
    assert excess("luts", 100, Figure(90, 80, 120, "estimated")) == pytest.approx(0.2)
    assert excess("accuracy", 0.8, Figure(0.9, 0.6, 1, "executed")) == pytest.approx(0.25)
    assert excess("luts", 100, Figure.exact(50, "measured")) == pytest.approx(-0.5)


@given(st.floats(1, 1e6), st.floats(0.01, 0.9), st.floats(1, 1e6))
def test_the_chance_is_a_half_at_the_limit_and_falls_with_the_limit(
    value: float, width: float, limit: float
) -> None:
    figure = {"luts": Figure(value, value * (1 - width), value * (1 + width), "estimated")}
    at = Budget((("luts", value),)).chance(figure, 1.645)
    assert at == pytest.approx(0.5)
    found = Budget((("luts", limit),)).chance(figure, 1.645)
    assert (found >= 0.5) == (limit >= value)


def test_the_upper_end_of_the_interval_is_passed_with_its_own_chance() -> None:
    figure = {"luts": Figure(100, 80, 120, "estimated")}
    assert Budget((("luts", 120.0),)).chance(figure, 1.6448536) == pytest.approx(0.95)


def test_what_no_run_changes_is_inside_or_not() -> None:
    budget = parse_budget("accuracy=0.9,power_mw=10")
    power = Figure(1.5, 0.3, 7.5, "estimated")
    assert budget.chance({"accuracy": Figure(0.95, 0.91, 1, ""), "power_mw": power}, 1.6) == 1
    assert budget.chance({"accuracy": Figure(0.95, 0.89, 1, ""), "power_mw": power}, 1.6) == 0
    endless = {"luts": Figure.exact(math.inf, "measured")}
    assert parse_budget("luts=10").chance(endless, 1.6) == 0


def test_what_cannot_be_known_is_refused() -> None:
    board, chip = get_target("ice40-hx8k"), get_target("xilinx7")
    known = ("ice40", "xilinx")

    def refused(budget: str, objective: str, target: object, labelled: bool) -> str:
        with pytest.raises(SCConfigError) as caught:
            require_possible(
                parse_budget(budget), objective, target, labelled=labelled, families=known,
            )  # type: ignore[arg-type]  # fmt: skip
        return str(caught.value)

    assert "needs labelled data" in refused("accuracy=0.9", "luts", board, False)
    said = refused("latency_us=5", "luts", chip, True)
    assert "no router exists for xilinx7; possible there: luts, brams, clocks, accuracy" in said
    assert "power_mw needs the clock" in refused("luts=5", "power_mw", chip, True)
    assert "did you mean 'luts'" in refused("luts=5", "lut", board, True)
    assert "families that it knows: ice40, xilinx" in refused(
        "luts=5", "luts", get_target("ecp5-85k"), True
    )
