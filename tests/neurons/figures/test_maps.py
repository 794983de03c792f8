"""Maps of the catalogue against what their papers show of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from equilibria import Flow, over, simulate
from scipy.optimize import brentq

from sc_neurocore.neurons import load_model


def test_aihara_fires_at_locked_rates_and_chaotically_between() -> None:
    """Aihara, Takabe & Toyoda 1990: a staircase of rates with chaos between its steps.

    With y to -y and I to alpha - I the equation is its own mirror image, so rates at I and
    alpha - I add up to 1. The Lyapunov exponent is the mean of log |k - alpha*f'(y)|.
    """
    bias = np.linspace(0, 1, 201)
    y = simulate(load_model("aihara_map"), over(bias, 1500), record=["y"]).states["y"][500:]
    rate = (y > 0).mean(axis=0)
    assert np.abs(rate + rate[::-1] - 1).max() < 0.05
    assert rate[60] == pytest.approx(1 / 3, abs=1e-3)
    assert rate[100] == pytest.approx(1 / 2, abs=1e-3)
    f = 1 / (1 + np.exp(-y / 0.02))
    exponent = np.log(np.abs(0.7 - f * (1 - f) / 0.02)).mean(axis=0)
    assert exponent.max() > 0.3
    assert 0.1 < (exponent > 0.05).mean() < 0.6
    assert (exponent < -0.1).mean() > 0.3


def test_chialvo_is_excitable_just_below_its_onset_of_spiking() -> None:
    """Chialvo 1995: at k = 0.03 rest is stable but close to the bifurcation to spiking.

    A rest state of a plane map loses stability by rotation where the determinant of its Jacobian,
    0.89*(2x - x*x)*e + 0.6*x*x*e with e = exp(y - x), reaches 1.
    """
    model = load_model("chialvo_map")
    flow = Flow(model)

    def determinant(k: float) -> float:
        x, y = flow.rest([0.07, 2.17], I=k - 0.03)
        e = math.exp(y - x)
        return 0.89 * (2 * x - x * x) * e + 0.6 * x * x * e

    onset = brentq(lambda i: flow.growth([0.07, 2.17], I=i), 0, 0.002)
    assert determinant(0.03 + onset) == pytest.approx(1, abs=1e-8)
    assert onset == pytest.approx(0.00025, abs=0.00002)
    spikes = simulate(model, over([0.0, onset - 0.0002, onset + 0.002], 3000)).spikes
    assert np.bincount(spikes.neuron, minlength=3)[:2].tolist() == [0, 0]
    assert (spikes.neuron == 2).sum() > 50


def test_chialvo_is_chaotic_with_weak_recovery() -> None:
    """Chialvo 1995: b = 0.18 gives chaotic spiking; no orbit of 1000 iterations repeats."""
    model = load_model("chialvo_map").with_parameters({"b": 0.18})
    x = simulate(model, over([0.0], 3000), record=["x"]).states["x"][2000:, 0]
    assert len(np.unique(x.round(6))) > 990
    assert x.max() > 3


def test_ermentrout_kopell_fires_with_the_square_root_of_its_input() -> None:
    """Ermentrout & Kopell 1986: the flow takes pi/sqrt(I) around the circle (class 1)."""
    inputs = [0.0025, 0.01, 0.04, 0.25]
    spikes = simulate(load_model("ermentrout_kopell_map"), over([-0.01, *inputs], 6000)).spikes
    assert (spikes.neuron == 0).sum() == 0
    for i, current in enumerate(inputs):
        period = np.diff(spikes.tick[spikes.neuron == i + 1]).mean()
        assert period == pytest.approx(math.pi / math.sqrt(current) / 0.1, rel=2e-3)
