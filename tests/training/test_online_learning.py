"""Learning forward in time: the gradient against autograd, and losses that fall."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.training import EpropTrainer, OnlineLIFLayer, OnlineTrainer

TICKS, INPUTS, NEURONS, OUTPUTS = 50, 7, 5, 3
TAU_MEM, TAU_TRACE, V_TH, DT = 14.0, 9.0, 0.8, 0.5
ALPHA, KAPPA = math.exp(-DT / TAU_MEM), math.exp(-DT / TAU_TRACE)


class Spike(torch.autograd.Function):
    """Heaviside forward; backward the triangle of Bellec et al. 2020 with their 0.3."""

    @staticmethod
    def forward(ctx, v):
        ctx.save_for_backward(v)
        return (v >= V_TH).to(v.dtype)

    @staticmethod
    def backward(ctx, grad):
        (v,) = ctx.saved_tensors
        return grad * 0.3 / V_TH * torch.clamp(1 - torch.abs((v - V_TH) / V_TH), min=0)


def through_time(w_in, w_rec, x):
    """Filtered spikes of every tick, by autograd's rules; the reset is outside the graph."""
    v = z = rate = torch.zeros(len(w_in), dtype=torch.float64)
    rates = []
    for row in x:
        v = ALPHA * v + w_in @ row + w_rec @ z - V_TH * z.detach()
        z = Spike.apply(v)
        rate = KAPPA * rate + z
        rates.append(rate)
    return torch.stack(rates)


def sequence(outputs: int, seed: int = 3):
    rng = np.random.default_rng(seed)
    x = (rng.random((TICKS, INPUTS)) < 0.4).astype(float)
    return x, rng.normal(0, 1, (TICKS, outputs))


def trainer(recurrent: float) -> EpropTrainer:
    made = EpropTrainer(INPUTS, NEURONS, OUTPUTS, TAU_MEM, TAU_TRACE, V_TH, dt=DT, seed=4)
    made.w_in[:] = np.abs(made.w_in)
    made.w_rec[:] *= recurrent
    return made


def leaf(values):
    return torch.tensor(np.array(values), requires_grad=True)


def gradients(recurrent: float):
    made, (x, target) = trainer(recurrent), sequence(OUTPUTS)
    w_in, w_rec, w_out = leaf(made.w_in), leaf(made.w_rec), leaf(made.w_out)
    rates = through_time(w_in, w_rec, torch.tensor(x))
    assert int((rates.detach().diff(dim=0) > 0).sum()) > 20, "neurons spike"
    (0.5 * ((rates @ w_out.T - torch.tensor(target)) ** 2).sum()).backward()
    return made.gradient(x, target), [w.grad.numpy() for w in (w_in, w_rec, w_out)]


def test_without_recurrence_eprop_is_backpropagation_through_time():
    found, expected = gradients(0.0)
    for ours, theirs in zip(found, expected, strict=True):
        assert np.abs(theirs).max() > 0.1
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12)


def test_with_recurrence_it_leaves_out_what_spikes_do_to_others():
    """Not the gradient, but downhill: a positive cosine. The readout's gradient is always exact."""
    found, expected = gradients(1.0)
    np.testing.assert_allclose(found.w_out, expected[2], rtol=1e-10)
    ours, theirs = (np.hstack(pair[:2]).ravel() for pair in (found, expected))
    cosine = ours @ theirs / np.linalg.norm(ours) / np.linalg.norm(theirs)
    assert 0.3 < cosine < 0.999


def test_steps_of_a_small_rate_sum_to_the_gradient():
    x, target = sequence(OUTPUTS)
    before = trainer(1.0)
    expected = before.gradient(x, target)
    learning = EpropTrainer(
        INPUTS, NEURONS, OUTPUTS, TAU_MEM, TAU_TRACE, V_TH, lr=1e-9, dt=DT, seed=4
    )
    learning.w_in[:], learning.w_rec[:] = before.w_in, before.w_rec
    learning.train_sequence(x, target)
    for name in ("w_in", "w_rec", "w_out"):
        moved = (getattr(before, name) - getattr(learning, name)) / 1e-9
        np.testing.assert_allclose(moved, getattr(expected, name), rtol=1e-4, atol=1e-4)


