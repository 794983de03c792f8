"""A torch cell against the compiled kernels, spike by spike."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sc_neurocore.dynamics import build_model, simulate
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.neurons import load_model
from sc_neurocore.training import (
    Cell,
    IFCell,
    LICell,
    LIFCell,
    SynapticCell,
    cuba_model,
    lif_model,
)


def run(cell, current):
    """Spikes ``(T, N)`` and final state of a cell in float64."""
    state, spikes = None, []
    with torch.no_grad():
        for row in torch.from_numpy(current):
            spike, state = cell(row, state)
            spikes.append(spike)
    return torch.stack(spikes).numpy(), state


def raster(result):
    table = np.zeros((result.ticks, result.neurons))
    table[result.spikes.tick, result.spikes.neuron] = 1
    return table


def agree(model, current):
    """Assert equal spikes and nearly equal states; return the spikes."""
    result = simulate(model, current)
    spikes, state = run(Cell(model), current)
    np.testing.assert_array_equal(spikes, raster(result))
    final = torch.stack(state.values).numpy()
    np.testing.assert_allclose(final, result.final.values, rtol=1e-6, atol=1e-9)
    return spikes


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("lif", 0, 40),
        ("izhikevich2003", 0, 15),
        ("adex", 0, 800),
        ("hodgkin_huxley", 0, 15),
    ],
)
def test_a_cell_spikes_as_the_catalogue_does(name, low, high):
    noise = np.random.default_rng(1).uniform(0.5, 1.5, (1000, 6))
    assert agree(load_model(name), np.linspace(low, high, 6) * noise).sum() > 0


def test_refractoriness_hold_and_rising_edges():
    model = build_model(
        "dv/dt = (I - v) / 10; dw/dt = -w / 50 + v / 100",
        threshold="v > 1 and w < 2 or v >= 3",
        reset="v = 0; w += 0.1",
        refractory=1.0,
        hold=("v",),
        dt=0.5,
    )
    current = np.random.default_rng(2).uniform(0, 6, (300, 5))
    assert agree(model, current).sum() > 10
    rising = build_model("dv/dt = I - v", threshold="v > 0.5", edge="rising", dt=0.1)
    wave = np.sin(np.arange(400) / 20)[:, None] * np.ones(2)
    assert agree(rising, wave).sum() > 2


def test_functions_of_the_language():
    model = build_model(
        "y = where(I > 0.5, exprel(x), sigmoid(x)) + clip(I, 0.2, 0.8) ** 3 - max(0.1, I)"
        " + min(x, 0.3) * abs(I - 1) + floor(2 * I) / 4 + tanh(x) + sqrt(I) * cos(x) * sin(x);"
        "x[n+1] = sigmoid(2 * y - log(1 + I) + exp(-x) / 2)",
        threshold="not (x <= 0.8)",
    )
    current = np.random.default_rng(3).uniform(0, 1, (60, 4))
    assert 0 < agree(model, current).mean() < 1


@pytest.mark.parametrize("reset", ["subtract", "reset"])
@pytest.mark.parametrize("order", ["current_first", "voltage_first"])
def test_network_neurons_are_their_maps(reset, order):
    current = np.random.default_rng(4).normal(0.2, 0.5, (200, 5))
    assert agree(lif_model(0.125, 0.75, reset, 0.1, -0.25), current).sum() > 5
    cuba = cuba_model(0.5, 0.25, 1.0, reset, v_reset=0.25, order=order)
    assert agree(cuba, current).sum() > 5


def test_lif_by_hand():
    # v = 0.5 v + 0.7: 0.7, 1.05 fires and leaves 0.05, 0.725, 1.0625 fires.
    spikes, state = run(LIFCell(0.5), np.full((4, 1), 0.7))
    np.testing.assert_array_equal(spikes[:, 0], [0, 1, 0, 1])
    assert state.values[0].item() == pytest.approx(0.0625)
    # The comparison is strict: a membrane at the threshold does not fire.
    assert run(IFCell(), np.full((2, 1), 0.5))[0].sum() == 0
    membrane = run(LICell(0.5), np.ones((3, 1)))[1].values[0]
    assert membrane.item() == 1.75
    # i: 1, 0.5, 0.25; v: 1, 1, 0.75.
    assert run(SynapticCell(0.5, 0.5), np.array([[1.0], [0], [0]]))[1].values[1].item() == 0.75


def test_the_gradient_goes_through_time_and_not_through_the_reset():
    cell = LIFCell(0.5)
    drive = torch.full((1,), 0.7, dtype=torch.float64, requires_grad=True)
    first, state = cell(drive)
    second, _ = cell(torch.zeros(1, dtype=torch.float64), state)
    (first + second).sum().backward()

    def slope(x):
        return 1 / (1 + (np.pi * x) ** 2)

    assert drive.grad.item() == pytest.approx(slope(0.7 - 1) + 0.5 * slope(0.35 - 1))


def test_what_a_cell_refuses():
    with pytest.raises(SCConfigError, match="draws random numbers"):
        Cell(load_model("stochastic_lif"))
    with pytest.raises(SCConfigError, match="has the inputs I; give each by name, not J"):
        LIFCell()({"J": torch.zeros(1)})
