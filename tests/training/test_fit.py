"""The trainer, the input code and the export."""

from __future__ import annotations

import json
from dataclasses import replace

import nir
import numpy as np
import pytest
import torch

from sc_neurocore.bitstream import Sobol
from sc_neurocore.datasets import Dataset, load_digits
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.nir_bridge import from_nir
from sc_neurocore.training import (
    Cell,
    FeedForward,
    IFCell,
    InputCoding,
    LIFCell,
    QuantConv2d,
    QuantLinear,
    SpikingNet,
    TrainingOptions,
    accuracy,
    cuba_model,
    direct_code,
    fast_sigmoid,
    fit,
    predict,
    rate_code,
    sigmoid_surrogate,
    straight_through,
    to_nir,
    triangular,
)

CODING = InputCoding("rate", 4, 16)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def some_digits():
    data = load_digits()
    return replace(data, train_x=data.train_x[:240], train_y=data.train_y[:240])


def network():
    torch.manual_seed(3)
    return SpikingNet(64, 20, 10)


def test_the_rate_code_is_the_hardwares():
    levels = torch.arange(17)
    coded = rate_code(levels, 16, 4)
    numbers = Sobol(2, 4).values(16)
    for t in range(16):
        assert coded[t].tolist() == [float(numbers[t] < level) for level in range(17)]
    assert coded.sum(0).tolist() == list(range(17))
    assert direct_code(levels, 3, 4)[2].tolist() == [level / 16 for level in range(17)]
    with pytest.raises(SCConfigError, match="coding is 'time'"):
        InputCoding("time", 4, 16)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (fast_sigmoid, lambda x: 1 / (1 + 5 * abs(x)) ** 2),
        (sigmoid_surrogate, lambda x: 4 * np.exp(-4 * x) / (1 + np.exp(-4 * x)) ** 2),
        (triangular, lambda x: max(0, 1 - abs(x))),
        (straight_through, lambda x: 1),
    ],
)
def test_surrogates(function, expected):
    x = torch.tensor([-1.5, -0.25, 0.0, 0.5], dtype=torch.float64, requires_grad=True)
    y = function(x)
    assert y.tolist() == [0, 0, 0, 1]
    y.sum().backward()
    np.testing.assert_allclose(x.grad, [expected(v) for v in x.tolist()])


def trained(seed, epochs):
    fixed = network()
    options = TrainingOptions(
        seed=seed, epochs=epochs, batch=16, learning_rate=1e-2, rate_penalty=0.01
    )
    before = torch.random.get_rng_state()
    result = fit([fixed, fixed.stochastic(8)], some_digits(), CODING, options)
    assert torch.equal(before, torch.random.get_rng_state())
    return result, fixed


def test_training_learns():
    result, net = trained(7, epochs=4)
    data = some_digits()
    assert accuracy(net, data.test_x, data.test_y, CODING) > 0.3
    assert result.losses[-1] < result.losses[0] / 2


def test_training_depends_on_its_seed_alone():
    (first, one), (again, two), (_, other) = (trained(seed, epochs=1) for seed in (7, 7, 8))
    weights = [net.synapses[0].weight for net in (one, two, other)]
    assert first == again
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_the_best_epoch_is_kept_and_test_samples_play_no_part():
    data = some_digits()
    nothing = np.zeros_like(data.test_x)
    blind = replace(data, test_x=nothing, test_y=9 - data.test_y)
    options = TrainingOptions(epochs=3, learning_rate=1e-2, burn_in=0.0)
    mine, other = network(), network()
    result = fit(mine, data, CODING, options)
    assert fit(other, blind, CODING, options) == result
    assert result.accuracies[result.best_epoch] == max(result.accuracies)
    order = torch.randperm(len(data.train_x), generator=torch.Generator().manual_seed(0)).numpy()
    judge = order[: round(0.1 * len(order))]
    assert accuracy(mine, data.train_x[judge], data.train_y[judge], CODING) == pytest.approx(
        result.validation_accuracy
    )


def test_ties_go_to_the_lowest_class():
    silent = FeedForward.dense((4, 3), IFCell, lambda m, n: QuantLinear(m, n, 2))
    assert predict(silent, np.zeros((2, 4), np.uint16), CODING).tolist() == [0, 0]


def test_what_training_refuses():
    data = load_digits()
    only_test = Dataset("t", data.test_x[:0], data.test_y[:0], data.test_x, data.test_y, 4, 10)
    with pytest.raises(SCConfigError, match="has 0 training samples"):
        fit(network(), only_test, CODING, TrainingOptions(epochs=1))
    with pytest.raises(SCConfigError, match="validation is 1"):
        TrainingOptions(validation=1)


