"""Stochastic weights against the bit-stream core, for all weights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sc_neurocore.accelerator import (
    INPUT,
    check_correlation,
    input_spikes,
    require_uncorrelated_network,
    sharing_plan,
    simulate_network,
    stream_bits,
    tick_weights,
)
from sc_neurocore.bitstream import (
    Sobol,
    and_counts,
    encode_thresholds,
    layer_multipliers,
    pack_bitstream,
    popcount,
    scc,
)
from sc_neurocore.exceptions import SCConfigError

from .networks import random_network, random_samples


def _all(bits: int) -> np.ndarray:
    return np.arange(-(1 << (bits - 1)), 1 << (bits - 1))


def test_planes_of_three_bits_by_hand() -> None:
    # Clocks 0 … 7 choose planes 2, 1, 2, 0, 2, 1, 2, none: u = 6 (W = 2) is 110 in binary.
    assert stream_bits(np.array(2), 3, 8).tolist() == [1, 1, 1, 0, 1, 1, 1, 0]
    assert stream_bits(np.array(-4), 3, 8).tolist() == [0] * 8
    # Two clocks a tick: the ones minus the zeros are 2, 0, 2, 0.
    assert tick_weights(np.array([2]), 3, 2, 16)[:, 0].tolist() == [2, 0, 2, 0]
    # A whole period is twice the weight; longer ticks are multiples of it.
    assert tick_weights(np.array([2, -3]), 3, 8, 5).tolist() == [[4, -6]]
    assert tick_weights(np.array([2, -3]), 3, 32, 5).tolist() == [[16, -24]]


@pytest.mark.parametrize("bits", [2, 3, 5, 8])
@pytest.mark.parametrize("length", [1, 2, 8, 64, 512])
def test_a_tick_is_the_count_of_the_gate(bits: int, length: int) -> None:
    """Ones minus zeros of the product, by the packed AND of the bit-stream core."""
    ticks = 6
    weights = _all(bits)
    streams = stream_bits(weights, bits, ticks * length)
    rng = np.random.default_rng(bits * length)
    spikes = rng.integers(0, 2, ticks).astype(np.uint8)
    held = np.repeat(spikes, length)
    per_tick = tick_weights(weights, bits, length, ticks)
    for t in range(ticks):
        clocks = slice(t * length, (t + 1) * length)
        s = pack_bitstream(held[clocks])[None]
        w = pack_bitstream(streams[:, clocks])
        counted = 2 * and_counts(w, s)[:, 0] - popcount(s)[0]
        np.testing.assert_array_equal(counted, spikes[t] * per_tick[t % len(per_tick)])


@pytest.mark.parametrize("bits", [2, 4, 7])
def test_a_period_is_what_a_comparator_gives(bits: int) -> None:
    """Whole periods hold the ones of the comparator with van der Corput numbers; ticks, nearly."""
    weights = _all(bits)
    u = weights + (1 << (bits - 1))
    period = 1 << bits
    whole = popcount(encode_thresholds(u, period, Sobol(1, width=bits)))
    np.testing.assert_array_equal(stream_bits(weights, bits, period).sum(axis=1), whole)
    np.testing.assert_array_equal(whole, u)
    for length in (2**m for m in range(bits + 1)):
        ours = stream_bits(weights, bits, period).reshape(len(u), -1, length).sum(axis=2)
        share = u * length // period
        assert ((ours == share[:, None]) | (ours == share[:, None] + 1)).all()


def test_the_plan_names_two_dimensions() -> None:
    network = random_network(3, backend="stochastic", layers=2)
    plans = sharing_plan(network)
    reading = [x.name for x in network.layers if any(p.source == INPUT for p in x.projections)]
    assert list(plans) == reading
    assert not sharing_plan(random_network(3, backend="stochastic", coding="direct"))
    (gate,) = layer_multipliers(plans["layer0"], 4, 3)
    assert (gate.a.dimension, gate.b.dimension) == (2, 1)


def _exact(network, level: int, weight: int, layer, delay: int) -> float:
    numbers = input_spikes(network, np.full((1, network.input.size), level))[0, :, 0]
    late = np.concatenate([np.zeros(delay, numbers.dtype), numbers])[: network.ticks]
    held = np.repeat(late, layer.length)
    stream = stream_bits(np.array(weight), layer.bits, len(held))
    return float((held & stream).mean() - held.mean() * stream.mean())


@pytest.mark.parametrize("delay", [0, 3, 9])
@pytest.mark.parametrize("seed", range(6))
def test_the_worst_product_is_the_worst_of_all(seed: int, delay: int) -> None:
    network = random_network(seed, backend="stochastic", layers=1, ticks=7)
    (layer,) = network.layers
    *others, last = layer.projections
    layer = replace(layer, projections=(*others, replace(last, delay=delay)))
    network = replace(network, layers=(layer,))
    (check, *_) = check_correlation(network)
    every = [
        _exact(network, level, int(w), layer, delay)
        for level in range((1 << network.input.bits) + 1)
        for w in _all(layer.bits)
    ]
    assert abs(check.covariance) == pytest.approx(max(map(abs, every)))
    assert check.word == "proven"
    assert abs(check.covariance) <= 1 / (4 * layer.length) + 1e-12


def test_measured_correlation_is_the_core_s() -> None:
    network = random_network(8, backend="stochastic", coding="events", layers=1, ticks=8)
    (layer,) = network.layers
    network = replace(network, layers=(replace(layer, projections=layer.projections[:1]),))
    samples = random_samples(network, 1)
    run = simulate_network(network, samples, spikes=True)
    (check,) = check_correlation(network, samples, run)
    p = layer.projections[0]
    late = np.zeros_like(samples[0])
    late[p.delay :] = samples[0][: 8 - p.delay]
    spikes = pack_bitstream(np.repeat(late.T, layer.length, axis=1).astype(np.uint8))
    streams = pack_bitstream(stream_bits(p.weights, layer.bits, 8 * layer.length))
    found = scc(spikes[:, None], streams, 8 * layer.length)
    assert np.isclose(found, check.scc).any()
    assert check.word == "measured"
    never = replace(layer, projections=(replace(p, delay=99),))
    network = replace(network, layers=(never,))
    run = simulate_network(network, samples, spikes=True)
    assert check_correlation(network, samples, run)[0].covariance == 0


def test_a_correlated_network_is_refused() -> None:
    network = random_network(8, backend="stochastic", coding="events", layers=1, ticks=8)
    (layer,) = network.layers
    first = layer.projections[0]
    still = replace(first, weights=np.zeros_like(first.weights), delay=0)
    layer = replace(layer, length=1, bits=3, projections=(still,))
    network = replace(network, layers=(layer,))
    # W = 0 is bit plane 2 alone: its stream is 1 at even ticks; so are these spikes.
    samples = np.zeros((1, 8, network.input.size), int)
    samples[:, ::2] = 1
    run = simulate_network(network, samples, spikes=True)
    checks = check_correlation(network, samples, run)
    assert checks[0].covariance == pytest.approx(0.25)
    assert checks[0].scc == pytest.approx(1.0)
    with pytest.raises(SCConfigError, match="longer streams per tick"):
        require_uncorrelated_network(checks)
