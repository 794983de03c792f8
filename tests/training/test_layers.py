"""Quantised and stochastic layers against integer arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.training import (
    FeedForward,
    LIFCell,
    QuantConv2d,
    QuantLinear,
    StochasticConv2d,
    StochasticLinear,
    effective_weights,
)


def spikes(*shape):
    return torch.from_numpy((np.random.default_rng(5).random(shape) < 0.4).astype(np.float32))


@pytest.mark.parametrize("bits", [2, 4, 5, 8])
def test_quant_linear_is_integer_arithmetic(bits):
    torch.manual_seed(bits)
    layer = QuantLinear(30, 7, bits, scale=0.0625)
    with torch.no_grad():
        layer.weight[0, 0] = 100  # beyond the range
    x = spikes(4, 5, 30)
    whole = layer.integer_weight().numpy()
    assert np.abs(whole).max() == 2 ** (bits - 1) - 1
    expected = x.numpy().astype(np.int64) @ whole.T
    np.testing.assert_array_equal(layer(x).detach().numpy() * 16, expected)


def test_quantised_weights_by_hand_and_straight_through():
    layer = QuantLinear(4, 1, 3, scale=0.5)  # -1.5 … 1.5
    with torch.no_grad():
        layer.weight[:] = torch.tensor([[0.2, 0.3, -9.0, 1.4]])
    assert layer.integer_weight().tolist() == [[0, 1, -3, 3]]
    layer(torch.ones(1, 1, 4)).sum().backward()
    assert layer.weight.grad.tolist() == [[1, 1, 0, 1]]  # none beyond the range
    learnt = QuantLinear(4, 1, 3, scale=0.5, learn_scale=True)
    learnt(torch.ones(1, 1, 4)).sum().backward()
    assert learnt.scale.grad is not None


def stream_sum(weight, bits, length, tick):
    """The stream of a weight, clock by clock, as the hardware draws it."""
    unsigned, total = weight + 2 ** (bits - 1), 0
    for k in range(tick * length, (tick + 1) * length):
        zeros = 0
        while (k + 1) >> zeros & 1 == 0:
            zeros += 1
        bit = unsigned >> (bits - 1 - zeros) & 1 if zeros < bits else 0
        total += 2 * bit - 1
    return total


@pytest.mark.parametrize(("bits", "length"), [(2, 1), (3, 8), (4, 2), (4, 8), (4, 64), (6, 16)])
def test_effective_weights_are_the_plane_rule(bits, length):
    whole = torch.arange(-(2 ** (bits - 1)), 2 ** (bits - 1))
    drawn = effective_weights(whole, bits, length, 9)
    expected = [[stream_sum(int(w), bits, length, t) for w in whole] for t in range(9)]
    assert drawn.tolist() == expected
    if length % 2**bits == 0:
        np.testing.assert_array_equal(drawn[0], whole * (length // 2 ** (bits - 1)))


def test_stochastic_linear_uses_each_ticks_weights():
    torch.manual_seed(0)
    fixed = QuantLinear(20, 6, 5, scale=0.25)
    layer = StochasticLinear.sharing(fixed, 4)
    assert layer.weight is fixed.weight
    x = spikes(19, 3, 20)  # longer than the period of 8 ticks
    whole = fixed.integer_weight()
    drawn = effective_weights(whole, 5, 4, 19).float()
    expected = torch.einsum("tbm,tnm->tbn", x, drawn) * (0.25 * 16 / 4)
    torch.testing.assert_close(layer(x), expected, rtol=0, atol=0)
    layer(x).sum().backward()
    torch.testing.assert_close(fixed.weight.grad, x.sum((0, 1)).expand(6, 20))


def test_convolutions():
    torch.manual_seed(0)
    fixed = QuantConv2d(2, 4, 3, bits=4, scale=0.125, padding=1, stride=2, groups=2)
    x = spikes(3, 2, 2, 6, 6)
    whole = fixed.integer_weight().double()
    options = {"padding": 1, "stride": 2, "groups": 2}
    expected = torch.stack([torch.conv2d(s.double(), whole, **options) for s in x])
    np.testing.assert_array_equal(fixed(x).detach().numpy() * 8, expected.numpy())
    # Eight clocks of four bits: exact over pairs of ticks.
    layer = StochasticConv2d.sharing(fixed, 8)
    drawn = effective_weights(whole, 4, 8, 3).double()
    expected = torch.stack([torch.conv2d(s.double(), w, **options)
                            for s, w in zip(x, drawn, strict=True)])  # fmt: skip
    np.testing.assert_array_equal(layer(x).detach().numpy() * 8, expected.numpy())


def test_a_stochastic_view_at_full_length_is_the_fixed_network():
    torch.manual_seed(1)
    fixed = FeedForward.dense((12, 9, 4), LIFCell, lambda m, n: QuantLinear(m, n, 3))
    x = spikes(10, 6, 12)
    for mine, other in zip(fixed(x), fixed.stochastic(8)(x), strict=True):
        torch.testing.assert_close(mine, other, rtol=0, atol=0)
    assert list(map(id, fixed.parameters())) == list(map(id, fixed.stochastic(8).parameters()))


def test_what_layers_refuse():
    with pytest.raises(SCConfigError, match="weights of 1 bits are not possible"):
        QuantLinear(3, 3, 1)
    with pytest.raises(SCConfigError, match=r"scale is -1\.0; it must be positive"):
        QuantLinear(3, 3, 4, scale=-1.0)
    with pytest.raises(SCConfigError, match="length is 6; it must be a power of two"):
        StochasticLinear(3, 3, 4, length=6)
