"""Unit conversion, by hand."""

from __future__ import annotations

import pytest

from sc_neurocore.dynamics import build_model, simulate


def test_values_are_converted_to_the_declared_unit() -> None:
    model = build_model(
        "dv/dt = (E_L - v)/tau + I/C : mV",
        params={"tau": "0.02 s", "C": "100 pF", "E_L": "-65 mV"},
        init={"v": "-0.07 V"}, input_unit="nA", dt="100 us", refractory="0.002 s", units="strict",
    )  # fmt: skip
    assert model.dt == pytest.approx(0.1)
    assert model.refractory == pytest.approx(2.0)
    assert model.states[0].value == pytest.approx(-70.0)
    # tau stays in s and C in pF: the factors are in the tree. 1 nA into 100 pF is 10 mV/ms.
    run = simulate(model, 1.0, ticks=1, record=["v"])
    leak = (-65 + 70) / 20
    assert run.states["v"][0, 0] == pytest.approx(-70 + 0.1 * (leak + 10), rel=1e-2)
    same = build_model(
        "dv/dt = (-65 - v)/20 + 10*I", init={"v": -70}, dt=0.1, method=model.method
    )  # fmt: skip
    other = simulate(same, 1.0, ticks=50, record=["v"]).states["v"]
    assert simulate(model, 1.0, ticks=50, record=["v"]).states["v"] == pytest.approx(other)


def test_units_inside_an_equation() -> None:
    strict = build_model("dv/dt = (-v + 2*volt)/(0.01*second) : mV", units="strict", dt=0.1)
    plain = build_model("dv/dt = (-v + 2000)/10", dt=0.1)
    a, b = (simulate(m, ticks=30, record=["v"]).states["v"] for m in (strict, plain))
    assert a == pytest.approx(b)


def test_noise_has_the_unit_of_one_over_root_time() -> None:
    strict = build_model(
        "dv/dt = -v/tau + s*xi/sqrt(tau) : mV", params={"tau": "10 ms", "s": "1 mV"}, units="strict"
    )
    plain = build_model(
        "dv/dt = -v/tau + s*xi/sqrt(tau)", params={"tau": 10.0, "s": 1.0}, method=strict.method
    )
    a, b = (simulate(m, ticks=30, seed=3, record=["v"]).states["v"] for m in (strict, plain))
    assert a == pytest.approx(b)