def test_one_online_layer_is_backpropagation_through_time():
    x, target = sequence(NEURONS)
    online = OnlineTrainer([INPUTS, NEURONS], TAU_MEM, V_TH, lr=1e-9, tau_trace=TAU_TRACE, dt=DT)
    layer = online.layers[0]
    layer.weights[:] = np.abs(layer.weights)
    start, weights = layer.weights.copy(), leaf(layer.weights)
    rest = torch.zeros(NEURONS, NEURONS, dtype=torch.float64)
    rates = through_time(weights, rest, torch.tensor(x))
    loss = 0.5 * ((rates - torch.tensor(target)) ** 2).sum()
    loss.backward()
    assert online.train_sequence(x, target) == pytest.approx(loss.item() / TICKS, rel=1e-6)
    moved = (start - layer.weights) / 1e-9
    np.testing.assert_allclose(moved, weights.grad.numpy(), rtol=1e-4, atol=1e-4)


def test_a_tick_by_hand():
    layer = OnlineLIFLayer(1, 1, tau_mem=10.0, threshold=1.0, lr=0.5, tau_trace=5.0)
    layer.weights[:] = 0.6
    a, k = math.exp(-0.1), math.exp(-0.2)
    assert list(layer.step([1.0])) == [0.0]
    first = 0.3 * 0.6
    assert layer.eligibility[0, 0] == pytest.approx(first)
    assert list(layer.step([1.0])) == [1.0]
    v = 0.6 * a + 0.6
    expected = k * first + 0.3 * (1 - (v - 1)) * (a + 1)
    assert layer.eligibility[0, 0] == pytest.approx(expected)
    layer.apply_learning_signal([2.0])
    assert layer.weights[0, 0] == pytest.approx(0.6 - 0.5 * 2.0 * expected)
    layer.step([0.0])
    layer.step([0.0])
    # The spike took the threshold off: a·(a·(v - …)) stays below it.
    assert layer.rates[0] == pytest.approx(k**2)


def test_a_pattern_is_learnt():
    """As in figure 3 of Bellec et al. 2020, smaller: frozen noise in, a sum of sines out."""
    rng = np.random.default_rng(0)
    ticks = 200
    x = (rng.random((ticks, 30)) < 0.05).astype(float)
    phase = 2 * np.pi * np.arange(ticks)[:, None] / ticks
    target = 0.5 * np.sin(2 * phase) + 0.3 * np.sin(3 * phase + 1)
    made = EpropTrainer(30, 40, 1, lr=1e-3, seed=1)
    losses = [made.train_sequence(x, target) for _ in range(60)]
    assert np.mean(losses[-5:]) < 0.2 * losses[0]
    error = made.predict_sequence(x) - target
    assert 0.5 * np.square(error).sum(axis=1).mean() < 0.2 * losses[0]


def test_layers_learn_through_random_feedback():
    """Two spatial patterns, told apart by which of two outputs is active."""
    rng = np.random.default_rng(2)
    patterns = (rng.random((2, 20)) < 0.5).astype(float)
    online = OnlineTrainer([20, 30, 2], lr=1e-4, tau_trace=10.0, seed=1)
    losses = []
    for trial in range(60):
        kind = trial % 2
        target = np.zeros((60, 2))
        target[:, kind] = 3.0
        losses.append(online.train_sequence(np.tile(patterns[kind], (60, 1)), target))
    assert np.mean(losses[-10:]) < 0.5 * np.mean(losses[:4])


