"""Cells with synapses of their own, a neural field and neurons of deep and digital networks."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from sc_neurocore.dynamics import Simulation, State, simulate
from sc_neurocore.neurons import load_model

Array = NDArray[np.float64]


def run(name: str, inputs: dict[str, Array], ticks: int, **parameters: float) -> Simulation:
    """One interpreted run of one neuron; it compiles nothing."""
    model = load_model(name).with_parameters(parameters)
    return simulate(model, inputs, ticks=ticks, record=model.state_names, engine="interpreted")


# Working memory

CELLS = pytest.mark.parametrize(
    ("name", "reset", "g_nmda"), [("brunel_wang", -55.0, 0.327), ("compte_wm", -60.0, 0.381)]
)


@CELLS
def test_a_pyramidal_cell_fires_as_a_leaky_integrator(
    name: str, reset: float, g_nmda: float
) -> None:
    # Brunel & Wang 2001, Compte et al. 2000: 0.5 nF and 25 nS are 20 ms, 20 mV to the threshold
    # a rheobase of 0.5 nA, and 2 ms of refractoriness add to T = 20·log((V∞ − V_r)/(V∞ − V_th)).
    assert len(run(name, {"I": np.full(5000, 0.499)}, 5000).spikes) == 0
    at_rest = -70 + 0.6 / 0.025
    exact = 20 * math.log((at_rest - reset) / (at_rest + 50)) + 2
    intervals = np.diff(run(name, {"I": np.full(5000, 0.6)}, 5000).spikes.tick) * 0.1
    np.testing.assert_allclose(intervals, exact, atol=0.11)  # a tick, and Euler's method


@CELLS
def test_the_nmda_gate_of_one_spike_and_of_a_train(name: str, reset: float, g_nmda: float) -> None:
    # ds/dt = −s/100 + 0.5·x·(1 − s) with x = exp(−t/2), solved by LSODA; a train of 100 Hz
    # saturates the gate, which the AMPA gate does not.
    def gate(t: float, s: Array) -> Array:
        return -s / 100 + 0.5 * math.exp(-t / 2) * (1 - s)

    events = np.zeros(1000)
    events[0] = 1.0
    found = run(name, {"exc": events}, 1000).states["s_NMDA"][:, 0]
    exact = solve_ivp(gate, (0, 90), [0.0], "LSODA", np.arange(0, 90, 10), rtol=1e-9).y[0]
    # The spike acts at the end of its tick: tick n is 0.1·n ms after it.
    np.testing.assert_allclose(found[0:900:100], exact, atol=1e-5)
    assert exact[1] == pytest.approx(0.586, abs=0.01)
    train = np.where(np.arange(5000) % 100 == 0, 1.0, 0.0)
    late = run(name, {"exc": train}, 5000).states
    assert 0.8 < late["s_NMDA"][-1, 0] < 1.0


@CELLS
def test_magnesium_blocks_the_nmda_current_at_rest(name: str, reset: float, g_nmda: float) -> None:
    # Jahr & Stevens 1990: 1/(1 + [Mg]/3.57·exp(−0.062·V)); the steady potential under an open gate
    # is where leak, AMPA and NMDA cancel.
    events = np.full(3000, 0.5)
    blocked = run(name, {"exc": events}, 3000, V_th=-45.0)
    free = run(name, {"exc": events}, 3000, V_th=-45.0, Mg=0.0)
    s = {key: values[-1, 0] for key, values in blocked.states.items()}
    mean = (1 - math.exp(-0.1 / 2)) * 2 / 0.1  # of a gate that decays from tick to tick

    def current(v: float) -> float:
        nmda = g_nmda * s["s_NMDA"] / (1 + math.exp(-0.062 * v) / 3.57)
        return 25 * (-70 - v) - (nmda + 0.104 * mean * s.get("s_AMPA", 0.0)) * v

    assert s["v"] == pytest.approx(brentq(current, -80, 0), abs=0.01)
    assert free.states["v"][-1, 0] > s["v"] + 0.5


# Short-term plasticity


def stationary(rate: float, U: float, tau_rec: float, tau_in: float, tau_facil: float) -> float:
    """u·x at a spike of an endless regular train: the fixed point of the map between spikes."""
    interval = 1000 / rate
    used = U / (1 - (1 - U) * math.exp(-interval / tau_facil))
    rec, inside = math.exp(-interval / tau_rec), math.exp(-interval / tau_in)
    # After a spike y is y₊ and x is x₋·(1 − u); both relax until the next one.
    mixed = tau_in / (tau_rec - tau_in) * (rec - inside)

    def residual(x: float) -> float:
        y = used * x / (1 - inside)
        return 1 - rec + x * (1 - used) * rec - y * mixed - x

    # 1 − x − y, what is inactive, decays with tau_rec and is fed by y.
    return used * brentq(residual, 0, 1)


@pytest.mark.parametrize("rate", [5.0, 20.0, 50.0])
@pytest.mark.parametrize(
    "kind",
    [
        {"U": 0.03, "tau_rec": 130.0, "tau_in": 1.5, "tau_facil": 530.0},
        {"U": 0.5, "tau_rec": 800.0, "tau_in": 3.0, "tau_facil": 1.0},
    ],
    ids=["facilitating", "depressing"],
)
def test_the_stationary_response_of_a_dynamic_synapse(rate: float, kind: dict[str, float]) -> None:
    # Tsodyks, Pawelzik & Markram 1998, equations 2.1 to 2.3, in the stationary state.
    # The method is exact, so that ticks of 1 ms do.
    model = replace(load_model("tsodyks_markram").with_parameters(kind), dt=1.0)
    every = round(1000 / rate)
    train = np.where(np.arange(200 * every) % every == 0, 1.0, 0.0)
    y = simulate(model, {"exc": train}, record=["y"], engine="interpreted").states["y"][:, 0]
    step = y[-every] - y[-every - 1] * math.exp(-1 / kind["tau_in"])
    assert step == pytest.approx(stationary(rate, **kind), rel=1e-5)


def test_depression_ends_rate_coding_and_facilitation_peaks() -> None:
    # Tsodyks & Markram 1997: beyond the limiting frequency 1/(U·tau_rec) the response falls as
    # 1/r, so the mean current saturates; a facilitating one has a peak at 1/√(U·tau_facil·tau_rec).
    depressing = [stationary(r, 0.5, 800.0, 3.0, 1.0) * r for r in (20.0, 40.0, 80.0)]
    assert max(depressing) / min(depressing) < 1.1
    rates = np.arange(2.0, 100.0)
    response = [stationary(float(r), 0.03, 130.0, 1.5, 530.0) for r in rates]
    peak = 1000 / math.sqrt(0.03 * 530 * 130)
    assert rates[int(np.argmax(response))] == pytest.approx(peak, rel=0.2)


def test_the_first_responses_depress_and_facilitate() -> None:
    # Figure 1 of the paper: at 20 Hz the depressing synapse starts at its largest response, the
    # facilitating one grows over many spikes.
    train = np.where(np.arange(5000) % 500 == 0, 1.0, 0.0)
    grows = run("tsodyks_markram", {"exc": train}, 5000).states["y"][::500, 0]
    falls = run("tsodyks_markram", {"exc": train}, 5000,
                U=0.5, tau_rec=800.0, A=250.0, tau_in=3.0, tau_mem=40.0, tau_facil=1.0)  # fmt: skip
    assert grows[0] == pytest.approx(0.03)
    assert np.all(np.diff(grows[:5]) > 0)
    assert falls.states["y"][0, 0] == pytest.approx(0.5)
    assert np.all(np.diff(falls.states["y"][::500, 0][:5]) < 0)


# The field


def field(height: float, sites: range, **parameters: float) -> Array:
    """Activity of the sites long after a pulse of 100 ms, started from activity at ``sites``."""
    model = load_model("amari_neural_field").with_parameters(parameters)
    start = State.initial(model)
    start.values[list(sites)] = height
    pulse = np.where(np.arange(500) < 100, 0.5 * (len(sites) == 0), 0.0)
    found = simulate(model, {"I": pulse}, state=start, record=model.state_names,
                     engine="interpreted")  # fmt: skip
    return np.array([found.states[f"u_{i}"][-1, 0] for i in range(24)])


def width(u: Array, h: float) -> float:
    """Width of a bump where interpolation crosses the threshold."""
    active = np.flatnonzero(u > h)
    low, high = active[0], active[-1]
    ends = (u[low] - h) / (u[low] - u[low - 1]) + (u[high] - h) / (u[high] - u[(high + 1) % 24])
    return float((high - low + ends) * 8 / 24)


@pytest.mark.parametrize("h", [0.2, 0.25, 0.3])
def test_a_pulse_leaves_a_bump_of_the_width_that_the_threshold_says(h: float) -> None:
    # Amari 1977, Coombes 2005: the stable bump solves D·exp(−D) = h on its falling branch.
    u = field(0.0, range(0), h=h)
    line = brentq(lambda d: d * math.exp(-d) - h, 1, 10)
    assert width(u, h) == pytest.approx(line, rel=0.1)
    assert int(np.argmax(u)) == 12
    np.testing.assert_allclose(u[1:12], u[:12:-1], atol=1e-9)  # symmetric about the input


def test_a_bump_stays_where_it_is_put_and_forgets_how_wide_it_was() -> None:
    # The field is translation-invariant: a memory of a place.
    widths = []
    for sites in (range(3, 6), range(3, 9)):
        u = field(1.0, sites)
        widths.append(width(u, 0.25))
        assert int(np.argmax(u)) in sites
    assert widths[0] == pytest.approx(widths[1], abs=0.05)


def test_the_bump_and_silence_are_fixed_points() -> None:
    u = field(0.0, range(0))
    apart = np.abs(np.arange(24)[:, None] - np.arange(24))
    x = np.minimum(apart, 24 - apart) * 8 / 24
    fires = np.clip((u - 0.25) / 0.4 + 0.5, 0, 1)
    np.testing.assert_allclose(u, 8 / 24 * (1 - x) * np.exp(-x) @ fires, atol=1e-6)
    assert np.abs(field(0.04, range(10, 13))).max() < 1e-9


# Deep and digital networks


def test_the_adaptive_neuron_is_the_recurrence_of_its_paper() -> None:
    # Bellec et al. 2020, methods: v_t = α·v_{t−1} + I − z_{t−1}·v_th, a_t = ρ·a_{t−1} + z_{t−1},
    # z_t = H(v_t − v_th − β·a_t), no spike for 5 ms after one.
    rng = np.random.default_rng(0)
    drive, events = rng.uniform(0, 0.1, 1500), np.where(rng.random(1500) < 0.05, 0.3, 0.0)
    found = run("eprop_alif", {"I": drive, "exc": events}, 1500)
    alpha, rho = math.exp(-1 / 20), math.exp(-1 / 2000)
    v = a = z = 0.0
    last, spikes = -10, []
    for t in range(1500):
        v, a = alpha * v + drive[t] - 0.6 * z + events[t], rho * a + z
        z = float(v >= 0.6 + 0.0174 * a and t > last + 5)
        if z:
            last = t
            spikes.append(t)
        assert found.states["v"][t, 0] == pytest.approx(v, abs=1e-9)
        assert found.states["a"][t, 0] == pytest.approx(a, abs=1e-9)
    assert found.spikes.tick.tolist() == spikes
    assert len(spikes) > 30


def test_beta_is_the_one_of_the_task() -> None:
    # Published as 1.7·(1 − ρ)/(1 − α).
    exact = 1.7 * (1 - math.exp(-1 / 2000)) / (1 - math.exp(-1 / 20))
    assert load_model("eprop_alif").parameters[3].value == pytest.approx(exact, abs=5e-5)


def test_a_spinnaker_neuron_decays_exactly_and_fires_at_the_logarithm() -> None:
    # Rhodes et al. 2018: V ← V∞ − (V∞ − V)·exp(−dt/τ) once a millisecond. With 1 nA (20 mV above
    # rest) the threshold is reached within 20·log(4) = 27.7 ms, tick 28; one refractory tick.
    found = run("spinnaker_lif", {"I": np.full(500, 1.0)}, 500)
    assert set(np.diff(found.spikes.tick)) == {28 + 1}
    np.testing.assert_allclose(
        found.states["v"][:27, 0], -45 - 20 * np.exp(-np.arange(1, 28) / 20), rtol=1e-12
    )


def test_a_spinnaker_synapse_is_the_difference_of_two_exponentials() -> None:
    events = np.zeros(100)
    events[0] = 1.0
    v = run("spinnaker_lif", {"exc": events}, 100).states["v"][:, 0]
    t = np.arange(100.0)
    exact = 1.0 / (1 / 5 - 1 / 20) * (np.exp(-t / 20) - np.exp(-t / 5))
    np.testing.assert_allclose(v + 65, exact, atol=1e-9)


def test_klif_scales_and_cuts_its_potential() -> None:
    # Jiang & Zhang 2023: F = ReLU(k·H). Constant input I from reset gives H = I·(1 − 2^−n), with
    # k = 1 the threshold 1 is reached at the n with 2^−n <= 1 − 1/I; k = 2 fires at once.
    found = run("klif", {"I": np.full(60, 1.1)}, 60)
    assert set(np.diff(found.spikes.tick)) == {4}
    assert len(run("klif", {"I": np.full(60, 1.1)}, 60, k=2.0).spikes) == 60
    quiet = run("klif", {"I": np.full(60, -1.0)}, 60)
    assert np.all(quiet.states["v"] == 0)
