"""Oscillators and bursters of the catalogue against what their papers show of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from equilibria import Array, Flow, over, simulate
from independent import Slopes, crossings
from scipy.optimize import brentq
from scipy.special import expit

from sc_neurocore.neurons import load_model


def bursts(times: Array, gap: float) -> list[int]:
    """Numbers of spikes of the whole bursts, which intervals above ``gap`` part."""
    ends = np.flatnonzero(np.diff(times) > gap) + 1
    return [len(part) for part in np.split(times, ends)][1:-1]


def test_fitzhugh_rinzel_bursts_after_ringing_up() -> None:
    """Rinzel 1987, Izhikevich 2001: elliptic bursts, ringing that dies away and grows again."""
    run = simulate(load_model("fitzhugh_rinzel"), over([0.3125], 150_000), record=["v"])
    times = run.spike_times()
    groups = bursts(times, 100)
    assert len(groups) >= 8
    assert max(groups[1:]) <= 12
    pause = int(np.argmax(np.diff(times)))
    first, last = (round(times[k] * 10) for k in (pause, pause + 1))
    silent = run.states["v"][first + 400 : last - 100, 0]
    ringing = np.ptp(silent[: len(silent) // 400 * 400].reshape(-1, 400), axis=1)
    assert min(ringing[0], ringing[-1]) > 2 * ringing.min()


def hindmarsh_rose(t: float, y: Array) -> list[float]:
    """The paper's equations and constants at I = 2."""
    x, r, z = y
    return [r - x**3 + 3 * x**2 + 2 - z, 1 - 5 * x**2 - r, 0.001 * (4 * (x + (1 + 5**0.5) / 2) - z)]


def test_hindmarsh_rose_rests_at_the_golden_section_and_bursts_irregularly() -> None:
    """Hindmarsh & Rose 1984: rest at x = -(1 + sqrt 5)/2; r = 0.005, I = 3.25 bursts at random."""
    model = load_model("hindmarsh_rose")
    flow = Flow(model)
    golden = -(1 + 5**0.5) / 2
    np.testing.assert_allclose(flow.rest([-1.6, -12, 0]), [golden, 1 - 5 * golden**2, 0], atol=1e-9)
    regular = simulate(model, over([2.0], 60_000)).spike_times()
    exact = crossings(hindmarsh_rose, [golden, 1 - 5 * golden**2, 0], 3000, 1.0)
    assert len(regular[regular < 3000]) == len(exact) > 20
    np.testing.assert_allclose(regular[: len(exact)], exact, atol=2)
    assert len(set(bursts(regular[regular > 1000], 40))) == 1
    chaotic = simulate(model.with_parameters({"r": 0.005}), over([3.25], 60_000)).spike_times()
    counts = bursts(chaotic[chaotic > 500], 40)
    assert len(set(counts)) >= 3
    assert max(counts) <= 6


def test_mckean_oscillates_between_its_knees() -> None:
    """McKean 1970: on each branch the flow is linear, so rest and eigenvalues follow by hand.

    Rest on the left branch is v = I/3 up to v = a/2, I = 0.375; on the right one v = (1 + I)/3
    from v = (1 + a)/2, I = 0.875; between, v = I - 1/4 with trace 1/C - gamma = 9.5 and
    determinant (1 - gamma)/C = 5.
    """
    model = load_model("mckean")
    flow = Flow(model)
    for current, v in ((0.37, 0.37 / 3), (0.38, 0.13), (0.87, 0.62), (0.88, 1.88 / 3)):
        np.testing.assert_allclose(flow([v, 2 * v], I=current), 0, atol=1e-12)
        found = flow.eigenvalues([v, 2 * v], I=current)
        unstable = 0.375 < current < 0.875
        trace, determinant = (9.5, 5.0) if unstable else (-10.5, 15.0)
        assert found.sum().real == pytest.approx(trace, abs=1e-6)
        assert found.prod().real == pytest.approx(determinant, abs=1e-6)
    spikes = simulate(model, over([0.3, 0.4, 0.85, 0.95], 10_000)).spikes
    late = np.bincount(spikes.neuron[spikes.tick > 3000], minlength=4)
    assert late[0] == late[3] == 0
    assert min(late[1:3]) > 10


def lienard(t: float, y: Array) -> list[float]:
    """The paper's equation of the second order in u, and its slow one."""
    u, slope, c = y
    dc = 0.0025 * (4 * (u + 0.954) - c)
    damping = 0.25 * ((u - 1.5) ** 2 - 0.75**2)
    return [slope, -damping * slope - (c + u**3 - 3 * (u + 1)) - dc, dc]


def test_pernarowski_is_a_lienard_system_and_a_square_wave_burster() -> None:
    """Pernarowski 1994: u'' + F(u)*u' + G(u, c) = -c'; bursts of equal length, rest below them.

    The second derivative follows from the two first-order equations by the chain rule.
    """
    model = load_model("pernarowski")
    flow = Flow(model)
    u, w, c = 0.7, -0.4, 1.1
    du, dw, dc = flow([u, w, c])
    slope = (flow([u + 1e-6, w, c])[0] - flow([u - 1e-6, w, c])[0]) / 2e-6
    second = slope * du - dw - dc
    damping = 0.25 * ((u - 1.5) ** 2 - 0.75**2)
    assert second + damping * du + c + u**3 - 3 * (u + 1) == pytest.approx(-dc, abs=1e-8)
    run = simulate(model, over([0.0], 40_000), record=["u"])
    times = run.spike_times()
    start = [-1.25, flow([-1.25, -1.5, 1.25])[0], 1.25]
    exact = crossings(lienard, start, 1000, model.parameter_values["u_th"])
    assert len(exact) > 20
    np.testing.assert_allclose(times[: len(exact)], exact, atol=1)
    assert len(set(bursts(times, 20))) == 1
    pause = np.flatnonzero(np.diff(times) > 20)[-1]
    silent = run.states["u"][round(times[pause] * 20) + 200 : round(times[pause + 1] * 20) - 200]
    assert silent.max() < -0.5


