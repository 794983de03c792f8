"""Integration methods: order of convergence, exactness of linear models, stiffness."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from sc_neurocore.dynamics import Method, build_model, simulate
from sc_neurocore.exceptions import SCConfigError

# A predator and its prey: smooth, nonlinear, coupled, with an intermediate equation.
CYCLE = "meet = x*y; dx/dt = 1.1*x - 0.4*meet; dy/dt = 0.1*meet - 0.4*y"
START = {"x": 10.0, "y": 5.0}


def end(method: Method, dt: float) -> np.ndarray:
    model = build_model(CYCLE, init=START, dt=dt, method=method)
    return simulate(model, duration=4.0).final.values[:, 0]


@pytest.mark.parametrize(
    ("method", "order"),
    [("euler", 1), ("exponential_euler", 1), ("heun", 2), ("rosenbrock", 2), ("rk4", 4)],
)
def test_order_of_convergence(method: Method, order: int) -> None:
    def slope(_: float, y: np.ndarray) -> list[float]:
        return [1.1 * y[0] - 0.4 * y[0] * y[1], 0.1 * y[0] * y[1] - 0.4 * y[1]]

    exact = solve_ivp(slope, (0, 4), [10, 5], "DOP853", rtol=1e-12, atol=1e-13).y[:, -1]
    steps = 2.0 ** -np.arange(5, 9)
    errors = [float(np.abs(end(method, dt) - exact).max()) for dt in steps]
    measured = np.polyfit(np.log(steps), np.log(errors), 1)[0]
    assert measured == pytest.approx(order, abs=0.25)


def test_linear_models_choose_the_exact_method() -> None:
    assert build_model("dv/dt = -v/tau + I", params={"tau": 10.0}).method == "exact"
    assert build_model("dv/dt = -v*v + I").method == "euler"
    assert build_model("x[n+1] = x").method == "map"


@pytest.mark.parametrize("dt", [0.01, 0.1, 1.0])
def test_exact_lif_is_the_analytic_solution(dt: float) -> None:
    model = build_model(
        "dv/dt = (E - v + R*I)/tau", params={"E": -65.0, "R": 10.0, "tau": 12.0}, dt=dt,
        init={"v": -65.0},
    )  # fmt: skip
    run = simulate(model, 1.3, duration=60.0, record=["v"])
    exact = -65 + 13 * (1 - np.exp(-run.time / 12))
    np.testing.assert_allclose(run.states["v"][:, 0], exact, rtol=1e-13)


def test_lif_interspike_intervals_follow_the_formula() -> None:
    """T = t_ref + tau·ln((RI)/(RI - theta)), rounded up to whole ticks, from reset to threshold."""
    model = build_model(
        "dv/dt = (-v + R*I)/tau", threshold="v >= theta", reset="v = 0",
        params={"R": 10.0, "tau": 20.0, "theta": 15.0}, dt=0.1, refractory=3.0,
    )  # fmt: skip
    for current in (1.6, 2.0, 5.0):
        rise = 20 * np.log(10 * current / (10 * current - 15))
        ticks = int(np.ceil(rise / 0.1 - 1e-9))
        run = simulate(model, current, duration=500)
        assert run.spikes.tick[0] == ticks - 1
        assert set(np.diff(run.spikes.tick)) == {ticks + 30}


def test_exact_coupled_states_match_the_matrix_exponential() -> None:
    model = build_model(
        "dx/dt = (-x + b*y + I)/tau; dy/dt = -k*x - y/3; dz/dt = x - 2*z",
        params={"tau": 5.0, "b": 2.0, "k": 0.4}, init={"x": 1.0, "z": -2.0}, dt=0.25,
    )  # fmt: skip
    assert model.method == "exact"
    matrix = np.array([[-1 / 5, 2 / 5, 0], [-0.4, -1 / 3, 0], [1, 0, -2]])
    start, rest = np.array([1.0, 0, -2]), np.linalg.solve(matrix, -np.array([0.7 / 5, 0, 0]))
    run = simulate(model, 0.7, ticks=40)
    exact = rest + expm(matrix * 10) @ (start - rest)
    np.testing.assert_allclose(run.final.values[:, 0], exact, rtol=1e-12)


def test_exact_pure_integrator() -> None:
    model = build_model("dv/dt = I", dt=0.5)
    assert model.method == "exact"
    assert simulate(model, 3.0, ticks=4).final.values[0, 0] == 6.0


STIFF = "dv/dt = -1000*(v - w); dw/dt = v - w**3"


def test_rosenbrock_is_stable_where_euler_is_not() -> None:
    options = {"init": {"v": 1.0, "w": 0.3}, "dt": 0.05}
    stiff = simulate(build_model(STIFF, method="rosenbrock", **options), duration=5.0)

    def slope(_: float, y: np.ndarray) -> list[float]:
        return [-1000 * (y[0] - y[1]), y[0] - y[1] ** 3]

    exact = solve_ivp(slope, (0, 5), [1.0, 0.3], "Radau", rtol=1e-10, atol=1e-12).y[:, -1]
    np.testing.assert_allclose(stiff.final.values[:, 0], exact, atol=1e-3)
    with pytest.raises(SCConfigError, match="became non-finite at tick"):
        simulate(build_model(STIFF, method="euler", **options), duration=50.0)


def test_exponential_euler_is_exact_for_a_gate() -> None:
    model = build_model(
        "dm/dt = alpha*(1 - m) - beta*m", params={"alpha": 0.3, "beta": 1.2},
        method="exponential_euler", dt=2.0,
    )  # fmt: skip
    run = simulate(model, ticks=3, record=["m"])
    exact = 0.2 * (1 - np.exp(-1.5 * run.time))
    np.testing.assert_allclose(run.states["m"][:, 0], exact, rtol=1e-13)
