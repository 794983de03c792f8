"""Stochastic neurons against the distributions that their sources derive."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import gamma, kstest

from sc_neurocore.dynamics import Simulation, simulate
from sc_neurocore.neurons import load_model

Array = NDArray[np.float64]


def run(name: str, inputs: dict[str, Array], ticks: int, **parameters: float) -> Simulation:
    """One interpreted run of one neuron; it compiles nothing."""
    model = load_model(name).with_parameters(parameters)
    return simulate(model, inputs, ticks=ticks, record=model.state_names, engine="interpreted")


def test_poisson_intervals_are_geometric_and_memoryless() -> None:
    # Gerstner et al. 2014, section 7.2: exponential intervals; in ticks of 1 ms geometric with
    # p = 1 − exp(−0.1), so CV² = 1 − p; successive intervals are uncorrelated.
    found = run("poisson", {}, 40_000, rate=100.0)
    intervals = np.diff(found.spikes.tick)
    p = 1 - math.exp(-0.1)
    assert intervals.mean() == pytest.approx(1 / p, rel=0.05)
    assert intervals.var() / intervals.mean() ** 2 == pytest.approx(1 - p, rel=0.1)
    assert abs(np.corrcoef(intervals[:-1], intervals[1:])[0, 1]) < 0.05
    windows = np.bincount(found.spikes.tick // 200, minlength=200)
    assert windows.var() / windows.mean() == pytest.approx(1 - p, abs=0.25)  # Fano factor


def test_the_rescaled_intervals_of_a_modulated_poisson_process_are_exponential() -> None:
    # Brown et al. 2002: the integral of the rate between spikes is exponential with mean one,
    # whatever the rate. In ticks of r·dt <= 0.04 the grid shifts it by 0.02 at most.
    rate = 20 * (1 + np.sin(2 * np.pi * np.arange(100_000) / 1000))
    ticks = run("inhomogeneous_poisson", {"rate": rate}, len(rate)).spikes.tick
    integral = np.cumsum(rate) / 1000
    rescaled = np.diff(integral[ticks])
    assert len(rescaled) > 1500
    assert kstest(rescaled, "expon").statistic < 0.05
    # A homogeneous process of the same mean would not be: the times themselves follow the rate.
    assert kstest(np.diff(ticks) / 50, "expon").statistic > 0.1


def test_the_state_of_a_modulated_poisson_process_is_the_integral_since_the_spike() -> None:
    rate = np.full(2000, 40.0)
    found = run("inhomogeneous_poisson", {"rate": rate}, 2000)
    since = 2000 - 1 - found.spikes.tick[-1]
    assert found.states["L"][-1, 0] == pytest.approx(0.04 * since)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_gamma_intervals_have_the_distribution_of_their_order(order: int) -> None:
    # Gerstner et al. 2014, chapter 7: the interval distribution follows from the hazard;
    # a gamma distribution of order k and mean 1/r has CV = 1/√k.
    found = run("gamma_renewal", {"rate": np.full(60_000, 50.0)}, 60_000, k=order)
    intervals = np.diff(found.spikes.tick) * 0.5
    assert kstest(intervals - 0.25, gamma(order, scale=20 / order).cdf).statistic < 0.05
    assert intervals.std() / intervals.mean() == pytest.approx(1 / math.sqrt(order), rel=0.08)


def test_a_lone_galves_locherbach_neuron_fires_at_p_over_one_plus_p() -> None:
    # Brochini et al. 2016, mu = 0: a neuron that did not fire in the last step fires with
    # Φ(I) = I, so the stationary rate is ρ = (1 − ρ)·Φ(I).
    for p in (0.25, 0.5, 1.0):
        found = run("galves_locherbach", {"I": np.full(20_000, p)}, 20_000)
        assert len(found.spikes) / 20_000 == pytest.approx(p / (1 + p), rel=0.03)
        assert np.diff(found.spikes.tick).min() >= 2


def test_a_galves_locherbach_spike_erases_the_past() -> None:
    # Galves & Löcherbach 2013: the probability depends on what arrived since the last spike.
    events = np.zeros(40)
    events[:4] = 0.5
    found = run("galves_locherbach", {"exc": events}, 40, mu=0.9, V_T=0.8, Gamma=5.0)
    first = int(found.spikes.tick[0])
    assert first in (1, 2, 3)
    before = found.states["V"][:first, 0]
    np.testing.assert_allclose(before, [0.5, 0.95, 1.355][:first])
    assert found.states["V"][first + 1, 0] == 0.0  # the event of that step is lost
    if first == 1:
        assert found.states["V"][first + 2, 0] == 0.5
