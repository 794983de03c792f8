"""Models of events, compartments and whole numbers against what their sources say of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad

from sc_neurocore.dynamics import simulate
from sc_neurocore.neurons import load_model


def run(name, inputs, ticks, record, **parameters):
    """One interpreted run; it compiles nothing."""
    model = load_model(name).with_parameters(parameters)
    return simulate(model, inputs, ticks=ticks, record=record, engine="interpreted")


def test_a_coba_potential_is_the_solution_of_its_linear_equation() -> None:
    # Brette et al. 2007, benchmark 1: 6 nS onto 10 nS and 200 pF. With G(t) = ∫ g/C the membrane
    # follows v' = −(g_L + g_e)/C·v + …, solved here by quadrature.
    events = np.zeros(600)
    events[0] = 6.0
    found = run("cobalif", {"exc": events}, 600, ["v", "g_e"])

    def load(t: float) -> float:
        return (10 * t + 6 * 5 * (1 - math.exp(-t / 5))) / 200

    for t in (5.0, 20.0, 50.0):
        push = quad(lambda s: 6 * math.exp(-s / 5) * 60 / 200 * math.exp(load(s)), 0, t)[0]
        # The event arrives at the end of tick 0, when 0.1 ms have passed.
        tick = round(t / 0.1)
        assert found.states["v"][tick, 0] == pytest.approx(
            -60 + push * math.exp(-load(t)), abs=0.05
        )
        assert found.states["g_e"][tick, 0] == pytest.approx(6 * math.exp(-t / 5), rel=1e-9)


def test_an_inhibitory_coba_spike_outweighs_many_excitatory_ones() -> None:
    # Vogels & Abbott 2005: conductances balance because 67 nS towards −80 mV meet 6 nS towards 0.
    train = np.where(np.arange(3000) % 25 == 0, 6.0, 0.0)
    quiet = np.where(np.arange(3000) % 250 == 0, 67.0, 0.0)
    alone = run("cobalif", {"exc": train}, 3000, ["v"])
    both = run("cobalif", {"exc": train, "inh": quiet}, 3000, ["v"])
    assert len(alone.spikes) > 20
    assert len(both.spikes) < len(alone.spikes) / 2
    assert np.diff(alone.spikes.tick).min() > 50  # 5 ms refractory


def test_the_loihi_compartment_is_its_integer_recurrence() -> None:
    # Davies et al. 2018: u decays by d_u/4096, then the voltage takes up the current. Rounding
    # towards zero, so that both states come to rest at 0 from either side.
    rng = np.random.default_rng(0)
    weights = np.where(rng.random(400) < 0.3, rng.integers(-255, 256, 400), 0)
    weights[200:] = 0
    found = run("loihi_cuba", {"exc": weights}, 400, ["u", "v"])
    u = v = 0
    for t, w in enumerate(weights.tolist()):
        u = math.trunc(u * (4096 - 409) / 4096) + 64 * w
        v = math.trunc(v * (4096 - 171) / 4096) + u
        v = 0 if v > 64000 else v
        assert (found.states["u"][t, 0], found.states["v"][t, 0]) == (u, v)
    assert abs(u) < 4096 / 409


def test_true_north_rates_are_integer_division() -> None:
    # Cassidy et al. 2013: with a net input of k per tick and reset to 0 the period is ⌈α/k⌉; with
    # the linear reset the mean rate is k/α exactly.
    for k in (1, 2, 3, 4, 7):
        reset = run("true_north", {"A_0": np.full(1000, k + 1.0)}, 1000, ["V"])
        assert set(np.diff(reset.spikes.tick)) == {-(-10 // k)}
        linear = run("true_north", {"A_0": np.full(1000, k + 1.0)}, 1000, ["V"], gamma=1.0)
        assert len(linear.spikes) == 1000 * k // 10


def test_true_north_stops_at_its_negative_threshold() -> None:
    found = run("true_north", {"A_2": np.full(50, 3.0)}, 50, ["V"], beta=20.0)
    assert found.states["V"][:, 0].tolist() == [max(-20, -4 * (t + 1)) for t in range(50)]


def test_a_sealed_cable_attenuates_as_cosh() -> None:
    # Rall 1959: in the steady state V(X) = V(0)·cosh(L − X)/cosh(L), input resistance coth(L).
    found = run("rall_cable", {"I": np.full(600, 1.0)}, 600, [f"v_{i}" for i in range(10)])
    v = np.array([found.states[f"v_{i}"][-1, 0] for i in range(10)])
    at = 0.2 * (np.arange(10) + 0.5)
    np.testing.assert_allclose(v, np.cosh(2 - at) / math.sinh(2), rtol=0.01)
    # The lattice itself: V_i ∝ cosh((10 − i − 1/2)·q) with 2·cosh(q) = 2 + dx².
    q = math.acosh(1 + 0.2**2 / 2)
    ideal = np.cosh((9.5 - np.arange(10)) * q)
    np.testing.assert_allclose(v / v[0], ideal / ideal[0], rtol=1e-9)


def test_a_distal_potential_peaks_later_and_lower() -> None:
    # Rall 1964: a brief input at one end is delayed and flattened along the dendrite.
    pulse = np.zeros(200)
    pulse[:2] = 2.0
    found = run("rall_cable", {"I": pulse}, 200, ["v_0", "v_4", "v_9"])
    peaks = [(int(x.argmax()), float(x.max())) for x in found.states.values()]
    assert peaks[0][0] < peaks[1][0] < peaks[2][0]
    assert peaks[0][1] > 4 * peaks[1][1] > 4 * peaks[2][1]