def test_the_exported_file_is_the_trained_network(tmp_path):
    net = network()
    nir.write(tmp_path / "net.nir", to_nir(net, CODING, dataset="digits"))
    graph = nir.read(tmp_path / "net.nir")
    facts = json.loads(graph.metadata["sc_neurocore"])
    assert facts == {
        "ticks": 16, "coding": "rate", "input_bits": 4, "dt": 1e-3, "reset": "subtract",
        "reset_when": "same_tick", "dataset": "digits", "weight_bits": {"fc1": 4, "fc2": 4},
        "weight_scale": {f"fc{i}": float(net.synapses[i - 1].scale) for i in (1, 2)},
    }  # fmt: skip
    # Run the file's own numbers.
    x = CODING.encode(torch.from_numpy(load_digits().test_x[:40].astype(np.int32))).double().numpy()
    for i in (1, 2):
        lif, weight = graph.nodes[f"lif{i}"], graph.nodes[f"fc{i}"].weight.astype(np.float64)
        a, gain = 1e-3 / lif.tau, lif.r * 1e-3 / lif.tau
        assert (gain == 1).all() and (a == 0.125).all()
        v, out = 0.0, []
        for s in x:
            v = v + a * (lif.v_leak - v) + s @ weight.T
            fired = v > lif.v_threshold
            v = v - fired * lif.v_threshold
            out.append(fired.astype(np.float64))
        x = np.stack(out)
    levels = torch.from_numpy(load_digits().test_x[:40].astype(np.int32))
    np.testing.assert_array_equal(x.sum(0), net.run(CODING.encode(levels)).spike_counts.detach())
    assert x.sum() > 0


def test_a_convolutional_network_is_exported(tmp_path):
    torch.manual_seed(4)
    net = FeedForward(
        [
            QuantConv2d(1, 4, 3, scale=0.125, stride=2, padding=1),
            QuantConv2d(4, 6, 3, scale=0.125),
            torch.nn.Sequential(torch.nn.Flatten(2), QuantLinear(24, 10, scale=0.25)),
        ],
        [LIFCell(), IFCell(), LIFCell(0.75)],
    )
    levels = load_digits().test_x[:12].reshape(12, 1, 8, 8)
    coded = CODING.encode(torch.from_numpy(levels.astype(np.int32)))
    with pytest.raises(SCConfigError, match="give input_shape"):
        to_nir(net, CODING)
    nir.write(tmp_path / "conv.nir", to_nir(net, CODING, input_shape=(1, 8, 8)))
    facts = json.loads(nir.read(tmp_path / "conv.nir").metadata["sc_neurocore"])
    assert facts["weight_bits"] == {"conv1": 4, "conv2": 4, "fc3": 4}
    # The package's own reader and float simulator, which know nothing of torch.
    network = from_nir(tmp_path / "conv.nir")
    counts = net.run(coded).spike_counts.detach().numpy()
    assert counts.sum() > 0
    for sample in range(3):
        spikes = network.run(coded[:, sample].double().numpy()).output
        np.testing.assert_array_equal(spikes.reshape(16, 10).sum(0), counts[sample])
    # The same network trains as streams, too.
    net.stochastic(8).run(coded).spike_counts.sum().backward()
    assert all(p.grad.abs().sum() > 0 for p in net.parameters())


def test_what_cannot_be_exported():
    with_bias = FeedForward([torch.nn.Linear(3, 2)], [LIFCell()])
    with pytest.raises(SCConfigError, match="layer 1 holds a Linear; linear and"):
        to_nir(with_bias, CODING)
    grouped = FeedForward([QuantConv2d(4, 6, 3, groups=2)], [LIFCell()])
    with pytest.raises(SCConfigError, match="layer 1 is a grouped convolution"):
        to_nir(grouped, CODING, input_shape=(4, 6, 6))
    with pytest.raises(SCConfigError, match=r"weights of shape \(2, 3\), which do not fit"):
        to_nir(FeedForward([QuantLinear(3, 2)], [LIFCell()]), CODING, input_shape=(4,))
    cuba = FeedForward([QuantLinear(3, 2)], [Cell(cuba_model(0.5, 0.5))])
    with pytest.raises(SCConfigError, match="model 'cuba_lif' is not exported"):
        to_nir(cuba, CODING)
