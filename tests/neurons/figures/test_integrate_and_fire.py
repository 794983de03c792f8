"""Integrate-and-fire models: values derived by hand, and patterns of the papers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from sc_neurocore.dynamics import Model, Simulation, State, simulate
from sc_neurocore.neurons import load_model


def run(model: Model, current: ArrayLike, ticks: int, neurons: int = 1) -> Simulation:
    return simulate(
        model, current, ticks=ticks, neurons=neurons, record=model.state_names,
        engine="interpreted",
    )  # fmt: skip


def intervals(model: Model, current: float, ticks: int) -> NDArray[np.int64]:
    return np.diff(run(model, current, ticks).spikes.tick)


def test_a_perfect_integrator_counts_charge() -> None:
    # 15 mV at 1.1 mV/ms: 13.64 ms, the 137th tick.
    assert set(intervals(load_model("perfect_integrator"), 1.1, 5000)) == {137}


def test_the_theta_neuron_fires_every_pi_over_the_root_of_its_input() -> None:
    # tan(theta/2) = u obeys du/dt = u² + I. The phase beyond pi is kept, so the mean is exact.
    model = load_model("theta")
    for current in (0.25, 0.5, 2.0):
        mean = intervals(model, current, 20_000)[2:].mean() * model.dt
        assert mean == pytest.approx(math.pi / math.sqrt(current), rel=2e-3)
    assert len(run(model, -0.001, 20_000).spikes) == 0


def test_mat_settles_where_its_summed_threshold_meets_the_potential() -> None:
    # In the steady state the spikes at −T, −2T … leave alpha/(e^(T/tau) − 1) of each part.
    model = load_model("mat")
    for current in (0.6, 1.2):

        def excess(period: float, current: float = current) -> float:
            left = 37 / math.expm1(period / 10) + 2 / math.expm1(period / 200)
            return 19 + left - 50 * current

        found = intervals(model, current, 20_000)
        assert found[-20:].mean() * 0.1 == pytest.approx(brentq(excess, 1, 500), abs=0.1)
        assert found[-1] > 1.2 * found[0]
    assert len(run(model, 0.379, 5000).spikes) == 0


def test_mihalas_niebur_fires_tonically_without_its_extras() -> None:
    # Table 1 A: a = 0, 1.5 V/s. From −70 towards −40 mV, to −50 mV: 20·ln 3 = 21.97 ms.
    model = load_model("mihalas_niebur").with_parameters({"a": 0.0})
    assert set(intervals(model, 1.5, 10_000)) == {220}


def test_mihalas_niebur_patterns_of_table_1() -> None:
    model = load_model("mihalas_niebur")
    # C: adaptation. D: phasic spiking, for the threshold settles at −35 mV, the potential at −40.
    adapting = intervals(model, 2.0, 10_000)
    assert adapting[-1] > 1.3 * adapting[0]
    phasic = run(model, 1.5, 10_000).spikes.tick
    assert len(phasic) > 0
    assert phasic[-1] < 2500
    # L: tonic bursting, A1/C = 10 V/s, A2/C = −0.6 V/s.
    bursting = model.with_parameters({"A_1": 10.0, "A_2": -0.6})
    # Then the input that it is declared for, at its lowest: the ranges hold for bursts too.
    burst = run(bursting, np.repeat([2.0, -1.5], 10_000), 20_000)
    found = np.diff(burst.spikes.tick)
    assert found.max() > 5 * found.min()
    assert (found > 3 * found.min()).sum() >= 3
    assert burst.states["i_1"].max() == pytest.approx(10)
    for q in bursting.states:
        assert q.low <= burst.states[q.name].min() <= burst.states[q.name].max() <= q.high


def test_an_escape_rate_at_its_threshold_is_poisson() -> None:
    # With rest, reset and threshold at one potential the hazard is rho, 0.1 per ms.
    model = load_model("escape_rate").with_parameters({"V_th": -65.0})
    found = run(model, 0.0, 5000, neurons=200)
    expected = 200 * 5000 * -math.expm1(-0.01)
    assert len(found.spikes) == pytest.approx(expected, abs=4 * math.sqrt(expected))
    first = np.diff(found.spikes.tick[found.spikes.neuron == 0])
    assert first.std() / first.mean() == pytest.approx(1.0, abs=0.3)


def test_srm0_forgets_all_but_its_last_spike() -> None:
    # h rests at 20 mV; −15·e^(−t/10) passes −5 mV after 10·ln 3 = 10.99 ms, the 110th tick.
    assert set(intervals(load_model("srm0"), 2.0, 5000)[-20:]) == {110}


def test_parametric_lif_by_hand() -> None:
    model = load_model("parametric_lif")
    # tau = 2: 0.75, 1.125. And 0.55, 0.825, 0.9625, 1.03125. tau = 4/3: 1.125 at once.
    assert set(intervals(model, 1.5, 100)) == {2}
    assert set(intervals(model, 1.1, 100)) == {4}
    assert set(intervals(model.with_parameters({"w": math.log(3)}), 1.5, 100)) == {1}


def test_a_balanced_resonator_without_offset_neither_grows_nor_decays() -> None:
    # |1 + delta·(p + i·omega)| = 1 by the definition of p; a turn of asin(delta·omega) a step.
    model = load_model("balanced_resonate_and_fire")
    start = State.initial(model)
    start.values[:, 0] = (0.5, 0.0, 0.0)
    free = model.with_parameters({"b_offset": 0.0})
    found = simulate(free, 0.0, ticks=3000, state=start, record=["x", "y"], engine="interpreted")
    z = found.states["x"][:, 0] + 1j * found.states["y"][:, 0]
    np.testing.assert_allclose(np.abs(z), 0.5, rtol=1e-10)
    np.testing.assert_allclose(np.angle(z[1:] / z[:-1]), math.asin(0.1), rtol=1e-9)
    damped = simulate(model, 0.0, ticks=3000, state=start, record=["x"], engine="interpreted")
    assert np.abs(damped.states["x"][-100:]).max() < 1e-10


def test_a_balanced_resonator_prefers_its_own_frequency() -> None:
    model = load_model("balanced_resonate_and_fire")
    t = np.arange(4000)
    counts = {
        ratio: len(run(model, 8 * np.cos(ratio * math.asin(0.1) * t), 4000).spikes)
        for ratio in (0.25, 1.0, 4.0)
    }
    assert counts[1.0] > 10
    assert counts[0.25] == counts[4.0] == 0


def test_mcculloch_and_pitts_compute_and() -> None:
    both = [0.0, 1.0, 2.0, 1.0, 2.0, 3.0]
    assert list(run(load_model("mcculloch_pitts"), both, 6).spikes.tick) == [2, 4, 5]


def test_sfa_adds_up_its_conductance() -> None:
    model = load_model("sfa")
    # Without it: from −65 towards −40 mV, to −50 mV: 10·ln 2.5 = 9.16 ms.
    assert set(intervals(model.with_parameters({"b": 0.0}), 2.5, 3000)) == {92}
    found = run(model, 2.5, 10_000)
    periods = np.diff(found.spikes.tick)
    assert np.all(np.diff(periods) >= -1)
    assert periods[-1] > 1.5 * periods[0]
    # After a spike of the steady state, 0.06·(1 + e^(−T/100) + …) is open.
    last = found.spikes.tick[-1]
    expected = 0.06 / -math.expm1(-periods[-5:].mean() * 0.1 / 100)
    assert found.states["g"][last, 0] == pytest.approx(expected, rel=5e-3)


def energetic(current: float, duration: float) -> NDArray[np.float64]:
    """Spike times of the energy-based neuron, by LSODA with events."""

    def slopes(t: float, y: NDArray[np.float64]) -> list[float]:
        v, e = y[0], max(y[1], 0.0)
        rest = -62.5 + 4 * (1 - e / 0.5)
        return [(9 * (rest - v) + current) / 100, ((1 - e / 0.5) ** 3 - (v + 62) / 22) / 200]

    def fires(t: float, y: NDArray[np.float64]) -> float:
        return float(min(y[0] + 59, 1000 * (y[1] - 0.18)))

    fires.terminal, fires.direction = True, 1.0  # type: ignore[attr-defined]
    t, y, found = 0.0, [-62.5, 0.5], []
    while True:
        part = solve_ivp(slopes, (t, duration), y, "LSODA", events=fires, rtol=1e-8, atol=1e-10)
        if part.status != 1:
            return np.array(found)
        t, e = part.t[-1], part.y[1, -1] - 0.01
        found.append(t)
        held = solve_ivp(lambda t, x: [(1 - x[0] / 0.5) ** 3 / 200], (0, 2), [e], rtol=1e-8)
        t, y = t + 2, [-62.0, held.y[0, -1]]


def test_an_energetic_neuron_fires_as_its_equations_say() -> None:
    found = run(load_model("energy_lif"), 30.0, 10_000).spikes.tick
    exact = energetic(30.0, 1000.0)
    assert len(found) == pytest.approx(len(exact), abs=1)
    assert len(exact) > 50
    # Each spike is at the end of its tick, up to 0.1 ms late.
    intervals = np.diff(exact)
    np.testing.assert_allclose(np.diff(found)[:30] * 0.1, intervals[:30], atol=0.21)


def test_an_energetic_neuron_exhausts_itself() -> None:
    """Fardet & Levina 2020: a moderate current makes it fire on, a strong one empties the store,
    and the cell stays depolarised, silent, until the current ends."""
    model = load_model("energy_lif")
    steps = np.where(np.arange(25_000) < 15_000, 1.0, 0.0)[:, None] * [26.0, 120.0]
    found = run(model, steps, 25_000, neurons=2)
    moderate, strong = (found.spikes.tick[found.spikes.neuron == j] for j in range(2))
    during = strong[strong < 15_000]
    assert moderate[moderate < 15_000][-1] > 14_500
    assert 10 < len(during) < 60
    assert during[-1] < 3000
    assert found.states["v"][14_999, 1] > -50
    assert found.states["epsilon"][14_999, 1] < 0.18
    # Afterwards the store fills again.
    assert found.states["epsilon"][-1].min() > 0.3


@pytest.mark.parametrize("slope", [1.0, 2.0, 4.0])
def test_a_faster_depolarisation_has_a_lower_threshold(slope: float) -> None:
    """Platkiewicz & Brette 2011, figure 5: the exact relation between slope and threshold."""

    def excess(theta: float) -> float:
        rise, a = 5 * slope, 5 / 6
        return a * rise * math.exp((-63 - theta) / rise) - theta * (1 - a) - a * (rise - 63) - 55

    # I = 5·s + s·t makes the potential rise from −70 mV by s mV a millisecond.
    current = slope * (5 + 0.1 * (np.arange(400) + 0.5))
    found = run(load_model("adaptive_threshold"), current, 400)
    first = found.spikes.tick[0]
    exact = brentq(excess, -62.9, -10)
    before, at = found.states["v"][first - 1, 0], -70 + slope * 0.1 * (first + 1)
    assert before <= exact + 0.01
    assert exact <= at + 0.01


def test_a_slow_depolarisation_never_reaches_an_adaptive_threshold() -> None:
    """At half a millivolt a millisecond the threshold stays ahead of the potential."""
    current = 0.5 * (5 + 0.1 * (np.arange(700) + 0.5))
    assert len(run(load_model("adaptive_threshold"), current, 700).spikes) == 0


def test_homeostasis_brings_every_drive_to_the_target_rate() -> None:
    """Lazar, Pipa & Triesch 2009: a threshold that gains eta·(spike − target) keeps the rate.

    In the steady state v starts from V_reset after every spike and meets the threshold 1/20 Hz
    later, 2 ms of which are refractory; and how far the threshold moved is the balance of spikes.
    """
    model, ticks = load_model("homeostatic_lif"), 60_000
    for current in (2.0, 2.5, 3.2):
        found = run(model, current, ticks)
        v_th, free = found.states["V_th"][:, 0], -65.0 + 8.0 * current
        late = found.spikes.tick[-40:]
        assert np.diff(late).mean() * 0.1 == pytest.approx(50.0, rel=5e-3)
        settled = free - (free + 65.0) * math.exp(-48.0 / 10.0)
        assert v_th[-500:].mean() == pytest.approx(settled, abs=0.5)
        balance = 0.5 * (len(found.spikes) - 20.0 * ticks * 1e-4)
        assert v_th[-1] + 50.0 == pytest.approx(balance, abs=1e-9)


def test_homeostasis_adapts_to_a_step_of_its_drive() -> None:
    """More drive means more spikes at first, and the same rate later; as after deprivation."""
    model = load_model("homeostatic_lif")
    current = np.repeat([2.0, 3.0, 2.0], 40_000)
    spikes = run(model, current, len(current)).spikes.tick
    counts = np.histogram(spikes, np.arange(0, len(current) + 1, 10_000))[0]
    assert list(counts[[3, 7, 11]]) == pytest.approx([20, 20, 20], abs=1)
    assert counts[4] > 25
    assert counts[8] < 15