def test_memory_does_not_depend_on_the_length():
    made = EpropTrainer(4, 6, 2)
    count = made.memory_per_step()
    # Potential, spike and rate of each neuron, a trace per input, an eligibility per weight.
    assert count == 3 * 6 + 10 + 6 * 10
    made.train_sequence(np.ones((500, 4)), np.zeros((500, 2)))
    assert made.memory_per_step() == count
    online = OnlineTrainer([4, 6, 2])
    assert (online.n_layers, online.memory_per_step()) == (2, 3 * 6 + 4 + 24 + 3 * 2 + 6 + 12)


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (lambda: EpropTrainer(0, 1, 1), "n_inputs is 0; it must be a whole number of at least 1"),
        (lambda: EpropTrainer(1, 1, 1, tau_mem=-2), "tau_mem is -2; it must be greater than 0"),
        (lambda: EpropTrainer(1, 1, 1, tau_trace=0), "tau_trace is 0; it must be greater than 0"),
        (lambda: EpropTrainer(1, 1, 1, dt=math.nan), "dt is nan; it must be a finite number"),
        (lambda: EpropTrainer(1, 1, 1, lr=-1), "lr is -1; it must be 0 or more"),
        (lambda: EpropTrainer(1, 1, 1, threshold=0), "threshold is 0; it must be greater than 0"),
        (lambda: EpropTrainer(2, 1, 1).step([1.0]), "x has shape (1,); it must be (2,)"),
        (lambda: EpropTrainer(1, 1, 1).step([math.inf]), "of finite numbers"),
        (lambda: EpropTrainer(1, 1, 1).step([1.0], [1.0, 2.0]), "target has shape (2,)"),
        (
            lambda: EpropTrainer(1, 1, 1).train_sequence([[1.0]], [[1.0], [2.0]]),
            "inputs have 1 ticks and targets 2; give one target for every tick",
        ),
        (lambda: EpropTrainer(1, 1, 1).predict_sequence([]), "T >= 1, of finite numbers"),
        (lambda: OnlineTrainer([3]), "layer_sizes is [3]; give a list"),
        (lambda: OnlineTrainer(3), "layer_sizes is 3; give a list"),
        (lambda: OnlineTrainer([3, 0]), "n_neurons is 0; it must be a whole number of at least 1"),
        (lambda: EpropTrainer(1, 1, 1, seed=-1), "seed is -1; it must be a whole number"),
        (lambda: OnlineTrainer([3, 1], seed="a"), "seed is 'a'; it must be a whole number"),
        (lambda: OnlineTrainer([3, 1], seed=None), "seed is None; it must be a whole number"),
        (lambda: OnlineTrainer([3, 1], seed=True), "seed is True; it must be a whole number"),
        (
            lambda: EpropTrainer(1, 1, 1, lr=1e100).train_sequence(
                np.ones((99, 1)), np.ones((99, 1))
            ),
            "the learning signal became non-finite; begin anew with a smaller lr",
        ),
        (lambda: OnlineLIFLayer(1, 2).apply_learning_signal([1.0]), "signal has shape (1,)"),
    ],
)
def test_what_does_not_fit_is_refused(act, sentence):
    with pytest.raises(SCConfigError) as error:
        act()
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


def test_a_refused_step_changes_nothing():
    made = EpropTrainer(2, 3, 1)
    made.step([1.0, 1.0])
    before = made._layer.eligibility.copy()
    with pytest.raises(SCConfigError):
        made.step([1.0, 1.0], [math.nan])
    assert np.array_equal(before, made._layer.eligibility)


@pytest.mark.parametrize("made", [OnlineLIFLayer(2, 3), OnlineTrainer([2, 3])])
def test_what_a_step_returns_is_the_callers(made):
    layer = made if isinstance(made, OnlineLIFLayer) else made.layers[-1]
    layer.weights[:] = 1.0
    returned = made.step([1.0, 1.0])
    assert returned.all()
    returned[:] = 0.0
    assert layer.spikes.all() and layer.rates.all()


@pytest.mark.parametrize("made", [EpropTrainer(1, 1, 1), OnlineTrainer([1, 1])])
@pytest.mark.filterwarnings("error")
def test_weights_that_overflowed_are_not_learnt_from(made):
    layer = made._layer if isinstance(made, EpropTrainer) else made.layers[0]
    layer.weights[:] = math.inf
    with pytest.raises(SCConfigError, match="a potential or a trace became non-finite"):
        made.train_sequence(np.zeros((3, 1)), np.ones((3, 1)))


@pytest.mark.filterwarnings("error")
def test_inputs_that_overflow_leave_a_layer_as_it_was():
    layer = OnlineLIFLayer(1, 1)
    layer.step([1e308])
    before = layer.eligibility.copy(), layer.spikes.copy(), layer.rates.copy()
    with pytest.raises(SCConfigError, match="a potential or a trace became non-finite"):
        layer.step([1e308])
    for was, now in zip(before, (layer.eligibility, layer.spikes, layer.rates), strict=True):
        assert np.array_equal(was, now)


def test_sizes_of_few_bits_do_not_wrap():
    assert EpropTrainer(np.int8(100), np.int8(100), 1).w_rec.shape == (100, 100)