def test_wilson_rests_at_minus_70_and_fires_like_the_squid_axon() -> None:
    """Wilson 1999: rest near -70 mV, lost in a Hopf bifurcation at 7.8 uA/cm^2.

    The Hodgkin-Huxley equations, which it fits, fire repetitively from 6.3 and lose rest at 9.8.
    """
    model = load_model("wilson_hr")
    flow = Flow(model)
    v, r = flow.rest([-0.7, 0.09])
    assert (v, r) == pytest.approx((-0.698, 0.088), abs=1e-3)
    onset = brentq(lambda i: flow.growth([-0.69, 0.1], I=i), 0.01, 0.2)
    assert onset == pytest.approx(0.0777, abs=1e-4)
    run = simulate(model, over([0.06, 0.08], 20_000), record=["V"])
    late = np.bincount(run.spikes.neuron[run.spikes.tick > 10_000], minlength=2)
    assert late[0] == 0
    assert late[1] > 10
    assert run.states["V"][10_000:, 1].max() == pytest.approx(0.4, abs=0.1)


def test_terman_wang_oscillates_where_the_stimulus_is_positive() -> None:
    """Terman & Wang 1995: the left knee of the cubic, x = -1, lies at height I above y = 0."""
    model = load_model("terman_wang_oscillator")
    flow = Flow(model)
    at_knee = flow([-1.0, 0.0], I=0.3)
    assert at_knee[0] == pytest.approx(0.3, abs=1e-12)
    assert at_knee[1] == pytest.approx(0.0, abs=1e-9)
    run = simulate(model, over([-0.1, -0.02, 0.05, 0.8], 12_000), record=["x"])
    spikes = np.bincount(run.spikes.neuron[run.spikes.tick > 4000], minlength=4)
    assert spikes[:2].tolist() == [0, 0]
    assert min(spikes[2:]) >= 2
    # The silent phase is on the left branch, x from -2 to -1, the active one from 1 to 2.
    x = run.states["x"][4000:, 3]
    assert ((x < -0.9) | (x > 0.9)).mean() > 0.9


def huber_braun(celsius: float) -> Slopes:
    """The paper's equations and constants, without noise."""
    rho, phi = 1.3 ** ((celsius - 25) / 10), 3.0 ** ((celsius - 25) / 10)

    def slopes(t: float, y: Array) -> list[float]:
        v, repolarising, slow, after = y
        spike = 1.5 * expit(0.25 * (v + 25)) * (v - 50) + 2 * repolarising * (v + 90)
        depolarising = 0.25 * rho * slow * (v - 50)
        return [
            -0.1 * (v + 60) - rho * spike - depolarising - 0.4 * rho * after * (v + 90),
            phi * (expit(0.25 * (v + 25)) - repolarising) / 2,
            phi * (expit(0.09 * (v + 40)) - slow) / 10,
            phi * (-0.012 * depolarising - 0.17 * after) / 20,
        ]

    return slopes


def test_huber_braun_bursts_in_the_cold_and_beats_singly_in_the_warmth() -> None:
    """Braun et al. 1998: bursts at 25 degrees, single spikes at 30, silence at 35.

    The period of the slow oscillation shortens with temperature.
    """
    counts, periods = {}, {}
    for celsius in (25.0, 30.0, 35.0):
        model = load_model("huber_braun").with_parameters({"T": celsius})
        times = simulate(model, over([0.0], 60_000)).spike_times()
        start = [q.value for q in model.states]
        exact = crossings(huber_braun(celsius), start, 3000, model.parameter_values["V_th"])
        assert len(exact) == len(times)
        np.testing.assert_allclose(times, exact, atol=3)
        times = times[times > 1000]
        counts[celsius] = set(bursts(times, 100))
        onsets = times[np.r_[True, np.diff(times) > 100]] if len(times) else times
        periods[celsius] = float(np.diff(onsets).mean()) if len(onsets) > 1 else np.inf
    assert min(counts[25.0]) > 1
    assert counts[30.0] == {1}
    assert counts[35.0] == set()
    assert periods[25.0] > periods[30.0]


@pytest.mark.parametrize(
    ("beta_w", "check"),
    [
        (0.0, lambda rates: rates[0] == 0 and 0 < min(rates[rates > 0]) < 0.25 * max(rates)),
        (-13.0, lambda rates: rates[0] == 0 and min(rates[rates > 0]) > 0.35 * max(rates)),
        (-21.0, lambda rates: max(rates) == 0),
    ],
)
def test_prescott_classes_of_excitability(beta_w: float, check: Callable[[Array], bool]) -> None:
    """Prescott et al. 2008, figure 2: class 1 fires arbitrarily slowly, class 2 from a least rate,
    class 3 once at the onset of a step."""
    model = load_model("prescott").with_parameters({"beta_w": beta_w})
    spikes = simulate(model, over(np.arange(36.0, 60.0, 0.5), 20_000)).spikes
    late = np.bincount(spikes.neuron[spikes.tick > 8000], minlength=48)
    assert check(late)
    if beta_w == -21.0:
        early = np.bincount(spikes.neuron[spikes.tick <= 8000], minlength=48)
        assert early[-1] == 1
